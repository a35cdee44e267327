import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { DroppedBuffers } from '../../src/memory/dropped-buffers.ts';
import { Backlog } from '../../src/replication/backlog.ts';
import { type Cursor, MIN_BLOCK_BYTES, StreamBuffer } from '../../src/replication/stream.ts';

/** Byte number n of every stream here: any mix-up of offsets shows. */
function byteAt(offset: number): number {
  return (offset * 2654435761) >>> 24;
}

function bytesFrom(offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = byteAt(offset + i);
  return bytes;
}

function readAll(cursor: Cursor): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let bytes = cursor.peek(); bytes.length > 0; bytes = cursor.peek()) {
    parts.push(Uint8Array.from(bytes));
    cursor.advance(bytes.length);
  }
  return Buffer.concat(parts);
}

type Step =
  | { kind: 'append'; length: number }
  | { kind: 'open'; back: number }
  | { kind: 'read'; which: number; most: number }
  | { kind: 'close'; which: number; lent: boolean }
  | { kind: 'resize'; window: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('append' as const), length: fc.integer({ min: 0, max: 50_000 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('open' as const), back: fc.integer({ min: 0, max: 100_000 }) }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('read' as const),
        which: fc.nat(20),
        most: fc.integer({ min: 1, max: 40_000 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), which: fc.nat(20), lent: fc.boolean() }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('resize' as const), window: fc.integer({ min: 1, max: 500_000 }) }),
    },
  ),
  { maxLength: 120, size: 'max' },
);

test('every cursor reads exactly the bytes of its offsets, whatever is appended, trimmed and closed meanwhile', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e12 }),
      fc.integer({ min: 1, max: 300_000 }),
      steps,
      (first, window, plan) => {
        const memory = new DroppedBuffers();
        // Some of it serves the first blocks, with what is left of its content.
        for (const bytes of [100_000, 1000, 300_000])
          memory.giveUp(new Uint8Array(new SharedArrayBuffer(bytes)).fill(7));
        const stream = new StreamBuffer(first, window, memory);
        const readers: Cursor[] = [];
        const lent: { bytes: Uint8Array; offset: number }[] = [];
        let keep = window;
        // The least that must still be there.
        let kept = 0;
        for (const step of plan) {
          if (step.kind === 'append') {
            const padded = Buffer.concat([
              Buffer.from('xx'),
              bytesFrom(stream.end + 1, step.length),
              Buffer.from('yy'),
            ]);
            stream.append(padded, 2, step.length);
          } else if (step.kind === 'open') {
            readers.push(stream.cursorAt(Math.max(stream.first, stream.end + 1 - step.back)));
          } else if (step.kind === 'read' && readers.length > 0) {
            const cursor = readers[step.which % readers.length]!;
            const { offset } = cursor;
            const bytes = cursor.peek().subarray(0, step.most);
            assert.deepEqual(Buffer.from(bytes), Buffer.from(bytesFrom(offset, bytes.length)));
            cursor.advance(bytes.length);
            assert.equal(cursor.offset, offset + bytes.length);
          } else if (step.kind === 'close' && readers.length > 0) {
            const [cursor] = readers.splice(step.which % readers.length, 1);
            if (step.lent) lent.push({ offset: cursor!.offset, bytes: cursor!.peek() });
            cursor!.release(step.lent);
          } else if (step.kind === 'resize') {
            keep = step.window;
            stream.resize(keep);
          }
          assert.equal(stream.first + stream.length - 1, stream.end);
          for (const cursor of readers) assert.ok(cursor.offset >= stream.first, 'no cursor stands before the stream');
          kept = Math.min(step.kind === 'append' ? kept + step.length : kept, keep);
          assert.ok(stream.length >= kept, 'the window is kept');
        }
        for (const { bytes, offset } of lent) {
          assert.deepEqual(
            Buffer.from(bytes),
            Buffer.from(bytesFrom(offset, bytes.length)),
            'lent bytes stay as they were',
          );
        }
        for (const cursor of readers) {
          const { offset } = cursor;
          assert.deepEqual(Buffer.from(readAll(cursor)), Buffer.from(bytesFrom(offset, stream.end - offset + 1)));
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('without readers the stream keeps its window and little more', () => {
  const stream = new StreamBuffer(1, 100_000, new DroppedBuffers());
  for (let i = 0; i < 1000; i++) stream.append(bytesFrom(stream.end + 1, 5000), 0, 5000);
  assert.ok(stream.length >= 100_000, 'the window is whole');
  assert.ok(stream.length < 100_000 + MIN_BLOCK_BYTES, 'at most one block beyond it');
  assert.ok(stream.allocatedBytes <= 100_000 + 7 * MIN_BLOCK_BYTES, 'spare blocks are few');
});

test('a slow reader pins what it needs, and its release lets go of it', () => {
  const stream = new StreamBuffer(1, 20_000, new DroppedBuffers());
  const cursor = stream.cursorAt(1);
  for (let i = 0; i < 100; i++) stream.append(bytesFrom(stream.end + 1, 10_000), 0, 10_000);
  assert.equal(stream.first, 1);
  assert.equal(cursor.pendingBytes, 1_000_000);
  cursor.release(false);
  assert.ok(stream.length < 20_000 + MIN_BLOCK_BYTES);
});

test('what gathered for a reader serves the next one when it has gone, but for what a socket may still read', () => {
  const memory = new DroppedBuffers();
  const stream = new StreamBuffer(1, 1, memory);
  const gather = (): Cursor => {
    const cursor = stream.cursorAt(stream.end + 1);
    for (let i = 0; i < 10; i++) stream.append(bytesFrom(stream.end + 1, MIN_BLOCK_BYTES), 0, MIN_BLOCK_BYTES);
    return cursor;
  };
  gather().release(false);
  const waiting = memory.bytes;
  assert.equal(waiting, 9 * MIN_BLOCK_BYTES, 'all but the newest block');
  const cursor = gather();
  assert.equal(memory.bytes, 0, 'it was taken');
  const { offset } = cursor;
  const read = cursor.peek();
  cursor.release(true);
  assert.ok(memory.bytes > 0);
  gather();
  assert.deepEqual(Buffer.from(read), Buffer.from(bytesFrom(offset, read.length)));
});

test('the memory of a backlog that is given up waits for the collector, and does not serve again', () => {
  const memory = new DroppedBuffers();
  const backlog = new Backlog(() => 1 << 20, memory);
  backlog.create(0);
  const cursor = backlog.cursorAt(1);
  backlog.stream!.append(bytesFrom(1, 100), 0, 100);
  const read = cursor.peek();
  const { allocatedBytes } = backlog.stream!;
  backlog.free();
  assert.equal(memory.bytes, allocatedBytes);
  assert.notEqual(memory.take(MIN_BLOCK_BYTES).buffer, read.buffer);
});

test('bytes that a reader was given do not change when the stream goes on', () => {
  const stream = new StreamBuffer(1, 1, new DroppedBuffers());
  const cursor = stream.cursorAt(1);
  stream.append(bytesFrom(1, 100), 0, 100);
  const given = cursor.peek();
  cursor.advance(given.length);
  for (let i = 0; i < 50; i++) stream.append(bytesFrom(stream.end + 1, 10_000), 0, 10_000);
  assert.deepEqual(Buffer.from(given), Buffer.from(bytesFrom(1, 100)));
});

test('the backlog covers exactly start to end + 1', () => {
  const backlog = new Backlog(() => 1000, new DroppedBuffers());
  assert.equal(backlog.covers(1), false);
  backlog.create(41);
  assert.equal(backlog.covers(41), false);
  assert.equal(backlog.covers(42), true, 'a replica that has everything so far');
  assert.equal(backlog.covers(43), false);
  backlog.stream!.append(bytesFrom(42, 10), 0, 10);
  assert.equal(backlog.covers(52), true);
  assert.equal(backlog.covers(53), false);
  assert.equal(backlog.start, 42);
  assert.equal(backlog.length, 10);
});
