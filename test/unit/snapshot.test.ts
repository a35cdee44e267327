/** Who takes a snapshot: pauses, slow and stuck consumers, those who leave, and a snapshot through a file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Disk } from '../../src/io/world.ts';
import { digestAll } from '../../src/store/digest.ts';
import type { SnapshotLimits } from '../../src/snapshot/limits.ts';
import type { ChunkAnswer, SnapshotConsumer, SnapshotRequest, SnapshotRun } from '../../src/snapshot/ports.ts';
import { Snapshots } from '../../src/snapshot/snapshot.ts';
import { makeStore } from '../support/store.ts';
import { loadStore } from '../support/store-rdb.ts';
import { MemoryDisk, systemError } from './support/memory-disk.ts';
import { MemoryLog, VirtualClock } from './support/sim-network.ts';

const KIB = 1024;
const request: SnapshotRequest = {
  purpose: 'sync',
  offset: 7,
  replid: 'a'.repeat(40),
  streamDb: 0,
  target: 'sockets',
  excludeData: false,
  excludeFunctions: false,
};

class Subject {
  readonly clock = new VirtualClock();
  readonly log = new MemoryLog();
  readonly disk = new MemoryDisk();
  readonly store = makeStore();
  readonly settings = { rdbchecksum: true, rdbcompression: false, rdbKeySaveDelay: 0, dir: '/data' };
  readonly snapshots: Snapshots;
  commands = 0;

  constructor(limits: Partial<SnapshotLimits> = {}) {
    const { clock, log, store, settings } = this;
    store.space.now = clock.now();
    this.snapshots = new Snapshots({
      store,
      clock,
      log,
      disk: this.disk as unknown as Disk,
      settings,
      pid: 42,
      activity: () => this.commands,
      limits: { chunkBytes: KIB, aheadBytes: 4 * KIB, lagBytes: 32 * KIB, ...limits },
    });
  }

  set(key: string, value: string): void {
    const [k, v] = [Buffer.from(key), Buffer.from(value)];
    this.store.space.databases[0]!.setString(k, 0, k.length, v, 0, v.length, -1);
    this.commands++;
  }

  fill(keys: number): this {
    for (let i = 0; i < keys; i++) this.set(`key ${i}`, `value ${i} `.repeat(8));
    return this;
  }

  taker(): Taker {
    const taker = new Taker();
    taker.run = this.snapshots.start(request, taker);
    return taker;
  }
}

/** Takes what comes, while it may. */
class Taker implements SnapshotConsumer {
  run: SnapshotRun | undefined;
  readonly chunks: Uint8Array[] = [];
  bytes = 0;
  /** Bytes that it takes before it pauses; more may be granted by `take`. */
  room = Infinity;
  total: number | null | undefined;
  ended = false;
  failure = '';
  /** Memory that it saw. */
  readonly buffers = new Set<ArrayBufferLike>();
  /** It copies what it gets, and is done with it when so many more chunks have come. */
  doneAfter = Infinity;

  begin(totalBytes: number | null): ChunkAnswer {
    this.total = totalBytes;
    return this.#answer();
  }

  chunk(bytes: Uint8Array): ChunkAnswer {
    this.buffers.add(bytes.buffer);
    this.chunks.push(this.doneAfter < Infinity ? bytes.slice() : bytes);
    this.bytes += bytes.length;
    if (this.chunks.length > this.doneAfter) this.run!.done(this.chunks.length - this.doneAfter);
    return this.#answer();
  }

  end(): void {
    this.ended = true;
  }

  fail(reason: string): void {
    this.failure = reason;
  }

  take(bytes: number): void {
    this.room = this.bytes + bytes;
    this.run!.resume();
  }

  #answer(): ChunkAnswer {
    return this.bytes < this.room ? 'more' : 'pause';
  }

  digest(): string {
    const copy = makeStore();
    copy.space.now = 1_700_000_000_000;
    loadStore(copy, Buffer.concat(this.chunks));
    return digestAll(copy);
  }
}

test('several consumers get the same data as of the start, and the snapshot ends with the last', async () => {
  const subject = new Subject().fill(2000);
  const digest = digestAll(subject.store);
  const quick = subject.taker();
  const slow = subject.taker();
  assert.equal(subject.snapshots.running, 'sync');
  assert.equal(quick.total, undefined, 'nothing is given out inside `start`');
  slow.room = 100;
  for (let i = 0; i < 2000; i += 3) subject.set(`key ${i}`, 'changed');
  await subject.clock.advance(10);
  assert.equal(quick.total, null);
  assert.equal(slow.bytes, KIB, 'it took one piece and paused');
  assert.ok(quick.bytes >= 32 * KIB && !quick.ended, 'the quick one went on, as far as the slow one may lag');
  while (!slow.ended) {
    slow.take(8 * KIB);
    await subject.clock.advance(1);
  }
  assert.ok(quick.ended);
  assert.equal(subject.snapshots.running, null);
  assert.equal(quick.digest(), digest);
  assert.equal(slow.digest(), digest);
  assert.notEqual(digestAll(subject.store), digest);
});

test('a pause holds: the walk makes no more than the bound while nobody takes anything', async () => {
  const subject = new Subject().fill(3000);
  const taker = subject.taker();
  taker.room = 0;
  await subject.clock.advance(1000);
  assert.equal(taker.bytes, 0);
  const { written } = subject.snapshots.progress;
  assert.ok(written > 0 && written < 300, `${written} keys written ahead`);
  taker.take(Infinity);
  await subject.clock.advance(1);
  assert.ok(taker.ended);
});

test('a consumer that others wait for is dropped after a time, and they get their data', async () => {
  const subject = new Subject({ lagPatienceMs: 5000 }).fill(3000);
  const digest = digestAll(subject.store);
  const quick = subject.taker();
  const slow = subject.taker();
  slow.room = 0;
  const trickle = subject.clock.every(100, () => slow.take(1));
  await subject.clock.advance(4000);
  assert.equal(slow.failure, '');
  assert.ok(!quick.ended);
  await subject.clock.advance(3000);
  trickle.cancel();
  assert.match(slow.failure, /others waited for it for 5 seconds/);
  assert.ok(quick.ended);
  assert.equal(quick.digest(), digest);
});

test('a consumer that takes nothing is dropped; with the last one the snapshot ends', async () => {
  const subject = new Subject({ stallMs: 5000 }).fill(3000);
  const stuck = subject.taker();
  stuck.room = 10 * KIB;
  await subject.clock.advance(4900);
  assert.equal(subject.snapshots.running, 'sync');
  assert.equal(stuck.failure, '');
  await subject.clock.advance(2000);
  assert.match(stuck.failure, /took nothing of the snapshot for 5 seconds/);
  assert.equal(subject.snapshots.running, null);
  const { reclaimer } = subject.store.space;
  subject.store.space.databases[0]!.clear();
  reclaimer.finish();
  assert.equal(reclaimer.pending, 0, 'nothing is held any more');
});

test('a snapshot that makes no progress is ended by the watchdog', async () => {
  const subject = new Subject({ stallMs: Infinity, watchdogMs: 30_000 }).fill(3000);
  const stuck = subject.taker();
  stuck.room = 10 * KIB;
  await subject.clock.advance(29_000);
  assert.equal(stuck.failure, '');
  await subject.clock.advance(2500);
  assert.equal(stuck.failure, 'the snapshot made no progress for 30 seconds');
  assert.equal(subject.snapshots.running, null);
});

test('what writers make us copy is bounded: the slowest is dropped, and at last the snapshot', async () => {
  const subject = new Subject({ copiedBytes: 64 * KIB }).fill(3000);
  const [first, second] = [subject.taker(), subject.taker()];
  first.room = 0;
  second.room = 20 * KIB;
  await subject.clock.advance(1);
  for (let i = 0; i < 3000; i++) subject.set(`key ${i}`, 'changed');
  await subject.clock.advance(1);
  assert.match(first.failure, /slowest of several that share a snapshot, and its buffer is full/);
  assert.match(second.failure, /writers changed more than the snapshot can keep aside/);
  assert.equal(subject.snapshots.running, null);
});

test('one who leaves is not called again, and the snapshot ends when the last has left', async () => {
  const subject = new Subject().fill(3000);
  const [first, second] = [subject.taker(), subject.taker()];
  first.room = second.room = 2 * KIB;
  await subject.clock.advance(1);
  first.run!.cancel();
  const { bytes } = first;
  second.take(6 * KIB);
  await subject.clock.advance(1);
  assert.equal(first.bytes, bytes);
  assert.equal(subject.snapshots.running, 'sync');
  let idle = false;
  subject.snapshots.whenIdle(() => (idle = true));
  second.run!.cancel();
  assert.equal(subject.snapshots.running, null);
  await subject.clock.advance(1);
  assert.ok(idle);
  assert.deepEqual([first.failure, second.failure, first.ended, second.ended], ['', '', false, false]);
});

test('who comes when the first piece is out waits for the next snapshot, in turn', async () => {
  const subject = new Subject().fill(1000);
  const first = subject.taker();
  first.room = KIB;
  await subject.clock.advance(1);
  assert.throws(() => subject.taker(), /one at a time/);
  const order: string[] = [];
  subject.snapshots.whenIdle(() => {
    order.push('second');
    subject.taker();
  });
  subject.snapshots.whenIdle(() => order.push('third'));
  first.take(Infinity);
  await subject.clock.advance(0);
  await subject.clock.advance(5);
  assert.ok(first.ended);
  assert.deepEqual(order, ['second', 'third']);
});

test('where the length must be known the snapshot goes through a file that nobody sees afterwards', async () => {
  const subject = new Subject().fill(2000);
  const digest = digestAll(subject.store);
  const [first, late] = [new Taker(), new Taker()];
  first.run = subject.snapshots.start({ ...request, target: 'disk' }, first);
  late.run = subject.snapshots.start({ ...request, target: 'disk' }, late);
  late.room = 3000;
  subject.set('key 1', 'changed');
  await subject.clock.advance(200);
  for (let i = 0; i < 1000 && !first.ended; i++) await Promise.resolve();
  assert.ok(first.ended && !late.ended, 'each at its own pace');
  assert.equal(first.total, first.bytes);
  assert.deepEqual([...subject.disk.files], []);
  late.take(Infinity);
  for (let i = 0; i < 1000 && !late.ended; i++) await Promise.resolve();
  assert.equal(first.digest(), digest);
  assert.equal(late.digest(), digest);
});

test('a disk that refuses the file of a sync is told to its consumers, and nothing stays', async () => {
  const subject = new Subject().fill(2000);
  subject.disk.failing = { operation: 'write', error: systemError('ENOSPC') };
  const taker = new Taker();
  taker.run = subject.snapshots.start({ ...request, target: 'disk' }, taker);
  await subject.clock.advance(20);
  assert.match(taker.failure, /temporary file could not be written: ENOSPC/);
  assert.deepEqual([...subject.disk.files], []);
  assert.equal(subject.snapshots.running, null);
});

test('rdb-key-save-delay makes a snapshot last', async () => {
  const subject = new Subject().fill(1000);
  subject.settings.rdbKeySaveDelay = 1000;
  const taker = subject.taker();
  await subject.clock.advance(500);
  assert.ok(!taker.ended && subject.snapshots.progress.written < 600);
  await subject.clock.advance(1000);
  assert.ok(taker.ended);
});

test('rdb-key-save-delay counts keys that writers made it copy, too', async () => {
  const subject = new Subject().fill(1000);
  subject.settings.rdbKeySaveDelay = 10_000;
  const taker = subject.taker();
  await subject.clock.advance(50);
  for (let i = 0; i < 1000; i++) subject.set(`key ${i}`, 'changed');
  await subject.clock.advance(9000);
  assert.ok(!taker.ended, 'a thousand keys take ten seconds, whoever has them written');
  await subject.clock.advance(3000);
  assert.ok(taker.ended);
});

test('memory of chunks serves again when all consumers are done with it, and not before', async () => {
  const subject = new Subject({ aheadBytes: 2 * KIB }).fill(4000);
  const digest = digestAll(subject.store);
  const one = subject.taker();
  one.doneAfter = 0;
  await subject.clock.advance(10);
  assert.ok(one.ended && one.chunks.length > 200);
  assert.ok(one.buffers.size < 10, `${one.buffers.size} pieces of memory for ${one.chunks.length} chunks`);
  assert.equal(one.digest(), digest);

  // The second one keeps five of them, unread: they must stay as they are.
  const quick = subject.taker();
  const slow = subject.taker();
  quick.doneAfter = 0;
  const unread: { readonly bytes: Uint8Array; readonly copy: Uint8Array }[] = [];
  slow.chunk = (bytes): ChunkAnswer => {
    unread.push({ bytes, copy: bytes.slice() });
    if (unread.length > 5) {
      const { bytes: read, copy } = unread.shift()!;
      assert.deepEqual(read, copy);
      slow.chunks.push(copy);
      slow.run!.done(slow.chunks.length);
    }
    return 'more';
  };
  await subject.clock.advance(10);
  for (const { bytes, copy } of unread) assert.deepEqual(bytes, copy);
  assert.ok(quick.ended && slow.ended);
  assert.ok(quick.buffers.size < 20, `${quick.buffers.size} pieces of memory for ${quick.chunks.length} chunks`);
  assert.equal(quick.digest(), digest);

  // Who never says that it is done has its chunks for itself.
  const silent = subject.taker();
  await subject.clock.advance(10);
  assert.equal(silent.buffers.size, silent.chunks.length);
  assert.equal(silent.digest(), digest);
});

test('a rehearsal waits for enough data, takes a part of it once, and nobody is told', async () => {
  const subject = new Subject({ rehearseFromBytes: 64 * KIB, rehearsalBytes: 8 * KIB });
  const { clock, snapshots, store } = subject;
  const { keys } = store.space;
  const rehearsing = (): boolean => keys.watcher !== null;
  subject.fill(10);
  snapshots.rehearse();
  assert.ok(!rehearsing(), 'there is too little data');
  subject.fill(2000);
  snapshots.rehearse();
  assert.ok(rehearsing());
  assert.equal(snapshots.running, null);
  let idle = false;
  snapshots.whenIdle(() => (idle = true));
  assert.ok(idle);
  for (let i = 0; i < 2000; i += 3) subject.set(`key ${i}`, 'changed');
  await clock.advance(100);
  assert.ok(!rehearsing(), 'it is over');
  assert.equal(snapshots.begun, 0);
  snapshots.rehearse();
  assert.ok(!rehearsing(), 'once is enough');
  assert.deepEqual(subject.log.lines, []);
});

test('a snapshot that is asked for during a rehearsal ends that, and is whole', async () => {
  const subject = new Subject({ rehearseFromBytes: 64 * KIB }).fill(2000);
  const { clock, settings, snapshots, store } = subject;
  settings.rdbKeySaveDelay = 1000;
  snapshots.rehearse();
  await clock.advance(20);
  settings.rdbKeySaveDelay = 0;
  assert.notEqual(store.space.keys.watcher, null);
  for (let i = 0; i < 2000; i += 3) subject.set(`key ${i}`, 'changed');
  const digest = digestAll(store);
  const taker = subject.taker();
  for (let i = 0; i < 2000; i += 2) subject.set(`key ${i}`, 'changed again');
  await clock.advance(1000);
  assert.ok(taker.ended);
  assert.equal(taker.digest(), digest);
  assert.equal(snapshots.begun, 1);
});

test('who took a snapshot already rehearses none, and the end of the server ends a rehearsal', async () => {
  const late = new Subject({ rehearseFromBytes: 64 * KIB }).fill(2000);
  const taker = late.taker();
  await late.clock.advance(1000);
  assert.ok(taker.ended);
  late.snapshots.rehearse();
  assert.equal(late.store.space.keys.watcher, null);
  const stopped = new Subject({ rehearseFromBytes: 64 * KIB }).fill(2000);
  stopped.snapshots.rehearse();
  stopped.snapshots.stop();
  assert.equal(stopped.store.space.keys.watcher, null);
});
