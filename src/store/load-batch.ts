/**
 * Entries that the loader has built and not yet put into their table: many at once are put there faster than one after the other
 * (see `Dict.insertAll`).
 *
 * Rule: `flush` before the table is looked at by anyone else; `drop` gives back what is not linked.
 */
import type { Address } from '../memory/arena.ts';
import type { Database } from './database.ts';

const BATCH = 256;

export class LinkBatch {
  readonly #entries: Uint32Array = new Uint32Array(BATCH);
  readonly #hashes: Int32Array = new Int32Array(BATCH);
  #count = 0;

  /** Takes an entry over that is in no table yet; true when the batch is full and must be flushed. */
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
    const linked = db.linkBuilt(this.#entries, this.#hashes, count);
    if (linked < count) return this.#entries[linked]!;
    this.#count = 0;
    return 0;
  }

  /** Frees what is not linked. */
  drop(db: Database): void {
    for (let i = 0; i < this.#count; i++) if (this.#entries[i] !== 0) db.space.reclaimer.freeEntry(this.#entries[i]!);
    this.#count = 0;
  }
}
