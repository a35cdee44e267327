/**
 * Fills databases from an RDB: the consumer of rdb/read.ts behind loading at start, DEBUG RELOAD and full sync. The
 * databases may be the live ones or staged ones (`Keyspace.createStaging`). It refuses what Redis refuses: a key that
 * comes twice, repeated fields or members, a database that does not exist.
 */
import type { Address } from '../memory/arena.ts';
import { latin1 } from '../resp/args.ts';
import type { CollectionType, KeyMeta, PackedType, RdbSink } from '../rdb/sink.ts';
import type { Database } from './database.ts';
import type { Store } from './store.ts';

/** The file's content cannot be taken; the message says which key and why. */
export class LoadError extends Error {
  override name = 'LoadError';
}

export interface LoadOptions {
  /** Keys whose time has come are dropped (a master loading its file); a replica keeps them for the master's DEL. */
  readonly dropExpired: boolean;
  /** DEBUG RELOAD MERGE: a key that exists already is replaced instead of refused. */
  readonly replaceExisting?: boolean;
}

/** What the AUX fields told. */
export interface LoadedAux {
  replid: string;
  replOffset: number;
  streamDb: number;
}

export class StoreLoader implements RdbSink {
  readonly aux_: LoadedAux = { replid: '', replOffset: -1, streamDb: 0 };
  readonly functions: Uint8Array[] = [];
  keys = 0;
  expiredKeys = 0;
  readonly #store: Store;
  readonly #databases: readonly Database[];
  readonly #options: LoadOptions;
  #db: Database;
  #key: Uint8Array = Buffer.alloc(128);
  #keyLength = 0;
  #expiry = -1;
  #skip = false;
  #entry: Address = 0;

  constructor(store: Store, databases: readonly Database[], options: LoadOptions) {
    this.#store = store;
    this.#databases = databases;
    this.#options = options;
    this.#db = databases[0]!;
  }

  aux(name: string, bytes: Uint8Array, at: number, length: number): void {
    if (length > 64) return;
    const text = latin1(bytes, at, length);
    if (name === 'repl-id') this.aux_.replid = text;
    else if (name === 'repl-offset') this.aux_.replOffset = Number(text);
    else if (name === 'repl-stream-db') this.aux_.streamDb = Number(text);
  }

  selectDb(index: number): void {
    const db = this.#databases[index];
    if (db === undefined) throw new LoadError(`the file has a database ${index}, beyond the configured number`);
    this.#db = db;
  }

  resizeDb(keys: number): void {
    // A hint only: believed as far as it costs little to be wrong.
    this.#db.reserve(Math.min(keys, RESERVE_MAX));
  }

  functionLibrary(bytes: Uint8Array, at: number, length: number): void {
    this.functions.push(bytes.slice(at, at + length));
  }

  moduleAux(): void {}

  key(bytes: Uint8Array, at: number, length: number, meta: KeyMeta): void {
    if (length > this.#key.length) this.#key = Buffer.alloc(length * 2);
    this.#key.set(bytes.subarray(at, at + length));
    this.#keyLength = length;
    this.#expiry = meta.expireAtMs;
    this.#entry = 0;
    this.#skip = this.#options.dropExpired && this.#expiry >= 0 && this.#expiry < this.#store.space.now;
    if (this.#skip) {
      this.expiredKeys++;
      return;
    }
    if (this.#db.peek(this.#key, 0, length) === 0) return;
    if (this.#options.replaceExisting !== true)
      throw new LoadError(`the key '${latin1(this.#key, 0, Math.min(length, 64))}' comes twice`);
    this.#db.remove(this.#key, 0, length);
  }

  string(bytes: Uint8Array, at: number, length: number): void {
    if (this.#skip) return;
    this.#db.addString(this.#key, 0, this.#keyLength, bytes, at, length, this.#expiry);
    this.#expiry = -1;
  }

  packed(_type: PackedType, _bytes: Uint8Array, _at: number, _length: number, _elements: number): void {
    if (this.#skip) return;
    throw new LoadError('not yet');
  }

  intset(_bytes: Uint8Array, _at: number, _length: number): void {
    if (this.#skip) return;
    throw new LoadError('not yet');
  }

  begin(_type: CollectionType, _count: number): void {
    if (this.#skip) return;
    throw new LoadError('not yet');
  }

  element(_bytes: Uint8Array, _at: number, _length: number): void {}

  field(): void {}

  member(): void {}

  endKey(): void {
    this.keys++;
    if (this.#entry !== 0 && this.#expiry >= 0) this.#db.setExpiry(this.#entry, this.#expiry);
  }

  end(): void {}
}

/** Keys for which room is made on a file's word. */
const RESERVE_MAX = 16 * 1024 * 1024;
