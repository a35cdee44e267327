/** The limits on clients: how many, how long, how much; from where they may come. Each has Redis's words and effects. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { LINGER_MS } from '../../src/server/client.ts';
import { freePort } from '../support/free-port.ts';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { infoOf } from '../support/replication.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { waitFor } from '../support/wait.ts';

const MB = 1024 * 1024;

async function start(t: TestContext, ...args: string[]): Promise<ServerProcess> {
  const server = await startHeadwater(args);
  t.after(() => server.stop());
  return server;
}

async function open(t: TestContext, target: number | string, host?: string): Promise<RawClient> {
  const client = await connectRaw(target, host === undefined ? {} : { host });
  t.after(() => client.close());
  return client;
}

/** An address of this machine that is not the loopback interface's. */
function outerAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
}

function residentBytes(server: ServerProcess): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'latin1'))![1]) * 1024;
}

/** Sockets that the server holds. */
function openSockets(server: ServerProcess): number {
  const directory = `/proc/${server.pid}/fd`;
  return readdirSync(directory).filter((name) => readlinkSync(join(directory, name)).startsWith('socket:')).length;
}

/** The log comes through a pipe, later than replies. */
async function logged(server: ServerProcess, pattern: RegExp): Promise<void> {
  await waitFor(() => pattern.test(server.logText()), { what: `${String(pattern)} in the log` });
}

test('the client above maxclients gets an error and is closed; the others go on', async (t) => {
  const server = await start(t, '--maxclients', '3');
  const first = await open(t, server.port);
  const others = [await open(t, server.port), await open(t, server.port)];
  for (const client of others) await client.ok('PING');
  const refused = await open(t, server.port);
  assert.equal((await refused.untilClose()).toString(), '-ERR max number of clients reached\r\n');
  assert.equal((await infoOf(first, 'stats')).get('rejected_connections'), '1');
  assert.equal((await infoOf(first, 'clients')).get('connected_clients'), '3');
  await others[0]!.close();
  await waitFor(async () => (await infoOf(first, 'clients')).get('connected_clients') === '2', { what: 'the close' });
  const next = await open(t, server.port);
  assert.equal(await next.ok('PING'), 'PONG');
  await first.ok('CONFIG', 'SET', 'maxclients', 100);
  assert.equal(await (await open(t, server.port)).ok('PING'), 'PONG');
});

test('an idle client is closed after `timeout`, a busy one is not', async (t) => {
  const server = await start(t, '--timeout', '1', '--loglevel', 'verbose');
  const idle = await open(t, server.port);
  await idle.ok('PING');
  const busy = await open(t, server.port);
  await waitFor(async () => (await busy.ok('PING')) === 'PONG' && idle.closed, {
    what: 'the idle client to be closed',
  });
  await logged(server, /Closing idle client/);
  assert.equal(await busy.ok('PING'), 'PONG');
});

test('a client that never reads 100 replies of 10 MB is closed at the hard limit, and memory stays bounded', async (t) => {
  const server = await start(t, '--client-output-buffer-limit', 'normal 32mb 0 0');
  const client = await open(t, server.port);
  await client.ok('SET', 'big', Buffer.alloc(10 * MB, 'x'));
  const before = residentBytes(server);
  const greedy = await open(t, server.port);
  await greedy.ok('PING');
  greedy.pause();
  greedy.send('GET big\r\n'.repeat(100));
  let most = 0;
  await waitFor(
    async () => {
      most = Math.max(most, residentBytes(server));
      return (await infoOf(client, 'clients')).get('connected_clients') === '1';
    },
    { what: 'the greedy client to be closed' },
  );
  await logged(server, /Client id=\d+ addr=.* scheduled to be closed ASAP for overcoming of output buffer limits/);
  assert.equal((await infoOf(client, 'stats')).get('client_output_buffer_limit_disconnections'), '1');
  assert.ok(most - before < 150 * MB, `memory grew by ${((most - before) / MB).toFixed(0)} MB`);
  assert.equal(await client.ok('STRLEN', 'big'), 10 * MB);
});

test('a reply above the hard limit is not sent, however fast the client reads', async (t) => {
  const server = await start(t, '--client-output-buffer-limit', 'normal 100000 0 0');
  const client = await open(t, server.port);
  for (let i = 0; i < 15; i++) await client.ok('RPUSH', 'l', 'x'.repeat(10_000));
  const greedy = await open(t, server.port);
  await greedy.ok('LRANGE', 'l', '0', '7');
  greedy.send('MULTI\r\nLRANGE l 0 -1\r\nSET done 1\r\nEXEC\r\n');
  await waitFor(() => greedy.closed, { what: 'the client to be closed' });
  assert.equal(await client.ok('GET', 'done'), '1');
  assert.equal((await infoOf(client, 'stats')).get('client_output_buffer_limit_disconnections'), '1');
});

test('the soft output limit closes a client that stays above it for its seconds', async (t) => {
  const server = await start(t, '--client-output-buffer-limit', 'normal 0 5mb 1');
  const client = await open(t, server.port);
  await client.ok('SET', 'big', Buffer.alloc(10 * MB, 'x'));
  const slow = await open(t, server.port);
  await slow.ok('PING');
  slow.pause();
  slow.send('GET big\r\nGET big\r\n');
  const connected = async (): Promise<string | undefined> => (await infoOf(client, 'clients')).get('connected_clients');
  assert.equal(await connected(), '2');
  await waitFor(async () => (await connected()) === '1', { what: 'the slow client to be closed' });
});

test('a reader slower than its replies gets every byte when there is no limit', async (t) => {
  const server = await start(t);
  const client = await open(t, server.port);
  const value = Buffer.alloc(10 * MB, 'abcdefg');
  await client.ok('SET', 'big', value);
  const slow = await open(t, server.port);
  slow.pause();
  slow.send('GET big\r\n'.repeat(5));
  await waitFor(async () => / omem=[1-9]\d{6}/.test(String(await client.ok('CLIENT', 'LIST'))), {
    what: 'waiting output',
  });
  slow.resume();
  for (let i = 0; i < 5; i++) {
    const reply = await slow.reply();
    assert.ok(reply.subarray(reply.indexOf('\n') + 1, -2).equals(value), `reply ${i}`);
  }
});

test('a query larger than client-query-buffer-limit closes the client', async (t) => {
  const server = await start(t, '--client-query-buffer-limit', '1mb');
  const client = await open(t, server.port);
  await client.ok('SET', 'k', Buffer.alloc(MB / 2));
  const large = await open(t, server.port);
  large.send(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${3 * MB}\r\n`);
  for (let i = 0; i < 48; i++) large.send(Buffer.alloc(64 * 1024));
  assert.equal((await large.untilClose()).length, 0);
  await logged(server, /Closing client that reached max query buffer length/);
  assert.equal((await infoOf(client, 'stats')).get('client_query_buffer_limit_disconnections'), '1');
});

test('an announced bulk of 512 MB that never comes takes no memory, and one byte more is an error', async (t) => {
  const server = await start(t);
  const client = await open(t, server.port);
  const before = residentBytes(server);
  for (let i = 0; i < 20; i++) {
    const liar = await open(t, server.port);
    liar.send(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${512 * MB}\r\nx`);
    liar.send(`*${2 ** 31 - 1}\r\n`);
  }
  await waitFor(async () => (await infoOf(client, 'clients')).get('connected_clients') === '21', {
    what: 'the clients',
  });
  await client.ok('PING');
  assert.ok(residentBytes(server) - before < 64 * MB);
  const over = await open(t, server.port);
  over.send(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${512 * MB + 1}\r\n`);
  assert.equal((await over.untilClose()).toString(), '-ERR Protocol error: invalid bulk length\r\n');
  await client.ok('CONFIG', 'SET', 'proto-max-bulk-len', '2mb');
  const smaller = await open(t, server.port);
  smaller.send(`*2\r\n$3\r\nGET\r\n$${2 * MB + 1}\r\n`);
  assert.equal((await smaller.untilClose()).toString(), '-ERR Protocol error: invalid bulk length\r\n');
});

test('before authentication a client may send little', async (t) => {
  const server = await start(t, '--requirepass', 'secret');
  const many = await open(t, server.port);
  many.send('*11\r\n');
  assert.equal((await many.untilClose()).toString(), '-ERR Protocol error: unauthenticated multibulk length\r\n');
  const large = await open(t, server.port);
  large.send('*2\r\n$4\r\nAUTH\r\n$16385\r\n');
  assert.equal((await large.untilClose()).toString(), '-ERR Protocol error: unauthenticated bulk length\r\n');
  const good = await open(t, server.port);
  assert.equal(await good.ok('AUTH', 'secret'), 'OK');
  assert.equal(await good.ok('SET', 'k', Buffer.alloc(100_000)), 'OK');
});

test('a peer that closes is answered first, and one that never reads is let go after a bounded time', async (t) => {
  const server = await start(t);
  const client = await open(t, server.port);
  await client.ok('SET', 'big', Buffer.alloc(10 * MB));
  const polite = await open(t, server.port);
  polite.send('PING\r\nPING\r\n');
  polite.endWriting();
  assert.equal((await polite.untilClose()).toString(), '+PONG\r\n+PONG\r\n');
  const deaf = await open(t, server.port);
  await deaf.ok('PING');
  deaf.pause();
  const idle = openSockets(server);
  deaf.send('GET big\r\nGET big\r\nQUIT\r\n');
  const started = Date.now();
  await waitFor(() => openSockets(server) < idle, {
    what: 'the deaf client to be let go',
    timeoutMs: 2 * LINGER_MS,
    intervalMs: 100,
  });
  assert.ok(Date.now() - started >= LINGER_MS - 500, 'it had its time to read');
});

test('the unix socket has its permissions and serves; with port 0 nothing else does', async (t) => {
  const server = await start(t, '--unixsocket', 'the.sock', '--unixsocketperm', '700');
  const path = join(server.dir, 'the.sock');
  assert.equal(statSync(path).mode & 0o777, 0o700);
  const client = await open(t, path);
  assert.equal(await client.ok('PING'), 'PONG');
  assert.match(String(await client.ok('CLIENT', 'INFO')), / addr=the\.sock:0 .* flags=U /);
  await server.stop();
  assert.throws(() => statSync(path), /ENOENT/);
});

test('protected mode refuses clients from other interfaces as long as there is no password', async (t) => {
  const outer = outerAddress();
  if (outer === undefined) return t.skip('this machine has only the loopback interface');
  const server = await start(t, '--bind', '127.0.0.1', outer);
  const refused = await open(t, server.port, outer);
  assert.match((await refused.untilClose()).toString(), /^-DENIED .* running in protected mode/);
  const local = await open(t, server.port);
  assert.equal(await local.ok('PING'), 'PONG');
  await local.ok('CONFIG', 'SET', 'protected-mode', 'no');
  assert.equal(await (await open(t, server.port, outer)).ok('PING'), 'PONG');
  await local.ok('CONFIG', 'SET', 'protected-mode', 'yes', 'requirepass', 'secret');
  const stranger = await open(t, server.port, outer);
  assert.match(String(await stranger.value('PING')), /NOAUTH/);
  assert.equal(await stranger.ok('AUTH', 'secret'), 'OK');
});

test('bind and port change while clients are connected; addresses that do not exist are optional only with a dash', async (t) => {
  const server = await start(t, '--bind', '127.0.0.1', '-203.0.113.1');
  await logged(
    server,
    /Warning: Could not create server TCP listening socket 203\.0\.113\.1:\d+: bind: Cannot assign requested address/,
  );
  const client = await open(t, server.port);
  const port = await freePort();
  assert.equal(await client.ok('CONFIG', 'SET', 'port', port), 'OK');
  assert.equal(await (await open(t, port)).ok('PING'), 'PONG');
  await assert.rejects(connectRaw(server.port), /ECONNREFUSED/);
  const taken = await start(t);
  assert.equal(
    String(await client.value('CONFIG', 'SET', 'port', taken.port)),
    "ReplyError: ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs.",
  );
  assert.equal(
    String(await client.value('CONFIG', 'SET', 'bind', '203.0.113.1')),
    "ReplyError: ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to specified addresses.",
  );
  assert.equal(await (await open(t, port)).ok('PING'), 'PONG');
  assert.equal(await client.ok('CONFIG', 'SET', 'bind', '127.0.0.1 ::1'), 'OK');
  assert.equal(await (await open(t, port, '::1')).ok('PING'), 'PONG');
});

test('thousands of connections come and go, many at once, and nothing is left of them', async (t) => {
  const server = await start(t);
  const client = await open(t, server.port);
  const sockets: Socket[] = [];
  for (let round = 0; round < 6; round++) {
    const opened = await Promise.all(
      Array.from({ length: 500 }, () => {
        const socket = connect({ port: server.port, host: '127.0.0.1' });
        socket.on('error', () => {});
        return new Promise<Socket>((resolve, reject) => {
          socket.once('connect', () => resolve(socket));
          socket.once('error', reject);
        });
      }),
    );
    for (const [i, socket] of opened.entries()) {
      if (i % 4 === 0) socket.write('*2\r\n$3\r\nGET\r\n$1000\r\nhalf');
      else if (i % 4 === 1) socket.write('SET k v\r\nGET k\r\n');
      if (i % 3 === 0) socket.resetAndDestroy();
      else if (i % 3 === 1) socket.end();
      else sockets.push(socket);
    }
  }
  // A connection is open for us before the server has accepted it.
  await waitFor(async () => Number((await infoOf(client, 'clients')).get('connected_clients')) > 900, {
    what: 'the connections that stay',
  });
  for (const socket of sockets) socket.destroy();
  await waitFor(async () => (await infoOf(client, 'clients')).get('connected_clients') === '1', {
    what: 'all to be gone',
  });
  // Those reset before they were accepted were never seen.
  assert.ok(Number((await infoOf(client, 'stats')).get('total_connections_received')) > 2000);
  assert.equal(await client.ok('PING'), 'PONG');
});

test('CLIENT REPLY SKIP skips the reply of a command that waits, and no other', async (t) => {
  const server = await start(t);
  const client = await open(t, server.port);
  const port = await freePort();
  client.send(Buffer.from(`CLIENT REPLY SKIP\r\nCONFIG SET port ${port}\r\nECHO after\r\n`));
  assert.equal((await client.reply('the one reply')).toString(), '$5\r\nafter\r\n');
  assert.equal(await client.ok('PING'), 'PONG');
});
