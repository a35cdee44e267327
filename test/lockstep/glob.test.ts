/** Glob patterns against redis-server: what KEYS finds. (Redis 7.0 has no DEBUG STRINGMATCH-LEN.) */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { globMatch } from '../../src/base/glob.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import type { ServerProcess } from '../support/server-process.ts';

let redis: ServerProcess;
let client: RawClient;

before(async () => {
  redis = await startRedis();
  client = await connectRaw(redis.port);
});

after(async () => {
  await client.close();
  await redis.stop();
});

test('a pattern finds the keys that redis-server finds', async () => {
  const piece = fc.constantFrom('a', 'b', 'B', '*', '?', '[', ']', '^', '-', '\\', '[^a]', '[a-b]', '\u0080', '\u00ff');
  const pattern = fc.array(piece, { maxLength: 10 }).map((pieces) => Buffer.from(pieces.join(''), 'latin1'));
  const byte = fc.constantFrom(...'abB*?[]^-\\\u0080\u00ff'.split(''));
  const text = fc.array(byte, { minLength: 1, maxLength: 6 }).map((bytes) => Buffer.from(bytes.join(''), 'latin1'));
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { maxLength: 20, size: 'max' }),
      fc.array(pattern, { minLength: 1, maxLength: 20, size: 'max' }),
      async (texts, patterns) => {
        await client.pipeline([['FLUSHALL'], ...texts.map((key) => ['SET', key, ''] as const)]);
        const replies = await client.pipeline(patterns.map((one) => ['KEYS', one] as const));
        for (const [index, one] of patterns.entries()) {
          // Redis answers KEYS * without matching.
          if (one.equals(Buffer.from('*'))) continue;
          const found = texts.filter((key) => globMatch(one, 0, one.length, key, 0, key.length, false));
          const ours = [...new Set(found.map((key) => key.toString('latin1')))].toSorted();
          const lines = replies[index]!.toString('latin1').split('\r\n');
          const real = lines.filter((_, line) => line > 0 && line % 2 === 0).toSorted();
          assert.deepEqual(ours, real, `pattern ${one.toString('latin1')}`);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('patterns with many stars find the same long keys', async () => {
  const texts = [1, 2, 7, 30].map((length) => Buffer.alloc(length, 'a'));
  await client.pipeline([['FLUSHALL'], ...texts.map((key) => ['SET', key, ''] as const)]);
  for (const pattern of ['a*a*a*a*a*b', '*a*a*', 'a?*', '[^a]*', 'A*', '\\a*', 'b*', '**?**', '*aa*[a-c]*aaa']) {
    const bytes = Buffer.from(pattern);
    const found = texts.filter((text) => globMatch(bytes, 0, bytes.length, text, 0, text.length, false));
    const real = await client.ok('KEYS', pattern);
    assert.deepEqual(found.map(String).toSorted(), (real as string[]).toSorted(), pattern);
  }
});
