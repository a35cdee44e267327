/**
 * List commands that work on the ends of lists: pushing, popping, and moving between lists. Rows: lists.ts.
 */
import { errors, wrongArity } from '../base/errors.ts';
import { keyspaceEvents } from '../base/settings.ts';
import type { Address } from '../memory/arena.ts';
import { TYPE_LIST } from '../store/entry.ts';
import type { Call } from './call.ts';
import { popArguments, popFromFirst, popOrWait } from './pop-from-keys.ts';
import { secondsTimeout } from './timeout.ts';

// -- pushing ----------------------------------------------------------------------------------------------------

export function lpush(call: Call): void {
  push(call, true, true);
}

export function rpush(call: Call): void {
  push(call, false, true);
}

export function lpushx(call: Call): void {
  push(call, true, false);
}

export function rpushx(call: Call): void {
  push(call, false, false);
}

function push(call: Call, head: boolean, create: boolean): void {
  const { args } = call;
  const { lists } = call.store;
  const { bytes } = args;
  let entry = call.writeType(1, TYPE_LIST);
  if (entry === 0) {
    if (!create) {
      call.reply.integer(0);
      return;
    }
    entry = lists.create(call.db, bytes, args.at[1]!, args.length[1]!);
  }
  for (let i = 2; i < args.count; i++) {
    if (head) lists.pushHead(entry, bytes, args.at[i]!, args.length[i]!);
    else lists.pushTail(entry, bytes, args.at[i]!, args.length[i]!);
  }
  call.changed(1, args.count - 2);
  call.reply.integer(lists.length(entry));
  call.notify(keyspaceEvents.list, head ? 'lpush' : 'rpush', 1);
}

// -- popping ----------------------------------------------------------------------------------------------------

export function lpop(call: Call): void {
  pop(call, true);
}

export function rpop(call: Call): void {
  pop(call, false);
}

function pop(call: Call, head: boolean): void {
  const { reply } = call;
  if (call.count > 3) throw wrongArity(call.command.name);
  if (call.count === 3) {
    popSeveral(call, head);
    return;
  }
  const entry = call.writeType(1, TYPE_LIST);
  if (entry === 0) {
    reply.null();
    return;
  }
  popOne(call, entry, head);
  popped(call, 1, entry, head);
  call.changed(1);
}

function popSeveral(call: Call, head: boolean): void {
  const count = call.integer(2, errors.mustBePositive);
  if (count < 0) throw errors.mustBePositive;
  const entry = call.writeType(1, TYPE_LIST);
  if (entry === 0) {
    call.reply.nullArray();
    return;
  }
  const elements = Math.min(count, call.store.lists.length(entry));
  popRange(call, entry, head, elements);
  if (elements === 0) return;
  popped(call, 1, entry, head);
  call.changed(1, elements);
}

/** Replies with the element at an end of a list that is not empty, and removes it. */
function popOne(call: Call, entry: Address, head: boolean): void {
  const { lists } = call.store;
  const { element } = lists;
  if (head) lists.peekHead(entry);
  else lists.peekTail(entry);
  call.reply.bulk(element.bytes, element.at, element.length);
  if (head) lists.dropHead(entry);
  else lists.dropTail(entry);
}

/** Replies with an array of elements from an end inwards, and removes them. */
function popRange(call: Call, entry: Address, head: boolean, elements: number): void {
  const { reply } = call;
  const { lists } = call.store;
  const { element } = lists;
  const length = lists.length(entry);
  reply.array(elements);
  if (head) lists.writeRange(entry, 0, elements, reply);
  else {
    let more = elements > 0 && lists.seek(entry, -1);
    for (let left = elements; more && left > 0; left--) {
      lists.read();
      reply.bulk(element.bytes, element.at, element.length);
      more = lists.prev();
    }
  }
  lists.removeRange(entry, head ? 0 : length - elements, elements);
}

/** Elements were taken off the list at argument `index`: it goes with its last one. */
function popped(call: Call, index: number, entry: Address, head: boolean): void {
  call.notify(keyspaceEvents.list, head ? 'lpop' : 'rpop', index);
  if (call.store.lists.length(entry) > 0) return;
  call.db.removeEntry(entry);
  call.notifyDeleted(index);
}

function removeIfEmpty(call: Call, entry: Address): void {
  if (call.store.lists.length(entry) === 0) call.db.removeEntry(entry);
}

export function lmpop(call: Call): void {
  const { firstKey, keys, fromEnd, count } = popArguments(call, 1, 'left', 'right');
  if (!popFromFirst(call, firstKey, keys, (_, index) => popCounted(call, index, !fromEnd, count)))
    call.reply.nullArray();
}

/** BLMPOP timeout numkeys key [key ...] LEFT|RIGHT [COUNT count] */
export function blmpop(call: Call): void {
  const { firstKey, keys, fromEnd, count } = popArguments(call, 2, 'left', 'right');
  const timeoutMs = secondsTimeout(call, 1);
  popOrWait(call, firstKey, keys, TYPE_LIST, timeoutMs, (again, index) => popCounted(again, index, !fromEnd, count));
}

function popCounted(call: Call, index: number, head: boolean, count: number): boolean {
  const { args, reply } = call;
  const entry = call.writeType(index, TYPE_LIST);
  if (entry === 0) return false;
  const elements = Math.min(count, call.store.lists.length(entry));
  reply.array(2);
  call.echo(index);
  popRange(call, entry, head, elements);
  popped(call, index, entry, head);
  call.changed(index, elements);
  const effect = call.effect(3).text(head ? 'LPOP' : 'RPOP');
  effect.bytes(args.bytes, args.at[index]!, args.length[index]!).integer(elements);
  return true;
}

export function blpop(call: Call): void {
  blockingPop(call, true);
}

export function brpop(call: Call): void {
  blockingPop(call, false);
}

/** BLPOP key [key ...] timeout */
function blockingPop(call: Call, head: boolean): void {
  const last = call.count - 1;
  const timeoutMs = secondsTimeout(call, last);
  popOrWait(call, 1, last - 1, TYPE_LIST, timeoutMs, (again, index) => popWithKey(again, index, head));
}

function popWithKey(call: Call, index: number, head: boolean): boolean {
  const entry = call.writeType(index, TYPE_LIST);
  if (entry === 0) return false;
  call.reply.array(2);
  call.echo(index);
  popOne(call, entry, head);
  popped(call, index, entry, head);
  call.changed(index);
  call.effectOf(head ? 'LPOP' : 'RPOP', index);
  return true;
}

// -- moving -----------------------------------------------------------------------------------------------------

/** LEFT or RIGHT at argument `index`. */
function isHead(call: Call, index: number): boolean {
  if (call.is(index, 'left')) return true;
  if (call.is(index, 'right')) return false;
  throw errors.syntax;
}

export function lmove(call: Call): void {
  const fromHead = isHead(call, 3);
  if (!move(call, fromHead, isHead(call, 4))) call.reply.null();
}

export function rpoplpush(call: Call): void {
  if (!move(call, false, true)) call.reply.null();
}

/** BLMOVE source destination LEFT|RIGHT LEFT|RIGHT timeout */
export function blmove(call: Call): void {
  const fromHead = isHead(call, 3);
  const toHead = isHead(call, 4);
  const timeoutMs = secondsTimeout(call, 5);
  if (move(call, fromHead, toHead)) {
    call.effectOf('LMOVE', 1, 2, 3, 4);
    return;
  }
  waitToMove(call, timeoutMs, fromHead, toHead, (again) => {
    const effect = again.effect(5).text('LMOVE');
    for (const i of [1, 2]) effect.bytes(again.args.bytes, again.args.at[i]!, again.args.length[i]!);
    effect.text(fromHead ? 'left' : 'right').text(toHead ? 'left' : 'right');
  });
}

/** BRPOPLPUSH source destination timeout */
export function brpoplpush(call: Call): void {
  const timeoutMs = secondsTimeout(call, 3);
  const propagate = (again: Call): void => again.effectOf('RPOPLPUSH', 1, 2);
  if (move(call, false, true)) propagate(call);
  else waitToMove(call, timeoutMs, false, true, propagate);
}

function waitToMove(
  call: Call,
  timeoutMs: number,
  fromHead: boolean,
  toHead: boolean,
  propagate: (call: Call) => void,
): void {
  if (!call.mayBlock) {
    call.reply.null();
    return;
  }
  const serve = (again: Call): boolean => {
    if (!move(again, fromHead, toHead)) return false;
    propagate(again);
    return true;
  };
  call.services.blocking.onKeys(call, { firstKey: 1, keys: 1, type: TYPE_LIST, timeoutMs, serve });
}

/** Moves an element from the list at argument 1 to the one at argument 2 and replies with it; false if there is none. */
function move(call: Call, fromHead: boolean, toHead: boolean): boolean {
  const { args, reply } = call;
  const { lists } = call.store;
  const { element } = lists;
  const from = call.writeType(1, TYPE_LIST);
  if (from === 0) return false;
  let to = call.writeType(2, TYPE_LIST);
  if (fromHead) lists.peekHead(from);
  else lists.peekTail(from);
  reply.bulk(element.bytes, element.at, element.length);
  const pushed = toHead ? 'lpush' : 'rpush';
  if (from === to) {
    if (fromHead !== toHead) lists.rotate(from, fromHead);
    call.notify(keyspaceEvents.list, pushed, 2);
  } else {
    if (to === 0) to = lists.create(call.db, args.bytes, args.at[2]!, args.length[2]!);
    try {
      // Straight from one list to the other: the element stays where it is until it is dropped.
      if (toHead) lists.pushHead(to, element.bytes, element.at, element.length);
      else lists.pushTail(to, element.bytes, element.at, element.length);
    } finally {
      removeIfEmpty(call, to);
    }
    call.notify(keyspaceEvents.list, pushed, 2);
    if (fromHead) lists.dropHead(from);
    else lists.dropTail(from);
  }
  popped(call, 1, from, fromHead);
  call.changed(2, 0);
  call.changed(1);
  return true;
}
