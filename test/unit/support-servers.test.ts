import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectRaw } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { decode, Framer, ReplyError } from '../support/resp.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor, within } from '../support/wait.ts';

test('a started redis-server answers, stops by its pid and leaves no directory', async () => {
  const server = await startRedis();
  const client = await connectRaw(server.port);
  assert.equal((await client.call('PING')).toString(), '+PONG\r\n');
  assert.equal(await client.value('CONFIG', 'GET', 'save').then(String), 'save,');
  assert.match(server.logText(), /Ready to accept connections/);
  assert.ok(existsSync(server.dir));
  await client.close();
  await server.stop();
  assert.ok(!existsSync(server.dir));
  assert.throws(() => process.kill(server.pid, 0));
});

test('a killed redis-server can be started again in place', async () => {
  const dir = tempDir();
  const first = await startRedis([], { dir: dir.path });
  const client = await connectRaw(first.port);
  await client.ok('SET', 'k', 'v');
  await client.ok('SAVE');
  await first.kill();
  assert.ok(existsSync(join(dir.path, 'dump.rdb')));
  const second = await startRedis([], { dir: dir.path, port: first.port });
  const again = await connectRaw(second.port);
  assert.equal(await again.value('GET', 'k'), 'v');
  await again.close();
  await second.stop();
  dir.remove();
});

test('a test process that is told to end takes its servers and directories along', async () => {
  const support = new URL('../support/redis-server.js', import.meta.url).href;
  const script = `
    const { startRedis } = await import(${JSON.stringify(support)});
    const { pid, dir } = await startRedis();
    process.send({ pid, dir });
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const [{ pid, dir }] = (await once(child, 'message')) as [{ readonly pid: number; readonly dir: string }];
  assert.ok(existsSync(dir));
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [143, null]);
  assert.ok(!existsSync(dir));
  // Until somebody waits for it, a process that was killed is still listed.
  await waitFor(() => !existsSync(`/proc/${pid}`) || /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')), {
    what: 'the server to be gone',
  });
});

test('a redis-server that cannot start fails with its log', async () => {
  await assert.rejects(
    startRedis(['--no-such-directive', 'x']),
    /ended with 1 before it was ready[^]*no-such-directive/,
  );
});

test('the raw client shows exact replies, pipelines them, and decodes both protocols', async () => {
  const server = await startRedis();
  const client = await connectRaw(server.port);
  const replies = await client.pipeline([
    ['SET', 'k', Buffer.from([0, 13, 10, 255])],
    ['GET', 'k'],
    ['GET', 'none'],
    ['LPUSH', 'k', 1],
    ['CONFIG', 'GET', 'none'],
  ]);
  assert.deepEqual(
    replies.map((reply) => reply.toString('latin1')),
    [
      '+OK\r\n',
      '$4\r\n\0\r\n\xff\r\n',
      '$-1\r\n',
      '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n',
      '*0\r\n',
    ],
  );
  assert.ok(decode(replies[3]!) instanceof ReplyError);
  const third = await connectRaw(server.port, { resp: 3 });
  await third.ok('HSET', 'h', 'f', 'v');
  assert.deepEqual(await third.value('HGETALL', 'h'), new Map([['f', 'v']]));
  assert.deepEqual(await third.value('DEBUG', 'PROTOCOL', 'double'), 3.141);
  assert.deepEqual(await third.value('DEBUG', 'PROTOCOL', 'attrib'), 'Some real reply following the attribute');
  await third.ok('CLIENT', 'TRACKING', 'ON');
  await third.ok('GET', 'tracked');
  await client.ok('SET', 'tracked', 1);
  assert.deepEqual(decode(await third.push()), ['invalidate', ['tracked']]);
  await client.close();
  await third.close();
  await server.stop();
});

test('the raw client sees the last bytes before the server closes', async () => {
  const server = await startRedis();
  const client = await connectRaw(server.port);
  client.send('PING\r\n*1\r\n$x\r\n');
  assert.equal((await client.untilClose()).toString(), '+PONG\r\n-ERR Protocol error: invalid bulk length\r\n');
  await assert.rejects(client.call('PING'), /closed/);
  await server.stop();
});

test('a reply split at any byte is framed the same', () => {
  const stream = Buffer.from(
    '*2\r\n$3\r\na\r\n\r\n%1\r\n+k\r\n~2\r\n:1\r\n_\r\n|1\r\n+a\r\n:1\r\n,1.5\r\n*-1\r\n$-1\r\n=7\r\ntxt:abc\r\n',
  );
  const whole = [
    '*2\r\n$3\r\na\r\n\r\n%1\r\n+k\r\n~2\r\n:1\r\n_\r\n',
    '|1\r\n+a\r\n:1\r\n,1.5\r\n',
    '*-1\r\n',
    '$-1\r\n',
    '=7\r\ntxt:abc\r\n',
  ];
  for (let cut = 0; cut <= stream.length; cut++) {
    const framer = new Framer();
    const replies: string[] = [];
    for (const part of [stream.subarray(0, cut), stream.subarray(cut)]) {
      framer.push(part);
      for (let reply = framer.next(); reply !== undefined; reply = framer.next()) replies.push(reply.toString());
    }
    assert.deepEqual(replies, whole, `cut at ${cut}`);
    assert.equal(framer.rest.length, 0);
  }
});

test('a wait that runs out says what it waited for and the last value', async () => {
  let calls = 0;
  assert.equal(await waitFor(() => ++calls === 3 && 'there', { what: 'the third call' }), 'there');
  await assert.rejects(
    waitFor(() => 0, { what: 'a miracle', timeoutMs: 20 }),
    /20 ms waiting for a miracle; last: 0/,
  );
  await assert.rejects(within(new Promise(() => {}), 20, 'nothing'), /waiting for nothing/);
});
