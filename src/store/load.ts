/**
 * Fills databases from an RDB: the consumer of rdb/read.ts behind loading at start, DEBUG RELOAD and full sync. The
 * databases may be the live ones or staged ones (`Keyspace.createStaging`). It refuses what Redis refuses: a key that
 * comes twice, repeated fields or members, a database that does not exist. Empty collections are left out.
 *
 *   the key at work: load-key.ts      element by element: load-elements.ts, stream-load.ts      long: load-long.ts, load-room.ts
 *   both in one call: load-whole.ts   packed: load-packed.ts
 *
 * Rule: all that was taken so far lies in the databases, or with those: whoever gives up a load calls `abandon`.
 */
import type { Pieces } from '../base/pieces.ts';
import type { Viewed } from '../base/viewed.ts';
import { type Address, ArenaExhausted } from '../memory/arena.ts';
import { ListpackScan } from '../rdb/listpack-scan.ts';
import { LONG_BYTES, type Room } from '../rdb/long-string.ts';
import type { CollectionType, KeyMeta, PackedType, RdbSink, RoomFor, StreamSink } from '../rdb/sink.ts';
import { WHOLE_STRING, type WholeKey } from '../rdb/whole-key.ts';
import { latin1 } from '../resp/args.ts';
import type { Database } from './database.ts';
import { ElementLoader } from './load-elements.ts';
import { LoadError } from './load-error.ts';
import { KeyAtWork } from './load-key.ts';
import { LongLoader } from './load-long.ts';
import { PackedLoader } from './load-packed.ts';
import { LoadedPosition } from './load-position.ts';
import { LoadRoom } from './load-room.ts';
import { buildPacked, buildString } from './load-whole.ts';
import type { Store } from './store.ts';
import { StreamLoader } from './stream-load.ts';

export interface LoadOptions {
  /** Keys whose time has come are dropped (a master loading its file); a replica keeps them for the master's DEL. */
  readonly dropExpired: boolean;
  /** DEBUG RELOAD MERGE: a key that exists already is replaced instead of refused. */
  readonly replaceExisting?: boolean;
  /** Length of the input, where it is known: bounds what a count in it may claim. */
  readonly inputBytes?: number;
  /** What a step does of a long string, in bytes: see `RdbSink`. Default LONG_BYTES. */
  readonly longBytes?: number;
}

export class StoreLoader implements RdbSink {
  readonly longBytes: number;
  readonly position: LoadedPosition = new LoadedPosition();
  readonly functions: Uint8Array[] = [];
  /** Keys of the file, the dropped ones included. */
  keys = 0;
  expiredKeys = 0;
  /** Keys left out because their collection was empty. */
  emptyKeys = 0;
  /** Called for what a log may want to show: the AUX fields, with their values as text. */
  onAux: (name: string, value: string) => void = () => {};
  onModuleAux: (module: string) => void = () => {};
  /** A key was dropped because its time had come. The bytes are lent. */
  onExpired: (database: number, bytes: Uint8Array, at: number, length: number) => void = () => {};

  readonly #store: Store;
  readonly #databases: readonly Database[];
  readonly #options: LoadOptions;
  readonly #key: KeyAtWork;
  readonly #room: LoadRoom;
  readonly #long: LongLoader;
  readonly #elements: ElementLoader;
  readonly #packed: PackedLoader;
  readonly #streams: StreamLoader;
  readonly #scan: ListpackScan = new ListpackScan();
  #reserveLeft = RESERVE_MAX;

  constructor(store: Store, databases: readonly Database[], options: LoadOptions) {
    this.#store = store;
    this.#databases = databases;
    this.#options = options;
    this.longBytes = options.longBytes ?? LONG_BYTES;
    const key = new KeyAtWork(store.space, databases[0]!, options.replaceExisting === true);
    const room = new LoadRoom(store, key);
    this.#key = key;
    this.#room = room;
    this.#long = new LongLoader(store, key, this.longBytes);
    this.#elements = new ElementLoader(store, key, room, this.#long);
    this.#packed = new PackedLoader(store, key, room, this.#elements);
    this.#streams = new StreamLoader(
      store.streams,
      () => room.take(),
      (what) => {
        throw new LoadError(`the stream '${key.shown}' ${what}`);
      },
    );
  }

  // -- the file -----------------------------------------------------------------------------------------------

  aux(name: string, bytes: Uint8Array, at: number, length: number): void {
    if (length > AUX_MAX_BYTES) return;
    const text = latin1(bytes, at, length);
    this.position.note(name, text, this.#databases.length);
    this.onAux(name, text);
  }

  selectDb(index: number): void {
    this.#key.flush();
    const db = this.#databases[index];
    if (db === undefined) throw new LoadError(`database ${index} is beyond the configured ${this.#databases.length}`);
    this.#key.db = db;
  }

  /** The file's word, believed as far as it costs little to be wrong. */
  resizeDb(keys: number): void {
    const plausible = Math.min(keys, this.#reserveLeft, (this.#options.inputBytes ?? Infinity) / MIN_KEY_BYTES);
    const { db } = this.#key;
    this.#key.flush();
    if (plausible < 1 || db.size > 0) return;
    this.#reserveLeft -= Math.floor(plausible);
    try {
      db.reserve(Math.floor(plausible));
    } catch (error) {
      // Room asked for in advance is a favour: without memory for it, the tables grow as they go.
      if (!(error instanceof ArenaExhausted)) throw error;
    }
  }

  functionLibrary(bytes: Uint8Array, at: number, length: number): void {
    this.functions.push(bytes.slice(at, at + length));
  }

  moduleAux(name: string): void {
    this.onModuleAux(name);
  }

  end(): void {
    this.#key.flush();
  }

  // -- a key --------------------------------------------------------------------------------------------------

  wholeKey(found: WholeKey, window: Viewed): boolean {
    const { expireAtMs } = found;
    const key = this.#key;
    const { space, lists } = this.#store;
    if (
      key.replaces ||
      (expireAtMs !== -1 && (expireAtMs < 0 || (this.#options.dropExpired && expireAtMs < space.now)))
    )
      return false;
    let entry: Address;
    if (found.kind === WHOLE_STRING) entry = buildString(space, found, window);
    // Clients wait for keys of databases in use, and hear of them one by one.
    else if (key.db.waiting > 0) return false;
    else entry = buildPacked(space, found, window, this.#scan, lists);
    if (entry === 0) return false;
    this.keys++;
    key.assignAccess(entry, found.idleSeconds, found.lfuFrequency);
    key.add(entry, space.hasher.hash(window, found.keyAt, found.keyLength));
    return true;
  }

  key(bytes: Uint8Array, at: number, length: number, meta: KeyMeta): Pieces | void {
    const key = this.#key;
    key.start(meta);
    key.skip = this.#options.dropExpired && key.expireAtMs >= 0 && key.expireAtMs < this.#store.space.now;
    if (key.skip) {
      this.expiredKeys++;
      this.onExpired(key.db.index, bytes, at, length);
    } else if (length > this.longBytes) return this.#long.beginKey(bytes, at, length);
    else key.setName(bytes, at, length);
  }

  endKey(): Pieces | void {
    const key = this.#key;
    this.keys++;
    if (key.skip) return;
    // A node that was empty, or a value that came from there in another form.
    this.#room.free();
    if (key.isBuilt) key.isBuilt = false;
    else if (key.entry === 0) this.emptyKeys++;
    else {
      this.#elements.settle();
      key.settle();
    }
    if (key.longName !== null) return this.#long.endKey();
  }

  /** Nothing more will come: removes what is not complete, so that no collection without elements stays behind. */
  abandon(): void {
    this.#room.free();
    this.#long.abandon();
    this.#key.abandon();
  }

  // -- its value ----------------------------------------------------------------------------------------------

  room(of: RoomFor, length: number): Room | null {
    if (this.#key.skip || (of === 'element' && this.#elements.type !== 'list')) return null;
    return this.#room.make(of, length);
  }

  string(bytes: Uint8Array, at: number, length: number): void {
    const key = this.#key;
    if (key.skip) return;
    key.makeWay();
    const { bytes: name, length: nameLength, expireAtMs } = key;
    const room = this.#room.take();
    const { blocks } = this.#store.space;
    key.link(room === 0 ? blocks.buildString(name, 0, nameLength, bytes, at, length, expireAtMs) : room);
  }

  keeps(type: Exclude<PackedType, 'list-node'> | 'intset', length: number, elements: number, longest: number): boolean {
    return this.#key.skip || this.#packed.keeps(type, length, elements, longest);
  }

  packed(type: PackedType, bytes: Uint8Array, at: number, length: number, elements: number, longest: number): void {
    if (!this.#key.skip) this.#packed.listpack(type, bytes, at, length, elements, longest);
  }

  intset(bytes: Uint8Array, at: number, length: number): void {
    if (!this.#key.skip) this.#packed.intset(bytes, at, length);
  }

  begin(type: CollectionType, count: number): void {
    this.#elements.begin(type, count);
  }

  element(bytes: Uint8Array, at: number, length: number): Pieces | void {
    if (this.#key.skip) return;
    const elements = this.#elements;
    return elements.type === 'list' ? elements.element(bytes, at, length) : elements.member(bytes, at, length);
  }

  field(
    fieldBytes: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    valueBytes: Uint8Array,
    valueAt: number,
    valueLength: number,
    expireAtMs: number,
  ): Pieces | void {
    if (this.#key.skip) return;
    return this.#elements.field(fieldBytes, fieldAt, fieldLength, valueBytes, valueAt, valueLength, expireAtMs);
  }

  member(bytes: Uint8Array, at: number, length: number, score: number): Pieces | void {
    if (!this.#key.skip) return this.#elements.scored(bytes, at, length, score);
  }

  beginStream(): StreamSink {
    const key = this.#key;
    let root: Address = 0;
    if (!key.skip) {
      key.claim();
      key.entry = this.#store.streams.create(key.db, key.bytes, 0, key.length);
      root = this.#store.entries.ref(key.entry);
    }
    this.#streams.start(root);
    return this.#streams;
  }
}

/** Keys, over all databases, for which room is made on a file's word: 256 MiB of table at most. */
const RESERVE_MAX = 16 * 1024 * 1024;
/** The shortest key with its value: type, empty key, empty string. */
const MIN_KEY_BYTES = 3;
const AUX_MAX_BYTES = 64;
