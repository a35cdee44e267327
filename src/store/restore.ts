/**
 * Makes one key of a DUMP payload's body: RESTORE. The value is read into a database of its own first, so that a payload which
 * turns out to be bad has changed nothing, and an old key stays until the new one is complete.
 */
import { NOTHING } from '../base/nothing.ts';
import { RdbError } from '../rdb/error.ts';
import { RdbReader } from '../rdb/read.ts';
import type { Address } from '../memory/arena.ts';
import type { Database } from './database.ts';
import { StoreLoader } from './load.ts';
import { LoadError } from './load-error.ts';
import type { Store } from './store.ts';

/** Elements read between two looks at whether all is read. */
const STEPS = 65_536;
const NO_META = { expireAtMs: -1, lfuFrequency: -1, idleSeconds: -1 };

export class Restorer {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Reads type and value from the range into a key without name and expiry, in no database yet; returns its entry, or 0 if the bytes
   * are not a value, or one without elements. `version`: of the payload. Then either `place` it or `discard` it.
   */
  read(bytes: Uint8Array, at: number, length: number, version: number): Address {
    const { staging } = this.#store;
    const loader = new StoreLoader(this.#store, [staging], { dropExpired: false, inputBytes: length });
    const reader = new RdbReader(loader, { single: true, version, checksum: false, inputBytes: length });
    try {
      loader.key(NOTHING, 0, 0, NO_META);
      reader.push(bytes.subarray(at, at + length));
      let result = reader.run(STEPS);
      while (result === 'paused') result = reader.run(STEPS);
      loader.end();
      if (result === 'done') return staging.peek(NOTHING, 0, 0);
    } catch (error) {
      loader.abandon();
      this.discard();
      if (error instanceof RdbError || error instanceof LoadError) return 0;
      throw error;
    }
    loader.abandon();
    this.discard();
    return 0;
  }

  /** Gives what `read` made an expiry, and returns it anew. */
  expire(entry: Address, expiryMs: number): Address {
    try {
      return this.#store.staging.setExpiry(entry, expiryMs);
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  /** Moves what `read` made to its key, which `makeWay` makes absent from `db`: see `Database.rename`. Returns the entry. */
  place(
    entry: Address,
    db: Database,
    keyBytes: Uint8Array,
    keyAt: number,
    keyLength: number,
    makeWay: () => void,
  ): Address {
    try {
      return this.#store.staging.rename(entry, db, keyBytes, keyAt, keyLength, makeWay);
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  /** Gives back what `read` made. */
  discard(): void {
    const { staging } = this.#store;
    // Not by `clear`, which needs memory itself.
    if (staging.size > 0) staging.removeEntry(staging.randomEntry());
  }
}
