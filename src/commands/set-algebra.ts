/**
 * SINTER, SUNION, SDIFF and their storing forms, and SINTERCARD.
 */
import { errors } from '../base/errors.ts';
import { keyspaceEvents } from '../base/settings.ts';
import type { Address } from '../memory/arena.ts';
import { TYPE_SET } from '../store/entry.ts';
import type { MemberVisitor, SetValue } from '../store/set-value.ts';
import type { Call } from './call.ts';
import { type CommandRow, keyAt, keysCountedAt, keysFrom, manyKeys } from './row.ts';

type Walk = (visit: MemberVisitor) => void;

/** The sets at arguments `from` up to `end`; 0 for missing keys. Every key's type is checked, missing ones or not. */
function sources(call: Call, from: number, end: number): Address[] {
  const entries: Address[] = [];
  for (let i = from; i < end; i++) entries.push(call.readType(i, TYPE_SET));
  return entries;
}

function intersection(call: Call, from: number, end: number): Walk {
  const entries = sources(call, from, end);
  if (entries.includes(0)) return () => {};
  return (visit) => call.store.setAlgebra.intersect(entries, visit);
}

function union(call: Call, from: number, end: number): Walk {
  const entries = sources(call, from, end);
  return (visit) => call.store.setAlgebra.union(entries, visit);
}

function difference(call: Call, from: number, end: number): Walk {
  const entries = sources(call, from, end);
  return (visit) => call.store.setAlgebra.difference(entries, visit);
}

function show(call: Call, walk: Walk): void {
  const { reply } = call;
  const mark = reply.deferred();
  let count = 0;
  walk((bytes, at, length) => {
    count++;
    reply.bulk(bytes, at, length);
  });
  reply.endDeferred(mark, 'set', count);
}

/** Stores a result at the key of argument 1, replacing it whatever it was. An empty one deletes it. */
function store(call: Call, result: SetValue | undefined, event: string): void {
  const { args, db, reply } = call;
  const { sets } = call.store;
  // A key past its time is gone for a master; `write` sees to that before the deletion counts as a change.
  const existed = call.write(1) !== 0;
  if (result !== undefined) call.makeRoom(() => sets.values.release(result));
  call.removeKey(1);
  if (result === undefined) {
    if (existed) {
      call.changed(1);
      call.notifyDeleted(1);
    }
    reply.integer(0);
    return;
  }
  const count = sets.values.count(result);
  call.changed(1);
  call.replacing(existed, () => sets.adopt(db, args.bytes, args.at[1]!, args.length[1]!, result));
  call.notify(keyspaceEvents.set, event, 1);
  reply.integer(count);
}

function sinter(call: Call): void {
  show(call, intersection(call, 1, call.count));
}

function sunion(call: Call): void {
  show(call, union(call, 1, call.count));
}

function sdiff(call: Call): void {
  show(call, difference(call, 1, call.count));
}

function sinterstore(call: Call): void {
  store(call, call.store.setAlgebra.collect(intersection(call, 2, call.count)), 'sinterstore');
}

function sunionstore(call: Call): void {
  store(call, call.store.setAlgebra.collectUnion(sources(call, 2, call.count)), 'sunionstore');
}

function sdiffstore(call: Call): void {
  store(call, call.store.setAlgebra.collect(difference(call, 2, call.count)), 'sdiffstore');
}

function sintercard(call: Call): void {
  const keys = call.integer(1, errors.numkeysNotPositive);
  if (keys < 1) throw errors.numkeysNotPositive;
  if (keys > call.count - 2) throw errors.numkeysTooMany;
  let limit = 0;
  for (let i = 2 + keys; i < call.count; i += 2) {
    if (i + 1 === call.count || !call.is(i, 'limit')) throw errors.syntax;
    limit = call.integer(i + 1, errors.limitNegative);
    if (limit < 0) throw errors.limitNegative;
  }
  let count = 0;
  intersection(call, 2, 2 + keys)(() => ++count === limit);
  call.reply.integer(count);
}

export const setAlgebraCommands: readonly CommandRow[] = [
  {
    name: 'sdiff',
    arity: -2,
    flags: ['readonly'],
    categories: ['set'],
    keys: manyKeys(1, 'RO', 'access'),
    tips: ['nondeterministic_output_order'],
    group: 'set',
    since: '1.0.0',
    complexity: 'O(N) for N members in all sets together.',
    summary: 'Returns the members of the first set that no other has.',
    handler: sdiff,
  },
  {
    name: 'sdiffstore',
    arity: -3,
    flags: ['write', 'denyoom'],
    categories: ['set'],
    keys: [keyAt(1, 'OW', 'update'), keysFrom(2, 'RO', 'access')],
    group: 'set',
    since: '1.0.0',
    complexity: 'O(N) for N members in all sets together.',
    summary: 'Stores the difference of sets in a key.',
    handler: sdiffstore,
  },
  {
    name: 'sinter',
    arity: -2,
    flags: ['readonly'],
    categories: ['set'],
    keys: manyKeys(1, 'RO', 'access'),
    tips: ['nondeterministic_output_order'],
    group: 'set',
    since: '1.0.0',
    complexity: 'O(N*M) for N members of the smallest of M sets.',
    summary: 'Returns the members that all sets have.',
    handler: sinter,
  },
  {
    name: 'sintercard',
    arity: -3,
    flags: ['readonly', 'movablekeys'],
    categories: ['set'],
    keys: [keysCountedAt(1, 'RO', 'access')],
    group: 'set',
    since: '7.0.0',
    complexity: 'O(N*M) for N members of the smallest of M sets.',
    summary: 'Counts the members that all sets have, up to a limit.',
    handler: sintercard,
  },
  {
    name: 'sinterstore',
    arity: -3,
    flags: ['write', 'denyoom'],
    categories: ['set'],
    keys: [keyAt(1, 'RW', 'update'), keysFrom(2, 'RO', 'access')],
    group: 'set',
    since: '1.0.0',
    complexity: 'O(N*M) for N members of the smallest of M sets.',
    summary: 'Stores the intersection of sets in a key.',
    handler: sinterstore,
  },
  {
    name: 'sunion',
    arity: -2,
    flags: ['readonly'],
    categories: ['set'],
    keys: manyKeys(1, 'RO', 'access'),
    tips: ['nondeterministic_output_order'],
    group: 'set',
    since: '1.0.0',
    complexity: 'O(N) for N members in all sets together.',
    summary: 'Returns the members that any of the sets has.',
    handler: sunion,
  },
  {
    name: 'sunionstore',
    arity: -3,
    flags: ['write', 'denyoom'],
    categories: ['set'],
    keys: [keyAt(1, 'OW', 'update'), keysFrom(2, 'RO', 'access')],
    group: 'set',
    since: '1.0.0',
    complexity: 'O(N) for N members in all sets together.',
    summary: 'Stores the union of sets in a key.',
    handler: sunionstore,
  },
];
