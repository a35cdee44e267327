import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Arena, byteOf, segmentOf } from '../../src/memory/arena.ts';
import type { Address } from '../../src/memory/arena.ts';
import * as intset from '../../src/memory/intset.ts';

const arena = new Arena();

function hexOf(set: Address): string {
  const start = byteOf(set);
  const bytes = arena.u8[segmentOf(set)]!.slice(start, start + intset.totalBytes(arena, set));
  return Buffer.from(bytes).toString('hex');
}

function build(values: readonly (number | bigint)[]): Address {
  let set = intset.create(arena);
  for (const value of values) set = intset.add(arena, set, value) || set;
  return set;
}

test('values are sorted, unique, and as wide as the widest needs', () => {
  assert.equal(hexOf(build([3, -1, 3, 2])), '0200000003000000' + 'ffff' + '0200' + '0300');
  assert.equal(hexOf(build([3, 32768])), '0400000002000000' + '03000000' + '00800000');
  assert.equal(hexOf(build([3, -32769])), '0400000002000000' + 'ff7fffff' + '03000000');
  assert.equal(hexOf(build([-1, 2147483648])), '0800000002000000' + 'ffffffffffffffff' + '0000008000000000');
  assert.equal(hexOf(build([1, -(2n ** 63n)])), '0800000002000000' + '0000000000000080' + '0100000000000000');
});

test('adding says whether the value was new, removing whether it was there', () => {
  let set = build([1, 2, 3]);
  assert.equal(intset.add(arena, set, 2), 0);
  assert.equal(intset.remove(arena, set, 9), 0);
  assert.equal(intset.remove(arena, set, 100_000), 0);
  assert.equal(intset.remove(arena, set, 2n ** 60n), 0);
  set = intset.remove(arena, set, 2);
  assert.notEqual(set, 0);
  assert.deepEqual([intset.count(arena, set), intset.has(arena, set, 2), intset.has(arena, set, 3)], [2, false, true]);
});

test('neighbours beyond 2^53 stay apart', () => {
  const base = 2n ** 60n;
  const set = build([base + 1n, base, base + 2n, -base - 1n, -base]);
  assert.equal(intset.count(arena, set), 5);
  assert.equal(intset.get(arena, set, 0), -base - 1n);
  assert.equal(intset.get(arena, set, 3), base + 1n);
  assert.ok(intset.has(arena, set, base + 2n) && !intset.has(arena, set, base + 3n));
});

test('validation refuses unsorted, duplicate, empty, cut and oddly sized sets', () => {
  const check = (hex: string): number => intset.validate(Buffer.from(hex, 'hex'), 0, hex.length / 2);
  assert.equal(check('0200000002000000' + '01000200'), 2);
  assert.equal(check('0200000002000000' + '02000100'), -1);
  assert.equal(check('0200000002000000' + '01000100'), -1);
  assert.equal(check('0200000000000000'), -1);
  assert.equal(check('0300000001000000' + '010000'), -1);
  assert.equal(check('0200000002000000' + '0100'), -1);
  assert.equal(check('02000000ffffffff' + '0100'), -1);
  assert.equal(check('020000'), -1);
});
