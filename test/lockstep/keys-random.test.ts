/** Long random runs of string, key and expiry commands over few keys: every reply and the data must be redis-server's. */
import { lockstep } from '../support/lockstep.ts';
import type { Command } from '../support/lockstep.ts';
import { Seeded } from '../support/dataset.ts';

const BATCHES = 12;
const BATCH = 500;

/** Random commands; times are far ahead or past, so that the moment of the run does not show in replies. */
function randomCommand(random: Seeded): Command {
  const key = (): string => `k${'x'.repeat(random.below(4) * 9)}${random.below(8)}`;
  const integer = (): string =>
    random.pick(['0', '1', '-1', '17', '-300', '9007199254740992', '9223372036854775807', String(random.below(1e9))]);
  const value = (): string =>
    random.pick([integer(), random.text(10), random.text(80), 'y'.repeat(random.below(3000)), '', '3.25']);
  const offset = (): string => String(random.below(200) - (random.below(3) === 0 ? 100 : 0));
  const time = (): string => String(99_999_999_990_000 + random.below(10_000));
  const database = (): string => String(random.below(3));
  const options = (...all: string[][]): string[] => (random.below(2) === 0 ? [] : random.pick(all));
  return random.pick<() => Command>([
    () => ['SET', key(), value()],
    () => ['SET', key(), value(), ...options(['NX'], ['XX'], ['GET'], ['KEEPTTL'], ['NX', 'GET'], ['XX', 'KEEPTTL'])],
    () => ['SET', key(), value(), 'PXAT', time(), ...options(['NX'], ['XX'], ['GET'])],
    () => ['SET', key(), value(), 'PXAT', '1'],
    () => ['GET', key()],
    () => ['GETSET', key(), value()],
    () => ['GETDEL', key()],
    () => ['GETEX', key(), ...options(['PERSIST'], ['PXAT', time()], ['PXAT', '1'])],
    () => ['MGET', key(), key(), key()],
    () => ['MSET', key(), value(), key(), value()],
    () => ['MSETNX', key(), value(), key(), value()],
    () => ['SETNX', key(), value()],
    () => ['INCR', key()],
    () => ['DECR', key()],
    () => ['INCRBY', key(), integer()],
    () => ['DECRBY', key(), integer()],
    () => ['INCRBYFLOAT', key(), random.pick(['0.1', '-2.5', '1e3', integer()])],
    () => ['APPEND', key(), value()],
    () => ['SETRANGE', key(), offset(), value()],
    () => ['GETRANGE', key(), offset(), offset()],
    () => ['STRLEN', key()],
    () => ['LCS', key(), key(), 'LEN'],
    () => ['DEL', key(), key()],
    () => ['UNLINK', key()],
    () => ['EXISTS', key(), key()],
    () => ['TYPE', key()],
    () => ['TOUCH', key(), key()],
    () => ['RENAME', key(), key()],
    () => ['RENAMENX', key(), key()],
    () => ['COPY', key(), key(), ...options(['REPLACE'], ['DB', database()], ['DB', database(), 'REPLACE'])],
    () => ['MOVE', key(), database()],
    () => ['SELECT', database()],
    () => ['SWAPDB', database(), database()],
    () => ['PEXPIREAT', key(), time(), ...options(['NX'], ['XX'], ['GT'], ['LT'])],
    () => ['EXPIREAT', key(), random.pick(['99999999999', '1']), ...options(['NX'], ['XX'], ['GT'], ['LT'])],
    () => ['PEXPIRETIME', key()],
    () => ['EXPIRETIME', key()],
    () => ['PERSIST', key()],
    () => ['SADD', key(), integer(), integer()],
    () => ['HSET', key(), value(), value()],
    () => ['ZADD', key(), integer(), value()],
    () => ['OBJECT', 'ENCODING', key()],
    () => (random.below(20) === 0 ? ['FLUSHDB'] : ['GET', key()]),
  ])();
}

/** Every key name that the random commands use. */
const names = [0, 9, 18, 27].flatMap((pad) => Array.from({ length: 8 }, (_, i) => `k${'x'.repeat(pad)}${i}`));

for (const seed of [1, 2, 3]) {
  lockstep(`random commands, seed ${seed}`, { resp: seed === 2 ? 3 : 2 }, async (both) => {
    const random = new Seeded(seed);
    for (let batch = 0; batch < BATCHES; batch++) {
      await both.pipeline(Array.from({ length: BATCH }, () => randomCommand(random)));
      // Keys past their time count until something meets them; then both have the same.
      for (const index of [0, 1, 2]) {
        await both('SELECT', index);
        await both.unordered('KEYS', '*');
        await both.pipeline(names.map((key) => ['EXISTS', key]));
        await both('DBSIZE');
      }
      await both.digests();
    }
  });
}
