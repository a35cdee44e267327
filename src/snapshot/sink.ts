/**
 * RDB bytes kept aside until their turn comes: of a value that waits, and of keys copied while a value is half written.
 * Strings in it are compressed as in the file. What is in it may be moved in pieces, while more is put in behind.
 */
import { NOTHING } from '../base/nothing.ts';
import { RdbWriter, type RdbWriterOptions } from '../rdb/write.ts';

export class Sink {
  readonly writer: RdbWriter;
  readonly #chunks: Uint8Array[] = [];
  /** The first chunk that was not moved. */
  #next = 0;

  constructor(options: RdbWriterOptions, chunkBytes: number) {
    this.writer = new RdbWriter((chunk) => !this.#chunks.push(chunk), { ...options, checksum: false, chunkBytes });
  }

  /** Bytes that were ever put in. */
  get bytes(): number {
    return this.writer.bytesWritten;
  }

  /** Gives about `most` bytes to another writer, whole chunks. Returns how many; 0: it is empty. */
  move(target: RdbWriter, most: number): number {
    let moved = 0;
    while (moved < most) {
      if (this.#next === this.#chunks.length) {
        this.#chunks.length = this.#next = 0;
        this.writer.flush();
        if (this.#chunks.length === 0) break;
      }
      const chunk = this.#chunks[this.#next]!;
      this.#chunks[this.#next++] = NOTHING;
      target.raw(chunk, 0, chunk.length);
      moved += chunk.length;
    }
    return moved;
  }
}
