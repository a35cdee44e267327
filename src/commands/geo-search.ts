/**
 * GEOSEARCH, GEOSEARCHSTORE and the older GEORADIUS family: members in a circle or a box.
 *
 * Rule: what is found is copied before the destination is touched, which may be the source.
 */
import { errors, replyError, type ReplyError } from '../base/errors.ts';
import { sortIndexes } from '../base/sort-indexes.ts';
import { Span } from '../base/span.ts';
import type { Address } from '../memory/arena.ts';
import { TYPE_ZSET } from '../store/entry.ts';
import { type GeoShape, rangesAround } from '../store/geo-cells.ts';
import * as geohash from '../store/geohash.ts';
import type { Call } from './call.ts';
import { memberPosition, positionArgument, replyDistance, replyPosition, unitArgument } from './geo.ts';
import { storeResult } from './sorted-sets-combine.ts';
import { Words } from './words.ts';

const badMember: ReplyError = replyError('ERR could not decode requested zset member');
const radiusNotNumber: ReplyError = replyError('ERR need numeric radius');
const widthNotNumber: ReplyError = replyError('ERR need numeric width');
const heightNotNumber: ReplyError = replyError('ERR need numeric height');
const radiusNegative: ReplyError = replyError('ERR radius cannot be negative');
const boxNegative: ReplyError = replyError('ERR height or width cannot be negative');
const countNotPositive: ReplyError = replyError('ERR COUNT must be > 0');
const anyNeedsCount: ReplyError = replyError('ERR the ANY argument requires COUNT argument');

/** What the commands differ in. */
interface Form {
  /** Where the centre comes from: arguments at fixed places, or options. */
  readonly centre: 'position' | 'member' | 'options';
  /** Whether, and how, a destination is named. */
  readonly store: 'option' | 'first' | 'no';
}

function storeEvent(form: Form): string {
  return form.store === 'first' ? 'geosearchstore' : 'georadiusstore';
}

interface Search {
  readonly shape: GeoShape;
  /** Metres of the unit in which distances are given. */
  unit: number;
  /** Which option named the centre, and which the shape. */
  centreBy: 'member' | 'position' | undefined;
  shapeBy: 'radius' | 'box' | undefined;
  withDistance: boolean;
  withHash: boolean;
  withPosition: boolean;
  order: 'none' | 'asc' | 'desc';
  /** 0: all. */
  count: number;
  any: boolean;
  /** Argument of the destination, 0 without one. */
  store: number;
  storeDistance: boolean;
}

/** What was found; the members' bytes are in `members`, at the same index. */
interface Found {
  readonly members: Words;
  readonly scores: number[];
  /** Metres from the centre. */
  readonly distances: number[];
  readonly positions: number[];
}

function search(call: Call, form: Form): void {
  const source = form.store === 'first' ? 2 : 1;
  const entry = call.readType(source, TYPE_ZSET);
  const request = readSearch(call, form, source, entry);
  if (entry === 0) {
    if (request.store === 0) call.reply.array(0);
    else storeResult(call, undefined, storeEvent(form), request.store);
    return;
  }
  const found = find(call, entry, request);
  const order = arrange(found, request);
  if (request.store === 0) replyWith(call, found, order, request);
  else storeAt(call, found, order, request, form);
}

// -- arguments --------------------------------------------------------------------------------------------------

function readSearch(call: Call, form: Form, source: number, entry: Address): Search {
  const request: Search = {
    shape: { longitude: 0, latitude: 0, isBox: false, radius: 0, width: 0, height: 0 },
    unit: 1,
    centreBy: undefined,
    shapeBy: undefined,
    withDistance: false,
    withHash: false,
    withPosition: false,
    order: 'none',
    count: 0,
    any: false,
    store: form.store === 'first' ? 1 : 0,
    storeDistance: false,
  };
  let at = source + 1;
  if (form.centre === 'position') {
    readPosition(call, 2, request);
    readRadius(call, 4, request);
    at = 6;
  } else if (form.centre === 'member') {
    // Without a set there is no member either; the options still must be right.
    if (entry !== 0) {
      readMember(call, entry, 2, request);
      readRadius(call, 3, request);
    }
    at = 5;
  }
  while (at < call.count) at += readOption(call, form, entry, at, request);
  checkSearch(call, form, request);
  if (request.count !== 0 && request.order === 'none' && !request.any) request.order = 'asc';
  return request;
}

/** Reads the option at argument `at`; returns how many arguments it takes. */
function readOption(call: Call, form: Form, entry: Address, at: number, request: Search): number {
  const more = call.count - at - 1;
  const free = form.centre === 'options';
  if (call.is(at, 'withdist')) request.withDistance = true;
  else if (call.is(at, 'withhash')) request.withHash = true;
  else if (call.is(at, 'withcoord')) request.withPosition = true;
  else if (call.is(at, 'any')) request.any = true;
  else if (call.is(at, 'asc')) request.order = 'asc';
  else if (call.is(at, 'desc')) request.order = 'desc';
  else if (call.is(at, 'count') && more >= 1) {
    request.count = call.integer(at + 1);
    if (request.count <= 0) throw countNotPositive;
    return 2;
  } else if (form.store === 'option' && more >= 1 && (call.is(at, 'store') || call.is(at, 'storedist'))) {
    request.store = at + 1;
    request.storeDistance = call.is(at, 'storedist');
    return 2;
  } else if (form.store === 'first' && call.is(at, 'storedist')) request.storeDistance = true;
  else if (free && call.is(at, 'frommember') && more >= 1 && request.centreBy !== 'position') {
    if (entry !== 0) readMember(call, entry, at + 1, request);
    request.centreBy = 'member';
    return 2;
  } else if (free && call.is(at, 'fromlonlat') && more >= 2 && request.centreBy !== 'member') {
    readPosition(call, at + 1, request);
    request.centreBy = 'position';
    return 3;
  } else if (free && call.is(at, 'byradius') && more >= 2 && request.shapeBy !== 'box') {
    readRadius(call, at + 1, request);
    request.shapeBy = 'radius';
    return 3;
  } else if (free && call.is(at, 'bybox') && more >= 3 && request.shapeBy !== 'radius') {
    readBox(call, at + 1, request);
    request.shapeBy = 'box';
    return 4;
  } else throw errors.syntax;
  return 1;
}

function checkSearch(call: Call, form: Form, request: Search): void {
  if (request.store !== 0 && (request.withDistance || request.withHash || request.withPosition)) {
    const what = form.store === 'first' ? 'GEOSEARCHSTORE' : 'STORE option in GEORADIUS';
    throw replyError(`ERR ${what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`);
  }
  if (form.centre === 'options') {
    const name = call.text(0);
    if (request.centreBy === undefined)
      throw replyError(`ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ${name}`);
    if (request.shapeBy === undefined)
      throw replyError(`ERR exactly one of BYRADIUS and BYBOX can be specified for ${name}`);
  }
  if (request.any && request.count === 0) throw anyNeedsCount;
}

function readPosition(call: Call, index: number, request: Search): void {
  const position = new geohash.Position();
  positionArgument(call, index, position);
  request.shape.longitude = position.longitude;
  request.shape.latitude = position.latitude;
}

function readMember(call: Call, entry: Address, index: number, request: Search): void {
  const position = new geohash.Position();
  if (!memberPosition(call, entry, index, position)) throw badMember;
  request.shape.longitude = position.longitude;
  request.shape.latitude = position.latitude;
}

function readRadius(call: Call, index: number, request: Search): void {
  const radius = call.double(index, radiusNotNumber);
  if (radius < 0) throw radiusNegative;
  request.unit = unitArgument(call, index + 1);
  request.shape.isBox = false;
  request.shape.radius = radius * request.unit;
}

function readBox(call: Call, index: number, request: Search): void {
  const width = call.double(index, widthNotNumber);
  const height = call.double(index + 1, heightNotNumber);
  if (width < 0 || height < 0) throw boxNegative;
  request.unit = unitArgument(call, index + 2);
  request.shape.isBox = true;
  request.shape.width = width * request.unit;
  request.shape.height = height * request.unit;
}

// -- searching --------------------------------------------------------------------------------------------------

function find(call: Call, entry: Address, request: Search): Found {
  const { zsets } = call.store;
  const { values } = zsets;
  const { shape } = request;
  const found: Found = { members: new Words(), scores: [], distances: [], positions: [] };
  const limit = request.any ? request.count : Infinity;
  const position = new geohash.Position();
  const value = zsets.open(entry);
  for (const range of rangesAround(shape)) {
    if (found.scores.length >= limit) break;
    let more = values.seek(value, values.countBelow(value, range.min, false));
    for (; more && values.score < range.max && found.scores.length < limit; more = values.next()) {
      geohash.decode(values.score, position);
      const distance = distanceWithin(shape, position);
      if (distance < 0) continue;
      const { member } = values;
      found.members.add(member.bytes, member.at, member.length);
      found.scores.push(values.score);
      found.distances.push(distance);
      found.positions.push(position.longitude, position.latitude);
    }
  }
  return found;
}

/** Metres from the centre to a position, -1 if it is not in the shape. */
function distanceWithin(shape: GeoShape, { longitude, latitude }: geohash.Position): number {
  if (shape.isBox) {
    if (geohash.latitudeDistance(latitude, shape.latitude) > shape.height / 2) return -1;
    if (geohash.distance(longitude, latitude, shape.longitude, latitude) > shape.width / 2) return -1;
  }
  const distance = geohash.distance(shape.longitude, shape.latitude, longitude, latitude);
  return !shape.isBox && distance > shape.radius ? -1 : distance;
}

/** Indices of what is wanted, in order. */
function arrange(found: Found, request: Search): Uint32Array {
  const { distances } = found;
  const order = new Uint32Array(distances.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  const sign = request.order === 'desc' ? -1 : 1;
  if (request.order !== 'none') sortIndexes(order, (a, b) => sign * (distances[a]! - distances[b]!));
  return request.count === 0 ? order : order.subarray(0, request.count);
}

// -- results ----------------------------------------------------------------------------------------------------

function replyWith(call: Call, found: Found, order: Uint32Array, request: Search): void {
  const { reply } = call;
  const { withDistance, withHash, withPosition } = request;
  const extras = Number(withDistance) + Number(withHash) + Number(withPosition);
  const span = new Span();
  reply.array(order.length);
  for (const i of order) {
    if (extras > 0) reply.array(extras + 1);
    found.members.span(i, span);
    reply.bulk(span.bytes, span.at, span.length);
    if (withDistance) replyDistance(call, found.distances[i]! / request.unit);
    if (withHash) reply.integer(Math.trunc(found.scores[i]!));
    if (withPosition) replyPosition(call, found.positions[2 * i]!, found.positions[2 * i + 1]!);
  }
}

function storeAt(call: Call, found: Found, order: Uint32Array, request: Search, form: Form): void {
  const span = new Span();
  const result = call.store.zsetAlgebra.collect(true, (add) => {
    for (const i of order) {
      found.members.span(i, span);
      const score = request.storeDistance ? found.distances[i]! / request.unit : found.scores[i]!;
      add(span.bytes, span.at, span.length, score);
    }
  });
  // Redis counts each place stored.
  storeResult(call, result, storeEvent(form), request.store, order.length);
}

export function georadius(call: Call): void {
  search(call, { centre: 'position', store: 'option' });
}

export function georadiusReadonly(call: Call): void {
  search(call, { centre: 'position', store: 'no' });
}

export function georadiusbymember(call: Call): void {
  search(call, { centre: 'member', store: 'option' });
}

export function georadiusbymemberReadonly(call: Call): void {
  search(call, { centre: 'member', store: 'no' });
}

export function geosearch(call: Call): void {
  search(call, { centre: 'options', store: 'no' });
}

export function geosearchstore(call: Call): void {
  search(call, { centre: 'options', store: 'first' });
}
