/** Deleted data is taken apart in steps that stay small whatever it consists of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_DEBT } from '../../src/store/reclaim.ts';
import { Args } from '../../src/resp/args.ts';
import { makeId } from '../../src/store/stream-id.ts';
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

test('a large stream, and a large group of one that stays, are taken apart in steps', () => {
  const store = makeStore({ streamNodeMaxEntries: 10 });
  const { space, streams } = store;
  const { groups } = streams;
  const db = space.databases[0]!;
  const key = Buffer.from('key');
  // The table of keys gets its first buckets.
  streams.create(db, key, 0, key.length);
  db.remove(key, 0, key.length);
  const empty = space.arena.blocks;
  const root = store.entries.ref(streams.create(db, key, 0, key.length));
  const args = new Args().assign(['field', 'value']);
  const made = ['g', 'h'].map((name) => groups.create(root, Buffer.from(name), 0, 1, makeId(), 0));
  for (let i = 1; i <= 20_000; i++) {
    const id = Uint32Array.of(0, i, 0, 0);
    streams.append(root, id, args, 0, 1);
    for (const group of made) {
      const name = Buffer.from(`consumer ${i % 1000}`);
      const consumer =
        groups.findConsumer(group, name, 0, name.length) || groups.createConsumer(group, name, 0, name.length, 0);
      groups.assign(group, consumer, id, 0, 1);
    }
  }
  const budget = 16;
  const drain = (): void => {
    assert.equal(space.reclaimer.pending, 1, 'it is put off');
    for (let more = true; more;) {
      const before = space.arena.blocks;
      more = space.reclaimer.work(budget);
      assert.ok(before - space.arena.blocks < 200, `${before - space.arena.blocks} blocks in a step`);
    }
  };
  groups.unlink(root, made[0]!);
  space.reclaimer.freeStreamGroup(made[0]!);
  drain();
  assert.equal(streams.groupCount(root), 1);
  assert.equal(groups.pendingCount(made[1]!), 20_000);
  db.remove(key, 0, key.length);
  drain();
  assert.equal(space.arena.blocks, empty);
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
