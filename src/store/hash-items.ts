/**
 * The items of a hash's table: a field with its value, and with its expiry if it has one.
 *
 *   {u32 meta, u32 field length, [f64 expiry,] u32 value length, field bytes, value bytes}
 *
 * As in keyspace entries, bit 31 of the meta word says whether there is room for the expiry, and moves what follows by 8 bytes. A long
 * field or value always has that room, with -1 in it while it does not expire: HEXPIRE and HPERSIST need not copy it.
 */
import { type Address, type Arena, byteOf, segmentOf } from '../memory/arena.ts';
import { copyBytes } from '../base/copy.ts';
import type { Span } from '../base/span.ts';
import { KEY_BASE_FIELD, LONG_VALUE_BYTES } from './entry.ts';

/** Receives a field and its value; `expiryMs` is -1 where the field has no expiry. */
export type FieldVisitor = (
  fieldBytes: Uint8Array,
  fieldAt: number,
  fieldLength: number,
  valueBytes: Uint8Array,
  valueAt: number,
  valueLength: number,
  expiryMs: number,
) => void;

const HAS_ROOM = 0x80000000;

export class HashItems {
  readonly arena: Arena;

  constructor(arena: Arena) {
    this.arena = arena;
  }

  /** A new item. `expiryMs` -1: none. */
  build(
    fieldBytes: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    valueBytes: Uint8Array,
    valueAt: number,
    valueLength: number,
    expiryMs: number,
  ): Address {
    const item = this.create(fieldLength, valueLength, expiryMs);
    const bytes = this.arena.u8[segmentOf(item)]!;
    const start = this.fieldStart(item);
    copyBytes(bytes, start, fieldBytes, fieldAt, fieldLength);
    copyBytes(bytes, start + fieldLength, valueBytes, valueAt, valueLength);
    return item;
  }

  /** An item whose field and value are yet to be written. */
  create(fieldLength: number, valueLength: number, expiryMs: number): Address {
    const { arena } = this;
    const roomy = expiryMs >= 0 || fieldLength + valueLength > LONG_VALUE_BYTES;
    const head = roomy ? KEY_BASE_FIELD + 8 : KEY_BASE_FIELD;
    const item = arena.alloc(head + fieldLength + valueLength);
    const segment = segmentOf(item);
    const base = byteOf(item);
    const words = arena.u32[segment]!;
    const word = base >>> 2;
    words[word] = 0;
    words[word + 1] = fieldLength;
    if (roomy) {
      words[word] = HAS_ROOM;
      arena.f64[segment]![(base >>> 3) + 1] = expiryMs;
    }
    words[word + (head >>> 2) - 1] = valueLength;
    return item;
  }

  /** Puts another value in place if the block fits without much waste; false if it does not. */
  replaceValue(item: Address, bytes: Uint8Array, at: number, length: number): boolean {
    const { arena } = this;
    const segment = segmentOf(item);
    const start = this.fieldStart(item);
    const words = arena.u32[segment]!;
    const fieldLength = words[(byteOf(item) >>> 2) + 1]!;
    const need = start - byteOf(item) + fieldLength + length;
    if (!arena.fits(item, need)) return false;
    words[(start >>> 2) - 1] = length;
    copyBytes(arena.u8[segment]!, start + fieldLength, bytes, at, length);
    return true;
  }

  /** Absolute ms, -1 for none. */
  expiry(item: Address): number {
    if (!this.hasRoom(item)) return -1;
    return this.arena.f64[segmentOf(item)]![(byteOf(item) >>> 3) + 1]!;
  }

  /** Whether an expiry can be put in where the item is. */
  hasRoom(item: Address): boolean {
    return this.arena.u32[segmentOf(item)]![byteOf(item) >>> 2]! >>> 31 === 1;
  }

  /** Changes the expiry of an item that has room for it; -1: none. */
  setExpiry(item: Address, expiryMs: number): void {
    this.arena.f64[segmentOf(item)]![(byteOf(item) >>> 3) + 1] = expiryMs;
  }

  field(item: Address, out: Span): Span {
    out.bytes = this.arena.u8[segmentOf(item)]!;
    out.at = this.fieldStart(item);
    out.length = this.arena.u32[segmentOf(item)]![(byteOf(item) >>> 2) + 1]!;
    return out;
  }

  value(item: Address, out: Span): Span {
    const words = this.arena.u32[segmentOf(item)]!;
    const start = this.fieldStart(item);
    out.bytes = this.arena.u8[segmentOf(item)]!;
    out.at = start + words[(byteOf(item) >>> 2) + 1]!;
    out.length = words[(start - 4) >>> 2]!;
    return out;
  }

  visit(item: Address, visit: FieldVisitor): void {
    const bytes = this.arena.u8[segmentOf(item)]!;
    const words = this.arena.u32[segmentOf(item)]!;
    const start = this.fieldStart(item);
    const length = words[(byteOf(item) >>> 2) + 1]!;
    visit(bytes, start, length, bytes, start + length, words[(start - 4) >>> 2]!, this.expiry(item));
  }

  /** A copy in a block of its own. */
  copy(item: Address): Address {
    const words = this.arena.u32[segmentOf(item)]!;
    const start = this.fieldStart(item);
    const size = start - byteOf(item) + words[(byteOf(item) >>> 2) + 1]! + words[(start - 4) >>> 2]!;
    return this.arena.duplicate(item, size);
  }

  /** Byte offset of the field within the item's segment. */
  fieldStart(item: Address): number {
    const base = byteOf(item);
    return base + KEY_BASE_FIELD + ((this.arena.u32[segmentOf(item)]![base >>> 2]! >>> 31) << 3);
  }
}
