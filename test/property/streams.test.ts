/** Streams under random XADD, XDEL, XTRIM and ranges, against a plain list of entries. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Args } from '../../src/resp/args.ts';
import { type Id, makeId, setLastId } from '../../src/store/stream-id.ts';
import { FIRST_ID, LAST_ID } from '../../src/store/stream-parts.ts';
import { StreamRange } from '../../src/store/stream-range.ts';
import { AddRequest, type Streams } from '../../src/store/streams.ts';
import { makeStore } from '../support/store.ts';

type Entry = readonly [id: bigint, ...pairs: string[]];

const words = (id: bigint): Id =>
  Uint32Array.from([96n, 64n, 32n, 0n].map((shift) => Number((id >> shift) & 0xffffffffn)));
const number = (id: Id): bigint => [...id].reduce((sum, word) => (sum << 32n) | BigInt(word), 0n);

const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.constantFrom('field', 'other', '', '0', '-1', 'x'.repeat(70), 'y'.repeat(5000)),
);
/** By how much an id is above the last one: mostly a little, sometimes past the halves. */
const gap = fc.oneof(
  { weight: 9, arbitrary: fc.bigInt({ min: 1n, max: 5n }) },
  fc.bigInt({ min: 1n, max: 2n ** 100n }),
  fc.constantFrom(2n ** 32n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n),
);
const place = fc.double({ min: -0.1, max: 1.1, noNaN: true });

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      gap,
      pairs: fc.array(text, { minLength: 2, maxLength: 6 }),
      times: fc.integer({ min: 1, max: 40 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('delete' as const),
      places: fc.array(place, { minLength: 1, maxLength: 30, size: 'max' }),
    }),
  },
  fc.record({ do: fc.constant('maxlen' as const), place, approximate: fc.boolean() }),
  fc.record({ do: fc.constant('minid' as const), place, approximate: fc.boolean() }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('range' as const), from: place, to: place }) },
);

function entriesOf(streams: Streams, root: number, start: bigint, end: bigint, reverse: boolean): Entry[] {
  const range = new StreamRange(streams.parts);
  const found: Entry[] = [];
  range.open(root, words(start), words(end), reverse);
  while (range.next()) {
    const pairs: string[] = [];
    for (let i = 0; i < range.fields; i++) {
      range.pair();
      pairs.push(range.field.toString(), range.value.toString());
    }
    found.push([number(range.id), ...pairs]);
  }
  return found;
}

test('a stream holds what was added and not deleted or trimmed', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30, size: 'max' }), fc.constantFrom(1, 3, 100), (steps, nodeEntries) => {
      const store = makeStore({ streamNodeMaxEntries: nodeEntries });
      const { streams } = store;
      const root = streams.createValue();
      let model: Entry[] = [];
      let last = 0n;
      const at = (where: number): bigint => {
        const index = Math.floor(where * model.length);
        return model[index]?.[0] ?? (where < 0 ? 0n : last);
      };
      for (const one of steps) {
        if (one.do === 'add') {
          const pairs = one.pairs.slice(0, one.pairs.length & ~1);
          const args = new Args().assign(pairs.map((word) => Buffer.from(word, 'latin1')));
          for (let i = 0; i < one.times && last + one.gap < 2n ** 128n; i++) {
            last += one.gap;
            streams.append(root, words(last), args, 0, pairs.length / 2);
            model.push([last, ...pairs.map((word) => Buffer.from(word, 'latin1').toString('latin1'))]);
          }
        } else if (one.do === 'delete') {
          const first = model[0]?.[0];
          let firstGone = false;
          for (const where of one.places) {
            const id = at(where);
            const index = model.findIndex((entry) => entry[0] === id);
            assert.equal(streams.delete(root, words(id)), index >= 0);
            if (index >= 0) model = model.toSpliced(index, 1);
            firstGone ||= id === first;
          }
          streams.updateFirst(root, firstGone);
        } else if (one.do === 'range') {
          const [start, end] = [at(one.from), at(one.to)];
          const wanted = model.filter(([id]) => id >= start && id <= end);
          assert.deepEqual(entriesOf(streams, root, start, end, false), wanted);
          assert.deepEqual(entriesOf(streams, root, start, end, true), wanted.toReversed());
        } else {
          const request = new AddRequest();
          request.strategy = one.do;
          request.approximate = one.approximate;
          request.maxLength = Math.max(0, Math.floor(one.place * model.length));
          request.minId.set(words(at(one.place)));
          const limit = at(one.place);
          const most =
            one.do === 'maxlen' ? model.length - request.maxLength : model.filter(([id]) => id < limit).length;
          const deleted = streams.trim(root, request);
          // Whole nodes only: what is left over is less than a node, deleted entries included.
          if (one.approximate) assert.ok(deleted <= Math.max(0, most));
          else assert.equal(deleted, Math.max(0, most));
          model = model.slice(deleted);
        }
        assert.equal(streams.length(root), model.length);
        assert.equal(number(streams.readId(root, LAST_ID, makeId())), last);
        assert.equal(number(streams.readId(root, FIRST_ID, makeId())), model[0]?.[0] ?? 0n);
      }
      const highest = makeId();
      setLastId(highest);
      assert.deepEqual(entriesOf(streams, root, 0n, number(highest), false), model);
      const copy = streams.copyValue(root);
      assert.deepEqual(entriesOf(streams, copy, 0n, number(highest), true), model.toReversed());
      for (const value of [copy, root]) store.space.reclaimer.freeValue(6, 8, value);
      store.space.reclaimer.finish();
      assert.equal(store.space.arena.blocks, makeStore().space.arena.blocks, 'nothing is left behind');
    }),
    { numRuns: 150 },
  );
});
