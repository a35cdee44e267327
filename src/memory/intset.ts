/**
 * The intset: a small set of integers in one block, byte for byte the encoding of Redis's RDB files.
 *
 *   u32 width (2, 4 or 8) | u32 count | count little-endian integers of that width, ascending
 *
 * The width is that of the widest integer ever added; it never shrinks, as in Redis. Values are numbers within 2^53 and
 * bigints beyond (`parseInteger` gives exactly these). Functions that change the set return its address, which may be new.
 */
import { byteOf, segmentOf } from './arena.ts';
import type { Address, Arena } from './arena.ts';
import { copyBytes, moveBytes } from '../base/copy.ts';
import type { Element } from './element.ts';
import { wideInteger } from './listpack-entry.ts';

const HEADER = 8;

export function create(arena: Arena): Address {
  const set = arena.alloc(HEADER);
  const words = arena.u32[segmentOf(set)]!;
  const word = byteOf(set) >>> 2;
  words[word] = 2;
  words[word + 1] = 0;
  return set;
}

/** Copies a set's bytes into the arena. They must be valid (`validate`). */
export function fromBytes(arena: Arena, bytes: Uint8Array, at: number, length: number): Address {
  const set = arena.alloc(length);
  copyBytes(arena.u8[segmentOf(set)]!, byteOf(set), bytes, at, length);
  return set;
}

export function count(arena: Arena, set: Address): number {
  return arena.u32[segmentOf(set)]![(byteOf(set) >>> 2) + 1]!;
}

export function totalBytes(arena: Arena, set: Address): number {
  return HEADER + count(arena, set) * widthOf(arena, set);
}

export function has(arena: Arena, set: Address, value: number | bigint): boolean {
  return search(arena, set, value) >= 0;
}

/** The value at an index in ascending order, 0 <= index < count. */
export function get(arena: Arena, set: Address, index: number): number | bigint {
  return valueAt(arena.u8[segmentOf(set)]!, byteOf(set), widthOf(arena, set), index);
}

/** Fills `out` with the decimal text of the value at `index`. */
export function read(arena: Arena, set: Address, index: number, out: Element): void {
  out.setInteger(get(arena, set, index));
}

/** Returns the set's address, or 0 when the value was there already. */
export function add(arena: Arena, set: Address, value: number | bigint): Address {
  const width = widthFor(value);
  if (width > widthOf(arena, set)) return widenAndAdd(arena, set, value, width);
  const found = search(arena, set, value);
  if (found >= 0) return 0;
  const index = ~found;
  const entries = count(arena, set);
  const own = widthOf(arena, set);
  const used = HEADER + entries * own;
  const target = arena.resize(set, used + own, used);
  const bytes = arena.u8[segmentOf(target)]!;
  const base = byteOf(target);
  const at = base + HEADER + index * own;
  moveBytes(bytes, at + own, at, (entries - index) * own);
  write(bytes, at, own, value);
  setCount(arena, target, entries + 1);
  return target;
}

/** Returns the set's address, or 0 when the value was not there. */
export function remove(arena: Arena, set: Address, value: number | bigint): Address {
  const index = search(arena, set, value);
  if (index < 0) return 0;
  const bytes = arena.u8[segmentOf(set)]!;
  const width = widthOf(arena, set);
  const left = count(arena, set) - 1;
  const at = byteOf(set) + HEADER + index * width;
  moveBytes(bytes, at, at + width, (left - index) * width);
  setCount(arena, set, left);
  const used = HEADER + left * width;
  return arena.resize(set, used, used);
}

/** Number of values when [at, at + length) is exactly a sound intset, else -1. */
export function validate(bytes: Uint8Array, at: number, length: number): number {
  if (length < HEADER) return -1;
  const width = readUint32(bytes, at);
  const entries = readUint32(bytes, at + 4);
  if ((width !== 2 && width !== 4 && width !== 8) || entries === 0 || HEADER + entries * width !== length) return -1;
  for (let i = 1; i < entries; i++) {
    if (valueAt(bytes, at, width, i - 1) >= valueAt(bytes, at, width, i)) return -1;
  }
  return entries;
}

/** Index of the value, or the complement (~) of the index where it would go. */
function search(arena: Arena, set: Address, value: number | bigint): number {
  const bytes = arena.u8[segmentOf(set)]!;
  const base = byteOf(set);
  const width = widthOf(arena, set);
  let low = 0;
  let high = count(arena, set) - 1;
  // Appending in order is common enough to look at the end first.
  if (high >= 0 && value > valueAt(bytes, base, width, high)) return ~(high + 1);
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = valueAt(bytes, base, width, middle);
    if (found < value) low = middle + 1;
    else if (found > value) high = middle - 1;
    else return middle;
  }
  return ~low;
}

/** A wider value lies beyond all others: it becomes the first or the last. */
function widenAndAdd(arena: Arena, set: Address, value: number | bigint, width: number): Address {
  const old = widthOf(arena, set);
  const entries = count(arena, set);
  const target = arena.resize(set, HEADER + (entries + 1) * width, HEADER + entries * old);
  const bytes = arena.u8[segmentOf(target)]!;
  const base = byteOf(target);
  const shift = value < 0 ? 1 : 0;
  for (let i = entries - 1; i >= 0; i--) {
    write(bytes, base + HEADER + (i + shift) * width, width, valueAt(bytes, base, old, i));
  }
  write(bytes, base + HEADER + (shift === 1 ? 0 : entries) * width, width, value);
  const words = arena.u32[segmentOf(target)]!;
  words[base >>> 2] = width;
  words[(base >>> 2) + 1] = entries + 1;
  return target;
}

function widthOf(arena: Arena, set: Address): number {
  return arena.u32[segmentOf(set)]![byteOf(set) >>> 2]!;
}

function setCount(arena: Arena, set: Address, entries: number): void {
  arena.u32[segmentOf(set)]![(byteOf(set) >>> 2) + 1] = entries;
}

function widthFor(value: number | bigint): number {
  if (value >= -0x8000 && value <= 0x7fff) return 2;
  return value >= -0x8000_0000 && value <= 0x7fff_ffff ? 4 : 8;
}

function valueAt(bytes: Uint8Array, base: number, width: number, index: number): number | bigint {
  const p = base + HEADER + index * width;
  if (width === 2) return ((bytes[p]! | (bytes[p + 1]! << 8)) << 16) >> 16;
  if (width === 4) return readUint32(bytes, p) | 0;
  return wideInteger(bytes, p);
}

function write(bytes: Uint8Array, p: number, width: number, value: number | bigint): void {
  if (width === 8) {
    if (typeof value === 'bigint') {
      writeUint32(bytes, p, Number(value & 0xffffffffn));
      writeUint32(bytes, p + 4, Number((value >> 32n) & 0xffffffffn));
    } else {
      writeUint32(bytes, p, value >>> 0);
      writeUint32(bytes, p + 4, Math.floor(value / 0x1_0000_0000));
    }
    return;
  }
  const small = Number(value);
  bytes[p] = small;
  bytes[p + 1] = small >> 8;
  if (width === 4) {
    bytes[p + 2] = small >> 16;
    bytes[p + 3] = small >> 24;
  }
}

function readUint32(bytes: Uint8Array, p: number): number {
  return (bytes[p]! | (bytes[p + 1]! << 8) | (bytes[p + 2]! << 16) | (bytes[p + 3]! << 24)) >>> 0;
}

function writeUint32(bytes: Uint8Array, p: number, value: number): void {
  bytes[p] = value;
  bytes[p + 1] = value >>> 8;
  bytes[p + 2] = value >>> 16;
  bytes[p + 3] = value >>> 24;
}
