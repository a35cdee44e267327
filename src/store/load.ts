/**
 * Fills databases from an RDB: the consumer of rdb/read.ts behind loading at start, DEBUG RELOAD and full sync. The
 * databases may be the live ones or staged ones (`Keyspace.createStaging`). It refuses what Redis refuses: a key that
 * comes twice, repeated fields or members, a database that does not exist. Empty collections are left out.
 *
 * Rule: all that was taken so far lies in the databases, or here: whoever gives up a load calls `abandon`.
 */
import { type Address, ArenaExhausted, byteOf, segmentOf } from '../memory/arena.ts';
import { copyBytes } from '../base/copy.ts';
import { copyInPieces, type Pieces } from '../base/pieces.ts';
import { parseInteger } from '../base/numbers.ts';
import { type Viewed, viewed } from '../base/viewed.ts';
import type { Dict } from '../memory/dict.ts';
import { latin1 } from '../resp/args.ts';
import { allocNode } from '../memory/stream-node.ts';
import type { CollectionType, KeyMeta, PackedType, RdbSink, RoomFor, StreamSink } from '../rdb/sink.ts';
import { LONG_BYTES, type Room } from '../rdb/long-string.ts';
import { ListpackScan } from '../rdb/listpack-scan.ts';
import { WHOLE_STRING, type WholeKey } from '../rdb/whole-key.ts';
import { Database } from './database.ts';
import { ENC_INTSET, ENC_LISTPACK, ENC_RAW, TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_STRING, TYPE_ZSET } from './entry.ts';
import { BIG_HEADER_BYTES } from './lists.ts';
import { LinkBatch } from './load-batch.ts';
import { findTwin, writeKey } from './long-items.ts';
import { buildPacked, buildString, fitsIntset, fitsListpack } from './load-whole.ts';
import { StreamLoader } from './stream-load.ts';
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
  /** Length of the input, where it is known: bounds what a count in it may claim. */
  readonly inputBytes?: number;
  /** What a step does of a long string, in bytes: see `RdbSink`. Default LONG_BYTES. */
  readonly longBytes?: number;
}

/** Where the data stands in a replication stream, as AUX fields tell; `replid` is empty when they do not. */
export interface LoadedPosition {
  replid: string;
  replOffset: number;
  /** -1: named, but no database of ours. */
  streamDb: number;
}

/** Called for what a log may want to show: the AUX fields, with their values as text. */
export type AuxListener = (name: string, value: string) => void;

export class StoreLoader implements RdbSink {
  readonly longBytes: number;
  readonly position: LoadedPosition = { replid: '', replOffset: -1, streamDb: 0 };
  readonly functions: Uint8Array[] = [];
  /** Keys of the file, the dropped ones included. */
  keys = 0;
  expiredKeys = 0;
  /** Keys left out because their collection was empty. */
  emptyKeys = 0;
  onAux: AuxListener = () => {};
  onModuleAux: (module: string) => void = () => {};
  /** A key was dropped because its time had come. The bytes are lent. */
  onExpired: (database: number, bytes: Uint8Array, at: number, length: number) => void = () => {};

  readonly #store: Store;
  readonly #databases: readonly Database[];
  readonly #options: LoadOptions;
  readonly #batch: LinkBatch = new LinkBatch();
  /** Keys must not be taken in one call. */
  readonly #longWay: boolean;
  readonly #scan: ListpackScan = new ListpackScan();
  #reserveLeft = RESERVE_MAX;

  // The key at work.
  #db: Database;
  #key: Uint8Array = viewed(Buffer.alloc(128));
  #keyLength = 0;
  #hash = 0;
  /** Its entry is complete, and in the batch. */
  #inBatch = false;
  /** It is long: its value is made under the empty key in a database of its own, which is `#db` until then. */
  #long: { readonly name: Uint8Array; readonly db: Database } | null = null;
  #expireAtMs = -1;
  /** What the file says of its use, -1: nothing. */
  #idleSeconds = -1;
  #frequency = -1;
  /** It is past its time and left out: its value is not looked at. */
  #skip = false;
  /** 0 until it has a value, or the value its first element. */
  #entry: Address = 0;
  /** Where a long string or element comes to lie, until it is complete: an entry, a listpack, or what `Lists.createBig` made. */
  #room: Address = 0;
  /** Where a long key, field, member or element is copied to, perhaps out of a listpack in `#room`: an entry, an item, or likewise. */
  #item: Address = 0;
  #expected = 0;
  #type: CollectionType | 'stream' = 'list';
  readonly #streams: StreamLoader;
  /** It is a set that becomes a table whatever its members are. */
  #asTable = false;
  /** It is a sorted set whose members are not in order yet. */
  #unordered = false;

  constructor(store: Store, databases: readonly Database[], options: LoadOptions) {
    this.#store = store;
    this.#databases = databases;
    this.#options = options;
    this.longBytes = options.longBytes ?? LONG_BYTES;
    this.#longWay = options.replaceExisting === true;
    this.#db = databases[0]!;
    this.#streams = new StreamLoader(
      store.streams,
      () => this.#takeRoom(),
      (what) => {
        throw new LoadError(`the stream '${this.#keyName()}' ${what}`);
      },
    );
  }

  // -- the file -----------------------------------------------------------------------------------------------

  aux(name: string, bytes: Uint8Array, at: number, length: number): void {
    if (length > AUX_MAX_BYTES) return;
    const text = latin1(bytes, at, length);
    const { position } = this;
    if (name === 'repl-id') {
      if (length === REPLID_BYTES) position.replid = text;
    } else if (name === 'repl-offset') {
      const offset = Number(text);
      if (Number.isSafeInteger(offset)) position.replOffset = offset;
    } else if (name === 'repl-stream-db') {
      position.streamDb = this.#databases[Number(text)] === undefined ? -1 : Number(text);
    }
    this.onAux(name, text);
  }

  selectDb(index: number): void {
    this.#flush();
    const db = this.#databases[index];
    if (db === undefined) throw new LoadError(`database ${index} is beyond the configured ${this.#databases.length}`);
    this.#db = db;
  }

  /** The file's word, believed as far as it costs little to be wrong. */
  resizeDb(keys: number): void {
    const plausible = Math.min(keys, this.#reserveLeft, (this.#options.inputBytes ?? Infinity) / MIN_KEY_BYTES);
    this.#flush();
    if (plausible < 1 || this.#db.size > 0) return;
    this.#reserveLeft -= Math.floor(plausible);
    this.#guarded(() => this.#db.reserve(Math.floor(plausible)));
  }

  functionLibrary(bytes: Uint8Array, at: number, length: number): void {
    this.functions.push(bytes.slice(at, at + length));
  }

  moduleAux(name: string): void {
    this.onModuleAux(name);
  }

  end(): void {
    this.#flush();
  }

  // -- a key --------------------------------------------------------------------------------------------------

  key(bytes: Uint8Array, at: number, length: number, meta: KeyMeta): Pieces | void {
    this.#entry = 0;
    // A time before 1970 is over as well as its start is, and -1 alone means none.
    this.#expireAtMs = meta.expireAtMs < -1 ? 0 : meta.expireAtMs;
    const { space } = this.#store;
    this.#idleSeconds = meta.idleSeconds;
    this.#frequency = meta.lfuFrequency;
    this.#skip = this.#options.dropExpired && this.#expireAtMs >= 0 && this.#expireAtMs < space.now;
    if (this.#skip) {
      this.expiredKeys++;
      this.onExpired(this.#db.index, bytes, at, length);
      return;
    }
    if (length > this.longBytes) return this.#beginLong(bytes, at, length);
    this.#setKey(bytes, at, length);
  }

  #setKey(bytes: Uint8Array, at: number, length: number): void {
    if (length > this.#key.length) this.#key = viewed(Buffer.alloc(length * 2));
    copyBytes(this.#key, 0, bytes, at, length);
    this.#keyLength = length;
    this.#hash = this.#store.space.hasher.hash(this.#key, 0, length);
  }

  *#beginLong(bytes: Uint8Array, at: number, length: number): Pieces {
    const name = new Uint8Array(length);
    yield* copyInPieces(name, 0, bytes, at, length, this.longBytes);
    this.#flush();
    const db = this.#db;
    this.#db = new Database(this.#store.space, db.index);
    this.#long = { name, db };
    this.#setKey(name, 0, 0);
  }

  /** Moves the value to its long key. */
  *#endLong(): Pieces {
    const { name, db } = this.#long!;
    const { space } = this.#store;
    this.#flush();
    const made = this.#db.peek(this.#key, 0, this.#keyLength, this.#hash);
    if (made !== 0) {
      const entry = space.blocks.withRoom(made, name.length);
      this.#item = entry;
      const hash = yield* writeKey(space.keys, entry, name, 0, this.longBytes);
      const old = yield* findTwin(space.keys, db.table, entry, hash, this.longBytes);
      if (old !== 0) this.#refuseKey(db, name, 0, name.length);
      this.#db.hand(made, this.#takeItem(), db, hash);
    }
    this.#leaveLong();
  }

  /** Gives up the database of a long key's value. */
  #leaveLong(): void {
    this.#db.dispose();
    this.#db = this.#long!.db;
    this.#long = null;
  }

  wholeKey(found: WholeKey, window: Viewed): boolean {
    const { expireAtMs } = found;
    if (
      this.#longWay ||
      (expireAtMs !== -1 && (expireAtMs < 0 || (this.#options.dropExpired && expireAtMs < this.#store.space.now)))
    )
      return false;
    let entry: Address;
    if (found.kind === WHOLE_STRING) entry = buildString(this.#store.space, found, window);
    // Clients wait for keys of databases in use, and hear of them one by one.
    else if (this.#db.waiting > 0) return false;
    else entry = buildPacked(this.#store.space, found, window, this.#scan, this.#store.lists);
    if (entry === 0) return false;
    this.keys++;
    if (found.idleSeconds >= 0 || found.lfuFrequency >= 0) {
      const { space } = this.#store;
      space.access.assign(entry, found.idleSeconds, found.lfuFrequency, space.now);
    }
    if (this.#batch.add(entry, this.#store.space.hasher.hash(window, found.keyAt, found.keyLength))) this.#flush();
    return true;
  }

  room(of: RoomFor, length: number): Room | null {
    const { lists, space } = this.#store;
    if (this.#skip) return null;
    this.#freeRoom();
    if (of === 'list-node' || of === 'packed' || of === 'stream-node') {
      this.#room = of === 'stream-node' ? allocNode(space.arena, length) : space.arena.alloc(length);
      return { bytes: space.arena.u8[segmentOf(this.#room)]!, at: byteOf(this.#room) };
    }
    if (of === 'string') {
      this.#room = space.blocks.build(
        this.#key,
        0,
        this.#keyLength,
        TYPE_STRING,
        ENC_RAW,
        this.#expireAtMs,
        length,
        length,
      );
      return { bytes: space.arena.u8[segmentOf(this.#room)]!, at: space.entries.valueStart(this.#room) };
    }
    if (this.#type !== 'list' || !lists.isBig(length)) return null;
    this.#room = lists.createBig(length);
    return { bytes: space.arena.u8[segmentOf(this.#room)]!, at: byteOf(this.#room) + BIG_HEADER_BYTES };
  }

  string(bytes: Uint8Array, at: number, length: number): void {
    if (this.#skip) return;
    if (this.#room !== 0) {
      if (this.#options.replaceExisting === true) this.#claimKey();
      const whole = this.#room;
      this.#room = 0;
      this.#linkLater(whole);
      return;
    }
    // Where keys are replaced, the old one has to go first; elsewhere the batch finds those that come twice.
    if (this.#options.replaceExisting === true) this.#claimKey();
    const entry = this.#store.space.blocks.buildString(
      this.#key,
      0,
      this.#keyLength,
      bytes,
      at,
      length,
      this.#expireAtMs,
    );
    this.#linkLater(entry);
  }

  keeps(type: Exclude<PackedType, 'list-node'> | 'intset', length: number, elements: number, longest: number): boolean {
    if (this.#skip) return true;
    const { settings } = this.#store.space;
    let stays: boolean;
    if (type === 'intset') stays = elements <= settings.setMaxIntsetEntries;
    else if (type === 'hash-expiring') stays = elements <= 3 * settings.hashMaxListpackEntries;
    else stays = fitsListpack(settings, type, length, elements, longest, this.#store.lists);
    this.#asTable = !stays;
    return stays;
  }

  packed(type: PackedType, bytes: Uint8Array, at: number, length: number, elements: number, longest: number): void {
    if (this.#skip) return;
    if (this.#staysPacked(type, length, elements, longest)) {
      this.#copy(collectionTypes[type]!, ENC_LISTPACK, bytes, at, length);
      return;
    }
    if (type === 'list-node') {
      this.#startList();
      if (this.#room !== 0) {
        this.#store.lists.appendListpack(this.#entry, this.#room, elements);
        this.#room = 0;
        return;
      }
      this.#store.lists.appendPacked(this.#entry, bytes, at, length, elements);
      return;
    }
    this.#claimKey();
    const { hashes, sets, zsets } = this.#store;
    if (type === 'zset') {
      // The reader has checked its order already.
      this.#entry = zsets.createPacked(this.#db, this.#key, 0, this.#keyLength, bytes, at, length, true);
      return;
    }
    if (type === 'hash-expiring') {
      if (this.#room !== 0) {
        this.#entry = hashes.adoptTriplets(this.#db, this.#key, 0, this.#keyLength, this.#takeRoom());
        return;
      }
      this.#entry = hashes.createTriplets(this.#db, this.#key, 0, this.#keyLength, bytes, at, length);
      return;
    }
    const values = type === 'hash' ? hashes : sets;
    this.#entry = values.createPacked(this.#db, this.#key, 0, this.#keyLength, bytes, at, length);
    if (this.#entry === 0) throw new LoadError(`the ${type} '${this.#keyName()}' has something twice`);
  }

  intset(bytes: Uint8Array, at: number, length: number): void {
    if (this.#skip) return;
    if (this.#db.waiting === 0 && fitsIntset(this.#store.space.settings, bytes, at, length)) {
      this.#copy(TYPE_SET, ENC_INTSET, bytes, at, length);
      return;
    }
    this.#claimKey();
    this.#entry = this.#store.sets.createIntset(this.#db, this.#key, 0, this.#keyLength, bytes, at, length);
    if (this.#entry === 0) throw new LoadError(`the set '${this.#keyName()}' has repeated members`);
  }

  begin(type: CollectionType, count: number): void {
    this.#type = type;
    this.#expected = Math.min(count, EXPECTED_MAX);
  }

  element(bytes: Uint8Array, at: number, length: number): Pieces | void {
    if (this.#skip) return;
    const { lists, sets } = this.#store;
    if (this.#type === 'list') {
      this.#startList();
      if (this.#room !== 0) {
        lists.appendBig(this.#entry, this.#room);
        this.#room = 0;
      } else if (length > this.longBytes && lists.isBig(length)) return this.#longElement(bytes, at, length);
      else lists.pushTail(this.#entry, bytes, at, length);
      return;
    }
    if (this.#entry === 0) {
      this.#claimKey();
      if (this.#asTable) this.#entry = sets.createTable(this.#db, this.#key, 0, this.#keyLength, this.#expected);
      else {
        const integer = parseInteger(bytes, at, length) !== undefined;
        this.#entry = sets.create(this.#db, this.#key, 0, this.#keyLength, integer, this.#expected);
      }
    }
    if (length > this.longBytes && sets.goesToTable(this.#entry, length)) return this.#longMember(bytes, at, length);
    if (!sets.add(this.#entry, bytes, at, length)) this.#refuseRepeated(bytes, at, length);
  }

  /** A list's element that has no place yet. */
  *#longElement(bytes: Uint8Array, at: number, length: number): Pieces {
    const { lists, space } = this.#store;
    this.#item = lists.createBig(length);
    const target = space.arena.u8[segmentOf(this.#item)]!;
    yield* copyInPieces(target, byteOf(this.#item) + BIG_HEADER_BYTES, bytes, at, length, this.longBytes);
    lists.appendBig(this.#entry, this.#item);
    this.#item = 0;
  }

  *#longMember(bytes: Uint8Array, at: number, length: number): Pieces {
    const { sets, space } = this.#store;
    const table = sets.toTable(this.#entry);
    this.#item = sets.values.createItem(length);
    const hash = yield* this.#writeItem(space.members, table, bytes, at, length);
    space.members.insert(table, this.#item, hash);
    this.#item = 0;
  }

  /** Writes the key of `#item`, which that table must not have; returns its hash. */
  *#writeItem(dict: Dict, table: Address, bytes: Uint8Array, at: number, length: number): Pieces<number> {
    const hash = yield* writeKey(dict, this.#item, bytes, at, this.longBytes);
    const twin = yield* findTwin(dict, table, this.#item, hash, this.longBytes);
    if (twin !== 0) this.#refuseRepeated(bytes, at, length);
    return hash;
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
    if (this.#skip) return;
    const { hashes } = this.#store;
    if (this.#entry === 0) {
      this.#claimKey();
      this.#entry = hashes.create(this.#db, this.#key, 0, this.#keyLength, this.#expected);
    }
    const longest = Math.max(fieldLength, valueLength);
    if (longest > this.longBytes && hashes.goesToTable(this.#entry, longest))
      return this.#longField(fieldBytes, fieldAt, fieldLength, valueBytes, valueAt, valueLength, expireAtMs);
    if (!hashes.set(this.#entry, fieldBytes, fieldAt, fieldLength, valueBytes, valueAt, valueLength))
      this.#refuseRepeated(fieldBytes, fieldAt, fieldLength);
    if (expireAtMs >= 0) hashes.setExpiry(this.#db, this.#entry, fieldBytes, fieldAt, fieldLength, expireAtMs);
  }

  *#longField(
    fieldBytes: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    valueBytes: Uint8Array,
    valueAt: number,
    valueLength: number,
    expireAtMs: number,
  ): Pieces {
    const { hashes, space } = this.#store;
    const table = hashes.toTable(this.#db, this.#entry, expireAtMs >= 0);
    // In a hash that expires, 0 stands for none.
    const item = hashes.items.create(fieldLength, valueLength, expireAtMs === 0 ? 1 : expireAtMs);
    this.#item = item;
    const hash = yield* this.#writeItem(space.fields, table, fieldBytes, fieldAt, fieldLength);
    const target = space.arena.u8[segmentOf(item)]!;
    const start = hashes.items.fieldStart(item) + fieldLength;
    yield* copyInPieces(target, start, valueBytes, valueAt, valueLength, this.longBytes);
    hashes.addItem(this.#entry, this.#takeItem(), hash);
  }

  member(bytes: Uint8Array, at: number, length: number, score: number): Pieces | void {
    if (this.#skip) return;
    const { zsets, space } = this.#store;
    if (this.#entry === 0) {
      this.#claimKey();
      this.#entry = zsets.createSized(this.#db, this.#key, 0, this.#keyLength, this.#expected);
      // A small one is ordered at its end, when it is known whether it becomes a listpack.
      this.#unordered = this.#expected <= space.settings.zsetMaxListpackEntries;
    }
    if (length > this.longBytes) return this.#longScored(bytes, at, length, score);
    const added = this.#unordered
      ? zsets.addUnordered(this.#entry, score, bytes, at, length)
      : zsets.add(this.#entry, score, bytes, at, length);
    if (!added) this.#refuseRepeated(bytes, at, length);
  }

  *#longScored(bytes: Uint8Array, at: number, length: number, score: number): Pieces {
    const { zsets, space } = this.#store;
    const { values } = zsets;
    // It is none in a listpack: `createSized`.
    const root = space.entries.ref(this.#entry);
    this.#item = values.createItem(score, length);
    const hash = yield* this.#writeItem(space.scored, values.dictOf(root), bytes, at, length);
    values.addItem(root, this.#takeItem(), hash, !this.#unordered);
  }

  beginStream(): StreamSink {
    this.#type = 'stream';
    if (this.#skip) {
      this.#streams.start(0);
      return this.#streams;
    }
    this.#claimKey();
    const { streams } = this.#store;
    this.#entry = streams.create(this.#db, this.#key, 0, this.#keyLength);
    this.#streams.start(this.#store.entries.ref(this.#entry));
    return this.#streams;
  }

  endKey(): Pieces | void {
    this.keys++;
    if (this.#skip) return;
    // A node that was empty, or a value that came from there in another form.
    this.#freeRoom();
    this.#asTable = false;
    if (this.#inBatch) this.#inBatch = false;
    else if (this.#entry === 0) this.emptyKeys++;
    else this.#settle(this.#entry);
    if (this.#long !== null) return this.#endLong();
  }

  /** A value that came element by element is complete. */
  #settle(entry: Address): void {
    if (this.#unordered) this.#store.zsets.settle(entry);
    else if (this.#store.entries.type(entry) === TYPE_LIST) this.#store.lists.settle(entry);
    this.#unordered = false;
    this.#entry = 0;
    this.#assignAccess(entry);
    if (this.#expireAtMs >= 0) this.#db.setExpiry(entry, this.#expireAtMs);
  }

  /** Nothing more will come: removes what is not complete, so that no collection without elements stays behind. */
  abandon(): void {
    this.#batch.drop(this.#db);
    this.#freeRoom();
    if (this.#item !== 0) this.#store.space.arena.free(this.#takeItem());
    if (this.#long !== null) {
      this.#leaveLong();
      this.#entry = 0;
    }
    if (this.#entry === 0) return;
    this.#db.remove(this.#key, 0, this.#keyLength);
    this.#entry = 0;
  }

  // -- inside -------------------------------------------------------------------------------------------------

  /** Whether a listpack from the file is what the value becomes, and its entry may wait for its batch. */
  #staysPacked(type: PackedType, length: number, elements: number, longest: number): boolean {
    // Clients wait for keys of databases in use, and hear of them one by one.
    if (this.#db.waiting > 0) return false;
    if (type === 'list-node' && (this.#expected !== 1 || this.#type !== 'list')) return false;
    const { lists, space } = this.#store;
    return fitsListpack(space.settings, type, length, elements, longest, lists);
  }

  /** Makes the value a copy of a blob, or the blob itself, if it lies in the arena already. */
  #copy(type: number, encoding: number, bytes: Uint8Array, at: number, length: number): void {
    if (this.#options.replaceExisting === true) this.#claimKey();
    const { arena, blocks } = this.#store.space;
    const isThere = this.#room !== 0;
    const ref = isThere ? this.#takeRoom() : arena.alloc(length);
    if (!isThere) copyBytes(arena.u8[segmentOf(ref)]!, byteOf(ref), bytes, at, length);
    let entry: Address;
    try {
      entry = blocks.build(this.#key, 0, this.#keyLength, type, encoding, this.#expireAtMs, ref, 0);
    } catch (error) {
      arena.free(ref);
      throw error;
    }
    this.#linkLater(entry);
  }

  #linkLater(entry: Address): void {
    this.#assignAccess(entry);
    this.#inBatch = true;
    if (this.#batch.add(entry, this.#hash)) this.#flush();
  }

  /** The room is its caller's from now on. */
  #takeRoom(): Address {
    const room = this.#room;
    this.#room = 0;
    return room;
  }

  #takeItem(): Address {
    const item = this.#item;
    this.#item = 0;
    return item;
  }

  #freeRoom(): void {
    if (this.#room !== 0) this.#store.space.arena.free(this.#room);
    this.#room = 0;
  }

  #startList(): void {
    if (this.#entry !== 0) return;
    this.#claimKey();
    this.#entry = this.#store.lists.create(this.#db, this.#key, 0, this.#keyLength);
  }

  /** Makes sure that the key is absent. */
  #claimKey(): void {
    this.#flush();
    if (this.#db.peek(this.#key, 0, this.#keyLength, this.#hash) !== 0)
      this.#refuseKey(this.#db, this.#key, 0, this.#keyLength);
  }

  /** A database has the key already: it goes, if it may be replaced. */
  #refuseKey(db: Database, bytes: Uint8Array, at: number, length: number): void {
    if (this.#options.replaceExisting !== true) throw new LoadError(`the key '${this.#keyName()}' comes twice`);
    db.remove(bytes, at, length);
  }

  #assignAccess(entry: Address): void {
    if (this.#idleSeconds < 0 && this.#frequency < 0) return;
    const { space } = this.#store;
    space.access.assign(entry, this.#idleSeconds, this.#frequency, space.now);
  }

  #flush(): void {
    const twice = this.#batch.flush(this.#db);
    if (twice === 0) return;
    const name = this.#store.entries.keyCopy(twice);
    throw new LoadError(`the key '${printable(name, 0, name.length)}' comes twice`);
  }

  /** Room asked for in advance is a favour: without memory for it, the tables grow as they go. */
  #guarded(reserve: () => void): void {
    try {
      reserve();
    } catch (error) {
      if (!(error instanceof ArenaExhausted)) throw error;
    }
  }

  #keyName(): string {
    const { name } = this.#long ?? {};
    return name === undefined ? printable(this.#key, 0, this.#keyLength) : printable(name, 0, name.length);
  }

  #refuseRepeated(bytes: Uint8Array, at: number, length: number): never {
    const what = this.#type === 'hash' ? 'field' : 'member';
    throw new LoadError(
      `the ${this.#type} '${this.#keyName()}' has the ${what} '${printable(bytes, at, length)}' twice`,
    );
  }
}

/** What to tell about a load that failed: running out of memory gets a message of its own. */
export function loadFailure(error: unknown): Error {
  if (error instanceof ArenaExhausted) return new LoadError(`out of memory while loading (${error.message})`);
  return error instanceof Error ? error : new Error(String(error));
}

const collectionTypes: { readonly [type in PackedType]?: number } = {
  hash: TYPE_HASH,
  set: TYPE_SET,
  zset: TYPE_ZSET,
  'list-node': TYPE_LIST,
};

/** Keys, over all databases, for which room is made on a file's word: 256 MiB of table at most. */
const RESERVE_MAX = 16 * 1024 * 1024;
/** Elements of one collection for which room is made on a file's word: 64 MiB of table at most. */
const EXPECTED_MAX = 4 * 1024 * 1024;
/** The shortest key with its value: type, empty key, empty string. */
const MIN_KEY_BYTES = 3;
const AUX_MAX_BYTES = 64;
const REPLID_BYTES = 40;
/** How much of a name a message shows. */
const SHOWN_BYTES = 64;

function printable(bytes: Uint8Array, at: number, length: number): string {
  const text = latin1(bytes, at, Math.min(length, SHOWN_BYTES));
  return text.replace(/[^\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
