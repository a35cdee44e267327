/** Fair choices, made of random words. */
import type { Random } from './ambient.ts';

const TWO_TO_32 = 2 ** 32;

/** A uniform integer in [0, limit), limit at most 2^32. */
export function below(random: Random, limit: number): number {
  return Math.floor((random.uint32() / TWO_TO_32) * limit);
}

/** Whether to take the present element when walking `left` elements of which `wanted` are still to be taken: a fair sample. */
export function takes(random: Random, wanted: number, left: number): boolean {
  return wanted >= left || below(random, left) < wanted;
}
