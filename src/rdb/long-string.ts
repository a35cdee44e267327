/**
 * A string that is too long for one step: it leaves the window piece by piece, as its bytes come, for the place where it is to lie
 * as a whole. What is compressed is expanded on the way.
 *
 *   window:  | step: type, length ... | body, of which a piece is taken | what follows |
 *
 * The step in which it stands begins anew once it is complete, and finds it here instead of in the window.
 */
import type { Crc64 } from '../base/crc64.ts';
import { copyBytes } from '../base/copy.ts';
import { type Viewed, viewed } from '../base/viewed.ts';
import { Malformed } from './error.ts';
import { LzfExpander } from './lzf.ts';

/** Strings of more bytes are taken in pieces of so many: copied or expanded, and summed, in less than half a millisecond. */
export const LONG_BYTES: number = 256 * 1024;

/** A place for a string. */
export interface Room {
  readonly bytes: Viewed;
  readonly at: number;
}

export class LongString {
  /** Where its body begins, counted from the start of its step. */
  readonly place: number;
  /** Bytes of the body in the input, and those that were taken. */
  readonly stored: number;
  taken = 0;
  /** Of the whole. */
  readonly length: number;
  readonly room: Room;
  /** How far it is expanded; null: it is not compressed. */
  readonly #expander: LzfExpander | null;
  readonly #pieceBytes: number;

  /** `pieceBytes`: about as much is taken at a time. `room`: null for one of its own. */
  constructor(
    place: number,
    stored: number,
    length: number,
    isCompressed: boolean,
    room: Room | null,
    pieceBytes: number,
  ) {
    this.#pieceBytes = pieceBytes;
    this.place = place;
    this.stored = stored;
    this.length = length;
    this.room = room ?? { bytes: viewed(new Uint8Array(length)), at: 0 };
    this.#expander = isCompressed ? new LzfExpander(this.room.bytes, this.room.at, length) : null;
  }

  get isComplete(): boolean {
    return this.taken === this.stored;
  }

  /** Takes a piece of the bytes [at, end) and adds it to the sum; returns its length, 0 if more bytes have to come. Throws Malformed. */
  take(window: Viewed, at: number, end: number, sum: Crc64 | null): number {
    const available = Math.min(end - at, this.stored - this.taken);
    const expander = this.#expander;
    let piece = Math.min(available, this.#pieceBytes);
    if (expander === null) copyBytes(this.room.bytes, this.room.at + this.taken, window, at, piece);
    else {
      piece = expander.expand(window, at, available, available === this.stored - this.taken, this.#pieceBytes);
      if (piece < 0) throw new Malformed('compressed string is malformed');
    }
    sum?.update(window, at, piece);
    this.taken += piece;
    if (this.isComplete && expander?.isComplete === false) throw new Malformed('compressed string is malformed');
    return piece;
  }
}
