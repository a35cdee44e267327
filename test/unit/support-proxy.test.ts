import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startProxy } from '../support/fault-proxy.ts';
import { connectRaw } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { waitFor } from '../support/wait.ts';

test('the proxy passes, cuts, stalls, refuses, limits and half-closes between a client and a redis-server', async () => {
  const server = await startRedis();
  const proxy = await startProxy(server.port);
  const join = () => connectRaw(proxy.port, { timeoutMs: 2000 });
  try {
    const client = await join();
    const value = 'x'.repeat(3_000_000);
    assert.equal(await client.value('SET', 'big', value), 'OK');
    assert.equal(await client.value('GET', 'big'), value);
    assert.equal(proxy.connections, 1);
    assert.ok(proxy.passed('downstream') > value.length && proxy.passed('upstream') > value.length);

    proxy.cut();
    await client.untilClose();
    await waitFor(() => proxy.connections === 0, { what: 'the link to be gone' });

    proxy.refuse(true);
    const refused = await join();
    assert.equal((await refused.untilClose()).length, 0);
    proxy.refuse(false);

    const second = await join();
    proxy.stall();
    const late = second.value('PING');
    const first = await Promise.race([
      late,
      waitFor(() => proxy.accepted === 3, { what: 'no link', timeoutMs: 50 }).catch(() => 'nothing'),
    ]);
    assert.equal(first, 'nothing');
    proxy.resume();
    assert.equal(await late, 'PONG');

    proxy.setRate(1_000_000);
    const start = performance.now();
    assert.equal(await second.value('GETRANGE', 'big', 0, 199_999).then((reply) => String(reply).length), 200_000);
    const tookMs = performance.now() - start;
    assert.ok(tookMs > 150 && tookMs < 1500, `${tookMs} ms for 200 kB at 1 MB/s`);
    proxy.setRate(Infinity);

    proxy.halfClose();
    assert.equal((await second.untilClose()).length, 0);
    assert.equal(proxy.accepted, 2);
  } finally {
    await proxy.close();
    await server.stop();
  }
});

test('the proxy acts after an exact number of bytes', async () => {
  const server = await startRedis();
  const proxy = await startProxy(server.port);
  try {
    const client = await connectRaw(proxy.port);
    proxy.afterBytes('downstream', 10, 'cut');
    client.send('PING\r\nPING\r\nPING\r\n');
    await client.reply();
    assert.equal((await client.untilClose()).toString(), '+PO');

    const stalled = await connectRaw(proxy.port);
    const before = proxy.passed('upstream');
    let reached = false;
    proxy.afterBytes('upstream', 8, () => {
      reached = true;
      proxy.stall();
    });
    stalled.send('PING\r\nPING\r\n');
    await waitFor(() => reached, { what: 'eight bytes to pass' });
    assert.equal(proxy.passed('upstream') - before, 8);
    proxy.resume();
    await stalled.reply();
    await stalled.reply();
    await stalled.close();
  } finally {
    await proxy.close();
    await server.stop();
  }
});

test('a replica that lost its link through the proxy resumes with a partial resync', async () => {
  const master = await startRedis();
  const proxy = await startProxy(master.port);
  const replica = await startRedis(['--replicaof', `127.0.0.1 ${proxy.port}`]);
  const client = await connectRaw(master.port);
  const info = async () => String(await client.value('INFO', 'stats'));
  try {
    await waitFor(() => replica.logText().includes('Finished with success'), { what: 'the first sync' });
    proxy.cut();
    await client.ok('SET', 'k', 'v');
    await waitFor(async () => (await info()).includes('sync_partial_ok:1'), { what: 'a partial resync' });
    assert.match(await info(), /sync_full:1\r\n/);
  } finally {
    await client.close();
    await proxy.close();
    await replica.stop();
    await master.stop();
  }
});
