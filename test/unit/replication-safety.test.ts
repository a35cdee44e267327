/** What a replica refuses, what a demotion costs, and how large an automatic backlog is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DroppedBuffers } from '../../src/memory/dropped-buffers.ts';
import { Backlog } from '../../src/replication/backlog.ts';
import { BacklogSizer } from '../../src/replication/backlog-size.ts';
import { lostWrites } from '../../src/replication/master/lost-writes.ts';
import { isAllowedMaster, type Offer, type Refusal, refuses } from '../../src/replication/safety.ts';
import { command } from '../../src/replication/wire.ts';
import { ReplicationNode } from './support/replication-node.ts';
import { SeededRandom, SimNetwork, VirtualClock } from './support/sim-network.ts';

test('allowed masters: nothing allows all, else a name or name:port must match a pattern', () => {
  const cases: [patterns: string, host: string, port: number, allowed: boolean][] = [
    ['', 'anything', 1, true],
    ['  ', 'anything', 1, true],
    ['10.0.0.1', '10.0.0.1', 6379, true],
    ['10.0.0.1', '10.0.0.11', 6379, false],
    ['10.0.0.*:6379', '10.0.0.7', 6379, true],
    ['10.0.0.*:6379', '10.0.0.7', 6380, false],
    ['a b.example', 'B.Example', 1, true],
    ['::1', '::1', 6379, true],
    ['[ab', 'a', 1, true],
  ];
  for (const [patterns, host, port, allowed] of cases) {
    assert.equal(isAllowedMaster(patterns, host, port), allowed, `${patterns} for ${host}:${port}`);
  }
});

test('refused full resyncs: an empty master, and one that came back with older data', () => {
  const offer: Offer = { keys: 5, offset: 100, ownKeys: 5, ownOffset: 200, followedBefore: false };
  const cases: [part: Partial<Offer>, refusal: Refusal | null][] = [
    [{}, null],
    [{ keys: 0 }, 'empty'],
    [{ keys: 0, ownKeys: 0 }, null],
    [{ followedBefore: true }, 'regressed'],
    [{ followedBefore: true, keys: null }, 'regressed'],
    [{ followedBefore: true, offset: 200 }, null],
    [{ followedBefore: true, offset: null }, null],
    [{ followedBefore: true, ownKeys: 0 }, null],
  ];
  for (const [part, refusal] of cases) assert.equal(refuses({ ...offer, ...part }), refusal, JSON.stringify(part));
});

test('lost writes are counted from the last acknowledgement on, beside what is no write', () => {
  const backlog = new Backlog(() => 1 << 20, new DroppedBuffers());
  assert.equal(lostWrites(backlog, 0, 0), null);
  backlog.create(0);
  const stream = backlog.stream!;
  const feed = (...words: string[]): number => {
    const bytes = command(...words);
    stream.append(bytes, 0, bytes.length);
    return stream.end;
  };
  feed('SELECT', '0');
  const acknowledged = feed('SET', 'a', '1');
  assert.equal(lostWrites(backlog, acknowledged, stream.end), null);
  feed('ping');
  assert.equal(lostWrites(backlog, acknowledged, stream.end), null, 'a ping is no write');
  feed('multi');
  feed('SET', 'b', 'x'.repeat(50_000));
  feed('DEL', 'a');
  feed('exec');
  const lost = lostWrites(backlog, acknowledged, stream.end)!;
  assert.deepEqual([lost.from, lost.to, lost.commands, lost.incomplete], [acknowledged + 1, stream.end, 2, false]);
  assert.equal(
    lost.pieces.reduce((sum, piece) => sum + piece.length, 0),
    stream.end - acknowledged,
  );
  assert.equal(lostWrites(backlog, null, stream.end)!.commands, 3);
});

test('an automatic backlog covers the outage at the fastest rate of late, within its bounds', () => {
  const sizer = new BacklogSizer();
  const settings = { replBacklogSize: 0, replBacklogAutoOutage: 60, replBacklogAutoMax: 100 * 2 ** 20 };
  const size = (): number => sizer.bytes(settings) / 2 ** 20;
  assert.equal(size(), 1);
  sizer.sample(1000);
  assert.equal(size(), 1, 'what was there before is no rate');
  sizer.sample(1000 + 2 ** 20);
  assert.equal(size(), 64);
  sizer.sample(1000 + 2 ** 20);
  assert.equal(size(), 64, 'it shrinks slowly');
  sizer.sample(2 ** 30);
  assert.equal(size(), 100, 'never beyond the maximum');
  for (let i = 0; i < 3600; i++) sizer.sample(2 ** 30);
  assert.equal(size(), 1);
  assert.equal(sizer.bytes({ ...settings, replBacklogSize: 12_345 }), 12_345);
});

async function pair(): Promise<{ clock: VirtualClock; network: SimNetwork; nodes: ReplicationNode[] }> {
  const clock = new VirtualClock();
  const network = new SimNetwork(clock, new SeededRandom(8), {});
  const nodes: ReplicationNode[] = [];
  for (const port of [1, 2]) {
    const node = new ReplicationNode({ clock, network, port });
    await node.start();
    nodes.push(node);
  }
  nodes[1]!.replication.replicaOf('127.0.0.1', 1);
  await clock.until(() => nodes[1]!.linkUp, 10_000, 'the link');
  return { clock, network, nodes };
}

test('after a demotion the writes that the new master never had are logged, and written to a file if wanted', async () => {
  const { clock, network, nodes } = await pair();
  const [old, promoted] = nodes as [ReplicationNode, ReplicationNode];
  old.settings.replicaSaveLostWrites = true;
  old.set('both', '1');
  await clock.advance(2500);
  network.stalled = true;
  old.set('lost', '1');
  old.set('lost', '2');
  await clock.advance(100);
  network.cut(1);
  promoted.replication.noOne('a test');
  network.resume();
  promoted.set('new', '1');
  old.replication.replicaOf('127.0.0.1', 2, 'a test');
  await clock.until(() => old.linkUp && old.offset === promoted.offset, 60_000, 'the old master following');
  assert.deepEqual([...old.data], [...promoted.data]);
  assert.equal(old.log.count(': 2 writes, offsets '), 1, old.log.lines.join('\n'));
  const [[name, text] = ['', '']] = old.lostWrites;
  assert.match(name, /^lost-writes-[0-9a-f]{40}-\d+\.resp$/);
  assert.equal(text.match(/lost/g)?.length, 2);
  assert.ok(!text.includes('both'));
});

test('with the interlock a replica keeps its data when its master comes back empty, until it is told otherwise', async () => {
  const { clock, network, nodes } = await pair();
  const [master, replica] = nodes as [ReplicationNode, ReplicationNode];
  replica.settings.replicaRefuseEmptyMaster = true;
  for (let i = 0; i < 10; i++) master.set(`k${i}`, 'v');
  await clock.until(() => replica.offset === master.offset, 10_000, 'the data');
  master.stop();
  network.cut(1);
  const empty = new ReplicationNode({ clock, network, port: 1, seed: 99 });
  await empty.start();
  await clock.advance(20_000);
  assert.equal(replica.data.size, 10);
  assert.equal(replica.linkUp, false);
  assert.ok(replica.log.count('full resync refused: the master') > 0);
  assert.equal(replica.replication.refusedSyncs, replica.log.count('full resync refused: the master'));
  replica.settings.replicaRefuseEmptyMaster = false;
  await clock.until(() => replica.linkUp, 20_000, 'the link');
  assert.equal(replica.data.size, 0);
});

test('a failover goes only to a replica that we may follow', async () => {
  const { clock, nodes } = await pair();
  const [master, replica] = nodes as [ReplicationNode, ReplicationNode];
  const target = { host: '127.0.0.1', port: replica.port };
  const begin = (to: typeof target | null): string | undefined =>
    master.replication.failover.begin({ target: to, force: false, timeoutMs: 2000 })?.text;
  await clock.until(() => replica.linkUp && replica.offset === master.offset, 10_000, 'the sync');
  master.settings.replicaAllowedMasters = '10.0.0.1';
  assert.equal(begin(target), 'ERR FAILOVER target is not in replica-allowed-masters');
  assert.equal(begin(null), undefined);
  await clock.advance(3000);
  assert.equal(master.info('role'), 'master', 'nobody to hand over to until the time was up');
  assert.equal(master.info('master_failover_state'), 'no-failover');
  master.settings.replicaAllowedMasters = `127.0.0.1:${replica.port}`;
  assert.equal(begin(target), undefined);
  await clock.until(() => master.info('role') === 'slave' && master.linkUp, 20_000, 'the failover');
});
