/**
 * A stream's macro node: a listpack with up to a hundred or so entries, byte for byte as Redis lays it out, so that RDB
 * files and DUMP payloads copy it.
 *
 *   master   live | deleted | n | field 1 ... field n | 0
 *   entry    flags | ms | seq |                            value 1 ... value n       | elements of this entry before this one
 *   entry    flags | ms | seq | m | field 1 | value 1 | ...  field m | value m       | elements ...      (other fields)
 *
 * ms and seq are differences from the node's own id, the key of the index it stands in: the id of its first entry. Flags: 1
 * deleted, 2 same fields as the master. Deleted entries stay in place; the last number lets a walk go backwards.
 */
import { type Address, type Arena, byteOf, segmentOf } from './arena.ts';
import { copyBytes, moveBytes } from '../base/copy.ts';
import { NOTHING } from '../base/nothing.ts';
import type { Element } from './element.ts';
import type { Id } from './id-index.ts';
import * as listpack from './listpack.ts';
import * as entry from './listpack-entry.ts';

export const DELETED = 1;
export const SAME_FIELDS = 2;

const END = 0xff;
/** Elements of an entry besides fields and values: flags, ms, seq, and the number at its end. */
const FIXED_ELEMENTS = 4;
/** Bytes that one integer takes at most. */
const INTEGER_BYTES = 10;
/** Every node has at least this room behind it, for its numbers of entries to become longer. */
const SPARE_BYTES = 16;
/** Growing nodes take twice their size, up to this many bytes more; what Redis begins a node with. */
const GROW_MAX = 4096;

/** Fields and values of a new entry: arguments `from`, `from + 1`, ... of a command. */
export interface FieldSource {
  readonly bytes: Uint8Array;
  readonly at: Int32Array;
  readonly length: Int32Array;
}

/** A node with this entry only. It will be filled up if others were before it: then `spacious` spares it growing. */
export function createNode(arena: Arena, source: FieldSource, from: number, pairs: number, spacious: boolean): Address {
  let room = listpack.EMPTY_BYTES + SPARE_BYTES + 8 * INTEGER_BYTES;
  for (let i = from; i < from + pairs * 2; i++) room += source.length[i]! + entry.MAX_ENTRY_OVERHEAD;
  if (spacious) room = Math.max(room, GROW_MAX);
  const list = listpack.create(arena, room);
  const bytes = arena.u8[segmentOf(list)]!;
  const base = byteOf(list);
  let p = base + listpack.FIRST;
  p = entry.writeInteger(bytes, p, 1);
  p = entry.writeInteger(bytes, p, 0);
  p = entry.writeInteger(bytes, p, pairs);
  for (let i = 0; i < pairs; i++) {
    const field = from + i * 2;
    p = entry.writeEntry(bytes, p, source.bytes, source.at[field]!, source.length[field]!);
  }
  p = entry.writeInteger(bytes, p, 0);
  p = entry.writeInteger(bytes, p, SAME_FIELDS);
  p = entry.writeInteger(bytes, p, 0);
  p = entry.writeInteger(bytes, p, 0);
  for (let i = 0; i < pairs; i++) {
    const value = from + i * 2 + 1;
    p = entry.writeEntry(bytes, p, source.bytes, source.at[value]!, source.length[value]!);
  }
  p = entry.writeInteger(bytes, p, pairs + FIXED_ELEMENTS - 1);
  listpack.setFrame(bytes, base, p, pairs * 2 + FIXED_ELEMENTS * 2);
  return list;
}

/** Adds an entry at the end. Returns the node's address, which may be new. */
export function appendEntry(
  arena: Arena,
  list: Address,
  master: Id,
  id: Id,
  source: FieldSource,
  from: number,
  pairs: number,
): Address {
  const total = listpack.totalBytes(arena, list);
  let room = total + SPARE_BYTES + 6 * INTEGER_BYTES;
  for (let i = from; i < from + pairs * 2; i++) room += source.length[i]! + entry.MAX_ENTRY_OVERHEAD;
  const node = room > arena.capacity(list) ? arena.resize(list, room + Math.min(total, GROW_MAX), total) : list;
  addToCount(arena, node, 0, 1);
  const bytes = arena.u8[segmentOf(node)]!;
  const base = byteOf(node);
  const same = sameFields(arena, node, source, from, pairs);
  let p = base + listpack.totalBytes(arena, node) - 1;
  bytes[p] = same ? SAME_FIELDS : 0;
  bytes[p + 1] = 1;
  p = writeDifference(bytes, p + 2, id[0]!, id[1]!, master[0]!, master[1]!);
  p = writeDifference(bytes, p, id[2]!, id[3]!, master[2]!, master[3]!);
  if (!same) p = entry.writeInteger(bytes, p, pairs);
  for (let i = from; i < from + pairs * 2; i += 2) {
    if (!same) p = entry.writeEntry(bytes, p, source.bytes, source.at[i]!, source.length[i]!);
    p = entry.writeEntry(bytes, p, source.bytes, source.at[i + 1]!, source.length[i + 1]!);
  }
  const elements = FIXED_ELEMENTS - 1 + (same ? pairs : pairs * 2 + 1);
  p = entry.writeInteger(bytes, p, elements);
  listpack.setFrame(bytes, base, p, elements + 1);
  return node;
}

/** A block for a node of that length, and some more. */
export function allocNode(arena: Arena, length: number): Address {
  return arena.alloc(length + SPARE_BYTES);
}

/** Copies a node's bytes into the arena. They must be valid (rdb/stream-node.ts). */
export function nodeFromBytes(arena: Arena, bytes: Uint8Array, at: number, length: number): Address {
  const list = allocNode(arena, length);
  copyBytes(arena.u8[segmentOf(list)]!, byteOf(list), bytes, at, length);
  return list;
}

/** A copy of a node. */
export function copyNode(arena: Arena, list: Address): Address {
  const total = listpack.totalBytes(arena, list);
  const copy = arena.alloc(total + SPARE_BYTES);
  arena.copy(copy, 0, list, 0, total);
  return copy;
}

/** Gives back what a node has been given to grow. Returns its address, which may be new. */
export function shrink(arena: Arena, list: Address): Address {
  const total = listpack.totalBytes(arena, list);
  if (arena.capacity(list) - total <= SPARE_BYTES + (total >>> 3)) return list;
  const node = copyNode(arena, list);
  arena.free(list);
  return node;
}

/** Entries that are not deleted. */
export function liveCount(arena: Arena, list: Address): number {
  return listpack.readInteger(arena, list, listpack.FIRST);
}

/** Entries, the deleted ones included. */
export function entryCount(arena: Arena, list: Address): number {
  const position = listpack.next(arena, list, listpack.FIRST);
  return liveCount(arena, list) + listpack.readInteger(arena, list, position);
}

/** Counts `gone` entries as deleted. */
export function countDeleted(arena: Arena, list: Address, gone: number): void {
  addToCount(arena, list, 0, -gone);
  addToCount(arena, list, 1, gone);
}

/** Adds to the number of live (0) or deleted (1) entries. The node stays where it is: there is room for a longer number. */
function addToCount(arena: Arena, list: Address, which: 0 | 1, change: number): void {
  const position = which === 0 ? listpack.FIRST : listpack.next(arena, list, listpack.FIRST);
  const value = listpack.readInteger(arena, list, position) + change;
  const bytes = arena.u8[segmentOf(list)]!;
  const base = byteOf(list);
  const p = base + position;
  if (value < 128 && bytes[p]! < 128) {
    bytes[p] = value;
    return;
  }
  const after = entry.skip(bytes, p);
  const end = base + listpack.totalBytes(arena, list) - 1;
  const size = entry.encodedInteger(value);
  moveBytes(bytes, p + size, after, end - after);
  entry.writeInteger(bytes, p, value);
  listpack.setFrame(bytes, base, end + size - (after - p), 0);
}

/** Whether the fields are those of the master, in the same order. */
function sameFields(arena: Arena, list: Address, source: FieldSource, from: number, pairs: number): boolean {
  let position = listpack.next(arena, list, listpack.next(arena, list, listpack.FIRST));
  if (listpack.readInteger(arena, list, position) !== pairs) return false;
  for (let i = from; i < from + pairs * 2; i += 2) {
    position = listpack.next(arena, list, position);
    if (!listpack.equals(arena, list, position, source.bytes, source.at[i]!, source.length[i]!)) return false;
  }
  return true;
}

/** Writes a - b, both unsigned 64-bit integers in halves, as an entry; what does not fit into an int64 wraps around, as in Redis. */
function writeDifference(
  bytes: Uint8Array,
  p: number,
  aHigh: number,
  aLow: number,
  bHigh: number,
  bLow: number,
): number {
  const low = aLow - bLow;
  if (aHigh === bHigh) return entry.writeInteger(bytes, p, low);
  const high = (aHigh - bHigh - (low < 0 ? 1 : 0)) | 0;
  const value = high * 0x1_0000_0000 + (low >>> 0);
  return Number.isSafeInteger(value)
    ? entry.writeInteger(bytes, p, value)
    : entry.writeWide(bytes, p, high >>> 0, low >>> 0);
}

/**
 * A walk over the entries of one node, in either direction. It reads the arena's bytes: a change of the node ends it, but
 * for `markDeleted`, which keeps everything in place.
 */
export class NodeWalk {
  /** The present entry. */
  readonly id: Id = new Uint32Array(4);
  flags = 0;
  /** How many fields it has. */
  fields = 0;

  readonly arena: Arena;
  readonly #master: Id = new Uint32Array(4);
  #bytes: Uint8Array = NOTHING;
  #masterFields = 0;
  #masterAt = 0;
  /** First entry of the node; the end mark if there is none. */
  #firstAt = 0;
  #end = 0;
  /** The present entry's flags. */
  #entryAt = 0;
  /** Element to read next, and how many of the entry are left from there on. */
  #at = 0;
  #left = 0;
  /** The master's field to read next. */
  #fieldAt = 0;

  constructor(arena: Arena) {
    this.arena = arena;
  }

  /** Stands before the first entry: use `next`, or `toEnd` and then `prev`. */
  open(list: Address, master: Id): void {
    const bytes = (this.#bytes = this.arena.u8[segmentOf(list)]!);
    this.#master.set(master);
    let p = byteOf(list) + listpack.FIRST;
    p = entry.skip(bytes, entry.skip(bytes, p));
    this.#masterFields = entry.smallInteger(bytes, p, bytes[p]!);
    p = entry.skip(bytes, p);
    this.#masterAt = p;
    for (let i = this.#masterFields; i >= 0; i--) p = entry.skip(bytes, p);
    this.#firstAt = this.#at = p;
    this.#left = 0;
    this.#end = byteOf(list) + listpack.totalBytes(this.arena, list) - 1;
  }

  toEnd(): void {
    this.#entryAt = this.#end;
  }

  next(): boolean {
    const bytes = this.#bytes;
    let p = this.#at;
    for (let i = this.#left; i > 0; i--) p = entry.skip(bytes, p);
    if (bytes[p] === END) return false;
    this.#enter(p);
    return true;
  }

  prev(): boolean {
    const bytes = this.#bytes;
    let p = this.#entryAt;
    if (p <= this.#firstAt) return false;
    p -= entry.entryBytesBefore(bytes, p);
    for (let i = entry.smallInteger(bytes, p, bytes[p]!); i > 0; i--) p -= entry.entryBytesBefore(bytes, p);
    this.#enter(p);
    return true;
  }

  /** Reads the next field with its value; call it `fields` times for an entry. */
  pair(field: Element, value: Element): void {
    const bytes = this.#bytes;
    if ((this.flags & SAME_FIELDS) === 0) {
      entry.readAt(bytes, this.#at, field);
      this.#at = entry.skip(bytes, this.#at);
      this.#left--;
    } else {
      entry.readAt(bytes, this.#fieldAt, field);
      this.#fieldAt = entry.skip(bytes, this.#fieldAt);
    }
    entry.readAt(bytes, this.#at, value);
    this.#at = entry.skip(bytes, this.#at);
    this.#left--;
  }

  /** Flags the present entry as deleted; the counts at the node's head are the caller's business (`countDeleted`). */
  markDeleted(): void {
    this.flags |= DELETED;
    this.#bytes[this.#entryAt] = this.flags;
  }

  #enter(p: number): void {
    const bytes = this.#bytes;
    this.#entryAt = p;
    this.flags = bytes[p]!;
    const msAt = entry.skip(bytes, p);
    const seqAt = entry.skip(bytes, msAt);
    this.#add(msAt, 0);
    this.#add(seqAt, 2);
    p = entry.skip(bytes, seqAt);
    if ((this.flags & SAME_FIELDS) === 0) {
      this.fields = entry.smallInteger(bytes, p, bytes[p]!);
      this.#at = entry.skip(bytes, p);
      this.#left = this.fields * 2 + 1;
    } else {
      this.fields = this.#masterFields;
      this.#at = p;
      this.#left = this.fields + 1;
      this.#fieldAt = this.#masterAt;
    }
  }

  /** One half of the id: the master's and the difference at p. */
  #add(p: number, half: 0 | 2): void {
    const bytes = this.#bytes;
    const lead = bytes[p]!;
    const master = this.#master;
    const id = this.id;
    if (lead !== 0xf4) {
      const sum = master[half + 1]! + entry.smallInteger(bytes, p, lead);
      id[half + 1] = sum;
      id[half] = master[half]! + Math.floor(sum / 0x1_0000_0000);
      return;
    }
    const low = (bytes[p + 1]! | (bytes[p + 2]! << 8) | (bytes[p + 3]! << 16) | (bytes[p + 4]! << 24)) >>> 0;
    const high = bytes[p + 5]! | (bytes[p + 6]! << 8) | (bytes[p + 7]! << 16) | (bytes[p + 8]! << 24);
    const sum = master[half + 1]! + low;
    id[half + 1] = sum;
    id[half] = master[half]! + high + (sum > 0xffffffff ? 1 : 0);
  }
}
