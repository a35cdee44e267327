/** String commands against redis-server: replies, options, errors, limits. */
import { lockstep } from '../support/lockstep.ts';
import type { Command } from '../support/lockstep.ts';

const both2and3 = { resp: 'both' } as const;
/** Splits at spaces; "" stands for the empty argument. */
const commands = (...lines: string[]): Command[] =>
  lines.map((line) => line.split(' ').map((word) => (word === '""' ? '' : word)));

const INT64_MAX = '9223372036854775807';
const INT64_MIN = '-9223372036854775808';

lockstep('GET and SET', both2and3, async (both) => {
  await both.all(commands('GET k', 'SET k v', 'GET k', 'SET k ""', 'GET k', 'SET "" v', 'GET ""', 'STRLEN k'));
  await both('SET', 'bin', Buffer.from([0, 13, 10, 255, 128]));
  await both('GET', 'bin');
  await both('SET', Buffer.from([0, 255]), 'x');
  await both('GET', Buffer.from([0, 255]));
  await both('LPUSH', 'l', '1');
  await both.error('GET', 'l');
  await both.all(commands('SET l now-a-string', 'GET l', 'TYPE l'));
  await both.all(commands('GET', 'GET a b', 'SET', 'SET k', 'GETSET k', 'SETNX k', 'STRLEN'));
});

lockstep('SET with options', both2and3, async (both) => {
  await both.all(
    commands(
      'SET k v NX',
      'SET k w NX',
      'SET none w XX',
      'SET k w XX',
      'SET k x nx get',
      'SET k x GET',
      'SET fresh x GET',
      'SET fresh2 x NX GET',
      'SET none2 x XX GET',
      'EXISTS none2',
      'SET k y EX 1000',
      'SET k z KEEPTTL',
      'SET k z XX KEEPTTL GET',
      'SET k z PX 1000000 NX',
      'SET k z EXAT 99999999999',
      'PEXPIRETIME k',
      'SET k z PXAT 99999999999999',
      'PEXPIRETIME k',
      'SET k z KEEPTTL KEEPTTL',
      'PEXPIRETIME k',
      'SET k z',
      'PTTL k',
      'SET k z EX 10 EX 1000',
      'SET k v EXAT 1',
      'GET k',
      'SET k v PXAT 1 GET',
      'GET k',
    ),
  );
  await both.close(2, 'TTL', 'fresh');
  await both.all(
    commands(
      'SET k v EX',
      'SET k v EX 0',
      'SET k v EX -1',
      'SET k v PX 0',
      'SET k v EXAT 0',
      'SET k v PXAT -5',
      'SET k v EX abc',
      'SET k v EX 1.5',
      'SET k v EX abc NX XX',
      'SET k v EX 10 KEEPTTL',
      'SET k v KEEPTTL EX 10',
      'SET k v EX 10 PX 10',
      'SET k v EX 10 PXAT 10',
      'SET k v NX XX',
      'SET k v XX NX',
      'SET k v PERSIST',
      'SET k v BAD',
      'SET k v ""',
      'SET k v EX 9223372036854775807',
      'SET k v EX 9223372036854776',
      'SET k v EX 9223372036854775808',
      'SET k v PX 9223372036854775807',
      'SET k v EXAT 9223372036854775807',
      'EXISTS k',
    ),
  );
  await both('LPUSH', 'l', 1);
  await both.all(
    commands('SET l v GET', 'SET l v NX GET', 'SET l v NX', 'SET l v XX GET EX abc', 'TYPE l', 'SET l v XX'),
  );
});

lockstep('SETNX, SETEX, PSETEX, GETSET, GETDEL', both2and3, async (both) => {
  await both.all(commands('SETNX k v', 'SETNX k w', 'GET k', 'SETEX k 1000 w', 'GET k', 'PSETEX k 1000000 x', 'GET k'));
  await both.close(2, 'TTL', 'k');
  await both.all(commands('GETSET k y', 'TTL k', 'GETSET none y', 'GETDEL k', 'GETDEL k', 'EXISTS k', 'GETDEL'));
  await both.all(
    commands(
      'SETEX k 0 v',
      'SETEX k -1 v',
      'SETEX k abc v',
      'SETEX k 9223372036854775807 v',
      'PSETEX k 0 v',
      'PSETEX k 9223372036854775807 v',
      'SETEX k 10',
      'RPUSH l a',
      'GETSET l v',
      'GETDEL l',
      'SETNX l v',
      'TYPE l',
      'SETEX l 1000 v',
      'TYPE l',
    ),
  );
});

lockstep('GETEX', both2and3, async (both) => {
  await both.all(commands('GETEX k', 'SET k v', 'GETEX k', 'TTL k', 'GETEX k EX 1000'));
  await both.close(2, 'TTL', 'k');
  await both.all(commands('GETEX k', 'GETEX k PERSIST', 'TTL k', 'GETEX k PERSIST', 'GETEX k PX 1000000'));
  await both.close(2000, 'PTTL', 'k');
  await both.all(
    commands(
      'GETEX k EXAT 99999999999',
      'EXPIRETIME k',
      'GETEX k PXAT 99999999999999',
      'PEXPIRETIME k',
      'GETEX k EX',
      'GETEX k EX 0',
      'GETEX k EX -5',
      'GETEX k EX abc',
      'GETEX none EX abc',
      'GETEX none EX 0',
      'GETEX none BAD',
      'GETEX k EX 10 PERSIST',
      'GETEX k PERSIST EX 10',
      'GETEX k EX 10 PX 10',
      'GETEX k KEEPTTL',
      'GETEX k NX',
      'GETEX k PERSIST PERSIST',
      'GETEX k EX 9223372036854775807',
      'GETEX k PX 9223372036854775807',
      'GETEX k EXAT 1',
      'EXISTS k',
      'SADD s a',
      'GETEX s',
      'GETEX s EX abc',
      'GETEX',
    ),
  );
});

lockstep('MGET, MSET, MSETNX', both2and3, async (both) => {
  await both.all(
    commands(
      'MSET a 1 b 2 a 3',
      'MGET a b none a',
      'LPUSH l x',
      'MGET l a',
      'MSETNX c 1 d 2',
      'MSETNX e 1 d 2',
      'MGET c d e',
      'MSETNX f 1 f 2',
      'GET f',
      'MSET l v',
      'TYPE l',
      'SET t v EX 1000',
      'MSET t w',
      'TTL t',
      'MSET a',
      'MSET a 1 b',
      'MSETNX a 1 b',
      'MSET',
      'MGET',
      'MSETNX',
    ),
  );
});

lockstep('INCR, DECR, INCRBY, DECRBY', both2and3, async (both) => {
  await both.all(
    commands('INCR n', 'DECR n', 'DECR n', 'INCRBY n 10', 'DECRBY n 3', 'INCRBY n -100', 'DECRBY n -7', 'GET n'),
  );
  for (const by of [
    '0',
    '-0',
    '1',
    '9007199254740991',
    '9007199254740992',
    '-9007199254740993',
    INT64_MAX,
    INT64_MIN,
    '9223372036854775808',
    '-9223372036854775809',
    '1.5',
    '1e3',
    ' 1',
    '+1',
    '01',
    '""',
    'abc',
    '1x',
  ]) {
    await both.all(
      commands(
        'SET n 5',
        `INCRBY n ${by}`,
        'GET n',
        `DECRBY n ${by}`,
        'GET n',
        `DECRBY m ${by}`,
        'DEL m',
        `INCRBY m ${by}`,
        'GET m',
      ),
    );
    await both.all(commands('SET n -5', `INCRBY n ${by}`, 'GET n', `DECRBY n ${by}`, 'GET n', 'DEL m'));
  }
  for (const value of [
    INT64_MAX,
    INT64_MIN,
    '9007199254740991',
    '-9007199254740991',
    '9223372036854775808',
    '',
    '-',
    '-0',
    '00',
    ' 1',
    '1 ',
    '1.0',
    'abc',
    '99999999999999999999999',
  ]) {
    await both('SET', 'n', value);
    await both.all(commands('INCR n', 'GET n', 'DECR n', 'DECR n', 'GET n', 'OBJECT ENCODING n'));
  }
  await both.all(
    commands(
      'SET t 1 EX 1000',
      'INCR t',
      'INCRBY t 12345678901234',
      'RPUSH l 1',
      'INCR l',
      'DECRBY l 1',
      'INCRBY l abc',
    ),
  );
  await both.close(2, 'TTL', 't');
  await both.all(commands('INCR', 'INCR a b', 'INCRBY n', 'DECRBY n 1 2', 'DECR'));
});

lockstep('INCRBYFLOAT', both2and3, async (both) => {
  const numbers = [
    '0',
    '-0',
    '1',
    '0.1',
    '0.2',
    '-0.3',
    '1e2',
    '1E-5',
    '3.0e3',
    '.5',
    '5.',
    '1e400',
    '-1e400',
    '1e4000',
    '1e5000',
    '0x10',
    '0xAp-2',
    '1e-20',
    '123456789012345678',
    '99999999999999999999',
    '3.14159265358979323846',
  ];
  for (const number of numbers) {
    await both.all(
      commands('SET n 10.5', `INCRBYFLOAT n ${number}`, 'GET n', `INCRBYFLOAT n ${number}`, 'OBJECT ENCODING n'),
    );
    await both.all(commands('DEL m', `INCRBYFLOAT m ${number}`, 'OBJECT ENCODING m', 'INCRBYFLOAT m -1'));
  }
  for (const bad of ['abc', '""', 'nan', 'inf', '-inf', '+inf', 'infinity', '1 ', '1,5', '1e', '--1', '1e999999'])
    await both.all(commands('SET n 1', `INCRBYFLOAT n ${bad}`, 'GET n', `SET n ${bad}`, 'INCRBYFLOAT n 1', 'GET n'));
  await both('SET', 'n', ' 1');
  await both('INCRBYFLOAT', 'n', '1');
  await both.all(
    commands(
      'SET t 1 EX 1000',
      'INCRBYFLOAT t 0.5',
      'HSET h f v',
      'INCRBYFLOAT h 1',
      'INCRBYFLOAT n',
      'INCRBYFLOAT n 1 2',
    ),
  );
  await both.close(2, 'TTL', 't');
});

lockstep('APPEND and STRLEN', both2and3, async (both) => {
  await both.all(
    commands(
      'APPEND k ""',
      'EXISTS k',
      'OBJECT ENCODING k',
      'APPEND k abc',
      'OBJECT ENCODING k',
      'APPEND k ""',
      'GET k',
      'APPEND n 12',
      'OBJECT ENCODING n',
      'APPEND n 34',
      'OBJECT ENCODING n',
      'INCR n',
      'OBJECT ENCODING n',
      'STRLEN n',
      'STRLEN none',
      'SET e abc',
      'APPEND e ""',
      'OBJECT ENCODING e',
      'SET t v EX 1000',
      'APPEND t w',
      'ZADD z 1 a',
      'APPEND z x',
      'STRLEN z',
      'APPEND k',
      'APPEND k a b',
    ),
  );
  await both.close(2, 'TTL', 't');
  for (const length of [1, 43, 44, 45, 100, 1000, 70_000, 1_500_000]) await both('APPEND', 'long', 'x'.repeat(length));
  await both('STRLEN', 'long');
  await both('GET', 'long');
  await both('SET', 'long', 'short');
  await both('GET', 'long');
});

lockstep('SETRANGE', both2and3, async (both) => {
  await both.all(
    commands(
      'SETRANGE none 0 ""',
      'SETRANGE none 5 ""',
      'EXISTS none',
      'SETRANGE k 3 abc',
      'GET k',
      'SETRANGE k 0 XY',
      'GET k',
      'SETRANGE k 4 longer-than-before',
      'GET k',
      'SETRANGE k 100 far',
      'GET k',
      'SETRANGE k 0 ""',
      'SET n 1234',
      'SETRANGE n 1 9',
      'GET n',
      'OBJECT ENCODING n',
      'SETRANGE k -1 x',
      'SETRANGE k abc x',
      'SETRANGE k 1.5 x',
      'SETRANGE k 536870912 x',
      'SETRANGE k 536870911 xy',
      'SETRANGE k 9223372036854775807 x',
      'SETRANGE k 9223372036854775808 x',
      'SETRANGE none 536870912 x',
      'SETRANGE none 536870912 ""',
      'EXISTS none',
      'RPUSH l a',
      'SETRANGE l 0 x',
      'SETRANGE l 0 ""',
      'SETRANGE l -1 x',
      'SETRANGE l 536870912 x',
      'SETRANGE k 0',
    ),
  );
});

lockstep('GETRANGE and SUBSTR', both2and3, async (both) => {
  await both('SET', 'k', 'Hello, world');
  await both('SET', 'empty', '');
  await both('SET', 'n', '12345');
  const edges = ['0', '1', '5', '11', '12', '13', '100', '-1', '-5', '-12', '-13', '-100', INT64_MAX, INT64_MIN];
  for (const start of edges)
    for (const end of edges) await both.all(commands(`GETRANGE k ${start} ${end}`, `GETRANGE empty ${start} ${end}`));
  await both.all(commands('GETRANGE n 1 3', 'SUBSTR k 0 4', 'SUBSTR none 0 4', 'GETRANGE none 0 -1', 'GETRANGE k a 1'));
  await both.all(
    commands('GETRANGE k 0 b', 'GETRANGE k 0', 'SADD s a', 'GETRANGE s 0 1', 'GETRANGE s a 1', 'SUBSTR s 0 1'),
  );
});

lockstep('LCS', both2and3, async (both) => {
  await both('MSET', 'a', 'ohmytext', 'b', 'mynewtext', 'c', '', 'd', 'aaaaaaaaaa', 'e', 'aaabaaa');
  for (const pair of ['a b', 'b a', 'a a', 'a c', 'c a', 'c c', 'a none', 'none none', 'd e', 'e d', 'a d']) {
    await both.all(
      commands(
        `LCS ${pair}`,
        `LCS ${pair} LEN`,
        `LCS ${pair} IDX`,
        `LCS ${pair} IDX WITHMATCHLEN`,
        `LCS ${pair} IDX MINMATCHLEN 4`,
        `LCS ${pair} IDX MINMATCHLEN -4 WITHMATCHLEN`,
        `LCS ${pair} LEN WITHMATCHLEN MINMATCHLEN 2`,
      ),
    );
  }
  // A fixed pseudo-random pair over a small alphabet has many equally long ways.
  let state = 1;
  const text = (length: number): string =>
    Array.from({ length }, () => 'abcd'[(state = (state * 48271) % 2147483647) % 4]).join('');
  for (let i = 0; i < 30; i++) {
    await both('MSET', 'x', text(5 + i * 3), 'y', text(40 - i));
    await both.all(commands('LCS x y', 'LCS x y LEN', 'LCS x y IDX WITHMATCHLEN', 'LCS y x IDX MINMATCHLEN 2'));
  }
  await both.all(
    commands(
      'LCS a b LEN IDX',
      'LCS a b BAD',
      'LCS a b MINMATCHLEN',
      'LCS a b MINMATCHLEN x',
      'LCS a',
      'RPUSH l x',
      'LCS a l',
      'LCS l a BAD',
      'LCS none l',
    ),
  );
});

lockstep('string values report their encoding', async (both) => {
  for (const value of [
    '1',
    '-1',
    '0',
    '-0',
    '00',
    INT64_MAX,
    INT64_MIN,
    '9223372036854775808',
    'abc',
    '',
    ' 1',
    'x'.repeat(44),
    'x'.repeat(45),
    '1'.repeat(20),
  ]) {
    await both('SET', 'k', value);
    await both('OBJECT', 'ENCODING', 'k');
    await both('OBJECT', 'REFCOUNT', 'k');
    await both('GETSET', 'k', value);
    await both('OBJECT', 'ENCODING', 'k');
    await both('MSET', 'm', value);
    await both('OBJECT', 'ENCODING', 'm');
  }
});

lockstep('pipelined string commands', async (both) => {
  const many: Command[] = [];
  for (let i = 0; i < 2000; i++) {
    many.push(
      ['SET', `key:${i % 97}`, `value:${i}`.repeat(1 + (i % 13))],
      ['GET', `key:${(i * 7) % 101}`],
      ['INCR', `n:${i % 5}`],
    );
    if (i % 50 === 0)
      many.push(['APPEND', `key:${i % 97}`, 'y'.repeat(i)], ['GET', 'wrong', 'arity'], ['DEL', `key:${i % 31}`]);
  }
  await both.pipeline(many);
});
