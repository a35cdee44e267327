/**
 * One numbered database: what commands see of its keys, and what becomes of them. The tables are in key-tables.ts.
 *
 * Looking a key up is where expiry is decided (`read`, `write`): a master deletes an entry past its time and tells
 * `events.expired`, a replica hides it and waits for the master's DEL. A method that throws ArenaExhausted has changed nothing.
 *
 * Rule of snapshots: a value is changed only after `write` has looked its key up (in the same command), or by a method here
 * that changes the entry. Both tell a snapshot that is under way first, so that it keeps the data as of its start. Where only
 * the key or the expiry changes (`relink`), or the key goes, the value is as it was until it is freed, and need not be copied.
 */
import { type Address, byteOf, segmentOf } from '../memory/arena.ts';
import { randomItem, sampleItems } from '../memory/dict-random.ts';
import { copyBytes } from '../base/copy.ts';
import { keyspaceEvents } from '../base/settings.ts';
import { Span } from '../base/span.ts';
import { isApart, KEY_BASE_ENTRY, KEY_OFFSET_EXPIRING, makeMeta, TYPE_HASH, TYPE_SET, TYPE_STRING } from './entry.ts';
import type { ExpiryIndex } from './expiry-index.ts';
import { hasFieldDeadlines } from './field-deadlines.ts';
import { KeyTables } from './key-tables.ts';
import type { Keyspace } from './keyspace.ts';
import { stringEncoding } from './string-encoding.ts';

/** Picks of a random key on a replica whose keys may all be past their time. */
const RANDOM_TRIES = 100;
const HAS_EXPIRY = 0x80000000;

export class Database {
  readonly index: number;
  readonly space: Keyspace;
  /** Keys of this database that clients are blocked on; while it is 0, nobody wants to hear of new keys. */
  waiting = 0;
  readonly expiries: ExpiryIndex;
  readonly #tables: KeyTables;
  readonly #span: Span = new Span();
  readonly #other: Span = new Span();

  constructor(space: Keyspace, index: number) {
    this.space = space;
    this.index = index;
    this.#tables = new KeyTables(space, this);
    this.expiries = this.#tables.expiries;
  }

  /** Keys, those past their time but not yet deleted included. */
  get size(): number {
    return this.space.keys.count(this.#tables.keys);
  }

  /** Keys with an expiry. */
  get expiring(): number {
    return this.expiries.count;
  }

  /** Hashes with a field that expires. */
  get expiringHashes(): number {
    return this.space.fieldDeadlines.count(this.#tables.hashes);
  }

  /** The table of keys, for walks (SCAN, snapshot, digest). */
  get table(): Address {
    return this.#tables.keys;
  }

  /** The entry without regard to expiry or access time, or 0. `hash`: of the key, for a caller that has it. */
  peek(
    bytes: Uint8Array,
    at: number,
    length: number,
    hash: number = this.space.hasher.hash(bytes, at, length),
  ): Address {
    return this.space.keys.find(this.#tables.keys, bytes, at, length, hash);
  }

  /** The entry for a reading command, or 0 if the key is missing or past its time. Counts hits and misses. */
  read(bytes: Uint8Array, at: number, length: number): Address {
    const entry = this.#live(bytes, at, length);
    if (entry === 0) {
      this.space.stats.misses++;
      this.#missed(bytes, at, length);
      return 0;
    }
    this.space.stats.hits++;
    if (!this.space.noTouch) this.space.touch(entry);
    return entry;
  }

  /** Like `read`, but leaves the access time alone: for commands that only ask about the key (TTL, TYPE, OBJECT). `silent`: a miss is no event. */
  inspect(bytes: Uint8Array, at: number, length: number, silent = false): Address {
    const entry = this.#live(bytes, at, length);
    if (entry !== 0) {
      this.space.stats.hits++;
      return entry;
    }
    this.space.stats.misses++;
    if (!silent) this.#missed(bytes, at, length);
    return 0;
  }

  /** The entry for a command that changes the key or its expiry but not the value, or 0: see `rename` and `setExpiry`, which tell snapshots. */
  relink(bytes: Uint8Array, at: number, length: number): Address {
    const entry = this.#live(bytes, at, length);
    if (entry !== 0 && !this.space.noTouch) this.space.touch(entry);
    return entry;
  }

  /** The entry for a writing command, or 0. */
  write(bytes: Uint8Array, at: number, length: number): Address {
    const space = this.space;
    const entry = this.#live(bytes, at, length);
    if (entry === 0) return 0;
    space.keys.beforeChange(this.#tables.keys, entry);
    if (!space.noTouch) space.touch(entry);
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
    let old = space.keys.find(this.#tables.keys, keyBytes, keyAt, keyLength, hash);
    let keep = expiryMs === KEEP_EXPIRY;
    if (old !== 0 && space.entries.meta(old) >>> 31 === 1 && this.isExpired(old)) {
      // For the client the key was absent.
      keep = false;
      if (this.expireEntry(old)) old = 0;
    }
    if (old === 0) {
      const expiry = expiryMs < 0 ? -1 : expiryMs;
      const entry = space.blocks.buildString(keyBytes, keyAt, keyLength, bytes, at, length, expiry);
      this.#tables.link(entry, expiry, hash);
      this.#created(keyBytes, keyAt, keyLength);
      return entry;
    }
    const { entries, arena, blocks } = space;
    const meta = entries.meta(old);
    const had = meta >>> 31 === 0 ? -1 : entries.expiry(old);
    const kept = keep ? had : Math.max(expiryMs, -1);
    // In place, if it was a string of the same layout and the block fits without much waste.
    if ((meta & 7) === TYPE_STRING && kept < 0 === had < 0 && !isApart(meta)) {
      const base = kept < 0 ? KEY_BASE_ENTRY : KEY_OFFSET_EXPIRING;
      if (arena.fits(old, base + keyLength + length)) {
        space.keys.beforeChange(this.#tables.keys, old);
        if (kept !== had) this.expiries.move(old, had, kept);
        const words = arena.u32[segmentOf(old)]!;
        const word = byteOf(old) >>> 2;
        const access = space.access.usesLfu ? this.#overwritten(old) : space.lruClock;
        words[word] = makeMeta(TYPE_STRING, stringEncoding(bytes, at, length), access) | (kept < 0 ? 0 : HAS_EXPIRY);
        words[word + (base >>> 2) - 1] = length;
        copyBytes(arena.u8[segmentOf(old)]!, byteOf(old) + base + keyLength, bytes, at, length);
        return old;
      }
    }
    space.keys.beforeLeave(this.#tables.keys, old);
    const entry = blocks.buildString(keyBytes, keyAt, keyLength, bytes, at, length, kept);
    if (space.access.usesLfu) entries.setLru(entry, this.#overwritten(old));
    if (kept >= 0 && kept === had) this.expiries.replace(old, entry, had);
    else if (kept >= 0) this.#tables.index(entry, kept);
    if (had >= 0 && kept !== had) this.expiries.remove(old, had);
    // The table's slot was found above; nothing since has changed a table.
    space.keys.replaceFound(entry);
    if (hasFieldDeadlines(meta)) space.fieldDeadlines.detach(old);
    if (this.waiting > 0 && (meta & 7) > TYPE_HASH) space.events.ready(this, keyBytes, keyAt, keyLength);
    space.reclaimer.freeEntry(old);
    return entry;
  }

  /** Replaces the value of a string entry and keeps its expiry. Returns the entry's address, which may be new. */
  replaceString(entry: Address, bytes: Uint8Array, at: number, length: number): Address {
    const { entries, arena } = this.space;
    this.space.keys.beforeChange(this.#tables.keys, entry);
    const valueAt = entries.valueStart(entry);
    if (!isApart(entries.meta(entry)) && arena.fits(entry, valueAt - byteOf(entry) + length)) {
      entries.setEncoding(entry, stringEncoding(bytes, at, length));
      entries.setRef(entry, length);
      copyBytes(arena.u8[segmentOf(entry)]!, valueAt, bytes, at, length);
      return entry;
    }
    // Who changes a value has counted its use already.
    const access = entries.lru(entry);
    const key = entries.key(entry, this.#span);
    const moved = this.setString(key.bytes, key.at, key.length, bytes, at, length, KEEP_EXPIRY);
    entries.setLru(moved, access);
    return moved;
  }

  /**
   * Resizes the value of a string entry in place or by moving it; bytes up to the smaller length are kept, new ones are
   * zero. The result counts as raw, as Redis has it after APPEND and SETRANGE. Returns the entry's address, which may be new.
   */
  resizeString(entry: Address, length: number): Address {
    const { entries, blocks } = this.space;
    this.space.keys.beforeChange(this.#tables.keys, entry);
    const expiry = entries.expiry(entry);
    const moved = blocks.resizeString(entry, length);
    if (moved === entry) return entry;
    if (expiry >= 0) this.expiries.replace(entry, moved, expiry);
    this.#tables.replace(entry, moved);
    return moved;
  }

  /**
   * Adds a key that must be absent, with a collection as its value (`ref`: its root block). Returns the entry. The value is
   * the database's from here on: if memory runs out, it is given back as well.
   */
  add(bytes: Uint8Array, at: number, length: number, type: number, encoding: number, ref: Address): Address {
    try {
      return this.place(this.space.blocks.build(bytes, at, length, type, encoding, -1, ref, 0));
    } catch (error) {
      this.space.reclaimer.freeValue(type, encoding, ref);
      throw error;
    }
  }

  /** Adds a finished entry, whose key must be absent. Frees its block if memory runs out, but not its value. Returns it. */
  place(entry: Address): Address {
    const { entries, hasher } = this.space;
    const meta = entries.meta(entry);
    const { bytes, at, length } = entries.key(entry, this.#span);
    const hash = hasher.hash(bytes, at, length);
    this.#removeHidden(bytes, at, length, hash);
    this.#tables.link(entry, entries.expiry(entry), hash);
    if (hasFieldDeadlines(meta)) this.#tables.attach(entry);
    this.#created(bytes, at, length);
    if (this.waiting > 0) this.#filled(meta & 7, bytes, at, length);
    return entry;
  }

  /**
   * Tells clients blocked on a key that it has something for them: where that is not seen here because the key did not
   * come into being (a stream grew, a consumer group went away).
   */
  signalReady(bytes: Uint8Array, at: number, length: number): void {
    if (this.waiting > 0) this.space.events.ready(this, bytes, at, length);
  }

  /** Adds a string key that must be absent. */
  addString(
    keyBytes: Uint8Array,
    keyAt: number,
    keyLength: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    expiryMs: number,
  ): Address {
    const hash = this.space.hasher.hash(keyBytes, keyAt, keyLength);
    this.#removeHidden(keyBytes, keyAt, keyLength, hash);
    const entry = this.space.blocks.buildString(keyBytes, keyAt, keyLength, bytes, at, length, expiryMs);
    this.#tables.link(entry, expiryMs, hash);
    this.#created(keyBytes, keyAt, keyLength);
    return entry;
  }

  /**
   * Adds entries that are in no table yet, and zeroes in `items` those that are the database's now. Returns `count`, or the
   * index of the first one whose key is there already: neither it nor those behind it are added. Throws ArenaExhausted likewise.
   */
  linkBuilt(items: Uint32Array, hashes: Int32Array, count: number): number {
    return this.#tables.linkBuilt(items, hashes, count);
  }

  /** Deletes the key and reclaims its value; false if it was absent. No regard to expiry. `hash`: of the key, for a caller that has it. */
  remove(
    bytes: Uint8Array,
    at: number,
    length: number,
    hash: number = this.space.hasher.hash(bytes, at, length),
  ): boolean {
    const entry = this.#unlink(bytes, at, length, hash);
    if (entry === 0) return false;
    this.space.reclaimer.freeEntry(entry);
    return true;
  }

  /** Deletes the key for a command. Where it was past its time this counts as expiry, and as absence. */
  delete(bytes: Uint8Array, at: number, length: number): boolean {
    if (this.expiring > 0) this.#live(bytes, at, length);
    return this.remove(bytes, at, length);
  }

  /** Deletes an entry found before. */
  removeEntry(entry: Address): void {
    const key = this.space.entries.key(entry, this.#span);
    this.remove(key.bytes, key.at, key.length);
  }

  /** Sets (ms since the epoch) or, with -1, clears an entry's expiry. The entry may move: returns its address. */
  setExpiry(entry: Address, expiryMs: number): Address {
    const { entries, blocks, arena, keys } = this.space;
    const old = entries.expiry(entry);
    if (old === expiryMs) return entry;
    if (blocks.staysPut(entry)) keys.beforeLeave(this.#tables.keys, entry);
    else keys.beforeChange(this.#tables.keys, entry);
    if (old >= 0) {
      if (expiryMs >= 0) this.expiries.move(entry, old, expiryMs);
      else return this.#dropExpiry(entry, old);
      return entry;
    }
    const moved = blocks.addExpiry(entry, expiryMs);
    try {
      this.expiries.insert(moved, expiryMs);
    } catch (error) {
      if (moved === entry) blocks.dropExpiry(entry);
      else arena.free(moved);
      throw error;
    }
    if (moved === entry) return entry;
    if (hasFieldDeadlines(entries.meta(moved))) this.space.fieldDeadlines.moved(entry, moved);
    this.#tables.replace(entry, moved);
    return moved;
  }

  /**
   * Moves an entry's value and expiry to another key (absent there) of the same or another database, in a time that does not
   * depend on the value. The entry is no more then; returns the new one. `makeWay` removes what the key has, or throws, once
   * the new entry is built: what is needed from then on is little.
   */
  rename(
    entry: Address,
    target: Database,
    bytes: Uint8Array,
    at: number,
    length: number,
    makeWay?: () => void,
  ): Address {
    const { arena, blocks, hasher } = this.space;
    // Another table hears of no changes to what a snapshot of this one still has to write.
    if (target !== this) this.space.keys.beforeChange(this.#tables.keys, entry);
    const moved = blocks.withKey(entry, bytes, at, length);
    try {
      makeWay?.();
    } catch (error) {
      arena.free(moved);
      throw error;
    }
    this.hand(entry, moved, target, hasher.hash(bytes, at, length));
    return moved;
  }

  /**
   * Puts an entry, which has the value of one of this database and another key (`blocks.withRoom`), absent there, into a database; the
   * old entry is no more then. `hash`: of that key. If memory runs out, the new one is freed instead.
   */
  hand(entry: Address, moved: Address, target: Database, hash: number): void {
    const { entries, arena, blocks, hasher } = this.space;
    const meta = entries.meta(entry);
    const { bytes, at, length } = entries.key(moved, this.#span);
    target.#removeHidden(bytes, at, length, hash);
    target.#tables.link(moved, entries.expiry(entry), hash);
    if (hasFieldDeadlines(meta)) {
      try {
        this.space.fieldDeadlines.relocate(entry, moved, target.#tables.hashes);
      } catch (error) {
        target.#unlink(bytes, at, length, hash, false);
        arena.free(moved);
        throw error;
      }
    }
    const old = entries.key(entry, this.#other);
    this.#unlink(old.bytes, old.at, old.length, hasher.hash(old.bytes, old.at, old.length), false);
    blocks.release(entry, moved);
    target.#created(bytes, at, length);
    if (target.waiting > 0) target.#filled(meta & 7, bytes, at, length);
  }

  /** Deletes everything; memory is reclaimed in slices. */
  clear(): void {
    this.#tables.clear();
    if (this.waiting > 0) this.space.events.replaced(this);
  }

  /** Gives back everything, the empty tables too: the end of a staging database. It must not be used afterwards. */
  dispose(): void {
    this.#tables.dispose();
  }

  /** Exchanges the whole content with another database. */
  exchange(other: Database): void {
    this.#tables.exchange(other.#tables);
    if (this.waiting > 0) this.space.events.replaced(this);
    if (other.waiting > 0) this.space.events.replaced(other);
  }

  /** Makes room for `keys` keys, if the database is empty. */
  reserve(keys: number): void {
    this.space.keys.reserve(this.#tables.keys, keys);
  }

  /** Visits every entry, those past their time included. `visit` must not change the database. */
  forEach(visit: (entry: Address) => void): void {
    this.space.keys.forEach(this.#tables.keys, visit);
  }

  /** Visits some entries from a SCAN cursor and returns the next cursor, 0 at the end. */
  scan(cursor: number, visit: (entry: Address) => void): number {
    return this.space.keys.scan(this.#tables.keys, cursor, visit);
  }

  /** A random entry that clients may see, or 0. Deletes those past their time that it comes across, on a master. */
  random(): Address {
    let tries = 0;
    for (;;) {
      const entry = this.randomEntry();
      if (entry === 0 || !this.isExpired(entry)) return entry;
      // Entries that may not be deleted (replica, pause) and are all past their time: show one, as Redis does.
      if (!this.expireEntry(entry) && this.expiring === this.size && ++tries >= RANDOM_TRIES) return entry;
    }
  }

  /** Deletes an entry that `isExpired`, if this server may: not on a replica, nor in a pause. */
  expireEntry(entry: Address): boolean {
    const space = this.space;
    if (space.isReplica || space.expirePaused) return false;
    this.#expire(entry);
    return true;
  }

  /** Deletes an entry that `isExpired` on a replica whose own clients made it. */
  expireLocal(entry: Address): void {
    this.#expire(entry);
  }

  /** Deletes the key with the earliest expiry if its time has come. */
  expireFirstDue(): boolean {
    const entry = this.expiries.firstDue();
    if (entry === 0) return false;
    this.#expire(entry);
    return true;
  }

  /** A hash of this database has taken the form whose fields can expire; none does yet. */
  indexHash(entry: Address): void {
    this.space.fieldDeadlines.attach(entry, this.#tables.hashes);
  }

  /** The hash whose fields' next deadline is the earliest and has passed, or 0. */
  firstDueHash(): Address {
    return this.space.fieldDeadlines.firstDue(this.#tables.hashes, this.space.now);
  }

  /** Moves buckets of a pending resize; true while more is left. */
  rehashSome(buckets: number): boolean {
    return this.space.keys.rehashSome(this.#tables.keys, buckets);
  }

  /** An entry, all equally likely, whatever its expiry; 0 if there is none. */
  randomEntry(): Address {
    return randomItem(this.space.keys, this.#tables.keys, this.space.random);
  }

  /** Puts some `wanted` random entries, no two of which are the same, into `out`, perhaps more; returns how many. */
  sample(out: Uint32Array, wanted: number): number {
    return sampleItems(this.space.keys, this.#tables.keys, this.space.random, out, wanted);
  }

  // -- inside -------------------------------------------------------------------------------------------------

  /** Under LFU a new value inherits its key's counter. */
  #overwritten(old: Address): number {
    const { access, entries, noTouch, now } = this.space;
    const field = entries.lru(old);
    return noTouch ? field : access.usedLfu(field, now);
  }

  #live(bytes: Uint8Array, at: number, length: number): Address {
    const space = this.space;
    const entry = space.keys.find(this.#tables.keys, bytes, at, length, space.hasher.hash(bytes, at, length));
    if (entry === 0 || space.entries.meta(entry) >>> 31 === 0) return entry;
    if (space.now <= space.entries.expiry(entry) || space.fromMaster) return entry;
    this.expireEntry(entry);
    return 0;
  }

  #expire(entry: Address): void {
    const space = this.space;
    const key = space.entries.key(entry, this.#span);
    space.stats.expiredKeys++;
    space.events.expired(this, key.bytes, key.at, key.length);
    this.removeEntry(entry);
  }

  /** Takes the expiry `old` away from an entry that has it. It may move: returns its address. */
  #dropExpiry(entry: Address, old: number): Address {
    const { blocks } = this.space;
    // Before the index: memory may run out here.
    const moved = blocks.isLong(entry) ? blocks.longWith(entry, -1) : entry;
    this.expiries.remove(entry, old);
    if (moved === entry) blocks.dropExpiry(entry);
    else this.#tables.replace(entry, moved);
    return moved;
  }

  #created(bytes: Uint8Array, at: number, length: number): void {
    const { space } = this;
    if ((space.settings.notifyKeyspaceEvents & keyspaceEvents.newKey) === 0 || space.replacing) return;
    // Not in a staging database.
    if (space.databases[this.index] === this) space.events.created(this, bytes, at, length);
  }

  #missed(bytes: Uint8Array, at: number, length: number): void {
    const { space } = this;
    if ((space.settings.notifyKeyspaceEvents & keyspaceEvents.keyMiss) !== 0)
      space.events.missed(this, bytes, at, length);
  }

  /** A key came into being while clients are blocked in this database. */
  #filled(type: number, bytes: Uint8Array, at: number, length: number): void {
    if (type !== TYPE_STRING && type !== TYPE_SET && type !== TYPE_HASH)
      this.space.events.ready(this, bytes, at, length);
  }

  /**
   * A key past its time that may not expire here (a replica, a pause) is absent for clients and yet in the table: what a
   * client puts in its place, on a writable replica, takes it out first. Two entries of one key would never come apart.
   */
  #removeHidden(bytes: Uint8Array, at: number, length: number, hash: number): void {
    const { isReplica, expirePaused, fromMaster } = this.space;
    if ((isReplica || expirePaused) && !fromMaster && this.expiring > 0) this.remove(bytes, at, length, hash);
  }

  /** `indexed`: a hash whose fields expire is in the index. */
  #unlink(bytes: Uint8Array, at: number, length: number, hash: number, indexed: boolean = true): Address {
    const { entries, events } = this.space;
    const entry = this.#tables.unlink(bytes, at, length, hash, indexed);
    // Who reads a stream as a member of a group hears of its end.
    if (this.waiting > 0 && entry !== 0 && (entries.meta(entry) & 7) > TYPE_HASH) events.ready(this, bytes, at, length);
    return entry;
  }
}

/** For `setString`: leave the expiry as it is. */
export const KEEP_EXPIRY: number = -2;
