/**
 * Entries that the loader has built and not yet put into their table. Every key lands in another place of a large table, and
 * looking at one after the other waits for memory each time: half of the time of a load. So a batch's places are
 * touched first, reads that do not depend on each other and that the processor has under way at once.
 *
 * Rule: `flush` before the table is looked at by anyone else; `drop` gives back what is not linked.
 */
import type { Address } from '../memory/arena.ts';
import { Span } from '../base/span.ts';
import type { Database } from './database.ts';

const BATCH = 64;

export class LinkBatch {
  /** What was touched, so that the reads are not optimized away. */
  touched = 0;
  readonly #entries: Uint32Array = new Uint32Array(BATCH);
  readonly #hashes: Int32Array = new Int32Array(BATCH);
  readonly #span: Span = new Span();
  #count = 0;

  /** Takes an entry from `buildString` over; true when the batch is full and must be flushed. */
  add(entry: Address, hash: number): boolean {
    this.#entries[this.#count] = entry;
    this.#hashes[this.#count] = hash;
    return ++this.#count === BATCH;
  }

  /**
   * Links all entries. Returns 0, or the first entry whose key exists already: it is still the batch's, as are those after it.
   * Throws ArenaExhausted, having linked some.
   */
  flush(db: Database): Address {
    const count = this.#count;
    if (count === 0) return 0;
    const { entries } = db.space;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += db.touch(this.#hashes[i]!);
    this.touched = sum;
    for (let i = 0; i < count; i++) {
      const entry = this.#entries[i]!;
      const hash = this.#hashes[i]!;
      const key = entries.key(entry, this.#span);
      const twice = db.peek(key.bytes, key.at, key.length, hash) !== 0;
      // Linked, or freed if memory runs out: not the batch's any more.
      this.#entries[i] = twice ? entry : 0;
      if (twice) return entry;
      db.linkBuilt(entry, hash);
    }
    this.#count = 0;
    return 0;
  }

  /** Frees what is not linked. */
  drop(db: Database): void {
    for (let i = 0; i < this.#count; i++) if (this.#entries[i] !== 0) db.space.arena.free(this.#entries[i]!);
    this.#count = 0;
  }
}
