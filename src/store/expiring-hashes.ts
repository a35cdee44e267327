/**
 * Hashes whose fields can expire. A hash takes one of these forms with the first expiry of a field, and keeps it:
 *
 *   listpackex   a listpack of triplets (expiring-listpack.ts)
 *   hashtable    a table, and the order of expiries (expiring-table.ts)
 *
 * both below a root block (field-deadlines.ts), whose deadline is kept up to date here. A field past its time is hidden
 * from clients until it is deleted, which is field-expiry.ts's business. A method that throws ArenaExhausted has changed
 * no field.
 */
import { below, takes } from '../base/chance.ts';
import { Span } from '../base/span.ts';
import type { Address } from '../memory/arena.ts';
import { randomItem } from '../memory/dict-random.ts';
import type { Database } from './database.ts';
import { ENC_HASHTABLE_EX, ENC_LISTPACK, ENC_LISTPACK_EX, type Entries } from './entry.ts';
import { ADDED, type ExpiringForm, NO_FIELD, NO_ROOM, UNEXPIRED } from './expiring-form.ts';
import { ExpiringListpack } from './expiring-listpack.ts';
import { ExpiringTable } from './expiring-table.ts';
import type { FieldDeadlines } from './field-deadlines.ts';
import type { FieldVisitor } from './hash-items.ts';
import type { Keyspace } from './keyspace.ts';

/** Latest expiry of a field: Redis keeps 48 bits and reserves two of them. */
export const MAX_FIELD_EXPIRY_MS: number = 2 ** 46 - 1;
/** Draws of a random field before all are looked at. */
const MAX_DRAWS = 100;

export class ExpiringHashes {
  readonly space: Keyspace;
  readonly entries: Entries;
  readonly roots: FieldDeadlines;
  readonly packed: ExpiringListpack;
  readonly table: ExpiringTable;
  /** What `set` was given. */
  readonly #field: Span = new Span();
  readonly #value: Span = new Span();

  constructor(space: Keyspace) {
    this.space = space;
    this.entries = space.entries;
    this.roots = space.fieldDeadlines;
    this.packed = new ExpiringListpack(space.fieldDeadlines, space.settings);
    this.table = new ExpiringTable(space);
  }

  isPacked(entry: Address): boolean {
    return this.entries.encoding(entry) === ENC_LISTPACK_EX;
  }

  /** The listpack of triplets, or the table. */
  fieldsOf(entry: Address): Address {
    return this.roots.fields(this.entries.ref(entry));
  }

  /** No field expires earlier; Infinity if none does. */
  deadline(entry: Address): number {
    return this.roots.deadline(this.entries.ref(entry));
  }

  #form(entry: Address): ExpiringForm {
    return this.isPacked(entry) ? this.packed : this.table;
  }

  // -- making them --------------------------------------------------------------------------------------------

  /** Gives a plain hash of this database the form that can hold expiries. */
  convert(db: Database, entry: Address): void {
    const { entries } = this;
    const plain = entries.ref(entry);
    if (entries.encoding(entry) === ENC_LISTPACK) {
      this.#install(db, entry, ENC_LISTPACK_EX, this.packed.fromPairs(plain));
      this.space.arena.free(plain);
    } else this.#install(db, entry, ENC_HASHTABLE_EX, this.table.fromPlain(plain));
  }

  #install(db: Database, entry: Address, encoding: number, root: Address): void {
    this.entries.setRef(entry, root);
    this.entries.setEncoding(entry, encoding);
    db.indexHash(entry);
  }

  /** The root block of a hash made of a validated listpack of triplets in their order; not yet in an index. */
  fromTriplets(list: Address): Address {
    const root = this.packed.adopt(list);
    this.roots.setDeadline(root, this.packed.earliest(root));
    return root;
  }

  /** A copy of a value, in no index yet. */
  copyValue(encoding: number, ref: Address): Address {
    return encoding === ENC_LISTPACK_EX ? this.packed.copy(ref) : this.table.copy(ref);
  }

  /** Turns a listpack into a table with room for `expected` fields. */
  toTable(entry: Address, expected: number): void {
    const { packed, table, roots, space } = this;
    const root = this.entries.ref(entry);
    const list = roots.fields(root);
    const made = table.build(Math.max(expected, packed.length(root)), (filling) => {
      packed.forEach(root, (f, fAt, fLength, v, vAt, vLength, expiry) => {
        const item = table.items.build(f, fAt, fLength, v, vAt, vLength, expiry);
        table.add(filling, item, space.hasher.hash(f, fAt, fLength));
      });
    });
    roots.setFields(root, roots.fields(made));
    roots.setOrder(root, roots.order(made));
    this.entries.setEncoding(entry, ENC_HASHTABLE_EX);
    space.arena.free(made);
    space.arena.free(list);
  }

  /** As `Hashes.prepare`. */
  prepare(entry: Address, fields: number, longest: number): void {
    if (!this.isPacked(entry)) return;
    const { hashMaxListpackEntries, hashMaxListpackValue } = this.space.settings;
    if (fields > hashMaxListpackEntries || longest > hashMaxListpackValue) this.toTable(entry, fields);
  }

  // -- one field ----------------------------------------------------------------------------------------------

  /** Fields, the hidden ones included. */
  length(entry: Address): number {
    return this.#form(entry).length(this.entries.ref(entry));
  }

  /** Whether the field exists for clients; its value is then in `out`. */
  get(entry: Address, bytes: Uint8Array, at: number, length: number, out: Span): boolean {
    const expiry = this.#form(entry).get(this.entries.ref(entry), bytes, at, length, out);
    return expiry !== NO_FIELD && !this.hides(expiry);
  }

  /** The field's expiry in ms, whether hidden or not; -1 without one, -2 without the field. */
  expiry(entry: Address, bytes: Uint8Array, at: number, length: number): number {
    return this.#form(entry).expiry(this.entries.ref(entry), bytes, at, length);
  }

  /** Whether a field with this expiry is past its time and invisible to the present command. */
  hides(expiryMs: number): boolean {
    return expiryMs >= 0 && this.space.now > expiryMs && !this.space.fromMaster;
  }

  /** Sets a field; true if it is new. It has no expiry afterwards, unless `keep`. */
  set(
    entry: Address,
    fieldBytes: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    valueBytes: Uint8Array,
    valueAt: number,
    valueLength: number,
    keep: boolean,
  ): boolean {
    const field = this.#field;
    field.bytes = fieldBytes;
    field.at = fieldAt;
    field.length = fieldLength;
    const value = this.#value;
    value.bytes = valueBytes;
    value.at = valueAt;
    value.length = valueLength;
    const root = this.entries.ref(entry);
    let result = NO_ROOM;
    if (this.isPacked(entry)) {
      result = this.packed.set(root, field, value, keep);
      if (result === NO_ROOM) this.toTable(entry, 0);
    }
    if (result === NO_ROOM) result = this.table.set(root, field, value, keep);
    if (result === UNEXPIRED) this.refresh(entry);
    return result === ADDED;
  }

  /** Gives a field another expiry (`when`: ms since the epoch), -1 for none; false if there is no such field. The bytes must not lie in this hash. */
  setExpiry(entry: Address, bytes: Uint8Array, at: number, length: number, when: number): boolean {
    // In a listpack 0 stands for none.
    const expiryMs = when === 0 ? 1 : when;
    const form = this.#form(entry);
    const root = this.entries.ref(entry);
    const old = form.expiry(root, bytes, at, length);
    if (old === NO_FIELD) return false;
    if (old === expiryMs) return true;
    const before = this.roots.deadline(root);
    if (expiryMs >= 0 && expiryMs < before) this.roots.set(entry, expiryMs);
    try {
      form.setExpiry(root, bytes, at, length, expiryMs);
    } catch (error) {
      this.roots.raise(entry, before);
      throw error;
    }
    if (old >= 0) this.refresh(entry);
    return true;
  }

  /** Adds an item whose field is absent to a table, which owns it from here on. If memory runs out, the hash is fit to be freed only. */
  addItem(entry: Address, item: Address, hash: number): void {
    const root = this.entries.ref(entry);
    const expiry = this.table.items.expiry(item);
    this.table.add(root, item, hash);
    if (expiry >= 0 && expiry < this.roots.deadline(root)) this.roots.set(entry, expiry);
  }

  /** Removes a field; false if it was absent. */
  remove(entry: Address, bytes: Uint8Array, at: number, length: number): boolean {
    const expiry = this.#form(entry).remove(this.entries.ref(entry), bytes, at, length);
    if (expiry >= 0) this.refresh(entry);
    return expiry !== NO_FIELD;
  }

  /** After a field's expiry went: the hash's next deadline follows. False if memory does not let it. */
  refresh(entry: Address): boolean {
    const root = this.entries.ref(entry);
    const earliest = this.#form(entry).earliest(root);
    return earliest <= this.roots.deadline(root) || this.roots.raise(entry, earliest);
  }

  // -- all fields ---------------------------------------------------------------------------------------------

  /** Fields past their time, if those are hidden at present. */
  hidden(entry: Address): number {
    const { space } = this;
    if (space.fromMaster || this.deadline(entry) >= space.now) return 0;
    return this.#form(entry).past(this.entries.ref(entry), space.now);
  }

  /** The field that expires next, if its time has come. */
  firstDue(entry: Address, out: Span): boolean {
    const form = this.#form(entry);
    const root = this.entries.ref(entry);
    if (form.earliest(root) >= this.space.now) return false;
    form.first(root, out);
    return true;
  }

  /** Visits every field; with `visible` only those that clients see. `visit` must not use this class. */
  forEach(entry: Address, visible: boolean, visit: FieldVisitor): void {
    const each = visible && this.hidden(entry) > 0 ? this.#seen(visit) : visit;
    this.#form(entry).forEach(this.entries.ref(entry), each);
  }

  /** Visits some of the fields that clients see from a SCAN cursor, and returns the next cursor, 0 at the end. */
  scan(entry: Address, cursor: number, visit: FieldVisitor): number {
    if (this.isPacked(entry)) {
      this.forEach(entry, true, visit);
      return 0;
    }
    return this.table.scan(this.entries.ref(entry), cursor, this.#seen(visit));
  }

  /** Visits one random field that clients see; there must be one. */
  random(entry: Address, visit: FieldVisitor): void {
    const { table } = this;
    const { random } = this.space;
    const { fields, items } = table;
    const hidden = this.hidden(entry);
    const visible = this.length(entry) - hidden;
    if (this.isPacked(entry)) {
      // The hidden ones are the first.
      this.packed.visitAt(this.entries.ref(entry), hidden + below(random, visible), visit);
      return;
    }
    const inside = this.fieldsOf(entry);
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      const item = randomItem(fields, inside, random);
      if (this.hides(items.expiry(item))) continue;
      items.visit(item, visit);
      return;
    }
    let left = below(random, visible);
    this.forEach(entry, true, (...field) => {
      if (left-- === 0) visit(...field);
    });
  }

  /** Visits `count` different random fields that clients see, 0 <= count <= their number. */
  sample(entry: Address, count: number, visit: FieldVisitor): void {
    const { table } = this;
    const { random } = this.space;
    const { fields, items } = table;
    const all = this.length(entry);
    let left = all - this.hidden(entry);
    let wanted = count;
    if (this.isPacked(entry) || count * 3 > left || left * 2 < all) {
      this.forEach(entry, true, (...field) => {
        if (wanted > 0 && takes(random, wanted, left)) {
          wanted--;
          visit(...field);
        }
        left--;
      });
      return;
    }
    const seen = new Set<Address>();
    while (seen.size < count) {
      const item = randomItem(fields, this.fieldsOf(entry), random);
      if (seen.has(item) || this.hides(items.expiry(item))) continue;
      seen.add(item);
      items.visit(item, visit);
    }
  }

  #seen(visit: FieldVisitor): FieldVisitor {
    return (f, fAt, fLength, v, vAt, vLength, expiry) => {
      if (!this.hides(expiry)) visit(f, fAt, fLength, v, vAt, vLength, expiry);
    };
  }
}
