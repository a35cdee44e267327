/**
 * A string of the file that may be too long for one slice: its length is written first, its bytes follow in pieces. Between two
 * pieces the bytes must stay where they are: whoever is about to change them calls `step(Infinity)` before.
 */
import type { RdbWriter } from '../rdb/write.ts';

export class LongString {
  /** Bytes that are still to be written. */
  left = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  /** Begins a string. One of at most `most` bytes is written whole, in its shortest form. */
  begin(writer: RdbWriter, bytes: Uint8Array, at: number, length: number, most: number): void {
    if (length <= most) {
      writer.string(bytes, at, length);
      return;
    }
    writer.length(length);
    this.#bytes = bytes;
    this.#at = at;
    this.left = length;
  }

  /** Writes up to `most` bytes; true when all are written. */
  step(writer: RdbWriter, most: number): boolean {
    const part = Math.min(most, this.left);
    writer.raw(this.#bytes, this.#at, part);
    this.#at += part;
    this.left -= part;
    return this.left === 0;
  }
}
