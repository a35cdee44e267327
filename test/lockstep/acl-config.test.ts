/** Users in redis.conf, the ACL file, and what both become when they are written again. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

interface Running {
  readonly server: ServerProcess;
  readonly client: RawClient;
  readonly dir: string;
}

/** Both servers with the same files and words; ours first. They stop when the test ends. */
async function startBoth(
  t: TestContext,
  files: { readonly [name: string]: string },
  options: {
    readonly args?: readonly string[];
    readonly file?: string;
    readonly auth?: readonly string[];
  } = {},
): Promise<readonly [Running, Running]> {
  const start = async (kind: typeof startRedis): Promise<Running> => {
    const temporary = tempDir();
    for (const [name, text] of Object.entries(files)) writeFileSync(join(temporary.path, name), text);
    const { args = [], file, auth } = options;
    const server = await kind(args, { dir: temporary.path, ...(file === undefined ? {} : { file }) });
    const client = await connectRaw(server.port);
    if (auth !== undefined) await client.ok('AUTH', ...auth);
    t.after(async () => {
      await client.close();
      await server.stop();
      temporary.remove();
    });
    return { server, client, dir: temporary.path };
  };
  return [await start(startHeadwater), await start(startRedis)];
}

/** The replies of both are the same bytes. */
async function same(both: readonly [Running, Running], ...command: readonly string[]): Promise<string> {
  const [ours, theirs] = await Promise.all(both.map(({ client }) => client.call(...command)));
  const plain = (reply: Buffer, index: number): string =>
    reply.toString('latin1').replaceAll(both[index]!.dir, '<dir>');
  assert.equal(plain(ours!, 0), plain(theirs!, 1), command.join(' '));
  return ours!.toString('latin1');
}

test('users of redis.conf are there after the start, whatever requirepass says', async (t) => {
  const conf = [
    'requirepass old',
    'user default on >pw ~* &* +@all',
    'user alice on nopass ~a:* -@all +get (~b +set)',
    'user bob off',
    '',
  ].join('\n');
  const both = await startBoth(t, { 'redis.conf': conf }, { file: 'redis.conf', auth: ['pw'] });
  await same(both, 'ACL', 'LIST');
  await same(both, 'AUTH', 'old');
  await same(both, 'CONFIG', 'GET', 'requirepass');
});

test('a rewritten configuration file has a line for each user', async (t) => {
  const lines: string[][] = [];
  for (const kind of [startHeadwater, startRedis]) {
    const temporary = tempDir();
    const file = join(temporary.path, 'redis.conf');
    writeFileSync(file, 'user alice on nopass ~a:* -@all +get\nuser bob off\n');
    const server = await kind([], { dir: temporary.path, file: 'redis.conf' });
    const client = await connectRaw(server.port);
    t.after(async () => {
      await client.close();
      await server.stop();
      temporary.remove();
    });
    await client.ok('ACL', 'DELUSER', 'bob');
    await client.ok('ACL', 'SETUSER', 'carol', 'on', '+@read', '~*');
    await client.ok('CONFIG', 'REWRITE');
    lines.push(
      readFileSync(file, 'latin1')
        .split('\n')
        .filter((line) => line.startsWith('user '))
        .toSorted(),
    );
  }
  assert.deepEqual(lines[0], lines[1]);
  assert.equal(lines[0]!.length, 3);
});

test('with an ACL file CONFIG REWRITE writes no users', async (t) => {
  for (const kind of [startHeadwater, startRedis]) {
    const temporary = tempDir();
    const file = join(temporary.path, 'redis.conf');
    writeFileSync(file, 'aclfile users.acl\n');
    writeFileSync(join(temporary.path, 'users.acl'), 'user alice on nopass +@all\n');
    const server = await kind([], { dir: temporary.path, file: 'redis.conf' });
    const client = await connectRaw(server.port);
    t.after(async () => {
      await client.close();
      await server.stop();
      temporary.remove();
    });
    await client.ok('CONFIG', 'REWRITE');
    assert.doesNotMatch(readFileSync(file, 'latin1'), /^user /m);
  }
});

test('the ACL file is loaded at the start and by LOAD, and written by SAVE', async (t) => {
  const text = 'user default on nopass ~* &* +@all\n\nuser  alice on nopass ~a:* +get (~b +set)\r\n';
  const both = await startBoth(
    t,
    { 'users.acl': text.replace('user  alice', 'user alice') },
    { args: ['--aclfile', 'users.acl'] },
  );
  await same(both, 'ACL', 'LIST');
  await same(both, 'CONFIG', 'GET', 'aclfile');
  await same(both, 'ACL', 'SETUSER', 'bob', 'on', '>pw', '+@all', '-config');
  await same(both, 'ACL', 'SAVE');
  const [ours, theirs] = both.map(({ dir }) => readFileSync(join(dir, 'users.acl'), 'latin1'));
  assert.equal(ours, theirs);

  // Whoever is not the default user has to come again.
  const alices = await Promise.all(both.map(({ server }) => connectRaw(server.port)));
  for (const alice of alices) await alice.ok('AUTH', 'alice', 'x');
  await same(both, 'ACL', 'SETUSER', 'gone', 'on');
  await same(both, 'ACL', 'LOAD');
  for (const alice of alices) assert.equal((await alice.untilClose()).length, 0);
  await same(both, 'ACL', 'LIST');

  for (const bad of [
    'user default on nopass +@all ~* &*\nuser alice on +nosuch +more what ~* ~x\nusr x\nuser\n',
    'user a on\nuser a off\nuser b (+get\nuser c (what) +nosuch\n',
    '# comment\nuser d "x y"\n',
    'user \tx on\n',
  ]) {
    for (const { dir } of both) writeFileSync(join(dir, 'users.acl'), bad);
    assert.match(await same(both, 'ACL', 'LOAD'), /^-ERR /);
    await same(both, 'ACL', 'LIST');
  }
  for (const { dir } of both) writeFileSync(join(dir, 'users.acl'), 'user bob on nopass +@all ~*\n');
  await same(both, 'ACL', 'LOAD');
  await same(both, 'ACL', 'LIST');
});

test('an ACL file and users of the configuration exclude each other, and mistakes end the start', async () => {
  const outcomes = async (files: { readonly [name: string]: string }, args: readonly string[]): Promise<void> => {
    for (const kind of [startHeadwater, startRedis]) {
      const temporary = tempDir();
      for (const [name, text] of Object.entries(files)) writeFileSync(join(temporary.path, name), text);
      await assert.rejects(kind(args, { dir: temporary.path }), /ended with 1 before it was ready/);
      temporary.remove();
    }
  };
  await outcomes({ 'users.acl': '' }, ['--aclfile', 'users.acl', '--user', 'alice', 'on']);
  await outcomes({ 'users.acl': 'user alice +nosuch\n' }, ['--aclfile', 'users.acl']);
  await outcomes({}, ['--aclfile', 'missing.acl']);
  await outcomes({}, ['--user', 'alice', '+nosuch']);
  await outcomes({}, ['--user', 'alice', 'what']);
});

test('rules name commands as they are, whatever rename-command did', async (t) => {
  const both = await startBoth(
    t,
    {},
    { args: ['--rename-command', 'FLUSHALL', 'wipe', '--rename-command', 'KEYS', ''] },
  );
  await same(both, 'ACL', 'SETUSER', 'u', 'on', 'nopass', '+@all', '-flushall', '-keys', '~*');
  await same(both, 'ACL', 'SETUSER', 'u', '+wipe');
  await same(both, 'ACL', 'DRYRUN', 'u', 'wipe');
  await same(both, 'ACL', 'DRYRUN', 'u', 'flushall');
  await same(both, 'ACL', 'DRYRUN', 'u', 'keys', '*');
  await same(both, 'COMMAND', 'INFO', 'wipe', 'flushall', 'keys');
  await same(both, 'AUTH', 'u', 'x');
  await same(both, 'wipe');
  await same(both, 'flushall');
});

test('a replica logs in to its master as a user, and follows', async (t) => {
  for (const [startMaster, startReplica] of [
    [startRedis, startHeadwater],
    [startHeadwater, startRedis],
    [startHeadwater, startHeadwater],
  ] as const) {
    const master = await startMaster([
      '--user',
      'repl',
      'on',
      '>secret',
      '+psync',
      '+replconf',
      '+ping',
      '--user',
      'default',
      'off',
    ]);
    t.after(() => master.stop());
    const replica = await startReplica([
      ...['--replicaof', `127.0.0.1 ${master.port}`, '--masteruser', 'repl', '--masterauth', 'secret'],
    ]);
    t.after(() => replica.stop());
    const client = await connectRaw(replica.port);
    await waitFor(async () => String(await client.ok('INFO', 'replication')).includes('master_link_status:up'), {
      what: 'the link',
    });
    await client.close();
  }
});
