/**
 * Random commands of all families at a master, some of them waited for by other clients: what it sends must make replicas of
 * both kinds hold the same data.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Seeded } from '../support/dataset.ts';
import { startHeadwater } from '../support/headwater-server.ts';
import { dataCommands, filling, payloads, RandomCommands } from '../support/random-commands.ts';
import { connectRaw } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { counter, equalDigests, linkUp, sameOffset } from '../support/replication.ts';
import type { Argument } from '../support/resp.ts';
import { equalStreams } from '../support/streams.ts';

const COMMANDS = 12_000;
const BATCH = 200;
/** Clients that wait, and seconds for which one waits. */
const WAITING = 4;
const WAIT = 0.01;
/** What a replica must not find out by chance. */
const byChance: readonly (readonly Argument[])[] = [
  ['SPOP', 't0'],
  ['SPOP', 't1', 2],
  ['RANDOMKEY'],
  ['SPOP', 't2', 3],
];

for (const [kind, start, seed] of [
  ['Headwater', startHeadwater, 21],
  ['redis-server', startRedis, 22],
] as const)
  void test(`replicas of ${kind} follow random commands, seed ${seed}`, { timeout: 120_000 }, async (t) => {
    const master = await start();
    t.after(() => master.stop());
    const redis = await startRedis(['--replicaof', `127.0.0.1 ${master.port}`]);
    t.after(() => redis.stop());
    const headwater = await startHeadwater(['--replicaof', `127.0.0.1 ${master.port}`]);
    t.after(() => headwater.stop());
    const nodes = await Promise.all([master, redis, headwater].map(({ port }) => connectRaw(port)));
    t.after(() => Promise.all(nodes.map((node) => node.close())));
    const [writer, ...replicas] = nodes as [RawClient, ...RawClient[]];
    for (const replica of replicas) await linkUp(replica);

    const random = new Seeded(seed);
    const lists = await Promise.all(nodes.map(dataCommands));
    const known = lists[0]!.filter((name) => lists.every((list) => list.includes(name)));
    const commands = new RandomCommands(random, await payloads(writer), new Set(known));
    // Else keys past their time might go while the data are compared.
    await writer.ok('DEBUG', 'SET-ACTIVE-EXPIRE', 0);
    let done = false;
    const waiters = Array.from({ length: WAITING }, async (_, i) => {
      const client = await connectRaw(master.port);
      const own = new Seeded(seed + i + 1);
      for (; !done; await client.value('SELECT', own.below(3)))
        await client.value(
          ...own.pick<readonly Argument[]>([
            ['BLPOP', 'l0', 'l1', WAIT],
            ['BRPOP', 'l2', WAIT],
            ['BLMOVE', 'l0', 'l1', 'LEFT', 'RIGHT', WAIT],
            ['BRPOPLPUSH', 'l2', 'l0', WAIT],
            ['BLMPOP', WAIT, 2, 'l1', 'l2', 'LEFT', 'COUNT', 2],
            ['BZPOPMIN', 'z0', 'z1', WAIT],
            ['BZMPOP', WAIT, 1, 'z2', 'MAX', 'COUNT', 3],
          ]),
        );
      await client.close();
    });
    for (let sent = 0; sent < COMMANDS; sent += BATCH) {
      const batch: (readonly Argument[])[] = sent % (BATCH * 10) === 0 ? filling([0, 1, 2]) : [];
      while (batch.length < BATCH)
        switch (random.below(40)) {
          case 0:
            batch.push(['SELECT', random.below(3)]);
            break;
          case 1:
            batch.push(random.pick(byChance));
            break;
          case 2:
            batch.push(['MULTI'], ...Array.from({ length: random.below(6) }, () => commands.next(true).words), [
              'EXEC',
            ]);
            break;
          default:
            batch.push(commands.next().words);
        }
      await writer.pipeline(batch);
    }
    done = true;
    await Promise.all(waiters);
    await sameOffset(nodes);
    await equalDigests(nodes);
    assert.ok((await equalStreams(nodes, 3)) > 0, 'there are groups to compare');
    assert.equal(await counter(writer, 'sync_full'), 2);
    assert.equal(await counter(replicas[1]!, 'unexpected_error_replies'), 0);
  });
