/**
 * The three encodings of a set, as values apart from any key: what SADD does to a key's set and what SUNIONSTORE does to
 * its result is the same code.
 *
 *   intset     ascending integers, up to set-max-intset-entries
 *   listpack   up to set-max-listpack-entries members of at most set-max-listpack-value bytes
 *   hashtable  a Dict of items {u32 meta, u32 length, member bytes}
 *
 * Conversions go intset -> listpack -> hashtable, never back, under the same conditions as in Redis 7.2.
 * Byte ranges given to a visitor are valid until the next call of this class.
 */
import { below, takes } from '../base/chance.ts';
import { parseInteger } from '../base/numbers.ts';
import { type Address, type Arena, byteOf, segmentOf } from '../memory/arena.ts';
import { copyBytes } from '../base/copy.ts';
import type { Dict } from '../memory/dict.ts';
import { randomItem } from '../memory/dict-random.ts';
import { Element } from '../memory/element.ts';
import * as intset from '../memory/intset.ts';
import * as listpack from '../memory/listpack.ts';
import { ENC_HASHTABLE, ENC_INTSET, ENC_LISTPACK, KEY_BASE_MEMBER, TYPE_SET } from './entry.ts';
import type { Keyspace } from './keyspace.ts';

/** Bytes of a listpack entry around its data, at most. */
const ENTRY_OVERHEAD = 16;
/** Digits and sign of the longest int64. */
export const INT64_TEXT_MAX = 20;

/** A set without a key; the operations update both fields. */
export interface SetValue {
  encoding: number;
  ref: Address;
}

/** Receives a member; true stops the walk. */
export type MemberVisitor = (bytes: Uint8Array, at: number, length: number) => boolean | void;

export class SetValues {
  readonly space: Keyspace;
  readonly arena: Arena;
  readonly members: Dict;
  readonly element: Element = new Element();
  /** For conversions, which happen while a visited member still lies in `element`. */
  readonly #inner: Element = new Element();

  constructor(space: Keyspace) {
    this.space = space;
    this.arena = space.arena;
    this.members = space.members;
  }

  // -- making -------------------------------------------------------------------------------------------------

  /** Makes `value` an empty set in the encoding for `expected` members, the first of which is an integer or not. */
  create(value: SetValue, firstIsInteger: boolean, expected: number): void {
    const { setMaxIntsetEntries, setMaxListpackEntries } = this.space.settings;
    if (firstIsInteger && expected <= setMaxIntsetEntries) {
      value.ref = intset.create(this.arena);
      value.encoding = ENC_INTSET;
    } else if (expected <= setMaxListpackEntries) {
      value.ref = listpack.create(this.arena);
      value.encoding = ENC_LISTPACK;
    } else this.createTable(value, expected);
  }

  createTable(value: SetValue, expected: number): void {
    value.ref = this.members.createSized(expected);
    value.encoding = ENC_HASHTABLE;
  }

  /** Gives a value's memory back. */
  release(value: SetValue): void {
    this.space.reclaimer.freeValue(TYPE_SET, value.encoding, value.ref);
  }

  /** A copy of a value's root block and all below it. */
  copy(encoding: number, ref: Address): Address {
    const { arena, members } = this;
    if (encoding === ENC_INTSET) return arena.duplicate(ref, intset.totalBytes(arena, ref));
    if (encoding === ENC_LISTPACK) return listpack.copy(arena, ref);
    const copy: SetValue = { encoding, ref: members.createSized(members.count(ref)) };
    try {
      members.forEach(ref, (item) => {
        const bytes = arena.u8[segmentOf(item)]!;
        this.#insert(copy.ref, bytes, this.#memberStart(item), this.#memberLength(item));
      });
    } catch (error) {
      this.release(copy);
      throw error;
    }
    return copy.ref;
  }

  // -- one member ---------------------------------------------------------------------------------------------

  count(value: SetValue): number {
    if (value.encoding === ENC_HASHTABLE) return this.members.count(value.ref);
    if (value.encoding === ENC_INTSET) return intset.count(this.arena, value.ref);
    return listpack.count(this.arena, value.ref);
  }

  has(value: SetValue, bytes: Uint8Array, at: number, length: number): boolean {
    const { arena } = this;
    const { encoding, ref } = value;
    if (encoding === ENC_HASHTABLE)
      return this.members.find(ref, bytes, at, length, this.space.hasher.hash(bytes, at, length)) !== 0;
    if (encoding === ENC_LISTPACK)
      return listpack.find(arena, ref, listpack.first(arena, ref), bytes, at, length) !== 0;
    const integer = parseInteger(bytes, at, length);
    return integer !== undefined && intset.has(arena, ref, integer);
  }

  /** Adds a member; true if it is new. The bytes must not lie in this set. */
  add(value: SetValue, bytes: Uint8Array, at: number, length: number): boolean {
    const { arena } = this;
    const { encoding } = value;
    if (encoding === ENC_HASHTABLE) return this.#insertAbsent(value.ref, bytes, at, length);
    if (encoding === ENC_INTSET) {
      const integer = parseInteger(bytes, at, length);
      if (integer !== undefined) {
        if (intset.count(arena, value.ref) < this.space.settings.setMaxIntsetEntries) {
          const moved = intset.add(arena, value.ref, integer);
          if (moved === 0) return false;
          value.ref = moved;
          return true;
        }
        if (intset.has(arena, value.ref, integer)) return false;
        this.convertToTable(value, 1);
        this.#insert(value.ref, bytes, at, length);
        return true;
      }
      if (!this.#intsetFitsListpack(value.ref, length)) {
        this.convertToTable(value, 1);
        this.#insert(value.ref, bytes, at, length);
        return true;
      }
      this.#convertToListpack(value);
    } else {
      const { ref } = value;
      if (listpack.find(arena, ref, listpack.first(arena, ref), bytes, at, length) !== 0) return false;
      if (!this.#listpackHasRoom(ref, length)) {
        this.convertToTable(value, 1);
        this.#insert(value.ref, bytes, at, length);
        return true;
      }
    }
    value.ref = listpack.append(arena, value.ref, bytes, at, length);
    return true;
  }

  /** Removes a member; false if it was absent. The bytes must not lie in this set, unless it is a table. */
  remove(value: SetValue, bytes: Uint8Array, at: number, length: number): boolean {
    const { arena, members } = this;
    const { encoding, ref } = value;
    if (encoding === ENC_HASHTABLE) {
      const item = members.remove(ref, bytes, at, length, this.space.hasher.hash(bytes, at, length));
      if (item === 0) return false;
      arena.free(item);
      return true;
    }
    if (encoding === ENC_LISTPACK) {
      const position = listpack.find(arena, ref, listpack.first(arena, ref), bytes, at, length);
      if (position === 0) return false;
      value.ref = listpack.deleteAt(arena, ref, position);
      return true;
    }
    const integer = parseInteger(bytes, at, length);
    const moved = integer === undefined ? 0 : intset.remove(arena, ref, integer);
    if (moved === 0) return false;
    value.ref = moved;
    return true;
  }

  // -- walks --------------------------------------------------------------------------------------------------

  /** Visits every member until the visitor returns true. The visitor must not look anything up in this set. */
  forEach(value: SetValue, visit: MemberVisitor): void {
    this.#walk(value, this.element, visit);
  }

  #walk(value: SetValue, element: Element, visit: MemberVisitor): void {
    const { arena } = this;
    const { encoding, ref } = value;
    if (encoding === ENC_HASHTABLE) {
      let stopped = false;
      const one = (item: Address): void => {
        if (!stopped) stopped = this.visitItem(item, visit);
      };
      let cursor = 0;
      do cursor = this.members.scan(ref, cursor, one);
      while (cursor !== 0 && !stopped);
    } else if (encoding === ENC_LISTPACK) {
      for (let p = listpack.first(arena, ref); p !== 0; p = listpack.next(arena, ref, p)) {
        listpack.read(arena, ref, p, element);
        if (visit(element.bytes, element.at, element.length) === true) return;
      }
    } else {
      const count = intset.count(arena, ref);
      for (let i = 0; i < count; i++) {
        intset.read(arena, ref, i, element);
        if (visit(element.bytes, element.at, element.length) === true) return;
      }
    }
  }

  /** Visits some members from a SCAN cursor and returns the next cursor, 0 at the end. Compact sets are visited whole. */
  scan(value: SetValue, cursor: number, visit: MemberVisitor): number {
    if (value.encoding === ENC_HASHTABLE)
      return this.members.scan(value.ref, cursor, (item) => void this.visitItem(item, visit));
    this.forEach(value, visit);
    return 0;
  }

  // -- random members -----------------------------------------------------------------------------------------

  /** Visits one random member of a set that is not empty; with `pop`, removes it afterwards. */
  random(value: SetValue, pop: boolean, visit: MemberVisitor): void {
    const { arena, element } = this;
    const { random } = this.space;
    const { encoding, ref } = value;
    if (encoding === ENC_HASHTABLE) {
      const item = randomItem(this.members, ref, random);
      this.visitItem(item, visit);
      if (pop) this.#removeItem(ref, item);
      return;
    }
    const index = below(random, this.count(value));
    if (encoding === ENC_INTSET) {
      const integer = intset.get(arena, ref, index);
      element.setInteger(integer);
      visit(element.bytes, element.at, element.length);
      if (pop) value.ref = intset.remove(arena, ref, integer);
    } else {
      const position = listpack.seek(arena, ref, index);
      listpack.read(arena, ref, position, element);
      visit(element.bytes, element.at, element.length);
      if (pop) value.ref = listpack.deleteAt(arena, ref, position);
    }
  }

  /** Visits `count` different random members, 0 <= count <= size. */
  sample(value: SetValue, count: number, visit: MemberVisitor): void {
    const { random } = this.space;
    let left = this.count(value);
    let wanted = count;
    if (value.encoding === ENC_HASHTABLE && count * 3 <= left) {
      const seen = new Set<Address>();
      while (seen.size < count) {
        const item = randomItem(this.members, value.ref, random);
        if (seen.has(item)) continue;
        seen.add(item);
        this.visitItem(item, visit);
      }
      return;
    }
    if (count === 0) return;
    this.forEach(value, (bytes, at, length) => {
      if (takes(random, wanted, left--)) {
        wanted--;
        visit(bytes, at, length);
      }
      return wanted === 0;
    });
  }

  /** Removes `count` random members, 0 <= count < size, and visits each before it goes. */
  pop(value: SetValue, count: number, visit: MemberVisitor): void {
    const { arena, members, element } = this;
    const { random } = this.space;
    let left = this.count(value);
    let wanted = count;
    if (value.encoding === ENC_HASHTABLE) {
      if (count * 3 <= left) {
        for (let i = 0; i < count; i++) this.random(value, true, visit);
        return;
      }
      const chosen: Address[] = [];
      members.forEach(value.ref, (item) => {
        if (wanted > 0 && takes(random, wanted, left)) {
          wanted--;
          chosen.push(item);
        }
        left--;
      });
      for (const item of chosen) {
        this.visitItem(item, visit);
        this.#removeItem(value.ref, item);
      }
      return;
    }
    const packed = value.encoding === ENC_LISTPACK;
    // Where the walk is: a listpack position or an intset index. What is deleted lets the next one take its place.
    for (let p = packed ? listpack.FIRST : 0; wanted > 0; left--) {
      if (!takes(random, wanted, left)) {
        p = packed ? listpack.next(arena, value.ref, p) : p + 1;
        continue;
      }
      wanted--;
      if (packed) {
        listpack.read(arena, value.ref, p, element);
        visit(element.bytes, element.at, element.length);
        value.ref = listpack.deleteAt(arena, value.ref, p);
      } else {
        const integer = intset.get(arena, value.ref, p);
        element.setInteger(integer);
        visit(element.bytes, element.at, element.length);
        value.ref = intset.remove(arena, value.ref, integer);
      }
    }
  }

  // -- conversions --------------------------------------------------------------------------------------------

  /** Turns a compact set into a table with room for `expected` members more. */
  convertToTable(value: SetValue, expected: number): void {
    const table: SetValue = { encoding: ENC_HASHTABLE, ref: this.members.createSized(this.count(value) + expected) };
    try {
      this.#walk(value, this.#inner, (bytes, at, length) => void this.#insertAbsent(table.ref, bytes, at, length));
    } catch (error) {
      this.release(table);
      throw error;
    }
    this.arena.free(value.ref);
    value.ref = table.ref;
    value.encoding = ENC_HASHTABLE;
  }

  #convertToListpack(value: SetValue): void {
    const { arena } = this;
    let list = listpack.create(arena, intset.totalBytes(arena, value.ref));
    try {
      this.#walk(value, this.#inner, (bytes, at, length) => {
        list = listpack.append(arena, list, bytes, at, length);
      });
    } catch (error) {
      arena.free(list);
      throw error;
    }
    arena.free(value.ref);
    value.ref = list;
    value.encoding = ENC_LISTPACK;
  }

  #listpackHasRoom(list: Address, length: number): boolean {
    const { setMaxListpackEntries, setMaxListpackValue } = this.space.settings;
    return (
      length <= setMaxListpackValue &&
      listpack.count(this.arena, list) < setMaxListpackEntries &&
      listpack.totalBytes(this.arena, list) + length + ENTRY_OVERHEAD <= listpack.MAX_BYTES
    );
  }

  /** Whether an intset may become a listpack with one more member of `length` bytes. */
  #intsetFitsListpack(set: Address, length: number): boolean {
    const { setMaxListpackEntries, setMaxListpackValue } = this.space.settings;
    const count = intset.count(this.arena, set);
    if (count >= setMaxListpackEntries || length > setMaxListpackValue) return false;
    if (count * (INT64_TEXT_MAX + ENTRY_OVERHEAD) + length > listpack.MAX_BYTES) return false;
    if (setMaxListpackValue >= INT64_TEXT_MAX || count === 0) return true;
    // The longest text is that of the least or of the greatest integer.
    intset.read(this.arena, set, 0, this.#inner);
    if (this.#inner.length > setMaxListpackValue) return false;
    intset.read(this.arena, set, count - 1, this.#inner);
    return this.#inner.length <= setMaxListpackValue;
  }

  // -- items of the table -------------------------------------------------------------------------------------

  #insertAbsent(table: Address, bytes: Uint8Array, at: number, length: number): boolean {
    const hash = this.space.hasher.hash(bytes, at, length);
    if (this.members.find(table, bytes, at, length, hash) !== 0) return false;
    this.#insertHashed(table, bytes, at, length, hash);
    return true;
  }

  /** Adds a member known to be absent. */
  #insert(table: Address, bytes: Uint8Array, at: number, length: number): void {
    this.#insertHashed(table, bytes, at, length, this.space.hasher.hash(bytes, at, length));
  }

  #insertHashed(table: Address, bytes: Uint8Array, at: number, length: number, hash: number): void {
    const item = this.#build(bytes, at, length);
    try {
      this.members.insert(table, item, hash);
    } catch (error) {
      this.arena.free(item);
      throw error;
    }
  }

  #build(bytes: Uint8Array, at: number, length: number): Address {
    const item = this.createItem(length);
    copyBytes(this.arena.u8[segmentOf(item)]!, this.#memberStart(item), bytes, at, length);
    return item;
  }

  /** An item of a table whose member is yet to be written. */
  createItem(length: number): Address {
    const item = this.arena.alloc(KEY_BASE_MEMBER + length);
    const words = this.arena.u32[segmentOf(item)]!;
    const word = byteOf(item) >>> 2;
    words[word] = 0;
    words[word + 1] = length;
    return item;
  }

  #memberStart(item: Address): number {
    return byteOf(item) + KEY_BASE_MEMBER;
  }

  #memberLength(item: Address): number {
    return this.arena.u32[segmentOf(item)]![(byteOf(item) >>> 2) + 1]!;
  }

  /** Visits one item of a set that is a table. */
  visitItem(item: Address, visit: MemberVisitor): boolean {
    return visit(this.arena.u8[segmentOf(item)]!, this.#memberStart(item), this.#memberLength(item)) === true;
  }

  #removeItem(table: Address, item: Address): void {
    const bytes = this.arena.u8[segmentOf(item)]!;
    const start = this.#memberStart(item);
    const length = this.#memberLength(item);
    this.members.remove(table, bytes, start, length, this.space.hasher.hash(bytes, start, length));
    this.arena.free(item);
  }
}
