import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Arena } from '../../src/memory/arena.ts';
import type { Address } from '../../src/memory/arena.ts';
import { BTree, Cursor } from '../../src/memory/btree.ts';
import { audit, createItem, type Entry, KEY_OFFSET, order } from '../support/btree.ts';

const step = fc.record({
  kind: fc.constantFrom(
    'random' as const,
    'random' as const,
    'ascending' as const,
    'descending' as const,
    'ties' as const,
    'remove' as const,
    'removeRange' as const,
    'move' as const,
  ),
  amount: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 6000 })),
  seed: fc.nat(),
});

test('the ordered index behaves as a sorted array', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 9 }), (steps) => {
      const arena = new Arena();
      const tree = new BTree(arena, KEY_OFFSET);
      const header = tree.create();
      const cursor = new Cursor();
      let model: Entry[] = [];
      let serial = 0;
      for (const { kind, amount, seed } of steps) {
        let state = seed >>> 0;
        const random = (below: number): number => {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          return Math.floor((state / 2 ** 32) * below);
        };
        if (kind === 'remove') {
          for (let i = 0; i < amount && model.length > 0; i++) {
            const index = random(model.length);
            const entry = model[index]!;
            assert.ok(tree.remove(header, entry.value, entry.item));
            assert.ok(!tree.remove(header, entry.value, entry.item));
            arena.free(entry.item);
            model[index] = model.at(-1)!;
            model.pop();
          }
        } else if (kind === 'removeRange') {
          model.sort(order);
          const start = random(model.length + 1);
          const expected = model.splice(start, amount);
          const got: Address[] = [];
          const gone = tree.removeRange(header, start, amount, (item) => {
            got.push(item);
            arena.free(item);
          });
          assert.equal(gone, expected.length);
          assert.deepEqual(
            got,
            expected.map((entry) => entry.item),
          );
        } else if (kind === 'move') {
          for (let i = 0; i < amount && i < model.length; i++) {
            const entry = model[random(model.length)]!;
            const moved = createItem(arena, entry.key);
            arena.free(entry.item);
            assert.ok(tree.replaceItem(header, entry.value, entry.item, moved));
            entry.item = moved;
          }
        } else {
          for (let i = 0; i < amount; i++) {
            const n = serial++;
            const value =
              kind === 'random'
                ? random(1e6) / 8 - 6e4
                : kind === 'ties'
                  ? random(3)
                  : kind === 'ascending'
                    ? 1e6 + n
                    : -1e6 - n;
            const key = `k${random(1000)}:${n}`;
            const entry = { value, key, item: createItem(arena, key) };
            tree.insert(header, value, entry.item);
            model.push(entry);
          }
        }
        model.sort(order);
        assert.deepEqual(
          audit(arena, header),
          model.map((entry) => entry.item),
        );
        assert.equal(tree.count(header), model.length);
        for (let i = 0; i < 40 && model.length > 0; i++) {
          const rank = random(model.length);
          const entry = model[rank]!;
          assert.equal(tree.rankOf(header, entry.value, entry.item), rank);
          assert.ok(tree.atRank(header, rank, cursor));
          assert.equal(tree.item(cursor), entry.item);
          assert.equal(tree.value(cursor), entry.value);
          assert.equal(tree.next(cursor) ? tree.item(cursor) : undefined, model[rank + 1]?.item);
          const from = tree.seekValue(header, entry.value, false, cursor);
          assert.equal(
            from,
            model.findIndex((other) => other.value >= entry.value),
          );
          assert.equal(tree.item(cursor), model[from]!.item);
          if (tree.prev(cursor)) assert.equal(tree.item(cursor), model[from - 1]!.item);
          else assert.equal(from, 0);
          const above = model.findIndex((other) => other.value > entry.value);
          const after = tree.seekValue(header, entry.value, true, cursor);
          assert.equal(after, above === -1 ? model.length : above);
          assert.equal(cursor.leaf === 0 ? undefined : tree.item(cursor), model[after]?.item);
        }
      }
      model = model.sort(order);
      for (const entry of model) arena.free(entry.item);
      while (!tree.free(header, 7));
      assert.equal(arena.blocks, 0);
    }),
    { numRuns: 40 },
  );
});

test('among equal values, seekKey finds places by key', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ unit: 'binary-ascii', maxLength: 3 }), { maxLength: 600, size: 'max' }),
      (keys) => {
        const arena = new Arena();
        const tree = new BTree(arena, KEY_OFFSET);
        const header = tree.create();
        const cursor = new Cursor();
        for (const key of keys) tree.insert(header, 0, createItem(arena, key));
        const sorted = keys.map((key) => Buffer.from(key, 'latin1')).sort((a, b) => Buffer.compare(a, b));
        for (const probe of [...sorted.slice(0, 50), Buffer.from(''), Buffer.from('a'), Buffer.from('zzzz')]) {
          const notBelow = sorted.findIndex((key) => Buffer.compare(key, probe) >= 0);
          const above = sorted.findIndex((key) => Buffer.compare(key, probe) > 0);
          const seek = (after: boolean): number => tree.seekKey(header, probe, 0, probe.length, after, cursor);
          assert.equal(seek(false), notBelow === -1 ? sorted.length : notBelow);
          assert.equal(seek(true), above === -1 ? sorted.length : above);
        }
      },
    ),
  );
});
