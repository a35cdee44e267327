/**
 * How much memory a key takes (MEMORY USAGE): its blocks as the arena rounds them, its share of the hash table and of the
 * index of expiring keys, and its value. Of large collections some elements are measured and the rest is taken to be alike.
 */
import { type Address, type Arena, byteOf, segmentOf } from '../memory/arena.ts';
import type { Dict } from '../memory/dict.ts';
import * as node from '../memory/quicklist-node.ts';
import {
  ENC_HASHTABLE,
  ENC_HASHTABLE_EX,
  ENC_LISTPACK_EX,
  ENC_QUICKLIST,
  ENC_SKIPLIST,
  TYPE_HASH,
  TYPE_STRING,
} from './entry.ts';
import type { Keyspace } from './keyspace.ts';

/** A key's share of its database's table, measured at 1 M keys: bytes. */
export const TABLE_SHARE_BYTES = 13;
/** An entry's share of an ordered index, whose nodes are about two thirds full: bytes. */
export const INDEX_SHARE_BYTES = 17;
/** A bucket of a Dict. */
const BUCKET_BYTES = 64;

/** `samples`: elements of a collection to measure, 0 for all. */
export function keyMemory(space: Keyspace, entry: Address, samples: number): number {
  const { arena, entries } = space;
  const own = arena.capacity(entry) + TABLE_SHARE_BYTES + (entries.hasExpiry(entry) ? INDEX_SHARE_BYTES : 0);
  const type = entries.type(entry);
  if (type === TYPE_STRING) return own;
  const ref = entries.ref(entry);
  switch (entries.encoding(entry)) {
    case ENC_HASHTABLE:
      return own + dictMemory(arena, type === TYPE_HASH ? space.fields : space.members, ref, samples);
    case ENC_LISTPACK_EX:
    case ENC_HASHTABLE_EX: {
      const { fieldDeadlines, deadlines } = space;
      const fields = fieldDeadlines.fields(ref);
      const order = fieldDeadlines.order(ref);
      const root = own + arena.capacity(ref) + (fieldDeadlines.deadline(ref) === Infinity ? 0 : INDEX_SHARE_BYTES);
      if (order === 0) return root + arena.capacity(fields);
      return root + dictMemory(arena, space.fields, fields, samples) + deadlines.count(order) * INDEX_SHARE_BYTES;
    }
    case ENC_SKIPLIST: {
      const dict = arena.u32[segmentOf(ref)]![byteOf(ref) >>> 2]!;
      const index = space.scored.count(dict) * INDEX_SHARE_BYTES;
      return own + arena.capacity(ref) + dictMemory(arena, space.scored, dict, samples) + index;
    }
    case ENC_QUICKLIST:
      return own + quicklistMemory(arena, ref, samples);
    default:
      return own + arena.capacity(ref);
  }
}

function dictMemory(arena: Arena, dict: Dict, header: Address, samples: number): number {
  const count = dict.count(header);
  const tables = arena.capacity(header) + dict.buckets(header) * BUCKET_BYTES;
  if (count === 0) return tables;
  const wanted = samples === 0 ? Infinity : samples;
  let seen = 0;
  let bytes = 0;
  let cursor = 0;
  do {
    cursor = dict.scan(header, cursor, (item) => {
      seen++;
      bytes += arena.capacity(item);
    });
  } while (cursor !== 0 && seen < wanted);
  return tables + (seen === 0 ? 0 : Math.round((bytes / seen) * count));
}

function quicklistMemory(arena: Arena, header: Address, samples: number): number {
  const nodes = node.word(arena, header, node.NODES);
  const wanted = samples === 0 ? Infinity : samples;
  let seen = 0;
  let bytes = 0;
  for (let n = node.headNode(arena, header); n !== 0 && seen < wanted; n = node.nextNode(arena, n)) {
    seen++;
    bytes += arena.capacity(n) + arena.capacity(node.nodeData(arena, n));
  }
  return arena.capacity(header) + (seen === 0 ? 0 : Math.round((bytes / seen) * nodes));
}
