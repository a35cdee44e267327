/**
 * Fair random choice: every element with the same probability, whatever the shape of the table.
 *
 * `randomItem` favours items in short bucket chains. Here a bucket is drawn, then a position below a bound that chains
 * hardly ever exceed; if the chain is shorter than the position, the draw is repeated. So each item has the chance
 * 1 / (buckets * bound) a draw, and takes about four draws.
 */
import type { Random } from '../base/ambient.ts';
import type { Address } from '../memory/arena.ts';
import type { Dict } from '../memory/dict.ts';
import { randomItem } from '../memory/dict-random.ts';

/** Draws before giving up on a table that is nearly all empty; the choice is then only roughly fair. */
const MAX_DRAWS = 200;

export class Picker {
  readonly #random: Random;
  readonly #chain: Address[] = [];
  readonly #collect = (item: Address): void => {
    this.#chain.push(item);
  };

  constructor(random: Random) {
    this.#random = random;
  }

  /** A uniform integer in [0, limit), limit at most 2^32. */
  below(limit: number): number {
    return Math.floor((this.#random.uint32() / 4294967296) * limit);
  }

  /** A random item of a dict, or 0 if it is empty. */
  item(dict: Dict, header: Address): Address {
    const count = dict.count(header);
    if (count === 0) return 0;
    // Two tables while rehashing: the cursor counts the smaller one's buckets, and visits what corresponds in the other.
    const total = dict.buckets(header);
    const buckets = dict.isRehashing(header) ? smallerOf(total) : total;
    const bound = 8 + Math.ceil((3 * count) / buckets);
    const chain = this.#chain;
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      chain.length = 0;
      dict.scan(header, this.below(buckets), this.#collect);
      const position = this.below(Math.max(bound, chain.length));
      if (position < chain.length) return chain[position]!;
    }
    return randomItem(dict, header, this.#random);
  }
}

/** Whether to take the present element when walking `left` elements of which `wanted` are still to be taken: a fair sample. */
export function takes(picker: Picker, wanted: number, left: number): boolean {
  return wanted >= left || picker.below(left) < wanted;
}

/** The smaller of two different powers of two, given their sum. */
function smallerOf(sum: number): number {
  let power = 1;
  while (sum % (power * 2) === 0) power *= 2;
  return power;
}
