/**
 * Copies of keys (COPY): strings with their entry; of collections the root block and all below it, in the same encoding.
 * Packed encodings are copied as bytes, tables item by item.
 */
import type { Address } from '../memory/arena.ts';
import type { Database } from './database.ts';
import { TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_STREAM, TYPE_STRING, TYPE_ZSET } from './entry.ts';
import type { Store } from './store.ts';

/**
 * Copies an entry's value and expiry to a key that is absent from `target`, once `makeWay` has removed what it has (or
 * thrown): see `Database.rename`. Returns the new entry.
 */
export function copyEntry(
  store: Store,
  entry: Address,
  target: Database,
  bytes: Uint8Array,
  at: number,
  length: number,
  makeWay?: () => void,
): Address {
  const { entries, space } = store;
  const { arena, blocks, reclaimer } = space;
  const type = entries.type(entry);
  const encoding = entries.encoding(entry);
  const isString = type === TYPE_STRING;
  const ref = isString ? 0 : copyValue(store, type, encoding, entries.ref(entry));
  try {
    const copy = blocks.copyWithKey(entry, bytes, at, length);
    if (!isString) entries.setRef(copy, ref);
    entries.setLru(copy, space.newAccess);
    try {
      makeWay?.();
    } catch (error) {
      arena.free(copy);
      throw error;
    }
    return target.place(copy);
  } catch (error) {
    if (!isString) reclaimer.freeValue(type, encoding, ref);
    throw error;
  }
}

/** Copies a collection. Returns the root block of the copy. */
export function copyValue(store: Store, type: number, encoding: number, ref: Address): Address {
  switch (type) {
    case TYPE_HASH:
      return store.hashes.copyValue(encoding, ref);
    case TYPE_SET:
      return store.sets.copyValue(encoding, ref);
    case TYPE_ZSET:
      return store.zsets.copyValue(encoding, ref);
    case TYPE_LIST:
      return store.lists.copyValue(encoding, ref);
    case TYPE_STREAM:
      return store.streams.copyValue(ref);
    default:
      throw new TypeError(`no copy of type ${type}`);
  }
}
