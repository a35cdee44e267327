/**
 * SORT and SORT_RO: the elements of a list, set or sorted set in order, by themselves or by values that patterns lead to.
 *
 * Rule: the elements are copied before anything is looked up, because a lookup may delete keys and a destination may be
 * the source. Work that LIMIT makes unnecessary is left out only where nothing is to be sorted.
 */
import { errors, replyError, type ReplyError } from '../base/errors.ts';
import { parseDouble } from '../base/numbers.ts';
import { keyspaceEvents } from '../base/settings.ts';
import { sortIndexes } from '../base/sort-indexes.ts';
import { Span } from '../base/span.ts';
import type { Address } from '../memory/arena.ts';
import { TYPE_LIST, TYPE_SET, TYPE_ZSET } from '../store/entry.ts';
import type { Call } from './call.ts';
import { type CommandRow, keyAt, type KeySpec } from './row.ts';
import { patternOf, type SortPattern, followPattern } from './sort-pattern.ts';
import { Words } from './words.ts';

const notDouble: ReplyError = replyError("ERR One or more scores can't be converted into double");

interface SortRequest {
  descending: boolean;
  alpha: boolean;
  start: number;
  /** Negative: all. */
  limit: number;
  /** Undefined: by the elements themselves. */
  by: SortPattern | undefined;
  /** BY names no element: the order is that of the value. */
  unsorted: boolean;
  readonly get: SortPattern[];
  /** Argument of the destination, 0 without one. */
  store: number;
}

function readRequest(call: Call, mayStore: boolean): SortRequest {
  const request: SortRequest = {
    descending: false,
    alpha: false,
    start: 0,
    limit: -1,
    by: undefined,
    unsorted: false,
    get: [],
    store: 0,
  };
  for (let i = 2; i < call.count; i++) {
    const more = call.count - i - 1;
    if (call.is(i, 'asc')) request.descending = false;
    else if (call.is(i, 'desc')) request.descending = true;
    else if (call.is(i, 'alpha')) request.alpha = true;
    else if (call.is(i, 'limit') && more >= 2) {
      request.start = call.integer(++i);
      request.limit = call.integer(++i);
    } else if (mayStore && call.is(i, 'store') && more >= 1) request.store = ++i;
    else if (call.is(i, 'by') && more >= 1) {
      request.by = patternOf(call.args.copy(++i));
      if (!request.by.hasStar) request.unsorted = true;
      else if (!mayReadAll(call)) throw byDenied;
    } else if (call.is(i, 'get') && more >= 1) {
      if (!mayReadAll(call)) throw getDenied;
      request.get.push(patternOf(call.args.copy(++i)));
    } else throw errors.syntax;
  }
  return request;
}

/** Patterns lead to keys that nobody names. */
function mayReadAll(call: Call): boolean {
  const { user } = call.session;
  return user.unrestricted || call.services.acl.mayReadAllKeys(user, call.command, call.args);
}

const byDenied = replyError('ERR BY option of SORT denied due to insufficient ACL permissions.');
const getDenied = replyError('ERR GET option of SORT denied due to insufficient ACL permissions.');

function sortWith(call: Call, mayStore: boolean): void {
  const request = readRequest(call, mayStore);
  const entry = call.read(1);
  const type = entry === 0 ? TYPE_LIST : call.store.entries.type(entry);
  if (type !== TYPE_LIST && type !== TYPE_SET && type !== TYPE_ZSET) throw errors.wrongType;
  if (request.unsorted && type === TYPE_SET && request.store !== 0) {
    // Sets have no order; what is stored must be the same on every replica.
    request.unsorted = false;
    request.alpha = true;
    request.by = undefined;
  }
  const length = lengthOf(call, entry, type);
  const start = Math.min(Math.max(request.start, 0), length);
  const end = request.limit < 0 ? length : Math.min(start + Math.min(request.limit, length), length);

  const elements = new Words();
  let order: Uint32Array;
  if (request.unsorted && type !== TYPE_SET) {
    collectRange(call, entry, type, start, end, request.descending, elements);
    order = inOrder(elements.count);
  } else {
    collectAll(call, entry, type, elements);
    order = inOrder(elements.count);
    if (!request.unsorted) arrange(call, elements, order, request, type === TYPE_SET);
    order = order.subarray(start, end);
  }
  if (request.store === 0) replyWith(call, elements, order, request.get);
  else storeAt(call, request.store, elements, order, request.get);
}

function inOrder(count: number): Uint32Array {
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  return order;
}

function lengthOf(call: Call, entry: Address, type: number): number {
  if (entry === 0) return 0;
  const { lists, sets, zsets } = call.store;
  if (type === TYPE_LIST) return lists.length(entry);
  return type === TYPE_SET ? sets.length(entry) : zsets.length(entry);
}

function collectAll(call: Call, entry: Address, type: number, elements: Words): void {
  if (entry === 0) return;
  const { lists, sets, zsets } = call.store;
  const take = (bytes: Uint8Array, at: number, length: number): void => elements.add(bytes, at, length);
  if (type === TYPE_LIST) lists.forEach(entry, take);
  else if (type === TYPE_SET) sets.forEach(entry, take);
  else zsets.forEach(entry, take);
}

/** The elements of a list or sorted set from `start` up to `end`, counted from the end if `reverse`. */
function collectRange(
  call: Call,
  entry: Address,
  type: number,
  start: number,
  end: number,
  reverse: boolean,
  elements: Words,
): void {
  if (start >= end) return;
  const { lists, zsets } = call.store;
  const first = reverse ? lengthOf(call, entry, type) - start - 1 : start;
  if (type === TYPE_LIST) {
    let more = lists.seek(entry, first);
    for (let i = start; more && i < end; i++) {
      lists.read();
      elements.add(lists.element.bytes, lists.element.at, lists.element.length);
      more = reverse ? lists.prev() : lists.next();
    }
    return;
  }
  const { values } = zsets;
  let more = values.seek(zsets.open(entry), first);
  for (let i = start; more && i < end; i++) {
    elements.add(values.member.bytes, values.member.at, values.member.length);
    more = reverse ? values.prev() : values.next();
  }
}

// -- order ------------------------------------------------------------------------------------------------------

/** `scrambled`: the elements came in an order that no other server shares, so equal ones must not depend on it. */
function arrange(call: Call, elements: Words, order: Uint32Array, request: SortRequest, scrambled: boolean): void {
  const sign = request.descending ? -1 : 1;
  if (!request.alpha) {
    const scores = readScores(call, elements, request.by);
    sortIndexes(order, (a, b) => {
      const x = scores[a]!;
      const y = scores[b]!;
      if (x !== y) return x > y ? sign : -sign;
      return sign * elements.compare(a, b);
    });
    return;
  }
  // A destination gets byte order; a reply that of the locale, which here is C's: what follows a zero byte has no weight.
  const wholly = request.store !== 0;
  if (request.by === undefined) {
    const keys = wholly ? elements : elements.upToZero();
    sortIndexes(order, (a, b) => sign * keys.compare(a, b));
    return;
  }
  const { keys, missing } = readKeys(call, elements, request.by);
  const compared = wholly ? keys : keys.upToZero();
  sortIndexes(order, (a, b) => {
    const difference = missing[b]! - missing[a]! || compared.compare(a, b);
    return sign * (difference === 0 && scrambled ? elements.compare(a, b) : difference);
  });
}

/** The numbers to sort by; 0 where a pattern leads nowhere. */
function readScores(call: Call, elements: Words, by: SortPattern | undefined): Float64Array {
  const scores = new Float64Array(elements.count);
  const span = new Span();
  let failed = false;
  for (let i = 0; i < elements.count; i++) {
    elements.span(i, span);
    if (by !== undefined && !followPattern(call, by, span, span)) continue;
    const score = scoreOf(span.bytes, span.at, span.length);
    if (score !== score) failed = true;
    scores[i] = score;
  }
  if (failed) throw notDouble;
  return scores;
}

/** A C string as a number, NaN if it is not one: unlike elsewhere, nothing at all is 0, and spaces may lead. */
function scoreOf(bytes: Uint8Array, at: number, length: number): number {
  let end = at;
  // Not indexOf, which does not end where the string does.
  while (end < at + length && bytes[end] !== 0) end++;
  if (end === at) return 0;
  let start = at;
  while (start < end && (bytes[start] === 0x20 || (bytes[start]! >= 9 && bytes[start]! <= 13))) start++;
  return parseDouble(bytes, start, end - start);
}

/** The strings to sort by; `missing` is 1 where the pattern leads nowhere, which comes first. */
function readKeys(
  call: Call,
  elements: Words,
  by: SortPattern,
): { readonly keys: Words; readonly missing: Uint8Array } {
  const keys = new Words();
  const missing = new Uint8Array(elements.count);
  const span = new Span();
  for (let i = 0; i < elements.count; i++) {
    elements.span(i, span);
    if (followPattern(call, by, span, span)) keys.add(span.bytes, span.at, span.length);
    else {
      missing[i] = 1;
      keys.add(span.bytes, span.at, 0);
    }
  }
  return { keys, missing };
}

// -- results ----------------------------------------------------------------------------------------------------

function replyWith(call: Call, elements: Words, order: Uint32Array, get: readonly SortPattern[]): void {
  const { reply } = call;
  const span = new Span();
  reply.array(order.length * Math.max(get.length, 1));
  for (const index of order) {
    if (get.length === 0) {
      elements.span(index, span);
      reply.bulk(span.bytes, span.at, span.length);
    }
    for (const pattern of get) {
      elements.span(index, span);
      if (followPattern(call, pattern, span, span)) reply.bulk(span.bytes, span.at, span.length);
      else reply.null();
    }
  }
}

/** Makes a list of the results at the key of argument `index`, in place of what is there. */
function storeAt(call: Call, index: number, elements: Words, order: Uint32Array, get: readonly SortPattern[]): void {
  const { args, db, reply } = call;
  const { lists } = call.store;
  const results = new Words();
  const span = new Span();
  for (const element of order) {
    if (get.length === 0) {
      elements.span(element, span);
      results.add(span.bytes, span.at, span.length);
    }
    for (const pattern of get) {
      elements.span(element, span);
      const found = followPattern(call, pattern, span, span);
      results.add(span.bytes, span.at, found ? span.length : 0);
    }
  }
  const old = call.write(index);
  if (results.count === 0) {
    if (old !== 0) {
      db.removeEntry(old);
      call.changed(index);
      call.notifyDeleted(index);
    }
    reply.integer(0);
    return;
  }
  const at = args.at[index]!;
  const length = args.length[index]!;
  const { staging } = call.store;
  try {
    const list = lists.create(staging, args.bytes, at, length);
    for (let i = 0; i < results.count; i++) {
      results.span(i, span);
      lists.pushTail(list, span.bytes, span.at, span.length);
    }
    call.replacing(old !== 0, () => {
      staging.rename(list, db, args.bytes, at, length, () => {
        call.makeRoom();
        if (old !== 0) db.removeEntry(old);
      });
    });
  } finally {
    staging.remove(args.bytes, at, length);
  }
  call.changed(index, results.count);
  call.notify(keyspaceEvents.list, 'sortstore', index);
  reply.integer(results.count);
}

function sort(call: Call): void {
  sortWith(call, true);
}

function sortReadonly(call: Call): void {
  sortWith(call, false);
}

const sourceKey: KeySpec = keyAt(1, 'RO', 'access');
const patternKeys: KeySpec = {
  notes:
    "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
  flags: ['RO', 'access'],
  begin: 'unknown',
  find: 'unknown',
};
const destinationKey: KeySpec = {
  notes:
    "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array",
  flags: ['OW', 'update'],
  begin: 'unknown',
  find: 'unknown',
};

export const sortCommands: readonly CommandRow[] = [
  {
    name: 'sort',
    arity: -2,
    flags: ['write', 'denyoom', 'movablekeys'],
    categories: ['set', 'sortedset', 'list', 'dangerous'],
    keys: [sourceKey, patternKeys, destinationKey],
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(N*log(N)) in the number of elements; O(N) if nothing is to be sorted',
    summary: 'Sorts a list, set or sorted set; replies or stores the result.',
    handler: sort,
  },
  {
    name: 'sort_ro',
    arity: -2,
    flags: ['readonly', 'movablekeys'],
    categories: ['set', 'sortedset', 'list', 'dangerous'],
    keys: [sourceKey, patternKeys],
    group: 'generic',
    since: '7.0.0',
    complexity: 'O(N*log(N)) in the number of elements; O(N) if nothing is to be sorted',
    summary: 'SORT without STORE, for replicas too.',
    handler: sortReadonly,
  },
];
