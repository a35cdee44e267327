/** List commands against redis-server: replies, errors, and data, over listpack and quicklist. */
import { lockstep } from '../support/lockstep.ts';
import type { Both, Command } from '../support/lockstep.ts';

const both2and3 = { resp: 'both' } as const;

/** Numbers, short and long strings, so that every element encoding occurs. */
function element(i: number): string {
  if (i % 5 === 0) return String(i * 7919 - 4000);
  if (i % 17 === 0) return `${i}`.padEnd(300, 'x');
  return `element:${i}`;
}

async function fill(both: Both, key: string, count: number): Promise<void> {
  for (let i = 0; i < count; i += 100) {
    const part = Array.from({ length: Math.min(100, count - i) }, (_, k) => element(i + k));
    await both('RPUSH', key, ...part);
  }
}

lockstep('pushing and popping at both ends', both2and3, async (both) => {
  await both.all([
    ['LPUSH', 'l', 'a'],
    ['LPUSH', 'l', 'b', 'c', '12', ''],
    ['RPUSH', 'l', 'd', '-9223372036854775808', '9223372036854775808'],
    ['LRANGE', 'l', '0', '-1'],
    ['LLEN', 'l'],
    ['LPUSHX', 'l', 'x', 'y'],
    ['RPUSHX', 'l', 'z'],
    ['LPUSHX', 'none', 'x'],
    ['RPUSHX', 'none', 'x', 'y'],
    ['EXISTS', 'none'],
    ['LPOP', 'l'],
    ['RPOP', 'l'],
    ['LPOP', 'l', '2'],
    ['RPOP', 'l', '2'],
    ['LPOP', 'l', '0'],
    ['RPOP', 'l', '100'],
    ['EXISTS', 'l'],
    ['LPOP', 'l'],
    ['RPOP', 'l'],
    ['LPOP', 'l', '1'],
    ['RPOP', 'l', '0'],
    ['LLEN', 'l'],
    ['RPUSH', 'one', 'x'],
    ['LPOP', 'one'],
    ['EXISTS', 'one'],
  ]);
});

lockstep('errors of the list commands', both2and3, async (both) => {
  await both('SET', 's', 'text');
  await both('RPUSH', 'l', 'a', 'b');
  const wrongType: Command[] = [
    ['LPUSH', 's', 'a'],
    ['RPUSH', 's', 'a'],
    ['LPUSHX', 's', 'a'],
    ['RPUSHX', 's', 'a'],
    ['LPOP', 's'],
    ['LPOP', 's', '0'],
    ['RPOP', 's', '1'],
    ['LLEN', 's'],
    ['LINDEX', 's', '0'],
    ['LINDEX', 's', 'x'],
    ['LSET', 's', '0', 'a'],
    ['LRANGE', 's', '0', '1'],
    ['LTRIM', 's', '0', '1'],
    ['LREM', 's', '0', 'a'],
    ['LPOS', 's', 'a'],
    ['LINSERT', 's', 'BEFORE', 'a', 'b'],
    ['LMOVE', 's', 'l', 'LEFT', 'LEFT'],
    ['LMOVE', 'l', 's', 'LEFT', 'LEFT'],
    ['RPOPLPUSH', 's', 'l'],
    ['RPOPLPUSH', 'l', 's'],
    ['LMPOP', '1', 's', 'LEFT'],
    ['LMPOP', '2', 'none', 's', 'LEFT'],
  ];
  for (const command of wrongType) await both.error(...command);
  const bad: Command[] = [
    ['LPUSH', 'l'],
    ['LPOP'],
    ['LPOP', 'l', '-1'],
    ['LPOP', 'l', 'x'],
    ['LPOP', 'none', '-1'],
    ['LPOP', 'l', '1', '2'],
    ['RPOP', 'l', '9223372036854775808'],
    ['LLEN'],
    ['LINDEX', 'l', 'x'],
    ['LINDEX', 'l', '1.5'],
    ['LSET', 'none', '0', 'a'],
    ['LSET', 'none', 'x', 'a'],
    ['LSET', 'l', 'x', 'a'],
    ['LSET', 'l', '2', 'a'],
    ['LSET', 'l', '-3', 'a'],
    ['LRANGE', 'l', 'a', '1'],
    ['LRANGE', 'none', '1', 'a'],
    ['LTRIM', 'l', 'a', '1'],
    ['LTRIM', 'none', '1', ''],
    ['LREM', 'l', 'a', 'x'],
    ['LREM', 'none', 'a', 'x'],
    ['LINSERT', 'l', 'NEAR', 'a', 'b'],
    ['LINSERT', 'none', 'NEAR', 'a', 'b'],
    ['LINSERT', 'l', 'BEFORE', 'a'],
    ['LMOVE', 'l', 'm', 'UP', 'LEFT'],
    ['LMOVE', 'l', 'm', 'LEFT', 'UP'],
    ['LMOVE', 'none', 'm', 'LEFT', 'UP'],
    ['LMPOP', '0', 'l', 'LEFT'],
    ['LMPOP', '-1', 'l', 'LEFT'],
    ['LMPOP', 'x', 'l', 'LEFT'],
    ['LMPOP', '1', 'l', 'UP'],
    ['LMPOP', '1', 'l'],
    ['LMPOP', '2', 'l', 'LEFT'],
    ['LMPOP', '9223372036854775807', 'l', 'LEFT'],
    ['LMPOP', '1', 'l', 'LEFT', 'COUNT', '0'],
    ['LMPOP', '1', 'l', 'LEFT', 'COUNT', '-1'],
    ['LMPOP', '1', 'l', 'LEFT', 'COUNT', 'x'],
    ['LMPOP', '1', 'l', 'LEFT', 'COUNT'],
    ['LMPOP', '1', 'l', 'LEFT', 'FOO', '1'],
    ['LMPOP', '1', 'l', 'LEFT', 'COUNT', '1', 'COUNT', '1'],
    ['LPOS', 'l', 'a', 'RANK', '0'],
    ['LPOS', 'l', 'a', 'RANK', 'x'],
    ['LPOS', 'l', 'a', 'RANK'],
    ['LPOS', 'l', 'a', 'COUNT', '-1'],
    ['LPOS', 'l', 'a', 'COUNT', 'x'],
    ['LPOS', 'l', 'a', 'MAXLEN', '-1'],
    ['LPOS', 'l', 'a', 'MAXLEN', 'x'],
    ['LPOS', 'none', 'a', 'FOO', '1'],
  ];
  for (const command of bad) await both.error(...command);
});

for (const [kind, count] of [
  ['a listpack', 40],
  ['a quicklist', 3000],
] as const) {
  lockstep(`ranges and indexes of ${kind}`, async (both) => {
    await fill(both, 'l', count);
    const places = [0, 1, -1, -2, 5, -5, count - 1, count, -count, -count - 1, count >> 1, '9223372036854775807'];
    for (const at of places) await both('LINDEX', 'l', at);
    await both('LINDEX', 'l', '-9223372036854775808');
    await both('LINDEX', 'none', 'x');
    for (const from of places) for (const to of places) await both('LRANGE', 'l', from, to);
    await both('LRANGE', 'l', '-9223372036854775808', '9223372036854775807');
    await both('LRANGE', 'none', '0', '-1');
  });

  lockstep(`LSET, LINSERT, LREM and LTRIM in ${kind}`, async (both) => {
    await fill(both, 'l', count);
    const whole: Command = ['LRANGE', 'l', '0', '-1'];
    for (const at of [0, -1, count >> 1, 7, -7]) {
      await both('LSET', 'l', at, `set ${at}`);
      await both('LSET', 'l', at, at);
      await both('LSET', 'l', at, 'y'.repeat(5000));
    }
    await both(...whole);
    for (const pivot of [element(0), element(9), element(count - 1), 'no such element', '7']) {
      await both('LINSERT', 'l', 'BEFORE', pivot, 'before');
      await both('linsert', 'l', 'after', pivot, 'z'.repeat(200));
    }
    await both('LINSERT', 'none', 'BEFORE', 'a', 'b');
    await both(...whole);
    for (let i = 0; i < 10; i++) await both('LINSERT', 'l', 'AFTER', element(19), 'same');
    await both('LREM', 'l', '2', 'same');
    await both('LREM', 'l', '-3', 'same');
    await both(...whole);
    await both('LREM', 'l', '0', 'same');
    await both('LREM', 'l', '0', 'no such element');
    await both('LREM', 'none', '0', 'x');
    await both('LREM', 'l', '-9223372036854775808', 'before');
    await both(...whole);
    await both('LTRIM', 'l', '3', '-3');
    await both(...whole);
    await both('LTRIM', 'l', '0', '-1');
    await both('LTRIM', 'l', '-20', '100000');
    await both(...whole);
    await both('LTRIM', 'l', '5', '4');
    await both('EXISTS', 'l');
    await both('LTRIM', 'none', '0', '1');
    await fill(both, 'm', count);
    await both('LTRIM', 'm', count, '-1');
    await both('EXISTS', 'm');
    await both('RPUSH', 'same', ...Array.from({ length: count }, () => 'x'));
    await both('LREM', 'same', '0', 'x');
    await both('EXISTS', 'same');
  });

  lockstep(`LPOS in ${kind}`, both2and3, async (both) => {
    await fill(both, 'l', count);
    await both('RPUSH', 'l', 'a', 'b', 'a', 'c', 'a', '1', '1');
    await both('LPUSH', 'l', 'a', '1', 'a');
    const wanted = ['a', '1', 'b', element(3), 'none', '01'];
    for (const value of wanted) {
      await both('LPOS', 'l', value);
      for (const rank of ['1', '2', '-1', '-2', '3', '-9', '9223372036854775807', '-9223372036854775807']) {
        await both('LPOS', 'l', value, 'RANK', rank);
        for (const n of ['0', '1', '2', '100']) {
          await both('LPOS', 'l', value, 'RANK', rank, 'COUNT', n);
          await both('LPOS', 'l', value, 'COUNT', n, 'MAXLEN', '4', 'RANK', rank);
        }
      }
      await both('LPOS', 'l', value, 'MAXLEN', '0');
      await both('LPOS', 'l', value, 'MAXLEN', '1');
      await both('LPOS', 'l', value, 'MAXLEN', '9223372036854775807');
    }
    await both('LPOS', 'none', 'a');
    await both('LPOS', 'none', 'a', 'COUNT', '1');
  });
}

lockstep('LMOVE and RPOPLPUSH between lists and within one', both2and3, async (both) => {
  for (const from of ['LEFT', 'RIGHT'])
    for (const to of ['left', 'right']) {
      await both('RPUSH', 'src', 'a', '2', 'c');
      await both('LMOVE', 'src', 'dst', from, to);
      await both('LMOVE', 'src', 'src', from, to);
      await both('LRANGE', 'src', '0', '-1');
      await both('LMOVE', 'src', 'dst', from, to);
      await both('LMOVE', 'src', 'src', from, to);
      await both('LRANGE', 'src', '0', '-1');
      await both('LMOVE', 'src', 'dst', from, to);
      await both('EXISTS', 'src');
      await both('LMOVE', 'src', 'dst', from, to);
      await both('LRANGE', 'dst', '0', '-1');
    }
  await both('RPOPLPUSH', 'dst', 'other');
  await both('RPOPLPUSH', 'dst', 'dst');
  await both('RPOPLPUSH', 'none', 'other');
  await both('RPOPLPUSH', 'none', 'none');
  await both('LRANGE', 'dst', '0', '-1');
  await both('LRANGE', 'other', '0', '-1');
  await fill(both, 'big', 1500);
  for (let i = 0; i < 700; i++) {
    await both('LMOVE', 'big', 'big2', i % 3 === 0 ? 'LEFT' : 'RIGHT', i % 2 === 0 ? 'LEFT' : 'RIGHT');
    if (i % 50 === 0) await both('LMOVE', 'big', 'big', 'LEFT', 'RIGHT');
  }
  await both('LRANGE', 'big', '0', '-1');
  await both('LRANGE', 'big2', '0', '-1');
});

lockstep('LMPOP takes from the first list that has elements', both2and3, async (both) => {
  await both.all([
    ['RPUSH', 'l', 'a', 'b', 'c', '4'],
    ['LMPOP', '1', 'none', 'LEFT'],
    ['LMPOP', '3', 'none', 'l', 'm', 'LEFT'],
    ['LMPOP', '2', 'none', 'l', 'RIGHT', 'COUNT', '2'],
    ['LMPOP', '1', 'l', 'right', 'count', '9223372036854775807'],
    ['EXISTS', 'l'],
    ['LMPOP', '1', 'l', 'LEFT', 'COUNT', '10'],
  ]);
});

lockstep('elements larger than a node', async (both) => {
  const big = (i: number): string => String.fromCharCode(97 + i).repeat(9000 + i * 70_000);
  await both('RPUSH', 'l', big(0), 'small', big(1));
  await both('LPUSH', 'l', big(2), 'tiny');
  await both('LINSERT', 'l', 'AFTER', 'small', big(3));
  await both('LINSERT', 'l', 'BEFORE', big(1), 'x');
  await both('LRANGE', 'l', '0', '-1');
  await both('LPOS', 'l', big(3));
  await both('LSET', 'l', '2', 'no longer big');
  await both('LSET', 'l', '0', big(4));
  await both('LMOVE', 'l', 'm', 'LEFT', 'LEFT');
  await both('LMOVE', 'm', 'm', 'LEFT', 'RIGHT');
  await both('LRANGE', 'l', '0', '-1');
  await both('LREM', 'l', '0', big(3));
  await both('RPOP', 'l', '2');
  await both('LPOP', 'l');
  await both('LRANGE', 'l', '0', '-1');
  await both('LPOP', 'm');
});

lockstep('other node sizes', async (both) => {
  for (const size of ['-1', '-5', '3', '1', '128']) {
    await both('CONFIG', 'SET', 'list-max-listpack-size', size);
    await fill(both, 'l', 400);
    for (let i = 0; i < 40; i++) await both('LINSERT', 'l', 'AFTER', element(33), `inserted ${i}`);
    await both('LREM', 'l', '0', element(101));
    await both('LTRIM', 'l', '3', '-30');
    await both('LRANGE', 'l', '0', '-1');
    for (let i = 0; i < 100; i++) await both(i % 2 === 0 ? 'LPOP' : 'RPOP', 'l');
    await both('LRANGE', 'l', '0', '-1');
    await both('DEL', 'l');
  }
  await both('CONFIG', 'SET', 'list-max-listpack-size', '-2');
});
