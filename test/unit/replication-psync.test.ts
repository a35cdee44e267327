import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History, NO_REPLID } from '../../src/replication/history.ts';
import { decidePsync, type PsyncContext, type PsyncDecision } from '../../src/replication/psync.ts';
import { parseOffset } from '../../src/replication/wire.ts';
import { SeededRandom } from './support/sim-network.ts';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const C = 'c'.repeat(40);

/** Master of history A since offset 500 (B before); backlog holds 401..1000. */
const own: PsyncContext = {
  replid: A,
  replid2: B,
  masterReplOffset: 1000,
  secondReplidOffset: 501,
  backlogActive: true,
  backlogStart: 401,
  backlogLength: 600,
};

const on = (fromOffset: number): PsyncDecision => ({ kind: 'continue', fromOffset });
const full = (reason: (PsyncDecision & { kind: 'full' })['reason']): PsyncDecision => ({ kind: 'full', reason });

const cases: [what: string, replid: string, offset: number, change: Partial<PsyncContext>, expected: PsyncDecision][] =
  [
    ['a new replica', '?', -1, {}, full('requested')],
    ['a replica that is up to date', A, 1001, {}, on(1001)],
    ['the id in capitals', A.toUpperCase(), 1001, {}, on(1001)],
    ['the oldest byte that is kept', A, 401, {}, on(401)],
    ['one byte older', A, 400, {}, full('too-old')],
    ['offset 0', A, 0, {}, full('too-old')],
    ['a negative offset', A, -1, {}, full('too-old')],
    ['one byte that we never wrote', A, 1002, {}, full('ahead-of-master')],
    ['an unknown history', C, 1001, {}, full('replid-mismatch')],
    ['our old history, before the promotion', B, 450, {}, on(450)],
    ['our old history, exactly at the promotion', B, 501, {}, on(501)],
    ['our old history, after the promotion', B, 502, {}, full('beyond-second-offset')],
    [
      'forty zeros while we have no second id',
      NO_REPLID,
      0,
      { replid2: NO_REPLID, secondReplidOffset: -1 },
      full('replid-mismatch'),
    ],
    ['no backlog', A, 1001, { backlogActive: false, backlogStart: 0, backlogLength: 0 }, full('no-backlog')],
    ['an empty backlog and nothing missed', A, 1001, { backlogStart: 1001, backlogLength: 0 }, on(1001)],
    ['an empty backlog and one byte missed', A, 1000, { backlogStart: 1001, backlogLength: 0 }, full('too-old')],
  ];

for (const [what, replid, offset, change, expected] of cases) {
  test(`PSYNC decision: ${what}`, () => {
    assert.deepEqual(decidePsync({ replid, offset }, { ...own, ...change }), expected);
  });
}

test('a promotion keeps the old id valid up to the last common byte', () => {
  const history = new History(new SeededRandom(1));
  history.replace(A, 99);
  history.promote();
  assert.equal(history.replid2, A);
  assert.equal(history.secondReplidOffset, 100);
  assert.notEqual(history.replid, A);
  assert.match(history.replid, /^[0-9a-f]{40}$/);
  assert.equal(history.masterReplOffset, 99);
});

test('a full resync forgets the second id', () => {
  const history = new History(new SeededRandom(1));
  history.promote();
  history.replace(B, 7);
  assert.deepEqual(
    [history.replid, history.masterReplOffset, history.replid2, history.secondReplidOffset],
    [B, 7, NO_REPLID, -1],
  );
});

test('offsets are read as Redis reads integers', () => {
  assert.equal(parseOffset('0'), 0);
  assert.equal(parseOffset('-1'), -1);
  assert.equal(parseOffset('9007199254740993'), Number.MAX_SAFE_INTEGER);
  for (const bad of [
    '',
    ' 1',
    '1 ',
    '+1',
    '01',
    '-0',
    '1.0',
    '1e3',
    '9223372036854775808',
    '99999999999999999999',
    'abc',
  ]) {
    assert.equal(parseOffset(bad), undefined, bad);
  }
});
