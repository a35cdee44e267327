/**
 * The listpack: a list in one block, byte for byte the encoding of Redis's RDB files and DUMP payloads.
 *
 *   +-------------+-------------+---------+-- ... --+---------+------+
 *   | total bytes | count, u16  | entry 0 |         | entry n | 0xFF |     entry: listpack-entry.ts
 *   | u32         | or 65535 =? |         |         |         |      |
 *   +-------------+-------------+---------+-- ... --+---------+------+
 *   0             4             6 = FIRST
 *
 * A position is an entry's byte offset in the block; 0 means none. Positions survive a move of the block.
 * Functions that change the list return its address, which may be new. Value bytes passed in must not lie in the
 * list being changed (Element.detach).
 */
import { assert } from '../base/assert.ts';
import { parseInteger } from '../base/numbers.ts';
import { byteOf, segmentOf } from './arena.ts';
import type { Address, Arena } from './arena.ts';
import { copyBytes, equalBytes, moveBytes } from '../base/copy.ts';
import type { Element } from './element.ts';
import {
  encodedBytes,
  entryBytesBefore,
  integerAt,
  integerBytes,
  isString,
  readAt,
  skip,
  smallInteger,
  stringHeader,
  stringLength,
  wideInteger,
  writeEntry,
  writeInteger,
  writeUint32,
} from './listpack-entry.ts';

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

/** How many entries there are from one position to another behind it, 0: to the end. */
export function distance(arena: Arena, list: Address, from: number, to: number): number {
  const bytes = arena.u8[segmentOf(list)]!;
  const base = byteOf(list);
  let entries = 0;
  for (let p = base + from; p !== base + to && bytes[p] !== END; p = skip(bytes, p)) entries++;
  return entries;
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

/** A copy of the list. */
export function copy(arena: Arena, list: Address): Address {
  return arena.duplicate(list, totalBytes(arena, list));
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

function setCount(bytes: Uint8Array, base: number, entries: number): void {
  const value = entries < UNKNOWN ? entries : UNKNOWN;
  bytes[base + 4] = value;
  bytes[base + 5] = value >>> 8;
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
