/**
 * The short way through plain string keys against the long one: a file that comes byte by byte is never whole enough for the
 * short one. Data and faults must be the same, down to the words and the offset.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ArenaExhausted } from '../../src/memory/arena.ts';
import { RdbError } from '../../src/rdb/error.ts';
import { RdbWriter } from '../../src/rdb/write.ts';
import { digestAll } from '../../src/store/digest.ts';
import { LoadError } from '../../src/store/load.ts';
import { file, i64, key as plainKey, string } from '../fixtures/rdb/build.ts';
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
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(String),
  fc.integer({ min: -200, max: 40_000 }).map(String),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc
    .tuple(fc.string({ minLength: 1, maxLength: 5 }), fc.integer({ min: 4, max: 400 }), fc.string({ maxLength: 4 }))
    .map(([unit, n, end]) => unit.repeat(n) + end),
  fc.constantFrom('long '.repeat(5000), '7'.repeat(30)),
);
const key = fc.record({
  name,
  value,
  isList: fc.nat(9).map((n) => n === 0),
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
    writer.type(one.isList ? 1 : 0);
    writer.text(one.name);
    if (one.isList) writer.length(1);
    const bytes = Buffer.from(one.value, 'latin1');
    writer.string(bytes, 0, bytes.length);
  }
  writer.end();
  return Buffer.concat(chunks);
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

test('whole or in pieces, plain string keys load as the same data', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(key, { selector: (one) => one.name, maxLength: 40 }),
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
    { numRuns: 60 },
  );
});

test('whole or in pieces, a damaged or cut file of string keys, or one with a key twice, gives the same data or fault', () => {
  fc.assert(
    fc.property(
      fc.array(key, { minLength: 1, maxLength: 12 }),
      fc.array(fc.record({ at: fc.nat(), bit: fc.nat(7), cut: fc.boolean() }), { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      (keys, damages, compress) => {
        const small = keys.map((one) => ({ ...one, name: one.name.slice(0, 400), value: one.value.slice(0, 400) }));
        const rdb = write(small, compress);
        assert.deepEqual(outcome(rdb, rdb.length, false), outcome(rdb, 1, false));
        for (const { at, bit, cut } of damages) {
          const place = at % rdb.length;
          const damaged = Buffer.from(cut ? rdb.subarray(0, place) : rdb);
          if (!cut) damaged[place]! ^= 1 << bit;
          assert.deepEqual(outcome(damaged, damaged.length, false), outcome(damaged, 1, false));
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('memory that ends anywhere in string keys with and without expiry leaves nothing', () => {
  const keys = Array.from({ length: 300 }, (_, i) => plainKey(0, `key:${i}`, string('v'.repeat(i))));
  const expiring = keys.map((bytes, i) => Buffer.concat([Buffer.of(252), i64(BigInt(NOW + i)), bytes]));
  const rdb = file(9, ...keys.slice(0, 150), ...expiring.slice(150));
  // The staged databases themselves take less.
  for (let allocations = 60; ; allocations += 7) {
    const whole = outcome(rdb, rdb.length, false, allocations);
    if ('keys' in whole) return;
    assert.match((whole as { message: string }).message, /^out of memory while loading/);
  }
});
