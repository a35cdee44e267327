/**
 * Moving and comparing byte ranges: the fastest way for each length. All copies in, out of and within the arena go through here.
 *
 * The arena is shared memory, and V8 copies shared memory one byte at a time unless both ends are aligned alike: 0.3 to
 * 0.6 ns a byte, 2.3 us to move 4 KiB. (Plain ArrayBuffers would be fast, but count towards the heap's limits: a
 * growing arena would then cause full collections of tens of ms.) `Buffer.fill` with a byte range as its pattern is one memcpy in
 * native code whatever the memory: about 110 ns and 0.02 ns a byte. So, on Node 20:
 *
 *   both viewed  words (base/viewed.ts) up to 383 bytes, from there and otherwise:
 *   two arrays   loop (1.7 ns a byte) up to 28, set(subarray()) (50 ns + 0.3 a byte) up to 255, fill above
 *   one array    loop up to 12, copyWithin (23 ns + 0.3 or 0.6 a byte) up to 511, above that fill by way of a scratch buffer
 */

import { copyWords, type Viewed, WORDS_MAX } from './viewed.ts';

const LOOP_MAX = 28;
const SET_MAX = 255;
const MOVE_LOOP_MAX = 12;
const COPY_WITHIN_MAX = 511;
/** Larger moves go piece by piece. */
const SCRATCH_BYTES = 16 * 1024;
/** Holds bytes only while `moveBytes` runs. */
const scratch: Buffer = Buffer.alloc(SCRATCH_BYTES);
const { fill } = Buffer.prototype;

/** Copies `length` bytes. The ranges may overlap if both are in the same array, but not by way of two views of one buffer. */
export function copyBytes(to: Uint8Array, toAt: number, from: Uint8Array, fromAt: number, length: number): void {
  if (to === from) {
    moveBytes(to, toAt, fromAt, length);
    return;
  }
  if (length <= WORDS_MAX && length >= 4) {
    const target = (to as Viewed).view;
    const source = (from as Viewed).view;
    if (target !== undefined && source !== undefined) {
      copyWords(target, toAt, source, fromAt, length);
      return;
    }
  }
  if (length <= LOOP_MAX) {
    for (let i = 0; i < length; i++) to[toAt + i] = from[fromAt + i]!;
  } else if (length <= SET_MAX) {
    to.set(from.subarray(fromAt, fromAt + length), toAt);
  } else {
    blockCopy(to, toAt, from, fromAt, length);
  }
}

/** `copyBytes` within one array, overlap allowed. */
export function moveBytes(bytes: Uint8Array, toAt: number, fromAt: number, length: number): void {
  if (length > COPY_WITHIN_MAX) {
    moveByScratch(bytes, toAt, fromAt, length);
  } else if (length > MOVE_LOOP_MAX) {
    bytes.copyWithin(toAt, fromAt, fromAt + length);
  } else if (toAt < fromAt) {
    for (let i = 0; i < length; i++) bytes[toAt + i] = bytes[fromAt + i]!;
  } else {
    for (let i = length - 1; i >= 0; i--) bytes[toAt + i] = bytes[fromAt + i]!;
  }
}

function moveByScratch(bytes: Uint8Array, toAt: number, fromAt: number, length: number): void {
  if (toAt === fromAt) return;
  for (let done = 0; done < length;) {
    const piece = Math.min(length - done, SCRATCH_BYTES);
    // Downwards from the front, upwards from the back: no piece overwrites what is still to be read.
    const offset = toAt < fromAt ? done : length - done - piece;
    blockCopy(scratch, 0, bytes, fromAt + offset, piece);
    blockCopy(bytes, toAt + offset, scratch, 0, piece);
    done += piece;
  }
}

/** One native memcpy; `length` > 0, and the ranges do not overlap. */
function blockCopy(to: Uint8Array, toAt: number, from: Uint8Array, fromAt: number, length: number): void {
  fill.call(to, from.subarray(fromAt, fromAt + length), toAt, toAt + length);
}

/** Order of two ranges as Redis sorts members: by unsigned bytes, a prefix before the longer range. */
export function compareBytes(
  a: Uint8Array,
  aAt: number,
  aLength: number,
  b: Uint8Array,
  bAt: number,
  bLength: number,
): -1 | 0 | 1 {
  const shorter = aLength < bLength ? aLength : bLength;
  for (let i = 0; i < shorter; i++) {
    const x = a[aAt + i]!;
    const y = b[bAt + i]!;
    if (x !== y) return x < y ? -1 : 1;
  }
  return aLength === bLength ? 0 : aLength < bLength ? -1 : 1;
}

export function equalBytes(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aAt + i] !== b[bAt + i]) return false;
  return true;
}
