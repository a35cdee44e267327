/** CLIENT and its subcommands against the real server. */
import assert from 'node:assert';
import { lockstep, type Both } from '../support/lockstep.ts';
import type { RawClient } from '../support/raw-client.ts';
import { waitFor } from '../support/wait.ts';

lockstep('names are printable words', { resp: 'both' }, async (both) => {
  await both.all([
    ['CLIENT', 'GETNAME'],
    ['CLIENT', 'SETNAME', 'me'],
    ['CLIENT', 'GETNAME'],
    ['CLIENT', 'SETNAME', 'a b'],
    ['CLIENT', 'SETNAME', 'a\nb'],
    ['CLIENT', 'SETNAME', Buffer.from([0xe9])],
    ['CLIENT', 'SETNAME', Buffer.from([0])],
    ['CLIENT', 'SETNAME', '~!@#'],
    ['CLIENT', 'GETNAME'],
    ['CLIENT', 'SETNAME', ''],
    ['CLIENT', 'GETNAME'],
    ['CLIENT', 'SETNAME'],
    ['CLIENT', 'SETNAME', 'a', 'b'],
    ['CLIENT', 'GETNAME', 'x'],
  ]);
});

lockstep('what each subcommand refuses', { resp: 'both' }, async (both) => {
  await both.all([
    ['CLIENT'],
    ['CLIENT', ''],
    ['CLIENT', 'NOSUCH'],
    ['CLIENT', 'NoSuch', 'x'],
    ['CLIENT', 'x'.repeat(200)],
    ['CLIENT|ID'],
    ['CLIENT', 'ID', 'x'],
    ['CLIENT', 'INFO', 'x'],
    ['CLIENT', 'LIST', 'x'],
    ['CLIENT', 'LIST', 'TYPE'],
    ['CLIENT', 'LIST', 'TYPE', 'nonsense'],
    ['CLIENT', 'LIST', 'TYPE', 'normal', 'x'],
    ['CLIENT', 'LIST', 'TYPE', 'toString'],
    ['CLIENT', 'LIST', 'ID'],
    ['CLIENT', 'LIST', 'ID', 'x'],
    ['CLIENT', 'LIST', 'ID', '-1'],
    ['CLIENT', 'LIST', 'ID', '99999999999'],
    ['CLIENT', 'LIST', 'ID', '9223372036854775808'],
    ['CLIENT', 'KILL'],
    ['CLIENT', 'KILL', 'nowhere'],
    ['CLIENT', 'KILL', '127.0.0.1:1'],
    ['CLIENT', 'KILL', 'ID', 'x'],
    ['CLIENT', 'KILL', 'ID', '0'],
    ['CLIENT', 'KILL', 'ID', '-1'],
    ['CLIENT', 'KILL', 'ID', '9223372036854775808'],
    ['CLIENT', 'KILL', 'ID', '999999'],
    ['CLIENT', 'KILL', 'ID', '1', 'ADDR'],
    ['CLIENT', 'KILL', 'TYPE', 'nonsense'],
    ['CLIENT', 'KILL', 'USER', 'nobody'],
    ['CLIENT', 'KILL', 'SKIPME', 'perhaps'],
    ['CLIENT', 'KILL', 'NONSENSE', 'x'],
    ['CLIENT', 'KILL', 'ADDR', 'x', 'LADDR', 'y', 'ID', '7', 'SKIPME', 'no'],
    ['CLIENT', 'KILL', 'TYPE', 'pubsub'],
    ['CLIENT', 'KILL', 'TYPE', 'slave'],
    ['CLIENT', 'KILL', 'TYPE', 'REPLICA'],
    ['CLIENT', 'KILL', 'TYPE', 'master'],
    ['CLIENT', 'REPLY'],
    ['CLIENT', 'REPLY', 'perhaps'],
    ['CLIENT', 'NO-EVICT'],
    ['CLIENT', 'NO-EVICT', 'perhaps'],
    ['CLIENT', 'NO-EVICT', 'ON'],
    ['CLIENT', 'NO-EVICT', 'off'],
    ['CLIENT', 'PAUSE'],
    ['CLIENT', 'PAUSE', 'x'],
    ['CLIENT', 'PAUSE', '-1'],
    ['CLIENT', 'PAUSE', '1.5'],
    ['CLIENT', 'PAUSE', '9223372036854775808'],
    ['CLIENT', 'PAUSE', '1', 'nonsense'],
    ['CLIENT', 'PAUSE', 'x', 'nonsense'],
    ['CLIENT', 'PAUSE', '1', 'WRITE', 'x'],
    ['CLIENT', 'PAUSE', '0'],
    ['CLIENT', 'PAUSE', '0', 'write'],
    ['CLIENT', 'UNPAUSE', 'x'],
    ['CLIENT', 'UNPAUSE'],
    ['CLIENT', 'UNBLOCK'],
    ['CLIENT', 'UNBLOCK', 'x'],
    ['CLIENT', 'UNBLOCK', '999999'],
    ['CLIENT', 'UNBLOCK', '-1', 'timeout'],
    ['CLIENT', 'UNBLOCK', '999999', 'ERROR'],
    ['CLIENT', 'UNBLOCK', '999999', 'nonsense'],
    ['CLIENT', 'UNBLOCK', 'x', 'nonsense'],
    ['CLIENT', 'UNBLOCK', '1', 'ERROR', 'x'],
    ['CLIENT', 'GETREDIR'],
    ['CLIENT', 'GETREDIR', 'x'],
    ['CLIENT', 'TRACKINGINFO'],
    ['CLIENT', 'TRACKING'],
    ['CLIENT', 'TRACKING', 'off'],
    ['CLIENT', 'TRACKING', 'perhaps'],
    ['CLIENT', 'CACHING', 'yes'],
    ['CLIENT', 'CACHING', 'perhaps'],
    ['CLIENT', 'CACHING'],
    ['CLIENT', 'HELP', 'x'],
  ]);
});

/** "name=value" pairs of one line of CLIENT LIST. */
function fields(line: string): Map<string, string> {
  return new Map(
    line
      .trimEnd()
      .split(' ')
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}

async function info(client: RawClient): Promise<Map<string, string>> {
  return fields(String(await client.ok('CLIENT', 'INFO')));
}

lockstep('CLIENT INFO has the fields of Redis in its order, then those of 7.2', { resp: 'both' }, async (both) => {
  await both('CLIENT', 'SETNAME', 'someone');
  await both('SELECT', '3');
  const [ours, theirs] = await Promise.all([info(both.headwater), info(both.redis)]);
  assert.deepStrictEqual([...ours.keys()], [...theirs.keys(), 'lib-name', 'lib-ver']);
  for (const name of [
    'name',
    'flags',
    'db',
    'sub',
    'psub',
    'ssub',
    'multi',
    'obl',
    'oll',
    'omem',
    'events',
    'cmd',
    'user',
    'redir',
    'resp',
  ])
    assert.strictEqual(ours.get(name), theirs.get(name), name);
  assert.match(ours.get('addr')!, /^127\.0\.0\.1:\d+$/);
  assert.match(ours.get('laddr')!, /^127\.0\.0\.1:\d+$/);
  assert.ok(Number(ours.get('fd')) > 2);
  assert.ok(Number(ours.get('age')) < 60 && Number(ours.get('idle')) < 60);
  assert.strictEqual(Number(ours.get('id')), await both.headwater.ok('CLIENT', 'ID'));
});

lockstep('CLIENT LIST shows all, those of a type, or those asked for', { resp: 'both' }, async (both) => {
  const others = [await both.open({ resp: 2 }), await both.open({ resp: 3 })];
  const inAll = async (of: (both: Both) => RawClient): Promise<unknown> => {
    const client = of(both);
    const ids: unknown[] = [];
    for (const one of [both, ...others]) ids.push(await of(one).ok('CLIENT', 'ID'));
    const shown = async (...args: readonly string[]): Promise<readonly (number | undefined)[]> => {
      const text = String(await client.ok('CLIENT', 'LIST', ...args));
      assert.ok(text === '' || text.endsWith('\n'));
      const lines = text.split('\n').filter((line) => line !== '');
      return lines.map((line) => ids.indexOf(Number(fields(line).get('id'))));
    };
    return [
      await shown(),
      await shown('TYPE', 'normal'),
      await shown('TYPE', 'Replica'),
      await shown('type', 'master'),
      await shown('TYPE', 'pubsub'),
      await shown('ID', String(ids[1])),
      await shown('id', String(ids[2]), '999999', String(ids[0]), String(ids[2])),
    ];
  };
  assert.deepStrictEqual(await inAll((one) => one.headwater), await inAll((one) => one.redis));
});

lockstep('CLIENT LIST shows what each client did last', async (both) => {
  const other = await both.open();
  const ids = [await other.headwater.ok('CLIENT', 'ID'), await other.redis.ok('CLIENT', 'ID')];
  for (const command of [
    ['PING'],
    ['get', 'a'],
    ['GET'],
    ['NOSUCH'],
    ['CLIENT', 'NOSUCH'],
    ['OBJECT', 'HELP', 'x'],
    ['MULTI'],
    ['GET', 'a'],
    ['EXEC'],
  ]) {
    await other(...command);
    const shown = await Promise.all(
      [both.headwater, both.redis].map(async (client, i) =>
        fields(String(await client.ok('CLIENT', 'LIST', 'ID', String(ids[i])))).get('cmd'),
      ),
    );
    assert.strictEqual(shown[0], shown[1], command.join(' '));
  }
});

lockstep('CLIENT KILL by address closes that client', async (both) => {
  const other = await both.open();
  const kill = async (client: RawClient, victim: RawClient): Promise<string> => {
    const address = (await info(victim)).get('addr')!;
    const reply = String(await client.call('CLIENT', 'KILL', address));
    assert.strictEqual((await victim.untilClose()).length, 0);
    return reply + String(await client.call('CLIENT', 'KILL', address));
  };
  assert.strictEqual(await kill(both.headwater, other.headwater), await kill(both.redis, other.redis));
});

lockstep('CLIENT KILL with filters closes those that match all, and counts them', async (both) => {
  const round = async (of: (one: Both) => RawClient): Promise<unknown[]> => {
    const others = [await both.open(), await both.open(), await both.open()];
    const me = of(both);
    const [a, b, c] = others.map(of);
    const seen: unknown[] = [];
    const { id, addr } = Object.fromEntries(await info(a!));
    seen.push(await me.ok('CLIENT', 'KILL', 'ID', id!, 'ADDR', 'elsewhere:1'));
    seen.push(await me.ok('CLIENT', 'KILL', 'ID', id!, 'ADDR', addr!, 'TYPE', 'normal', 'USER', 'default'));
    // At once, before the socket is known to be closed, it is no longer a client.
    seen.push(await me.ok('CLIENT', 'KILL', 'ID', id!), String(await me.ok('CLIENT', 'LIST', 'ID', id!)));
    seen.push((await a!.untilClose()).length);
    seen.push(await me.ok('CLIENT', 'KILL', 'SKIPME', 'yes', 'LADDR', (await info(b!)).get('laddr')!));
    seen.push((await b!.untilClose()).length, (await c!.untilClose()).length);
    const mine = await me.ok('CLIENT', 'ID');
    seen.push(await me.ok('CLIENT', 'KILL', 'ID', String(mine)));
    seen.push(await me.ok('PING'));
    return seen;
  };
  // One after the other: each round opens clients on both servers.
  const ours = await round((one) => one.headwater);
  const theirs = await round((one) => one.redis);
  assert.deepStrictEqual([ours.slice(0, 5), ours.slice(-2)], [theirs.slice(0, 5), theirs.slice(-2)]);
});

lockstep('a client that kills itself gets its reply', async (both) => {
  const kill = async (client: RawClient): Promise<string> => {
    const id = await client.ok('CLIENT', 'ID');
    client.send(`CLIENT KILL ID ${String(id)} SKIPME no\r\nSET after 1\r\n`);
    return String(await client.untilClose());
  };
  assert.strictEqual(await kill(both.headwater), await kill(both.redis));
  const second = await both.open();
  await second('EXISTS', 'after');
  const old = async (client: RawClient): Promise<string> => {
    const address = (await info(client)).get('addr')!;
    client.send(`CLIENT KILL ${address}\r\nSET after 1\r\n`);
    return String(await client.untilClose());
  };
  assert.strictEqual(await old(second.headwater), await old(second.redis));
});

lockstep('a watching or queueing client that is killed leaves nothing behind', async (both) => {
  const other = await both.open();
  await other.all([['WATCH', 'k'], ['MULTI'], ['SET', 'k', 'queued']]);
  for (const [me, victim] of [
    [both.redis, other.redis],
    [both.headwater, other.headwater],
  ] as const) {
    await me.ok('CLIENT', 'KILL', 'TYPE', 'normal');
    await victim.untilClose();
  }
  await both.all([
    ['SET', 'k', '1'],
    ['GET', 'k'],
  ]);
});

lockstep('CLIENT REPLY OFF and SKIP silence exactly what they should', { resp: 'both' }, async (both) => {
  // Each line is one write; the marker at its end shows that nothing else was answered.
  for (const commands of [
    ['CLIENT REPLY SKIP', 'SET a 1', 'GET a'],
    ['CLIENT REPLY SKIP', 'NOSUCH', 'GET a'],
    ['CLIENT REPLY SKIP', 'CLIENT REPLY SKIP', 'GET a', 'GET a'],
    ['CLIENT REPLY SKIP', 'CLIENT REPLY ON', 'GET a'],
    ['CLIENT REPLY OFF', 'GET a', 'CLIENT REPLY OFF', 'NOSUCH', 'CLIENT REPLY nonsense', 'CLIENT REPLY ON', 'GET a'],
    ['CLIENT REPLY OFF', 'CLIENT REPLY SKIP', 'GET a', 'GET a', 'CLIENT REPLY ON', 'GET a'],
    ['CLIENT REPLY OFF', 'INCR n', 'RESET', 'GET n'],
    ['CLIENT REPLY ON', 'CLIENT REPLY ON'],
    ['CLIENT REPLY OFF', 'MULTI', 'INCR n', 'EXEC', 'CLIENT REPLY ON', 'GET n'],
    ['CLIENT REPLY SKIP', 'MULTI', 'INCR n', 'EXEC'],
  ]) {
    const all = async (client: RawClient): Promise<string> => {
      client.send(commands.map((command) => `${command}\r\n`).join('') + 'ECHO marker\r\n');
      let seen = '';
      while (!seen.endsWith('marker\r\n')) seen += String(await client.reply());
      return seen;
    };
    const [ours, theirs] = await Promise.all([all(both.headwater), all(both.redis)]);
    assert.strictEqual(ours, theirs, commands.join('; '));
  }
});

lockstep('CLIENT PAUSE WRITE holds writes, not reads; UNPAUSE lets them go in their order', async (both) => {
  await both('SET', 'k', '1');
  const writer = await both.open();
  const transaction = await both.open();
  await transaction.all([['MULTI'], ['INCR', 'k']]);
  await both('CLIENT', 'PAUSE', '100000', 'WRITE');
  const written = writer.pipeline([
    ['GET', 'k'],
    ['INCR', 'k'],
    ['GET', 'k'],
  ]);
  const executed = transaction('EXEC');
  await both('GET', 'k');
  await both('PING');
  // A read-only transaction goes through.
  await both.all([['MULTI'], ['GET', 'k'], ['EXEC']]);
  await both('CLIENT', 'UNPAUSE');
  await written;
  await executed;
  await both('GET', 'k');
});

lockstep('CLIENT PAUSE ends by itself', async (both) => {
  await both('CLIENT', 'PAUSE', '30', 'ALL');
  await both('SET', 'k', '1');
  await both('CLIENT', 'PAUSE', '30');
  await both('GET', 'k');
});

lockstep('a paused client that goes away does no harm', async (both) => {
  const gone = await both.open();
  await both('CLIENT', 'PAUSE', '100000', 'WRITE');
  gone.redis.send('SET never 1\r\n');
  gone.headwater.send('SET never 1\r\n');
  await Promise.all([gone.redis.close(), gone.headwater.close()]);
  for (const client of [both.redis, both.headwater])
    await waitFor(
      async () =>
        String(await client.ok('CLIENT', 'LIST'))
          .trimEnd()
          .split('\n').length === 1,
      {
        what: 'the client to be gone',
      },
    );
  await both('CLIENT', 'UNPAUSE');
  await both('EXISTS', 'never');
});

lockstep('keys do not expire while writes are paused', async (both) => {
  await both('SET', 'k', '1', 'PX', '500');
  await both('CLIENT', 'PAUSE', '100000', 'WRITE');
  const until = Date.now() + 510;
  await waitFor(() => Date.now() > until, { what: 'the clock' });
  await both('GET', 'k');
  await both('DBSIZE');
  await both('CLIENT', 'UNPAUSE');
  await both('GET', 'k');
});

lockstep('what only 7.2 has', async (both) => {
  const { headwater } = both;
  for (const [args, reply] of [
    [['CLIENT', 'SETINFO', 'LIB-NAME', 'redis-ts'], '+OK\r\n'],
    [['CLIENT', 'SETINFO', 'lib-ver', '1.2.3'], '+OK\r\n'],
    [
      ['CLIENT', 'SETINFO', 'LIB-NAME', 'a b'],
      '-ERR lib-name cannot contain spaces, newlines or special characters.\r\n',
    ],
    [['CLIENT', 'SETINFO', 'OTHER', 'x'], "-ERR Unrecognized option 'OTHER'\r\n"],
    [['CLIENT', 'SETINFO', 'LIB-NAME'], "-ERR wrong number of arguments for 'client|setinfo' command\r\n"],
    [['CLIENT', 'NO-TOUCH', 'on'], '+OK\r\n'],
    [['CLIENT', 'NO-TOUCH', 'x'], '-ERR syntax error\r\n'],
    [['CLIENT', 'KILL', 'MAXAGE', '100000'], ':0\r\n'],
    [['CLIENT', 'KILL', 'MAXAGE', 'x'], '-ERR maxage is not an integer or out of range\r\n'],
    [['CLIENT', 'KILL', 'MAXAGE', '0'], '-ERR maxage should be greater than 0\r\n'],
  ] as const)
    assert.strictEqual(String(await headwater.call(...args)), reply);
  const now = await info(headwater);
  assert.deepStrictEqual([now.get('lib-name'), now.get('lib-ver'), now.get('flags')], ['redis-ts', '1.2.3', 'T']);
  const help = await headwater.ok('CLIENT', 'HELP');
  assert.ok(Array.isArray(help) && help.includes('SETINFO') && help.includes('HELP'));
});
