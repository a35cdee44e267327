import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync, readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeClock } from '../../src/io/node-clock.ts';
import { nodeDisk } from '../../src/io/node-disk.ts';
import { nodeProcess } from '../../src/io/node-process.ts';
import { nodeRandom } from '../../src/io/node-random.ts';
import { redisLog } from '../../src/io/redis-log.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

test('the clock tells the same time in milliseconds and microseconds, and its timers can be cancelled', async () => {
  const clock = nodeClock();
  assert.ok(Math.abs(clock.nowMicros() / 1000 - clock.now()) <= 4);
  const before = clock.monotonic();
  const order: string[] = [];
  clock.after(0, () => order.push('never')).cancel();
  const far = clock.after(1e12, () => order.push('far'));
  const every = clock.every(1, () => order.push('tick'));
  await new Promise<void>((resolve) => clock.soon(resolve));
  await waitFor(() => order.length >= 3, { what: 'three ticks' });
  every.cancel();
  far.cancel();
  await new Promise<void>((resolve) => clock.after(5, resolve));
  assert.deepEqual(new Set(order), new Set(['tick']));
  assert.ok(clock.monotonic() - before >= 5);
});

test('random words cover the range and do not repeat over a refill of the pool', () => {
  const random = nodeRandom();
  const words = Array.from({ length: 5000 }, () => random.uint32());
  assert.ok(words.every((word) => Number.isInteger(word) && word >= 0 && word < 2 ** 32));
  assert.ok(new Set(words).size > 4990);
  assert.ok(Math.max(...words) > 0.9 * 2 ** 32 && Math.min(...words) < 0.1 * 2 ** 32);
  const bytes = new Uint8Array(64);
  random.fill(bytes);
  assert.ok(new Set(bytes).size > 16);
});

test('a file is written, synced, read back in chunks, renamed and removed', async () => {
  const dir = tempDir();
  const disk = nodeDisk();
  const [temporary, path] = [join(dir.path, 'a.tmp'), join(dir.path, 'a')];
  const file = await disk.create(temporary);
  await file.write(Buffer.from('hello '));
  file.writeSync(Buffer.from('world'));
  await file.sync();
  file.syncSync();
  await file.close();
  await disk.rename(temporary, path);
  await disk.syncDirectory(dir.path);
  assert.ok(disk.exists(path) && !disk.exists(temporary));
  const reader = await disk.openRead(path);
  assert.equal(reader.size, 11);
  const chunk = Buffer.alloc(8);
  assert.equal(await reader.read(chunk), 8);
  assert.equal(chunk.toString(), 'hello wo');
  assert.equal(await reader.read(chunk), 3);
  assert.equal(await reader.read(chunk), 0);
  await reader.close();
  const sync = await disk.create(path);
  sync.closeSync();
  assert.equal((await disk.readFile(path)).length, 0);
  await disk.remove(path);
  await assert.rejects(disk.openRead(path), { code: 'ENOENT' });
  await assert.rejects(disk.openRead(dir.path), { code: 'EISDIR' });
  assert.throws(() => disk.readFileSync(path), { code: 'ENOENT' });
  dir.remove();
});

test('a file is replaced as a whole, keeps its permissions, and a failure leaves the old one', () => {
  const dir = tempDir();
  const disk = nodeDisk();
  const path = join(dir.path, 'redis.conf');
  writeFileSync(path, 'old', { mode: 0o600 });
  disk.replaceFileSync(path, Buffer.from('new'));
  assert.equal(readFileSync(path, 'utf8'), 'new');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.throws(() => disk.replaceFileSync(join(dir.path, 'none', 'x'), Buffer.from('')), { code: 'ENOENT' });
  assert.throws(() => disk.replaceFileSync(dir.path, Buffer.from('')));
  assert.deepEqual(readdirSync(dir.path), ['redis.conf']);
  dir.remove();
});

test('log lines have the format of Redis and respect level, role and file', () => {
  const dir = tempDir();
  const path = join(dir.path, 'server.log');
  const now = () => new Date(2026, 10, 2, 3, 4, 5, 67).getTime();
  const log = redisLog({ file: path, pid: 42, now });
  log.verbose('hidden');
  log.notice('Ready to accept connections');
  log.setRole('S');
  log.setLevel('debug');
  log.debug('d');
  log.verbose('v');
  log.setLevel('warning');
  log.notice('hidden');
  log.warning('w');
  log.raw('banner\n');
  log.flush();
  const time = '02 Nov 2026 03:04:05.067';
  assert.equal(
    readFileSync(path, 'utf8'),
    `42:M ${time} * Ready to accept connections\n42:S ${time} . d\n42:S ${time} - v\n42:S ${time} # w\nbanner\n`,
  );
  log.setFile(join(dir.path, 'no', 'such', 'directory'));
  log.warning('lost without an error');
  log.flush();
  assert.ok(!existsSync(join(dir.path, 'no')));
  dir.remove();
});

test('the lines of a turn are written at its end, and sooner when asked, for another file, or when there are many', async () => {
  const dir = tempDir();
  const [first, second] = [join(dir.path, 'first'), join(dir.path, 'second')];
  const log = redisLog({ file: first });
  const lines = (path: string): number => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0);
  log.notice('one');
  log.notice('two');
  assert.equal(lines(first), 0);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(lines(first), 2);
  log.notice('three');
  log.flush();
  assert.equal(lines(first), 3);
  log.notice('four');
  log.setFile(second);
  assert.equal(lines(first), 4);
  for (let i = 0; i < 5000; i++) log.notice('a line of some length');
  assert.ok(lines(second) > 4000);
  log.flush();
  assert.equal(lines(second), 5000);
  dir.remove();
});

test('the process knows itself, and a signal handler replaces the end of the process until it is removed', async () => {
  const facts = nodeProcess();
  assert.equal(facts.pid, process.pid);
  assert.ok(existsSync(facts.executable));
  assert.match(facts.os, /^\w+ \S+ \S+$/);
  const memory = facts.memory();
  assert.ok(memory.rssBytes > 1e7 && memory.peakRssBytes >= memory.rssBytes * 0.5 && memory.heapUsedBytes > 1e5);
  assert.ok(memory.rssBytes < facts.totalMemoryBytes);
  assert.ok(facts.cpu().userMicros > 1000);
  let signals = 0;
  const others = process.listenerCount('SIGTERM');
  const stop = facts.onSignal('SIGTERM', () => signals++);
  process.kill(process.pid, 'SIGTERM');
  await waitFor(() => signals === 1, { what: 'the signal' });
  stop();
  assert.equal(process.listenerCount('SIGTERM'), others);
});
