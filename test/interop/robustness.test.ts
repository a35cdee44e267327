/**
 * Nothing a client sends may crash or hang the server, or make its replicas differ: random bytes, random commands, cut
 * and half-sent commands, resets in the middle of everything.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Seeded } from '../support/dataset.ts';
import { commandsOf, randomBytes, randomCommand } from '../support/fuzz.ts';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { equalDigests, infoOf, linkUp, sameOffset } from '../support/replication.ts';
import { encodeCommand } from '../support/resp.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor, within } from '../support/wait.ts';

const FUZZ_MS = 4000;

function newSeed(t: TestContext): number {
  const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
  t.diagnostic(`FUZZ_SEED=${seed}`);
  return seed;
}

/** Fails with the log if the server is gone or does not answer. */
async function alive(server: ServerProcess, what: string): Promise<void> {
  try {
    const client = await connectRaw(server.port);
    assert.equal(await client.ok('PING'), 'PONG');
    await client.close();
  } catch (error) {
    throw new Error(`${what}: ${String(error)}\nThe end of the log:\n${server.logText().slice(-4000)}`);
  }
}

test('random bytes are answered or refused, and the server lives', { timeout: 120_000 }, async (t) => {
  const seed = newSeed(t);
  const random = new Seeded(seed);
  const server = await startHeadwater();
  t.after(() => server.stop());
  const deadline = Date.now() + FUZZ_MS;
  while (Date.now() < deadline) {
    const many = Array.from({ length: 20 }, () =>
      Array.from({ length: 1 + random.below(3) }, () => randomBytes(random)),
    );
    await Promise.all(many.map((pieces) => throwBytes(server.port, pieces, random.below(3) === 0)));
  }
  await alive(server, `after random bytes of seed ${seed}`);
  await waitFor(
    async () => {
      const client = await connectRaw(server.port);
      const connected = (await infoOf(client, 'clients')).get('connected_clients');
      await client.close();
      return connected === '1';
    },
    { what: 'all connections to be gone' },
  );
});

/** Sends pieces on a connection of their own and waits until it is closed: by us after the replies, or by a reset. */
async function throwBytes(port: number, pieces: readonly Buffer[], reset: boolean): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  socket.resume();
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (reset) socket.resetAndDestroy();
  else socket.end();
  await within(closed, 10_000, `the server to close a connection that sent ${JSON.stringify(pieces.map(String))}`);
}

test(
  'random commands with random arguments leave the server, redis-server and Headwater as its replicas, equal',
  { timeout: 240_000 },
  async (t) => {
    const seed = newSeed(t);
    const random = new Seeded(seed);
    const master = await startHeadwater(['--proto-max-bulk-len', '1mb', '--maxmemory', '200mb']);
    t.after(() => master.stop());
    const following = ['--replicaof', `127.0.0.1 ${master.port}`];
    const replicas = await Promise.all([startRedis(following), startHeadwater(following)]);
    t.after(() => Promise.all(replicas.map((one) => one.stop())));
    const watchers = await Promise.all(replicas.map((one) => connectRaw(one.port)));
    t.after(() => Promise.all(watchers.map((one) => one.close())));
    for (const one of watchers) await linkUp(one);

    let client = await connectRaw(master.port);
    t.after(() => client.close());
    const commands = await commandsOf(client);
    assert.ok(commands.length > 150, `${commands.length} commands`);
    const deadline = Date.now() + FUZZ_MS;
    let sent = 0;
    while (Date.now() < deadline) {
      const batch = Array.from({ length: 1 + random.below(30) }, () => randomCommand(random, commands));
      client.send(Buffer.concat(batch.map(encodeCommand)));
      sent += batch.length;
      if (random.below(100) === 0) {
        // Gone in the middle of a pipeline.
        await client.close();
        client = await connectRaw(master.port);
        if (random.below(2) === 0) await client.ok('HELLO', 3);
        continue;
      }
      try {
        for (const command of batch) await client.reply(String(command[0]));
      } catch (error) {
        const text = batch.map((command) => command.map((word) => JSON.stringify(String(word))).join(' ')).join('\n');
        await alive(master, `one of\n${text}\nof seed ${seed}`);
        throw error;
      }
    }
    t.diagnostic(`${sent} commands`);
    await client.close();
    client = await connectRaw(master.port);
    await alive(master, `after random commands of seed ${seed}`);
    // A key whose time comes between two digests makes them differ once.
    await waitFor(
      async () => {
        await sameOffset([client, ...watchers]);
        await equalDigests([client, ...watchers]);
        return true;
      },
      { what: `equal digests, seed ${seed}` },
    );
    for (const one of replicas) {
      assert.doesNotMatch(one.logText(), /CRITICAL|BUG REPORT/);
      assert.equal(one.logText().match(/Full resync from master/g)?.length, 1, one.logText());
    }
  },
);

test('connections reset in the middle of everything leave the server in order', { timeout: 120_000 }, async (t) => {
  const server = await startHeadwater();
  t.after(() => server.stop());
  const client = await connectRaw(server.port);
  t.after(() => client.close());
  await client.ok('SET', 'big', Buffer.alloc(2 * 1024 * 1024));
  const middles: readonly string[] = [
    'GET big\r\n'.repeat(20),
    '*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$1000000\r\nabc',
    'MULTI\r\nSET x 1\r\n',
    'WATCH big x\r\n',
    'CLIENT REPLY OFF\r\nGET big\r\n',
    'CLIENT TRACKING ON\r\n',
    'PSYNC ? -1\r\n',
    'SYNC\r\n',
    'REPLCONF listening-port 1\r\nPSYNC ? -1\r\nREPLCONF ACK 0\r\n',
    'HELLO 3\r\nCLIENT KILL TYPE normal SKIPME yes\r\n',
    'DEBUG JMAP\r\n',
    'INFO everything\r\nCOMMAND\r\nKEYS *\r\n',
    'CONFIG SET port 0\r\n'.slice(0, 9),
  ];
  for (let round = 0; round < 10; round++)
    await Promise.all(
      middles.map(
        (text, i) =>
          new Promise<void>((resolve) => {
            const socket = connect({ port: server.port, host: '127.0.0.1' });
            socket.on('error', () => {});
            socket.once('close', () => resolve());
            socket.once('connect', () => {
              socket.write(text);
              // In the same turn, after the write, after the first reply.
              if ((round + i) % 3 === 0) socket.resetAndDestroy();
              else if ((round + i) % 3 === 1) setImmediate(() => socket.resetAndDestroy());
              else {
                socket.once('data', () => socket.resetAndDestroy());
                setTimeout(() => socket.resetAndDestroy(), 50);
              }
            });
          }),
      ),
    );
  await alive(server, 'after resets');
  const again = await connectRaw(server.port);
  t.after(() => again.close());
  await waitFor(async () => (await infoOf(again, 'clients')).get('connected_clients') === (client.closed ? '1' : '2'), {
    what: 'the others to be gone',
  });
  assert.equal((await infoOf(again, 'replication')).get('connected_slaves'), '0');
  assert.equal(await again.ok('SET', 'x', '1'), 'OK');
});

test('a bug in a command is reported with command and stack, and the process ends', { timeout: 120_000 }, async (t) => {
  const dir = tempDir();
  t.after(() => dir.remove());
  const program = join(dir.path, 'with-a-bug.mjs');
  const compiled = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
  writeFileSync(
    program,
    `import { families } from ${JSON.stringify(compiled('commands/index.js'))};
     families[0].push({ ...families[0][0], name: 'stumble', arity: -1, handler: () => { null.oops; } });
     await import(${JSON.stringify(compiled('cli/headwater.js'))});`,
  );
  const server = await startServer([process.execPath, '--enable-source-maps', program]);
  t.after(() => server.stop());
  const client = await connectRaw(server.port);
  client.send('SET k v\r\nSTUMBLE top-secret\r\nGET k\r\n');
  await client.untilClose();
  assert.equal(await within(server.exited, 10_000, 'the end of the process'), 1);
  const log = server.logText();
  assert.match(log, /=== HEADWATER BUG REPORT START/);
  assert.match(log, /CommandBug: the command 'stumble' failed; lengths of its arguments: 7 10/);
  assert.match(log, /TypeError: Cannot read properties of null/);
  assert.match(log, /with-a-bug\.mjs:2/);
  assert.match(log, /redis_version:/);
  assert.match(log, /=== HEADWATER BUG REPORT END/);
  assert.doesNotMatch(log, /top-secret/);
});
