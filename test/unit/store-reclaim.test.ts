/** Deleted data is taken apart in steps that stay small whatever it consists of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_DEBT } from '../../src/store/reclaim.ts';
import { makeStore } from '../support/store.ts';

test('a step frees no more of a database of small tables than of one of strings', () => {
  const store = makeStore({ setMaxListpackEntries: 0 });
  const { space } = store;
  const empty = space.arena.blocks;
  const db = space.databases[0]!;
  for (let i = 0; i < 2000; i++) {
    const key = Buffer.from(`key ${i}`);
    const entry = store.sets.create(db, key, 0, key.length, false, 1);
    for (let member = 0; member < 40; member++) {
      const name = Buffer.from(`member ${member}`);
      store.sets.add(entry, name, 0, name.length);
    }
  }
  db.clear();
  const budget = 128;
  for (let more = true; more;) {
    const before = space.arena.blocks;
    more = space.reclaimer.work(budget);
    // Eight blocks a unit, and what the last eight buckets held beyond that.
    assert.ok(before - space.arena.blocks < budget * 8 + 8 * 12 * 48);
  }
  assert.equal(space.arena.blocks, empty);
  assert.equal(space.reclaimer.pending, 0);
});

test('values replaced again and again within one turn do not pile up', () => {
  const store = makeStore();
  const { space } = store;
  const db = space.databases[0]!;
  const key = Buffer.from('key');
  const size = 10_000;
  let most = 0;
  for (let round = 0; round < 100; round++) {
    db.remove(key, 0, key.length);
    const entry = store.sets.create(db, key, 0, key.length, false, size);
    for (let member = 0; member < size; member++) {
      const name = Buffer.from(`member ${member}`);
      store.sets.add(entry, name, 0, name.length);
    }
    most = Math.max(most, space.arena.blocks);
  }
  // What may wait, the value that lives, and the one that is put off last (elements, and as many buckets at most).
  assert.ok(most < MAX_DEBT + 4 * size, `${most} blocks`);
  space.reclaimer.finish();
  assert.ok(space.arena.blocks < 2 * size);
});
