/** CLIENT TRACKING in lockstep: the same messages to the same clients, in the same place among the replies. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { startHeadwater } from '../support/headwater-server.ts';
import { lockstep, type Both, type Command } from '../support/lockstep.ts';
import { startRedis } from '../support/redis-server.ts';
import { encodeCommand } from '../support/resp.ts';
import { waitFor } from '../support/wait.ts';

/** The same clients in the same order have other ids on each server, where other tests left off. */
async function id(both: Both): Promise<readonly [headwater: string, redis: string]> {
  return [String(await both.headwater.ok('CLIENT', 'ID')), String(await both.redis.ok('CLIENT', 'ID'))];
}

/** Sends a command that names the client `ids` as ID; the replies must be the same but for it. */
async function withId(both: Both, ids: readonly [string, string], ...command: readonly string[]): Promise<void> {
  const [ours, theirs] = await Promise.all(
    [both.headwater, both.redis].map(async (client, i) => {
      const reply = await client.call(...command.map((word) => (word === 'ID' ? ids[i]! : word)));
      return reply.toString('latin1').replace(`:${ids[i]!}\r\n`, ':ID\r\n');
    }),
  );
  assert.equal(ours, theirs, command.join(' '));
}

/** No message is under way: one that were would come before the reply to PING. */
async function quiet(...clients: readonly Both[]): Promise<void> {
  for (const client of clients) {
    await client('PING');
    for (const one of [client.redis, client.headwater]) assert.deepEqual(one.pushes.map(String), []);
  }
}

async function figures(both: Both): Promise<void> {
  const fields = ['tracking_clients', 'tracking_total_keys', 'tracking_total_items', 'tracking_total_prefixes'];
  const read = async (client: typeof both.redis): Promise<readonly string[]> => {
    const text = `${String(await client.ok('INFO', 'stats'))}${String(await client.ok('INFO', 'clients'))}`;
    return fields.map((field) => new RegExp(`^${field}:.*$`, 'm').exec(text)![0].trim());
  };
  assert.deepEqual(await read(both.headwater), await read(both.redis));
}

async function info(both: Both): Promise<void> {
  await both('CLIENT', 'TRACKINGINFO');
  await both('CLIENT', 'GETREDIR');
  const read = async (client: typeof both.redis): Promise<readonly (string | undefined)[]> => {
    const line = String(await client.ok('CLIENT', 'INFO'));
    return [/ flags=(\S+)/.exec(line)?.[1], / redir=(\S+)/.exec(line)?.[1]];
  };
  assert.deepEqual(await read(both.headwater), await read(both.redis));
}

lockstep('options and their errors', { resp: 'both' }, async (both) => {
  await info(both);
  for (const command of [
    ['TRACKING'],
    ['TRACKING', 'maybe'],
    ['TRACKING', 'on', 'what'],
    ['TRACKING', 'off', 'what'],
    ['TRACKING', 'on', 'prefix'],
    ['TRACKING', 'on', 'redirect'],
    ['TRACKING', 'on', 'redirect', 'x'],
    ['TRACKING', 'on', 'redirect', '0'],
    ['TRACKING', 'on', 'redirect', '999999999'],
    ['TRACKING', 'on', 'prefix', 'a'],
    ['TRACKING', 'on', 'bcast', 'optin'],
    ['TRACKING', 'on', 'optout', 'bcast'],
    ['TRACKING', 'on', 'optin', 'optout'],
    ['TRACKING', 'on', 'bcast', 'prefix', 'ab', 'prefix', 'a'],
    ['TRACKING', 'on', 'bcast', 'prefix', 'a', 'prefix', 'a'],
    ['CACHING', 'yes'],
    ['CACHING', 'x'],
    ['TRACKING', 'ON'],
    ['CACHING', 'yes'],
    ['CACHING', 'no'],
    ['CACHING', 'x'],
    ['TRACKING', 'on', 'bcast'],
    ['TRACKING', 'on', 'OPTIN', 'NOLOOP'],
    ['CACHING', 'no'],
    ['CACHING', 'yes'],
    ['TRACKING', 'on', 'optout'],
    ['TRACKING', 'on', 'noloop'],
    ['TRACKING', 'on', 'optin'],
    ['TRACKING', 'off', 'bcast'],
    ['TRACKING', 'on', 'optout'],
    ['CACHING', 'yes'],
    ['CACHING', 'no'],
    ['TRACKING', 'off'],
    ['TRACKING', 'off'],
    ['TRACKING', 'on', 'bcast', 'prefix', 'b', 'prefix', 'a'],
    ['TRACKING', 'on', 'bcast', 'prefix', 'ab'],
    ['TRACKING', 'on', 'bcast', 'prefix', 'c', 'noloop'],
    ['TRACKING', 'on', 'bcast'],
    ['TRACKING', 'on', 'bcast', 'prefix', 'd'],
    ['TRACKING', 'on'],
    ['GETREDIR', 'x'],
    ['TRACKINGINFO', 'x'],
  ] as Command[]) {
    await both('CLIENT', ...command);
    await info(both);
    await figures(both);
  }
  const other = await both.open();
  const ids = await id(other);
  await both('CLIENT', 'TRACKING', 'off');
  await withId(both, ids, 'CLIENT', 'TRACKING', 'on', 'REDIRECT', 'ID', 'REDIRECT', 'ID');
  await withId(both, ids, 'CLIENT', 'TRACKING', 'on', 'REDIRECT', 'ID');
  await withId(both, ids, 'CLIENT', 'GETREDIR');
  await withId(both, ids, 'CLIENT', 'TRACKINGINFO');
  await both('RESET');
  await info(both);
  await figures(both);
});

lockstep('keys that were read are invalidated once', { resp: 3 }, async (both) => {
  const writer = await both.open();
  await both('CLIENT', 'TRACKING', 'on');
  await writer.all([
    ['SET', 'k', '1'],
    ['SET', 'other', '1'],
    ['RPUSH', 'list', '1'],
  ]);
  await quiet(both);
  for (const command of [
    ['GET', 'k'],
    ['GET', 'k'],
    ['MGET', 'a', 'b', 'k'],
    ['LLEN', 'k'],
    ['LRANGE', 'list', '0', '-1'],
    ['EXISTS', 'none', 'k'],
    ['TTL', 'ttl'],
    ['SORT_RO', 'list'],
    ['SORT', 'list'],
    ['SINTERCARD', '2', 's1', 's2'],
    ['OBJECT', 'ENCODING', 'object'],
    ['GETSET', 'written', '1'],
    ['WATCH', 'watched'],
  ])
    await both(...command);
  await figures(both);
  for (const key of ['k', 'a', 'b', 'none', 'ttl', 's1', 's2', 'object', 'written', 'watched', 'other']) {
    await writer('SET', key, 'x');
    if (!['written', 'watched', 'other'].includes(key)) await both.push();
    await quiet(both);
  }
  await writer('RPUSH', 'list', '2');
  await both.push();
  await writer('RPUSH', 'list', '2');
  await quiet(both);
  await figures(both);
});

lockstep('every way in which a key changes invalidates it', { resp: 3 }, async (both) => {
  const writer = await both.open();
  await both('CLIENT', 'TRACKING', 'on');
  const all: readonly (readonly [key: string, ...command: string[]])[] = [
    ['k', 'SET', 'k', '1'],
    ['k', 'APPEND', 'k', '1'],
    ['k', 'EXPIRE', 'k', '1000'],
    ['k', 'PERSIST', 'k'],
    ['k', 'DEL', 'k'],
    ['k', 'SETEX', 'k', '1000', 'x'],
    ['k', 'GETDEL', 'k'],
    ['k', 'RPUSH', 'k', '1', '2', '3'],
    ['k', 'LPOP', 'k'],
    ['k', 'RENAME', 'k', 'l'],
    ['l', 'RENAME', 'l', 'k'],
    ['m', 'COPY', 'k', 'm'],
    ['k', 'UNLINK', 'k', 'm'],
    ['h', 'HSET', 'h', 'a', '1'],
    ['z', 'ZADD', 'z', '1', 'a'],
    ['z', 'ZINCRBY', 'z', '1', 'a'],
    ['h', 'MOVE', 'h', '3'],
    ['k', 'PFADD', 'k', 'x'],
    ['k', 'RESTORE', 'k', '0', 'x'],
    ['k', 'SETBIT', 'k', '0', '1'],
    ['s', 'SADD', 's', 'a'],
    ['d', 'SUNIONSTORE', 'd', 's'],
    ['s', 'SPOP', 's'],
    ['k', 'SET', 'k', '1', 'PXAT', '1'],
  ];
  for (const [key, ...command] of all) {
    await both('EXISTS', key);
    const error = (await writer(...command)) instanceof Error;
    if (!error) await both.push().catch((problem: unknown) => assert.fail(`${command.join(' ')}: ${String(problem)}`));
    await quiet(both);
  }
});

lockstep('a key in another database is the same key', { resp: 3 }, async (both) => {
  const writer = await both.open();
  await both('CLIENT', 'TRACKING', 'on');
  await both('GET', 'k');
  await writer('SELECT', '5');
  await writer('SET', 'k', '1');
  await both.push();
});

lockstep('expired keys and emptied databases', { resp: 3 }, async (both) => {
  const other = await both.open();
  const resp2 = await both.open({ resp: 2 });
  const broadcast = await both.open();
  await both('CLIENT', 'TRACKING', 'on');
  await other('CLIENT', 'TRACKING', 'on', 'NOLOOP');
  await resp2('CLIENT', 'TRACKING', 'on');
  await broadcast('CLIENT', 'TRACKING', 'on', 'BCAST');
  await both('SET', 'k', '1', 'PX', '30');
  await broadcast.push();
  await both('GET', 'k');
  await both.push();
  await broadcast.push();
  for (const command of [['FLUSHALL'], ['FLUSHDB'], ['FLUSHALL', 'SYNC'], ['FLUSHALL', 'what']]) {
    await both('GET', 'k');
    await both(...command);
    if (command[1] === 'what') break;
    await both.push();
    await other.push();
    await broadcast.push();
    await figures(both);
  }
  await quiet(both, other, broadcast);
  await resp2('PING');
});

lockstep('OPTIN and OPTOUT with CACHING', { resp: 3 }, async (both) => {
  const writer = await both.open();
  const changed = async (key: string, expected: boolean): Promise<void> => {
    await writer('SET', key, '1');
    if (expected) await both.push();
    await quiet(both);
  };
  await both('CLIENT', 'TRACKING', 'on', 'OPTIN');
  await both('GET', 'a');
  await changed('a', false);
  await both('CLIENT', 'CACHING', 'yes');
  await both('CLIENT', 'TRACKINGINFO');
  await both('GET', 'a');
  await both('CLIENT', 'TRACKINGINFO');
  await both('GET', 'b');
  await changed('a', true);
  await changed('b', false);
  await both('CLIENT', 'CACHING', 'yes');
  await both.error('NOSUCH');
  await both('GET', 'a');
  await changed('a', false);
  await both.all([
    ['CLIENT', 'CACHING', 'yes'],
    ['CLIENT', 'GETNAME'],
    ['GET', 'a'],
  ]);
  await changed('a', true);
  await both.all([['CLIENT', 'CACHING', 'yes'], ['MULTI'], ['GET', 'a'], ['GET', 'b'], ['EXEC'], ['GET', 'c']]);
  await changed('a', true);
  await changed('b', true);
  await changed('c', false);
  await both.all([['MULTI'], ['CLIENT', 'CACHING', 'yes'], ['GET', 'a'], ['EXEC'], ['GET', 'b']]);
  await changed('a', true);
  await changed('b', false);
  await both('CLIENT', 'TRACKING', 'off');
  await both('CLIENT', 'TRACKING', 'on', 'OPTOUT');
  await both('GET', 'a');
  await both('CLIENT', 'CACHING', 'no');
  await both('CLIENT', 'TRACKINGINFO');
  await both('GET', 'b');
  await changed('a', true);
  await changed('b', false);
});

lockstep('NOLOOP, and messages about own changes', { resp: 3 }, async (both) => {
  const other = await both.open();
  await both('CLIENT', 'TRACKING', 'on', 'NOLOOP');
  await other('CLIENT', 'TRACKING', 'on');
  await both.all([
    ['GET', 'k'],
    ['SET', 'k', '1'],
  ]);
  await quiet(both);
  await other('SET', 'k', '2');
  await quiet(both, other);
  await both('GET', 'k');
  await other('GET', 'k');
  await other('SET', 'k', '3');
  await both.push();
  await other.push();
  await other.all([['GET', 'k'], ['MULTI'], ['SET', 'k', '1'], ['GET', 'k'], ['SET', 'k', '2'], ['EXEC']]);
  await other.push();
  await other.push();
  await quiet(both, other);
});

lockstep('BCAST: all keys of a prefix, together at the end of a turn', { resp: 3 }, async (both) => {
  const other = await both.open();
  const writer = await both.open();
  await both('CLIENT', 'TRACKING', 'on', 'BCAST', 'PREFIX', 'a', 'PREFIX', 'b:');
  await other('CLIENT', 'TRACKING', 'on', 'BCAST', 'NOLOOP');
  await figures(both);
  await writer('SET', 'a1', '1');
  await both.push();
  await other.push();
  await writer('SET', 'b', '1');
  await other.push();
  await quiet(both);
  await writer('MSET', 'b:2', '1', 'b:1', '1', 'x', '1', 'b:10', '1');
  await both.push();
  await other.push();
  await other('SET', 'a1', '2');
  await both.push();
  await quiet(other);
  await both('SET', 'a1', '3');
  await both.push();
  await other.push();
  await both('CLIENT', 'TRACKING', 'off');
  await figures(both);
  await writer('SET', 'a1', '4');
  await other.push();
  await quiet(both);
});

lockstep(
  'prefixes overlap if one begins another; messages come in the order of prefixes',
  { resp: 3 },
  async (both) => {
    // Redis replies twice where it is not the first of those given that overlaps.
    const on = ['CLIENT', 'TRACKING', 'on', 'BCAST'];
    const given = (...prefixes: readonly string[]): string[] => prefixes.flatMap((prefix) => ['PREFIX', prefix]);
    for (const prefixes of [
      ['ab', 'a'],
      ['a', 'a'],
      ['c', 'x', 'b', 'bb', 'cc'],
      ['x', 'yz', 'z', '', 'y'],
      ['a', 'b', 'abc', 'ab'],
    ])
      await both.error(...on, ...given(...prefixes));
    await both(...on, ...given('b', 'ab', 'aa'));
    for (const prefixes of [['x', 'abc'], ['x', 'xy', 'b'], ['a'], ['']])
      await both.error(...on, ...given(...prefixes));
    await both(...on, ...given('', 'x').slice(2));
    const writer = await both.open();
    await writer.pipeline([
      ['SET', 'b', '1'],
      ['SET', 'x', '1'],
      ['SET', 'abab', '1'],
      ['SET', 'a', '1'],
      ['SET', 'aa', '1'],
    ]);
    for (let i = 0; i < 4; i++) await both.push();
    await quiet(both);
  },
);

lockstep('redirection to a client that listens, in RESP2 and RESP3', async (both) => {
  for (const resp of [2, 3] as const) {
    const receiver = await both.open({ resp });
    const reader = await both.open({ resp: 2 });
    const ids = await id(receiver);
    await withId(reader, ids, 'CLIENT', 'TRACKING', 'on', 'REDIRECT', 'ID');
    await reader('GET', 'k');
    await both('SET', 'k', '1');
    if (resp === 3) await receiver.push();
    if (resp === 2) await receiver('SUBSCRIBE', '__redis__:invalidate');
    else {
      for (const client of [receiver.redis, receiver.headwater]) client.send('SUBSCRIBE __redis__:invalidate\r\n');
      await receiver.push();
    }
    await reader('GET', 'k');
    await both('SET', 'k', '2');
    if (resp === 3) await receiver.push();
    else await receiver.reply();
    await reader('GET', 'k');
    await both('FLUSHALL');
    if (resp === 3) await receiver.push();
    else await receiver.reply();
    await reader('CLIENT', 'TRACKING', 'off');
  }
});

lockstep('a redirection that is broken', { resp: 3 }, async (both) => {
  const receiver = await both.open();
  const ids = await id(receiver);
  await withId(both, ids, 'CLIENT', 'TRACKING', 'on', 'REDIRECT', 'ID');
  await both('GET', 'k');
  await Promise.all([receiver.redis.close(), receiver.headwater.close()]);
  for (const client of [both.redis, both.headwater])
    await waitFor(
      async () => !String(await client.ok('CLIENT', 'LIST')).includes(`id=${ids[client === both.redis ? 1 : 0]} `),
      {
        what: 'the receiver to be gone',
      },
    );
  await withId(both, ids, 'CLIENT', 'TRACKINGINFO');
  await both('SET', 'k', '1');
  const pushed = await Promise.all([both.headwater.push(), both.redis.push()]);
  assert.equal(pushed[0].toString().replace(ids[0], 'ID'), pushed[1].toString().replace(ids[1], 'ID'));
  await withId(both, ids, 'CLIENT', 'TRACKINGINFO');
  for (const client of [both.redis, both.headwater])
    assert.match(String(await client.ok('CLIENT', 'INFO')), / flags=tR /);
});

lockstep('CLIENT REPLY OFF does not silence messages', { resp: 3 }, async (both) => {
  const writer = await both.open();
  await both('CLIENT', 'TRACKING', 'on');
  await both('GET', 'a');
  await both('GET', 'b');
  for (const client of [both.redis, both.headwater]) client.send('CLIENT REPLY OFF\r\nSET a 1\r\n');
  await both.push();
  await writer('SET', 'b', '1');
  await both.push();
});

lockstep('tracking-table-max-keys', { resp: 3 }, async (both) => {
  const writer = await both.open();
  await both('CONFIG', 'SET', 'tracking-table-max-keys', '2');
  await both('CLIENT', 'TRACKING', 'on');
  for (const key of ['a', 'b', 'c', 'd']) await both('GET', key);
  await figures(both);
  for (const client of [both.redis, both.headwater]) {
    await waitFor(() => client.pushes.length === 2, { what: 'two keys to be dropped' });
    client.pushes.length = 0;
  }
  await both('CONFIG', 'SET', 'tracking-table-max-keys', '0');
  for (const key of ['a', 'b', 'c', 'd']) await both('GET', key);
  await figures(both);
  await writer('MSET', 'a', '1', 'b', '1', 'c', '1', 'd', '1');
  for (let i = 0; i < 4; i++) await both.push();
  // NOLOOP is about changes of keys, not about this.
  await both('CLIENT', 'TRACKING', 'off');
  await both('CLIENT', 'TRACKING', 'on', 'NOLOOP');
  await both('MGET', 'a', 'b');
  await both('CONFIG', 'SET', 'tracking-table-max-keys', '1');
  for (const client of [both.redis, both.headwater]) {
    await waitFor(() => client.pushes.length === 1, { what: 'a key to be dropped' });
    client.pushes.length = 0;
  }
  await both('CONFIG', 'SET', 'tracking-table-max-keys', '1000000');
});

test('messages come after the reply of the command that caused them', async (t) => {
  const servers = [await startHeadwater(), await startRedis()];
  t.after(() => Promise.all(servers.map((server) => server.stop())));
  const commands: Command[] = [
    ['CLIENT', 'TRACKING', 'on'],
    ['GET', 'a'],
    ['MGET', 'b', 'c'],
    ['SET', 'a', '1'],
    ['MULTI'],
    ['DEL', 'b'],
    ['SET', 'b', '1'],
    ['GET', 'a'],
    ['SET', 'a', '2'],
    ['SET', 'c', '1'],
    ['EXEC'],
    ['GET', 'x'],
    // Evicted before the next command, whose reply comes afterwards.
    ['CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random', 'maxmemory', '1'],
    ['GET', 'none'],
    ['CONFIG', 'SET', 'maxmemory', '0'],
    ['FLUSHALL'],
    ['CLIENT', 'TRACKING', 'off'],
    ['CLIENT', 'TRACKING', 'on', 'BCAST'],
    ['SET', 'z', '1'],
    ['SET', 'a', '1'],
    ['ECHO', 'end'],
  ];
  const outputs = await Promise.all(
    servers.map(async ({ port }) => {
      const socket = connect(port, '127.0.0.1');
      let received = '';
      socket.on('data', (bytes) => {
        received += bytes.toString('latin1');
      });
      socket.write(encodeCommand(['HELLO', '3']));
      await waitFor(() => received.includes('modules'), { what: 'HELLO' });
      received = '';
      socket.write(Buffer.concat(commands.map(encodeCommand)));
      await waitFor(() => received.includes('$1\r\nz\r\n'), { what: 'the last message' });
      socket.destroy();
      return received;
    }),
  );
  assert.equal(outputs[0], outputs[1]);
});

lockstep('keys that expire by themselves, databases that are exchanged or loaded', { resp: 3 }, async (both) => {
  const broadcast = await both.open();
  const writer = await both.open();
  await both('CLIENT', 'TRACKING', 'on');
  await broadcast('CLIENT', 'TRACKING', 'on', 'BCAST', 'PREFIX', 'a');
  await writer('SET', 'a', '1', 'PX', '100');
  await broadcast.push();
  await both('GET', 'a');
  await both.push();
  await broadcast.push();
  await writer('SET', 'k', '1');
  await both('GET', 'k');
  await writer('SWAPDB', '0', '1');
  await quiet(both, broadcast);
  await writer('DEBUG', 'RELOAD');
  await both.push();
  await broadcast.push();
  await quiet(both, broadcast);
  await figures(both);
});
