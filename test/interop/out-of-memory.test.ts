/** Memory that ends in the middle of commands: what they did before stays, and replicas hear of that and of no more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeWorld } from '../../src/io/node-world.ts';
import { installInfo } from '../../src/observability/info.ts';
import { Config } from '../../src/server/config/config.ts';
import { Server } from '../../src/server/server.ts';
import { Seeded } from '../support/dataset.ts';
import { dataCommands, filling, payloads, RandomCommands } from '../support/random-commands.ts';
import { connectRaw } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { equalDigests, linkUp, sameOffset } from '../support/replication.ts';
import { failAfter } from '../support/store.ts';

const COMMANDS = 3000;
const COMPARED_EVERY = 100;
const SEED = 31;

/** A master in this process, so that the test can take its memory away. Values turn from small to large forms early. */
async function startMaster(): Promise<Server> {
  const world = nodeWorld({ log: { level: 'warning' } });
  const config = new Config({ cwd: '/', checkDirectory: () => undefined }, world.log);
  Object.assign(config.settings, {
    bind: ['127.0.0.1'],
    save: [],
    replDisklessSyncDelay: 0,
    enableDebugCommand: 'yes',
    hashMaxListpackEntries: 6,
    zsetMaxListpackEntries: 6,
    setMaxListpackEntries: 6,
    setMaxIntsetEntries: 6,
    listMaxListpackSize: 6,
    streamNodeMaxEntries: 5,
  });
  const server = new Server({ config, world });
  installInfo(server);
  await server.start(0);
  return server;
}

void test(`a replica follows a master without memory, seed ${SEED}`, { timeout: 120_000 }, async (t) => {
  const server = await startMaster();
  t.after(() => server.stop());
  const { arena } = server.store.space;
  const replica = await startRedis();
  t.after(() => replica.stop());
  const master = await connectRaw(server.listeners.port);
  t.after(() => master.close());
  const follower = await connectRaw(replica.port);
  t.after(() => follower.close());
  const random = new Seeded(SEED);
  const known = await dataCommands(follower);
  const commands = new RandomCommands(random, await payloads(follower), new Set(known));
  await follower.ok('REPLICAOF', '127.0.0.1', server.listeners.port);
  await linkUp(follower);
  await master.ok('DEBUG', 'SET-ACTIVE-EXPIRE', 0);

  let failed = 0;
  for (let sent = 0; sent < COMMANDS; sent++) {
    if (sent % 1000 === 0) for (const command of filling([0, 1])) await master.value(...command);
    const { words } = commands.next();
    const heal = failAfter(arena, random.below(3) === 0 ? random.below(random.pick([2, 6, 20])) : Infinity);
    const reply = await master.call(...words);
    heal();
    if (reply.toString('latin1').startsWith('-OOM')) failed++;
    if (sent % COMPARED_EVERY !== COMPARED_EVERY - 1) continue;
    await sameOffset([master, follower]);
    await equalDigests([master, follower]);
  }
  assert.ok(failed > COMMANDS / 100, `only ${failed} commands found no memory`);
});
