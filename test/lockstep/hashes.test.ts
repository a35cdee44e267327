/** Hash commands against redis-server: replies, errors, and data. Sizes cover listpack, the conversion, and the table. */
import { lockstep } from '../support/lockstep.ts';
import type { Command } from '../support/lockstep.ts';

const both2and3 = { resp: 'both' } as const;

/** HSET of `count` fields, so that the hash is a table above 128. */
function filled(key: string, count: number): Command {
  const words: string[] = ['HSET', key];
  for (let i = 0; i < count; i++) words.push(`field:${i}`, `value:${i}`);
  return words;
}

lockstep('HSET, HGET and their kin on a small hash', both2and3, async (both) => {
  await both.all([
    ['HSET', 'h', 'a', '1'],
    ['HSET', 'h', 'a', '2', 'b', '3'],
    ['HSET', 'h', 'a', '2', 'a', '4'],
    ['HMSET', 'h', 'c', 'x', 'd', ''],
    ['HSET', 'h', '', 'the empty field'],
    ['HGET', 'h', 'a'],
    ['HGET', 'h', 'd'],
    ['HGET', 'h', ''],
    ['HGET', 'h', 'none'],
    ['HGET', 'none', 'a'],
    ['HMGET', 'h', 'a', 'none', 'b', 'a', ''],
    ['HMGET', 'none', 'a', 'b'],
    ['HEXISTS', 'h', 'a'],
    ['HEXISTS', 'h', 'none'],
    ['HEXISTS', 'none', 'a'],
    ['HSTRLEN', 'h', 'c'],
    ['HSTRLEN', 'h', 'd'],
    ['HSTRLEN', 'h', 'none'],
    ['HSTRLEN', 'none', 'a'],
    ['HLEN', 'h'],
    ['HLEN', 'none'],
    ['HSETNX', 'h', 'a', 'no'],
    ['HSETNX', 'h', 'new', 'yes'],
    ['HSETNX', 'fresh', 'f', 'v'],
    ['HGETALL', 'h'],
    ['HKEYS', 'h'],
    ['HVALS', 'h'],
    ['HGETALL', 'none'],
    ['HKEYS', 'none'],
    ['HVALS', 'none'],
    ['HDEL', 'h', 'a', 'a', 'none', 'b'],
    ['HDEL', 'none', 'a'],
    ['HGETALL', 'h'],
    ['HDEL', 'h', 'c', 'd', '', 'new', 'too', 'many'],
    ['HLEN', 'h'],
    ['HGETALL', 'h'],
  ]);
});

lockstep('integers keep their text in every encoding', async (both) => {
  const numbers = ['0', '-0', '00', '1', '127', '128', '-1', '4095', '-4096', '4096', '32767', '-32768', '32768'];
  numbers.push('8388607', '-8388608', '8388608', '2147483647', '-2147483648', '2147483648', '9007199254740993');
  numbers.push('9223372036854775807', '-9223372036854775808', '9223372036854775808', '+5', ' 5', '5.0', '1e3');
  for (const number of numbers) {
    await both('HSET', 'h', number, number);
    await both('HGET', 'h', number);
    await both('HSTRLEN', 'h', number);
  }
  await both('HGETALL', 'h');
  for (const number of numbers) await both('HDEL', 'h', number);
});

lockstep('a hash over its thresholds is a table with the same content', both2and3, async (both) => {
  await both(...filled('h', 128));
  await both('OBJECT', 'ENCODING', 'h');
  await both('HSET', 'h', 'field:128', 'x');
  await both('OBJECT', 'ENCODING', 'h');
  await both.pairs('HGETALL', 'h');
  await both.unordered('HKEYS', 'h');
  await both.unordered('HVALS', 'h');
  await both(...filled('big', 1000));
  await both.pairs('HGETALL', 'big');
  await both('HMGET', 'big', 'field:0', 'field:999', 'field:1000');
  for (const value of ['', 'x', 'y'.repeat(20), 'z'.repeat(1000), 'w'.repeat(100), '7', 'v'.repeat(40)]) {
    await both('HSET', 'big', 'field:5', value);
    await both('HGET', 'big', 'field:5');
    await both('HSTRLEN', 'big', 'field:5');
  }
  for (let i = 0; i < 1000; i++) await both('HDEL', 'big', `field:${i}`);
  await both('EXISTS', 'big');
});

lockstep('a long value, or a long field, makes a table', async (both) => {
  const long = 'x'.repeat(64);
  await both('HSET', 'value64', 'f', long);
  await both('OBJECT', 'ENCODING', 'value64');
  await both('HSET', 'value65', 'a', 'b', 'f', `${long}x`);
  await both('OBJECT', 'ENCODING', 'value65');
  await both('HSET', 'field65', 'a', 'b');
  await both('HSET', 'field65', `${long}x`, 'v');
  await both('OBJECT', 'ENCODING', 'field65');
  await both('HINCRBY', 'incr', `${long}x`, '3');
  await both('OBJECT', 'ENCODING', 'incr');
  await both('HSETNX', 'nx', 'f', `${long}x`);
  await both('OBJECT', 'ENCODING', 'nx');
  for (const key of ['value64', 'value65', 'field65', 'incr', 'nx']) await both.pairs('HGETALL', key);
});

lockstep('HINCRBY is exact over all of int64', async (both) => {
  await both.all([
    ['HINCRBY', 'h', 'f', '1'],
    ['HINCRBY', 'h', 'f', '-5'],
    ['HSET', 'h', 'max', '9223372036854775806'],
    ['HINCRBY', 'h', 'max', '1'],
    ['HINCRBY', 'h', 'max', '1'],
    ['HSET', 'h', 'min', '-9223372036854775807'],
    ['HINCRBY', 'h', 'min', '-1'],
    ['HINCRBY', 'h', 'min', '-1'],
    ['HINCRBY', 'h', 'min', '9223372036854775807'],
    ['HINCRBY', 'h', 'wide', '9007199254740991'],
    ['HINCRBY', 'h', 'wide', '2'],
    ['HINCRBY', 'h', 'f', '9223372036854775808'],
    ['HINCRBY', 'h', 'f', 'abc'],
    ['HINCRBY', 'h', 'f', '1.5'],
    ['HINCRBY', 'h', 'f', ''],
    ['HINCRBY', 'h', 'f', ' 1'],
    ['HSET', 'h', 'text', 'abc'],
    ['HINCRBY', 'h', 'text', '1'],
    ['HSET', 'h', 'empty', ''],
    ['HINCRBY', 'h', 'empty', '1'],
    ['HSET', 'h', 'spaced', ' 7'],
    ['HINCRBY', 'h', 'spaced', '1'],
    ['HINCRBY', 'none', 'f', 'abc'],
    ['EXISTS', 'none'],
    ['HGETALL', 'h'],
  ]);
  await both(...filled('big', 200));
  await both('HINCRBY', 'big', 'n', '9007199254740993');
  await both('HINCRBY', 'big', 'n', '-9007199254740992');
  await both('HINCRBY', 'big', 'field:1', '1');
});

lockstep('HINCRBYFLOAT prints what a long double prints', both2and3, async (both) => {
  await both.all([
    ['HINCRBYFLOAT', 'h', 'f', '0.1'],
    ['HINCRBYFLOAT', 'h', 'f', '0.2'],
    ['HINCRBYFLOAT', 'h', 'f', '-0.3'],
    ['HINCRBYFLOAT', 'h', 'f', '5.0e3'],
    ['HINCRBYFLOAT', 'h', 'f', '1e300'],
    ['HINCRBYFLOAT', 'h', 'tiny', '1e-30'],
    ['HINCRBYFLOAT', 'h', 'three', '3.0'],
    ['HINCRBYFLOAT', 'h', 'f', 'inf'],
    ['HINCRBYFLOAT', 'h', 'f', '-inf'],
    ['HINCRBYFLOAT', 'h', 'f', 'nan'],
    ['HINCRBYFLOAT', 'h', 'f', 'abc'],
    ['HINCRBYFLOAT', 'h', 'f', ''],
    ['HINCRBYFLOAT', 'h', 'f', ' 1'],
    ['HINCRBYFLOAT', 'none', 'f', 'inf'],
    ['HSET', 'h', 'text', 'abc', 'endless', 'inf', 'integer', '10'],
    ['HINCRBYFLOAT', 'h', 'text', '1'],
    ['HINCRBYFLOAT', 'h', 'endless', '1'],
    ['HINCRBYFLOAT', 'h', 'integer', '0'],
    ['HINCRBYFLOAT', 'h', 'integer', '1.5'],
    ['EXISTS', 'none'],
  ]);
  await both.pairs('HGETALL', 'h');
});

lockstep('HRANDFIELD by classes of its count', both2and3, async (both) => {
  await both('HSET', 'one', 'f', 'v');
  await both.all([
    ['HRANDFIELD', 'one'],
    ['HRANDFIELD', 'one', '0'],
    ['HRANDFIELD', 'one', '1'],
    ['HRANDFIELD', 'one', '5'],
    ['HRANDFIELD', 'one', '-1'],
    ['HRANDFIELD', 'one', '-3'],
    ['HRANDFIELD', 'one', '1', 'WITHVALUES'],
    ['HRANDFIELD', 'one', '9', 'withvalues'],
    ['HRANDFIELD', 'one', '-2', 'withvalues'],
    ['HRANDFIELD', 'one', '0', 'withvalues'],
    ['HRANDFIELD', 'one', '9223372036854775807'],
    ['HRANDFIELD', 'one', '4611686018427387903', 'withvalues'],
    ['HRANDFIELD', 'none'],
    ['HRANDFIELD', 'none', '3'],
    ['HRANDFIELD', 'none', '-3'],
    ['HRANDFIELD', 'none', '3', 'withvalues'],
    ['HRANDFIELD', 'one', '9223372036854775808'],
    ['HRANDFIELD', 'one', '-9223372036854775808'],
    ['HRANDFIELD', 'one', '4611686018427387904', 'withvalues'],
    ['HRANDFIELD', 'one', '-4611686018427387904', 'withvalues'],
    ['HRANDFIELD', 'one', 'abc'],
    ['HRANDFIELD', 'one', 'abc', 'nonsense'],
    ['HRANDFIELD', 'one', '1', 'nonsense'],
    ['HRANDFIELD', 'one', '1', 'withvalues', 'more'],
    ['HRANDFIELD', 'none', 'abc'],
  ]);
  for (const size of [10, 300]) {
    await both(...filled(`h${size}`, size));
    for (const count of ['1', '3', '9', '100', '150', '-1', '-3', '-400']) {
      await both.shape('HRANDFIELD', `h${size}`, count);
      await both.shape('HRANDFIELD', `h${size}`, count, 'withvalues');
    }
    await both.unordered('HRANDFIELD', `h${size}`, String(size));
    await both.pairs('HRANDFIELD', `h${size}`, String(size + 1), 'withvalues');
    await both.shape('HRANDFIELD', `h${size}`);
  }
});

lockstep('HSCAN of a listpack returns all at once', both2and3, async (both) => {
  await both('HSET', 'h', 'a', '1', 'b', '2', 'ab', '3', '', '4');
  await both.all([
    ['HSCAN', 'h', '0'],
    ['HSCAN', 'h', '0', 'COUNT', '1'],
    ['HSCAN', 'h', '0', 'MATCH', 'a*'],
    ['HSCAN', 'h', '0', 'MATCH', '*'],
    ['HSCAN', 'h', '0', 'MATCH', '**'],
    ['HSCAN', 'h', '0', 'MATCH', ''],
    ['HSCAN', 'h', '0', 'match', 'b', 'count', '9223372036854775807'],
    ['HSCAN', 'h', '0', 'MATCH', 'x', 'MATCH', 'b'],
    ['HSCAN', 'h', '17'],
    ['HSCAN', 'h', '-1'],
    ['HSCAN', 'h', '18446744073709551615'],
    ['HSCAN', 'h', '18446744073709551616'],
    ['HSCAN', 'h', ''],
    ['HSCAN', 'h', ' 0'],
    ['HSCAN', 'h', '0x1'],
    ['HSCAN', 'h', 'abc'],
    ['HSCAN', 'none', 'abc'],
    ['HSCAN', 'none', '0', 'nonsense'],
    ['HSCAN', 'none', '5'],
    ['HSCAN', 'h', '0', 'COUNT', '0'],
    ['HSCAN', 'h', '0', 'COUNT', '-5'],
    ['HSCAN', 'h', '0', 'COUNT', 'abc'],
    ['HSCAN', 'h', '0', 'COUNT'],
    ['HSCAN', 'h', '0', 'MATCH'],
    ['HSCAN', 'h', '0', 'nonsense', '1'],
    ['HSCAN', 'h', '0', 'TYPE', 'hash'],
  ]);
  await both(...filled('big', 1000));
  await both.shape('HSCAN', 'big', '0', 'COUNT', '100000');
});

lockstep('hash commands refuse other types and wrong numbers of arguments', async (both) => {
  await both('SET', 's', 'x');
  const commands: Command[] = [
    ['HSET', 's', 'f', 'v'],
    ['HMSET', 's', 'f', 'v'],
    ['HSETNX', 's', 'f', 'v'],
    ['HGET', 's', 'f'],
    ['HMGET', 's', 'f'],
    ['HDEL', 's', 'f'],
    ['HLEN', 's'],
    ['HSTRLEN', 's', 'f'],
    ['HEXISTS', 's', 'f'],
    ['HINCRBY', 's', 'f', '1'],
    ['HINCRBYFLOAT', 's', 'f', '1'],
    ['HGETALL', 's'],
    ['HKEYS', 's'],
    ['HVALS', 's'],
    ['HRANDFIELD', 's'],
    ['HRANDFIELD', 's', '2'],
    ['HSCAN', 's', '0'],
    ['HSCAN', 's', '0', 'nonsense'],
  ];
  for (const command of commands) {
    await both.error(...command);
    await both.error(command[0]!);
  }
  await both.error('HSET', 's', 'f', 'v', 'odd');
  await both.error('HMSET', 'none', 'f', 'v', 'odd');
  await both.error('HSET', 's', 'f');
  await both.error('HINCRBY', 's', 'f', 'abc');
  await both('EXISTS', 'none');
});
