/**
 * The blocks of entries: making them, and giving them another value, key or room for an expiry. It knows no table and no
 * index: whoever gets a new address back puts it in the place of the old one, and calls `release` for that. A method that
 * throws ArenaExhausted has changed nothing.
 */
import { type Address, byteOf, segmentOf } from '../memory/arena.ts';
import { copyBytes } from '../base/copy.ts';
import {
  ENC_APART,
  ENC_RAW,
  isApart,
  KEY_BASE_ENTRY,
  KEY_OFFSET_EXPIRING,
  LONG_VALUE_BYTES,
  makeMeta,
  TYPE_STRING,
} from './entry.ts';
import type { Keyspace } from './keyspace.ts';
import { roomToGrow, stringEncoding } from './string-encoding.ts';

export class EntryBlocks {
  readonly #space: Keyspace;

  constructor(space: Keyspace) {
    this.#space = space;
  }

  /** A new entry, with room for `valueLength` bytes behind its key. `expiryMs` below 0: none. */
  build(
    keyBytes: Uint8Array,
    keyAt: number,
    keyLength: number,
    type: number,
    encoding: number,
    expiryMs: number,
    ref: number,
    valueLength: number,
  ): Address {
    const entry = this.#alloc(keyLength, type, encoding, expiryMs, ref, valueLength);
    const base = expiryMs >= 0 ? KEY_OFFSET_EXPIRING : KEY_BASE_ENTRY;
    copyBytes(this.#space.arena.u8[segmentOf(entry)]!, byteOf(entry) + base, keyBytes, keyAt, keyLength);
    return entry;
  }

  /** The same, the key yet to be written. */
  #alloc(
    keyLength: number,
    type: number,
    encoding: number,
    expiryMs: number,
    ref: number,
    valueLength: number,
  ): Address {
    const { arena, entries } = this.#space;
    const base = expiryMs >= 0 ? KEY_OFFSET_EXPIRING : KEY_BASE_ENTRY;
    const entry = arena.alloc(base + keyLength + valueLength);
    entries.writeHeader(entry, makeMeta(type, encoding, this.#space.newAccess), keyLength, expiryMs, ref);
    return entry;
  }

  buildString(
    keyBytes: Uint8Array,
    keyAt: number,
    keyLength: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    expiryMs: number,
  ): Address {
    const { arena, entries } = this.#space;
    const encoding = stringEncoding(bytes, at, length);
    const entry = this.build(keyBytes, keyAt, keyLength, TYPE_STRING, encoding, expiryMs, length, length);
    copyBytes(arena.u8[segmentOf(entry)]!, entries.valueStart(entry), bytes, at, length);
    return entry;
  }

  /**
   * Makes a string entry larger or smaller; bytes up to the smaller length are kept, new ones are zero. It counts as raw from
   * then on. It may move.
   */
  resizeString(entry: Address, length: number): Address {
    const { arena, entries } = this.#space;
    const home = entries.home(entry);
    const head = entries.valueStart(home) - byteOf(home);
    const old = entries.ref(home);
    let moved = home;
    if (head + length > arena.capacity(home)) {
      // What grows will grow again; what has just come into being may stay as it is.
      moved = arena.alloc(old === 0 ? head + length : roomToGrow(head + length));
      arena.copy(moved, 0, home, 0, head + Math.min(old, length));
    }
    entries.setRef(moved, length);
    if (length > old) {
      const start = byteOf(moved) + head;
      arena.u8[segmentOf(moved)]!.fill(0, start + old, start + length);
    }
    if (home === entry) {
      entries.setEncoding(moved, ENC_RAW);
      return moved;
    }
    if (moved !== home) {
      entries.setRef(entry, moved);
      arena.free(home);
    }
    return entry;
  }

  /** A copy of an entry under another key: value, expiry and access time are the same. */
  copyWithKey(entry: Address, bytes: Uint8Array, at: number, length: number): Address {
    return this.#writeKey(this.#copyWithRoom(entry, length), bytes, at);
  }

  /** The same, the key yet to be written. */
  #copyWithRoom(entry: Address, keyLength: number): Address {
    const { entries, arena } = this.#space;
    const meta = entries.meta(entry);
    const home = entries.home(entry);
    const encoding = home === entry ? (meta >>> 3) & 15 : ENC_RAW;
    const ref = entries.ref(home);
    const valueLength = (meta & 7) === TYPE_STRING ? ref : 0;
    const copy = this.#alloc(keyLength, meta & 7, encoding, entries.expiry(entry), ref, valueLength);
    entries.setLru(copy, entries.lru(entry));
    const valueFrom = entries.valueStart(home) - byteOf(home);
    const valueTo = entries.valueStart(copy) - byteOf(copy);
    arena.copy(copy, valueTo, home, valueFrom, valueLength);
    return copy;
  }

  /** An entry with another key and the value, expiry and access time of `entry`, whose place it is to take. */
  withKey(entry: Address, bytes: Uint8Array, at: number, length: number): Address {
    return this.#writeKey(this.withRoom(entry, length), bytes, at);
  }

  /** The same, with a key of `length` bytes that are yet to be written. */
  withRoom(entry: Address, length: number): Address {
    const { entries } = this.#space;
    if (!isApart(entries.meta(entry)) && !this.isLong(entry)) return this.#copyWithRoom(entry, length);
    return this.#apart(entry, length, entries.expiry(entry));
  }

  /** Frees the block of an entry whose place another one has taken, unless the value of that one lies in it. */
  release(entry: Address, successor: Address): void {
    if (this.#space.entries.home(successor) !== entry) this.#space.reclaimer.freeBlock(entry);
  }

  /** Whether an entry's value stays where it is while its key or expiry changes. */
  staysPut(entry: Address): boolean {
    const { entries } = this.#space;
    return entries.type(entry) !== TYPE_STRING || isApart(entries.meta(entry)) || this.isLong(entry);
  }

  /** Whether an entry is an inline string too long to be copied; longer than its key, as a former key may be left with it. */
  isLong(entry: Address): boolean {
    const { entries } = this.#space;
    const meta = entries.meta(entry);
    if ((meta & 7) !== TYPE_STRING || isApart(meta)) return false;
    return entries.ref(entry) > Math.max(LONG_VALUE_BYTES, entries.keyLength(entry));
  }

  /** An entry like that of a long string (`isLong`), with another expiry or (-1) none, to take its place. */
  longWith(entry: Address, expiryMs: number): Address {
    const { entries, arena } = this.#space;
    const key = arena.u8[segmentOf(entry)]!;
    const moved = this.#apart(entry, entries.keyLength(entry), expiryMs);
    return this.#writeKey(moved, key, entries.keyStart(entry));
  }

  /** An entry whose value is where that of `entry` is; its key is yet to be written. */
  #apart(entry: Address, keyLength: number, expiryMs: number): Address {
    const { entries } = this.#space;
    const home = entries.home(entry);
    const moved = this.#alloc(keyLength, TYPE_STRING, ENC_APART, expiryMs, home, 0);
    entries.setLru(moved, entries.lru(entry));
    return moved;
  }

  #writeKey(entry: Address, bytes: Uint8Array, at: number): Address {
    const { arena, entries } = this.#space;
    copyBytes(arena.u8[segmentOf(entry)]!, entries.keyStart(entry), bytes, at, entries.keyLength(entry));
    return entry;
  }

  /** Gives an entry an expiry that has none. It may move. */
  addExpiry(entry: Address, expiryMs: number): Address {
    if (this.isLong(entry)) return this.longWith(entry, expiryMs);
    const { entries, arena } = this.#space;
    const meta = entries.meta(entry);
    const keyLength = entries.keyLength(entry);
    const ref = entries.ref(entry);
    const tail = tailBytes(meta, keyLength, ref);
    const need = KEY_OFFSET_EXPIRING + tail;
    const moved = need <= arena.capacity(entry) ? entry : arena.alloc(need);
    arena.copy(moved, KEY_OFFSET_EXPIRING, entry, KEY_BASE_ENTRY, tail);
    entries.writeHeader(moved, meta, keyLength, expiryMs, ref);
    return moved;
  }

  /** Takes an entry's expiry away, in place: see `isLong`. */
  dropExpiry(entry: Address): void {
    const { entries, arena } = this.#space;
    const meta = entries.meta(entry);
    const keyLength = entries.keyLength(entry);
    const ref = entries.ref(entry);
    arena.copy(entry, KEY_BASE_ENTRY, entry, KEY_OFFSET_EXPIRING, tailBytes(meta, keyLength, ref));
    entries.writeHeader(entry, meta, keyLength, -1, ref);
  }
}

/** What stands behind the fixed words: the key, and an inline string's value. */
function tailBytes(meta: number, keyLength: number, ref: number): number {
  return keyLength + ((meta & 7) === TYPE_STRING && !isApart(meta) ? ref : 0);
}
