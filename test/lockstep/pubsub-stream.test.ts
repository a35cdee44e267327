/** What PUBLISH sends to replicas, compared with redis-server: itself, whether anybody listens or not. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { listenToStream } from '../support/replication-stream.ts';
import type { ServerProcess } from '../support/server-process.ts';

const options = ['--repl-diskless-sync-delay', '0'];
const servers: Promise<readonly ServerProcess[]> = Promise.all([startRedis(options), startHeadwater(options)]);
after(async () => {
  for (const server of await servers) await server.stop();
});

test('publishing reaches the stream as it came, alone or inside MULTI', { timeout: 120_000 }, async () => {
  const sides = await Promise.all(
    (await servers).map(async ({ port }) => {
      const client = await connectRaw(port);
      const listener = await connectRaw(port);
      await listener.ok('SUBSCRIBE', 'heard');
      return { client, listener, stream: await listenToStream(port) };
    }),
  );
  try {
    for (const command of [
      'PUBLISH heard hello',
      'publish unheard hello',
      'SPUBLISH shard hello',
      'PUBLISH heard',
      'SELECT 3',
      'PUBLISH heard again',
      'MULTI',
      'PUBLISH heard 1',
      'EXEC',
      'MULTI',
      'PUBLISH heard 1',
      'SET k v',
      'SPUBLISH shard 2',
      'GET k',
      'EXEC',
      'PUBSUB NUMPAT',
    ]) {
      const [redis, headwater] = await Promise.all(
        sides.map(({ client, stream }) => stream.effectsOf(client, command.split(' '))),
      );
      assert.equal(headwater!.reply.toString('latin1'), redis!.reply.toString('latin1'), command);
      assert.deepEqual(headwater!.effects, redis!.effects, command);
    }
  } finally {
    for (const { client, listener, stream } of sides) {
      await stream.close();
      await listener.close();
      await client.close();
    }
  }
});
