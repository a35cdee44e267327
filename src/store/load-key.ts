/**
 * The key at work in a load: what its file says of it, and the way of its entry into a table. An entry that is complete waits in a
 * batch for others; a value that comes element by element has its entry in the table from the first one on.
 *
 * Rule: no key comes twice, unless it may be replaced. The table does not know of keys in the batch: `flush` before it is asked.
 */
import { copyBytes } from '../base/copy.ts';
import { type Viewed, viewed } from '../base/viewed.ts';
import type { Address } from '../memory/arena.ts';
import type { CollectionType, KeyMeta } from '../rdb/sink.ts';
import { latin1 } from '../resp/args.ts';
import type { Database } from './database.ts';
import type { Keyspace } from './keyspace.ts';
import { LinkBatch } from './load-batch.ts';
import { LoadError } from './load-error.ts';

export class KeyAtWork {
  readonly space: Keyspace;
  /** A key that exists already is replaced instead of refused. */
  readonly replaces: boolean;
  /** Where it goes; of a long key, where its value is made. */
  db: Database;
  bytes: Viewed = viewed(Buffer.alloc(128));
  length = 0;
  /** It is long: `bytes` is the name under which its value is made. */
  longName: Uint8Array | null = null;
  expireAtMs = -1;
  /** It is past its time and left out: its value is not looked at. */
  skip = false;
  /** In the table, with what came of its value so far; 0 until it has a value, or the value its first element. */
  entry: Address = 0;
  /** Its entry is complete, and in the batch or beyond. */
  isBuilt = false;
  #hash = 0;
  /** What the file says of its use, -1: nothing. */
  #idleSeconds = -1;
  #frequency = -1;
  readonly #batch: LinkBatch = new LinkBatch();

  constructor(space: Keyspace, db: Database, replaces: boolean) {
    this.space = space;
    this.db = db;
    this.replaces = replaces;
  }

  /** The next key begins. */
  start(meta: KeyMeta): void {
    this.entry = 0;
    // A time before 1970 is over as well as its start is, and -1 alone means none.
    this.expireAtMs = meta.expireAtMs < -1 ? 0 : meta.expireAtMs;
    this.#idleSeconds = meta.idleSeconds;
    this.#frequency = meta.lfuFrequency;
  }

  setName(bytes: Uint8Array, at: number, length: number): void {
    if (length > this.bytes.length) this.bytes = viewed(Buffer.alloc(length * 2));
    copyBytes(this.bytes, 0, bytes, at, length);
    this.length = length;
    this.#hash = this.space.hasher.hash(this.bytes, 0, length);
  }

  /** Its entry in its database, or 0. */
  find(): Address {
    return this.db.peek(this.bytes, 0, this.length, this.#hash);
  }

  /** Makes sure that the key is absent. */
  claim(): void {
    this.flush();
    if (this.find() !== 0) this.refuseKey(this.db, this.bytes, 0, this.length);
  }

  /** Before an entry is built: where keys are replaced, the old one has to go first. Elsewhere the batch finds those that come twice. */
  makeWay(): void {
    if (this.replaces) this.claim();
  }

  /** A database has the key already: it goes, if it may be replaced. */
  refuseKey(db: Database, bytes: Uint8Array, at: number, length: number): void {
    if (!this.replaces) throw new LoadError(`the key '${this.shown}' comes twice`);
    db.remove(bytes, at, length);
  }

  /** Takes the complete entry over, which is in no table yet. */
  link(entry: Address): void {
    this.assignAccess(entry, this.#idleSeconds, this.#frequency);
    this.isBuilt = true;
    this.add(entry, this.#hash);
  }

  /** Takes over the complete entry of any key. */
  add(entry: Address, hash: number): void {
    if (this.#batch.add(entry, hash)) this.flush();
  }

  /** The value is complete whose entry is in the table. */
  settle(): void {
    const { entry } = this;
    this.assignAccess(entry, this.#idleSeconds, this.#frequency);
    if (this.expireAtMs >= 0) this.db.setExpiry(entry, this.expireAtMs);
    this.entry = 0;
  }

  assignAccess(entry: Address, idleSeconds: number, frequency: number): void {
    if (idleSeconds < 0 && frequency < 0) return;
    const { space } = this;
    space.access.assign(entry, idleSeconds, frequency, space.now);
  }

  /** Puts what waits into the table. */
  flush(): void {
    const twice = this.#batch.flush(this.db);
    if (twice === 0) return;
    const name = this.space.entries.keyCopy(twice);
    throw new LoadError(`the key '${printable(name, 0, name.length)}' comes twice`);
  }

  /** Gives up what waits, and the key if it is not complete. */
  abandon(): void {
    this.#batch.drop(this.db);
    if (this.entry === 0) return;
    this.db.remove(this.bytes, 0, this.length);
    this.entry = 0;
  }

  refuseRepeated(type: CollectionType, bytes: Uint8Array, at: number, length: number): never {
    const what = type === 'hash' ? 'field' : 'member';
    throw new LoadError(`the ${type} '${this.shown}' has the ${what} '${printable(bytes, at, length)}' twice`);
  }

  /** Its name, for messages. */
  get shown(): string {
    const { longName } = this;
    return longName === null ? printable(this.bytes, 0, this.length) : printable(longName, 0, longName.length);
  }
}

/** How much of a name a message shows. */
const SHOWN_BYTES = 64;

function printable(bytes: Uint8Array, at: number, length: number): string {
  const text = latin1(bytes, at, Math.min(length, SHOWN_BYTES));
  return text.replace(/[^\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
