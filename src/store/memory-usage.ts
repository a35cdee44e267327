/**
 * How much memory a key takes (MEMORY USAGE): its blocks as the arena rounds them, its share of the hash table and of the
 * index of expiring keys, and its value. Of large collections some elements are measured and the rest is taken to be alike.
 */
import { type Address, type Arena, byteOf, segmentOf } from '../memory/arena.ts';
import type { Dict } from '../memory/dict.ts';
import { IdCursor } from '../memory/id-index.ts';
import * as node from '../memory/quicklist-node.ts';
import {
  ENC_HASHTABLE,
  ENC_HASHTABLE_EX,
  ENC_LISTPACK_EX,
  ENC_QUICKLIST,
  ENC_SKIPLIST,
  TYPE_HASH,
  TYPE_STREAM,
  TYPE_STRING,
} from './entry.ts';
import type { Keyspace } from './keyspace.ts';
import { CONSUMERS, GROUPS, type StreamParts } from './stream-parts.ts';

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
  if (type === TYPE_STRING) {
    const home = entries.home(entry);
    return home === entry ? own : own + arena.capacity(home);
  }
  const ref = entries.ref(entry);
  if (type === TYPE_STREAM) return own + streamMemory(space.streamParts, ref, samples);
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

/** Nodes are alike but for the last one; groups and consumers are measured like elements. */
function streamMemory(parts: StreamParts, root: Address, samples: number): number {
  const { arena, nodes, groups } = parts;
  const header = parts.nodesOf(root);
  const wanted = samples === 0 ? Infinity : samples;
  const cursor = new IdCursor();
  let seen = 0;
  let bytes = 0;
  for (let more = nodes.first(header, cursor); more && seen < wanted; more = nodes.next(cursor)) {
    seen++;
    bytes += arena.capacity(nodes.value(cursor, 0));
  }
  let total = arena.capacity(root) + nodes.bytes(header);
  if (seen > 0) total += Math.round((bytes / seen) * nodes.count(header));
  const table = parts.word(root, GROUPS);
  const count = groups.count(table);
  const some = Math.min(count, wanted);
  let groupBytes = 0;
  for (let i = 0; i < some; i++) groupBytes += groupMemory(parts, groups.at(table, i), wanted);
  return total + groups.bytes(table) + (some > 0 ? Math.round((groupBytes / some) * count) : 0);
}

function groupMemory(parts: StreamParts, group: Address, wanted: number): number {
  const { arena, consumers, owned, pending } = parts;
  const table = parts.word(group, CONSUMERS);
  const count = consumers.count(table);
  const some = Math.min(count, wanted);
  let bytes = 0;
  for (let i = 0; i < some; i++) {
    const consumer = consumers.at(table, i);
    bytes += arena.capacity(consumer) + owned.bytes(parts.ownedOf(consumer));
  }
  const own = arena.capacity(group) + pending.bytes(parts.pendingOf(group)) + consumers.bytes(table);
  return own + (some > 0 ? Math.round((bytes / some) * count) : 0);
}
