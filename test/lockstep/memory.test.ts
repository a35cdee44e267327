/** MEMORY: same shapes and errors; the figures are our own. */
import assert from 'node:assert/strict';
import { lockstep } from '../support/lockstep.ts';

lockstep('MEMORY USAGE has the same options', { resp: 'both' }, async (both) => {
  await both('SET', 'k', 'v');
  await both('MEMORY', 'USAGE', 'missing');
  await both.shape('MEMORY', 'USAGE', 'k');
  await both.shape('MEMORY', 'USAGE', 'k', 'SAMPLES', '0');
  await both.shape('MEMORY', 'USAGE', 'k', 'SAMPLES', '1', 'SAMPLES', '2');
  await both.error('MEMORY', 'USAGE');
  await both.error('MEMORY', 'USAGE', 'k', 'SAMPLES');
  await both.error('MEMORY', 'USAGE', 'k', 'SAMPLES', '-1');
  await both.error('MEMORY', 'USAGE', 'k', 'SAMPLES', 'x');
  await both.error('MEMORY', 'USAGE', 'k', 'FOO', '1');
  await both.error('MEMORY');
  await both.error('MEMORY', 'FOO');
});

lockstep('MEMORY USAGE covers the bytes of every type and encoding', async (both) => {
  const words = Array.from({ length: 1000 }, (_, i) => `a member of about forty bytes, number ${i}`);
  const bytes = words.reduce((sum, word) => sum + word.length, 0);
  await both('SET', 'string', 'x'.repeat(bytes));
  await both('RPUSH', 'list', ...words);
  await both('SADD', 'set', ...words);
  await both('HSET', 'hash', ...words);
  await both('ZADD', 'zset', ...words.flatMap((word, i) => [String(i), word]));
  for (const key of ['string', 'list', 'set', 'hash', 'zset']) {
    for (const samples of ['0', '5']) {
      const used = Number(await both.headwater.value('MEMORY', 'USAGE', key, 'SAMPLES', samples));
      assert.ok(used >= bytes && used < bytes * 3 + 4096, `${key}: ${used} for ${bytes} bytes`);
    }
  }
  await both('SADD', 'small', 'a', 'b');
  await both('EXPIRE', 'small', '100');
  const small = Number(await both.headwater.value('MEMORY', 'USAGE', 'small'));
  assert.ok(small > 16 && small < 200, `${small}`);
});

lockstep('MEMORY STATS has the fields of redis-server, in order', { resp: 'both' }, async (both) => {
  await both('SET', 'k', 'v', 'EX', '100');
  const names = await Promise.all(
    [both.redis, both.headwater].map(async (client) => {
      const reply = await client.value('MEMORY', 'STATS');
      return reply instanceof Map ? [...reply.keys()] : (reply as unknown[]).filter((_, i) => i % 2 === 0);
    }),
  );
  assert.deepEqual(names[1], names[0]);
  await both.shape('MEMORY', 'PURGE');
  await both('MEMORY', 'PURGE');
  await both.error('MEMORY', 'STATS', 'x');
  await both.error('MEMORY', 'MALLOC-STATS', 'x');
  for (const name of ['DOCTOR', 'MALLOC-STATS'])
    assert.equal(typeof (await both.headwater.value('MEMORY', name)), 'string');
});

lockstep('MEMORY DOCTOR answers a text, MEMORY HELP a list of lines', { resp: 'both' }, async (both) => {
  await both.error('MEMORY', 'DOCTOR', 'x');
  const advice = String(await both.headwater.ok('MEMORY', 'DOCTOR'));
  assert.match(advice, /too little data|memory/i);
  await both.error('MEMORY', 'HELP', 'x');
  const lines = (await both.headwater.ok('MEMORY', 'HELP')) as string[];
  assert.ok(lines.some((line) => String(line).startsWith('USAGE')));
});
