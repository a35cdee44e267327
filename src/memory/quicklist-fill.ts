/**
 * How much a list's node may hold, and a list that is one listpack: list-max-listpack-size, which is -1 to -5 for 4 to 64 KiB, or
 * a number of elements, that COUNTED_BYTES bound too.
 */

/** Sizes in bytes for -1 to -5. */
const SIZES: readonly number[] = [4096, 8192, 16384, 32768, 65536];
const COUNTED_BYTES = 8192;
/** Redis's default: 8 KiB. */
export const DEFAULT_FILL = -2;

/** Bytes of a listpack. */
export function fillBytes(fill: number): number {
  return fill < 0 ? SIZES[Math.min(-fill, SIZES.length) - 1]! : COUNTED_BYTES;
}

/** Elements, Infinity where bytes are the limit. */
export function fillCount(fill: number): number {
  return fill < 0 ? Infinity : Math.max(fill, 1);
}
