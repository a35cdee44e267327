/** Sets against a Set: random operations over the three encodings, set algebra, and fair random choice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Address, ArenaExhausted } from '../../src/memory/arena.ts';
import { ENC_HASHTABLE, ENC_INTSET, ENC_LISTPACK, TYPE_SET } from '../../src/store/entry.ts';
import type { MemberVisitor } from '../../src/store/set-value.ts';
import type { Store } from '../../src/store/store.ts';
import { stretches, Walk } from '../support/sizes.ts';
import { failAfter, makeStore, unevenness } from '../support/store.ts';

const text = (bytes: Uint8Array, at: number, length: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('latin1');

function isInteger(member: string): boolean {
  return /^(?:0|-?[1-9]\d*)$/.test(member) && BigInt.asIntN(64, BigInt(member)) === BigInt(member);
}

function make(store: Store, name: string, members: Iterable<string>): Address {
  const list = [...members];
  const key = Buffer.from(name);
  const entry = store.sets.create(store.space.databases[0]!, key, 0, key.length, isInteger(list[0] ?? ''), 1);
  for (const member of list) add(store, entry, member);
  return entry;
}

function add(store: Store, entry: Address, member: string): boolean {
  return store.sets.add(entry, Buffer.from(`.${member}`, 'latin1'), 1, member.length);
}

function remove(store: Store, entry: Address, member: string): boolean {
  return store.sets.remove(entry, Buffer.from(`.${member}`, 'latin1'), 1, member.length);
}

function has(store: Store, entry: Address, member: string): boolean {
  return store.sets.has(entry, Buffer.from(`.${member}`, 'latin1'), 1, member.length);
}

function collected(walk: (visit: MemberVisitor) => void): Set<string> {
  const seen = new Set<string>();
  walk((bytes, at, length) => {
    const member = text(bytes, at, length);
    assert(!seen.has(member), `${member} was visited twice`);
    seen.add(member);
  });
  return seen;
}

const all = (store: Store, entry: Address): Set<string> => collected((visit) => store.sets.forEach(entry, visit));

const integer = fc.oneof(
  fc.integer({ min: -20, max: 60 }).map(String),
  fc.constantFrom('70000', '-70000', '9007199254740993', '9223372036854775807', '-9223372036854775808'),
);
const word = fc.oneof(
  fc.integer({ min: 0, max: 40 }).map((n) => `m${n}`),
  fc.constantFrom('', '007', '-0', '9223372036854775808', 'x'.repeat(30), 'y'.repeat(80)),
);
const member = fc.oneof({ weight: 8, arbitrary: integer }, { weight: 1, arbitrary: word });
const operation = fc.tuple(fc.constantFrom('add' as const, 'add' as const, 'remove' as const), member);

test('a set does what a Set does, and converts when Redis does', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0, 5, 30, 512),
      fc.constantFrom(0, 5, 30, 128),
      fc.constantFrom(4, 64),
      fc.array(operation, { maxLength: 200, size: 'max' }),
      (maxIntset, maxEntries, maxValue, operations) => {
        const store = makeStore({
          setMaxIntsetEntries: maxIntset,
          setMaxListpackEntries: maxEntries,
          setMaxListpackValue: maxValue,
        });
        const used = store.space.arena.usedBytes;
        const entry = make(store, 'key', []);
        const model = new Set<string>();
        let encoding = store.entries.encoding(entry);
        for (const [kind, name] of operations) {
          if (kind === 'add') {
            const added = !model.has(name);
            const longest = Math.max(name.length, ...[...model].map((m) => m.length));
            const fits = model.size < maxEntries && (encoding === ENC_INTSET ? longest : name.length) <= maxValue;
            model.add(name);
            assert.equal(add(store, entry, name), added);
            if (added && encoding === ENC_INTSET) {
              if (!isInteger(name)) encoding = fits ? ENC_LISTPACK : ENC_HASHTABLE;
              else if (model.size > maxIntset) encoding = ENC_HASHTABLE;
            } else if (added && !fits) encoding = ENC_HASHTABLE;
          } else assert.equal(remove(store, entry, name), model.delete(name));
          assert.equal(has(store, entry, name), model.has(name));
          assert.equal(store.sets.length(entry), model.size);
          assert.equal(store.entries.encoding(entry), encoding);
        }
        assert.deepEqual(all(store, entry), model);
        store.space.databases[0]!.remove(Buffer.from('key'), 0, 3);
        store.space.reclaimer.finish();
        assert(store.space.arena.usedBytes <= used + 1024, 'memory was lost');
      },
    ),
  );
});

test('a set does what a Set does while its table grows and shrinks, to nothing too', () => {
  let shrinking = 0;
  const kinds = fc.constantFrom('m', '', 'mixed');
  fc.assert(
    fc.property(
      kinds,
      fc.constantFrom(0, 20, 512),
      fc.boolean(),
      stretches,
      fc.nat(),
      (kind, limit, pops, path, start) => {
        const store = makeStore({ setMaxIntsetEntries: limit, setMaxListpackEntries: limit });
        const { members, arena, reclaimer } = store.space;
        const used = arena.usedBytes;
        const entry = make(store, 'key', []);
        const model = new Set<string>();
        const nameOf = (key: number): string => `${kind === 'mixed' ? (key % 7 === 0 ? 'm' : '') : kind}${key}`;
        const walk = new Walk(start, {
          add: (key) => {
            assert(add(store, entry, nameOf(key)));
            model.add(nameOf(key));
          },
          remove: (key) => {
            let gone = nameOf(key);
            if (pops && key % 2 === 0)
              store.sets.pop(entry, 1, (bytes, at, length) => {
                gone = text(bytes, at, length);
              });
            else assert(remove(store, entry, gone));
            assert(model.delete(gone), `${gone} was not there`);
            if (key % 5 === 0) assert(!has(store, entry, gone));
            const table = store.entries.encoding(entry) === ENC_HASHTABLE;
            if (table && members.isRehashing(store.entries.ref(entry)) && model.size < 20) shrinking++;
            return Number(gone.replace('m', ''));
          },
        });
        for (const stretch of path) {
          walk.go(stretch);
          assert.equal(store.sets.length(entry), model.size);
          assert.deepEqual(all(store, entry), model);
        }
        for (const name of model) assert(has(store, entry, name));
        store.space.databases[0]!.remove(Buffer.from('key'), 0, 3);
        reclaimer.finish();
        assert(arena.usedBytes <= used + 1024, 'memory was lost');
      },
    ),
  );
  assert(shrinking > 0, 'no table shrank');
});

test('an addition that finds no memory changes nothing', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(member, fc.integer({ min: 0, max: 3 })), { maxLength: 30, size: 'max' }),
      (additions) => {
        const store = makeStore({ setMaxIntsetEntries: 6, setMaxListpackEntries: 6 });
        const entry = make(store, 'k', []);
        const model = new Set<string>();
        for (const [name, allowed] of additions) {
          const restore = failAfter(store.space.arena, allowed);
          let done = true;
          try {
            add(store, entry, name);
          } catch (error) {
            assert(error instanceof ArenaExhausted);
            done = false;
          }
          restore();
          if (done) model.add(name);
          assert.deepEqual(all(store, entry), model);
        }
      },
    ),
  );
});

test('unions, intersections and differences are those of Sets', () => {
  const content = fc.oneof(
    fc.array(fc.integer({ min: 0, max: 30 }).map(String), { maxLength: 30, size: 'max' }),
    fc.array(member, { maxLength: 40, size: 'max' }),
    fc.integer({ min: 0, max: 300 }).map((n) => Array.from({ length: n }, (_, i) => `${i % 2 === 0 ? '' : 'm'}${i}`)),
  );
  fc.assert(
    fc.property(fc.array(content, { minLength: 1, maxLength: 5 }), fc.boolean(), (contents, repeat) => {
      const store = makeStore({ setMaxIntsetEntries: 20, setMaxListpackEntries: 20 });
      const models = contents.map((members) => new Set(members));
      const entries = models.map((model, i) => (model.size === 0 ? 0 : make(store, `k${i}`, model)));
      if (repeat) {
        models.push(models[0]!);
        entries.push(entries[0]!);
      }
      // Lookups go on with a pending resize, which gives blocks back; finish it before counting them.
      const { members, arena } = store.space;
      for (const entry of entries)
        if (entry !== 0 && store.entries.encoding(entry) === ENC_HASHTABLE)
          while (members.rehashSome(store.entries.ref(entry), 1000));
      const { blocks } = arena;
      const algebra = store.setAlgebra;
      const [first, ...rest] = models;
      const union = new Set(models.flatMap((model) => [...model]));
      const common = new Set([...union].filter((m) => models.every((model) => model.has(m))));
      const left = new Set([...first!].filter((m) => rest.every((model) => !model.has(m))));
      assert.deepEqual(
        collected((visit) => algebra.union(entries, visit)),
        union,
      );
      assert.deepEqual(
        collected((visit) => algebra.difference(entries, visit)),
        left,
      );
      if (!entries.includes(0))
        assert.deepEqual(
          collected((visit) => algebra.intersect(entries, visit)),
          common,
        );
      store.space.reclaimer.finish();
      const result = algebra.collect((visit) => algebra.union(entries, visit));
      if (union.size === 0) assert.equal(result, undefined);
      else {
        assert.deepEqual(
          collected((visit) => store.sets.values.forEach(result!, visit)),
          union,
        );
        store.sets.values.release(result!);
      }
      store.space.reclaimer.finish();
      assert.equal(arena.blocks, blocks, 'a temporary set was not freed');
      for (const [i, entry] of entries.entries()) if (entry !== 0) assert.deepEqual(all(store, entry), models[i]);
    }),
  );
});

test('an intersection stops when the visitor has enough', () => {
  const store = makeStore();
  const entry = make(
    store,
    'k',
    Array.from({ length: 1000 }, (_, i) => `m${i}`),
  );
  let visits = 0;
  store.setAlgebra.intersect([entry], () => ++visits === 3);
  assert.equal(visits, 3);
});

const sizes: readonly (readonly string[])[] = [
  Array.from({ length: 50 }, (_, i) => `${i}`),
  Array.from({ length: 50 }, (_, i) => `m${i}`),
  Array.from({ length: 1000 }, (_, i) => `m${i}`),
];

test('random members are drawn fairly from every encoding', () => {
  for (const members of sizes) {
    const store = makeStore();
    const entry = make(store, 'k', members);
    const index = new Map(members.map((name, i) => [name, i]));
    const drawn = (draw: (visit: MemberVisitor) => void): number => {
      const counts = members.map(() => 0);
      let draws = 0;
      while (draws < 100 * members.length)
        draw((bytes, at, length) => {
          draws++;
          counts[index.get(text(bytes, at, length))!]!++;
        });
      return unevenness(counts);
    };
    assert(Math.abs(drawn((visit) => store.sets.random(entry, visit))) < 5);
    assert(drawn((visit) => store.sets.sample(entry, 5, visit)) < 5);
    assert(drawn((visit) => store.sets.sample(entry, members.length / 2, visit)) < 5);
    const putBack = (count: number) => (visit: MemberVisitor) => {
      const popped = collected((each) => store.sets.pop(entry, count, each));
      assert.equal(popped.size, count);
      for (const name of popped) {
        assert(add(store, entry, name), `${name} was popped and is still there`);
        const bytes = Buffer.from(name);
        visit(bytes, 0, bytes.length);
      }
    };
    assert(Math.abs(drawn(putBack(1))) < 5);
    assert(drawn(putBack(members.length / 2)) < 5);
  }
});

test('a nearly empty table still gives its members fairly', () => {
  const members = Array.from({ length: 40 }, (_, i) => `m${i}`);
  const store = makeStore();
  const entry = make(store, 'k', [...Array.from({ length: 3000 }, (_, i) => `gone${i}`), ...members]);
  for (let i = 0; i < 3000; i++) remove(store, entry, `gone${i}`);
  const counts = new Map(members.map((name) => [name, 0]));
  for (let i = 0; i < 8000; i++)
    store.sets.random(entry, (bytes, at, length) => {
      const name = text(bytes, at, length);
      counts.set(name, counts.get(name)! + 1);
    });
  assert(Math.abs(unevenness([...counts.values()])) < 5);
});

test('popping takes exactly what it shows, from every encoding', () => {
  for (const members of sizes)
    for (const count of [1, 2, 7, 25, 49]) {
      const store = makeStore();
      const entry = make(store, 'k', members);
      const popped = collected((visit) => store.sets.pop(entry, count, visit));
      const left = all(store, entry);
      assert.equal(popped.size, count);
      assert.equal(left.size, members.length - count);
      assert.deepEqual(new Set([...popped, ...left]), new Set(members));
    }
});

test('copies are equal and independent', () => {
  for (const members of sizes) {
    const store = makeStore();
    const entry = make(store, 'k', members);
    const encoding = store.entries.encoding(entry);
    const copy = store.sets.copyValue(encoding, store.entries.ref(entry));
    const other = store.space.databases[0]!.add(Buffer.from('copy'), 0, 4, TYPE_SET, encoding, copy);
    remove(store, entry, members[0]!);
    add(store, entry, 'new');
    assert.deepEqual(all(store, other), new Set(members));
  }
});
