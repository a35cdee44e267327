/**
 * A large hash whose fields can expire: a table whose items may carry an expiry (hash-items.ts), and a B+tree of those
 * that do. Invariant: an item is in the tree iff it has an expiry.
 */
import { Span } from '../base/span.ts';
import type { Address, Arena } from '../memory/arena.ts';
import { Cursor } from '../memory/btree.ts';
import type { Dict } from '../memory/dict.ts';
import { ENC_HASHTABLE_EX, TYPE_HASH } from './entry.ts';
import { ADDED, type ExpiringForm, NO_EXPIRY, NO_FIELD, REPLACED, UNEXPIRED } from './expiring-form.ts';
import type { FieldDeadlines } from './field-deadlines.ts';
import { type FieldVisitor, HashItems } from './hash-items.ts';
import type { Keyspace } from './keyspace.ts';

export class ExpiringTable implements ExpiringForm {
  readonly space: Keyspace;
  readonly arena: Arena;
  readonly roots: FieldDeadlines;
  readonly fields: Dict;
  readonly items: HashItems;
  readonly key: Span = new Span();
  readonly #cursor: Cursor = new Cursor();

  constructor(space: Keyspace) {
    this.space = space;
    this.arena = space.arena;
    this.roots = space.fieldDeadlines;
    this.fields = space.fields;
    this.items = new HashItems(space.arena);
  }

  // -- making them --------------------------------------------------------------------------------------------

  /** The root block of a plain table, whose fields have no expiry yet. */
  fromPlain(table: Address): Address {
    const order = this.space.deadlines.create();
    return this.#guarded(order, () => this.roots.create(table, order));
  }

  /** The root block of a table that `fill` fills; it is given back if memory runs out. */
  build(expected: number, fill: (root: Address) => void): Address {
    const root = this.#empty(expected);
    try {
      fill(root);
      return root;
    } catch (error) {
      this.space.reclaimer.freeValue(TYPE_HASH, ENC_HASHTABLE_EX, root);
      throw error;
    }
  }

  copy(root: Address): Address {
    const { fields, items, roots } = this;
    const source = roots.fields(root);
    return this.build(fields.count(source), (copy) => {
      fields.forEach(source, (item) => {
        const { bytes, at, length } = items.field(item, this.key);
        const hash = this.space.hasher.hash(bytes, at, length);
        this.add(copy, items.copy(item), hash);
      });
      roots.setDeadline(copy, roots.deadline(root));
    });
  }

  /** Adds an item to a table under construction, which owns it from here on. */
  add(root: Address, item: Address, hash: number): void {
    this.#insert(this.roots.fields(root), item, hash);
    const expiry = this.items.expiry(item);
    if (expiry >= 0) this.space.deadlines.insert(this.roots.order(root), expiry, item);
  }

  #empty(expected: number): Address {
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

  // -- one field ----------------------------------------------------------------------------------------------

  length(root: Address): number {
    return this.fields.count(this.roots.fields(root));
  }

  get(root: Address, bytes: Uint8Array, at: number, length: number, out: Span): number {
    const item = this.#find(root, bytes, at, length);
    if (item === 0) return NO_FIELD;
    this.items.value(item, out);
    return this.items.expiry(item);
  }

  expiry(root: Address, bytes: Uint8Array, at: number, length: number): number {
    const item = this.#find(root, bytes, at, length);
    return item === 0 ? NO_FIELD : this.items.expiry(item);
  }

  set(root: Address, field: Span, value: Span, keep: boolean): number {
    const { arena, fields, items, space } = this;
    const table = this.roots.fields(root);
    const order = this.roots.order(root);
    const hash = space.hasher.hash(field.bytes, field.at, field.length);
    const old = fields.find(table, field.bytes, field.at, field.length, hash);
    const had = old === 0 ? NO_EXPIRY : items.expiry(old);
    const expiry = keep ? had : NO_EXPIRY;
    if (old !== 0) fields.beforeChange(table, old);
    if (old !== 0 && expiry === had && items.replaceValue(old, value.bytes, value.at, value.length)) return REPLACED;
    const item = items.build(field.bytes, field.at, field.length, value.bytes, value.at, value.length, expiry);
    if (old === 0) {
      this.#insert(table, item, hash);
      return ADDED;
    }
    fields.replaceFound(item);
    if (expiry >= 0) space.deadlines.replaceItem(order, expiry, old, item);
    else if (had >= 0) space.deadlines.remove(order, had, old);
    arena.free(old);
    return expiry === had ? REPLACED : UNEXPIRED;
  }

  setExpiry(root: Address, bytes: Uint8Array, at: number, length: number, expiryMs: number): void {
    const { arena, fields, items, space } = this;
    const order = this.roots.order(root);
    const old = this.#find(root, bytes, at, length);
    fields.beforeChange(this.roots.fields(root), old);
    const had = items.expiry(old);
    if (items.hasRoom(old)) {
      if (expiryMs >= 0) space.deadlines.insert(order, expiryMs, old);
      if (had >= 0) space.deadlines.remove(order, had, old);
      items.setExpiry(old, expiryMs);
      return;
    }
    const value = items.value(old, this.key);
    const item = items.build(bytes, at, length, value.bytes, value.at, value.length, expiryMs);
    if (expiryMs >= 0) this.#index(order, item, expiryMs);
    else space.deadlines.remove(order, had, old);
    fields.replaceFound(item);
    arena.free(old);
  }

  remove(root: Address, bytes: Uint8Array, at: number, length: number): number {
    const hash = this.space.hasher.hash(bytes, at, length);
    const item = this.fields.remove(this.roots.fields(root), bytes, at, length, hash);
    if (item === 0) return NO_FIELD;
    const expiry = this.items.expiry(item);
    if (expiry >= 0) this.space.deadlines.remove(this.roots.order(root), expiry, item);
    this.arena.free(item);
    return expiry;
  }

  // -- all fields ---------------------------------------------------------------------------------------------

  earliest(root: Address): number {
    const { deadlines } = this.space;
    return deadlines.first(this.roots.order(root), this.#cursor) ? deadlines.value(this.#cursor) : Infinity;
  }

  first(root: Address, out: Span): void {
    const { deadlines } = this.space;
    deadlines.first(this.roots.order(root), this.#cursor);
    this.items.field(deadlines.item(this.#cursor), out);
  }

  past(root: Address, now: number): number {
    return this.space.deadlines.seekValue(this.roots.order(root), now, false, this.#cursor);
  }

  forEach(root: Address, visit: FieldVisitor): void {
    this.fields.forEach(this.roots.fields(root), (item) => this.items.visit(item, visit));
  }

  /** Visits some fields from a SCAN cursor, and returns the next cursor, 0 at the end. */
  scan(root: Address, cursor: number, visit: FieldVisitor): number {
    return this.fields.scan(this.roots.fields(root), cursor, (item) => this.items.visit(item, visit));
  }

  // -- inside -------------------------------------------------------------------------------------------------

  #find(root: Address, bytes: Uint8Array, at: number, length: number): Address {
    return this.fields.find(this.roots.fields(root), bytes, at, length, this.space.hasher.hash(bytes, at, length));
  }

  /** Puts an item into a table; frees it if memory runs out. */
  #insert(table: Address, item: Address, hash: number): void {
    try {
      this.fields.insert(table, item, hash);
    } catch (error) {
      this.arena.free(item);
      throw error;
    }
  }

  /** Puts an item into the tree; frees it if memory runs out. */
  #index(order: Address, item: Address, expiryMs: number): void {
    try {
      this.space.deadlines.insert(order, expiryMs, item);
    } catch (error) {
      this.arena.free(item);
      throw error;
    }
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
}
