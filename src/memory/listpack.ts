/**
 * The listpack: a list in one block, byte for byte the encoding of Redis's RDB files and DUMP payloads.
 *
 *   +-------------+-------------+---------+-- ... --+---------+------+
 *   | total bytes | count, u16  | entry 0 |         | entry n | 0xFF |     entry: encoding, data, backlen
 *   | u32         | or 65535 =? |         |         |         |      |
 *   +-------------+-------------+---------+-- ... --+---------+------+
 *   0             4             6 = FIRST
 *
 *   0xxxxxxx 7-bit uint | 10llllll string < 64 | 110xxxxx +1 13-bit int | 1110llll +1 string < 4096
 *   F0 +4 string | F1 16-bit | F2 24-bit | F3 32-bit | F4 64-bit int.  backlen: the entry's size before it, 7 bits
 *   a byte, read from the right, high bit = more to the left.
 *
 * A position is an entry's byte offset in the block; 0 means none. Positions survive a move of the block. A value is
 * stored in the smallest encoding and as an integer whenever its text is a canonical int64, exactly as Redis does.
 * Functions that change the list return its address, which may be new. Value bytes passed in must not lie in the
 * list being changed (Element.detach).
 */
import { assert } from '../base/assert.ts';
import type { Viewed } from '../base/viewed.ts';
import { parseInteger } from '../base/numbers.ts';
import { byteOf, segmentOf } from './arena.ts';
import type { Address, Arena } from './arena.ts';
import { copyBytes, equalBytes, moveBytes } from '../base/copy.ts';
import type { Element } from './element.ts';

/** Position of the first entry of a list that has one. */
export const FIRST = 6;
/** Bytes of a list without entries. */
export const EMPTY_BYTES = 7;
/** Largest listpack, as in Redis. */
export const MAX_BYTES: number = 1024 * 1024 * 1024;
/** Count field of a list too long to say. */
const UNKNOWN = 65535;
const END = 0xff;

/** Returns an empty list with room for `capacity` bytes. */
export function create(arena: Arena, capacity: number = EMPTY_BYTES): Address {
  const list = arena.alloc(Math.max(capacity, EMPTY_BYTES));
  const bytes = arena.u8[segmentOf(list)]!;
  const base = byteOf(list);
  writeUint32(bytes, base, EMPTY_BYTES);
  bytes[base + 4] = 0;
  bytes[base + 5] = 0;
  bytes[base + 6] = END;
  return list;
}

/** Copies a list's bytes into the arena. They must be valid (`ListpackChecker` in rdb/listpack.ts). */
export function fromBytes(arena: Arena, bytes: Uint8Array, at: number, length: number): Address {
  const list = arena.alloc(length);
  copyBytes(arena.u8[segmentOf(list)]!, byteOf(list), bytes, at, length);
  return list;
}

export function totalBytes(arena: Arena, list: Address): number {
  return arena.u32[segmentOf(list)]![byteOf(list) >>> 2]!;
}

/** Entries; counts them when the list has 65535 or more. */
export function count(arena: Arena, list: Address): number {
  const bytes = arena.u8[segmentOf(list)]!;
  const base = byteOf(list);
  const known = bytes[base + 4]! | (bytes[base + 5]! << 8);
  if (known !== UNKNOWN) return known;
  let entries = 0;
  for (let p = base + FIRST; bytes[p] !== END; p = skip(bytes, p)) entries++;
  if (entries < UNKNOWN) setCount(bytes, base, entries);
  return entries;
}

/** Position of the first entry. */
export function first(arena: Arena, list: Address): number {
  return arena.u8[segmentOf(list)]![byteOf(list) + FIRST] === END ? 0 : FIRST;
}

/** Position of the last entry. */
export function last(arena: Arena, list: Address): number {
  return prev(arena, list, totalBytes(arena, list) - 1);
}

export function next(arena: Arena, list: Address, position: number): number {
  const bytes = arena.u8[segmentOf(list)]!;
  const base = byteOf(list);
  const p = skip(bytes, base + position);
  return bytes[p] === END ? 0 : p - base;
}

/** Position of the entry before; also from the position one past the last entry (`totalBytes - 1`). */
export function prev(arena: Arena, list: Address, position: number): number {
  if (position <= FIRST) return 0;
  const bytes = arena.u8[segmentOf(list)]!;
  return position - entryBytesBefore(bytes, byteOf(list) + position);
}

/** Position of the entry at `index` (negative: from the end, -1 is the last), walking from the nearer end. */
export function seek(arena: Arena, list: Address, index: number): number {
  const bytes = arena.u8[segmentOf(list)]!;
  const base = byteOf(list);
  const known = bytes[base + 4]! | (bytes[base + 5]! << 8);
  let forward = index >= 0;
  let steps = forward ? index : -index - 1;
  if (known !== UNKNOWN) {
    if (steps >= known) return 0;
    if (steps > known >>> 1) {
      forward = !forward;
      steps = known - 1 - steps;
    }
  }
  if (forward) {
    let p = base + FIRST;
    while (steps-- > 0 && bytes[p] !== END) p = skip(bytes, p);
    return bytes[p] === END ? 0 : p - base;
  }
  let p = base + totalBytes(arena, list) - 1;
  for (steps++; steps > 0; steps--) {
    if (p <= base + FIRST) return 0;
    p -= entryBytesBefore(bytes, p);
  }
  return p - base;
}

/** Fills `out` with the entry's text, without copying strings. */
export function read(arena: Arena, list: Address, position: number, out: Element): void {
  readAt(arena.u8[segmentOf(list)]!, byteOf(list) + position, out);
}

/** `read` for an entry at offset p of a segment. */
export function readAt(bytes: Uint8Array, p: number, out: Element): void {
  const lead = bytes[p]!;
  if (lead < 0x80) out.setInteger(lead);
  else if (lead < 0xc0) out.setString(bytes, p + 1, lead & 0x3f);
  else if (lead >= 0xe0 && lead <= 0xf0) out.setString(bytes, p + stringHeader(lead), stringLength(bytes, p, lead));
  else if (lead !== 0xf4) out.setInteger(smallInteger(bytes, p, lead));
  else out.setInteger(wideInteger(bytes, p + 1));
}

/** The entry's integer (exact within 2^53, else the nearest double), or NaN when it is a string. */
export function readInteger(arena: Arena, list: Address, position: number): number {
  const bytes = arena.u8[segmentOf(list)]!;
  const p = byteOf(list) + position;
  const lead = bytes[p]!;
  if (lead < 0x80) return lead;
  if (isString(lead)) return NaN;
  return lead === 0xf4 ? Number(wideInteger(bytes, p + 1)) : smallInteger(bytes, p, lead);
}

/** Position of the first entry equal to the value, at `from` or `step`, 2 * `step`... entries after it. */
export function find(
  arena: Arena,
  list: Address,
  from: number,
  value: Uint8Array,
  at: number,
  length: number,
  step: number = 1,
): number {
  if (from === 0) return 0;
  const bytes = arena.u8[segmentOf(list)]!;
  const base = byteOf(list);
  const integer = parseInteger(value, at, length);
  const tail = value[at + length - 1];
  let p = base + from;
  // Redis writes every integer as an integer, but a loaded list may hold "7" as a string: those compare as text.
  for (let wait = 0; ; wait = wait === 0 ? step - 1 : wait - 1) {
    const lead = bytes[p]!;
    if (lead === END) return 0;
    if (wait === 0) {
      if (isString(lead)) {
        if (stringLength(bytes, p, lead) === length) {
          // Names tend to differ at their ends: look there first.
          const start = p + stringHeader(lead);
          if (length === 0) return p - base;
          if (bytes[start + length - 1] === tail && equalBytes(bytes, start, value, at, length)) return p - base;
        }
      } else if (integer !== undefined && integerAt(bytes, p, lead) === integer) {
        return p - base;
      }
    }
    p = skip(bytes, p);
  }
}

/** Whether the entry's text is the value. */
export function equals(
  arena: Arena,
  list: Address,
  position: number,
  value: Uint8Array,
  at: number,
  length: number,
): boolean {
  const bytes = arena.u8[segmentOf(list)]!;
  const p = byteOf(list) + position;
  const lead = bytes[p]!;
  if (isString(lead)) {
    return stringLength(bytes, p, lead) === length && equalBytes(bytes, p + stringHeader(lead), value, at, length);
  }
  return integerAt(bytes, p, lead) === parseInteger(value, at, length);
}

/** Bytes that an entry for the value takes, backlen included. */
export function encodedBytes(value: Uint8Array, at: number, length: number): number {
  const integer = length <= 20 ? parseInteger(value, at, length) : undefined;
  const size = integer === undefined ? stringBytes(length) : integerBytes(integer);
  return size + backlenBytes(size);
}

export function append(arena: Arena, list: Address, value: Uint8Array, at: number, length: number): Address {
  return insertBefore(arena, list, totalBytes(arena, list) - 1, value, at, length);
}

export function prepend(arena: Arena, list: Address, value: Uint8Array, at: number, length: number): Address {
  return insertBefore(arena, list, FIRST, value, at, length);
}

/** The new entry takes `position`. */
export function insertBefore(
  arena: Arena,
  list: Address,
  position: number,
  value: Uint8Array,
  at: number,
  length: number,
): Address {
  return put(arena, list, position, 0, value, at, length);
}

/** The new entry is at `next(position)`. */
export function insertAfter(
  arena: Arena,
  list: Address,
  position: number,
  value: Uint8Array,
  at: number,
  length: number,
): Address {
  const bytes = arena.u8[segmentOf(list)]!;
  const base = byteOf(list);
  return put(arena, list, skip(bytes, base + position) - base, 0, value, at, length);
}

/** The new value takes the position of the old. */
export function replace(
  arena: Arena,
  list: Address,
  position: number,
  value: Uint8Array,
  at: number,
  length: number,
): Address {
  const bytes = arena.u8[segmentOf(list)]!;
  const p = byteOf(list) + position;
  return put(arena, list, position, skip(bytes, p) - p, value, at, length);
}

export function replaceInteger(arena: Arena, list: Address, position: number, value: number): Address {
  const bytes = arena.u8[segmentOf(list)]!;
  const p = byteOf(list) + position;
  return putInteger(arena, list, position, skip(bytes, p) - p, value);
}

/** Deletes up to `entries` entries from `position` on; the entry after them, if any, takes their position. */
export function deleteAt(arena: Arena, list: Address, position: number, entries: number = 1): Address {
  const bytes = arena.u8[segmentOf(list)]!;
  const base = byteOf(list);
  const start = base + position;
  let p = start;
  let gone = 0;
  for (; gone < entries && bytes[p] !== END; gone++) p = skip(bytes, p);
  if (gone === 0) return list;
  const total = totalBytes(arena, list);
  const known = bytes[base + 4]! | (bytes[base + 5]! << 8);
  moveBytes(bytes, start, p, base + total - p);
  const left = total - (p - start);
  writeUint32(bytes, base, left);
  if (known !== UNKNOWN) setCount(bytes, base, known - gone);
  return arena.resize(list, left, left);
}

/** Deletes up to `entries` entries from `index` (may be negative) on. */
export function deleteIndex(arena: Arena, list: Address, index: number, entries: number): Address {
  const position = seek(arena, list, index);
  return position === 0 ? list : deleteAt(arena, list, position, entries);
}

/** Appends the entries of `other` to `list` and frees `other`. */
export function merge(arena: Arena, list: Address, other: Address): Address {
  const total = totalBytes(arena, list);
  const more = totalBytes(arena, other) - EMPTY_BYTES;
  const entries = count(arena, list) + count(arena, other);
  assert(total + more <= MAX_BYTES, 'listpack: too large');
  const grown = arena.resize(list, total + more, total);
  const bytes = arena.u8[segmentOf(grown)]!;
  const base = byteOf(grown);
  copyBytes(bytes, base + total - 1, arena.u8[segmentOf(other)]!, byteOf(other) + FIRST, more + 1);
  writeUint32(bytes, base, total + more);
  setCount(bytes, base, entries);
  arena.free(other);
  return grown;
}

/** Copies the entries from `position` on into a new list; the caller then deletes them here. */
export function copyFrom(arena: Arena, list: Address, position: number): Address {
  const length = totalBytes(arena, list) - position + FIRST;
  const target = arena.alloc(length);
  arena.copy(target, FIRST, list, position, length - FIRST);
  const bytes = arena.u8[segmentOf(target)]!;
  const base = byteOf(target);
  writeUint32(bytes, base, length);
  setCount(bytes, base, UNKNOWN);
  count(arena, target);
  return target;
}

/** Copies the first `entries` entries, which end where `position` begins, into a new list; the caller then deletes them here. */
export function copyBefore(arena: Arena, list: Address, position: number, entries: number): Address {
  const length = position + 1;
  const target = arena.alloc(length);
  arena.copy(target, 0, list, 0, position);
  const bytes = arena.u8[segmentOf(target)]!;
  const base = byteOf(target);
  bytes[base + position] = END;
  writeUint32(bytes, base, length);
  setCount(bytes, base, entries);
  return target;
}

/** Makes a list of a block that has nothing but `entries` entries, from `start` to `end`. Returns it, maybe moved. */
export function gather(arena: Arena, block: Address, start: number, end: number, entries: number): Address {
  const bytes = arena.u8[segmentOf(block)]!;
  const base = byteOf(block);
  moveBytes(bytes, base + FIRST, base + start, end - start);
  const total = FIRST + end - start + 1;
  bytes[base + total - 1] = END;
  writeUint32(bytes, base, total);
  setCount(bytes, base, entries);
  return arena.resize(block, total, total);
}

// --- one entry at byte offset p of a segment ---

/** Offset of the entry after the one at p. */
export function skip(bytes: Uint8Array, p: number): number {
  const lead = bytes[p]!;
  // The two commonest encodings: a 7-bit integer and a short string, both with a one-byte backlen.
  if (lead < 0x80) return p + 2;
  if (lead < 0xc0) return p + (lead & 0x3f) + 2;
  const size = entryBytes(bytes, p, lead);
  return p + size + backlenBytes(size);
}

/** Encoding and data, without backlen. */
function entryBytes(bytes: Uint8Array, p: number, lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc0) return 1 + (lead & 0x3f);
  if (lead < 0xe0) return 2;
  if (lead <= 0xf0) return stringHeader(lead) + stringLength(bytes, p, lead);
  return lead === 0xf1 ? 3 : lead === 0xf2 ? 4 : lead === 0xf3 ? 5 : 9;
}

/** Whole size of the entry that ends where p begins. */
export function entryBytesBefore(bytes: Uint8Array, p: number): number {
  let b = bytes[p - 1]!;
  if (b < 0x80) return b + 1;
  let size = b & 0x7f;
  let width = 1;
  let unit = 128;
  while (b >= 0x80 && width < 5) {
    width++;
    b = bytes[p - width]!;
    size += (b & 0x7f) * unit;
    unit *= 128;
  }
  return size + width;
}

function isString(lead: number): boolean {
  return lead >= 0x80 && (lead < 0xc0 || (lead >= 0xe0 && lead <= 0xf0));
}

function stringHeader(lead: number): number {
  return lead < 0xc0 ? 1 : lead < 0xf0 ? 2 : 5;
}

function stringLength(bytes: Uint8Array, p: number, lead: number): number {
  if (lead < 0xc0) return lead & 0x3f;
  if (lead < 0xf0) return ((lead & 0x0f) << 8) | bytes[p + 1]!;
  return readInt32(bytes, p + 1) >>> 0;
}

/** Integer of any encoding but the 64-bit one. */
export function smallInteger(bytes: Uint8Array, p: number, lead: number): number {
  if (lead < 0x80) return lead;
  if (lead < 0xe0) return ((((lead & 0x1f) << 8) | bytes[p + 1]!) << 19) >> 19;
  if (lead === 0xf1) return ((bytes[p + 1]! | (bytes[p + 2]! << 8)) << 16) >> 16;
  if (lead === 0xf2) return ((bytes[p + 1]! | (bytes[p + 2]! << 8) | (bytes[p + 3]! << 16)) << 8) >> 8;
  return readInt32(bytes, p + 1);
}

function integerAt(bytes: Uint8Array, p: number, lead: number): number | bigint {
  return lead === 0xf4 ? wideInteger(bytes, p + 1) : smallInteger(bytes, p, lead);
}

/** A little-endian int64: a number when within 2^53 - 1, else a bigint. */
export function wideInteger(bytes: Uint8Array, p: number): number | bigint {
  const low = readInt32(bytes, p) >>> 0;
  const high = readInt32(bytes, p + 4);
  const value = high * 0x1_0000_0000 + low;
  if (Number.isSafeInteger(value)) return value;
  return (BigInt(high) << 32n) | BigInt(low);
}

function readInt32(bytes: Uint8Array, p: number): number {
  return bytes[p]! | (bytes[p + 1]! << 8) | (bytes[p + 2]! << 16) | (bytes[p + 3]! << 24);
}

function writeUint32(bytes: Uint8Array, p: number, value: number): void {
  // In one store: a load of the whole word that follows would wait for four.
  const { view } = bytes as Viewed;
  if (view !== undefined) {
    view.setUint32(p, value, true);
    return;
  }
  bytes[p] = value;
  bytes[p + 1] = value >>> 8;
  bytes[p + 2] = value >>> 16;
  bytes[p + 3] = value >>> 24;
}

function setCount(bytes: Uint8Array, base: number, entries: number): void {
  const value = entries < UNKNOWN ? entries : UNKNOWN;
  bytes[base + 4] = value;
  bytes[base + 5] = value >>> 8;
}

function stringBytes(length: number): number {
  return length < 64 ? length + 1 : length < 4096 ? length + 2 : length + 5;
}

function integerBytes(value: number | bigint): number {
  if (value >= 0 && value <= 127) return 1;
  if (value >= -4096 && value <= 4095) return 2;
  if (value >= -0x8000 && value <= 0x7fff) return 3;
  if (value >= -0x80_0000 && value <= 0x7f_ffff) return 4;
  return value >= -0x8000_0000 && value <= 0x7fff_ffff ? 5 : 9;
}

// The bounds are Redis's, one short of what the bits would hold from the second on.
function backlenBytes(size: number): number {
  return size <= 127 ? 1 : size < 16383 ? 2 : size < 2097151 ? 3 : size < 268435455 ? 4 : 5;
}

function put(
  arena: Arena,
  list: Address,
  position: number,
  removed: number,
  value: Uint8Array,
  at: number,
  length: number,
): Address {
  const target = makeRoom(arena, list, position, removed, encodedBytes(value, at, length));
  writeEntry(arena.u8[segmentOf(target)]!, byteOf(target) + position, value, at, length);
  return target;
}

/** Writes an entry for the string; returns the offset after it. */
function writeString(bytes: Uint8Array, start: number, value: Uint8Array, at: number, length: number): number {
  const size = stringBytes(length);
  let p = start;
  if (length < 64) {
    bytes[p++] = 0x80 | length;
  } else if (length < 4096) {
    bytes[p++] = 0xe0 | (length >>> 8);
    bytes[p++] = length;
  } else {
    bytes[p++] = 0xf0;
    writeUint32(bytes, p, length);
    p += 4;
  }
  copyBytes(bytes, p, value, at, length);
  writeBacklen(bytes, p + length, size);
  return start + size + backlenBytes(size);
}

/** Bytes that any entry takes beyond those of its text, at most. */
export const MAX_ENTRY_OVERHEAD = 10;

/**
 * Writes an entry (of `encodedBytes` bytes) for the value at offset p of a segment, where the caller has made room; returns the offset after it. The
 * caller keeps header and end mark in step (`setFrame`).
 */
export function writeEntry(bytes: Uint8Array, p: number, value: Uint8Array, at: number, length: number): number {
  const integer = length <= 20 ? parseInteger(value, at, length) : undefined;
  return integer === undefined ? writeString(bytes, p, value, at, length) : writeInteger(bytes, p, integer);
}

/** Bytes that an entry for the integer takes. */
export function encodedInteger(value: number): number {
  return integerBytes(value) + 1;
}

/** Like `writeEntry`, for an integer. */
export function writeInteger(bytes: Uint8Array, p: number, value: number | bigint): number {
  const size = integerBytes(value);
  if (size === 9) {
    const wide = BigInt(value);
    return writeWide(bytes, p, Number((wide >> 32n) & 0xffffffffn), Number(wide & 0xffffffffn));
  }
  const small = Number(value);
  if (size === 1) {
    bytes[p] = small;
  } else if (size === 2) {
    bytes[p] = 0xc0 | ((small >> 8) & 0x1f);
    bytes[p + 1] = small;
  } else {
    bytes[p] = 0xee + size;
    bytes[p + 1] = small;
    bytes[p + 2] = small >> 8;
    if (size > 3) bytes[p + 3] = small >> 16;
    if (size > 4) bytes[p + 4] = small >> 24;
  }
  bytes[p + size] = size;
  return p + size + 1;
}

/** An entry for a 64-bit integer, given as its two halves. */
export function writeWide(bytes: Uint8Array, p: number, high: number, low: number): number {
  bytes[p] = 0xf4;
  writeUint32(bytes, p + 1, low);
  writeUint32(bytes, p + 5, high);
  bytes[p + 9] = 9;
  return p + 10;
}

/** Writes the header and end mark of a list at offset `base` that ends before offset `end` and has `entries` more than its header says. */
export function setFrame(bytes: Uint8Array, base: number, end: number, entries: number): void {
  bytes[end] = END;
  writeUint32(bytes, base, end + 1 - base);
  const known = bytes[base + 4]! | (bytes[base + 5]! << 8);
  if (known !== UNKNOWN) setCount(bytes, base, known + entries);
}

function putInteger(arena: Arena, list: Address, position: number, removed: number, value: number): Address {
  const size = integerBytes(value);
  const target = makeRoom(arena, list, position, removed, size + 1);
  writeInteger(arena.u8[segmentOf(target)]!, byteOf(target) + position, value);
  return target;
}

/** Turns the `removed` bytes (0, or one entry) at `position` into `added` bytes, and updates the header. */
function makeRoom(arena: Arena, list: Address, position: number, removed: number, added: number): Address {
  const total = totalBytes(arena, list);
  const wanted = total + added - removed;
  assert(wanted <= MAX_BYTES, 'listpack: too large');
  let target = list;
  if (wanted > arena.capacity(list)) target = arena.resize(list, wanted, total);
  const bytes = arena.u8[segmentOf(target)]!;
  const base = byteOf(target);
  const tail = base + position + removed;
  const tailBytes = total - position - removed;
  if (tailBytes === 1) bytes[tail + added - removed] = END;
  else if (added !== removed) moveBytes(bytes, tail + added - removed, tail, tailBytes);
  writeUint32(bytes, base, wanted);
  if (removed === 0) {
    const known = bytes[base + 4]! | (bytes[base + 5]! << 8);
    if (known !== UNKNOWN) setCount(bytes, base, known + 1);
  }
  return added < removed ? arena.resize(target, wanted, wanted) : target;
}

function writeBacklen(bytes: Uint8Array, p: number, size: number): void {
  if (size <= 127) {
    bytes[p] = size;
    return;
  }
  const width = backlenBytes(size);
  let rest = size;
  for (let i = width - 1; i >= 0; i--) {
    bytes[p + i] = (rest & 0x7f) | (i === 0 ? 0 : 0x80);
    rest = Math.floor(rest / 128);
  }
}
