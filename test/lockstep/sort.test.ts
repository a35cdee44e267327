/** SORT and SORT_RO against redis-server: orders, patterns, limits, destinations, errors. */
import fc from 'fast-check';
import { lockstep } from '../support/lockstep.ts';
import type { Both } from '../support/lockstep.ts';

async function fill(both: Both): Promise<void> {
  await both.all([
    ['RPUSH', 'list', '3', '1', '10', '2', '-5', '2.5', '0', '1e2'],
    ['RPUSH', 'words', 'pear', 'apple', 'Zoo', 'apple pie', '', '10', '9'],
    ['SADD', 'ints', '3', '1', '10', '2'],
    ['SADD', 'set', 'b', 'a', 'c', 'zz'],
    ['ZADD', 'zset', '3', 'a', '1', 'b', '2', 'c', '0', 'd'],
    ['ZADD', 'nums', '3', '10', '1', '30', '2', '20'],
    ['MSET', 'w_1', '9', 'w_2', '8', 'w_3', '7', 'w_10', '-1', 'w_a', '2', 'w_b', '1', 'w_c', 'x', 'w_30', '5'],
    ['MSET', 's_1', 'beta', 's_2', 'alpha', 's_3', 'beta', 's_10', 'gamma', 'name_1_x', 'one'],
    ['HSET', 'h_1', 'w', '4', 'name', 'one', 'n->x', 'odd'],
    ['HSET', 'h_2', 'w', '3', 'name', 'two'],
    ['HSET', 'h_3', 'w', '2'],
    ['SET', 'h_10', 'a string'],
    ['SET', 'string', 'x'],
    ['HSET', 'hash', 'f', 'v'],
  ]);
  const many = Array.from({ length: 300 }, (_, i) => String((i * 7919) % 1000));
  await both('RPUSH', 'many', ...many);
  await both('ZADD', 'manyz', ...many.flatMap((word, i) => [String(i), word]));
}

const options = [
  [],
  ['ASC'],
  ['DESC'],
  ['ALPHA'],
  ['ALPHA', 'DESC'],
  ['alpha', 'desc', 'asc'],
  ['LIMIT', '0', '2'],
  ['LIMIT', '1', '2', 'DESC'],
  ['LIMIT', '2', '-1', 'ALPHA'],
  ['LIMIT', '-3', '2', 'ALPHA'],
  ['LIMIT', '100', '2', 'ALPHA'],
  ['LIMIT', '0', '0', 'ALPHA'],
  ['LIMIT', '1', '9223372036854775807', 'ALPHA'],
  ['LIMIT', '9223372036854775807', '9223372036854775807', 'ALPHA'],
  ['LIMIT', '-9223372036854775808', '-9223372036854775808', 'ALPHA'],
  ['BY', 'w_*'],
  ['BY', 'w_*', 'DESC'],
  ['BY', 's_*', 'ALPHA', 'GET', '#', 'GET', 's_*'],
  ['BY', 'h_*->w', 'GET', '#', 'GET', 'h_*->name', 'GET', 'h_*->'],
  ['BY', 'h_*->w', 'ALPHA', 'DESC', 'GET', '#'],
  ['BY', 'none_*', 'GET', 'nostar', 'GET', '#'],
  ['ALPHA', 'GET', 'name_*_x', 'GET', 'h_*->n->x', 'GET', '##', 'GET', '*', 'GET', 'w_*->f'],
];

/** Where elements with equal strings to sort by come in the order of a hash table, which is chance. */
function isByChance(key: string, option: readonly string[]): boolean {
  return ['set', 'zset', 'nums'].includes(key) && option.includes('BY') && option.includes('ALPHA');
}

lockstep('SORT orders lists, integer sets and sorted sets', { resp: 'both' }, async (both) => {
  await fill(both);
  for (const key of ['list', 'words', 'ints', 'set', 'zset', 'nums', 'many', 'missing', 'string', 'hash'])
    for (const option of options) {
      if (isByChance(key, option)) continue;
      await both('SORT', key, ...option);
      await both('SORT_RO', key, ...option);
    }
});

lockstep('SORT stores its result as a list', async (both) => {
  await fill(both);
  for (const key of ['list', 'words', 'ints', 'set', 'zset', 'nums', 'many', 'missing', 'hash'])
    for (const option of [...options, ['BY', 'nosort'], ['BY', 'nosort', 'DESC', 'LIMIT', '1', '2']]) {
      if (isByChance(key, option)) continue;
      await both('SET', 'to', 'old', 'EX', '1000');
      await both('SORT', key, ...option, 'STORE', 'to');
      await both('TYPE', 'to');
      await both('TTL', 'to');
      if ((await both('EXISTS', 'to')) === 1 && (await both('TYPE', 'to')) === 'list')
        await both('LRANGE', 'to', '0', '-1');
    }
  await both('SORT', 'list', 'STORE', 'list');
  await both('LRANGE', 'list', '0', '-1');
  await both('SORT', 'list', 'STORE', 'other', 'STORE', 'another');
  await both('EXISTS', 'other', 'another');
  await both('SORT', 'missing', 'STORE', 'another');
  await both('EXISTS', 'another');
});

lockstep('SORT BY a constant keeps the order of lists and sorted sets', async (both) => {
  await fill(both);
  for (const key of ['list', 'zset', 'many', 'manyz', 'missing'])
    for (const order of [[], ['DESC'], ['ALPHA'], ['GET', '#', 'GET', 'w_*']])
      for (const limit of [
        [],
        ['0', '3'],
        ['2', '2'],
        ['5', '-1'],
        ['290', '50'],
        ['1000', '1'],
        ['-1', '1'],
        ['3', '0'],
      ])
        await both('SORT', key, 'BY', 'nosort', ...order, ...(limit.length === 0 ? [] : ['LIMIT', ...limit]));
  await both.unordered('SORT', 'set', 'BY', 'nosort');
  await both('SORT', 'ints', 'BY', 'nosort');
  await both('SORT', 'ints', 'BY', 'nosort', 'LIMIT', '1', '2');
  // The last BY with a star does not undo an earlier one without.
  await both('SORT', 'list', 'BY', 'nosort', 'BY', 'w_*');
  await both('SORT', 'list', 'BY', 'w_*', 'BY', 'nosort');
  await both('SORT', 'list', 'BY', '#');
});

lockstep('SORT reads numbers as C does', async (both) => {
  for (const word of [
    '',
    ' 1',
    '1 ',
    ' ',
    '\t\n2',
    '0x10',
    '-0x1p3',
    'inf',
    '-Infinity',
    'nan',
    '1e',
    '1e5',
    '.5',
    '5.',
    '+7',
  ]) {
    await both('DEL', 'k');
    await both('RPUSH', 'k', '3', word, '-1', '8');
    await both('SORT', 'k');
    await both('SORT', 'k', 'DESC');
  }
  await both('DEL', 'k');
  await both(
    'RPUSH',
    'k',
    '9007199254740993',
    '9007199254740992',
    '9223372036854775807',
    '-9223372036854775808',
    '1.5',
  );
  await both('SORT', 'k');
  await both('RPUSH', 'k', Buffer.from('7\0x'), Buffer.from('7\0a'), Buffer.from('\0'));
  await both('SORT', 'k');
  await both('SORT', 'k', 'ALPHA');
  await both('SORT', 'k', 'ALPHA', 'STORE', 'd');
  await both('LRANGE', 'd', '0', '-1');
  await both('RPUSH', 'bytes', Buffer.from([0xff]), Buffer.from([0x7f]), Buffer.from([0x80, 1]), 'a');
  await both('SORT', 'bytes', 'ALPHA');
});

lockstep('SORT refuses what it cannot do', async (both) => {
  await fill(both);
  for (const name of ['SORT', 'SORT_RO'])
    await both.all([
      [name],
      [name, 'words'],
      [name, 'set'],
      [name, 'string', 'x'],
      [name, 'list', 'LIMIT'],
      [name, 'list', 'LIMIT', '1'],
      [name, 'list', 'LIMIT', 'a', '1'],
      [name, 'list', 'LIMIT', '1', '1.5'],
      [name, 'list', 'LIMIT', '9223372036854775808', '1'],
      [name, 'list', 'BY'],
      [name, 'list', 'GET'],
      [name, 'list', 'STORE'],
      [name, 'list', 'NONSENSE'],
      [name, 'list', 'BY', 's_*'],
      [name, 'string'],
    ]);
  await both('SORT_RO', 'list', 'STORE', 'd');
  await both('SET', 'd', 'kept');
  await both('SORT', 'words', 'STORE', 'd');
  await both('GET', 'd');
});

lockstep('SORT of random lists by random weights', { timeoutMs: 120_000 }, async (both) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 40, size: 'max' }),
      fc.array(fc.tuple(fc.integer({ min: -20, max: 20 }), fc.integer({ min: 0, max: 3 })), {
        maxLength: 20,
        size: 'max',
      }),
      fc.constantFrom('ASC', 'DESC'),
      fc.boolean(),
      async (elements, weights, order, alpha) => {
        await both('FLUSHALL');
        if (elements.length > 0) await both('RPUSH', 'k', ...elements.map(String));
        for (const [element, weight] of weights) await both('SET', `w_${element}`, String(weight));
        const kind = alpha ? ['ALPHA'] : [];
        await both('SORT', 'k', order, ...kind);
        await both('SORT', 'k', order, ...kind, 'BY', 'w_*', 'GET', '#', 'GET', 'w_*');
        await both('SORT', 'k', order, ...kind, 'STORE', 'd');
      },
    ),
    { numRuns: 60 },
  );
});
