/**
 * Sorted-set commands about single members: adding, scores, ranks, removal, popping, random ones. Rows: sorted-sets.ts.
 */
import { below } from '../base/chance.ts';
import { errors, replyError, type ReplyError, wrongArity } from '../base/errors.ts';
import { formatDouble } from '../base/numbers.ts';
import { keyspaceEvents } from '../base/settings.ts';
import type { Address } from '../memory/arena.ts';
import { TYPE_ZSET } from '../store/entry.ts';
import { isStoredWhole } from '../store/zset-packed.ts';
import type { ZsetValue } from '../store/zset-value.ts';
import type { Call } from './call.ts';
import { popArguments, popFromFirst, popOrWait } from './pop-from-keys.ts';
import { boundedCount, checkReplySize, randomCount } from './random-count.ts';
import { endScan, scanCursor, ScanOptions } from './scan.ts';
import { secondsTimeout } from './timeout.ts';

const nxAndXx: ReplyError = replyError('ERR XX and NX options at the same time are not compatible');
const gtLtNx: ReplyError = replyError('ERR GT, LT, and/or NX options at the same time are not compatible');
const onePairWithIncr: ReplyError = replyError('ERR INCR option supports a single increment-element pair');

const NX = 1;
const XX = 2;
const GT = 4;
const LT = 8;
const CH = 16;
const INCR = 32;

export function zadd(call: Call): void {
  let flags = 0;
  let first = 2;
  for (; first < call.count; first++) {
    if (call.is(first, 'nx')) flags |= NX;
    else if (call.is(first, 'xx')) flags |= XX;
    else if (call.is(first, 'ch')) flags |= CH;
    else if (call.is(first, 'incr')) flags |= INCR;
    else if (call.is(first, 'gt')) flags |= GT;
    else if (call.is(first, 'lt')) flags |= LT;
    else break;
  }
  addPairs(call, first, flags);
}

export function zincrby(call: Call): void {
  addPairs(call, 2, INCR);
}

/** Adds the score-member pairs from argument `first` on, under the conditions that `flags` says. */
function addPairs(call: Call, first: number, flags: number): void {
  const { args, db } = call;
  const { zsets } = call.store;
  const { values } = zsets;
  const words = args.count - first;
  if (words === 0 || words % 2 !== 0) throw errors.syntax;
  if (flags !== 0) checkFlags(flags, words);
  // All scores are checked before anything changes.
  const firstScore = call.double(first);
  for (let i = first + 2; i < args.count; i += 2) call.double(i);

  let entry = call.writeType(1, TYPE_ZSET);
  if (entry === 0) {
    if ((flags & XX) !== 0) {
      if ((flags & INCR) !== 0) call.reply.null();
      else call.reply.integer(0);
      return;
    }
    entry = zsets.create(db, args.bytes, args.at[1]!, args.length[1]!);
  }
  const value = zsets.open(entry);
  let added = 0;
  let updated = 0;
  let score = firstScore;
  let processed = false;
  for (let i = first; i < args.count; i += 2) {
    const at = args.at[i + 1]!;
    const length = args.length[i + 1]!;
    const old = values.find(value, args.bytes, at, length);
    score = i === first ? firstScore : call.double(i);
    if (old !== old) {
      if ((flags & XX) !== 0) continue;
      values.put(value, score, args.bytes, at, length);
      added++;
    } else {
      if ((flags & NX) !== 0) continue;
      if ((flags & INCR) !== 0) {
        score += old;
        if (score !== score) throw errors.resultingScoreNan;
      }
      if (((flags & GT) !== 0 && score <= old) || ((flags & LT) !== 0 && score >= old)) continue;
      if (score !== old) {
        values.put(value, score, args.bytes, at, length);
        updated++;
      }
    }
    processed = true;
  }
  zsets.save(entry, value);
  if (added + updated > 0) call.changed(1, added + updated);
  if ((flags & INCR) !== 0) {
    if (processed) call.reply.double(formatDouble(score));
    else call.reply.null();
  } else call.reply.integer((flags & CH) === 0 ? added : added + updated);
  if (added + updated > 0) call.notify(keyspaceEvents.zset, (flags & INCR) === 0 ? 'zadd' : 'zincr', 1);
}

function checkFlags(flags: number, words: number): void {
  if ((flags & NX) !== 0 && (flags & XX) !== 0) throw nxAndXx;
  const exclusive = ((flags & GT) === 0 ? 0 : 1) + ((flags & LT) === 0 ? 0 : 1) + ((flags & NX) === 0 ? 0 : 1);
  if (exclusive > 1) throw gtLtNx;
  if ((flags & INCR) !== 0 && words > 2) throw onePairWithIncr;
}

export function zcard(call: Call): void {
  const entry = call.readType(1, TYPE_ZSET);
  call.reply.integer(entry === 0 ? 0 : call.store.zsets.length(entry));
}

/** Replies with the score of the member at argument `index`, or null. */
function replyScore(call: Call, entry: Address, index: number): void {
  const { args, store } = call;
  const score = entry === 0 ? NaN : store.zsets.score(entry, args.bytes, args.at[index]!, args.length[index]!);
  if (score === score) call.reply.double(formatDouble(score));
  else call.reply.null();
}

export function zscore(call: Call): void {
  replyScore(call, call.readType(1, TYPE_ZSET), 2);
}

export function zmscore(call: Call): void {
  const entry = call.readType(1, TYPE_ZSET);
  call.reply.array(call.count - 2);
  for (let i = 2; i < call.count; i++) replyScore(call, entry, i);
}

export function zrank(call: Call): void {
  replyRank(call, false);
}

export function zrevrank(call: Call): void {
  replyRank(call, true);
}

function replyRank(call: Call, reverse: boolean): void {
  const { args, reply } = call;
  const { zsets } = call.store;
  if (args.count > 4) throw wrongArity(call.command.name);
  const withScore = args.count === 4;
  if (withScore && !call.is(3, 'withscore')) throw errors.syntax;
  const entry = call.readType(1, TYPE_ZSET);
  const score = entry === 0 ? NaN : zsets.score(entry, args.bytes, args.at[2]!, args.length[2]!);
  if (score !== score) {
    if (withScore) reply.nullArray();
    else reply.null();
    return;
  }
  const value = zsets.open(entry);
  const rank = zsets.values.rankFound(value);
  if (withScore) reply.array(2);
  reply.integer(reverse ? zsets.values.count(value) - 1 - rank : rank);
  if (withScore) reply.double(formatDouble(score));
}

export function zrem(call: Call): void {
  const { args, db } = call;
  const { zsets } = call.store;
  const { values } = zsets;
  const entry = call.writeType(1, TYPE_ZSET);
  let removed = 0;
  if (entry !== 0) {
    const value = zsets.open(entry);
    for (let i = 2; i < args.count; i++) {
      const score = values.find(value, args.bytes, args.at[i]!, args.length[i]!);
      if (score !== score) continue;
      values.removeFound(value);
      removed++;
      if (values.count(value) === 0) break;
    }
    zsets.save(entry, value);
    if (removed > 0) call.notify(keyspaceEvents.zset, 'zrem', 1);
    if (values.count(value) === 0) {
      db.removeEntry(entry);
      call.notifyDeleted(1);
    }
  }
  if (removed > 0) call.changed(1, removed);
  call.reply.integer(removed);
}

// -- popping --------------------------------------------------------------------------------------------------

export function zpopmin(call: Call): void {
  popOne(call, false);
}

export function zpopmax(call: Call): void {
  popOne(call, true);
}

function popOne(call: Call, max: boolean): void {
  if (call.count > 3) throw errors.syntax;
  const counted = call.count === 3;
  const count = counted ? call.integer(2, errors.mustBePositive) : 1;
  if (count < 0) throw errors.mustBePositive;
  const entry = call.writeType(1, TYPE_ZSET);
  if (entry === 0 || count === 0) {
    call.reply.array(0);
    return;
  }
  // Only RESP3 with a count nests the pairs.
  const nested = counted && call.reply.resp === 3;
  const members = Math.min(count, call.store.zsets.length(entry));
  call.reply.array(nested ? members : members * 2);
  pop(call, 1, entry, max, members, nested);
  call.changed(1, members);
}

/** Replies with the first or last `members` members of the set at argument `index` and their scores, and removes them. */
function pop(call: Call, index: number, entry: Address, max: boolean, members: number, nested: boolean): void {
  const { zsets } = call.store;
  const { values } = zsets;
  const value = zsets.open(entry);
  const last = values.count(value) - 1;
  replyMembers(call, value, max ? last : 0, members, max, true, nested);
  values.removeRange(value, max ? last + 1 - members : 0, members);
  zsets.save(entry, value);
  call.notify(keyspaceEvents.zset, max ? 'zpopmax' : 'zpopmin', index);
  if (values.count(value) > 0) return;
  call.db.removeEntry(entry);
  call.notifyDeleted(index);
}

/** Writes `members` members from a rank on, forwards or backwards; without the array's header. */
export function replyMembers(
  call: Call,
  value: ZsetValue,
  rank: number,
  members: number,
  reverse: boolean,
  withScores: boolean,
  nested: boolean,
): void {
  const { reply } = call;
  const { values } = call.store.zsets;
  const { member } = values;
  let left = members;
  for (let more = left > 0 && values.seek(value, rank); more; more = reverse ? values.prev() : values.next()) {
    if (nested) reply.array(2);
    reply.bulk(member.bytes, member.at, member.length);
    if (withScores) reply.double(formatDouble(values.score));
    if (--left === 0) break;
  }
}

export function zmpop(call: Call): void {
  const { firstKey, keys, fromEnd, count } = popArguments(call, 1, 'min', 'max');
  if (!popFromFirst(call, firstKey, keys, (_, index) => popCounted(call, index, fromEnd, count)))
    call.reply.nullArray();
}

/** BZMPOP timeout numkeys key [key ...] MIN|MAX [COUNT count] */
export function bzmpop(call: Call): void {
  const { firstKey, keys, fromEnd, count } = popArguments(call, 2, 'min', 'max');
  const timeoutMs = secondsTimeout(call, 1);
  popOrWait(call, firstKey, keys, TYPE_ZSET, timeoutMs, (again, index) => popCounted(again, index, fromEnd, count));
}

function popCounted(call: Call, index: number, max: boolean, count: number): boolean {
  const { args, reply } = call;
  const entry = call.writeType(index, TYPE_ZSET);
  if (entry === 0) return false;
  const members = Math.min(count, call.store.zsets.length(entry));
  reply.array(2);
  call.echo(index);
  reply.array(members);
  pop(call, index, entry, max, members, true);
  call.changed(index, members);
  const effect = call.effect(3).text(max ? 'ZPOPMAX' : 'ZPOPMIN');
  effect.bytes(args.bytes, args.at[index]!, args.length[index]!).integer(members);
  return true;
}

export function bzpopmin(call: Call): void {
  blockingPop(call, false);
}

export function bzpopmax(call: Call): void {
  blockingPop(call, true);
}

/** BZPOPMIN key [key ...] timeout */
function blockingPop(call: Call, max: boolean): void {
  const last = call.count - 1;
  const timeoutMs = secondsTimeout(call, last);
  popOrWait(call, 1, last - 1, TYPE_ZSET, timeoutMs, (again, index) => popWithKey(again, index, max));
}

function popWithKey(call: Call, index: number, max: boolean): boolean {
  const entry = call.writeType(index, TYPE_ZSET);
  if (entry === 0) return false;
  call.reply.array(3);
  call.echo(index);
  pop(call, index, entry, max, 1, false);
  call.changed(index);
  call.effectOf(max ? 'ZPOPMAX' : 'ZPOPMIN', index);
  return true;
}

// -- random members and scanning ------------------------------------------------------------------------------

export function zrandmember(call: Call): void {
  const { args, reply } = call;
  const { values } = call.store.zsets;
  if (args.count === 2) {
    const entry = call.readType(1, TYPE_ZSET);
    if (entry === 0) {
      reply.null();
      return;
    }
    const value = call.store.zsets.open(entry);
    values.seek(value, below(call.services.random, values.count(value)));
    reply.bulk(values.member.bytes, values.member.at, values.member.length);
    return;
  }
  const asked = randomCount(call, 2);
  const withScores = args.count > 3;
  if (args.count > 4 || (withScores && !call.is(3, 'withscores'))) throw errors.syntax;
  const count = boundedCount(asked, withScores);
  const entry = call.readType(1, TYPE_ZSET);
  if (entry === 0 || count === 0) {
    reply.array(0);
    return;
  }
  const value = call.store.zsets.open(entry);
  const size = values.count(value);
  const members = count < 0 ? -count : Math.min(count, size);
  const nested = withScores && reply.resp === 3;
  const start = reply.at;
  reply.array(withScores && !nested ? members * 2 : members);
  if (members === size && count > 0) {
    replyMembers(call, value, 0, size, false, withScores, nested);
    return;
  }
  const one = (rank: number): void => {
    replyMembers(call, value, rank, 1, false, withScores, nested);
    checkReplySize(call, start);
  };
  if (count < 0) for (let i = 0; i < members; i++) one(below(call.services.random, size));
  else for (const rank of sampleRanks(call, members, size)) one(rank);
}

/** `wanted` different ranks below `size`, in random order: Floyd's sampling, the new one put in at a random place. */
function sampleRanks(call: Call, wanted: number, size: number): number[] {
  const seen = new Set<number>();
  const ranks: number[] = [];
  for (let limit = size - wanted; limit < size; limit++) {
    const draw = below(call.services.random, limit + 1);
    const rank = seen.has(draw) ? limit : draw;
    seen.add(rank);
    const place = below(call.services.random, ranks.length + 1);
    if (place === ranks.length) ranks.push(rank);
    else {
      ranks.push(ranks[place]!);
      ranks[place] = rank;
    }
  }
  return ranks;
}

export function zscan(call: Call): void {
  const { reply } = call;
  const { zsets } = call.store;
  const cursor = scanCursor(call, 2);
  const entry = call.readType(1, TYPE_ZSET);
  if (entry === 0) {
    const mark = reply.at;
    endScan(reply, mark, 0, 0);
    return;
  }
  const options = new ScanOptions(call, 3);
  const mark = reply.at;
  const value = zsets.open(entry);
  const packed = zsets.packed(entry) !== 0;
  let seen = 0;
  let words = 0;
  const next = options.run(
    cursor,
    () => seen,
    (from) =>
      zsets.values.scan(value, from, (bytes, at, length, score) => {
        seen++;
        if (!options.matches(bytes, at, length)) return;
        reply.bulk(bytes, at, length);
        reply.bulkText(packed && isStoredWhole(score) ? String(BigInt(score)) : formatDouble(score));
        words += 2;
      }),
  );
  endScan(reply, mark, next, words);
}
