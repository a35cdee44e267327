/**
 * The memory of a snapshot's chunks, used again and again: to allocate as much as the whole RDB would make the garbage collector
 * stop everything, some ten milliseconds for every ten megabytes.
 *
 *   walk --take--> filled --> Chunk: held by the queue, and by each consumer until it says that it is done --> spare
 *
 * A chunk that somebody forgets to let go is garbage like any other.
 */
import { viewed } from '../base/viewed.ts';

export class ChunkPool {
  readonly chunkBytes: number;
  readonly #spare: Uint8Array[] = [];

  constructor(chunkBytes: number) {
    this.chunkBytes = chunkBytes;
  }

  /** Memory for the next chunk; its content is undefined. */
  readonly take = (): Uint8Array => this.#spare.pop() ?? viewed(new Uint8Array(this.chunkBytes));

  /** Nobody uses these bytes, or others of their buffer, any more. */
  give(bytes: Uint8Array): void {
    if (this.#spare.length < MOST_SPARE) this.#spare.push(viewed(new Uint8Array(bytes.buffer)));
  }
}

/** Bytes of the RDB, and how many have a hold on them: one at first. */
export class Chunk {
  readonly bytes: Uint8Array;
  readonly #pool: ChunkPool;
  #holds = 1;

  /** `bytes`: in memory of this pool. */
  constructor(bytes: Uint8Array, pool: ChunkPool) {
    this.bytes = bytes;
    this.#pool = pool;
  }

  hold(): void {
    this.#holds++;
  }

  letGo(): void {
    if (--this.#holds === 0) this.#pool.give(this.bytes);
  }
}

/** What consumers and the queue have at one time in an ordinary run; 4 MiB. */
const MOST_SPARE = 32;
