/** Memory of large values that are gone goes back to the system, although the garbage collector does not count it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Arena } from '../../src/memory/arena.ts';
import { DroppedBuffers, MAX_SERVING_AGAIN_BYTES, WAITING_BYTES } from '../../src/memory/dropped-buffers.ts';

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
  arena.dropped.abandon(WAITING_BYTES);
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

test('what was given up serves again, in pieces, and does not wait for the collector then', () => {
  const memory = new DroppedBuffers();
  const buffer = new SharedArrayBuffer(1000);
  memory.giveUp(new Uint8Array(buffer, 100, 250));
  assert.equal(memory.bytes, 250);
  const pieces = [memory.take(100), memory.take(100)];
  assert.deepEqual(
    pieces.map((piece) => [piece.buffer, piece.byteOffset, piece.length]),
    [
      [buffer, 100, 100],
      [buffer, 200, 100],
    ],
  );
  assert.equal(memory.bytes, 50);
  assert.notEqual(memory.take(100).buffer, buffer, 'the rest is too small');
  memory.giveUp(pieces[0]!);
  assert.equal(memory.take(100).byteOffset, 100);
  memory.abandon(100);
  assert.notEqual(memory.take(100).buffer, buffer, 'what somebody may read is not given out');
  assert.equal(memory.bytes, 150);
});

test('a buffer serves until it is used up, whatever comes meanwhile and though the collector is called', () => {
  const memory = new DroppedBuffers();
  const buffer = new SharedArrayBuffer(400);
  memory.giveUp(new Uint8Array(buffer));
  const fromIt = (): boolean => memory.take(100).buffer === buffer;
  assert.ok(fromIt());
  memory.giveUp(new Uint8Array(new SharedArrayBuffer(400)));
  assert.ok(fromIt());
  memory.abandon(WAITING_BYTES);
  assert.ok(memory.collect(0));
  assert.equal(memory.bytes, 200);
  assert.ok(fromIt());
  assert.ok(fromIt());
  assert.ok(!fromIt());
  assert.equal(memory.bytes, 0);
});

test('what the collector was called for is not given out again, and nothing of a buffer that is too large', () => {
  const memory = new DroppedBuffers();
  const given = memory.take(100);
  memory.giveUp(given);
  memory.abandon(WAITING_BYTES);
  assert.ok(memory.collect(0));
  assert.notEqual(memory.take(100).buffer, given.buffer);
  const large = new Uint8Array(new SharedArrayBuffer(MAX_SERVING_AGAIN_BYTES + 1), 0, 100);
  memory.giveUp(large);
  assert.notEqual(memory.take(100).buffer, large.buffer);
  assert.equal(memory.bytes, 100);
});
