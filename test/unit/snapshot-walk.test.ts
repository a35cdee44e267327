/** What a walk costs: what writers make it copy and what not, and long strings in pieces. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NameTable } from '../../src/memory/name-table.ts';
import { Span } from '../../src/base/span.ts';
import { snapshotLimits } from '../../src/snapshot/limits.ts';
import { Walk } from '../../src/snapshot/walk.ts';
import type { Database } from '../../src/store/database.ts';
import type { Store } from '../../src/store/store.ts';
import { digestAll } from '../../src/store/digest.ts';
import { makeId } from '../../src/store/stream-id.ts';
import { Seeded } from '../support/dataset.ts';
import { stretches, Walk as GoingUpAndDown } from '../support/sizes.ts';
import { latin1, makeStore } from '../support/store.ts';
import { loadStore } from '../support/store-rdb.ts';

function startWalk(store: Store, chunks: Uint8Array[] = [], compress = false): Walk {
  const options = { checksum: true, compress, withFunctions: true, withData: true };
  const output = (chunk: Uint8Array): boolean => chunks.push(chunk) === 0;
  return new Walk(store, output, assert.fail, snapshotLimits, { ...options, facts: { now: 0, position: null } });
}

function set(store: Store, key: string, value: string): void {
  const [k, v] = [Buffer.from(key), Buffer.from(value)];
  store.space.databases[0]!.setString(k, 0, k.length, v, 0, v.length, -1);
}

function remove(store: Store, key: string): void {
  store.space.databases[0]!.delete(Buffer.from(key), 0, key.length);
}

test('a write copies the key that it changes, once, and nothing for a key that was absent', () => {
  const store = makeStore();
  for (let i = 0; i < 3000; i++) set(store, `key ${i}`, 'value');
  const walk = startWalk(store);
  const expect = (copied: number): void => assert.equal(walk.copied, copied);
  set(store, 'key 17', 'short');
  expect(1);
  set(store, 'key 17', 'so long that it takes another block, '.repeat(9));
  set(store, 'key 17', 'short again');
  remove(store, 'key 17');
  set(store, 'key 17', 'of after');
  expect(1);
  remove(store, 'absent');
  for (let i = 0; i < 3000; i++) set(store, `new ${i}`, 'value');
  for (let i = 0; i < 3000; i += 2) remove(store, `new ${i}`);
  expect(1);
  remove(store, 'key 18');
  expect(2);
  while (walk.step());
  assert.equal(walk.written, 3000);
  for (let i = 0; i < 3000; i++) set(store, `key ${i}`, 'later');
  expect(2);
});

function db(store: Store): Database {
  return store.space.databases[0]!;
}

function peek(store: Store, key: string): number {
  return db(store).peek(Buffer.from(key), 0, key.length);
}

function rename(store: Store, key: string, to: string): void {
  db(store).rename(peek(store, key), db(store), Buffer.from(to), 0, to.length);
}

/** Writes into the middle of a string. */
function change(store: Store, key: string): void {
  const entry = db(store).write(Buffer.from(key), 0, key.length);
  store.strings.write(db(store), entry, 10, Buffer.from('changed'), 0, 7);
}

test('a snapshot has the keys and members of its start, though their tables shrink and grow meanwhile', () => {
  let shrinking = 0;
  const many = fc.integer({ min: 1, max: 1600 });
  fc.assert(
    fc.property(many, fc.integer({ min: 1025, max: 1600 }), stretches, fc.nat(), (keys, members, path, start) => {
      const store = makeStore();
      const model = new Set<string>();
      const text = Buffer.from('members');
      const write = (): number => db(store).write(text, 0, text.length);
      store.sets.create(db(store), text, 0, text.length, false, 1);
      const forKeys = new GoingUpAndDown(start, {
        add: (key) => void (set(store, `${key}`, 'value'), model.add(`${key}`)),
        remove: (key) => void (remove(store, `${key}`), model.delete(`${key}`)),
      });
      const forMembers = new GoingUpAndDown(start, {
        add: (key) => void (store.sets.add(write(), Buffer.from(`m${key}`), 0, `m${key}`.length), model.add(`m${key}`)),
        remove: (key) => {
          store.sets.remove(write(), Buffer.from(`m${key}`), 0, `m${key}`.length);
          model.delete(`m${key}`);
          if (model.size < 100 && store.space.members.isRehashing(store.entries.ref(write()))) shrinking++;
        },
      });
      forKeys.go({ size: keys, changes: 0, leaving: 'any' });
      forMembers.go({ size: members, changes: 0, leaving: 'any' });
      const expected = [...model].toSorted();
      const chunks: Uint8Array[] = [];
      const walk = startWalk(store, chunks);
      for (let i = 0; walk.step(); i++) {
        forKeys.go(path[i % path.length]!);
        // The set stays there, and so its table.
        const stretch = path[(i + 1) % path.length]!;
        forMembers.go({ ...stretch, size: stretch.size + 1 });
      }
      const copy = makeStore();
      loadStore(copy, Buffer.concat(chunks));
      const found: string[] = [];
      db(copy).forEach((entry) => void found.push(Buffer.from(copy.entries.keyCopy(entry)).toString()));
      copy.sets.forEach(peek(copy, 'members'), (bytes, at, length) => void found.push(latin1(bytes, at, length)));
      assert.deepEqual(found.filter((one) => one !== 'members').toSorted(), expected);
    }),
    { numRuns: 60 },
  );
  assert.ok(shrinking > 0, 'no table shrank');
});

/** Blocks that are left when the databases were emptied. */
function emptied({ space }: Store): number {
  for (const one of space.databases) one.clear();
  space.reclaimer.finish();
  assert.equal(space.reclaimer.pending, 0);
  return space.arena.blocks;
}

/** What a server without them has after loading the file. */
function loaded(chunks: readonly Uint8Array[], key: string): string {
  const store = makeStore();
  loadStore(store, Buffer.concat(chunks));
  const entry = store.space.databases[0]!.peek(Buffer.from(key), 0, key.length);
  const { bytes, at, length } = store.space.entries.value(entry, new Span());
  return Buffer.from(bytes.subarray(at, at + length)).toString();
}

const LONG = 'a long string that repeats itself, '.repeat(1 << 16);

test('a long string is compressed in pieces, of any length up to the limit', () => {
  const store = makeStore();
  set(store, 'long', LONG);
  const chunks: Uint8Array[] = [];
  const walk = startWalk(store, chunks, true);
  let steps = 0;
  while (walk.step()) steps++;
  assert.ok(steps >= LONG.length / snapshotLimits.pieceBytes, `${steps} steps`);
  assert.ok(Buffer.concat(chunks).length < LONG.length / 20);
  assert.equal(loaded(chunks, 'long'), LONG);
});

test('a long string that changes while it is compressed is written as it was, plain', () => {
  const store = makeStore();
  set(store, 'long', LONG);
  const chunks: Uint8Array[] = [];
  const walk = startWalk(store, chunks, true);
  for (let i = 0; i < 10; i++) walk.step();
  change(store, 'long');
  while (walk.step());
  assert.ok(Buffer.concat(chunks).length > LONG.length);
  assert.equal(loaded(chunks, 'long'), LONG);
});

/** What becomes of a key whose value stays as it is until it is freed. */
const leaving: { readonly [name: string]: (store: Store) => void } = {
  'is renamed': (store) => rename(store, 'long', 'other'),
  'is renamed twice': (store) => {
    rename(store, 'long', 'other');
    rename(store, 'other', 'long');
  },
  'gets an expiry': (store) => void db(store).setExpiry(peek(store, 'long'), 5000),
  'gets an expiry and loses it': (store) => {
    db(store).setExpiry(peek(store, 'long'), 5000);
    db(store).setExpiry(peek(store, 'long'), -1);
  },
  'is overwritten': (store) => set(store, 'long', 'of after'),
  'is deleted': (store) => remove(store, 'long'),
  'is renamed and deleted': (store) => {
    rename(store, 'long', 'other');
    remove(store, 'other');
  },
  'is flushed': (store) => db(store).clear(),
};

for (const [what, leave] of Object.entries(leaving))
  for (const steps of [0, 1, 10])
    test(`nothing of a long string that ${what} is copied, ${steps} steps into the snapshot`, () => {
      const store = makeStore();
      const { blocks } = store.space.arena;
      set(store, 'long', LONG);
      set(store, 'first', 'value');
      const chunks: Uint8Array[] = [];
      const walk = startWalk(store, chunks);
      for (let i = 0; i < steps; i++) walk.step();
      leave(store);
      assert.ok(walk.asideBytes < 10_000, `${walk.asideBytes} bytes`);
      while (walk.step());
      assert.equal(loaded(chunks, 'long'), LONG);
      assert.equal(loaded(chunks, 'first'), 'value');
      assert.equal(emptied(store), blocks);
    });

test('a long string that is changed under its new key, or moved to another database, is written as it was', () => {
  for (const then of [
    (store: Store): void => change(store, 'other'),
    (store: Store): void => {
      const to = store.space.databases[1]!;
      const entry = db(store).rename(peek(store, 'other'), to, Buffer.from('other'), 0, 5);
      // Nobody announces changes in a database that was empty.
      store.strings.write(to, entry, 10, Buffer.from('changed'), 0, 7);
    },
  ]) {
    for (const steps of [0, 1, 10]) {
      const store = makeStore();
      const { blocks } = store.space.arena;
      set(store, 'long', LONG);
      const chunks: Uint8Array[] = [];
      const walk = startWalk(store, chunks);
      for (let i = 0; i < steps; i++) walk.step();
      rename(store, 'long', 'other');
      then(store);
      while (walk.step());
      assert.equal(loaded(chunks, 'long'), LONG);
      assert.equal(emptied(store), blocks);
    }
  }
});

test('a value that was deleted is given back when the snapshot ends early', () => {
  const store = makeStore();
  const { blocks } = store.space.arena;
  set(store, 'long', LONG);
  const walk = startWalk(store);
  for (let i = 0; i < 10; i++) walk.step();
  remove(store, 'long');
  assert.equal(store.space.reclaimer.pending, 1);
  walk.close();
  assert.equal(emptied(store), blocks);
});

test('what cannot be compressed, or is longer than the limit, is written plain', () => {
  for (const [packedStringBytes, value] of [
    [snapshotLimits.packedStringBytes, incompressible(300_000)],
    [LONG.length - 1, LONG],
  ] as const) {
    const store = makeStore();
    set(store, 'long', value);
    const chunks: Uint8Array[] = [];
    const options = { checksum: true, compress: true, withFunctions: true, withData: true };
    const limits = { ...snapshotLimits, packedStringBytes };
    const facts = { now: 0, position: null };
    const walk = new Walk(store, (chunk) => chunks.push(chunk) === 0, assert.fail, limits, { ...options, facts });
    while (walk.step());
    assert.ok(Buffer.concat(chunks).length > value.length);
    assert.equal(loaded(chunks, 'long'), value);
  }
});

/** Letters without a pattern. */
function incompressible(length: number): string {
  const random = new Seeded(1);
  return Array.from({ length }, () => String.fromCharCode(32 + random.below(95))).join('');
}

/** Groups and consumers that were visited in each step of a walk, the first of which is its making. */
function visitsInSteps(store: Store, chunks: Uint8Array[]): number[] {
  const { prototype } = NameTable;
  const methods = { forEach: prototype.forEach, forEachFrom: prototype.forEachFrom };
  const counts = [0];
  const counted = (plain: (...args: never[]) => void) =>
    function (this: NameTable, ...args: unknown[]): void {
      const visit = args.pop() as (block: number) => void;
      const counting = (block: number): void => {
        counts[counts.length - 1]!++;
        visit(block);
      };
      plain.apply(this, [...args, counting] as never[]);
    };
  Object.assign(prototype, { forEach: counted(methods.forEach), forEachFrom: counted(methods.forEachFrom) });
  try {
    const walk = startWalk(store, chunks);
    while (walk.step()) counts.push(0);
  } finally {
    Object.assign(prototype, methods);
  }
  return counts;
}

function manyGroups(store: Store, groups: number, consumers: number): void {
  const root = store.entries.ref(store.streams.create(db(store), Buffer.from('s'), 0, 1));
  const create = (i: number): number => {
    const name = Buffer.from(`group ${(i * 7919) % groups}`);
    return store.streams.groups.create(root, name, 0, name.length, makeId(), -1);
  };
  for (let i = 0; i < groups; i++) {
    const group = create(i);
    for (let j = 0; j < consumers; j++) {
      const consumer = Buffer.from(`consumer ${(j * 7919) % consumers}`);
      store.streams.groups.createConsumer(group, consumer, 0, consumer.length, 1);
    }
  }
}

test('a stream with many groups, or a group with many consumers, is looked at a few a step', () => {
  for (const [groups, consumers] of [
    [10_000, 0],
    [2, 10_000],
  ] as const) {
    const store = makeStore();
    manyGroups(store, groups, consumers);
    const chunks: Uint8Array[] = [];
    const counts = visitsInSteps(store, chunks);
    assert.ok(Math.max(...counts) <= snapshotLimits.stepItems, `${Math.max(...counts)} in a step`);
    assert.ok(counts.reduce((a, b) => a + b) >= groups * Math.max(1, consumers));
    const copy = makeStore();
    loadStore(copy, Buffer.concat(chunks));
    assert.equal(digestAll(copy), digestAll(store));
  }
});
