/**
 * Items with a long key (entries of the keyspace, fields, members) on their way into a table: what takes time in proportion to the
 * key's length is done in pieces.
 */
import { copyInPieces, equalInPieces, type Pieces } from '../base/pieces.ts';
import { type Address, segmentOf } from '../memory/arena.ts';
import type { Dict } from '../memory/dict.ts';

/** Writes the key of an item whose head is written; returns its hash. */
export function* writeKey(dict: Dict, item: Address, bytes: Uint8Array, at: number, piece: number): Pieces<number> {
  const target = dict.arena.u8[segmentOf(item)]!;
  const start = dict.keyStart(item);
  const length = dict.keyLength(item);
  yield* copyInPieces(target, start, bytes, at, length, piece);
  return yield* dict.hasher.hashInPieces(target, start, length, piece);
}

/** The item of a table with the key of this one, which is in none, or 0. The table must not change meanwhile. */
export function* findTwin(dict: Dict, header: Address, item: Address, hash: number, piece: number): Pieces<Address> {
  const { u8 } = dict.arena;
  const length = dict.keyLength(item);
  for (const other of dict.withHash(header, hash)) {
    if (dict.keyLength(other) !== length) continue;
    const a = u8[segmentOf(other)]!;
    const b = u8[segmentOf(item)]!;
    if (yield* equalInPieces(a, dict.keyStart(other), b, dict.keyStart(item), length, piece)) return other;
  }
  return 0;
}
