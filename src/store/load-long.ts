/**
 * Long keys, elements, fields and members on their way into the store: what takes time in proportion to their length is done in
 * pieces. The value of a long key is made under the empty key in a database of its own, and moved at its end.
 *
 * Rule: nobody sees an item before all of it is there. Until then it is ours.
 */
import { copyInPieces, equalInPieces, type Pieces } from '../base/pieces.ts';
import { type Address, byteOf, segmentOf } from '../memory/arena.ts';
import type { Dict } from '../memory/dict.ts';
import type { CollectionType } from '../rdb/sink.ts';
import { Database } from './database.ts';
import { BIG_HEADER_BYTES } from './lists.ts';
import type { KeyAtWork } from './load-key.ts';
import type { Store } from './store.ts';

export class LongLoader {
  /** More bytes than these are long; a piece goes over so many. */
  readonly bytes: number;
  readonly #store: Store;
  readonly #key: KeyAtWork;
  /** An entry, a table's item, or what `Lists.createBig` made, in no table or list yet. */
  #item: Address = 0;
  /** Where the long key at work belongs. */
  #home: Database | null = null;

  constructor(store: Store, key: KeyAtWork, bytes: number) {
    this.#store = store;
    this.#key = key;
    this.bytes = bytes;
  }

  // -- keys ---------------------------------------------------------------------------------------------------

  *beginKey(bytes: Uint8Array, at: number, length: number): Pieces {
    const key = this.#key;
    const name = new Uint8Array(length);
    yield* copyInPieces(name, 0, bytes, at, length, this.bytes);
    key.flush();
    const home = key.db;
    key.db = new Database(key.space, home.index);
    this.#home = home;
    key.longName = name;
    key.setName(name, 0, 0);
  }

  /** Moves the value to its key. */
  *endKey(): Pieces {
    const key = this.#key;
    const { space } = key;
    const name = key.longName!;
    const home = this.#home!;
    key.flush();
    const made = key.find();
    if (made !== 0) {
      const entry = space.blocks.withRoom(made, name.length);
      this.#item = entry;
      const hash = yield* this.#writeKey(space.keys, name, 0);
      const old = yield* this.#findTwin(space.keys, home.table, hash);
      if (old !== 0) key.refuseKey(home, name, 0, name.length);
      key.db.hand(made, this.#takeItem(), home, hash);
    }
    this.#leaveKey();
  }

  /** Gives up the database of its value. */
  #leaveKey(): void {
    const key = this.#key;
    key.db.dispose();
    key.db = this.#home!;
    key.longName = null;
    this.#home = null;
  }

  /** Gives up what is not complete. */
  abandon(): void {
    if (this.#item !== 0) this.#store.space.arena.free(this.#takeItem());
    if (this.#home === null) return;
    this.#leaveKey();
    this.#key.entry = 0;
  }

  // -- parts of a value, whose entry is there ------------------------------------------------------------------

  /** Of a list, which is too big for a listpack. */
  *element(bytes: Uint8Array, at: number, length: number): Pieces {
    const { lists, space } = this.#store;
    this.#item = lists.createBig(length);
    const target = space.arena.u8[segmentOf(this.#item)]!;
    yield* copyInPieces(target, byteOf(this.#item) + BIG_HEADER_BYTES, bytes, at, length, this.bytes);
    lists.appendBig(this.#key.entry, this.#item);
    this.#item = 0;
  }

  /** Of a set that is or becomes a table. */
  *member(bytes: Uint8Array, at: number, length: number): Pieces {
    const { sets, space } = this.#store;
    const table = sets.toTable(this.#key.entry);
    this.#item = sets.values.createItem(length);
    const hash = yield* this.#writeItem('set', space.members, table, bytes, at, length);
    space.members.insert(table, this.#item, hash);
    this.#item = 0;
  }

  /** Of a hash that is or becomes a table. */
  *field(
    fieldBytes: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    valueBytes: Uint8Array,
    valueAt: number,
    valueLength: number,
    expireAtMs: number,
  ): Pieces {
    const { hashes, space } = this.#store;
    const { db, entry } = this.#key;
    const table = hashes.toTable(db, entry, expireAtMs >= 0);
    // In a hash that expires, 0 stands for none.
    const item = hashes.items.create(fieldLength, valueLength, expireAtMs === 0 ? 1 : expireAtMs);
    this.#item = item;
    const hash = yield* this.#writeItem('hash', space.fields, table, fieldBytes, fieldAt, fieldLength);
    const target = space.arena.u8[segmentOf(item)]!;
    const start = hashes.items.fieldStart(item) + fieldLength;
    yield* copyInPieces(target, start, valueBytes, valueAt, valueLength, this.bytes);
    hashes.addItem(entry, this.#takeItem(), hash);
  }

  /** Of a sorted set that is no listpack. `ordered`: its members are in order, and stay so. */
  *scored(bytes: Uint8Array, at: number, length: number, score: number, ordered: boolean): Pieces {
    const { zsets, space } = this.#store;
    const { values } = zsets;
    const root = space.entries.ref(this.#key.entry);
    this.#item = values.createItem(score, length);
    const hash = yield* this.#writeItem('zset', space.scored, values.dictOf(root), bytes, at, length);
    values.addItem(root, this.#takeItem(), hash, ordered);
  }

  // -- inside -------------------------------------------------------------------------------------------------

  /** Writes the key of the item, which that table must not have; returns its hash. */
  *#writeItem(
    type: CollectionType,
    dict: Dict,
    table: Address,
    bytes: Uint8Array,
    at: number,
    length: number,
  ): Pieces<number> {
    const hash = yield* this.#writeKey(dict, bytes, at);
    const twin = yield* this.#findTwin(dict, table, hash);
    if (twin !== 0) this.#key.refuseRepeated(type, bytes, at, length);
    return hash;
  }

  /** Writes the key of the item, whose head is written; returns its hash. */
  *#writeKey(dict: Dict, bytes: Uint8Array, at: number): Pieces<number> {
    const item = this.#item;
    const target = dict.arena.u8[segmentOf(item)]!;
    const start = dict.keyStart(item);
    const length = dict.keyLength(item);
    yield* copyInPieces(target, start, bytes, at, length, this.bytes);
    return yield* dict.hasher.hashInPieces(target, start, length, this.bytes);
  }

  /** What that table has under the key of the item, or 0. It must not change meanwhile. */
  *#findTwin(dict: Dict, header: Address, hash: number): Pieces<Address> {
    const item = this.#item;
    const { u8 } = dict.arena;
    const length = dict.keyLength(item);
    for (const other of dict.withHash(header, hash)) {
      if (dict.keyLength(other) !== length) continue;
      const a = u8[segmentOf(other)]!;
      const b = u8[segmentOf(item)]!;
      if (yield* equalInPieces(a, dict.keyStart(other), b, dict.keyStart(item), length, this.bytes)) return other;
    }
    return 0;
  }

  #takeItem(): Address {
    const item = this.#item;
    this.#item = 0;
    return item;
  }
}
