/**
 * Intsets as they arrive in a file: <encoding u32: 2, 4 or 8> <count u32> <count integers, little-endian, rising>.
 */
import type { Viewed } from '../base/viewed.ts';
import { PackedCursor } from './cursor.ts';
import { Malformed } from './error.ts';

const HEADER_BYTES = 8;

/** Throws Malformed unless the blob is a sorted, unique, non-empty intset. */
export function checkIntset(bytes: Uint8Array, at: number, length: number): void {
  const width = checkIntsetFrame(bytes, at, length);
  checkIntsetRange(bytes, at, width, 0, (length - HEADER_BYTES) / width);
}

/** Checks all but the order. Returns the bytes of an integer. Throws Malformed. */
export function checkIntsetFrame(bytes: Uint8Array, at: number, length: number): number {
  if (length < HEADER_BYTES) throw new Malformed('intset is shorter than its header');
  const view = viewOf(bytes);
  const width = view.getUint32(at, true);
  const count = view.getUint32(at + 4, true);
  if (width !== 2 && width !== 4 && width !== 8) {
    throw new Malformed('intset has an unknown encoding');
  }
  if (HEADER_BYTES + count * width !== length) {
    throw new Malformed('intset length differs from its header');
  }
  if (count === 0) throw new Malformed('intset is empty');
  return width;
}

/** Throws Malformed unless each of the integers [from, to) is above the one before it. */
export function checkIntsetRange(bytes: Uint8Array, at: number, width: number, from: number, to: number): void {
  const view = viewOf(bytes);
  let lastHigh = -Infinity;
  let lastLow = 0;
  const first = at + HEADER_BYTES + (from === 0 ? 0 : from - 1) * width;
  for (let i = first, end = at + HEADER_BYTES + to * width; i < end; i += width) {
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

/** Walks the integers of an intset whose frame was checked. */
export class IntsetCursor extends PackedCursor {
  #width = 0;

  open(bytes: Uint8Array, at: number, length: number): void {
    this.source = bytes;
    this.#width = bytes[at]!;
    this.position = at + HEADER_BYTES;
    this.end = at + length;
  }

  next(): boolean {
    const at = this.position;
    if (at === this.end) return false;
    const width = this.#width;
    if (width === 8) this.setInt64(at);
    else {
      const view = viewOf(this.source);
      this.setInteger(width === 2 ? view.getInt16(at, true) : view.getInt32(at, true));
    }
    this.position = at + width;
    return true;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return (bytes as Viewed).view ?? new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
