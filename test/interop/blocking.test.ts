/**
 * Clients that wait at a replica that takes writes: its master's commands wake them, and so does a full sync that brings the key.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { counter, linkUp } from '../support/replication.ts';
import { encodeCommand } from '../support/resp.ts';
import { waitFor } from '../support/wait.ts';

for (const [kind, start] of [
  ['Headwater', startHeadwater],
  ['redis-server', startRedis],
] as const) {
  void test(`a client that waits at a replica of ${kind} is woken by the stream and by a full sync`, async (t) => {
    const master = await start();
    t.after(() => master.stop());
    const replica = await startHeadwater(['--replicaof', `127.0.0.1 ${master.port}`, '--replica-read-only', 'no']);
    t.after(() => replica.stop());
    const writer = await connectRaw(master.port);
    const watcher = await connectRaw(replica.port);
    const client = await connectRaw(replica.port);
    t.after(() => Promise.all([writer, watcher, client].map((one) => one.close())));
    await linkUp(watcher);
    const block = async (key: string): Promise<void> => {
      client.send(encodeCommand(['BLPOP', key, '0']));
      await waitFor(async () => (await counter(watcher, 'blocked_clients')) === 1, { what: 'the client to block' });
    };

    await block('streamed');
    await writer.ok('RPUSH', 'streamed', '1', '2');
    assert.equal((await client.reply()).toString(), '*2\r\n$8\r\nstreamed\r\n$1\r\n1\r\n');

    await block('synced');
    const full = await counter(writer, 'sync_full');
    // In one step, so that the replica learns of the key by a full sync only.
    await writer.pipeline([
      ['MULTI'],
      ['DEBUG', 'CHANGE-REPL-ID'],
      ['CLIENT', 'KILL', 'TYPE', 'replica'],
      ['RPUSH', 'synced', 'x', 'y'],
      ['EXEC'],
    ]);
    assert.equal((await client.reply()).toString(), '*2\r\n$6\r\nsynced\r\n$1\r\nx\r\n');
    assert.equal(await counter(writer, 'sync_full'), full + 1);
    assert.deepEqual(await watcher.value('LRANGE', 'synced', 0, -1), ['y']);
    // What a replica's clients take is no news for its master.
    assert.deepEqual(await writer.value('LRANGE', 'synced', 0, -1), ['x', 'y']);
  });
}
