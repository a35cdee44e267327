/** Random list commands to both servers: any difference in replies or data is a bug. The seed stands in the test's name. */
import { lockstep } from '../support/lockstep.ts';
import type { Command } from '../support/lockstep.ts';
import { seededRandom } from '../support/store.ts';

const ROUNDS = 3000;

for (const seed of [1, 2, 3]) {
  lockstep(`random list commands, seed ${seed}`, async (both) => {
    const random = seededRandom(seed);
    const below = (limit: number): number => random.uint32() % limit;
    const pick = <T>(...choices: readonly T[]): T => choices[below(choices.length)]!;
    const key = (): string => pick('a', 'b', 'c');
    const value = (): string =>
      pick(
        String(below(10)),
        `v${below(10)}`,
        String(below(2 ** 31) * 1000),
        'w'.repeat(below(800)),
        'big'.repeat(3000),
      );
    const index = (): number => below(60) - 30;
    const end = (): string => pick('LEFT', 'RIGHT');
    const command = (): Command => {
      switch (below(14)) {
        case 0:
        case 1:
          return ['LPUSH', key(), ...Array.from({ length: 1 + below(8) }, value)];
        case 2:
        case 3:
          return ['RPUSH', key(), ...Array.from({ length: 1 + below(8) }, value)];
        case 4:
          return [pick('LPOP', 'RPOP'), key()];
        case 5:
          return [pick('LPOP', 'RPOP'), key(), below(10)];
        case 6:
          return ['LSET', key(), index(), value()];
        case 7:
          return ['LINSERT', key(), pick('BEFORE', 'AFTER'), value(), value()];
        case 8:
          return ['LREM', key(), below(7) - 3, value()];
        case 9:
          return ['LTRIM', key(), below(4), -1 - below(3)];
        case 10:
          return ['LMOVE', key(), key(), end(), end()];
        case 11:
          return ['LPOS', key(), value(), 'RANK', pick(1, 2, -1, -2), 'COUNT', below(3)];
        case 12:
          return ['LRANGE', key(), index(), index()];
        default:
          return ['LINDEX', key(), index()];
      }
    };
    const batch: Command[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      batch.push(command());
      if (batch.length < 50) continue;
      await both.pipeline(batch);
      for (const name of ['a', 'b', 'c']) await both('LRANGE', name, 0, -1);
      batch.length = 0;
    }
  });
}
