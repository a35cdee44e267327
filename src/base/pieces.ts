/**
 * Work that is done in pieces, so that whoever does it can look at the clock between any two: a generator that does a piece with
 * each `next`. What it works on has to stay as it is until it is done.
 */

export type Pieces<T = void> = Generator<undefined, T, undefined>;

/** Does all that is left at once. */
export function finish<T>(pieces: Pieces<T>): T {
  for (;;) {
    const result = pieces.next();
    if (result.done === true) return result.value;
  }
}

/** Counts what was done, of pieces of the same size. */
export class Pace {
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
