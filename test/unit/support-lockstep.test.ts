import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { difference, pairsOf, shapeOf, sortedElements, sortedPairs } from '../support/lockstep-compare.ts';
import { lockstepOf } from '../support/lockstep.ts';
import { startRedis } from '../support/redis-server.ts';
import { decode } from '../support/resp.ts';

// Two real servers that differ in one setting: what should agree does, and what should not is noticed.
const lockstep = lockstepOf(
  () => startRedis(),
  () => startRedis(['--hash-max-listpack-entries', '2']),
);

const differs = { name: 'Error', message: /redis {5}[^]*headwater/ };

lockstep('equal replies pass in every form of comparison', { resp: 'both' }, async (both) => {
  await both.all([
    ['SADD', 's', 'a', 'b', 'c'],
    ['HSET', 'h', 'f', 'v', 'g', 'w'],
    ['SET', 'k', 'v', 'EX', 100],
  ]);
  assert.equal(await both('GET', 'k'), 'v');
  await both.unordered('SMEMBERS', 's');
  await both.pairs('HGETALL', 'h');
  await both.shape('SRANDMEMBER', 's', 2);
  await both.close(1, 'TTL', 'k');
  await both.error('LPUSH', 'k', 'x');
  await both.pipeline([
    ['INCR', 'n'],
    ['INCR', 'n'],
  ]);
  await both.raw('PING\r\n');
  await both.digests();
});

lockstep('blocked replies, pushes and closes are compared', { resp: 3 }, async (both) => {
  const other = await both.open({ resp: 2 });
  await both('CLIENT', 'TRACKING', 'ON');
  await both('GET', 'k');
  await other('SET', 'k', 1);
  await both.push();
  other.redis.send('*1\r\n$-5\r\n');
  other.headwater.send('*1\r\n$-5\r\n');
  assert.match(await other.closes(), /^-ERR Protocol error/);
});

lockstep('the servers are empty again after the test before', async (both) => {
  assert.equal(await both('DBSIZE'), 0);
});

lockstep('different replies fail with the command and both replies', async (both) => {
  await both('HSET', 'h', 'a', 1, 'b', 2, 'c', 3);
  await assert.rejects(both('OBJECT', 'ENCODING', 'h'), {
    message: 'OBJECT ENCODING h\nredis     "$8\\r\\nlistpack\\r\\n"\nheadwater "$9\\r\\nhashtable\\r\\n"',
  });
  await assert.rejects(both.pairs('CONFIG', 'GET', 'hash-max-listpack-entries'), differs);
  await assert.rejects(both.unordered('CONFIG', 'GET', 'hash-max-listpack-entries'), differs);
  await assert.rejects(both.error('PING'), /not an error/);
  await both.redis.ok('SET', 'only', 'here', 'EX', 10);
  await assert.rejects(both.digests(), differs);
  await assert.rejects(both.shape('GET', 'only'), differs);
  await assert.rejects(both.close(5, 'TTL', 'only'), /allowed to differ by 5/);
  await both.redis.ok('DEL', 'only');
});

test('long replies are shown around their first difference', () => {
  const [ours, theirs] = ['x', 'y'].map((end) => Buffer.from(`+${'a'.repeat(5000)}${end}\r\n`));
  const shown = difference(ours!, theirs!, (raw) => raw.toString())!;
  assert.match(shown, /first difference at character 5002/);
  assert.ok(shown.length < 700);
});

test('order is ignored only where it is asked for', () => {
  const reply = (raw: string) => decode(Buffer.from(raw));
  assert.deepEqual(sortedElements(reply('*2\r\n+b\r\n+a\r\n')), sortedElements(reply('*2\r\n+a\r\n+b\r\n')));
  assert.notDeepEqual(sortedElements(reply('*2\r\n+b\r\n+a\r\n')), sortedElements(reply('~2\r\n+a\r\n+b\r\n')));
  const pairs = (raw: string) => sortedPairs(pairsOf(reply(raw)));
  assert.deepEqual(pairs('*4\r\n+a\r\n+1\r\n+b\r\n+2\r\n'), pairs('*4\r\n+b\r\n+2\r\n+a\r\n+1\r\n'));
  assert.notDeepEqual(pairs('*4\r\n+a\r\n+1\r\n+b\r\n+2\r\n'), pairs('*4\r\n+b\r\n+1\r\n+a\r\n+2\r\n'));
  assert.notDeepEqual(pairs('*2\r\n+a\r\n+1\r\n'), pairs('%1\r\n+a\r\n+1\r\n'));
  assert.equal(shapeOf(Buffer.from('*2\r\n$1\r\na\r\n:5\r\n')), shapeOf(Buffer.from('*2\r\n$3\r\nabc\r\n:7\r\n')));
  assert.notEqual(shapeOf(Buffer.from('$1\r\na\r\n')), shapeOf(Buffer.from('$-1\r\n')));
  assert.equal(shapeOf(Buffer.from(',-1\r\n:-1\r\n')), shapeOf(Buffer.from(',2.5\r\n:7\r\n')));
});

test('a program that was not built is reported, not skipped', () => {
  const support = new URL('../support/server-process.js', import.meta.url).href;
  const script = `import { startServer } from ${JSON.stringify(support)};
    await startServer([process.execPath, '/no/such/headwater.js']).catch((error) => console.log(error.message));`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  });
  assert.match(run.stdout, /ended with 1 before it was ready[^]*Cannot find module/);
});
