/** Scripts, functions and cluster mode: what can be answered without an engine is what redis-server answers; the rest is one error. */
import assert from 'node:assert/strict';
import { lockstep } from '../support/lockstep.ts';
import type { RawClient } from '../support/raw-client.ts';
import type { Argument } from '../support/resp.ts';

const library = (name: string): string =>
  `#!lua name=${name}\nredis.register_function('f_${name}', function(keys, args) return 1 end)`;

lockstep('cluster mode is off', { resp: 'both' }, async (both) => {
  await both.all(
    [
      'cluster addslots 1',
      'cluster addslotsrange 1 2',
      'cluster bumpepoch',
      'cluster count-failure-reports x',
      'cluster countkeysinslot 1',
      'cluster delslots 1',
      'cluster delslotsrange 1 2',
      'cluster failover',
      'cluster flushslots',
      'cluster forget x',
      'cluster getkeysinslot 1 2',
      'cluster help',
      'cluster info',
      'cluster keyslot a',
      'cluster links',
      'cluster meet a 1',
      'cluster myid',
      'cluster nodes',
      'cluster replicas x',
      'cluster replicate x',
      'cluster reset',
      'cluster saveconfig',
      'cluster set-config-epoch 1',
      'cluster setslot 1 stable',
      'cluster shards',
      'cluster slaves x',
      'cluster slots',
    ].map((line) => line.split(' ')),
  );
  await both.all([
    ['CLUSTER'],
    ['CLUSTER', 'NOSUCH'],
    ['CLUSTER', 'INFO', 'x'],
    ['ASKING'],
    ['READONLY'],
    ['READWRITE'],
    ['READONLY', 'x'],
  ]);
});

lockstep('scripts are unknown', { resp: 'both' }, async (both) => {
  await both.all([
    ['SCRIPT', 'EXISTS', 'a', 'b'],
    ['SCRIPT', 'EXISTS'],
    ['SCRIPT', 'FLUSH'],
    ['SCRIPT', 'FLUSH', 'SYNC'],
    ['SCRIPT', 'FLUSH', 'async'],
    ['SCRIPT', 'FLUSH', 'x'],
    ['SCRIPT', 'FLUSH', 'SYNC', 'x'],
    ['SCRIPT', 'KILL'],
    ['SCRIPT', 'DEBUG', 'NO'],
    ['SCRIPT', 'DEBUG', 'x'],
    ['SCRIPT', 'NOSUCH'],
    ['SCRIPT', 'LOAD'],
    ['EVAL', 'x'],
    ['EVALSHA', 'x'],
    ['FCALL', 'x'],
    ['FUNCTION', 'KILL'],
    ['FUNCTION'],
    ['FUNCTION', 'NOSUCH'],
    ['COMMAND', 'GETKEYS', 'EVAL', 'return 1', '2', 'a', 'b', 'c'],
    ['COMMAND', 'GETKEYS', 'EVALSHA_RO', 'x', '1', 'a'],
    ['COMMAND', 'GETKEYS', 'EVAL_RO', 'x', '0'],
    ['COMMAND', 'GETKEYS', 'EVALSHA', 'x', '1', 'a'],
    ['COMMAND', 'GETKEYS', 'FCALL', 'f', '1', 'a'],
    ['COMMAND', 'GETKEYS', 'FCALL_RO', 'f', '1', 'a'],
  ]);
});

lockstep('running anything is refused with a clear error', async ({ headwater }) => {
  for (const command of [
    ['EVAL', 'return 1', '0'],
    ['EVAL_RO', 'return 1', '0'],
    ['EVALSHA', 'f'.repeat(40), '0'],
    ['EVALSHA_RO', 'f'.repeat(40), '0'],
    ['FCALL', 'f', '0'],
    ['FCALL_RO', 'f', '0'],
    ['SCRIPT', 'LOAD', 'return 1'],
    ['SCRIPT', 'DEBUG', 'YES'],
    ['FUNCTION', 'LOAD', library('x')],
  ]) {
    const reply = await headwater.value(...command);
    assert.ok(reply instanceof Error, command.join(' '));
    assert.equal(reply.message, 'ERR Scripts and functions are not supported by this server yet');
  }
  for (const help of [await headwater.ok('FUNCTION', 'HELP'), await headwater.ok('SCRIPT', 'HELP')])
    assert.ok((help as readonly string[]).includes('FLUSH'));
});

lockstep('libraries of a dump are kept, dumped, listed, deleted and flushed', { resp: 'both' }, async (both) => {
  const { redis, headwater } = both;
  await both('FUNCTION', 'FLUSH');
  const empty = await bulk(redis, 'FUNCTION', 'DUMP');
  for (const name of ['one', 'two']) await redis.ok('FUNCTION', 'LOAD', library(name));
  const dump = await bulk(redis, 'FUNCTION', 'DUMP');
  await redis.ok('FUNCTION', 'FLUSH');
  await both('FUNCTION', 'RESTORE', empty);
  await both('FUNCTION', 'RESTORE', dump);
  await both('FUNCTION', 'RESTORE', empty, 'APPEND');
  // Which of several comes first is not said.
  for (const name of ['one', 'two']) {
    await both('FUNCTION', 'DELETE', name === 'one' ? 'two' : 'one');
    await both('FUNCTION', 'DUMP');
    await both('FUNCTION', 'DELETE', 'none');
    await both('FUNCTION', 'RESTORE', dump, 'REPLACE');
  }
  for (const words of [['APPEND'], [], ['append']]) {
    const reply = await headwater.value('FUNCTION', 'RESTORE', dump, ...words);
    assert.match(String(reply), /ERR Library (one|two) already exists/);
  }
  await both.all([
    ['FUNCTION', 'RESTORE', dump, 'FLUSH'],
    ['FUNCTION', 'RESTORE', dump, 'BOGUS'],
    ['FUNCTION', 'RESTORE', 'x'],
    ['FUNCTION', 'RESTORE', dump.subarray(1)],
    ['FUNCTION', 'RESTORE', dump, 'FLUSH', 'x'],
    ['FUNCTION', 'LIST', 'x'],
    ['FUNCTION', 'LIST', 'LIBRARYNAME'],
    ['FUNCTION', 'LIST', 'WITHCODE', 'WITHCODE'],
    ['FUNCTION', 'LIST', 'LIBRARYNAME', 'none*'],
    ['FUNCTION', 'FLUSH', 'x'],
    ['FUNCTION', 'FLUSH', 'SYNC', 'x'],
  ]);
  await both('SET', 'string', 'x');
  const value = await bulk(redis, 'DUMP', 'string');
  const refused = await headwater.value('FUNCTION', 'RESTORE', value);
  assert.match(String(refused), /given type is not a function|failed loading functions/);
  const listed = String(await headwater.call('FUNCTION', 'LIST', 'WITHCODE', 'LIBRARYNAME', 'ON?'));
  assert.ok(listed.includes(library('one')) && !listed.includes(library('two')));
  assert.ok(String(await headwater.call('FUNCTION', 'STATS')).includes('libraries_count\r\n:2\r\n'));
  await both('FUNCTION', 'FLUSH', 'ASYNC');
  await both('FUNCTION', 'LIST');
  await both('FUNCTION', 'DUMP');
});

lockstep('RESTORE-ASKING is RESTORE', async (both) => {
  await both('SET', 'k', 'value');
  const dump = await bulk(both.redis, 'DUMP', 'k');
  await both.all([
    ['RESTORE-ASKING', 'copy', '0', dump],
    ['RESTORE-ASKING', 'copy', '0', dump],
    ['RESTORE-ASKING', 'copy', '0', dump, 'REPLACE'],
    ['RESTORE-ASKING', 'copy', '0', 'x'],
    ['GET', 'copy'],
  ]);
});

/** A bulk reply's bytes. */
async function bulk(client: RawClient, ...args: readonly Argument[]): Promise<Buffer> {
  const reply = await client.call(...args);
  return reply.subarray(reply.indexOf('\n') + 1, -2);
}
