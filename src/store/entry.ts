/**
 * The keyspace entry: one arena block that holds a key, its meta data and, for a string, its value.
 *
 *   byte 0   u32  meta: type (3 bits) | encoding (4) << 3 | lru or lfu (24) << 7 | has expiry << 31
 *   byte 4   u32  key length
 *  [byte 8   f64  expiry, ms since the epoch]                only if bit 31 is set; moves all below by 8
 *   byte 8   u32  string: value length; others: address of the value's root block ("ref")
 *   byte 12       key bytes, then the string's bytes
 *
 * A long string that gets another key or room for an expiry stays where it is, so that RENAME, MOVE and EXPIRE take no longer
 * for it (entry-blocks.ts). The new entry is ENC_APART: its ref is the block of the old one, of which only the value counts,
 * its "home". A home belongs to one entry, and is in no table or index.
 *
 *   entry [meta: ENC_APART | key length | ref | key]       home [meta | key length | value length | former key | value]
 *                                         +-------------------->
 *
 * Hash fields, set members and sorted-set members are items of the same family (see Dict): their first two words are
 * alike, set members have no third word, sorted-set members have an f64 score at byte 8.
 */
import { type Address, type Arena, byteOf, segmentOf } from '../memory/arena.ts';
import type { Span } from '../base/span.ts';

export const TYPE_STRING = 0;
export const TYPE_LIST = 1;
export const TYPE_SET = 2;
export const TYPE_ZSET = 3;
export const TYPE_HASH = 4;
export const TYPE_STREAM = 6;

export const ENC_RAW = 0;
export const ENC_INT = 1;
export const ENC_HASHTABLE = 2;
export const ENC_EMBSTR = 3;
export const ENC_INTSET = 4;
export const ENC_LISTPACK = 5;
export const ENC_QUICKLIST = 6;
export const ENC_SKIPLIST = 7;
export const ENC_STREAM = 8;
/** A raw string whose value lies in its home, not behind its key. Only who reads or makes a string's bytes tells it from ENC_RAW. */
export const ENC_APART = 9;
/** Hashes whose fields can expire: see field-deadlines.ts. No encoding of a hash above the first of these is without. */
export const ENC_LISTPACK_EX = 12;
export const ENC_HASHTABLE_EX = 13;

/**
 * Longer values, of strings and of hash fields, are not copied where only a key or an expiry changes: a string stays where it is
 * (entry-blocks.ts), a hash's value has room for an expiry from the start (hash-items.ts). Copying up to here takes about 0.1 us.
 */
export const LONG_VALUE_BYTES = 4096;

export const typeNames: readonly string[] = ['string', 'list', 'set', 'zset', 'hash', 'module', 'stream'];
export const encodingNames: readonly string[] = [
  'raw',
  'int',
  'hashtable',
  'embstr',
  'intset',
  'listpack',
  'quicklist',
  'skiplist',
  'stream',
  'raw',
  '',
  '',
  'listpackex',
  'hashtable',
];

/** Where keys start in the items of each dict. */
export const KEY_BASE_ENTRY = 12;
export const KEY_BASE_FIELD = 12;
export const KEY_BASE_MEMBER = 8;
export const KEY_BASE_SCORED = 16;
/** Key offset of an entry with an expiry, and of what the expiry index holds. */
export const KEY_OFFSET_EXPIRING = 20;

const HAS_EXPIRY = 0x80000000;
const FORM_BITS = 127;
const LRU_SHIFT = 7;
const LRU_BITS = 0xffffff;
const LRU_FIELD = LRU_BITS << LRU_SHIFT;

/** Reads and writes the fields of entries. No method allocates. */
export class Entries {
  readonly arena: Arena;

  constructor(arena: Arena) {
    this.arena = arena;
  }

  meta(entry: Address): number {
    return this.arena.u32[segmentOf(entry)]![byteOf(entry) >>> 2]!;
  }

  type(entry: Address): number {
    return this.meta(entry) & 7;
  }

  encoding(entry: Address): number {
    return (this.meta(entry) >>> 3) & 15;
  }

  setEncoding(entry: Address, encoding: number): void {
    const words = this.arena.u32[segmentOf(entry)]!;
    const word = byteOf(entry) >>> 2;
    words[word] = (words[word]! & ~(15 << 3)) | (encoding << 3);
  }

  /** The 24 bits of LRU clock or LFU counter. */
  lru(entry: Address): number {
    return (this.meta(entry) >>> LRU_SHIFT) & LRU_BITS;
  }

  setLru(entry: Address, lru: number): void {
    const words = this.arena.u32[segmentOf(entry)]!;
    const word = byteOf(entry) >>> 2;
    words[word] = (words[word]! & ~LRU_FIELD) | ((lru & LRU_BITS) << LRU_SHIFT);
  }

  hasExpiry(entry: Address): boolean {
    return this.meta(entry) >>> 31 === 1;
  }

  /** Absolute expiry in ms, -1 for none. */
  expiry(entry: Address): number {
    if (!this.hasExpiry(entry)) return -1;
    return this.arena.f64[segmentOf(entry)]![(byteOf(entry) >>> 3) + 1]!;
  }

  keyLength(entry: Address): number {
    return this.arena.u32[segmentOf(entry)]![(byteOf(entry) >>> 2) + 1]!;
  }

  /** Byte offset of the key within the entry's segment. */
  keyStart(entry: Address): number {
    return byteOf(entry) + KEY_BASE_ENTRY + ((this.meta(entry) >>> 31) << 3);
  }

  key(entry: Address, out: Span): Span {
    out.bytes = this.arena.u8[segmentOf(entry)]!;
    out.at = this.keyStart(entry);
    out.length = this.keyLength(entry);
    return out;
  }

  /** A copy of the key. */
  keyCopy(entry: Address): Uint8Array {
    const at = this.keyStart(entry);
    return Uint8Array.from(this.arena.u8[segmentOf(entry)]!.subarray(at, at + this.keyLength(entry)));
  }

  /** The word before the key: the length of an inline string, the home of one apart, or the address of a collection's root block. */
  ref(entry: Address): number {
    return this.arena.u32[segmentOf(entry)]![(this.keyStart(entry) - 4) >>> 2]!;
  }

  setRef(entry: Address, ref: number): void {
    this.arena.u32[segmentOf(entry)]![(this.keyStart(entry) - 4) >>> 2] = ref;
  }

  /** The bytes of a string value, as a view into the arena. */
  value(entry: Address, out: Span): Span {
    let home = entry;
    let meta = this.meta(entry);
    if (isApart(meta)) {
      home = this.ref(entry);
      meta = this.meta(home);
    }
    const start = byteOf(home) + KEY_BASE_ENTRY + ((meta >>> 31) << 3);
    out.bytes = this.arena.u8[segmentOf(home)]!;
    out.at = start + this.keyLength(home);
    out.length = this.arena.u32[segmentOf(home)]![(start - 4) >>> 2]!;
    return out;
  }

  /** Bytes of a string value. */
  valueLength(entry: Address): number {
    return this.ref(this.home(entry));
  }

  /** The block that a string's value lies in: the entry itself, but for one apart. */
  home(entry: Address): Address {
    return isApart(this.meta(entry)) ? this.ref(entry) : entry;
  }

  /** Byte offset of the value within the segment of an inline string, or of a home. */
  valueStart(home: Address): number {
    return this.keyStart(home) + this.keyLength(home);
  }

  /** Writes the words of a new entry; the caller writes key and value bytes. */
  writeHeader(entry: Address, meta: number, keyLength: number, expiryMs: number, ref: number): void {
    const segment = segmentOf(entry);
    const words = this.arena.u32[segment]!;
    const word = byteOf(entry) >>> 2;
    words[word + 1] = keyLength;
    if (expiryMs < 0) {
      words[word] = meta & ~HAS_EXPIRY;
      words[word + 2] = ref;
    } else {
      words[word] = meta | HAS_EXPIRY;
      this.arena.f64[segment]![(byteOf(entry) >>> 3) + 1] = expiryMs;
      words[word + 4] = ref;
    }
  }
}

/** Whether an entry with this meta word is a string whose value lies in another block. */
export function isApart(meta: number): boolean {
  return (meta & FORM_BITS) === ENC_APART << 3;
}

/** Meta word of a new entry without an expiry. */
export function makeMeta(type: number, encoding: number, lru: number): number {
  return type | (encoding << 3) | ((lru & LRU_BITS) << LRU_SHIFT);
}
