/** Set commands against redis-server: replies, errors, and data, over intset, listpack and table. */
import { lockstep } from '../support/lockstep.ts';
import type { Command } from '../support/lockstep.ts';

const both2and3 = { resp: 'both' } as const;

function range(from: number, to: number, prefix = ''): string[] {
  return Array.from({ length: to - from }, (_, i) => `${prefix}${from + i}`);
}

lockstep('SADD, SREM and membership on small sets', both2and3, async (both) => {
  await both.all([
    ['SADD', 'i', '1', '2', '3', '2'],
    ['SADD', 'i', '1'],
    ['SADD', 'i', '-70000', '9223372036854775807', '-9223372036854775808'],
    ['SMEMBERS', 'i'],
    ['SADD', 's', 'a', 'b', 'a', ''],
    ['SISMEMBER', 's', ''],
    ['SISMEMBER', 's', 'c'],
    ['SISMEMBER', 'i', '1'],
    ['SISMEMBER', 'i', '01'],
    ['SISMEMBER', 'i', 'a'],
    ['SISMEMBER', 'none', 'a'],
    ['SMISMEMBER', 's', 'a', 'x', 'b', 'a'],
    ['SMISMEMBER', 'i', '1', 'x', '9223372036854775807', '9223372036854775808'],
    ['SMISMEMBER', 'none', 'a', 'b'],
    ['SCARD', 's'],
    ['SCARD', 'none'],
    ['SREM', 's', 'a', 'a', 'x'],
    ['SREM', 'i', '1', 'x', '5'],
    ['SREM', 'none', 'x'],
    ['SREM', 's', 'b', '', 'x', 'y'],
    ['EXISTS', 's'],
    ['SMEMBERS', 's'],
    ['SMEMBERS', 'none'],
  ]);
});

lockstep('integers keep their text whatever they stand beside', async (both) => {
  const odd = [
    '0',
    '-0',
    '00',
    '+1',
    '1',
    '1.0',
    ' 1',
    '9007199254740993',
    '9223372036854775807',
    '9223372036854775808',
  ];
  for (const member of odd) {
    await both('SADD', 'mixed', member);
    await both('SISMEMBER', 'mixed', member);
    await both.unordered('SMEMBERS', 'mixed');
  }
  for (const member of odd) await both('SREM', 'mixed', member);
  await both('EXISTS', 'mixed');
});

lockstep('sets grow through all encodings with the same content', both2and3, async (both) => {
  await both('SADD', 'ints', ...range(0, 512));
  await both('OBJECT', 'ENCODING', 'ints');
  await both('SADD', 'ints', '512');
  await both('OBJECT', 'ENCODING', 'ints');
  await both.unordered('SMEMBERS', 'ints');
  await both('SADD', 'mixed', ...range(0, 100));
  await both('SADD', 'mixed', 'text');
  await both.unordered('SMEMBERS', 'mixed');
  await both('SADD', 'mixed', ...range(50, 150));
  await both.unordered('SMEMBERS', 'mixed');
  await both('SADD', 'names', ...range(0, 1000, 'name:'));
  await both.unordered('SMEMBERS', 'names');
  await both('SADD', 'long', '1', '2', 'x'.repeat(65));
  await both.unordered('SMEMBERS', 'long');
  await both('SADD', 'many', ...range(0, 600), ...range(0, 600));
  await both('SCARD', 'many');
  for (const member of range(0, 990, 'name:')) await both('SREM', 'names', member);
  await both.unordered('SMEMBERS', 'names');
  await both('SREM', 'names', ...range(0, 1000, 'name:'));
  await both('EXISTS', 'names');
});

lockstep('SMOVE', async (both) => {
  await both.all([
    ['SADD', 'a', 'x', 'y', '1'],
    ['SADD', 'b', '1', '2'],
    ['SMOVE', 'a', 'b', 'x'],
    ['SMOVE', 'a', 'b', 'x'],
    ['SMOVE', 'a', 'b', '1'],
    ['SMOVE', 'a', 'a', 'y'],
    ['SMOVE', 'a', 'a', 'z'],
    ['SMOVE', 'a', 'new', 'y'],
    ['EXISTS', 'a'],
    ['SMOVE', 'a', 'b', 'y'],
    ['SMOVE', 'none', 'none', 'y'],
    ['SET', 'string', 'x'],
    ['SMOVE', 'none', 'string', 'y'],
    ['SMOVE', 'b', 'string', 'nothing'],
    ['SMOVE', 'b', 'string', '1'],
    ['SMOVE', 'string', 'b', '1'],
  ]);
  await both.unordered('SMEMBERS', 'b');
  await both.unordered('SMEMBERS', 'new');
});

/** Sets of every encoding, overlapping in all ways. */
const families: readonly Command[] = [
  ['SADD', 'ints', ...range(0, 40)],
  ['SADD', 'evens', ...range(0, 300).filter((n) => Number(n) % 2 === 0)],
  ['SADD', 'pack', ...range(10, 30), 'a', 'b', 'c'],
  ['SADD', 'table', ...range(20, 400), ...range(0, 50, 'n'), 'b', 'c', 'd'],
  ['SADD', 'table2', ...range(0, 400).toReversed(), 'c', 'd', 'e'],
  ['SADD', 'single', 'c'],
];

const combinations: readonly (readonly string[])[] = [
  ['ints'],
  ['table'],
  ['none'],
  ['ints', 'evens'],
  ['evens', 'ints'],
  ['pack', 'ints'],
  ['ints', 'pack', 'evens'],
  ['table', 'pack'],
  ['pack', 'table'],
  ['table', 'table2'],
  ['table2', 'table', 'pack'],
  ['table', 'ints', 'evens', 'pack', 'single'],
  ['single', 'table', 'table2', 'pack'],
  ['table', 'table'],
  ['pack', 'pack', 'pack'],
  ['table', 'table2', 'table'],
  ['none', 'table'],
  ['table', 'none'],
  ['none', 'none'],
  ['table2', 'none', 'single', 'ints', 'none', 'evens'],
];

lockstep('SINTER, SUNION and SDIFF', both2and3, async (both) => {
  await both.all(families);
  for (const keys of combinations)
    for (const name of ['SINTER', 'SUNION', 'SDIFF']) await both.unordered(name, ...keys);
});

lockstep('SINTERSTORE, SUNIONSTORE and SDIFFSTORE', async (both) => {
  await both.all(families);
  for (const keys of combinations)
    for (const name of ['SINTERSTORE', 'SUNIONSTORE', 'SDIFFSTORE']) {
      await both(name, 'result', ...keys);
      await both('EXISTS', 'result');
      await both.unordered('SMEMBERS', 'result');
    }
  await both('SUNIONSTORE', 'ints', 'ints', 'pack');
  await both('SDIFFSTORE', 'table', 'table', 'table2');
  await both('SINTERSTORE', 'evens', 'none', 'evens');
  await both.unordered('SMEMBERS', 'ints');
  await both.unordered('SMEMBERS', 'table');
  await both('EXISTS', 'evens');
  await both('SET', 'string', 'x');
  await both('SUNIONSTORE', 'string', 'pack');
  await both('TYPE', 'string');
  await both('SET', 'string', 'x', 'EX', '1000');
  await both('SUNIONSTORE', 'string', 'pack');
  await both('TTL', 'string');
  await both('SET', 'string', 'x');
  await both('SINTERSTORE', 'string', 'none');
  await both('EXISTS', 'string');
});

lockstep('stored integers become an intset, others what fits', async (both) => {
  await both('SADD', 'a', ...range(0, 100), 'x');
  await both('SADD', 'b', ...range(0, 100));
  await both('SADD', 'big', ...range(0, 600));
  await both('SINTERSTORE', 'r1', 'b', 'a');
  await both('OBJECT', 'ENCODING', 'r1');
  await both('SUNIONSTORE', 'r2', 'b');
  await both('OBJECT', 'ENCODING', 'r2');
  await both('SUNIONSTORE', 'r3', 'big');
  await both('OBJECT', 'ENCODING', 'r3');
});

lockstep('SINTERCARD', async (both) => {
  await both.all(families);
  for (const keys of combinations) {
    await both('SINTERCARD', String(keys.length), ...keys);
    await both('SINTERCARD', String(keys.length), ...keys, 'LIMIT', '3');
    await both('SINTERCARD', String(keys.length), ...keys, 'limit', '0');
  }
  await both.all([
    ['SINTERCARD', '1', 'ints', 'LIMIT', '100000'],
    ['SINTERCARD', '1', 'ints', 'LIMIT', '5', 'LIMIT', '6'],
    ['SINTERCARD', '0', 'ints'],
    ['SINTERCARD', '-1', 'ints'],
    ['SINTERCARD', 'abc', 'ints'],
    ['SINTERCARD', '9223372036854775808', 'ints'],
    ['SINTERCARD', '2', 'ints'],
    ['SINTERCARD', '9223372036854775807', 'ints'],
    ['SINTERCARD', '1', 'ints', 'LIMIT'],
    ['SINTERCARD', '1', 'ints', 'LIMIT', '-1'],
    ['SINTERCARD', '1', 'ints', 'LIMIT', 'abc'],
    ['SINTERCARD', '1', 'ints', 'nonsense', '1'],
    ['SINTERCARD', '1', 'ints', 'evens'],
  ]);
});

lockstep('SPOP', both2and3, async (both) => {
  await both.all([
    ['SADD', 'one', 'a'],
    ['SPOP', 'one'],
    ['EXISTS', 'one'],
    ['SPOP', 'one'],
    ['SPOP', 'one', '3'],
    ['SADD', 'one', '7'],
    ['SPOP', 'one', '0'],
    ['SPOP', 'one', '1'],
    ['EXISTS', 'one'],
    ['SADD', 'one', 'a'],
    ['SPOP', 'one', '9223372036854775807'],
    ['SADD', 'one', 'a'],
    ['SPOP', 'one', '-1'],
    ['SPOP', 'one', 'abc'],
    ['SPOP', 'one', '9223372036854775808'],
    ['SPOP', 'one', '1', '2'],
    ['SPOP', 'none', '-1'],
  ]);
  for (const members of [range(0, 50), range(0, 50, 'm'), range(0, 900, 'm')]) {
    await both('SADD', 's', ...members);
    for (const count of [1, 3, Math.floor(members.length / 2), members.length]) {
      await both.shape('SPOP', 's', String(count));
      await both('SCARD', 's');
    }
    await both('SADD', 's', ...members);
    await both.unordered('SPOP', 's', String(members.length));
    await both('EXISTS', 's');
    await both('SADD', 's', ...members);
    for (let i = 0; i < members.length; i++) await both.shape('SPOP', 's');
    await both('EXISTS', 's');
  }
});

lockstep('SRANDMEMBER by classes of its count', both2and3, async (both) => {
  await both('SADD', 'one', 'a');
  await both.all([
    ['SRANDMEMBER', 'one'],
    ['SRANDMEMBER', 'one', '0'],
    ['SRANDMEMBER', 'one', '1'],
    ['SRANDMEMBER', 'one', '9'],
    ['SRANDMEMBER', 'one', '-1'],
    ['SRANDMEMBER', 'one', '-4'],
    ['SRANDMEMBER', 'one', '9223372036854775807'],
    ['SRANDMEMBER', 'none'],
    ['SRANDMEMBER', 'none', '1'],
    ['SRANDMEMBER', 'none', '-1'],
    ['SRANDMEMBER', 'one', '-9223372036854775808'],
    ['SRANDMEMBER', 'one', '9223372036854775808'],
    ['SRANDMEMBER', 'one', 'abc'],
    ['SRANDMEMBER', 'one', '1', '2'],
  ]);
  for (const members of [range(0, 50), range(0, 50, 'm'), range(0, 900, 'm')]) {
    await both('DEL', 's');
    await both('SADD', 's', ...members);
    for (const count of ['1', '5', '17', '40', '-1', '-5', '-1000']) await both.shape('SRANDMEMBER', 's', count);
    await both.unordered('SRANDMEMBER', 's', String(members.length));
    await both.unordered('SRANDMEMBER', 's', '100000');
  }
});

lockstep('SSCAN', both2and3, async (both) => {
  await both('SADD', 'i', '1', '2', '12');
  await both.all([
    ['SSCAN', 'i', '0'],
    ['SSCAN', 'i', '0', 'MATCH', '1*'],
    ['SSCAN', 'i', '0', 'COUNT', '1'],
    ['SSCAN', 'i', '0', 'COUNT', '0'],
    ['SSCAN', 'i', 'abc'],
    ['SSCAN', 'none', '0'],
    ['SSCAN', 'none', '0', 'nonsense'],
    ['SSCAN', 'i', '0', 'nonsense'],
  ]);
  await both('SADD', 'big', ...range(0, 1000, 'm'));
  await both.shape('SSCAN', 'big', '0', 'COUNT', '100000');
});

lockstep('set commands refuse other types and wrong numbers of arguments', async (both) => {
  await both('SET', 'string', 'x');
  await both('SADD', 'set', 'x');
  const commands: Command[] = [
    ['SADD', 'string', 'x'],
    ['SREM', 'string', 'x'],
    ['SMOVE', 'string', 'set', 'x'],
    ['SISMEMBER', 'string', 'x'],
    ['SMISMEMBER', 'string', 'x'],
    ['SCARD', 'string'],
    ['SPOP', 'string'],
    ['SPOP', 'string', '1'],
    ['SRANDMEMBER', 'string'],
    ['SRANDMEMBER', 'string', '2'],
    ['SINTER', 'set', 'string'],
    ['SINTER', 'none', 'string'],
    ['SINTERCARD', '2', 'none', 'string'],
    ['SINTERSTORE', 'r', 'none', 'string'],
    ['SUNION', 'set', 'string'],
    ['SUNIONSTORE', 'r', 'set', 'string'],
    ['SDIFF', 'none', 'string'],
    ['SDIFF', 'string', 'set'],
    ['SDIFFSTORE', 'r', 'set', 'string'],
    ['SMEMBERS', 'string'],
    ['SSCAN', 'string', '0'],
  ];
  for (const command of commands) {
    await both.error(...command);
    await both.error(command[0]!);
  }
});
