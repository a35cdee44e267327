/** What is handed to a replica's connection at one go, whatever waits for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection } from '../../src/io/world.ts';
import { DroppedBuffers } from '../../src/memory/dropped-buffers.ts';
import { MAX_FLUSH_BYTES, ReplicaSession } from '../../src/replication/master/replica-session.ts';
import { StreamBuffer } from '../../src/replication/stream.ts';
import { VirtualClock } from './support/sim-network.ts';

const MIB = 1024 * 1024;

/** A session that is about to get `bytes` of stream, with a connection that takes them all. */
function waiting(bytes: number) {
  const written: Buffer[] = [];
  const turns: (() => void)[] = [];
  const clock = new VirtualClock();
  clock.soon = (task) => void turns.push(task);
  const connection = { write: (part: Uint8Array) => written.push(Buffer.from(part)) > 0, pendingBytes: 0 };
  const peer = { id: 1, replica: null, connection: connection as unknown as Connection };
  const session = new ReplicaSession(
    { ...peer, hasPendingReplies: () => false, takeReplies: () => Buffer.alloc(0), describe: () => '' },
    clock,
  );
  const stream = new StreamBuffer(1, 16 * MIB, new DroppedBuffers());
  const all = Buffer.alloc(bytes, 'abcdefg');
  stream.append(all, 0, all.length);
  session.moveTo('wait-bgsave-start');
  session.moveTo('wait-bgsave-end');
  session.attachCursor(stream.cursorAt(1));
  return { session, stream, all, written, turns, bytes: () => written.reduce((sum, part) => sum + part.length, 0) };
}

test('what gathered behind a full sync leaves in pieces, one a turn, complete and in order', () => {
  const { session, all, written, turns, bytes } = waiting(10 * MAX_FLUSH_BYTES + 1000);
  let told = 0;
  session.wentOn = () => told++;
  session.goOnline('now');
  let before = 0;
  let count = 0;
  do {
    assert.ok(bytes() - before <= MAX_FLUSH_BYTES, `${bytes() - before} bytes at one go`);
    assert.ok(turns.length <= 1, 'it asks for one turn at a time');
    before = bytes();
    count++;
    turns.shift()?.();
  } while (bytes() > before);
  assert.equal(count, 11);
  assert.equal(told, 10, 'after each that nobody asked for');
  assert.equal(turns.length, 0, 'nothing is left to do');
  assert.ok(Buffer.concat(written).equals(all));
});

test('who writes much has it sent at once, however much waits', () => {
  const { session, stream, turns, bytes } = waiting(4 * MAX_FLUSH_BYTES);
  session.goOnline('now');
  const command = Buffer.alloc(64 * 1024, 'x');
  for (let i = 0; i < 8; i++) {
    stream.append(command, 0, command.length);
    session.flush();
  }
  assert.equal(bytes(), 4 * MAX_FLUSH_BYTES + 8 * command.length);
  assert.equal(turns.length, 1);
});

test('a session that is gone sends nothing in the next turn', () => {
  const { session, turns, bytes } = waiting(4 * MAX_FLUSH_BYTES);
  session.goOnline('now');
  session.release();
  turns.shift()!();
  assert.equal(bytes(), MAX_FLUSH_BYTES);
});
