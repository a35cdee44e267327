/**
 * Failover by real Sentinels over Headwater and redis-server mixed: a dead master is replaced by either kind, nothing that WAIT
 * acknowledged is lost, clients follow, and the old master comes back as a replica.
 *
 * HEADWATER_FAILOVERS sets how many masters in a row are killed (default 2, one promotion of each kind).
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Redis } from 'ioredis';
import { createSentinel } from 'redis';
import { freePort } from '../support/free-port.ts';
import { connectRaw } from '../support/raw-client.ts';
import { converged, type Kind, type Node, Scenario } from '../support/scenario.ts';
import { MASTER_NAME, masterPortOf, type Sentinel, startSentinels } from '../support/sentinel.ts';
import { type TempDir, tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

interface Member {
  readonly kind: Kind;
  readonly port: number;
  readonly dir: TempDir;
  node: Node;
}

const failovers = Number(process.env['HEADWATER_FAILOVERS'] ?? 2);

/** Starts, or starts again, a member in its place. */
async function launch(scenario: Scenario, member: Omit<Member, 'node'>): Promise<Node> {
  const configFile = join(member.dir.path, 'redis.conf');
  return scenario.start(member.kind, [], { port: member.port, dir: member.dir.path, file: configFile });
}

async function addMember(t: TestContext, scenario: Scenario, kind: Kind, config: readonly string[]): Promise<Member> {
  const dir = tempDir();
  t.after(() => dir.remove());
  writeFileSync(join(dir.path, 'redis.conf'), [...config, ''].join('\n'));
  const place = { kind, port: await freePort(), dir };
  return { ...place, node: await launch(scenario, place) };
}

/** Writes, and has both replicas acknowledge, until the master is gone. Returns the keys that were acknowledged. */
async function writeUntilGone(
  master: Member,
  prefix: string,
): Promise<{ readonly acked: string[]; done: Promise<void> }> {
  const client = await connectRaw(master.port);
  const acked: string[] = [];
  const run = async (): Promise<void> => {
    try {
      for (let i = 0; ; i++) {
        const key = `${prefix}:${i}`;
        await client.ok('SET', key, i);
        if (Number(await client.value('WAIT', 2, 1000)) >= 2) acked.push(key);
      }
    } catch {
      await client.close();
    }
  };
  return { acked, done: run() };
}

/**
 * A Sentinel closes the clients of every node whose role it changes: connects again until the member follows `master`, or is the
 * master itself (undefined).
 */
function reconnected(scenario: Scenario, member: Member, master: Member | undefined): Promise<unknown> {
  const there = async (): Promise<boolean> => {
    member.node = await scenario.connect(member.kind, member.node.server);
    if (master === undefined) return (await member.node.info('role')) === 'master';
    return (await member.node.info('master_port')) === String(master.port);
  };
  return waitFor(there, { what: `${member.kind} to change its role`, timeoutMs: 60_000, intervalMs: 200 });
}

async function newMaster(sentinels: readonly Sentinel[], members: readonly Member[], old: Member): Promise<Member> {
  const agreed = async (): Promise<number | false> => {
    const ports = await Promise.all(sentinels.map((sentinel) => masterPortOf(sentinel)));
    return ports.every((port) => port === ports[0] && port !== old.port) && ports[0]!;
  };
  const port = await waitFor(agreed, {
    what: 'the Sentinels to agree on another master',
    timeoutMs: 90_000,
    intervalMs: 50,
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${sentinels[0]!.logText().slice(-4000)}`);
  });
  const member = members.find((candidate) => candidate.port === port);
  assert.ok(member !== undefined);
  return member;
}

test(
  'Sentinels replace a killed master by either kind, without losing what WAIT acknowledged',
  {
    timeout: 120_000 * Math.max(failovers, 2),
  },
  async (t) => {
    const scenario = new Scenario(t);
    const first = await addMember(t, scenario, 'headwater', []);
    const follow = `replicaof 127.0.0.1 ${first.port}`;
    const members = [
      first,
      await addMember(t, scenario, 'headwater', [follow]),
      await addMember(t, scenario, 'redis', [follow]),
    ];
    await converged(...members.map((member) => member.node));
    const sentinels = await startSentinels(t, first.port, 3, 2);

    const addresses = sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
    const ioredis = new Redis({ sentinels: addresses, name: MASTER_NAME, maxRetriesPerRequest: null });
    ioredis.on('error', () => {});
    t.after(() => ioredis.disconnect());
    const nodeRedis = createSentinel({ name: MASTER_NAME, sentinelRootNodes: addresses, scanInterval: 500 });
    nodeRedis.on('error', () => {});
    await nodeRedis.connect();
    t.after(() => nodeRedis.destroy());
    await ioredis.set('clients', 'from ioredis');
    assert.equal(await nodeRedis.get('clients'), 'from ioredis');

    let master = first;
    for (let round = 0; round < failovers; round++) {
      const others = members.filter((member) => member !== master);
      // Priority decides: a Headwater replica is promoted in even rounds, where there is one, the redis-server in odd ones.
      const wanted = others.find(({ kind }) => kind === (round % 2 === 0 ? 'headwater' : 'redis')) ?? others[0]!;
      for (const other of others) await other.node.ok('CONFIG', 'SET', 'replica-priority', other === wanted ? 1 : 100);
      await sentinelsSeePriority(sentinels, wanted);
      const writer = await writeUntilGone(master, `round${round}`);
      await waitFor(() => writer.acked.length >= 200, { what: '200 acknowledged writes' });
      await master.node.server.kill();
      await writer.done;

      const promoted = await newMaster(sentinels, members, master);
      assert.equal(promoted, wanted);
      await reconnected(scenario, promoted, undefined);
      const rest = others.filter((member) => member !== promoted);
      for (const member of rest) await reconnected(scenario, member, promoted);
      await converged(promoted.node, ...rest.map((member) => member.node));
      const present = await promoted.node.client.value('EXISTS', ...writer.acked);
      assert.equal(present, writer.acked.length, 'every acknowledged write is there');

      const value = `round ${round}`;
      await ioredis.set('clients', value);
      await waitFor(async () => (await nodeRedis.get('clients')) === value, { what: 'node-redis to follow' });
      assert.equal(await promoted.node.client.value('GET', 'clients'), value);

      // The old master comes back as a master, and is told.
      master.node = await launch(scenario, master);
      await reconnected(scenario, master, promoted);
      await converged(promoted.node, master.node, ...rest.map((member) => member.node));
      const host = `127.0.0.1 ${promoted.port}`;
      for (const member of members) {
        if (member === promoted) continue;
        const replicaof = await member.node.client.value('CONFIG', 'GET', 'replicaof');
        assert.deepEqual(replicaof, ['replicaof', host]);
      }
      await sentinelsSeeReplicas(sentinels, 2);
      master = promoted;
    }
  },
);

/** Sentinels read INFO every 10 s, and every second of replicas of a master that is down. */
function sentinelsSeePriority(sentinels: readonly Sentinel[], wanted: Member): Promise<unknown> {
  const seen = async (): Promise<boolean> => {
    for (const sentinel of sentinels) {
      const replicas = (await sentinel.client.value('SENTINEL', 'REPLICAS', MASTER_NAME)) as unknown as string[][];
      const at = (row: readonly string[], name: string): string | undefined => row[row.indexOf(name) + 1];
      const row = replicas.find((candidate) => at(candidate, 'port') === String(wanted.port));
      if (row === undefined || at(row, 'slave-priority') !== '1') return false;
    }
    return true;
  };
  return waitFor(seen, { what: 'the Sentinels to see the priorities', timeoutMs: 40_000, intervalMs: 50 });
}

/** All replicas are known and up: the next failover has something to choose from. */
function sentinelsSeeReplicas(sentinels: readonly Sentinel[], count: number): Promise<unknown> {
  const seen = async (): Promise<boolean> => {
    for (const sentinel of sentinels) {
      const replicas = (await sentinel.client.value('SENTINEL', 'REPLICAS', MASTER_NAME)) as unknown as string[][];
      const up = replicas.filter((row) => row[row.indexOf('flags') + 1] === 'slave');
      const linked = up.filter((row) => row[row.indexOf('master-link-status') + 1] === 'ok');
      if (linked.length !== count) return false;
    }
    return true;
  };
  return waitFor(seen, { what: 'the Sentinels to see all replicas', timeoutMs: 60_000, intervalMs: 50 });
}
