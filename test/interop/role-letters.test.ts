/** The letter of the role in each line of the log, through changes of the role: redis-server's. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { waitFor } from '../support/wait.ts';

const told =
  /Running mode|Server initialized|Before turning|Connecting to|Connection with master|Caching the|Discarding previously|Setting secondary|MODE enabled|REPLICAOF|Unable to connect|Error condition/;

test('log lines show the role that redis-server shows, while it changes too', { timeout: 120_000 }, async (t) => {
  const master = await startRedis();
  t.after(() => master.stop());
  const [ours, theirs] = await Promise.all([
    lettersOf(t, await startHeadwater(), master.port),
    lettersOf(t, await startRedis(), master.port),
  ]);
  assert.ok(ours.includes('M Connection with master'), 'a link that ended for good was told of');
  assert.ok(ours.includes('S Unable to connect'), 'a master that is nowhere was told of');
  assert.deepEqual(ours, theirs);
});

test('a server that is configured as a replica says so from its first lines on', { timeout: 60_000 }, async (t) => {
  const args = ['--replicaof', '127.0.0.1', '1'];
  const [ours, theirs] = await Promise.all([startHeadwater(args), startRedis(args)]);
  t.after(() => Promise.all([ours.stop(), theirs.stop()]));
  await Promise.all([ours, theirs].map((server) => logged(server, 'Error condition')));
  assert.deepEqual(letters(ours).slice(0, 4), letters(theirs).slice(0, 4));
});

/** The kinds of lines with their letters, each once, sorted: Redis tells of a failed lookup before the REPLICAOF. */
async function lettersOf(t: TestContext, server: ServerProcess, masterPort: number): Promise<readonly string[]> {
  t.after(() => server.stop());
  const client = await connectRaw(server.port);
  t.after(() => client.close());
  const up = (): Promise<unknown> =>
    waitFor(async () => String(await client.ok('INFO', 'replication')).includes('master_link_status:up'), {
      what: 'the link is up',
    });
  await client.ok('REPLICAOF', '127.0.0.1', String(masterPort));
  await up();
  await client.ok('REPLICAOF', 'localhost', String(masterPort));
  await up();
  await client.ok('REPLICAOF', 'NO', 'ONE');
  await client.ok('REPLICAOF', 'no.such.host.invalid', '1');
  await logged(server, 'Unable to connect');
  await client.ok('REPLICAOF', 'NO', 'ONE');
  await waitFor(() => server.logText().split('MODE enabled').length === 3, { what: 'a master again' });
  return [...new Set(letters(server))].toSorted();
}

function letters(server: ServerProcess): readonly string[] {
  return server
    .logText()
    .split('\n')
    .filter((line) => told.test(line))
    .map((line) => `${/^\d+:(\w)/.exec(line)?.[1]} ${told.exec(line)![0]}`);
}

async function logged(server: ServerProcess, text: string): Promise<void> {
  await waitFor(() => server.logText().includes(text), { what: `"${text}" in the log` });
}
