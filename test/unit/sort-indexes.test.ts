import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sortIndexes } from '../../src/base/sort-indexes.ts';

void test('indexes are sorted like an array by the same function, equal ones in their order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { maxLength: 400, size: 'max' }), fc.boolean(), (values, descending) => {
      const compare = (a: number, b: number): number =>
        descending ? values[b]! - values[a]! : values[a]! - values[b]!;
      const indexes = Array.from(values.keys());
      const order = Uint32Array.from(indexes);
      sortIndexes(order, compare);
      assert.deepEqual([...order], indexes.toSorted(compare));
    }),
  );
});
