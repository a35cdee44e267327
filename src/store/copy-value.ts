/**
 * Copies of keys (COPY): strings with their entry; of collections the root block and all below it, in the same encoding.
 * Packed encodings are copied as bytes, tables item by item.
 */
import { type Address, byteOf, segmentOf } from '../memory/arena.ts';
import * as listpack from '../memory/listpack.ts';
import * as node from '../memory/quicklist-node.ts';
import { Span } from '../base/span.ts';
import type { Database } from './database.ts';
import { ENC_QUICKLIST, TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_STRING, TYPE_ZSET } from './entry.ts';
import type { Keyspace } from './keyspace.ts';
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
  return expiryMs < 0 ? copy : target.setExpiry(copy, expiryMs);
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
      return encoding === ENC_QUICKLIST ? copyQuicklist(store.space, ref) : copyListpack(store.space, ref);
    default:
      throw new TypeError(`no copy of type ${type}`);
  }
}

function copyListpack(space: Keyspace, list: Address): Address {
  const { arena } = space;
  const length = listpack.totalBytes(arena, list);
  const copy = arena.alloc(length);
  arena.copy(copy, 0, list, 0, length);
  return copy;
}

function copyQuicklist(space: Keyspace, header: Address): Address {
  const { arena, lists } = space;
  const copy = lists.create();
  try {
    for (let place = node.headNode(arena, header); place !== 0; place = node.nextNode(arena, place)) {
      const data = node.nodeData(arena, place);
      if (node.isPlain(arena, place))
        lists.pushTail(
          copy,
          arena.u8[segmentOf(data)]!,
          byteOf(data) + node.PLAIN_HEADER,
          node.plainLength(arena, place),
        );
      else lists.adoptListpack(copy, copyListpack(space, data));
    }
  } catch (error) {
    lists.free(copy, Number.MAX_SAFE_INTEGER);
    throw error;
  }
  return copy;
}
