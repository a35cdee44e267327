/**
 * ZUNION, ZINTER, ZDIFF, their STORE forms and ZINTERCARD: the arguments and replies. What they compute is in
 * store/zset-algebra.ts. Rows: sorted-sets.ts.
 */
import { errors, replyError, type ReplyError } from '../base/errors.ts';
import { keyspaceEvents } from '../base/settings.ts';
import { TYPE_SET, TYPE_ZSET } from '../store/entry.ts';
import type { Aggregate, ZsetSource } from '../store/zset-algebra.ts';
import type { ZsetValue } from '../store/zset-value.ts';
import type { Call } from './call.ts';
import { replyMembers } from './sorted-sets-members.ts';

const weightNotFloat: ReplyError = replyError('ERR weight value is not a float');
const limitNegative: ReplyError = replyError("ERR LIMIT can't be negative");

type Operation = 'union' | 'inter' | 'diff';

interface Request {
  readonly sources: readonly ZsetSource[];
  aggregate: Aggregate;
  withScores: boolean;
}

/** The sources from the key count at argument `from` on. A missing key is an empty source; other types than sets are refused. */
function readSources(call: Call, from: number): ZsetSource[] {
  const { entries } = call.store;
  const keys = call.integer(from);
  if (keys < 1) throw replyError(`ERR at least 1 input key is needed for '${call.command.name}' command`);
  if (keys > call.count - from - 1) throw errors.syntax;
  const sources: ZsetSource[] = [];
  for (let i = from + 1; i <= from + keys; i++) {
    const entry = call.read(i);
    const type = entry === 0 ? TYPE_ZSET : entries.type(entry);
    if (type !== TYPE_ZSET && type !== TYPE_SET) throw errors.wrongType;
    sources.push({ entry, weight: 1 });
  }
  return sources;
}

function readRequest(call: Call, operation: Operation, from: number, store: boolean): Request {
  const sources = readSources(call, from);
  const request: Request = { sources, aggregate: 'sum', withScores: false };
  const weighs = operation !== 'diff';
  for (let i = from + 1 + sources.length; i < call.count; i++) {
    const more = call.count - i - 1;
    if (weighs && more >= sources.length && call.is(i, 'weights')) {
      for (const source of sources) source.weight = call.double(++i, weightNotFloat);
    } else if (weighs && more >= 1 && call.is(i, 'aggregate')) {
      i++;
      if (call.is(i, 'sum')) request.aggregate = 'sum';
      else if (call.is(i, 'min')) request.aggregate = 'min';
      else if (call.is(i, 'max')) request.aggregate = 'max';
      else throw errors.syntax;
    } else if (!store && call.is(i, 'withscores')) request.withScores = true;
    else throw errors.syntax;
  }
  return request;
}

function compute(call: Call, operation: Operation, request: Request, keep: boolean): ZsetValue | undefined {
  const { zsetAlgebra } = call.store;
  if (operation === 'union') return zsetAlgebra.union(request.sources, request.aggregate, keep);
  if (operation === 'inter') return zsetAlgebra.intersect(request.sources, request.aggregate, keep);
  return zsetAlgebra.difference(request.sources, keep);
}

function replyWith(call: Call, operation: Operation): void {
  const { reply } = call;
  const { values } = call.store.zsets;
  const request = readRequest(call, operation, 1, false);
  const result = compute(call, operation, request, false);
  if (result === undefined) {
    reply.array(0);
    return;
  }
  try {
    const members = values.count(result);
    const nested = request.withScores && reply.resp === 3;
    reply.array(request.withScores && !nested ? members * 2 : members);
    replyMembers(call, result, 0, members, false, request.withScores, nested);
  } finally {
    values.release(result);
  }
}

function storeWith(call: Call, operation: Operation): void {
  const result = compute(call, operation, readRequest(call, operation, 2, true), true);
  storeResult(call, result, `z${operation}store`);
}

/**
 * Puts a result in place of the key at argument `index` (or removes that, if undefined) and replies with its length. It
 * counts as so many `changes` for the save points.
 */
export function storeResult(call: Call, result: ZsetValue | undefined, event: string, index = 1, changes = 1): void {
  const { args, db, reply } = call;
  const { zsets } = call.store;
  // An old key past its time is not there any more: its deletion is not this command's doing.
  const old = call.write(index);
  if (result !== undefined) call.makeRoom(() => zsets.values.release(result));
  if (old !== 0) db.removeEntry(old);
  if (result === undefined) {
    reply.integer(0);
    if (old === 0) return;
    call.changed(index);
    call.notifyDeleted(index);
    return;
  }
  call.changed(index, changes);
  call.replacing(old !== 0, () => zsets.adopt(db, args.bytes, args.at[index]!, args.length[index]!, result));
  reply.integer(zsets.values.count(result));
  call.notify(keyspaceEvents.zset, event, index);
}

export function zunion(call: Call): void {
  replyWith(call, 'union');
}

export function zinter(call: Call): void {
  replyWith(call, 'inter');
}

export function zdiff(call: Call): void {
  replyWith(call, 'diff');
}

export function zunionstore(call: Call): void {
  storeWith(call, 'union');
}

export function zinterstore(call: Call): void {
  storeWith(call, 'inter');
}

export function zdiffstore(call: Call): void {
  storeWith(call, 'diff');
}

export function zintercard(call: Call): void {
  const sources = readSources(call, 1);
  let limit = 0;
  for (let i = 2 + sources.length; i < call.count; i++) {
    if (!call.is(i, 'limit') || i + 1 >= call.count) throw errors.syntax;
    limit = call.integer(++i, limitNegative);
    if (limit < 0) throw limitNegative;
  }
  call.reply.integer(call.store.zsetAlgebra.intersectCount(sources, limit));
}
