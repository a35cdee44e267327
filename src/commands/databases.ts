/**
 * Commands on whole databases: size, exchange, emptying.
 */
import { errors, replyError } from '../base/errors.ts';
import { parseSafe } from '../base/numbers.ts';
import type { ReplyError } from '../base/errors.ts';
import type { Database } from '../store/database.ts';
import type { Call } from './call.ts';
import type { CommandRow } from './row.ts';

const INT32_MAX = 2147483647;
const notInt32 = replyError('ERR value is out of range, value must between -2147483648 and 2147483647');
const badFirst = replyError('ERR invalid first DB index');
const badSecond = replyError('ERR invalid second DB index');

/** The database whose number is argument `index`. `notNumber`: the error for what is no 32-bit integer. */
export function databaseArgument(call: Call, index: number, notNumber?: ReplyError): Database {
  const { args } = call;
  const number = parseSafe(args.bytes, args.at[index]!, args.length[index]!);
  if (!(number >= -INT32_MAX - 1 && number <= INT32_MAX)) {
    if (notNumber !== undefined) throw notNumber;
    call.int64(index);
    throw notInt32;
  }
  const db = call.store.space.databases[number];
  if (db === undefined) throw errors.dbOutOfRange;
  return db;
}

function dbsize(call: Call): void {
  call.reply.integer(call.db.size);
}

function swapdb(call: Call): void {
  const { args } = call;
  // Both numbers are read before either is looked up.
  for (const [index, error] of [
    [1, badFirst],
    [2, badSecond],
  ] as const) {
    const number = parseSafe(args.bytes, args.at[index]!, args.length[index]!);
    if (!(number >= -INT32_MAX - 1 && number <= INT32_MAX)) throw error;
  }
  const first = databaseArgument(call, 1).index;
  const second = databaseArgument(call, 2).index;
  if (first !== second) {
    call.services.keyEvents.databaseChanged(first, second);
    call.services.keyEvents.databaseChanged(second, first);
    call.store.space.swap(first, second);
  }
  call.dirty++;
  call.reply.ok();
}

/** Empties databases. Memory is given back in slices, unless the client asks for SYNC. */
function flush(call: Call, databases: readonly Database[]): void {
  const sync = call.is(1, 'sync');
  if (call.count > 2 || (call.count === 2 && !sync && !call.is(1, 'async'))) throw errors.syntax;
  let keys = 0;
  for (const db of databases) {
    keys += db.size;
    call.services.keyEvents.databaseChanged(db.index);
    if (db.size > 0) db.clear();
  }
  call.services.tracking.flushed();
  if (sync) call.store.space.reclaimer.finish();
  call.dirty += keys;
  // Also sent when there was nothing to delete: a replica may hold keys that its master does not know of.
  if (keys === 0) {
    const { args } = call;
    const effect = call.effect(args.count);
    for (let i = 0; i < args.count; i++) effect.bytes(args.bytes, args.at[i]!, args.length[i]!);
  }
  call.reply.ok();
}

function flushdb(call: Call): void {
  flush(call, [call.db]);
}

function flushall(call: Call): void {
  flush(call, call.store.space.databases);
  call.services.persistence.flushed();
}

export const databaseCommands: readonly CommandRow[] = [
  {
    name: 'dbsize',
    arity: 1,
    flags: ['readonly', 'fast'],
    categories: ['keyspace'],
    tips: ['request_policy:all_shards', 'response_policy:agg_sum'],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Returns the number of keys in the database.',
    handler: dbsize,
  },
  {
    name: 'swapdb',
    arity: 3,
    flags: ['write', 'fast'],
    categories: ['keyspace', 'dangerous'],
    group: 'server',
    since: '4.0.0',
    complexity: 'O(1)',
    summary: 'Exchanges the content of two databases.',
    handler: swapdb,
  },
  {
    name: 'flushdb',
    arity: -1,
    flags: ['write'],
    categories: ['keyspace', 'dangerous'],
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(1); memory is given back in slices',
    summary: 'Deletes all keys of the database.',
    handler: flushdb,
  },
  {
    name: 'flushall',
    arity: -1,
    flags: ['write'],
    categories: ['keyspace', 'dangerous'],
    tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(1) a database; memory is given back in slices',
    summary: 'Deletes all keys of all databases.',
    handler: flushall,
  },
];
