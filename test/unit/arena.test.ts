import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Arena,
  ArenaExhausted,
  MAX_BLOCK_BYTES,
  MEDIUM_MAX,
  SEGMENT_BYTES,
  byteOf,
  segmentOf,
} from '../../src/memory/arena.ts';
import { AssertionError } from '../../src/base/assert.ts';

test('blocks are aligned to 16 bytes, as large as asked for, and never at address 0', () => {
  const arena = new Arena();
  for (const bytes of [1, 16, 17, 512, 513, 4096, 8192, 8193, 65536, MEDIUM_MAX, MEDIUM_MAX + 1, 3_000_000]) {
    const block = arena.alloc(bytes);
    assert.ok(block > 0);
    assert.ok(arena.capacity(block) >= bytes);
    assert.ok(arena.capacity(block) <= Math.max(16, bytes * 1.125 + 4096), `${bytes} wastes too much`);
    assert.ok(byteOf(block) + arena.capacity(block) <= arena.u8[segmentOf(block)]!.length);
  }
});

test("a huge block is in nobody else's segment and its memory goes back when freed", () => {
  const arena = new Arena();
  const before = arena.alloc(16);
  const reserved = arena.reservedBytes;
  const huge = arena.alloc(10 * 1024 * 1024);
  assert.equal(byteOf(huge), 0);
  assert.ok(arena.reservedBytes >= reserved + 10 * 1024 * 1024);
  arena.free(huge);
  assert.equal(arena.reservedBytes, reserved);
  arena.free(before);
  assert.deepEqual([arena.blocks, arena.usedBytes], [0, 0]);
});

test('a block longer than any view counts as memory that is not there', () => {
  const arena = new Arena();
  const block = arena.alloc(16);
  const held = [arena.blocks, arena.usedBytes, arena.reservedBytes];
  for (const bytes of [MAX_BLOCK_BYTES + 1, 2 ** 32, 5e9, 2 ** 52]) {
    assert.throws(() => arena.alloc(bytes), ArenaExhausted);
    assert.throws(() => arena.resize(block, bytes, 16), ArenaExhausted);
    assert.deepEqual([arena.blocks, arena.usedBytes, arena.reservedBytes], held);
  }
  arena.free(arena.alloc(MAX_BLOCK_BYTES));
});

test('a value that grows through all sizes and dies leaves at most two spare segments and the first', () => {
  const arena = new Arena();
  let block = arena.alloc(16);
  for (let bytes = 32; bytes < 4 * MEDIUM_MAX; bytes += Math.max(16, bytes >>> 5))
    block = arena.resize(block, bytes, 0);
  arena.free(block);
  assert.deepEqual([arena.blocks, arena.usedBytes], [0, 0]);
  assert.ok(arena.reservedBytes <= 3 * SEGMENT_BYTES, `${arena.reservedBytes}`);
});

test('pages of one size class serve another once they are empty', () => {
  const arena = new Arena();
  const fill = (bytes: number): void => {
    const blocks: number[] = [];
    for (let total = 0; total < 3 * 1024 * 1024; total += bytes) blocks.push(arena.alloc(bytes));
    for (const block of blocks) arena.free(block);
  };
  for (const bytes of [16, 48, 160, 1024, 5000, 8192, 64]) fill(bytes);
  assert.equal(arena.reservedBytes, SEGMENT_BYTES);
});

test('resize keeps the content, and stays in place while the block fits', () => {
  const arena = new Arena();
  const block = arena.alloc(100);
  arena.u8[segmentOf(block)]!.fill(7, byteOf(block), byteOf(block) + 100);
  assert.equal(arena.resize(block, 112, 100), block);
  assert.equal(arena.resize(block, 60, 60), block);
  const grown = arena.resize(block, 5000, 100);
  assert.notEqual(grown, block);
  assert.ok(arena.u8[segmentOf(grown)]!.subarray(byteOf(grown), byteOf(grown) + 100).every((b) => b === 7));
  const shrunk = arena.resize(grown, 40, 40);
  assert.ok(arena.capacity(shrunk) < 100);
  assert.ok(arena.u8[segmentOf(shrunk)]!.subarray(byteOf(shrunk), byteOf(shrunk) + 40).every((b) => b === 7));
});

test('repeated appending to a huge block moves it rarely', () => {
  const arena = new Arena();
  let block = arena.alloc(MEDIUM_MAX + 1);
  let moves = 0;
  for (let bytes = MEDIUM_MAX; bytes < 16 * MEDIUM_MAX; bytes += 4096) {
    const next = arena.resize(block, bytes, 0);
    if (next !== block) moves++;
    block = next;
  }
  assert.ok(moves < 20, `${moves} moves`);
});

test('freeing what is not allocated fails', () => {
  const arena = new Arena();
  assert.throws(() => arena.free(1), AssertionError);
  const block = arena.alloc(100);
  assert.throws(() => arena.free(0), AssertionError);
  arena.free(block);
  assert.throws(() => arena.free(block), AssertionError);
});
