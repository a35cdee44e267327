/**
 * Stream ids: two unsigned 64-bit integers, milliseconds and sequence, as four 32-bit words (most significant first), exact
 * without bigints but where text beyond 2^53 is read or written. And int64 counters in the arena, as a low and a high word.
 */
import { writeInteger } from '../base/numbers.ts';
import type { Id } from '../memory/id-index.ts';

export type { Id } from '../memory/id-index.ts';

const WORD = 0x1_0000_0000;
const U64_MAX = 2n ** 64n - 1n;
/** Redis reads no longer ids. */
const MAX_TEXT = 127;
/** Digits that a double holds for sure. */
const SAFE_DIGITS = 15;

/** What `parseId` found: not an id, `<ms>-<seq>`, `<ms>` alone (the missing half was filled in), or `<ms>-*`. */
export type IdForm = 'invalid' | 'full' | 'ms' | 'any-seq';

export function makeId(): Id {
  return new Uint32Array(4);
}

export function compareIds(a: Id, b: Id): number {
  for (let i = 0; i < 4; i++) {
    const x = a[i]!;
    const y = b[i]!;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

export function copyId(to: Id, from: Id): void {
  to[0] = from[0]!;
  to[1] = from[1]!;
  to[2] = from[2]!;
  to[3] = from[3]!;
}

export function isZeroId(id: Id): boolean {
  return (id[0]! | id[1]! | id[2]! | id[3]!) === 0;
}

export function isLastId(id: Id): boolean {
  return (id[0]! & id[1]! & id[2]! & id[3]!) === -1;
}

export function setLastId(id: Id): void {
  id.fill(0xffffffff);
}

/** The id after this one; false, and 0-0, if there is none. */
export function incrementId(id: Id): boolean {
  for (let i = 3; i >= 0; i--) {
    const value = id[i]! + 1;
    id[i] = value;
    if (value < WORD) return true;
  }
  return false;
}

/** The id before this one; false, and the highest, if there is none. */
export function decrementId(id: Id): boolean {
  for (let i = 3; i >= 0; i--) {
    const value = id[i]!;
    id[i] = value - 1;
    if (value > 0) return true;
  }
  return false;
}

/** The id that `*` stands for: `now`-0, or the one after `last` if the clock is not ahead of it. */
export function nextId(last: Id, now: number, out: Id): void {
  const high = Math.floor(now / WORD);
  const low = now >>> 0;
  if (high > last[0]! || (high === last[0]! && low > last[1]!)) {
    out[0] = high;
    out[1] = low;
    out[2] = 0;
    out[3] = 0;
    return;
  }
  copyId(out, last);
  incrementId(out);
}

/**
 * Reads an id as a client writes it. `missing`: both words of a sequence that is not given. `strict`: '-' and '+', the lowest and
 * the highest, are not taken. What counts as a number is what C's strtoull takes, as in Redis: " 5", "+5" and "007" too.
 */
export function parseId(
  bytes: Uint8Array,
  at: number,
  length: number,
  out: Id,
  missing: 0 | 0xffffffff,
  strict: boolean,
): IdForm {
  if (length > MAX_TEXT) return 'invalid';
  let end = at;
  let dash = -1;
  for (; end < at + length; end++) {
    const c = bytes[end]!;
    if (c === 0) break;
    if (c === 0x2d && dash < 0) dash = end;
  }
  if (end - at === 1 && (bytes[at] === 0x2d || bytes[at] === 0x2b)) {
    if (strict) return 'invalid';
    if (bytes[at] === 0x2d) out.fill(0);
    else setLastId(out);
    return 'full';
  }
  if (!parseHalf(bytes, at, dash < 0 ? end : dash, out, 0)) return 'invalid';
  if (dash < 0) {
    out[2] = missing;
    out[3] = missing;
    return 'ms';
  }
  if (end - dash === 2 && bytes[dash + 1] === 0x2a) {
    out[2] = 0;
    out[3] = 0;
    return 'any-seq';
  }
  return parseHalf(bytes, dash + 1, end, out, 2) ? 'full' : 'invalid';
}

function parseHalf(bytes: Uint8Array, at: number, end: number, out: Id, half: 0 | 2): boolean {
  let value = 0;
  let p = at;
  if (end - at > 0 && end - at <= SAFE_DIGITS) {
    for (; p < end; p++) {
      const digit = bytes[p]! - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (p === end) {
      out[half] = Math.floor(value / WORD);
      out[half + 1] = value;
      return true;
    }
  }
  return parseAsC(bytes, at, end, out, half);
}

function parseAsC(bytes: Uint8Array, at: number, end: number, out: Id, half: 0 | 2): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('latin1');
  const match = /^[ \t-\r]*([+-]?)(\d+)$/.exec(text);
  if (match === null) return false;
  // What is a canonical negative int64 is refused; strtoull would take it and turn it around.
  if (/^-[1-9]\d*$/.test(text) && BigInt(text) >= -(2n ** 63n)) return false;
  const magnitude = BigInt(match[2]!);
  if (magnitude > U64_MAX) return false;
  const value = match[1] === '-' ? BigInt.asUintN(64, -magnitude) : magnitude;
  out[half] = Number(value >> 32n);
  out[half + 1] = Number(value & 0xffffffffn);
  return true;
}

/** Longest text of an id. */
export const ID_TEXT_MAX = 41;

/** Writes `<ms>-<seq>`; returns where it ended. */
export function writeId(target: Uint8Array, at: number, id: Id): number {
  const dash = writeUnsigned(target, at, id[0]!, id[1]!);
  target[dash] = 0x2d;
  return writeUnsigned(target, dash + 1, id[2]!, id[3]!);
}

/** `writeId` with a dot in between, as DEBUG DIGEST has it. */
export function writeDottedId(target: Uint8Array, at: number, id: Id): number {
  const dot = writeUnsigned(target, at, id[0]!, id[1]!);
  target[dot] = 0x2e;
  return writeUnsigned(target, dot + 1, id[2]!, id[3]!);
}

function writeUnsigned(target: Uint8Array, at: number, high: number, low: number): number {
  if (high === 0 && low < 10) {
    target[at] = 0x30 + low;
    return at + 1;
  }
  if (high < 0x20_0000) return writeInteger(target, at, high * WORD + low);
  return writeInteger(target, at, (BigInt(high) << 32n) | BigInt(low));
}

/** An int64 of two words: a number within 2^53 - 1, else a bigint. */
export function readInt64(words: Uint32Array, at: number): number | bigint {
  return int64(words[at + 1]!, words[at]!);
}

/** An int64 of its halves. */
export function int64(high: number, low: number): number | bigint {
  const value = (high | 0) * WORD + low;
  return Number.isSafeInteger(value) ? value : (BigInt(high | 0) << 32n) | BigInt(low);
}

export function writeInt64(words: Uint32Array, at: number, value: number | bigint): void {
  if (typeof value === 'number') {
    words[at] = value;
    words[at + 1] = Math.floor(value / WORD);
    return;
  }
  words[at] = Number(value & 0xffffffffn);
  words[at + 1] = Number((value >> 32n) & 0xffffffffn);
}

/** Adds a small number to an int64; wraps around. */
export function addInt64(words: Uint32Array, at: number, change: number): void {
  const sum = words[at]! + change;
  words[at] = sum;
  if (sum < 0 || sum >= WORD) words[at + 1]! += Math.floor(sum / WORD);
}
