/**
 * Work that is done in pieces, so that whoever does it can look at the clock between any two: a generator that does a piece with
 * each `next`. What it works on has to stay as it is until it is done.
 */
import { copyBytes, equalBytes } from './copy.ts';

export type Pieces<T = void> = Generator<undefined, T, undefined>;

/** Does all that is left at once. */
export function finish<T>(pieces: Pieces<T>): T {
  for (;;) {
    const result = pieces.next();
    if (result.done === true) return result.value;
  }
}

/** Counts what was done, of pieces of the same size. */
export class PieceMeter {
  readonly piece: number;
  #left: number;

  constructor(piece: number) {
    this.piece = piece;
    this.#left = piece;
  }

  /** Counts so much work; true when it is time to pause. */
  spend(work: number): boolean {
    this.#left -= work;
    if (this.#left > 0) return false;
    this.#left = this.piece;
    return true;
  }
}

/** Copies bytes, `piece` at a time. */
export function* copyInPieces(
  to: Uint8Array,
  toAt: number,
  from: Uint8Array,
  fromAt: number,
  length: number,
  piece: number,
): Pieces {
  for (let done = 0; done < length; done += piece) {
    if (done > 0) yield;
    copyBytes(to, toAt + done, from, fromAt + done, Math.min(piece, length - done));
  }
}

/** Compares bytes, `piece` at a time. */
export function* equalInPieces(
  a: Uint8Array,
  aAt: number,
  b: Uint8Array,
  bAt: number,
  length: number,
  piece: number,
): Pieces<boolean> {
  for (let done = 0; done < length; done += piece) {
    if (done > 0) yield;
    if (!equalBytes(a, aAt + done, b, bAt + done, Math.min(piece, length - done))) return false;
  }
  return true;
}
