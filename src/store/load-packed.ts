/**
 * Values that a file gives packed: a listpack or an intset, which the reader has checked. It becomes the value as it is, if the
 * limits of here and now let it; otherwise what it holds goes into another form. load-whole.ts does the same for a small one whose
 * key came with it.
 */
import { copyBytes } from '../base/copy.ts';
import { type Address, byteOf, segmentOf } from '../memory/arena.ts';
import type { PackedType } from '../rdb/sink.ts';
import { ENC_INTSET, ENC_LISTPACK, TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_ZSET } from './entry.ts';
import type { ElementLoader } from './load-elements.ts';
import { LoadError } from './load-error.ts';
import type { KeyAtWork } from './load-key.ts';
import type { LoadRoom } from './load-room.ts';
import { fitsIntset, fitsListpack } from './load-whole.ts';
import type { Store } from './store.ts';

export class PackedLoader {
  readonly #store: Store;
  readonly #key: KeyAtWork;
  readonly #room: LoadRoom;
  readonly #elements: ElementLoader;

  constructor(store: Store, key: KeyAtWork, room: LoadRoom, elements: ElementLoader) {
    this.#store = store;
    this.#key = key;
    this.#room = room;
    this.#elements = elements;
  }

  /** See `RdbSink.keeps`. */
  keeps(type: Exclude<PackedType, 'list-node'> | 'intset', length: number, elements: number, longest: number): boolean {
    const { settings } = this.#store.space;
    let stays: boolean;
    if (type === 'intset') stays = elements <= settings.setMaxIntsetEntries;
    else if (type === 'hash-expiring') stays = elements <= 3 * settings.hashMaxListpackEntries;
    else stays = fitsListpack(settings, type, length, elements, longest, this.#store.lists);
    this.#elements.asTable = !stays;
    return stays;
  }

  listpack(type: PackedType, bytes: Uint8Array, at: number, length: number, elements: number, longest: number): void {
    const key = this.#key;
    if (this.#staysPacked(type, length, elements, longest)) this.#copy(types[type]!, ENC_LISTPACK, bytes, at, length);
    else if (type === 'list-node') this.#listNode(bytes, at, length, elements);
    else {
      key.claim();
      key.entry = this.#create(type, bytes, at, length);
      if (key.entry === 0) throw new LoadError(`the ${type} '${key.shown}' has something twice`);
    }
  }

  #listNode(bytes: Uint8Array, at: number, length: number, elements: number): void {
    const { lists } = this.#store;
    const key = this.#key;
    this.#elements.startList();
    const room = this.#room;
    if (room.address !== 0) {
      lists.appendListpack(key.entry, room.address, elements);
      room.take();
    } else lists.appendPacked(key.entry, bytes, at, length, elements);
  }

  /** Makes a value of what a listpack holds; returns its entry, or 0 if something is there twice. */
  #create(type: Exclude<PackedType, 'list-node'>, bytes: Uint8Array, at: number, length: number): Address {
    const { hashes, sets, zsets } = this.#store;
    const { db, bytes: name, length: nameLength } = this.#key;
    switch (type) {
      case 'hash':
        return hashes.createPacked(db, name, 0, nameLength, bytes, at, length);
      case 'set':
        return sets.createPacked(db, name, 0, nameLength, bytes, at, length);
      case 'zset':
        // The reader has checked its order already.
        return zsets.createPacked(db, name, 0, nameLength, bytes, at, length, true);
      case 'hash-expiring':
        if (this.#room.address !== 0) return hashes.adoptTriplets(db, name, 0, nameLength, this.#room.take());
        return hashes.createTriplets(db, name, 0, nameLength, bytes, at, length);
    }
  }

  intset(bytes: Uint8Array, at: number, length: number): void {
    const { sets, space } = this.#store;
    const key = this.#key;
    if (key.db.waiting === 0 && fitsIntset(space.settings, bytes, at, length)) {
      this.#copy(TYPE_SET, ENC_INTSET, bytes, at, length);
      return;
    }
    key.claim();
    key.entry = sets.createIntset(key.db, key.bytes, 0, key.length, bytes, at, length);
    if (key.entry === 0) throw new LoadError(`the set '${key.shown}' has repeated members`);
  }

  /** Whether a listpack from the file is what the value becomes, and its entry may wait for its batch. */
  #staysPacked(type: PackedType, length: number, elements: number, longest: number): boolean {
    // Clients wait for keys of databases in use, and hear of them one by one.
    if (this.#key.db.waiting > 0) return false;
    if (type === 'list-node' && !this.#elements.isOneNode) return false;
    const { lists, space } = this.#store;
    return fitsListpack(space.settings, type, length, elements, longest, lists);
  }

  /** Makes the value a copy of a blob, or the blob itself, if it lies in the arena already. */
  #copy(type: number, encoding: number, bytes: Uint8Array, at: number, length: number): void {
    const key = this.#key;
    key.makeWay();
    const { arena, blocks } = this.#store.space;
    const isThere = this.#room.address !== 0;
    const ref = isThere ? this.#room.take() : arena.alloc(length);
    if (!isThere) copyBytes(arena.u8[segmentOf(ref)]!, byteOf(ref), bytes, at, length);
    let entry: Address;
    try {
      entry = blocks.build(key.bytes, 0, key.length, type, encoding, key.expireAtMs, ref, 0);
    } catch (error) {
      arena.free(ref);
      throw error;
    }
    key.link(entry);
  }
}

/** Of what stays packed. */
const types: { readonly [type in PackedType]?: number } = {
  hash: TYPE_HASH,
  set: TYPE_SET,
  zset: TYPE_ZSET,
  'list-node': TYPE_LIST,
};
