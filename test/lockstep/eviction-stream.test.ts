/** What evictions send to replicas, compared with redis-server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { listenToStream } from '../support/replication-stream.ts';

void test(
  'each evicted key is a DEL or an UNLINK of its own, in front of the command',
  { timeout: 120_000 },
  async (t) => {
    const args = ['--repl-diskless-sync-delay', '0'];
    const streams: string[][][] = [];
    for (const start of [startRedis, startHeadwater]) {
      const server = await start(args);
      t.after(() => server.stop());
      const client = await connectRaw(server.port);
      t.after(() => client.close());
      await client.ok('CONFIG', 'SET', 'maxmemory-policy', 'volatile-ttl');
      await client.ok('SELECT', '2');
      await client.ok('SET', 'sooner', 'v', 'EX', '1000');
      await client.ok('SELECT', '0');
      await client.ok('SET', 'later', 'v', 'EX', '2000');
      const stream = await listenToStream(server.port);
      t.after(() => stream.close());
      const seen: string[][] = [];
      const run = async (...command: readonly string[]): Promise<void> => {
        const { reply, effects } = await stream.effectsOf(client, command);
        const timeless = effects.map((words) => words.map((word) => (/^\d{13}$/.test(word) ? '<time>' : word)));
        seen.push([reply.toString()], ...timeless);
      };
      for (const lazy of ['no', 'yes']) {
        await client.ok('CONFIG', 'SET', 'lazyfree-lazy-eviction', lazy);
        await client.ok('SET', 'later', 'v', 'EX', '2000');
        await client.ok('SET', 'last', 'v', 'EX', '3000');
        await run('PING');
        await client.ok('CONFIG', 'SET', 'maxmemory', '1');
        await client.ok('GET', 'x');
        await run('CONFIG', 'SET', 'maxmemory', '0');
      }
      streams.push(seen);
    }
    assert.deepEqual(streams[1], streams[0]);
    assert.ok(streams[1]!.some((words) => words.join(' ') === 'DEL later'));
    assert.ok(streams[1]!.some((words) => words.join(' ') === 'UNLINK last'));
  },
);
