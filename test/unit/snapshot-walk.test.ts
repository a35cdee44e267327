/** What writers cost while a walk is under way: what is copied, and what is not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { snapshotLimits } from '../../src/snapshot/limits.ts';
import { Walk } from '../../src/snapshot/walk.ts';
import type { Store } from '../../src/store/store.ts';
import { makeStore } from '../support/store.ts';

function startWalk(store: Store): Walk {
  const options = { checksum: true, compress: false, withFunctions: true, withData: true };
  return new Walk(store, () => false, assert.fail, snapshotLimits, { ...options, facts: { now: 0, position: null } });
}

function set(store: Store, key: string, value: string): void {
  const [k, v] = [Buffer.from(key), Buffer.from(value)];
  store.space.databases[0]!.setString(k, 0, k.length, v, 0, v.length, -1);
}

function remove(store: Store, key: string): void {
  store.space.databases[0]!.delete(Buffer.from(key), 0, key.length);
}

test('a write copies the key that it changes, once, and nothing for a key that was absent', () => {
  const store = makeStore();
  for (let i = 0; i < 3000; i++) set(store, `key ${i}`, 'value');
  const walk = startWalk(store);
  const expect = (copied: number): void => assert.equal(walk.copied, copied);
  set(store, 'key 17', 'short');
  expect(1);
  set(store, 'key 17', 'so long that it takes another block, '.repeat(9));
  set(store, 'key 17', 'short again');
  remove(store, 'key 17');
  set(store, 'key 17', 'of after');
  expect(1);
  remove(store, 'absent');
  for (let i = 0; i < 3000; i++) set(store, `new ${i}`, 'value');
  for (let i = 0; i < 3000; i += 2) remove(store, `new ${i}`);
  expect(1);
  remove(store, 'key 18');
  expect(2);
  while (walk.step());
  assert.equal(walk.written, 3000);
  for (let i = 0; i < 3000; i++) set(store, `key ${i}`, 'later');
  expect(2);
});
