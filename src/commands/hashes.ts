/**
 * Hash commands. Encodings and conversions are the store's business (store/hashes.ts).
 */
import { errors, wrongArity } from '../base/errors.ts';
import { addLongDouble, formatLongDouble, parseLongDouble } from '../base/longdouble.ts';
import { parseInteger, writeInteger } from '../base/numbers.ts';
import { keyspaceEvents } from '../base/settings.ts';
import type { Address } from '../memory/arena.ts';
import { TYPE_HASH } from '../store/entry.ts';
import type { Call } from './call.ts';
import { makeHash, propagateExpiry, readHash, readWholeHash, writeHash } from './hash-lookup.ts';
import { boundedCount, checkReplySize, randomCount } from './random-count.ts';
import { type CommandRow, oneKey } from './row.ts';
import { endScan, scanCursor, ScanOptions } from './scan.ts';

const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;

/** Sets the pairs from argument 2 on, and returns how many fields are new. */
function setPairs(call: Call): number {
  const { args } = call;
  const { hashes } = call.store;
  if (args.count % 2 !== 0) throw wrongArity(call.command.name);
  const pairs = (args.count - 2) / 2;
  const entry = writeHash(call, 2, 2) || makeHash(call, pairs);
  const bytes = args.bytes;
  let added = 0;
  if (pairs > 1) hashes.prepare(entry, pairs, longestFrom(call, 2));
  for (let i = 2; i < args.count; i += 2)
    if (hashes.set(entry, bytes, args.at[i]!, args.length[i]!, bytes, args.at[i + 1]!, args.length[i + 1]!)) added++;
  call.changed(1, pairs);
  return added;
}

/** Length of the longest argument from `index` on. */
function longestFrom(call: Call, index: number): number {
  const { args } = call;
  let longest = 0;
  for (let i = index; i < args.count; i++) if (args.length[i]! > longest) longest = args.length[i]!;
  return longest;
}

/** Sets the field at argument 2, which keeps its expiry if it has one. */
function setOne(call: Call, entry: Address, bytes: Uint8Array, at: number, length: number): void {
  const { args } = call;
  const { hashes } = call.store;
  hashes.set(entry, args.bytes, args.at[2]!, args.length[2]!, bytes, at, length, true);
}

function hset(call: Call): void {
  call.reply.integer(setPairs(call));
  call.notify(keyspaceEvents.hash, 'hset', 1);
}

function hmset(call: Call): void {
  setPairs(call);
  call.reply.ok();
  call.notify(keyspaceEvents.hash, 'hset', 1);
}

function hsetnx(call: Call): void {
  const { args } = call;
  const { hashes } = call.store;
  const bytes = args.bytes;
  const old = writeHash(call, 2, 2);
  if (old !== 0 && hashes.has(old, bytes, args.at[2]!, args.length[2]!)) {
    call.reply.integer(0);
    return;
  }
  const entry = old === 0 ? makeHash(call, 1) : old;
  setOne(call, entry, bytes, args.at[3]!, args.length[3]!);
  call.changed(1);
  call.reply.integer(1);
  call.notify(keyspaceEvents.hash, 'hset', 1);
}

function hget(call: Call): void {
  const { args } = call;
  const entry = readHash(call, 2);
  if (entry === 0 || !call.store.hashes.get(entry, args.bytes, args.at[2]!, args.length[2]!, call.a)) call.reply.null();
  else call.reply.bulk(call.a.bytes, call.a.at, call.a.length);
}

function hmget(call: Call): void {
  const { args } = call;
  const entry = readHash(call, 2);
  call.reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    if (entry === 0 || !call.store.hashes.get(entry, args.bytes, args.at[i]!, args.length[i]!, call.a)) {
      call.reply.null();
    } else call.reply.bulk(call.a.bytes, call.a.at, call.a.length);
  }
}

function hexists(call: Call): void {
  const { args } = call;
  const entry = readHash(call, 2);
  const found = entry !== 0 && call.store.hashes.has(entry, args.bytes, args.at[2]!, args.length[2]!);
  call.reply.integer(found ? 1 : 0);
}

function hstrlen(call: Call): void {
  const { args } = call;
  const entry = readHash(call, 2);
  const found = entry !== 0 && call.store.hashes.get(entry, args.bytes, args.at[2]!, args.length[2]!, call.a);
  call.reply.integer(found ? call.a.length : 0);
}

function hlen(call: Call): void {
  const entry = call.readType(1, TYPE_HASH);
  call.reply.integer(entry === 0 ? 0 : call.store.hashes.length(entry));
}

function hdel(call: Call): void {
  const { args } = call;
  const { hashes } = call.store;
  const entry = writeHash(call, 2, 1);
  let deleted = 0;
  let empty = false;
  if (entry !== 0) {
    for (let i = 2; i < args.count; i++) {
      if (!hashes.remove(entry, args.bytes, args.at[i]!, args.length[i]!)) continue;
      deleted++;
      empty = hashes.length(entry) === 0;
      if (empty) {
        call.removeKey(1);
        break;
      }
    }
  }
  if (deleted > 0) {
    call.changed(1, deleted);
    call.notify(keyspaceEvents.hash, 'hdel', 1);
    if (empty) call.notifyDeleted(1);
  }
  call.reply.integer(deleted);
}

function hgetall(call: Call): void {
  const { reply } = call;
  const { hashes } = call.store;
  const entry = call.readType(1, TYPE_HASH);
  if (entry === 0) {
    reply.map(0);
    return;
  }
  reply.map(hashes.visible(entry));
  hashes.forEach(entry, (field, fieldAt, fieldLength, value, valueAt, valueLength) => {
    reply.bulk(field, fieldAt, fieldLength);
    reply.bulk(value, valueAt, valueLength);
  });
}

function hkeys(call: Call): void {
  const { reply } = call;
  const entry = call.readType(1, TYPE_HASH);
  reply.array(entry === 0 ? 0 : call.store.hashes.visible(entry));
  if (entry !== 0) call.store.hashes.forEach(entry, (bytes, at, length) => reply.bulk(bytes, at, length));
}

function hvals(call: Call): void {
  const { reply } = call;
  const entry = call.readType(1, TYPE_HASH);
  reply.array(entry === 0 ? 0 : call.store.hashes.visible(entry));
  if (entry !== 0) call.store.hashes.forEach(entry, (_f, _a, _l, bytes, at, length) => reply.bulk(bytes, at, length));
}

function hincrby(call: Call): void {
  const { args, scratch } = call;
  const { hashes } = call.store;
  const by = call.int64(3);
  let entry = writeHash(call, 2, 2);
  let old: number | bigint = 0;
  if (entry !== 0 && hashes.get(entry, args.bytes, args.at[2]!, args.length[2]!, call.a)) {
    const parsed = parseInteger(call.a.bytes, call.a.at, call.a.length);
    if (parsed === undefined) throw errors.hashValueNotInteger;
    old = parsed;
  }
  let sum: number | bigint = typeof old === 'number' && typeof by === 'number' ? old + by : NaN;
  if (!Number.isSafeInteger(sum)) {
    sum = BigInt(old) + BigInt(by);
    if (sum > INT64_MAX || sum < INT64_MIN) throw errors.overflow;
  }
  if (entry === 0) entry = makeHash(call, 1);
  const length = writeInteger(scratch, 0, sum);
  setOne(call, entry, scratch, 0, length);
  call.changed(1);
  if (typeof sum === 'number') call.reply.integer(sum);
  else call.reply.bigInteger(sum);
  call.notify(keyspaceEvents.hash, 'hincrby', 1);
}

function hincrbyfloat(call: Call): void {
  const { args, scratch } = call;
  const { hashes } = call.store;
  const by = parseLongDouble(args.bytes, args.at[3]!, args.length[3]!);
  if (by === undefined) throw errors.notFloat;
  if (by.exponent === Infinity) throw errors.valueNanOrInfinity;
  let entry = writeHash(call, 2, 2);
  let sum: typeof by | undefined = by;
  if (entry !== 0 && hashes.get(entry, args.bytes, args.at[2]!, args.length[2]!, call.a)) {
    const old = parseLongDouble(call.a.bytes, call.a.at, call.a.length);
    if (old === undefined) throw errors.hashValueNotFloat;
    sum = addLongDouble(old, by);
    if (sum === undefined) throw errors.nanOrInfinity;
  }
  if (entry === 0) entry = makeHash(call, 1);
  // At most 4,933 digits before the point and 17 after it.
  const length = scratch.write(formatLongDouble(sum), 0, 'latin1');
  setOne(call, entry, scratch, 0, length);
  call.changed(1);
  // The result, not the sum to be done, so that a replica with other float arithmetic agrees.
  call
    .effect(4)
    .text('HSET')
    .bytes(args.bytes, args.at[1]!, args.length[1]!)
    .bytes(args.bytes, args.at[2]!, args.length[2]!)
    .bytes(scratch, 0, length);
  propagateExpiry(call, entry, 2);
  call.reply.bulk(scratch, 0, length);
  call.notify(keyspaceEvents.hash, 'hincrbyfloat', 1);
}

function hrandfield(call: Call): void {
  const { args, reply } = call;
  const { hashes } = call.store;
  if (args.count === 2) {
    const entry = readWholeHash(call);
    if (entry === 0) reply.null();
    else hashes.random(entry, (bytes, at, length) => reply.bulk(bytes, at, length));
    return;
  }
  const full = randomCount(call, 2);
  const withValues = args.count === 4 && call.is(3, 'withvalues');
  if (args.count > 4 || (args.count === 4 && !withValues)) throw errors.syntax;
  const count = boundedCount(full, withValues);
  const entry = readWholeHash(call);
  if (entry === 0 || count === 0) {
    reply.array(0);
    return;
  }
  const shown = count < 0 ? -count : Math.min(count, hashes.visible(entry));
  const nested = withValues && reply.resp === 3;
  reply.array(withValues && !nested ? shown * 2 : shown);
  const start = reply.at;
  const show = (f: Uint8Array, fAt: number, fLength: number, v: Uint8Array, vAt: number, vLength: number): void => {
    if (nested) reply.array(2);
    reply.bulk(f, fAt, fLength);
    if (withValues) reply.bulk(v, vAt, vLength);
  };
  if (count > 0) {
    hashes.sample(entry, shown, show);
    return;
  }
  for (let i = 0; i < shown; i++) {
    hashes.random(entry, show);
    checkReplySize(call, start);
  }
}

function hscan(call: Call): void {
  const { reply } = call;
  const { hashes } = call.store;
  const cursor = scanCursor(call, 2);
  const entry = call.readType(1, TYPE_HASH);
  const mark = reply.deferred();
  if (entry === 0) {
    endScan(reply, mark, 0, 0);
    return;
  }
  let values = true;
  const options = new ScanOptions(call, 3, (index) => {
    if (!call.is(index, 'novalues')) return 0;
    values = false;
    return 1;
  });
  let seen = 0;
  let shown = 0;
  const next = options.run(
    cursor,
    () => seen,
    (from) =>
      hashes.scan(entry, from, (field, fieldAt, fieldLength, value, valueAt, valueLength) => {
        seen++;
        if (!options.matches(field, fieldAt, fieldLength)) return;
        shown++;
        reply.bulk(field, fieldAt, fieldLength);
        if (values) reply.bulk(value, valueAt, valueLength);
      }),
  );
  endScan(reply, mark, next, values ? shown * 2 : shown);
}

const SCAN_COMPLEXITY = 'O(1) a call, O(N) for the whole iteration; N is the number of elements.';

export const hashCommands: readonly CommandRow[] = [
  {
    name: 'hdel',
    arity: -3,
    flags: ['write', 'fast'],
    categories: ['hash'],
    keys: oneKey('RW', 'delete'),
    group: 'hash',
    since: '2.0.0',
    complexity: 'O(N) for N fields named.',
    summary: 'Deletes fields of a hash, and the key with its last field.',
    handler: hdel,
  },
  {
    name: 'hexists',
    arity: 3,
    flags: ['readonly', 'fast'],
    categories: ['hash'],
    keys: oneKey('RO'),
    group: 'hash',
    since: '2.0.0',
    complexity: 'O(1)',
    summary: 'Tells whether a hash has a field.',
    handler: hexists,
  },
  {
    name: 'hget',
    arity: 3,
    flags: ['readonly', 'fast'],
    categories: ['hash'],
    keys: oneKey('RO', 'access'),
    group: 'hash',
    since: '2.0.0',
    complexity: 'O(1)',
    summary: 'Returns the value of a hash field.',
    handler: hget,
  },
  {
    name: 'hgetall',
    arity: 2,
    flags: ['readonly'],
    categories: ['hash'],
    keys: oneKey('RO', 'access'),
    tips: ['nondeterministic_output_order'],
    group: 'hash',
    since: '2.0.0',
    complexity: 'O(N) for N fields.',
    summary: 'Returns all fields of a hash with their values.',
    handler: hgetall,
  },
  {
    name: 'hincrby',
    arity: 4,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['hash'],
    keys: oneKey('RW', 'access', 'update'),
    group: 'hash',
    since: '2.0.0',
    complexity: 'O(1)',
    summary: 'Adds an integer to a hash field.',
    handler: hincrby,
  },
  {
    name: 'hincrbyfloat',
    arity: 4,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['hash'],
    keys: oneKey('RW', 'access', 'update'),
    group: 'hash',
    since: '2.6.0',
    complexity: 'O(1)',
    summary: 'Adds a floating-point number to a hash field.',
    handler: hincrbyfloat,
  },
  {
    name: 'hkeys',
    arity: 2,
    flags: ['readonly'],
    categories: ['hash'],
    keys: oneKey('RO', 'access'),
    tips: ['nondeterministic_output_order'],
    group: 'hash',
    since: '2.0.0',
    complexity: 'O(N) for N fields.',
    summary: 'Returns the field names of a hash.',
    handler: hkeys,
  },
  {
    name: 'hlen',
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['hash'],
    keys: oneKey('RO'),
    group: 'hash',
    since: '2.0.0',
    complexity: 'O(1)',
    summary: 'Returns how many fields a hash has.',
    handler: hlen,
  },
  {
    name: 'hmget',
    arity: -3,
    flags: ['readonly', 'fast'],
    categories: ['hash'],
    keys: oneKey('RO', 'access'),
    group: 'hash',
    since: '2.0.0',
    complexity: 'O(N) for N fields named.',
    summary: 'Returns the values of several hash fields.',
    handler: hmget,
  },
  {
    name: 'hmset',
    arity: -4,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['hash'],
    keys: oneKey('RW', 'update'),
    group: 'hash',
    since: '2.0.0',
    complexity: 'O(N) for N pairs.',
    summary: 'Sets several hash fields.',
    deprecated: { since: '4.0.0', replacedBy: 'HSET with several pairs' },
    handler: hmset,
  },
  {
    name: 'hrandfield',
    arity: -2,
    flags: ['readonly'],
    categories: ['hash'],
    keys: oneKey('RO', 'access'),
    tips: ['nondeterministic_output'],
    group: 'hash',
    since: '6.2.0',
    complexity: 'O(N) for N fields returned.',
    summary: 'Returns random fields of a hash.',
    handler: hrandfield,
  },
  {
    name: 'hscan',
    arity: -3,
    flags: ['readonly'],
    categories: ['hash'],
    keys: oneKey('RO', 'access'),
    tips: ['nondeterministic_output'],
    group: 'hash',
    since: '2.8.0',
    complexity: SCAN_COMPLEXITY,
    summary: 'Walks over the fields of a hash with a cursor.',
    handler: hscan,
  },
  {
    name: 'hset',
    arity: -4,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['hash'],
    keys: oneKey('RW', 'update'),
    group: 'hash',
    since: '2.0.0',
    complexity: 'O(N) for N pairs.',
    summary: 'Sets hash fields; tells how many are new.',
    handler: hset,
  },
  {
    name: 'hsetnx',
    arity: 4,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['hash'],
    keys: oneKey('RW', 'insert'),
    group: 'hash',
    since: '2.0.0',
    complexity: 'O(1)',
    summary: 'Sets a hash field unless it exists.',
    handler: hsetnx,
  },
  {
    name: 'hstrlen',
    arity: 3,
    flags: ['readonly', 'fast'],
    categories: ['hash'],
    keys: oneKey('RO'),
    group: 'hash',
    since: '3.2.0',
    complexity: 'O(1)',
    summary: "Returns the length of a field's value.",
    handler: hstrlen,
  },
  {
    name: 'hvals',
    arity: 2,
    flags: ['readonly'],
    categories: ['hash'],
    keys: oneKey('RO', 'access'),
    tips: ['nondeterministic_output_order'],
    group: 'hash',
    since: '2.0.0',
    complexity: 'O(N) for N fields.',
    summary: 'Returns the values of a hash.',
    handler: hvals,
  },
];
