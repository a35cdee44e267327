/** Pub/sub with the clients people use, through replication in both directions, and with many or slow listeners. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { infoOf, linkUp } from '../support/replication.ts';
import { decode, encodeCommand } from '../support/resp.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { waitFor } from '../support/wait.ts';

const MB = 1024 * 1024;

async function start(t: TestContext, launch: typeof startHeadwater, ...args: string[]): Promise<ServerProcess> {
  const server = await launch(args);
  t.after(() => server.stop());
  return server;
}

async function open(t: TestContext, server: ServerProcess, resp: 2 | 3 = 2): Promise<RawClient> {
  const client = await connectRaw(server.port, { resp });
  t.after(() => client.close());
  return client;
}

/** Listens; resolves once every name is confirmed. RESP2. */
async function listen(t: TestContext, server: ServerProcess, ...channels: readonly string[]): Promise<RawClient> {
  const client = await open(t, server);
  client.send(encodeCommand(['SUBSCRIBE', ...channels]));
  for (let i = 0; i < channels.length; i++) await client.reply();
  return client;
}

const message = async (client: RawClient): Promise<unknown> => decode(await client.reply('a message'));

test('ioredis subscribes, by name and by pattern, and publishes', async (t) => {
  const server = await start(t, startHeadwater);
  const listener = new Redis(server.port, '127.0.0.1');
  const publisher = new Redis(server.port, '127.0.0.1');
  t.after(() => {
    listener.disconnect();
    publisher.disconnect();
  });
  const heard: string[][] = [];
  listener.on('message', (channel, text) => heard.push([channel, text]));
  listener.on('pmessage', (pattern, channel, text) => heard.push([pattern, channel, text]));
  assert.equal(await listener.subscribe('news', 'other'), 2);
  assert.equal(await listener.psubscribe('n*'), 3);
  assert.equal(await publisher.publish('news', 'hello'), 2);
  assert.equal(await publisher.publish('nobody', 'x'), 1);
  await waitFor(() => heard.length === 3, { what: 'three messages' });
  assert.deepEqual(heard, [
    ['news', 'hello'],
    ['n*', 'news', 'hello'],
    ['n*', 'nobody', 'x'],
  ]);
  assert.equal(await listener.unsubscribe('news', 'other'), 1);
  assert.equal(await listener.punsubscribe(), 0);
  assert.equal(await listener.set('k', 'v'), 'OK');
});

for (const RESP of [2, 3] as const) {
  test(`node-redis subscribes and publishes in RESP${RESP}`, async (t) => {
    const server = await start(t, startHeadwater);
    const publisher = createClient({ url: `redis://127.0.0.1:${server.port}`, RESP });
    const listener = publisher.duplicate();
    // If the test fails, the server ends before the connections do, and an error without a listener would hide why.
    const clients = [publisher, listener];
    for (const client of clients) {
      client.on('error', () => {});
      await client.connect();
      t.after(() => client.isOpen && client.destroy());
    }
    const heard: string[][] = [];
    const note = (text: string, channel: string): void => {
      heard.push([channel, text]);
    };
    await listener.subscribe(['news', 'other'], note);
    await listener.pSubscribe('n*', note);
    await listener.sSubscribe('shard', note);
    assert.equal(await publisher.publish('news', 'hello'), 2);
    assert.equal(await publisher.sPublish('shard', 'one'), 1);
    await waitFor(() => heard.length === 3, { what: 'three messages' });
    assert.deepEqual(heard, [
      ['news', 'hello'],
      ['news', 'hello'],
      ['shard', 'one'],
    ]);
    assert.deepEqual({ ...(await publisher.pubSubNumSub(['news', 'x'])) }, { news: 1, x: 0 });
    await listener.unsubscribe();
    await listener.pUnsubscribe();
    await listener.sUnsubscribe();
    assert.equal(await publisher.publish('news', 'hello'), 0);
    // In RESP2 this client gives replies as buffers once it has listened to shard channels, with redis-server too.
    assert.equal(String(await listener.set('k', 'v')), 'OK');
    for (const client of clients) client.destroy();
  });
}

test('redis-cli prints the messages it hears', async (t) => {
  const server = await start(t, startHeadwater);
  const publisher = await open(t, server);
  const cli = spawn('redis-cli', ['-p', String(server.port), '--csv', 'SUBSCRIBE', 'a'], { stdio: 'pipe' });
  t.after(async () => {
    const closed = once(cli, 'close');
    if (cli.kill()) await closed;
  });
  let printed = '';
  cli.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString()));
  await waitFor(() => printed.includes('"subscribe","a",1'), { what: 'the confirmation' });
  await publisher.ok('PUBLISH', 'a', 'to the terminal');
  await waitFor(() => printed.includes('"message","a","to the terminal"'), { what: 'the message' });
});

for (const [title, master, replica] of [
  ['redis-server to Headwater', startRedis, startHeadwater],
  ['Headwater to redis-server', startHeadwater, startRedis],
  ['Headwater to Headwater', startHeadwater, startHeadwater],
] as const) {
  test(`messages go down the chain, but not up: ${title}`, async (t) => {
    const first = await start(t, master, '--repl-diskless-sync-delay', '0');
    const second = await start(t, replica, '--replicaof', `127.0.0.1 ${first.port}`, '--repl-diskless-sync-delay', '0');
    const third = await start(t, startHeadwater, '--replicaof', `127.0.0.1 ${second.port}`);
    const clients = [await open(t, first), await open(t, second), await open(t, third)];
    await linkUp(clients[1]!);
    await linkUp(clients[2]!);
    const listeners = [await listen(t, first, 'a'), await listen(t, second, 'a'), await listen(t, third, 'a')];
    assert.equal(await clients[0]!.ok('PUBLISH', 'a', 'from the top'), 1);
    for (const one of listeners) assert.deepEqual(await message(one), ['message', 'a', 'from the top']);
    // A replica's own clients speak to its own listeners: nothing enters the stream.
    assert.equal(await clients[1]!.ok('PUBLISH', 'a', 'from the middle'), 1);
    assert.deepEqual(await message(listeners[1]!), ['message', 'a', 'from the middle']);
    for (const command of ['MULTI', 'SET k v', 'PUBLISH a 1', 'SPUBLISH a 2', 'PUBLISH a 3', 'EXEC'])
      await clients[0]!.ok(...command.split(' '));
    for (const one of listeners) {
      assert.deepEqual(await message(one), ['message', 'a', '1']);
      assert.deepEqual(await message(one), ['message', 'a', '3']);
    }
  });
}

test('a listener that does not read is closed at the pub/sub limit, the others hear everything', async (t) => {
  const server = await start(t, startHeadwater, '--client-output-buffer-limit', 'pubsub 4mb 0 0');
  const publisher = await open(t, server);
  const slow = await listen(t, server, 'a');
  const good = [await listen(t, server, 'a'), await open(t, server, 3)];
  good[1]!.send(encodeCommand(['SUBSCRIBE', 'a']));
  await good[1]!.push();
  slow.pause();
  const payload = Buffer.alloc(64 * 1024, 'x');
  const count = (32 * MB) / payload.length;
  for (let i = 0; i < count; i++) {
    await publisher.ok('PUBLISH', 'a', Buffer.concat([Buffer.from(`${i} `), payload]));
    assert.match((await good[0]!.reply()).toString('latin1', 0, 60), new RegExp(`\\n${i} xx`));
    assert.match((await good[1]!.push()).toString('latin1', 0, 60), new RegExp(`^>3(?:.|\\s)*\\n${i} xx`));
  }
  assert.deepEqual(await publisher.ok('PUBSUB', 'NUMSUB', 'a'), ['a', 2]);
  const stats = await infoOf(publisher, 'stats');
  assert.equal(stats.get('client_output_buffer_limit_disconnections'), '1');
  await waitFor(() => /sub=1 .* scheduled to be closed ASAP for overcoming of output buffer/.test(server.logText()), {
    what: 'the reason in the log',
  });
});

test('many listeners hear a long pipeline in order', async (t) => {
  const server = await start(t, startHeadwater);
  const publisher = await open(t, server);
  const listeners = await Promise.all(Array.from({ length: 100 }, () => listen(t, server, 'a')));
  const words = (i: number): string => `${i}`.padEnd(1 + (i % 5) * 500, '.');
  const count = 500;
  const replies = await publisher.pipeline(Array.from({ length: count }, (_, i) => ['PUBLISH', 'a', words(i)]));
  for (const reply of replies) assert.equal(reply.toString(), ':100\r\n');
  for (const one of listeners)
    for (let i = 0; i < count; i++) assert.deepEqual(await message(one), ['message', 'a', words(i)]);
});

test('fifty thousand channels are subscribed, left and forgotten without the server standing still', async (t) => {
  const server = await start(t, startHeadwater);
  const client = await open(t, server);
  const channels = Array.from({ length: 50_000 }, (_, i) => `channel:${i}`);
  const other = await listen(t, server, ...channels);
  assert.deepEqual(await client.ok('PUBSUB', 'NUMSUB', 'channel:49999'), ['channel:49999', 1]);
  const leaver = await listen(t, server, ...channels);
  leaver.send(encodeCommand(['UNSUBSCRIBE']));
  for (let i = 0; i < channels.length; i++) await leaver.reply();
  assert.equal(await leaver.ok('SET', 'k', 'v'), 'OK');
  assert.equal((await infoOf(client, 'stats')).get('pubsub_channels'), '50000');
  await other.close();
  await waitFor(async () => (await infoOf(client, 'stats')).get('pubsub_channels') === '0', {
    what: 'the channels to be forgotten',
  });
});
