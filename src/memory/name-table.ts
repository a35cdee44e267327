/**
 * Blocks ordered by a name that each holds: a sorted array of addresses, for the groups of a stream and the consumers of a
 * group. They are few, and Redis lists them in this order.
 *
 *   count | capacity | addresses ...
 *
 * An empty table is address 0. Functions that change a table return its address, which may be new.
 */
import { type Address, type Arena, byteOf, segmentOf } from './arena.ts';
import { assert } from '../base/assert.ts';
import { compareBytes, moveBytes } from './copy.ts';

const HEADER_WORDS = 2;
const FIRST_CAPACITY = 2;

export class NameTable {
  readonly arena: Arena;
  readonly #lengthByte: number;
  readonly #nameByte: number;

  /** Where, in each block, the name's length (a word) and its bytes are. */
  constructor(arena: Arena, lengthByte: number, nameByte: number) {
    this.arena = arena;
    this.#lengthByte = lengthByte;
    this.#nameByte = nameByte;
  }

  count(table: Address): number {
    return table === 0 ? 0 : this.arena.u32[segmentOf(table)]![byteOf(table) >>> 2]!;
  }

  at(table: Address, index: number): Address {
    return this.arena.u32[segmentOf(table)]![(byteOf(table) >>> 2) + HEADER_WORDS + index]!;
  }

  /** The block with this name, or 0. */
  find(table: Address, bytes: Uint8Array, at: number, length: number): Address {
    const index = this.#search(table, bytes, at, length);
    return index < 0 ? 0 : this.at(table, index);
  }

  /** Adds a block whose name is new. Throws ArenaExhausted, having changed nothing. */
  insert(table: Address, block: Address): Address {
    const index = ~this.#place(table, block);
    const count = this.count(table);
    const grown = this.#makeRoom(table, count);
    const words = this.arena.u32[segmentOf(grown)]!;
    const first = (byteOf(grown) >>> 2) + HEADER_WORDS;
    const place = (first + index) * 4;
    moveBytes(this.arena.u8[segmentOf(grown)]!, place + 4, place, (count - index) * 4);
    words[first + index] = block;
    words[first - HEADER_WORDS] = count + 1;
    return grown;
  }

  /** Takes a block out; it stays the caller's. */
  remove(table: Address, block: Address): Address {
    const count = this.count(table);
    const words = this.arena.u32[segmentOf(table)]!;
    const first = (byteOf(table) >>> 2) + HEADER_WORDS;
    const index = this.#place(table, block);
    assert(index >= 0, 'name table: a block is not in it');
    const place = (first + index) * 4;
    moveBytes(this.arena.u8[segmentOf(table)]!, place, place + 4, (count - index - 1) * 4);
    words[first - HEADER_WORDS] = count - 1;
    if (count > 1) return table;
    this.arena.free(table);
    return 0;
  }

  /** Takes the last block out, which stays the caller's (and may be freed already). */
  removeLast(table: Address): Address {
    const count = this.count(table) - 1;
    this.arena.u32[segmentOf(table)]![byteOf(table) >>> 2] = count;
    if (count > 0) return table;
    this.arena.free(table);
    return 0;
  }

  bytes(table: Address): number {
    return table === 0 ? 0 : this.arena.capacity(table);
  }

  #makeRoom(table: Address, count: number): Address {
    if (table !== 0 && count < this.arena.u32[segmentOf(table)]![(byteOf(table) >>> 2) + 1]!) return table;
    const capacity = table === 0 ? FIRST_CAPACITY : count * 2;
    const bytes = (HEADER_WORDS + capacity) * 4;
    const grown = table === 0 ? this.arena.alloc(bytes) : this.arena.resize(table, bytes, (HEADER_WORDS + count) * 4);
    const words = this.arena.u32[segmentOf(grown)]!;
    const word = byteOf(grown) >>> 2;
    words[word] = count;
    words[word + 1] = capacity;
    return grown;
  }

  /** Index of the block's name, or the complement of where it belongs. */
  #place(table: Address, block: Address): number {
    const bytes = this.arena.u8[segmentOf(block)]!;
    const length = this.arena.u32[segmentOf(block)]![(byteOf(block) + this.#lengthByte) >>> 2]!;
    return this.#search(table, bytes, byteOf(block) + this.#nameByte, length);
  }

  /** Index of the name, or the complement of where it belongs. */
  #search(table: Address, bytes: Uint8Array, at: number, length: number): number {
    let low = 0;
    let high = this.count(table);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const block = this.at(table, middle);
      const other = this.arena.u8[segmentOf(block)]!;
      const otherLength = this.arena.u32[segmentOf(block)]![(byteOf(block) + this.#lengthByte) >>> 2]!;
      const order = compareBytes(other, byteOf(block) + this.#nameByte, otherLength, bytes, at, length);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return ~low;
  }
}
