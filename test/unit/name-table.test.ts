import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Arena, ArenaExhausted, byteOf, segmentOf } from '../../src/memory/arena.ts';
import type { Address } from '../../src/memory/arena.ts';
import { NameTable } from '../../src/memory/name-table.ts';
import { failAfter } from '../support/store.ts';

const NAME_BYTE = 12;

function createBlock(arena: Arena, name: Buffer): Address {
  const block = arena.alloc(NAME_BYTE + name.length);
  arena.u32[segmentOf(block)]![(byteOf(block) >>> 2) + 1] = name.length;
  arena.u8[segmentOf(block)]!.set(name, byteOf(block) + NAME_BYTE);
  return block;
}

/** Names that share beginnings, are empty, or differ in their highest bit. */
const names = fc.oneof(
  fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
  fc.nat(400).map((n) => Buffer.from(`consumer-${n}`)),
);
const steps = fc.array(
  fc.record({ name: names, adds: fc.integer({ min: 0, max: 7 }), memory: fc.integer({ min: 0, max: 9 }) }),
  {
    minLength: 1,
    maxLength: 600,
    size: 'max',
  },
);

void test('a table holds its names in the order of their bytes, as an array and as a tree, with memory or without', () => {
  let largest = 0;
  fc.assert(
    fc.property(steps, fc.boolean(), (list, backwards) => {
      const arena = new Arena();
      const table = new NameTable(arena, NAME_BYTE);
      const model = new Map<string, Address>();
      let head: Address = 0;
      for (const { name, adds, memory } of list) {
        const key = name.toString('latin1');
        const known = model.get(key);
        assert.equal(table.find(head, name, 0, name.length), known ?? 0);
        if (known !== undefined && adds === 0) {
          head = table.remove(head, known);
          arena.free(known);
          model.delete(key);
        } else if (known === undefined && adds > 0) {
          const block = createBlock(arena, name);
          const before = [arena.usedBytes, head];
          const heal = failAfter(arena, memory > 0 ? Infinity : 0);
          try {
            head = table.insert(head, block);
            model.set(key, block);
          } catch (error) {
            assert.ok(error instanceof ArenaExhausted);
            assert.deepEqual([arena.usedBytes, head], before);
            arena.free(block);
          } finally {
            heal();
          }
        }
        assert.equal(table.count(head), model.size);
        largest = Math.max(largest, model.size);
      }

      const expected = [...model.keys()].sort((a, b) =>
        Buffer.compare(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')),
      );
      const blocks = expected.map((key) => model.get(key)!);
      const visited: Address[] = [];
      table.forEach(head, (block) => visited.push(block));
      assert.deepEqual(visited, blocks);
      assert.deepEqual(
        Array.from(blocks, (_, i) => table.at(head, i)),
        blocks,
      );
      while (head !== 0) {
        const block = backwards ? blocks.pop()! : blocks.shift()!;
        // Who frees a whole table may have freed the last block already.
        if (backwards) arena.free(block);
        head = backwards ? table.removeLast(head) : table.remove(head, block);
        if (!backwards) arena.free(block);
      }
      assert.deepEqual([blocks.length, arena.usedBytes], [0, 0]);
    }),
    { numRuns: 100 },
  );
  assert.ok(largest > 128, 'no table became a tree: ' + largest);
});
