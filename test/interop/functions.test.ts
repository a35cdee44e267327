/** Function libraries between servers: a Headwater in the middle of a chain keeps, passes on and saves what it cannot run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { infoOf } from '../support/replication.ts';
import type { Argument } from '../support/resp.ts';
import { converged, type Node, Scenario } from '../support/scenario.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

const options = { timeout: 120_000 };
const library = (name: string, result: number): string =>
  `#!lua name=${name}\nredis.register_function('f_${name}', function(keys, args) return ${result} end)`;

/** Name and source of each library, in a fixed order. */
async function libraries(node: Node): Promise<string[]> {
  const list = (await node.ok('FUNCTION', 'LIST', 'WITHCODE')) as readonly (readonly unknown[])[];
  return list.map((fields) => `${String(fields[1])} ${String(fields[3])} ${String(fields.at(-1))}`).toSorted();
}

void test('libraries go down a chain by full sync and by stream, and survive a restart', options, async (t) => {
  const scenario = new Scenario(t);
  const master = await scenario.start('redis');
  await master.ok('FUNCTION', 'LOAD', library('first', 1));
  const middle = await scenario.start('headwater', ['--replicaof', '127.0.0.1', String(master.port)]);
  const last = await scenario.start('redis', ['--replicaof', '127.0.0.1', String(middle.port)]);
  const same = async (...names: readonly string[]): Promise<void> => {
    await converged(master, middle, last);
    const expected = await libraries(master);
    assert.deepEqual(
      expected.map((one) => one.split(' ')[0]),
      names,
    );
    assert.deepEqual(await libraries(middle), expected);
    assert.deepEqual(await libraries(last), expected);
  };
  await same('first');
  await master.ok('FUNCTION', 'LOAD', library('second', 2));
  await same('first', 'second');
  await master.ok('FUNCTION', 'LOAD', 'REPLACE', library('second', 22));
  await same('first', 'second');
  const dump = await bulk(master.client, 'FUNCTION', 'DUMP');
  await master.ok('FUNCTION', 'DELETE', 'first');
  await same('second');
  await master.ok('FUNCTION', 'RESTORE', dump, 'FLUSH');
  await same('first', 'second');
  await middle.ok('DEBUG', 'RELOAD');
  assert.deepEqual(await libraries(middle), await libraries(master));
  await master.ok('FUNCTION', 'FLUSH');
  await same();
  await master.ok('FUNCTION', 'RESTORE', dump);
  await same('first', 'second');
  await last.ok('REPLICAOF', 'NO', 'ONE');
  assert.equal(await last.ok('FCALL', 'f_second', 0), 22, 'it can run what the one in the middle only keeps');
  assert.equal(await middle.info('unexpected_error_replies'), '0');
});

void test('an append only file with libraries goes from redis-server to us and back', options, async (t) => {
  const dir = tempDir();
  t.after(() => dir.remove());
  const args = ['--appendonly', 'yes', '--aof-use-rdb-preamble', 'no'];
  const during = async (
    start: typeof startRedis,
    body: (client: RawClient, server: ServerProcess) => Promise<void>,
  ): Promise<void> => {
    const server = await start(args, { dir: dir.path });
    t.after(() => server.stop());
    const client = await connectRaw(server.port);
    await body(client, server);
    await client.close();
    await server.stop();
  };
  const listed = async (client: RawClient): Promise<string> =>
    String(((await client.ok('FUNCTION', 'LIST', 'WITHCODE')) as readonly unknown[]).map(String).toSorted());
  let expected = '';
  await during(startRedis, async (client) => {
    await client.ok('FUNCTION', 'LOAD', library('first', 1));
    const first = await bulk(client, 'FUNCTION', 'DUMP');
    await client.ok('FUNCTION', 'LOAD', 'REPLACE', library('first', 11));
    await client.ok('FUNCTION', 'LOAD', library('second', 2));
    const both = await bulk(client, 'FUNCTION', 'DUMP');
    await client.ok('FUNCTION', 'RESTORE', first, 'FLUSH');
    await client.ok('FUNCTION', 'RESTORE', both, 'REPLACE');
    await client.ok('FUNCTION', 'DELETE', 'first');
    await client.ok('FUNCTION', 'RESTORE', first, 'APPEND');
    expected = await listed(client);
  });
  for (const start of [startHeadwater, startRedis, startHeadwater, startRedis]) {
    await during(start, async (client, server) => {
      assert.equal(await listed(client), expected);
      assert.doesNotMatch(server.logText(), /CRITICAL|Unknown command/);
      // The next one reads what this one writes.
      await client.ok('BGREWRITEAOF');
      await waitFor(async () => (await infoOf(client)).get('aof_rewrite_in_progress') === '0', { what: 'the rewrite' });
    });
  }
});

/** A bulk reply's bytes. */
async function bulk(client: RawClient, ...args: readonly Argument[]): Promise<Buffer> {
  const reply = await client.call(...args);
  return reply.subarray(reply.indexOf('\n') + 1, -2);
}
