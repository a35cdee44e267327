/**
 * Sorted-set commands about ranges by rank, score or member: ZRANGE and its older kin, ZRANGESTORE, counting, removal.
 * Every range becomes an interval of ranks, [from, to); LIMIT cuts it. Rows: sorted-sets.ts.
 */
import { errors, replyError, type ReplyError } from '../base/errors.ts';
import { keyspaceEvents } from '../base/settings.ts';
import { parseDouble } from '../base/numbers.ts';
import type { Address } from '../memory/arena.ts';
import { TYPE_ZSET } from '../store/entry.ts';
import type { ZsetValue } from '../store/zset-value.ts';
import type { Call } from './call.ts';
import { replyMembers } from './sorted-sets-members.ts';
import { storeResult } from './sorted-sets-combine.ts';

const limitWithRank: ReplyError = replyError(
  'ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX',
);
const scoresWithLex: ReplyError = replyError('ERR syntax error, WITHSCORES not supported in combination with BYLEX');

type By = 'rank' | 'score' | 'lex';

/** One end of a range. By rank `value` is the index, by score the score; by member bytes at argument `index`, or infinite. */
interface Bound {
  value: number;
  exclusive: boolean;
  index: number;
}

/** A range as a command states it: the lower and the upper end whatever the direction. */
interface Range {
  readonly by: By;
  readonly low: Bound;
  readonly high: Bound;
}

/** The ranks a range covers in one sorted set: [from, to). */
interface Ranks {
  from: number;
  to: number;
}

// -- reading ranges -------------------------------------------------------------------------------------------

function readRange(call: Call, by: By, lowAt: number, highAt: number): Range {
  return { by, low: readBound(call, by, lowAt), high: readBound(call, by, highAt) };
}

function readBound(call: Call, by: By, index: number): Bound {
  if (by === 'rank') return { value: call.integer(index), exclusive: false, index };
  return by === 'score' ? scoreBound(call, index) : lexBound(call, index);
}

const OPEN = 0x28;
const CLOSED = 0x5b;
const MINUS = 0x2d;
const PLUS = 0x2b;

/** A score, with "(" before it if it is excluded. */
function scoreBound(call: Call, index: number): Bound {
  const { args } = call;
  const exclusive = args.length[index]! > 0 && args.bytes[args.at[index]!] === OPEN;
  const skip = exclusive ? 1 : 0;
  const at = args.at[index]! + skip;
  const length = args.length[index]! - skip;
  let value = parseDouble(args.bytes, at, length);
  if (value !== value) value = lenientDouble(call.text(index).slice(skip));
  return { value, exclusive, index };
}

/** Bounds are read by bare strtod: the empty text is 0, leading spaces are skipped, what overflows is infinite. */
function lenientDouble(text: string): number {
  if (text === '') return 0;
  const trimmed = text.replace(/^[ \t\n\v\f\r]+/, '');
  if (trimmed !== text) {
    const bytes = Buffer.from(trimmed, 'latin1');
    const value = parseDouble(bytes, 0, bytes.length);
    if (value === value) return value;
  }
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(trimmed)) return Number(trimmed);
  throw errors.minOrMaxNotFloat;
}

/** "-" or "+" (value -Infinity or Infinity), or a member after "[" or "(". */
function lexBound(call: Call, index: number): Bound {
  const { args } = call;
  const length = args.length[index]!;
  const first = length === 0 ? 0 : args.bytes[args.at[index]!]!;
  if (first === OPEN || first === CLOSED) return { value: 0, exclusive: first === OPEN, index };
  if (length === 1 && (first === MINUS || first === PLUS))
    return { value: first === MINUS ? -Infinity : Infinity, exclusive: false, index };
  throw errors.minOrMaxNotString;
}

/** The ranks in `value` that the range covers. */
function ranksOf(call: Call, value: ZsetValue, range: Range, reverse: boolean): Ranks {
  const { values } = call.store.zsets;
  const { low, high } = range;
  if (range.by === 'score')
    return {
      from: values.countBelow(value, low.value, low.exclusive),
      to: values.countBelow(value, high.value, !high.exclusive),
    };
  if (range.by === 'lex')
    return { from: lexRank(call, value, low, low.exclusive), to: lexRank(call, value, high, !high.exclusive) };
  const count = values.count(value);
  const start = Math.max(low.value < 0 ? low.value + count : low.value, 0);
  const end = Math.min(high.value < 0 ? high.value + count : high.value, count - 1);
  if (start > end) return { from: 0, to: 0 };
  return reverse ? { from: count - 1 - end, to: count - start } : { from: start, to: end + 1 };
}

function lexRank(call: Call, value: ZsetValue, bound: Bound, orEqual: boolean): number {
  const { args } = call;
  const { values } = call.store.zsets;
  if (bound.value === -Infinity) return 0;
  if (bound.value === Infinity) return values.count(value);
  return values.countBelowKey(value, args.bytes, args.at[bound.index]! + 1, args.length[bound.index]! - 1, orEqual);
}

// -- ZRANGE and its kin ---------------------------------------------------------------------------------------

/** The options after the bounds. */
interface Options {
  by: By;
  reverse: boolean;
  withScores: boolean;
  offset: number;
  /** Negative: no limit. */
  limit: number;
}

/** `fixedBy` and `fixedReverse`: the command's name settles these, so the options that would are refused. */
function readOptions(
  call: Call,
  from: number,
  store: boolean,
  fixedBy: By | undefined,
  fixedReverse: boolean | undefined,
): Options {
  const options: Options = {
    by: fixedBy ?? 'rank',
    reverse: fixedReverse ?? false,
    withScores: false,
    offset: 0,
    limit: -1,
  };
  for (let i = from; i < call.count; i++) {
    if (!store && call.is(i, 'withscores')) options.withScores = true;
    else if (call.is(i, 'limit') && i + 2 < call.count) {
      options.offset = call.integer(i + 1);
      options.limit = call.integer(i + 2);
      i += 2;
    } else if (fixedReverse === undefined && call.is(i, 'rev')) options.reverse = true;
    else if (fixedBy === undefined && call.is(i, 'bylex')) options.by = 'lex';
    else if (fixedBy === undefined && call.is(i, 'byscore')) options.by = 'score';
    else throw errors.syntax;
  }
  if (options.limit !== -1 && options.by === 'rank') throw limitWithRank;
  if (options.withScores && options.by === 'lex') throw scoresWithLex;
  return options;
}

/** Applies LIMIT to ranks that are walked in the given direction. */
function cut(ranks: Ranks, options: Options): void {
  if (options.by === 'rank') return;
  let length = Math.max(0, ranks.to - ranks.from);
  const skipped = options.offset < 0 ? length : Math.min(options.offset, length);
  length -= skipped;
  if (options.limit >= 0) length = Math.min(length, options.limit);
  if (options.reverse) {
    ranks.to -= skipped;
    ranks.from = ranks.to - length;
  } else {
    ranks.from += skipped;
    ranks.to = ranks.from + length;
  }
}

function rangeCommand(call: Call, fixedBy: By | undefined, fixedReverse: boolean | undefined): void {
  const { reply } = call;
  const options = readOptions(call, 4, false, fixedBy, fixedReverse);
  const swapped = options.reverse && options.by !== 'rank';
  const range = readRange(call, options.by, swapped ? 3 : 2, swapped ? 2 : 3);
  const entry = call.readType(1, TYPE_ZSET);
  if (entry === 0) {
    reply.array(0);
    return;
  }
  const value = call.store.zsets.open(entry);
  const ranks = ranksOf(call, value, range, options.reverse);
  cut(ranks, options);
  const members = Math.max(0, ranks.to - ranks.from);
  const nested = options.withScores && reply.resp === 3;
  reply.array(options.withScores && !nested ? members * 2 : members);
  const first = options.reverse ? ranks.to - 1 : ranks.from;
  replyMembers(call, value, first, members, options.reverse, options.withScores, nested);
}

export function zrange(call: Call): void {
  rangeCommand(call, undefined, undefined);
}

export function zrevrange(call: Call): void {
  rangeCommand(call, 'rank', true);
}

export function zrangebyscore(call: Call): void {
  rangeCommand(call, 'score', false);
}

export function zrevrangebyscore(call: Call): void {
  rangeCommand(call, 'score', true);
}

export function zrangebylex(call: Call): void {
  rangeCommand(call, 'lex', false);
}

export function zrevrangebylex(call: Call): void {
  rangeCommand(call, 'lex', true);
}

export function zrangestore(call: Call): void {
  const { zsets, zsetAlgebra } = call.store;
  const options = readOptions(call, 5, true, undefined, undefined);
  const swapped = options.reverse && options.by !== 'rank';
  const range = readRange(call, options.by, swapped ? 4 : 3, swapped ? 3 : 4);
  const entry = call.readType(2, TYPE_ZSET);
  if (entry === 0) {
    storeResult(call, undefined, 'zrangestore');
    return;
  }
  const { values } = zsets;
  const value = { ...zsets.open(entry) };
  const ranks = ranksOf(call, value, range, options.reverse);
  cut(ranks, options);
  const result = zsetAlgebra.collect(true, (add) => {
    let left = ranks.to - ranks.from;
    for (let more = left > 0 && values.seek(value, ranks.from); more && left > 0; more = values.next(), left--)
      add(values.member.bytes, values.member.at, values.member.length, values.score);
  });
  storeResult(call, result, 'zrangestore');
}

// -- counting and removal -------------------------------------------------------------------------------------

function countCommand(call: Call, by: By): void {
  const range = readRange(call, by, 2, 3);
  const entry = call.readType(1, TYPE_ZSET);
  if (entry === 0) {
    call.reply.integer(0);
    return;
  }
  const ranks = ranksOf(call, call.store.zsets.open(entry), range, false);
  call.reply.integer(Math.max(0, ranks.to - ranks.from));
}

export function zcount(call: Call): void {
  countCommand(call, 'score');
}

export function zlexcount(call: Call): void {
  countCommand(call, 'lex');
}

function removeCommand(call: Call, by: By): void {
  const range = readRange(call, by, 2, 3);
  const entry = call.writeType(1, TYPE_ZSET);
  const removed = entry === 0 ? 0 : removeRange(call, entry, range, `zremrangeby${by}`);
  if (removed > 0) call.changed(1, removed);
  call.reply.integer(removed);
}

function removeRange(call: Call, entry: Address, range: Range, event: string): number {
  const { zsets } = call.store;
  const value = zsets.open(entry);
  const ranks = ranksOf(call, value, range, false);
  const removed = zsets.values.removeRange(value, ranks.from, Math.max(0, ranks.to - ranks.from));
  zsets.save(entry, value);
  if (removed > 0) call.notify(keyspaceEvents.zset, event, 1);
  if (zsets.values.count(value) === 0) {
    call.db.removeEntry(entry);
    call.notifyDeleted(1);
  }
  return removed;
}

export function zremrangebyrank(call: Call): void {
  removeCommand(call, 'rank');
}

export function zremrangebyscore(call: Call): void {
  removeCommand(call, 'score');
}

export function zremrangebylex(call: Call): void {
  removeCommand(call, 'lex');
}
