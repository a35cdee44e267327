/** RDB files go both ways between redis-server and Headwater, through the servers' own start, SAVE and BGSAVE. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataset, Seeded, sendAll } from '../support/dataset.ts';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { equalDigests, infoOf } from '../support/replication.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

type Start = (args: readonly string[], options: { dir: string }) => Promise<ServerProcess>;

const KEYS = 3000;
const BIG_BYTES = 3 * 1024 * 1024;
/** Larger than any packed encoding's limits, so that both sides convert. */
const SMALL_LIMITS = [
  ['--hash-max-listpack-entries', '2'],
  ['--set-max-intset-entries', '2'],
  ['--zset-max-listpack-entries', '2'],
  ['--list-max-listpack-size', '2'],
].flat();

/** All types and encodings in three databases, with keys that expire, and edges of the encodings. */
async function fill(client: RawClient, seed: number): Promise<void> {
  await sendAll(client, dataset(seed, KEYS, BIG_BYTES));
  await client.ok('SELECT', 7);
  await sendAll(client, dataset(seed + 1, 300));
  await client.ok('SELECT', 15);
  await client.ok('SET', '', '');
  await client.ok('SET', 'binary\r\n\0\xff', Buffer.from([0, 255, 13, 10]));
  for (const n of ['0', '-1', '127', '-129', '65536', '-2147483649', '9223372036854775807', '01', '1e3', ' 1'])
    await client.ok('SET', `number ${n}`, n);
  await client.ok('SADD', 'wide', '1', '70000', '-9223372036854775808', '9223372036854775807');
  await client.ok(
    'ZADD',
    'scores',
    'inf',
    'a',
    '-inf',
    'b',
    '1e300',
    'c',
    '0.1',
    'd',
    '-0.5',
    'e',
    '4503599627370497',
    'f',
  );
  await client.ok('ZADD', 'large scores', ...Array.from({ length: 200 }, (_, i) => [i / 7 - 9, `m${i}`]).flat());
  await client.ok('ZADD', 'large scores', '-0', 'zero', 'inf', 'top', '-inf', 'bottom');
  await client.ok('RPUSH', 'plain', 'x'.repeat(9000), 'small', 'y'.repeat(70_000), '12345');
  await client.ok('HSET', 'long', 'f', 'v'.repeat(100), 'g'.repeat(100), '');
  await client.ok('SADD', 'long set', 'm'.repeat(100), '1');
  await client.ok('SELECT', 0);
}

/** What DEBUG DIGEST leaves out. */
async function expiries(client: RawClient): Promise<string> {
  const lines: string[] = [];
  for (const db of [0, 7, 15]) {
    await client.ok('SELECT', db);
    const keys = ((await client.ok('KEYS', '*')) as string[]).toSorted();
    const times = await Promise.all(keys.map((key) => client.ok('PEXPIRETIME', Buffer.from(key))));
    lines.push(...keys.map((key, i) => `${db} ${key} ${String(times[i])}`));
  }
  await client.ok('SELECT', 0);
  return lines.join('\n');
}

for (const [name, from, to] of [
  ['redis-server to Headwater', startRedis, startHeadwater],
  ['Headwater to redis-server', startHeadwater, startRedis],
  ['Headwater to Headwater', startHeadwater, startHeadwater],
] as readonly [string, Start, Start][]) {
  for (const [limits, args] of [
    ['', []],
    [' with other limits', SMALL_LIMITS],
  ] as const) {
    test(`a file goes from ${name}${limits} and holds the same data`, { timeout: 120_000 }, async (t) => {
      const seed = Date.now() % 1_000_000;
      t.diagnostic(`seed ${seed}`);
      const dir = tempDir();
      t.after(() => dir.remove());
      const other = tempDir();
      t.after(() => other.remove());
      const source = await from(['--dbfilename', 'given.rdb'], { dir: dir.path });
      t.after(() => source.stop());
      const writer = await connectRaw(source.port, { timeoutMs: 60_000 });
      t.after(() => writer.close());
      await fill(writer, seed);
      await writer.ok('SAVE');
      copyFileSync(join(dir.path, 'given.rdb'), join(other.path, 'given.rdb'));
      const check = spawnSync('redis-check-rdb', [join(other.path, 'given.rdb')], { encoding: 'utf8' });
      assert.equal(check.status, 0, check.stdout);

      const target = await to(['--dbfilename', 'given.rdb', ...args], { dir: other.path });
      t.after(() => target.stop());
      const reader = await connectRaw(target.port, { timeoutMs: 60_000 });
      t.after(() => reader.close());
      assert.match(target.logText(), /DB loaded from disk/);
      await equalDigests([writer, reader]);
      assert.equal(await expiries(reader), await expiries(writer));
      // What the target makes of it can be saved and loaded again.
      await reader.ok('DEBUG', 'RELOAD');
      await equalDigests([writer, reader]);
    });
  }
}

test('BGSAVE answers at once, shows in INFO and leaves a whole file and nothing else', async (t) => {
  const server = await startHeadwater([]);
  t.after(() => server.stop());
  const client = await connectRaw(server.port);
  t.after(() => client.close());
  await client.ok('SET', 'a', 'b');
  const before = await infoOf(client, 'persistence');
  assert.equal(before.get('rdb_changes_since_last_save'), '1');
  assert.equal(before.get('rdb_last_bgsave_time_sec'), '-1');
  const [started, again] = await client.pipeline([['BGSAVE'], ['BGSAVE']]);
  assert.equal(String(started), '+Background saving started\r\n');
  assert.equal(String(again), '-ERR Background save already in progress\r\n');
  await waitFor(() => server.logText().includes('Background saving terminated with success'), { what: 'the save' });
  assert.match(server.logText(), /Background saving started by pid \d+[^]*DB saved on disk/);
  const after = await infoOf(client, 'persistence');
  assert.equal(after.get('rdb_changes_since_last_save'), '0');
  assert.equal(after.get('rdb_bgsave_in_progress'), '0');
  assert.equal(after.get('rdb_last_bgsave_status'), 'ok');
  assert.equal(after.get('rdb_saves'), '1');
  assert.deepEqual(readdirSync(server.dir), ['dump.rdb']);
});

test('a save point saves by itself, and SHUTDOWN SAVE too', async (t) => {
  const dir = tempDir();
  t.after(() => dir.remove());
  const server = await startHeadwater(['--save', '1 3'], { dir: dir.path });
  t.after(() => server.stop());
  const client = await connectRaw(server.port);
  for (const key of ['a', 'b', 'c']) await client.ok('SET', key, key);
  await waitFor(() => existsSync(join(dir.path, 'dump.rdb')), { what: 'the file' });
  assert.match(server.logText(), /3 changes in 1 seconds\. Saving\.\.\./);
  await client.ok('SET', 'd', 'd');
  client.send('SHUTDOWN SAVE\r\n');
  assert.equal(await server.exited, 0);
  await client.close();
  const second = await startHeadwater([], { dir: dir.path });
  t.after(() => second.stop());
  const reader = await connectRaw(second.port);
  t.after(() => reader.close());
  assert.equal(await reader.ok('DBSIZE'), 4);
  assert.equal((await infoOf(reader, 'persistence')).get('rdb_last_load_keys_loaded'), '4');
});

test('a key that expired while the server was down is not loaded', async (t) => {
  const dir = tempDir();
  t.after(() => dir.remove());
  const server = await startRedis([], { dir: dir.path });
  const client = await connectRaw(server.port);
  await client.ok('DEBUG', 'SET-ACTIVE-EXPIRE', 0);
  await client.ok('SET', 'gone', 'x', 'PX', 1);
  await client.ok('SET', 'stays', 'x');
  await client.ok('SAVE');
  await client.close();
  await server.stop();
  const second = await startHeadwater([], { dir: dir.path });
  t.after(() => second.stop());
  assert.match(second.logText(), /Done loading RDB, keys loaded: 1, keys expired: 1\./);
  const reader = await connectRaw(second.port);
  t.after(() => reader.close());
  assert.equal(await reader.ok('DBSIZE'), 1);
});

test('a server does not start on a file that is cut or damaged, and says why', { timeout: 120_000 }, async (t) => {
  const dir = tempDir();
  t.after(() => dir.remove());
  const path = join(dir.path, 'dump.rdb');
  const source = await startRedis([], { dir: dir.path });
  const client = await connectRaw(source.port, { timeoutMs: 60_000 });
  await sendAll(client, dataset(1, 200));
  await client.ok('SAVE');
  await client.close();
  await source.stop();
  const whole = readFileSync(path);
  const random = new Seeded(5);
  const flipped = Buffer.from(whole);
  flipped[random.below(whole.length)]! ^= 16;
  for (const [what, file, line] of [
    ['cut', whole.subarray(0, whole.length >>> 1), /Short read or OOM loading DB/],
    ['empty', Buffer.alloc(0), /Short read or OOM loading DB/],
    ['without its last byte', whole.subarray(0, -1), /Short read or OOM loading DB/],
    ['with a bit flipped', flipped, /Internal error in RDB reading offset \d+/],
    ['of another kind', Buffer.from('#!/bin/sh\nexit 1\n'), /Wrong signature trying to load DB from file/],
    ['of a future version', Buffer.from('REDIS9999\xff'), /Can't handle RDB format version 9999/],
  ] as const) {
    writeFileSync(path, file);
    await assert.rejects(
      startHeadwater([], { dir: dir.path }).then((server) => server.stop()),
      (error: Error) => {
        assert.match(error.message, /ended with 1/, what);
        assert.match(error.message, line, what);
        assert.match(error.message, /Terminating server after rdb file reading failure/, what);
        return true;
      },
    );
    assert.deepEqual(readFileSync(path), Buffer.from(file), 'the file is left as it was');
  }
});

test('a directory that vanished makes saves fail, blocks writes and heals', async (t) => {
  const dir = tempDir();
  t.after(() => dir.remove());
  const server = await startHeadwater(['--save', '3600 1', '--enable-protected-configs', 'yes'], { dir: dir.path });
  t.after(() => server.stop());
  const client = await connectRaw(server.port);
  t.after(() => client.close());
  await client.ok('SET', 'a', '1');
  dir.remove();
  assert.equal(String(await client.call('SAVE')), '-ERR\r\n');
  await client.ok('SET', 'a', '2');
  await client.ok('BGSAVE');
  await waitFor(() => server.logText().includes('Background saving error'), { what: 'the failure' });
  assert.match(server.logText(), /Failed opening the temp RDB file temp-\d+\.rdb .*: No such file or directory/);
  assert.match(String(await client.call('SET', 'a', '3')), /^-MISCONF /);
  assert.equal((await infoOf(client, 'persistence')).get('rdb_last_bgsave_status'), 'err');
  const elsewhere = tempDir();
  t.after(() => elsewhere.remove());
  await client.ok('CONFIG', 'SET', 'dir', elsewhere.path);
  await client.ok('SAVE');
  await client.ok('SET', 'a', '4');
  assert.deepEqual(readdirSync(elsewhere.path), ['dump.rdb']);
});
