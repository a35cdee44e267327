/**
 * RDB bytes kept aside until their turn comes: of a value that waits, and of keys copied while a value is half written.
 * Strings in it are compressed as in the file.
 */
import { RdbWriter, type RdbWriterOptions } from '../rdb/write.ts';

export class Sink {
  readonly writer: RdbWriter;
  readonly #chunks: Uint8Array[] = [];

  constructor(options: RdbWriterOptions, chunkBytes: number) {
    this.writer = new RdbWriter((chunk) => !this.#chunks.push(chunk), { ...options, checksum: false, chunkBytes });
  }

  get bytes(): number {
    return this.writer.bytesWritten;
  }

  /** Gives everything to another writer; the sink is used up. */
  moveTo(target: RdbWriter): void {
    this.writer.flush();
    for (const chunk of this.#chunks) target.raw(chunk, 0, chunk.length);
    this.#chunks.length = 0;
  }
}
