/** Function libraries between servers: a Headwater in the middle of a chain keeps, passes on and saves what it cannot run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RawClient } from '../support/raw-client.ts';
import type { Argument } from '../support/resp.ts';
import { converged, type Node, Scenario } from '../support/scenario.ts';

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

/** A bulk reply's bytes. */
async function bulk(client: RawClient, ...args: readonly Argument[]): Promise<Buffer> {
  const reply = await client.call(...args);
  return reply.subarray(reply.indexOf('\n') + 1, -2);
}
