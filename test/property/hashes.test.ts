/** Hashes against a Map: random operations over both encodings and the conversion, in a table that resizes meanwhile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Span } from '../../src/base/span.ts';
import { type Address, ArenaExhausted } from '../../src/memory/arena.ts';
import * as listpack from '../../src/memory/listpack.ts';
import { ENC_HASHTABLE, ENC_LISTPACK, TYPE_HASH } from '../../src/store/entry.ts';
import type { Store } from '../../src/store/store.ts';
import { stretches, Walk } from '../support/sizes.ts';
import { failAfter, makeStore, unevenness } from '../support/store.ts';

const text = (bytes: Uint8Array, at: number, length: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('latin1');

class Harness {
  readonly store: Store;
  readonly entry: Address;
  readonly key: Buffer = Buffer.from('key');
  readonly #span: Span = new Span();

  constructor(store: Store) {
    this.store = store;
    this.entry = store.hashes.create(store.space.databases[0]!, this.key, 0, 3, 1);
  }

  set(field: string, value: string): boolean {
    // Both in one buffer with something before them, as arguments lie.
    const bytes = Buffer.from(`..${field}${value}`, 'latin1');
    return this.store.hashes.set(this.entry, bytes, 2, field.length, bytes, 2 + field.length, value.length);
  }

  get(field: string): string | undefined {
    const found = this.store.hashes.get(this.entry, Buffer.from(field, 'latin1'), 0, field.length, this.#span);
    return found ? text(this.#span.bytes, this.#span.at, this.#span.length) : undefined;
  }

  remove(field: string): boolean {
    return this.store.hashes.remove(this.entry, Buffer.from(field, 'latin1'), 0, field.length);
  }

  all(entry: Address = this.entry): Map<string, string> {
    const all = new Map<string, string>();
    this.store.hashes.forEach(entry, (f, fAt, fLength, v, vAt, vLength) => {
      const field = text(f, fAt, fLength);
      assert(!all.has(field), `${field} was visited twice`);
      all.set(field, text(v, vAt, vLength));
    });
    return all;
  }

  scanned(): Set<string> {
    const seen = new Set<string>();
    let cursor = 0;
    do cursor = this.store.hashes.scan(this.entry, cursor, (f, at, length) => void seen.add(text(f, at, length)));
    while (cursor !== 0);
    return seen;
  }
}

const field = fc.oneof(
  fc.integer({ min: -5, max: 40 }).map(String),
  fc.integer({ min: 0, max: 60 }).map((n) => `field:${n}`),
  fc.constantFrom('', '9223372036854775807', '-9223372036854775808', 'x'.repeat(20)),
);
const value = fc.oneof(
  field,
  fc.string({ maxLength: 12, unit: 'binary-ascii' }),
  fc.integer({ min: 0, max: 200 }).map((n) => 'v'.repeat(n)),
);
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('set' as const), field, value) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('remove' as const), field, fc.constant('')) },
);

test('a hash does what a Map does, in both encodings and across the conversion', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0, 4, 20, 1000),
      fc.constantFrom(16, 64, 1000),
      fc.array(operation, { maxLength: 200, size: 'max' }),
      (entries, longest, operations) => {
        const store = makeStore({ hashMaxListpackEntries: entries, hashMaxListpackValue: longest });
        const used = store.space.arena.usedBytes;
        const hash = new Harness(store);
        const model = new Map<string, string>();
        let converted = entries === 0;
        for (const [kind, name, content] of operations) {
          if (kind === 'set') {
            assert.equal(hash.set(name, content), !model.has(name));
            model.set(name, content);
            if (model.size > entries || name.length > longest || content.length > longest) converted = true;
          } else assert.equal(hash.remove(name), model.delete(name));
          assert.equal(hash.get(name), model.get(name));
          assert.equal(store.hashes.length(hash.entry), model.size);
          assert.equal(store.hashes.isPacked(hash.entry), !converted);
        }
        assert.deepEqual(hash.all(), model);
        assert.deepEqual(hash.scanned(), new Set(model.keys()));
        store.space.databases[0]!.remove(hash.key, 0, 3);
        store.space.reclaimer.finish();
        // The table of keys has grown its first buckets; values and entry are gone.
        assert(store.space.arena.usedBytes <= used + 1024, 'memory was lost');
      },
    ),
  );
});

test('a write that finds no memory changes nothing', () => {
  const write = fc.tuple(field, value, fc.integer({ min: 0, max: 3 }));
  fc.assert(
    fc.property(fc.constantFrom(4, 1000), fc.array(write, { maxLength: 20, size: 'max' }), (entries, writes) => {
      const store = makeStore({ hashMaxListpackEntries: entries });
      const hash = new Harness(store);
      const model = new Map<string, string>();
      for (const [name, content, allowed] of writes) {
        const restore = failAfter(store.space.arena, allowed);
        let done = true;
        try {
          hash.set(name, content);
        } catch (error) {
          assert(error instanceof ArenaExhausted);
          done = false;
        }
        restore();
        if (done) model.set(name, content);
        assert.deepEqual(hash.all(), model);
        assert.equal(store.hashes.length(hash.entry), model.size);
      }
    }),
  );
});

test('a hash does what a Map does while its table grows and shrinks, to nothing too', () => {
  let shrinking = 0;
  fc.assert(
    fc.property(fc.constantFrom(0, 20, 128), stretches, fc.nat(), (entries, path, start) => {
      const store = makeStore({ hashMaxListpackEntries: entries });
      const { fields, arena, reclaimer } = store.space;
      const used = arena.usedBytes;
      const hash = new Harness(store);
      const model = new Map<string, string>();
      let packed = entries > 0;
      const walk = new Walk(start, {
        add: (key) => {
          assert(hash.set(`f${key}`, `v${model.size}`));
          model.set(`f${key}`, `v${model.size}`);
          if (model.size > entries) packed = false;
          assert.equal(store.hashes.isPacked(hash.entry), packed);
        },
        remove: (key) => {
          if (key % 3 === 0) {
            assert(!hash.set(`f${key}`, 'changed on the way'));
            assert.equal(hash.get(`f${key}`), 'changed on the way');
          }
          assert(hash.remove(`f${key}`));
          assert(model.delete(`f${key}`));
          // Looking for it moves buckets as well.
          if (key % 5 === 0) assert.equal(hash.get(`f${key}`), undefined);
          if (!packed && fields.isRehashing(store.entries.ref(hash.entry)) && model.size < 20) shrinking++;
        },
      });
      for (const stretch of path) {
        walk.go(stretch);
        assert.equal(store.hashes.length(hash.entry), model.size);
        assert.deepEqual(hash.all(), model);
        assert.deepEqual(hash.scanned(), new Set(model.keys()));
      }
      for (const [name, content] of model) assert.equal(hash.get(name), content);
      store.space.databases[0]!.remove(hash.key, 0, 3);
      reclaimer.finish();
      assert(arena.usedBytes <= used + 1024, 'memory was lost');
    }),
  );
  assert(shrinking > 0, 'no table shrank');
});

test('copies are equal and independent', () => {
  for (const size of [1, 50, 500]) {
    const store = makeStore();
    const hash = new Harness(store);
    for (let i = 0; i < size; i++) hash.set(`f${i}`, `${i}`);
    const encoding = store.entries.encoding(hash.entry);
    const copy = store.hashes.copyValue(encoding, store.entries.ref(hash.entry));
    const other = store.space.databases[0]!.add(Buffer.from('copy'), 0, 4, TYPE_HASH, encoding, copy);
    const before = hash.all();
    assert.deepEqual(hash.all(other), before);
    hash.set('f0', 'changed');
    hash.set('new', 'x');
    assert.deepEqual(hash.all(other), before);
  }
});

test('a packed hash is taken as it is, or as a table beyond the threshold, or refused', () => {
  const store = makeStore({ hashMaxListpackEntries: 2 });
  const { arena, databases } = store.space;
  const db = databases[0]!;
  const packed = (...words: string[]): Buffer => {
    let list = listpack.create(arena);
    for (const word of words) list = listpack.append(arena, list, Buffer.from(word), 0, word.length);
    const bytes = Buffer.from(
      arena.u8[list >>> 18]!.subarray((list & 0x3ffff) << 4).subarray(0, listpack.totalBytes(arena, list)),
    );
    arena.free(list);
    return bytes;
  };
  const load = (name: string, bytes: Buffer): Address =>
    store.hashes.createPacked(db, Buffer.from(name), 0, name.length, bytes, 0, bytes.length);
  const hash = new Harness(store);
  const small = load('small', packed('a', '1', 'b', '2'));
  assert.equal(store.entries.encoding(small), ENC_LISTPACK);
  assert.deepEqual(
    [...hash.all(small)],
    [
      ['a', '1'],
      ['b', '2'],
    ],
  );
  const large = load('large', packed('a', '1', 'b', '2', 'c', '3'));
  assert.equal(store.entries.encoding(large), ENC_HASHTABLE);
  assert.deepEqual(
    hash.all(large),
    new Map([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ]),
  );
  const blocks = arena.blocks;
  assert.equal(load('odd', packed('a', '1', 'b')), 0);
  assert.equal(load('none', packed()), 0);
  assert.equal(load('twice', packed('a', '1', 'b', '2', 'a', '3')), 0);
  assert.equal(arena.blocks, blocks);
  assert.equal(db.size, 3);
});

test('random fields are drawn fairly from both encodings', () => {
  for (const size of [5, 100, 1000]) {
    const store = makeStore();
    const hash = new Harness(store);
    for (let i = 0; i < size; i++) hash.set(`${i}`, 'v');
    const drawn = (draw: (count: (f: Uint8Array, at: number, length: number) => void) => void): number => {
      const counts = Array.from({ length: size }, () => 0);
      let draws = 0;
      while (draws < 100 * size)
        draw((f, at, length) => {
          draws++;
          counts[Number(text(f, at, length))]!++;
        });
      return unevenness(counts);
    };
    assert(Math.abs(drawn((visit) => store.hashes.random(hash.entry, visit))) < 5);
    const few = Math.ceil(size / 10);
    // Sampling without repetition is more even than independent draws, so only an excess is wrong.
    assert(drawn((visit) => store.hashes.sample(hash.entry, few, visit)) < 5);
    const half = Math.ceil(size / 2);
    assert(drawn((visit) => store.hashes.sample(hash.entry, half, visit)) < 5);
  }
});

test('a sample has exactly as many different fields as asked for', () => {
  for (const size of [1, 20, 400]) {
    const store = makeStore();
    const hash = new Harness(store);
    for (let i = 0; i < size; i++) hash.set(`f${i}`, `${i}`);
    for (let count = 0; count <= size; count += Math.ceil(size / 40)) {
      const seen = new Map<string, string>();
      let visits = 0;
      store.hashes.sample(hash.entry, count, (f, fAt, fLength, v, vAt, vLength) => {
        visits++;
        seen.set(text(f, fAt, fLength), text(v, vAt, vLength));
      });
      assert.equal(visits, count);
      assert.equal(seen.size, count);
      for (const [name, content] of seen) assert.equal(name, `f${content}`);
    }
  }
});
