/**
 * The order of integers: a radix sort of their places, eleven bits at a time, lowest first. It takes as long whatever their order
 * is, and needs no function that compares.
 */
import { assert } from '../base/assert.ts';

const DIGIT_BITS = 11;
const DIGITS: number = 1 << DIGIT_BITS;
const TWO_TO_32 = 2 ** 32;

export class IntegerOrder {
  // Distance of each from the least, in two words; places before and after a pass; where each digit's places begin.
  #low: Uint32Array = new Uint32Array(0);
  #high: Uint32Array = new Uint32Array(0);
  #places: Uint32Array = new Uint32Array(0);
  #others: Uint32Array = new Uint32Array(0);
  readonly #starts: Uint32Array = new Uint32Array(DIGITS);

  /** Places of the first `count` values, in their order; equal ones as they come. The result is valid until the next call. */
  sort(values: Float64Array, count: number): Uint32Array {
    if (this.#places.length < count) this.#makeRoom(count);
    let least = Infinity;
    let most = -Infinity;
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    const places = this.#places;
    for (let i = 0; i < count; i++) places[i] = i;
    if (count === 0 || least === most) return places;
    // What cannot be subtracted exactly. Rare enough not to matter how long it takes.
    if (!Number.isSafeInteger(least) || !Number.isSafeInteger(most) || !Number.isSafeInteger(most - least)) {
      places.subarray(0, count).sort((a, b) => values[a]! - values[b]!);
      return places;
    }
    const low = this.#low;
    const high = this.#high;
    for (let i = 0; i < count; i++) {
      const distance = values[i]! - least;
      assert(Number.isInteger(distance), 'an integer is wanted');
      low[i] = distance;
      high[i] = distance / TWO_TO_32;
    }
    const spread = most - least;
    for (let shift = 0; shift < 32 && spread >= 2 ** shift; shift += DIGIT_BITS) this.#pass(low, shift, count);
    for (let shift = 0; spread >= TWO_TO_32 * 2 ** shift; shift += DIGIT_BITS) this.#pass(high, shift, count);
    return this.#places;
  }

  /** Orders the places by one digit, and leaves those with the same digit in the order in which they are. */
  #pass(words: Uint32Array, shift: number, count: number): void {
    const from = this.#places;
    const to = this.#others;
    const starts = this.#starts;
    starts.fill(0);
    for (let i = 0; i < count; i++) starts[(words[i]! >>> shift) & (DIGITS - 1)]!++;
    let start = 0;
    for (let digit = 0; digit < DIGITS; digit++) {
      const here = starts[digit]!;
      starts[digit] = start;
      start += here;
    }
    for (let i = 0; i < count; i++) {
      const place = from[i]!;
      to[starts[(words[place]! >>> shift) & (DIGITS - 1)]!++] = place;
    }
    this.#places = to;
    this.#others = from;
  }

  #makeRoom(count: number): void {
    this.#low = new Uint32Array(count);
    this.#high = new Uint32Array(count);
    this.#places = new Uint32Array(count);
    this.#others = new Uint32Array(count);
  }
}
