/** What SORT and the geo commands send to replicas, compared with redis-server. */
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
  void test(title, { timeout: 120_000 }, async () => {
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

streams('GEOADD is propagated as ZADD, searches as they came when they store', [
  'GEOADD k 13.361389 38.115556 a 15.087269 37.502669 b',
  'GEOADD k 13.361389 38.115556 a',
  'geoadd k NX CH 1 1 c 2 2 a',
  'GEOADD k XX 1 1 none',
  'GEOADD k 1000 1 c',
  'GEODIST k a b',
  'GEOPOS k a',
  'GEOHASH k a',
  'GEOSEARCH k FROMMEMBER a BYRADIUS 500 km',
  'GEOSEARCHSTORE d k FROMMEMBER a BYRADIUS 500 km',
  'GEOSEARCHSTORE d none FROMMEMBER a BYRADIUS 500 km',
  'GEOSEARCHSTORE d none FROMMEMBER a BYRADIUS 500 km',
  'GEORADIUS k 15 37 200 km STORE d',
  'GEORADIUS k 15 37 200 km',
  'GEORADIUSBYMEMBER k a 1000 km STOREDIST d',
  'GEORADIUS k 100 37 1 m STORE d',
  'GEORADIUS k 100 37 1 m STORE d',
]);
