/** Ranges of sorted sets against redis-server: by rank, score and member, reversed, limited, stored, counted, removed. */
import { lockstep } from '../support/lockstep.ts';
import type { Both, Command } from '../support/lockstep.ts';

const both2and3 = { resp: 'both' } as const;
const sizes = [
  ['a listpack', 40],
  ['a skiplist', 400],
] as const;

async function fillScores(both: Both, count: number): Promise<void> {
  const pairs: string[] = [];
  for (let i = 0; i < count; i++) pairs.push(String((i * 37) % 20), `m${i}`);
  await both('ZADD', 'z', ...pairs, '-inf', 'lowest', 'inf', 'highest', '2.5', '77');
}

async function fillMembers(both: Both, count: number): Promise<void> {
  const pairs: string[] = [];
  for (let i = 0; i < count; i++)
    pairs.push('0', i % 3 === 0 ? String(i) : `${String.fromCharCode(97 + (i % 26))}${i}`);
  await both('ZADD', 'z', ...pairs, '0', '', '0', 'a', '0', '\xff\xfe', '0', 'aaa');
}

const limits: readonly (readonly string[])[] = [
  [],
  ['LIMIT', '0', '3'],
  ['LIMIT', '2', '5'],
  ['limit', '1', '-1'],
  ['LIMIT', '3', '-5'],
  ['LIMIT', '-1', '5'],
  ['LIMIT', '100000', '1'],
  ['LIMIT', '0', '0'],
  ['LIMIT', '1', '9223372036854775807'],
  ['LIMIT', '9223372036854775807', '9223372036854775807'],
];

for (const [kind, count] of sizes) {
  lockstep(`ranges by rank of ${kind}`, both2and3, async (both) => {
    await fillScores(both, count);
    const places = [0, 1, 5, -1, -3, count, count + 2, count + 3, -count, -count - 10, '9223372036854775807'];
    for (const from of places)
      for (const to of places) {
        await both('ZRANGE', 'z', from, to);
        await both('ZREVRANGE', 'z', from, to, 'WITHSCORES');
        await both('ZRANGE', 'z', from, to, 'REV', 'withscores');
      }
    await both('ZRANGE', 'none', '0', '-1');
    await both('ZREVRANGE', 'none', '0', '-1', 'WITHSCORES');
    await both('ZRANGE', 'z', '0', '-1', 'LIMIT', '0', '-1');
  });

  lockstep(`ranges by score of ${kind}`, both2and3, async (both) => {
    await fillScores(both, count);
    const bounds = [
      '-inf',
      '+inf',
      '(-inf',
      '(inf',
      '0',
      '(0',
      '5',
      '(5',
      '2.5',
      '(2.5',
      '19',
      '(19',
      '1e400',
      '-5',
      '',
    ];
    for (const low of bounds)
      for (const high of bounds) {
        await both('ZCOUNT', 'z', low, high);
        await both('ZRANGEBYSCORE', 'z', low, high);
        await both('ZREVRANGEBYSCORE', 'z', low, high, 'WITHSCORES', 'LIMIT', '1', '4');
      }
    for (const limit of limits) {
      await both('ZRANGEBYSCORE', 'z', '(3', '17', ...limit);
      await both('ZRANGEBYSCORE', 'z', '-inf', 'inf', 'WITHSCORES', ...limit);
      await both('ZREVRANGEBYSCORE', 'z', '17', '(3', ...limit, 'withscores');
      await both('ZRANGE', 'z', '3', '(17', 'BYSCORE', ...limit);
      await both('ZRANGE', 'z', '(17', '3', 'REV', ...limit, 'BYSCORE', 'WITHSCORES');
      await both('ZRANGESTORE', 'd', 'z', '3', '(17', 'BYSCORE', ...limit);
      await both('ZRANGE', 'd', '0', '-1', 'WITHSCORES');
      await both('ZRANGESTORE', 'd', 'z', '(17', '3', 'BYSCORE', 'REV', ...limit);
      await both('ZRANGE', 'd', '0', '-1', 'WITHSCORES');
    }
    await both('ZCOUNT', 'none', '0', '1');
    await both('ZRANGEBYSCORE', 'none', '0', '1');
    await both('ZREMRANGEBYSCORE', 'z', '(5', '7');
    await both('ZREMRANGEBYSCORE', 'z', '3', '(4');
    await both('ZREMRANGEBYSCORE', 'z', '8', '7');
    await both('ZREMRANGEBYSCORE', 'none', '8', '9');
    await both('ZRANGE', 'z', '0', '-1', 'WITHSCORES');
    await both('ZREMRANGEBYSCORE', 'z', '-inf', 'inf');
    await both('EXISTS', 'z');
  });

  lockstep(`ranges by member of ${kind}`, both2and3, async (both) => {
    await fillMembers(both, count);
    const bounds = [
      '-',
      '+',
      '[',
      '(',
      '[a',
      '(a',
      '[b',
      '(c1',
      '[aaa',
      '(aaa',
      '[\xff',
      '(\xff\xfe',
      '[3',
      '[12',
      '(m',
    ];
    for (const low of bounds)
      for (const high of bounds) {
        await both('ZLEXCOUNT', 'z', low, high);
        await both('ZRANGEBYLEX', 'z', low, high);
        await both('ZREVRANGEBYLEX', 'z', low, high, 'LIMIT', '1', '3');
      }
    for (const limit of limits) {
      await both('ZRANGEBYLEX', 'z', '-', '+', ...limit);
      await both('ZREVRANGEBYLEX', 'z', '(p', '[b', ...limit);
      await both('ZRANGE', 'z', '[b', '(p', 'BYLEX', ...limit);
      await both('ZRANGE', 'z', '(p', '[b', 'bylex', 'rev', ...limit);
      await both('ZRANGESTORE', 'd', 'z', '[b', '(p', 'BYLEX', ...limit);
      await both('ZRANGE', 'd', '0', '-1', 'WITHSCORES');
    }
    await both('ZLEXCOUNT', 'none', '-', '+');
    await both('ZRANGEBYLEX', 'none', '-', '+');
    await both('ZREMRANGEBYLEX', 'z', '[b', '(c');
    await both('ZREMRANGEBYLEX', 'z', '+', '-');
    await both('ZREMRANGEBYLEX', 'none', '-', '+');
    await both('ZRANGE', 'z', '0', '-1');
    await both('ZREMRANGEBYLEX', 'z', '-', '+');
    await both('EXISTS', 'z');
  });

  lockstep(`removing ranks of ${kind}`, async (both) => {
    await fillScores(both, count);
    for (const [from, to] of [
      ['1', '3'],
      ['-3', '-2'],
      ['5', '4'],
      ['100000', '200000'],
      ['-1', '100000'],
      ['-9223372036854775808', '0'],
      ['10', '15'],
    ] as const) {
      await both('ZREMRANGEBYRANK', 'z', from, to);
      await both('ZRANGE', 'z', '0', '-1', 'WITHSCORES');
    }
    await both('ZREMRANGEBYRANK', 'none', '0', '-1');
    await both('ZREMRANGEBYRANK', 'z', '0', '-1');
    await both('EXISTS', 'z');
  });
}

lockstep('ZRANGESTORE replaces its destination', async (both) => {
  await both.all([
    ['ZADD', 'z', '1', 'a', '2', 'b', '3', 'c'],
    ['SET', 'd', 'text'],
    ['ZRANGESTORE', 'd', 'z', '0', '1'],
    ['ZRANGE', 'd', '0', '-1', 'WITHSCORES'],
    ['ZRANGESTORE', 'd', 'none', '0', '1'],
    ['EXISTS', 'd'],
    ['ZRANGESTORE', 'd', 'none', '0', '1'],
    ['ZRANGESTORE', 'z', 'z', '1', '-1'],
    ['ZRANGE', 'z', '0', '-1', 'WITHSCORES'],
    ['ZRANGESTORE', 'z', 'z', '5', '9'],
    ['EXISTS', 'z'],
  ]);
});

lockstep('errors of the range commands', both2and3, async (both) => {
  await both('ZADD', 'z', '1', 'a', '2', 'b');
  const bad: Command[] = [
    ['ZRANGE', 'z', 'a', '1'],
    ['ZRANGE', 'z', '0', '1.5'],
    ['ZRANGE', 'none', '0', 'x'],
    ['ZRANGE', 'z', '0'],
    ['ZRANGE', 'z', '0', '1', 'FOO'],
    ['ZRANGE', 'z', '0', '1', 'LIMIT', '0', '1'],
    ['ZRANGE', 'z', '0', '1', 'LIMIT', '0'],
    ['ZRANGE', 'z', '0', '1', 'BYSCORE', 'LIMIT', 'x', '1'],
    ['ZRANGE', 'z', '0', '1', 'BYSCORE', 'LIMIT', '0', 'x'],
    ['ZRANGE', 'z', '-', '+', 'BYLEX', 'WITHSCORES'],
    ['ZRANGE', 'z', 'a', 'b', 'BYLEX'],
    ['ZRANGE', 'z', '-x', '+', 'BYLEX'],
    ['ZRANGE', 'z', '', '+', 'BYLEX'],
    ['ZRANGE', 'z', '-', '++', 'BYLEX'],
    ['ZRANGE', 'z', 'x', '1', 'BYSCORE'],
    ['ZRANGE', 'z', 'nan', '1', 'BYSCORE'],
    ['ZRANGE', 'z', '1 ', '1', 'BYSCORE'],
    ['ZRANGE', 'z', '((1', '1', 'BYSCORE'],
    ['ZREVRANGE', 'z', '0', '1', 'REV'],
    ['ZREVRANGE', 'z', '0', '1', 'BYSCORE'],
    ['ZREVRANGE', 'z', '0', '1', 'LIMIT', '0', '1'],
    ['ZRANGEBYSCORE', 'z', '0', '1', 'BYLEX'],
    ['ZRANGEBYSCORE', 'z', '0', '1', 'LIMIT', '1'],
    ['ZRANGEBYSCORE', 'z', '0', 'x'],
    ['ZRANGEBYLEX', 'z', '-', '+', 'WITHSCORES'],
    ['ZRANGEBYLEX', 'z', 'a', '+'],
    ['ZREVRANGEBYLEX', 'z', '+', 'x'],
    ['ZRANGESTORE', 'd', 'z', '0', '1', 'WITHSCORES'],
    ['ZRANGESTORE', 'd', 'z', '0'],
    ['ZRANGESTORE', 'd', 'z', 'x', '1'],
    ['ZCOUNT', 'z', 'x', '1'],
    ['ZCOUNT', 'none', '1', 'x'],
    ['ZLEXCOUNT', 'z', 'a', '+'],
    ['ZREMRANGEBYRANK', 'z', 'a', '1'],
    ['ZREMRANGEBYRANK', 'none', '1', 'a'],
    ['ZREMRANGEBYSCORE', 'z', 'a', '1'],
    ['ZREMRANGEBYLEX', 'z', 'a', '+'],
  ];
  for (const command of bad) await both.error(...command);
  // strtod skips spaces at the start of a bound.
  await both('ZRANGEBYSCORE', 'z', ' 1', '( 2');
});
