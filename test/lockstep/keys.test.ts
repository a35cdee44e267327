/** Commands on keys and databases against redis-server. */
import assert from 'node:assert/strict';
import { lockstep } from '../support/lockstep.ts';
import type { Both, Command } from '../support/lockstep.ts';

const both2and3 = { resp: 'both' } as const;
/** Splits at spaces; "" stands for the empty argument. */
const commands = (...lines: string[]): Command[] =>
  lines.map((line) => line.split(' ').map((word) => (word === '""' ? '' : word)));

/** A key of every type, small and big. Small lists are listpacks since Redis 7.2, quicklists in the 7.0 we compare with. */
async function everyKind(both: Both): Promise<string[]> {
  const members = (count: number): string[] => Array.from({ length: count }, (_, i) => `member:${i}`);
  await both.all([
    ['SET', 'string', 'value'],
    ['SET', 'int', '12345'],
    ['SET', 'raw', 'x'.repeat(100)],
    ['HSET', 'hash', 'f', 'v', 'g', '7'],
    ['HSET', 'hash:big', ...members(300)],
    ['SADD', 'set:int', '1', '2', '300000'],
    ['SADD', 'set:big', ...members(300)],
    ['ZADD', 'zset', '1', 'a', '2.5', 'b'],
    ['ZADD', 'zset:big', ...members(300).flatMap((member, i) => [String(i * 1.5), member])],
    ['RPUSH', 'list', 'a', 'b', '3'],
    ['RPUSH', 'list:big', ...members(3000), 'y'.repeat(20_000), 'z'],
  ]);
  return ['string', 'int', 'raw', 'hash', 'hash:big', 'set:int', 'set:big', 'zset', 'zset:big', 'list', 'list:big'];
}

lockstep('DEL, UNLINK, EXISTS, TOUCH, TYPE', both2and3, async (both) => {
  const keys = await everyKind(both);
  await both('EXISTS', ...keys, 'none', 'int');
  await both('TOUCH', ...keys, 'none', 'int');
  for (const key of [...keys, 'none']) await both('TYPE', key);
  await both('DBSIZE');
  await both('DEL', 'none', 'string', 'hash:big', 'string', 'list:big');
  await both('UNLINK', 'set:big', 'zset:big', 'zset:big', 'none', 'int');
  await both('EXISTS', ...keys);
  await both('DBSIZE');
  await both.all(commands('DEL', 'UNLINK', 'EXISTS', 'TOUCH', 'TYPE', 'TYPE a b', 'DBSIZE x'));
});

lockstep('KEYS', both2and3, async (both) => {
  await both('KEYS', '*');
  await both('MSET', 'one', 1, 'two', 2, 'three', 3, '', 4, 'a*b', 5, 'a?b', 6, '[x]', 7, 'key:1', 8, 'key:12', 9);
  for (const pattern of [
    '*',
    'one',
    'o*',
    '*e',
    '*e*',
    't[wh]*',
    't[^w]*',
    'key:?',
    'key:[0-9]*',
    'a\\*b',
    'a\\?b',
    '\\[x]',
    '',
    '?',
    '[',
    'a[',
    '**',
    '*o*',
    '[z-a]*',
    'none*',
  ])
    await both.unordered('KEYS', pattern);
  await both.all(commands('KEYS', 'KEYS a b'));
  await both('SET', 'gone', 'x', 'PXAT', 1);
  await both.unordered('KEYS', '*');
});

/** All keys that a scan returns, from each server by its own cursors. */
async function scanned(both: Both, ...options: string[]): Promise<string[][]> {
  return Promise.all(
    [both.redis, both.headwater].map(async (client) => {
      const keys: string[] = [];
      let cursor = '0';
      do {
        const [next, part] = (await client.ok('SCAN', cursor, ...options)) as [string, string[]];
        assert.match(next, /^\d+$/);
        keys.push(...part);
        cursor = next;
      } while (cursor !== '0');
      return [...new Set(keys)].toSorted();
    }),
  );
}

lockstep('SCAN returns the same keys under every option', both2and3, async (both) => {
  const fill: Command[] = [];
  for (let i = 0; i < 1200; i++) fill.push(['SET', `key:${i}`, i]);
  await both.pipeline(fill);
  await everyKind(both);
  for (const options of [
    [],
    ['COUNT', '1'],
    ['COUNT', '5000'],
    ['MATCH', 'key:1*'],
    ['MATCH', '*7', 'COUNT', '100'],
    ['TYPE', 'hash'],
    ['TYPE', 'ZSET', 'COUNT', '33'],
    ['TYPE', 'string', 'MATCH', '*9'],
    ['MATCH', 'none'],
    ['TYPE', 'stream'],
    ['TYPE', 'nonsense'],
    ['MATCH', 'a', 'MATCH', '*5'],
  ]) {
    const [redis, headwater] = await scanned(both, ...options);
    assert.deepEqual(headwater, redis, options.join(' '));
  }
  await both.pipeline(fill.slice(0, 1150).map(([, key]) => ['DEL', key!]));
  const [redis, headwater] = await scanned(both);
  assert.deepEqual(headwater, redis);
});

lockstep('SCAN: small databases, cursors and errors', both2and3, async (both) => {
  await both('SCAN', 0);
  await both('SET', 'only', 1);
  await both.all(
    commands('SCAN 0', 'SCAN 00', 'SCAN ""', 'SCAN +0', 'SCAN -0', 'scan 0 match on* count 10 type string'),
  );
  await both.all(
    commands(
      'SCAN',
      'SCAN abc',
      'SCAN 1x',
      'SCAN 1.0',
      'SCAN -',
      'SCAN 18446744073709551616',
      'SCAN 0 COUNT',
      'SCAN 0 COUNT 0',
      'SCAN 0 COUNT -1',
      'SCAN 0 COUNT abc',
      'SCAN 0 MATCH',
      'SCAN 0 TYPE',
      'SCAN 0 BAD x',
      'SCAN 0 MATCH a b',
      'SCAN abc BAD',
    ),
  );
  // Which keys a cursor of nobody's finds depends on the hash seeds.
  for (const server of [both.redis, both.headwater])
    assert.equal(((await server.ok('SCAN', '18446744073709551615')) as unknown[]).length, 2);
  await both('SET', 'gone', 'x', 'PXAT', 1);
  await both('SCAN', 0, 'COUNT', 100);
});

lockstep('RANDOMKEY', both2and3, async (both) => {
  await both('RANDOMKEY');
  await both('SET', 'only', 1);
  await both('RANDOMKEY');
  await both('SET', 'gone', 'x', 'PXAT', 1);
  await both('RANDOMKEY');
  await both('EXISTS', 'gone');
  await both('RANDOMKEY', 'x');
});

lockstep('RENAME and RENAMENX', both2and3, async (both) => {
  const keys = await everyKind(both);
  for (const key of keys) {
    await both('RENAME', key, `${key}:moved-to-a-longer-name`);
    await both('TYPE', `${key}:moved-to-a-longer-name`);
    if (key !== 'list') await both('OBJECT', 'ENCODING', `${key}:moved-to-a-longer-name`);
    await both('RENAMENX', `${key}:moved-to-a-longer-name`, key);
  }
  await both.digests();
  await both.all(
    commands(
      'RENAME none x',
      'RENAME none none',
      'RENAMENX none x',
      'RENAME string string',
      'RENAMENX string string',
      'RENAMENX string int',
      'RENAME string hash:big',
      'TYPE hash:big',
      'GET hash:big',
      'EXISTS string',
      'SET t v EX 1000',
      'RENAME t u',
      'SET plain 1',
      'RENAME plain u',
      'TTL u',
      'SET t v EX 1000',
      'RENAME t u',
      'RENAME a',
      'RENAMENX a b c',
    ),
  );
  await both.close(2, 'TTL', 'u');
});

lockstep('long strings under another key, in another database, and with another expiry', async (both) => {
  const inspect = async (key: string): Promise<void> => {
    await both('STRLEN', key);
    await both('OBJECT', 'ENCODING', key);
    await both('GETRANGE', key, 4090, 4100);
    await both('GET', key);
    await both('BITCOUNT', key, 3, -3);
    await both('BITPOS', key, 0, 5);
    await both('GETBIT', key, 33_000);
    await both('PEXPIRETIME', key);
    await both('DEBUG', 'DIGEST-VALUE', key);
  };
  for (const length of [4095, 4096, 4097, 12_000, 2_000_000]) {
    const value = 'ab c\xff'.repeat(length).slice(0, length);
    await both('SET', 'first', value);
    await both('RENAME', 'first', 'second');
    await inspect('second');
    await both('SETRANGE', 'second', 100, 'changed');
    await both('SETBIT', 'second', 33_000, 1);
    await both('BITFIELD', 'second', 'INCRBY', 'u16', 40, 1000);
    await both('PEXPIREAT', 'second', 32_503_680_000_000);
    await both('MOVE', 'second', 3);
    await both('EXISTS', 'second');
    await both('SELECT', 3);
    await inspect('second');
    await both('APPEND', 'second', 'x'.repeat(length));
    await both('PERSIST', 'second');
    await inspect('second');
    await both('COPY', 'second', 'copy', 'DB', 4);
    await both('COPY', 'second', 'third');
    await both('BITOP', 'XOR', 'fourth', 'second', 'third', 'third');
    await both('LCS', 'second', 'none');
    await both('SETRANGE', 'third', 3 * length, 'end');
    await both('INCR', 'second');
    await both('GETEX', 'second', 'PXAT', 32_503_680_000_000);
    await both('RENAMENX', 'second', 'third');
    await both('RENAME', 'second', 'third');
    await inspect('third');
    await both('SET', 'third', value, 'KEEPTTL');
    await both('GETEX', 'third', 'PERSIST');
    await both('RENAME', 'third', 'fifth');
    await both('SET', 'fifth', 'short', 'GET');
    await both('RENAME', 'fourth', 'sixth');
    await both('DEBUG', 'RELOAD');
    await inspect('sixth');
    await both('GETDEL', 'sixth');
    await both('SELECT', 4);
    await inspect('copy');
    await both('DEL', 'copy');
    await both('SELECT', 0);
    await both('DBSIZE');
  }
  // A HyperLogLog is a string, too.
  await both('PFADD', 'h', ...Array.from({ length: 5000 }, (_, i) => `element ${i}`));
  await both('RENAME', 'h', 'hll');
  await both('PFADD', 'hll', 'x', 'y', 'z');
  await both('PFCOUNT', 'hll');
  await both('PFMERGE', 'hll', 'none');
  await both('STRLEN', 'hll');
});

lockstep('COPY', both2and3, async (both) => {
  const keys = await everyKind(both);
  for (const key of keys) {
    await both('COPY', key, `${key}:copy`);
    if (key !== 'list') await both('OBJECT', 'ENCODING', `${key}:copy`);
    await both('COPY', key, `${key}:copy`);
    await both('COPY', key, key, 'DB', '3');
  }
  await both.digests();
  await both.all(
    commands('APPEND raw more', 'HSET hash f other', 'SADD set:big more', 'ZADD zset 9 b', 'RPUSH list:big more'),
  );
  await both('ZRANGE', 'zset:big:copy', 0, -1, 'WITHSCORES');
  await both('LRANGE', 'list:big:copy', 0, -1);
  await both.digests();
  await both.all(
    commands(
      'COPY none x',
      'COPY string int:copy REPLACE',
      'GET int:copy',
      'COPY zset:big hash REPLACE',
      'TYPE hash',
      'COPY string string',
      'COPY string string REPLACE',
      'COPY string string DB 0',
      'COPY string string DB 5 REPLACE',
      'COPY string string DB 5',
      'COPY string x DB',
      'COPY string x DB abc',
      'COPY string x DB 16',
      'COPY string x DB -1',
      'COPY string x DB 99999999999',
      'COPY string x BAD',
      'COPY none none',
      'COPY a',
      'SET t v PXAT 99999999999999',
      'COPY t t2',
      'PEXPIRETIME t2',
      'SADD t3 a b',
      'PEXPIREAT t3 99999999999999',
      'COPY t3 t4',
      'PEXPIRETIME t4',
      'OBJECT ENCODING raw',
      'APPEND short x',
      'COPY short short2',
      'OBJECT ENCODING short2',
    ),
  );
});

lockstep('MOVE', both2and3, async (both) => {
  const keys = await everyKind(both);
  for (const key of keys) await both('MOVE', key, 2);
  await both('DBSIZE');
  await both('SELECT', 2);
  for (const key of keys) await both('TYPE', key);
  await both('SET', 'ttl', 'v', 'PXAT', '99999999999999');
  await both.all(
    commands('MOVE ttl 0', 'SET string again', 'SELECT 0', 'PEXPIRETIME ttl', 'SET string other', 'MOVE string 2'),
  );
  await both.all(
    commands(
      'MOVE none 1',
      'MOVE string 0',
      'MOVE none 0',
      'MOVE string abc',
      'MOVE string 16',
      'MOVE string -1',
      'MOVE string 99999999999',
      'MOVE string 9223372036854775808',
      'MOVE string',
    ),
  );
});

lockstep('SWAPDB', both2and3, async (both) => {
  await both.all(
    commands(
      'SET k zero',
      'SET t v PXAT 99999999999999',
      'SELECT 1',
      'SET k one',
      'SWAPDB 0 1',
      'GET k',
      'PEXPIRETIME t',
      'SELECT 0',
      'GET k',
      'DBSIZE',
      'SWAPDB 3 3',
      'SWAPDB a 1',
      'SWAPDB 1 b',
      'SWAPDB a b',
      'SWAPDB 0 16',
      'SWAPDB 16 0',
      'SWAPDB -1 0',
      'SWAPDB 99999999999 1',
      'SWAPDB 16 b',
      'SWAPDB 0',
    ),
  );
});

lockstep('FLUSHDB and FLUSHALL', both2and3, async (both) => {
  for (const flush of ['FLUSHDB', 'FLUSHDB ASYNC', 'FLUSHDB sync', 'FLUSHALL', 'FLUSHALL async', 'FLUSHALL SYNC']) {
    await everyKind(both);
    await both.all(
      commands('SELECT 1', 'SET other v', 'SELECT 0', ...[flush], 'DBSIZE', 'SELECT 1', 'DBSIZE', 'SELECT 0'),
    );
    await both.all(commands('SET k v', 'GET k', 'KEYS *'));
  }
  await both.all(commands('FLUSHDB BAD', 'FLUSHDB ASYNC SYNC', 'FLUSHALL BAD', 'FLUSHALL SYNC x', 'GET k'));
});

lockstep('OBJECT', both2and3, async (both) => {
  const keys = await everyKind(both);
  for (const key of [...keys, 'none']) {
    if (key !== 'list') await both('OBJECT', 'ENCODING', key);
    await both('OBJECT', 'REFCOUNT', key);
    // Seconds of two clocks.
    if (key === 'none') await both('OBJECT', 'IDLETIME', key);
    else await both.close(1, 'OBJECT', 'IDLETIME', key);
  }
  await both.all(
    commands(
      'OBJECT FREQ string',
      'OBJECT FREQ none',
      'SET shared 9999',
      'OBJECT REFCOUNT shared',
      'SET shared 10000',
      'OBJECT REFCOUNT shared',
      'SET shared -1',
      'OBJECT REFCOUNT shared',
      'object encoding string',
      'OBJECT',
      'OBJECT ENCODING',
      'OBJECT ENCODING a b',
      'OBJECT BAD',
      'OBJECT BAD x',
      'OBJECT HELP x',
    ),
  );
  await both.shape('OBJECT', 'HELP');
});

lockstep('a big keyspace grows, is renamed through, and shrinks', async (both) => {
  const fill: Command[] = [];
  for (let i = 0; i < 20_000; i++) fill.push(['SET', `key:${i}`, `value:${i}`]);
  await both.pipeline(fill);
  await both('DBSIZE');
  await both.pipeline(Array.from({ length: 10_000 }, (_, i) => ['RENAME', `key:${i}`, `other:${i}`]));
  await both.digests();
  await both.pipeline(Array.from({ length: 9_900 }, (_, i) => ['DEL', `other:${i}`, `key:${i + 10_000}`]));
  await both('DBSIZE');
  await both.unordered('KEYS', '*');
});
