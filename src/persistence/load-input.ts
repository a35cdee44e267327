/**
 * A file that is read from its start to its end, in chunks, one ahead of the consumer: the disk works while the last chunk
 * is parsed.
 */
import type { Disk, DiskReader } from '../io/world.ts';

/** Bytes of a chunk. Two are in memory. */
const CHUNK_BYTES = 1024 * 1024;

export class LoadInput {
  readonly size: number;
  readonly #reader: DiskReader;
  #ahead: Promise<Uint8Array>;
  /** The one that is read into, and the one that the consumer has. */
  #filling: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #other: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);

  private constructor(reader: DiskReader) {
    this.size = reader.size;
    this.#reader = reader;
    this.#ahead = this.#read();
    this.#ahead.catch(() => {});
  }

  static async open(disk: Disk, path: string): Promise<LoadInput> {
    return new LoadInput(await disk.openRead(path));
  }

  /** The next bytes, valid until the next call; none at the end. Rejects with the disk's error. */
  async next(): Promise<Uint8Array> {
    const bytes = await this.#ahead;
    if (bytes.length === 0) return bytes;
    [this.#filling, this.#other] = [this.#other, this.#filling];
    this.#ahead = this.#read();
    // A failure is the next call's; it must not count as unhandled until then.
    this.#ahead.catch(() => {});
    return bytes;
  }

  async close(): Promise<void> {
    await this.#ahead.catch(() => {});
    await this.#reader.close();
  }

  async #read(): Promise<Uint8Array> {
    const target = this.#filling;
    const read = await this.#reader.read(target);
    return target.subarray(0, read);
  }
}
