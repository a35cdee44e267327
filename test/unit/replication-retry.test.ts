/** How attempts to reach a master are spaced. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backOff, LONGEST_RETRY_MS } from '../../src/replication/replica/retry.ts';

const chance = (uint32: number) => backOff({ uint32: () => uint32, fill: () => {} });

test('at once after a good link, then a second, then more and more up to a bound', () => {
  const pauses = [0, 1, 2, 3, 4, 5, 6, 7, 8, 1_000_000];
  assert.deepEqual(pauses.map(chance(0)), [0, 1000, 1000, 1000, 1000, 2000, 4000, 5000, 5000, 5000]);
  assert.equal(LONGEST_RETRY_MS, 5000);
});

test('chance shortens a pause by up to a quarter, and never lengthens it', () => {
  assert.equal(chance(2 ** 32 - 1)(1), 750);
  assert.equal(chance(2 ** 31)(7), 4375);
  assert.equal(chance(2 ** 32 - 1)(0), 0);
});
