/** A sorted set that finds no memory in the middle of a change. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArenaExhausted } from '../../src/memory/arena.ts';
import { failAfter, makeStore } from '../support/store.ts';

test('a score that cannot change for want of memory stays, also where every leaf of the index is full', () => {
  const store = makeStore();
  const { zsets, space } = store;
  const key = Buffer.from('z');
  const entry = zsets.create(space.databases[0]!, key, 0, 1);
  const name = (i: number): Buffer => Buffer.from(`member ${i}`);
  // In order, so that the index fills its leaves to the last place.
  const members = 1000;
  for (let i = 0; i < members; i++) zsets.add(entry, i, name(i), 0, name(i).length);
  let refused = 0;
  for (let i = 0; i < members; i++) {
    const restore = failAfter(space.arena, 0);
    const wanted = (i + members / 2) % members;
    try {
      zsets.add(entry, wanted + 0.5, name(i), 0, name(i).length);
    } catch (error) {
      assert.ok(error instanceof ArenaExhausted);
      refused++;
    } finally {
      restore();
    }
    const score = zsets.score(entry, name(i), 0, name(i).length);
    zsets.values.find(zsets.open(entry), name(i), 0, name(i).length);
    assert.ok(zsets.values.rankFound(zsets.open(entry)) >= 0, `member ${i} with score ${score} is out of the index`);
  }
  assert.ok(refused > 0);
  let last = -1;
  let seen = 0;
  zsets.forEach(entry, (_bytes, _at, _length, score) => {
    assert.ok(score > last);
    last = score;
    seen++;
  });
  assert.equal(seen, members);
});
