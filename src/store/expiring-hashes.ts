/**
 * Hashes whose fields can expire. A hash takes one of these forms with the first expiry of a field, and keeps it:
 *
 *   listpackex   field, value, expiry, field, value, expiry ...: by expiry, fields without one (0) last
 *   hashtable    a table whose items may carry an expiry, and a B+tree of those that do
 *
 * both below a root block (field-deadlines.ts). A field past its time is hidden from clients until it is deleted, which
 * is field-expiry.ts's business. A method that throws ArenaExhausted has changed no field.
 */
import { Span } from '../base/span.ts';
import { writeInteger } from '../base/numbers.ts';
import type { Address, Arena } from '../memory/arena.ts';
import { Cursor } from '../memory/btree.ts';
import type { Dict } from '../memory/dict.ts';
import { Element } from '../memory/element.ts';
import * as listpack from '../memory/listpack.ts';
import type { Database } from './database.ts';
import { ENC_HASHTABLE_EX, ENC_LISTPACK, ENC_LISTPACK_EX, type Entries, TYPE_HASH } from './entry.ts';
import type { FieldDeadlines } from './field-deadlines.ts';
import { type FieldVisitor, HashItems } from './hash-items.ts';
import type { Keyspace } from './keyspace.ts';
import { type Picker, takes } from './pick.ts';

/** Latest expiry of a field: Redis keeps 48 bits and reserves two of them. */
export const MAX_FIELD_EXPIRY_MS: number = 2 ** 46 - 1;
/** Bytes of three listpack entries around their data, at most. */
const TRIPLET_OVERHEAD = 40;
/** Draws of a random field before all are looked at. */
const MAX_DRAWS = 100;
const ZERO = Buffer.from('0');

export class ExpiringHashes {
  readonly space: Keyspace;
  readonly arena: Arena;
  readonly entries: Entries;
  readonly roots: FieldDeadlines;
  readonly fields: Dict;
  readonly items: HashItems;
  readonly picker: Picker;
  readonly a: Element = new Element();
  readonly b: Element = new Element();
  readonly key: Span = new Span();
  readonly #cursor: Cursor = new Cursor();
  readonly #number: Uint8Array = new Uint8Array(32);

  constructor(space: Keyspace, picker: Picker) {
    this.space = space;
    this.arena = space.arena;
    this.entries = space.entries;
    this.roots = space.fieldDeadlines;
    this.fields = space.fields;
    this.items = new HashItems(space.arena);
    this.picker = picker;
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

  // -- making them --------------------------------------------------------------------------------------------

  /** Gives a plain hash of this database the form that can hold expiries. */
  convert(db: Database, entry: Address): void {
    const { arena, entries, roots, space } = this;
    const plain = entries.ref(entry);
    if (entries.encoding(entry) !== ENC_LISTPACK) {
      const order = space.deadlines.create();
      const root = this.#guarded(order, () => roots.create(plain, order));
      this.#install(db, entry, ENC_HASHTABLE_EX, root);
      return;
    }
    const triplets = this.#triplets(plain);
    const root = this.#guarded(triplets, () => roots.create(triplets, 0));
    this.#install(db, entry, ENC_LISTPACK_EX, root);
    arena.free(plain);
  }

  /** The root block of a hash made of a validated listpack of triplets in their order; not yet in an index. */
  fromTriplets(bytes: Uint8Array, at: number, length: number): Address {
    const list = listpack.fromBytes(this.arena, bytes, at, length);
    const root = this.#guarded(list, () => this.roots.create(list, 0));
    this.roots.setDeadline(root, this.#earliest(true, root));
    return root;
  }

  /** A copy of a value, in no index yet. */
  copyValue(encoding: number, ref: Address): Address {
    const { arena, roots, fields, items, space } = this;
    const source = roots.fields(ref);
    if (encoding === ENC_LISTPACK_EX) {
      const length = listpack.totalBytes(arena, source);
      const list = arena.alloc(length);
      arena.copy(list, 0, source, 0, length);
      const copy = this.#guarded(list, () => roots.create(list, 0));
      roots.setDeadline(copy, roots.deadline(ref));
      return copy;
    }
    const copy = this.#emptyTable(fields.count(source));
    return this.#building(copy, () => {
      const table = roots.fields(copy);
      fields.forEach(source, (item) => {
        const key = items.field(item, this.key);
        const hash = space.hasher.hash(key.bytes, key.at, key.length);
        this.#insertItem(table, roots.order(copy), items.copy(item), hash);
      });
      roots.setDeadline(copy, roots.deadline(ref));
    });
  }

  /** Turns a listpack into a table with room for `expected` fields. */
  toTable(entry: Address, expected: number): void {
    const { arena, roots } = this;
    const root = this.entries.ref(entry);
    const list = roots.fields(root);
    const made = this.#emptyTable(Math.max(expected, listpack.count(arena, list) / 3));
    this.#building(made, () => {
      const table = roots.fields(made);
      for (let p = listpack.first(arena, list); p !== 0;) {
        p = this.#visitTriplet(list, p, (f, fAt, fLength, v, vAt, vLength, expiry) => {
          const item = this.items.build(f, fAt, fLength, v, vAt, vLength, expiry);
          this.#insertItem(table, roots.order(made), item, this.space.hasher.hash(f, fAt, fLength));
        });
      }
    });
    roots.setFields(root, roots.fields(made));
    roots.setOrder(root, roots.order(made));
    this.entries.setEncoding(entry, ENC_HASHTABLE_EX);
    arena.free(made);
    arena.free(list);
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
    const inside = this.fieldsOf(entry);
    return this.isPacked(entry) ? listpack.count(this.arena, inside) / 3 : this.fields.count(inside);
  }

  /** Whether the field exists for clients; its value is then in `out`. */
  get(entry: Address, bytes: Uint8Array, at: number, length: number, out: Span): boolean {
    const { arena } = this;
    const inside = this.fieldsOf(entry);
    if (this.isPacked(entry)) {
      const position = this.#findPacked(inside, bytes, at, length);
      if (position === 0) return false;
      const value = listpack.next(arena, inside, position);
      if (this.hides(this.#packedExpiry(inside, value))) return false;
      listpack.read(arena, inside, value, this.b);
      out.bytes = this.b.bytes;
      out.at = this.b.at;
      out.length = this.b.length;
      return true;
    }
    const item = this.fields.find(inside, bytes, at, length, this.space.hasher.hash(bytes, at, length));
    if (item === 0 || this.hides(this.items.expiry(item))) return false;
    this.items.value(item, out);
    return true;
  }

  /** The field's expiry in ms, whether hidden or not; -1 without one, -2 without the field. */
  expiry(entry: Address, bytes: Uint8Array, at: number, length: number): number {
    const inside = this.fieldsOf(entry);
    if (this.isPacked(entry)) {
      const position = this.#findPacked(inside, bytes, at, length);
      return position === 0 ? -2 : this.#packedExpiry(inside, listpack.next(this.arena, inside, position));
    }
    const item = this.fields.find(inside, bytes, at, length, this.space.hasher.hash(bytes, at, length));
    return item === 0 ? -2 : this.items.expiry(item);
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
    const { arena } = this;
    if (this.isPacked(entry)) {
      const { hashMaxListpackValue: max, hashMaxListpackEntries } = this.space.settings;
      const list = this.fieldsOf(entry);
      const size = listpack.totalBytes(arena, list) + fieldLength + valueLength + TRIPLET_OVERHEAD;
      if (fieldLength <= max && valueLength <= max && size <= listpack.MAX_BYTES) {
        const position = this.#findPacked(list, fieldBytes, fieldAt, fieldLength);
        if (position !== 0) {
          this.#replacePacked(
            entry,
            list,
            position,
            fieldBytes,
            fieldAt,
            fieldLength,
            valueBytes,
            valueAt,
            valueLength,
            keep,
          );
          return false;
        }
        if (listpack.count(arena, list) / 3 < hashMaxListpackEntries) {
          const end = listpack.totalBytes(arena, list) - 1;
          this.#insertTriplet(entry, list, end, fieldBytes, fieldAt, fieldLength, valueBytes, valueAt, valueLength, -1);
          return true;
        }
      }
      this.toTable(entry, 0);
    }
    return this.#setInTable(entry, fieldBytes, fieldAt, fieldLength, valueBytes, valueAt, valueLength, keep);
  }

  /** Gives a field another expiry (`when`: ms since the epoch), -1 for none; false if there is no such field. The bytes must not lie in this hash. */
  setExpiry(entry: Address, bytes: Uint8Array, at: number, length: number, when: number): boolean {
    // In a listpack 0 stands for none.
    const expiryMs = when === 0 ? 1 : when;
    const old = this.expiry(entry, bytes, at, length);
    if (old === -2) return false;
    if (old === expiryMs) return true;
    const before = this.deadline(entry);
    if (expiryMs >= 0 && expiryMs < before) this.roots.set(entry, expiryMs);
    try {
      if (this.isPacked(entry)) this.#moveTriplet(entry, bytes, at, length, expiryMs);
      else this.#setItemExpiry(entry, bytes, at, length, expiryMs);
    } catch (error) {
      this.roots.raise(entry, before);
      throw error;
    }
    if (old >= 0) this.refresh(entry);
    return true;
  }

  /** Removes a field; false if it was absent. */
  remove(entry: Address, bytes: Uint8Array, at: number, length: number): boolean {
    const { arena, roots } = this;
    const root = this.entries.ref(entry);
    const inside = roots.fields(root);
    let expiry: number;
    if (this.isPacked(entry)) {
      const position = this.#findPacked(inside, bytes, at, length);
      if (position === 0) return false;
      expiry = this.#packedExpiry(inside, listpack.next(arena, inside, position));
      roots.setFields(root, listpack.deleteAt(arena, inside, position, 3));
    } else {
      const item = this.fields.remove(inside, bytes, at, length, this.space.hasher.hash(bytes, at, length));
      if (item === 0) return false;
      expiry = this.items.expiry(item);
      if (expiry >= 0) this.space.deadlines.remove(roots.order(root), expiry, item);
      arena.free(item);
    }
    if (expiry >= 0) this.refresh(entry);
    return true;
  }

  /** After a field's expiry went: the hash's next deadline follows. False if memory does not let it. */
  refresh(entry: Address): boolean {
    const root = this.entries.ref(entry);
    const earliest = this.#earliest(this.isPacked(entry), root);
    return earliest <= this.roots.deadline(root) || this.roots.raise(entry, earliest);
  }

  // -- all fields ---------------------------------------------------------------------------------------------

  /** Fields past their time, if those are hidden at present. */
  hidden(entry: Address): number {
    const { space } = this;
    if (space.fromMaster || this.deadline(entry) >= space.now) return 0;
    const root = this.entries.ref(entry);
    if (!this.isPacked(entry)) return space.deadlines.seekValue(this.roots.order(root), space.now, false, this.#cursor);
    const list = this.roots.fields(root);
    let count = 0;
    for (let p = listpack.first(this.arena, list); p !== 0; count++) {
      const value = listpack.next(this.arena, list, p);
      if (!this.hides(this.#packedExpiry(list, value))) break;
      p = this.#after(list, value);
    }
    return count;
  }

  /** The field that expires next, if its time has come. */
  firstDue(entry: Address, out: Span): boolean {
    const { space } = this;
    const root = this.entries.ref(entry);
    if (this.#earliest(this.isPacked(entry), root) >= space.now) return false;
    if (this.isPacked(entry)) {
      const list = this.roots.fields(root);
      listpack.read(this.arena, list, listpack.FIRST, this.a);
      out.bytes = this.a.bytes;
      out.at = this.a.at;
      out.length = this.a.length;
      return true;
    }
    // `#earliest` has left the cursor on it.
    this.items.field(space.deadlines.item(this.#cursor), out);
    return true;
  }

  /** Visits every field; with `visible` only those that clients see. `visit` must not use this class. */
  forEach(entry: Address, visible: boolean, visit: FieldVisitor): void {
    const inside = this.fieldsOf(entry);
    const each = visible && this.hidden(entry) > 0 ? this.#seen(visit) : visit;
    if (this.isPacked(entry)) {
      for (let p = listpack.first(this.arena, inside); p !== 0;) p = this.#visitTriplet(inside, p, each);
    } else this.fields.forEach(inside, (item) => this.items.visit(item, each));
  }

  /** Visits some of the fields that clients see from a SCAN cursor, and returns the next cursor, 0 at the end. */
  scan(entry: Address, cursor: number, visit: FieldVisitor): number {
    if (this.isPacked(entry)) {
      this.forEach(entry, true, visit);
      return 0;
    }
    const each = this.#seen(visit);
    return this.fields.scan(this.fieldsOf(entry), cursor, (item) => this.items.visit(item, each));
  }

  /** Visits one random field that clients see; there must be one. */
  random(entry: Address, visit: FieldVisitor): void {
    const { arena, picker, fields, items } = this;
    const inside = this.fieldsOf(entry);
    const hidden = this.hidden(entry);
    const visible = this.length(entry) - hidden;
    if (this.isPacked(entry)) {
      // The hidden ones are the first.
      const index = hidden + picker.below(visible);
      this.#visitTriplet(inside, listpack.seek(arena, inside, index * 3), visit);
      return;
    }
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      const item = picker.item(fields, inside);
      if (this.hides(items.expiry(item))) continue;
      items.visit(item, visit);
      return;
    }
    let left = picker.below(visible);
    this.forEach(entry, true, (...field) => {
      if (left-- === 0) visit(...field);
    });
  }

  /** Visits `count` different random fields that clients see, 0 <= count <= their number. */
  sample(entry: Address, count: number, visit: FieldVisitor): void {
    const { picker, fields, items } = this;
    const all = this.length(entry);
    let left = all - this.hidden(entry);
    let wanted = count;
    if (this.isPacked(entry) || count * 3 > left || left * 2 < all) {
      this.forEach(entry, true, (...field) => {
        if (wanted > 0 && takes(picker, wanted, left)) {
          wanted--;
          visit(...field);
        }
        left--;
      });
      return;
    }
    const seen = new Set<Address>();
    while (seen.size < count) {
      const item = picker.item(fields, this.fieldsOf(entry));
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

  // -- triplets -----------------------------------------------------------------------------------------------

  #findPacked(list: Address, bytes: Uint8Array, at: number, length: number): number {
    return listpack.find(this.arena, list, listpack.first(this.arena, list), bytes, at, length, 3);
  }

  /** The expiry behind the value at this position, -1 for none. */
  #packedExpiry(list: Address, value: number): number {
    const expiry = listpack.readInteger(this.arena, list, listpack.next(this.arena, list, value));
    return expiry === 0 ? -1 : expiry;
  }

  /** Position of the triplet after the one whose value is here, 0 at the end. */
  #after(list: Address, value: number): number {
    return listpack.next(this.arena, list, listpack.next(this.arena, list, value));
  }

  #visitTriplet(list: Address, position: number, visit: FieldVisitor): number {
    const { arena, a, b } = this;
    listpack.read(arena, list, position, a);
    const value = listpack.next(arena, list, position);
    listpack.read(arena, list, value, b);
    visit(a.bytes, a.at, a.length, b.bytes, b.at, b.length, this.#packedExpiry(list, value));
    return this.#after(list, value);
  }

  /** The pairs of a plain listpack, each with no expiry. */
  #triplets(pairs: Address): Address {
    const { arena, a } = this;
    const total = listpack.totalBytes(arena, pairs);
    let list = listpack.create(arena, total + listpack.count(arena, pairs));
    try {
      let isValue = false;
      for (let p = listpack.first(arena, pairs); p !== 0; p = listpack.next(arena, pairs, p)) {
        listpack.read(arena, pairs, p, a);
        list = listpack.append(arena, list, a.bytes, a.at, a.length);
        if (isValue) list = listpack.append(arena, list, ZERO, 0, 1);
        isValue = !isValue;
      }
    } catch (error) {
      arena.free(list);
      throw error;
    }
    return list;
  }

  /** Puts a triplet at a position. If memory runs out in its middle, nothing of it is there. */
  #insertTriplet(
    entry: Address,
    list: Address,
    position: number,
    fieldBytes: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    valueBytes: Uint8Array,
    valueAt: number,
    valueLength: number,
    expiryMs: number,
  ): void {
    const { arena, roots } = this;
    const root = this.entries.ref(entry);
    let moved = list;
    let done = 0;
    try {
      // From the last to the first, so that the position stays the same.
      const digits = writeInteger(this.#number, 0, Math.max(expiryMs, 0));
      moved = listpack.insertBefore(arena, moved, position, this.#number, 0, digits);
      done++;
      moved = listpack.insertBefore(arena, moved, position, valueBytes, valueAt, valueLength);
      done++;
      moved = listpack.insertBefore(arena, moved, position, fieldBytes, fieldAt, fieldLength);
    } catch (error) {
      if (done > 0) moved = listpack.deleteAt(arena, moved, position, done);
      roots.setFields(root, moved);
      throw error;
    }
    roots.setFields(root, moved);
  }

  #replacePacked(
    entry: Address,
    list: Address,
    position: number,
    fieldBytes: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    valueBytes: Uint8Array,
    valueAt: number,
    valueLength: number,
    keep: boolean,
  ): void {
    const { arena, roots } = this;
    const root = this.entries.ref(entry);
    const value = listpack.next(arena, list, position);
    if (keep || this.#packedExpiry(list, value) < 0) {
      roots.setFields(root, listpack.replace(arena, list, value, valueBytes, valueAt, valueLength));
      return;
    }
    const end = listpack.totalBytes(arena, list) - 1;
    this.#insertTriplet(entry, list, end, fieldBytes, fieldAt, fieldLength, valueBytes, valueAt, valueLength, -1);
    roots.setFields(root, listpack.deleteAt(arena, roots.fields(root), position, 3));
    this.refresh(entry);
  }

  /** Gives the triplet of a field another expiry, and the place that goes with it. */
  #moveTriplet(entry: Address, bytes: Uint8Array, at: number, length: number, expiryMs: number): void {
    const { arena, roots, b } = this;
    const root = this.entries.ref(entry);
    const list = roots.fields(root);
    const position = this.#findPacked(list, bytes, at, length);
    listpack.read(arena, list, listpack.next(arena, list, position), b);
    b.detach();
    const total = listpack.totalBytes(arena, list);
    let place = total - 1;
    if (expiryMs >= 0) {
      for (let p = listpack.first(arena, list); p !== 0;) {
        const value = listpack.next(arena, list, p);
        const expiry = this.#packedExpiry(list, value);
        if (expiry < 0 || expiry > expiryMs) {
          place = p;
          break;
        }
        p = this.#after(list, value);
      }
    }
    this.#insertTriplet(entry, list, place, bytes, at, length, b.bytes, b.at, b.length, expiryMs);
    const grown = roots.fields(root);
    const old = place <= position ? position + listpack.totalBytes(arena, grown) - total : position;
    roots.setFields(root, listpack.deleteAt(arena, grown, old, 3));
  }

  // -- the table ----------------------------------------------------------------------------------------------

  #setInTable(
    entry: Address,
    fieldBytes: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    valueBytes: Uint8Array,
    valueAt: number,
    valueLength: number,
    keep: boolean,
  ): boolean {
    const { arena, fields, items, space } = this;
    const root = this.entries.ref(entry);
    const table = this.roots.fields(root);
    const order = this.roots.order(root);
    const hash = space.hasher.hash(fieldBytes, fieldAt, fieldLength);
    const old = fields.find(table, fieldBytes, fieldAt, fieldLength, hash);
    const had = old === 0 ? -1 : items.expiry(old);
    const expiry = keep ? had : -1;
    if (old !== 0) fields.beforeChange(table, old);
    if (old !== 0 && expiry === had && items.replaceValue(old, valueBytes, valueAt, valueLength)) return false;
    const item = items.build(fieldBytes, fieldAt, fieldLength, valueBytes, valueAt, valueLength, expiry);
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
    if (expiry >= 0) space.deadlines.replaceItem(order, expiry, old, item);
    else if (had >= 0) space.deadlines.remove(order, had, old);
    arena.free(old);
    if (had >= 0 && expiry < 0) this.refresh(entry);
    return false;
  }

  #setItemExpiry(entry: Address, bytes: Uint8Array, at: number, length: number, expiryMs: number): void {
    const { arena, fields, items, space } = this;
    const root = this.entries.ref(entry);
    const table = this.roots.fields(root);
    const order = this.roots.order(root);
    const hash = space.hasher.hash(bytes, at, length);
    const old = fields.find(table, bytes, at, length, hash);
    fields.beforeChange(table, old);
    const had = items.expiry(old);
    if (had >= 0 && expiryMs >= 0) {
      space.deadlines.insert(order, expiryMs, old);
      space.deadlines.remove(order, had, old);
      items.setExpiry(old, expiryMs);
      return;
    }
    const value = items.value(old, this.key);
    const item = items.build(bytes, at, length, value.bytes, value.at, value.length, expiryMs);
    if (expiryMs >= 0) {
      try {
        space.deadlines.insert(order, expiryMs, item);
      } catch (error) {
        arena.free(item);
        throw error;
      }
    } else space.deadlines.remove(order, had, old);
    fields.replaceFound(item);
    arena.free(old);
  }

  /** Adds an item to a table under construction, which owns it from here on. */
  #insertItem(table: Address, order: Address, item: Address, hash: number): void {
    try {
      this.fields.insert(table, item, hash);
    } catch (error) {
      this.arena.free(item);
      throw error;
    }
    const expiry = this.items.expiry(item);
    if (expiry >= 0) this.space.deadlines.insert(order, expiry, item);
  }

  /** The root block of an empty table. */
  #emptyTable(expected: number): Address {
    const order = this.space.deadlines.create();
    const table = this.#guarded(order, () => this.fields.createSized(expected));
    try {
      return this.roots.create(table, order);
    } catch (error) {
      this.fields.drain(table, Infinity, () => {});
      this.arena.free(order);
      throw error;
    }
  }

  // -- inside -------------------------------------------------------------------------------------------------

  /** Expiry of the field that has the earliest, or Infinity. In a table the cursor is then on its item. */
  #earliest(isPacked: boolean, root: Address): number {
    const inside = this.roots.fields(root);
    if (isPacked) {
      const first = listpack.first(this.arena, inside);
      const expiry = first === 0 ? -1 : this.#packedExpiry(inside, listpack.next(this.arena, inside, first));
      return expiry < 0 ? Infinity : expiry;
    }
    const { deadlines } = this.space;
    return deadlines.first(this.roots.order(root), this.#cursor) ? deadlines.value(this.#cursor) : Infinity;
  }

  #install(db: Database, entry: Address, encoding: number, root: Address): void {
    this.entries.setRef(entry, root);
    this.entries.setEncoding(entry, encoding);
    db.indexHash(entry);
  }

  /** Runs `make`; the block is given back if memory runs out in it. */
  #guarded(block: Address, make: () => Address): Address {
    try {
      return make();
    } catch (error) {
      this.arena.free(block);
      throw error;
    }
  }

  /** Fills a table of its own; it is given back if memory runs out. */
  #building(root: Address, fill: () => void): Address {
    try {
      fill();
      return root;
    } catch (error) {
      this.space.reclaimer.freeValue(TYPE_HASH, ENC_HASHTABLE_EX, root);
      throw error;
    }
  }
}
