import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type HandshakeEvent,
  type HandshakePlan,
  type HandshakeState,
  initialHandshake,
  legal,
  step,
} from '../../src/replication/replica/handshake.ts';

const A = 'a'.repeat(40);
const plan: HandshakePlan = {
  masteruser: '',
  masterauth: '',
  listeningPort: 7000,
  announceIp: '',
  cached: null,
  handsOver: false,
  psyncAtOnce: false,
};

const line = (text: string): HandshakeEvent => ({ kind: 'line', text });

/** Runs the events; returns the last state, what was sent, and what was logged. */
function run(
  given: Partial<HandshakePlan>,
  ...events: HandshakeEvent[]
): { state: HandshakeState; sent: string[]; log: string[]; pipelines: boolean } {
  let state = initialHandshake;
  const sent: string[] = [];
  const log: string[] = [];
  let pipelines = false;
  for (const event of events) {
    const next = step({ ...plan, ...given }, state, event);
    state = next.state;
    for (const action of next.actions) {
      if (action.kind === 'send') sent.push(action.words.join(' '));
      else if (action.kind === 'send-sync') sent.push('SYNC');
      else if (action.kind === 'log') log.push(action.message);
      else pipelines = true;
    }
  }
  return { state, sent, log, pipelines };
}

const connected: HandshakeEvent = { kind: 'connected' };
const pong = line('+PONG');
const ok = line('+OK');

test('the greeting without a password: PING, REPLCONF twice, PSYNC ? -1', () => {
  const { state, sent, log } = run({}, connected, pong, ok, ok);
  assert.deepEqual(state, { tag: 'receive-psync-reply' });
  assert.deepEqual(sent, [
    'PING',
    'REPLCONF listening-port 7000',
    'REPLCONF capa eof capa psync2 capa pipelined-psync',
    'PSYNC ? -1',
  ]);
  assert.deepEqual(log, [
    'Non blocking connect for SYNC fired the event.',
    'Master replied to PING, replication can continue...',
    'Partial resynchronization not possible (no cached master)',
  ]);
});

test('all up to PSYNC leaves in one packet, PSYNC after the last answer', () => {
  assert.deepEqual(run({ masterauth: 'x' }, connected).sent, [
    'AUTH x',
    'PING',
    'REPLCONF listening-port 7000',
    'REPLCONF capa eof capa psync2 capa pipelined-psync',
  ]);
  assert.equal(run({ masterauth: 'x' }, connected, ok, pong, ok).sent.length, 4);
  assert.equal(run({ masterauth: 'x' }, connected, ok, pong, ok, ok).sent.at(-1), 'PSYNC ? -1');
});

test('the greeting with a user, an announced address and something to continue from', () => {
  const given = {
    masteruser: 'repl',
    masterauth: 'secret',
    announceIp: '10.0.0.1',
    cached: { replid: A, nextOffset: 43 },
  };
  const { state, sent, log } = run(given, connected, ok, pong, ok, ok, ok);
  assert.deepEqual(state, { tag: 'receive-psync-reply' });
  assert.deepEqual(sent, [
    'AUTH repl secret',
    'PING',
    'REPLCONF listening-port 7000',
    'REPLCONF ip-address 10.0.0.1',
    'REPLCONF capa eof capa psync2 capa pipelined-psync',
    `PSYNC ${A} 43`,
  ]);
  assert.equal(log.at(-1), `Trying a partial resynchronization (request ${A}:43).`);
});

const pipelines = line('+OK pipelined-psync');
const known = { psyncAtOnce: true, cached: { replid: A, nextOffset: 43 } };

test('a master that takes PSYNC with the rest says so in its answer to capa', () => {
  assert.equal(run({}, connected, pong, ok, pipelines).pipelines, true);
  for (const answer of [ok, line('+OK something else'), line('-ERR pipelined-psync')]) {
    assert.equal(run({}, connected, pong, ok, answer).pipelines, false);
  }
});

test('towards such a master PSYNC leaves with the rest, and is not repeated', () => {
  const { sent } = run(known, connected);
  assert.equal(sent.at(-1), `PSYNC ${A} 43`);
  const { state, log, ...later } = run(known, connected, pong, ok, pipelines);
  assert.deepEqual(later.sent, sent);
  assert.deepEqual(state, { tag: 'receive-early-psync-reply' });
  assert.equal(log.at(-1), `Trying a partial resynchronization (request ${A}:43).`);
  assert.equal(run(known, connected, pong, ok, pipelines, line(`+CONTINUE ${A}`)).state.tag, 'continue');
  assert.equal(
    run(known, connected, pong, ok, pipelines, line(''), line(`+FULLRESYNC ${A} 7`)).state.tag,
    'full-resync',
  );
  assert.equal(run(known, connected, pong, ok, pipelines, line('-LOADING wait')).state.tag, 'failed');
});

test('another server in its place refuses the early PSYNC, and gets it again, once', () => {
  const refusal = line('-ERR SYNC and PSYNC are invalid with pending output');
  const again = run(known, connected, pong, ok, ok, refusal);
  assert.deepEqual(again.state, { tag: 'receive-psync-reply' });
  assert.deepEqual(again.sent.slice(-2), [`PSYNC ${A} 43`, `PSYNC ${A} 43`]);
  assert.equal(again.pipelines, false);
  assert.equal(run(known, connected, pong, ok, ok, refusal, refusal).sent.at(-1), 'SYNC');
});

for (const answer of ['-NOAUTH Authentication required.', '-NOPERM no', '-ERR operation not permitted']) {
  test(`a PING answered by ${answer.split(' ')[0]!} does not stop the greeting`, () => {
    assert.equal(run({}, connected, line(answer)).state.tag, 'receive-replconf-replies');
    assert.equal(run({ masterauth: 'x' }, connected, ok, line(answer)).state.tag, 'receive-replconf-replies');
  });
}

test('any other error to PING fails the attempt', () => {
  const { state, log } = run({}, connected, line('-ERR foo'));
  assert.deepEqual(state, { tag: 'failed', cause: 'ping' });
  assert.equal(log.at(-1), "Error reply to PING from master: '-ERR foo'");
});

test('a refused AUTH fails the attempt', () => {
  const { state, log } = run({ masterauth: 'x' }, connected, line('-WRONGPASS no'));
  assert.deepEqual(state, { tag: 'failed', cause: 'auth' });
  assert.equal(log.at(-1), 'Unable to AUTH to MASTER: -WRONGPASS no');
});

test('REPLCONF errors are logged and ignored', () => {
  const { state, log } = run({ announceIp: 'x' }, connected, pong, line('-ERR a'), line('-ERR b'), line('-ERR c'));
  assert.equal(state.tag, 'receive-psync-reply');
  assert.deepEqual(log.slice(2, 5), [
    '(Non critical) Master does not understand REPLCONF listening-port: -ERR a',
    '(Non critical) Master does not understand REPLCONF ip-address: -ERR b',
    '(Non critical) Master does not understand REPLCONF capa: -ERR c',
  ]);
});

const greeted = [connected, pong, ok, ok];

const psyncReplies: [reply: string, expected: HandshakeState, log: string, sent?: string][] = [
  ['', { tag: 'receive-psync-reply' }, 'Partial resynchronization not possible (no cached master)'],
  [
    `+FULLRESYNC ${A} 100`,
    { tag: 'full-resync', start: { replid: A, offset: 100 } },
    `Full resync from master: ${A}:100`,
  ],
  ['+FULLRESYNC abc', { tag: 'failed', cause: 'bad-full-resync' }, 'Master replied with wrong +FULLRESYNC syntax.'],
  [`+FULLRESYNC ${A} -5`, { tag: 'failed', cause: 'bad-full-resync' }, 'Master replied with wrong +FULLRESYNC syntax.'],
  [`+FULLRESYNC ${A} x`, { tag: 'failed', cause: 'bad-full-resync' }, 'Master replied with wrong +FULLRESYNC syntax.'],
  ['+CONTINUE', { tag: 'continue', replid: null }, 'Successful partial resynchronization with master.'],
  [`+CONTINUE ${A}`, { tag: 'continue', replid: A }, 'Successful partial resynchronization with master.'],
  [
    '-LOADING wait',
    { tag: 'failed', cause: 'try-later' },
    'Master is currently unable to PSYNC but should be in the future: -LOADING wait',
  ],
  [
    '-NOMASTERLINK wait',
    { tag: 'failed', cause: 'try-later' },
    'Master is currently unable to PSYNC but should be in the future: -NOMASTERLINK wait',
  ],
  ['-ERR unknown command', { tag: 'full-resync', start: null }, 'Retrying with SYNC...', 'SYNC'],
  ['+WHAT', { tag: 'full-resync', start: null }, 'Retrying with SYNC...', 'SYNC'],
];

for (const [reply, expected, logged, sent] of psyncReplies) {
  test(`PSYNC answered by '${reply}' leads to ${expected.tag}`, () => {
    const result = run({}, ...greeted, line(reply));
    assert.deepEqual(result.state, expected);
    assert.equal(result.log.at(-1), logged);
    if (sent !== undefined) assert.equal(result.sent.at(-1), sent);
  });
}

const taking = { handsOver: true, cached: { replid: A, nextOffset: 8 } };

test('a master that hands over says so in its PSYNC, and follows only who accepts', () => {
  assert.equal(run(taking, ...greeted).sent.at(-1), `PSYNC ${A} 8 FAILOVER`);
  assert.equal(run(taking, ...greeted, line(`+CONTINUE ${A}`)).state.tag, 'continue');
  assert.equal(run(taking, ...greeted, line(`+FULLRESYNC ${A} 7`)).state.tag, 'full-resync');
  const refused: HandshakeState = { tag: 'failed', cause: 'failover-refused' };
  for (const answer of ['-ERR no', '-LOADING wait', '-NOMASTERLINK wait', '+WHAT']) {
    assert.deepEqual(run(taking, ...greeted, line(answer)).state, refused, answer);
  }
  assert.deepEqual(run(taking, ...greeted, { kind: 'closed', reason: 'connection lost' }).state, refused);
  // Before it was asked, nothing has happened yet: the next attempt may ask.
  assert.deepEqual(run(taking, connected, { kind: 'closed', reason: 'x' }).state, { tag: 'failed', cause: 'closed' });
});

test('a lost connection and a time-out fail every waiting state, with the cause', () => {
  const stages = [[], [connected], [connected, pong], [...greeted]];
  const early = run(known, connected, pong, ok, pipelines, { kind: 'closed', reason: 'x' });
  assert.deepEqual(early.state, { tag: 'failed', cause: 'closed' });
  assert.equal(early.log.at(-1), 'Master did not reply to PSYNC, will try later');
  assert.equal(run({ masterauth: 'x' }, connected, { kind: 'closed', reason: 'x' }).state.tag, 'failed');
  for (const stage of stages) {
    assert.equal(run({}, ...stage, { kind: 'timeout' }).state.tag, 'failed');
    const { state, log } = run({}, ...stage, { kind: 'closed', reason: 'Connection refused' });
    assert.deepEqual(state, { tag: 'failed', cause: stage.length === 0 ? 'connect' : 'closed' });
    assert.ok(log.some((text) => text.includes('Connection refused')));
  }
});

test('a master that is nowhere has its own line', () => {
  const { state, log } = run({}, { kind: 'unreachable', reason: 'Name or service not known' });
  assert.deepEqual(state, { tag: 'failed', cause: 'connect' });
  assert.deepEqual(log, ['Unable to connect to MASTER: Name or service not known']);
});

test('terminal states have no way out, and every other state can fail', () => {
  for (const [tag, next] of Object.entries(legal)) {
    if (['full-resync', 'continue', 'failed'].includes(tag)) assert.deepEqual(next, []);
    else assert.ok(next.includes('failed'));
  }
  assert.throws(() => step(plan, { tag: 'failed', cause: 'ping' }, line('+OK')));
});
