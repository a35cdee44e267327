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
  // New in 7.2.
  assert.deepEqual(await both.headwater.value('CLUSTER', 'MYSHARDID'), await both.redis.value('CLUSTER', 'MYID'));
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
  assert.match(String(refused), /ERR given type is not a function/);
  const listed = String(await headwater.call('FUNCTION', 'LIST', 'WITHCODE', 'LIBRARYNAME', 'ON?'));
  assert.ok(listed.includes(library('one')) && !listed.includes(library('two')));
  assert.ok(String(await headwater.call('FUNCTION', 'STATS')).includes('libraries_count\r\n:2\r\n'));
  await both('FUNCTION', 'FLUSH', 'ASYNC');
  await both('FUNCTION', 'LIST');
  await both('FUNCTION', 'DUMP');
});

/** Ways of registering functions that a source shows plainly: names, one for each library. */
const plain: readonly string[] = [
  `redis.register_function('f', function(keys, args) return 'end' end)`,
  `redis . register_function ( "f" , function() if true then return 1 end end )`,
  `redis.register_function{function_name='f', callback=function() return 1 end}`,
  `redis.register_function{callback=function() return {function_name='g'} end, description="it's \\65\\n\\"", function_name='f'}`,
  `redis.register_function({flags={'allow-stale', "no-writes"; 'no-cluster'}, function_name=[[f]]; callback=function() end,})`,
  `redis.register_function{function_name='f', callback=function() end, flags={}} local s = "redis.register_function('g', x)"`,
  `-- redis.register_function('g', function() end)
   --[==[ redis.register_function('h', function() end) ]] ]==] local function add(a) return a end
   for i = 1, 2 do local x = i end
   repeat local y = 1 until true
   redis.register_function('f', add)`,
];

lockstep('functions that a source registers plainly are listed and counted', { resp: 'both' }, async (both) => {
  const { redis } = both;
  for (const [i, body] of plain.entries()) {
    await both('FUNCTION', 'FLUSH');
    await redis.ok('FUNCTION', 'LOAD', `#!lua name=lib${i}\n${body}`);
    const dump = await bulk(redis, 'FUNCTION', 'DUMP');
    await both('FUNCTION', 'RESTORE', dump, 'REPLACE');
    await both('FUNCTION', 'LIST');
    await both('FUNCTION', 'LIST', 'WITHCODE', 'LIBRARYNAME', 'LIB*');
    await both('FUNCTION', 'STATS');
  }
  await both('FUNCTION', 'FLUSH');
});

lockstep('what a source registers otherwise is not guessed at', async ({ redis, headwater }) => {
  const register = `redis.register_function(NAME, function() end)`;
  for (const body of [
    `for i = 1, 2 do ${register.replace('NAME', `'f' .. i`)} end`,
    `local name = 'f' ${register.replace('NAME', 'name')}`,
    `if 1 == 1 then ${register.replace('NAME', `'f'`)} end`,
    `local r = redis r.register_function('f', function() end)`,
    `local redis = redis ${register.replace('NAME', `'f'`)}`,
    `redis.register_function{function_name='a' .. 'b', callback=function() end}`,
  ]) {
    await redis.ok('FUNCTION', 'LOAD', `#!lua name=lib\n${body}`);
    const dump = await bulk(redis, 'FUNCTION', 'DUMP');
    await headwater.ok('FUNCTION', 'RESTORE', dump, 'FLUSH');
    const [library] = (await headwater.ok('FUNCTION', 'LIST')) as readonly (readonly unknown[])[];
    assert.deepEqual(library!.slice(0, 6), ['library_name', 'lib', 'engine', 'LUA', 'functions', []], body);
    await redis.ok('FUNCTION', 'FLUSH');
  }
  await headwater.ok('FUNCTION', 'FLUSH');
});

lockstep('RESTORE refuses a second function of a name, and keeps what was there', async (both) => {
  const { redis } = both;
  const dumpOf = async (name: string, body: string): Promise<Buffer> => {
    await redis.ok('FUNCTION', 'FLUSH');
    await redis.ok('FUNCTION', 'LOAD', `#!lua name=${name}\n${body}`);
    return bulk(redis, 'FUNCTION', 'DUMP');
  };
  const one = await dumpOf('one', plain[0]!);
  const two = await dumpOf('two', plain[1]!);
  const again = await dumpOf('one', plain[2]!);
  for (const first of [one, again]) {
    await both('FUNCTION', 'RESTORE', first, 'FLUSH');
    await both.all([
      ['FUNCTION', 'RESTORE', two],
      ['FUNCTION', 'RESTORE', two, 'REPLACE'],
      ['FUNCTION', 'RESTORE', one, 'APPEND'],
      ['FUNCTION', 'RESTORE', again, 'REPLACE'],
      ['FUNCTION', 'LIST', 'WITHCODE'],
      ['FUNCTION', 'RESTORE', two, 'FLUSH'],
      ['FUNCTION', 'LIST', 'WITHCODE'],
    ]);
  }
  await both('FUNCTION', 'FLUSH');
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
