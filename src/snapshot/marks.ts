/**
 * A mark for each block that holds an item of a guarded table and is not the snapshot's any more: it was written, or it was put
 * there after T.
 *
 *   address = segment | unit          piece of the segment: a bit a unit, 32 KiB for 4 MiB, made when its first mark is set
 *
 * The mark of a block that was freed stays, and may: what is allocated there later is of after T, too.
 */
import { type Address, SEGMENT_UNITS, segmentOf } from '../memory/arena.ts';

export class Marks {
  readonly #pieces: (Uint32Array | undefined)[] = [];

  /** Marks a block; false if it was marked already. */
  take(block: Address): boolean {
    const piece = this.#pieces[segmentOf(block)] ?? this.#add(segmentOf(block));
    const unit = block & (SEGMENT_UNITS - 1);
    const word = piece[unit >>> 5]!;
    const bit = 1 << (unit & 31);
    if ((word & bit) !== 0) return false;
    piece[unit >>> 5] = word | bit;
    return true;
  }

  /** Takes a mark away; false if there is none. */
  clear(block: Address): boolean {
    const piece = this.#pieces[segmentOf(block)];
    if (piece === undefined) return false;
    const unit = block & (SEGMENT_UNITS - 1);
    const word = piece[unit >>> 5]!;
    const bit = 1 << (unit & 31);
    piece[unit >>> 5] = word & ~bit;
    return (word & bit) !== 0;
  }

  #add(segment: number): Uint32Array {
    const piece = new Uint32Array(SEGMENT_UNITS >>> 5);
    while (this.#pieces.length < segment) this.#pieces.push(undefined);
    this.#pieces[segment] = piece;
    return piece;
  }
}
