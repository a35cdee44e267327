/** The index over 128-bit ids, against a sorted array. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Arena, ArenaExhausted } from '../../src/memory/arena.ts';
import { type Id, IdCursor, IdIndex } from '../../src/memory/id-index.ts';
import { failAfter } from '../support/store.ts';

const words = (id: bigint): Id =>
  Uint32Array.from([96n, 64n, 32n, 0n].map((shift) => Number((id >> shift) & 0xffffffffn)));
const number = (id: Id): bigint => [...id].reduce((sum, word) => (sum << 32n) | BigInt(word), 0n);

/** Ids close to each other, and some at both ends. */
const id = fc.oneof(
  { weight: 8, arbitrary: fc.bigInt({ min: 0n, max: 3000n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }) },
  { weight: 1, arbitrary: fc.constantFrom(0n, 2n ** 128n - 1n, 2n ** 64n, 2n ** 32n) },
);

const step = fc.oneof(
  fc.record({
    do: fc.constant('append' as const),
    id: fc.bigInt({ min: 1n, max: 9n }),
    times: fc.integer({ min: 1, max: 400 }),
  }),
  fc.record({ do: fc.constant('insert' as const), id, times: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ do: fc.constant('remove' as const), id, times: fc.integer({ min: 1, max: 300 }) }),
  fc.record({ do: fc.constant('shift' as const), id, times: fc.integer({ min: 1, max: 300 }) }),
  fc.record({ do: fc.constant('seek' as const), id, times: fc.constant(1) }),
);

class Model {
  readonly arena: Arena = new Arena();
  readonly index: IdIndex;
  readonly header: number;
  readonly ids: Map<bigint, number> = new Map();
  readonly #cursor = new IdCursor();
  readonly #values: number;

  constructor(values: number) {
    this.#values = values;
    this.index = new IdIndex(this.arena, values);
    this.header = this.arena.alloc(16);
    this.index.init(this.header);
  }

  get sorted(): bigint[] {
    return [...this.ids.keys()].toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }

  insert(key: bigint): void {
    const added = this.index.insert(this.header, words(key), this.#cursor);
    assert.equal(added, !this.ids.has(key));
    const value = Number(key & 0xffffn);
    if (this.#values > 0) {
      assert.equal(this.index.value(this.#cursor, 0), added ? 0 : value);
      this.index.setValue(this.#cursor, 0, value);
    }
    this.ids.set(key, value);
  }

  remove(key: bigint): void {
    assert.equal(this.index.remove(this.header, words(key)), this.ids.delete(key));
  }

  seek(key: bigint): void {
    const { index, header } = this;
    const cursor = this.#cursor;
    const out: Id = new Uint32Array(4);
    const at = (found: boolean): bigint | undefined => {
      if (!found) return undefined;
      index.readId(cursor, out);
      return number(out);
    };
    const { sorted } = this;
    assert.equal(at(index.find(header, words(key), cursor)), this.ids.has(key) ? key : undefined);
    assert.equal(
      at(index.atOrAfter(header, words(key), cursor)),
      sorted.find((other) => other >= key),
    );
    assert.equal(
      at(index.atOrBefore(header, words(key), cursor)),
      sorted.findLast((other) => other <= key),
    );
  }

  check(): void {
    const { index, header } = this;
    const { sorted } = this;
    assert.equal(index.count(header), sorted.length);
    const cursor = new IdCursor();
    const out: Id = new Uint32Array(4);
    const forward: bigint[] = [];
    for (let more = index.first(header, cursor); more; more = index.next(cursor)) {
      index.readId(cursor, out);
      forward.push(number(out));
      if (this.#values > 0) assert.equal(index.value(cursor, 0), this.ids.get(number(out)));
    }
    assert.deepEqual(forward, sorted);
    const backward: bigint[] = [];
    for (let more = index.last(header, cursor); more; more = index.prev(cursor)) {
      index.readId(cursor, out);
      backward.push(number(out));
    }
    assert.deepEqual(backward.toReversed(), sorted);
  }
}

test('entries are found, in order and from both ends, whatever came and went', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), fc.constantFrom(0, 1, 5), (steps, values) => {
      const model = new Model(values);
      for (const { do: what, id: key, times } of steps) {
        let next = what === 'append' ? (model.sorted.at(-1) ?? 0n) + key : key;
        const list = model.sorted;
        for (let i = 0; i < times; i++) {
          if (next >= 2n ** 128n) break;
          if (what === 'append' || what === 'insert') model.insert(next);
          else if (what === 'remove')
            model.remove(list[(Number(key & 0xffffn) + i * 7) % Math.max(1, list.length)] ?? next);
          else if (what === 'shift') model.remove(list[i] ?? next);
          else model.seek(next);
          next += what === 'append' ? key : 37n;
        }
        model.check();
      }
      const released: number[] = [];
      while (!model.index.free(model.header, 3, values > 0 ? (value) => released.push(value) : undefined));
      if (values > 0)
        assert.deepEqual(
          released.toSorted((a, b) => a - b),
          [...model.ids.values()].toSorted((a, b) => a - b),
        );
      assert.equal(model.arena.blocks, 1, 'the header is left');
    }),
    { numRuns: 120 },
  );
});

test('memory that ends in an insertion leaves the index as it was', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 6000 }), fc.nat(3), fc.boolean(), (count, allowed, atEnd) => {
      const model = new Model(1);
      for (let i = 0; i < count; i++) model.insert(BigInt(i * 10));
      const blocks = model.arena.blocks;
      const heal = failAfter(model.arena, allowed);
      try {
        for (let i = 0; i < 200; i++) {
          const key = atEnd ? BigInt((count + i) * 10) : BigInt(((i * 7919) % Math.max(1, count)) * 10 + 5);
          try {
            model.insert(key);
          } catch (error) {
            if (!(error instanceof ArenaExhausted)) throw error;
            assert.ok(model.arena.blocks <= blocks + allowed);
            break;
          }
        }
      } finally {
        heal();
      }
      model.check();
    }),
    { numRuns: 40 },
  );
});
