/**
 * HyperLogLog commands: estimating how many different elements were seen, in 12 KiB at most. A value is a string in Redis's
 * format. Counting a single key caches the result in the value, and so is a change that replicas get.
 */
import { errors, replyError } from '../base/errors.ts';
import { keyspaceEvents } from '../base/settings.ts';
import type { Address } from '../memory/arena.ts';
import { TYPE_STRING } from '../store/entry.ts';
import { selfTest } from '../store/hll-selftest.ts';
import { CHANGED, CORRUPTED } from '../store/hyperloglog.ts';
import type { Call } from './call.ts';
import { type CommandRow, keyAt, keysFrom, manyKeys, oneKey } from './row.ts';

/** The HyperLogLog at argument `index` for reading, or 0. */
function readHll(call: Call, index: number): Address {
  return valid(call, call.readType(index, TYPE_STRING));
}

function writeHll(call: Call, index: number): Address {
  return valid(call, call.writeType(index, TYPE_STRING));
}

function valid(call: Call, entry: Address): Address {
  if (entry !== 0 && !call.store.hyperLogLogs.isValid(entry)) throw errors.invalidHyperLogLog;
  return entry;
}

function create(call: Call): Address {
  const { args } = call;
  return call.store.hyperLogLogs.create(call.db, args.bytes, args.at[1]!, args.length[1]!);
}

function pfadd(call: Call): void {
  const { args, db } = call;
  const { hyperLogLogs } = call.store;
  let changes = 0;
  let entry = writeHll(call, 1);
  if (entry === 0) {
    entry = create(call);
    hyperLogLogs.invalidate(entry);
    changes++;
  }
  for (let i = 2; i < args.count; i++) {
    const outcome = hyperLogLogs.add(db, entry, args.bytes, args.at[i]!, args.length[i]!);
    if (outcome === CORRUPTED) {
      // As in Redis, elements that found their place in a damaged value stay; replicas hear of them.
      if (changes > 0) {
        const effect = call.effect(i);
        for (let j = 0; j < i; j++) effect.bytes(args.bytes, args.at[j]!, args.length[j]!);
        call.changed(1, changes);
      }
      throw errors.corruptedHyperLogLog;
    }
    changes += outcome;
    entry = hyperLogLogs.entry;
  }
  if (changes > 0) {
    call.changed(1, changes);
    call.notify(keyspaceEvents.string, 'pfadd', 1);
  }
  call.reply.integer(changes > 0 ? 1 : 0);
}

/** Adds the HyperLogLogs at arguments from 1 on to the union; true if one of them is dense. */
function uniteAll(call: Call): boolean {
  const { hyperLogLogs } = call.store;
  let dense = false;
  hyperLogLogs.clearUnion();
  for (let i = 1; i < call.count; i++) {
    const entry = readHll(call, i);
    if (entry === 0) continue;
    dense ||= hyperLogLogs.isDense(entry);
    if (hyperLogLogs.unite(entry) === CORRUPTED) throw errors.corruptedHyperLogLog;
  }
  return dense;
}

function replyInt64(call: Call, value: number | bigint): void {
  if (typeof value === 'number') call.reply.integer(value);
  else call.reply.bigInteger(value);
}

function pfcount(call: Call): void {
  const { hyperLogLogs } = call.store;
  if (call.count > 2) {
    uniteAll(call);
    const estimate = hyperLogLogs.unionEstimate();
    replyInt64(call, BigInt.asIntN(64, estimate < 2 ** 63 ? BigInt(estimate) : 2n ** 63n));
    return;
  }
  const entry = readHll(call, 1);
  if (entry === 0) {
    call.reply.integer(0);
    return;
  }
  if (hyperLogLogs.isStale(entry)) {
    if (hyperLogLogs.refresh(entry) === CORRUPTED) throw errors.corruptedHyperLogLog;
    call.changed(1);
  }
  replyInt64(call, hyperLogLogs.cached(entry));
}

function pfmerge(call: Call): void {
  const { hyperLogLogs } = call.store;
  const dense = uniteAll(call);
  let entry = writeHll(call, 1);
  const created = entry === 0;
  if (created) entry = create(call);
  try {
    if (dense) {
      if (hyperLogLogs.toDense(call.db, entry) === CORRUPTED) throw errors.corruptedHyperLogLog;
      entry = hyperLogLogs.entry;
    }
    hyperLogLogs.storeUnion(call.db, entry);
  } catch (error) {
    if (created) call.removeKey(1);
    else propagateValue(call);
    throw error;
  }
  call.changed(1);
  call.notify(keyspaceEvents.string, 'pfadd', 1);
  call.reply.ok();
}

/** Memory ended in the middle of a change of the key: replicas get what it holds now. */
function propagateValue(call: Call): void {
  const { args } = call;
  const value = call.store.entries.value(call.read(1), call.a);
  call.changed(1);
  const effect = call.effect(4).text('SET').bytes(args.bytes, args.at[1]!, args.length[1]!);
  effect.bytes(value.bytes, value.at, value.length).text('KEEPTTL');
}

/** Makes the value dense: true if it was not. */
function makeDense(call: Call, entry: Address): boolean {
  const outcome = call.store.hyperLogLogs.toDense(call.db, entry);
  if (outcome === CORRUPTED) throw errors.corruptedHyperLogLog;
  if (outcome === CHANGED) call.changed(2);
  return outcome === CHANGED;
}

function pfdebug(call: Call): void {
  const { hyperLogLogs } = call.store;
  const entry = call.write(2);
  if (entry === 0) throw errors.noSpecifiedKey;
  if (call.store.entries.type(entry) !== TYPE_STRING) throw errors.wrongType;
  valid(call, entry);
  if (call.is(1, 'getreg')) {
    makeDense(call, entry);
    hyperLogLogs.clearUnion();
    hyperLogLogs.unite(hyperLogLogs.entry);
    const registers = hyperLogLogs.union;
    call.reply.array(registers.length);
    for (const rank of registers) call.reply.integer(rank);
  } else if (call.is(1, 'decode')) {
    if (hyperLogLogs.isDense(entry)) throw errors.hyperLogLogNotSparse;
    call.reply.bulkText(hyperLogLogs.describe(entry));
  } else if (call.is(1, 'encoding')) {
    call.reply.simple(hyperLogLogs.isDense(entry) ? 'dense' : 'sparse');
  } else if (call.is(1, 'todense')) {
    call.reply.integer(makeDense(call, entry) ? 1 : 0);
  } else {
    throw replyError(`ERR Unknown PFDEBUG subcommand '${call.text(1).split('\0', 1)[0]!}'`);
  }
}

function pfselftest(call: Call): void {
  const failure = selfTest();
  if (failure !== undefined) throw replyError(`TESTFAILED ${failure}`);
  call.reply.ok();
}

export const hyperLogLogCommands: readonly CommandRow[] = [
  {
    name: 'pfadd',
    arity: -2,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['hyperloglog'],
    keys: oneKey('RW', 'insert'),
    group: 'hyperloglog',
    since: '2.8.9',
    complexity: 'O(1) for each element',
    summary: 'Adds elements to a HyperLogLog.',
    handler: pfadd,
  },
  {
    name: 'pfcount',
    arity: -2,
    flags: ['readonly', 'may_replicate'],
    categories: ['hyperloglog'],
    keys: manyKeys(1, 'RW', 'access').map((spec) => ({
      ...spec,
      notes: 'RW because it may change the internal representation of the key, and propagate to replicas',
    })),
    group: 'hyperloglog',
    since: '2.8.9',
    complexity: 'O(1) for one key, O(N) for N keys with large constants',
    summary: 'Estimates how many different elements HyperLogLogs have seen, together.',
    handler: pfcount,
  },
  {
    name: 'pfmerge',
    arity: -2,
    flags: ['write', 'denyoom'],
    categories: ['hyperloglog'],
    keys: [keyAt(1, 'RW', 'access', 'insert'), keysFrom(2, 'RO', 'access')],
    group: 'hyperloglog',
    since: '2.8.9',
    complexity: 'O(N) with large constants',
    summary: 'Merges HyperLogLogs into one.',
    handler: pfmerge,
  },
  {
    name: 'pfdebug',
    arity: 3,
    flags: ['write', 'denyoom', 'admin'],
    categories: ['hyperloglog'],
    keys: [keyAt(2, 'RW', 'access')],
    group: 'hyperloglog',
    since: '2.8.9',
    complexity: 'N/A',
    summary: 'Shows what a HyperLogLog holds, and changes its form.',
    handler: pfdebug,
  },
  {
    name: 'pfselftest',
    arity: 1,
    flags: ['admin'],
    categories: ['hyperloglog'],
    group: 'hyperloglog',
    since: '2.8.9',
    complexity: 'N/A',
    summary: 'Tests the HyperLogLog code.',
    handler: pfselftest,
  },
];
