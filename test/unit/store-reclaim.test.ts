/** Deleted data is taken apart in steps that stay small whatever it consists of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
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
