/**
 * The tables of one database, kept in step: from keys to entries, the order in which keys expire, and the hashes whose fields
 * expire. Invariant: an entry is in `expiries` iff it has an expiry. What time it is, who waits for a key and who hears of it is
 * the database's business. A method that throws ArenaExhausted has changed nothing, but for the entry that it says it frees.
 */
import type { Address } from '../memory/arena.ts';
import { Span } from '../base/span.ts';
import type { Database } from './database.ts';
import { ExpiryIndex } from './expiry-index.ts';
import { hasFieldDeadlines } from './field-deadlines.ts';
import type { Keyspace } from './keyspace.ts';

export class KeyTables {
  readonly space: Keyspace;
  readonly expiries: ExpiryIndex;
  /** Header of the table of keys, and of the index of hashes whose fields expire. */
  keys: Address;
  hashes: Address;
  readonly #span: Span = new Span();

  constructor(space: Keyspace, db: Database) {
    this.space = space;
    const [keys, deadlines, hashes] = createEmpty(space);
    this.keys = keys;
    this.expiries = new ExpiryIndex(space, db, deadlines);
    this.hashes = hashes;
  }

  /** Puts a finished entry into the table and, with an expiry, into the index; frees it if memory runs out. */
  link(entry: Address, expiryMs: number, hash: number): void {
    if (expiryMs >= 0) this.index(entry, expiryMs);
    try {
      this.space.keys.insert(this.keys, entry, hash);
    } catch (error) {
      if (expiryMs >= 0) this.expiries.remove(entry, expiryMs);
      this.space.arena.free(entry);
      throw error;
    }
  }

  /** Puts a finished entry into the index; frees it if memory runs out. */
  index(entry: Address, expiryMs: number): void {
    try {
      this.expiries.insert(entry, expiryMs);
    } catch (error) {
      this.space.arena.free(entry);
      throw error;
    }
  }

  /** Puts a hash whose fields can expire, just linked, into the index; takes it back out and frees it if memory runs out. */
  attach(entry: Address): void {
    try {
      this.space.fieldDeadlines.attach(entry, this.hashes);
    } catch (error) {
      const key = this.space.entries.key(entry, this.#span);
      this.unlink(key.bytes, key.at, key.length, this.space.hasher.hash(key.bytes, key.at, key.length), false);
      this.space.arena.free(entry);
      throw error;
    }
  }

  /** See `Database.linkBuilt`. */
  linkBuilt(items: Uint32Array, hashes: Int32Array, count: number): number {
    const { keys, entries } = this.space;
    let indexed = 0;
    let linked = 0;
    try {
      for (; indexed < count; indexed++) {
        const entry = items[indexed]!;
        if (entries.hasExpiry(entry)) this.expiries.insert(entry, entries.expiry(entry));
      }
      linked = keys.insertAll(this.keys, items, hashes, count);
      return linked;
    } finally {
      if (linked < count && !this.expiries.inBulk) {
        // Those that the table has not taken are indexed in vain.
        for (let i = 0; i < indexed; i++) {
          const entry = items[i]!;
          if (entry !== 0 && entries.hasExpiry(entry)) this.expiries.remove(entry, entries.expiry(entry));
        }
      }
    }
  }

  /** Takes a key out and returns its entry, which is the caller's, or 0. `indexed`: a hash whose fields expire is in the index. */
  unlink(bytes: Uint8Array, at: number, length: number, hash: number, indexed: boolean): Address {
    const space = this.space;
    const entry = space.keys.remove(this.keys, bytes, at, length, hash);
    if (entry === 0) return 0;
    const meta = space.entries.meta(entry);
    if (meta >>> 31 === 1) this.expiries.remove(entry, space.entries.expiry(entry));
    if (indexed && hasFieldDeadlines(meta)) space.fieldDeadlines.detach(entry);
    return entry;
  }

  /** An entry has moved: the table shall have its new address, and the old block is free. */
  replace(entry: Address, moved: Address): void {
    const { entries, keys, hasher, blocks } = this.space;
    const { bytes, at, length } = entries.key(entry, this.#span);
    keys.find(this.keys, bytes, at, length, hasher.hash(bytes, at, length));
    keys.replaceFound(moved);
    blocks.release(entry, moved);
  }

  /** Takes empty tables; the memory of the old ones is reclaimed in slices. */
  clear(): void {
    const [keys, deadlines, hashes] = createEmpty(this.space);
    this.space.reclaimer.freeTable(this.keys, this.expiries.header, this.hashes);
    this.keys = keys;
    this.expiries.header = deadlines;
    this.hashes = hashes;
  }

  /** Gives back everything, the empty tables too. They must not be used afterwards. */
  dispose(): void {
    this.space.reclaimer.freeTable(this.keys, this.expiries.header, this.hashes, this.expiries.takeBulk());
    this.keys = 0;
    this.expiries.header = 0;
    this.hashes = 0;
  }

  exchange(other: KeyTables): void {
    [this.keys, other.keys] = [other.keys, this.keys];
    [this.expiries.header, other.expiries.header] = [other.expiries.header, this.expiries.header];
    [this.hashes, other.hashes] = [other.hashes, this.hashes];
  }
}

/** Headers of empty tables: of keys, of their expiries, of hashes whose fields expire. All or, if memory runs out, none. */
function createEmpty({ keys, deadlines, fieldDeadlines, arena }: Keyspace): [Address, Address, Address] {
  const made: Address[] = [];
  const note = (header: Address): Address => {
    made.push(header);
    return header;
  };
  try {
    return [note(keys.create()), note(deadlines.create()), note(fieldDeadlines.createIndex())];
  } catch (error) {
    for (const header of made) arena.free(header);
    throw error;
  }
}
