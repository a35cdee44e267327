/** Streams without groups: XADD, XLEN, XRANGE, XREVRANGE, XDEL, XTRIM, XSETID, XREAD, XINFO STREAM. */
import assert from 'node:assert/strict';
import { lockstep } from '../support/lockstep.ts';
import type { Both, Command } from '../support/lockstep.ts';

const all = (both: Both, key = 's'): Promise<unknown> => both('XRANGE', key, '-', '+');

/** A stream whose ids, fields and values are of many kinds. */
async function fill(both: Both, key: string, entries: number): Promise<void> {
  const commands: Command[] = [];
  for (let i = 1; i <= entries; i++) {
    const fields = i % 7 === 0 ? ['other', i, 'f', 'x'.repeat(i % 90)] : ['f', i * 1000, 'g', `v${i}`];
    commands.push(['XADD', key, `${1000 + Math.floor(i / 3)}-${i}`, ...fields]);
  }
  await both.pipeline(commands);
}

lockstep('XADD takes ids in order and refuses others', async (both) => {
  await both('XADD', 's', '1-1', 'f', 'v');
  await both('XADD', 's', '1-2', 'f', 'v', 'g', '12345678901234567890');
  await both('XADD', 's', '1-1', 'f', 'v');
  await both('XADD', 's', '1-2', 'f', 'v');
  await both('XADD', 's', '0-0', 'f', 'v');
  await both('XADD', 's', '0', 'f', 'v');
  await both('XADD', 's', '5', 'f', 'v');
  await both('XADD', 's', '5-*', 'f', 'v');
  await both('XADD', 's', '7-*', 'f', 'v');
  await both('XADD', 's', '3-*', 'f', 'v');
  await both('XADD', 'fresh', '0-*', 'f', 'v');
  await both('XADD', 's', '9007199254740993-9007199254740995', 'f', '-1');
  await both('XADD', 's', '9007199254740993-*', 'f', '007');
  await both('XADD', 's', '18446744073709551614-18446744073709551615', 'f', '');
  await both('XADD', 's', '18446744073709551615-18446744073709551615', '', 'x');
  await both('XADD', 's', '*', 'f', 'v');
  await both('XADD', 's', '18446744073709551615-*', 'f', 'v');
  await all(both);
  await both('XREVRANGE', 's', '+', '-');
  await both('XLEN', 's');
  await both('XLEN', 'missing');
});

lockstep('XADD goes on after an id from the future', async (both) => {
  await both('XADD', 's', '18446744073709551600-7', 'f', 'v');
  await both('XADD', 's', '*', 'f', 'v');
  await both('XADD', 's', '18446744073709551600-18446744073709551615', 'f', 'v');
  await both('XADD', 's', '*', 'f', 'v');
  await all(both);
});

lockstep('ids that are none', async (both) => {
  await both('XADD', 's', '1-1', 'f', 'v');
  for (const id of [
    '',
    '-',
    '+',
    'x',
    '1-',
    '-1',
    '1-1-1',
    '1--1',
    '1-x',
    'x-1',
    '1 -1',
    ' 1-1',
    '1- 2',
    '+7-3',
    '1-+4',
    '007-008',
    '8--03',
    '1.5',
    '18446744073709551616-0',
    '0-18446744073709551616',
    '99999999999999999999999999',
    '9-9\0x',
    '10-\0',
    '1'.repeat(127),
    '1'.repeat(128),
    '0x10',
    '*',
    '*-1',
    '5-**',
    '(5',
    '(',
    '$',
    '>',
    '12-9223372036854775808',
    '13--9223372036854775808',
    '14--9223372036854775809',
  ]) {
    if (id !== '*') await both('XADD', 's', id, 'f', 'v');
    await both('XRANGE', 's', id, '+');
    await both('XRANGE', 's', '-', id);
    await both('XDEL', 's', id);
    await both('XREAD', 'STREAMS', 's', id === '+' ? '0' : id);
    await both('XTRIM', 's', 'MINID', id);
    await both('XSETID', 's', id);
  }
  await all(both);
});

lockstep('ids turned back to where deleted entries are left', async (both) => {
  await both('CONFIG', 'SET', 'stream-node-max-entries', '3');
  for (const [key, first, again] of [
    ['s', 1, 1],
    ['t', 4, 1],
    ['u', 4, 4],
    ['v', 4, 2],
  ] as const) {
    for (let i = 1; i <= 3 + first; i++) await both('XADD', key, `${i}-0`, 'f', `v${i}`);
    await both('XDEL', key, `${3 + first}-0`);
    // Leaves a node of deleted entries only.
    await both('XTRIM', key, 'MINID', '=', `${3 + first}-0`);
    await both('XSETID', key, '0-1');
    for (let i = again; i < again + 5; i++) await both('XADD', key, `${i}-0`, 'f', `w${i}`);
    await all(both, key);
    await both('XLEN', key);
  }
});

lockstep('wrong arguments', async (both) => {
  await both('SET', 'string', 'x');
  await both('XADD', 's', '1-1', 'f', 'v');
  for (const command of [
    ['XADD', 's', '*'],
    ['XADD', 's', '*', 'f'],
    ['XADD', 's', '*', 'f', 'v', 'g'],
    ['XADD', 's', 'MAXLEN', '3', '*'],
    ['XADD', 's', 'MAXLEN', '3', '*', 'f'],
    ['XADD', 's', 'MAXLEN', 'x', '*', 'f', 'v'],
    ['XADD', 's', 'MAXLEN', '-1', '*', 'f', 'v'],
    ['XADD', 's', 'MAXLEN', '~', '*', 'f', 'v'],
    ['XADD', 's', 'MAXLEN', '=', '1', 'MINID', '1', '5-5', 'f', 'v'],
    ['XADD', 's', 'MINID', 'x', '*', 'f', 'v'],
    ['XADD', 's', 'MINID', '~', '-', '*', 'f', 'v'],
    ['XADD', 's', 'LIMIT', '3', '5-5', 'f', 'v'],
    ['XADD', 's', 'MAXLEN', '5', 'LIMIT', '3', '5-5', 'f', 'v'],
    ['XADD', 's', 'MAXLEN', '~', '5', 'LIMIT', '-3', '5-5', 'f', 'v'],
    ['XADD', 's', 'MAXLEN', '~', '5', 'LIMIT', 'x', '5-5', 'f', 'v'],
    ['XADD', 's', 'NOMKSTREAM', 'x', 'f', 'v'],
    ['XADD', 'missing', 'NOMKSTREAM', '*', 'f', 'v'],
    ['XADD', 'missing', 'nomkstream', 'maxlen', '5', '1-1', 'f', 'v'],
    ['XADD', 's', 'LIMIT', '0', '6-1', 'f', 'v'],
    ['XADD', 's', 'MAXLEN', '1', 'MAXLEN', '2', '6-1', 'f', 'v'],
    ['XADD', 's', 'MAXLEN', '9223372036854775807', '6-1', 'f', 'v'],
    ['XADD', 's', 'MAXLEN', '9223372036854775808', '6-1', 'f', 'v'],
    ['XADD', 'string', '*', 'f', 'v'],
    ['XADD', 'string', '0-0', 'f', 'v'],
    ['XTRIM', 's', 'MAXLEN'],
    ['XTRIM', 's', 'MAXLEN', '~'],
    ['XTRIM', 's', 'x', 'y'],
    ['XTRIM', 's', 'LIMIT', '1'],
    ['XTRIM', 's', 'LIMIT', '0'],
    ['XTRIM', 's', 'MAXLEN', '1', 'NOMKSTREAM'],
    ['XTRIM', 's', 'MAXLEN', '1', 'x'],
    ['XTRIM', 's', 'MAXLEN', '1', 'LIMIT', '5'],
    ['XTRIM', 's', 'MAXLEN', '=', '1', 'LIMIT', '5'],
    ['XTRIM', 's', 'MINID', '1-1', 'MAXLEN', '4'],
    ['XTRIM', 'string', 'MAXLEN', '1'],
    ['XTRIM', 'missing', 'MAXLEN', '1'],
    ['XTRIM', 'missing', 'MAXLEN', 'x'],
    ['XRANGE', 's', '-'],
    ['XRANGE', 's', '-', '+', 'COUNT'],
    ['XRANGE', 's', '-', '+', 'COUNT', 'x'],
    ['XRANGE', 's', '-', '+', 'x', '1'],
    ['XRANGE', 's', '-', '+', 'COUNT', '0'],
    ['XRANGE', 's', '-', '+', 'COUNT', '-5'],
    ['XRANGE', 'missing', '-', '+', 'COUNT', '0'],
    ['XRANGE', 's', '-', '+', 'COUNT', '1', 'COUNT', '9'],
    ['XRANGE', 'string', '-', '+'],
    ['XRANGE', 'string', 'x', '+'],
    ['XRANGE', 'missing', '-', '+'],
    ['XRANGE', 's', '(18446744073709551615-18446744073709551615', '+'],
    ['XRANGE', 's', '-', '(0-0'],
    ['XRANGE', 's', '(-', '+'],
    ['XRANGE', 's', '-', '(+'],
    ['XDEL', 's'],
    ['XDEL', 's', '1-1', 'x'],
    ['XDEL', 'string', '1-1'],
    ['XDEL', 'missing', 'x'],
    ['XLEN', 'string'],
    ['XLEN'],
    ['XSETID', 's'],
    ['XSETID', 's', 'x'],
    ['XSETID', 's', '1-1', 'x'],
    ['XSETID', 's', '1-1', 'ENTRIESADDED'],
    ['XSETID', 's', '1-1', 'ENTRIESADDED', '-1'],
    ['XSETID', 's', '1-1', 'ENTRIESADDED', 'x'],
    ['XSETID', 's', '1-1', 'MAXDELETEDID', 'x'],
    ['XSETID', 's', '1-1', 'MAXDELETEDID', '1-2'],
    ['XSETID', 's', '0-5'],
    ['XSETID', 's', '5-5', 'ENTRIESADDED', '0'],
    ['XSETID', 'missing', '1-1'],
    ['XSETID', 'string', '1-1'],
    ['XREAD', 'STREAMS'],
    ['XREAD', 'STREAMS', 's'],
    ['XREAD', 'COUNT', '1', 's', '0'],
    ['XREAD', 'COUNT', 'x', 'STREAMS', 's', '0'],
    ['XREAD', 'BLOCK', 'x', 'STREAMS', 's', '0'],
    ['XREAD', 'BLOCK', '-1', 'STREAMS', 's', '0'],
    ['XREAD', 'STREAMS', 's', 't', '0'],
    ['XREAD', 'STREAMS', 's', '>'],
    ['XREAD', 'NOACK', 'STREAMS', 's', '0'],
    ['XREAD', 'GROUP', 'g', 'c', 'STREAMS', 's', '0'],
    ['XREAD', 'STREAMS', 'string', '0'],
    ['XREAD', 'STREAMS', 's', 'string', '0', '0'],
    ['XREAD', 'COUNT', '-1', 'STREAMS', 's', '0'],
    ['XREAD', 'COUNT', '0', 'STREAMS', 's', '-'],
    ['XINFO'],
    ['XINFO', 'x'],
    ['XINFO', 'STREAM'],
    ['XINFO', 'STREAM', 'missing'],
    ['XINFO', 'STREAM', 'string'],
    ['XINFO', 'STREAM', 's', 'x'],
    ['XINFO', 'STREAM', 's', 'FULL', 'COUNT'],
    ['XINFO', 'STREAM', 's', 'FULL', 'x', '1'],
    ['XINFO', 'STREAM', 's', 'FULL', 'COUNT', 'x'],
    ['XINFO', 'STREAM', 's', 'FULL', '1'],
    ['XINFO', 'GROUPS', 'missing'],
    ['XINFO', 'GROUPS', 's', 'x'],
    ['XINFO', 'CONSUMERS', 's'],
    ['XINFO', 'CONSUMERS', 's', 'g'],
  ] as Command[])
    await both(...command);
  await all(both);
});

lockstep('XRANGE and XREVRANGE over many nodes', { resp: 'both' }, async (both) => {
  await fill(both, 's', 450);
  for (const [start, end] of [
    ['-', '+'],
    ['1000', '1010'],
    ['(1000-1', '(1010'],
    ['1033-100', '1040-3'],
    ['1066-200', '1066-200'],
    ['1100', '+'],
    ['-', '1003'],
    ['9999', '+'],
    ['+', '-'],
    ['0', '0'],
    ['1010-30', '1010'],
    ['(1010-30', '(1010-32'],
  ] as const) {
    await both('XRANGE', 's', start, end);
    await both('XREVRANGE', 's', end, start);
    for (const count of [1, 3, 120]) {
      await both('XRANGE', 's', start, end, 'COUNT', count);
      await both('XREVRANGE', 's', end, start, 'count', count);
    }
  }
  await both('TYPE', 's');
  await both('OBJECT', 'ENCODING', 's');
  await both('SCAN', '0', 'TYPE', 'stream');
});

lockstep('XDEL leaves gaps, and takes whole nodes away', { resp: 'both' }, async (both) => {
  await fill(both, 's', 330);
  await both('XDEL', 's', '1000-1', '1000-2', '1001-3', '5-5', '1000-1');
  await both('XINFO', 'STREAM', 's');
  await all(both);
  for (let i = 100; i < 215; i++) await both('XDEL', 's', `${1000 + Math.floor(i / 3)}-${i}`);
  await both('XINFO', 'STREAM', 's');
  await both('XRANGE', 's', '1030', '1080');
  await both('XREVRANGE', 's', '1080', '1030');
  await both('XDEL', 's', '1110-330');
  await both('XINFO', 'STREAM', 's', 'FULL', 'COUNT', '3');
  await both('XADD', 's', '1110-330', 'f', 'v');
  await both('XADD', 's', '1110-331', 'f', 'v');
  await both('XLEN', 's');
});

lockstep('a stream stays when its last entry is deleted', { resp: 'both' }, async (both) => {
  await both('XADD', 's', '5-5', 'f', 'v');
  await both('XDEL', 's', '5-5');
  await both('EXISTS', 's');
  await both('XINFO', 'STREAM', 's');
  await both('XINFO', 'STREAM', 's', 'FULL');
  await both('XREAD', 'STREAMS', 's', '0');
  await both('XRANGE', 's', '-', '+');
  await both('XADD', 's', '5-5', 'f', 'v');
  await both('XADD', 's', '5-6', 'f', 'v');
  await both('XINFO', 'STREAM', 's');
});

lockstep('XTRIM by length and by id, exactly and about', { resp: 'both' }, async (both) => {
  for (const trim of [
    ['MAXLEN', '1000'],
    ['MAXLEN', '440'],
    ['MAXLEN', '=', '433'],
    ['MAXLEN', '~', '420'],
    ['MAXLEN', '~', '300'],
    ['MAXLEN', '~', '10', 'LIMIT', '100'],
    ['MAXLEN', '~', '10', 'LIMIT', '99'],
    ['MAXLEN', '~', '10', 'LIMIT', '0'],
    ['MAXLEN', '0'],
    ['MINID', '1'],
    ['MINID', '1010'],
    ['MINID', '=', '1011-33'],
    ['MINID', '~', '1012'],
    ['MINID', '~', '1090'],
    ['MINID', '~', '9999', 'LIMIT', '100'],
    ['MINID', '~', '9999'],
    ['MINID', '9999'],
  ] as const) {
    await fill(both, 's', 450);
    await both('XDEL', 's', '1003-10', '1010-30', '1150-450');
    await both('XTRIM', 's', ...trim);
    await both('XINFO', 'STREAM', 's');
    await both('XLEN', 's');
    await both('XTRIM', 's', ...trim);
    await both('XADD', 's', ...trim, '2000-1', 'f', 'v');
    await both('XADD', 's', 'NOMKSTREAM', ...trim, '2000-*', 'f', 'v');
    await both('XINFO', 'STREAM', 's');
    await all(both);
    await both('DEL', 's');
  }
});

lockstep('trimming to an id below deleted entries leaves a node of deleted ones', async (both) => {
  for (let i = 1; i <= 5; i++) await both('XADD', 's', `${i}-1`, 'f', i);
  await both('XDEL', 's', '5-1');
  await both('XTRIM', 's', 'MINID', '4-2');
  await both('XINFO', 'STREAM', 's');
  await both('XSETID', 's', '2-0');
  await both('XADD', 's', '3-0', 'f', 'v');
  await all(both);
  await both('XREVRANGE', 's', '+', '-');
  await both('XRANGE', 's', '3', '3');
  await both('XDEL', 's', '3-0');
});

lockstep('nodes end where stream-node-max-entries and -bytes say', async (both) => {
  for (const [entries, bytes] of [
    [1, 4096],
    [3, 4096],
    [100, 100],
    [0, 0],
    [200, 4096],
    [100, 4096],
  ] as const) {
    await both('CONFIG', 'SET', 'stream-node-max-entries', entries, 'stream-node-max-bytes', bytes);
    await fill(both, 's', 260);
    await both('XINFO', 'STREAM', 's');
    await both('XTRIM', 's', 'MAXLEN', '~', '20');
    await both('XINFO', 'STREAM', 's');
    await both('XADD', 's', 'MAXLEN', '~', '10', '3000-1', 'f', 'v');
    await both('XLEN', 's');
    await both('DEL', 's');
  }
});

lockstep('the number of radix nodes is that of Redis', async (both) => {
  await both('CONFIG', 'SET', 'stream-node-max-entries', 1);
  let ms = 1;
  for (let i = 0; i < 300; i++) {
    ms += [1, 0, 3, 256, 70_000, 1, 4_294_967_296][i % 7]!;
    await both('XADD', 's', `${ms}-${i + 1}`, 'f', 'v');
    if (i % 11 === 0) await both('XINFO', 'STREAM', 's');
    if (i % 13 === 5) await both('XTRIM', 's', 'MAXLEN', i - 20);
  }
  await both('XINFO', 'STREAM', 's');
  await both('CONFIG', 'SET', 'stream-node-max-entries', 100);
});

lockstep('XSETID sets id and counters', { resp: 'both' }, async (both) => {
  await both('XADD', 's', '5-5', 'f', 'v');
  await both('XSETID', 's', '6-0');
  await both('XADD', 's', '5-9', 'f', 'v');
  await both('XSETID', 's', '7-0', 'ENTRIESADDED', '100', 'MAXDELETEDID', '6-5');
  await both('XINFO', 'STREAM', 's');
  await both('XSETID', 's', '7-0', 'ENTRIESADDED', '9223372036854775806');
  await both('XADD', 's', '8-1', 'f', 'v');
  await both('XINFO', 'STREAM', 's');
  await both('XDEL', 's', '5-5', '8-1');
  await both('XSETID', 's', '1-1');
  await both('XINFO', 'STREAM', 's');
});

lockstep('XREAD', { resp: 'both' }, async (both) => {
  await fill(both, 'a', 130);
  await fill(both, 'b', 3);
  await both('XREAD', 'STREAMS', 'a', 'b', '0', '0');
  await both('XREAD', 'COUNT', '2', 'STREAMS', 'a', 'missing', 'b', '1010-5', '0', '1000-2');
  await both('XREAD', 'STREAMS', 'a', 'a', '1040', '1043');
  await both('XREAD', 'STREAMS', 'a', 'b', '$', '$');
  await both('XREAD', 'STREAMS', 'a', 'b', '$', '1001-2');
  await both('XREAD', 'STREAMS', 'missing', '0');
  await both('XREAD', 'STREAMS', 'a', '18446744073709551615-18446744073709551615');
  await both('MULTI');
  await both('XREAD', 'BLOCK', '0', 'STREAMS', 'a', '$');
  await both('XREAD', 'BLOCK', '0', 'STREAMS', 'a', '1043');
  await both('EXEC');
});

lockstep('streams are copied, renamed, moved and dumped', async (both) => {
  await fill(both, 's', 230);
  await both('XGROUP', 'CREATE', 's', 'g', '1010');
  await both('XREADGROUP', 'GROUP', 'g', 'c', 'COUNT', '7', 'STREAMS', 's', '>');
  await both('XDEL', 's', '1003-10');
  await both('COPY', 's', 'copy');
  await both('XADD', 's', '5000-1', 'f', 'v');
  await both('XINFO', 'STREAM', 'copy');
  await both('XPENDING', 'copy', 'g');
  await both('RENAME', 'copy', 'renamed');
  await both('MOVE', 'renamed', '3');
  await both('SELECT', '3');
  await all(both, 'renamed');
  await both('XINFO', 'GROUPS', 'renamed');
  for (const command of [
    ['SORT', 'renamed'],
    ['GET', 'renamed'],
    ['LPUSH', 'renamed', 'x'],
    ['HSET', 'renamed', 'a', 'b'],
    ['ZADD', 'renamed', '1', 'a'],
    ['SADD', 'renamed', 'a'],
    ['APPEND', 'renamed', 'x'],
    ['INCR', 'renamed'],
  ])
    await both(...(command as Command));
  await both('EXPIRE', 'renamed', '1000');
  await both('PERSIST', 'renamed');
});

lockstep('XADD with * gives ids that grow', { digests: false }, async (both) => {
  for (let i = 0; i < 30; i++) await both.shape('XADD', 's', '*', 'f', i);
  const ids = ((await both.headwater.ok('XRANGE', 's', '-', '+')) as [string, string[]][]).map(([id]) => id);
  const number = (id: string): bigint => (BigInt(id.split('-')[0]!) << 64n) | BigInt(id.split('-')[1]!);
  for (let i = 1; i < ids.length; i++) assert.ok(number(ids[i]!) > number(ids[i - 1]!));
  assert.equal(ids.length, 30);
});
