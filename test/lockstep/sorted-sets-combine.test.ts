/** Unions, intersections and differences of sorted sets against redis-server. */
import { lockstep } from '../support/lockstep.ts';
import type { Both, Command } from '../support/lockstep.ts';

const both2and3 = { resp: 'both' } as const;

async function fill(both: Both, key: string, from: number, to: number, step: number): Promise<void> {
  const pairs: string[] = [];
  for (let i = from; i < to; i += step) pairs.push(String(((i * 13) % 50) / 4), i % 2 === 0 ? String(i) : `m${i}`);
  for (let i = 0; i < pairs.length; i += 200) await both('ZADD', key, ...pairs.slice(i, i + 200));
}

for (const [kind, scale] of [
  ['small', 1],
  ['large', 20],
] as const) {
  lockstep(`unions, intersections and differences of ${kind} sets`, both2and3, async (both) => {
    await fill(both, 'a', 0, 40 * scale, 1);
    await fill(both, 'b', 10 * scale, 60 * scale, 2);
    await fill(both, 'c', 20 * scale, 30 * scale, 3);
    await both('SADD', 's', ...Array.from({ length: 30 * scale }, (_, i) => String(i * 2)));
    await both('SADD', 't', ...Array.from({ length: 30 * scale }, (_, i) => `m${i}`));
    await both('SADD', 'u', 'm1', 'm3', '4');
    const sources: readonly (readonly string[])[] = [
      ['a'],
      ['a', 'b'],
      ['b', 'a', 'c'],
      ['a', 'a'],
      ['a', 's'],
      ['t', 'a', 'b'],
      ['s', 't', 'u'],
      ['s', 's'],
      ['u', 'a'],
      ['a', 'none'],
      ['none', 'a'],
      ['none'],
      ['none', 'none2'],
    ];
    for (const keys of sources) {
      for (const name of ['ZUNION', 'ZINTER', 'ZDIFF']) {
        await both(name, keys.length, ...keys);
        await both(name, keys.length, ...keys, 'WITHSCORES');
        await both(`${name}STORE`, 'd', keys.length, ...keys);
        await both('ZRANGE', 'd', '0', '-1', 'WITHSCORES');
        await both('OBJECT', 'ENCODING', 'd');
      }
      await both('ZINTERCARD', keys.length, ...keys);
      for (const limit of ['0', '1', '5', '9223372036854775807'])
        await both('ZINTERCARD', keys.length, ...keys, 'LIMIT', limit);
      const weights = keys.map((_, i) => ['2', '-0.5', '1e3'][i % 3]!);
      for (const aggregate of ['SUM', 'min', 'MAX'])
        for (const name of ['ZUNION', 'ZINTER']) {
          await both(name, keys.length, ...keys, 'WEIGHTS', ...weights, 'AGGREGATE', aggregate, 'WITHSCORES');
          await both(`${name}STORE`, 'd', keys.length, ...keys, 'AGGREGATE', aggregate, 'WEIGHTS', ...weights);
          await both('ZRANGE', 'd', '0', '-1', 'WITHSCORES');
        }
    }
  });
}

lockstep('infinite scores and weights never make NaN', both2and3, async (both) => {
  await both('ZADD', 'p', 'inf', 'x', '0', 'y', '5', 'z', '-inf', 'w');
  await both('ZADD', 'm', '-inf', 'x', 'inf', 'y', '-5', 'z', '-inf', 'w');
  for (const aggregate of ['SUM', 'MIN', 'MAX'])
    for (const weights of [
      ['1', '1'],
      ['0', '1'],
      ['inf', '0'],
      ['-inf', 'inf'],
      ['0', '0'],
    ])
      for (const name of ['ZUNION', 'ZINTER'])
        for (const keys of [
          ['p', 'm'],
          ['m', 'p'],
        ])
          await both(name, '2', ...keys, 'WEIGHTS', ...weights, 'AGGREGATE', aggregate, 'WITHSCORES');
});

lockstep('STORE forms replace their destination, which may be a source', async (both) => {
  await both.all([
    ['ZADD', 'a', '1', 'x', '2', 'y'],
    ['ZADD', 'b', '5', 'y', '6', 'z'],
    ['SET', 'text', 'v'],
    ['ZUNIONSTORE', 'text', '2', 'a', 'b'],
    ['ZRANGE', 'text', '0', '-1', 'WITHSCORES'],
    ['ZUNIONSTORE', 'a', '2', 'a', 'b'],
    ['ZRANGE', 'a', '0', '-1', 'WITHSCORES'],
    ['ZINTERSTORE', 'b', '2', 'a', 'b'],
    ['ZRANGE', 'b', '0', '-1', 'WITHSCORES'],
    ['ZDIFFSTORE', 'a', '2', 'a', 'a'],
    ['EXISTS', 'a'],
    ['ZDIFFSTORE', 'a', '1', 'none'],
    ['PEXPIRE', 'b', '100000'],
    ['ZUNIONSTORE', 'b', '1', 'text'],
    ['TTL', 'b'],
  ]);
});

lockstep('errors of the combining commands', both2and3, async (both) => {
  await both('ZADD', 'z', '1', 'a');
  await both('SET', 'text', 'v');
  const bad: Command[] = [
    ['ZUNION', '0', 'z'],
    ['ZUNION', '-1', 'z'],
    ['ZINTERSTORE', 'd', '0', 'z'],
    ['ZINTERCARD', '0', 'z'],
    ['ZDIFF', 'x', 'z'],
    ['ZUNION', '2', 'z'],
    ['ZUNION', '9223372036854775807', 'z'],
    ['ZUNION', '1', 'z', 'FOO'],
    ['ZUNION', '1', 'z', 'WEIGHTS'],
    ['ZUNION', '1', 'z', 'WEIGHTS', 'x'],
    ['ZUNION', '1', 'z', 'WEIGHTS', 'nan'],
    ['ZUNION', '1', 'z', 'WEIGHTS', '1', '2'],
    ['ZUNION', '1', 'z', 'AGGREGATE'],
    ['ZUNION', '1', 'z', 'AGGREGATE', 'AVG'],
    ['ZUNIONSTORE', 'd', '1', 'z', 'WITHSCORES'],
    ['ZDIFF', '1', 'z', 'WEIGHTS', '1'],
    ['ZDIFF', '1', 'z', 'AGGREGATE', 'SUM'],
    ['ZDIFFSTORE', 'd', '1', 'z', 'WITHSCORES'],
    ['ZINTERCARD', '1', 'z', 'WITHSCORES'],
    ['ZINTERCARD', '1', 'z', 'LIMIT'],
    ['ZINTERCARD', '1', 'z', 'LIMIT', '-1'],
    ['ZINTERCARD', '1', 'z', 'LIMIT', 'x'],
    ['ZINTERCARD', '1', 'z', 'WEIGHTS', '1'],
    ['ZUNIONSTORE', 'd', '2', 'z', 'text'],
    ['ZUNION'],
    ['ZINTERCARD', '1'],
  ];
  for (const command of bad) await both.error(...command);
});
