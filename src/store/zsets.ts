/**
 * Sorted-set keys: the entry-level side of sorted sets. Their encodings and all work on one set are in zset-value.ts; unions,
 * intersections and differences in zset-algebra.ts.
 *
 *   const value = zsets.open(entry);      the entry's set; one object, reused: valid until the next `open`
 *   zsets.values.put(value, ...);
 *   zsets.save(entry, value);             only needed after a change
 *
 * Invariant: a sorted set in the keyspace has at least one member; whoever removes the last one removes the key.
 */
import type { Address } from '../memory/arena.ts';
import * as listpack from '../memory/listpack.ts';
import type { Database } from './database.ts';
import { ENC_LISTPACK, type Entries, TYPE_ZSET } from './entry.ts';
import type { Keyspace } from './keyspace.ts';
import { type ScoredVisitor, type ZsetValue, ZsetValues } from './zset-value.ts';

export class Zsets {
  readonly space: Keyspace;
  readonly entries: Entries;
  readonly values: ZsetValues;
  readonly #value: ZsetValue = { encoding: ENC_LISTPACK, ref: 0 };

  constructor(space: Keyspace) {
    this.space = space;
    this.entries = space.entries;
    this.values = new ZsetValues(space);
  }

  // -- making sorted sets ---------------------------------------------------------------------------------------

  /** Adds a key that must be absent, with an empty sorted set: `add` must follow. */
  create(db: Database, keyBytes: Uint8Array, keyAt: number, keyLength: number): Address {
    const value = this.#value;
    this.values.create(value);
    return this.adopt(db, keyBytes, keyAt, keyLength, value);
  }

  /**
   * Adds a key that must be absent, with an empty skiplist that has room for `expected` members: the loader's way. What
   * belongs in a listpack gets there by `addUnordered` and `settle`.
   */
  createSized(db: Database, keyBytes: Uint8Array, keyAt: number, keyLength: number, expected: number): Address {
    const value = this.#value;
    this.values.createTable(value, expected);
    return this.adopt(db, keyBytes, keyAt, keyLength, value);
  }

  /** Adds a key that must be absent, with a value made before; the key owns it from now on. */
  adopt(db: Database, keyBytes: Uint8Array, keyAt: number, keyLength: number, value: ZsetValue): Address {
    return db.add(keyBytes, keyAt, keyLength, TYPE_ZSET, value.encoding, value.ref);
  }

  /**
   * Adds a key that must be absent, with a sorted set copied from a validated listpack; it becomes a skiplist if it exceeds
   * the listpack limits. Returns the entry, or 0 when the content is not a sorted set (odd number of entries, scores that
   * are not numbers or out of order, a member twice) or empty. `checked`: the caller knows that it is one, or empty.
   */
  createPacked(
    db: Database,
    keyBytes: Uint8Array,
    keyAt: number,
    keyLength: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    checked = false,
  ): Address {
    const { values, space } = this;
    const value = this.#value;
    value.ref = listpack.fromBytes(space.arena, bytes, at, length);
    value.encoding = ENC_LISTPACK;
    const { zsetMaxListpackEntries, zsetMaxListpackValue } = space.settings;
    const members = values.packed.count(value.ref);
    let longest = 0;
    try {
      if (members === 0 || (!checked && (!values.packed.isOrdered(value.ref) || values.hasDuplicates(value)))) {
        values.release(value);
        return 0;
      }
      if (members <= zsetMaxListpackEntries)
        values.forEach(value, (_bytes, _at, memberLength) => void (longest = Math.max(longest, memberLength)));
      if (members > zsetMaxListpackEntries || longest > zsetMaxListpackValue) values.convertToTable(value);
    } catch (error) {
      values.release(value);
      throw error;
    }
    return this.adopt(db, keyBytes, keyAt, keyLength, value);
  }

  /** A copy of a value, for COPY. Returns its root block. */
  copyValue(encoding: number, ref: Address): Address {
    return this.values.copy(encoding, ref);
  }

  // -- one key --------------------------------------------------------------------------------------------------

  open(entry: Address): ZsetValue {
    const value = this.#value;
    value.encoding = this.entries.encoding(entry);
    value.ref = this.entries.ref(entry);
    return value;
  }

  save(entry: Address, value: ZsetValue): void {
    if (this.entries.ref(entry) !== value.ref) this.entries.setRef(entry, value.ref);
    if (this.entries.encoding(entry) !== value.encoding) this.entries.setEncoding(entry, value.encoding);
  }

  length(entry: Address): number {
    return this.values.count(this.open(entry));
  }

  /** NaN when the member is absent. */
  score(entry: Address, bytes: Uint8Array, at: number, length: number): number {
    return this.values.find(this.open(entry), bytes, at, length);
  }

  /** Adds a member or changes its score; true if it is new. */
  add(entry: Address, score: number, bytes: Uint8Array, at: number, length: number): boolean {
    const value = this.open(entry);
    const old = this.values.find(value, bytes, at, length);
    if (old === score) return false;
    try {
      this.values.put(value, score, bytes, at, length);
    } finally {
      // Also when memory ran out: it may have been converted before.
      this.save(entry, value);
    }
    return old !== old;
  }

  /** In a skiplist from `createSized`: adds a member without putting it in order; false if it was there. `settle` must follow. */
  addUnordered(entry: Address, score: number, bytes: Uint8Array, at: number, length: number): boolean {
    const value = this.open(entry);
    const old = this.values.find(value, bytes, at, length);
    if (old === old) return false;
    this.values.putUnordered(value, score, bytes, at, length);
    return true;
  }

  /** Orders what `addUnordered` added, as a listpack if it is small enough for one. */
  settle(entry: Address): void {
    const value = this.open(entry);
    this.values.order(value, true);
    this.save(entry, value);
  }

  /** Visits every member in order until the visitor returns true. */
  forEach(entry: Address, visit: ScoredVisitor): void {
    this.values.forEach({ ...this.open(entry) }, visit);
  }

  /** The listpack if the sorted set is one, else 0. */
  packed(entry: Address): Address {
    return this.entries.encoding(entry) === ENC_LISTPACK ? this.entries.ref(entry) : 0;
  }
}
