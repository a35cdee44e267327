/**
 * What a master and a replica say of themselves in each state of the link: INFO replication field by field, and ROLE, with
 * redis-server in the same place for comparison.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { test } from 'node:test';
import { dataset, sendAll } from '../support/dataset.ts';
import { infoOf } from '../support/replication.ts';
import { converged, type Node, Scenario } from '../support/scenario.ts';
import { waitFor } from '../support/wait.ts';

const options = { timeout: 120_000 };

/** Ids, ports and counts of bytes differ between two servers; everything else must not. */
const own = new Set([
  'master_port',
  'master_replid',
  'master_replid2',
  'master_repl_offset',
  'second_repl_offset',
  'slave_repl_offset',
  'slave_read_repl_offset',
  'repl_backlog_first_byte_offset',
  'repl_backlog_histlen',
  'master_sync_total_bytes',
  'master_sync_read_bytes',
  'master_sync_left_bytes',
  'master_sync_last_io_seconds_ago',
  'master_last_io_seconds_ago',
  'master_link_down_since_seconds',
  'master_sync_perc',
]);

/** Fields that redis-server 7.0 does not have. */
const later = /^(replica_clients_waiting_psync|headwater_.*)$/;

async function replicationInfo(node: Node): Promise<string[]> {
  const info = await infoOf(node.client, 'replication');
  const comparable = [...info].filter(([field]) => !later.test(field));
  return comparable.map(([field, value]) => {
    if (/^slave\d+$/.test(field))
      return `${field}:${value.replace(/port=\d+/, 'port=P').replace(/offset=\d+/, 'offset=N')}`;
    return own.has(field) ? field : `${field}:${value}`;
  });
}

async function role(node: Node): Promise<unknown> {
  const reply = (await node.ok('ROLE')) as readonly unknown[];
  if (reply[0] === 'master') {
    const replicas = (reply[2] as unknown[][]).map(([ip, port, offset]) => [ip, typeof port, typeof offset]);
    return ['master', typeof reply[1], replicas];
  }
  return [reply[0], reply[1], typeof reply[2], reply[3], reply[4] === -1 ? -1 : typeof reply[4]];
}

async function same(redis: Node, headwater: Node, state: string): Promise<void> {
  assert.deepEqual(await replicationInfo(headwater), await replicationInfo(redis), `INFO replication: ${state}`);
  assert.deepEqual(await role(headwater), await role(redis), `ROLE: ${state}`);
}

/** A master that answers the greeting by script. */
async function fakeMaster(answer: (line: string, socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      for (const word of ['PING', 'listening-port', 'psync2', 'PSYNC']) {
        if (!text.includes(word)) continue;
        text = text.slice(text.indexOf(word) + word.length);
        answer(word, socket);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const portOf = (server: Server): number => (server.address() as { port: number }).port;
const replid = 'a'.repeat(40);

void test('a replica in every state of its link', options, async (t) => {
  const scenario = new Scenario(t);
  const [master, redis, headwater] = await Promise.all([
    scenario.start('redis'),
    scenario.start('redis'),
    scenario.start('headwater'),
  ]);
  const replicas = [redis, headwater] as const;
  const both = (action: (node: Node) => Promise<unknown>): Promise<unknown> => Promise.all(replicas.map(action));
  await same(redis, headwater, 'a fresh master');

  await t.test('nobody answers', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const port = portOf(silent);
    await new Promise((resolve) => silent.close(resolve));
    await both((node) => node.follow({ port }));
    await both((node) => node.logged('Error condition on socket for SYNC: Connection refused'));
    await both((node) =>
      waitFor(async () => ['connect', 'connecting'].includes(String(((await node.ok('ROLE')) as unknown[])[3])), {
        what: 'ROLE connect',
      }),
    );
    assert.deepEqual(await replicationInfo(headwater), await replicationInfo(redis), 'INFO replication: refused');
    for (const node of replicas) assert.equal(await node.info('master_link_down_since_seconds'), '-1');
    await both((node) => node.ok('REPLICAOF', 'NO', 'ONE'));
  });

  await t.test('the greeting hangs', async () => {
    const fake = await fakeMaster(() => {});
    t.after(() => fake.close());
    await both((node) => node.follow({ port: portOf(fake) }));
    await both((node) =>
      waitFor(async () => ((await node.ok('ROLE')) as unknown[])[3] === 'handshake', { what: 'ROLE handshake' }),
    );
    await same(redis, headwater, 'greeting');
    await both((node) => node.ok('REPLICAOF', 'NO', 'ONE'));
  });

  await t.test('the payload hangs', async () => {
    const fake = await fakeMaster((word, socket) => {
      if (word === 'PING') socket.write('+PONG\r\n');
      else if (word === 'PSYNC') socket.write(`+FULLRESYNC ${replid} 1000\r\n$5000\r\nREDIS0010`);
      else socket.write('+OK\r\n');
    });
    t.after(() => fake.close());
    await both((node) => node.ok('CONFIG', 'SET', 'repl-diskless-load', 'disabled'));
    await both((node) => node.follow({ port: portOf(fake) }));
    await both((node) => node.becomes('master_sync_in_progress', '1'));
    await both((node) => node.becomes('master_sync_read_bytes', '9'));
    await same(redis, headwater, 'payload');
    for (const node of replicas) {
      assert.equal(await node.info('master_sync_total_bytes'), '5000', node.kind);
      assert.equal(await node.info('master_sync_left_bytes'), '4991', node.kind);
      assert.equal(await node.info('master_sync_perc'), '0.18', node.kind);
    }
    await both((node) => node.ok('REPLICAOF', 'NO', 'ONE'));
  });

  await t.test('up, with a replica of its own, then down', async () => {
    await sendAll(master.client, dataset(31, 200));
    const proxies = [await scenario.proxy(master), await scenario.proxy(master)] as const;
    await redis.follow(proxies[0]);
    await headwater.follow(proxies[1]);
    await converged(master, redis, headwater);
    await same(redis, headwater, 'up');
    const leaves = await Promise.all(
      replicas.map((node) => scenario.start('redis', ['--replicaof', '127.0.0.1', String(node.port)])),
    );
    await converged(master, redis, headwater, ...leaves);
    await both((node) => node.becomes('slave0', (line) => /state=online.*lag=[01]$/.test(line)));
    assert.deepEqual(
      (await replicationInfo(headwater)).map((line) => line.replace(/lag=\d/, 'lag=N')),
      (await replicationInfo(redis)).map((line) => line.replace(/lag=\d/, 'lag=N')),
    );
    for (const field of ['master_replid', 'master_repl_offset', 'slave_repl_offset', 'slave_read_repl_offset'])
      assert.equal(await headwater.info(field), await redis.info(field), field);
    for (const proxy of proxies) {
      proxy.refuse(true);
      proxy.cut();
    }
    await both((node) => node.becomes('master_link_status', 'down'));
    await both((node) => node.becomes('master_link_down_since_seconds', (seconds) => Number(seconds) >= 1));
    assert.deepEqual(
      (await replicationInfo(headwater)).map((line) => line.replace(/lag=\d/, 'lag=N')),
      (await replicationInfo(redis)).map((line) => line.replace(/lag=\d/, 'lag=N')),
    );
    await both((node) => node.ok('REPLICAOF', 'NO', 'ONE'));
    assert.equal(await headwater.info('second_repl_offset'), await redis.info('second_repl_offset'));
    assert.equal(await headwater.info('master_replid2'), await redis.info('master_replid2'));
    await waitFor(
      async () => {
        await converged(redis, leaves[0]!);
        await converged(headwater, leaves[1]!);
        return true;
      },
      { what: 'the leaves to continue' },
    );
    for (const node of replicas) assert.equal((await node.counts()).partial, 1, node.kind);
  });
});

void test('a master with replicas; GETACK moves what it knows of them', options, async (t) => {
  const scenario = new Scenario(t);
  const [redis, headwater] = await Promise.all([scenario.start('redis'), scenario.start('headwater')]);
  const leaves = await Promise.all(
    [redis, headwater].map((node) => scenario.start('redis', ['--replicaof', '127.0.0.1', String(node.port)])),
  );
  await converged(redis, leaves[0]!);
  await converged(headwater, leaves[1]!);
  for (const node of [redis, headwater]) {
    await node.ok('CONFIG', 'SET', 'min-replicas-to-write', 1);
    // A replica counts only from its first ACK on, which comes after it has converged.
    await node.becomes('min_slaves_good_slaves', '1');
    await node.ok('SET', 'k', 'v');
    await node.becomes('slave0', (line) => /state=online.*lag=[01]$/.test(line));
  }
  const masked = async (node: Node): Promise<string[]> =>
    (await replicationInfo(node)).map((line) => line.replace(/lag=\d/, 'lag=N'));
  assert.deepEqual(await masked(headwater), await masked(redis));
  assert.deepEqual(await role(headwater), await role(redis));
  const offset = await headwater.info('master_repl_offset');
  await headwater.becomes('slave0', (line) => line.includes(`offset=${offset},`));
});
