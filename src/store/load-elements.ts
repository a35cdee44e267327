/**
 * Values that a file gives element by element: lists, sets, hashes and sorted sets take the form that they would have if commands
 * had made them. The entry is there from the first element on, so that a collection without any leaves nothing behind.
 */
import { parseInteger } from '../base/numbers.ts';
import type { Pieces } from '../base/pieces.ts';
import type { CollectionType } from '../rdb/sink.ts';
import { TYPE_LIST } from './entry.ts';
import type { KeyAtWork } from './load-key.ts';
import type { LongLoader } from './load-long.ts';
import type { LoadRoom } from './load-room.ts';
import type { Store } from './store.ts';

export class ElementLoader {
  type: CollectionType = 'list';
  /** It is a set that becomes a table whatever its members are. */
  asTable = false;
  readonly #store: Store;
  readonly #key: KeyAtWork;
  readonly #room: LoadRoom;
  readonly #long: LongLoader;
  #expected = 0;
  /** It is a sorted set whose members are not in order yet. */
  #unordered = false;

  constructor(store: Store, key: KeyAtWork, room: LoadRoom, long: LongLoader) {
    this.#store = store;
    this.#key = key;
    this.#room = room;
    this.#long = long;
  }

  /** `count`: by the file's word, elements, or nodes of a list. */
  begin(type: CollectionType, count: number): void {
    this.type = type;
    this.#expected = Math.min(count, EXPECTED_MAX);
  }

  /** It is a list whose only node is to come. */
  get isOneNode(): boolean {
    return this.#expected === 1 && this.type === 'list';
  }

  startList(): void {
    const key = this.#key;
    if (key.entry !== 0) return;
    key.claim();
    key.entry = this.#store.lists.create(key.db, key.bytes, 0, key.length);
  }

  /** Of a list. */
  element(bytes: Uint8Array, at: number, length: number): Pieces | void {
    const { lists } = this.#store;
    const long = this.#long;
    this.startList();
    const key = this.#key;
    const room = this.#room;
    if (room.address !== 0) {
      lists.appendBig(key.entry, room.address);
      room.take();
    } else if (length > long.bytes && lists.isBig(length)) return long.element(bytes, at, length);
    else lists.pushTail(key.entry, bytes, at, length);
  }

  /** Of a set. */
  member(bytes: Uint8Array, at: number, length: number): Pieces | void {
    const { sets } = this.#store;
    const key = this.#key;
    const long = this.#long;
    if (key.entry === 0) {
      key.claim();
      if (this.asTable) key.entry = sets.createTable(key.db, key.bytes, 0, key.length, this.#expected);
      else {
        const integer = parseInteger(bytes, at, length) !== undefined;
        key.entry = sets.create(key.db, key.bytes, 0, key.length, integer, this.#expected);
      }
    }
    if (length > long.bytes && sets.goesToTable(key.entry, length)) return long.member(bytes, at, length);
    if (!sets.add(key.entry, bytes, at, length)) key.refuseRepeated('set', bytes, at, length);
  }

  /** Of a hash. `expireAtMs` -1: it does not expire. */
  field(
    fieldBytes: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    valueBytes: Uint8Array,
    valueAt: number,
    valueLength: number,
    expireAtMs: number,
  ): Pieces | void {
    const { hashes } = this.#store;
    const key = this.#key;
    const long = this.#long;
    if (key.entry === 0) {
      key.claim();
      key.entry = hashes.create(key.db, key.bytes, 0, key.length, this.#expected);
    }
    const longest = Math.max(fieldLength, valueLength);
    if (longest > long.bytes && hashes.goesToTable(key.entry, longest))
      return long.field(fieldBytes, fieldAt, fieldLength, valueBytes, valueAt, valueLength, expireAtMs);
    if (!hashes.set(key.entry, fieldBytes, fieldAt, fieldLength, valueBytes, valueAt, valueLength))
      key.refuseRepeated('hash', fieldBytes, fieldAt, fieldLength);
    if (expireAtMs >= 0) hashes.setExpiry(key.db, key.entry, fieldBytes, fieldAt, fieldLength, expireAtMs);
  }

  /** Of a sorted set. */
  scored(bytes: Uint8Array, at: number, length: number, score: number): Pieces | void {
    const { zsets, space } = this.#store;
    const key = this.#key;
    if (key.entry === 0) {
      key.claim();
      key.entry = zsets.createSized(key.db, key.bytes, 0, key.length, this.#expected);
      // A small one is ordered at its end, when it is known whether it becomes a listpack.
      this.#unordered = this.#expected <= space.settings.zsetMaxListpackEntries;
    }
    if (length > this.#long.bytes) return this.#long.scored(bytes, at, length, score, !this.#unordered);
    const added = this.#unordered
      ? zsets.addUnordered(key.entry, score, bytes, at, length)
      : zsets.add(key.entry, score, bytes, at, length);
    if (!added) key.refuseRepeated('zset', bytes, at, length);
  }

  /** Nothing more comes: gives the value at work the form that it keeps. */
  settle(): void {
    const { entries, lists, zsets } = this.#store;
    const { entry } = this.#key;
    if (this.#unordered) zsets.settle(entry);
    else if (entries.type(entry) === TYPE_LIST) lists.settle(entry);
    this.#unordered = false;
    this.asTable = false;
  }
}

/** Elements of one collection for which room is made on a file's word: 64 MiB of table at most. */
const EXPECTED_MAX = 4 * 1024 * 1024;
