/** Clients work unmodified: redis-cli, redis-benchmark, ioredis and node-redis, with everything users do with them. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { createClient, createClientPool } from 'redis';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw } from '../support/raw-client.ts';
import { linkUp } from '../support/replication.ts';
import { encodeCommand } from '../support/resp.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { runTool, type ToolOptions } from '../support/tools.ts';
import { waitFor } from '../support/wait.ts';

let master: ServerProcess;
let replica: ServerProcess;

before(async () => {
  master = await startHeadwater();
  replica = await startHeadwater(['--replicaof', `127.0.0.1 ${master.port}`]);
  const client = await connectRaw(replica.port);
  await linkUp(client);
  await client.close();
});

after(async () => {
  await replica.stop();
  await master.stop();
});

/** A server for one test, stopped when it ends, passed or failed. */
async function start(t: TestContext, ...args: Parameters<typeof startHeadwater>): Promise<ServerProcess> {
  const server = await startHeadwater(...args);
  t.after(() => server.stop());
  return server;
}

/** Runs redis-cli against the master; fails unless it exits with 0. */
async function cli(args: readonly string[], options: ToolOptions = {}): Promise<string> {
  const { stdout, stderr, code } = await runTool('redis-cli', ['-p', String(master.port), ...args], options);
  assert.equal(code, 0, `redis-cli ${args.join(' ')}: ${stderr}${stdout}`);
  return stdout.trimEnd();
}

describe('redis-cli', () => {
  test('runs one command, and a script of commands from its standard input', async () => {
    assert.equal(await cli(['SET', 'cli', 'a b']), 'OK');
    assert.equal(await cli(['GET', 'cli']), 'a b');
    const script = 'RPUSH cli:l 1 2 3\nLRANGE cli:l 0 -1\nnonsense\nEVALUATE x\nMULTI\nINCR cli:n\nEXEC\n';
    const lines = (await cli([], { input: script })).split('\n').filter((line) => line !== '');
    assert.deepEqual(lines.slice(0, 4), ['3', '1', '2', '3']);
    assert.match(lines[4]!, /^ERR unknown command 'nonsense'/);
    assert.deepEqual(lines.slice(6), ['OK', 'QUEUED', '1']);
  });

  test('speaks RESP3 when told to', async () => {
    await cli(['HSET', 'cli:h', 'f', 'v']);
    assert.equal(await cli(['-3', '--no-raw', 'HGETALL', 'cli:h']), '1# "f" => "v"');
    assert.equal(await cli(['-3', '--json', 'HGETALL', 'cli:h']), '{"f":"v"}');
    assert.match(await cli(['-3', 'HELLO']), /proto 3/);
  });

  test('inserts in mass with --pipe', async () => {
    const count = 50_000;
    const input = Buffer.concat(Array.from({ length: count }, (_, i) => encodeCommand(['SET', `mass:${i}`, `${i}`])));
    assert.match(await cli(['--pipe'], { input }), new RegExp(`errors: 0, replies: ${count}`));
    assert.equal(await cli(['GET', `mass:${count - 1}`]), `${count - 1}`);
    const bad = Buffer.concat([encodeCommand(['SET', 'x']), encodeCommand(['SET', 'x', 'y'])]);
    assert.match(
      (await runTool('redis-cli', ['-p', String(master.port), '--pipe'], { input: bad })).stdout,
      /errors: 1, replies: 2/,
    );
  });

  test('scans, and finds the biggest and most used memory keys', async () => {
    await cli(['-n', '5', 'MSET', 'scan:a', '1', 'scan:b', '2', 'other', '3']);
    const found = (await cli(['-n', '5', '--scan', '--pattern', 'scan:*'])).split('\n').toSorted();
    assert.deepEqual(found, ['scan:a', 'scan:b']);
    await cli(['-n', '5', 'RPUSH', 'list', ...Array.from({ length: 50 }, String)]);
    await cli(['-n', '5', 'ZADD', 'zset', '1', 'a', '2', 'b']);
    const big = await cli(['-n', '5', '--bigkeys']);
    assert.match(big, /Biggest\s+list found '?"?list"?'? has 50 items/);
    assert.match(big, /Biggest\s+zset found '?"?zset"?'? has 2 members/);
    assert.match(await cli(['-n', '5', '--memkeys']), /Biggest\s+list found '?"?list"?'? has \d+ bytes/);
  });

  test('dumps the data with --rdb, which redis-check-rdb accepts', async () => {
    const dir = tempDir();
    const file = join(dir.path, 'out.rdb');
    await cli(['SET', 'before:dump', '1']);
    await cli(['--rdb', file]);
    assert.ok(statSync(file).size > 0);
    const check = await runTool('redis-check-rdb', [file]);
    assert.equal(check.code, 0, check.stdout);
    assert.match(check.stdout, /RDB looks OK/);
    dir.remove();
  });

  test('follows the stream with --replica', async () => {
    const following = runTool('redis-cli', ['-p', String(master.port), '--replica'], {
      endAfter: { ms: 1500, signal: 'SIGTERM' },
    });
    const client = await connectRaw(master.port);
    await waitFor(async () => /slave1:.*state=online/.test(String(await client.ok('INFO', 'replication'))), {
      what: 'redis-cli as an online replica',
    });
    await client.ok('SET', 'seen:by:cli', 'yes');
    await client.close();
    const { stdout } = await following;
    assert.match(stdout, /"SET","seen:by:cli","yes"/);
  });

  test('measures latency', async () => {
    const args = ['-p', String(master.port), '--latency', '-i', '1', '--raw'];
    const { stdout } = await runTool('redis-cli', args, { endAfter: { ms: 1300, signal: 'SIGINT' } });
    assert.match(stdout, /^\d+ \d+ \d+\.\d+ \d+$/m);
  });

  test('authenticates with -a and over a URL', async (t) => {
    const locked = await start(t, ['--requirepass', 'open sesame']);
    const run = (...args: string[]) => runTool('redis-cli', ['-p', String(locked.port), ...args]);
    assert.match((await run('PING')).stdout, /^NOAUTH Authentication required/);
    assert.equal((await run('-a', 'open sesame', '--no-auth-warning', 'PING')).stdout, 'PONG\n');
    assert.match((await run('-a', 'wrong', 'PING')).stderr, /AUTH failed: WRONGPASS/);
    const url = `redis://default:open%20sesame@127.0.0.1:${locked.port}/3`;
    const named = await runTool('redis-cli', ['-u', url, '--no-auth-warning', 'CLIENT', 'INFO']);
    assert.match(named.stdout, / db=3 .* user=default/);
    await locked.stop();
  });
});

describe('redis-benchmark', () => {
  const tests = 'ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange,mset';

  for (const extra of [[], ['-P', '16'], ['-P', '16', '--threads', '2', '-r', '1000'], ['-3']])
    test(`runs its tests${extra.map((word) => ` ${word}`).join('')}`, async () => {
      const args = ['-p', String(master.port), '-n', '2000', '-c', '20', '-q', '-t', tests, ...extra];
      const { stdout, stderr, code } = await runTool('redis-benchmark', args);
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stdout + stderr, /error|WARNING/i);
      const finished = new Set(
        [...stdout.matchAll(/^\r?(?:.*\r)?([A-Z_0-9]+).*: [\d.]+ requests per second/gm)].map((m) => m[1]),
      );
      for (const name of [
        'SET',
        'GET',
        'INCR',
        'LPUSH',
        'RPOP',
        'SADD',
        'HSET',
        'SPOP',
        'ZADD',
        'ZPOPMIN',
        'LRANGE_100',
        'MSET',
      ])
        assert.ok(finished.has(name), `${name} has finished: ${[...finished].join(' ')}`);
    });

  test('runs the default set of tests', async () => {
    const { stdout, stderr, code } = await runTool('redis-benchmark', ['-p', String(master.port), '-n', '500', '-q']);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /MSET \(10 keys\): [\d.]+ requests per second/);
  });
});

describe('ioredis', () => {
  test('runs commands, pipelines, transactions and scan streams', async (t) => {
    const redis = new Redis(master.port, { db: 2 });
    t.after(() => redis.disconnect());
    assert.equal(await redis.set('io', 'value', 'EX', 100, 'NX'), 'OK');
    assert.equal(await redis.get('io'), 'value');
    const buffer = Buffer.from([0, 255, 13, 10]);
    await redis.set('io:bytes', buffer);
    assert.deepEqual(await redis.getBuffer('io:bytes'), buffer);
    const piped = await redis
      .pipeline()
      .incr('io:n')
      .lpush('io:n', 1)
      .hset('io:h', { a: 1, b: 2 })
      .hgetall('io:h')
      .exec();
    assert.equal(piped![0]![1], 1);
    assert.match(String(piped![1]![0]), /WRONGTYPE/);
    assert.deepEqual(piped![3]![1], { a: '1', b: '2' });
    assert.deepEqual(await redis.multi().incr('io:n').incr('io:n').exec(), [
      [null, 2],
      [null, 3],
    ]);
    await redis.watch('io:n');
    const other = redis.duplicate();
    t.after(() => other.disconnect());
    await other.incr('io:n');
    other.disconnect();
    assert.equal(await redis.multi().incr('io:n').exec(), null);
    await redis.mset(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`ios:${i}`, i])));
    const seen = new Set<string>();
    for await (const keys of redis.scanStream({ match: 'ios:*', count: 50 }) as AsyncIterable<string[]>)
      for (const key of keys) seen.add(key);
    assert.equal(seen.size, 500);
    assert.equal((await redis.client('INFO')).includes(' db=2 '), true);
    redis.disconnect();
  });

  test('authenticates, names itself and pipelines automatically', async (t) => {
    const locked = await start(t, ['--requirepass', 'secret']);
    const redis = new Redis({
      port: locked.port,
      password: 'secret',
      connectionName: 'worker',
      enableAutoPipelining: true,
    });
    t.after(() => redis.disconnect());
    await Promise.all(Array.from({ length: 100 }, (_, i) => redis.set(`k${i}`, i)));
    assert.deepEqual(await redis.mget('k1', 'k99', 'none'), ['1', '99', null]);
    assert.match(String(await redis.client('LIST')), /name=worker/);
    redis.disconnect();
    const refused = new Redis({ port: locked.port, password: 'wrong', retryStrategy: () => null });
    t.after(() => refused.disconnect());
    refused.on('error', () => {});
    await assert.rejects(refused.get('k1'), /WRONGPASS|Connection is closed/);
    refused.disconnect();
    await locked.stop();
  });

  test('connects again after its connection was killed, and after the server came back', async (t) => {
    const dir = tempDir();
    let server = await start(t, [], { dir: dir.path });
    const { port } = server;
    const redis = new Redis({ port, retryStrategy: () => 20, maxRetriesPerRequest: null });
    t.after(() => redis.disconnect());
    redis.on('error', () => {});
    const killer = await connectRaw(port);
    await redis.set('x', 1);
    const id = await redis.client('ID');
    await killer.ok('CLIENT', 'KILL', 'ID', id);
    await killer.close();
    assert.equal(await redis.get('x'), '1');
    assert.notEqual(await redis.client('ID'), id);
    await redis.save();
    await server.kill();
    const pending = redis.get('x');
    server = await start(t, [], { dir: dir.path, port });
    assert.equal(await pending, '1');
    redis.disconnect();
    await server.stop();
    dir.remove();
  });

  test('writes to the master, reads from the replica, and sees READONLY when it mixes them up', async (t) => {
    const writes = new Redis(master.port);
    t.after(() => writes.disconnect());
    const reads = new Redis(replica.port);
    t.after(() => reads.disconnect());
    await writes.set('split', 'written');
    await writes.call('WAIT', '1', '5000').catch((error: unknown) => assert.match(String(error), /unknown command/));
    await waitFor(async () => (await reads.get('split')) === 'written', { what: 'the write on the replica' });
    await assert.rejects(
      reads.set('split', 'no'),
      /^ReplyError: READONLY You can't write against a read only replica\.$/,
    );
    // What users configure for failover: a reconnect on READONLY.
    let reconnects = 0;
    const careful = new Redis(replica.port, {
      reconnectOnError: (error) => {
        reconnects++;
        return error.message.startsWith('READONLY');
      },
      maxRetriesPerRequest: 1,
    });
    t.after(() => careful.disconnect());
    await assert.rejects(careful.set('split', 'no'), /READONLY/);
    assert.equal(reconnects, 1);
    assert.equal(await careful.get('split'), 'written');
    for (const client of [writes, reads, careful]) client.disconnect();
  });
});

describe('node-redis', () => {
  for (const RESP of [2, 3] as const)
    test(`runs commands, transactions, iterators and pools over RESP${RESP}`, async (t) => {
      const options = { socket: { port: master.port, host: '127.0.0.1' }, database: 4, RESP } as const;
      const client = createClient(options);
      t.after(() => client.isOpen && client.destroy());
      client.on('error', () => {});
      await client.connect();
      await client.flushDb();
      assert.equal(await client.set('nr', 'value', { expiration: { type: 'EX', value: 100 } }), 'OK');
      assert.equal(await client.get('nr'), 'value');
      assert.equal(await client.hSet('nr:h', { a: '1', b: '2' }), 2);
      assert.deepEqual({ ...(await client.hGetAll('nr:h')) }, { a: '1', b: '2' });
      assert.equal(await client.zAdd('nr:z', { score: 1.5, value: 'm' }), 1);
      assert.equal(await client.zScore('nr:z', 'm'), 1.5);
      assert.deepEqual(await client.zRangeWithScores('nr:z', 0, -1), [{ value: 'm', score: 1.5 }]);
      assert.deepEqual(await client.multi().incr('nr:n').get('nr:n').exec(), [1, '1']);
      await assert.rejects(client.lPush('nr', 'x'), /WRONGTYPE/);
      await Promise.all(Array.from({ length: 300 }, (_, i) => client.set(`nrs:${i}`, String(i))));
      const seen = new Set<string>();
      for await (const keys of client.scanIterator({ MATCH: 'nrs:*', COUNT: 100 }))
        for (const key of keys) seen.add(key);
      assert.equal(seen.size, 300);
      assert.equal((await client.clientInfo()).db, 4);
      client.destroy();

      const pool = createClientPool(options, { minimum: 2, maximum: 4 });
      t.after(() => pool.isOpen && pool.destroy());
      pool.on('error', () => {});
      await pool.connect();
      const values = await Promise.all(Array.from({ length: 100 }, () => pool.incr('nr:pool')));
      assert.equal(Math.max(...values), 100);
      pool.destroy();
    });

  test('connects again after its connection was killed', async (t) => {
    const client = createClient({ socket: { port: master.port, host: '127.0.0.1', reconnectStrategy: () => 20 } });
    t.after(() => client.isOpen && client.destroy());
    client.on('error', () => {});
    await client.connect();
    const id = await client.clientId();
    await client.set('again', '1');
    const killer = await connectRaw(master.port);
    await killer.ok('CLIENT', 'KILL', 'ID', id);
    await killer.close();
    await waitFor(async () => (await client.clientId()) !== id, { what: 'another connection' });
    assert.equal(await client.get('again'), '1');
    client.destroy();
  });

  test('authenticates by URL and gets the error of a wrong password', async (t) => {
    const locked = await start(t, ['--requirepass', 'secret']);
    const client = createClient({ url: `redis://default:secret@127.0.0.1:${locked.port}/1`, name: 'node-redis' });
    t.after(() => client.isOpen && client.destroy());
    await client.connect();
    assert.equal((await client.clientInfo()).name, 'node-redis');
    client.destroy();
    const wrong = createClient({
      url: `redis://default:wrong@127.0.0.1:${locked.port}`,
      socket: { reconnectStrategy: false },
    });
    t.after(() => wrong.isOpen && wrong.destroy());
    wrong.on('error', () => {});
    await assert.rejects(wrong.connect(), /WRONGPASS/);
    await locked.stop();
  });
});
