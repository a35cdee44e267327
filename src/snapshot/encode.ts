/**
 * Writes entries as RDB. Compact encodings are copied as they lie in the arena; large ones are written element by
 * element in the oldest form that holds them, so that any Redis from 7.0 on can read the result.
 */
import { type Address, byteOf, segmentOf } from '../memory/arena.ts';
import * as listpack from '../memory/listpack.ts';
import { Span } from '../base/span.ts';
import {
  TYPE_HASH as RDB_HASH,
  TYPE_HASH_LISTPACK,
  TYPE_LIST_QUICKLIST_2,
  TYPE_SET as RDB_SET,
  TYPE_SET_INTSET,
  TYPE_STRING as RDB_STRING,
  TYPE_ZSET_2,
  TYPE_ZSET_LISTPACK,
} from '../rdb/format.ts';
import type { RdbWriter } from '../rdb/write.ts';
import { TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_STRING, TYPE_ZSET } from '../store/entry.ts';
import type { Store } from '../store/store.ts';
import { assert } from '../base/assert.ts';

export class EntryEncoder {
  readonly #store: Store;
  readonly #writer: RdbWriter;
  readonly #span: Span = new Span();

  constructor(store: Store, writer: RdbWriter) {
    this.#store = store;
    this.#writer = writer;
  }

  /** Expiry, type, key and value of one entry. */
  entry(entry: Address): void {
    const { entries } = this.#store;
    const expiry = entries.expiry(entry);
    if (expiry >= 0) this.#writer.keyMeta(expiry, -1, -1);
    switch (entries.type(entry)) {
      case TYPE_STRING: {
        this.#start(RDB_STRING, entry);
        const value = entries.value(entry, this.#span);
        this.#writer.string(value.bytes, value.at, value.length);
        return;
      }
    }
    assert(false, 'snapshot: an entry of a type that cannot be written');
  }

  #start(type: number, entry: Address): void {
    this.#writer.type(type);
    const key = this.#store.entries.key(entry, this.#span);
    this.#writer.string(key.bytes, key.at, key.length);
  }
}
