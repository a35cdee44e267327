/**
 * Positions on Earth as sorted-set scores: both coordinates are cut into 2^26 steps, and the bits of the two numbers alternate,
 * the longitude's first. So near positions mostly have near scores, and a cell of a coarser grid is one range of scores.
 *
 * A score has 52 bits. It is put together from two halves of 26, so int32 operations do the work. (At the very edge, latitude
 * 85.05112878 or longitude 180, a coordinate takes the step 2^26 and the score two bits more, as in Redis.)
 */

export const LONGITUDE_MAX = 180;
export const LATITUDE_MAX = 85.05112878;
const EARTH_RADIUS_M = 6372797.560856;
export const STEPS_MAX = 26;
const HALF = 2 ** STEPS_MAX;
const TWO_32 = 2 ** 32;
const DEGREE = Math.PI / 180;

/** A position in degrees; reused as an output. */
export class Position {
  longitude = 0;
  latitude = 0;
}

export function isOnMap(longitude: number, latitude: number): boolean {
  return Math.abs(longitude) <= LONGITUDE_MAX && Math.abs(latitude) <= LATITUDE_MAX;
}

/** The score of a position on the map. `latitudeMax`: where the grid ends; standard geohashes take 90. */
export function encode(longitude: number, latitude: number, latitudeMax: number = LATITUDE_MAX): number {
  return interleave(step(latitude, latitudeMax, STEPS_MAX), step(longitude, LONGITUDE_MAX, STEPS_MAX));
}

/** The middle of the cell that a score stands for; any double gives some position. */
export function decode(score: number, out: Position): void {
  const high = highWord(score);
  const low = lowWord(score);
  out.latitude = middle(evenBits(low) + evenBits(high) * 65536, LATITUDE_MAX);
  out.longitude = middle(evenBits(low >>> 1) + evenBits(high >>> 1) * 65536, LONGITUDE_MAX);
}

/** 2^n, which is slow to compute for each of many positions. */
const POWERS: Float64Array = Float64Array.from({ length: STEPS_MAX + 1 }, (_, n) => 2 ** n);

/** Which of 2^steps intervals of [-max, max] a coordinate is in; 2^steps for `max` itself. */
export function step(coordinate: number, max: number, steps: number): number {
  return Math.floor(((coordinate + max) / (max + max)) * POWERS[steps]!);
}

/** The coordinate where an interval begins. */
export function edge(index: number, max: number, steps: number): number {
  return -max + (index / POWERS[steps]!) * (max + max);
}

/** The bits of both numbers (27 at most) in turns: the row's at the even places. */
export function interleave(row: number, column: number): number {
  const low = spread(row & 0x1fff) | (spread(column & 0x1fff) << 1);
  const high = spread(row >>> 13) | (spread(column >>> 13) << 1);
  return high * HALF + low;
}

/** Metres between two positions in degrees, on a sphere. */
export function distance(longitude1: number, latitude1: number, longitude2: number, latitude2: number): number {
  const v = Math.sin((longitude2 * DEGREE - longitude1 * DEGREE) / 2);
  if (v === 0) return latitudeDistance(latitude1, latitude2);
  const from = latitude1 * DEGREE;
  const to = latitude2 * DEGREE;
  const u = Math.sin((to - from) / 2);
  return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(u * u + Math.cos(from) * Math.cos(to) * v * v));
}

/** Metres between two latitudes. */
export function latitudeDistance(latitude1: number, latitude2: number): number {
  return EARTH_RADIUS_M * Math.abs(latitude2 * DEGREE - latitude1 * DEGREE);
}

/** Degrees of latitude that so many metres are. */
export function degreesOf(metres: number): number {
  return metres / EARTH_RADIUS_M / DEGREE;
}

/** Degrees of longitude that so many metres are at a latitude. */
export function degreesAt(metres: number, latitude: number): number {
  return metres / EARTH_RADIUS_M / Math.cos(latitude * DEGREE) / DEGREE;
}

const ALPHABET = '0123456789bcdefghjkmnpqrstuvwxyz';

/** The standard geohash of a score: ten letters of five bits, and a zero for an eleventh. */
export function geohashText(score: number): string {
  const position = new Position();
  decode(score, position);
  const bits = encode(position.longitude, position.latitude, 90);
  let text = '';
  for (let shift = 47; shift > 0; shift -= 5) text += ALPHABET[Math.floor(bits / 2 ** shift) % 32]!;
  return `${text}0`;
}

function middle(index: number, max: number): number {
  const at = (edge(index, max, STEPS_MAX) + edge((index + 1) % TWO_32, max, STEPS_MAX)) / 2;
  return Math.min(Math.max(at, -max), max);
}

/** The upper half of a score as a 64-bit integer; scores that ZADD made may be anything. */
function highWord(score: number): number {
  if (score >= 2 ** 64) return 0;
  if (score < -(2 ** 63)) return 0x80000000;
  return Math.floor(Math.trunc(score) / TWO_32) >>> 0;
}

function lowWord(score: number): number {
  if (score >= 2 ** 64 || score < -(2 ** 63)) return 0;
  const whole = Math.trunc(score);
  return whole - Math.floor(whole / TWO_32) * TWO_32;
}

/** The low 16 bits, with a zero between any two. */
function spread(value: number): number {
  let x = value;
  x = (x | (x << 8)) & 0x00ff00ff;
  x = (x | (x << 4)) & 0x0f0f0f0f;
  x = (x | (x << 2)) & 0x33333333;
  return (x | (x << 1)) & 0x55555555;
}

/** The bits at even places of 32, packed into 16. */
function evenBits(value: number): number {
  let x = value & 0x55555555;
  x = (x | (x >>> 1)) & 0x33333333;
  x = (x | (x >>> 2)) & 0x0f0f0f0f;
  x = (x | (x >>> 4)) & 0x00ff00ff;
  return (x | (x >>> 8)) & 0xffff;
}
