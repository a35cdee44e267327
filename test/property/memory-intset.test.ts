import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseInteger } from '../../src/base/numbers.ts';
import { Arena, byteOf, segmentOf } from '../../src/memory/arena.ts';
import { Element } from '../../src/memory/element.ts';
import * as intset from '../../src/memory/intset.ts';

const value = fc.oneof(
  fc.bigInt({ min: -20n, max: 20n }),
  fc.bigInt({ min: -40_000n, max: 40_000n }),
  fc.bigInt({ min: -(2n ** 33n), max: 2n ** 33n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);

const changes = (values: fc.Arbitrary<bigint>) =>
  fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), values), { maxLength: 60, size: 'max' });
/** Small ones first, so that many are there when the width grows. */
const operations = fc
  .tuple(
    changes(fc.bigInt({ min: -300n, max: 300n })),
    changes(fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n })),
    changes(value),
  )
  .map((parts) => parts.flat());

test('an intset behaves as a sorted set of integers', () => {
  fc.assert(
    fc.property(operations, (all) => {
      const arena = new Arena();
      const element = new Element();
      let set = intset.create(arena);
      const model = new Set<bigint>();
      for (const [kind, exact] of all) {
        const text = Buffer.from(String(exact));
        const parsed = parseInteger(text, 0, text.length)!;
        assert.equal(intset.has(arena, set, parsed), model.has(exact));
        const after = kind === 0 ? intset.remove(arena, set, parsed) : intset.add(arena, set, parsed);
        assert.equal(after !== 0, kind === 0 ? model.delete(exact) : !model.has(exact));
        if (kind !== 0) model.add(exact);
        set = after || set;
      }
      const sorted = [...model].sort((a, b) => (a < b ? -1 : 1));
      assert.equal(intset.count(arena, set), sorted.length);
      sorted.forEach((exact, index) => {
        intset.read(arena, set, index, element);
        assert.equal(element.toString(), String(exact));
      });
      const sound = intset.validate(arena.u8[segmentOf(set)]!, byteOf(set), intset.totalBytes(arena, set));
      assert.equal(sound, sorted.length === 0 ? -1 : sorted.length);
      arena.free(set);
      assert.equal(arena.blocks, 0);
    }),
    { numRuns: 300 },
  );
});
