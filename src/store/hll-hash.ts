/**
 * MurmurHash64A, the hash that Redis's HyperLogLogs are built on: equal elements must reach equal registers in both servers.
 * 64 bits are two 32-bit halves here, as bigints would cost twenty times as much.
 */
const SEED = 0xadc83b19 | 0;
/** The multiplier 0xc6a4a7935bd1e995 in halves, the low one in quarters. */
const HIGH = 0xc6a4a793 | 0;
const LOW = 0x5bd1e995;
const LOW_UPPER = 0x5bd1;
const LOW_LOWER = 0xe995;

/** The hash of the last `update`, as two int32. One instance hashes one element at a time. */
export class HllHash {
  low = 0;
  high = 0;

  update(bytes: Uint8Array, at: number, length: number): void {
    this.low = length | 0;
    this.high = 0;
    this.#multiply();
    let low = this.low ^ SEED;
    let high = this.high;
    const end = at + (length & -8);
    let i = at;
    for (; i < end; i += 8) {
      this.low = word(bytes, i);
      this.high = word(bytes, i + 4);
      this.#multiply();
      this.low ^= this.high >>> 15;
      this.#multiply();
      this.low ^= low;
      this.high ^= high;
      this.#multiply();
      low = this.low;
      high = this.high;
    }
    const rest = length & 7;
    if (rest > 0) {
      for (let j = 0; j < rest; j++) {
        if (j < 4) low ^= bytes[i + j]! << (j * 8);
        else high ^= bytes[i + j]! << ((j - 4) * 8);
      }
      this.low = low;
      this.high = high;
      this.#multiply();
      low = this.low;
      high = this.high;
    }
    this.low = low ^ (high >>> 15);
    this.high = high;
    this.#multiply();
    this.low ^= this.high >>> 15;
  }

  /** The register that the element belongs to: the lowest 14 bits. */
  get index(): number {
    return this.low & 0x3fff;
  }

  /** Position of the lowest 1 among the other 50 bits, 1 to 51. */
  get rank(): number {
    const low = this.low >>> 14;
    if (low !== 0) return 1 + zerosBelow(low);
    return this.high === 0 ? 51 : 19 + zerosBelow(this.high);
  }

  /** The 64 bits times the multiplier, modulo 2^64. */
  #multiply(): void {
    const { low } = this;
    const lower = low & 0xffff;
    const upper = low >>> 16;
    // The upper half of the product of the two low halves: schoolbook multiplication of quarters, no sum exceeds 32 bits.
    const first = Math.imul(upper, LOW_LOWER) + (Math.imul(lower, LOW_LOWER) >>> 16);
    const second = Math.imul(lower, LOW_UPPER) + (first & 0xffff);
    const carried = Math.imul(upper, LOW_UPPER) + (first >>> 16) + (second >>> 16);
    this.high = (carried + Math.imul(low, HIGH) + Math.imul(this.high, LOW)) | 0;
    this.low = Math.imul(low, LOW);
  }
}

/** Zero bits below the lowest 1 of a word that is not 0. */
function zerosBelow(word: number): number {
  return 31 - Math.clz32(word & -word);
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
