/**
 * The 16,384 registers of a HyperLogLog: packed as six bits each (the dense form), as a histogram, and what cardinality they
 * stand for. The estimate is O. Ertl's improved one ("New cardinality estimation algorithms for HyperLogLog sketches",
 * 2017), which needs no bias tables; Redis computes the same doubles.
 */
export const REGISTERS = 16384;
export const DENSE_BYTES: number = (REGISTERS * 6) / 8;
/** Ranks are 1 to 51: 50 bits of the hash remain after 14 name the register. */
const HASH_BITS = 50;
const ALPHA = 0.72134752044448170368;
const RANKS = 64;

/** The register `index` of a dense value whose registers start at `at`. */
export function denseGet(bytes: Uint8Array, at: number, index: number): number {
  const bit = index * 6;
  const i = at + (bit >>> 3);
  const shift = bit & 7;
  // Registers in one byte do not look at the next: it may be behind the end.
  return shift <= 2 ? (bytes[i]! >>> shift) & 63 : ((bytes[i]! >>> shift) | (bytes[i + 1]! << (8 - shift))) & 63;
}

export function denseSet(bytes: Uint8Array, at: number, index: number, rank: number): void {
  const bit = index * 6;
  const i = at + (bit >>> 3);
  const shift = bit & 7;
  bytes[i] = (bytes[i]! & ~(63 << shift)) | (rank << shift);
  if (shift > 2) bytes[i + 1] = (bytes[i + 1]! & ~(63 >>> (8 - shift))) | (rank >>> (8 - shift));
}

/** Packs all registers, one a byte in `registers`, as the dense form. */
export function pack(registers: Uint8Array, bytes: Uint8Array, at: number): void {
  let to = at;
  for (let i = 0; i < REGISTERS; i += 4) {
    const word = registers[i]! | (registers[i + 1]! << 6) | (registers[i + 2]! << 12) | (registers[i + 3]! << 18);
    bytes[to++] = word;
    bytes[to++] = word >>> 8;
    bytes[to++] = word >>> 16;
  }
}

/** Raises registers, one a byte, to those of a dense value. */
export function raiseToDense(registers: Uint8Array, bytes: Uint8Array, at: number): void {
  let from = at;
  for (let i = 0; i < REGISTERS; i += 4) {
    const word = bytes[from]! | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16);
    from += 3;
    for (let j = 0; j < 4; j++) {
      const rank = (word >>> (j * 6)) & 63;
      if (rank > registers[i + j]!) registers[i + j] = rank;
    }
  }
}

/** How many registers have each rank. */
export class Histogram {
  readonly counts: Int32Array = new Int32Array(RANKS);

  clear(): void {
    this.counts.fill(0);
  }

  addDense(bytes: Uint8Array, at: number): void {
    const { counts } = this;
    const end = at + DENSE_BYTES;
    for (let i = at; i < end; i += 3) {
      const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16);
      counts[word & 63]!++;
      counts[(word >>> 6) & 63]!++;
      counts[(word >>> 12) & 63]!++;
      counts[word >>> 18]!++;
    }
  }

  addRegisters(registers: Uint8Array): void {
    for (let i = 0; i < REGISTERS; i++) this.counts[registers[i]! & 63]!++;
  }

  /** The estimated cardinality: a whole number, or Infinity where the registers cannot be an element's. */
  estimate(): number {
    const { counts } = this;
    let z = REGISTERS * tau((REGISTERS - counts[HASH_BITS + 1]!) / REGISTERS);
    for (let rank = HASH_BITS; rank >= 1; rank--) {
      z += counts[rank]!;
      z *= 0.5;
    }
    z += REGISTERS * sigma(counts[0]! / REGISTERS);
    return Math.round((ALPHA * REGISTERS * REGISTERS) / z);
  }
}

/** Correction for registers of the highest rank. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let x = share;
  let y = 1;
  let z = 1 - x;
  let before: number;
  do {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  } while (before !== z);
  return z / 3;
}

/** Correction for registers that are 0. */
function sigma(share: number): number {
  if (share === 1) return Infinity;
  let x = share;
  let y = 1;
  let z = x;
  let before: number;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (before !== z);
  return z;
}
