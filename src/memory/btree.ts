/**
 * The ordered index: a B+tree with ranks, in arena blocks. Sorted sets order their members with it, keyspaces their expiries.
 *
 *   header (16 bytes): root | entries | levels of inner nodes | -        nodes: see btree-node.ts
 *
 * An entry is (value, item): ordered by value, ties by the key bytes of the item (memcmp, a prefix first). Keys are read from
 * the items themselves, so an item must be alive, at its address, while it is in a tree; `replaceItem` follows a move.
 * Full leaves first give entries to a neighbour and split only when it is full too, and split at the edge when entries
 * come in order: about 15 bytes an entry for random values, 12.5 for sorted ones.
 *
 * Cursors are positions (leaf, index); any change of their tree invalidates them. NaN is never a value.
 */
import { assert } from '../base/assert.ts';
import { byteOf, segmentOf } from './arena.ts';
import type { Address, Arena } from './arena.ts';
import * as node from './btree-node.ts';
import { INNER_CHILDREN, LEAF_ENTRIES } from './btree-node.ts';
import { compareBytes } from '../base/copy.ts';
import { NOTHING } from '../base/nothing.ts';

const HEADER_BYTES = 16;
/** A leaf that falls below gets entries from a neighbour or joins it; likewise an inner node below INNER_CHILDREN / 4. */
const LEAF_MIN = 28;
const INNER_MIN = 12;
/** Joined leaves keep some room, so that the next insertion does not split them again. */
const MERGE_MAX = 76;
/** A neighbour takes entries of a full leaf if it has room for this many. */
const SPILL_MIN = 8;
/** Children that move to the new node when an inner node splits at its end. */
const EDGE_CHILDREN = 2;

/** A position in a tree; leaf 0 means past the end. Reusable. */
export class Cursor {
  leaf: Address = 0;
  index = 0;
}

export class BTree {
  readonly arena: Arena;
  readonly keyOffset: number;
  /** How far the key moves in items whose first word has bit 31 set. */
  readonly #shift: number;

  // What `#precedes` compares with, set anew by each operation.
  #byValue = true;
  #byKey = true;
  #inclusive = false;
  #value = 0;
  #bytes: Uint8Array = NOTHING;
  #at = 0;
  #length = 0;
  /** Compares equal without being read: it may be gone already. */
  #alias: Address = 0;

  // The way from the root to the leaf found last: inner nodes and the slot taken in each.
  readonly #path: Address[] = [];
  readonly #slots: number[] = [];
  #rank = 0;
  #found = 0;

  /**
   * `keyOffset`: byte offset of the key in an item; its length is the u32 at byte 4. `shifting`: it is 8 bytes later in
   * items whose first word has bit 31 set, as in a Dict.
   */
  constructor(arena: Arena, keyOffset: number, shifting: boolean = false) {
    this.arena = arena;
    this.keyOffset = keyOffset;
    this.#shift = shifting ? 8 : 0;
  }

  /** An empty tree's header. */
  create(): Address {
    const header = this.arena.alloc(HEADER_BYTES);
    this.#setHeader(header, 0, 0, 0);
    return header;
  }

  count(header: Address): number {
    return this.#headerWord(header, 1);
  }

  /** The entry must not be there yet. On ArenaExhausted the tree is unchanged. */
  insert(header: Address, value: number, item: Address): void {
    this.#targetItem(value, item, 0);
    for (;;) {
      const root = this.#headerWord(header, 0);
      const levels = this.#headerWord(header, 2);
      if (root === 0) {
        const leaf = node.createLeaf(this.arena, 0);
        node.shiftLeaf(this.arena, leaf, 0, 1);
        node.putLeaf(this.arena, leaf, 0, value, item);
        this.#setHeader(header, leaf, 1, 0);
        return;
      }
      const leaf = this.#descend(root, levels, true);
      const count = node.leafCount(this.arena, leaf);
      const index = this.#searchLeaf(leaf, count);
      if (count < LEAF_ENTRIES) {
        node.shiftLeaf(this.arena, leaf, index, 1);
        node.putLeaf(this.arena, leaf, index, value, item);
        this.#resizePath(header, levels, 1);
        return;
      }
      // Make room, then look again: the place may be in another leaf now.
      this.#relieve(header, leaf, levels, index);
    }
  }

  /** Adds the entries [from, to), which are in order and come after all of the tree's. Throws ArenaExhausted, having added some. */
  append(header: Address, values: Float64Array, items: Uint32Array, from: number, to: number): void {
    const { arena } = this;
    for (let next = from; next < to;) {
      const levels = this.#headerWord(header, 2);
      let leaf = this.#headerWord(header, 0);
      for (let level = 0; level < levels; level++) {
        const slot = node.childCount(arena, leaf) - 1;
        this.#path[level] = leaf;
        this.#slots[level] = slot;
        leaf = node.childAt(arena, leaf, slot);
      }
      const count = leaf === 0 ? LEAF_ENTRIES : node.leafCount(arena, leaf);
      const here = Math.min(to - next, LEAF_ENTRIES - count);
      if (here === 0) {
        this.insert(header, values[next]!, items[next]!);
        next++;
        continue;
      }
      node.setLeafCount(arena, leaf, count + here);
      for (let i = 0; i < here; i++) node.putLeaf(arena, leaf, count + i, values[next + i]!, items[next + i]!);
      this.#resizePath(header, levels, here);
      next += here;
    }
  }

  /** Below, equal or above zero as one item's key sorts before, with or after another's. */
  compareItems(a: Address, b: Address): number {
    this.#targetItem(0, b, 0);
    return this.#compareKey(a);
  }

  /** Removes the entry with this value and the key of this item (which must be alive). False when there is none. */
  remove(header: Address, value: number, item: Address): boolean {
    this.#targetItem(value, item, 0);
    const leaf = this.#locate(header);
    if (leaf === 0) return false;
    this.#removeFound(header, leaf, this.#found, 1);
    return true;
  }

  /**
   * The item of an entry has moved: same key, new address. Call it right after the move; the old block may be freed,
   * the new one must be complete. False when there is no such entry.
   */
  replaceItem(header: Address, value: number, oldItem: Address, newItem: Address): boolean {
    this.#targetItem(value, newItem, oldItem);
    const leaf = this.#locate(header);
    if (leaf === 0) return false;
    node.setLeafItem(this.arena, leaf, this.#found, newItem);
    if (this.#found === 0) this.#refreshMin(this.#headerWord(header, 2), leaf);
    return true;
  }

  /** Entries before this one, or -1 when it is not there. */
  rankOf(header: Address, value: number, item: Address): number {
    this.#targetItem(value, item, 0);
    if (this.#locate(header) === 0) return -1;
    this.#sumRank(this.#headerWord(header, 2));
    return this.#rank + this.#found;
  }

  /** Puts the cursor on the entry with `rank` entries before it; false (and past the end) when there is none. */
  atRank(header: Address, rank: number, cursor: Cursor): boolean {
    cursor.leaf = 0;
    if (!(rank >= 0 && rank < this.count(header))) return false;
    cursor.leaf = this.#descendToRank(header, rank);
    cursor.index = rank - this.#rank;
    return true;
  }

  first(header: Address, cursor: Cursor): boolean {
    return this.atRank(header, 0, cursor);
  }

  last(header: Address, cursor: Cursor): boolean {
    return this.atRank(header, this.count(header) - 1, cursor);
  }

  /** Puts the cursor on the first entry with a value >= `value`, or > when `after`. Returns its rank (count: past the end). */
  seekValue(header: Address, value: number, after: boolean, cursor: Cursor): number {
    this.#byValue = true;
    this.#byKey = false;
    this.#inclusive = after;
    this.#value = value;
    return this.#seek(header, cursor);
  }

  /** The same by key bytes, for a tree whose values are all equal. */
  seekKey(header: Address, key: Uint8Array, at: number, length: number, after: boolean, cursor: Cursor): number {
    this.#byValue = false;
    this.#byKey = true;
    this.#inclusive = after;
    this.#bytes = key;
    this.#at = at;
    this.#length = length;
    this.#alias = 0;
    return this.#seek(header, cursor);
  }

  /** Steps to the following entry; false past the last. */
  next(cursor: Cursor): boolean {
    if (++cursor.index < node.leafCount(this.arena, cursor.leaf)) return true;
    cursor.leaf = node.leafNext(this.arena, cursor.leaf);
    cursor.index = 0;
    return cursor.leaf !== 0;
  }

  /** Steps to the entry before; false before the first. */
  prev(cursor: Cursor): boolean {
    if (--cursor.index >= 0) return true;
    cursor.leaf = node.leafPrev(this.arena, cursor.leaf);
    if (cursor.leaf === 0) return false;
    cursor.index = node.leafCount(this.arena, cursor.leaf) - 1;
    return true;
  }

  value(cursor: Cursor): number {
    return node.leafValue(this.arena, cursor.leaf, cursor.index);
  }

  item(cursor: Cursor): Address {
    return node.leafItem(this.arena, cursor.leaf, cursor.index);
  }

  /**
   * Removes `entries` entries from `rank` on, telling each item to `removed`, which may free it but must not touch this tree.
   * Returns how many there were.
   */
  removeRange(header: Address, rank: number, entries: number, removed: (item: Address, value: number) => void): number {
    let gone = 0;
    while (gone < entries && rank >= 0 && rank < this.count(header)) {
      const leaf = this.#descendToRank(header, rank);
      const index = rank - this.#rank;
      const here = Math.min(entries - gone, node.leafCount(this.arena, leaf) - index);
      for (let i = index; i < index + here; i++) {
        removed(node.leafItem(this.arena, leaf, i), node.leafValue(this.arena, leaf, i));
      }
      this.#removeFound(header, leaf, index, here);
      gone += here;
    }
    return gone;
  }

  /** Frees up to `budget` nodes; true once the header is gone too. Nothing else may be called in between. Items are not freed. */
  free(header: Address, budget: number): boolean {
    for (let freed = 0; freed < budget; freed++) {
      const root = this.#headerWord(header, 0);
      if (root === 0) {
        this.arena.free(header);
        return true;
      }
      this.#freeLastNode(header, root, this.#headerWord(header, 2));
    }
    return false;
  }

  // --- searching ---

  #targetItem(value: number, item: Address, alias: Address): void {
    assert(value === value, 'btree: NaN');
    const bytes = this.arena.u8[segmentOf(item)]!;
    const base = byteOf(item);
    this.#byValue = true;
    this.#byKey = true;
    this.#inclusive = false;
    this.#value = value;
    this.#bytes = bytes;
    const words = this.arena.u32[segmentOf(item)]!;
    this.#at = base + this.keyOffset + (words[base >>> 2]! >>> 31) * this.#shift;
    this.#length = words[(base >>> 2) + 1]!;
    this.#alias = alias;
  }

  #compareKey(item: Address): number {
    if (item === this.#alias) return 0;
    const segment = segmentOf(item);
    const base = byteOf(item);
    const words = this.arena.u32[segment]!;
    const start = base + this.keyOffset + (words[base >>> 2]! >>> 31) * this.#shift;
    const length = words[(base >>> 2) + 1]!;
    return compareBytes(this.arena.u8[segment]!, start, length, this.#bytes, this.#at, this.#length);
  }

  /** First index in [low, high) whose entry does not come before the target; values and items are parallel arrays. */
  #search(
    values: Float64Array,
    value: number,
    items: Uint32Array,
    item: number,
    low: number,
    high: number,
    inclusive: boolean,
  ): number {
    const target = this.#value;
    const byValue = this.#byValue;
    while (low < high) {
      const middle = (low + high) >>> 1;
      let before: boolean;
      const here = values[value + middle]!;
      if (byValue && here !== target) {
        before = here < target;
      } else if (this.#byKey) {
        const order = this.#compareKey(items[item + middle]!);
        before = order < 0 || (order === 0 && inclusive);
      } else {
        before = inclusive;
      }
      if (before) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #searchLeaf(leaf: Address, count: number): number {
    const segment = segmentOf(leaf);
    const items = node.wordOf(leaf) + node.LEAF_ITEMS;
    const values = this.arena.f64[segment]!;
    return this.#search(values, node.valuesOf(leaf), this.arena.u32[segment]!, items, 0, count, this.#inclusive);
  }

  /**
   * Goes down to the leaf where the target belongs, recording the path.
   * `inclusive`: a child that starts with the target itself is the one.
   */
  #descend(root: Address, levels: number, inclusive: boolean): Address {
    let current = root;
    for (let level = 0; level < levels; level++) {
      const segment = segmentOf(current);
      const items = node.wordOf(current) + node.INNER_ITEMS;
      const mins = this.arena.f64[segment]!;
      const words = this.arena.u32[segment]!;
      const children = node.childCount(this.arena, current);
      const slot = this.#search(mins, node.valuesOf(current), words, items, 1, children, inclusive) - 1;
      this.#path[level] = current;
      this.#slots[level] = slot;
      current = node.childAt(this.arena, current, slot);
    }
    return current;
  }

  /** Sets `#rank` to the rank of the first entry of the leaf at the end of the recorded path. */
  #sumRank(levels: number): void {
    let rank = 0;
    for (let level = 0; level < levels; level++) {
      rank += node.sizeBetween(this.arena, this.#path[level]!, 0, this.#slots[level]!);
    }
    this.#rank = rank;
  }

  #descendToRank(header: Address, rank: number): Address {
    let current = this.#headerWord(header, 0);
    const levels = this.#headerWord(header, 2);
    let before = 0;
    for (let level = 0; level < levels; level++) {
      let slot = 0;
      for (;;) {
        const size = node.sizeAt(this.arena, current, slot);
        if (rank - before < size) break;
        before += size;
        slot++;
      }
      this.#path[level] = current;
      this.#slots[level] = slot;
      current = node.childAt(this.arena, current, slot);
    }
    this.#rank = before;
    return current;
  }

  /** The leaf holding exactly the target, its index in `#found`; 0 when there is none. */
  #locate(header: Address): Address {
    const root = this.#headerWord(header, 0);
    if (root === 0) return 0;
    const levels = this.#headerWord(header, 2);
    const leaf = this.#descend(root, levels, true);
    const count = node.leafCount(this.arena, leaf);
    const index = this.#searchLeaf(leaf, count);
    if (index === count || node.leafValue(this.arena, leaf, index) !== this.#value) return 0;
    if (this.#compareKey(node.leafItem(this.arena, leaf, index)) !== 0) return 0;
    this.#found = index;
    return leaf;
  }

  #seek(header: Address, cursor: Cursor): number {
    cursor.leaf = 0;
    cursor.index = 0;
    const root = this.#headerWord(header, 0);
    if (root === 0) return 0;
    const levels = this.#headerWord(header, 2);
    const leaf = this.#descend(root, levels, this.#inclusive);
    const count = node.leafCount(this.arena, leaf);
    const index = this.#searchLeaf(leaf, count);
    this.#sumRank(levels);
    if (index < count) {
      cursor.leaf = leaf;
      cursor.index = index;
    } else {
      cursor.leaf = node.leafNext(this.arena, leaf);
    }
    return this.#rank + index;
  }

  // --- growing ---

  /** Makes room near a full leaf at the end of the recorded path. */
  #relieve(header: Address, leaf: Address, levels: number, index: number): void {
    const { arena } = this;
    const atEnd = index === LEAF_ENTRIES && node.leafNext(arena, leaf) === 0;
    const atStart = index === 0 && node.leafPrev(arena, leaf) === 0;
    if (levels > 0 && !atEnd && !atStart && this.#spill(leaf, levels)) return;
    if (levels > 0 && !this.#splitFullParents(header, levels)) return;
    const right = node.createLeaf(arena, leaf);
    if (levels === 0) this.#addRoot(header, leaf, right);
    const parent = this.#path[Math.max(levels, 1) - 1]!;
    const slot = this.#slots[Math.max(levels, 1) - 1]!;
    const moved = atEnd ? 1 : atStart ? LEAF_ENTRIES - 1 : LEAF_ENTRIES >>> 1;
    node.moveLeaf(arena, leaf, right, moved);
    node.addSize(arena, parent, slot, -moved);
    this.#addChild(parent, slot + 1, right, moved, node.leafValue(arena, right, 0), node.leafItem(arena, right, 0));
  }

  /** Evens out a full leaf with a neighbour under the same parent; false when neither has room. */
  #spill(leaf: Address, levels: number): boolean {
    const { arena } = this;
    const parent = this.#path[levels - 1]!;
    const slot = this.#slots[levels - 1]!;
    if (slot + 1 < node.childCount(arena, parent)) {
      const room = LEAF_ENTRIES - node.sizeAt(arena, parent, slot + 1);
      if (room >= SPILL_MIN) {
        this.#shiftBetween(parent, slot, leaf, node.childAt(arena, parent, slot + 1), room >>> 1);
        return true;
      }
    }
    if (slot > 0) {
      const room = LEAF_ENTRIES - node.sizeAt(arena, parent, slot - 1);
      if (room >= SPILL_MIN) {
        this.#shiftBetween(parent, slot - 1, node.childAt(arena, parent, slot - 1), leaf, -(room >>> 1));
        return true;
      }
    }
    return false;
  }

  /** Moves entries between the leaves at `slot` and `slot + 1` of a parent (to the right if positive). */
  #shiftBetween(parent: Address, slot: number, left: Address, right: Address, entries: number): void {
    const { arena } = this;
    node.moveLeaf(arena, left, right, entries);
    node.addSize(arena, parent, slot, -entries);
    node.addSize(arena, parent, slot + 1, entries);
    node.setMin(arena, parent, slot + 1, node.leafValue(arena, right, 0), node.leafItem(arena, right, 0));
  }

  #addChild(parent: Address, slot: number, child: Address, size: number, value: number, item: Address): void {
    node.shiftInner(this.arena, parent, slot, 1);
    node.putInner(this.arena, parent, slot, child, size, value, item);
  }

  /** Puts a new root above the present one, as the top of the recorded path. If it cannot, it destroys `spare`, an empty node. */
  #addRoot(header: Address, child: Address, spare: Address): void {
    let root: Address;
    try {
      root = node.createInner(this.arena);
    } catch (error) {
      if (this.#headerWord(header, 2) === 0) node.destroyLeaf(this.arena, spare);
      else this.arena.free(spare);
      throw error;
    }
    const count = this.count(header);
    this.#addChild(root, 0, child, count, 0, 0);
    this.#setHeader(header, root, count, this.#headerWord(header, 2) + 1);
    this.#path[0] = root;
    this.#slots[0] = 0;
  }

  /** True when the leaf's parent has room. Otherwise splits one full node of the path, and the caller starts over. */
  #splitFullParents(header: Address, levels: number): boolean {
    const { arena } = this;
    let level = levels;
    while (level > 0 && node.childCount(arena, this.#path[level - 1]!) === INNER_CHILDREN) level--;
    if (level === levels) return true;
    const left = this.#path[level]!;
    const taken = this.#slots[level]!;
    const right = node.createInner(arena);
    if (level === 0) this.#addRoot(header, left, right);
    const parent = this.#path[Math.max(level, 1) - 1]!;
    const slot = this.#slots[Math.max(level, 1) - 1]!;
    const moved = taken === INNER_CHILDREN - 1 ? EDGE_CHILDREN : INNER_CHILDREN >>> 1;
    node.moveInner(arena, left, right, moved);
    const size = node.sizeBetween(arena, right, 0, moved);
    node.addSize(arena, parent, slot, -size);
    this.#addChild(parent, slot + 1, right, size, node.minValue(arena, right, 0), node.minItem(arena, right, 0));
    return false;
  }

  // --- shrinking ---

  /** Removes entries of the leaf at the end of the recorded path. */
  #removeFound(header: Address, leaf: Address, index: number, entries: number): void {
    const levels = this.#headerWord(header, 2);
    node.shiftLeaf(this.arena, leaf, index, -entries);
    this.#resizePath(header, levels, -entries);
    const left = node.leafCount(this.arena, leaf);
    if (levels === 0) {
      if (left === 0) {
        node.destroyLeaf(this.arena, leaf);
        this.#setHeader(header, 0, 0, 0);
      }
      return;
    }
    if (index === 0 && left > 0) this.#refreshMin(levels, leaf);
    if (left < LEAF_MIN) this.#joinLeaf(header, levels);
  }

  /** Adds to the entry counts along the recorded path. */
  #resizePath(header: Address, levels: number, change: number): void {
    for (let level = 0; level < levels; level++) {
      node.addSize(this.arena, this.#path[level]!, this.#slots[level]!, change);
    }
    this.arena.u32[segmentOf(header)]![(byteOf(header) >>> 2) + 1]! += change;
  }

  /** The first entry of the leaf at the end of the path changed: it is the min of one ancestor's child, unless leftmost. */
  #refreshMin(levels: number, leaf: Address): void {
    for (let level = levels - 1; level >= 0; level--) {
      if (this.#slots[level]! === 0) continue;
      const value = node.leafValue(this.arena, leaf, 0);
      node.setMin(this.arena, this.#path[level]!, this.#slots[level]!, value, node.leafItem(this.arena, leaf, 0));
      return;
    }
  }

  /** The leaf at the end of the path has too few entries, perhaps none. Its parent has another child (inner nodes do). */
  #joinLeaf(header: Address, levels: number): void {
    const { arena } = this;
    const parent = this.#path[levels - 1]!;
    const slot = this.#slots[levels - 1]!;
    const leftSlot = slot + 1 < node.childCount(arena, parent) ? slot : slot - 1;
    const left = node.childAt(arena, parent, leftSlot);
    const right = node.childAt(arena, parent, leftSlot + 1);
    const leftCount = node.leafCount(arena, left);
    const rightCount = node.leafCount(arena, right);
    if (leftCount + rightCount > MERGE_MAX) {
      this.#shiftBetween(parent, leftSlot, left, right, (leftCount - rightCount) >> 1);
      if (leftCount === 0) this.#refreshMin(levels, left);
      return;
    }
    node.moveLeaf(arena, left, right, -rightCount);
    node.addSize(arena, parent, leftSlot, rightCount);
    node.destroyLeaf(arena, right);
    node.shiftInner(arena, parent, leftSlot + 1, -1);
    if (leftCount === 0) this.#refreshMin(levels, left);
    this.#joinInner(header, levels - 1);
  }

  /** A child of the node at `level` of the path is gone: joins it with a neighbour if need be, and so on upwards. */
  #joinInner(header: Address, from: number): void {
    const { arena } = this;
    for (let level = from; level > 0; level--) {
      if (node.childCount(arena, this.#path[level]!) >= INNER_MIN) return;
      const parent = this.#path[level - 1]!;
      const slot = this.#slots[level - 1]!;
      const leftSlot = slot + 1 < node.childCount(arena, parent) ? slot : slot - 1;
      const left = node.childAt(arena, parent, leftSlot);
      const right = node.childAt(arena, parent, leftSlot + 1);
      const leftCount = node.childCount(arena, left);
      const rightCount = node.childCount(arena, right);
      // The min of the right node's first child is known above only.
      node.setMin(
        arena,
        right,
        0,
        node.minValue(arena, parent, leftSlot + 1),
        node.minItem(arena, parent, leftSlot + 1),
      );
      if (leftCount + rightCount > INNER_CHILDREN) {
        const before = node.sizeBetween(arena, left, 0, leftCount);
        node.moveInner(arena, left, right, (leftCount - rightCount) >> 1);
        const change = node.sizeBetween(arena, left, 0, node.childCount(arena, left)) - before;
        node.addSize(arena, parent, leftSlot, change);
        node.addSize(arena, parent, leftSlot + 1, -change);
        node.setMin(arena, parent, leftSlot + 1, node.minValue(arena, right, 0), node.minItem(arena, right, 0));
        return;
      }
      node.moveInner(arena, left, right, -rightCount);
      node.addSize(arena, parent, leftSlot, node.sizeAt(arena, parent, leftSlot + 1));
      arena.free(right);
      node.shiftInner(arena, parent, leftSlot + 1, -1);
    }
    const root = this.#path[0]!;
    if (node.childCount(arena, root) > 1) return;
    this.#setHeader(header, node.childAt(arena, root, 0), this.count(header), this.#headerWord(header, 2) - 1);
    arena.free(root);
  }

  /** Frees the last leaf, and inner nodes that are left without children. */
  #freeLastNode(header: Address, root: Address, levels: number): void {
    const { arena } = this;
    let current = root;
    for (let level = 0; level < levels; level++) {
      this.#path[level] = current;
      current = node.childAt(arena, current, node.childCount(arena, current) - 1);
    }
    arena.free(current);
    for (let level = levels - 1; level >= 0; level--) {
      const parent = this.#path[level]!;
      const left = node.childCount(arena, parent) - 1;
      node.setChildCount(arena, parent, left);
      if (left > 0) return;
      arena.free(parent);
    }
    this.#setHeader(header, 0, 0, 0);
  }

  #headerWord(header: Address, word: number): number {
    return this.arena.u32[segmentOf(header)]![(byteOf(header) >>> 2) + word]!;
  }

  #setHeader(header: Address, root: Address, count: number, levels: number): void {
    const words = this.arena.u32[segmentOf(header)]!;
    const word = byteOf(header) >>> 2;
    words[word] = root;
    words[word + 1] = count;
    words[word + 2] = levels;
  }
}
