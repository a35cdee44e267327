import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssertionError } from '../../src/base/assert.ts';
import { Arena, byteOf, segmentOf } from '../../src/memory/arena.ts';
import type { Address } from '../../src/memory/arena.ts';
import { NODE_BYTES } from '../../src/memory/btree-node.ts';
import { BTree, Cursor } from '../../src/memory/btree.ts';

function createItem(arena: Arena, key: string): Address {
  const item = arena.alloc(16 + key.length);
  arena.u32[segmentOf(item)]![(byteOf(item) >>> 2) + 1] = key.length;
  arena.u8[segmentOf(item)]!.set(Buffer.from(key), byteOf(item) + 16);
  return item;
}

test('infinities sort to the ends and both zeros are equal', () => {
  const arena = new Arena();
  const tree = new BTree(arena, 16);
  const header = tree.create();
  const entries: [number, string][] = [
    [Infinity, 'd'],
    [0, 'c'],
    [-0, 'b'],
    [-Infinity, 'a'],
    [0, 'a'],
  ];
  for (const [value, key] of entries) tree.insert(header, value, createItem(arena, key));
  const cursor = new Cursor();
  const seen: number[] = [];
  for (let more = tree.first(header, cursor); more; more = tree.next(cursor)) seen.push(tree.value(cursor));
  assert.deepEqual(seen, [-Infinity, 0, -0, 0, Infinity]);
  assert.equal(tree.seekValue(header, -0, false, cursor), 1);
  assert.equal(tree.seekValue(header, 0, true, cursor), 4);
  assert.ok(tree.last(header, cursor));
  assert.equal(tree.value(cursor), Infinity);
});

test('an empty tree has no entries, ranks or places', () => {
  const arena = new Arena();
  const tree = new BTree(arena, 16);
  const header = tree.create();
  const item = createItem(arena, 'x');
  const cursor = new Cursor();
  assert.equal(tree.count(header), 0);
  assert.equal(tree.remove(header, 1, item), false);
  assert.equal(tree.replaceItem(header, 1, item, item), false);
  assert.equal(tree.rankOf(header, 1, item), -1);
  assert.equal(tree.first(header, cursor) || tree.last(header, cursor) || tree.atRank(header, 0, cursor), false);
  assert.equal(tree.seekValue(header, 1, false, cursor), 0);
  assert.equal(
    tree.removeRange(header, 0, 10, () => assert.fail()),
    0,
  );
  tree.insert(header, 1, item);
  assert.ok(tree.remove(header, 1, item));
  assert.equal(arena.blocks, 2);
  assert.equal(tree.free(header, 1), true);
});

test('NaN is refused', () => {
  const arena = new Arena();
  const tree = new BTree(arena, 16);
  const header = tree.create();
  assert.throws(() => tree.insert(header, NaN, createItem(arena, 'x')), AssertionError);
});

test('an entry costs at most 18 bytes at random insertion and 13 at ordered insertion', () => {
  for (const [random, limit] of [
    [true, 18],
    [false, 13],
  ] as const) {
    const arena = new Arena();
    const tree = new BTree(arena, 16);
    const header = tree.create();
    let state = 12345;
    for (let i = 0; i < 50_000; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      tree.insert(header, random ? state : i, createItem(arena, `k${i}`));
    }
    const nodes = arena.blocks - 50_001;
    assert.ok((nodes * NODE_BYTES) / 50_000 <= limit, `${(nodes * NODE_BYTES) / 50_000} bytes an entry`);
  }
});
