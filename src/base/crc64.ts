/**
 * CRC-64 as Redis uses it in RDB files and DUMP payloads: the "Jones" polynomial, reflected, with no
 * initial value and no final xor. JavaScript has no fast 64-bit integers, so the sum lives in two 32-bit
 * halves, and eight tables a half let one step take eight bytes (slicing-by-8).
 * Longer ranges go through WebAssembly, which has such integers (crc64-wasm.ts).
 *
 * Check value: "123456789" gives e9c6d914c4b8d9ca.
 */

import { makeCrc64Loop } from './crc64-wasm.ts';

/** A running CRC-64. Feed the bytes in order, in pieces of any size. */
export class Crc64 {
  /** Low and high half of the sum so far, as signed 32-bit integers. */
  lo = 0;
  hi = 0;

  reset(): void {
    this.lo = 0;
    this.hi = 0;
  }

  /** Adds `length` bytes from `at`; the range must lie within `bytes`. */
  update(bytes: Uint8Array, at: number, length: number): void {
    let i = at;
    if (length >= LOOP_MIN_BYTES && loop !== undefined) {
      const whole = length & ~7;
      halves[0] = this.lo;
      halves[1] = this.hi;
      loop(halves, bytes, at, whole);
      this.lo = halves[0]!;
      this.hi = halves[1]!;
      i += whole;
    }
    const end = at + length;
    let lo = this.lo;
    let hi = this.hi;
    if (end - i >= 8) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (const last = end - 8; i <= last; i += 8) {
        const x = lo ^ view.getInt32(i, true);
        const y = hi ^ view.getInt32(i + 4, true);
        const x0 = x & 255;
        const x1 = (x >>> 8) & 255;
        const x2 = (x >>> 16) & 255;
        const x3 = x >>> 24;
        const y0 = y & 255;
        const y1 = (y >>> 8) & 255;
        const y2 = (y >>> 16) & 255;
        const y3 = y >>> 24;
        // oxfmt-ignore
        lo = lo7[x0]! ^ lo6[x1]! ^ lo5[x2]! ^ lo4[x3]! ^ lo3[y0]! ^ lo2[y1]! ^ lo1[y2]! ^ lo0[y3]!;
        // oxfmt-ignore
        hi = hi7[x0]! ^ hi6[x1]! ^ hi5[x2]! ^ hi4[x3]! ^ hi3[y0]! ^ hi2[y1]! ^ hi1[y2]! ^ hi0[y3]!;
      }
    }
    for (; i < end; i++) {
      const index = (lo ^ bytes[i]!) & 255;
      lo = ((lo >>> 8) | (hi << 24)) ^ lo0[index]!;
      hi = (hi >>> 8) ^ hi0[index]!;
    }
    this.lo = lo;
    this.hi = hi;
  }

  /** Writes the sum as eight little-endian bytes, the form RDB files and DUMP payloads carry. */
  writeTo(target: Uint8Array, at: number): void {
    for (let i = 0; i < 4; i++) {
      target[at + i] = this.lo >>> (8 * i);
      target[at + 4 + i] = this.hi >>> (8 * i);
    }
  }

  /** Whether the eight little-endian bytes at `at` are this sum. */
  matches(bytes: Uint8Array, at: number): boolean {
    for (let i = 0; i < 4; i++) {
      if (bytes[at + i] !== ((this.lo >>> (8 * i)) & 255)) return false;
      if (bytes[at + 4 + i] !== ((this.hi >>> (8 * i)) & 255)) return false;
    }
    return true;
  }

  /** Sixteen hex digits, most significant first. */
  toString(): string {
    const half = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
    return half(this.hi) + half(this.lo);
  }
}

// The polynomial, bit-reversed: 95ac9329ac4bc9b5.
const POLY_LO = 0xac4bc9b5;
const POLY_HI = 0x95ac9329;

// Table t holds the effect of a byte that is followed by t more bytes. Sixteen separate constants rather than an array of
// arrays: the compiler then knows each one's address, which is worth a third of the speed.
const tables: readonly { lo: Int32Array; hi: Int32Array }[] = (() => {
  const all = Array.from({ length: 8 }, () => ({
    lo: new Int32Array(256),
    hi: new Int32Array(256),
  }));
  const first = all[0]!;
  for (let byte = 0; byte < 256; byte++) {
    let lo = byte;
    let hi = 0;
    for (let bit = 0; bit < 8; bit++) {
      const carry = lo & 1;
      lo = (lo >>> 1) | (hi << 31);
      hi >>>= 1;
      if (carry !== 0) {
        lo ^= POLY_LO;
        hi ^= POLY_HI;
      }
    }
    first.lo[byte] = lo;
    first.hi[byte] = hi;
  }
  for (let t = 1; t < 8; t++) {
    const before = all[t - 1]!;
    for (let byte = 0; byte < 256; byte++) {
      const lo = before.lo[byte]!;
      const hi = before.hi[byte]!;
      all[t]!.lo[byte] = ((lo >>> 8) | (hi << 24)) ^ first.lo[lo & 255]!;
      all[t]!.hi[byte] = (hi >>> 8) ^ first.hi[lo & 255]!;
    }
  }
  return all;
})();
const [lo0, lo1, lo2, lo3, lo4, lo5, lo6, lo7] = tables.map((table) => table.lo) as Eight;
const [hi0, hi1, hi2, hi3, hi4, hi5, hi6, hi7] = tables.map((table) => table.hi) as Eight;

/** From this length on the loop in WebAssembly pays for the call. */
const LOOP_MIN_BYTES = 256;
const loop = makeCrc64Loop(tables);
/** The sum on its way into and out of the loop. */
const halves: Int32Array = new Int32Array(2);

type Table = Int32Array;
type Eight = [Table, Table, Table, Table, Table, Table, Table, Table];
