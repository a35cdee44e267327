/** Items for the ordered index, and a look at every rule of its shape. */
import assert from 'node:assert/strict';
import { type Address, type Arena, byteOf, segmentOf } from '../../src/memory/arena.ts';
import * as node from '../../src/memory/btree-node.ts';

export const KEY_OFFSET: number = 16;

export interface Entry {
  value: number;
  key: string;
  item: Address;
}

export function createItem(arena: Arena, key: string): Address {
  const item = arena.alloc(KEY_OFFSET + key.length);
  arena.u32[segmentOf(item)]![(byteOf(item) >>> 2) + 1] = key.length;
  arena.u8[segmentOf(item)]!.set(Buffer.from(key, 'latin1'), byteOf(item) + KEY_OFFSET);
  return item;
}

export const order = (a: Entry, b: Entry): number =>
  a.value !== b.value ? a.value - b.value : Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));

/** Walks the whole tree and checks every rule of its shape; returns the items in order. */
export function audit(arena: Arena, header: Address): Address[] {
  const words = arena.u32[segmentOf(header)]!;
  const word = byteOf(header) >>> 2;
  const [root, count, levels] = [words[word]!, words[word + 1]!, words[word + 2]!];
  const items: Address[] = [];
  let lastLeaf = 0;
  const walk = (address: Address, level: number): { size: number; value: number; item: Address } => {
    if (level === levels) {
      const entries = node.leafCount(arena, address);
      assert.ok(entries > 0 && entries <= node.LEAF_ENTRIES);
      assert.equal(node.leafPrev(arena, address), lastLeaf);
      if (lastLeaf !== 0) assert.equal(node.leafNext(arena, lastLeaf), address);
      lastLeaf = address;
      for (let i = 0; i < entries; i++) items.push(node.leafItem(arena, address, i));
      return { size: entries, value: node.leafValue(arena, address, 0), item: node.leafItem(arena, address, 0) };
    }
    const children = node.childCount(arena, address);
    assert.ok(children >= 2 && children <= node.INNER_CHILDREN);
    let size = 0;
    let least: { value: number; item: Address } | undefined;
    for (let slot = 0; slot < children; slot++) {
      const child = walk(node.childAt(arena, address, slot), level + 1);
      assert.equal(node.sizeAt(arena, address, slot), child.size);
      if (slot > 0) {
        assert.equal(node.minValue(arena, address, slot), child.value);
        assert.equal(node.minItem(arena, address, slot), child.item);
      }
      least ??= child;
      size += child.size;
    }
    return { size, value: least!.value, item: least!.item };
  };
  if (root === 0) assert.equal(count, 0);
  else assert.equal(walk(root, 0).size, count);
  if (lastLeaf !== 0) assert.equal(node.leafNext(arena, lastLeaf), 0);
  return items;
}
