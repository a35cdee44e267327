/** Client-side caching and users as client libraries know them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw } from '../support/raw-client.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { waitFor } from '../support/wait.ts';

let server: ServerProcess;

before(async () => {
  server = await startHeadwater(['--user', 'app', 'on', '>secret', '~app:*', '+@all', '-@dangerous']);
});

after(() => server.stop());

test('node-redis serves reads from its cache until the key changes', async () => {
  const caching = createClient({
    url: `redis://127.0.0.1:${server.port}`,
    RESP: 3,
    clientSideCache: { ttl: 0, maxEntries: 100, evictPolicy: 'LRU' },
  });
  await caching.connect();
  const writer = await connectRaw(server.port);
  try {
    const calls = async (): Promise<number> => {
      const stats = String(await writer.ok('INFO', 'commandstats'));
      return Number(/cmdstat_get:calls=(\d+)/.exec(stats)?.[1] ?? 0);
    };
    await writer.ok('SET', 'cached', 'one');
    assert.equal(await caching.get('cached'), 'one');
    const before = await calls();
    assert.equal(await caching.get('cached'), 'one');
    assert.equal(await caching.get('cached'), 'one');
    assert.equal(await calls(), before);
    await writer.ok('SET', 'cached', 'two');
    await waitFor(async () => (await caching.get('cached')) === 'two', { what: 'the new value' });
    await writer.ok('FLUSHALL');
    await waitFor(async () => (await caching.get('cached')) === null, { what: 'the value to be gone' });
  } finally {
    caching.destroy();
    await writer.close();
  }
});

test('clients log in as a user and are held to its rules', async () => {
  const node = createClient({ url: `redis://app:secret@127.0.0.1:${server.port}` });
  await node.connect();
  const io = new Redis({ port: server.port, host: '127.0.0.1', username: 'app', password: 'secret' });
  try {
    await node.set('app:1', 'x');
    assert.equal(await io.get('app:1'), 'x');
    await assert.rejects(io.get('other'), /NOPERM this user has no permissions to access one of the keys/);
    await assert.rejects(node.flushAll(), /NOPERM this user has no permissions to run the 'flushall' command/);
    await assert.rejects(
      createClient({
        url: `redis://app:wrong@127.0.0.1:${server.port}`,
        socket: { reconnectStrategy: false },
      }).connect(),
      /WRONGPASS/,
    );
  } finally {
    node.destroy();
    io.disconnect();
  }
});
