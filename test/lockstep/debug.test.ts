/** DEBUG against redis-server: digests above all, as everything else is compared by them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHeadwater } from '../support/headwater-server.ts';
import { lockstep } from '../support/lockstep.ts';
import type { Both } from '../support/lockstep.ts';
import { connectRaw } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';

async function digestsOf(both: Both, ...keys: readonly string[]): Promise<void> {
  await both('DEBUG', 'DIGEST-VALUE', ...keys);
  await both('DEBUG', 'DIGEST');
}

lockstep('the digest of nothing is zeros, of a missing key too', { resp: 'both' }, async (both) => {
  await both('DEBUG', 'DIGEST');
  await both('DEBUG', 'DIGEST-VALUE', 'missing');
  await both('DEBUG', 'DIGEST-VALUE');
  await both.error('DEBUG', 'DIGEST', 'x');
});

lockstep('strings have the digest of their bytes', async (both) => {
  const values = ['', 'a', '0', '-1', '12345678901', '9223372036854775807', 'x'.repeat(44), 'x'.repeat(55)];
  values.push('x'.repeat(56), 'x'.repeat(63), 'x'.repeat(64), 'x'.repeat(119), 'x'.repeat(120), 'x'.repeat(5000));
  for (const [i, value] of values.entries()) await both('SET', `s${i}`, value);
  await both('SET', 'binary', Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
  await both('SET', 'big', Buffer.alloc(10 * 1024 * 1024, 'ab'));
  await digestsOf(both, ...values.map((_, i) => `s${i}`), 'binary', 'big');
});

lockstep('lists, in both encodings', async (both) => {
  await both('RPUSH', 'small', 'a', '1', '-70000', '');
  await both('RPUSH', 'other', '1', 'a', '-70000', '');
  for (let i = 0; i < 5; i++)
    await both('RPUSH', 'large', ...Array.from({ length: 500 }, (_, j) => `element ${i} ${j}`));
  await both('RPUSH', 'plain', 'x'.repeat(100_000), 'y');
  await digestsOf(both, 'small', 'other', 'large', 'plain');
});

lockstep('sets, in all encodings', async (both) => {
  await both('SADD', 'ints', '3', '1', '-5', '70000', '9007199254740993');
  await both('SADD', 'small', 'a', '1', 'b');
  await both('SADD', 'large', ...Array.from({ length: 1000 }, (_, j) => `member ${j}`));
  await digestsOf(both, 'ints', 'small', 'large');
});

lockstep('hashes, in both encodings', async (both) => {
  await both('HSET', 'small', 'a', '1', '2', 'b', '', '');
  await both('HSET', 'large', ...Array.from({ length: 1000 }, (_, j) => `f${j}`));
  await both('HSET', 'wide', 'f', 'x'.repeat(2000));
  await digestsOf(both, 'small', 'large', 'wide');
});

lockstep('sorted sets, with every kind of score', async (both) => {
  const scores = [
    '0',
    '-0',
    '1',
    '-1',
    '0.1',
    '1e300',
    '-1e-300',
    'inf',
    '-inf',
    '3.1415926535897931',
    '1e17',
    '123456789012345680',
  ];
  await both('ZADD', 'small', ...scores.flatMap((score, i) => [score, `m${i}`]));
  await both('ZADD', 'large', ...Array.from({ length: 500 }, (_, j) => [String(j / 3), `member ${j}`]).flat());
  await digestsOf(both, 'small', 'large');
});

lockstep('expiries count, their time does not', async (both) => {
  await both('SET', 'a', 'v', 'EX', '1000');
  await both('SET', 'b', 'v', 'EX', '2000');
  await both('SET', 'c', 'v');
  await both('HSET', 'h', 'f', 'v');
  await both('EXPIRE', 'h', '500');
  await digestsOf(both, 'a', 'b', 'c', 'h');
});

lockstep('several databases', async (both) => {
  for (const db of ['0', '3', '9', '15']) {
    await both('SELECT', db);
    await both('SET', 'k', `in ${db}`);
    await both('SADD', 's', db, 'x');
    await both('DEBUG', 'DIGEST-VALUE', 'k', 's');
  }
  await both('DEBUG', 'DIGEST');
  await both('SWAPDB', '3', '4');
  await both('DEBUG', 'DIGEST');
  await both('SELECT', '0');
  await both('FLUSHALL');
});

lockstep('POPULATE makes the same keys', async (both) => {
  await both('DEBUG', 'POPULATE', '1000');
  await both('DEBUG', 'POPULATE', '100', 'prefix', '5');
  await both('DEBUG', 'POPULATE', '100', 'padded', '40');
  await both('DEBUG', 'POPULATE', '0');
  await both('SET', 'kept:0', 'as it was');
  await both('DEBUG', 'POPULATE', '2', 'kept');
  await both('GET', 'kept:0');
  await both('GET', 'padded:7');
  await both('GET', 'prefix:7');
  await both('DBSIZE');
  await both('DEBUG', 'DIGEST');
  await both.error('DEBUG', 'POPULATE');
  await both.error('DEBUG', 'POPULATE', 'x');
  await both.error('DEBUG', 'POPULATE', '-1');
  await both.error('DEBUG', 'POPULATE', '1', 'k', 'x');
  await both.error('DEBUG', 'POPULATE', '1', 'k', '-1');
  await both.error('DEBUG', 'POPULATE', '1', 'k', '1', 'x');
});

lockstep('RELOAD keeps all data', async (both) => {
  await both('SET', 's', 'v', 'EX', '1000');
  await both('RPUSH', 'l', 'a', 'b', 'c');
  await both('SADD', 'i', '1', '2', '3');
  await both('SADD', 'set', 'a', 'b');
  await both('HSET', 'h', 'a', 'b');
  await both('ZADD', 'z', '1', 'a', '2.5', 'b');
  await both('SELECT', '2');
  await both('SET', 'there', 'v');
  await both('DEBUG', 'RELOAD');
  await both('DEBUG', 'DIGEST');
  await both('GET', 'there');
  await both('FLUSHALL');
  await both('DEBUG', 'RELOAD', 'NOSAVE');
  await both('DEBUG', 'DIGEST');
  await both('SET', 'more', 'v');
  await both('SET', 'there', 'changed');
  await both('DEBUG', 'RELOAD', 'NOSAVE', 'NOFLUSH', 'MERGE');
  await both('DEBUG', 'DIGEST');
  await both('GET', 'more');
  await both.error('DEBUG', 'RELOAD', 'foo');
});

lockstep('RELOAD changes the keys that clients watch', async (both) => {
  await both('SET', 'k', 'v');
  for (const options of [[], ['NOFLUSH', 'MERGE']]) {
    for (const key of ['k', 'none']) {
      await both('WATCH', key);
      await both('DEBUG', 'RELOAD', ...options);
      await both('MULTI');
      await both('PING');
      await both('EXEC');
    }
  }
});

lockstep('PROTOCOL has a value of each type', { resp: 'both' }, async (both) => {
  const types = ['string', 'integer', 'double', 'bignum', 'null', 'array', 'set', 'map', 'verbatim', 'true', 'false'];
  for (const type of types) await both('DEBUG', 'PROTOCOL', type);
  await both('DEBUG', 'PROTOCOL', 'TRUE');
  await both.error('DEBUG', 'PROTOCOL', 'foo');
  await both.error('DEBUG', 'PROTOCOL');
});

lockstep('PROTOCOL attrib and push, as far as RESP2 has them', async (both) => {
  await both('DEBUG', 'PROTOCOL', 'attrib');
  await both.error('DEBUG', 'PROTOCOL', 'push');
});

lockstep('PROTOCOL push comes before its reply', { resp: 3 }, async (both) => {
  await both('DEBUG', 'PROTOCOL', 'push');
  await both.push();
});

lockstep('OBJECT describes a value', async (both) => {
  await both('SET', 'int', '7');
  await both('SET', 'wide', '1234567890');
  await both('SET', 'short', 'abc');
  // Not compressible: how well LZF does is up to the encoder.
  await both('SET', 'long', Array.from({ length: 60 }, (_, j) => String.fromCharCode(33 + j)).join(''));
  await both('HSET', 'h', 'a', 'b');
  await both('SADD', 'i', '1', '2');
  await both('SADD', 'S', ...Array.from({ length: 600 }, (_, j) => `m${j}`));
  await both('ZADD', 'z', '1', 'a');
  await both('EXPIRE', 'short', '100');
  for (const key of ['int', 'wide', 'short', 'long', 'h', 'i', 'S', 'z']) {
    const described = await Promise.all(
      [both.redis, both.headwater].map(async (client) =>
        String(await client.value('DEBUG', 'OBJECT', key))
          .replace(/at:0x[0-9a-f]+ /, '')
          .replace(/ lru:.*$/, ''),
      ),
    );
    assert.equal(described[1], described[0], key);
  }
  assert.match(String(await both.headwater.value('DEBUG', 'OBJECT', 'h')), / lru:\d+ lru_seconds_idle:[0-2]$/);
  await both('RPUSH', 'l', ...Array.from({ length: 3000 }, (_, j) => `element ${j}`));
  assert.match(
    String(await both.headwater.value('DEBUG', 'OBJECT', 'l')),
    / encoding:quicklist .* ql_nodes:\d+ ql_avg_node:[\d.]+ ql_listpack_max:-2 ql_compressed:0 ql_uncompressed_size:\d+$/,
  );
  await both.error('DEBUG', 'OBJECT', 'missing');
  await both.error('DEBUG', 'OBJECT');
});

lockstep('what has no effect is accepted, what is wrong is refused', async (both) => {
  await both.all([
    ['DEBUG', 'SLEEP', '0'],
    ['DEBUG', 'SLEEP', 'x'],
    ['DEBUG', 'SLEEP', '-1'],
    ['DEBUG', 'SLEEP', '0.01'],
    ['DEBUG', 'SET-ACTIVE-EXPIRE', '0'],
    ['DEBUG', 'SET-ACTIVE-EXPIRE', '1'],
    ['DEBUG', 'QUICKLIST-PACKED-THRESHOLD', '100b'],
    ['DEBUG', 'QUICKLIST-PACKED-THRESHOLD', '0'],
    ['DEBUG', 'REPLYBUFFER', 'RESIZING', '0'],
    ['DEBUG', 'REPLYBUFFER', 'RESIZING', '1'],
    ['DEBUG', 'REPLYBUFFER', 'PEAK-RESET-TIME', 'RESET'],
    ['DEBUG', 'PAUSE-CRON', '0'],
    ['DEBUG', 'SET-DISABLE-DENY-SCRIPTS', '0'],
    ['DEBUG', 'SET-SKIP-CHECKSUM-VALIDATION', '0'],
    ['DEBUG', 'DROP-CLUSTER-PACKET-FILTER', '-1'],
    ['DEBUG', 'CHANGE-REPL-ID'],
    ['DEBUG', 'LOG', 'hello'],
    ['DEBUG', 'LEAK', 'x'],
    ['DEBUG', 'AOF-FLUSH-SLEEP', '0'],
    ['DEBUG', 'HTSTATS', '3'],
    ['DEBUG', 'REPLICATE', 'PING'],
  ]);
  for (const words of [
    ['FOO'],
    ['SLEEP'],
    ['SLEEP', '1', '2'],
    ['SET-ACTIVE-EXPIRE'],
    ['QUICKLIST-PACKED-THRESHOLD', 'x'],
    ['QUICKLIST-PACKED-THRESHOLD', '5gb'],
    ['REPLYBUFFER'],
    ['REPLYBUFFER', 'foo', '1'],
    ['PAUSE-CRON'],
    ['CHANGE-REPL-ID', 'x'],
    ['LOG', 'a', 'b'],
    ['HELP', 'x'],
    ['HTSTATS', '99'],
    ['HTSTATS', 'x'],
    ['HTSTATS-KEY', 'missing'],
    ['LISTPACK', 'missing'],
    ['QUICKLIST', 'missing'],
    ['CLIENT-EVICTION'],
    ['ERROR', 'ERR my own error'],
    ['ERROR', 'two\r\nlines'],
  ])
    await both.error('DEBUG', ...words);
  await both.error('DEBUG');
  await both('SET', 's', 'v');
  await both('RPUSH', 'l', 'x');
  await both.error('DEBUG', 'LISTPACK', 's');
  await both.error('DEBUG', 'QUICKLIST', 's');
  await both.error('DEBUG', 'HTSTATS-KEY', 's');
});

lockstep('SET-ACTIVE-EXPIRE 0 leaves expired keys until they are met', async (both) => {
  await both('DEBUG', 'SET-ACTIVE-EXPIRE', '0');
  try {
    await both('SET', 'k', 'v', 'PX', '1');
    await both('DEBUG', 'SLEEP', '0.05');
    await both('DBSIZE');
    await both('GET', 'k');
    await both('DBSIZE');
  } finally {
    await both('DEBUG', 'SET-ACTIVE-EXPIRE', '1');
  }
});

test('what would crash redis-server is refused', async () => {
  const server = await startHeadwater();
  try {
    const client = await connectRaw(server.port);
    for (const name of ['SEGFAULT', 'OOM', 'PANIC', 'ASSERT', 'RESTART', 'CRASH-AND-RECOVER'])
      assert.match((await client.call('DEBUG', name)).toString(), /^-ERR DEBUG [A-Z-]+ is refused/);
    await client.ok('DEBUG', 'JMAP');
    assert.equal(await client.value('DEBUG', 'STRINGMATCH-LEN', 'a*c', 'abc'), 1);
    assert.equal(await client.value('DEBUG', 'STRINGMATCH-LEN', 'a*d', 'abc'), 0);
    await client.close();
  } finally {
    await server.stop();
  }
});

test('DEBUG is refused by default, with the same words', async () => {
  const servers = await Promise.all(
    [startRedis, startHeadwater].map((start) => start(['--enable-debug-command', 'no'])),
  );
  try {
    const replies: string[] = [];
    for (const server of servers) {
      const client = await connectRaw(server.port);
      replies.push((await client.call('DEBUG', 'DIGEST')).toString(), (await client.call('DEBUG')).toString());
      await client.close();
    }
    assert.deepEqual(replies.slice(2), replies.slice(0, 2));
    assert.match(replies[2]!, /^-ERR DEBUG command not allowed/);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
});

lockstep('DEBUG SDSLEN tells lengths of strings', async (both) => {
  await both('SET', 'key', 'a value');
  await both('RPUSH', 'list', 'a');
  await both('SET', 'number', '12');
  await both.error('DEBUG', 'SDSLEN', 'missing');
  await both.error('DEBUG', 'SDSLEN', 'list');
  await both.error('DEBUG', 'SDSLEN', 'number');
  for (const client of [both.redis, both.headwater])
    assert.match(
      String(await client.ok('DEBUG', 'SDSLEN', 'key')),
      /^key_sds_len:3, key_sds_avail:\d+, key_zmalloc: \d+, val_sds_len:7, val_sds_avail:\d+, val_zmalloc: \d+$/,
    );
});

lockstep('DEBUG PAUSE-CRON lets expired keys lie', async (both) => {
  await both('DEBUG', 'PAUSE-CRON', '1');
  try {
    await both('SET', 'k', 'v', 'PX', '1');
    await both('SET', 'stays', 'v');
    const end = Date.now() + 300;
    while (Date.now() < end) await both('GET', 'stays');
    await both('DBSIZE');
  } finally {
    await both('DEBUG', 'PAUSE-CRON', '0');
  }
  await both('GET', 'k');
  await both('DBSIZE');
});

lockstep('DEBUG LOADAOF brings back what the append only file holds', async (both) => {
  const other = await both.open();
  await both('SET', 'before', 'v');
  await both('CONFIG', 'SET', 'appendonly', 'yes');
  try {
    for (const client of [both.redis, both.headwater])
      while (
        !/aof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0/.test(String(await client.value('INFO', 'persistence')))
      );
    await both('SET', 'k', 'v', 'EX', '1000');
    await both.all([['MULTI'], ['RPUSH', 'list', 'a', 'b'], ['LPOP', 'list'], ['EXEC']]);
    await both('SELECT', '3');
    await both('HSET', 'hash', 'f', 'v');
    await other('WATCH', 'k');
    await both('DEBUG', 'LOADAOF');
    await both('DBSIZE');
    await both('HGETALL', 'hash');
    await both.digests();
    await both.close(2, 'TTL', 'k');
    await both('SET', 'after', 'v');
    await both('SELECT', '0');
    await both.close(2, 'TTL', 'k');
    await both('DEBUG', 'LOADAOF');
    await both.digests();
  } finally {
    await both('CONFIG', 'SET', 'appendonly', 'no');
  }
});
