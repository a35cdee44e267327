/** MIGRATE from redis-server and from Headwater to a third server: replies, what arrives, what is deleted, and what replicas hear. */
import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { freePort } from '../support/free-port.ts';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { listenToStream } from '../support/replication-stream.ts';

const sync = ['--repl-diskless-sync-delay', '0'];
const servers = Promise.all([
  startRedis(sync),
  startHeadwater(sync),
  startRedis(['--requirepass', 'secret']),
  startHeadwater(['--requirepass', 'secret']),
]);
after(async () => {
  for (const server of await servers) await server.stop();
});

interface Side {
  readonly client: RawClient;
  readonly target: RawClient;
  readonly port: number;
}

/** A sender of each kind, and a target of the same kind each. */
async function sides(): Promise<readonly [Side, Side]> {
  const [redis, headwater, ...targets] = await servers;
  const side = async (from: number, to: number): Promise<Side> => {
    const side = { client: await connectRaw(from), target: await connectRaw(to), port: to };
    await side.target.ok('AUTH', 'secret');
    await side.target.ok('FLUSHALL');
    await side.client.ok('FLUSHALL');
    return side;
  };
  // Crossed: a redis-server takes what Headwater sends, and the other way round.
  return [await side(redis.port, targets[1]!.port), await side(headwater.port, targets[0]!.port)];
}

const close = async (all: readonly Side[]): Promise<void> => {
  for (const { client, target } of all) {
    await client.close();
    await target.close();
  }
};

test('MIGRATE answers as the real one, and moves what it says', { timeout: 120_000 }, async () => {
  const both = await sides();
  const nobody = await freePort();
  for (const line of [
    'SET k v',
    'MIGRATE HERE 0 none 0 1000',
    'MIGRATE TO none 0 1000',
    'MIGRATE TO k 0 1000',
    'MIGRATE TO k 0 1000 AUTH wrong',
    'MIGRATE TO k 0 1000 AUTH secret COPY',
    '=GET k',
    'GET k',
    'MIGRATE TO k 0 1000 AUTH secret',
    'MIGRATE TO k 0 1000 AUTH secret REPLACE',
    'GET k',
    'MIGRATE TO k 0 1000 AUTH secret',
    'SET k v PX 100000000',
    'MIGRATE TO k 1 1000 AUTH2 default secret',
    '=SELECT 1',
    '=GET k',
    '=PERSIST k',
    '=SELECT 0',
    'RPUSH list a b c',
    'HSET hash f v',
    'SADD set 1 2 x',
    'ZADD zset 1 a 2 b',
    'MIGRATE TO "" 0 0 AUTH secret KEYS list none hash set zset',
    'DBSIZE',
    '=LRANGE list 0 -1',
    '=HGETALL hash',
    '=ZRANGE zset 0 -1 WITHSCORES',
    'MSET a 1 b 2 c 3',
    '=SET b old',
    'MIGRATE TO "" 0 1000 AUTH secret KEYS a b c',
    'MGET a b c',
    '=MGET a b c',
    'MSET a 1 b 2 z 3',
    'MIGRATE TO "" 0 1000 AUTH secret KEYS a b z',
    'MGET a b z',
    'MIGRATE TO "" 0 1000 KEYS',
    'MIGRATE TO k 0 1000 KEYS a',
    'MIGRATE TO b 0 x',
    'MIGRATE TO b x 1000',
    'MIGRATE TO b 0 1000 BOGUS',
    'MIGRATE TO b 0 1000 AUTH',
    'MIGRATE TO b 0 1000 AUTH2 a',
    'MIGRATE TO b 0',
    'MIGRATE NOBODY b 0 1000',
    'EXISTS b',
    'COMMAND GETKEYS MIGRATE h 1 k 0 100',
    'COMMAND GETKEYS MIGRATE h 1 "" 0 100 KEYS a b',
  ]) {
    const replies = await Promise.all(
      both.map(async ({ client, target, port }) => {
        const [on, text] = line.startsWith('=') ? [target, line.slice(1)] : [client, line];
        const words = text
          .replace(' TO ', ` 127.0.0.1 ${port} `)
          .replace(' NOBODY ', ` 127.0.0.1 ${nobody} `)
          .replace(' HERE ', ' 127.0.0.1 ')
          .split(' ')
          .map((word) => (word === '""' ? '' : word));
        return (await on.call(...words)).toString('latin1');
      }),
    );
    assert.equal(replies[1], replies[0], line);
  }
  await close(both);
});

test('replicas hear of what has gone as DEL', { timeout: 120_000 }, async () => {
  const both = await sides();
  const [redis, headwater] = await servers;
  const effects = await Promise.all(
    both.map(async ({ client, port }, i) => {
      const stream = await listenToStream((i === 0 ? redis : headwater).port);
      const told: unknown[] = [];
      await client.ok('MSET', 'a', '1', 'b', '2', 'c', '3', 'd', '4');
      const to = ['MIGRATE', '127.0.0.1', String(port)];
      for (const words of [
        [...to, 'a', '0', '1000', 'AUTH', 'secret'],
        [...to, '', '0', '1000', 'AUTH', 'secret', 'KEYS', 'b', 'none', 'c'],
        [...to, 'd', '0', '1000', 'AUTH', 'secret', 'COPY'],
      ])
        told.push((await stream.effectsOf(client, words)).effects.filter(([name]) => name !== 'SELECT'));
      await stream.close();
      return told;
    }),
  );
  assert.deepEqual(effects[1], effects[0]);
  await close(both);
});

test(
  'writes wait until the keys have moved, and a server that does not answer ends it',
  { timeout: 120_000 },
  async () => {
    const [, headwater] = await servers;
    const client = await connectRaw(headwater.port);
    const other = await connectRaw(headwater.port);
    await client.ok('SET', 'k', 'v');
    // The own address takes the connection, but its RESTORE is a write that waits.
    const moving = client.value('MIGRATE', '127.0.0.1', String(headwater.port), 'k', '5', '300');
    const appended = other.ok('APPEND', 'k', '!');
    assert.equal(
      await other
        .value('MULTI')
        .then(() => other.value('PING'))
        .catch(() => ''),
      'QUEUED',
    );
    const answer = await moving;
    assert.equal(answer instanceof Error && answer.message, 'IOERR error or timeout reading from target instance');
    await appended;
    await other.value('DISCARD');
    assert.equal(await other.ok('GET', 'k'), 'v!');
    assert.match(String(await client.value('MULTI')), /OK/);
    await client.value('MIGRATE', '127.0.0.1', '1', 'k', '0', '1000');
    const [refused] = (await client.value('EXEC')) as readonly unknown[];
    assert.match(String(refused), /MIGRATE inside a transaction is not supported/);
    await client.close();
    await other.close();
  },
);

test('a server that became a replica meanwhile keeps the keys', { timeout: 120_000 }, async () => {
  const [, headwater] = await servers;
  const client = await connectRaw(headwater.port);
  const other = await connectRaw(headwater.port);
  const target = createServer();
  const asked = new Promise<Socket>((resolve) =>
    target.on('connection', (socket) => socket.once('data', () => resolve(socket))),
  );
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  const { port } = target.address() as AddressInfo;
  await client.ok('SET', 'k', 'v');
  const moving = client.value('MIGRATE', '127.0.0.1', String(port), 'k', '0', '20000');
  const socket = await asked;
  await other.ok('REPLICAOF', '127.0.0.1', '1');
  socket.end('+OK\r\n+OK\r\n');
  assert.match(String(await moving), /UNBLOCKED .* instance state changed/);
  await other.ok('REPLICAOF', 'NO', 'ONE');
  assert.equal(await other.ok('GET', 'k'), 'v');
  await client.close();
  await other.close();
  await new Promise((resolve) => target.close(resolve));
});
