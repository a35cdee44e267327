/**
 * One numbered database: keys to entries, and the order in which keys expire.
 *
 * Looking a key up is where expiry is decided (`read`, `write`): a master deletes an entry past its time and tells
 * `events.expired`, a replica hides it and waits for the master's DEL. Invariant: an entry is in `deadlines` iff it has
 * an expiry.
 */
import { type Address, byteOf, segmentOf } from '../memory/arena.ts';
import { copyBytes } from '../memory/copy.ts';
import { parseInteger } from '../base/numbers.ts';
import { Span } from '../base/span.ts';
import { ENC_EMBSTR, ENC_INT, ENC_RAW, KEY_BASE_ENTRY, KEY_OFFSET_EXPIRING, makeMeta, TYPE_STRING } from './entry.ts';
import type { Keyspace } from './keyspace.ts';

/** Strings up to this length are reported as embstr. */
const EMBSTR_MAX_BYTES = 44;
const EXPIRY_BYTES = 8;
/** Digits of the longest int64, with sign. */
const INT64_TEXT_MAX = 20;

export class Database {
  readonly index: number;
  readonly space: Keyspace;
  /** Header of the table of keys, and of the expiry index. */
  #keys: Address;
  #deadlines: Address;
  /** Where an active scan for idle rehashing left off. */
  readonly #span: Span = new Span();

  constructor(space: Keyspace, index: number) {
    this.space = space;
    this.index = index;
    this.#keys = space.keys.create();
    this.#deadlines = space.deadlines.create();
  }

  /** Keys, those past their time but not yet deleted included. */
  get size(): number {
    return this.space.keys.count(this.#keys);
  }

  /** Keys with an expiry. */
  get expiring(): number {
    return this.space.deadlines.count(this.#deadlines);
  }

  /** The table of keys, for walks (SCAN, snapshot, digest). */
  get table(): Address {
    return this.#keys;
  }

  /** The entry without regard to expiry or access time, or 0. */
  peek(bytes: Uint8Array, at: number, length: number): Address {
    return this.space.keys.find(this.#keys, bytes, at, length, this.space.hasher.hash(bytes, at, length));
  }

  /** The entry for a reading command, or 0 if the key is missing or past its time. Counts hits and misses. */
  read(bytes: Uint8Array, at: number, length: number): Address {
    const entry = this.#live(bytes, at, length);
    if (entry === 0) {
      this.space.stats.misses++;
      return 0;
    }
    this.space.stats.hits++;
    if (!this.space.noTouch) this.space.entries.setLru(entry, this.space.lruClock);
    return entry;
  }

  /** The entry for a writing command, or 0. */
  write(bytes: Uint8Array, at: number, length: number): Address {
    const entry = this.#live(bytes, at, length);
    if (entry !== 0) this.space.entries.setLru(entry, this.space.lruClock);
    return entry;
  }

  /** Whether the key exists for clients; neither counted nor touched. */
  exists(bytes: Uint8Array, at: number, length: number): boolean {
    return this.#live(bytes, at, length) !== 0;
  }

  /** Whether an entry is past its time and therefore invisible to the present command. */
  isExpired(entry: Address): boolean {
    const expiry = this.space.entries.expiry(entry);
    return expiry >= 0 && this.space.now > expiry && !this.space.fromMaster;
  }

  /**
   * Sets a string value, replacing whatever was there. `expiryMs` -1: no expiry; KEEP_EXPIRY: as it was.
   * Returns the entry.
   */
  setString(
    keyBytes: Uint8Array,
    keyAt: number,
    keyLength: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    expiryMs: number,
  ): Address {
    const space = this.space;
    const hash = space.hasher.hash(keyBytes, keyAt, keyLength);
    const old = space.keys.find(this.#keys, keyBytes, keyAt, keyLength, hash);
    const encoding = stringEncoding(bytes, at, length);
    if (old === 0) {
      const entry = this.#build(
        keyBytes,
        keyAt,
        keyLength,
        TYPE_STRING,
        encoding,
        Math.max(expiryMs, -1),
        length,
        length,
      );
      this.#writeValue(entry, bytes, at, length);
      space.keys.insert(this.#keys, entry, hash);
      if (expiryMs >= 0) space.deadlines.insert(this.#deadlines, expiryMs, entry);
      return entry;
    }
    const entries = space.entries;
    const meta = entries.meta(old);
    const kept = expiryMs === KEEP_EXPIRY ? entries.expiry(old) : expiryMs;
    // In place, if it was a string without change in layout and the block fits without much waste.
    if ((meta & 7) === TYPE_STRING && kept < 0 && meta >>> 31 === 0) {
      const need = KEY_BASE_ENTRY + keyLength + length;
      const capacity = space.arena.capacity(old);
      if (need <= capacity && (need * 2 >= capacity || capacity <= 64)) {
        const words = space.arena.u32[segmentOf(old)]!;
        const word = byteOf(old) >>> 2;
        words[word] = makeMeta(TYPE_STRING, encoding, space.lruClock);
        words[word + 2] = length;
        copyBytes(space.arena.u8[segmentOf(old)]!, byteOf(old) + KEY_BASE_ENTRY + keyLength, bytes, at, length);
        return old;
      }
    }
    const entry = this.#build(keyBytes, keyAt, keyLength, TYPE_STRING, encoding, kept, length, length);
    this.#writeValue(entry, bytes, at, length);
    // The table's slot was found above; building the entry changes no table.
    space.keys.replaceFound(entry);
    if (meta >>> 31 === 1) space.deadlines.remove(this.#deadlines, entries.expiry(old), old);
    if (kept >= 0) space.deadlines.insert(this.#deadlines, kept, entry);
    space.reclaimer.freeEntry(old);
    return entry;
  }

  /**
   * Resizes the value of a string entry in place or by moving it; bytes up to the smaller length are kept, new ones are
   * zero. The result counts as raw, as Redis has it after APPEND and SETRANGE. Returns the entry's address, which may be new.
   */
  resizeString(entry: Address, length: number): Address {
    const { entries, arena, keys } = this.space;
    const key = entries.key(entry, this.#span);
    const head = entries.keyStart(entry) - byteOf(entry) + key.length;
    const old = entries.ref(entry);
    const expiry = entries.expiry(entry);
    const hash = this.space.hasher.hash(key.bytes, key.at, key.length);
    let moved = entry;
    if (head + length > arena.capacity(entry)) {
      keys.find(this.#keys, key.bytes, key.at, key.length, hash);
      moved = arena.alloc(growth(head + length));
      arena.copy(moved, 0, entry, 0, head + Math.min(old, length));
      keys.replaceFound(moved);
      if (expiry >= 0) this.space.deadlines.replaceItem(this.#deadlines, expiry, entry, moved);
      arena.free(entry);
    }
    entries.setRef(moved, length);
    entries.setEncoding(moved, ENC_RAW);
    if (length > old) {
      const start = byteOf(moved) + head;
      arena.u8[segmentOf(moved)]!.fill(0, start + old, start + length);
    }
    return moved;
  }

  /** Adds a key that must be absent, with a collection as its value (`ref`: its root block). Returns the entry. */
  add(bytes: Uint8Array, at: number, length: number, type: number, encoding: number, ref: Address): Address {
    const entry = this.#build(bytes, at, length, type, encoding, -1, ref, 0);
    this.space.keys.insert(this.#keys, entry, this.space.hasher.hash(bytes, at, length));
    return entry;
  }

  /** Adds a string key that must be absent: the loader's way in. */
  addString(
    keyBytes: Uint8Array,
    keyAt: number,
    keyLength: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    expiryMs: number,
  ): Address {
    const encoding = stringEncoding(bytes, at, length);
    const entry = this.#build(keyBytes, keyAt, keyLength, TYPE_STRING, encoding, expiryMs, length, length);
    this.#writeValue(entry, bytes, at, length);
    this.space.keys.insert(this.#keys, entry, this.space.hasher.hash(keyBytes, keyAt, keyLength));
    if (expiryMs >= 0) this.space.deadlines.insert(this.#deadlines, expiryMs, entry);
    return entry;
  }

  /** Deletes the key and reclaims its value; false if it was absent. No regard to expiry. */
  remove(bytes: Uint8Array, at: number, length: number): boolean {
    const entry = this.#unlink(bytes, at, length);
    if (entry === 0) return false;
    this.space.reclaimer.freeEntry(entry);
    return true;
  }

  /** Deletes an entry found before. */
  removeEntry(entry: Address): void {
    const key = this.space.entries.key(entry, this.#span);
    this.remove(key.bytes, key.at, key.length);
  }

  /** Sets (ms since the epoch) or, with -1, clears an entry's expiry. The entry may move: returns its address. */
  setExpiry(entry: Address, expiryMs: number): Address {
    const { entries, deadlines, arena, keys } = this.space;
    const old = entries.expiry(entry);
    if (old === expiryMs) return entry;
    if (old >= 0) deadlines.remove(this.#deadlines, old, entry);
    const meta = entries.meta(entry);
    const keyLength = entries.keyLength(entry);
    const ref = entries.ref(entry);
    const tail = keyLength + ((meta & 7) === TYPE_STRING ? ref : 0);
    const from = entries.keyStart(entry) - byteOf(entry);
    const to = expiryMs >= 0 ? KEY_OFFSET_EXPIRING : KEY_BASE_ENTRY;
    let moved = entry;
    if (to + tail > arena.capacity(entry)) {
      const key = entries.key(entry, this.#span);
      keys.find(this.#keys, key.bytes, key.at, key.length, this.space.hasher.hash(key.bytes, key.at, key.length));
      moved = arena.alloc(to + tail);
      arena.copy(moved, to, entry, from, tail);
      keys.replaceFound(moved);
      arena.free(entry);
    } else if (from !== to) {
      arena.copy(moved, to, moved, from, tail);
    }
    entries.writeHeader(moved, meta, keyLength, expiryMs, ref);
    if (expiryMs >= 0) deadlines.insert(this.#deadlines, expiryMs, moved);
    return moved;
  }

  /**
   * Moves an entry's value and expiry to another key (absent there) of the same or another database. The entry's block is
   * freed. Returns the new entry.
   */
  rename(entry: Address, target: Database, bytes: Uint8Array, at: number, length: number): Address {
    const { entries, arena } = this.space;
    const meta = entries.meta(entry);
    const expiry = entries.expiry(entry);
    const ref = entries.ref(entry);
    const valueLength = (meta & 7) === TYPE_STRING ? ref : 0;
    const moved = target.#build(bytes, at, length, meta & 7, (meta >>> 3) & 15, expiry, ref, valueLength);
    entries.setLru(moved, entries.lru(entry));
    const valueFrom = entries.keyStart(entry) - byteOf(entry) + entries.keyLength(entry);
    const valueTo = entries.keyStart(moved) - byteOf(moved) + length;
    arena.copy(moved, valueTo, entry, valueFrom, valueLength);
    const key = entries.key(entry, this.#span);
    this.#unlink(key.bytes, key.at, key.length);
    arena.free(entry);
    target.space.keys.insert(target.#keys, moved, this.space.hasher.hash(bytes, at, length));
    if (expiry >= 0) this.space.deadlines.insert(target.#deadlines, expiry, moved);
    return moved;
  }

  /** Deletes everything; memory is reclaimed in slices. */
  clear(): void {
    const { keys, deadlines, reclaimer } = this.space;
    reclaimer.freeTable(this.#keys, this.#deadlines);
    this.#keys = keys.create();
    this.#deadlines = deadlines.create();
  }

  /** Exchanges the whole content with another database. */
  exchange(other: Database): void {
    [this.#keys, other.#keys] = [other.#keys, this.#keys];
    [this.#deadlines, other.#deadlines] = [other.#deadlines, this.#deadlines];
  }

  /** Makes room for `keys` keys, if the database is empty. */
  reserve(keys: number): void {
    this.space.keys.reserve(this.#keys, keys);
  }

  /** Visits every entry, those past their time included. `visit` must not change the database. */
  forEach(visit: (entry: Address) => void): void {
    this.space.keys.forEach(this.#keys, visit);
  }

  /** Visits some entries from a SCAN cursor and returns the next cursor, 0 at the end. */
  scan(cursor: number, visit: (entry: Address) => void): number {
    return this.space.keys.scan(this.#keys, cursor, visit);
  }

  /** A random entry (it may be past its time), or 0. */
  random(): Address {
    return this.space.keys.random(this.#keys, this.space.random);
  }

  /** Deletes the key with the earliest expiry if its time has come. */
  expireFirstDue(): boolean {
    const { deadlines } = this.space;
    if (deadlines.count(this.#deadlines) === 0) return false;
    const first = deadlines.first(this.#deadlines);
    if (deadlines.value(first) >= this.space.now) return false;
    this.#expire(deadlines.item(first));
    return true;
  }

  /** Sum and number of the remaining lives of keys with an expiry, sampled from the soonest: for avg_ttl. */
  averageTtl(samples: number): number {
    const { deadlines } = this.space;
    const count = deadlines.count(this.#deadlines);
    if (count === 0) return 0;
    let sum = 0;
    const taken = Math.min(samples, count);
    for (let i = 0; i < taken; i++) {
      const cursor = deadlines.atRank(this.#deadlines, Math.floor((i * count) / taken));
      sum += Math.max(0, deadlines.value(cursor) - this.space.now);
    }
    return Math.floor(sum / taken);
  }

  /** Moves buckets of a pending resize; true while more is left. */
  rehashSome(buckets: number): boolean {
    return this.space.keys.rehashSome(this.#keys, buckets);
  }

  #live(bytes: Uint8Array, at: number, length: number): Address {
    const space = this.space;
    const entry = space.keys.find(this.#keys, bytes, at, length, space.hasher.hash(bytes, at, length));
    if (entry === 0 || space.entries.meta(entry) >>> 31 === 0) return entry;
    if (space.now <= space.entries.expiry(entry) || space.fromMaster) return entry;
    if (!space.isReplica && !space.expirePaused) this.#expire(entry);
    return 0;
  }

  #expire(entry: Address): void {
    const space = this.space;
    const key = space.entries.key(entry, this.#span);
    space.stats.expiredKeys++;
    space.events.expired(this, key.bytes, key.at, key.length);
    this.remove(key.bytes, key.at, key.length);
  }

  #unlink(bytes: Uint8Array, at: number, length: number): Address {
    const space = this.space;
    const entry = space.keys.remove(this.#keys, bytes, at, length, space.hasher.hash(bytes, at, length));
    if (entry !== 0 && space.entries.hasExpiry(entry))
      space.deadlines.remove(this.#deadlines, space.entries.expiry(entry), entry);
    return entry;
  }

  #build(
    keyBytes: Uint8Array,
    keyAt: number,
    keyLength: number,
    type: number,
    encoding: number,
    expiryMs: number,
    ref: number,
    valueLength: number,
  ): Address {
    const { arena, entries } = this.space;
    const base = expiryMs >= 0 ? KEY_OFFSET_EXPIRING : KEY_BASE_ENTRY;
    const entry = arena.alloc(base + keyLength + valueLength);
    entries.writeHeader(entry, makeMeta(type, encoding, this.space.lruClock), keyLength, expiryMs, ref);
    copyBytes(arena.u8[segmentOf(entry)]!, byteOf(entry) + base, keyBytes, keyAt, keyLength);
    return entry;
  }

  #writeValue(entry: Address, bytes: Uint8Array, at: number, length: number): void {
    const { arena, entries } = this.space;
    copyBytes(arena.u8[segmentOf(entry)]!, entries.keyStart(entry) + entries.keyLength(entry), bytes, at, length);
  }
}

/** For `setString`: leave the expiry as it is. */
export const KEEP_EXPIRY: number = -2;

function stringEncoding(bytes: Uint8Array, at: number, length: number): number {
  if (length <= INT64_TEXT_MAX && length > 0) {
    const first = bytes[at]!;
    if (first <= 57 && (first >= 48 || first === 45) && parseInteger(bytes, at, length) !== undefined) return ENC_INT;
  }
  return length <= EMBSTR_MAX_BYTES ? ENC_EMBSTR : ENC_RAW;
}

/** Size to allocate for a string that grows: doubling up to 1 MiB, then 1 MiB more, as Redis's strings do. */
function growth(bytes: number): number {
  const MIB = 1024 * 1024;
  return bytes < MIB ? bytes * 2 : bytes + MIB + EXPIRY_BYTES;
}
