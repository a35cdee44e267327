/**
 * Blocks ordered by a name that each holds, in the order of its bytes, in which Redis lists them: the groups of a stream, the
 * consumers of a group. Mostly there are a few, so a table begins as a sorted array; beyond ARRAY_MAX it is a B+tree.
 *
 *   array   0    | count | addresses ...
 *   tree    root | count | levels | -          the header of a BTree, all of whose values are 0
 *
 * An empty table is address 0. Functions that change a table return its address, which may be new. Blocks are laid out as
 * BTree wants them: the length of the name is their second word.
 */
import { type Address, type Arena, byteOf, segmentOf } from './arena.ts';
import { assert } from '../base/assert.ts';
import { BTree, Cursor } from './btree.ts';
import { compareBytes, moveBytes } from '../base/copy.ts';

/** Most blocks of an array. */
const ARRAY_MAX = 64;
const HEADER_WORDS = 2;
const FIRST_CAPACITY = 2;
/** A block's share of a tree whose nodes are about two thirds full: bytes. */
const TREE_SHARE_BYTES = 17;

export class NameTable {
  readonly arena: Arena;
  readonly #tree: BTree;
  readonly #cursor: Cursor = new Cursor();
  readonly #nameByte: number;

  /** Where, in each block, the name begins. */
  constructor(arena: Arena, nameByte: number) {
    this.arena = arena;
    this.#tree = new BTree(arena, nameByte);
    this.#nameByte = nameByte;
  }

  count(table: Address): number {
    return table === 0 ? 0 : this.arena.u32[segmentOf(table)]![(byteOf(table) >>> 2) + 1]!;
  }

  at(table: Address, index: number): Address {
    if (!this.#isTree(table)) return this.arena.u32[segmentOf(table)]![(byteOf(table) >>> 2) + HEADER_WORDS + index]!;
    const found = this.#tree.atRank(table, index, this.#cursor);
    assert(found, 'name table: no such index');
    return this.#tree.item(this.#cursor);
  }

  /** The block with this name, or 0. */
  find(table: Address, bytes: Uint8Array, at: number, length: number): Address {
    if (table === 0) return 0;
    if (!this.#isTree(table)) {
      const index = this.#search(table, bytes, at, length);
      return index < 0 ? 0 : this.at(table, index);
    }
    const cursor = this.#cursor;
    if (this.#tree.seekKey(table, bytes, at, length, false, cursor) === this.count(table)) return 0;
    const block = this.#tree.item(cursor);
    return this.#compare(block, bytes, at, length) === 0 ? block : 0;
  }

  /** Visits the blocks in order. `visit` must not change the table. */
  forEach(table: Address, visit: (block: Address) => void): void {
    if (table === 0) return;
    if (!this.#isTree(table)) {
      for (let i = 0; i < this.count(table); i++) visit(this.at(table, i));
      return;
    }
    const cursor = new Cursor();
    for (let more = this.#tree.first(table, cursor); more; more = this.#tree.next(cursor))
      visit(this.#tree.item(cursor));
  }

  /**
   * Visits up to `most` blocks in order, from the first on whose name is not before the given one, or (`after`) is behind it. `visit`
   * must not change the table.
   */
  forEachFrom(
    table: Address,
    bytes: Uint8Array,
    at: number,
    length: number,
    after: boolean,
    most: number,
    visit: (block: Address) => void,
  ): void {
    if (table === 0) return;
    if (!this.#isTree(table)) {
      const found = this.#search(table, bytes, at, length);
      const from = found < 0 ? ~found : after ? found + 1 : found;
      const end = Math.min(this.count(table), from + most);
      for (let i = from; i < end; i++) visit(this.at(table, i));
      return;
    }
    const cursor = new Cursor();
    const left = this.count(table) - this.#tree.seekKey(table, bytes, at, length, after, cursor);
    for (let i = Math.min(left, most); i > 0; i--) {
      visit(this.#tree.item(cursor));
      this.#tree.next(cursor);
    }
  }

  /** Adds a block whose name is new. Throws ArenaExhausted, having changed nothing. */
  insert(table: Address, block: Address): Address {
    const count = this.count(table);
    if (count === ARRAY_MAX && !this.#isTree(table)) return this.#plant(table, block);
    if (count > 0 && this.#isTree(table)) {
      this.#tree.insert(table, 0, block);
      return table;
    }
    const index = ~this.#place(table, block);
    const grown = this.#makeRoom(table, count);
    const words = this.arena.u32[segmentOf(grown)]!;
    const first = (byteOf(grown) >>> 2) + HEADER_WORDS;
    const place = (first + index) * 4;
    moveBytes(this.arena.u8[segmentOf(grown)]!, place + 4, place, (count - index) * 4);
    words[first + index] = block;
    words[first - 1] = count + 1;
    return grown;
  }

  /** Takes a block out; it stays the caller's. */
  remove(table: Address, block: Address): Address {
    if (this.#isTree(table)) {
      const removed = this.#tree.remove(table, 0, block);
      assert(removed, 'name table: a block is not in it');
      return this.#keepUnlessEmpty(table);
    }
    const count = this.count(table);
    const words = this.arena.u32[segmentOf(table)]!;
    const first = (byteOf(table) >>> 2) + HEADER_WORDS;
    const index = this.#place(table, block);
    assert(index >= 0, 'name table: a block is not in it');
    const place = (first + index) * 4;
    moveBytes(this.arena.u8[segmentOf(table)]!, place, place + 4, (count - index - 1) * 4);
    words[first - 1] = count - 1;
    return this.#keepUnlessEmpty(table);
  }

  /** Takes the last block out, which stays the caller's (and may be freed already). */
  removeLast(table: Address): Address {
    const count = this.count(table) - 1;
    if (this.#isTree(table)) this.#tree.removeRange(table, count, 1, () => undefined);
    else this.arena.u32[segmentOf(table)]![(byteOf(table) >>> 2) + 1] = count;
    return this.#keepUnlessEmpty(table);
  }

  /** What it takes, about, without the blocks. */
  bytes(table: Address): number {
    if (table === 0) return 0;
    return this.arena.capacity(table) + (this.#isTree(table) ? this.count(table) * TREE_SHARE_BYTES : 0);
  }

  #isTree(table: Address): boolean {
    return this.arena.u32[segmentOf(table)]![byteOf(table) >>> 2] !== 0;
  }

  #keepUnlessEmpty(table: Address): Address {
    if (this.count(table) > 0) return table;
    this.arena.free(table);
    return 0;
  }

  #makeRoom(table: Address, count: number): Address {
    if (table !== 0 && (HEADER_WORDS + count + 1) * 4 <= this.arena.capacity(table)) return table;
    const bytes = (HEADER_WORDS + (table === 0 ? FIRST_CAPACITY : count * 2)) * 4;
    if (table !== 0) return this.arena.resize(table, bytes, (HEADER_WORDS + count) * 4);
    const created = this.arena.alloc(bytes);
    this.arena.u32[segmentOf(created)]!.fill(0, byteOf(created) >>> 2, (byteOf(created) >>> 2) + HEADER_WORDS);
    return created;
  }

  /** Makes a tree of a full array and one more block. */
  #plant(table: Address, block: Address): Address {
    const tree = this.#tree;
    const header = tree.create();
    try {
      // The first leaf holds them all: this is its only allocation.
      tree.insert(header, 0, block);
    } catch (error) {
      this.arena.free(header);
      throw error;
    }
    for (let i = 0; i < ARRAY_MAX; i++) tree.insert(header, 0, this.at(table, i));
    this.arena.free(table);
    return header;
  }

  /** Index of the block's name in an array, or the complement of where it belongs. */
  #place(table: Address, block: Address): number {
    const length = this.arena.u32[segmentOf(block)]![(byteOf(block) >>> 2) + 1]!;
    return this.#search(table, this.arena.u8[segmentOf(block)]!, byteOf(block) + this.#nameByte, length);
  }

  /** Index of the name in an array, or the complement of where it belongs. */
  #search(table: Address, bytes: Uint8Array, at: number, length: number): number {
    let low = 0;
    let high = this.count(table);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.#compare(this.at(table, middle), bytes, at, length);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return ~low;
  }

  #compare(block: Address, bytes: Uint8Array, at: number, length: number): number {
    const other = this.arena.u8[segmentOf(block)]!;
    const otherLength = this.arena.u32[segmentOf(block)]![(byteOf(block) >>> 2) + 1]!;
    return compareBytes(other, byteOf(block) + this.#nameByte, otherLength, bytes, at, length);
  }
}
