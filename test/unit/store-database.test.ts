/** Corners of one database: keys hidden on a replica, changes for which memory ends half-way, and where long strings lie. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyspaceEvents } from '../../src/base/settings.ts';
import { ArenaExhausted } from '../../src/memory/arena.ts';
import { Span } from '../../src/base/span.ts';
import { copyEntry } from '../../src/store/copy-value.ts';
import type { Database } from '../../src/store/database.ts';
import { encodingNames, LONG_VALUE_BYTES } from '../../src/store/entry.ts';
import { keyMemory } from '../../src/store/memory-usage.ts';
import type { Store } from '../../src/store/store.ts';
import { failAfter, makeStore } from '../support/store.ts';

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

function textOf(store: Store, entry: number): string {
  const { bytes, at, length } = store.entries.value(entry, new Span());
  return Buffer.from(bytes.slice(at, at + length)).toString('latin1');
}

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

test('databases to load into that cannot all be made for want of memory are given back', () => {
  const { space } = makeStore();
  const { blocks } = space.arena;
  let allowed = 0;
  for (let made = false; !made; allowed++) {
    const restore = failAfter(space.arena, allowed);
    try {
      space.discard(space.createStaging());
      made = true;
    } catch (error) {
      assert.ok(error instanceof ArenaExhausted);
    }
    restore();
    assert.equal(space.arena.blocks, blocks, `${allowed} allocations`);
  }
  assert.ok(allowed > space.databases.length);
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

/** Blocks that are left when the databases were emptied. */
function emptied({ space }: Store): number {
  for (const db of space.databases) db.clear();
  space.reclaimer.finish();
  return space.arena.blocks;
}

/** Bytes that the arena is asked for while `run` runs. */
function allocated(store: Store, run: () => void): number {
  const { arena } = store.space;
  const { alloc } = arena;
  let bytes = 0;
  arena.alloc = (asked) => {
    bytes += asked;
    return alloc.call(arena, asked);
  };
  run();
  arena.alloc = alloc;
  return bytes;
}

test('a long string stays where it is when it gets another key, another database or an expiry', () => {
  for (const length of [LONG_VALUE_BYTES, LONG_VALUE_BYTES + 1, 100_000, 8 * 1024 * 1024]) {
    const store = makeStore();
    const { space, entries } = store;
    const [first, second] = space.databases as [Database, Database];
    const { blocks } = space.arena;
    const value = Buffer.alloc(length, '0123456789');
    let entry = first.setString(bytesOf('k'), 0, 1, value, 0, length, -1);
    const home = entry;
    entries.setLru(entry, 77);
    const steps: readonly (() => void)[] = [
      () => (entry = first.rename(entry, first, bytesOf('other'), 0, 5)),
      () => (entry = first.setExpiry(entry, 5000)),
      () => (entry = first.setExpiry(entry, 6000)),
      () => (entry = first.rename(entry, second, bytesOf('other'), 0, 5)),
      () => (entry = second.setExpiry(entry, -1)),
      () => (entry = second.rename(entry, first, bytesOf('k'), 0, 1)),
    ];
    for (const step of steps) {
      const bytes = allocated(store, step);
      if (length > LONG_VALUE_BYTES) {
        assert.ok(bytes < 2000, `${bytes} bytes`);
        assert.equal(entries.home(entry), home);
      } else assert.equal(entries.home(entry), entry);
      assert.equal(encodingNames[entries.encoding(entry)], 'raw');
      assert.equal(entries.lru(entry), 77);
      assert.ok(textOf(store, entry) === value.toString(), `${length}`);
    }
    assert.equal(first.peek(bytesOf('k'), 0, 1), entry);
    assert.equal(second.size + first.expiring + second.expiring, 0);
    assert.ok(first.remove(bytesOf('k'), 0, 1));
    assert.equal(emptied(store), blocks);
  }
});

test('a long string with an expiry stays where it is when it loses it', () => {
  const store = makeStore();
  const { space, entries } = store;
  const db = space.databases[0]!;
  const { blocks } = space.arena;
  const value = Buffer.alloc(100_000, 'v');
  const home = db.setString(bytesOf('k'), 0, 1, value, 0, value.length, 5000);
  let entry = home;
  const taken = space.arena.blocks;
  const restore = failAfter(space.arena, 0);
  assert.throws(() => db.setExpiry(home, -1), ArenaExhausted);
  restore();
  assert.equal(db.peek(bytesOf('k'), 0, 1), home);
  assert.equal(entries.expiry(home), 5000);
  assert.equal(space.arena.blocks, taken);
  assert.ok(allocated(store, () => (entry = db.setExpiry(home, -1))) < 2000);
  assert.equal(db.expiring, 0);
  assert.equal(entries.home(entry), home);
  assert.ok(textOf(store, entry) === value.toString());
  assert.ok(db.remove(bytesOf('k'), 0, 1));
  assert.equal(emptied(store), blocks);
});

test('a long string that was renamed grows and is overwritten like any other', () => {
  const store = makeStore();
  const { space, entries, strings } = store;
  const db = space.databases[0]!;
  const { blocks } = space.arena;
  const length = 100_000;
  db.setString(bytesOf('a'), 0, 1, Buffer.alloc(length, 'v'), 0, length, 9000);
  const renamed = (): number => db.rename(db.peek(bytesOf('a'), 0, 1), db, bytesOf('b'), 0, 1);
  let entry = renamed();
  // In place, then beyond its block.
  assert.equal(strings.write(db, entry, 50_000, bytesOf('w'), 0, 1), entry);
  const home = entries.home(entry);
  assert.equal(strings.write(db, entry, length + 1_000_000, bytesOf('x'), 0, 1), entry);
  assert.notEqual(entries.home(entry), home);
  assert.equal(entries.expiry(entry), 9000);
  const grown = `${'v'.repeat(50_000)}w${'v'.repeat(49_999)}${'\0'.repeat(1_000_000)}x`;
  assert.ok(textOf(store, entry) === grown);
  assert.ok(keyMemory(space, entry, 0) > grown.length);
  // A copy has bytes of its own.
  const copy = copyEntry(store, entry, db, bytesOf('c'), 0, 1);
  assert.equal(entries.home(copy), copy);
  assert.equal(encodingNames[entries.encoding(copy)], 'raw');
  assert.ok(db.remove(bytesOf('b'), 0, 1));
  assert.ok(textOf(store, copy) === grown);
  assert.ok(db.remove(bytesOf('c'), 0, 1));
  assert.equal(emptied(store), blocks);
  // Overwritten it lies behind its key again.
  for (const replace of [
    (): number => db.setString(bytesOf('b'), 0, 1, bytesOf('12'), 0, 2, -1),
    (): number => db.replaceString(entry, bytesOf('12'), 0, 2),
  ]) {
    db.setString(bytesOf('a'), 0, 1, Buffer.alloc(length, 'v'), 0, length, -1);
    entry = renamed();
    const moved = replace();
    assert.equal(entries.home(moved), moved);
    assert.equal(textOf(store, moved), '12');
    assert.equal(encodingNames[entries.encoding(moved)], 'int');
    assert.ok(db.remove(bytesOf('b'), 0, 1));
    assert.equal(emptied(store), blocks);
  }
});

test('a long string is copied for a key that is longer, so that no key is kept that is no more', () => {
  const store = makeStore();
  const { space, entries } = store;
  const db = space.databases[0]!;
  const long = Buffer.alloc(2 * LONG_VALUE_BYTES, 'k');
  const value = Buffer.alloc(LONG_VALUE_BYTES + 1, 'v');
  const entry = db.setString(long, 0, long.length, value, 0, value.length, -1);
  const moved = db.rename(entry, db, bytesOf('k'), 0, 1);
  assert.equal(entries.home(moved), moved);
  assert.ok(keyMemory(space, moved, 0) < long.length);
});

test("a long value of a hash's field stays where it is when the field gets an expiry, or loses it", () => {
  const store = makeStore();
  const { hashes, space } = store;
  const db = space.databases[0]!;
  const { blocks } = space.arena;
  const [key, field] = [bytesOf('hash'), bytesOf('field')];
  const value = Buffer.alloc(8 * 1024 * 1024, '0123456789');
  const entry = hashes.create(db, key, 0, key.length, 1);
  for (const [name, bytes] of [
    [bytesOf('short'), bytesOf('value')],
    [field, value],
  ] as const)
    hashes.set(entry, name, 0, name.length, bytes, 0, bytes.length);
  const set = (expiryMs: number): void => {
    const bytes = allocated(store, () => hashes.setExpiry(db, entry, field, 0, field.length, expiryMs));
    assert.ok(bytes < 4000, `${bytes} bytes for an expiry of ${expiryMs}`);
    assert.equal(hashes.expiring.expiry(entry, field, 0, field.length), expiryMs);
    let seen = -2;
    hashes.forEach(entry, (_f, _at, length, bytesOfValue, at, valueLength, expiry) => {
      if (length !== field.length) return;
      if (expiry !== expiryMs) assert.equal(valueLength, 5);
      if (valueLength === value.length) {
        assert.ok(Buffer.from(bytesOfValue.buffer, bytesOfValue.byteOffset + at, valueLength).equals(value));
        seen = expiry;
      }
    });
    assert.equal(seen, expiryMs);
  };
  for (const expiryMs of [5000, 6000, -1, 7000]) set(expiryMs);
  db.delete(key, 0, key.length);
  space.reclaimer.finish();
  assert.ok(emptied(store) <= blocks + 3, 'only tables are left');
});
