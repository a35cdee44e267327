/**
 * redis-server -> Headwater -> redis-server -> Headwater: the four nodes hold the same data under writes, and each link
 * that is cut once is resumed by a partial resync.
 */
import test from 'node:test';
import assert from 'node:assert/strict';
import { startRedis } from '../support/redis-server.ts';
import { startHeadwater } from '../support/headwater-server.ts';
import { startProxy } from '../support/fault-proxy.ts';
import { connectRaw } from '../support/raw-client.ts';
import { dataset, randomWrite, Seeded, sendAll } from '../support/dataset.ts';
import { counter, equalDigests, infoOf, linkUp, sameOffset } from '../support/replication.ts';
import { waitFor } from '../support/wait.ts';

const KEYS = 100_000;
const BIG_BYTES = 10 * 1024 * 1024;
/** Room for every byte written while a link is down, big values included. */
const BACKLOG = ['--repl-backlog-size', '256mb'];

test(
  'a chain of redis-server and Headwater stays equal under writes and resumes every cut link partially',
  { timeout: 480_000 },
  async (t) => {
    const seed = Date.now() % 1_000_000;
    t.diagnostic(`seed ${seed}`);
    const head = await startRedis(BACKLOG);
    t.after(() => head.stop());
    const writer = await connectRaw(head.port, { timeoutMs: 60_000 });
    t.after(() => writer.close());
    await sendAll(writer, dataset(seed, KEYS, BIG_BYTES));
    await writer.ok('SELECT', 3);
    await sendAll(writer, dataset(seed + 1, 2000));
    await writer.ok('SELECT', 0);
    assert.ok(Number(await writer.ok('DBSIZE')) >= KEYS * 0.99, 'the head holds its data');

    const servers = [head];
    const proxies = [];
    for (const start of [startHeadwater, startRedis, startHeadwater]) {
      const proxy = await startProxy(servers.at(-1)!.port);
      t.after(() => proxy.close());
      const server = await start([...BACKLOG, '--replicaof', `127.0.0.1 ${proxy.port}`]);
      t.after(() => server.stop());
      proxies.push(proxy);
      servers.push(server);
    }
    const nodes = await Promise.all(servers.map((server) => connectRaw(server.port, { timeoutMs: 60_000 })));
    t.after(() => Promise.all(nodes.map((node) => node.close())));

    // Writes go on from the first full sync until the end.
    let writing = true;
    let written = 0;
    const random = new Seeded(seed + 2);
    const load = (async () => {
      while (writing) {
        const commands = Array.from({ length: 50 }, () => randomWrite(random));
        commands.push(['SELECT', random.below(2) * 3]);
        // Some of them fail (RENAME of a missing key, INCRBY of a float): that is part of the load.
        await writer.pipeline(commands);
        written += commands.length;
      }
    })();
    for (const node of nodes.slice(1)) await linkUp(node, 90_000);

    for (const [i, proxy] of proxies.entries()) {
      const replica = nodes[i + 1]!;
      const master = nodes[i]!;
      const partial = await counter(master, 'sync_partial_ok');
      const full = await counter(master, 'sync_full');
      const before = written;
      proxy.cut();
      await waitFor(async () => (await counter(master, 'sync_partial_ok')) === partial + 1, {
        what: `a partial resync of node ${i + 1}`,
        timeoutMs: 30_000,
      });
      await linkUp(replica);
      assert.equal(await counter(master, 'sync_full'), full, `no full resync of node ${i + 1}`);
      await waitFor(() => written > before + 500, { what: 'writes after the cut' });
    }
    writing = false;
    await load;

    // Keys with a short life must be gone from the head before data is compared.
    await waitFor(async () => (await infoOf(nodes[0]!, 'keyspace')).size > 0, { what: 'a keyspace' });
    await sameOffset(nodes);
    await waitFor(
      async () => {
        await sameOffset(nodes);
        return equalDigests(nodes);
      },
      { what: 'equal digests', timeoutMs: 60_000, intervalMs: 200 },
    );
    for (const [i, node] of nodes.slice(0, 3).entries()) {
      assert.equal(await counter(node, 'sync_full'), 1, `node ${i} made one full sync`);
      assert.equal(await counter(node, 'sync_partial_ok'), 1, `node ${i} resumed once`);
    }
    t.diagnostic(`${written} writes, digest ${String(await nodes[0]!.ok('DEBUG', 'DIGEST'))}`);
  },
);
