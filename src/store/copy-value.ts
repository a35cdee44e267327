/**
 * Copies of keys (COPY): strings with their entry; of collections the root block and all below it, in the same encoding.
 * Packed encodings are copied as bytes, tables item by item.
 */
import type { Address } from '../memory/arena.ts';
import { Span } from '../base/span.ts';
import type { Database } from './database.ts';
import { TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_STREAM, TYPE_STRING, TYPE_ZSET } from './entry.ts';
import type { Store } from './store.ts';

/** Copies an entry's value and expiry to a key that is absent from `target`. Returns the new entry. */
export function copyEntry(
  store: Store,
  entry: Address,
  target: Database,
  bytes: Uint8Array,
  at: number,
  length: number,
): Address {
  const { entries } = store;
  const type = entries.type(entry);
  const encoding = entries.encoding(entry);
  const expiryMs = entries.expiry(entry);
  if (type === TYPE_STRING) {
    const value = entries.value(entry, new Span());
    const copy = target.addString(bytes, at, length, value.bytes, value.at, value.length, expiryMs);
    entries.setEncoding(copy, encoding);
    return copy;
  }
  const ref = copyValue(store, type, encoding, entries.ref(entry));
  const copy = target.add(bytes, at, length, type, encoding, ref);
  if (expiryMs < 0) return copy;
  try {
    return target.setExpiry(copy, expiryMs);
  } catch (error) {
    // A copy that never expires is none.
    target.removeEntry(copy);
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
