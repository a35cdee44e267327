/** The RDB file on a disk that fails when told to: what is logged, what is refused, what stays as it was. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplyError } from '../../src/base/errors.ts';
import type { Settings } from '../../src/base/settings.ts';
import type { Disk, World } from '../../src/io/world.ts';
import { AssertionError } from '../../src/base/assert.ts';
import { Loading } from '../../src/persistence/loading.ts';
import { RdbFile } from '../../src/persistence/rdb-file.ts';
import { Snapshots } from '../../src/snapshot/snapshot.ts';
import { digestAll } from '../../src/store/digest.ts';
import type { Store } from '../../src/store/store.ts';
import { makeStore } from '../support/store.ts';
import { loadStore, saveStore } from '../support/store-rdb.ts';
import { MemoryDisk, systemError } from './support/memory-disk.ts';
import { MemoryLog, VirtualClock } from './support/sim-network.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

class Subject {
  readonly clock = new VirtualClock();
  readonly log = new MemoryLog();
  readonly disk = new MemoryDisk();
  readonly store: Store = makeStore();
  readonly settings = {
    dir: '/data',
    dbfilename: 'dump.rdb',
    rdbchecksum: true,
    rdbcompression: true,
    rdbKeySaveDelay: 0,
    stopWritesOnBgsaveError: true,
    save: [{ seconds: 60, changes: 2 }],
    replicaof: undefined,
  } as unknown as Mutable<Settings>;
  readonly loading = new Loading(this.clock, { keyLoadDelayMicros: 0 });
  dirty = 0;
  readonly snapshots: Snapshots;
  readonly rdb: RdbFile;

  constructor() {
    this.store.space.now = this.clock.now();
    this.snapshots = new Snapshots({
      store: this.store,
      clock: this.clock,
      log: this.log,
      disk: this.disk as unknown as Disk,
      settings: this.settings,
      pid: 42,
      activity: () => 0,
    });
    this.rdb = new RdbFile({
      world: {
        clock: this.clock,
        log: this.log,
        disk: this.disk as unknown as Disk,
        process: { pid: 42 },
      } as unknown as World,
      settings: this.settings,
      store: this.store,
      dirty: () => this.dirty,
      position: () => ({ replid: 'a'.repeat(40), offset: 77, streamDb: 3 }),
      loading: this.loading,
      snapshots: this.snapshots,
    });
  }

  set(key: string, value: string): void {
    const [k, v] = [Buffer.from(key), Buffer.from(value)];
    this.store.space.databases[0]!.setString(k, 0, k.length, v, 0, v.length, -1);
    this.dirty++;
  }

  get path(): string {
    return '/data/dump.rdb';
  }
}

test('a save is visible only when it is complete and on the disk', () => {
  const subject = new Subject();
  subject.set('a', '1');
  assert.equal(subject.rdb.changesSinceSave, 1);
  assert.equal(subject.rdb.save(), undefined);
  const order = subject.disk.operations.filter((one, i, all) => one !== all[i - 1]);
  assert.deepEqual(order, [
    'create temp-42.rdb',
    'write temp-42.rdb',
    'sync temp-42.rdb',
    'rename dump.rdb',
    'syncDirectory data',
  ]);
  assert.deepEqual([...subject.disk.files.keys()], [subject.path]);
  assert.equal(subject.rdb.changesSinceSave, 0);
  assert.equal(subject.rdb.lastSave, Math.floor(subject.clock.now() / 1000));
  assert.deepEqual(subject.log.lines, ['DB saved on disk']);
});

for (const [operation, code, line] of [
  [
    'create',
    'ENOENT',
    'Failed opening the temp RDB file temp-42.rdb (in server root dir /data) for saving: No such file or directory',
  ],
  ['write', 'ENOSPC', 'Write error saving DB on disk(rdbSaveRio): No space left on device'],
  ['sync', 'EIO', 'Write error saving DB on disk(fsync): Input/output error'],
  [
    'rename',
    'EACCES',
    'Error moving temp DB file temp-42.rdb on the final destination dump.rdb (in server root dir /data): Permission denied',
  ],
] as const) {
  test(`a save whose ${operation} fails leaves the old file, no other, and a line in the log`, async () => {
    const subject = new Subject();
    subject.set('a', '1');
    subject.rdb.save();
    const old = subject.disk.files.get(subject.path)!;
    subject.set('a', '2');
    subject.log.lines.length = 0;
    subject.disk.failing = { operation, error: systemError(code) };
    assert.equal(subject.rdb.save(), 'ERR');
    assert.deepEqual(subject.log.lines, [line]);
    assert.deepEqual([...subject.disk.files], [[subject.path, old]]);
    assert.equal(subject.rdb.changesSinceSave, 1);
    assert.equal(subject.rdb.blocksWrites, false, 'SAVE told its caller; only a failed background save blocks writes');

    subject.rdb.backgroundSave(false);
    await subject.clock.advance(0);
    assert.equal(subject.log.lines.at(-1), 'Background saving error');
    assert.equal(subject.rdb.lastSaveOk, false);
    assert.equal(subject.rdb.blocksWrites, true);
    subject.disk.failing = undefined;
    assert.equal(subject.rdb.save(), undefined);
    assert.equal(subject.rdb.blocksWrites, false);
  });
}

test('a fault of ours in a save is not taken for one of the disk', () => {
  const subject = new Subject();
  subject.disk.failing = { operation: 'write', error: new AssertionError('broken') };
  assert.throws(() => subject.rdb.save(), AssertionError);
  assert.deepEqual([...subject.disk.files], []);
});

test('a background save is in progress until it is done, and there is one at a time', async () => {
  const subject = new Subject();
  subject.set('a', '1');
  assert.equal(subject.rdb.lastSaveMs, -1);
  assert.equal(subject.rdb.backgroundSave(false), 'Background saving started');
  assert.equal(subject.rdb.saving, true);
  assert.throws(
    () => subject.rdb.backgroundSave(false),
    (error: ReplyError) => error.text === 'ERR Background save already in progress',
  );
  await subject.clock.advance(0);
  assert.equal(subject.rdb.saving, false);
  assert.equal(subject.rdb.lastSaveOk, true);
  assert.ok(subject.rdb.lastSaveMs >= 0);
  assert.equal(subject.rdb.saves, 1);
  assert.deepEqual(subject.log.lines, [
    'Background saving started by pid 42',
    'DB saved on disk',
    'Background saving terminated with success',
  ]);
});

test('a background save holds the data as of its start, and counts the changes since', async () => {
  const subject = new Subject();
  for (let i = 0; i < 500; i++) subject.set(`key ${i}`, 'before');
  const digest = digestAll(subject.store);
  subject.rdb.backgroundSave(false);
  for (let i = 0; i < 300; i++) subject.set(`key ${i * 2}`, 'after');
  await subject.clock.advance(0);
  await subject.clock.advance(10);
  assert.equal(subject.rdb.saving, false);
  assert.equal(subject.rdb.changesSinceSave, 300);
  assert.deepEqual([...subject.disk.files.keys()], [subject.path]);
  const copy = makeStore();
  copy.space.now = subject.clock.now();
  loadStore(copy, subject.disk.files.get(subject.path)!);
  assert.equal(digestAll(copy), digest);
});

test('a save in the foreground takes the place of one in the background', async () => {
  const subject = new Subject();
  for (let i = 0; i < 500; i++) subject.set(`key ${i}`, 'before');
  subject.settings.rdbKeySaveDelay = 1000;
  subject.rdb.backgroundSave(false);
  await subject.clock.advance(100);
  assert.equal(subject.snapshots.running, 'save');
  assert.ok(subject.snapshots.progress.written > 0);
  subject.set('key 1', 'after');
  const digest = digestAll(subject.store);
  assert.equal(subject.rdb.save(), undefined);
  assert.equal(subject.snapshots.running, null);
  assert.equal(subject.rdb.saving, false);
  await subject.clock.advance(10_000);
  assert.deepEqual([...subject.disk.files.keys()], [subject.path], 'nothing of the other is left');
  const copy = makeStore();
  copy.space.now = subject.clock.now();
  loadStore(copy, subject.disk.files.get(subject.path)!);
  assert.equal(digestAll(copy), digest);
  assert.equal(subject.rdb.changesSinceSave, 0);
});

test('a save point saves after so many changes and so much time, and a failure is tried again after five seconds', async () => {
  const subject = new Subject();
  const { rdb, clock, log } = subject;
  subject.set('a', '1');
  await clock.advance(100_000);
  rdb.cron();
  assert.equal(rdb.saving, false, 'one change is not two');
  subject.set('b', '1');
  subject.disk.failing = { operation: 'write', error: systemError('ENOSPC') };
  rdb.cron();
  await clock.advance(0);
  assert.equal(log.lines[0], '2 changes in 60 seconds. Saving...');
  assert.equal(rdb.lastSaveOk, false);
  subject.disk.failing = undefined;
  await clock.advance(5000);
  rdb.cron();
  assert.equal(rdb.saving, false, 'five seconds have not passed');
  await clock.advance(1000);
  rdb.cron();
  await clock.advance(0);
  assert.equal(rdb.lastSaveOk, true);
  subject.set('a', '1');
  subject.set('b', '1');
  await clock.advance(60_000);
  rdb.cron();
  assert.equal(rdb.saving, false, 'sixty seconds since the last save are not over');
  await clock.advance(1000);
  rdb.cron();
  assert.equal(rdb.saving, true);
});

test('what one server saved another loads at its start, with its place in the stream', async () => {
  const source = new Subject();
  for (let i = 0; i < 500; i++) source.set(`key ${i}`, `value ${i}`);
  source.store.functions = [Buffer.from('#!lua name=lib\n')];
  source.rdb.save();
  const subject = new Subject();
  subject.disk.files.set(subject.path, source.disk.files.get(source.path)!);
  let found: unknown;
  await subject.rdb.loadAtStart((position) => (found = position));
  assert.deepEqual(found, { replid: 'a'.repeat(40), offset: 77, streamDb: 3 });
  assert.equal(digestAll(subject.store), digestAll(source.store));
  assert.deepEqual(
    subject.store.functions.map((one) => Buffer.from(one)),
    source.store.functions,
  );
  assert.equal(subject.rdb.loadedKeys, 500);
  assert.equal(subject.loading.kind, 'no');
  assert.equal(subject.log.count('Loading RDB produced by version '), 1);
  assert.equal(subject.log.count('Done loading RDB, keys loaded: 500, keys expired: 0.'), 1);
  assert.match(subject.log.lines.at(-1)!, /^DB loaded from disk: \d+\.\d{3} seconds$/);
});

test('without a file a server starts empty', async () => {
  const subject = new Subject();
  await subject.rdb.loadAtStart(() => assert.fail('there is no position'));
  assert.deepEqual(subject.log.lines, []);
});

test('a file that cannot be read stops the start, is explained, and leaves nothing loaded', async () => {
  const source = new Subject();
  for (let i = 0; i < 100; i++) source.set(`key ${i}`, `value ${i}`);
  const whole = saveStore(source.store);
  const wrongSum = Buffer.from(whole);
  wrongSum[whole.length - 1]! ^= 1;
  for (const [file, lines] of [
    [
      whole.subarray(0, 500),
      [/^Short read or OOM/, /^Internal error in RDB reading offset \d+/, /^Terminating server/],
    ],
    [wrongSum, [/^Internal error in RDB reading offset \d+.*Wrong RDB checksum expected/, /^Terminating server/]],
    [Buffer.from('hello, world'), [/Wrong signature trying to load DB from file/, /^Terminating server/]],
  ] as const) {
    const subject = new Subject();
    const { arena } = subject.store.space;
    const before = arena.blocks;
    subject.disk.files.set(subject.path, file);
    await assert.rejects(subject.rdb.loadAtStart(() => assert.fail('nothing was loaded')));
    const said = subject.log.lines.slice(-lines.length);
    lines.forEach((line, i) => assert.match(said[i]!, line));
    assert.equal(subject.loading.kind, 'no');
    assert.equal(subject.store.space.size, 0);
    subject.store.space.reclaimer.finish();
    assert.equal(arena.blocks, before);
  }
  const subject = new Subject();
  subject.disk.files.set(subject.path, whole);
  subject.disk.failing = { operation: 'read', error: systemError('EACCES') };
  await assert.rejects(
    subject.rdb.loadAtStart(() => {}),
    /EACCES/,
  );
  assert.deepEqual(subject.log.lines, ['Fatal error loading the DB: Permission denied. Exiting.']);
});

test('DEBUG RELOAD brings back what was saved, and keeps the data when the file is bad', () => {
  const subject = new Subject();
  for (let i = 0; i < 100; i++) subject.set(`key ${i}`, `value ${i}`);
  const { space } = subject.store;
  const digest = digestAll(subject.store);
  const options = { noSave: false, noFlush: false, merge: false };
  const blocks = [1, 2].map(() => {
    assert.equal(subject.rdb.reload(options), undefined);
    space.reclaimer.finish();
    assert.equal(digestAll(subject.store), digest);
    return space.arena.blocks;
  });
  assert.equal(blocks[0], blocks[1]);

  subject.set('new', 'x');
  const changed = digestAll(subject.store);
  subject.disk.files.set(subject.path, subject.disk.files.get(subject.path)!.subarray(0, 400));
  assert.match(subject.rdb.reload({ ...options, noSave: true })!, /^ERR Error trying to load the RDB dump/);
  space.reclaimer.finish();
  assert.equal(digestAll(subject.store), changed);
  subject.disk.failing = { operation: 'write', error: systemError('ENOSPC') };
  assert.equal(subject.rdb.reload(options), 'ERR');
  assert.equal(digestAll(subject.store), changed);
});

test('DEBUG RELOAD with MERGE replaces keys, without it refuses them', () => {
  const subject = new Subject();
  subject.set('a', '1');
  subject.rdb.save();
  subject.set('a', '2');
  subject.set('b', '2');
  const reload = (merge: boolean): string | undefined => subject.rdb.reload({ noSave: true, noFlush: true, merge });
  assert.match(reload(false)!, /^ERR/);
  assert.equal(subject.log.count("the key 'a' comes twice"), 1);
  assert.equal(reload(true), undefined);
  assert.equal(subject.store.space.size, 2);
  const expected = new Subject();
  expected.set('a', '1');
  expected.set('b', '2');
  assert.equal(digestAll(subject.store), digestAll(expected.store));
});
