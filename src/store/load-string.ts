/**
 * The entry of a plain string key, straight from the bytes of an RDB: key and value are copied once, and a compressed value is
 * expanded where it is to lie.
 */
import { type Address, byteOf, segmentOf } from '../memory/arena.ts';
import { copyBytes } from '../base/copy.ts';
import type { Viewed } from '../base/viewed.ts';
import { writeInteger } from '../rdb/cursor.ts';
import { lzfDecompress } from '../rdb/lzf.ts';
import { type StringKey, VALUE_COMPRESSED, VALUE_INTEGER } from '../rdb/string-key.ts';
import { KEY_BASE_ENTRY, KEY_OFFSET_EXPIRING, makeMeta, TYPE_STRING } from './entry.ts';
import type { Keyspace } from './keyspace.ts';
import { stringEncoding } from './string-encoding.ts';

/** Returns an entry that is in no table yet, or 0 if the value is malformed. Throws ArenaExhausted. */
export function buildFound(space: Keyspace, found: StringKey, window: Viewed): Address {
  const { arena } = space;
  const { keyAt, keyLength, valueKind, expireAtMs } = found;
  let source = window;
  let valueAt = found.valueAt;
  if (valueKind === VALUE_INTEGER) {
    source = found.digits;
    valueAt = 0;
    found.valueLength = writeInteger(found.integer, source);
  }
  const { valueLength } = found;
  const base = expireAtMs < 0 ? KEY_BASE_ENTRY : KEY_OFFSET_EXPIRING;
  const entry = arena.alloc(base + keyLength + valueLength);
  const target = arena.u8[segmentOf(entry)]!;
  const at = byteOf(entry) + base;
  copyBytes(target, at, window, keyAt, keyLength);
  if (valueKind === VALUE_COMPRESSED) {
    if (!lzfDecompress(window, valueAt, found.storedBytes, target, at + keyLength, valueLength)) {
      arena.free(entry);
      return 0;
    }
  } else {
    copyBytes(target, at + keyLength, source, valueAt, valueLength);
  }
  const encoding = stringEncoding(target, at + keyLength, valueLength);
  space.entries.writeHeader(
    entry,
    makeMeta(TYPE_STRING, encoding, space.newAccess),
    keyLength,
    expireAtMs,
    valueLength,
  );
  return entry;
}
