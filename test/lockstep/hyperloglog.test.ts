/** HyperLogLogs against redis-server: the same bytes after the same commands, the same estimates, the same errors. */
import { lockstep } from '../support/lockstep.ts';
import type { Both, Command } from '../support/lockstep.ts';
import { seededRandom } from '../support/store.ts';

const both2and3 = { resp: 'both' } as const;
const commands = (...lines: string[]): Command[] => lines.map((line) => line.split(' '));

const elements = (from: number, to: number, prefix = 'element:'): string[] =>
  Array.from({ length: to - from }, (_, i) => `${prefix}${from + i}`);

/** A value from its form, cached cardinality and body. */
function hll(form: number, body: Uint8Array, cardinality: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0x80]): Buffer {
  return Buffer.concat([Buffer.from('HYLL'), Buffer.from([form, 0, 0, 0, ...cardinality]), body]);
}

async function same(both: Both, key: string): Promise<void> {
  await both('GET', key);
  await both('PFDEBUG', 'ENCODING', key);
  await both('PFCOUNT', key);
  await both('GET', key);
}

lockstep('PFADD and PFCOUNT', both2and3, async (both) => {
  await both.all(
    commands(
      'PFADD h',
      'GET h',
      'PFADD h',
      'OBJECT ENCODING h',
      'STRLEN h',
      'PFCOUNT h',
      'GET h',
      'PFADD h a b c',
      'PFADD h a b c',
      'GET h',
      'PFCOUNT h',
      'PFCOUNT h',
      'GET h',
      'PFADD h',
      'PFCOUNT none',
      'PFCOUNT none other',
      'PFADD g b c d e',
      'PFCOUNT h g none',
      'PFCOUNT h h',
      'GET g',
      'SET e x EX 1000',
      'DEL e',
      'PFADD e x',
      'EXPIRE e 1000',
      'PFADD e y',
    ),
  );
  await both.close(2, 'TTL', 'e');
  await both('PFADD', 'h', '');
  await both('PFADD', 'h', Buffer.from([0, 255, 13, 10]));
  await same(both, 'h');
});

lockstep('elements of every length hash alike', async (both) => {
  const random = seededRandom(11);
  for (let length = 0; length < 70; length++) {
    const bytes = Buffer.alloc(length);
    for (let i = 0; i < length; i++) bytes[i] = random.uint32() >>> 24;
    await both('PFADD', 'h', bytes);
    await both('PFADD', 'single', bytes);
    await both('GET', 'single');
    await both('DEL', 'single');
  }
  await both('PFADD', 'h', Buffer.alloc(100_000, 'abcdefg'));
  await same(both, 'h');
});

lockstep('a growing HyperLogLog keeps the same bytes, sparse and dense', { timeoutMs: 120_000 }, async (both) => {
  for (const limit of ['3000', '0', '100', '16000']) {
    await both('CONFIG', 'SET', 'hll-sparse-max-bytes', limit);
    let next = 0;
    for (const step of [1, 1, 1, 2, 5, 10, 20, 60, 100, 200, 300, 300, 500, 500, 1000, 2000, 5000, 10_000, 30_000]) {
      await both('PFADD', 'h', ...elements(next, (next += step)));
      await same(both, 'h');
    }
    await both('PFDEBUG', 'GETREG', 'h');
    await both('DEL', 'h');
  }
  await both('CONFIG', 'SET', 'hll-sparse-max-bytes', '3000');
  for (let i = 0; i < 1500; i++) {
    await both('PFADD', 'one', `e${i}`);
    if (i % 10 === 0) await both('GET', 'one');
  }
});

lockstep('PFMERGE', { resp: 'both', timeoutMs: 120_000 }, async (both) => {
  await both('PFMERGE', 'empty');
  await same(both, 'empty');
  await both('PFADD', 'a', ...elements(0, 300));
  await both('PFADD', 'b', ...elements(200, 500));
  await both('PFADD', 'c', ...elements(0, 5000, 'x'));
  for (const [i, sources] of [['a'], ['a', 'b'], ['b', 'none', 'a'], ['c'], ['a', 'c'], ['none']].entries()) {
    await both('PFMERGE', `d${i}`, ...sources);
    await same(both, `d${i}`);
    await both('PFCOUNT', ...sources, `d${i}`);
  }
  await both('PFMERGE', 'a', 'b');
  await same(both, 'a');
  await both('EXPIRE', 'a', '1000');
  await both('PFMERGE', 'a', 'c');
  await same(both, 'a');
  await both.close(2, 'TTL', 'a');
  await both('PFMERGE', 'c', 'b');
  await same(both, 'c');
  await both('PFMERGE', 'c');
  await both('GET', 'c');
  // Small ones together are too large for the sparse form.
  for (let i = 0; i < 10; i++) await both('PFADD', `s${i}`, ...elements(i * 300, i * 300 + 300, 's'));
  await both('PFMERGE', 'large', ...elements(0, 10, 's'));
  await same(both, 'large');
});

lockstep('PFDEBUG and PFSELFTEST', both2and3, async (both) => {
  await both('PFADD', 'h', ...elements(0, 200));
  await both.all(
    commands(
      'PFDEBUG ENCODING h',
      'PFDEBUG decode h',
      'PFDEBUG TODENSE h',
      'PFDEBUG TODENSE h',
      'GET h',
      'PFDEBUG GetReg h',
      'PFCOUNT h',
      'PFDEBUG TODENSE h',
      'PFSELFTEST',
    ),
  );
  await both('PFADD', 'g', 'x', 'y');
  await both('PFDEBUG', 'GETREG', 'g');
  await both('GET', 'g');
  await both('PFADD', 'empty');
  await both('PFDEBUG', 'DECODE', 'empty');
  await both('SET', 's', 'x');
  await both('LPUSH', 'l', 'x');
  for (const command of commands(
    'PFDEBUG DECODE h',
    'PFDEBUG foo h',
    'PFDEBUG foo none',
    'PFDEBUG GETREG none',
    'PFDEBUG GETREG s',
    'PFDEBUG foo s',
    'PFDEBUG foo l',
    'PFDEBUG GETREG',
    'PFDEBUG GETREG h x',
    'PFSELFTEST x',
  ))
    await both.error(...command);
});

lockstep('what is no HyperLogLog', both2and3, async (both) => {
  await both('PFADD', 'good', 'a');
  await both('LPUSH', 'list', 'x');
  await both('SET', 'int', '12345');
  await both('SET', 'short', 'HYLL');
  await both('SET', 'empty', '');
  await both('SET', 'magic', Buffer.concat([Buffer.from('HYLX'), Buffer.alloc(14)]));
  await both('SET', 'form', hll(2, Buffer.from([0x7f, 0xff])));
  await both('SET', 'short-dense', hll(0, Buffer.alloc(12287)));
  await both('SET', 'long-dense', hll(0, Buffer.alloc(12289)));
  for (const key of ['list', 'int', 'short', 'empty', 'magic', 'form', 'short-dense', 'long-dense']) {
    for (const command of [
      ['PFADD', key],
      ['PFADD', key, 'a'],
      ['PFCOUNT', key],
      ['PFCOUNT', 'good', key],
      ['PFMERGE', key, 'good'],
      ['PFMERGE', 'good', key],
      ['PFMERGE', 'none', 'good', key],
      ['PFDEBUG', 'ENCODING', key],
    ])
      await both.error(...command);
  }
  for (const command of commands('PFADD', 'PFCOUNT', 'PFMERGE')) await both.error(...command);
  await both('EXISTS', 'none');
});

lockstep('sparse values that are nonsense, and headers that are odd', both2and3, async (both) => {
  const bodies: { readonly [name: string]: readonly number[] } = {
    nothing: [],
    'too few': [0x7f, 0xfe],
    'one more': [0x7f, 0xff, 0x00],
    'a rank more': [0x7f, 0xff, 0x84],
    'rank run over the end': [0x7f, 0xfd, 0x87],
  };
  for (const [name, body] of Object.entries(bodies)) {
    for (const command of [
      ['PFCOUNT', 'bad'],
      ['PFCOUNT', 'bad', 'good'],
      ['PFMERGE', 'none', 'bad'],
      ['PFMERGE', 'bad', 'good'],
      ['PFDEBUG', 'TODENSE', 'bad'],
      ['PFDEBUG', 'GETREG', 'bad'],
    ]) {
      await both('PFADD', 'good', name);
      await both('SET', 'bad', hll(1, Buffer.from(body)));
      await both(...command);
      await both('EXISTS', 'none');
      await both('GET', 'bad');
    }
  }
  await both('SET', 'bad', hll(1, Buffer.from(bodies['nothing']!)));
  await both.error('PFADD', 'bad', 'a');
  for (const cardinality of [
    [5, 0, 0, 0, 0, 0, 0, 0],
    [255, 255, 255, 255, 255, 255, 31, 0],
    [255, 255, 255, 255, 255, 255, 255, 127],
    [1, 2, 3, 4, 5, 6, 7, 8],
    [1, 2, 3, 4, 5, 6, 7, 200],
  ]) {
    await both('SET', 'cached', hll(1, Buffer.from([0x7f, 0xff]), cardinality));
    await both('PFCOUNT', 'cached');
    await both('PFCOUNT', 'cached', 'cached');
    await both('GET', 'cached');
  }
  // Runs that are valid, but not such as Redis writes.
  await both('SET', 'odd', hll(1, Buffer.from([...new Array<number>(4096).fill(0x83)])));
  await both('PFCOUNT', 'odd');
  await both('PFADD', 'odd', ...elements(0, 50));
  await same(both, 'odd');
  await both('SET', 'odd', hll(1, Buffer.from([0x40, 0x00, 0x7f, 0xfe])));
  await both('PFADD', 'odd', ...elements(0, 50));
  await same(both, 'odd');
  for (const byte of [0xff, 0x00, 0x55, 0xaa, 0xcf, 0x33, 0x04]) {
    await both('SET', 'dense', hll(0, Buffer.alloc(12288, byte)));
    await both('PFCOUNT', 'dense');
    await both('PFCOUNT', 'dense', 'good');
    await both('PFADD', 'dense', ...elements(0, 100));
    await same(both, 'dense');
    await both('PFMERGE', 'dense', 'good');
    await same(both, 'dense');
  }
});
