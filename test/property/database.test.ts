import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ArenaExhausted } from '../../src/memory/arena.ts';
import * as listpack from '../../src/memory/listpack.ts';
import { copyEntry } from '../../src/store/copy-value.ts';
import { KEEP_EXPIRY } from '../../src/store/database.ts';
import type { Database } from '../../src/store/database.ts';
import {
  ENC_EMBSTR,
  ENC_HASHTABLE,
  ENC_INT,
  ENC_LISTPACK,
  ENC_RAW,
  encodingNames,
  LONG_VALUE_BYTES,
  TYPE_HASH,
  TYPE_SET,
} from '../../src/store/entry.ts';
import type { Keyspace } from '../../src/store/keyspace.ts';
import type { Store } from '../../src/store/store.ts';
import { stringEncoding } from '../../src/store/string-encoding.ts';
import { Span } from '../../src/base/span.ts';
import { Strings } from '../../src/store/strings.ts';
import { stretches, Walk } from '../support/sizes.ts';
import { makeStore } from '../support/store.ts';

const START = 1_700_000_000_000;

function createStore(): Store {
  const store = makeStore({ databases: 3 });
  store.space.now = START;
  return store;
}

function createSpace(): Keyspace {
  return createStore().space;
}

interface Value {
  /** Undefined: a collection. */
  text: Buffer | undefined;
  expiry: number;
}

/** A database of the keyspace, beside a Map that says what must be in it. */
class Subject {
  readonly store = createStore();
  readonly space = this.store.space;
  readonly strings = new Strings(this.space);
  readonly models: Map<string, Value>[] = this.space.databases.map(() => new Map<string, Value>());
  readonly emptyBlocks = this.space.arena.blocks;
  readonly #span = new Span();

  constructor() {
    // Before every deadline that the operations set: the tests decide when time passes.
    this.space.now = START - 100;
  }

  set(db: number, key: string, text: Buffer, expiry: number): void {
    const bytes = Buffer.from(key);
    const old = this.models[db]!.get(key);
    this.space.databases[db]!.setString(bytes, 0, bytes.length, text, 0, text.length, expiry);
    this.models[db]!.set(key, { text, expiry: expiry === KEEP_EXPIRY ? (old?.expiry ?? -1) : expiry });
  }

  addCollection(db: number, key: string, big: boolean): void {
    if (this.models[db]!.has(key)) return;
    const { arena, members, hasher } = this.space;
    const bytes = Buffer.from(key);
    if (big) {
      const dict = members.create();
      for (let i = 0; i < 100; i++) {
        const item = arena.alloc(9);
        const word = (item & 0x3ffff) << 2;
        arena.u32[item >>> 18]![word] = 0;
        arena.u32[item >>> 18]![word + 1] = 1;
        arena.u8[item >>> 18]![(word << 2) + 8] = i;
        members.insert(dict, item, hasher.hash(Uint8Array.of(i), 0, 1));
      }
      this.space.databases[db]!.add(bytes, 0, bytes.length, TYPE_SET, ENC_HASHTABLE, dict);
    } else {
      const list = listpack.append(arena, listpack.create(arena), bytes, 0, bytes.length);
      this.space.databases[db]!.add(bytes, 0, bytes.length, TYPE_HASH, ENC_LISTPACK, list);
    }
    this.models[db]!.set(key, { text: undefined, expiry: -1 });
  }

  peek(db: number, key: string): number {
    const bytes = Buffer.from(key);
    return this.space.databases[db]!.peek(bytes, 0, bytes.length);
  }

  write(db: number, key: string, offset: number, text: Buffer): void {
    const entry = this.peek(db, key);
    const value = this.models[db]!.get(key);
    if (entry === 0 || value?.text === undefined) return;
    this.strings.write(this.space.databases[db]!, entry, offset, text, 0, text.length);
    const grown = Buffer.alloc(Math.max(value.text.length, offset + text.length));
    value.text.copy(grown);
    text.copy(grown, offset);
    value.text = grown;
  }

  expire(db: number, key: string, expiry: number): void {
    const entry = this.peek(db, key);
    if (entry === 0) return;
    const moved = this.space.databases[db]!.setExpiry(entry, expiry);
    assert.equal(moved, this.peek(db, key));
    this.models[db]!.get(key)!.expiry = expiry;
  }

  rename(db: number, key: string, toDb: number, to: string): void {
    const entry = this.peek(db, key);
    if (entry === 0 || this.models[toDb]!.has(to)) return;
    const bytes = Buffer.from(to);
    const moved = this.space.databases[db]!.rename(entry, this.space.databases[toDb]!, bytes, 0, bytes.length);
    assert.equal(moved, this.peek(toDb, to));
    this.models[toDb]!.set(to, this.models[db]!.get(key)!);
    this.models[db]!.delete(key);
  }

  /** The value of the old key, and that of the copy, are two from here on. */
  copy(db: number, key: string, toDb: number, to: string): void {
    const entry = this.peek(db, key);
    const value = this.models[db]!.get(key);
    if (value?.text === undefined || this.models[toDb]!.has(to)) return;
    const bytes = Buffer.from(to);
    const copied = copyEntry(this.store, entry, this.space.databases[toDb]!, bytes, 0, bytes.length);
    assert.equal(copied, this.peek(toDb, to));
    this.models[toDb]!.set(to, { ...value });
  }

  replace(db: number, key: string, text: Buffer): void {
    const entry = this.peek(db, key);
    const value = this.models[db]!.get(key);
    if (value?.text === undefined) return;
    const moved = this.space.databases[db]!.replaceString(entry, text, 0, text.length);
    assert.equal(moved, this.peek(db, key));
    value.text = text;
  }

  remove(db: number, key: string): void {
    const bytes = Buffer.from(key);
    assert.equal(this.space.databases[db]!.remove(bytes, 0, bytes.length), this.models[db]!.delete(key));
  }

  check(): void {
    const { entries } = this.space;
    this.space.databases.forEach((db, index) => {
      const model = this.models[index]!;
      assert.equal(db.size, model.size);
      assert.equal(db.expiring, [...model.values()].filter((v) => v.expiry >= 0).length);
      for (const [key, value] of model) {
        const entry = this.peek(index, key);
        assert.notEqual(entry, 0, key);
        assert.equal(Buffer.from(entries.keyCopy(entry)).toString(), key);
        assert.equal(entries.expiry(entry), value.expiry, key);
        if (value.text === undefined) {
          assert.notEqual(entries.type(entry), 0);
          continue;
        }
        const span = entries.value(entry, this.#span);
        assert.equal(entries.valueLength(entry), value.text.length);
        const name = encodingNames[entries.encoding(entry)]!;
        // Whatever grew or was written to is raw, and short values become it, too.
        const fresh = encodingNames[stringEncoding(value.text, 0, value.text.length)]!;
        assert.ok(name === fresh || name === 'raw', name);
        assert.ok(Buffer.from(span.bytes.slice(span.at, span.at + span.length)).equals(value.text), key);
      }
    });
  }

  /** Empties everything and proves that nothing is left. */
  finish(): void {
    for (const db of this.space.databases) db.clear();
    this.space.reclaimer.finish();
    assert.equal(this.space.reclaimer.pending, 0);
    assert.equal(this.space.arena.blocks, this.emptyBlocks);
  }
}

// One is so long that a long string is copied for it.
const key = fc.integer({ min: 0, max: 12 }).map((i) => `k${i}`.padEnd(i < 12 ? i * 3 : 5000, 'x'));
const text = fc.oneof(
  fc.integer().map((i) => Buffer.from(String(i))),
  fc.uint8Array({ maxLength: 100, size: 'max' }).map((bytes) => Buffer.from(bytes)),
  fc.integer({ min: 0, max: 3000 }).map((length) => Buffer.alloc(length, length)),
  // Around the length from which on strings are not copied.
  fc.integer({ min: LONG_VALUE_BYTES - 100, max: 2 * LONG_VALUE_BYTES }).map((length) => Buffer.alloc(length, length)),
);
const at = fc.oneof(fc.constant(-1), fc.integer({ min: START - 50, max: START + 50 }));
const db = fc.nat(1);
const operation = fc.oneof(
  fc.record({ do: fc.constant('set' as const), db, key, text, expiry: fc.oneof(at, fc.constant(KEEP_EXPIRY)) }),
  fc.record({ do: fc.constant('add' as const), db, key, big: fc.boolean() }),
  fc.record({ do: fc.constant('write' as const), db, key, text, offset: fc.oneof(fc.nat(300), fc.nat(6000)) }),
  fc.record({ do: fc.constant('replace' as const), db, key, text }),
  fc.record({ do: fc.constant('expire' as const), db, key, expiry: at }),
  fc.record({ do: fc.constantFrom('rename' as const, 'copy' as const), db, key, toDb: db, to: key }),
  fc.record({ do: fc.constant('remove' as const), db, key }),
  fc.record({ do: fc.constantFrom('clear' as const, 'swap' as const, 'reclaim' as const), db }),
);

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

function apply(subject: Subject, one: Operation): void {
  switch (one.do) {
    case 'set':
      return subject.set(one.db, one.key, one.text, one.expiry);
    case 'add':
      return subject.addCollection(one.db, one.key, one.big);
    case 'write':
      return subject.write(one.db, one.key, one.offset, one.text);
    case 'expire':
      return subject.expire(one.db, one.key, one.expiry);
    case 'replace':
      return subject.replace(one.db, one.key, one.text);
    case 'rename':
      return subject.rename(one.db, one.key, one.toDb, one.to);
    case 'copy':
      return subject.copy(one.db, one.key, one.toDb, one.to);
    case 'remove':
      return subject.remove(one.db, one.key);
    case 'clear':
      subject.space.databases[one.db]!.clear();
      subject.models[one.db]!.clear();
      return;
    case 'swap':
      subject.space.swap(0, 1);
      [subject.models[0], subject.models[1]] = [subject.models[1]!, subject.models[0]!];
      return;
    case 'reclaim':
      subject.space.reclaimer.work(3);
  }
}

test('databases hold what Maps hold after any changes, and give everything back', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 120, size: 'max' }), (operations) => {
      const subject = new Subject();
      for (const one of operations) apply(subject, one);
      subject.check();
      subject.finish();
    }),
    { numRuns: 300 },
  );
});

test('databases hold what Maps hold while their tables grow and shrink', () => {
  let shrinking = 0;
  fc.assert(
    fc.property(stretches, fc.nat(), (path, start) => {
      const subject = new Subject();
      const value = (key: number): Buffer => Buffer.alloc(key % 100, key);
      const name = (key: number): string => `key:${key}`;
      // Each change does something to another key besides, which takes another block or another place then.
      const touch = (key: number): void => {
        const [other] = subject.models[0]!.keys();
        if (other === undefined) return;
        if (key % 5 === 0) subject.expire(0, other, key % 2 === 0 ? START + key : -1);
        else if (key % 5 === 1) subject.replace(0, other, value(key * 7));
        else if (key % 5 === 2) subject.rename(0, other, 1, other);
        else if (key % 5 === 3) for (const back of [...subject.models[1]!.keys()]) subject.rename(1, back, 0, back);
      };
      const walk = new Walk(start, {
        add: (key) => {
          subject.set(0, name(key), value(key), key % 3 === 0 ? START + key : -1);
          touch(key);
        },
        remove: (key) => {
          subject.remove(subject.models[0]!.has(name(key)) ? 0 : 1, name(key));
          touch(key);
          if (subject.models[0]!.size < 20 && subject.space.databases[0]!.rehashSome(0)) shrinking++;
        },
      });
      for (const stretch of path) {
        walk.go(stretch);
        subject.check();
      }
      subject.finish();
    }),
    { numRuns: 60 },
  );
  assert.ok(shrinking > 0, 'no table shrank');
});

test('keys go when their time has come, the earliest first', () => {
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 80, size: 'max' }),
      fc.integer({ min: -60, max: 60 }),
      (operations, later) => {
        const subject = new Subject();
        for (const one of operations) apply(subject, one);
        const { space } = subject;
        space.now = START + later;
        const gone: number[] = [];
        space.events = {
          ...space.events,
          expired: (database, bytes, keyAt, length) => {
            const name = Buffer.from(bytes.slice(keyAt, keyAt + length)).toString();
            const model = subject.models[database.index]!;
            gone.push(database.index * 1e15 + model.get(name)!.expiry);
            assert.ok(model.get(name)!.expiry < space.now);
            model.delete(name);
          },
        };
        const due = subject.models.flatMap((m) => [...m.values()]).filter((v) => v.expiry >= 0 && v.expiry < space.now);
        assert.equal(space.expireDue(3), Math.min(3, due.length));
        while (space.expireDue(10) > 0);
        assert.equal(gone.length, due.length);
        assert.deepEqual(
          gone,
          gone.toSorted((a, b) => a - b),
        );
        assert.equal(space.stats.expiredKeys, due.length);
        subject.check();
        subject.finish();
      },
    ),
    { numRuns: 200 },
  );
});

test('a failed allocation changes nothing', () => {
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 40, size: 'max' }),
      fc.array(fc.tuple(operation, fc.nat(3)), { maxLength: 40, size: 'max' }),
      (before, scarce) => {
        const subject = new Subject();
        for (const one of before) apply(subject, one);
        const { arena } = subject.space;
        const alloc = arena.alloc.bind(arena);
        for (const [one, after] of scarce) {
          // Collections are made outside of the database; clearing needs a little memory and is not refused.
          if (one.do === 'add' || one.do === 'clear') continue;
          let left = after;
          arena.alloc = (bytes) => {
            if (left-- <= 0) throw new ArenaExhausted('told to');
            return alloc(bytes);
          };
          try {
            apply(subject, one);
          } catch (error) {
            assert.ok(error instanceof ArenaExhausted);
          }
          arena.alloc = alloc;
        }
        subject.check();
        subject.finish();
      },
    ),
    { numRuns: 200 },
  );
});

function textOf(space: Keyspace, entry: number): string {
  const span = space.entries.value(entry, new Span());
  return Buffer.from(span.bytes.slice(span.at, span.at + span.length)).toString();
}

const one = Buffer.from('one');
const two = Buffer.from('two');

function put(database: Database, name: Buffer, value: string, expiry = -1): number {
  const bytes = Buffer.from(value);
  return database.setString(name, 0, name.length, bytes, 0, bytes.length, expiry);
}

test('a key is visible up to and including its last millisecond', () => {
  const space = createSpace();
  const first = space.databases[0]!;
  put(first, one, 'v', START);
  assert.notEqual(first.read(one, 0, 3), 0);
  space.now = START + 1;
  let heard = '';
  space.events = {
    ...space.events,
    expired: (_db, bytes, from, length) => (heard = Buffer.from(bytes.slice(from, from + length)).toString()),
  };
  assert.equal(first.read(one, 0, 3), 0);
  assert.equal(heard, 'one');
  assert.equal(first.size, 0);
  assert.equal(first.expiring, 0);
  assert.equal(space.stats.hits, 1);
  assert.equal(space.stats.misses, 1);
});

test('a replica hides expired keys and keeps them, its master sees them', () => {
  const space = createSpace();
  const first = space.databases[0]!;
  put(first, one, 'v', START - 1);
  space.events = { ...space.events, expired: () => assert.fail('a replica must not delete') };
  space.isReplica = true;
  assert.equal(first.read(one, 0, 3), 0);
  assert.equal(first.write(one, 0, 3), 0);
  assert.equal(first.exists(one, 0, 3), false);
  assert.equal(space.expireDue(100), 0);
  assert.equal(first.size, 1);
  // All keys are past their time and none may go: RANDOMKEY ends all the same.
  assert.notEqual(first.random(), 0);
  space.fromMaster = true;
  assert.notEqual(first.read(one, 0, 3), 0);
});

test('random never shows an expired key on a master', () => {
  const space = createSpace();
  const first = space.databases[0]!;
  for (let i = 0; i < 50; i++) put(first, Buffer.from(`old${i}`), 'v', START - 1);
  const live = put(first, one, 'v');
  for (let i = 0; i < 50; i++) assert.equal(first.random(), live);
  first.clear();
  put(first, one, 'v', START - 1);
  assert.equal(first.random(), 0);
  assert.equal(first.size, 0);
});

test('strings report the encoding that Redis would give them', () => {
  const space = createSpace();
  const first = space.databases[0]!;
  const encoding = (value: string): number => space.entries.encoding(put(first, one, value));
  assert.equal(encoding('9223372036854775807'), ENC_INT);
  assert.equal(encoding('-9223372036854775808'), ENC_INT);
  assert.equal(encoding('9223372036854775808'), ENC_EMBSTR);
  assert.equal(encoding('007'), ENC_EMBSTR);
  assert.equal(encoding(''), ENC_EMBSTR);
  assert.equal(encoding('x'.repeat(44)), ENC_EMBSTR);
  assert.equal(encoding('x'.repeat(45)), ENC_RAW);
  put(first, one, '5');
  assert.equal(space.entries.encoding(first.resizeString(first.peek(one, 0, 3), 9)), ENC_RAW);
  assert.equal(textOf(space, first.peek(one, 0, 3)), '5'.padEnd(9, '\0'));
});

test('a staged data set takes the place of the present one, and nothing is left over', () => {
  const space = createSpace();
  const blocks = space.arena.blocks;
  put(space.databases[0]!, one, 'old', START + 5);
  for (let round = 0; round < 3; round++) {
    const staged = space.createStaging();
    put(staged[0]!, two, `new ${round}`, START + 9);
    put(staged[2]!, one, 'other');
    space.adopt(staged);
    assert.equal(space.databases[0]!.peek(one, 0, 3), 0);
    assert.equal(textOf(space, space.databases[0]!.peek(two, 0, 3)), `new ${round}`);
    assert.equal(textOf(space, space.databases[2]!.peek(one, 0, 3)), 'other');
    assert.equal(space.databases[0]!.expiring, 1);
  }
  const failed = space.createStaging();
  put(failed[1]!, one, 'never', START + 9);
  space.discard(failed);
  assert.equal(space.size, 2);
  for (const database of space.databases) database.clear();
  space.reclaimer.finish();
  assert.equal(space.arena.blocks, blocks);
});

test('a big data set is given back in slices', () => {
  const space = createSpace();
  const first = space.databases[0]!;
  const blocks = space.arena.blocks;
  for (let i = 0; i < 5000; i++) put(first, Buffer.from(`key:${i}`), 'v', i % 2 === 0 ? START + i : -1);
  first.clear();
  assert.equal(first.size, 0);
  assert.equal(space.reclaimer.pending, 1);
  let steps = 0;
  while (space.reclaimer.work(10)) {
    const before = space.arena.blocks;
    assert.ok(++steps < 5000);
    space.reclaimer.work(0);
    assert.equal(space.arena.blocks, before);
  }
  assert.ok(steps > 50);
  assert.equal(space.arena.blocks, blocks);
});

test('averageTtl is the mean of what is left', () => {
  const space = createSpace();
  const first = space.databases[0]!;
  assert.equal(first.expiries.averageTtl(10), 0);
  for (let i = 1; i <= 9; i++) put(first, Buffer.from(`k${i}`), 'v', START + i * 100);
  assert.equal(first.expiries.averageTtl(9), 500);
  assert.equal(first.expiries.averageTtl(100), 500);
});
