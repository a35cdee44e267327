/** Lists against an array: random operations over listpack and quicklist, copies, loading, and memory given back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Address } from '../../src/memory/arena.ts';
import { ArenaExhausted, byteOf, segmentOf } from '../../src/memory/arena.ts';
import * as listpack from '../../src/memory/listpack.ts';
import { ReplyWriter } from '../../src/resp/reply-writer.ts';
import { ENC_LISTPACK, ENC_QUICKLIST, TYPE_LIST } from '../../src/store/entry.ts';
import type { Lists } from '../../src/store/lists.ts';
import type { Store } from '../../src/store/store.ts';
import { latin1, makeStore } from '../support/store.ts';

type Step =
  | { readonly kind: 'push'; readonly head: boolean; readonly values: readonly string[] }
  | { readonly kind: 'drop'; readonly head: boolean; readonly count: number }
  | { readonly kind: 'set'; readonly index: number; readonly value: string }
  | { readonly kind: 'insert'; readonly index: number; readonly before: boolean; readonly value: string }
  | { readonly kind: 'remove'; readonly limit: number; readonly fromTail: boolean; readonly value: string }
  | { readonly kind: 'range'; readonly index: number; readonly count: number }
  | { readonly kind: 'rotate'; readonly fromHead: boolean };

const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', '7', '', '-12345') },
  { weight: 3, arbitrary: fc.string({ maxLength: 40, size: 'max' }) },
  { weight: 2, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) },
  { weight: 1, arbitrary: fc.integer({ min: 60, max: 5000 }).map((length) => 'x'.repeat(length)) },
  { weight: 1, arbitrary: fc.constantFrom('y'.repeat(9000), 'z'.repeat(70_000)) },
);
const index = fc.integer({ min: -40, max: 40 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('push' as const),
      head: fc.boolean(),
      values: fc.array(value, { minLength: 1, maxLength: 20, size: 'max' }),
    }),
  },
  fc.record({ kind: fc.constant('drop' as const), head: fc.boolean(), count: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant('set' as const), index, value }),
  fc.record({ kind: fc.constant('insert' as const), index, before: fc.boolean(), value }),
  fc.record({
    kind: fc.constant('remove' as const),
    limit: fc.integer({ min: 1, max: 4 }),
    fromTail: fc.boolean(),
    value,
  }),
  fc.record({ kind: fc.constant('range' as const), index: fc.nat(30), count: fc.nat(20) }),
  fc.record({ kind: fc.constant('rotate' as const), fromHead: fc.boolean() }),
);

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');
const key = bytesOf('k');

function make(store: Store): Address {
  return store.lists.create(store.space.databases[0]!, key, 0, key.length);
}

function all(store: Store, entry: Address): string[] {
  const found: string[] = [];
  store.lists.forEach(entry, (bytes, at, length) => void found.push(latin1(bytes, at, length)));
  return found;
}

function apply(store: Store, entry: Address, model: string[], one: Step): void {
  const { lists } = store;
  const at = (i: number): number => (i < 0 ? model.length + i : i);
  if (one.kind === 'push') {
    for (const text of one.values) {
      const bytes = bytesOf(text);
      if (one.head) {
        lists.pushHead(entry, bytes, 0, bytes.length);
        model.unshift(text);
      } else {
        lists.pushTail(entry, bytes, 0, bytes.length);
        model.push(text);
      }
    }
  } else if (one.kind === 'drop') {
    for (let i = 0; i < one.count && model.length > 0; i++) {
      assert(one.head ? lists.peekHead(entry) : lists.peekTail(entry));
      assert.equal(lists.element.toString(), one.head ? model.shift() : model.pop());
      if (one.head) lists.dropHead(entry);
      else lists.dropTail(entry);
    }
  } else if (one.kind === 'set') {
    const bytes = bytesOf(one.value);
    const there = at(one.index) >= 0 && at(one.index) < model.length;
    assert.equal(lists.set(entry, one.index, bytes, 0, bytes.length), there);
    if (there) model[at(one.index)] = one.value;
  } else if (one.kind === 'insert') {
    const place = at(one.index);
    const bytes = bytesOf(one.value);
    lists.reserve(entry, bytes.length);
    if (lists.seek(entry, one.index)) {
      lists.insert(entry, one.before, bytes, 0, bytes.length);
      model.splice(one.before ? place : place + 1, 0, one.value);
    }
  } else if (one.kind === 'remove') {
    const bytes = bytesOf(one.value);
    let left = one.limit;
    if (one.fromTail) {
      for (let i = model.length - 1; i >= 0 && left > 0; i--) {
        if (model[i] !== one.value) continue;
        model.splice(i, 1);
        left--;
      }
    } else {
      for (let i = 0; i < model.length && left > 0;) {
        if (model[i] !== one.value) i++;
        else {
          model.splice(i, 1);
          left--;
        }
      }
    }
    assert.equal(lists.remove(entry, one.limit, one.fromTail, bytes, 0, bytes.length), one.limit - left);
  } else if (one.kind === 'range') {
    lists.removeRange(entry, one.index, Math.min(one.count, Math.max(0, model.length - one.index)));
    model.splice(one.index, one.count);
  } else {
    lists.rotate(entry, one.fromHead);
    if (model.length > 0 && one.fromHead) model.push(model.shift()!);
    else if (model.length > 0) model.unshift(model.pop()!);
  }
}

/** Looks for a value from `index` on in both directions, among as many elements as there are to it, and one fewer. */
function checkFind(lists: Lists, entry: Address, model: readonly string[], index: number, value: string): void {
  const bytes = bytesOf(value);
  const start = index < 0 ? model.length + index : index;
  for (const back of [false, true]) {
    const place = back ? model.lastIndexOf(value, start) : model.indexOf(value, start);
    const distance = Math.abs(place - start);
    for (const most of [Infinity, distance + 1, distance]) {
      lists.seek(entry, index);
      const passed = lists.find(bytes, 0, bytes.length, most, back);
      assert.equal(passed, place >= 0 && distance < most ? distance : -1);
      if (passed < 0) continue;
      lists.read();
      assert.equal(lists.element.toString(), value);
    }
  }
}

for (const fill of [-2, -1, -5, 1, 4, 100]) {
  test(`random operations leave what they leave in an array, list-max-listpack-size ${fill}`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const store = makeStore({ listMaxListpackSize: fill });
        const { lists, entries } = store;
        const before = store.space.arena.usedBytes;
        const entry = make(store);
        const model: string[] = [];
        for (const one of steps) {
          apply(store, entry, model, one);
          assert.equal(lists.length(entry), model.length);
        }
        assert.deepEqual(all(store, entry), model);
        for (const i of [0, -1, 3, model.length >> 1]) {
          const wanted = model.at(i);
          assert.equal(lists.seek(entry, i), wanted !== undefined);
          if (wanted === undefined) continue;
          lists.read();
          assert.equal(lists.element.toString(), wanted);
          checkFind(lists, entry, model, i, wanted);
          checkFind(lists, entry, model, i, model[0]!);
          checkFind(lists, entry, model, i, model.at(-1)!);
          checkFind(lists, entry, model, i, 'absent');
        }
        const backwards: string[] = [];
        for (let more = lists.seek(entry, -1); more; more = lists.prev()) {
          lists.read();
          backwards.unshift(lists.element.toString());
        }
        assert.deepEqual(backwards, model);
        const copy = lists.copyValue(entries.encoding(entry), entries.ref(entry));
        const other = bytesOf('copy');
        const db = store.space.databases[0]!;
        const second = db.add(other, 0, other.length, TYPE_LIST, entries.encoding(entry), copy);
        db.removeEntry(entry);
        assert.deepEqual(all(store, second), model);
        db.removeEntry(second);
        store.space.reclaimer.finish();
        // The keys' own table stays.
        const table = store.space.arena.usedBytes - before;
        assert(table >= 0 && table <= 1024, `${table} bytes were not given back`);
      }),
      { numRuns: 60 },
    );
  });
}

test('the encoding follows the size: quicklist above a node, listpack again below half of one', () => {
  const store = makeStore();
  const { lists, entries } = store;
  const entry = make(store);
  const bytes = Buffer.alloc(100, 'x');
  for (let i = 0; i < 79; i++) lists.pushTail(entry, bytes, 0, bytes.length);
  assert.equal(entries.encoding(entry), ENC_LISTPACK);
  for (let i = 0; i < 5; i++) lists.pushTail(entry, bytes, 0, bytes.length);
  assert.equal(entries.encoding(entry), ENC_QUICKLIST);
  for (let i = 0; i < 30; i++) lists.dropTail(entry);
  assert.equal(lists.length(entry), 54);
  assert.equal(entries.encoding(entry), ENC_QUICKLIST);
  for (let i = 0; i < 20; i++) lists.dropHead(entry);
  assert.equal(entries.encoding(entry), ENC_LISTPACK);
  assert.equal(all(store, entry).length, 34);
});

test('ranges are written as bulk strings whatever the elements', () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 60, size: 'max' }),
      fc.nat(59),
      fc.nat(60),
      (values, from, count) => {
        const store = makeStore({ listMaxListpackSize: 16 });
        const entry = make(store);
        for (const text of values) store.lists.pushTail(entry, bytesOf(text), 0, text.length);
        const start = Math.min(from, values.length - 1);
        const elements = Math.min(count, values.length - start);
        const reply = new ReplyWriter();
        if (elements > 0) store.lists.writeRange(entry, start, elements, reply);
        const wanted = values
          .slice(start, start + elements)
          .map((text) => `$${text.length}\r\n${text}\r\n`)
          .join('');
        assert.equal(reply.bytes.toString('latin1', 0, reply.at), wanted);
      },
    ),
    { numRuns: 100 },
  );
});

test('a list loaded in nodes is the same list, in the encoding that suits its size', () => {
  fc.assert(
    fc.property(fc.array(fc.array(value, { maxLength: 30, size: 'max' }), { minLength: 1, maxLength: 8 }), (nodes) => {
      const store = makeStore();
      const { arena } = store.space;
      const entry = make(store);
      for (const values of nodes) {
        let list = listpack.create(arena);
        for (const text of values) list = listpack.append(arena, list, bytesOf(text), 0, text.length);
        const at = byteOf(list);
        const bytes = Uint8Array.from(arena.u8[segmentOf(list)]!.subarray(at, at + listpack.totalBytes(arena, list)));
        arena.free(list);
        store.lists.appendPacked(entry, bytes, 0, bytes.length, values.length);
      }
      store.lists.settle(entry);
      const model = nodes.flat();
      assert.deepEqual(all(store, entry), model);
      assert.equal(store.lists.packed(entry) === 0, store.lists.quicklist(entry) !== 0);
      const total = model.reduce((sum, text) => sum + text.length, 0);
      if (total > 8192) assert.notEqual(store.lists.quicklist(entry), 0);
    }),
    { numRuns: 60 },
  );
});

test('memory that ends in the middle of a change leaves the list as it was', () => {
  const steps = fc.array(fc.tuple(step, fc.nat(3)), { maxLength: 60, size: 'max' });
  fc.assert(
    fc.property(steps, fc.constantFrom(-1, 3, 50), (changes, fill) => {
      const store = makeStore({ listMaxListpackSize: fill });
      const { arena } = store.space;
      const alloc = arena.alloc.bind(arena);
      const before = arena.usedBytes;
      const entry = make(store);
      let model: string[] = [];
      for (const [change, allowed] of changes) {
        // One element at a time, so that a change happens or does not.
        const one = change.kind === 'push' ? { ...change, values: change.values.slice(0, 1) } : change;
        const old = [...model];
        let left = allowed;
        arena.alloc = (bytes) => {
          if (left-- <= 0) throw new ArenaExhausted('told to');
          return alloc(bytes);
        };
        try {
          apply(store, entry, model, one);
        } catch (error) {
          if (!(error instanceof ArenaExhausted)) throw error;
          model = old;
        } finally {
          arena.alloc = alloc;
        }
        assert.deepEqual(all(store, entry), model, JSON.stringify(one));
      }
      store.space.databases[0]!.removeEntry(entry);
      store.space.reclaimer.finish();
      assert(arena.usedBytes - before <= 1024, 'something leaked');
    }),
    { numRuns: 100 },
  );
});
