/**
 * Long random sequences of hash and set commands, with thresholds crossed both ways of growth, and values that lose nearly all
 * or all that they have; the seed is in the title.
 */
import { lockstep } from '../support/lockstep.ts';
import { seededRandom } from '../support/store.ts';

const seeds = [1, 2, 3];
const steps = 1500;

for (const seed of seeds) {
  lockstep(`${steps} random hash and set commands, seed ${seed}`, async (both) => {
    const random = seededRandom(seed * 7919);
    const below = (limit: number): number => random.uint32() % limit;
    const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
    const long = ['x'.repeat(63), 'y'.repeat(64), 'z'.repeat(65), 'w'.repeat(300)];
    const word = (): string => {
      const kind = below(20);
      if (kind < 9) return String(below(300) - 20);
      if (kind < 18) return `w${below(300)}`;
      return kind === 18 ? pick(long) : pick(['', '007', '9223372036854775807', '-9223372036854775808', '1.5', '1e5']);
    };
    const words = (most: number): string[] => Array.from({ length: 1 + below(most) }, word);
    /** Nearly all words there are: what is left is less than a table of their number may be used for. */
    const nearlyAll = (): string[] =>
      Array.from({ length: 600 }, (_, i) => (i % 2 === 0 ? String((i >> 1) - 20) : `w${i >> 1}`)).filter(
        () => below(40) !== 0,
      );
    const number = (): string =>
      pick(['1', '-3', '0', '9007199254740993', '9223372036854775807', '0.1', '1e10', 'abc']);
    const hash = (): string => `h${below(3)}`;
    const set = (): string => `s${below(5)}`;
    for (let i = 0; i < steps; i++) {
      const most = below(20) === 0 ? 200 : 6;
      switch (below(24)) {
        case 0:
        case 1:
        case 2:
          await both('HSET', hash(), ...words(most).flatMap((field) => [field, word()]));
          break;
        case 3:
          await both('HDEL', hash(), ...words(most));
          break;
        case 4:
          await both('HINCRBY', hash(), word(), number());
          break;
        case 5:
          await both('HINCRBYFLOAT', hash(), word(), number());
          break;
        case 6:
          await both('HMGET', hash(), ...words(6));
          break;
        case 7:
          await both('HSETNX', hash(), word(), word());
          break;
        case 8:
          await both.pairs('HGETALL', hash());
          break;
        case 9:
        case 10:
        case 11:
          await both('SADD', set(), ...words(most));
          break;
        case 12:
          await both('SREM', set(), ...words(most));
          break;
        case 13:
          await both('SMOVE', set(), set(), word());
          break;
        case 14:
          await both('SMISMEMBER', set(), ...words(6));
          break;
        case 15:
          await both.unordered(pick(['SUNION', 'SINTER', 'SDIFF']), set(), set(), set());
          break;
        case 16:
        case 17:
          await both(pick(['SUNIONSTORE', 'SINTERSTORE', 'SDIFFSTORE']), set(), set(), set());
          break;
        case 18:
          await both('SINTERCARD', '2', set(), set(), 'LIMIT', String(below(5)));
          break;
        case 19:
          await both('SCARD', set());
          await both('HLEN', hash());
          break;
        case 20:
          await both.unordered('SMEMBERS', set());
          break;
        case 21:
          if (below(3) === 0) await both('HSET', 'h0', ...nearlyAll().flatMap((field) => [field, 'v']));
          else if (below(2) === 0) await both('HDEL', hash(), ...nearlyAll());
          break;
        case 22:
          if (below(3) === 0) await both('SADD', 's0', ...nearlyAll());
          else if (below(2) === 0) await both('SREM', set(), ...nearlyAll());
          else await both.unordered('SPOP', set(), '1000');
          break;
        default:
          if (below(4) === 0) await both('DEL', pick([hash(), set()]));
      }
      if (i % 300 === 0) await both.digests();
    }
  });
}
