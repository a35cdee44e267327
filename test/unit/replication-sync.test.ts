/**
 * Whole replication between small nodes over a simulated network: every scenario ends on equal data and equal offsets
 * and on the counter that proves its path.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReplicationNode } from './support/replication-node.ts';
import { SeededRandom, SimNetwork, type SimNetworkOptions, VirtualClock } from './support/sim-network.ts';

interface World {
  readonly clock: VirtualClock;
  readonly network: SimNetwork;
  node(port: number): Promise<ReplicationNode>;
  /** Until `replica` has all that `master` has. */
  caughtUp(replica: ReplicationNode, master: ReplicationNode, limitMs?: number): Promise<void>;
}

function world(seed = 1, options: SimNetworkOptions = {}): World {
  const clock = new VirtualClock();
  const network = new SimNetwork(clock, new SeededRandom(seed), options);
  return {
    clock,
    network,
    async node(port) {
      const node = new ReplicationNode({ clock, network, port });
      await node.start();
      return node;
    },
    async caughtUp(replica, master, limitMs) {
      await clock.until(
        () => replica.linkUp && replica.offset === master.offset && sameHistory(replica, master),
        limitMs,
        `replica ${replica.port} catching up with ${master.port}`,
      );
      assert.deepEqual(sorted(replica), sorted(master));
    },
  };
}

function sameHistory(a: ReplicationNode, b: ReplicationNode): boolean {
  return a.replication.history.replid === b.replication.history.replid;
}

function sorted(node: ReplicationNode): [string, string][] {
  return [...node.data].sort(([a], [b]) => (a < b ? -1 : 1));
}

function fill(node: ReplicationNode, count: number, label = 'k'): void {
  for (let i = 0; i < count; i++) node.set(`${label}${i}`, `value ${i} `.repeat(1 + (i % 40)), i % 3);
}

for (const [name, diskless, slice] of [
  ['diskless, blocking', true, 0],
  ['diskless, in slices', true, 700],
  ['with a known length, blocking', false, 0],
  ['with a known length, in slices', false, 700],
] as const) {
  test(`a full sync ${name}: equal data, then the stream`, async () => {
    const w = world(7);
    const master = await w.node(1);
    const replica = await w.node(2);
    master.settings.replDisklessSync = diskless;
    master.sliceBytes = slice;
    fill(master, 300);
    replica.replication.replicaOf('127.0.0.1', 1);
    // Writes go on while the snapshot is made and sent.
    for (let i = 0; i < 40; i++) {
      await w.clock.advance(1);
      master.set(`during${i}`, 'x'.repeat(100), i % 5);
    }
    await w.caughtUp(replica, master);
    master.set('after', '1', 4);
    await w.caughtUp(replica, master);
    assert.equal(master.replication.counters.syncFull, 1);
    assert.equal(master.replication.counters.syncPartialOk, 0);
    assert.equal(master.replication.counters.lastFullReason, 'requested');
    assert.equal(
      master.info('slave0'),
      `ip=127.0.0.1,port=2,state=online,offset=${master.info('slave0')!.match(/offset=(\d+)/)![1]!},lag=0`,
    );
    assert.equal(replica.info('master_link_status'), 'up');
  });
}

test('the log of a full sync has the lines of Redis in its order, on both sides', async () => {
  const w = world();
  const master = await w.node(1);
  const replica = await w.node(2);
  replica.replication.replicaOf('127.0.0.1', 1);
  await w.caughtUp(replica, master);
  const { replid } = master.replication.history;
  assert.deepEqual(replica.log.lines, [
    'Connecting to MASTER 127.0.0.1:1',
    'MASTER <-> REPLICA sync started',
    'Non blocking connect for SYNC fired the event.',
    'Master replied to PING, replication can continue...',
    'Partial resynchronization not possible (no cached master)',
    `Full resync from master: ${replid}:0`,
    'MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to parser',
    'MASTER <-> REPLICA sync: Loading DB in memory',
    'MASTER <-> REPLICA sync: Swapping active DB with loaded DB',
    'MASTER <-> REPLICA sync: Discarding old DB in background',
    'MASTER <-> REPLICA sync: Finished with success',
  ]);
  assert.deepEqual(master.log.lines, [
    'Replica 127.0.0.1:2 asks for synchronization',
    'Full resync requested by replica 127.0.0.1:2',
    `Replication backlog created, my new replication IDs are '${replid}' and '${'0'.repeat(40)}'`,
    'Starting BGSAVE for SYNC with target: replicas sockets',
    'Background RDB transfer started by pid 1',
    'Diskless rdb transfer, done reading from pipe, 1 replicas still up.',
    'Background RDB transfer terminated with success',
    'Streamed RDB transfer with replica 127.0.0.1:2 succeeded (socket). Waiting for REPLCONF ACK from slave to enable streaming',
    'Synchronization with replica 127.0.0.1:2 succeeded',
  ]);
});

test('a replica that lost the link for less than the backlog resumes with +CONTINUE', async () => {
  const w = world(3);
  const master = await w.node(1);
  const replica = await w.node(2);
  fill(master, 50);
  replica.replication.replicaOf('127.0.0.1', 1);
  await w.caughtUp(replica, master);
  for (let round = 0; round < 5; round++) {
    w.network.cut(1);
    for (let i = 0; i < 20; i++) master.set(`r${round}-${i}`, 'y'.repeat(200), round);
    await w.clock.advance(5);
    await w.caughtUp(replica, master);
  }
  const { counters } = master.replication;
  assert.deepEqual([counters.syncFull, counters.syncPartialOk, counters.syncPartialErr], [1, 5, 0]);
  assert.equal(replica.log.count('Caching the disconnected master state.'), 5);
  assert.equal(replica.log.count('Reconnecting to MASTER 127.0.0.1:1'), 5);
  assert.equal(replica.log.count('Successful partial resynchronization with master.'), 5);
  assert.equal(master.log.count('Connection with replica 127.0.0.1:2 lost.'), 5);
});

test('a replica that missed more than the backlog gets a full resync, with the reason', async () => {
  const w = world(3);
  const master = await w.node(1);
  const replica = await w.node(2);
  master.settings.replBacklogSize = 20_000;
  replica.replication.replicaOf('127.0.0.1', 1);
  await w.caughtUp(replica, master);
  w.network.refusing = true;
  w.network.cut(1);
  await w.clock.advance(1500);
  for (let i = 0; i < 2000; i++) master.set(`m${i % 100}`, 'z'.repeat(500));
  w.network.refusing = false;
  await w.caughtUp(replica, master);
  const { counters } = master.replication;
  assert.deepEqual([counters.syncFull, counters.syncPartialOk, counters.syncPartialErr], [2, 0, 1]);
  assert.equal(counters.lastPartialRefusal, 'too-old');
  assert.equal(master.log.count('Unable to partial resync with replica 127.0.0.1:2 for lack of backlog'), 1);
  assert.equal(replica.log.count('Error condition on socket for SYNC: Connection refused') > 0, true);
});

test('a replica of a replica gets the same bytes, offsets and id', async () => {
  const w = world(5);
  const head = await w.node(1);
  const middle = await w.node(2);
  const tail = await w.node(3);
  fill(head, 100);
  middle.replication.replicaOf('127.0.0.1', 1);
  tail.replication.replicaOf('127.0.0.1', 2);
  await w.caughtUp(middle, head);
  await w.caughtUp(tail, head);
  for (let i = 0; i < 100; i++) {
    head.set(`s${i}`, String(i), i % 4);
    if (i % 10 === 0) w.network.cut(2);
    if (i % 33 === 0) w.network.cut(1);
    await w.clock.advance(3);
  }
  await w.caughtUp(middle, head);
  await w.caughtUp(tail, head);
  assert.equal(middle.replication.counters.syncFull, 1);
  assert.ok(middle.replication.counters.syncPartialOk > 0);
  assert.equal(head.replication.counters.syncFull, 1);
  assert.ok(tail.log.count('Master is currently unable to PSYNC but should be in the future: -NOMASTERLINK') >= 1);
});

test('a transaction that the cut interrupts is applied once, after it was sent again', async () => {
  const w = world(9, { maxPieceBytes: 40 });
  const head = await w.node(1);
  const middle = await w.node(2);
  const tail = await w.node(3);
  middle.replication.replicaOf('127.0.0.1', 1);
  tail.replication.replicaOf('127.0.0.1', 2);
  await w.caughtUp(middle, head);
  await w.caughtUp(tail, head);
  for (let round = 0; round < 20; round++) {
    const start = head.offset;
    for (const words of [['MULTI'], ['SET', 'a', `${round}`], ['SET', 'b', `${round} ${'.'.repeat(150)}`], ['EXEC']]) {
      // Its own effect on the head; MULTI and EXEC change nothing there.
      head.write(0, words);
    }
    head.replication.beforeSleep();
    await w.clock.until(() => (middle.replication.link?.unappliedBytes ?? 0) > 60 || middle.offset > start, 1000);
    w.network.cut(round % 2 === 0 ? 1 : 2);
    await w.caughtUp(middle, head);
    await w.caughtUp(tail, head);
  }
  assert.equal(head.replication.counters.syncFull, 1);
  assert.equal(middle.replication.counters.syncFull, 1);
});

test('a promoted replica keeps its history: a sibling and a sub-replica continue partially', async () => {
  const w = world(11);
  const old = await w.node(1);
  const chosen = await w.node(2);
  const sibling = await w.node(3);
  const below = await w.node(4);
  fill(old, 60);
  chosen.replication.replicaOf('127.0.0.1', 1);
  sibling.replication.replicaOf('127.0.0.1', 1);
  below.replication.replicaOf('127.0.0.1', 2);
  for (const node of [chosen, sibling, below]) await w.caughtUp(node, old);
  const before = old.replication.history.replid;
  chosen.replication.noOne('test');
  assert.equal(chosen.info('role'), 'master');
  assert.equal(chosen.replication.history.replid2, before);
  sibling.replication.replicaOf('127.0.0.1', 2, 'test');
  chosen.set('new', 'era', 2);
  await w.caughtUp(sibling, chosen);
  await w.caughtUp(below, chosen);
  // The old master, at the same offset, comes back as a replica.
  old.replication.replicaOf('127.0.0.1', 2, 'test');
  await w.caughtUp(old, chosen);
  const { counters } = chosen.replication;
  assert.deepEqual([counters.syncFull, counters.syncPartialOk], [1, 3]);
  assert.equal(below.log.count('Master replication ID changed to'), 1);
  assert.equal(old.log.count('Before turning into a replica, using my own master parameters'), 1);
});

test('an old master with writes of its own must sync fully', async () => {
  const w = world(12);
  const old = await w.node(1);
  const chosen = await w.node(2);
  fill(old, 10);
  chosen.replication.replicaOf('127.0.0.1', 1);
  await w.caughtUp(chosen, old);
  chosen.replication.noOne('test');
  old.set('lost', 'write');
  old.replication.replicaOf('127.0.0.1', 2, 'test');
  await w.caughtUp(old, chosen);
  assert.equal(chosen.replication.counters.lastPartialRefusal, 'beyond-second-offset');
  assert.equal(old.data.has('0:lost'), false);
});

test('when a middle node syncs fully again, its own replicas do too', async () => {
  const w = world(13);
  const first = await w.node(1);
  const other = await w.node(2);
  const middle = await w.node(3);
  const tail = await w.node(4);
  fill(first, 10, 'first');
  fill(other, 10, 'other');
  middle.replication.replicaOf('127.0.0.1', 1);
  tail.replication.replicaOf('127.0.0.1', 3);
  await w.caughtUp(middle, first);
  await w.caughtUp(tail, first);
  middle.replication.replicaOf('127.0.0.1', 2, 'test');
  await w.clock.until(() => middle.data.has('0:other0'));
  await w.caughtUp(middle, other);
  await w.caughtUp(tail, other);
  assert.equal(middle.replication.counters.syncFull, 2);
});

test('a load that fails leaves the old data served and is tried again', async () => {
  const w = world(14);
  const master = await w.node(1);
  const replica = await w.node(2);
  fill(master, 20);
  replica.data.set('0:own', 'kept');
  replica.corruptLoads = 2;
  replica.replication.replicaOf('127.0.0.1', 1);
  await w.clock.until(() => replica.log.count('Failed trying to load the MASTER synchronization DB') === 2);
  assert.deepEqual(sorted(replica), [['0:own', 'kept']]);
  await w.caughtUp(replica, master);
});

test('a transfer that is cut leaves the old data served, and its master stops the snapshot', async () => {
  const w = world(15);
  const master = await w.node(1);
  const replica = await w.node(2);
  fill(master, 200);
  master.sliceBytes = 500;
  master.snapshotMayEnd = false;
  replica.data.set('0:own', 'kept');
  replica.replication.replicaOf('127.0.0.1', 1);
  await w.clock.until(() => (replica.replication.link?.progress?.read ?? 0) > 1000);
  assert.equal(replica.info('master_sync_in_progress'), '1');
  w.network.cut(1);
  await w.clock.advance(3);
  assert.equal(master.log.count('last replica dropped'), 1);
  assert.deepEqual(sorted(replica), [['0:own', 'kept']]);
  master.snapshotMayEnd = true;
  await w.caughtUp(replica, master);
  assert.equal(replica.log.count('I/O error trying to sync with MASTER: Connection reset by peer'), 1);
});

test('replicas that wait share one snapshot; late ones join a disk snapshot and queue behind a socket one', async () => {
  for (const diskless of [true, false]) {
    const w = world(16);
    const master = await w.node(1);
    master.settings.replDisklessSync = diskless;
    master.sliceBytes = 400;
    master.snapshotMayEnd = false;
    fill(master, 100);
    const nodes = await Promise.all([2, 3, 4, 5].map((port) => w.node(port)));
    if (diskless) master.settings.replDisklessSyncDelay = 2;
    for (const node of nodes.slice(0, 3)) node.replication.replicaOf('127.0.0.1', 1);
    await w.clock.until(() => master.snapshots === 1);
    nodes[3]!.replication.replicaOf('127.0.0.1', 1);
    await w.clock.advance(50);
    master.set('meanwhile', '1');
    const line = diskless ? 'Current BGSAVE has socket target' : 'Waiting for end of BGSAVE for SYNC';
    assert.ok(master.log.count(line) >= 1, line);
    master.snapshotMayEnd = true;
    for (const node of nodes) await w.caughtUp(node, master);
    assert.equal(master.snapshots, diskless ? 2 : 1);
    assert.equal(master.replication.counters.syncFull, 4);
  }
});

test('a silent network is noticed by both sides after repl-timeout, and the replica comes back partially', async () => {
  const w = world(17);
  const master = await w.node(1);
  const replica = await w.node(2);
  master.settings.replTimeout = 15;
  replica.settings.replTimeout = 15;
  replica.replication.replicaOf('127.0.0.1', 1);
  await w.caughtUp(replica, master);
  w.network.stalled = true;
  await w.clock.advance(40_000);
  assert.equal(master.log.count('Disconnecting timedout replica (streaming sync): 127.0.0.1:2'), 1);
  assert.equal(replica.log.count('MASTER timeout: no data nor PING received...'), 1);
  assert.ok(replica.log.count('Timeout connecting to the MASTER...') >= 1);
  assert.ok(Number(replica.info('master_link_down_since_seconds')) > 10);
  w.network.resume();
  master.set('back', '1');
  await w.caughtUp(replica, master);
  assert.equal(master.replication.counters.syncPartialOk, 1);
  assert.equal(master.replication.counters.syncFull, 1);
});

test('ten replicas cut at once, beyond the backlog, come back with one snapshot between them', async () => {
  const w = world(41);
  const master = await w.node(1);
  master.settings.replDisklessSyncDelay = 5;
  master.settings.replBacklogSize = 16 * 1024;
  fill(master, 50);
  const replicas = await Promise.all(Array.from({ length: 10 }, (_, i) => w.node(10 + i)));
  for (const replica of replicas) replica.replication.replicaOf('127.0.0.1', 1);
  for (const replica of replicas) await w.caughtUp(replica, master);
  assert.equal(master.snapshots, 1);
  w.network.stalled = true;
  for (let i = 0; i < 200; i++) master.set(`missed${i}`, 'x'.repeat(500));
  w.network.cut(1);
  w.network.resume();
  for (const replica of replicas) await w.caughtUp(replica, master);
  assert.equal(master.snapshots, 2, 'one for the beginning, one for all that came back');
  assert.equal(master.replication.counters.syncFull, 20);
});

test('a replica tells how often it tried and when it tries again, and tries more slowly while its master is away', async () => {
  const w = world(42);
  const replica = await w.node(2);
  replica.replication.replicaOf('127.0.0.1', 1);
  await w.clock.advance(3000);
  const link = replica.replication.link!;
  assert.equal(link.tag, 'waiting');
  assert.ok(link.retryInMs > 0 && link.retryInMs <= 1000);
  const { attempts } = link;
  assert.ok(attempts >= 3 && attempts <= 5, String(attempts));
  await w.clock.advance(60_000);
  assert.ok(link.attempts - attempts <= 20, String(link.attempts));
  const master = await w.node(1);
  fill(master, 10);
  await w.caughtUp(replica, master, 6000);
  assert.equal(link.failures, 0);
  assert.equal(link.retryInMs, -1);
});

test('an idle link lives for ever: pings down, ACKs up', async () => {
  const w = world(18);
  const master = await w.node(1);
  const replica = await w.node(2);
  replica.replication.replicaOf('127.0.0.1', 1);
  await w.caughtUp(replica, master);
  const before = master.offset;
  await w.clock.advance(3_600_000);
  assert.equal(replica.linkUp, true);
  assert.equal(master.offset - before, 360 * 14, 'one ping of 14 bytes every ten seconds');
  assert.equal(master.replication.counters.syncFull + master.replication.counters.syncPartialOk, 1);
  const acked = [...master.replication.replicas.sessions][0]!.ackOffset;
  assert.ok(master.offset - acked <= 14);
});

test('GETACK is answered at once with an offset that covers what came before it', async () => {
  const w = world(19);
  const master = await w.node(1);
  const replica = await w.node(2);
  replica.replication.replicaOf('127.0.0.1', 1);
  await w.caughtUp(replica, master);
  await w.clock.advance(1500);
  master.write(0, ['SET', 'waited', 'for']);
  const wanted = master.offset;
  assert.equal(master.replication.replicas.ackedCount(wanted), 0);
  master.replication.requestAcks();
  master.replication.beforeSleep();
  await w.clock.until(() => master.replication.replicas.ackedCount(wanted) === 1, 100);
});

test('a backlog without replicas is released after its ttl, with a new id', async () => {
  const w = world(20);
  const master = await w.node(1);
  const replica = await w.node(2);
  master.settings.replBacklogTtl = 30;
  replica.replication.replicaOf('127.0.0.1', 1);
  await w.caughtUp(replica, master);
  const before = master.replication.history.replid;
  replica.stop();
  await w.clock.advance(20_000);
  assert.equal(master.info('repl_backlog_active'), '1');
  await w.clock.advance(15_000);
  assert.equal(master.info('repl_backlog_active'), '0');
  assert.notEqual(master.replication.history.replid, before);
  assert.equal(master.log.count('Replication backlog freed after 30 seconds without connected replicas.'), 1);
});

test('a slow replica is dropped at its output limit; the others do not notice', async () => {
  const w = world(21);
  const master = await w.node(1);
  const slow = await w.node(2);
  const fast = await w.node(3);
  master.settings.replBacklogSize = 16_384;
  master.settings.replicaOutputHardBytes = 200_000;
  slow.replication.replicaOf('127.0.0.1', 1);
  fast.replication.replicaOf('127.0.0.1', 1);
  await w.caughtUp(slow, master);
  await w.caughtUp(fast, master);
  slow.replication.link!.connection!.pause();
  for (let i = 0; i < 600; i++) {
    master.set(`burst${i}`, 'b'.repeat(1000));
    if (i % 10 === 0) await w.clock.advance(5);
  }
  await w.caughtUp(fast, master);
  assert.equal(master.log.count('scheduled to be closed ASAP for overcoming of output buffer limits.'), 1);
  await w.caughtUp(slow, master);
  assert.equal(fast.log.count('Connection with master lost.'), 0);
});

test('the soft output limit drops a replica that stays above it for its seconds, and only then', async () => {
  const w = world(23);
  const master = await w.node(1);
  const replica = await w.node(2);
  master.settings.replBacklogSize = 16_384;
  master.settings.replicaOutputHardBytes = 0;
  master.settings.replicaOutputSoftBytes = 200_000;
  master.settings.replicaOutputSoftSeconds = 5;
  replica.replication.replicaOf('127.0.0.1', 1);
  await w.caughtUp(replica, master);
  const connection = replica.replication.link!.connection!;
  const dropped = (): number => master.replication.replicas.limitDisconnections;
  for (let round = 0; round < 3; round++) {
    connection.pause();
    for (let i = 0; i < 600; i++) master.set(`burst${i}`, 'b'.repeat(1000));
    await w.clock.advance(3000);
    connection.resume();
    await w.caughtUp(replica, master);
  }
  assert.equal(dropped(), 0, 'each time it came below in time');
  connection.pause();
  for (let i = 0; i < 600; i++) master.set(`burst${i}`, 'c'.repeat(1000));
  await w.clock.advance(4000);
  assert.equal(dropped(), 0);
  await w.clock.advance(4000);
  assert.equal(dropped(), 1);
  await w.caughtUp(replica, master);
});

/** Writes `count` keys of 1000 bytes, 20 each 10 ms, unless writes wait. Returns how many looks found them waiting. */
async function burst(w: World, master: ReplicationNode, count: number): Promise<number> {
  let waits = 0;
  for (let i = 0; i < count;) {
    if (master.writesWait) waits++;
    else for (let n = 0; n < 20; n++, i++) master.set(`burst${i}`, 'b'.repeat(1000));
    await w.clock.advance(10);
  }
  return waits;
}

async function slowPair(seed: number): Promise<{ w: World; master: ReplicationNode; replica: ReplicationNode }> {
  const w = world(seed, { bytesPerMs: 500, kernelBytes: 16_384 });
  const master = await w.node(1);
  const replica = await w.node(2);
  master.settings.replBacklogSize = 16_384;
  master.settings.replicaOutputHardBytes = 1_000_000;
  master.settings.replicaOutputSoftBytes = 0;
  replica.replication.replicaOf('127.0.0.1', 1);
  await w.caughtUp(replica, master);
  return { w, master, replica };
}

test('writes wait for a replica that is close to its output limit and takes its stream steadily', async () => {
  const { w, master, replica } = await slowPair(24);
  const waits = await burst(w, master, 4000);
  assert.ok(waits > 50, `${waits} waits`);
  await w.caughtUp(replica, master);
  assert.equal(master.writesWait, false);
  assert.equal(master.replication.replicas.limitDisconnections, 0);
  assert.equal(master.replication.counters.syncFull, 1);
  assert.ok(master.replication.replicas.pacing.heldMs >= 500);
  assert.equal(master.log.count('Writes wait for replica'), 1, 'told once');
});

test('without replica-max-write-delay no write waits, and the slow replica is dropped', async () => {
  const { w, master } = await slowPair(24);
  master.settings.replicaMaxWriteDelay = 0;
  assert.equal(await burst(w, master, 4000), 0);
  assert.ok(master.replication.replicas.limitDisconnections > 0);
});

test('writes wait no longer than replica-max-write-delay in all, then the replica is dropped', async () => {
  const { w, master } = await slowPair(25);
  master.settings.replicaMaxWriteDelay = 1;
  const { replicas } = master.replication;
  for (let i = 0; i < 100 && replicas.limitDisconnections === 0; i++) await burst(w, master, 200);
  assert.ok(replicas.limitDisconnections > 0);
  assert.ok(replicas.pacing.heldMs >= 1000 && replicas.pacing.heldMs < 1200, `${replicas.pacing.heldMs} ms`);
  assert.equal(master.writesWait, false);
  assert.equal(master.log.count('Writes have waited 1 seconds for replica'), 1);
});

test('no single wait is longer than a second, however slowly the replica reads', async () => {
  const { w, master } = await slowPair(27);
  const { replicas } = master.replication;
  w.network.bytesPerMs = 30;
  let [longest, since] = [0, -1];
  for (let i = 0; i < 4000 && replicas.limitDisconnections === 0; i++) {
    if (!master.writesWait) {
      since = -1;
      for (let n = 0; n < 5; n++) master.set(`burst${i}:${n}`, 'b'.repeat(1000));
    } else {
      if (since < 0) since = w.clock.monotonic();
      longest = Math.max(longest, w.clock.monotonic() - since);
    }
    await w.clock.advance(10);
  }
  assert.ok(longest >= 900 && longest <= 1100, `${longest} ms`);
});

test('no write waits long for a replica that stands still', async () => {
  const { w, master, replica } = await slowPair(26);
  replica.replication.link!.connection!.pause();
  await burst(w, master, 1100);
  assert.equal(master.replication.replicas.limitDisconnections, 1);
  assert.ok(master.replication.replicas.pacing.heldMs <= 1100);
});

test('a burst inside one turn reaches replicas before its end', async () => {
  const w = world(22, { kernelBytes: 1 << 24 });
  const master = await w.node(1);
  const replica = await w.node(2);
  replica.replication.replicaOf('127.0.0.1', 1);
  // Its first ACK opens the stream.
  await w.clock.advance(100);
  const [session] = master.replication.replicas.sessions;
  for (let i = 0; i < 3000; i++) master.write(0, ['SET', `p${i}`, 'q'.repeat(500)]);
  assert.ok(session!.streamBytesSent > 1_000_000, 'sent within the turn');
  assert.ok(session!.queuedBytes < 100_000);
  master.replication.beforeSleep();
  await w.caughtUp(replica, master);
});

test('a slow network paces the snapshot instead of filling memory', async () => {
  const w = world(23, { bytesPerMs: 20_000, kernelBytes: 16_384 });
  const master = await w.node(1);
  const replica = await w.node(2);
  master.sliceBytes = 256 * 1024;
  for (let i = 0; i < 60; i++) master.set(`big${i}`, 'v'.repeat(200_000));
  replica.replication.replicaOf('127.0.0.1', 1);
  let most = 0;
  await w.clock.until(() => {
    for (const session of master.replication.replicas.sessions) most = Math.max(most, session.connection.pendingBytes);
    return replica.linkUp;
  }, 600_000);
  assert.ok(most > 0 && most < 2 * 1024 * 1024, `${most} bytes queued at most`);
  await w.caughtUp(replica, master);
});

test('a password is sent, a wrong one refused every second', async () => {
  const w = world(24);
  const master = await w.node(1);
  const replica = await w.node(2);
  master.requirepass = 'secret';
  replica.settings.masterauth = 'wrong';
  replica.replication.replicaOf('127.0.0.1', 1);
  await w.clock.advance(4500);
  assert.equal(replica.log.count('Unable to AUTH to MASTER: -WRONGPASS'), 5);
  replica.settings.masterauth = 'secret';
  await w.caughtUp(replica, master);
});

test('REPLICAOF to the same master does nothing, NO ONE during a transfer aborts it', async () => {
  const w = world(25);
  const master = await w.node(1);
  const replica = await w.node(2);
  fill(master, 200);
  master.sliceBytes = 300;
  replica.data.set('0:own', 'kept');
  replica.replication.replicaOf('127.0.0.1', 1, 'test');
  await w.clock.until(() => (replica.replication.link?.progress?.read ?? 0) > 500);
  assert.equal(replica.replication.replicaOf('127.0.0.1', 1, 'test'), false);
  replica.replication.noOne('test');
  await w.clock.advance(5000);
  assert.equal(replica.info('role'), 'master');
  assert.deepEqual(sorted(replica), [['0:own', 'kept']]);
  assert.equal(master.info('connected_slaves'), '0');
});

test('a link that is lost while the complete payload is verified still uses it', async () => {
  const w = world(26);
  const master = await w.node(1);
  const replica = await w.node(2);
  fill(master, 50);
  replica.replication.replicaOf('127.0.0.1', 1);
  await w.clock.until(() => replica.replication.link?.tag === 'loading');
  w.network.cut(1);
  await w.caughtUp(replica, master);
  assert.deepEqual([master.replication.counters.syncFull, master.replication.counters.syncPartialOk], [1, 1]);
});

test('random writes, cuts and stalls over a chain end on equal data without needless full syncs', async () => {
  for (let seed = 100; seed < 110; seed++) {
    const w = world(seed, { maxPieceBytes: 1 + (seed % 7) * 300, kernelBytes: 1000 + (seed % 5) * 4000 });
    const random = new SeededRandom(seed);
    const nodes = await Promise.all([1, 2, 3, 4].map((port) => w.node(port)));
    const [head] = nodes;
    for (const node of nodes) {
      node.sliceBytes = seed % 2 === 0 ? 300 : 0;
      node.settings.replDisklessSync = seed % 3 !== 0;
      node.settings.replTimeout = 20;
    }
    fill(head!, 30);
    for (const [i, node] of nodes.slice(1).entries()) node.replication.replicaOf('127.0.0.1', i === 2 ? 2 : i + 1);
    for (let turn = 0; turn < 300; turn++) {
      head!.set(`k${random.below(50)}`, 'r'.repeat(random.below(300)), random.below(4));
      if (random.below(25) === 0) w.network.cut(1 + random.below(3));
      if (random.below(60) === 0) w.network.stalled = true;
      if (random.below(8) === 0) w.network.resume();
      await w.clock.advance(random.below(60));
    }
    w.network.resume();
    for (const node of nodes.slice(1)) await w.caughtUp(node, head!);
    for (const node of nodes) {
      assert.equal(node.replication.counters.syncPartialErr, 0, `seed ${seed}: no refused partial resync`);
      node.stop();
    }
  }
});

test('a replica that stands still in a full sync does not hold up the other, and is given up after repl-timeout', async () => {
  const w = world(27, { kernelBytes: 4096 });
  const master = await w.node(1);
  const dead = await w.node(2);
  const good = await w.node(3);
  master.settings.replTimeout = 10;
  master.settings.replDisklessSyncDelay = 1;
  master.sliceBytes = 64 * 1024;
  for (let i = 0; i < 40; i++) master.set(`big${i}`, 'v'.repeat(100_000));
  dead.settings.replTimeout = 3600;
  dead.replication.replicaOf('127.0.0.1', 1);
  good.replication.replicaOf('127.0.0.1', 1);
  await w.clock.until(() => (dead.replication.link?.progress?.read ?? 0) > 100_000);
  const stuck = dead.replication.link!.connection!;
  stuck.pause();
  // Its loader may just have asked for a rest: the end of that must not wake it.
  stuck.resume = () => {};
  await w.caughtUp(good, master, 60_000);
  const givenUp = 'Disconnecting timedout replica (full sync): 127.0.0.1:2';
  assert.equal(master.log.count(givenUp), 0);
  await w.clock.until(() => master.log.count(givenUp) === 1, 60_000);
  assert.equal(good.log.count('MASTER <-> REPLICA sync started'), 1, 'from the snapshot that both shared');
});

test('a link that was good is tried again in the turn in which it broke', async () => {
  const w = world(41);
  const master = await w.node(1);
  const replica = await w.node(2);
  replica.replication.replicaOf('127.0.0.1', 1);
  await w.caughtUp(replica, master);
  await w.clock.advance(2000);
  const link = replica.replication.link!;
  const { attempts } = link;
  link.kill();
  assert.deepEqual([link.tag, link.attempts], ['connecting', attempts + 1]);
  await w.caughtUp(replica, master);
  assert.equal(master.replication.counters.syncPartialOk, 1);
});

test('a master that ends each link as soon as it is up is tried again once a second, not at once', async () => {
  const w = world(40);
  const master = await w.node(1);
  const replica = await w.node(2);
  replica.replication.replicaOf('127.0.0.1', 1);
  await w.caughtUp(replica, master);
  for (let i = 0; i < 10_000; i++) {
    await w.clock.advance(1);
    if (replica.linkUp) master.replication.replicas.disconnectAll();
  }
  const partial = master.replication.counters.syncPartialOk;
  assert.ok(partial >= 5 && partial <= 11, `${partial} links in ten seconds`);
});
