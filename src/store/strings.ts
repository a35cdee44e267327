/**
 * String values: what a command does to the bytes of a string entry. Entries are described in entry.ts.
 */
import type { Address } from '../memory/arena.ts';
import { copyBytes } from '../base/copy.ts';
import { Span } from '../base/span.ts';
import type { Database } from './database.ts';
import type { Keyspace } from './keyspace.ts';

export class Strings {
  readonly #space: Keyspace;
  readonly #span: Span = new Span();

  constructor(space: Keyspace) {
    this.#space = space;
  }

  length(entry: Address): number {
    return this.#space.entries.valueLength(entry);
  }

  /** Overwrites or extends a string entry from `offset` on, zero-filling a gap. Returns the entry's address. */
  write(db: Database, entry: Address, offset: number, bytes: Uint8Array, at: number, length: number): Address {
    const target = db.resizeString(entry, Math.max(this.length(entry), offset + length));
    const value = this.#space.entries.value(target, this.#span);
    copyBytes(value.bytes, value.at + offset, bytes, at, length);
    return target;
  }
}
