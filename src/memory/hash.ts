/**
 * Seeded hash of keys: HalfSipHash-1-3 (Aumasson, Bernstein), 32 bits out. The seed is random per server, so a client
 * cannot choose keys that all fall into one bucket. Works on 32-bit words because 64-bit arithmetic is slow in JS.
 */
import type { Pieces } from '../base/pieces.ts';
import type { Viewed } from '../base/viewed.ts';

export class KeyHasher {
  readonly #k0: number;
  readonly #k1: number;

  /** `seed`: 8 random bytes. */
  constructor(seed: Uint8Array) {
    const view = new DataView(seed.buffer, seed.byteOffset, 8);
    this.#k0 = view.getInt32(0, true);
    this.#k1 = view.getInt32(4, true);
  }

  /** Hash of a byte range as a signed 32-bit integer. */
  hash(bytes: Uint8Array, at: number, length: number): number {
    let v0 = this.#k0;
    let v1 = this.#k1;
    let v2 = this.#k0 ^ 0x6c796765;
    let v3 = this.#k1 ^ 0x74656462;
    const tail = length & 3;
    const end = at + length - tail;
    const { view } = bytes as Viewed;
    for (let i = at; i < end; i += 4) {
      const m =
        view === undefined
          ? bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
          : view.getInt32(i, true);
      v3 ^= m;
      v0 = (v0 + v1) | 0;
      v1 = (v1 << 5) | (v1 >>> 27);
      v1 ^= v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = (v3 << 8) | (v3 >>> 24);
      v3 ^= v2;
      v0 = (v0 + v3) | 0;
      v3 = (v3 << 7) | (v3 >>> 25);
      v3 ^= v0;
      v2 = (v2 + v1) | 0;
      v1 = (v1 << 13) | (v1 >>> 19);
      v1 ^= v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= m;
    }
    let last = length << 24;
    if (tail > 2) last |= bytes[end + 2]! << 16;
    if (tail > 1) last |= bytes[end + 1]! << 8;
    if (tail > 0) last |= bytes[end]!;
    v3 ^= last;
    for (let round = 0; round < 4; round++) {
      if (round === 1) {
        v0 ^= last;
        v2 ^= 0xff;
      }
      v0 = (v0 + v1) | 0;
      v1 = (v1 << 5) | (v1 >>> 27);
      v1 ^= v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = (v3 << 8) | (v3 >>> 24);
      v3 ^= v2;
      v0 = (v0 + v3) | 0;
      v3 = (v3 << 7) | (v3 >>> 25);
      v3 ^= v0;
      v2 = (v2 + v1) | 0;
      v1 = (v1 << 13) | (v1 >>> 19);
      v1 ^= v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    return v1 ^ v3;
  }

  /** The same hash, about `piece` bytes at a time. */
  *hashInPieces(bytes: Uint8Array, at: number, length: number, piece: number): Pieces<number> {
    const state = Int32Array.of(this.#k0, this.#k1, this.#k0 ^ 0x6c796765, this.#k1 ^ 0x74656462);
    const words = length & ~3;
    const step = (piece + 3) & ~3;
    for (let done = 0; done < words; done += step) {
      if (done > 0) yield;
      addWords(state, bytes, at + done, Math.min(step, words - done));
    }
    // The bytes that are left and the length make one word more. After it come three rounds that nothing goes into.
    const rest = new Uint8Array(16);
    for (let i = words; i < length; i++) rest[i - words] = bytes[at + i]!;
    rest[3] = length;
    addWords(state, rest, 0, 4);
    state[2]! ^= 0xff;
    addWords(state, rest, 4, 12);
    return state[1]! ^ state[3]!;
  }
}

/** `length` bytes, a multiple of four, go into the state. The same steps as in `hash`, where words in an array would cost every short key. */
function addWords(state: Int32Array, bytes: Uint8Array, at: number, length: number): void {
  let v0 = state[0]!;
  let v1 = state[1]!;
  let v2 = state[2]!;
  let v3 = state[3]!;
  const end = at + length;
  const { view } = bytes as Viewed;
  for (let i = at; i < end; i += 4) {
    const m =
      view === undefined
        ? bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
        : view.getInt32(i, true);
    v3 ^= m;
    v0 = (v0 + v1) | 0;
    v1 = (v1 << 5) | (v1 >>> 27);
    v1 ^= v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = (v3 << 8) | (v3 >>> 24);
    v3 ^= v2;
    v0 = (v0 + v3) | 0;
    v3 = (v3 << 7) | (v3 >>> 25);
    v3 ^= v0;
    v2 = (v2 + v1) | 0;
    v1 = (v1 << 13) | (v1 >>> 19);
    v1 ^= v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= m;
  }
  state[0] = v0;
  state[1] = v1;
  state[2] = v2;
  state[3] = v3;
}
