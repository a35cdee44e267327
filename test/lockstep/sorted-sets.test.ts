/** Sorted-set commands about single members against redis-server, over listpack and skiplist. */
import { lockstep } from '../support/lockstep.ts';
import type { Both, Command } from '../support/lockstep.ts';

const both2and3 = { resp: 'both' } as const;
const sizes = [
  ['a listpack', 30],
  ['a skiplist', 700],
] as const;

/** Members and scores of all sorts: integers, fractions, repeated scores, integer members. */
async function fill(both: Both, key: string, count: number): Promise<void> {
  for (let i = 0; i < count; i += 50) {
    const pairs: string[] = [];
    for (let k = i; k < Math.min(count, i + 50); k++) {
      const score = k % 3 === 0 ? String((k * 7919) % 100) : k % 7 === 0 ? `${k / 7}e-3` : String((k * 31) % 1000);
      pairs.push(score, k % 4 === 0 ? String(k) : `member:${k}`);
    }
    await both('ZADD', key, ...pairs);
  }
}

lockstep('errors of the sorted-set commands', both2and3, async (both) => {
  await both('SET', 's', 'text');
  await both('ZADD', 'z', '1', 'a', '2', 'b', 'inf', 'c');
  const wrongType: Command[] = [
    ['ZADD', 's', '1', 'a'],
    ['ZADD', 's', 'XX', '1', 'a'],
    ['ZINCRBY', 's', '1', 'a'],
    ['ZCARD', 's'],
    ['ZSCORE', 's', 'a'],
    ['ZMSCORE', 's', 'a'],
    ['ZRANK', 's', 'a'],
    ['ZREVRANK', 's', 'a'],
    ['ZREM', 's', 'a'],
    ['ZCOUNT', 's', '1', '2'],
    ['ZLEXCOUNT', 's', '-', '+'],
    ['ZRANGE', 's', '0', '1'],
    ['ZREVRANGE', 's', '0', '1'],
    ['ZRANGEBYSCORE', 's', '0', '1'],
    ['ZREVRANGEBYSCORE', 's', '0', '1'],
    ['ZRANGEBYLEX', 's', '-', '+'],
    ['ZREVRANGEBYLEX', 's', '+', '-'],
    ['ZRANGESTORE', 'd', 's', '0', '1'],
    ['ZREMRANGEBYRANK', 's', '0', '1'],
    ['ZREMRANGEBYSCORE', 's', '0', '1'],
    ['ZREMRANGEBYLEX', 's', '-', '+'],
    ['ZPOPMIN', 's'],
    ['ZPOPMAX', 's', '0'],
    ['ZMPOP', '1', 's', 'MIN'],
    ['ZMPOP', '2', 'none', 's', 'MIN'],
    ['ZRANDMEMBER', 's'],
    ['ZRANDMEMBER', 's', '0'],
    ['ZSCAN', 's', '0'],
    ['ZUNION', '1', 's'],
    ['ZUNION', '2', 'z', 's', 'FOO'],
    ['ZINTER', '2', 'none', 's'],
    ['ZDIFF', '2', 'z', 's'],
    ['ZUNIONSTORE', 'd', '1', 's'],
    ['ZINTERCARD', '1', 's'],
  ];
  for (const command of wrongType) await both.error(...command);
  const bad: Command[] = [
    ['ZADD', 'z', '1'],
    ['ZADD', 'z', '1', 'a', '2'],
    ['ZADD', 'z', 'NX', 'XX', '1', 'a'],
    ['ZADD', 'z', 'NX', 'GT', '1', 'a'],
    ['ZADD', 'z', 'GT', 'LT', '1', 'a'],
    ['ZADD', 'z', 'NX', 'XX'],
    ['ZADD', 'z', 'NX', 'LT', 'INCR', '1', 'a', '1', 'b'],
    ['ZADD', 'z', 'INCR', '1', 'a', '1', 'b'],
    ['ZADD', 'z', 'x', 'a'],
    ['ZADD', 'z', '1', 'd', 'x', 'a'],
    ['ZADD', 'z', 'nan', 'a'],
    ['ZADD', 'z', '', 'a'],
    ['ZADD', 'z', ' 1', 'a'],
    ['ZADD', 'z', '1 ', 'a'],
    ['ZADD', 'z', '1e400', 'a'],
    ['ZADD', 'z', '0x', 'a'],
    ['ZADD', 's', 'x', 'a'],
    ['ZADD', 'z', 'INCR', '-inf', 'c'],
    ['ZINCRBY', 'z', '-inf', 'c'],
    ['ZINCRBY', 'z', 'x', 'c'],
    ['ZCARD'],
    ['ZPOPMIN', 'z', '-1'],
    ['ZPOPMIN', 'z', 'x'],
    ['ZPOPMIN', 'none', '-1'],
    ['ZPOPMAX', 'z', '1', '2'],
    ['ZMPOP', '0', 'z', 'MIN'],
    ['ZMPOP', 'x', 'z', 'MIN'],
    ['ZMPOP', '1', 'z', 'FOO'],
    ['ZMPOP', '2', 'z', 'MIN'],
    ['ZMPOP', '1', 'z', 'MIN', 'COUNT', '0'],
    ['ZMPOP', '1', 'z', 'MIN', 'COUNT', 'x'],
    ['ZMPOP', '1', 'z', 'MIN', 'COUNT'],
    ['ZMPOP', '1', 'z', 'MIN', 'COUNT', '1', 'COUNT', '1'],
    ['ZMPOP', '1', 'z', 'MIN', 'FOO', '1'],
    ['ZRANDMEMBER', 'z', 'x'],
    ['ZRANDMEMBER', 'z', '1', 'FOO'],
    ['ZRANDMEMBER', 'z', '1', 'WITHSCORES', 'x'],
    ['ZRANDMEMBER', 'z', '-9223372036854775808'],
    ['ZRANDMEMBER', 'z', '-9223372036854775807', 'WITHSCORES'],
    ['ZRANDMEMBER', 'z', '4611686018427387904', 'WITHSCORES'],
    ['ZSCAN', 'z', 'x'],
    ['ZSCAN', 'z', '0', 'COUNT', '0'],
    ['ZSCAN', 'z', '0', 'FOO'],
  ];
  for (const command of bad) await both.error(...command);
  await both('ZRANGE', 'z', '0', '-1', 'WITHSCORES');
});

lockstep('scores as text', both2and3, async (both) => {
  const scores = [
    '0',
    '-0',
    '1',
    '-1',
    '0.1',
    '-0.5',
    '3.14159265358979',
    '1e10',
    '1e17',
    '1e20',
    '1e21',
    '1e-7',
    '123456789.125',
    '9007199254740993',
    '-9007199254740993',
    '4503599627370497.5',
    '1.7976931348623157e308',
    '5e-324',
    'inf',
    '-inf',
    '+inf',
    'Infinity',
    '-infinity',
    'INF',
    '0x10',
    '-0x1p-3',
    '+5',
    '.5',
    '5.',
    '1E3',
    '1e-320',
    '0.30000000000000004',
  ];
  for (const limit of ['128', '0']) {
    await both('CONFIG', 'SET', 'zset-max-listpack-entries', limit);
    for (const score of scores) {
      await both('ZADD', 'z', score, 'a');
      await both('ZADD', 'z', score, `m${score}`);
      await both('ZSCORE', 'z', 'a');
      await both('ZINCRBY', 'z', '0.1', 'a');
      await both('ZADD', 'z', 'INCR', '1', `m${score}`);
    }
    await both('ZRANGE', 'z', '0', '-1', 'WITHSCORES');
    await both.unordered('ZRANDMEMBER', 'z', '1000', 'WITHSCORES');
    await both.pairs('ZSCAN', 'none', '0');
    if (limit === '128') await both('ZSCAN', 'z', '0');
    await both('DEL', 'z');
  }
  await both('CONFIG', 'SET', 'zset-max-listpack-entries', '128');
});

lockstep('ZADD with conditions', both2and3, async (both) => {
  const flags = [[], ['NX'], ['XX'], ['GT'], ['LT'], ['XX', 'GT'], ['xx', 'lt']];
  for (const size of [0, 200]) {
    await fill(both, 'z', size);
    for (const flag of flags)
      for (const extra of [[], ['CH'], ['INCR'], ['ch', 'incr']]) {
        for (const score of ['5', '4', '6', '-10']) {
          await both('ZADD', 'z', ...flag, ...extra, score, 'm');
          await both('ZSCORE', 'z', 'm');
        }
        await both('ZADD', 'z', ...extra, ...flag, '1', `new ${flag.join()} ${extra.join()}`);
        if (!extra.includes('INCR') && !extra.includes('incr'))
          await both('ZADD', 'z', ...flag, ...extra, '1', 'a', '2', 'b', '3', 'a', '2', 'm');
      }
    await both('ZADD', 'missing', 'XX', '1', 'a');
    await both('ZADD', 'missing', 'XX', 'INCR', '1', 'a');
    await both('EXISTS', 'missing');
    await both('ZADD', 'made', 'GT', '1', 'a');
    await both('ZADD', 'made', 'NX', 'INCR', '1', 'a');
    await both('ZRANGE', 'z', '0', '-1', 'WITHSCORES');
  }
});

for (const [kind, count] of sizes) {
  lockstep(`members of ${kind}`, both2and3, async (both) => {
    await fill(both, 'z', count);
    const asked = ['0', '4', 'member:1', 'member:2', `member:${count - 1}`, 'none', '', '01'];
    await both('ZCARD', 'z');
    await both('ZMSCORE', 'z', ...asked);
    await both('ZMSCORE', 'none', ...asked);
    for (const member of asked) {
      await both('ZSCORE', 'z', member);
      await both('ZRANK', 'z', member);
      await both('ZREVRANK', 'z', member);
      await both('ZINCRBY', 'z', '2.5', member);
      await both('ZRANK', 'z', member);
    }
    await both('ZREM', 'z', 'none', '4', 'member:1', 'member:1');
    await both('ZREM', 'none', 'a');
    await both('ZRANGE', 'z', '0', '-1', 'WITHSCORES');
    await both('ZPOPMIN', 'z');
    await both('ZPOPMAX', 'z');
    await both('ZPOPMIN', 'z', '0');
    await both('ZPOPMIN', 'z', '5');
    await both('ZPOPMAX', 'z', '5');
    await both('ZPOPMAX', 'none');
    await both('ZPOPMAX', 'none', '3');
    await both('ZMPOP', '2', 'none', 'z', 'MIN');
    await both('ZMPOP', '2', 'z', 'none', 'max', 'COUNT', '3');
    await both('ZMPOP', '1', 'none', 'MIN');
    await both('ZRANGE', 'z', '0', '-1', 'WITHSCORES');
    await both('ZMPOP', '1', 'z', 'MIN', 'COUNT', '9223372036854775807');
    await both('EXISTS', 'z');
    await fill(both, 'z', count);
    await both('ZPOPMAX', 'z', '100000');
    await both('EXISTS', 'z');
    await both('ZADD', 'z', '1', 'a');
    await both('ZREM', 'z', 'b', 'a', 'c');
    await both('EXISTS', 'z');
  });

  lockstep(`random members and scans of ${kind}`, both2and3, async (both) => {
    await fill(both, 'z', count);
    await both.shape('ZRANDMEMBER', 'z');
    await both('ZRANDMEMBER', 'none');
    await both('ZRANDMEMBER', 'none', '3');
    await both('ZRANDMEMBER', 'z', '0');
    for (const n of ['1', '5', '-5', '-1', String(count - 1)]) {
      await both.shape('ZRANDMEMBER', 'z', n);
      await both.shape('ZRANDMEMBER', 'z', n, 'WITHSCORES');
    }
    await both.unordered('ZRANDMEMBER', 'z', String(count));
    await both.unordered('ZRANDMEMBER', 'z', '9223372036854775807');
    await both('ZSCAN', 'none', '0');
    await both('ZSCAN', 'none', '0', 'FOO');
    await both('ZSCAN', 'z', '0', 'MATCH', 'no such member', 'COUNT', '100000');
    if (count < 128) await both('ZSCAN', 'z', '0', 'MATCH', '*1*', 'COUNT', '1');
  });
}

lockstep('a small sorted set grows out of its listpack', async (both) => {
  for (let i = 0; i < 127; i++) await both('ZADD', 'z', i % 5, `m${i}`);
  await both('OBJECT', 'ENCODING', 'z');
  await both('ZADD', 'z', '3', 'm127');
  await both('OBJECT', 'ENCODING', 'z');
  await both('ZADD', 'z', '3', 'm128');
  await both('OBJECT', 'ENCODING', 'z');
  await both('ZADD', 'long', '1', 'x'.repeat(64));
  await both('OBJECT', 'ENCODING', 'long');
  await both('ZADD', 'long', '2', 'x'.repeat(65));
  await both('OBJECT', 'ENCODING', 'long');
  await both('ZRANGE', 'z', '0', '-1', 'WITHSCORES');
  await both('ZUNIONSTORE', 'u', '1', 'z');
  await both('OBJECT', 'ENCODING', 'u');
  await both('ZREMRANGEBYRANK', 'z', '0', '1');
  await both('ZUNIONSTORE', 'u', '1', 'z');
  await both('OBJECT', 'ENCODING', 'u');
  await both('ZADD', 'first', '1', 'y'.repeat(100));
  await both('OBJECT', 'ENCODING', 'first');
});
