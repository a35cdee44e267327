/** Who waits for acknowledgements, and when they are let go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AckCounts, type Waiter, Waiters } from '../../src/replication/master/waiters.ts';

class Acks {
  applied: number[] = [];
  onDisk: number[] = [];
  fsynced: number | null = null;
  readonly waiters: Waiters = new Waiters(
    {
      ackedCount: (offset) => this.applied.filter((ack) => ack >= offset).length,
      fsyncedCount: (offset) => this.onDisk.filter((ack) => ack >= offset).length,
    },
    () => this.fsynced,
  );
  readonly answers: (AckCounts | null)[] = [];

  wait(offset: number, replicas: number, local: number | null = null): Waiter {
    const waiter = {
      offset,
      replicas,
      onDisk: local !== null,
      local: local ?? 0,
      done: (counts: AckCounts | null) => void this.answers.push(counts),
    };
    this.waiters.add(waiter);
    return waiter;
  }

  look(): (AckCounts | null)[] {
    this.waiters.changed();
    this.waiters.look();
    return this.answers.splice(0);
  }
}

test('each waiter is let go once enough replicas have its own offset, with the count of that moment', () => {
  const acks = new Acks();
  acks.wait(10, 1);
  acks.wait(20, 1);
  acks.wait(10, 2);
  acks.applied = [9, 0];
  assert.deepEqual(acks.look(), []);
  acks.applied = [10, 0];
  assert.deepEqual(acks.look(), [{ local: 0, replicas: 1 }]);
  acks.applied = [30, 30];
  assert.deepEqual(acks.look(), [
    { local: 0, replicas: 2 },
    { local: 0, replicas: 2 },
  ]);
  assert.equal(acks.waiters.size, 0);
});

test('nobody looks unless something changed, and who was removed is not answered', () => {
  const acks = new Acks();
  const waiter = acks.wait(1, 0);
  acks.waiters.look();
  assert.deepEqual(acks.answers, []);
  acks.waiters.remove(waiter);
  assert.deepEqual(acks.look(), []);
});

test('WAITAOF waits for disks: our own and those of the replicas', () => {
  const acks = new Acks();
  acks.fsynced = 5;
  acks.wait(10, 1, 1);
  acks.applied = [10];
  assert.deepEqual(acks.look(), []);
  acks.onDisk = [10];
  assert.deepEqual(acks.look(), []);
  acks.fsynced = 10;
  assert.deepEqual(acks.look(), [{ local: 1, replicas: 1 }]);
});

test('switching the AOF off lets go of those who wait for our own disk, and of no one else', () => {
  const acks = new Acks();
  acks.fsynced = 5;
  acks.wait(10, 0, 1);
  acks.wait(10, 1, 0);
  acks.fsynced = null;
  assert.deepEqual(acks.look(), [null]);
  assert.equal(acks.waiters.size, 1);
});
