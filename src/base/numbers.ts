/**
 * Integers as text: what counts as an integer, and how one is written.
 *
 * The rule is Redis's: an int64 in canonical decimal and nothing else. No leading zeros, plus sign, spaces or "-0",
 * so text -> integer -> text gives the same bytes back, and a value may be stored as an integer unnoticed.
 * Values within 2^53 travel as numbers, larger ones as bigint. Doubles live in doubles.ts.
 */
export { formatDouble, parseDouble } from './doubles.ts';

/** Longest int64: "-9223372036854775808". */
export const MAX_INTEGER_TEXT = 20;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** The integer, or NaN when the text is not a canonical integer of at most 2^53 - 1 in magnitude. */
export function parseSafe(bytes: Uint8Array, at: number, length: number): number {
  if (length === 0 || length > 17) return NaN;
  let i = at;
  const end = at + length;
  let c = bytes[i]!;
  const negative = c === 0x2d;
  if (negative) {
    if (length === 1) return NaN;
    c = bytes[++i]!;
  }
  if (c === 0x30) return length === 1 ? 0 : NaN;
  if (end - i > 16) return NaN;
  let value = 0;
  for (; i < end; i++) {
    c = bytes[i]! - 0x30;
    if (c < 0 || c > 9) return NaN;
    value = value * 10 + c;
  }
  // 16 digits may exceed 2^53; the sum is then at least 2^53 too, as rounding is monotonic.
  if (value > Number.MAX_SAFE_INTEGER) return NaN;
  return negative ? -value : value;
}

/** Any canonical int64 as bigint. */
export function parseInt64(bytes: Uint8Array, at: number, length: number): bigint | undefined {
  const value = parseInteger(bytes, at, length);
  return typeof value === 'number' ? BigInt(value) : value;
}

/** Any canonical int64: a number within 2^53 - 1, a bigint beyond, undefined when it is not an integer. */
export function parseInteger(bytes: Uint8Array, at: number, length: number): number | bigint | undefined {
  const small = parseSafe(bytes, at, length);
  if (small === small) return small;
  if (length < 16 || length > MAX_INTEGER_TEXT) return undefined;
  const negative = bytes[at] === 0x2d;
  const start = negative ? at + 1 : at;
  const end = at + length;
  if (bytes[start] === 0x30) return undefined;
  // Two halves of at most 10 digits keep the bigint work to one multiplication.
  const middle = end - 10;
  let high = 0;
  let low = 0;
  for (let i = start; i < end; i++) {
    const c = bytes[i]! - 0x30;
    if (c < 0 || c > 9) return undefined;
    if (i < middle) high = high * 10 + c;
    else low = low * 10 + c;
  }
  const magnitude = BigInt(high) * 10_000_000_000n + BigInt(low);
  const value = negative ? -magnitude : magnitude;
  return value < INT64_MIN || value > INT64_MAX ? undefined : value;
}

/** Characters of an integer's text, the sign included. */
export function integerLength(value: number): number {
  let magnitude = value < 0 ? -value : value;
  let length = value < 0 ? 2 : 1;
  // Comparisons instead of divisions: most integers are short.
  for (; magnitude >= 10_000; length += 4) magnitude = Math.floor(magnitude / 10_000);
  if (magnitude < 10) return length;
  return magnitude < 100 ? length + 1 : magnitude < 1000 ? length + 2 : length + 3;
}

/** Writes the decimal text of a safe integer or an int64 bigint at `at`, returns where it ended (at most 20 later). */
export function writeInteger(target: Uint8Array, at: number, value: number | bigint): number {
  if (typeof value === 'bigint') {
    const text = value.toString();
    for (let i = 0; i < text.length; i++) target[at + i] = text.charCodeAt(i);
    return at + text.length;
  }
  let rest = value;
  if (rest < 0) {
    target[at++] = 0x2d;
    rest = -rest;
  }
  const end = at + integerLength(rest);
  let i = end;
  // One division as doubles (exact below 2^53), the rest as int32.
  if (rest > 0x7fffffff) {
    const high = Math.floor(rest / 1e9);
    let low = (rest - high * 1e9) | 0;
    for (const first = i - 9; i > first;) {
      const quotient = (low / 10) | 0;
      target[--i] = 0x30 + (low - quotient * 10);
      low = quotient;
    }
    rest = high;
  }
  let small = rest | 0;
  do {
    const quotient = (small / 10) | 0;
    target[--i] = 0x30 + (small - quotient * 10);
    small = quotient;
  } while (small !== 0);
  return end;
}
