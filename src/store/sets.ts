/**
 * Set keys: the entry-level side of sets. What a set's encodings are and how they convert is in set-value.ts, unions,
 * intersections and differences are in set-algebra.ts.
 *
 * Invariant: a set in the keyspace has at least one member; whoever removes the last one removes the key.
 * Byte ranges given to a visitor are valid until the next call of this class.
 */
import type { Address, Arena } from '../memory/arena.ts';
import * as intset from '../memory/intset.ts';
import * as listpack from '../memory/listpack.ts';
import type { Database } from './database.ts';
import { ENC_HASHTABLE, ENC_INTSET, ENC_LISTPACK, type Entries, TYPE_SET } from './entry.ts';
import type { Keyspace } from './keyspace.ts';
import { INT64_TEXT_MAX, type MemberVisitor, type SetValue, SetValues } from './set-value.ts';

export class Sets {
  readonly space: Keyspace;
  readonly arena: Arena;
  readonly entries: Entries;
  readonly values: SetValues;
  /** The set of the entry at work. */
  readonly #value: SetValue = { encoding: ENC_HASHTABLE, ref: 0 };

  constructor(space: Keyspace) {
    this.space = space;
    this.arena = space.arena;
    this.entries = space.entries;
    this.values = new SetValues(space);
  }

  // -- making sets --------------------------------------------------------------------------------------------

  /** Adds a key that must be absent, with an empty set: `add` must follow. The encoding suits `expected` members. */
  create(
    db: Database,
    keyBytes: Uint8Array,
    keyAt: number,
    keyLength: number,
    firstIsInteger: boolean,
    expected: number,
  ): Address {
    const value = this.#value;
    this.values.create(value, firstIsInteger, expected);
    return this.adopt(db, keyBytes, keyAt, keyLength, value);
  }

  /** The same with a table, whatever its members will be. */
  createTable(db: Database, keyBytes: Uint8Array, keyAt: number, keyLength: number, expected: number): Address {
    const value = this.#value;
    this.values.createTable(value, expected);
    return this.adopt(db, keyBytes, keyAt, keyLength, value);
  }

  /** Adds a key that must be absent, with a value made before; the key owns it from now on. */
  adopt(db: Database, keyBytes: Uint8Array, keyAt: number, keyLength: number, value: SetValue): Address {
    return db.add(keyBytes, keyAt, keyLength, TYPE_SET, value.encoding, value.ref);
  }

  /**
   * Adds a key that must be absent, with a set copied from a validated listpack, which becomes a table if it has more
   * than set-max-listpack-entries members. Returns the entry, or 0 when it is empty or, as far as it is noticed (in a
   * conversion), has a member twice.
   */
  createPacked(
    db: Database,
    keyBytes: Uint8Array,
    keyAt: number,
    keyLength: number,
    bytes: Uint8Array,
    at: number,
    length: number,
  ): Address {
    const value = this.#value;
    value.ref = listpack.fromBytes(this.arena, bytes, at, length);
    value.encoding = ENC_LISTPACK;
    return this.#adoptLoaded(db, keyBytes, keyAt, keyLength, this.space.settings.setMaxListpackEntries);
  }

  /** Like `createPacked`, from a validated intset, which becomes a table beyond set-max-intset-entries members. */
  createIntset(
    db: Database,
    keyBytes: Uint8Array,
    keyAt: number,
    keyLength: number,
    bytes: Uint8Array,
    at: number,
    length: number,
  ): Address {
    const value = this.#value;
    value.ref = intset.fromBytes(this.arena, bytes, at, length);
    value.encoding = ENC_INTSET;
    return this.#adoptLoaded(db, keyBytes, keyAt, keyLength, this.space.settings.setMaxIntsetEntries);
  }

  /** A copy of a value, for COPY. Returns its root block. */
  copyValue(encoding: number, ref: Address): Address {
    return this.values.copy(encoding, ref);
  }

  // -- members ------------------------------------------------------------------------------------------------

  length(entry: Address): number {
    return this.values.count(this.#load(entry));
  }

  has(entry: Address, bytes: Uint8Array, at: number, length: number): boolean {
    return this.values.has(this.#load(entry), bytes, at, length);
  }

  /** Before `members` members are added at once: converts early, not in the middle. */
  prepare(entry: Address, members: number): void {
    const value = this.#load(entry);
    if (value.encoding === ENC_HASHTABLE) return;
    const { setMaxIntsetEntries, setMaxListpackEntries } = this.space.settings;
    if (members <= (value.encoding === ENC_INTSET ? setMaxIntsetEntries : setMaxListpackEntries)) return;
    this.values.convertToTable(value, members);
    this.#save(entry, value);
  }

  /** Whether a member of so many bytes is one of a table's: surely, if it is no integer. */
  goesToTable(entry: Address, length: number): boolean {
    if (this.entries.encoding(entry) === ENC_HASHTABLE) return true;
    return length > this.space.settings.setMaxListpackValue && length > INT64_TEXT_MAX;
  }

  /** Makes it a table, for a member that belongs in one, and returns that. */
  toTable(entry: Address): Address {
    const value = this.#load(entry);
    if (value.encoding !== ENC_HASHTABLE) {
      this.values.convertToTable(value, 1);
      this.#save(entry, value);
    }
    return value.ref;
  }

  /** Adds a member; true if it is new. The bytes must not lie in this set. */
  add(entry: Address, bytes: Uint8Array, at: number, length: number): boolean {
    const value = this.#load(entry);
    try {
      return this.values.add(value, bytes, at, length);
    } finally {
      // Also if memory ended: the set may have been converted before that.
      this.#save(entry, value);
    }
  }

  /** Removes a member; false if it was absent. The set may be empty afterwards. */
  remove(entry: Address, bytes: Uint8Array, at: number, length: number): boolean {
    const value = this.#load(entry);
    if (!this.values.remove(value, bytes, at, length)) return false;
    this.#save(entry, value);
    return true;
  }

  /** The intset if the set is one, else 0. */
  intset(entry: Address): Address {
    return this.entries.encoding(entry) === ENC_INTSET ? this.entries.ref(entry) : 0;
  }

  /** The listpack if the set is one, else 0. */
  packed(entry: Address): Address {
    return this.entries.encoding(entry) === ENC_LISTPACK ? this.entries.ref(entry) : 0;
  }

  /** Visits every member until the visitor returns true. The visitor must not look anything up in this set. */
  forEach(entry: Address, visit: MemberVisitor): void {
    this.values.forEach(this.value(entry), visit);
  }

  /** Visits some members from a SCAN cursor and returns the next cursor, 0 at the end. */
  scan(entry: Address, cursor: number, visit: MemberVisitor): number {
    return this.values.scan(this.#load(entry), cursor, visit);
  }

  // -- random members -----------------------------------------------------------------------------------------

  /** Visits one random member. */
  random(entry: Address, visit: MemberVisitor): void {
    this.values.random(this.#load(entry), false, visit);
  }

  /** Visits `count` different random members, 0 <= count <= length. */
  sample(entry: Address, count: number, visit: MemberVisitor): void {
    this.values.sample(this.value(entry), count, visit);
  }

  /** Removes `count` random members, count <= length, and visits each before it goes. */
  pop(entry: Address, count: number, visit: MemberVisitor): void {
    const value = this.value(entry);
    if (count === 1) this.values.random(value, true, visit);
    else this.values.pop(value, count, visit);
    this.#save(entry, value);
  }

  /** The entry's set as a value of its own; operations on it that change the root must be saved by the caller. */
  value(entry: Address): SetValue {
    return { encoding: this.entries.encoding(entry), ref: this.entries.ref(entry) };
  }

  #adoptLoaded(db: Database, keyBytes: Uint8Array, keyAt: number, keyLength: number, maxEntries: number): Address {
    const value = this.#value;
    const count = this.values.count(value);
    try {
      if (count > maxEntries) this.values.convertToTable(value, 0);
    } catch (error) {
      this.values.release(value);
      throw error;
    }
    if (count === 0 || this.values.count(value) !== count) {
      this.values.release(value);
      return 0;
    }
    return this.adopt(db, keyBytes, keyAt, keyLength, value);
  }

  #load(entry: Address): SetValue {
    const value = this.#value;
    value.encoding = this.entries.encoding(entry);
    value.ref = this.entries.ref(entry);
    return value;
  }

  #save(entry: Address, value: SetValue): void {
    if (this.entries.ref(entry) !== value.ref) this.entries.setRef(entry, value.ref);
    if (this.entries.encoding(entry) !== value.encoding) this.entries.setEncoding(entry, value.encoding);
  }
}
