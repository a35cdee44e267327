/**
 * A walk over a table that changes meanwhile. It sees exactly the items of the moment it began.
 *
 * A logical bucket is all items whose hashes agree in the bits of the table's size at that moment. Growing splits physical
 * buckets, but never mixes logical ones, and the guard keeps the table from shrinking further. Each logical bucket is taken
 * once: by the walk, or before that by the first change in it. What is put into a taken bucket later is none of ours.
 */
import type { Address } from '../memory/arena.ts';
import type { Dict } from '../memory/dict.ts';

export class TableWalk {
  readonly dict: Dict;
  readonly header: Address;
  readonly #log: number;
  readonly #mask: number;
  /** A bit for each logical bucket: taken. */
  readonly #taken: Uint32Array;
  #next = 0;

  /** Guards the table, which must not be empty. */
  constructor(dict: Dict, header: Address) {
    this.dict = dict;
    this.header = header;
    this.#log = dict.guard(header);
    this.#mask = 2 ** this.#log - 1;
    this.#taken = new Uint32Array((this.#mask >>> 5) + 1);
  }

  /** Whether the walk has come to the end. */
  get done(): boolean {
    return this.#next > this.#mask;
  }

  /** Takes the bucket of a hash: its items are in `out` afterwards, their number is returned; -1 if it was taken before. */
  take(hash: number, out: ItemBuffer): number {
    const bucket = hash & this.#mask;
    const word = this.#taken[bucket >>> 5]!;
    const bit = 1 << (bucket & 31);
    if ((word & bit) !== 0) return -1;
    this.#taken[bucket >>> 5] = word | bit;
    return this.#collect(bucket, out, 0);
  }

  /** Takes buckets in order until there are `enough` items, at most MAX_BUCKETS. Returns how many items are in `out`. */
  advance(enough: number, out: ItemBuffer): number {
    let count = 0;
    const end = Math.min(this.#next + MAX_BUCKETS, this.#mask + 1);
    let bucket = this.#next;
    for (; bucket < end && count < enough; bucket++) {
      const word = this.#taken[bucket >>> 5]!;
      const bit = 1 << (bucket & 31);
      if ((word & bit) !== 0) continue;
      this.#taken[bucket >>> 5] = word | bit;
      count = this.#collect(bucket, out, count);
    }
    this.#next = bucket;
    return count;
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

/** Buckets that one `advance` looks at: empty ones and those taken cost a little, too. */
const MAX_BUCKETS = 256;
