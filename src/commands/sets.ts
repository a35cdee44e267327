/**
 * Set commands on one key, and SMOVE. Those on several sets are in set-algebra.ts.
 */
import { errors } from '../base/errors.ts';
import { parseInteger } from '../base/numbers.ts';
import { keyspaceEvents } from '../base/settings.ts';
import type { Address } from '../memory/arena.ts';
import { TYPE_SET } from '../store/entry.ts';
import type { Call } from './call.ts';
import { boundedCount, checkReplySize, randomCount } from './random-count.ts';
import { type CommandRow, keyAt, oneKey } from './row.ts';
import { endScan, scanCursor, ScanOptions } from './scan.ts';

/** Members in one SREM that SPOP propagates. */
const SPOP_BATCH = 1024;

function sadd(call: Call): void {
  const { args, db } = call;
  const { sets } = call.store;
  const bytes = args.bytes;
  const expected = args.count - 2;
  let entry = call.writeType(1, TYPE_SET);
  if (entry === 0) {
    const integer = parseInteger(bytes, args.at[2]!, args.length[2]!) !== undefined;
    entry = sets.create(db, bytes, args.at[1]!, args.length[1]!, integer, expected);
  }
  let added = 0;
  if (expected > 1) sets.prepare(entry, expected);
  for (let i = 2; i < args.count; i++) if (sets.add(entry, bytes, args.at[i]!, args.length[i]!)) added++;
  if (added > 0) {
    call.changed(1, added);
    call.notify(keyspaceEvents.set, 'sadd', 1);
  }
  call.reply.integer(added);
}

function srem(call: Call): void {
  const { args } = call;
  const { sets } = call.store;
  const entry = call.writeType(1, TYPE_SET);
  let removed = 0;
  if (entry !== 0) {
    for (let i = 2; i < args.count; i++) {
      if (!sets.remove(entry, args.bytes, args.at[i]!, args.length[i]!)) continue;
      removed++;
      if (sets.length(entry) === 0) break;
    }
  }
  if (removed > 0) {
    call.changed(1, removed);
    removedFrom(call, entry, 'srem');
  }
  call.reply.integer(removed);
}

/** Members left the set at argument 1: it goes with its last one. */
function removedFrom(call: Call, entry: Address, event: string): void {
  call.notify(keyspaceEvents.set, event, 1);
  if (call.store.sets.length(entry) > 0) return;
  call.removeKey(1);
  call.notifyDeleted(1);
}

function smove(call: Call): void {
  const { args, db, reply } = call;
  const { sets, entries } = call.store;
  const bytes = args.bytes;
  const source = call.write(1);
  let target = call.write(2);
  if (source === 0) {
    reply.integer(0);
    return;
  }
  if (entries.type(source) !== TYPE_SET || (target !== 0 && entries.type(target) !== TYPE_SET)) throw errors.wrongType;
  if (source === target) {
    reply.integer(sets.has(source, bytes, args.at[3]!, args.length[3]!) ? 1 : 0);
    return;
  }
  if (!sets.has(source, bytes, args.at[3]!, args.length[3]!)) {
    reply.integer(0);
    return;
  }
  const made = target === 0;
  if (target === 0) {
    const integer = parseInteger(bytes, args.at[3]!, args.length[3]!) !== undefined;
    // It counts as new once the member has left the source.
    call.replacing(true, () => (target = sets.create(db, bytes, args.at[2]!, args.length[2]!, integer, 1)));
  }
  // First what may need memory: if that fails, nothing has happened.
  let added: boolean;
  try {
    added = sets.add(target, bytes, args.at[3]!, args.length[3]!);
  } catch (error) {
    if (made) call.removeKey(2);
    throw error;
  }
  sets.remove(source, bytes, args.at[3]!, args.length[3]!);
  removedFrom(call, source, 'srem');
  call.changed(1);
  if (made) call.notify(keyspaceEvents.newKey, 'new', 2);
  if (added) {
    call.changed(2);
    call.notify(keyspaceEvents.set, 'sadd', 2);
  }
  reply.integer(1);
}

function scard(call: Call): void {
  const entry = call.readType(1, TYPE_SET);
  call.reply.integer(entry === 0 ? 0 : call.store.sets.length(entry));
}

function sismember(call: Call): void {
  const { args } = call;
  const entry = call.readType(1, TYPE_SET);
  const found = entry !== 0 && call.store.sets.has(entry, args.bytes, args.at[2]!, args.length[2]!);
  call.reply.integer(found ? 1 : 0);
}

function smismember(call: Call): void {
  const { args, reply } = call;
  const { sets } = call.store;
  const entry = call.readType(1, TYPE_SET);
  reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++)
    reply.integer(entry !== 0 && sets.has(entry, args.bytes, args.at[i]!, args.length[i]!) ? 1 : 0);
}

function smembers(call: Call): void {
  const { reply } = call;
  const entry = call.readType(1, TYPE_SET);
  reply.set(entry === 0 ? 0 : call.store.sets.length(entry));
  if (entry !== 0) call.store.sets.forEach(entry, (bytes, at, length) => reply.bulk(bytes, at, length));
}

function spop(call: Call): void {
  const { args, reply } = call;
  const { sets } = call.store;
  if (args.count > 3) throw errors.syntax;
  if (args.count === 3) {
    spopCount(call);
    return;
  }
  const entry = call.writeType(1, TYPE_SET);
  if (entry === 0) {
    reply.null();
    return;
  }
  sets.pop(entry, 1, (bytes, at, length) => {
    reply.bulk(bytes, at, length);
    removal(call, 1).bytes(bytes, at, length);
  });
  removedFrom(call, entry, 'spop');
  call.changed(1);
}

function spopCount(call: Call): void {
  const { reply } = call;
  const { sets } = call.store;
  const count = call.integer(2, errors.mustBePositive);
  if (count < 0) throw errors.mustBePositive;
  const entry = call.writeType(1, TYPE_SET);
  if (entry === 0 || count === 0) {
    reply.set(0);
    return;
  }
  const size = sets.length(entry);
  if (count >= size) {
    reply.set(size);
    sets.forEach(entry, (bytes, at, length) => reply.bulk(bytes, at, length));
    call.notify(keyspaceEvents.set, 'spop', 1);
    call.removeKey(1);
    call.notifyDeleted(1);
    call.effectOf('DEL', 1);
    call.changed(1, size);
    return;
  }
  reply.set(count);
  let left = count;
  let room = 0;
  sets.pop(entry, count, (bytes, at, length) => {
    reply.bulk(bytes, at, length);
    if (room === 0) {
      room = Math.min(left, SPOP_BATCH);
      removal(call, room);
    }
    call.propagation.bytes(bytes, at, length);
    room--;
    left--;
  });
  call.changed(1, count);
  call.notify(keyspaceEvents.set, 'spop', 1);
}

/** Starts the effect SREM key ... of `members` members, which must follow. */
function removal(call: Call, members: number): typeof call.propagation {
  const { args } = call;
  return call
    .effect(2 + members)
    .text('SREM')
    .bytes(args.bytes, args.at[1]!, args.length[1]!);
}

function srandmember(call: Call): void {
  const { args, reply } = call;
  const { sets } = call.store;
  if (args.count > 3) throw errors.syntax;
  const show = (bytes: Uint8Array, at: number, length: number): void => reply.bulk(bytes, at, length);
  if (args.count === 2) {
    const one = call.readType(1, TYPE_SET);
    if (one === 0) reply.null();
    else sets.random(one, show);
    return;
  }
  const count = boundedCount(randomCount(call, 2), false);
  const entry = call.readType(1, TYPE_SET);
  if (entry === 0 || count === 0) {
    reply.array(0);
    return;
  }
  if (count > 0) {
    const shown = Math.min(count, sets.length(entry));
    reply.array(shown);
    sets.sample(entry, shown, show);
    return;
  }
  reply.array(-count);
  const start = reply.at;
  for (let i = count; i < 0; i++) {
    sets.random(entry, show);
    checkReplySize(call, start);
  }
}

function sscan(call: Call): void {
  const { reply } = call;
  const { sets } = call.store;
  const cursor = scanCursor(call, 2);
  const entry = call.readType(1, TYPE_SET);
  const mark = reply.deferred();
  if (entry === 0) {
    endScan(reply, mark, 0, 0);
    return;
  }
  const options = new ScanOptions(call, 3);
  let seen = 0;
  let shown = 0;
  const visit = (bytes: Uint8Array, at: number, length: number): void => {
    seen++;
    if (!options.matches(bytes, at, length)) return;
    shown++;
    reply.bulk(bytes, at, length);
  };
  const next = options.run(
    cursor,
    () => seen,
    (from) => sets.scan(entry, from, visit),
  );
  endScan(reply, mark, next, shown);
}

const SCAN_COMPLEXITY = 'O(1) a call, O(N) for the whole iteration; N is the number of elements.';

export const setCommands: readonly CommandRow[] = [
  {
    name: 'sadd',
    arity: -3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['set'],
    keys: oneKey('RW', 'insert'),
    group: 'set',
    since: '1.0.0',
    complexity: 'O(N) for N members named.',
    summary: 'Adds members to a set; tells how many are new.',
    handler: sadd,
  },
  {
    name: 'scard',
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['set'],
    keys: oneKey('RO'),
    group: 'set',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Returns how many members a set has.',
    handler: scard,
  },
  {
    name: 'sismember',
    arity: 3,
    flags: ['readonly', 'fast'],
    categories: ['set'],
    keys: oneKey('RO'),
    group: 'set',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Tells whether a set has a member.',
    handler: sismember,
  },
  {
    name: 'smembers',
    arity: 2,
    flags: ['readonly'],
    categories: ['set'],
    keys: oneKey('RO', 'access'),
    tips: ['nondeterministic_output_order'],
    group: 'set',
    since: '1.0.0',
    complexity: 'O(N) for N members.',
    summary: 'Returns all members of a set.',
    handler: smembers,
  },
  {
    name: 'smismember',
    arity: -3,
    flags: ['readonly', 'fast'],
    categories: ['set'],
    keys: oneKey('RO', 'access'),
    group: 'set',
    since: '6.2.0',
    complexity: 'O(N) for N members named.',
    summary: 'Tells for each of several members whether a set has it.',
    handler: smismember,
  },
  {
    name: 'smove',
    arity: 4,
    flags: ['write', 'fast'],
    categories: ['set'],
    keys: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'RW', 'insert')],
    group: 'set',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Moves a member from one set to another.',
    handler: smove,
  },
  {
    name: 'spop',
    arity: -2,
    flags: ['write', 'fast'],
    categories: ['set'],
    keys: oneKey('RW', 'access', 'delete'),
    tips: ['nondeterministic_output'],
    group: 'set',
    since: '1.0.0',
    complexity: 'O(N) for N members returned.',
    summary: 'Removes random members of a set and returns them.',
    handler: spop,
  },
  {
    name: 'srandmember',
    arity: -2,
    flags: ['readonly'],
    categories: ['set'],
    keys: oneKey('RO', 'access'),
    tips: ['nondeterministic_output'],
    group: 'set',
    since: '1.0.0',
    complexity: 'O(N) for N members returned.',
    summary: 'Returns random members of a set.',
    handler: srandmember,
  },
  {
    name: 'srem',
    arity: -3,
    flags: ['write', 'fast'],
    categories: ['set'],
    keys: oneKey('RW', 'delete'),
    group: 'set',
    since: '1.0.0',
    complexity: 'O(N) for N members named.',
    summary: 'Removes members of a set, and the key with its last member.',
    handler: srem,
  },
  {
    name: 'sscan',
    arity: -3,
    flags: ['readonly'],
    categories: ['set'],
    keys: oneKey('RO', 'access'),
    tips: ['nondeterministic_output'],
    group: 'set',
    since: '2.8.0',
    complexity: SCAN_COMPLEXITY,
    summary: 'Walks over the members of a set with a cursor.',
    handler: sscan,
  },
];
