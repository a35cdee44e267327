/** Every transition of a failover, without a socket; then whole failovers between small nodes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type FailoverAction,
  type FailoverEvent,
  type FailoverState,
  type FailoverTarget,
  legalFailover,
  noFailover,
  step,
} from '../../src/replication/failover.ts';
import { ReplicationNode } from './support/replication-node.ts';
import { SeededRandom, SimNetwork, VirtualClock } from './support/sim-network.ts';

const a: FailoverTarget = { host: '10.0.0.1', port: 1 };
const b: FailoverTarget = { host: '10.0.0.2', port: 2 };

const request = (part: Partial<FailoverEvent & { kind: 'request' }> = {}): FailoverEvent => ({
  kind: 'request',
  target: null,
  force: false,
  endMs: null,
  caughtUp: [],
  ...part,
});

const look = (nowMs: number, ...caughtUp: FailoverTarget[]): FailoverEvent => ({ kind: 'look', nowMs, caughtUp });

const waiting = (part: Partial<FailoverState & { tag: 'waiting-for-sync' }> = {}): FailoverState => ({
  tag: 'waiting-for-sync',
  target: null,
  force: false,
  endMs: null,
  ...part,
});

const handing = (target: FailoverTarget): FailoverState => ({ tag: 'failover-in-progress', target });

/** Actions by name; log lines by their text. */
function names(actions: readonly FailoverAction[]): string[] {
  return actions.map((action) => {
    if (action.kind === 'log') return action.message;
    return action.kind === 'follow' ? `follow ${action.target.host}:${action.target.port}` : action.kind;
  });
}

type Row = [title: string, from: FailoverState, event: FailoverEvent, to: FailoverState, ...actions: string[]];

const rows: Row[] = [
  [
    'a request pauses writes and asks where the replicas are',
    noFailover,
    request(),
    waiting(),
    'FAILOVER requested to any replica.',
    'request-acks',
    'pause-writes',
  ],
  [
    'it asks nobody when the target has everything',
    noFailover,
    request({ target: a, endMs: 5, caughtUp: [b, a] }),
    waiting({ target: a, endMs: 5 }),
    'FAILOVER requested to 10.0.0.1:1.',
    'pause-writes',
  ],
  [
    'it asks when only others have everything',
    noFailover,
    request({ target: a, caughtUp: [b] }),
    waiting({ target: a }),
    'FAILOVER requested to 10.0.0.1:1.',
    'request-acks',
    'pause-writes',
  ],
  ['nobody has caught up: it waits', waiting(), look(1), waiting()],
  ['another one has caught up: it waits', waiting({ target: a }), look(1, b), waiting({ target: a })],
  [
    'the first to have everything is the target',
    waiting(),
    look(1, b, a),
    handing(b),
    'Failover target 10.0.0.2:2 is synced, failing over.',
    'follow 10.0.0.2:2',
  ],
  [
    'the target has everything',
    waiting({ target: a, endMs: 2 }),
    look(1, b, a),
    handing(a),
    'Failover target 10.0.0.1:1 is synced, failing over.',
    'follow 10.0.0.1:1',
  ],
  [
    'time is up',
    waiting({ target: a, endMs: 2 }),
    look(2, a),
    noFailover,
    'FAILOVER to 10.0.0.1:1 aborted: Replica never caught up before timeout',
    'resume-writes',
  ],
  [
    'time is up, with any replica',
    waiting({ endMs: 2 }),
    look(3),
    noFailover,
    'FAILOVER to any replica aborted: Replica never caught up before timeout',
    'resume-writes',
  ],
  [
    'time is up, with FORCE',
    waiting({ target: a, endMs: 2, force: true }),
    look(2),
    handing(a),
    'FAILOVER to 10.0.0.1:1 time out exceeded, failing over.',
    'follow 10.0.0.1:1',
  ],
  [
    'ABORT while waiting',
    waiting({ target: a }),
    { kind: 'abort' },
    noFailover,
    'FAILOVER to 10.0.0.1:1 aborted: Failover manually aborted',
    'resume-writes',
  ],
  ['the target accepts', handing(a), { kind: 'accepted' }, noFailover, 'resume-writes'],
  [
    'the target refuses: we are a master again',
    handing(a),
    { kind: 'refused' },
    noFailover,
    'FAILOVER to 10.0.0.1:1 aborted: Failover target rejected psync request',
    'unfollow',
    'resume-writes',
  ],
  [
    'ABORT while handing over: we are a master again',
    handing(a),
    { kind: 'abort' },
    noFailover,
    'FAILOVER to 10.0.0.1:1 aborted: Failover manually aborted',
    'unfollow',
    'resume-writes',
  ],
  ['a look while handing over changes nothing', handing(a), look(9, a), handing(a)],
  ['an answer that comes after ABORT changes nothing', noFailover, { kind: 'accepted' }, noFailover],
  ['a refusal that comes after ABORT changes nothing', noFailover, { kind: 'refused' }, noFailover],
];

for (const [title, from, event, to, ...actions] of rows) {
  test(`failover: ${title}`, () => {
    const next = step(from, event);
    assert.deepEqual(next.state, to);
    assert.deepEqual(names(next.actions), actions);
  });
}

test('every legal transition is in the table above, and there is one failover at a time', () => {
  const seen = new Set(rows.map(([, from, , to]) => `${from.tag} ${to.tag}`));
  for (const [from, tos] of Object.entries(legalFailover)) for (const to of tos) assert.ok(seen.has(`${from} ${to}`));
  assert.throws(() => step(waiting(), request()));
  assert.throws(() => step(noFailover, request({ force: true })));
});

test('a whole failover over a network: the old master continues partially, writes wait until it is over', async () => {
  const clock = new VirtualClock();
  const network = new SimNetwork(clock, new SeededRandom(4), {});
  const nodes: ReplicationNode[] = [];
  for (const port of [1, 2, 3]) {
    const node = new ReplicationNode({ clock, network, port });
    await node.start();
    nodes.push(node);
  }
  const [master, target, other] = nodes as [ReplicationNode, ReplicationNode, ReplicationNode];
  for (const node of [target, other]) node.replication.replicaOf('127.0.0.1', 1);
  const follows = (node: ReplicationNode, of: ReplicationNode) => (): boolean =>
    node.linkUp && node.offset === of.offset && node.replication.history.replid === of.replication.history.replid;
  await clock.until(follows(target, master), 60_000, 'the first sync');
  await clock.until(follows(other, master), 60_000, 'the second sync');
  for (let i = 0; i < 100; i++) master.set(`k${i}`, 'v');
  const refusal = master.replication.failover.begin({
    target: { host: '127.0.0.1', port: 2 },
    force: false,
    timeoutMs: 10_000,
  });
  assert.equal(refusal, null);
  assert.equal(master.info('master_failover_state'), 'waiting-for-sync');
  assert.deepEqual(master.pauses, [true]);
  await clock.until(() => master.info('master_failover_state') === 'no-failover', 10_000, 'the end of the failover');
  assert.equal(target.info('role'), 'master');
  await clock.until(follows(master, target), 60_000, 'the old master following');
  await clock.until(follows(other, target), 60_000, 'its other replica following');
  assert.deepEqual(master.pauses, [true, false]);
  assert.equal(target.replication.counters.syncFull, 0);
  assert.equal(target.replication.counters.syncPartialOk, 1);
  assert.equal(master.replication.counters.syncFull, 2, 'those of the beginning');
  for (const node of nodes) node.stop();
});
