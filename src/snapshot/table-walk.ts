/**
 * A walk over a table that changes meanwhile. It sees exactly the items of the moment it began.
 *
 * A logical bucket is all items whose hashes agree in the bits of the table's size at that moment. Growing splits physical
 * buckets, but never mixes logical ones, and the guard keeps the table from shrinking further. So the walk passes each item
 * once; those that are marked were written before, or were put there later. (What was collected and goes before its turn is marked,
 * and so is what is allocated in its place.)
 */
import type { Address } from '../memory/arena.ts';
import type { Dict } from '../memory/dict.ts';
import type { Marks } from './marks.ts';

export class TableWalk {
  readonly dict: Dict;
  readonly header: Address;
  readonly #marks: Marks;
  readonly #log: number;
  readonly #buckets: number;
  /** What was collected; grows when a bucket is uncommonly full. */
  items: Uint32Array = new Uint32Array(0);
  count = 0;
  /** The next of them. */
  #at = 0;
  /** The next bucket. */
  #next = 0;

  /** Guards the table, which must not be empty. */
  constructor(dict: Dict, header: Address, marks: Marks) {
    this.dict = dict;
    this.header = header;
    this.#marks = marks;
    this.#log = dict.guard(header);
    this.#buckets = 2 ** this.#log;
  }

  /** Whether the walk has come to the end. */
  get done(): boolean {
    return this.#next === this.#buckets && this.#at === this.count;
  }

  /**
   * Collects the items of the next buckets, some `enough`, at most of MAX_BUCKETS, into `items`; false if some are left of the last
   * time.
   */
  collect(enough: number): boolean {
    if (this.#at < this.count) return false;
    let count = 0;
    const end = Math.min(this.#next + MAX_BUCKETS, this.#buckets);
    let bucket = this.#next;
    for (; bucket < end && count < enough; bucket++) count = this.#collect(bucket, count);
    this.#next = bucket;
    this.count = count;
    this.#at = 0;
    return true;
  }

  /** Takes the next of the collected items that is not marked; 0: there is none. */
  next(): Address {
    while (this.#at < this.count) {
      const item = this.items[this.#at++]!;
      if (this.#marks.take(item)) return item;
    }
    return 0;
  }

  #collect(bucket: number, count: number): number {
    for (;;) {
      const total = this.dict.collect(this.header, this.#log, bucket, this.items, count);
      if (total <= this.items.length) return total;
      const larger = new Uint32Array(Math.max(total, this.items.length * 2, FIRST_ITEMS));
      larger.set(this.items);
      this.items = larger;
    }
  }
}

/** Buckets that one `advance` looks at: empty ones cost a little, too. */
const MAX_BUCKETS = 256;
const FIRST_ITEMS = 256;
