/** How old the bytes are that a replica has not acknowledged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Timeline } from '../../src/replication/timeline.ts';

test('what is acknowledged is not stale; the rest is as old as its first byte', () => {
  const timeline = new Timeline();
  assert.equal(timeline.staleMs(0, 0, 50), 0);
  timeline.note(100, 1000);
  timeline.note(200, 2000);
  timeline.note(300, 3000);
  assert.equal(timeline.staleMs(300, 300, 9000), 0);
  assert.equal(timeline.staleMs(299, 300, 9000), 6000);
  assert.equal(timeline.staleMs(200, 300, 9000), 6000);
  assert.equal(timeline.staleMs(199, 300, 9000), 7000);
  assert.equal(timeline.staleMs(0, 300, 9000), 8000);
  // Written since the last sample.
  assert.equal(timeline.staleMs(300, 310, 3004), 4);
});

test('samples close to each other count as the first of them, and a new history starts anew', () => {
  const timeline = new Timeline();
  timeline.note(100, 1000);
  timeline.note(150, 1005);
  timeline.note(200, 5000);
  assert.equal(timeline.staleMs(120, 200, 6000), 5000);
  timeline.note(50, 7000);
  assert.equal(timeline.staleMs(0, 50, 7500), 500);
});

test('a long time takes bounded room, and old bytes do not seem young', () => {
  const timeline = new Timeline();
  for (let i = 1; i <= 100_000; i++) timeline.note(i, i * 20);
  const now = 100_000 * 20;
  for (const offset of [1, 1000, 50_000, 99_000, 99_999]) {
    const real = now - (offset + 1) * 20;
    const told = timeline.staleMs(offset, 100_000, now);
    assert.ok(told <= real + 20 && told >= (real * 7) / 8 - 20, `offset ${offset}: ${told} for ${real}`);
  }
});
