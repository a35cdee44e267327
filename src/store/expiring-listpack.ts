/**
 * A small hash whose fields can expire: a listpack of field, value, expiry, field, value, expiry ..., by expiry; fields
 * without one (0) are last.
 */
import { writeInteger } from '../base/numbers.ts';
import type { Span } from '../base/span.ts';
import type { Address, Arena } from '../memory/arena.ts';
import { Element } from '../memory/element.ts';
import * as listpack from '../memory/listpack.ts';
import { ADDED, type ExpiringForm, NO_EXPIRY, NO_FIELD, NO_ROOM, REPLACED, UNEXPIRED } from './expiring-form.ts';
import type { FieldDeadlines } from './field-deadlines.ts';
import type { FieldVisitor } from './hash-items.ts';
import type { StoreSettings } from './keyspace.ts';

/** Bytes of three listpack entries around their data, at most. */
const TRIPLET_OVERHEAD = 40;
const ZERO = Buffer.from('0');

export class ExpiringListpack implements ExpiringForm {
  readonly arena: Arena;
  readonly roots: FieldDeadlines;
  readonly settings: StoreSettings;
  readonly a: Element = new Element();
  readonly b: Element = new Element();
  readonly #number: Uint8Array = new Uint8Array(32);

  constructor(roots: FieldDeadlines, settings: StoreSettings) {
    this.arena = roots.arena;
    this.roots = roots;
    this.settings = settings;
  }

  // -- making them --------------------------------------------------------------------------------------------

  /** The root block of a listpack of triplets, which is its own from here on: if memory runs out, it is given back. */
  adopt(list: Address): Address {
    try {
      return this.roots.create(list, 0);
    } catch (error) {
      this.arena.free(list);
      throw error;
    }
  }

  /** The root block of what a plain listpack holds, whose pairs have no expiry yet. */
  fromPairs(pairs: Address): Address {
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
    return this.adopt(list);
  }

  copy(root: Address): Address {
    const { arena, roots } = this;
    const copy = this.adopt(listpack.copy(arena, roots.fields(root)));
    roots.setDeadline(copy, roots.deadline(root));
    return copy;
  }

  // -- one field ----------------------------------------------------------------------------------------------

  length(root: Address): number {
    return listpack.count(this.arena, this.roots.fields(root)) / 3;
  }

  get(root: Address, bytes: Uint8Array, at: number, length: number, out: Span): number {
    const { arena, b } = this;
    const list = this.roots.fields(root);
    const position = this.#find(list, bytes, at, length);
    if (position === 0) return NO_FIELD;
    const value = listpack.next(arena, list, position);
    listpack.read(arena, list, value, b);
    out.bytes = b.bytes;
    out.at = b.at;
    out.length = b.length;
    return this.#expiryBehind(list, value);
  }

  expiry(root: Address, bytes: Uint8Array, at: number, length: number): number {
    const list = this.roots.fields(root);
    const position = this.#find(list, bytes, at, length);
    return position === 0 ? NO_FIELD : this.#expiryBehind(list, listpack.next(this.arena, list, position));
  }

  set(root: Address, field: Span, value: Span, keep: boolean): number {
    const { arena, roots } = this;
    const { hashMaxListpackValue: max, hashMaxListpackEntries } = this.settings;
    const list = roots.fields(root);
    const size = listpack.totalBytes(arena, list) + field.length + value.length + TRIPLET_OVERHEAD;
    if (field.length > max || value.length > max || size > listpack.MAX_BYTES) return NO_ROOM;
    const end = listpack.totalBytes(arena, list) - 1;
    const position = this.#find(list, field.bytes, field.at, field.length);
    if (position === 0) {
      if (this.length(root) >= hashMaxListpackEntries) return NO_ROOM;
      this.#insert(root, end, field, value, NO_EXPIRY);
      return ADDED;
    }
    const old = listpack.next(arena, list, position);
    if (keep || this.#expiryBehind(list, old) < 0) {
      roots.setFields(root, listpack.replace(arena, list, old, value.bytes, value.at, value.length));
      return REPLACED;
    }
    this.#insert(root, end, field, value, NO_EXPIRY);
    roots.setFields(root, listpack.deleteAt(arena, roots.fields(root), position, 3));
    return UNEXPIRED;
  }

  /** The triplet gets the place that goes with its expiry. */
  setExpiry(root: Address, bytes: Uint8Array, at: number, length: number, expiryMs: number): void {
    const { arena, roots, a, b } = this;
    const list = roots.fields(root);
    const position = this.#find(list, bytes, at, length);
    a.setString(bytes, at, length);
    listpack.read(arena, list, listpack.next(arena, list, position), b);
    b.detach();
    const total = listpack.totalBytes(arena, list);
    const place = expiryMs < 0 ? total - 1 : this.#placeOf(list, expiryMs);
    this.#insert(root, place, a, b, expiryMs);
    const grown = roots.fields(root);
    const old = place <= position ? position + listpack.totalBytes(arena, grown) - total : position;
    roots.setFields(root, listpack.deleteAt(arena, grown, old, 3));
  }

  remove(root: Address, bytes: Uint8Array, at: number, length: number): number {
    const { arena, roots } = this;
    const list = roots.fields(root);
    const position = this.#find(list, bytes, at, length);
    if (position === 0) return NO_FIELD;
    const expiry = this.#expiryBehind(list, listpack.next(arena, list, position));
    roots.setFields(root, listpack.deleteAt(arena, list, position, 3));
    return expiry;
  }

  // -- all fields ---------------------------------------------------------------------------------------------

  earliest(root: Address): number {
    const list = this.roots.fields(root);
    const first = listpack.first(this.arena, list);
    const expiry = first === 0 ? NO_EXPIRY : this.#expiryBehind(list, listpack.next(this.arena, list, first));
    return expiry < 0 ? Infinity : expiry;
  }

  first(root: Address, out: Span): void {
    const { a } = this;
    listpack.read(this.arena, this.roots.fields(root), listpack.FIRST, a);
    out.bytes = a.bytes;
    out.at = a.at;
    out.length = a.length;
  }

  past(root: Address, now: number): number {
    const list = this.roots.fields(root);
    let count = 0;
    for (let p = listpack.first(this.arena, list); p !== 0; count++) {
      const value = listpack.next(this.arena, list, p);
      const expiry = this.#expiryBehind(list, value);
      if (expiry < 0 || expiry >= now) break;
      p = this.#after(list, value);
    }
    return count;
  }

  forEach(root: Address, visit: FieldVisitor): void {
    const list = this.roots.fields(root);
    for (let p = listpack.first(this.arena, list); p !== 0;) p = this.#visit(list, p, visit);
  }

  /** Visits the field at this place, the one with the earliest expiry being the first. */
  visitAt(root: Address, index: number, visit: FieldVisitor): void {
    const list = this.roots.fields(root);
    this.#visit(list, listpack.seek(this.arena, list, index * 3), visit);
  }

  // -- inside -------------------------------------------------------------------------------------------------

  #find(list: Address, bytes: Uint8Array, at: number, length: number): number {
    return listpack.find(this.arena, list, listpack.first(this.arena, list), bytes, at, length, 3);
  }

  /** The expiry behind the value at this position, -1 for none. */
  #expiryBehind(list: Address, value: number): number {
    const expiry = listpack.readInteger(this.arena, list, listpack.next(this.arena, list, value));
    return expiry === 0 ? NO_EXPIRY : expiry;
  }

  /** Position of the triplet after the one whose value is here, 0 at the end. */
  #after(list: Address, value: number): number {
    return listpack.next(this.arena, list, listpack.next(this.arena, list, value));
  }

  #visit(list: Address, position: number, visit: FieldVisitor): number {
    const { arena, a, b } = this;
    listpack.read(arena, list, position, a);
    const value = listpack.next(arena, list, position);
    listpack.read(arena, list, value, b);
    visit(a.bytes, a.at, a.length, b.bytes, b.at, b.length, this.#expiryBehind(list, value));
    return this.#after(list, value);
  }

  /** Position behind the triplets that expire with this one or sooner. */
  #placeOf(list: Address, expiryMs: number): number {
    for (let p = listpack.first(this.arena, list); p !== 0;) {
      const value = listpack.next(this.arena, list, p);
      const expiry = this.#expiryBehind(list, value);
      if (expiry < 0 || expiry > expiryMs) return p;
      p = this.#after(list, value);
    }
    return listpack.totalBytes(this.arena, list) - 1;
  }

  /** Puts a triplet at a position. If memory runs out in its middle, nothing of it is there. */
  #insert(root: Address, position: number, field: Span, value: Span, expiryMs: number): void {
    const { arena, roots } = this;
    let list = roots.fields(root);
    let done = 0;
    try {
      // From the last to the first, so that the position stays the same.
      const digits = writeInteger(this.#number, 0, Math.max(expiryMs, 0));
      list = listpack.insertBefore(arena, list, position, this.#number, 0, digits);
      done++;
      list = listpack.insertBefore(arena, list, position, value.bytes, value.at, value.length);
      done++;
      list = listpack.insertBefore(arena, list, position, field.bytes, field.at, field.length);
    } catch (error) {
      if (done > 0) list = listpack.deleteAt(arena, list, position, done);
      roots.setFields(root, list);
      throw error;
    }
    roots.setFields(root, list);
  }
}
