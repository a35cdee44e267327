/**
 * Hash values: fields and their values, as a listpack while small, as a table of fields when large.
 *
 *   listpack   field, value, field, value ...: the bytes that RDB files carry
 *   hashtable  a Dict of items (hash-items.ts)
 *
 * A hash with a field that expires has other forms: expiring-hashes.ts. What is said here of fields is then meant of those
 * that clients see.
 *
 * The conversion goes one way, by the thresholds hash-max-listpack-entries and hash-max-listpack-value. Invariant: a hash
 * in the keyspace has at least one field; whoever removes the last one removes the key.
 * Byte ranges given to a visitor, or left in a Span, are valid until the next call of this class.
 */
import { below, takes } from '../base/chance.ts';
import { Span } from '../base/span.ts';
import type { Address, Arena } from '../memory/arena.ts';
import type { Dict } from '../memory/dict.ts';
import { randomItem } from '../memory/dict-random.ts';
import { Element } from '../memory/element.ts';
import * as listpack from '../memory/listpack.ts';
import type { Database } from './database.ts';
import { ENC_HASHTABLE, ENC_LISTPACK, ENC_LISTPACK_EX, type Entries, TYPE_HASH } from './entry.ts';
import { ExpiringHashes } from './expiring-hashes.ts';
import { type FieldVisitor, HashItems } from './hash-items.ts';
import type { Keyspace } from './keyspace.ts';

/** Bytes of a listpack entry around its data, at most. */
const ENTRY_OVERHEAD = 16;

export class Hashes {
  readonly space: Keyspace;
  readonly arena: Arena;
  readonly entries: Entries;
  readonly fields: Dict;
  readonly items: HashItems;
  /** Hashes with fields that expire. */
  readonly expiring: ExpiringHashes;
  readonly a: Element = new Element();
  readonly b: Element = new Element();
  readonly key: Span = new Span();

  constructor(space: Keyspace) {
    this.space = space;
    this.arena = space.arena;
    this.entries = space.entries;
    this.fields = space.fields;
    this.items = new HashItems(space.arena);
    this.expiring = new ExpiringHashes(space);
  }

  // -- making hashes ------------------------------------------------------------------------------------------

  /**
   * Adds a key that must be absent, with a hash that is still empty: `set` must follow. `expected` fields: more than a
   * listpack may have make a table with that much room.
   */
  create(db: Database, keyBytes: Uint8Array, keyAt: number, keyLength: number, expected: number): Address {
    const large = expected > this.space.settings.hashMaxListpackEntries;
    const ref = large ? this.fields.createSized(expected) : listpack.create(this.arena);
    return db.add(keyBytes, keyAt, keyLength, TYPE_HASH, large ? ENC_HASHTABLE : ENC_LISTPACK, ref);
  }

  /**
   * Adds a key that must be absent, with a hash copied from a validated listpack, which becomes a table if it has more
   * than hash-max-listpack-entries fields. Returns the entry, or 0 when the bytes are no hash: an odd number of entries, or, as far as it is noticed
   * (in a conversion), a field twice.
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
    const { arena } = this;
    const list = listpack.fromBytes(arena, bytes, at, length);
    const count = listpack.count(arena, list);
    if (count === 0 || count % 2 !== 0) {
      arena.free(list);
      return 0;
    }
    if (count / 2 <= this.space.settings.hashMaxListpackEntries)
      return db.add(keyBytes, keyAt, keyLength, TYPE_HASH, ENC_LISTPACK, list);
    let table: Address;
    try {
      table = this.#tableFrom(list, count / 2, count / 2);
    } finally {
      arena.free(list);
    }
    if (table === 0) return 0;
    return db.add(keyBytes, keyAt, keyLength, TYPE_HASH, ENC_HASHTABLE, table);
  }

  /**
   * Adds a key that must be absent, with a hash copied from a validated listpack of triplets in the order of their
   * expiries, of which there is at least one.
   */
  createTriplets(
    db: Database,
    keyBytes: Uint8Array,
    keyAt: number,
    keyLength: number,
    bytes: Uint8Array,
    at: number,
    length: number,
  ): Address {
    const list = listpack.fromBytes(this.arena, bytes, at, length);
    return this.adoptTriplets(db, keyBytes, keyAt, keyLength, list);
  }

  /** The same of a listpack that is in the arena already, and the key's from now on. */
  adoptTriplets(db: Database, keyBytes: Uint8Array, keyAt: number, keyLength: number, list: Address): Address {
    const { expiring } = this;
    const root = expiring.fromTriplets(list);
    const entry = db.add(keyBytes, keyAt, keyLength, TYPE_HASH, ENC_LISTPACK_EX, root);
    try {
      if (expiring.length(entry) > this.space.settings.hashMaxListpackEntries) expiring.toTable(entry, 0);
    } catch (error) {
      db.remove(keyBytes, keyAt, keyLength);
      throw error;
    }
    return entry;
  }

  /** A copy of a value, for COPY. Returns its root block. */
  copyValue(encoding: number, ref: Address): Address {
    const { arena, fields, items } = this;
    if (encoding >= ENC_LISTPACK_EX) return this.expiring.copyValue(encoding, ref);
    if (encoding === ENC_LISTPACK) return listpack.copy(arena, ref);
    const table = fields.createSized(fields.count(ref));
    return this.#building(table, () => {
      fields.forEach(ref, (item) => {
        const key = items.field(item, this.key);
        const hash = this.space.hasher.hash(key.bytes, key.at, key.length);
        const copy = items.copy(item);
        fields.insert(table, copy, hash);
      });
      return table;
    });
  }

  // -- one field ----------------------------------------------------------------------------------------------

  /** Fields, those past their time but not yet deleted included. */
  length(entry: Address): number {
    const ref = this.entries.ref(entry);
    if (this.isPacked(entry)) return listpack.count(this.arena, ref) >>> 1;
    return this.expires(entry) ? this.expiring.length(entry) : this.fields.count(ref);
  }

  /** Fields that clients see. */
  visible(entry: Address): number {
    return this.expires(entry) ? this.expiring.length(entry) - this.expiring.hidden(entry) : this.length(entry);
  }

  /** Whether the field exists; its value is then in `out`. */
  get(entry: Address, bytes: Uint8Array, at: number, length: number, out: Span): boolean {
    const ref = this.entries.ref(entry);
    if (this.isPacked(entry)) {
      const { arena } = this;
      const position = listpack.find(arena, ref, listpack.first(arena, ref), bytes, at, length, 2);
      if (position === 0) return false;
      listpack.read(arena, ref, listpack.next(arena, ref, position), this.b);
      setSpan(out, this.b);
      return true;
    }
    if (this.expires(entry)) return this.expiring.get(entry, bytes, at, length, out);
    const item = this.fields.find(ref, bytes, at, length, this.space.hasher.hash(bytes, at, length));
    if (item === 0) return false;
    this.items.value(item, out);
    return true;
  }

  has(entry: Address, bytes: Uint8Array, at: number, length: number): boolean {
    const ref = this.entries.ref(entry);
    if (this.isPacked(entry))
      return listpack.find(this.arena, ref, listpack.first(this.arena, ref), bytes, at, length, 2) !== 0;
    if (this.expires(entry)) return this.expiring.get(entry, bytes, at, length, this.key);
    return this.fields.find(ref, bytes, at, length, this.space.hasher.hash(bytes, at, length)) !== 0;
  }

  /** Before `fields` fields are set at once, the longest field or value `longest` bytes: converts early, not in the middle. */
  prepare(entry: Address, fields: number, longest: number): void {
    if (this.expires(entry)) this.expiring.prepare(entry, fields, longest);
    if (!this.isPacked(entry)) return;
    const { hashMaxListpackEntries, hashMaxListpackValue } = this.space.settings;
    if (fields > hashMaxListpackEntries || longest > hashMaxListpackValue) this.#convert(entry, fields);
  }

  /** Whether a field is one of a table's that has, or whose value has, so many bytes. */
  goesToTable(entry: Address, longest: number): boolean {
    const isPacked = this.expires(entry) ? this.expiring.isPacked(entry) : this.isPacked(entry);
    return !isPacked || longest > this.space.settings.hashMaxListpackValue;
  }

  /** Makes it a table, for a field that belongs in one, and returns that. `expiring`: fields of it can expire then. */
  toTable(db: Database, entry: Address, expiring: boolean): Address {
    if (this.isPacked(entry)) this.#convert(entry, 0);
    if (expiring && !this.expires(entry)) this.expiring.convert(db, entry);
    if (!this.expires(entry)) return this.entries.ref(entry);
    if (this.expiring.isPacked(entry)) this.expiring.toTable(entry, 0);
    return this.expiring.fieldsOf(entry);
  }

  /** Adds an item whose field is absent, with its expiry, to such a table, which owns it from here on. */
  addItem(entry: Address, item: Address, hash: number): void {
    if (this.expires(entry)) {
      this.expiring.addItem(entry, item, hash);
      return;
    }
    try {
      this.fields.insert(this.entries.ref(entry), item, hash);
    } catch (error) {
      this.arena.free(item);
      throw error;
    }
  }

  /** Sets a field; true if it is new. It has no expiry afterwards, unless `keep`. The bytes must not lie in this hash. */
  set(
    entry: Address,
    fieldBytes: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    valueBytes: Uint8Array,
    valueAt: number,
    valueLength: number,
    keep = false,
  ): boolean {
    if (this.isPacked(entry)) {
      const max = this.space.settings.hashMaxListpackValue;
      const { arena, entries } = this;
      const list = entries.ref(entry);
      const added = fieldLength + valueLength + 2 * ENTRY_OVERHEAD;
      if (fieldLength <= max && valueLength <= max && listpack.totalBytes(arena, list) + added <= listpack.MAX_BYTES) {
        return this.#setPacked(entry, list, fieldBytes, fieldAt, fieldLength, valueBytes, valueAt, valueLength);
      }
      this.#convert(entry, 0);
    } else if (this.expires(entry)) {
      const { expiring } = this;
      return expiring.set(entry, fieldBytes, fieldAt, fieldLength, valueBytes, valueAt, valueLength, keep);
    }
    const table = this.entries.ref(entry);
    return this.#setInTable(table, fieldBytes, fieldAt, fieldLength, valueBytes, valueAt, valueLength);
  }

  /** Removes a field; false if it was absent. The hash may be empty afterwards. */
  remove(entry: Address, bytes: Uint8Array, at: number, length: number): boolean {
    const { arena, entries } = this;
    const ref = entries.ref(entry);
    if (this.isPacked(entry)) {
      const position = listpack.find(arena, ref, listpack.first(arena, ref), bytes, at, length, 2);
      if (position === 0) return false;
      const moved = listpack.deleteAt(arena, ref, position, 2);
      if (moved !== ref) entries.setRef(entry, moved);
      return true;
    }
    if (this.expires(entry)) return this.expiring.remove(entry, bytes, at, length);
    const item = this.fields.remove(ref, bytes, at, length, this.space.hasher.hash(bytes, at, length));
    if (item === 0) return false;
    arena.free(item);
    return true;
  }

  // -- expiry of fields ---------------------------------------------------------------------------------------

  /** Whether fields of this hash can expire. Very few hashes are so. */
  expires(entry: Address): boolean {
    return this.entries.encoding(entry) >= ENC_LISTPACK_EX;
  }

  /** Whether a field of this hash has an expiry at present. */
  hasExpiringField(entry: Address): boolean {
    return this.expires(entry) && this.expiring.deadline(entry) !== Infinity;
  }

  /** The field's expiry, ms since the epoch; -1 without one, -2 if clients see no such field. */
  expiry(entry: Address, bytes: Uint8Array, at: number, length: number): number {
    if (!this.expires(entry)) return this.has(entry, bytes, at, length) ? -1 : -2;
    const expiry = this.expiring.expiry(entry, bytes, at, length);
    return this.expiring.hides(expiry) ? -2 : expiry;
  }

  /** Sets a field's expiry, or removes it with -1; false if the field is absent. The bytes must not lie in this hash. */
  setExpiry(db: Database, entry: Address, bytes: Uint8Array, at: number, length: number, expiryMs: number): boolean {
    if (!this.expires(entry)) {
      const exists = this.has(entry, bytes, at, length);
      if (!exists || expiryMs < 0) return exists;
      this.expiring.convert(db, entry);
    }
    return this.expiring.setExpiry(entry, bytes, at, length, expiryMs);
  }

  // -- all fields ---------------------------------------------------------------------------------------------

  /** Whether the value is a listpack of pairs. */
  isPacked(entry: Address): boolean {
    return this.entries.encoding(entry) === ENC_LISTPACK;
  }

  /** The listpack of pairs if the hash is one, else 0. */
  packed(entry: Address): Address {
    return this.isPacked(entry) ? this.entries.ref(entry) : 0;
  }

  /** Visits every field that clients see; with `all`, as for a file, those past their time too. `visit` must not use this class. */
  forEach(entry: Address, visit: FieldVisitor, all = false): void {
    const ref = this.entries.ref(entry);
    if (this.isPacked(entry)) {
      const { arena } = this;
      for (let p = listpack.first(arena, ref); p !== 0;) p = this.#visitPair(ref, p, visit);
    } else if (this.expires(entry)) this.expiring.forEach(entry, !all, visit);
    else this.fields.forEach(ref, (item) => this.items.visit(item, visit));
  }

  /** Visits some fields from a SCAN cursor and returns the next cursor, 0 at the end. A listpack is visited whole. */
  scan(entry: Address, cursor: number, visit: FieldVisitor): number {
    if (this.isPacked(entry)) {
      this.forEach(entry, visit);
      return 0;
    }
    if (this.expires(entry)) return this.expiring.scan(entry, cursor, visit);
    return this.fields.scan(this.entries.ref(entry), cursor, (item) => this.items.visit(item, visit));
  }

  // -- random fields ------------------------------------------------------------------------------------------

  /** Visits one random field; there must be one. */
  random(entry: Address, visit: FieldVisitor): void {
    const { arena } = this;
    const { random } = this.space;
    const ref = this.entries.ref(entry);
    if (this.isPacked(entry)) {
      const index = below(random, listpack.count(arena, ref) >>> 1);
      this.#visitPair(ref, listpack.seek(arena, ref, index * 2), visit);
    } else if (this.expires(entry)) this.expiring.random(entry, visit);
    else this.items.visit(randomItem(this.fields, ref, random), visit);
  }

  /** Visits `count` different random fields, 0 <= count <= visible. */
  sample(entry: Address, count: number, visit: FieldVisitor): void {
    if (this.expires(entry)) {
      this.expiring.sample(entry, count, visit);
      return;
    }
    const { arena, fields, items } = this;
    const { random } = this.space;
    const ref = this.entries.ref(entry);
    let left = this.length(entry);
    let wanted = count;
    if (this.isPacked(entry)) {
      for (let p = listpack.first(arena, ref); p !== 0 && wanted > 0; left--) {
        if (takes(random, wanted, left)) {
          wanted--;
          p = this.#visitPair(ref, p, visit);
        } else {
          const value = listpack.next(arena, ref, p);
          p = listpack.next(arena, ref, value);
        }
      }
    } else if (count * 3 > left) {
      fields.forEach(ref, (item) => {
        if (wanted > 0 && takes(random, wanted, left)) {
          wanted--;
          items.visit(item, visit);
        }
        left--;
      });
    } else {
      const seen = new Set<Address>();
      while (seen.size < count) {
        const item = randomItem(fields, ref, random);
        if (seen.has(item)) continue;
        seen.add(item);
        items.visit(item, visit);
      }
    }
  }

  // -- inside -------------------------------------------------------------------------------------------------

  #setPacked(
    entry: Address,
    list: Address,
    fieldBytes: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    valueBytes: Uint8Array,
    valueAt: number,
    valueLength: number,
  ): boolean {
    const { arena, entries } = this;
    const found = listpack.find(arena, list, listpack.first(arena, list), fieldBytes, fieldAt, fieldLength, 2);
    if (found !== 0) {
      const value = listpack.next(arena, list, found);
      const moved = listpack.replace(arena, list, value, valueBytes, valueAt, valueLength);
      if (moved !== list) entries.setRef(entry, moved);
      return false;
    }
    if (listpack.count(arena, list) >>> 1 >= this.space.settings.hashMaxListpackEntries) {
      this.#convert(entry, 1);
      const table = entries.ref(entry);
      return this.#setInTable(table, fieldBytes, fieldAt, fieldLength, valueBytes, valueAt, valueLength);
    }
    const fieldPosition = listpack.totalBytes(arena, list) - 1;
    let moved = listpack.append(arena, list, fieldBytes, fieldAt, fieldLength);
    // A field without its value must not stay, should memory end between the two.
    try {
      moved = listpack.append(arena, moved, valueBytes, valueAt, valueLength);
    } catch (error) {
      entries.setRef(entry, listpack.deleteAt(arena, moved, fieldPosition));
      throw error;
    }
    entries.setRef(entry, moved);
    return true;
  }

  #setInTable(
    table: Address,
    fieldBytes: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    valueBytes: Uint8Array,
    valueAt: number,
    valueLength: number,
  ): boolean {
    const { arena, fields, items } = this;
    const hash = this.space.hasher.hash(fieldBytes, fieldAt, fieldLength);
    const old = fields.find(table, fieldBytes, fieldAt, fieldLength, hash);
    if (old !== 0) {
      fields.beforeChange(table, old);
      if (items.replaceValue(old, valueBytes, valueAt, valueLength)) return false;
    }
    const item = items.build(fieldBytes, fieldAt, fieldLength, valueBytes, valueAt, valueLength, -1);
    if (old === 0) {
      try {
        fields.insert(table, item, hash);
      } catch (error) {
        arena.free(item);
        throw error;
      }
      return true;
    }
    fields.replaceFound(item);
    arena.free(old);
    return false;
  }

  /** Turns a listpack into a table with room for `expected` fields more. */
  #convert(entry: Address, expected: number): void {
    const list = this.entries.ref(entry);
    const count = listpack.count(this.arena, list) >>> 1;
    const table = this.#tableFrom(list, count, count + expected);
    this.entries.setRef(entry, table);
    this.entries.setEncoding(entry, ENC_HASHTABLE);
    this.arena.free(list);
  }

  /** The fields of a listpack as a table, or 0 if a field occurs twice. The list stays. */
  #tableFrom(list: Address, count: number, expected: number): Address {
    const { arena, fields, a, b } = this;
    const table = fields.createSized(expected);
    return this.#building(table, () => {
      for (let p = listpack.first(arena, list); p !== 0;) {
        listpack.read(arena, list, p, a);
        p = listpack.next(arena, list, p);
        listpack.read(arena, list, p, b);
        p = listpack.next(arena, list, p);
        this.#setInTable(table, a.bytes, a.at, a.length, b.bytes, b.at, b.length);
      }
      if (fields.count(table) === count) return table;
      this.space.reclaimer.freeValue(TYPE_HASH, ENC_HASHTABLE, table);
      return 0;
    });
  }

  /** Runs what fills a table, and takes the table back if memory runs out. */
  #building(table: Address, fill: () => Address): Address {
    try {
      return fill();
    } catch (error) {
      this.space.reclaimer.freeValue(TYPE_HASH, ENC_HASHTABLE, table);
      throw error;
    }
  }

  /** Visits the pair at a position and returns the next pair's, 0 at the end. */
  #visitPair(list: Address, position: number, visit: FieldVisitor): number {
    const { arena, a, b } = this;
    listpack.read(arena, list, position, a);
    const value = listpack.next(arena, list, position);
    listpack.read(arena, list, value, b);
    visit(a.bytes, a.at, a.length, b.bytes, b.at, b.length, -1);
    return listpack.next(arena, list, value);
  }
}

function setSpan(out: Span, element: Element): void {
  out.bytes = element.bytes;
  out.at = element.at;
  out.length = element.length;
}
