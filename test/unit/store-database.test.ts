/** Corners of one database: keys hidden on a replica, and changes for which memory ends half-way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArenaExhausted } from '../../src/memory/arena.ts';
import { copyEntry } from '../../src/store/copy-value.ts';
import type { Store } from '../../src/store/store.ts';
import { failAfter, makeStore } from '../support/store.ts';

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

/** A hash with one field and an expiry. */
function addHash(store: Store, name: string, expiryMs: number): number {
  const db = store.space.databases[0]!;
  const key = bytesOf(name);
  const entry = store.hashes.create(db, key, 0, key.length, 1);
  store.hashes.set(entry, key, 0, key.length, key, 0, key.length);
  return expiryMs < 0 ? entry : db.setExpiry(entry, expiryMs);
}

test('on a writable replica a new key takes the place of one that is past its time', () => {
  const store = makeStore();
  const { space } = store;
  const db = space.databases[0]!;
  space.now = 1000;
  for (const name of ['a', 'b', 'c']) addHash(store, name, 2000);
  space.isReplica = true;
  space.now = 3000;
  assert.equal(db.write(bytesOf('a'), 0, 1), 0);
  const added = addHash(store, 'a', -1);
  const copied = copyEntry(store, added, db, bytesOf('b'), 0, 1);
  const renamed = db.rename(added, db, bytesOf('c'), 0, 1);
  assert.equal(db.size, 2);
  assert.equal(db.expiring, 0);
  assert.equal(db.read(bytesOf('a'), 0, 1), 0);
  assert.equal(db.read(bytesOf('b'), 0, 1), copied);
  assert.equal(db.read(bytesOf('c'), 0, 1), renamed);
  for (const name of ['b', 'c']) assert.ok(db.remove(bytesOf(name), 0, 1));
  assert.equal(db.size, 0);
});

test('a copy for which memory ends leaves no key, and gives every block back', () => {
  for (const kind of ['hash', 'list'] as const) {
    for (let allowed = 0; ; allowed++) {
      const store = makeStore();
      const { space } = store;
      const db = space.databases[0]!;
      let entry: number;
      if (kind === 'hash') {
        entry = addHash(store, 'k', 5000);
      } else {
        entry = store.lists.create(db, bytesOf('k'), 0, 1);
        const element = Buffer.alloc(3000, 'x');
        for (let i = 0; i < 10; i++) store.lists.pushTail(entry, element, 0, element.length);
        entry = db.setExpiry(entry, 5000);
      }
      const blocks = space.arena.blocks;
      const restore = failAfter(space.arena, allowed);
      let failed = false;
      try {
        copyEntry(store, entry, db, bytesOf('copy'), 0, 4);
      } catch (error) {
        assert.ok(error instanceof ArenaExhausted);
        failed = true;
      }
      restore();
      if (!failed) break;
      assert.equal(db.size, 1);
      assert.equal(space.arena.blocks, blocks, `${kind} with ${allowed} allocations`);
    }
  }
});

test('a database that cannot be cleared for want of memory keeps its keys', () => {
  const store = makeStore();
  const db = store.space.databases[0]!;
  addHash(store, 'k', 5000);
  const blocks = store.space.arena.blocks;
  const restore = failAfter(store.space.arena, 1);
  assert.throws(() => db.clear(), ArenaExhausted);
  restore();
  assert.equal(db.size, 1);
  assert.equal(store.space.arena.blocks, blocks);
});
