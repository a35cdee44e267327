/**
 * The nodes of the ordered index (btree.ts): their layout in arena blocks of 1 KiB, and moves of entries between them.
 *
 *   leaf       +------+------+-------+---+--------------------+-------------------+
 *              | next | prev | count | - | values, 84 x f64   | items, 84 x u32   |   12 bytes an entry
 *              +------+------+-------+---+--------------------+-------------------+
 *              0      4      8       12  16                   688            1024
 *
 *   inner      +-------+----------+--------------+----------------+-------------------+-------------+
 *              | count | -        | mins, 50 xf64| children, x u32| sizes, 50 x u32   | items, x u32|   20 bytes a child
 *              +-------+----------+--------------+----------------+-------------------+-------------+
 *              0       4          16             416              616                 816       1016
 *
 * Child i holds sizes[i] entries, the smallest of which is (mins[i], items[i]). The pair of child 0 is not kept up to date:
 * nothing reads it. Functions here move bytes; which node to split or merge is decided in btree.ts.
 */
import type { Address, Arena } from './arena.ts';

export const NODE_BYTES = 1024;
export const LEAF_ENTRIES = 84;
export const INNER_CHILDREN = 50;

// Offsets in 4-byte words, and of the f64 arrays in 8-byte words.
const NEXT = 0;
const PREV = 1;
const LEAF_COUNT = 2;
const INNER_COUNT = 0;
const VALUES = 2;
export const LEAF_ITEMS = 172;
const CHILDREN = 104;
const SIZES = 154;
export const INNER_ITEMS = 204;

const SEGMENT_SHIFT = 18;
const UNIT_MASK = (1 << SEGMENT_SHIFT) - 1;

/** Index of a block's first word in its segment's u32 view. */
export function wordOf(node: Address): number {
  return (node & UNIT_MASK) << 2;
}

/** Index of a node's first value (leaf) or min (inner) in its segment's f64 view. */
export function valuesOf(node: Address): number {
  return ((node & UNIT_MASK) << 1) + VALUES;
}

function words(arena: Arena, node: Address): Uint32Array {
  return arena.u32[node >>> SEGMENT_SHIFT]!;
}

// --- leaves ---

export function leafCount(arena: Arena, leaf: Address): number {
  return words(arena, leaf)[wordOf(leaf) + LEAF_COUNT]!;
}

export function setLeafCount(arena: Arena, leaf: Address, count: number): void {
  words(arena, leaf)[wordOf(leaf) + LEAF_COUNT] = count;
}

export function leafNext(arena: Arena, leaf: Address): Address {
  return words(arena, leaf)[wordOf(leaf) + NEXT]!;
}

export function leafPrev(arena: Arena, leaf: Address): Address {
  return words(arena, leaf)[wordOf(leaf) + PREV]!;
}

export function leafValue(arena: Arena, leaf: Address, index: number): number {
  return arena.f64[leaf >>> SEGMENT_SHIFT]![valuesOf(leaf) + index]!;
}

export function leafItem(arena: Arena, leaf: Address, index: number): Address {
  return words(arena, leaf)[wordOf(leaf) + LEAF_ITEMS + index]!;
}

export function setLeafItem(arena: Arena, leaf: Address, index: number, item: Address): void {
  words(arena, leaf)[wordOf(leaf) + LEAF_ITEMS + index] = item;
}

/** A new empty leaf, linked in after `after` (0: it is the only one). */
export function createLeaf(arena: Arena, after: Address): Address {
  const leaf = arena.alloc(NODE_BYTES);
  const own = words(arena, leaf);
  const word = wordOf(leaf);
  const next = after === 0 ? 0 : leafNext(arena, after);
  own[word + NEXT] = next;
  own[word + PREV] = after;
  own[word + LEAF_COUNT] = 0;
  if (after !== 0) words(arena, after)[wordOf(after) + NEXT] = leaf;
  if (next !== 0) words(arena, next)[wordOf(next) + PREV] = leaf;
  return leaf;
}

export function destroyLeaf(arena: Arena, leaf: Address): void {
  const next = leafNext(arena, leaf);
  const prev = leafPrev(arena, leaf);
  if (prev !== 0) words(arena, prev)[wordOf(prev) + NEXT] = next;
  if (next !== 0) words(arena, next)[wordOf(next) + PREV] = prev;
  arena.free(leaf);
}

/** Opens a gap of `gap` entries at `index` (or closes one of -gap), adjusting the count. */
export function shiftLeaf(arena: Arena, leaf: Address, index: number, gap: number): void {
  const count = leafCount(arena, leaf);
  const from = gap < 0 ? index - gap : index;
  const to = gap < 0 ? index : index + gap;
  if (from < count) {
    const values = valuesOf(leaf);
    arena.f64[leaf >>> SEGMENT_SHIFT]!.copyWithin(values + to, values + from, values + count);
    const items = wordOf(leaf) + LEAF_ITEMS;
    words(arena, leaf).copyWithin(items + to, items + from, items + count);
  }
  setLeafCount(arena, leaf, count + gap);
}

/** Writes an entry into a slot that `shiftLeaf` opened. */
export function putLeaf(arena: Arena, leaf: Address, index: number, value: number, item: Address): void {
  arena.f64[leaf >>> SEGMENT_SHIFT]![valuesOf(leaf) + index] = value;
  setLeafItem(arena, leaf, index, item);
}

/** Moves entries between neighbours: the last `count` of `left` to the front of `right`, or with -count the reverse. */
export function moveLeaf(arena: Arena, left: Address, right: Address, count: number): void {
  if (count > 0) {
    const start = leafCount(arena, left) - count;
    shiftLeaf(arena, right, 0, count);
    for (let i = 0; i < count; i++) {
      putLeaf(arena, right, i, leafValue(arena, left, start + i), leafItem(arena, left, start + i));
    }
    setLeafCount(arena, left, start);
    return;
  }
  const end = leafCount(arena, left);
  for (let i = 0; i < -count; i++) {
    putLeaf(arena, left, end + i, leafValue(arena, right, i), leafItem(arena, right, i));
  }
  setLeafCount(arena, left, end - count);
  shiftLeaf(arena, right, 0, count);
}

// --- inner nodes ---

export function childCount(arena: Arena, node: Address): number {
  return words(arena, node)[wordOf(node) + INNER_COUNT]!;
}

export function setChildCount(arena: Arena, node: Address, count: number): void {
  words(arena, node)[wordOf(node) + INNER_COUNT] = count;
}

export function childAt(arena: Arena, node: Address, slot: number): Address {
  return words(arena, node)[wordOf(node) + CHILDREN + slot]!;
}

/** Entries below a child. */
export function sizeAt(arena: Arena, node: Address, slot: number): number {
  return words(arena, node)[wordOf(node) + SIZES + slot]!;
}

export function addSize(arena: Arena, node: Address, slot: number, change: number): void {
  words(arena, node)[wordOf(node) + SIZES + slot]! += change;
}

/** Entries below the children [from, to). */
export function sizeBetween(arena: Arena, node: Address, from: number, to: number): number {
  const own = words(arena, node);
  const sizes = wordOf(node) + SIZES;
  let sum = 0;
  for (let slot = from; slot < to; slot++) sum += own[sizes + slot]!;
  return sum;
}

export function minValue(arena: Arena, node: Address, slot: number): number {
  return arena.f64[node >>> SEGMENT_SHIFT]![valuesOf(node) + slot]!;
}

export function minItem(arena: Arena, node: Address, slot: number): Address {
  return words(arena, node)[wordOf(node) + INNER_ITEMS + slot]!;
}

export function setMin(arena: Arena, node: Address, slot: number, value: number, item: Address): void {
  arena.f64[node >>> SEGMENT_SHIFT]![valuesOf(node) + slot] = value;
  words(arena, node)[wordOf(node) + INNER_ITEMS + slot] = item;
}

export function createInner(arena: Arena): Address {
  const node = arena.alloc(NODE_BYTES);
  setChildCount(arena, node, 0);
  return node;
}

/** Opens a gap of `gap` children at `slot` (or closes one of -gap), adjusting the count. */
export function shiftInner(arena: Arena, node: Address, slot: number, gap: number): void {
  const count = childCount(arena, node);
  const from = gap < 0 ? slot - gap : slot;
  const to = gap < 0 ? slot : slot + gap;
  if (from < count) {
    const mins = valuesOf(node);
    arena.f64[node >>> SEGMENT_SHIFT]!.copyWithin(mins + to, mins + from, mins + count);
    const own = words(arena, node);
    for (let part = CHILDREN; part <= INNER_ITEMS; part += INNER_CHILDREN) {
      const base = wordOf(node) + part;
      own.copyWithin(base + to, base + from, base + count);
    }
  }
  setChildCount(arena, node, count + gap);
}

/** Writes a child into a slot that `shiftInner` opened. */
export function putInner(
  arena: Arena,
  node: Address,
  slot: number,
  child: Address,
  size: number,
  value: number,
  item: Address,
): void {
  const own = words(arena, node);
  const word = wordOf(node);
  own[word + CHILDREN + slot] = child;
  own[word + SIZES + slot] = size;
  setMin(arena, node, slot, value, item);
}

function copyInner(arena: Arena, to: Address, toSlot: number, from: Address, fromSlot: number): void {
  const value = minValue(arena, from, fromSlot);
  const item = minItem(arena, from, fromSlot);
  putInner(arena, to, toSlot, childAt(arena, from, fromSlot), sizeAt(arena, from, fromSlot), value, item);
}

/** Moves children between neighbours: the last `count` of `left` to the front of `right`, or with -count the reverse. */
export function moveInner(arena: Arena, left: Address, right: Address, count: number): void {
  if (count > 0) {
    const start = childCount(arena, left) - count;
    shiftInner(arena, right, 0, count);
    for (let i = 0; i < count; i++) copyInner(arena, right, i, left, start + i);
    setChildCount(arena, left, start);
    return;
  }
  const end = childCount(arena, left);
  for (let i = 0; i < -count; i++) copyInner(arena, left, end + i, right, i);
  setChildCount(arena, left, end - count);
  shiftInner(arena, right, 0, count);
}
