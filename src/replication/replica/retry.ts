/**
 * How attempts to reach a master are spaced: at once when a good link broke, then about every second as Redis does, and
 * more and more slowly while the master stays away. The jitter keeps replicas that were cut together from coming back
 * in step for ever.
 *
 *   failures   0    1-4    5    6    7 ...
 *   at most    0    1 s   2 s  4 s  5 s        each shortened by up to a quarter
 */
import type { Random } from '../../base/ambient.ts';

/** How long to wait before the next attempt, ms; `failures`: attempts that failed since the link was last up. */
export type RetryPolicy = (failures: number) => number;

/** First pause, ms: Redis's. */
const FIRST_MS = 1000;
/** Attempts at that pace before the pauses grow. */
const STEADY_ATTEMPTS = 4;
/** Longest pause, ms. */
export const LONGEST_RETRY_MS = 5000;
/** Part of a pause that chance may take away. */
const JITTER = 0.25;

export function backOff(random: Random): RetryPolicy {
  return (failures) => {
    if (failures === 0) return 0;
    const doubled = Math.min(Math.max(0, failures - STEADY_ATTEMPTS), 16);
    const pause = Math.min(FIRST_MS * 2 ** doubled, LONGEST_RETRY_MS);
    return Math.round(pause * (1 - (JITTER * random.uint32()) / 2 ** 32));
  };
}
