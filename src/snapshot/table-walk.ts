/**
 * A walk over a table that changes meanwhile. It sees exactly the items of the moment it began.
 *
 * A logical bucket is all items whose hashes agree in the bits of the table's size at that moment. Growing splits physical
 * buckets, but never mixes logical ones, and the guard keeps the table from shrinking further. So the walk passes each item
 * once; those that are marked were written before, or were put there later.
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
    return this.#next === this.#buckets;
  }

  /**
   * Goes on over buckets in order that hold `enough` items, at most MAX_BUCKETS, and takes those items that are not marked.
   * Returns how many are in `out`.
   */
  advance(enough: number, out: ItemBuffer): number {
    let count = 0;
    const end = Math.min(this.#next + MAX_BUCKETS, this.#buckets);
    let bucket = this.#next;
    for (; bucket < end && count < enough; bucket++) count = this.#collect(bucket, out, count);
    this.#next = bucket;
    return this.#marks.takeAll(out.items, count);
  }

  #collect(bucket: number, out: ItemBuffer, count: number): number {
    for (;;) {
      const total = this.dict.collect(this.header, this.#log, bucket, out.items, count);
      if (total <= out.items.length) return total;
      out.grow(total);
    }
  }
}

/** Addresses of items; grows when a bucket is uncommonly full. */
export class ItemBuffer {
  items: Uint32Array = new Uint32Array(256);

  grow(atLeast: number): void {
    const larger = new Uint32Array(Math.max(atLeast, this.items.length * 2));
    larger.set(this.items);
    this.items = larger;
  }
}

/** Buckets that one `advance` looks at: empty ones cost a little, too. */
const MAX_BUCKETS = 256;
