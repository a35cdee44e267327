/** Random sorted-set commands to both servers: any difference in replies or data is a bug. The seed stands in the test's name. */
import { lockstep } from '../support/lockstep.ts';
import type { Command } from '../support/lockstep.ts';
import { seededRandom } from '../support/store.ts';

const ROUNDS = 4000;

for (const [seed, members] of [
  [1, 20],
  [2, 300],
  [3, 3000],
] as const) {
  lockstep(`random sorted-set commands over ${members} members, seed ${seed}`, { resp: 3 }, async (both) => {
    const random = seededRandom(seed);
    const below = (limit: number): number => random.uint32() % limit;
    const pick = <T>(...choices: readonly T[]): T => choices[below(choices.length)]!;
    const key = (): string => pick('a', 'b', 'c');
    const member = (): string => {
      const i = below(members);
      return i % 3 === 0 ? String(i) : i % 31 === 0 ? `m${i}`.padEnd(64, 'x') : `m${i}`;
    };
    const score = (): string => pick(String(below(20)), String(below(1e6)), String(below(1e6) / 7), 'inf', '-inf');
    const bound = (): string => pick('', '(') + score();
    const rank = (): number => below(40) - 20;
    const range = (): Command => {
      const by = pick<readonly [Command, Command]>([[rank(), rank()], []], [[bound(), bound()], ['BYSCORE']]);
      return [
        ...by[0],
        ...by[1],
        ...pick([], ['REV']),
        ...(by[1].length > 0 ? pick([], ['LIMIT', below(5), below(9) - 2]) : []),
      ];
    };
    const command = (): Command => {
      switch (below(15)) {
        case 0:
        case 1:
        case 2:
          return ['ZADD', key(), ...pick([], [], ['NX'], ['XX'], ['GT', 'CH'], ['LT']), ...pairs()];
        case 3:
          return ['ZADD', key(), ...pairs()];
        case 4:
          return ['ZINCRBY', key(), String(below(100) - 50), member()];
        case 5:
          return ['ZREM', key(), member(), member(), member()];
        case 6:
          return [pick('ZRANK', 'ZREVRANK', 'ZSCORE'), key(), member()];
        case 7:
          return ['ZRANGE', key(), ...range(), 'WITHSCORES'];
        case 8:
          return ['ZRANGESTORE', 'd', key(), ...range()];
        case 9:
          return ['ZCOUNT', key(), bound(), bound()];
        case 10:
          return [pick('ZPOPMIN', 'ZPOPMAX'), key(), below(4)];
        case 11:
          return ['ZREMRANGEBYSCORE', key(), `(${below(20)}`, String(below(20))];
        case 12:
          return ['ZREMRANGEBYRANK', key(), below(30), below(30)];
        case 13:
          return [pick('ZUNIONSTORE', 'ZINTERSTORE', 'ZDIFFSTORE'), 'd', 2, key(), key()];
        default:
          return [pick('ZUNION', 'ZINTER'), 2, key(), key(), 'AGGREGATE', pick('SUM', 'MIN', 'MAX'), 'WITHSCORES'];
      }
    };
    const pairs = (): string[] => Array.from({ length: 1 + below(12) }, () => [score(), member()]).flat();
    const batch: Command[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      batch.push(command());
      if (batch.length < 50) continue;
      await both.pipeline(batch);
      for (const name of ['a', 'b', 'c', 'd']) await both('ZRANGE', name, 0, -1, 'WITHSCORES');
      batch.length = 0;
    }
  });
}
