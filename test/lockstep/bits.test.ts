/** Bitmaps and bit fields against redis-server: replies, limits, errors, and the bytes they leave behind. */
import { lockstep } from '../support/lockstep.ts';
import type { Command } from '../support/lockstep.ts';
import { seededRandom } from '../support/store.ts';

const both2and3 = { resp: 'both' } as const;
const commands = (...lines: string[]): Command[] => lines.map((line) => line.split(' '));

const INT64_MAX = '9223372036854775807';
const INT64_MIN = '-9223372036854775808';

lockstep('SETBIT and GETBIT', both2and3, async (both) => {
  await both.all(
    commands(
      'GETBIT k 0',
      'SETBIT k 7 1',
      'GET k',
      'SETBIT k 7 1',
      'SETBIT k 7 0',
      'GET k',
      'SETBIT k 100 0',
      'STRLEN k',
      'SETBIT k 1000000 1',
      'GETBIT k 1000000',
      'GETBIT k 1000001',
      'GETBIT k 4294967295',
      'BITCOUNT k',
      'SET n 12345',
      'OBJECT ENCODING n',
      'GETBIT n 2',
      'SETBIT n 2 0',
      'OBJECT ENCODING n',
      'GET n',
      'SET e v EX 1000',
      'SETBIT e 1 1',
    ),
  );
  await both.close(2, 'TTL', 'e');
  await both('SETBIT', 'new', '0', '0');
  await both('OBJECT', 'ENCODING', 'new');
  await both('LPUSH', 'l', 'x');
  for (const command of commands(
    'SETBIT l 0 1',
    'GETBIT l 0',
    'SETBIT k',
    'SETBIT k 1 1 1',
    'GETBIT k',
    'GETBIT k 1 1',
  ))
    await both.error(...command);
  for (const offset of ['-1', 'x', '', '4294967296', '#1', '01', INT64_MAX, INT64_MIN, '9223372036854775808', '1.0']) {
    await both.error('SETBIT', 'none', offset, '1');
    await both.error('GETBIT', 'none', offset);
  }
  for (const bit of ['2', '-1', 'x', '', INT64_MAX]) await both.error('SETBIT', 'none', '0', bit);
  await both.error('SETBIT', 'none', 'x', 'x');
  await both('EXISTS', 'none');
  await both('CONFIG', 'SET', 'proto-max-bulk-len', '1mb');
  await both('SETBIT', 'none', 8 * 1024 * 1024 - 1, '1');
  await both.error('SETBIT', 'none', 8 * 1024 * 1024, '1');
  await both('CONFIG', 'SET', 'proto-max-bulk-len', '512mb');
});

const ranges = ['0', '1', '2', '5', '9', '41', '1000', '-1', '-2', '-6', '-42', '-1000', INT64_MAX, INT64_MIN];

lockstep('BITCOUNT', both2and3, async (both) => {
  await both('SET', 'k', 'foobar');
  await both('SET', 'n', '1234567890');
  await both('SET', 'empty', '');
  await both('SETBIT', 'long', '3000', '1');
  for (const key of ['k', 'n', 'empty', 'long', 'none']) {
    await both('BITCOUNT', key);
    for (const start of ranges) {
      for (const end of ranges) {
        await both('BITCOUNT', key, start, end);
        await both('BITCOUNT', key, start, end, 'BIT');
        await both('BITCOUNT', key, start, end, 'byte');
      }
    }
    await both.all([
      ['BITCOUNT', key, '0'],
      ['BITCOUNT', key, 'x', '1'],
      ['BITCOUNT', key, '0', 'x'],
      ['BITCOUNT', key, 'x', 'y', 'z'],
      ['BITCOUNT', key, '0', '1', 'bits'],
      ['BITCOUNT', key, '0', 'x', 'bits'],
      ['BITCOUNT', key, '0', '1', 'BIT', 'x'],
    ]);
  }
  await both('LPUSH', 'l', 'x');
  await both.error('BITCOUNT', 'l');
  await both.error('BITCOUNT', 'l', 'x');
  await both.error('BITCOUNT');
});

lockstep('BITPOS', both2and3, async (both) => {
  await both('SET', 'ones', Buffer.alloc(50, 0xff));
  await both('SET', 'zeros', Buffer.alloc(50));
  await both('SET', 'mixed', Buffer.from([0, 0xff, 0xf0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0]));
  await both('SET', 'empty', '');
  for (const key of ['ones', 'zeros', 'mixed', 'empty', 'none']) {
    for (const bit of ['0', '1']) {
      await both('BITPOS', key, bit);
      for (const start of ranges) {
        await both('BITPOS', key, bit, start);
        for (const end of ranges) {
          await both('BITPOS', key, bit, start, end);
          await both('BITPOS', key, bit, start, end, 'BIT');
          await both('BITPOS', key, bit, start, end, 'byte');
        }
      }
      await both.all([
        ['BITPOS', key, bit, 'x'],
        ['BITPOS', key, bit, '0', 'x'],
        ['BITPOS', key, bit, '0', '1', 'x'],
        ['BITPOS', key, bit, 'x', '1', 'x'],
        ['BITPOS', key, bit, '0', 'y', 'x'],
        ['BITPOS', key, bit, '0', '1', 'BIT', 'x'],
      ]);
    }
  }
  await both('LPUSH', 'l', 'x');
  for (const command of commands(
    'BITPOS l 0',
    'BITPOS l 2',
    'BITPOS none 2',
    'BITPOS none x',
    'BITPOS none',
    'BITPOS none -1',
  ))
    await both.error(...command);
});

lockstep('BITOP', both2and3, async (both) => {
  await both('SET', 'a', 'foobar');
  await both('SET', 'b', 'abcdefghijk');
  await both('SET', 'n', '12345');
  await both('SET', 'empty', '');
  for (const operation of ['AND', 'or', 'XOR', 'NOT']) {
    for (const sources of [['a'], ['b'], ['n'], ['none'], ['empty']]) {
      await both('SET', 'd', 'old', 'EX', '1000');
      await both('BITOP', operation, 'd', ...sources);
      await both('GET', 'd');
      await both('TTL', 'd');
    }
  }
  for (const operation of ['AND', 'OR', 'XOR']) {
    for (const sources of [
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'none', 'b'],
      ['none', 'a'],
      ['none', 'other'],
      ['a', 'a', 'n'],
    ]) {
      await both('BITOP', operation, 'd', ...sources);
      await both('GET', 'd');
      await both('EXISTS', 'd');
    }
    await both('BITOP', operation, 'a', 'a', 'b');
    await both('GET', 'a');
  }
  await both('LPUSH', 'l', 'x');
  await both('BITOP', 'AND', 'l', 'a', 'b');
  await both('TYPE', 'l');
  await both('LPUSH', 'm', 'x');
  await both('BITOP', 'AND', 'm', 'none');
  await both('EXISTS', 'm');
  await both('LPUSH', 'l2', 'x');
  for (const command of commands(
    'BITOP AND d a l2',
    'BITOP AND d l2',
    'BITOP NOT d a b',
    'BITOP NAND d a b',
    'BITOP AND d',
    'BITOP',
    'BITOP DIFF d a b',
  ))
    await both.error(...command);
});

lockstep('bit commands on long random values', { timeoutMs: 120_000 }, async (both) => {
  const random = seededRandom(7);
  const below = (limit: number): number => random.uint32() % limit;
  for (let round = 0; round < 12; round++) {
    for (const key of ['a', 'bb', 'ccc']) {
      // Lengths of the key and the value vary the alignment.
      const bytes = Buffer.alloc(below(round < 6 ? 70 : 60_000) + 1, below(2) === 0 ? 0 : 0xff);
      for (let i = below(40); i > 0; i--) bytes[below(bytes.length)] = below(256);
      await both('SET', key, bytes);
      await both('BITCOUNT', key);
      for (let i = 0; i < 20; i++) {
        const from = below(bytes.length * 8);
        const to = below(bytes.length * 8);
        await both('BITCOUNT', key, from, to, 'BIT');
        await both('BITPOS', key, below(2), from, to, 'BIT');
        await both('BITPOS', key, below(2), from >> 3);
      }
    }
    for (const operation of ['AND', 'OR', 'XOR']) {
      await both('BITOP', operation, 'd', 'a', 'bb', 'ccc');
      await both('GET', 'd');
    }
    await both('BITOP', 'NOT', 'd', 'bb');
    await both('GET', 'd');
  }
});

const numbers = ['0', '1', '-1', '2', '127', '128', '-128', '-129', '255', '256', '4294967295', '4294967296', '-2147483648', '2147483648']; // prettier-ignore
const wide = ['9007199254740991', '9007199254740993', INT64_MAX, INT64_MIN];

lockstep('BITFIELD in every type, offset and overflow mode', { resp: 'both', timeoutMs: 120_000 }, async (both) => {
  for (const type of [
    'u1',
    'i1',
    'u2',
    'i2',
    'u7',
    'i8',
    'u8',
    'u31',
    'i32',
    'u32',
    'i33',
    'u33',
    'i53',
    'u54',
    'i63',
    'u63',
    'i64',
  ]) {
    for (const offset of ['0', '3', '#1', '#2', '61']) {
      for (const value of [...numbers, ...wide]) {
        for (const mode of ['WRAP', 'sat', 'FAIL']) {
          await both('BITFIELD', 'k', 'OVERFLOW', mode, 'SET', type, offset, value, 'GET', type, offset);
          await both('BITFIELD', 'k', 'overflow', mode, 'INCRBY', type, offset, value, 'GET', 'u63', offset);
        }
      }
    }
    await both('GET', 'k');
    await both(
      'BITFIELD_RO',
      'k',
      'GET',
      type,
      '0',
      'get',
      type,
      '#3',
      'GET',
      'i64',
      '1000',
      'GET',
      type,
      '4294967295',
    );
    await both('DEL', 'k');
  }
});

lockstep('BITFIELD: keys, errors and what is left after them', both2and3, async (both) => {
  await both.all(
    commands(
      'BITFIELD none',
      'BITFIELD none GET u8 0',
      'BITFIELD_RO none',
      'BITFIELD_RO none GET i64 0 GET u1 5',
      'BITFIELD none OVERFLOW SAT',
      'EXISTS none',
      'BITFIELD k SET u8 100 0',
      'STRLEN k',
      'BITFIELD k INCRBY u8 #40 0',
      'STRLEN k',
      'BITFIELD k OVERFLOW FAIL INCRBY u2 0 100',
      'BITFIELD grown OVERFLOW FAIL INCRBY u2 100 100',
      'STRLEN grown',
      'BITFIELD k SET u8 0 1 OVERFLOW SAT INCRBY u8 0 300 OVERFLOW FAIL INCRBY u8 0 1 GET u8 0 SET i8 0 -3 GET i8 0',
      'SET n 123',
      'BITFIELD n GET u8 0 SET u8 0 50',
      'GET n',
      'OBJECT ENCODING n',
    ),
  );
  await both('LPUSH', 'l', 'x');
  for (const command of commands(
    'BITFIELD l GET u8 0',
    'BITFIELD l SET u8 0 1',
    'BITFIELD_RO l GET u8 0',
    'BITFIELD none SET u8 0',
    'BITFIELD none GET u8',
    'BITFIELD none GET',
    'BITFIELD none INCRBY u8 0',
    'BITFIELD none OVERFLOW',
    'BITFIELD none OVERFLOW saturate',
    'BITFIELD none FOO',
    'BITFIELD none SET u8 0 x',
    'BITFIELD none SET u8 x x',
    'BITFIELD none SET y8 x x',
    'BITFIELD none SET u8 0 9223372036854775808',
    'BITFIELD none SET u8 0 1 GET u99 0',
    'BITFIELD none GET U8 0',
    'BITFIELD none GET u 0',
    'BITFIELD none GET i 0',
    'BITFIELD none GET u0 0',
    'BITFIELD none GET u64 0',
    'BITFIELD none GET i65 0',
    'BITFIELD none GET i08 0',
    'BITFIELD none GET i-1 0',
    'BITFIELD none GET u8 -1',
    'BITFIELD none GET u8 #-1',
    'BITFIELD none GET u8 #',
    'BITFIELD none GET u8 #x',
    'BITFIELD none GET u8 ##1',
    'BITFIELD none GET u8 4294967296',
    'BITFIELD none GET u8 #536870912',
    `BITFIELD none GET u8 ${INT64_MAX}`,
    `BITFIELD none GET i63 #${INT64_MAX}`,
    'BITFIELD',
    'BITFIELD_RO',
    'BITFIELD_RO k SET u8 0 1',
    'BITFIELD_RO k SET u8 0 x',
    'BITFIELD_RO k GET u8 0 INCRBY u8 0 1',
    'BITFIELD_RO k FOO',
  ))
    await both.error(...command);
  await both.error('BITFIELD', 'none', 'GET', '', '0');
  await both.error('BITFIELD', 'none', 'GET', 'u8', '');
  await both('BITFIELD_RO', 'k', 'OVERFLOW', 'FAIL', 'GET', 'u8', '0');
  await both('BITFIELD', 'k', 'GET', 'u8', '#536870911');
  await both('BITFIELD', 'k', 'GET', 'u8', '#2305843009213693952');
  await both('EXISTS', 'none');
});
