/** What a file may say that no file we write does: times before 1970, long idleness, counts that are unknown, huge strings. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StagedData } from '../../src/persistence/staged-data.ts';
import { ENC_LISTPACK } from '../../src/store/entry.ts';
import { bytes, file, i64, key, length, listpack, string, u32, ziplist, zipmap } from '../fixtures/rdb/build.ts';
import { makeStore } from '../support/store.ts';
import { loadStore, noLog } from '../support/store-rdb.ts';

const NOW = 1_700_000_000_000;
const k = Buffer.from('k');

test('an expiry before 1970 is over: a master drops the key, a replica hides it', () => {
  for (const time of [-2n, -5_000_000n, -(2n ** 62n)]) {
    for (const value of [key(0, 'k', string('v')), key(13, 'k', string(ziplist(['f', 'v'])))]) {
      const rdb = file(9, 252, i64(time), value);
      const master = makeStore();
      master.space.now = NOW;
      assert.equal(loadStore(master, rdb, 4096, true).expiredKeys, 1);
      assert.equal(master.space.size, 0);
      const replica = makeStore();
      replica.space.now = NOW;
      replica.space.isReplica = true;
      loadStore(replica, rdb);
      assert.equal(replica.space.size, 1);
      assert.equal(replica.space.databases[0]!.read(k, 0, 1), 0);
    }
  }
});

test('a key idle since before the access clock last passed zero keeps its idle time', () => {
  const store = makeStore();
  const { space, entries } = store;
  // The clock went round ten seconds ago.
  space.now = 0x1000000 * 1000 * 100 + 10_000;
  for (const [idle, expected] of [
    [4, 4],
    [100, 100],
    [0xffffff, 0xffffff],
    [0x7fffffff, 0xffffff],
  ] as const) {
    loadStore(store, file(9, 248, length(idle), key(0, 'k', string('v'))));
    const entry = space.databases[0]!.peek(k, 0, 1);
    assert.equal((space.lruClock - entries.lru(entry)) & 0xffffff, expected);
  }
});

test('a packed value whose header does not know its length gets no more room than its bytes bear out', () => {
  const list = ziplist(['f', '1']);
  list.writeUInt16LE(65535, 8);
  const map = zipmap([['f', '1']]);
  map[0] = 255;
  for (const [type, blob] of [
    [13, list],
    [12, list],
    [9, map],
  ] as const) {
    const store = makeStore();
    const before = store.space.arena.usedBytes;
    loadStore(store, file(6, key(type, 'k', string(blob))));
    assert.equal(store.entries.encoding(store.space.databases[0]!.peek(k, 0, 1)), ENC_LISTPACK);
    assert.ok(store.space.arena.usedBytes - before < 2048);
  }
});

test('a string larger than the default proto-max-bulk-len is awaited, for it was allowed where it was made', () => {
  const data = new StagedData(makeStore(), noLog, NOW, { dropExpired: false, checksum: true });
  data.push(bytes('REDIS0010', 0, string('k'), 0x80, u32(600 * 1024 * 1024).reverse(), 'the first of many bytes'));
  assert.equal(data.run(100), 'need-more');
  data.discard();
});

test('a score beyond the range of a double is infinite or zero, and no member is lost over it', () => {
  const store = makeStore({ zsetMaxListpackEntries: 3 });
  const { zsets } = store;
  const blob = listpack(['low', '-1e400', 'none', '1e-400', 'high', '1e400']);
  loadStore(store, file(10, key(17, 'k', string(blob))));
  const entry = store.space.databases[0]!.peek(k, 0, 1);
  const scores = (): number[] => {
    const found: number[] = [];
    zsets.forEach(entry, (_bytes, _at, _length, score) => void found.push(score));
    return found;
  };
  assert.deepEqual(scores(), [-Infinity, 0, Infinity]);
  const more = Buffer.from('more');
  assert.ok(zsets.add(entry, 5, more, 0, more.length));
  assert.deepEqual(scores(), [-Infinity, 0, 5, Infinity]);
});
