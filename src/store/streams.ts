/**
 * Streams: entries in order of their ids, in macro nodes as Redis has them (memory/stream-node.ts). Consumer groups are in
 * stream-groups.ts, the layout of both in stream-parts.ts.
 *
 * A stream may be empty. Its counters are Redis's: `length` entries that are not deleted, `added` ever added, the first
 * id (0-0 if empty), the last id ever given out, and the highest id that XDEL deleted. A method that throws ArenaExhausted
 * has changed nothing.
 */
import { assert } from '../base/assert.ts';
import { type Address, type Arena, ArenaExhausted, byteOf, segmentOf } from '../memory/arena.ts';
import { IdCursor } from '../memory/id-index.ts';
import * as listpack from '../memory/listpack.ts';
import * as node from '../memory/stream-node.ts';
import type { Database } from './database.ts';
import { ENC_STREAM, TYPE_STREAM } from './entry.ts';
import type { Keyspace } from './keyspace.ts';
import { Pending, StreamGroups } from './stream-groups.ts';
import {
  addInt64,
  compareIds,
  copyId,
  type Id,
  isZeroId,
  makeId,
  readInt64,
  setLastId,
  writeInt64,
} from './stream-id.ts';
import {
  ADDED,
  FIRST_ID,
  GROUPS,
  LAST_ID,
  LENGTH,
  MAX_DELETED_ID,
  ROOT_BYTES,
  type StreamParts,
} from './stream-parts.ts';
import { RadixShape } from './stream-radix.ts';
import { StreamRange } from './stream-range.ts';

/** Largest node, and the most that fields and values of one entry may have together; bytes. */
export const NODE_BYTES_MAX: number = 1024 * 1024 * 1024;

/** What XADD and XTRIM may ask to delete from the old end. */
export interface Trim {
  strategy: 'none' | 'maxlen' | 'minid';
  /** Whole nodes only. */
  approximate: boolean;
  /** Entries deleted at most; 0 is no limit. */
  limit: number;
  maxLength: number;
  readonly minId: Id;
}

/** What XADD asks for: a trim, and an id. */
export class AddRequest implements Trim {
  strategy: Trim['strategy'] = 'none';
  approximate = false;
  limit = 0;
  maxLength = 0;
  readonly minId: Id = makeId();
  /** Argument of MAXLEN's or MINID's value. */
  valueIndex = 0;
  noMkStream = false;
  /** How the id was given; 'none': '*'. */
  idForm: 'none' | 'full' | 'any-seq' = 'none';
  readonly id: Id = makeId();
  /** The stream's last id before. */
  readonly last: Id = makeId();
}

export class Streams {
  readonly space: Keyspace;
  readonly parts: StreamParts;
  readonly groups: StreamGroups;
  /** For the handlers of commands, so that none has to make its own: valid during one call. */
  readonly range: StreamRange;
  readonly request: AddRequest = new AddRequest();
  readonly pending: Pending = new Pending();
  readonly ids: readonly [Id, Id, Id] = [makeId(), makeId(), makeId()];
  readonly #arena: Arena;
  readonly #cursor: IdCursor = new IdCursor();
  readonly #walk: node.NodeWalk;
  readonly #range: StreamRange;
  readonly #id: Id = makeId();
  readonly #other: Id = makeId();
  readonly #lowest: Id = makeId();
  readonly #highest: Id = makeId();

  constructor(space: Keyspace) {
    this.space = space;
    this.parts = space.streamParts;
    this.#arena = space.arena;
    this.#walk = new node.NodeWalk(space.arena);
    this.range = new StreamRange(space.streamParts);
    this.#range = new StreamRange(space.streamParts);
    this.groups = new StreamGroups(space.streamParts, this);
    setLastId(this.#highest);
  }

  // -- the value ----------------------------------------------------------------------------------------------

  /** An empty stream, in no database. */
  createValue(): Address {
    const root = this.#arena.alloc(ROOT_BYTES);
    const word = byteOf(root) >>> 2;
    this.#arena.u32[segmentOf(root)]!.fill(0, word, word + ROOT_BYTES / 4);
    return root;
  }

  /** Adds a key, which must be absent, with an empty stream. Returns the entry. */
  create(db: Database, keyBytes: Uint8Array, keyAt: number, keyLength: number): Address {
    return db.add(keyBytes, keyAt, keyLength, TYPE_STREAM, ENC_STREAM, this.createValue());
  }

  length(root: Address): number {
    return Number(this.readCounter(root, LENGTH));
  }

  readCounter(root: Address, word: number): number | bigint {
    return readInt64(this.#arena.u32[segmentOf(root)]!, (byteOf(root) >>> 2) + word);
  }

  setCounter(root: Address, word: number, value: number | bigint): void {
    writeInt64(this.#arena.u32[segmentOf(root)]!, (byteOf(root) >>> 2) + word, value);
  }

  /** Reads one of the ids: LAST_ID, FIRST_ID, MAX_DELETED_ID. */
  readId(root: Address, which: number, out: Id): Id {
    const words = this.#arena.u32[segmentOf(root)]!;
    const word = (byteOf(root) >>> 2) + which;
    out[0] = words[word]!;
    out[1] = words[word + 1]!;
    out[2] = words[word + 2]!;
    out[3] = words[word + 3]!;
    return out;
  }

  setId(root: Address, which: number, id: Id): void {
    const words = this.#arena.u32[segmentOf(root)]!;
    const word = (byteOf(root) >>> 2) + which;
    words[word] = id[0]!;
    words[word + 1] = id[1]!;
    words[word + 2] = id[2]!;
    words[word + 3] = id[3]!;
  }

  /** How many nodes it has. */
  nodeCount(root: Address): number {
    return this.parts.nodes.count(this.parts.nodesOf(root));
  }

  /**
   * How many nodes the radix tree would have in which Redis keeps the ids of these nodes (XINFO). Of large streams the first
   * RADIX_SAMPLE are looked at and the rest is taken to be alike.
   */
  radixNodes(root: Address): number {
    const { nodes } = this.parts;
    const header = this.parts.nodesOf(root);
    const count = nodes.count(header);
    const cursor = new IdCursor();
    const tree = new RadixShape();
    let seen = 0;
    for (let more = nodes.first(header, cursor); more && seen < RADIX_SAMPLE; more = nodes.next(cursor)) {
      nodes.readId(cursor, this.#id);
      tree.add(this.#id);
      seen++;
    }
    return seen === count ? tree.nodes() : Math.round((tree.nodes() / seen) * count);
  }

  // -- entries ------------------------------------------------------------------------------------------------

  /** Adds an entry, whose id must be above the last one, with arguments `from`, `from + 1`, ... as fields and values. */
  append(root: Address, id: Id, source: node.FieldSource, from: number, pairs: number): void {
    const { nodes, keeper } = this.parts;
    const header = this.parts.nodesOf(root);
    const cursor = this.#cursor;
    const arena = this.#arena;
    let list = 0;
    let spacious = false;
    let isTurnedBack = false;
    if (nodes.last(header, cursor)) {
      list = nodes.value(cursor, 0);
      nodes.readId(cursor, this.#id);
      isTurnedBack = compareIds(this.#id, id) >= 0;
      if (keeper !== null) keeper.beforeNode(root, this.#id, list);
      if (this.#isFull(list, source, from, pairs)) {
        nodes.setValue(cursor, 0, this.#shrunk(list));
        list = 0;
        spacious = true;
      }
    }
    if (list === 0) {
      list = node.createNode(arena, source, from, pairs, spacious);
      if (isTurnedBack) this.#dropDead(root, id);
      if (keeper !== null) keeper.beforeNewNode(root, id);
      let added = false;
      try {
        added = nodes.insert(header, id, cursor);
        assert(added, 'stream: a node with this id exists');
      } finally {
        if (!added) arena.free(list);
      }
      nodes.setValue(cursor, 0, list);
    } else {
      nodes.readId(cursor, this.#id);
      const grown = node.appendEntry(arena, list, this.#id, id, source, from, pairs);
      if (grown !== list) nodes.setValue(cursor, 0, grown);
    }
    const words = arena.u32[segmentOf(root)]!;
    const word = byteOf(root) >>> 2;
    addInt64(words, word + LENGTH, 1);
    addInt64(words, word + ADDED, 1);
    this.setId(root, LAST_ID, id);
    if (words[word + LENGTH] === 1 && words[word + LENGTH + 1] === 0) this.setId(root, FIRST_ID, id);
  }

  /** Bytes of fields and values together are at most NODE_BYTES_MAX. */
  fits(source: node.FieldSource, from: number, pairs: number): boolean {
    let bytes = 0;
    for (let i = from; i < from + pairs * 2; i++) bytes += source.length[i]!;
    return bytes <= NODE_BYTES_MAX;
  }

  exists(root: Address, id: Id): boolean {
    this.#range.open(root, id, id, false);
    return this.#range.next();
  }

  /** Flags an entry as deleted; false if there is none. The first id and the highest deleted one are `deleted`'s business. */
  delete(root: Address, id: Id): boolean {
    const { nodes, keeper } = this.parts;
    const header = this.parts.nodesOf(root);
    const range = this.#range;
    range.open(root, id, id, false);
    if (!range.next()) return false;
    const cursor = this.#cursor;
    const found = nodes.find(header, range.nodeId, cursor);
    assert(found, 'stream: a node is not in its index');
    const list = nodes.value(cursor, 0);
    if (node.liveCount(this.#arena, list) === 1) this.#dropNode(root, range.nodeId, list);
    else {
      if (keeper !== null) keeper.beforeNode(root, range.nodeId, list);
      range.walk.markDeleted();
      node.countDeleted(this.#arena, list, 1);
    }
    addInt64(this.#arena.u32[segmentOf(root)]!, (byteOf(root) >>> 2) + LENGTH, -1);
    return true;
  }

  /** After `delete`d ids: sets the first id anew if it was among them. */
  updateFirst(root: Address, firstDeleted: boolean): void {
    if (this.readCounter(root, LENGTH) === 0) this.setId(root, FIRST_ID, this.#lowest);
    else if (firstDeleted) this.setId(root, FIRST_ID, this.edge(root, false, false, this.#other));
  }

  /** Lowest (or, `last`, highest) id of an entry; deleted ones count too with `tombstones`. Without any: the opposite extreme. */
  edge(root: Address, last: boolean, tombstones: boolean, out: Id): Id {
    const range = this.#range;
    range.open(root, this.#lowest, this.#highest, last, tombstones);
    if (range.next()) copyId(out, range.id);
    else if (last) out.fill(0);
    else setLastId(out);
    return out;
  }

  /** Deletes old entries; returns how many. */
  trim(root: Address, trim: Trim): number {
    if (trim.strategy === 'none') return 0;
    const { nodes } = this.parts;
    const header = this.parts.nodesOf(root);
    const cursor = this.#cursor;
    const arena = this.#arena;
    const byLength = trim.strategy === 'maxlen';
    let length = this.length(root);
    let deleted = 0;
    while (nodes.first(header, cursor)) {
      if (byLength && length <= trim.maxLength) break;
      const list = nodes.value(cursor, 0);
      const live = node.liveCount(arena, list);
      if (trim.limit > 0 && deleted + live > trim.limit) break;
      nodes.readId(cursor, this.#id);
      const whole = byLength ? length - live >= trim.maxLength : this.#endsBefore(list, this.#id, trim.minId);
      if (!whole) {
        if (!trim.approximate) {
          if (this.parts.keeper !== null) this.parts.keeper.beforeNode(root, this.#id, list);
          const some = this.#trimNode(list, this.#id, byLength ? length - trim.maxLength : Infinity, trim);
          length -= some;
          deleted += some;
        }
        break;
      }
      this.#dropNode(root, this.#id, list);
      length -= live;
      deleted += live;
    }
    addInt64(arena.u32[segmentOf(root)]!, (byteOf(root) >>> 2) + LENGTH, -deleted);
    this.updateFirst(root, deleted > 0);
    return deleted;
  }

  // -- what groups want to know -------------------------------------------------------------------------------

  /** Whether an entry from `from` on may have been deleted by XDEL. */
  hasTombstonesFrom(root: Address, from: Id): boolean {
    const deleted = this.readId(root, MAX_DELETED_ID, this.#id);
    if (this.readCounter(root, LENGTH) === 0 || isZeroId(deleted)) return false;
    if (compareIds(this.readId(root, FIRST_ID, this.#other), deleted) > 0) return false;
    return compareIds(from, deleted) <= 0;
  }

  /** How many entries were ever added up to this id; -1 if that cannot be told. */
  readsUpTo(root: Address, id: Id): number | bigint {
    const added = this.readCounter(root, ADDED);
    if (added === 0) return 0;
    const length = this.readCounter(root, LENGTH);
    const order = compareIds(id, this.readId(root, LAST_ID, this.#id));
    if (length === 0 && order <= 0) return added;
    if (order === 0) return added;
    if (order > 0) return -1;
    const first = this.readId(root, FIRST_ID, this.#other);
    const deleted = this.readId(root, MAX_DELETED_ID, this.#id);
    if (!isZeroId(deleted) && compareIds(deleted, first) >= 0) return -1;
    const fromFirst = compareIds(id, first);
    if (fromFirst > 0) return -1;
    const before = plus(added, -Number(length));
    return fromFirst < 0 ? before : plus(before, 1);
  }

  // -- copies -------------------------------------------------------------------------------------------------

  /** A copy with all its groups. Returns its root. */
  copyValue(root: Address): Address {
    const copy = this.createValue();
    try {
      const { nodes } = this.parts;
      const from = new IdCursor();
      const to = new IdCursor();
      for (let more = nodes.first(this.parts.nodesOf(root), from); more; more = nodes.next(from)) {
        const twin = node.copyNode(this.#arena, nodes.value(from, 0));
        nodes.readId(from, this.#id);
        try {
          nodes.insert(this.parts.nodesOf(copy), this.#id, to);
        } catch (error) {
          this.#arena.free(twin);
          throw error;
        }
        nodes.setValue(to, 0, twin);
      }
      for (const id of [LAST_ID, FIRST_ID, MAX_DELETED_ID]) this.setId(copy, id, this.readId(root, id, this.#id));
      for (const word of [LENGTH, ADDED]) this.setCounter(copy, word, this.readCounter(root, word));
      this.groups.copyAll(root, copy);
    } catch (error) {
      this.space.reclaimer.freeValue(TYPE_STREAM, ENC_STREAM, copy);
      throw error;
    }
    return copy;
  }

  /** Groups of a stream. */
  groupCount(root: Address): number {
    return this.parts.groups.count(this.parts.word(root, GROUPS));
  }

  // -- inside -------------------------------------------------------------------------------------------------

  #isFull(list: Address, source: node.FieldSource, from: number, pairs: number): boolean {
    const { streamNodeMaxBytes, streamNodeMaxEntries } = this.space.settings;
    let bytes = listpack.totalBytes(this.#arena, list);
    for (let i = from; i < from + pairs * 2; i++) bytes += source.length[i]!;
    const limit = streamNodeMaxBytes === 0 || streamNodeMaxBytes > NODE_BYTES_MAX ? NODE_BYTES_MAX : streamNodeMaxBytes;
    if (bytes >= limit) return true;
    return streamNodeMaxEntries > 0 && node.entryCount(this.#arena, list) >= streamNodeMaxEntries;
  }

  /** A node with that id, of which deleted entries only can be left, makes way for another: XSETID has turned ids back. */
  #dropDead(root: Address, id: Id): void {
    const { nodes } = this.parts;
    if (nodes.find(this.parts.nodesOf(root), id, this.#cursor)) this.#dropNode(root, id, nodes.value(this.#cursor, 0));
  }

  /** Takes a node out of its stream. */
  #dropNode(root: Address, id: Id, list: Address): void {
    const { nodes, keeper } = this.parts;
    if (keeper === null || !keeper.takesNode(root, id, list)) this.#arena.free(list);
    nodes.remove(this.parts.nodesOf(root), id);
  }

  /** Shrinking is a favour: without memory for it the node stays. */
  #shrunk(list: Address): Address {
    try {
      return node.shrink(this.#arena, list);
    } catch (error) {
      if (!(error instanceof ArenaExhausted)) throw error;
      return list;
    }
  }

  /** Whether the node's last entry, deleted or not, is below `id`. */
  #endsBefore(list: Address, master: Id, id: Id): boolean {
    const walk = this.#walk;
    walk.open(list, master);
    walk.toEnd();
    return !walk.prev() || compareIds(walk.id, id) < 0;
  }

  /** Flags up to `most` entries of the first node as deleted, those from `trim.minId` on not. Returns how many. */
  #trimNode(list: Address, master: Id, most: number, trim: Trim): number {
    const walk = this.#walk;
    walk.open(list, master);
    let gone = 0;
    while (gone < most && walk.next()) {
      if (trim.strategy === 'minid' && compareIds(walk.id, trim.minId) >= 0) break;
      if ((walk.flags & node.DELETED) !== 0) continue;
      walk.markDeleted();
      gone++;
    }
    if (gone > 0) node.countDeleted(this.#arena, list, gone);
    return gone;
  }
}

/** Nodes of which `radixNodes` takes a look. */
const RADIX_SAMPLE = 4096;

function plus(value: number | bigint, change: number): number | bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value + change)) return value + change;
  return BigInt.asIntN(64, BigInt(value) + BigInt(change));
}
