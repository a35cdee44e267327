/** Corners of one database: keys hidden on a replica, and changes for which memory ends half-way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyspaceEvents } from '../../src/base/settings.ts';
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

test('a database in which somebody waits tells of keys that hold collections, and of other content', () => {
  const store = makeStore();
  const { space } = store;
  const [first, second] = space.databases as [(typeof space.databases)[0], (typeof space.databases)[0]];
  const heard: string[] = [];
  space.events = {
    ...space.events,
    ready: (db, bytes, at, length) => heard.push(`${db.index} ${Buffer.from(bytes.slice(at, at + length)).toString()}`),
    replaced: (db) => heard.push(`all of ${db.index}`),
  };
  const addList = (name: string): number => {
    const key = bytesOf(name);
    const entry = store.lists.create(first, key, 0, key.length);
    store.lists.pushTail(entry, key, 0, key.length);
    return entry;
  };
  addList('unheard');
  first.waiting = 1;
  const list = addList('a');
  addHash(store, 'hash', -1);
  first.setString(bytesOf('s'), 0, 1, bytesOf('v'), 0, 1, -1);
  const renamed = first.rename(list, first, bytesOf('b'), 0, 1);
  const moved = first.rename(renamed, second, bytesOf('b'), 0, 1);
  second.rename(moved, first, bytesOf('c'), 0, 1);
  first.remove(bytesOf('c'), 0, 1);
  assert.deepEqual(heard.splice(0), ['0 a', '0 b', '0 c']);
  space.swap(0, 1);
  space.swap(1, 0);
  first.clear();
  second.clear();
  first.signalReady(bytesOf('z'), 0, 1);
  second.signalReady(bytesOf('z'), 0, 1);
  assert.deepEqual(heard, ['all of 0', 'all of 0', 'all of 0', '0 z']);
});

test('a database tells of new keys and of misses only when asked to', () => {
  for (const classes of [0, keyspaceEvents.newKey, keyspaceEvents.keyMiss]) {
    const store = makeStore({ notifyKeyspaceEvents: classes });
    const { space } = store;
    const db = space.databases[0]!;
    const heard: string[] = [];
    const hear =
      (what: string) =>
      (_db: unknown, bytes: Uint8Array, at: number, length: number): void =>
        void heard.push(`${what} ${Buffer.from(bytes.slice(at, at + length)).toString()}`);
    space.events = { ...space.events, created: hear('new'), missed: hear('missed') };
    db.setString(bytesOf('s'), 0, 1, bytesOf('v'), 0, 1, -1);
    db.setString(bytesOf('s'), 0, 1, bytesOf('w'), 0, 1, -1);
    addHash(store, 'h', -1);
    db.read(bytesOf('none'), 0, 4);
    db.inspect(bytesOf('none'), 0, 4);
    db.inspect(bytesOf('none'), 0, 4, true);
    db.write(bytesOf('none'), 0, 4);
    // A staging database is nobody's yet.
    const staged = space.createStaging()[0]!;
    staged.setString(bytesOf('t'), 0, 1, bytesOf('v'), 0, 1, -1);
    space.discard([staged]);
    const expected =
      classes === keyspaceEvents.newKey
        ? ['new s', 'new h']
        : classes === keyspaceEvents.keyMiss
          ? ['missed none', 'missed none']
          : [];
    assert.deepEqual(heard, expected);
  }
});
