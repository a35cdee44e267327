/**
 * SHA-1 for many short inputs, which DEBUG DIGEST needs: node:crypto costs more to call than to compute there. Results
 * are five 32-bit words (big-endian, as the standard counts), so that digests combine without going through bytes.
 * Long inputs go to node:crypto.
 */
import { createHash } from 'node:crypto';

/** From here on the native code wins. */
const NATIVE_BYTES = 1024;
const BLOCK = 64;

export class Sha1 {
  /** The last result. */
  readonly words: Int32Array = new Int32Array(5);
  readonly #schedule = new Int32Array(80);
  readonly #tail = new Uint8Array(2 * BLOCK);

  /** Hashes a byte range. */
  hash(bytes: Uint8Array, at: number, length: number): Int32Array {
    if (length >= NATIVE_BYTES) return this.#native(bytes, at, length);
    this.#begin();
    let from = at;
    let left = length;
    for (; left >= BLOCK; from += BLOCK, left -= BLOCK) this.#block(bytes, from);
    const tail = this.#tail;
    tail.fill(0);
    for (let i = 0; i < left; i++) tail[i] = bytes[from + i]!;
    tail[left] = 0x80;
    const end = left + 9 <= BLOCK ? BLOCK : 2 * BLOCK;
    const bits = length * 8;
    tail[end - 3] = bits >>> 16;
    tail[end - 2] = bits >>> 8;
    tail[end - 1] = bits;
    this.#block(tail, 0);
    if (end > BLOCK) this.#block(tail, BLOCK);
    return this.words;
  }

  /** Hashes the 20 bytes of another digest. */
  hashWords(input: Int32Array): Int32Array {
    this.#begin();
    const w = this.#schedule;
    w.fill(0, 0, 16);
    for (let i = 0; i < 5; i++) w[i] = input[i]!;
    w[5] = 0x80000000;
    w[15] = 160;
    this.#compress();
    return this.words;
  }

  #native(bytes: Uint8Array, at: number, length: number): Int32Array {
    const digest = createHash('sha1')
      .update(bytes.subarray(at, at + length))
      .digest();
    for (let i = 0; i < 5; i++) this.words[i] = digest.readInt32BE(i * 4);
    return this.words;
  }

  #begin(): void {
    const h = this.words;
    h[0] = 0x67452301;
    h[1] = 0xefcdab89;
    h[2] = 0x98badcfe;
    h[3] = 0x10325476;
    h[4] = 0xc3d2e1f0;
  }

  #block(bytes: Uint8Array, at: number): void {
    const w = this.#schedule;
    for (let i = 0, p = at; i < 16; i++, p += 4)
      w[i] = (bytes[p]! << 24) | (bytes[p + 1]! << 16) | (bytes[p + 2]! << 8) | bytes[p + 3]!;
    this.#compress();
  }

  #compress(): void {
    const w = this.#schedule;
    const h = this.words;
    for (let i = 16; i < 80; i++) {
      const x = w[i - 3]! ^ w[i - 8]! ^ w[i - 14]! ^ w[i - 16]!;
      w[i] = (x << 1) | (x >>> 31);
    }
    let a = h[0]!;
    let b = h[1]!;
    let c = h[2]!;
    let d = h[3]!;
    let e = h[4]!;
    let t = 0;
    for (let i = 0; i < 20; i++) {
      t = (((a << 5) | (a >>> 27)) + (d ^ (b & (c ^ d))) + e + w[i]! + 0x5a827999) | 0;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = t;
    }
    for (let i = 20; i < 40; i++) {
      t = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + w[i]! + 0x6ed9eba1) | 0;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = t;
    }
    for (let i = 40; i < 60; i++) {
      t = (((a << 5) | (a >>> 27)) + ((b & c) | (d & (b | c))) + e + w[i]! + 0x8f1bbcdc) | 0;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = t;
    }
    for (let i = 60; i < 80; i++) {
      t = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + w[i]! + 0xca62c1d6) | 0;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = t;
    }
    h[0] = h[0]! + a;
    h[1] = h[1]! + b;
    h[2] = h[2]! + c;
    h[3] = h[3]! + d;
    h[4] = h[4]! + e;
  }
}
