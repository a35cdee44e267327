/** The ordered index filled in bulk against one filled entry by entry; what is given up half-way leaves nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Address, Arena, ArenaExhausted } from '../../src/memory/arena.ts';
import { BTree } from '../../src/memory/btree.ts';
import { BTreeBulk } from '../../src/memory/btree-bulk.ts';
import { IntegerOrder } from '../../src/memory/integer-order.ts';
import { audit, createItem, KEY_OFFSET } from '../support/btree.ts';
import { failAfter, seededRandom } from '../support/store.ts';

/** Of values: few distinct ones, close ones, ones that differ in every digit, and what a file may hold that no clock shows. */
const value = fc.oneof(
  fc.constant(1_700_000_000_000),
  fc.integer({ min: 0, max: 5 }),
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
  fc.maxSafeInteger(),
  fc.constantFrom(0, 2 ** 31, 2 ** 32, 2 ** 32 - 1, 2 ** 33, 2 ** 53, 2 ** 62, 2 ** 63, 2 ** 62 + 1024),
);
const values = fc.oneof(
  fc.array(value, { maxLength: 300, size: 'max' }),
  // Many, out of a few.
  fc
    .tuple(fc.array(value, { minLength: 1, maxLength: 30, size: 'max' }), fc.nat(8000), fc.nat())
    .map(([some, count, seed]) => {
      const random = seededRandom(seed);
      return Array.from({ length: count }, () => some[random.uint32() % some.length]!);
    }),
  // Many, all over the place.
  fc.tuple(fc.nat(30_000), fc.nat(), fc.constantFrom(1000, 2 ** 32, 2 ** 48)).map(([count, seed, below]) => {
    const random = seededRandom(seed);
    return Array.from({ length: count }, () => Math.floor((random.uint32() / 2 ** 32) * below));
  }),
);
const runEntries = fc.constantFrom(1, 7, 84, 85, 1000, undefined);

/** Key bytes in an order that has nothing to do with that of the entries. */
function makeItems(arena: Arena, count: number): Address[] {
  const items = new Array<Address>(count);
  for (let i = 0; i < count; i++) items[i] = createItem(arena, `${(i * 7919) % 10007}:${i}`);
  return items;
}

test('filled in bulk, the ordered index is the same as filled one by one', () => {
  fc.assert(
    fc.property(values, runEntries, fc.integer({ min: 1, max: 3000 }), (all, run, budget) => {
      const arena = new Arena();
      const tree = new BTree(arena, KEY_OFFSET);
      const items = makeItems(arena, all.length);
      const header = tree.create();
      all.forEach((each, i) => tree.insert(header, each, items[i]!));
      const expected = audit(arena, header);
      while (!tree.free(header, 100));
      const { blocks } = arena;

      const bulk = new BTreeBulk(tree, run);
      const filled = tree.create();
      all.forEach((each, i) => bulk.add(each, items[i]!));
      assert.equal(bulk.pending, all.length);
      while (bulk.work(filled, budget)) assert.equal(bulk.pending + tree.count(filled), all.length);
      assert.deepEqual(audit(arena, filled), expected);
      assert.equal(bulk.pending, 0);
      assert.ok(bulk.free(0));
      // It can be changed like any other.
      all.forEach((each, i) => assert.ok(tree.remove(filled, each, items[i]!)));
      while (!tree.free(filled, 100));
      assert.equal(arena.blocks, blocks);
    }),
    { numRuns: 150 },
  );
});

test('filling in bulk can be given up at any point', () => {
  fc.assert(
    fc.property(
      values,
      runEntries,
      fc.nat(),
      fc.nat(20),
      fc.integer({ min: 1, max: 50 }),
      (all, run, cut, works, budget) => {
        const arena = new Arena();
        const tree = new BTree(arena, KEY_OFFSET);
        const items = makeItems(arena, all.length);
        const { blocks } = arena;
        const bulk = new BTreeBulk(tree, run);
        const header = tree.create();
        const added = works > 0 ? all.length : cut % (all.length + 1);
        for (let i = 0; i < added; i++) bulk.add(all[i]!, items[i]!);
        for (let i = 0; i < works; i++) bulk.work(header, budget * 20);
        while (!bulk.free(budget));
        while (!tree.free(header, budget));
        assert.equal(arena.blocks, blocks);
      },
    ),
    { numRuns: 150 },
  );
});

test('memory that ends while the index is filled in bulk leaves nothing', () => {
  fc.assert(
    fc.property(values, runEntries, fc.nat(400), (all, run, allocations) => {
      const arena = new Arena();
      const tree = new BTree(arena, KEY_OFFSET);
      const items = makeItems(arena, all.length);
      const { blocks } = arena;
      const bulk = new BTreeBulk(tree, run);
      const header = tree.create();
      const restore = failAfter(arena, allocations);
      try {
        all.forEach((each, i) => bulk.add(each, items[i]!));
        while (bulk.work(header, 100));
      } catch (error) {
        assert.ok(error instanceof ArenaExhausted);
      }
      restore();
      while (!bulk.free(10));
      while (!tree.free(header, 10));
      assert.equal(arena.blocks, blocks);
    }),
    { numRuns: 100 },
  );
});

test('a step of the work takes no more entries than it may', () => {
  const arena = new Arena();
  const tree = new BTree(arena, KEY_OFFSET);
  const items = makeItems(arena, 20_000);
  for (const apart of [1, 0]) {
    const bulk = new BTreeBulk(tree, 1000);
    const header = tree.create();
    items.forEach((item, i) => bulk.add(((i * 7919) % 10_007) * apart, item));
    for (let before = 0, more = true; more; before = tree.count(header)) {
      more = bulk.work(header, 500);
      assert.ok(tree.count(header) - before <= 500 + 128);
    }
    assert.equal(tree.count(header), items.length);
  }
});

test('integers are put in order, equal ones as they come', () => {
  const order = new IntegerOrder();
  fc.assert(
    fc.property(fc.array(fc.oneof(value, fc.maxSafeInteger()), { maxLength: 500, size: 'max' }), (all) => {
      const places = [...order.sort(Float64Array.from(all), all.length).subarray(0, all.length)];
      const expected = all.map((_, i) => i).toSorted((a, b) => all[a]! - all[b]!);
      assert.deepEqual(places, expected);
    }),
    { numRuns: 300 },
  );
});

test('no call sorts more entries than a run has, and the first ones far fewer', () => {
  const arena = new Arena();
  const tree = new BTree(arena, KEY_OFFSET);
  const bulk = new BTreeBulk(tree);
  const random = seededRandom(1);
  const item = createItem(arena, 'item');
  const counts: number[] = [];
  let since = 0;
  for (let i = 0; i < 50_000; i++) {
    const { blocks } = arena;
    bulk.add(random.uint32(), item);
    since++;
    // Leaves are made when a run is sorted.
    if (arena.blocks === blocks) continue;
    counts.push(since);
    since = 0;
  }
  assert.ok(Math.max(...counts) <= 4096, `${counts.join()}`);
  assert.ok(counts[0]! <= 128, `${counts.join()}`);
  for (let i = 1; i < counts.length; i++) assert.ok(counts[i]! <= 2 * counts[i - 1]!, `${counts.join()}`);
  while (!bulk.free(100));
});
