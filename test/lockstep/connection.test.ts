/** PING, ECHO, SELECT, AUTH, HELLO, QUIT, RESET against the real server. */
import assert from 'node:assert';
import { after, test } from 'node:test';
import { lockstep } from '../support/lockstep.ts';
import { startHeadwater } from '../support/headwater-server.ts';
import { startRedis } from '../support/redis-server.ts';
import { connectRaw } from '../support/raw-client.ts';

lockstep('PING and ECHO answer', { resp: 'both' }, async (both) => {
  await both.all([
    ['PING'],
    ['ping', ''],
    ['PING', 'hello'],
    ['PING', Buffer.from([0, 13, 10, 255])],
    ['PING', 'a', 'b'],
    ['ECHO', 'x'],
    ['ECHO', ''],
    ['ECHO'],
    ['ECHO', 'a', 'b'],
    ['ECHO', 'x'.repeat(100_000)],
  ]);
});

lockstep('SELECT takes the number of a database', async (both) => {
  await both.all([
    ['SELECT', '15'],
    ['SET', 'k', 'fifteen'],
    ['SELECT', '0'],
    ['GET', 'k'],
    ['SELECT', '16'],
    ['SELECT', '-1'],
    ['SELECT', 'abc'],
    ['SELECT', ''],
    ['SELECT', '1.0'],
    ['SELECT', ' 1'],
    ['SELECT', '01'],
    ['SELECT', '2147483648'],
    ['SELECT', '-2147483649'],
    ['SELECT', '9223372036854775807'],
    ['SELECT', '9223372036854775808'],
    ['SELECT'],
    ['SELECT', '1', '2'],
    ['GET', 'k'],
    ['SELECT', '15'],
    ['GET', 'k'],
  ]);
});

lockstep('AUTH without a configured password', async (both) => {
  await both.all([
    ['AUTH', 'x'],
    ['AUTH', ''],
    ['AUTH', 'default', 'anything'],
    ['AUTH', 'Default', 'anything'],
    ['AUTH', 'nobody', 'x'],
    ['AUTH', 'a', 'b', 'c'],
    ['AUTH'],
    ['PING'],
  ]);
});

lockstep('HELLO refuses what it cannot do', { resp: 'both' }, async (both) => {
  await both.all([
    ['HELLO', '1'],
    ['HELLO', '4'],
    ['HELLO', '-2'],
    ['HELLO', 'abc'],
    ['HELLO', ''],
    ['HELLO', '3.0'],
    ['HELLO', '99999999999999999999'],
    ['HELLO', '4294967299'],
    ['HELLO', '3', 'nonsense'],
    ['HELLO', '3', 'AUTH'],
    ['HELLO', '3', 'auth', 'default'],
    ['HELLO', '3', 'SETNAME'],
    ['HELLO', '3', 'SETNAME', 'a b'],
    ['HELLO', '3', 'SETNAME', 'first', 'nonsense'],
    ['CLIENT', 'GETNAME'],
    ['HELLO', '3', 'AUTH', 'nobody', 'x'],
    ['HELLO', 'AUTH', 'default', 'x'],
    ['SETNAME'],
  ]);
});

lockstep('HELLO tells about server and connection', async (both) => {
  for (const args of [
    ['HELLO'],
    ['HELLO', '2'],
    ['HELLO', '3'],
    ['HELLO', '3', 'SETNAME', 'me', 'AUTH', 'default', ''],
    ['HELLO', '03'],
    ['HELLO', '2', 'setname', ''],
  ]) {
    await both.shape(...args);
    await both('CLIENT', 'GETNAME');
  }
  // A map in RESP3 with everything but version and id alike.
  const [ours, theirs] = await Promise.all([both.headwater.ok('HELLO', 3), both.redis.ok('HELLO', 3)]);
  assert.ok(ours instanceof Map && theirs instanceof Map);
  assert.deepStrictEqual([...ours.keys()], [...theirs.keys()]);
  for (const field of ['server', 'proto', 'mode', 'role', 'modules'])
    assert.deepStrictEqual(ours.get(field), theirs.get(field), field);
  assert.match(ours.get('version') as string, /^7\.2\.\d+$/);
  assert.strictEqual(ours.get('id'), await both.headwater.ok('CLIENT', 'ID'));
});

lockstep('the protocol changes with HELLO, inside a pipeline too', async (both) => {
  await both.pipeline([['GET', 'missing'], ['CLIENT', 'SETNAME', 'x'], ['RESET'], ['GET', 'missing']]);
  const replies = async (client: typeof both.redis): Promise<string[]> =>
    (await client.pipeline([['GET', 'a'], ['HELLO', 3], ['GET', 'a'], ['RESET'], ['GET', 'a']]))
      .filter((_, i) => i !== 1)
      .map(String);
  assert.deepStrictEqual(await replies(both.headwater), await replies(both.redis));
});

lockstep('QUIT answers and closes; what follows is not run', async (both) => {
  const second = await both.open();
  second.redis.send('*1\r\n$4\r\nQUIT\r\n*3\r\n$3\r\nSET\r\n$1\r\nq\r\n$1\r\n1\r\n');
  second.headwater.send('*1\r\n$4\r\nQUIT\r\n*3\r\n$3\r\nSET\r\n$1\r\nq\r\n$1\r\n1\r\n');
  assert.strictEqual(await second.closes(), '+OK\r\n');
  await both('EXISTS', 'q');
});

lockstep('QUIT takes any arguments, and works inside MULTI', async (both) => {
  await both('MULTI');
  await both('SET', 'a', '1');
  await both('QUIT', 'now', 'please');
  await both.closes();
  const second = await both.open();
  await second('EXISTS', 'a');
});

lockstep('RESET makes the connection as it was', { resp: 'both' }, async (both) => {
  await both.all([
    ['SELECT', '3'],
    ['CLIENT', 'SETNAME', 'someone'],
    ['CLIENT', 'NO-EVICT', 'on'],
    ['WATCH', 'w'],
    ['MULTI'],
    ['SET', 'a', '1'],
    ['RESET'],
    ['EXEC'],
    ['CLIENT', 'GETNAME'],
    ['SET', 'b', '1'],
    ['SELECT', '0'],
    ['GET', 'b'],
    ['GET', 'missing'],
    ['RESET', 'x'],
  ]);
});

const password = 'correct horse battery staple';

/** The support's own clean-up is not authenticated, so these tests speak to servers of their own. */
async function guardedPair(): Promise<{ readonly ports: readonly number[]; stop(): Promise<void> }> {
  const servers = await Promise.all([
    startRedis(['--requirepass', password]),
    startHeadwater(['--requirepass', password]),
  ]);
  return {
    ports: servers.map((server) => server.port),
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  };
}

let pair: ReturnType<typeof guardedPair> | undefined;
after(async () => (await pair)?.stop());

async function onBoth(commands: readonly (readonly string[])[]): Promise<string[]> {
  pair ??= guardedPair();
  const { ports } = await pair;
  const all: string[][] = [];
  for (const port of ports) {
    const client = await connectRaw(port);
    const replies: string[] = [];
    for (const command of commands) replies.push((await client.call(...command)).toString('latin1'));
    await client.close();
    all.push(replies.map((reply) => reply.replaceAll(/\$\d+\r\n7\.\d+\.\d+|:\d+/g, '#')));
  }
  assert.deepStrictEqual(all[1], all[0]);
  return all[0]!;
}

void test('an unauthenticated client may say who it is and leave, nothing else', async () => {
  await onBoth([
    ['PING'],
    ['GET', 'a'],
    ['NOSUCH', 'x'],
    ['GET'],
    ['CLIENT', 'ID'],
    ['CLIENT', 'NOSUCH'],
    ['MULTI'],
    ['EXEC'],
    ['EXEC', 'x'],
    ['HELLO'],
    ['HELLO', '3'],
    ['HELLO', '3', 'SETNAME', 'x'],
    ['HELLO', '3', 'AUTH', 'default', 'wrong'],
    ['RESET'],
    ['GET', 'a'],
    ['AUTH', 'wrong'],
    ['AUTH', 'default', ''],
    ['AUTH', 'default', `${password}x`],
    ['AUTH', 'nobody', password],
    ['AUTH', password, 'default', 'x'],
    ['QUIT'],
  ]);
});

void test('AUTH opens the server; a wrong password afterwards changes nothing; RESET closes it again', async () => {
  const replies = await onBoth([
    ['AUTH', password],
    ['SET', 'a', '1'],
    ['AUTH', 'wrong'],
    ['GET', 'a'],
    ['HELLO', '3'],
    ['RESET'],
    ['GET', 'a'],
    ['HELLO', '3', 'AUTH', 'default', password, 'SETNAME', 'me'],
    ['CLIENT', 'GETNAME'],
    ['GET', 'missing'],
    ['FLUSHALL'],
  ]);
  assert.strictEqual(replies[3], '$1\r\n1\r\n');
  assert.match(replies[6]!, /^-NOAUTH/);
});

void test('in one pipeline, AUTH lifts the limits of unauthenticated clients for what follows', async () => {
  pair ??= guardedPair();
  for (const port of (await pair).ports) {
    const client = await connectRaw(port);
    const replies = await client.pipeline([
      ['AUTH', password],
      ['SET', 'big', 'x'.repeat(100_000)],
      ['MSET', ...Array.from({ length: 100 }, (_, i) => `k${i}`)],
      ['STRLEN', 'big'],
      ['FLUSHALL'],
    ]);
    assert.deepStrictEqual(replies.map(String), ['+OK\r\n', '+OK\r\n', '+OK\r\n', ':100000\r\n', '+OK\r\n']);
    await client.close();
  }
});

void test('unauthenticated clients cannot make the server hold much', async () => {
  pair ??= guardedPair();
  for (const port of (await pair).ports) {
    for (const [bytes, reply] of [
      ['*11\r\n', '-ERR Protocol error: unauthenticated multibulk length\r\n'],
      ['*2\r\n$4\r\nAUTH\r\n$16385\r\n', '-ERR Protocol error: unauthenticated bulk length\r\n'],
    ] as const) {
      const client = await connectRaw(port);
      client.send(bytes);
      assert.strictEqual((await client.untilClose()).toString('latin1'), reply);
    }
  }
});
