/**
 * The short way through plain string keys and small collections against the long one: a file that comes byte by byte is never
 * whole enough for the short one. Data and faults must be the same, down to the words and the offset.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ArenaExhausted } from '../../src/memory/arena.ts';
import { RdbError } from '../../src/rdb/error.ts';
import { RdbWriter } from '../../src/rdb/write.ts';
import { digestAll } from '../../src/store/digest.ts';
import { LoadError } from '../../src/store/load-error.ts';
import { file, i64, intset, key as plainKey, listpack, string } from '../fixtures/rdb/build.ts';
import { makeStore } from '../support/store.ts';
import { loadStore } from '../support/store-rdb.ts';

const NOW = 1_700_000_000_000;

const name = fc.oneof(
  fc.string({ maxLength: 10 }),
  fc.string({ minLength: 60, maxLength: 70 }),
  fc.integer({ min: -70_000, max: 70_000 }).map(String),
  fc.constantFrom('k'.repeat(300), 'k'.repeat(20_000)),
);
const value = fc.oneof(
  fc.uint8Array({ maxLength: 200, size: 'max' }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(String),
  fc.integer({ min: -200, max: 40_000 }).map(String),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc
    .tuple(fc.string({ minLength: 1, maxLength: 5 }), fc.integer({ min: 4, max: 400 }), fc.string({ maxLength: 4 }))
    .map(([unit, n, end]) => unit.repeat(n) + end),
  fc.constantFrom('long '.repeat(5000), '7'.repeat(30)),
);
/** Elements of a collection: as good ones have them, or anything. */
const element = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.integer({ min: -10, max: 200 }).map(String),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(String),
  fc.constantFrom(
    '',
    'member:1',
    'member:2',
    '1.5',
    'inf',
    'x'.repeat(64),
    'x'.repeat(65),
    'long '.repeat(40),
    '-'.repeat(4000),
  ),
);
const elements = fc.oneof(
  fc.uniqueArray(element, { maxLength: 20, size: 'max' }),
  fc.array(element, { maxLength: 6 }),
  fc.constantFrom(2, 60, 127, 128, 129, 140).map((count) => Array.from({ length: count }, (_, i) => `member ${i}`)),
  fc
    .uniqueArray(fc.integer({ min: -40_000, max: 40_000 }), { maxLength: 20, size: 'max' })
    .map((all) => all.map(String)),
);
/** Most often a number as one would be encoded. */
const asStored = (text: string): string | bigint => (/^(?:0|-?[1-9]\d{0,8})$/.test(text) ? BigInt(text) : text);
const pairs = (all: readonly string[], scores: boolean): string[] =>
  (scores ? all.toSorted() : [...all]).flatMap((text, i) => [text, scores ? String(i >> 1) : text.slice(0, 3)]);
const collection = fc.oneof(
  elements.map((all) => ({ type: 16, blob: listpack(pairs(all, false).map(asStored)) })),
  elements.map((all) => ({ type: 17, blob: listpack(pairs(all, true).map(asStored)) })),
  elements.map((all) => ({ type: 17, blob: listpack(all.map(asStored)) })),
  elements.map((all) => ({ type: 18, blob: listpack(all.map(asStored)) })),
  elements.map((all) => ({ type: 20, blob: listpack(all.map(asStored)) })),
  // Numbers that are not encoded as such, so that the same one can be there twice.
  elements.map((all) => ({
    type: 20,
    blob: listpack(all.flatMap((text, i) => (i % 3 === 0 ? [text] : [asStored(text)]))),
  })),
  fc
    .tuple(
      fc.constantFrom(2 as const, 4 as const),
      fc.array(fc.integer({ min: -32_768, max: 32_767 }), { maxLength: 30, size: 'max' }),
      fc.boolean(),
    )
    .map(([width, all, inOrder]) => ({ type: 11, blob: intset(width, inOrder ? all.toSorted((a, b) => a - b) : all) })),
  elements.map((members) => ({ type: 2, members })),
);
type Collection = typeof collection extends fc.Arbitrary<infer T> ? T : never;

const key = fc.record({
  name,
  value,
  isList: fc.nat(9).map((n) => n === 0),
  collection: fc.option(collection, { freq: 2 }),
  expireAtMs: fc.constantFrom(-1, -1, -1, 0, NOW - 1, NOW + 1, NOW + 5_000_000_000, -2),
  lfuFrequency: fc.constantFrom(-1, -1, 0, 200),
  idleSeconds: fc.constantFrom(-1, -1, 0, 63, 64, 20_000, 70_000),
});
type Key = typeof key extends fc.Arbitrary<infer T> ? T : never;

function write(keys: readonly Key[], compress: boolean): Buffer {
  const chunks: Buffer[] = [];
  const writer = new RdbWriter(
    (chunk) => {
      chunks.push(Buffer.from(chunk));
      return true;
    },
    { compress, checksum: false },
  );
  writer.header();
  writer.selectDb(0);
  for (const one of keys) {
    writer.keyMeta(one.expireAtMs, one.lfuFrequency, one.idleSeconds);
    if (one.collection !== null) {
      writeCollection(writer, one.name, one.collection);
      continue;
    }
    writer.type(one.isList ? 1 : 0);
    writer.text(one.name);
    if (one.isList) writer.length(1);
    const bytes = Buffer.from(one.value, 'latin1');
    writer.string(bytes, 0, bytes.length);
  }
  writer.end();
  return Buffer.concat(chunks);
}

function writeCollection(writer: RdbWriter, name: string, value: Collection): void {
  writer.type(value.type);
  writer.text(name);
  if ('members' in value) {
    writer.length(value.members.length);
    for (const member of value.members) {
      const bytes = Buffer.from(member, 'latin1');
      writer.string(bytes, 0, bytes.length);
    }
    return;
  }
  // A list of one node, which is packed.
  if (value.type === 18) writer.length(1);
  if (value.type === 18) writer.length(2);
  writer.string(value.blob, 0, value.blob.length);
}

/** What comes of a load: the data with the times of use, or the fault; and what is left of memory. */
function outcome(rdb: Uint8Array, piece: number, dropExpired: boolean, allocations = Infinity): object {
  const store = makeStore({ maxmemoryPolicy: 'allkeys-lru' });
  const { space } = store;
  const { arena } = space;
  space.now = NOW;
  const alloc = arena.alloc.bind(arena);
  let left = allocations;
  arena.alloc = (bytes) => {
    if (left-- <= 0) throw new ArenaExhausted('told to');
    return alloc(bytes);
  };
  const { blocks, usedBytes } = arena;
  try {
    const { keys, expiredKeys } = loadStore(store, rdb, piece, dropExpired);
    const used: string[] = [];
    const [db] = space.databases;
    db!.forEach((entry) => {
      const bytes = Buffer.from(space.entries.keyCopy(entry)).toString('latin1');
      used.push(`${bytes} ${space.entries.lru(entry)} ${space.entries.encoding(entry)}`);
    });
    return { keys, expiredKeys, digest: digestAll(store), expiring: db!.expiring, used: used.toSorted() };
  } catch (error) {
    if (!(error instanceof RdbError || error instanceof LoadError)) throw error;
    assert.deepEqual({ blocks: arena.blocks, usedBytes: arena.usedBytes }, { blocks, usedBytes });
    return { message: error.message, offset: error instanceof RdbError ? error.offset : -1 };
  }
}

/** A key that comes twice is noticed later on one way than on the other, where another fault may come before. */
function assertSame(whole: object, inPieces: object): void {
  const twice = [whole, inPieces].some((one) => 'message' in one && /comes twice/.test(String(one.message)));
  if (twice && 'message' in whole && 'message' in inPieces) return;
  assert.deepEqual(whole, inPieces);
}

test('whole or in pieces, plain string keys and small collections load as the same data', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(key, { selector: (one) => one.name, maxLength: 40, size: 'max' }),
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 20, max: 3000 }),
      (keys, compress, drop, piece) => {
        const rdb = write(keys, compress);
        const expected = outcome(rdb, 1, drop);
        assert.deepEqual(outcome(rdb, rdb.length, drop), expected);
        assert.deepEqual(outcome(rdb, piece, drop), expected);
      },
    ),
    { numRuns: 150 },
  );
});

test('whole or in pieces, a damaged or cut file of such keys, or one with a key twice, gives the same data or fault', () => {
  fc.assert(
    fc.property(
      fc.array(key, { minLength: 1, maxLength: 12 }),
      fc.array(fc.record({ at: fc.nat(), bit: fc.nat(7), cut: fc.boolean() }), { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      (keys, damages, compress) => {
        const small = keys.map((one) => ({ ...one, name: one.name.slice(0, 400), value: one.value.slice(0, 400) }));
        const rdb = write(small, compress);
        assertSame(outcome(rdb, rdb.length, false), outcome(rdb, 1, false));
        for (const { at, bit, cut } of damages) {
          const place = at % rdb.length;
          const damaged = Buffer.from(cut ? rdb.subarray(0, place) : rdb);
          if (!cut) damaged[place]! ^= 1 << bit;
          assertSame(outcome(damaged, damaged.length, false), outcome(damaged, 1, false));
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('memory that ends anywhere in string keys, with and without expiry, and sets leaves nothing', () => {
  const keys = Array.from({ length: 300 }, (_, i) => plainKey(0, `key:${i}`, string('v'.repeat(i))));
  const expiring = keys.map((bytes, i) => Buffer.concat([Buffer.of(252), i64(BigInt(NOW + i)), bytes]));
  const sets = keys.map((_, i) => plainKey(20, `set:${i}`, string(listpack([`member ${i}`, 'v'.repeat(i)]))));
  const rdb = file(9, ...keys.slice(0, 100), ...expiring.slice(100, 200), ...sets.slice(200));
  // The staged databases themselves take less.
  for (let allocations = 60; ; allocations += 7) {
    const whole = outcome(rdb, rdb.length, false, allocations);
    if ('keys' in whole) return;
    assert.match((whole as { message: string }).message, /^out of memory while loading/);
  }
});
