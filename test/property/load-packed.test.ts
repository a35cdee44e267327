/**
 * Large packed values are checked, and taken apart, in pieces. With pieces of a few elements every packed value is a large one: data,
 * encodings and faults must be the same as of those that are done with at once, and no step may do more than a piece.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RdbError } from '../../src/rdb/error.ts';
import { RdbReader } from '../../src/rdb/read.ts';
import { digestAll } from '../../src/store/digest.ts';
import { StoreLoader } from '../../src/store/load.ts';
import { bytes, file, i64, intset, key, length, listpack, string, zipmap, ziplist } from '../fixtures/rdb/build.ts';
import { makeStore } from '../support/store.ts';
import { abandoner } from '../support/store-rdb.ts';

const NOW = 1_700_000_000_000;
const NODE_PACKED = 2;
/** Blobs that are done with at once are no longer. */
const WHOLE_BYTES = 16 * 1024;
/** Elements that a step takes at most. */
const PIECE_ELEMENTS = 1024;

const element = fc.oneof(
  fc.string({ maxLength: 80, size: 'max' }),
  fc.integer({ min: -70_000, max: 70_000 }).map(String),
  fc.nat(40).map((i) => `member ${i}`),
  fc.constantFrom('x'.repeat(64), 'x'.repeat(65), '9007199254740993'),
);
const some = fc.oneof(fc.uniqueArray(element, { maxLength: 40, size: 'max' }), fc.array(element, { maxLength: 8 }));
const pairs = some.map((names) => names.map((name, i) => [name, `${names.length - i}.5`] as const));
const integers = fc
  .uniqueArray(fc.integer({ min: -30_000, max: 30_000 }), { maxLength: 60, size: 'max' })
  .chain((all) => fc.boolean().map((sorted) => (sorted ? all.toSorted((a, b) => a - b) : all)));
const triplets = some.chain((names) =>
  fc.boolean().map((rising) =>
    names.map((name, i) => {
      const expiry = i > names.length / 2 ? 0 : NOW + (rising ? i : names.length - i) * 1000;
      return [name, `value ${i}`, expiry] as const;
    }),
  ),
);

/** A stream of one node: entries with as many fields as its own, or with one of another name. */
function stream(fields: readonly string[], same: readonly boolean[]): Buffer {
  const entries = same.flatMap((one, i) =>
    one ? [2, i, 0, ...fields, fields.length + 3] : [0, i, 0, 1, 'another', 'value', 6],
  );
  const node = listpack([same.length, 0, fields.length, ...fields, 0, ...entries]);
  // Entries; the last, the first and the highest deleted id; entries added, groups.
  const facts = [same.length, same.length, 0, 1, 0, 0, 0, same.length, 0].map(length);
  return bytes(1, string(Buffer.from([...i64(0n), ...i64(0n)])), string(node), ...facts);
}

/** Type and value. */
const value = fc.oneof(
  fc
    .tuple(some, fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }))
    .map(([fields, same]) => [19, stream(fields, same)] as const),
  some.map((all) => [20, string(listpack(all))] as const),
  pairs.map((all) => [16, string(listpack(all.flat()))] as const),
  pairs.map((all) => [17, string(listpack(all.toReversed().flat()))] as const),
  triplets.map((all) => [25, bytes(i64(BigInt(NOW)), string(listpack(all.flat())))] as const),
  fc
    .tuple(integers, fc.constantFrom(2, 4, 8))
    .map(([all, width]) => [11, string(intset(width as 2 | 4 | 8, width === 8 ? all.map(BigInt) : all))] as const),
  some.map((all) => [10, string(ziplist(all))] as const),
  pairs.map((all) => [13, string(ziplist(all.flat()))] as const),
  pairs.map((all) => [12, string(ziplist(all.flat()))] as const),
  pairs.map((all) => [9, string(zipmap(all))] as const),
  fc
    .array(some, { minLength: 1, maxLength: 4 })
    .map((nodes) => [14, bytes(length(nodes.length), ...nodes.map((all) => string(ziplist(all))))] as const),
  fc
    .array(some, { minLength: 1, maxLength: 4 })
    .map(
      (nodes) =>
        [18, bytes(length(nodes.length), ...nodes.flatMap((all) => [NODE_PACKED, string(listpack(all))]))] as const,
    ),
);
const values = fc.array(value, { minLength: 1, maxLength: 3 });
const settings = fc.record({
  hashMaxListpackEntries: fc.constantFrom(512, 10),
  setMaxListpackEntries: fc.constantFrom(128, 10),
  setMaxIntsetEntries: fc.constantFrom(512, 20),
  zsetMaxListpackEntries: fc.constantFrom(128, 10),
});
type Settings = typeof settings extends fc.Arbitrary<infer T> ? T : never;
const damage = fc.option(fc.record({ at: fc.nat(), bit: fc.nat(7) }), { freq: 1 });

/** What comes of a load. */
function outcome(rdb: Uint8Array, chosen: Settings, piece: number, longBytes: number, steps: number): object {
  const store = makeStore(chosen);
  const { space } = store;
  space.now = NOW;
  const abandon = abandoner(store);
  const loader = new StoreLoader(store, space.databases, { dropExpired: false, longBytes });
  const reader = new RdbReader(loader);
  try {
    for (let at = 0; at < rdb.length; at += piece) {
      // Wiped afterwards: the reader has to copy.
      const chunk = Uint8Array.from(rdb.subarray(at, at + piece));
      reader.push(chunk);
      chunk.fill(0xee);
      // Not all that could be done before the next bytes come: the window moves while a value is at work.
      if (at % 3 === 0) reader.run(steps);
      else while (reader.run(steps) === 'paused');
    }
    while (reader.run(steps) === 'paused');
    reader.endOfInput();
    const encodings: string[] = [];
    space.databases[0]!.forEach((entry) => {
      const name = Buffer.from(store.entries.keyCopy(entry)).toString('latin1');
      encodings.push(`${name} ${store.entries.encoding(entry)}`);
    });
    encodings.sort();
    return { keys: loader.keys, empty: loader.emptyKeys, encodings, digest: digestAll(store), offset: reader.offset };
  } catch (error) {
    const fault = abandon(loader, error);
    return { message: fault.message, offset: fault instanceof RdbError ? fault.offset : -1 };
  }
}

test('packed values that are done in pieces are the same data in the same encodings, and are refused for the same reason', () => {
  let refused = 0;
  let taken = 0;
  fc.assert(
    fc.property(
      values,
      settings,
      damage,
      fc.integer({ min: 1, max: 2000 }),
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 50 }),
      (all, chosen, damaged, piece, longBytes, steps) => {
        const rdb = file(10, ...all.map(([type, content], i) => key(type, `key ${i}`, content)));
        if (damaged !== null) rdb[9 + (damaged.at % (rdb.length - 9))]! ^= 1 << damaged.bit;
        const expected = outcome(rdb, chosen, rdb.length, WHOLE_BYTES, 100);
        assert.deepEqual(outcome(rdb, chosen, piece, longBytes, steps), expected);
        if ('message' in expected) refused++;
        else taken++;
      },
    ),
    { numRuns: 1500 },
  );
  assert.ok(refused > 200 && taken > 200, `${refused} refused, ${taken} taken`);
});

test('a step checks, and hands out, no more of a large packed value than a piece', () => {
  const count = 60_000;
  const names = Array.from({ length: count }, (_, i) => `member ${i}`);
  const scored = names.slice(0, count / 2).flatMap((name, i) => [name, i]);
  const half = count / 2;
  // What goes over all elements, apart from the last time, in which they are handed out: walks, and comparisons.
  const cases: readonly (readonly [
    type: number,
    value: Buffer,
    elements: number,
    handedOut: number,
    passes: number,
  ])[] = [
    [20, string(listpack(names)), count, count, 2],
    [16, string(listpack(scored)), count, half, 2],
    [17, string(listpack(scored)), count, half, 3],
    [
      11,
      string(
        intset(
          8,
          names.map((_, i) => BigInt(i)),
        ),
      ),
      count,
      count,
      1 / 16,
    ],
    [10, string(ziplist(names)), count, count, 0],
    [13, string(ziplist(scored)), count, half, 0],
    [9, string(zipmap(names.map((name) => [name, 'v']))), count, count, 0],
    [14, bytes(1, string(ziplist(names))), count, count, 0],
    [18, bytes(1, NODE_PACKED, string(listpack(names))), count, 0, 1],
    [19, stream(['field'], Array<boolean>(count / 5).fill(true)), count, 0, 1],
    [19, stream(names.slice(0, half), [true]), count, 0, 1],
  ];
  for (const [type, content, elements, handedOut, passes] of cases) {
    const store = makeStore();
    const loader = new StoreLoader(store, store.space.databases, { dropExpired: false });
    let calls = 0;
    for (const method of ['element', 'field', 'member'] as const) {
      const plain = loader[method].bind(loader) as (...args: unknown[]) => void;
      loader[method] = (...args: unknown[]) => {
        calls++;
        plain(...args);
      };
    }
    const reader = new RdbReader(loader);
    reader.push(file(10, key(type, 'k', content)));
    let steps = 0;
    let most = 0;
    for (let more = true; more; steps++) {
      const before = calls;
      more = reader.run(64) === 'paused';
      most = Math.max(most, calls - before);
    }
    assert.equal(calls, handedOut, `type ${type}`);
    assert.ok(most <= PIECE_ELEMENTS, `type ${type}: ${most} elements in a step`);
    const least = (elements * passes + handedOut) / PIECE_ELEMENTS;
    assert.ok(steps >= least, `type ${type}: ${steps} steps instead of ${least}`);
    assert.equal(store.space.size, 1);
  }
});

test('of a long element in a packed value a step looks at no more than a piece', () => {
  const long = 'x'.repeat(2_000_000);
  for (const [type, elements] of [
    [20, [`${long}1`, `${long}2`]],
    [17, [`${long}1`, 5, `${long}2`, 5]],
  ] as const) {
    const store = makeStore();
    const loader = new StoreLoader(store, store.space.databases, { dropExpired: false });
    const reader = new RdbReader(loader);
    reader.push(file(10, key(type, 'k', string(listpack(elements)))));
    let steps = 0;
    while (reader.run(64) === 'paused') steps++;
    // Both are hashed; the members of the sorted set are compared as well.
    assert.ok(steps >= (long.length / 65_536) * (type === 17 ? 3 : 2), `type ${type}: ${steps} steps`);
    assert.equal(store.space.size, 1);
  }
});

test('what comes while a packed value is at work does not touch it, nor what is said of its place', () => {
  const names = Array.from({ length: 6000 }, (_, i) => `member ${i}`);
  const behind = Array.from({ length: 20 }, (_, i) => key(0, `key ${i}`, string('y'.repeat(10_000))));
  for (const isDamaged of [false, true]) {
    for (const [type, blob] of [
      [10, ziplist(names)],
      [20, listpack(names)],
    ] as const) {
      // The last element: what tells the size of the one before, or its own.
      if (isDamaged) blob[blob.length - (type === 10 ? 14 : 2)]! ^= 1;
      const first = file(10, key(type, 'k', string(blob))).subarray(0, -9);
      const store = makeStore();
      const loader = new StoreLoader(store, store.space.databases, { dropExpired: false });
      const reader = new RdbReader(loader, { checksum: false });
      const load = (): void => {
        reader.push(first);
        // The key, and the first piece.
        reader.run(2);
        reader.run(1);
        for (const one of [...behind, file(10).subarray(9)]) reader.push(one);
        while (reader.run(64) === 'paused');
      };
      if (isDamaged) {
        const place = first.length - string(blob).length;
        assert.throws(load, (error) => error instanceof RdbError && error.offset === place);
        continue;
      }
      load();
      const [db] = store.space.databases;
      assert.equal(db!.size, 1 + behind.length);
      const entry = db!.peek(Buffer.from('k'), 0, 1);
      const found = type === 10 ? store.lists.length(entry) : store.sets.length(entry);
      assert.equal(found, names.length);
      if (type === 20)
        for (const name of names) assert.ok(store.sets.has(entry, Buffer.from(name), 0, name.length), name);
    }
  }
});
