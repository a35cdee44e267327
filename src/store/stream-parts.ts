/**
 * How a stream lies in the arena: its blocks, and the indexes that hold them together.
 *
 *   root      last id | first id | max deleted id | length, added | header of the index of nodes | groups
 *   nodes     id of the first entry -> listpack (memory/stream-node.ts)
 *   group     consumers, name length | entries read | last id | header of its pending entries | name
 *   pending   id -> consumer, delivery time, delivery count                                      for each group
 *   consumer  -, name length | seen time | header of its own pending ids | active time | name
 *   owned     id                                                                                 for each consumer
 *
 * Ids take 16 bytes; counters and times are int64 (low word, high word). Invariant: the owned ids of a group's consumers are
 * together the ids of its pending entries, each at the consumer that the pending entry names.
 */
import { type Address, type Arena, byteOf, segmentOf } from '../memory/arena.ts';
import { IdIndex } from '../memory/id-index.ts';
import { NameTable } from '../memory/name-table.ts';
import type { StreamKeeper } from './stream-keeper.ts';

// Root, in words.
export const ROOT_BYTES = 96;
export const LAST_ID = 0;
export const FIRST_ID = 4;
export const MAX_DELETED_ID = 8;
export const LENGTH = 12;
export const ADDED = 14;
const NODES_UNIT = 4;
export const GROUPS = 20;

/** Second word of groups and consumers: see NameTable. */
export const NAME_LENGTH = 1;

// Group, in words.
export const GROUP_HEAD_BYTES = 48;
export const CONSUMERS = 0;
export const ENTRIES_READ = 2;
export const GROUP_LAST_ID = 4;
const PENDING_UNIT = 2;

// Consumer, in words; the first is not used.
export const CONSUMER_HEAD_BYTES = 40;
export const SEEN_TIME = 2;
const OWNED_UNIT = 1;
export const ACTIVE_TIME = 8;

// Values of a pending entry.
export const PENDING_CONSUMER = 0;
export const PENDING_TIME = 1;
export const PENDING_COUNT = 3;
const PENDING_VALUES = 5;

export class StreamParts {
  readonly arena: Arena;
  readonly nodes: IdIndex;
  readonly pending: IdIndex;
  readonly owned: IdIndex;
  readonly groups: NameTable;
  readonly consumers: NameTable;
  /** Hears of changes before they happen. A stream or group that is deleted as a whole is the reclaimer's business. */
  keeper: StreamKeeper | null = null;

  constructor(arena: Arena) {
    this.arena = arena;
    this.nodes = new IdIndex(arena, 1);
    this.pending = new IdIndex(arena, PENDING_VALUES);
    this.owned = new IdIndex(arena, 0);
    this.groups = new NameTable(arena, GROUP_HEAD_BYTES);
    this.consumers = new NameTable(arena, CONSUMER_HEAD_BYTES);
  }

  word(block: Address, word: number): number {
    return this.arena.u32[segmentOf(block)]![(byteOf(block) >>> 2) + word]!;
  }

  setWord(block: Address, word: number, value: number): void {
    this.arena.u32[segmentOf(block)]![(byteOf(block) >>> 2) + word] = value;
  }

  /** Header of a root's index of nodes. */
  nodesOf(root: Address): Address {
    return root + NODES_UNIT;
  }

  pendingOf(group: Address): Address {
    return group + PENDING_UNIT;
  }

  ownedOf(consumer: Address): Address {
    return consumer + OWNED_UNIT;
  }

  /**
   * Frees up to about `budget` nodes and leaves; true once the stream is gone. In between nothing else may be done with it.
   */
  freeStream(root: Address, budget: number): boolean {
    const { arena, nodes } = this;
    const release = (list: number): void => arena.free(list);
    for (let left = budget; left > 0; left -= NODES_A_LEAF)
      if (nodes.free(this.nodesOf(root), 1, release)) return this.#freeGroups(root, left);
    return false;
  }

  /** Frees up to about `budget` leaves of a group that is in no table; true once it is gone. */
  freeGroup(group: Address, budget: number): boolean {
    if (!this.pending.free(this.pendingOf(group), budget)) return false;
    let table = this.word(group, CONSUMERS);
    for (let left = budget; table !== 0; left--) {
      if (left <= 0) return false;
      const consumer = this.consumers.at(table, this.consumers.count(table) - 1);
      if (!this.owned.free(this.ownedOf(consumer), budget)) return false;
      table = this.consumers.removeLast(table);
      this.setWord(group, CONSUMERS, table);
      this.arena.free(consumer);
    }
    this.arena.free(group);
    return true;
  }

  /** What waits while freeing is put off, in the reclaimer's units: small elements, about. */
  weight(root: Address): number {
    let weight = this.nodes.count(this.nodesOf(root)) * NODE_WEIGHT;
    const groups = this.word(root, GROUPS);
    for (let i = this.groups.count(groups) - 1; i >= 0 && i >= this.groups.count(groups) - WEIGHED_GROUPS; i--)
      weight += this.groupWeight(this.groups.at(groups, i));
    return weight + this.groups.count(groups);
  }

  groupWeight(group: Address): number {
    return (
      this.consumers.count(this.word(group, CONSUMERS)) + 2 * LEAF_WEIGHT * this.pending.leaves(this.pendingOf(group))
    );
  }

  #freeGroups(root: Address, budget: number): boolean {
    let table = this.word(root, GROUPS);
    for (let left = budget; table !== 0; left--) {
      if (left <= 0) return false;
      const group = this.groups.at(table, this.groups.count(table) - 1);
      if (!this.freeGroup(group, left)) return false;
      table = this.groups.removeLast(table);
      this.setWord(root, GROUPS, table);
    }
    this.arena.free(root);
    return true;
  }
}

/** Nodes that a leaf of their index holds, about. */
const NODES_A_LEAF = 50;
/** A node takes about as much as these many elements of other types, and so does a leaf. */
const NODE_WEIGHT = 16;
const LEAF_WEIGHT = 8;
/** More groups than these make a stream heavy by their number alone. */
const WEIGHED_GROUPS = 64;
