/**
 * One table of a dict: an array of buckets of 64 bytes, one cache line each, and their overflow buckets.
 *
 *   +----------+-------+------------+------------+
 *   | overflow | count | 7 x hash32 | 7 x item   |
 *   +----------+-------+------------+------------+
 *        u32      u32       u32       u32 address
 *
 * A bucket that is full points to an overflow bucket. Free slots are a bucket's last ones, and an overflow bucket is never
 * empty. A chain is a bucket with its overflow buckets; a table has 2 ** log of them. Beside each slot lies the full hash, so
 * that moving a slot to another table never touches its item, and a lookup reads one cache line and, nearly always, one item.
 *
 * Items follow the layout in store/entry.ts: their key starts at `keyBase`, 8 bytes later if bit 31 of the first word is set.
 */
import { equalWords, type Viewed } from '../base/viewed.ts';
import { type Address, type Arena, ArenaExhausted, MEDIUM_MAX } from './arena.ts';

/** Items that fit into a bucket without overflow. */
export const SLOTS = 7;
const BUCKET_BYTES = 64;
const BUCKET_WORDS = 16;
const HASHES = 2;
const ITEMS = 9;

const SEGMENT_SHIFT = 18;
const UNIT_MASK = (1 << SEGMENT_SHIFT) - 1;

export class DictTables {
  readonly arena: Arena;
  readonly keyBase: number;
  /** Where the last successful `find` found its item; valid until the next change of any table. */
  #slotView: Uint32Array = new Uint32Array(0);
  #slotIndex = 0;

  constructor(arena: Arena, keyBase: number) {
    this.arena = arena;
    this.keyBase = keyBase;
  }

  /** An empty table of 2 ** log chains. Throws ArenaExhausted. */
  alloc(log: number): Address {
    const bytes = BUCKET_BYTES * 2 ** log;
    const table = this.arena.alloc(bytes);
    // A table with a buffer of its own comes zeroed from the system.
    if (bytes <= MEDIUM_MAX) {
      const word = (table & UNIT_MASK) << 2;
      this.arena.u32[table >>> SEGMENT_SHIFT]!.fill(0, word, word + (bytes >>> 2));
    }
    return table;
  }

  /** The item with this key, or 0. */
  find(table: Address, log: number, bytes: Uint8Array, at: number, length: number, hash: number): Address {
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let bucket = ((table & UNIT_MASK) << 2) + (hash & ((1 << log) - 1)) * BUCKET_WORDS;
    for (;;) {
      const used = view[bucket + 1]!;
      for (let slot = 0; slot < used; slot++) {
        if ((view[bucket + HASHES + slot]! | 0) !== hash) continue;
        const item = view[bucket + ITEMS + slot]!;
        if (this.#keyEquals(item, bytes, at, length)) {
          this.#slotView = view;
          this.#slotIndex = bucket + ITEMS + slot;
          return item;
        }
      }
      const overflow = view[bucket]!;
      if (overflow === 0) return 0;
      view = this.arena.u32[overflow >>> SEGMENT_SHIFT]!;
      bucket = (overflow & UNIT_MASK) << 2;
    }
  }

  /** Appends the items of a chain with this hash to `out`. */
  withHash(table: Address, log: number, hash: number, out: Address[]): void {
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let bucket = ((table & UNIT_MASK) << 2) + (hash & ((1 << log) - 1)) * BUCKET_WORDS;
    for (;;) {
      const used = view[bucket + 1]!;
      for (let slot = 0; slot < used; slot++)
        if ((view[bucket + HASHES + slot]! | 0) === hash) out.push(view[bucket + ITEMS + slot]!);
      const overflow = view[bucket]!;
      if (overflow === 0) return;
      view = this.arena.u32[overflow >>> SEGMENT_SHIFT]!;
      bucket = (overflow & UNIT_MASK) << 2;
    }
  }

  /** Puts another item (same key) into the slot that the last `find` returned. */
  replaceFound(item: Address): void {
    this.#slotView[this.#slotIndex] = item;
  }

  /** Adds an item whose key is known to be absent. Throws ArenaExhausted, having changed nothing. */
  insert(table: Address, log: number, item: Address, hash: number): void {
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let bucket = ((table & UNIT_MASK) << 2) + (hash & ((1 << log) - 1)) * BUCKET_WORDS;
    while (view[bucket + 1] === SLOTS) {
      let next = view[bucket]!;
      if (next === 0) {
        next = this.arena.alloc(BUCKET_BYTES);
        view[bucket] = next;
        view = this.arena.u32[next >>> SEGMENT_SHIFT]!;
        bucket = (next & UNIT_MASK) << 2;
        view[bucket] = 0;
        view[bucket + 1] = 0;
        break;
      }
      view = this.arena.u32[next >>> SEGMENT_SHIFT]!;
      bucket = (next & UNIT_MASK) << 2;
    }
    const slot = view[bucket + 1]!;
    view[bucket + HASHES + slot] = hash;
    view[bucket + ITEMS + slot] = item;
    view[bucket + 1] = slot + 1;
  }

  /** Takes the item that the last `find` found out of its chain, the one of `hash`. */
  removeFound(table: Address, log: number, hash: number): void {
    const holeView = this.#slotView;
    const hole = this.#slotIndex;
    // The chain's last element fills the hole; an overflow bucket that empties is freed.
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let bucket = ((table & UNIT_MASK) << 2) + (hash & ((1 << log) - 1)) * BUCKET_WORDS;
    let parentView = view;
    let parent = -1;
    while (view[bucket] !== 0) {
      const next = view[bucket]!;
      parentView = view;
      parent = bucket;
      view = this.arena.u32[next >>> SEGMENT_SHIFT]!;
      bucket = (next & UNIT_MASK) << 2;
    }
    const last = view[bucket + 1]! - 1;
    holeView[hole] = view[bucket + ITEMS + last]!;
    holeView[hole - ITEMS + HASHES] = view[bucket + HASHES + last]!;
    view[bucket + 1] = last;
    if (last === 0 && parent >= 0) {
      this.arena.free(parentView[parent]!);
      parentView[parent] = 0;
    }
  }

  /** Reads the places of hashes, that the processor has them at hand; the sum means nothing. */
  touch(table: Address, log: number, hashes: Int32Array, from: number, end: number): number {
    const view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    const base = (table & UNIT_MASK) << 2;
    const mask = (1 << log) - 1;
    let sum = 0;
    for (let i = from; i < end; i++) sum += view[base + (hashes[i]! & mask) * BUCKET_WORDS]!;
    return sum;
  }

  /**
   * Adds items up to the first whose bucket is full or has one with the same hash, zeroing them in `items`, and returns that one's
   * index. What is rare is not done here, so that code which is compiled early in a load stays good to its end.
   */
  insertAbsent(table: Address, log: number, items: Uint32Array, hashes: Int32Array, from: number, end: number): number {
    const view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    const base = (table & UNIT_MASK) << 2;
    const mask = (1 << log) - 1;
    let i = from;
    scan: for (; i < end; i++) {
      const hash = hashes[i]!;
      const bucket = base + (hash & mask) * BUCKET_WORDS;
      const used = view[bucket + 1]!;
      if (used === SLOTS) break;
      const free = bucket + HASHES + used;
      for (let slot = bucket + HASHES; slot < free; slot++) if ((view[slot]! | 0) === hash) break scan;
      view[free] = hash;
      view[free + ITEMS - HASHES] = items[i]!;
      view[bucket + 1] = used + 1;
      items[i] = 0;
    }
    return i;
  }

  isEmpty(table: Address, index: number): boolean {
    const view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    const bucket = ((table & UNIT_MASK) << 2) + index * BUCKET_WORDS;
    return view[bucket + 1] === 0 && view[bucket] === 0;
  }

  /** Moves a chain's items to another table; false if memory ran out and some of them stayed behind. */
  moveChain(table: Address, index: number, target: Address, log: number): boolean {
    const tableView = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    const head = ((table & UNIT_MASK) << 2) + index * BUCKET_WORDS;
    let view = tableView;
    let bucket = head;
    let overflow = 0;
    let slot = 0;
    try {
      for (;;) {
        for (slot = 0; slot < view[bucket + 1]!; slot++)
          this.insert(target, log, view[bucket + ITEMS + slot]!, view[bucket + HASHES + slot]! | 0);
        const next = view[bucket]!;
        view[bucket] = 0;
        view[bucket + 1] = 0;
        if (overflow !== 0) this.arena.free(overflow);
        overflow = next;
        if (next === 0) return true;
        view = this.arena.u32[next >>> SEGMENT_SHIFT]!;
        bucket = (next & UNIT_MASK) << 2;
      }
    } catch (error) {
      if (!(error instanceof ArenaExhausted)) throw error;
      const used = view[bucket + 1]!;
      view.copyWithin(bucket + ITEMS, bucket + ITEMS + slot, bucket + ITEMS + used);
      view.copyWithin(bucket + HASHES, bucket + HASHES + slot, bucket + HASHES + used);
      view[bucket + 1] = used - slot;
      if (bucket !== head || view !== tableView) tableView[head] = overflow;
      return false;
    }
  }

  visitChain(table: Address, index: number, visit: (item: Address) => void): void {
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let bucket = ((table & UNIT_MASK) << 2) + index * BUCKET_WORDS;
    for (;;) {
      const used = view[bucket + 1]!;
      for (let slot = 0; slot < used; slot++) visit(view[bucket + ITEMS + slot]!);
      const overflow = view[bucket]!;
      if (overflow === 0) return;
      view = this.arena.u32[overflow >>> SEGMENT_SHIFT]!;
      bucket = (overflow & UNIT_MASK) << 2;
    }
  }

  /** Appends a chain's items to `out` from `count` on, as far as there is room; the new count goes on without room. */
  collectChain(table: Address, index: number, out: Uint32Array, count: number): number {
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let bucket = ((table & UNIT_MASK) << 2) + index * BUCKET_WORDS;
    let found = count;
    for (;;) {
      const used = view[bucket + 1]!;
      for (let slot = 0; slot < used; slot++) out[found++] = view[bucket + ITEMS + slot]!;
      const overflow = view[bucket]!;
      if (overflow === 0) return found;
      view = this.arena.u32[overflow >>> SEGMENT_SHIFT]!;
      bucket = (overflow & UNIT_MASK) << 2;
    }
  }

  chainLength(table: Address, index: number): number {
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let bucket = ((table & UNIT_MASK) << 2) + index * BUCKET_WORDS;
    let length = view[bucket + 1]!;
    for (let next = view[bucket]!; next !== 0; next = view[bucket]!) {
      view = this.arena.u32[next >>> SEGMENT_SHIFT]!;
      bucket = (next & UNIT_MASK) << 2;
      length += view[bucket + 1]!;
    }
    return length;
  }

  /** The item at a position below the chain's length. */
  chainItem(table: Address, index: number, position: number): Address {
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let bucket = ((table & UNIT_MASK) << 2) + index * BUCKET_WORDS;
    let left = position;
    while (left >= view[bucket + 1]!) {
      left -= view[bucket + 1]!;
      const next = view[bucket]!;
      view = this.arena.u32[next >>> SEGMENT_SHIFT]!;
      bucket = (next & UNIT_MASK) << 2;
    }
    return view[bucket + ITEMS + left]!;
  }

  /** Frees a chain's overflow buckets; the table is not to be used any more. */
  freeOverflow(table: Address, index: number): void {
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let next = view[((table & UNIT_MASK) << 2) + index * BUCKET_WORDS]!;
    while (next !== 0) {
      view = this.arena.u32[next >>> SEGMENT_SHIFT]!;
      const after = view[(next & UNIT_MASK) << 2]!;
      this.arena.free(next);
      next = after;
    }
  }

  #keyEquals(item: Address, bytes: Uint8Array, at: number, length: number): boolean {
    const segment = item >>> SEGMENT_SHIFT;
    const words = this.arena.u32[segment]!;
    const word = (item & UNIT_MASK) << 2;
    if (words[word + 1] !== length) return false;
    const stored = this.arena.u8[segment]!;
    const start = (word << 2) + this.keyBase + ((words[word]! >>> 31) << 3);
    const { view } = bytes as Viewed;
    if (view !== undefined && length >= 4) return equalWords((stored as Viewed).view!, start, view, at, length);
    for (let i = 0; i < length; i++) if (stored[start + i] !== bytes[at + i]) return false;
    return true;
  }
}
