/**
 * Intsets as they arrive in a file: <encoding u32: 2, 4 or 8> <count u32> <count integers, little-endian, rising>.
 */
import type { Viewed } from '../base/viewed.ts';
import { Malformed } from './error.ts';

const HEADER_BYTES = 8;

/** Throws Malformed unless the blob is a sorted, unique, non-empty intset. */
export function checkIntset(bytes: Uint8Array, at: number, length: number): void {
  if (length < HEADER_BYTES) throw new Malformed('intset is shorter than its header');
  const view = (bytes as Viewed).view ?? new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const width = view.getUint32(at, true);
  const count = view.getUint32(at + 4, true);
  if (width !== 2 && width !== 4 && width !== 8) {
    throw new Malformed('intset has an unknown encoding');
  }
  if (HEADER_BYTES + count * width !== length) {
    throw new Malformed('intset length differs from its header');
  }
  if (count === 0) throw new Malformed('intset is empty');
  let lastHigh = -Infinity;
  let lastLow = 0;
  for (let i = at + HEADER_BYTES, end = at + length; i < end; i += width) {
    let high: number;
    let low = 0;
    if (width === 2) high = view.getInt16(i, true);
    else high = view.getInt32(width === 8 ? i + 4 : i, true);
    if (width === 8) low = view.getUint32(i, true);
    if (high < lastHigh || (high === lastHigh && low <= lastLow)) {
      throw new Malformed('intset is not sorted and unique');
    }
    lastHigh = high;
    lastLow = low;
  }
}
