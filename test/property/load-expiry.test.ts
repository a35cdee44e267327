/**
 * Keys with an expiry through a load, whose index is filled in bulk: afterwards it is that of keys which were set one by one, and
 * a load that is given up at any point leaves nothing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StagedData } from '../../src/persistence/staged-data.ts';
import { LoadError } from '../../src/store/load-error.ts';
import type { Store } from '../../src/store/store.ts';
import { file, i64, key, string } from '../fixtures/rdb/build.ts';
import { makeStore, seededRandom } from '../support/store.ts';
import { loadStore, noLog, saveStore } from '../support/store-rdb.ts';

const NOW = 1_700_000_000_000;

/** Strings, lists and keys without expiry, in two databases; `distinct` times. */
function fill(store: Store, keys: number, distinct: number, seed: number): void {
  const random = seededRandom(seed);
  for (let i = 0; i < keys; i++) {
    const db = store.space.databases[(i % 5) >> 2]!;
    const name = Buffer.from(`${random.uint32()} ${i}`);
    const expiry = i % 3 === 0 ? -1 : NOW + 1 + Math.floor((random.uint32() / 2 ** 32) * distinct) * 1000;
    if (i % 4 > 0) db.setString(name, 0, name.length, name, 0, name.length, expiry);
    else {
      const list = store.lists.create(db, name, 0, name.length);
      store.lists.pushTail(list, name, 0, name.length);
      if (expiry >= 0) db.setExpiry(list, expiry);
    }
  }
}

/** The keys in the order in which they expire, by asking the index for one after the other. */
function expiryOrder(store: Store): string[] {
  const { space } = store;
  space.now = 10 * NOW;
  const order: string[] = [];
  for (const db of space.databases)
    for (;;) {
      const entry = db.expiries.firstDue();
      if (entry === 0) break;
      order.push(`${db.index} ${Buffer.from(space.entries.keyCopy(entry)).toString('latin1')}`);
      db.removeEntry(entry);
    }
  space.now = NOW;
  return order;
}

test('the order in which keys expire survives a load, and can be changed at once', () => {
  fc.assert(
    fc.property(
      fc.nat(3000),
      fc.constantFrom(1, 3, 1000, 2 ** 31),
      fc.nat(),
      fc.integer({ min: 100, max: 100_000 }),
      (keys, distinct, seed, piece) => {
        const store = makeStore();
        store.space.now = NOW;
        fill(store, keys, distinct, seed);
        const rdb = saveStore(store);
        const loaded = makeStore({}, 2);
        loaded.space.now = NOW;
        loadStore(loaded, rdb, piece);
        for (const one of [store, loaded]) {
          // The commands behind an RDB preamble: some keys lose their expiry, get another one, or go away.
          const [db] = one.space.databases;
          const names: Buffer[] = [];
          db!.forEach((entry) => names.push(Buffer.from(one.space.entries.keyCopy(entry))));
          names.sort((a, b) => Buffer.compare(a, b));
          names.forEach((name, i) => {
            const entry = db!.peek(name, 0, name.length);
            if (i % 7 === 0) db!.setExpiry(entry, -1);
            else if (i % 7 === 1) db!.setExpiry(entry, NOW + i);
            else if (i % 7 === 2) db!.remove(name, 0, name.length);
          });
        }
        const [all, other] = store.space.databases;
        const [loadedAll, loadedOther] = loaded.space.databases;
        assert.deepEqual([loadedAll!.expiring, loadedOther!.expiring], [all!.expiring, other!.expiring]);
        assert.deepEqual(expiryOrder(loaded), expiryOrder(store));
        assert.deepEqual([loadedAll!.expiring, loadedOther!.expiring], [0, 0]);
      },
    ),
    { numRuns: 40 },
  );
});

test('a load that is given up while keys are collected or put in order leaves the data as it was, and no memory', () => {
  const source = makeStore();
  source.space.now = NOW;
  fill(source, 20_000, 2 ** 31, 1);
  const rdb = saveStore(source);
  const store = makeStore();
  const { arena } = store.space;
  store.space.now = NOW;
  fill(store, 100, 10, 2);
  const { blocks, usedBytes } = arena;
  let inOrder = 0;
  for (let runs = 0; ; runs += 7) {
    const data = new StagedData(store, noLog, NOW, { dropExpired: false, checksum: true });
    data.push(rdb);
    let done = false;
    for (let i = 0; i < runs && !done; i++) done = data.run(1000) !== 'paused';
    if (data.offset === rdb.length && !done) inOrder++;
    data.discard();
    store.space.reclaimer.finish();
    assert.deepEqual({ blocks: arena.blocks, usedBytes: arena.usedBytes }, { blocks, usedBytes });
    if (done) break;
  }
  assert.ok(inOrder > 0);
});

test('a key with an expiry that comes twice ends the load, however far apart', () => {
  const one = (name: string, at: number): Buffer =>
    Buffer.concat([Buffer.of(252), i64(BigInt(NOW + at)), key(0, name, string('v'))]);
  for (const apart of [1, 300, 20_000]) {
    const keys = Array.from({ length: apart + 1 }, (_, i) => one(`key ${i % apart}`, i));
    const store = makeStore();
    const { blocks } = store.space.arena;
    assert.throws(() => loadStore(store, file(9, ...keys), 65_536), LoadError);
    assert.equal(store.space.arena.blocks, blocks);
  }
});

test('on top of present data, keys are put in order one by one', () => {
  const store = makeStore();
  store.space.now = NOW;
  fill(store, 500, 50, 1);
  const source = makeStore();
  source.space.now = NOW;
  fill(source, 500, 50, 2);
  const expected = [...expiryOrder(makeCopy(source)), ...expiryOrder(makeCopy(store))].toSorted();
  const data = new StagedData(store, noLog, NOW, { dropExpired: false, checksum: true, inPlace: true });
  data.push(saveStore(source));
  while (data.run(100) === 'paused');
  data.finish();
  data.commit();
  const order = expiryOrder(store);
  assert.deepEqual(order.toSorted(), expected);
});

function makeCopy(store: Store): Store {
  const copy = makeStore();
  copy.space.now = NOW;
  loadStore(copy, saveStore(store));
  return copy;
}
