/** MONITOR: the lines are those of redis-server, but for times and ports. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from 'node:path';
import { startHeadwater } from '../support/headwater-server.ts';
import { lockstep } from '../support/lockstep.ts';
import type { Both } from '../support/lockstep.ts';
import { connectRaw } from '../support/raw-client.ts';
import type { RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { tempDir } from '../support/temp-dir.ts';

let marks = 0;

const plain = (line: Buffer): string =>
  line
    .toString('latin1')
    .replace(/^\+\d{10}\.\d{6} /, '+<time> ')
    .replace(/ 127\.0\.0\.1:\d+\]/, ' <address>]');

/** The lines that a monitor gets up to a mark of our own. */
async function linesOf(monitor: RawClient, client: RawClient): Promise<string[]> {
  const mark = `mark ${++marks}`;
  await client.ok('ECHO', mark);
  const lines: string[] = [];
  for (;;) {
    const line = plain(await monitor.reply());
    if (line.includes(mark)) return lines;
    if (!line.includes('"mark ')) lines.push(line);
  }
}

async function sameLines(monitor: Both, both: Both): Promise<string[]> {
  const [redis, headwater] = await Promise.all([
    linesOf(monitor.redis, both.redis),
    linesOf(monitor.headwater, both.headwater),
  ]);
  assert.deepEqual(headwater, redis);
  return headwater;
}

lockstep('MONITOR shows what clients run, and keeps secrets', { resp: 'both' }, async (both) => {
  const monitor = await both.open();
  await monitor('MONITOR');
  await both('SET', 'k', 'v');
  await both('get', 'k');
  await both('SET', Buffer.from('a "key"\\ \r\n\t\x07\b\0\x1f\x7f\x80\xff', 'latin1'), '');
  await both.error('AUTH', 'secret');
  await both.error('AUTH', 'user', 'secret');
  await both.error('HELLO', '2', 'AUTH', 'user', 'secret', 'SETNAME', 'name');
  await both('MIGRATE', '127.0.0.1', '1', 'none', '0', '100', 'AUTH', 'secret');
  await both('MIGRATE', '127.0.0.1', '1', 'none', '0', '100', 'COPY', 'AUTH2', 'user', 'secret');
  await both('CLIENT', 'SETNAME', 'me');
  await both('CONFIG', 'GET', 'maxmemory');
  await both('DEBUG', 'SET-ACTIVE-EXPIRE', '1');
  await both('SELECT', '3');
  await both('GET', 'k');
  await both.error('NOSUCH', 'x');
  await both.error('GET');
  await both.error('LPUSH', 'k2');
  await both('SET', 'k', 'v');
  await both.error('LPUSH', 'k', 'x');
  await both.raw('PING inline\r\n');
  await both('SELECT', '0');
  const lines = await sameLines(monitor, both);
  assert.ok(lines.includes('+<time> [3 <address>] "GET" "k"\r\n'));
  assert.ok(lines.every((line) => !line.includes('secret')));
});

lockstep('MONITOR shows a transaction in the order in which it runs', async (both) => {
  const monitor = await both.open();
  await monitor('MONITOR');
  await both.all([['MULTI'], ['SET', 'k', '1'], ['INCR', 'k']]);
  await both.error('SET', 'k');
  await both('DISCARD');
  await both.all([['MULTI'], ['SET', 'k', '1'], ['SELECT', '2'], ['INCR', 'k'], ['PING'], ['EXEC']]);
  await sameLines(monitor, both);
});

lockstep('a blocked command is shown once', async (both) => {
  const monitor = await both.open();
  const other = await both.open();
  await monitor('MONITOR');
  const blocked = [both.redis.call('BLPOP', 'list', '0'), both.headwater.call('BLPOP', 'list', '0')];
  await sameLines(monitor, other);
  await other('RPUSH', 'list', 'a');
  await Promise.all(blocked);
  await sameLines(monitor, other);
});

lockstep('a monitor sees itself, and may not touch keys', async (both) => {
  const monitor = await both.open();
  await monitor('MONITOR');
  await monitor('MONITOR', 'x');
  await monitor('PING');
  for (const client of [monitor.redis, monitor.headwater]) assert.match(plain(await client.reply()), /"PING"/);
  await monitor.error('GET', 'k');
  await monitor.error('SET', 'k', 'v');
  const list = await Promise.all(
    [both.redis, both.headwater].map(
      async (client) => /flags=(O\S*)/.exec(String(await client.value('CLIENT', 'LIST')))![1],
    ),
  );
  assert.equal(list[1], list[0]);
  for (const client of [monitor.redis, monitor.headwater])
    assert.equal((await client.call('RESET')).toString(), '+RESET\r\n');
  await monitor.shape('CLIENT', 'ID');
  await both('SET', 'k', 'v');
  await monitor('GET', 'k');
});

lockstep('MONITOR inside a transaction is an error', async (both) => {
  await both('MULTI');
  await both('MONITOR');
  await both('EXEC');
  await both('GET', 'k');
  await both.error('MONITOR', 'x');
});

lockstep('several monitors come and go', async (both) => {
  const first = await both.open();
  const second = await both.open();
  await first('MONITOR');
  await second('MONITOR');
  await both('SET', 'k', 'v');
  await sameLines(first, both);
  await sameLines(second, both);
  for (const client of [first.redis, first.headwater]) await client.close();
  await both('SET', 'k', 'v');
  await sameLines(second, both);
});

void test('clients of a UNIX socket are shown by its path', { timeout: 30_000 }, async (t) => {
  const seen: string[][] = [];
  for (const start of [startRedis, startHeadwater]) {
    const dir = tempDir();
    t.after(() => dir.remove());
    const path = join(dir.path, 's');
    const server = await start(['--unixsocket', path]);
    t.after(() => server.stop());
    const monitor = await connectRaw(server.port);
    t.after(() => monitor.close());
    await monitor.ok('MONITOR');
    const client = await connectRaw(path);
    t.after(() => client.close());
    await client.ok('SET', 'k', 'v');
    seen.push((await linesOf(monitor, client)).map((line) => line.replace(path, '<path>')));
  }
  assert.deepEqual(seen[1], seen[0]);
});

void test('a monitor that does not read is closed at its output limit', { timeout: 120_000 }, async (t) => {
  const server = await startHeadwater(['--client-output-buffer-limit', 'normal', '1mb', '0', '0']);
  t.after(() => server.stop());
  const monitor = await connectRaw(server.port);
  await monitor.ok('MONITOR');
  monitor.pause();
  const client = await connectRaw(server.port);
  t.after(() => client.close());
  const big = 'x'.repeat(500_000);
  for (let i = 0; i < 100; i++) {
    await client.ok('ECHO', big);
    if (!String(await client.value('CLIENT', 'LIST')).includes('flags=O')) break;
  }
  assert.doesNotMatch(String(await client.value('CLIENT', 'LIST')), /flags=O/);
  await monitor.close();
});
