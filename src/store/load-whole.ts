/**
 * The entry of a plain string key or of a small collection, straight from the bytes of an RDB: key and value are copied once, and
 * a compressed value is expanded where it is to lie.
 */
import { type Address, type Arena, byteOf, segmentOf } from '../memory/arena.ts';
import { copyBytes } from '../base/copy.ts';
import type { Viewed } from '../base/viewed.ts';
import { writeInteger } from '../rdb/cursor.ts';
import { Malformed } from '../rdb/error.ts';
import { checkIntset } from '../rdb/intset.ts';
import type { ListpackScan } from '../rdb/listpack-scan.ts';
import { lzfDecompress } from '../rdb/lzf.ts';
import type { PackedType } from '../rdb/sink.ts';
import * as whole from '../rdb/whole-key.ts';
import type { WholeKey } from '../rdb/whole-key.ts';
import {
  ENC_INTSET,
  ENC_LISTPACK,
  KEY_BASE_ENTRY,
  KEY_OFFSET_EXPIRING,
  makeMeta,
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STRING,
  TYPE_ZSET,
} from './entry.ts';
import type { Keyspace, StoreSettings } from './keyspace.ts';
import type { Lists } from './lists.ts';
import { stringEncoding } from './string-encoding.ts';

/** Returns an entry that is in no table yet, or 0 if the value is malformed. Throws ArenaExhausted. */
export function buildString(space: Keyspace, found: WholeKey, window: Viewed): Address {
  const { arena } = space;
  const { keyAt, keyLength, valueKind, expireAtMs } = found;
  let source = window;
  let valueAt = found.valueAt;
  if (valueKind === whole.VALUE_INTEGER) {
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
  if (valueKind === whole.VALUE_COMPRESSED) {
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

/**
 * Likewise of a collection that stays as it is packed; 0 if it does not, or is not known to be good. Throws ArenaExhausted.
 * `scan` and `lists` are the loader's.
 */
export function buildPacked(
  space: Keyspace,
  found: WholeKey,
  window: Viewed,
  scan: ListpackScan,
  lists: Lists,
): Address {
  const { arena } = space;
  const { valueLength } = found;
  const ref = arena.alloc(valueLength);
  try {
    if (placeValue(arena, ref, found, window) && isGood(space, found, ref, scan, lists)) {
      const encoding = found.kind === whole.WHOLE_INTSET ? ENC_INTSET : ENC_LISTPACK;
      const type = types[found.kind]!;
      return space.blocks.build(window, found.keyAt, found.keyLength, type, encoding, found.expireAtMs, ref, 0);
    }
  } catch (error) {
    arena.free(ref);
    if (error instanceof Malformed) return 0;
    throw error;
  }
  arena.free(ref);
  return 0;
}

/** Puts the value where it is to lie; false if it is malformed. */
function placeValue(arena: Arena, ref: Address, found: WholeKey, window: Viewed): boolean {
  const target = arena.u8[segmentOf(ref)]!;
  const at = byteOf(ref);
  const { valueKind, valueAt, valueLength } = found;
  if (valueKind === whole.VALUE_COMPRESSED)
    return lzfDecompress(window, valueAt, found.storedBytes, target, at, valueLength);
  copyBytes(target, at, valueKind === whole.VALUE_PACKED ? found.packer.bytes : window, valueAt, valueLength);
  return true;
}

/** Whether a value that was put in place stays as it is. Throws Malformed if it surely does not. */
function isGood(space: Keyspace, found: WholeKey, ref: Address, scan: ListpackScan, lists: Lists): boolean {
  const { kind, valueLength } = found;
  const bytes = space.arena.u8[segmentOf(ref)]!;
  const at = byteOf(ref);
  const { settings } = space;
  if (kind === whole.WHOLE_INTSET) {
    checkIntset(bytes, at, valueLength);
    return fitsIntset(settings, bytes, at, valueLength);
  }
  const packed = packedTypes[kind]!;
  if (!scan.isGood(packed, bytes, at, valueLength)) return false;
  if (found.valueKind === whole.VALUE_PACKED && scan.longest > settings.setMaxListpackValue) return false;
  return fitsListpack(space.settings, packed, valueLength, scan.elements, scan.longest, lists);
}

/** Whether a listpack from a file is what the value becomes; of a list, its only node. */
export function fitsListpack(
  settings: StoreSettings,
  type: PackedType,
  length: number,
  elements: number,
  longest: number,
  lists: Lists,
): boolean {
  switch (type) {
    case 'hash':
      return elements <= 2 * settings.hashMaxListpackEntries;
    case 'set':
      return elements <= settings.setMaxListpackEntries;
    case 'zset':
      return elements <= 2 * settings.zsetMaxListpackEntries && longest <= settings.zsetMaxListpackValue;
    case 'list-node':
      return lists.holds(length, elements);
    case 'hash-expiring':
      return false;
  }
}

/** Whether an intset from a file is what the value becomes. */
export function fitsIntset(settings: StoreSettings, bytes: Uint8Array, at: number, length: number): boolean {
  return (length - INTSET_HEADER_BYTES) / bytes[at]! <= settings.setMaxIntsetEntries;
}

/** What an intset begins with: bytes of a member, and their number. */
const INTSET_HEADER_BYTES = 8;

/** By kind. */
const types: readonly number[] = [0, TYPE_STRING, TYPE_SET, TYPE_HASH, TYPE_SET, TYPE_ZSET, TYPE_LIST];
const packedTypes: readonly PackedType[] = ['set', 'set', 'set', 'hash', 'set', 'zset', 'list-node'];
