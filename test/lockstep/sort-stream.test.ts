/** What SORT sends to replicas, compared with redis-server. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { listenToStream } from '../support/replication-stream.ts';

const options = ['--repl-diskless-sync-delay', '0'];
const servers = Promise.all([startRedis(options), startHeadwater(options)]);
after(async () => {
  for (const server of await servers) await server.stop();
});

/** Runs the commands on both servers; the replies and the streams must be the same. */
function streams(title: string, commands: readonly string[]): void {
  void test(title, { timeout: 60_000 }, async () => {
    const sides = await Promise.all(
      (await servers).map(async ({ port }) => {
        const client = await connectRaw(port);
        await client.ok('FLUSHALL');
        return { client, stream: await listenToStream(port) };
      }),
    );
    try {
      for (const command of commands) {
        const args = command.split(' ');
        const [redis, headwater] = await Promise.all(sides.map(({ client, stream }) => stream.effectsOf(client, args)));
        assert.equal(headwater!.reply.toString('latin1'), redis!.reply.toString('latin1'), command);
        assert.deepEqual(headwater!.effects, redis!.effects, command);
      }
    } finally {
      for (const { client, stream } of sides) {
        await stream.close();
        await client.close();
      }
    }
  });
}

streams('SORT is propagated as it came when it stores, and only if that changes something', [
  'RPUSH k 3 1 2',
  'SADD s b a c',
  'SORT k',
  'SORT_RO k',
  'SORT k STORE d',
  'sort k DESC LIMIT 0 2 STORE d',
  'SORT s BY nosort STORE d',
  'SORT none STORE d',
  'SORT none STORE d',
  'SORT k LIMIT 5 1 STORE d',
  'SORT s STORE d',
]);
