/** Memory of large values that are gone goes back to the system, although the garbage collector does not count it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Arena } from '../../src/memory/arena.ts';
import { WAITING_BYTES } from '../../src/memory/dropped-buffers.ts';

const HUGE_BYTES: number = 32 * 1024 * 1024;

test('the collector is called once enough buffers were given up, and not again before as much was', () => {
  const arena = new Arena();
  for (let round = 0; round < 3; round++) {
    for (let dropped = 0; dropped < WAITING_BYTES; dropped += HUGE_BYTES) {
      assert.ok(!arena.dropped.collect(arena.reservedBytes));
      arena.free(arena.alloc(HUGE_BYTES));
    }
    assert.ok(arena.dropped.collect(arena.reservedBytes));
  }
  // Beside much data, more may wait.
  arena.dropped.bytes = WAITING_BYTES;
  assert.ok(!arena.dropped.collect(WAITING_BYTES * 100));
});

test('buffers that were given up are found by the collector without any other reason to run', async () => {
  const arena = new Arena();
  const found: number[] = [];
  const registry = new FinalizationRegistry((round: number) => found.push(round));
  for (let round = 0; found.length === 0; round++) {
    assert.ok(round < 100, 'none was found');
    const block = arena.alloc(HUGE_BYTES);
    registry.register(arena.u8[block >>> 18]!.buffer, round);
    arena.free(block);
    arena.dropped.collect(arena.reservedBytes);
    await new Promise((resolve) => setImmediate(resolve));
  }
});
