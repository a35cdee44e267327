/** What a master makes of what its replicas send besides acknowledgements, and how CLIENT shows and ends links. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { equalDigests, infoOf, linkUp, sameOffset } from '../support/replication.ts';
import { startRedis } from '../support/redis-server.ts';
import { waitFor } from '../support/wait.ts';

const options = { timeout: 120_000 };

/** A connection that asked for a full sync and got it; `received` tells how much. */
async function attach(t: TestContext, port: number): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  t.after(() => socket.destroy());
  let text = '';
  socket.on('data', (bytes) => (text += bytes.toString('latin1')));
  socket.on('error', () => {});
  socket.write('REPLCONF capa eof capa psync2\r\n');
  await waitFor(() => text === '+OK\r\n', { what: 'the answer to REPLCONF' });
  socket.write('PSYNC ? -1\r\n');
  await waitFor(() => /\$EOF:(\w{40})\r\n[^]*\1$/.test(text), { what: 'the whole payload' });
  return { socket, received: () => text };
}

async function listed(client: RawClient, ...filter: string[]): Promise<string[]> {
  return String(await client.ok('CLIENT', 'LIST', ...filter))
    .split('\n')
    .filter((line) => line.startsWith('id='));
}

test('a replica that loads for longer than repl-timeout is kept as long as it sends newlines', options, async (t) => {
  const master = await startHeadwater(['--repl-timeout', '2', '--repl-diskless-sync-delay', '0']);
  t.after(() => master.stop());
  const client = await connectRaw(master.port);
  t.after(() => client.close());
  const loading = await attach(t, master.port);
  const beat = setInterval(() => loading.socket.write('\n'), 100);
  t.after(() => clearInterval(beat));
  const silent = await attach(t, master.port);
  await waitFor(() => silent.socket.destroyed || silent.socket.readableEnded, {
    what: 'the silent one to be given up',
  });
  // The master lists a connection until its other end has gone too.
  await waitFor(async () => (await listed(client, 'TYPE', 'replica')).length < 2, { what: 'its connection to close' });
  assert.equal((await listed(client, 'TYPE', 'replica')).length, 1);
  assert.equal((await infoOf(client, 'replication')).get('connected_slaves'), '1');
});

test('a replica that asks for a reply is disconnected, and nothing foreign enters its stream', options, async (t) => {
  const master = await startHeadwater(['--repl-diskless-sync-delay', '0']);
  t.after(() => master.stop());
  const { socket, received } = await attach(t, master.port);
  const before = received();
  socket.write('PING\r\n');
  await waitFor(() => socket.destroyed, { what: 'the end of the link' });
  assert.equal(received(), before);
  await waitFor(() => /Replica generated a reply to command 'ping', disconnecting it/.test(master.logText()), {
    what: 'the log to say why',
  });
});

test(
  'CLIENT LIST shows both ends of a link, and CLIENT KILL ends either; the replica continues',
  options,
  async (t) => {
    const master = await startHeadwater(['--repl-diskless-sync-delay', '0']);
    t.after(() => master.stop());
    const replica = await startHeadwater(['--replicaof', `127.0.0.1 ${master.port}`]);
    t.after(() => replica.stop());
    const [above, below] = [await connectRaw(master.port), await connectRaw(replica.port)];
    t.after(() => Promise.all([above.close(), below.close()]));
    await linkUp(below);
    const [link] = await listed(below, 'TYPE', 'master');
    assert.match(link!, new RegExp(`^id=\\d+ addr=127\\.0\\.0\\.1:${master.port} .* flags=M .* user=\\(superuser\\)`));
    assert.match((await listed(above, 'TYPE', 'replica'))[0]!, / flags=S .* cmd=replconf /);
    assert.equal((await listed(below)).length, 2);
    const partial = async (): Promise<string | undefined> => (await infoOf(above, 'stats')).get('sync_partial_ok');
    assert.equal(await below.ok('CLIENT', 'KILL', 'TYPE', 'master'), 1);
    await waitFor(async () => (await partial()) === '1', { what: 'the first partial resync' });
    await linkUp(below);
    assert.equal(await above.ok('CLIENT', 'KILL', 'TYPE', 'replica'), 1);
    await waitFor(async () => (await partial()) === '2', { what: 'the second partial resync' });
    await linkUp(below);
    assert.equal((await infoOf(above, 'stats')).get('sync_full'), '1');
  },
);

test('a replica that announces it may send PSYNC behind its other words, all others may not', options, async (t) => {
  const master = await startHeadwater(['--repl-diskless-sync-delay', '0']);
  t.after(() => master.stop());
  const { socket, received } = await attach(t, master.port);
  const [, replid, offset] = /\+FULLRESYNC (\w+) (\d+)\r\n/.exec(received())!;
  socket.write('REPLCONF ACK 0\r\n');
  const greet = async (capabilities: string, until: RegExp): Promise<string> => {
    const hasty = connect({ port: master.port, host: '127.0.0.1', noDelay: true });
    t.after(() => hasty.destroy());
    let text = '';
    hasty.on('data', (bytes) => (text += bytes.toString('latin1')));
    hasty.write(`PING\r\nREPLCONF ${capabilities}\r\nPSYNC ${replid} ${Number(offset) + 1}\r\n`);
    await waitFor(() => until.test(text), { what: String(until) });
    return text;
  };
  assert.equal(
    await greet('capa eof capa psync2', /^-/m),
    '+PONG\r\n+OK\r\n-ERR SYNC and PSYNC are invalid with pending output\r\n',
  );
  const client = await connectRaw(master.port);
  t.after(() => client.close());
  await client.ok('SET', 'k', 'v');
  const text = await greet('capa eof capa psync2 capa pipelined-psync', /SET\r\n\$1\r\nk\r\n\$1\r\nv\r\n/);
  assert.ok(text.startsWith(`+PONG\r\n+OK pipelined-psync\r\n+CONTINUE ${replid}\r\n*2\r\n$6\r\nSELECT`), text);
  // The stream goes on behind what was missed, and nothing of it came twice.
  assert.equal(text.split('SET').length, 2);
});

test('a replica whose Headwater master gives way to a redis-server at its address follows that', options, async (t) => {
  const first = await startHeadwater(['--repl-diskless-sync-delay', '0']);
  t.after(() => first.stop());
  const replica = await startHeadwater(['--replicaof', `127.0.0.1 ${first.port}`]);
  t.after(() => replica.stop());
  const below = await connectRaw(replica.port);
  t.after(() => below.close());
  await linkUp(below);
  await first.stop();
  const second = await startRedis(['--repl-diskless-sync-delay', '0'], { port: first.port });
  t.after(() => second.stop());
  const above = await connectRaw(first.port);
  t.after(() => above.close());
  await above.ok('SET', 'k', 'v');
  await linkUp(below);
  await sameOffset([above, below]);
  await equalDigests([above, below]);
  // The first PSYNC came too early for it; the second did not.
  assert.equal((await infoOf(above, 'stats')).get('sync_full'), '1');
  assert.match(String(await above.ok('INFO', 'errorstats')), /errorstat_ERR:count=1/);
});

test('while a shutdown waits for a replica no ping moves the offset; an abort lets them go on', options, async (t) => {
  const master = await startHeadwater([
    '--repl-ping-replica-period',
    '1',
    '--shutdown-timeout',
    '3',
    '--repl-diskless-sync-delay',
    '0',
  ]);
  t.after(() => master.stop());
  const { socket, received } = await attach(t, master.port);
  const [client, asker] = [await connectRaw(master.port), await connectRaw(master.port)];
  t.after(() => Promise.all([client.close(), asker.close()]));
  socket.write('REPLCONF ACK 0\r\n');
  await client.ok('SET', 'k', 'v');
  const waiting = async (): Promise<void> => {
    const seen = master.logText().split('Waiting for replicas before').length;
    asker.send(Buffer.from('SHUTDOWN NOSAVE\r\n'));
    await waitFor(() => master.logText().split('Waiting for replicas before').length > seen, { what: 'the wait' });
  };
  await waiting();
  await client.ok('SHUTDOWN', 'ABORT');
  await asker.reply('the news of the abort');
  const pings = (): number => received().split('ping').length - 1;
  const before = pings();
  await waitFor(() => pings() > before, { what: 'a ping after the abort' });
  await waiting();
  const atWait = pings();
  await waitFor(() => socket.destroyed, { what: 'the end of the server' });
  assert.ok(pings() - atWait <= 1, `${pings() - atWait} pings in three seconds`);
});
