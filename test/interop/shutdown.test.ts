/** SHUTDOWN and the replicas that it waits for, beside redis-server: replies, log lines, and what the replicas see. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { infoOf } from '../support/replication.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { waitFor, within } from '../support/wait.ts';

/** A server, a client of it, and a replica that says and acknowledges only what the test says. */
interface Scene {
  readonly server: ServerProcess;
  readonly client: RawClient;
  readonly replica: { readonly socket: Socket; readonly stream: () => string };
  /** Sends SHUTDOWN from a client of its own, and waits for the log to say that replicas are waited for. */
  askAndWait(...words: readonly string[]): Promise<RawClient>;
  open(): Promise<RawClient>;
  acknowledge(): Promise<void>;
}

type Body = (scene: Scene) => Promise<readonly unknown[]>;

/** Runs the body on both servers: what it returns, the log lines since the start, the exit code and the stream are the same. */
function compared(title: string, args: readonly string[], body: Body): void {
  test(title, { timeout: 120_000 }, async (t) => {
    const [ours, theirs] = await Promise.all([
      played(t, await startHeadwater(args), body),
      played(t, await startRedis(args), body),
    ]);
    assert.deepEqual(ours, theirs);
  });
}

async function played(t: TestContext, server: ServerProcess, body: Body): Promise<readonly unknown[]> {
  t.after(() => server.stop());
  const client = await connectRaw(server.port);
  const clients = [client];
  t.after(() => Promise.all(clients.map((one) => one.close())));
  const replica = await attach(t, server.port);
  const open = async (): Promise<RawClient> => {
    clients.push(await connectRaw(server.port));
    return clients.at(-1)!;
  };
  const start = server.logText().length;
  const waits = (): number => server.logText().split('Waiting for replicas before').length;
  const results = await body({
    server,
    client,
    replica,
    open,
    askAndWait: async (...words) => {
      const asker = await open();
      const before = waits();
      asker.send(`${['SHUTDOWN', ...words].join(' ')}\r\n`);
      await waitFor(() => waits() > before, { what: 'the wait for replicas' });
      return asker;
    },
    acknowledge: async () => {
      const offset = (await infoOf(client, 'replication')).get('master_repl_offset')!;
      replica.socket.write(`REPLCONF ACK ${offset}\r\n`);
      const seen = async (): Promise<boolean> =>
        (await infoOf(client, 'replication')).get('slave0')!.includes(`offset=${offset},`);
      await waitFor(seen, { what: 'the acknowledgement to arrive' });
    },
  });
  const code = await within(server.exited, 30_000, 'the end of the server');
  return [...results, code, linesOf(server.logText().slice(start)), replica.stream()];
}

/** What a log says of the end, without process ids, times and addresses. */
function linesOf(log: string): readonly string[] {
  return (
    log
      .split('\n')
      .filter(
        (line) =>
          /shut|exit|replicas? |DB on disk|fsync/i.test(line) && !/sync requested|Synchroniz|in child/.test(line),
      )
      .map((line) => line.replace(/^\d+:(\w) \d+ \w+ \d{4} [\d:.]+ /, '$1 '))
      // redis-server writes this line inside the signal's handler, where it has no time.
      .map((line) => line.replace(/^.*Received SIGTERM/, 'Received SIGTERM'))
      .map((line) =>
        line
          .replace(/Headwater is|Redis is/, 'It is')
          .replace(/client id #\d+|127\.0\.0\.1:\S+/, 'NAME')
          .replace(/lag=\d+/, 'lag=N'),
      )
  );
}

/** A replica by hand: it has the (empty) data, and says nothing more. */
async function attach(t: TestContext, port: number): Promise<Scene['replica']> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  t.after(() => socket.destroy());
  let text = '';
  socket.on('data', (bytes) => (text += bytes.toString('latin1')));
  socket.on('error', () => {});
  socket.write('REPLCONF listening-port 7777 capa eof capa psync2\r\n');
  await waitFor(() => text.startsWith('+OK\r\n'), { what: 'the answer to REPLCONF' });
  socket.write('PSYNC ? -1\r\n');
  const payload = /\$EOF:(\w{40})\r\n[^]*?\1/;
  await waitFor(() => payload.test(text), { what: 'the whole payload' });
  const client = await connectRaw(port);
  const online = async (): Promise<boolean> =>
    (await infoOf(client, 'replication')).get('slave0')?.includes('state=online') === true;
  await waitFor(online, { what: 'the replica to be online' });
  await client.close();
  // Now it asks for the stream: earlier its word would not count.
  socket.write('REPLCONF ACK 0\r\n');
  return { socket, stream: () => text.replace(/^[^]*?\$EOF:(\w{40})\r\n[^]*?\1/, '') };
}

const patient = ['--shutdown-timeout', '100', '--repl-ping-replica-period', '1000'];

compared(
  'an aborted wait lets writes go on, and the next one ends with the acknowledgement',
  patient,
  async (scene) => {
    const { client, askAndWait, open, acknowledge } = scene;
    await client.ok('SET', 'k', 'v');
    const first = await askAndWait('NOSAVE');
    const second = await open();
    second.send('SHUTDOWN\r\n');
    const writer = await open();
    writer.send('SET k w\r\n');
    const held = async (): Promise<boolean> => (await infoOf(client, 'clients')).get('blocked_clients') === '3';
    await waitFor(held, { what: 'two clients that asked and one that writes to wait' });
    const left = Number((await infoOf(client, 'server')).get('shutdown_in_milliseconds'));
    assert.ok(left > 50_000 && left <= 100_000, `${left} ms left`);
    const replies = [await client.call('SHUTDOWN', 'ABORT'), await first.reply(), await second.reply()];
    replies.push(await writer.reply(), await client.call('SHUTDOWN', 'ABORT'));
    assert.equal((await infoOf(client, 'server')).get('shutdown_in_milliseconds'), undefined);
    await askAndWait('NOSAVE');
    await acknowledge().catch(() => {}); // the server may be gone before it can tell
    return replies.map(String);
  },
);

compared('replicas that stay behind are named when the time is over', ['--shutdown-timeout', '1'], async (scene) => {
  await scene.client.ok('SET', 'k', 'v');
  await scene.askAndWait('NOSAVE');
  return [];
});

compared('NOW waits for nobody, and says who is behind', patient, async ({ client, open }) => {
  await client.ok('SET', 'k', 'v');
  (await open()).send('SHUTDOWN NOSAVE NOW\r\n');
  return [];
});

compared('without replicas that are behind there is no wait', patient, async ({ client, open, acknowledge }) => {
  await client.ok('SET', 'k', 'v');
  await acknowledge();
  (await open()).send('SHUTDOWN NOSAVE\r\n');
  return [];
});

compared('a signal waits too, and while clients are paused nobody is asked for an offset', patient, async (scene) => {
  const { client, server, acknowledge } = scene;
  await client.ok('SET', 'k', 'v');
  await client.ok('CLIENT', 'PAUSE', 100_000, 'WRITE');
  process.kill(server.pid, 'SIGTERM');
  await waitFor(() => server.logText().includes('Waiting for replicas before'), { what: 'the wait' });
  await acknowledge().catch(() => {});
  return [];
});

compared('a replica that has no data yet is waited for', patient, async (scene) => {
  const { client, acknowledge, askAndWait, server } = scene;
  await client.ok('SET', 'k', 'v');
  await acknowledge();
  await client.ok('CONFIG', 'SET', 'repl-diskless-sync-delay', 1000);
  const late = connect({ port: server.port, host: '127.0.0.1' });
  late.on('error', () => {});
  late.write('REPLCONF capa eof\r\n');
  late.once('data', () => late.write('PSYNC ? -1\r\n'));
  const known = async (): Promise<boolean> =>
    (await infoOf(client, 'replication')).get('slave1')?.includes('state=wait_bgsave') === true;
  await waitFor(known, { what: 'the second replica' });
  await askAndWait('NOSAVE');
  await client.ok('SHUTDOWN', 'ABORT');
  (await scene.open()).send('SHUTDOWN NOSAVE NOW\r\n');
  await within(server.exited, 30_000, 'the end of the server');
  late.destroy();
  return [];
});

compared(
  'what cannot be saved keeps the server, but for FORCE',
  [...patient, '--enable-protected-configs', 'yes'],
  async (scene) => {
    const { client, acknowledge, askAndWait, open } = scene;
    await client.ok('SET', 'k', 'v');
    await client.ok('CONFIG', 'SET', 'dbfilename', 'a-directory');
    mkdirSync(`${scene.server.dir}/a-directory`);
    const asker = await askAndWait('SAVE');
    await acknowledge();
    const replies = [await asker.reply(), await client.call('SHUTDOWN', 'SAVE'), await client.call('SET', 'k', 'w')];
    (await open()).send('SHUTDOWN SAVE FORCE NOW\r\n');
    return replies.map(String);
  },
);
