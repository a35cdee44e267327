/** Sorted sets against a Map: random operations over both encodings, ranges, algebra, copies, loading, memory given back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Address } from '../../src/memory/arena.ts';
import { ArenaExhausted, byteOf, segmentOf } from '../../src/memory/arena.ts';
import * as listpack from '../../src/memory/listpack.ts';
import { ENC_LISTPACK, ENC_SKIPLIST, TYPE_ZSET } from '../../src/store/entry.ts';
import type { Store } from '../../src/store/store.ts';
import type { ZsetValue } from '../../src/store/zset-value.ts';
import { latin1, makeStore } from '../support/store.ts';

type Model = Map<string, number>;
type Pair = readonly [member: string, score: number];

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

function make(store: Store, name: string, pairs: Iterable<Pair> = []): Address {
  const key = bytesOf(name);
  const entry = store.zsets.create(store.space.databases[0]!, key, 0, key.length);
  for (const [member, score] of pairs) add(store, entry, member, score);
  return entry;
}

function add(store: Store, entry: Address, member: string, score: number): boolean {
  return store.zsets.add(entry, score, bytesOf(`.${member}`), 1, member.length);
}

/** In order; a score of -0 counts as 0, which a listpack makes of it. */
function sorted(model: Iterable<Pair>): Pair[] {
  return [...model]
    .map(([member, score]): Pair => [member, score === 0 ? 0 : score])
    .toSorted((a, b) => (a[1] === b[1] ? Buffer.compare(bytesOf(a[0]), bytesOf(b[0])) : a[1] < b[1] ? -1 : 1));
}

function pairsOf(store: Store, value: ZsetValue): Pair[] {
  const found: Pair[] = [];
  store.zsets.values.forEach(value, (bytes, at, length, score) => {
    found.push([latin1(bytes, at, length), score === 0 ? 0 : score]);
  });
  return found;
}

const all = (store: Store, entry: Address): Pair[] => pairsOf(store, { ...store.zsets.open(entry) });

const member = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 60 }).map((i) => (i % 3 === 0 ? String(i) : `m${i}`)) },
  // Enough different ones for several nodes of the ordered index.
  { weight: 3, arbitrary: fc.integer({ min: 100, max: 600 }).map((i) => `m${i}`) },
  { weight: 2, arbitrary: fc.string({ maxLength: 12 }).map((text) => Buffer.from(text).toString('latin1')) },
  { weight: 1, arbitrary: fc.integer({ min: 60, max: 70 }).map((length) => 'x'.repeat(length)) },
);
const score = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -5, max: 5 }) },
  { weight: 2, arbitrary: fc.double({ noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Infinity, -Infinity, -0, 2 ** 53 + 2, 2 ** 62, -(2 ** 63), 1e-320) },
);
const pair: fc.Arbitrary<Pair> = fc.tuple(member, score);

type Step =
  | { readonly kind: 'add'; readonly pairs: readonly Pair[] }
  | { readonly kind: 'remove'; readonly members: readonly string[] }
  | { readonly kind: 'range'; readonly rank: number; readonly count: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      pairs: fc.array(pair, { minLength: 1, maxLength: 30, size: 'max' }),
    }),
  },
  fc.record({ kind: fc.constant('remove' as const), members: fc.array(member, { maxLength: 20, size: 'max' }) }),
  // Many at a time, so that nodes of the ordered index empty and are joined.
  fc.record({
    kind: fc.constant('range' as const),
    rank: fc.nat(150),
    count: fc.oneof(fc.nat(10), fc.nat(100)),
  }),
);

function apply(store: Store, entry: Address, model: Model, one: Step): void {
  const { zsets } = store;
  const { values } = zsets;
  if (one.kind === 'add') {
    for (const [name, number] of one.pairs) {
      assert.equal(add(store, entry, name, number), !model.has(name));
      // An equal score is not written: -0 stays what it was.
      if (model.get(name) !== number) model.set(name, number);
    }
  } else if (one.kind === 'remove') {
    for (const name of one.members) {
      const value = zsets.open(entry);
      const found = values.find(value, bytesOf(name), 0, name.length);
      assert.equal(!Number.isNaN(found), model.delete(name));
      if (Number.isNaN(found)) continue;
      values.removeFound(value);
      zsets.save(entry, value);
    }
  } else {
    const gone = sorted(model).slice(one.rank, one.rank + one.count);
    const value = zsets.open(entry);
    assert.equal(values.removeRange(value, one.rank, one.count), gone.length);
    zsets.save(entry, value);
    for (const [name] of gone) model.delete(name);
  }
}

for (const limit of [128, 12, 0]) {
  test(`random operations leave what they leave in a Map, zset-max-listpack-entries ${limit}`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), score, member, (steps, bound, boundMember) => {
        const store = makeStore({ zsetMaxListpackEntries: limit });
        const { zsets, entries } = store;
        const { values } = zsets;
        const db = store.space.databases[0]!;
        const before = store.space.arena.usedBytes;
        const entry = make(store, 'z');
        const model: Model = new Map();
        for (const one of steps) {
          apply(store, entry, model, one);
          assert.equal(zsets.length(entry), model.size);
        }
        const order = sorted(model);
        assert.deepEqual(all(store, entry), order);
        const value = { ...zsets.open(entry) };
        for (const [rank, [name, number]] of order.entries()) {
          assert.equal(values.find(value, bytesOf(name), 0, name.length) + 0, number + 0);
          assert.equal(values.rankFound(value), rank);
          assert(values.seek(value, rank));
          assert.equal(values.member.toString(), name);
        }
        assert(!values.seek(value, order.length));
        for (let rank = order.length - 1, more = values.seek(value, rank); rank >= 0; rank--, more = values.prev()) {
          assert(more);
          assert.equal(values.member.toString(), order[rank]![0]);
        }
        const below = (number: number): number => order.filter(([, s]) => s < number).length;
        assert.equal(values.countBelow(value, bound, false), below(bound));
        assert.equal(values.countBelow(value, bound, true), below(bound) + order.filter(([, s]) => s === bound).length);
        if (order.every(([, number]) => number === order[0]![1])) {
          const before = order.filter(([name]) => Buffer.compare(bytesOf(name), bytesOf(boundMember)) < 0).length;
          assert.equal(values.countBelowKey(value, bytesOf(boundMember), 0, boundMember.length, false), before);
        }
        const key = bytesOf('copy');
        const copy = zsets.copyValue(value.encoding, value.ref);
        const second = db.add(key, 0, key.length, TYPE_ZSET, value.encoding, copy);
        db.removeEntry(entry);
        assert.deepEqual(all(store, second), order);
        assert.equal(entries.encoding(second), value.encoding);
        db.removeEntry(second);
        store.space.reclaimer.finish();
        const kept = store.space.arena.usedBytes - before;
        assert(kept >= 0 && kept <= 1024, `${kept} bytes were not given back`);
      }),
      { numRuns: 50 },
    );
  });
}

test('members of equal scores are in the order of their bytes, in both encodings', () => {
  fc.assert(
    fc.property(fc.uniqueArray(member, { maxLength: 60, size: 'max' }), member, (members, bound) => {
      for (const limit of [128, 0]) {
        const store = makeStore({ zsetMaxListpackEntries: limit, zsetMaxListpackValue: 100 });
        const { values } = store.zsets;
        const entry = make(
          store,
          'z',
          members.map((name): Pair => [name, 7]),
        );
        const value = { ...store.zsets.open(entry) };
        const order = members.map(bytesOf).toSorted(Buffer.compare);
        assert.deepEqual(
          all(store, entry).map(([name]) => name),
          order.map((bytes) => bytes.toString('latin1')),
        );
        for (const orEqual of [false, true]) {
          const wanted = order.filter((bytes) => {
            const compared = Buffer.compare(bytes, bytesOf(bound));
            return compared < 0 || (orEqual && compared === 0);
          });
          assert.equal(values.countBelowKey(value, bytesOf(bound), 0, bound.length, orEqual), wanted.length);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('unions, intersections and differences are those of Maps', () => {
  const sets = fc.array(fc.array(pair, { maxLength: 40, size: 'max' }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(sets, fc.constantFrom('min' as const, 'max' as const), fc.boolean(), (contents, aggregate, keep) => {
      const store = makeStore({ zsetMaxListpackEntries: 16 });
      const { zsetAlgebra, zsets } = store;
      const models = contents.map((pairs) => new Map(pairs));
      const sources = models.map((model, i) => ({
        entry: model.size === 0 ? 0 : make(store, `k${i}`, model),
        weight: 1,
      }));
      // Lookups go on with a pending resize, which gives blocks back; finish it before counting them.
      for (const { entry } of sources)
        if (entry !== 0 && store.entries.encoding(entry) === ENC_SKIPLIST)
          while (store.space.scored.rehashSome(zsets.values.dictOf(store.entries.ref(entry)), 1000));
      const used = store.space.arena.usedBytes;
      const better = (a: number, b: number): number => (aggregate === 'min' ? Math.min(a, b) : Math.max(a, b));
      const union: Model = new Map();
      for (const model of models)
        for (const [name, number] of model)
          union.set(name, union.has(name) ? better(union.get(name)!, number) : number);
      const common = [...union].filter(([name]) => models.every((model) => model.has(name)));
      const only = [...models[0]!].filter(([name]) => !models.slice(1).some((model) => model.has(name)));
      const check = (result: ZsetValue | undefined, wanted: Iterable<Pair>): void => {
        const pairs = sorted(wanted);
        assert.equal(result === undefined, pairs.length === 0);
        if (result === undefined) return;
        assert.deepEqual(pairsOf(store, result), pairs);
        if (!keep) assert.equal(result.encoding, ENC_SKIPLIST);
        zsets.values.release(result);
      };
      check(zsetAlgebra.union(sources, aggregate, keep), union);
      check(zsetAlgebra.intersect(sources, aggregate, keep), common);
      check(zsetAlgebra.difference(sources, keep), only);
      assert.equal(zsetAlgebra.intersectCount(sources, 0), common.length);
      assert.equal(zsetAlgebra.intersectCount(sources, 3), Math.min(3, common.length));
      store.space.reclaimer.finish();
      assert.equal(store.space.arena.usedBytes, used);
    }),
    { numRuns: 50 },
  );
});

function packed(store: Store, words: readonly string[]): Uint8Array {
  const { arena } = store.space;
  let list = listpack.create(arena);
  for (const word of words) list = listpack.append(arena, list, bytesOf(word), 0, word.length);
  const at = byteOf(list);
  return Uint8Array.from(arena.u8[segmentOf(list)]!.subarray(at, at + listpack.totalBytes(arena, list)));
}

function load(store: Store, words: readonly string[]): Address {
  const bytes = packed(store, words);
  const key = bytesOf('z');
  return store.zsets.createPacked(store.space.databases[0]!, key, 0, key.length, bytes, 0, bytes.length);
}

test('a listpack from outside becomes a sorted set in the encoding that suits it', () => {
  const words = ['a', '1', 'b', '1', 'c', '2.5', '7', 'inf'];
  const wanted: Pair[] = [
    ['a', 1],
    ['b', 1],
    ['c', 2.5],
    ['7', Infinity],
  ];
  for (const [settings, encoding] of [
    [{}, ENC_LISTPACK],
    [{ zsetMaxListpackEntries: 3 }, ENC_SKIPLIST],
    [{ zsetMaxListpackValue: 0 }, ENC_SKIPLIST],
  ] as const) {
    const store = makeStore(settings);
    const entry = load(store, words);
    assert.notEqual(entry, 0);
    assert.equal(store.entries.encoding(entry), encoding);
    assert.deepEqual(all(store, entry), wanted);
    assert.equal(store.zsets.packed(entry) !== 0, encoding === ENC_LISTPACK);
  }
});

test('a listpack that is no sorted set is refused', () => {
  const bad: readonly (readonly string[])[] = [
    [],
    ['a'],
    ['a', '1', 'b'],
    ['a', 'x'],
    ['a', 'nan'],
    ['a', ''],
    ['a', '2', 'b', '1'],
    ['b', '1', 'a', '1'],
    ['a', '1', 'a', '1'],
    ['a', '1', 'b', '2', 'a', '3'],
  ];
  for (const words of bad) {
    const store = makeStore();
    assert.equal(load(store, words), 0, words.join(' '));
    assert.equal(store.space.size, 0);
  }
});

test('a scan that runs while a sorted set grows returns every member that was there all along', () => {
  const store = makeStore();
  const entry = make(
    store,
    'z',
    Array.from({ length: 200 }, (_, i): Pair => [`m${i}`, i]),
  );
  const { values } = store.zsets;
  const seen = new Map<string, number>();
  let cursor = 0;
  let extra = 0;
  do {
    const value = { ...store.zsets.open(entry) };
    cursor = values.scan(value, cursor, (bytes, at, length, number) => {
      seen.set(latin1(bytes, at, length), number);
    });
    for (let i = 0; i < 20 && extra < 2000; i++) add(store, entry, `extra${extra++}`, -extra);
  } while (cursor !== 0);
  for (let i = 0; i < 200; i++) assert.equal(seen.get(`m${i}`), i);
});

test('memory that ends in the middle of a change leaves the sorted set as it was', () => {
  const additions = fc.array(fc.tuple(pair, fc.nat(6)), { maxLength: 120, size: 'max' });
  fc.assert(
    fc.property(additions, fc.constantFrom(0, 8, 128), (steps, limit) => {
      const store = makeStore({ zsetMaxListpackEntries: limit });
      const { arena } = store.space;
      const alloc = arena.alloc.bind(arena);
      const before = arena.usedBytes;
      const entry = make(store, 'z');
      const model: Model = new Map();
      for (const [[name, number], allowed] of steps) {
        let left = allowed;
        arena.alloc = (bytes) => {
          if (left-- <= 0) throw new ArenaExhausted('told to');
          return alloc(bytes);
        };
        try {
          add(store, entry, name, number);
          if (model.get(name) !== number) model.set(name, number);
        } catch (error) {
          assert(error instanceof ArenaExhausted);
        } finally {
          arena.alloc = alloc;
        }
        assert.equal(store.zsets.length(entry), model.size);
      }
      assert.deepEqual(all(store, entry), sorted(model));
      for (const [name, number] of model)
        assert.equal(store.zsets.score(entry, bytesOf(name), 0, name.length) + 0, number + 0);
      store.space.databases[0]!.removeEntry(entry);
      store.space.reclaimer.finish();
      assert(arena.usedBytes - before <= 1024, 'something leaked');
    }),
    { numRuns: 100 },
  );
});
