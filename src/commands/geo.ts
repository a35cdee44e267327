/**
 * Geo commands about single members, and what all geo commands share: positions, units, distances. A geo set is a sorted
 * set whose scores are positions (store/geohash.ts). Searches: geo-search.ts.
 */
import { errors, replyError, type ReplyError } from '../base/errors.ts';
import { formatFixed, formatHuman } from '../base/fixed.ts';
import type { Address } from '../memory/arena.ts';
import { Args } from '../resp/args.ts';
import { TYPE_ZSET } from '../store/entry.ts';
import * as geohash from '../store/geohash.ts';
import type { Call } from './call.ts';
import { zadd } from './sorted-sets-members.ts';

const badUnit: ReplyError = replyError('ERR unsupported unit provided. please use M, KM, FT, MI');
const DISTANCE_DECIMALS = 4;
const PAIR_DECIMALS = 6;

/** Reads longitude and latitude from the argument `index` and the one after it. */
export function positionArgument(call: Call, index: number, out: geohash.Position): void {
  out.longitude = call.double(index);
  out.latitude = call.double(index + 1);
  if (geohash.isOnMap(out.longitude, out.latitude)) return;
  const pair = `${formatFixed(out.longitude, PAIR_DECIMALS)},${formatFixed(out.latitude, PAIR_DECIMALS)}`;
  throw replyError(`ERR invalid longitude,latitude pair ${pair}`);
}

/** How many metres the unit at argument `index` has. */
export function unitArgument(call: Call, index: number): number {
  if (call.is(index, 'm')) return 1;
  if (call.is(index, 'km')) return 1000;
  if (call.is(index, 'ft')) return 0.3048;
  if (call.is(index, 'mi')) return 1609.34;
  throw badUnit;
}

/** The position of the member at argument `index`; false if there is no such member. */
export function memberPosition(call: Call, entry: Address, index: number, out: geohash.Position): boolean {
  const score = memberScore(call, entry, index);
  if (score !== score) return false;
  geohash.decode(score, out);
  return true;
}

/** A distance in the unit asked for. */
export function replyDistance(call: Call, distance: number): void {
  call.reply.bulkText(formatFixed(distance, DISTANCE_DECIMALS));
}

export function replyPosition(call: Call, longitude: number, latitude: number): void {
  call.reply.array(2);
  call.reply.double(formatHuman(longitude));
  call.reply.double(formatHuman(latitude));
}

function memberScore(call: Call, entry: Address, index: number): number {
  const { args, store } = call;
  return entry === 0 ? NaN : store.zsets.score(entry, args.bytes, args.at[index]!, args.length[index]!);
}

/** ZADD with the positions' scores, and propagated as that. */
export function geoadd(call: Call): void {
  const { args } = call;
  let first = 2;
  let nx = false;
  let xx = false;
  for (; first < call.count; first++) {
    if (call.is(first, 'nx')) nx = true;
    else if (call.is(first, 'xx')) xx = true;
    else if (!call.is(first, 'ch')) break;
  }
  if ((args.count - first) % 3 !== 0 || (nx && xx)) throw errors.syntax;
  const words: (string | Uint8Array)[] = ['zadd'];
  for (let i = 1; i < first; i++) words.push(args.copy(i));
  const position = new geohash.Position();
  for (let i = first; i < args.count; i += 3) {
    positionArgument(call, i, position);
    words.push(String(geohash.encode(position.longitude, position.latitude)), args.copy(i + 2));
  }
  const { dirty } = call;
  call.args = new Args().assign(words);
  try {
    zadd(call);
  } finally {
    call.args = args;
  }
  if (call.dirty === dirty) return;
  const effect = call.effect(words.length);
  for (const word of words) {
    if (typeof word === 'string') effect.text(word);
    else effect.bytes(word, 0, word.length);
  }
}

export function geodist(call: Call): void {
  if (call.count > 5) throw errors.syntax;
  const unit = call.count === 5 ? unitArgument(call, 4) : 1;
  const entry = call.readType(1, TYPE_ZSET);
  const from = new geohash.Position();
  const to = new geohash.Position();
  if (!memberPosition(call, entry, 2, from) || !memberPosition(call, entry, 3, to)) {
    call.reply.null();
    return;
  }
  replyDistance(call, geohash.distance(from.longitude, from.latitude, to.longitude, to.latitude) / unit);
}

export function geohashes(call: Call): void {
  const entry = call.readType(1, TYPE_ZSET);
  call.reply.array(call.count - 2);
  for (let i = 2; i < call.count; i++) {
    const score = memberScore(call, entry, i);
    if (score === score) call.reply.bulkText(geohash.geohashText(score));
    else call.reply.null();
  }
}

export function geopos(call: Call): void {
  const entry = call.readType(1, TYPE_ZSET);
  const position = new geohash.Position();
  call.reply.array(call.count - 2);
  for (let i = 2; i < call.count; i++) {
    if (memberPosition(call, entry, i, position)) replyPosition(call, position.longitude, position.latitude);
    else call.reply.nullArray();
  }
}
