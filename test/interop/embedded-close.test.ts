/** What a server inside a process leaves behind: nothing that keeps the process alive, no memory of a slow reader. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { createServer } from '../../src/api/index.ts';
import { connectRaw } from '../support/raw-client.ts';
import { waitFor, within } from '../support/wait.ts';

const library = new URL('../../src/api/index.js', import.meta.url).href;

/** A program that leaves the server in the middle of everything: a pause, a shutdown that waits, syncs, blocked clients. */
const program = `
  import { connect } from 'node:net';
  import { createServer } from ${JSON.stringify(library)};
  const sockets = [];
  const talk = (port, ...lines) => new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(lines.join('\\r\\n') + '\\r\\n'));
    sockets.push(socket);
    socket.on('error', () => {});
    socket.once('data', resolve);
  });
  const logFile = '/dev/null';
  const master = await createServer({ logFile, directives: { 'repl-diskless-sync-delay': 600 } });
  const replica = await createServer({ logFile, directives: { replicaof: ['127.0.0.1', String(master.port)] } });
  const orphan = await createServer({ logFile, directives: { replicaof: ['127.0.0.1', '1'] } });
  await talk(master.port, 'PING', 'MULTI', 'SET k v');
  await talk(master.port, 'CLIENT PAUSE 600000 WRITE');
  await talk(master.port, 'PING', 'SET k v');
  await talk(replica.port, 'CLIENT PAUSE 600000 ALL');
  await talk(orphan.port, 'PING', 'BGSAVE');
  await Promise.all([master.close(), replica.close(), orphan.close()]);
  for (const socket of sockets) socket.destroy();
  console.log('closed');
`;

test('after close() nothing of a server keeps its process alive', { timeout: 30_000 }, async (t) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  const [code] = (await within(once(child, 'exit'), 15_000, 'the process to end by itself')) as [number | null];
  assert.equal(output, 'closed\n');
  assert.equal(code, 0);
});

test('small replies to a client that does not read keep no more memory than they are long', async (t) => {
  const server = await createServer();
  t.after(() => server.close());
  const other = await connectRaw(server.port);
  t.after(() => other.close());
  await other.ok('SET', 'big', 'x'.repeat(1024 * 1024));
  const slow = connect({ port: server.port, host: '127.0.0.1', noDelay: true });
  t.after(() => slow.destroy());
  await once(slow, 'connect');
  slow.pause();
  const queued = async (): Promise<number> =>
    Number(/name=slow .*omem=(\d+)/.exec(String(await other.ok('CLIENT', 'LIST')))?.[1] ?? 0);
  slow.write(`CLIENT SETNAME slow\r\n${'GET big\r\n'.repeat(20)}`);
  await waitFor(async () => (await queued()) > 0, { what: 'replies that nobody reads' });
  const before = { queued: await queued(), bytes: process.memoryUsage().arrayBuffers };
  const turns = 1000;
  for (let i = 1; i <= turns; i++) {
    slow.write('PING\r\n');
    // One reply a turn: that is what pins a buffer each.
    await waitFor(async () => (await queued()) >= before.queued + 7 * i, { what: 'the next reply', intervalMs: 0 });
  }
  const grown = process.memoryUsage().arrayBuffers - before.bytes;
  assert.ok(grown < 16 * 1024 * turns, `${grown} bytes for ${turns} replies of 7 bytes`);
});
