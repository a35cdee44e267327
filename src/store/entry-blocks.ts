/**
 * The blocks of entries: making them, and giving them another value, key or room for an expiry. It knows no table and no
 * index: whoever gets a new address back puts it in the place of the old one, and frees that. A method that throws
 * ArenaExhausted has changed nothing.
 */
import { type Address, byteOf, segmentOf } from '../memory/arena.ts';
import { copyBytes } from '../base/copy.ts';
import { KEY_BASE_ENTRY, KEY_OFFSET_EXPIRING, makeMeta, TYPE_STRING } from './entry.ts';
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
    const { arena, entries } = this.#space;
    const base = expiryMs >= 0 ? KEY_OFFSET_EXPIRING : KEY_BASE_ENTRY;
    const entry = arena.alloc(base + keyLength + valueLength);
    entries.writeHeader(entry, makeMeta(type, encoding, this.#space.newAccess), keyLength, expiryMs, ref);
    copyBytes(arena.u8[segmentOf(entry)]!, byteOf(entry) + base, keyBytes, keyAt, keyLength);
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

  /** Makes a string entry larger or smaller; bytes up to the smaller length are kept, new ones are zero. It may move. */
  resizeString(entry: Address, length: number): Address {
    const { arena, entries } = this.#space;
    const head = entries.valueStart(entry) - byteOf(entry);
    const old = entries.ref(entry);
    let moved = entry;
    if (head + length > arena.capacity(entry)) {
      // What grows will grow again; what has just come into being may stay as it is.
      moved = arena.alloc(old === 0 ? head + length : roomToGrow(head + length));
      arena.copy(moved, 0, entry, 0, head + Math.min(old, length));
    }
    entries.setRef(moved, length);
    if (length > old) {
      const start = byteOf(moved) + head;
      arena.u8[segmentOf(moved)]!.fill(0, start + old, start + length);
    }
    return moved;
  }

  /** A copy of an entry under another key: value, expiry and access time are the same. */
  withKey(entry: Address, bytes: Uint8Array, at: number, length: number): Address {
    const { entries, arena } = this.#space;
    const meta = entries.meta(entry);
    const ref = entries.ref(entry);
    const valueLength = (meta & 7) === TYPE_STRING ? ref : 0;
    const expiry = entries.expiry(entry);
    const copy = this.build(bytes, at, length, meta & 7, (meta >>> 3) & 15, expiry, ref, valueLength);
    entries.setLru(copy, entries.lru(entry));
    const valueFrom = entries.valueStart(entry) - byteOf(entry);
    const valueTo = entries.valueStart(copy) - byteOf(copy);
    arena.copy(copy, valueTo, entry, valueFrom, valueLength);
    return copy;
  }

  /** Gives an entry an expiry that has none. It may move. */
  addExpiry(entry: Address, expiryMs: number): Address {
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

  /** Takes an entry's expiry away. It stays where it is. */
  dropExpiry(entry: Address): void {
    const { entries, arena } = this.#space;
    const meta = entries.meta(entry);
    const keyLength = entries.keyLength(entry);
    const ref = entries.ref(entry);
    arena.copy(entry, KEY_BASE_ENTRY, entry, KEY_OFFSET_EXPIRING, tailBytes(meta, keyLength, ref));
    entries.writeHeader(entry, meta, keyLength, -1, ref);
  }
}

/** What stands behind the fixed words: the key, and a string's value. */
function tailBytes(meta: number, keyLength: number, ref: number): number {
  return keyLength + ((meta & 7) === TYPE_STRING ? ref : 0);
}
