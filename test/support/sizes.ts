/**
 * Sequences of additions and removals that make a hash table grow and shrink many times: not so many random changes, which leave its
 * size where it is, but a walk from one size to the next. The sizes are mostly those at which a table is resized, and at each
 * some keys come and go, so that much happens while a resize is under way.
 */
import fc from 'fast-check';
import { Seeded } from './dataset.ts';

/** Largest size of a walk, keys. */
export const MOST_KEYS = 1600;
/** Keys are numbers below this. */
const KEYS = 2 * MOST_KEYS;

export interface Stretch {
  /** How many keys there shall be. */
  readonly size: number;
  /** Pairs of an addition and a removal once it is reached. */
  readonly changes: number;
  /** Which keys go. */
  readonly leaving: 'oldest' | 'newest' | 'any';
}

// A table of 2 ** log buckets grows beyond 6 items a bucket, and shrinks below a tenth of 7.
const aroundResize = fc
  .record({ log: fc.integer({ min: 2, max: 8 }), grows: fc.boolean(), by: fc.integer({ min: -3, max: 3 }) })
  .map(({ log, grows, by }) => Math.max(0, (grows ? 6 << log : Math.floor((7 << log) / 10)) + by));

/** A walk over sizes, from empty. */
export const stretches: fc.Arbitrary<Stretch[]> = fc.array(
  fc.record({
    size: fc.oneof(
      { weight: 6, arbitrary: aroundResize },
      { weight: 1, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.nat(MOST_KEYS) },
    ),
    changes: fc.oneof(fc.constant(0), fc.nat(40)),
    leaving: fc.constantFrom('oldest' as const, 'newest' as const, 'any' as const),
  }),
  { minLength: 2, maxLength: 10, size: 'max' },
);

/** What a walk does. A key is a small number, absent where it is added; `remove` may take away another one, and returns that. */
export interface Walker {
  add(key: number): void;
  remove(key: number): number | void;
}

export class Walk {
  readonly #walker: Walker;
  readonly #random: Seeded;
  /** In the order in which they came. */
  readonly #present: number[] = [];

  constructor(seed: number, walker: Walker) {
    this.#walker = walker;
    this.#random = new Seeded(seed);
  }

  go({ size, changes, leaving }: Stretch): void {
    while (this.#present.length < size) this.#add();
    while (this.#present.length > size) this.#remove(leaving);
    for (let i = 0; i < changes; i++) {
      this.#add();
      this.#remove(leaving);
    }
  }

  #add(): void {
    let key = this.#random.below(KEYS);
    while (this.#present.includes(key)) key = (key + 1) % KEYS;
    this.#walker.add(key);
    this.#present.push(key);
  }

  #remove(leaving: Stretch['leaving']): void {
    const { length } = this.#present;
    const index = leaving === 'oldest' ? 0 : leaving === 'newest' ? length - 1 : this.#random.below(length);
    const key = this.#present[index]!;
    const gone = this.#walker.remove(key) ?? key;
    this.#present.splice(gone === key ? index : this.#present.indexOf(gone), 1);
  }
}
