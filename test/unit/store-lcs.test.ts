/** Bounds of the longest common subsequence. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lcsTableBytes } from '../../src/store/lcs.ts';

test('a table longer than any array is beyond every limit', () => {
  assert.equal(lcsTableBytes(10, 20), 11 * 21 * 4);
  assert.equal(lcsTableBytes(32767, 32767), 2 ** 32);
  assert.equal(lcsTableBytes(32767, 32768), Infinity);
});
