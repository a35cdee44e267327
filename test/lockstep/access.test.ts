/** What the configuration withholds: DEBUG, protected directives, renamed commands; and what RESET leaves. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { decode, type Reply } from '../support/resp.ts';

type Pair = readonly [headwater: RawClient, redis: RawClient];

async function startBoth(t: TestContext, ...args: readonly string[]): Promise<Pair> {
  const start = async (kind: typeof startRedis): Promise<RawClient> => {
    const server = await kind(args);
    const client = await connectRaw(server.port);
    t.after(async () => {
      await client.close();
      await server.stop();
    });
    return client;
  };
  return [await start(startHeadwater), await start(startRedis)];
}

async function same(both: Pair, ...command: readonly string[]): Promise<Reply> {
  const [ours, theirs] = await Promise.all(both.map((client) => client.call(...command)));
  assert.equal(ours!.toString('latin1'), theirs!.toString('latin1'), command.join(' '));
  return decode(theirs!);
}

for (const access of ['no', 'local', 'yes']) {
  test(`enable-debug-command and enable-protected-configs ${access}`, async (t) => {
    const both = await startBoth(t, '--enable-debug-command', access, '--enable-protected-configs', access);
    await same(both, 'DEBUG', 'SLEEP', '0');
    await same(both, 'DEBUG', 'HELPP');
    await same(both, 'DEBUG');
    for (const command of [['MULTI'], ['DEBUG', 'SLEEP', '0'], ['SET', 'k', '1'], ['EXEC'], ['GET', 'k']])
      await same(both, ...command);
    await same(both, 'CONFIG', 'SET', 'dir', '/');
    await same(both, 'CONFIG', 'SET', 'dbfilename', 'other.rdb');
    await same(both, 'CONFIG', 'SET', 'enable-debug-command', 'yes');
    await same(both, 'CONFIG', 'SET', 'hz', '12', 'dbfilename', 'third.rdb');
    await same(both, 'CONFIG', 'GET', 'hz');
    await same(both, 'INFO', 'errorstats');
  });
}

test('renamed commands are found by their new names, and are otherwise what they were', async (t) => {
  const renames = [
    '--rename-command',
    'SET',
    'put',
    '--rename-command',
    'CONFIG',
    'cfg',
    '--rename-command',
    'KEYS',
    '',
  ];
  const both = await startBoth(t, ...renames, '--rename-command', 'EXEC', 'go');
  for (const command of [
    ['SET', 'k', '1'],
    ['put', 'k', '1'],
    ['PUT', 'k'],
    ['KEYS', '*'],
    ['cfg', 'GET', 'hz'],
    ['cfg', 'nosuch'],
    ['cfg'],
    ['CONFIG', 'GET', 'hz'],
    ['COMMAND', 'INFO', 'set', 'put', 'cfg|get', 'config|get', 'keys', 'go'],
    ['COMMAND', 'GETKEYS', 'put', 'k', 'v'],
    ['COMMAND', 'GETKEYS', 'set', 'k', 'v'],
    ['COMMAND', 'LIST', 'FILTERBY', 'PATTERN', 'put'],
    ['COMMAND', 'LIST', 'FILTERBY', 'PATTERN', 'set'],
    ['MULTI'],
    ['put', 'k', '2'],
    ['EXEC'],
    ['go'],
    ['MULTI'],
    ['put', 'k', '3'],
    ['go'],
    ['GET', 'k'],
  ])
    await same(both, ...command);
  const names = await Promise.all(
    both.map(async (client) =>
      String(await client.ok('INFO', 'commandstats'))
        .match(/cmdstat_(put|set|cfg\|get|config\|get)/g)
        ?.toSorted(),
    ),
  );
  assert.deepEqual(names[0], names[1]);
});

test('RESET ends everything that a connection has begun', async (t) => {
  const both = await startBoth(t);
  const flags = async (): Promise<void> => {
    const [ours, theirs] = await Promise.all(
      both.map(async (client) => {
        const line = String(await client.ok('CLIENT', 'INFO'));
        return ['flags', 'name', 'db', 'sub', 'psub', 'ssub', 'multi', 'user', 'redir', 'resp']
          .map((field) => new RegExp(` ${field}=\\S*`).exec(line)?.[0])
          .join('');
      }),
    );
    assert.equal(ours, theirs);
  };
  await same(both, 'ACL', 'SETUSER', 'u', 'on', 'nopass', '+@all', '~*', '&*');
  for (const setup of [
    [
      ['CLIENT', 'SETNAME', 'me'],
      ['SELECT', '3'],
      ['AUTH', 'u', 'x'],
    ],
    [['CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', 'a']],
    [
      ['CLIENT', 'TRACKING', 'ON', 'OPTIN'],
      ['CLIENT', 'CACHING', 'YES'],
    ],
    [['WATCH', 'k'], ['MULTI'], ['SET', 'k', '1']],
    [
      ['SUBSCRIBE', 'a'],
      ['PSUBSCRIBE', 'b'],
      ['SSUBSCRIBE', 'c'],
    ],
  ]) {
    for (const command of setup) await same(both, ...command);
    await same(both, 'RESET');
    await flags();
    await same(both, 'CLIENT', 'TRACKINGINFO');
    await same(both, 'ACL', 'WHOAMI');
  }
  for (const client of both) client.send('CLIENT REPLY OFF\r\nSET k 1\r\n');
  await same(both, 'RESET');
  await same(both, 'GET', 'k');
});
