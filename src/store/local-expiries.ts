/**
 * Keys with an expiry that clients wrote to a writable replica. No master will ever send their DEL, so the replica deletes
 * them itself when their time has come; the master's own keys it only hides.
 *
 * Names are remembered, not entries: the master may replace or delete any key meanwhile. Some are looked at in each slice,
 * in turn, so one that has another owner by now is forgotten then.
 */
import type { Address } from '../memory/arena.ts';
import { Span } from '../base/span.ts';
import type { Database } from './database.ts';
import type { Keyspace } from './keyspace.ts';

export class LocalExpiries {
  /** "<database> <key as latin1>" in the order in which they will be looked at. */
  readonly #names: Set<string> = new Set();
  readonly #space: Keyspace;
  readonly #span: Span = new Span();

  constructor(space: Keyspace) {
    this.#space = space;
  }

  get size(): number {
    return this.#names.size;
  }

  /** A client gave this key an expiry. Staged data is the master's. */
  note(db: Database, entry: Address): void {
    if (this.#space.databases[db.index] !== db) return;
    const { bytes, at, length } = this.#space.entries.key(entry, this.#span);
    this.#names.add(`${db.index} ${Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('latin1')}`);
  }

  /** All data was replaced, or we are a master now. */
  clear(): void {
    this.#names.clear();
  }

  /** Looks at up to `limit` keys and deletes those whose time has come; returns how many. */
  expireDue(limit: number): number {
    let left = Math.min(limit, this.#names.size);
    let done = 0;
    for (const name of this.#names) {
      if (left-- === 0) break;
      this.#names.delete(name);
      const gap = name.indexOf(' ');
      const key = Buffer.from(name.slice(gap + 1), 'latin1');
      const db = this.#space.databases[Number(name.slice(0, gap))]!;
      const entry = db.peek(key, 0, key.length);
      if (entry === 0 || !this.#space.entries.hasExpiry(entry)) continue;
      if (db.isExpired(entry)) {
        db.expireLocal(entry);
        done++;
      } else {
        // At the end of the line; this pass does not reach it again.
        this.#names.add(name);
      }
    }
    return done;
  }
}
