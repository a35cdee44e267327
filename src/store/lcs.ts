/**
 * The longest common subsequence of two byte strings, by the textbook table of lengths of all pairs of prefixes. Where
 * several are longest, the way back through the table decides as Redis does: towards a shorter first string only if that
 * loses nothing over a shorter second one.
 */

/** The longest typed array that Node 20 makes. */
const MAX_TABLE_BYTES = 2 ** 32;

/** Bytes that the table of two strings takes; Infinity if there can be none so large. */
export function lcsTableBytes(aLength: number, bLength: number): number {
  const bytes = (aLength + 1) * (bLength + 1) * Uint32Array.BYTES_PER_ELEMENT;
  return bytes > MAX_TABLE_BYTES ? Infinity : bytes;
}

export class CommonSubsequence {
  readonly #a: Uint8Array;
  readonly #b: Uint8Array;
  readonly #width: number;
  /** Cell (i, j): length for the first i bytes of a and the first j of b. */
  readonly #lengths: Uint32Array;

  constructor(a: Uint8Array, b: Uint8Array) {
    this.#a = a;
    this.#b = b;
    const width = (this.#width = b.length + 1);
    const lengths = (this.#lengths = new Uint32Array((a.length + 1) * width));
    for (let i = 1; i <= a.length; i++) {
      const byte = a[i - 1]!;
      const row = i * width;
      for (let j = 1; j <= b.length; j++) {
        if (byte === b[j - 1]) lengths[row + j] = lengths[row - width + j - 1]! + 1;
        else {
          const above = lengths[row - width + j]!;
          const left = lengths[row + j - 1]!;
          lengths[row + j] = above > left ? above : left;
        }
      }
    }
  }

  get length(): number {
    return this.#lengths[this.#lengths.length - 1]!;
  }

  /** Its bytes. */
  bytes(): Uint8Array {
    const result = new Uint8Array(this.length);
    let at = result.length;
    this.#walk((i) => {
      result[--at] = this.#a[i]!;
    });
    return result;
  }

  /** Runs that are consecutive in both strings, from the end to the start: inclusive first and last index in each. */
  ranges(visit: (aFirst: number, aLast: number, bFirst: number, bLast: number) => void): void {
    let aFirst = -1;
    let bFirst = -1;
    let length = 0;
    this.#walk((i, j) => {
      if (length > 0 && i === aFirst - 1 && j === bFirst - 1) length++;
      else {
        if (length > 0) visit(aFirst, aFirst + length - 1, bFirst, bFirst + length - 1);
        length = 1;
      }
      aFirst = i;
      bFirst = j;
    });
    if (length > 0) visit(aFirst, aFirst + length - 1, bFirst, bFirst + length - 1);
  }

  /** Visits the index of each common byte in both strings, from the end to the start. */
  #walk(visit: (i: number, j: number) => void): void {
    let i = this.#a.length;
    let j = this.#b.length;
    while (i > 0 && j > 0) {
      if (this.#a[i - 1] === this.#b[j - 1]) visit(--i, --j);
      else if (this.#lengths[(i - 1) * this.#width + j]! > this.#lengths[i * this.#width + j - 1]!) i--;
      else j--;
    }
  }
}
