/** A full sync into staged databases: the old data is served until the new is whole, and a failure leaves no trace. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Loading } from '../../src/persistence/loading.ts';
import { StagedLoad } from '../../src/persistence/staged-load.ts';
import { digestAll } from '../../src/store/digest.ts';
import { LoadError } from '../../src/store/load-error.ts';
import type { Store } from '../../src/store/store.ts';
import { file, key, string } from '../fixtures/rdb/build.ts';
import { failAfter, makeStore } from '../support/store.ts';
import { saveStore } from '../support/store-rdb.ts';
import { MemoryLog, VirtualClock } from './support/sim-network.ts';

function fill(store: Store, keys: number, text: string): void {
  const db = store.space.databases[1]!;
  const big = store.hashes.create(db, Buffer.from('big'), 0, 3, 1);
  for (let i = 0; i < keys; i++) {
    const name = Buffer.from(`${text} ${i}`);
    db.setString(name, 0, name.length, name, 0, name.length, i % 3 === 0 ? 1_800_000_000_000 : -1);
    store.hashes.set(big, name, 0, name.length, name, 0, name.length);
  }
}

/** A clock whose monotonic time passes while code runs: `tick` ms at every look. */
class TickingClock extends VirtualClock {
  tick = 0;
  #extra = 0;

  override monotonic(): number {
    this.#extra += this.tick;
    return super.monotonic() + this.#extra;
  }
}

class Subject {
  readonly clock = new TickingClock();
  readonly log = new MemoryLog();
  readonly store = makeStore();
  readonly load: Loading;
  replaced = 0;
  resumed = 0;
  readonly digest: string;
  readonly blocks: number;

  constructor(keyLoadDelayMicros = 0) {
    this.load = new Loading(this.clock, { keyLoadDelayMicros });
    fill(this.store, 50, 'old');
    this.digest = digestAll(this.store);
    this.blocks = this.store.space.arena.blocks;
  }

  begin(totalBytes: number | null): StagedLoad {
    return new StagedLoad(
      this.store,
      {
        clock: this.clock,
        log: this.log,
        settings: { rdbchecksum: true, replDisklessLoad: 'disabled' },
        load: this.load,
        replaceData: (replace) => {
          replace();
          this.replaced++;
        },
      },
      { sameHistory: false, totalBytes, resume: () => this.resumed++, keepalive: () => {} },
    );
  }

  /** Fails unless nothing but the old data is there. */
  assertUntouched(): void {
    this.store.space.reclaimer.finish();
    assert.equal(digestAll(this.store), this.digest);
    assert.equal(this.store.space.arena.blocks, this.blocks);
    assert.equal(this.replaced, 0);
  }
}

function payload(): { bytes: Buffer; digest: string } {
  const source = makeStore({}, 9);
  fill(source, 3000, 'new');
  return { bytes: saveStore(source), digest: digestAll(source) };
}

test('the data changes at commit, all at once, and the old is given back', async () => {
  const subject = new Subject();
  const { bytes, digest } = payload();
  const load = subject.begin(bytes.length);
  for (let at = 0; at < bytes.length; at += 1000)
    assert.equal(load.push(bytes, at, Math.min(1000, bytes.length - at)), true);
  assert.deepEqual(await load.finish(), { streamDb: 0, keys: 3001 });
  assert.equal(digestAll(subject.store), subject.digest, 'not yet');
  load.commit();
  assert.equal(digestAll(subject.store), digest);
  assert.equal(subject.replaced, 1);
  // The link releases its session also after a success.
  load.abort();
  assert.equal(digestAll(subject.store), digest);
  subject.store.space.reclaimer.finish();
  assert.equal(subject.store.space.size, 3001);
  assert.equal(subject.log.count('Done loading RDB, keys loaded: 3001, keys expired: 0.'), 1);
});

test('key-load-delay holds up a payload that comes in small pieces, too', async () => {
  const subject = new Subject(1000);
  const { bytes, digest } = payload();
  const load = subject.begin(bytes.length);
  const start = subject.clock.monotonic();
  for (let at = 0; at < bytes.length; at += 1000) {
    const { resumed } = subject;
    if (!load.push(bytes, at, Math.min(1000, bytes.length - at)))
      await subject.clock.until(() => subject.resumed > resumed);
  }
  assert.equal((await load.finish()).keys, 3001);
  load.commit();
  assert.equal(digestAll(subject.store), digest);
  const took = subject.clock.monotonic() - start;
  assert.ok(took >= 2900, `${took} ms for 3001 keys at 1 ms each`);
});

test('a payload that takes long is parsed in slices, and the master waits meanwhile', async () => {
  const subject = new Subject();
  const { bytes, digest } = payload();
  subject.clock.tick = 2;
  const load = subject.begin(null);
  const half = bytes.length >>> 1;
  assert.equal(load.push(bytes, 0, half), false);
  assert.equal(subject.resumed, 0);
  await subject.clock.until(() => subject.resumed === 1);
  assert.equal(load.push(bytes, half, bytes.length - half), false);
  const finished = load.finish();
  await subject.clock.advance(0);
  await finished;
  assert.equal(subject.resumed, 1, 'the payload is complete: nothing more is wanted');
  load.commit();
  assert.equal(digestAll(subject.store), digest);
});

test('an aborted load leaves the old data and nothing else, wherever it was', async () => {
  const { bytes } = payload();
  for (const [tick, part] of [
    [0, 0],
    [0, 0.5],
    [0, 1],
    [2, 0.5],
    [2, 1],
  ] as const) {
    const subject = new Subject();
    subject.clock.tick = tick;
    const load = subject.begin(bytes.length);
    load.push(bytes, 0, Math.floor(bytes.length * part));
    const finished = part === 1 ? load.finish() : undefined;
    if (tick === 2 && part === 1) {
      load.abort();
      await assert.rejects(finished!, /aborted/);
    } else {
      await finished;
      load.abort();
    }
    await subject.clock.advance(1000);
    subject.assertUntouched();
  }
});

test('a cut, a damaged and an overlong payload are refused and leave the old data', async () => {
  const { bytes } = payload();
  const damaged = Buffer.from(bytes);
  damaged[bytes.length >>> 1]! ^= 1;
  for (const tick of [0, 2]) {
    for (const [given, reason] of [
      [bytes.subarray(0, bytes.length - 100), /Unexpected end/],
      [bytes.subarray(0, 5), /Unexpected end/],
      [damaged, /Wrong RDB checksum|at byte/],
      [Buffer.concat([bytes, Buffer.from('x')]), /bytes follow the end/],
      [file(10, 0xfe, 20, key(0, 'k', string('v'))), /database 20 is beyond the configured 16/],
      [file(10, key(0, 'k', string('v')), key(0, 'k', string('w'))), /the key 'k' comes twice/],
      [file(10, key(2, 'k', 2, string('v'), string('v'))), /the set 'k' has the member 'v' twice/],
      [file(10, 0xfa, string('repl-stream-db'), string('16')), /a database that is not configured/],
    ] as const) {
      const subject = new Subject();
      subject.clock.tick = tick;
      const load = subject.begin(null);
      const all = async (): Promise<void> => {
        load.push(given, 0, given.length);
        const finished = load.finish();
        await Promise.race([finished, subject.clock.advance(1000).then(() => finished)]);
      };
      await assert.rejects(all(), reason);
      load.abort();
      subject.assertUntouched();
    }
  }
});

test('a payload that lies about how many keys it has costs little', async () => {
  const subject = new Subject();
  const { arena } = subject.store.space;
  const lie = file(10, 0xfe, 0, 0xfb, 0x81, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, key(0, 'k', string('v')));
  const reserved = arena.reservedBytes;
  const load = subject.begin(lie.length);
  load.push(lie, 0, lie.length);
  await load.finish();
  assert.ok(arena.reservedBytes - reserved <= 8 * 1024 * 1024);
  load.abort();
  subject.assertUntouched();
});

test('a load looks at the clock more often while its steps are slow, as they are at first', () => {
  const clock = new TickingClock();
  const load = new Loading(clock, { keyLoadDelayMicros: 0 });
  load.begin('blocking', 0);
  const asked = (tick: number, looks: number): number[] => {
    clock.tick = tick;
    const found: number[] = [];
    while (found.length < looks) load.slice((steps) => found.push(steps) && (found.length < looks ? 1 : -1));
    return found;
  };
  assert.deepEqual(asked(0.5, 3), [4, 4, 4], 'slow');
  assert.deepEqual(asked(0.3, 3), [4, 4, 4], 'as it should be');
  assert.deepEqual(asked(0.01, 7), [4, 8, 16, 32, 64, 64, 64], 'quick');
  assert.deepEqual(asked(2, 4), [64, 32, 16, 8], 'slow again');
  load.begin('blocking', 0);
  assert.deepEqual(asked(0.01, 2), [4, 8], 'another load');
});

test('a load that has no memory to begin with has not begun', () => {
  const subject = new Subject();
  const restore = failAfter(subject.store.space.arena, 4);
  assert.throws(() => subject.begin(null), LoadError);
  restore();
  assert.equal(subject.load.kind, 'no');
  subject.assertUntouched();
});
