/**
 * Commands on keys whatever their type: existence, deletion, renaming, copying, enumeration.
 */
import { errors } from '../base/errors.ts';
import { globMatch } from '../base/glob.ts';
import { keyspaceEvents } from '../base/settings.ts';
import type { Address } from '../memory/arena.ts';
import { copyEntry } from '../store/copy-value.ts';
import type { Database } from '../store/database.ts';
import { typeNames } from '../store/entry.ts';
import type { Call } from './call.ts';
import { databaseArgument } from './databases.ts';
import { type CommandRow, keyAt, manyKeys, oneKey } from './row.ts';
import { endScan, scanCursor, ScanOptions } from './scan.ts';

const STAR = 0x2a;

/** The entry of the key at argument `index` for a command that only asks about it, or 0. `silent`: a miss is no event. */
export function inspect(call: Call, index: number, silent = false): Address {
  const { args } = call;
  return call.db.inspect(args.bytes, args.at[index]!, args.length[index]!, silent);
}

function del(call: Call): void {
  const { args, db } = call;
  let deleted = 0;
  for (let i = 1; i < args.count; i++) {
    if (!db.delete(args.bytes, args.at[i]!, args.length[i]!)) continue;
    deleted++;
    call.changed(i);
    call.notifyDeleted(i);
  }
  call.reply.integer(deleted);
}

function exists(call: Call): void {
  let found = 0;
  for (let i = 1; i < call.count; i++) if (inspect(call, i) !== 0) found++;
  call.reply.integer(found);
}

/** Marks keys as used, also for a client that otherwise leaves no such trace (CLIENT NO-TOUCH). */
function touch(call: Call): void {
  const { space } = call.store;
  let found = 0;
  for (let i = 1; i < call.count; i++) {
    const entry = inspect(call, i);
    if (entry === 0) continue;
    space.touch(entry);
    found++;
  }
  call.reply.integer(found);
}

function type(call: Call): void {
  const entry = inspect(call, 1);
  call.reply.simple(entry === 0 ? 'none' : typeNames[call.store.entries.type(entry)]!);
}

function keys(call: Call): void {
  const { args, db, reply } = call;
  const { entries } = call.store;
  const at = args.at[1]!;
  const length = args.length[1]!;
  const all = length === 1 && args.bytes[at] === STAR;
  const mark = reply.deferred();
  let count = 0;
  db.forEach((entry) => {
    const key = entries.key(entry, call.a);
    if (!all && !globMatch(args.bytes, at, length, key.bytes, key.at, key.length, false)) return;
    if (db.isExpired(entry)) return;
    reply.bulk(key.bytes, key.at, key.length);
    count++;
  });
  reply.endDeferred(mark, 'array', count);
}

function scan(call: Call): void {
  const { db, reply } = call;
  const { entries } = call.store;
  const cursor = scanCursor(call, 1);
  let wanted = '';
  const options = new ScanOptions(call, 2, (index) => {
    if (!call.is(index, 'type') || index + 1 >= call.count) return 0;
    wanted = call.text(index + 1).toLowerCase();
    return 2;
  });
  const mark = reply.deferred();
  const expired: Address[] = [];
  let seen = 0;
  let count = 0;
  const visit = (entry: Address): void => {
    seen++;
    const key = entries.key(entry, call.a);
    if (!options.matches(key.bytes, key.at, key.length)) return;
    if (wanted !== '' && wanted !== typeNames[entries.type(entry)]) return;
    if (db.isExpired(entry)) {
      expired.push(entry);
      return;
    }
    reply.bulk(key.bytes, key.at, key.length);
    count++;
  };
  const next = options.run(
    cursor,
    () => seen,
    (at) => db.scan(at, visit),
  );
  for (const entry of expired) db.expireEntry(entry);
  endScan(reply, mark, next, count);
}

function randomkey(call: Call): void {
  const entry = call.db.random();
  if (entry === 0) {
    call.reply.null();
    return;
  }
  const key = call.store.entries.key(entry, call.a);
  call.reply.bulk(key.bytes, key.at, key.length);
}

/** RENAME; false if the new name is taken and may not be replaced. */
function moveKey(call: Call, replace: boolean): boolean {
  const { args, db } = call;
  const entry = call.relink(1);
  if (entry === 0) throw errors.noSuchKey;
  if (args.same(1, 2)) return replace;
  if (call.relink(2) !== 0 && !replace) return false;
  db.rename(entry, db, args.bytes, args.at[2]!, args.length[2]!, () => {
    call.makeRoom();
    call.removeKey(2);
  });
  call.changed(1);
  call.changed(2, 0);
  call.notify(keyspaceEvents.generic, 'rename_from', 1);
  call.notify(keyspaceEvents.generic, 'rename_to', 2);
  return true;
}

function rename(call: Call): void {
  moveKey(call, true);
  call.reply.ok();
}

function renamenx(call: Call): void {
  call.reply.integer(moveKey(call, false) ? 1 : 0);
}

/** The entry of the key at argument `index` in another database, or 0. */
function lookIn(call: Call, db: Database, index: number): Address {
  const { args } = call;
  return db.relink(args.bytes, args.at[index]!, args.length[index]!);
}

function move(call: Call): void {
  const { args, db } = call;
  const target = databaseArgument(call, 2);
  if (target === db) throw errors.sameObject;
  const entry = call.relink(1);
  if (entry === 0 || lookIn(call, target, 1) !== 0) {
    call.reply.integer(0);
    return;
  }
  const at = args.at[1]!;
  const length = args.length[1]!;
  db.rename(entry, target, args.bytes, at, length);
  call.changed(1);
  call.changedKey(target, args.bytes, at, length, 0);
  call.notify(keyspaceEvents.generic, 'move_from', 1);
  call.notifyKey(keyspaceEvents.generic, 'move_to', target, args.bytes, at, length);
  call.reply.integer(1);
}

function copy(call: Call): void {
  const { args, db } = call;
  let target = db;
  let replace = false;
  for (let i = 3; i < args.count; i++) {
    if (call.is(i, 'replace')) replace = true;
    else if (call.is(i, 'db') && i + 1 < args.count) target = databaseArgument(call, ++i);
    else throw errors.syntax;
  }
  if (target === db && args.same(1, 2)) throw errors.sameObject;
  const entry = call.read(1);
  const at = args.at[2]!;
  const length = args.length[2]!;
  if (entry === 0 || (lookIn(call, target, 2) !== 0 && !replace)) {
    call.reply.integer(0);
    return;
  }
  copyEntry(call.store, entry, target, args.bytes, at, length, () => {
    call.makeRoom();
    target.remove(args.bytes, at, length);
  });
  call.changedKey(target, args.bytes, at, length);
  call.notifyKey(keyspaceEvents.generic, 'copy_to', target, args.bytes, at, length);
  call.reply.integer(1);
}

const sumTips = ['request_policy:multi_shard', 'response_policy:agg_sum'];

export const keyCommands: readonly CommandRow[] = [
  {
    name: 'del',
    arity: -2,
    flags: ['write'],
    categories: ['keyspace'],
    keys: manyKeys(1, 'RM', 'delete'),
    tips: sumTips,
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(N) in the number of keys; big values are given back in slices',
    summary: 'Deletes keys.',
    handler: del,
  },
  {
    name: 'unlink',
    arity: -2,
    flags: ['write', 'fast'],
    categories: ['keyspace'],
    keys: manyKeys(1, 'RM', 'delete'),
    tips: sumTips,
    group: 'generic',
    since: '4.0.0',
    complexity: 'O(N) in the number of keys; big values are given back in slices',
    summary: 'Deletes keys: the same as DEL here.',
    handler: del,
  },
  {
    name: 'exists',
    arity: -2,
    flags: ['readonly', 'fast'],
    categories: ['keyspace'],
    keys: manyKeys(1, 'RO'),
    tips: sumTips,
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(N) in the number of keys',
    summary: 'Counts how many of the keys exist.',
    handler: exists,
  },
  {
    name: 'touch',
    arity: -2,
    flags: ['readonly', 'fast'],
    categories: ['keyspace'],
    keys: manyKeys(1, 'RO'),
    tips: sumTips,
    group: 'generic',
    since: '3.2.1',
    complexity: 'O(N) in the number of keys',
    summary: 'Marks keys as just used and counts those that exist.',
    handler: touch,
  },
  {
    name: 'type',
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['keyspace'],
    keys: oneKey('RO'),
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Returns the type of the value at a key.',
    handler: type,
  },
  {
    name: 'keys',
    arity: 2,
    flags: ['readonly'],
    categories: ['keyspace', 'dangerous'],
    tips: ['request_policy:all_shards', 'nondeterministic_output_order'],
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(N) in the number of keys of the database',
    summary: 'Returns all keys that match a pattern.',
    handler: keys,
  },
  {
    name: 'scan',
    arity: -2,
    flags: ['readonly'],
    categories: ['keyspace'],
    tips: ['nondeterministic_output', 'request_policy:special'],
    group: 'generic',
    since: '2.8.0',
    complexity: 'O(1) a call, O(N) for a whole iteration',
    summary: 'Iterates over the keys of the database.',
    anyKeys: true,
    handler: scan,
  },
  {
    name: 'randomkey',
    arity: 1,
    flags: ['readonly'],
    categories: ['keyspace'],
    tips: ['request_policy:all_shards', 'nondeterministic_output'],
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Returns a key picked by chance.',
    anyKeys: true,
    handler: randomkey,
  },
  {
    name: 'rename',
    arity: 3,
    flags: ['write'],
    categories: ['keyspace'],
    keys: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'OW', 'update')],
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Renames a key; a key of the new name is replaced.',
    handler: rename,
  },
  {
    name: 'renamenx',
    arity: 3,
    flags: ['write', 'fast'],
    categories: ['keyspace'],
    keys: [keyAt(1, 'RW', 'access', 'delete'), keyAt(2, 'OW', 'insert')],
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Renames a key, unless the new name is taken.',
    handler: renamenx,
  },
  {
    name: 'move',
    arity: 3,
    flags: ['write', 'fast'],
    categories: ['keyspace'],
    keys: oneKey('RW', 'access', 'update'),
    group: 'generic',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Moves a key to another database, unless it is there already.',
    handler: move,
  },
  {
    name: 'copy',
    arity: -3,
    flags: ['write', 'denyoom'],
    categories: ['keyspace'],
    keys: [keyAt(1, 'RO', 'access'), keyAt(2, 'OW', 'update')],
    group: 'generic',
    since: '6.2.0',
    complexity: 'O(N) in the size of the value',
    summary: 'Copies a value to another key.',
    handler: copy,
  },
];
