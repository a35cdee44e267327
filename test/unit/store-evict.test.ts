/** Which keys eviction chooses. Randomness is seeded, so these figures are the same in every run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../../src/store/store.ts';
import { latin1, makeStore, unevenness } from '../support/store.ts';

const START = 1_700_000_000_000;
const value = Buffer.from('a value of some bytes');

interface Subject {
  readonly store: Store;
  readonly evicted: string[];
}

function subject(maxmemoryPolicy: string, more: { lfuLogFactor?: number; lfuDecayTime?: number } = {}): Subject {
  const store = makeStore({ maxmemoryPolicy, ...more });
  const evicted: string[] = [];
  store.space.now = START;
  store.space.events = {
    ...store.space.events,
    evicted: (db, bytes, at, length) => evicted.push(`${db.index}:${latin1(bytes, at, length)}`),
  };
  return { store, evicted };
}

function set(store: Store, db: number, key: string, expiry = -1): void {
  const bytes = Buffer.from(key);
  store.space.databases[db]!.setString(bytes, 0, bytes.length, value, 0, value.length, expiry);
}

function read(store: Store, db: number, key: string): void {
  const bytes = Buffer.from(key);
  store.space.databases[db]!.read(bytes, 0, bytes.length);
}

function evict(store: Store, count: number): number {
  let done = 0;
  while (done < count && store.space.evictor.evictOne()) done++;
  return done;
}

test('noeviction evicts nothing', () => {
  const { store, evicted } = subject('noeviction');
  set(store, 0, 'k');
  assert.equal(evict(store, 1), 0);
  assert.deepEqual(evicted, []);
});

test('each policy empties a store of what it may evict, and counts it', () => {
  for (const kind of ['lru', 'lfu', 'random', 'ttl']) {
    for (const range of kind === 'ttl' ? ['volatile'] : ['volatile', 'allkeys']) {
      const { store, evicted } = subject(`${range}-${kind}`);
      for (let i = 0; i < 300; i++) set(store, i % 3, `key:${i}`, i % 2 === 0 ? START + 1000 + i : -1);
      // A key too long for the pool's own buffers.
      set(store, 1, 'x'.repeat(1000), START + 10);
      const expected = range === 'volatile' ? 151 : 301;
      assert.equal(evict(store, 1000), expected, `${range}-${kind}`);
      assert.equal(new Set(evicted).size, expected);
      assert.equal(store.space.stats.evictedKeys, expected);
      assert.equal(store.space.size, 301 - expected);
      assert.ok(store.space.databases.every((db) => db.expiring === 0));
    }
  }
});

test('volatile-ttl takes the key that expires first, of all databases', () => {
  const { store, evicted } = subject('volatile-ttl');
  set(store, 0, 'c', START + 3000);
  set(store, 5, 'a', START + 1000);
  set(store, 0, 'never');
  set(store, 2, 'b', START + 2000);
  evict(store, 10);
  assert.deepEqual(evicted, ['5:a', '2:b', '0:c']);
});

test('LRU policies spare keys that were used lately', () => {
  for (const range of ['allkeys', 'volatile']) {
    const { store, evicted } = subject(`${range}-lru`);
    for (let i = 0; i < 2000; i++) set(store, i % 2, `key:${i}`, START * 2 + ((i * 7919) % 2000));
    store.space.now += 60_000;
    for (let i = 0; i < 2000; i += 2) read(store, 0, `key:${i}`);
    evict(store, 800);
    const used = evicted.filter((name) => name.startsWith('0:')).length;
    assert.ok(used < 40, `${used} of 800 evicted keys were the used ones`);
  }
});

test('LFU policies spare keys that are used often', () => {
  for (const range of ['allkeys', 'volatile']) {
    const { store, evicted } = subject(`${range}-lfu`);
    for (let i = 0; i < 2000; i++) set(store, i % 2, `key:${i}`, START * 2 + ((i * 7919) % 2000));
    for (let round = 0; round < 30; round++) for (let i = 0; i < 2000; i += 2) read(store, 0, `key:${i}`);
    evict(store, 800);
    const used = evicted.filter((name) => name.startsWith('0:')).length;
    assert.ok(used < 40, `${used} of 800 evicted keys were the used ones`);
  }
});

test('random policies choose evenly, in tables that are full, sparse, or being resized', () => {
  for (const keys of [40, 49, 97, 200, 385]) {
    const counts = new Map<number, number>();
    const { store } = subject('allkeys-random');
    const db = store.space.databases[0]!;
    for (let i = 0; i < keys; i++) set(store, 0, `key:${i}`, i % 2 === 0 ? START * 2 : -1);
    for (let i = 0; i < keys * 100; i++) {
      const entry = db.randomEntry();
      counts.set(entry, (counts.get(entry) ?? 0) + 1);
    }
    assert.equal(counts.size, keys);
    assert.ok(unevenness([...counts.values()]) < 5);
    counts.clear();
    for (let i = 0; i < keys * 50; i++) {
      const entry = db.expiries.random();
      counts.set(entry, (counts.get(entry) ?? 0) + 1);
    }
    assert.equal(counts.size, Math.ceil(keys / 2));
    assert.ok(unevenness([...counts.values()]) < 5);
  }
});

test('a sample has no key twice, and all if it may', () => {
  const { store } = subject('allkeys-lru');
  const db = store.space.databases[0]!;
  const out = new Uint32Array(128);
  assert.equal(db.sample(out, 5), 0);
  for (let keys = 1; keys <= 200; keys++) {
    set(store, 0, `key:${keys}`);
    for (const wanted of [1, 5, 64]) {
      const taken = db.sample(out, wanted);
      assert.ok(taken >= Math.min(wanted, keys) && taken <= Math.min(keys, out.length));
      assert.equal(new Set(out.subarray(0, taken)).size, taken);
    }
  }
});

test('the LFU counter rises with use, ever more slowly, and falls with time', () => {
  const { store } = subject('allkeys-lfu', { lfuDecayTime: 2 });
  const { access } = store.space;
  const after = (uses: number): number => {
    let field = access.initialLfu(START);
    for (let i = 0; i < uses; i++) field = access.usedLfu(field, START);
    return field & 0xff;
  };
  const mean = (uses: number): number => Array.from({ length: 50 }, () => after(uses)).reduce((a, b) => a + b) / 50;
  assert.equal(access.initialLfu(START) & 0xff, 5);
  assert.equal(after(1), 6);
  // Redis's documentation gives 18 after a thousand uses and 142 after a hundred thousand, less the start.
  assert.ok(mean(1000) > 14 && mean(1000) < 24, `${mean(1000)}`);
  const field = access.initialLfu(START);
  assert.equal(access.usedLfu(field, START + 60_000) & 0xff, 6);
  assert.equal(access.usedLfu(field, START + 2 * 60_000) & 0xff, 5);
  assert.equal(access.usedLfu(field, START + 100 * 60_000) & 0xff, 1);
});

test('a factor of 0 counts every use up to 255, a decay time of 0 never forgets', () => {
  const { store } = subject('allkeys-lfu', { lfuLogFactor: 0, lfuDecayTime: 0 });
  const { access } = store.space;
  let field = access.initialLfu(START);
  for (let i = 1; i <= 300; i++) {
    field = access.usedLfu(field, START + i * 60_000);
    assert.equal(field & 0xff, Math.min(255, 5 + i));
  }
});
