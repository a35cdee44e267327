/** The store and the RDB format: what is written loads as the same data, and what is damaged leaves nothing behind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ArenaExhausted } from '../../src/memory/arena.ts';
import { digestAll } from '../../src/store/digest.ts';
import type { Store } from '../../src/store/store.ts';
import { collect } from '../fixtures/rdb/collector.ts';
import { Args } from '../../src/resp/args.ts';
import { MAX_DELETED_ID } from '../../src/store/stream-parts.ts';
import { makeStore } from '../support/store.ts';
import { loadStore, saveStore, tryLoad } from '../support/store-rdb.ts';

const NOW = 1_700_000_000_000;

interface Key {
  readonly db: number;
  readonly name: string;
  readonly type: 'string' | 'list' | 'set' | 'hash' | 'zset' | 'stream';
  /** Latin1; LARGE stands for an element larger than a list node. */
  readonly elements: readonly string[];
  /** How often the elements are repeated, with a number behind: makes large encodings. */
  readonly times: number;
  /** From now, ms; -1 for none. */
  readonly expiry: number;
}

const LARGE = 'LARGE';

const text = fc.oneof(
  fc.uint8Array({ maxLength: 70, size: 'max' }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.integer({ min: -200, max: 70_000 }).map(String),
  fc.constant(LARGE),
);

const key: fc.Arbitrary<Key> = fc.record({
  db: fc.nat(3),
  name: fc.string({ maxLength: 12 }),
  type: fc.constantFrom('string', 'list', 'set', 'hash', 'zset', 'stream'),
  elements: fc.array(text, { minLength: 1, maxLength: 12 }),
  times: fc.constantFrom(1, 1, 1, 20, 60),
  expiry: fc.constantFrom(-1, -1, -1, 0, 1, 100_000),
});

function add(store: Store, one: Key): void {
  const db = store.space.databases[one.db]!;
  const name = Buffer.from(one.name);
  if (db.peek(name, 0, name.length) !== 0) return;
  const { lists, sets, hashes, zsets } = store;
  const elements: Buffer[] = [];
  for (let i = 0; i < one.times; i++)
    for (const element of one.elements)
      elements.push(Buffer.from((element === LARGE ? 'large '.repeat(1500) : element) + (i === 0 ? '' : i), 'latin1'));
  const first = elements[0]!;
  let entry = 0;
  if (one.type === 'string') entry = db.setString(name, 0, name.length, first, 0, first.length, -1);
  if (one.type === 'list') entry = lists.create(db, name, 0, name.length);
  if (one.type === 'set') entry = sets.create(db, name, 0, name.length, /^-?\d+$/.test(String(first)), 1);
  if (one.type === 'hash') entry = hashes.create(db, name, 0, name.length, 1);
  if (one.type === 'zset') entry = zsets.create(db, name, 0, name.length);
  if (one.type === 'stream') {
    addStream(store, one, elements);
    entry = db.peek(name, 0, name.length);
  }
  elements.forEach((element, i) => {
    const { length } = element;
    if (one.type === 'list') lists.pushTail(entry, element, 0, length);
    if (one.type === 'set') sets.add(entry, element, 0, length);
    if (one.type === 'hash') hashes.set(entry, element, 0, length, first, 0, first.length);
    // Some hashes have fields that expire.
    if (one.type === 'hash' && one.expiry !== 1 && i % 3 === 0 && one.name.length % 2 === 1)
      hashes.setExpiry(db, entry, element, 0, length, NOW + 1000 * (i % 7));
    if (one.type === 'zset') zsets.add(entry, [i, i / 3, -Infinity, 1e300 * i, -0][i % 5]!, element, 0, length);
  });
  if (one.expiry >= 0) db.setExpiry(entry, NOW + one.expiry);
}

/** Every element is an entry's value; some are deleted, and some are pending in groups. */
function addStream(store: Store, one: Key, elements: readonly Buffer[]): void {
  const { streams } = store;
  const { groups } = streams;
  const name = Buffer.from(one.name);
  const entry = streams.create(store.space.databases[one.db]!, name, 0, name.length);
  const root = store.entries.ref(entry);
  const ids = elements.map((_, i) => Uint32Array.of(i >>> 7, i * 1_000_003, i & 1, i));
  elements.forEach((element, i) => {
    const args = new Args().assign(i % 9 === 4 ? ['other', element, 'f', 'v'] : ['field', element]);
    streams.append(root, ids[i]!, args, 0, args.count / 2);
  });
  const deleted = ids.filter((id, i) => i % 5 === 3 && streams.delete(root, id));
  if (deleted.length > 0) streams.setId(root, MAX_DELETED_ID, deleted.at(-1)!);
  for (const [i, group] of ['g', 'group 2', ''].entries()) {
    if (elements.length % 3 < i) continue;
    const block = groups.create(root, Buffer.from(group), 0, group.length, ids.at(-1)!, i - 1);
    const consumers = ['c', 'd', 'e'].map((c) => groups.createConsumer(block, Buffer.from(c), 0, 1, NOW - i, NOW));
    ids.forEach((id, n) => groups.assign(block, consumers[n % 2]!, id, NOW - n, n * 4_000_000_000_000_000));
  }
}

function storeOf(keys: readonly Key[]): Store {
  const store = makeStore({ databases: 4 });
  store.space.now = NOW;
  for (const one of keys) add(store, one);
  return store;
}

/** As `storeOf`, with other settings: another place for the same data. */
function emptyStore(small: boolean): Store {
  const store = makeStore(
    small
      ? {
          databases: 4,
          hashMaxListpackEntries: 4,
          setMaxIntsetEntries: 4,
          zsetMaxListpackEntries: 4,
          listMaxListpackSize: 3,
        }
      : { databases: 4 },
    7,
  );
  store.space.now = NOW;
  return store;
}

test('what a store writes loads as the same data, whatever the thresholds and the pieces', () => {
  fc.assert(
    fc.property(
      fc.array(key, { maxLength: 30, size: 'max' }),
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 1, max: 20_000 }),
      (keys, small, compress, piece) => {
        const source = storeOf(keys);
        const file = saveStore(source, { compress });
        const target = emptyStore(small);
        const data = loadStore(target, file, piece);
        assert.equal(data.keys, source.space.size);
        assert.equal(digestAll(target), digestAll(source));
        for (const db of target.space.databases) assert.equal(db.expiring, source.space.databases[db.index]!.expiring);
        // Written again it means the same, expiry times included.
        assert.deepEqual(collect(saveStore(target)).contents, collect(file).contents);
      },
    ),
    { numRuns: 40 },
  );
});

test('a damaged file is refused or read, and leaves nothing behind when refused', () => {
  fc.assert(
    fc.property(
      fc.array(key, { minLength: 1, maxLength: 12 }),
      fc.array(fc.record({ at: fc.nat(), bit: fc.nat(7), cut: fc.boolean() }), { minLength: 1, maxLength: 12 }),
      (keys, damages) => {
        // Without the checksum, so that damage gets past it.
        const file = saveStore(storeOf(keys));
        file.fill(0, file.length - 8);
        const target = storeOf(keys.slice(0, 3));
        const { arena } = target.space;
        for (const { at, bit, cut } of damages) {
          const place = at % file.length;
          const damaged = Buffer.from(cut ? file.subarray(0, place) : file);
          if (!cut) damaged[place]! ^= 1 << bit;
          const before = { blocks: arena.blocks, used: arena.usedBytes, digest: digestAll(target) };
          const error = tryLoad(target, damaged);
          if (cut) assert.ok(error !== undefined, 'a cut file is never taken');
          if (error === undefined) continue;
          assert.deepEqual({ blocks: arena.blocks, used: arena.usedBytes, digest: digestAll(target) }, before);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('memory that ends anywhere in a load leaves the old data and nothing else', () => {
  fc.assert(
    fc.property(
      fc.array(key, { minLength: 1, maxLength: 15, size: 'max' }),
      fc.nat(400),
      fc.boolean(),
      (keys, after, small) => {
        const source = storeOf(keys);
        const file = saveStore(source);
        const target = emptyStore(small);
        add(target, keys[0]!);
        const { arena } = target.space;
        const before = { blocks: arena.blocks, digest: digestAll(target) };
        const alloc = arena.alloc.bind(arena);
        let left = after + 12;
        arena.alloc = (bytes) => {
          if (left-- <= 0) throw new ArenaExhausted('told to');
          return alloc(bytes);
        };
        const error = tryLoad(target, file);
        arena.alloc = alloc;
        if (error === undefined) {
          assert.equal(digestAll(target), digestAll(source));
        } else {
          assert.match(error.message, /^out of memory while loading/);
          assert.deepEqual({ blocks: arena.blocks, digest: digestAll(target) }, before);
        }
      },
    ),
    { numRuns: 70, interruptAfterTimeLimit: 20_000 },
  );
});

test('memory that ends at any allocation of one file with every conversion leaves nothing', () => {
  const elements = ['1', LARGE, '0', 'x'];
  const types = ['list', 'set', 'hash', 'zset', 'string'] as const;
  const keys: Key[] = types.flatMap((type, i) => [
    { db: i % 4, name: `${type} large`, type, elements, times: 2, expiry: 100 },
    { db: i % 4, name: `${type} small`, type, elements: ['1', '2', '3', '4', '5'], times: 1, expiry: -1 },
    { db: i % 4, name: `${type} text`, type, elements: ['a', 'b', 'c', 'd', 'e'], times: 1, expiry: -1 },
  ]);
  const source = storeOf(keys);
  const file = saveStore(source);
  for (const small of [false, true]) {
    for (let after = 0; ; after++) {
      const target = emptyStore(small);
      const { arena } = target.space;
      const before = arena.blocks;
      const alloc = arena.alloc.bind(arena);
      let left = after + 12;
      arena.alloc = (bytes) => {
        if (left-- <= 0) throw new ArenaExhausted('told to');
        return alloc(bytes);
      };
      const error = tryLoad(target, file);
      if (error === undefined) {
        assert.equal(digestAll(target), digestAll(source));
        break;
      }
      assert.match(error.message, /^out of memory while loading/);
      assert.equal(arena.blocks, before, `after ${after} allocations`);
    }
  }
});
