/** The program as a service manager sees it: starting, failing to start, signals, exit codes, files. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/free-port.ts';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { linkUp } from '../support/replication.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { runTool, type ToolOptions, type ToolResult } from '../support/tools.ts';
import { waitFor, within } from '../support/wait.ts';

const program = fileURLToPath(new URL('../../src/cli/headwater.js', import.meta.url));

/** Runs the program until it ends by itself. */
function headwater(args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
  return runTool(process.execPath, [program, ...args], options);
}

/** Stops the server when the test ends, passed or failed: a server left running would keep this process waiting. */
async function start(t: TestContext, starting: Promise<ServerProcess>): Promise<ServerProcess> {
  const server = await starting;
  t.after(() => server.stop());
  return server;
}

function exitCode(server: ServerProcess): Promise<number | null> {
  return within(server.exited, 15_000, 'the end of the process');
}

test('--version and --help print and exit with 0', async () => {
  for (const flag of ['--version', '-v']) {
    const { stdout, code } = await headwater([flag]);
    assert.match(stdout, /^Headwater server v=\d+\.\d+\.\d+ redis=\d+\.\d+\.\d+ node=v\d+\S* bits=64\n$/);
    assert.equal(code, 0);
  }
  for (const flag of ['--help', '-h']) {
    const { stdout, code } = await headwater([flag]);
    assert.match(stdout, /^Usage: headwater \[/);
    assert.equal(code, 0);
  }
});

test('a directive that is unknown or wrong ends the start with 1 and says where', async () => {
  const dir = tempDir();
  const file = join(dir.path, 'bad.conf');
  writeFileSync(file, 'port 0\nmaxclients many\n');
  const cases: readonly (readonly [args: readonly string[], options: ToolOptions, expected: RegExp])[] = [
    [['--no-such', 'x'], {}, />>> 'no-such "x"'\nBad directive or wrong number of arguments/],
    [[file], {}, /at line 2 \(.*bad\.conf\)\n>>> 'maxclients many'\n/],
    [['-'], { input: 'port 0\nnonsense\n' }, /at line 2 \(standard input\)\n>>> 'nonsense'\n/],
    [['--port', '0', '--dir', join(dir.path, 'none')], {}, />>> 'dir .*\n.*No such file or directory/],
    [
      ['--port', '0', '--logfile', join(dir.path, 'none/x.log')],
      {},
      /Can't open the log file: No such file or directory/,
    ],
  ];
  for (const [args, options, expected] of cases) {
    const { stderr, code } = await headwater(args, options);
    assert.match(stderr, /FATAL CONFIG FILE ERROR \(Headwater /);
    assert.match(stderr, expected);
    assert.equal(code, 1, args.join(' '));
  }
  const { stdout, code } = await headwater([join(dir.path, 'missing.conf')]);
  assert.match(stdout, /Fatal error, can't open config file '.*missing\.conf': No such file or directory/);
  assert.equal(code, 1);
  dir.remove();
});

test("a port or socket that cannot be had ends the start with 1 and redis-server's lines", async (t) => {
  const dir = tempDir();
  const server = await start(t, startHeadwater());
  const pidfile = join(dir.path, 'second.pid');
  const taken = await headwater(['--port', String(server.port), '--bind', '127.0.0.1', '--pidfile', pidfile]);
  const listening = `Warning: Could not create server TCP listening socket 127.0.0.1:${server.port}: bind: Address already in use`;
  assert.ok(taken.stdout.includes(`# ${listening}\n`), taken.stdout);
  assert.ok(taken.stdout.includes(`# Failed listening on port ${server.port} (TCP), aborting.\n`), taken.stdout);
  assert.equal(taken.code, 1);
  assert.ok(!existsSync(pidfile), 'the pid file is not written by a process that cannot serve');
  const absent = await headwater(['--port', String(await freePort()), '--bind', '203.0.113.1']);
  assert.match(absent.stdout, /203\.0\.113\.1:\d+: bind: Cannot assign requested address\n.*Failed listening on port/);
  assert.equal(absent.code, 1);
  const socket = await headwater(['--port', '0', '--unixsocket', join(dir.path, 'none', 'x.sock')]);
  assert.match(socket.stdout, /# Failed opening Unix socket: bind: /);
  assert.equal(socket.code, 1);
  for (const nowhere of [
    ['--port', '0'],
    ['--port', String(await freePort()), '--bind', ''],
  ]) {
    const deaf = await headwater(nowhere);
    assert.match(deaf.stdout, /# Configured to not listen anywhere, exiting\.\n/);
    assert.equal(deaf.code, 1);
  }
  await server.stop();
  dir.remove();
});

test('maxclients leaves open files for saving, whatever the limit of the system', async (t) => {
  const limited = ['sh', '-c', 'ulimit -n 1000; exec "$0" "$@"', process.execPath, program];
  const server = await start(t, startServer(limited, ['--maxclients', '2000']));
  assert.match(
    server.logText(),
    /# maxclients 2000 takes 2032 open files, but the limit is 1000 .* reduced to 968\.\n/,
  );
  const client = await connectRaw(server.port);
  assert.deepEqual(await client.value('CONFIG', 'GET', 'maxclients'), ['maxclients', '968']);
  assert.match(
    String(await client.value('CONFIG', 'SET', 'maxclients', '969')),
    /ERR CONFIG SET failed \(possibly related to argument 'maxclients'\) - The operating system is not able to handle the specified number of clients, try with 968/,
  );
  await client.ok('CONFIG', 'SET', 'maxclients', '968');
  const others = await Promise.all(Array.from({ length: 967 }, () => connectRaw(server.port)));
  const refused = await connectRaw(server.port);
  assert.equal((await refused.untilClose()).toString(), '-ERR max number of clients reached\r\n');
  await client.ok('SET', 'k', 'v');
  await client.ok('SAVE');
  await Promise.all([client, refused, ...others].map((one) => one.close()));
});

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  test(`${signal} saves when there are save points, removes the pid file and exits with 0`, async (t) => {
    const dir = tempDir();
    const args = ['--save', '3600 1', '--pidfile', 'headwater.pid'];
    const server = await start(t, startHeadwater(args, { dir: dir.path }));
    assert.equal(readFileSync(join(dir.path, 'headwater.pid'), 'utf8'), `${server.pid}\n`);
    const client = await connectRaw(server.port);
    await client.ok('SET', 'kept', 'yes');
    process.kill(server.pid, signal);
    await client.untilClose();
    assert.equal(await exitCode(server), 0);
    assert.match(server.logText(), new RegExp(`Received ${signal} scheduling shutdown`));
    assert.match(server.logText(), /Saving the final RDB snapshot before exiting[^]*DB saved on disk[^]*bye bye/);
    assert.ok(!existsSync(join(dir.path, 'headwater.pid')));
    const next = await start(t, startHeadwater(args, { dir: dir.path }));
    const again = await connectRaw(next.port);
    assert.equal(await again.ok('GET', 'kept'), 'yes');
    await again.close();
    await next.stop();
    dir.remove();
  });

test('without save points a signal ends the server without saving', async (t) => {
  const dir = tempDir();
  const server = await start(t, startHeadwater([], { dir: dir.path }));
  const client = await connectRaw(server.port);
  await client.ok('SET', 'kept', 'no');
  process.kill(server.pid, 'SIGTERM');
  assert.equal(await exitCode(server), 0);
  await client.close();
  assert.ok(!existsSync(join(dir.path, 'dump.rdb')));
  dir.remove();
});

test('a second SIGINT while replicas are waited for ends the process at once with 1', async (t) => {
  const master = await start(t, startHeadwater(['--shutdown-timeout', '60']));
  const replica = await start(t, startHeadwater(['--replicaof', `127.0.0.1 ${master.port}`]));
  const watcher = await connectRaw(replica.port);
  await linkUp(watcher);
  await watcher.close();
  replica.freeze();
  const client = await connectRaw(master.port);
  await client.ok('SET', 'k', 'v');
  process.kill(master.pid, 'SIGINT');
  await waitFor(() => /Waiting for replicas before shutting down/.test(master.logText()), { what: 'the wait' });
  process.kill(master.pid, 'SIGINT');
  assert.equal(await exitCode(master), 1);
  assert.match(master.logText(), /You insist\.\.\. exiting now\./);
  await client.close();
  replica.thaw();
  await replica.stop();
});

test('SHUTDOWN ABORT in a pipeline answers each client with its own replies', async (t) => {
  const master = await start(t, startHeadwater(['--shutdown-timeout', '60']));
  const replica = await start(t, startHeadwater(['--replicaof', `127.0.0.1 ${master.port}`]));
  const watcher = await connectRaw(replica.port);
  await linkUp(watcher);
  await watcher.close();
  replica.freeze();
  const client = await connectRaw(master.port);
  await client.ok('SET', 'k', 'v');
  const asker = await connectRaw(master.port);
  asker.send('SHUTDOWN\r\nGET k\r\n');
  await waitFor(() => /Waiting for replicas before shutting down/.test(master.logText()), { what: 'the wait' });
  const replies = await client.pipeline([
    ['ECHO', 'before'],
    ['SHUTDOWN', 'ABORT'],
    ['ECHO', 'after'],
  ]);
  assert.deepEqual(replies.map(String), ['$6\r\nbefore\r\n', '+OK\r\n', '$5\r\nafter\r\n']);
  assert.equal(String(await asker.reply()), '-ERR Errors trying to SHUTDOWN. Check logs.\r\n');
  assert.equal(String(await asker.reply()), '$1\r\nv\r\n');
  await client.close();
  await asker.close();
  replica.thaw();
  await replica.stop();
  await master.stop();
});

test('after kill -9 the last saved data is there again', async (t) => {
  const dir = tempDir();
  const server = await start(t, startHeadwater(['--save', '3600 1'], { dir: dir.path }));
  const client = await connectRaw(server.port);
  await client.ok('SET', 'saved', '1');
  await client.ok('SAVE');
  await client.ok('SET', 'lost', '1');
  await server.kill();
  await client.close();
  const next = await start(t, startHeadwater([], { dir: dir.path, port: server.port }));
  const again = await connectRaw(next.port);
  assert.equal(await again.ok('GET', 'saved'), '1');
  assert.equal(await again.ok('GET', 'lost'), null);
  await again.close();
  await next.stop();
  dir.remove();
});

test('an RDB file that cannot be read ends the start with 1 and stays as it is', async () => {
  const dir = tempDir();
  const file = join(dir.path, 'dump.rdb');
  writeFileSync(file, 'REDIS0011 this is no RDB file');
  const before = readFileSync(file);
  const args = ['--port', String(await freePort()), '--bind', '127.0.0.1', '--dir', dir.path];
  const { stdout, code } = await headwater(args);
  assert.match(stdout, /Terminating server after rdb file reading failure\.\n$/);
  assert.equal(code, 1);
  assert.deepEqual(readFileSync(file), before);
  dir.remove();
});

test('what is wrong with an append only file is the last that the log says, as in redis-server', async () => {
  const cases: readonly (readonly [manifest: string, aof: string])[] = [
    ['file appendonly.aof.1.incr.aof seq 1 type i\n', '*1\r\n$4\r\nping\r\n!!!'],
    ['file appendonly.aof.1.incr.aof seq 1 type i\n', '*1\r\n$5\r\nmulti\r\n'],
    ['file appendonly.aof.1.incr.aof seq 1 type i\n', '*2\r\n$3\r\nget\r\n$1\r\n'],
    ['file appendonly.aof.2.incr.aof seq 2 type i\nfile appendonly.aof.1.incr.aof seq 1 type i\n', ''],
    ['file appendonly.aof.1.incr.aof seq 1 type x\n', ''],
    ['', ''],
  ];
  for (const [manifest, aof] of cases) {
    const dir = tempDir();
    mkdirSync(join(dir.path, 'appendonlydir'));
    writeFileSync(join(dir.path, 'appendonlydir/appendonly.aof.manifest'), manifest);
    writeFileSync(join(dir.path, 'appendonlydir/appendonly.aof.1.incr.aof'), aof);
    const args = ['--port', String(await freePort()), '--bind', '127.0.0.1', '--dir', dir.path];
    args.push('--appendonly', 'yes', '--aof-load-truncated', 'no');
    const [ours, theirs] = [await headwater(args), await runTool('redis-server', args)];
    const last = ({ stdout }: ToolResult): string =>
      /(?:^\d+:M [^\n]*[#*] |^)([^\n]+)\s*$/m.exec(stdout.trimEnd().split('\n').at(-1)!)![1]!;
    assert.equal(last(ours), last(theirs));
    assert.deepEqual([ours.code, theirs.code], [1, 1]);
    dir.remove();
  }
});

test('configuration comes from a file, then standard input, then options', async () => {
  const dir = tempDir();
  mkdirSync(join(dir.path, 'data'));
  const port = await freePort();
  writeFileSync(
    join(dir.path, 'headwater.conf'),
    `bind 127.0.0.1\nport 1\ndir data\nlogfile server.log\nmaxclients 10\nsave ""\ninclude more.conf\n`,
  );
  // `dir` comes first: relative names start there.
  writeFileSync(join(dir.path, 'data', 'more.conf'), 'hz 20\n');
  const child = spawn(process.execPath, [program, 'headwater.conf', '--port', String(port), '-'], {
    cwd: dir.path,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.stdin.end('port 2\nmaxclients 20\n');
  const log = join(dir.path, 'data', 'server.log');
  await waitFor(() => existsSync(log) && readFileSync(log, 'utf8').includes('Ready to accept connections'), {
    what: 'the log file',
  });
  const client = await connectRaw(port);
  const get = async (name: string): Promise<unknown> => ((await client.ok('CONFIG', 'GET', name)) as string[])[1];
  assert.equal(await get('maxclients'), '20');
  assert.equal(await get('hz'), '20');
  assert.equal(await get('dir'), join(dir.path, 'data'));
  await client.ok('SET', 'k', 'v');
  await client.ok('SAVE');
  assert.ok(existsSync(join(dir.path, 'data', 'dump.rdb')));
  await client.ok('CONFIG', 'SET', 'loglevel', 'debug');
  const other = await connectRaw(port);
  other.send('*1\r\n!');
  other.send('\r\n');
  await other.untilClose();
  await waitFor(() => readFileSync(log, 'utf8').includes('Protocol error'), { what: 'a line of the verbose level' });
  child.kill('SIGTERM');
  assert.equal(await exited, 0);
  await client.close();
  dir.remove();
});

test('a directory that takes no file: saving fails, writes are refused, and SHUTDOWN goes only by force', async (t) => {
  const dir = tempDir();
  // A directory in the file's place: no user may write over that, root neither.
  mkdirSync(join(dir.path, 'dump.rdb.d'));
  const server = await start(
    t,
    startServer([process.execPath, program], ['--save', '3600 1', '--dbfilename', 'dump.rdb'], {
      dir: dir.path,
    }),
  );
  const client = await connectRaw(server.port);
  await client.ok('SET', 'k', 'v');
  mkdirSync(join(dir.path, 'dump.rdb'));
  assert.match(String(await client.value('SAVE')), /ERR/);
  await client.ok('BGSAVE');
  await waitFor(async () => /MISCONF/.test(String(await client.value('SET', 'k', 'v'))), {
    what: 'writes to be refused',
  });
  assert.match(String(await client.value('SHUTDOWN')), /ERR Errors trying to SHUTDOWN\. Check logs\./);
  process.kill(server.pid, 'SIGTERM');
  await waitFor(() => /Errors trying to shut down the server/.test(server.logText()), { what: 'the refusal' });
  assert.equal(await client.ok('GET', 'k'), 'v');
  client.send('SHUTDOWN NOSAVE\r\n');
  assert.equal(await exitCode(server), 0);
  await client.close();
  dir.remove();
});

test('while a large file is loaded clients are told so, and a SIGTERM leaves the file alone', async (t) => {
  const dir = tempDir();
  const first = await start(t, startHeadwater(['--save', '3600 1'], { dir: dir.path }));
  const client = await connectRaw(first.port, { timeoutMs: 60_000 });
  await client.ok('DEBUG', 'POPULATE', 1_500_000, 'key', 64);
  await client.ok('SAVE');
  await client.close();
  await first.kill();
  const file = join(dir.path, 'dump.rdb');
  const before = readFileSync(file);
  const port = await freePort();
  const child = spawn(process.execPath, [program, '--port', String(port), '--bind', '127.0.0.1', '--dir', dir.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.stdout.resume();
  const early = await waitFor(() => connectRaw(port), { what: 'the open port', intervalMs: 1 });
  assert.match(String(await early.value('GET', 'key:1')), /LOADING/);
  assert.match(String(await early.value('INFO', 'persistence')), /loading:1/);
  child.kill('SIGTERM');
  assert.equal(await exited, 0);
  await early.close();
  assert.ok(readFileSync(file).equals(before));
  dir.remove();
});

/** The title and the OOM score of a process are files only where there is /proc. */
const proc = existsSync('/proc/self/oom_score_adj');

/** What ps shows. */
function titleOf({ pid }: ServerProcess): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replace(/[\0 ]+$/, '');
}

test('the title of the process follows proc-title-template as in redis-server', { skip: !proc }, async (t) => {
  const servers = await Promise.all([start(t, startHeadwater()), start(t, startRedis())]);
  for (const [i, server] of servers.entries()) {
    const program = ['headwater', '/usr/bin/redis-server'][i]!;
    const client = await connectRaw(server.port);
    const title = async (template: string): Promise<string> => {
      await client.ok('CONFIG', 'SET', 'proc-title-template', template);
      return titleOf(server);
    };
    assert.match(titleOf(server), new RegExp(`^(\\S*/)?${basename(program)} 127.0.0.1:${server.port}$`));
    assert.equal(await title(' {{x {port} a} {tls-port} [{unixsocket}] {config-file} '), `{x ${server.port} a} 0 [] -`);
    assert.equal(await title('{server-mode} {listen-addr}'), `127.0.0.1:${server.port}`);
    const port = await freePort();
    await client.ok('CONFIG', 'SET', 'port', port);
    assert.equal(titleOf(server), `127.0.0.1:${port}`);
    await client.close();
  }
  const untitled = await start(t, startHeadwater(['--set-proc-title', 'no']));
  assert.match(titleOf(untitled), /headwater\.js\0--port/);
});

test('oom-score-adj moves the score by role, and back when it is turned off', { skip: !proc }, async (t) => {
  const servers = await Promise.all([start(t, startHeadwater()), start(t, startRedis())]);
  for (const server of servers) {
    const score = (): number => Number(readFileSync(`/proc/${server.pid}/oom_score_adj`, 'latin1'));
    const client = await connectRaw(server.port);
    const set = (...words: readonly string[]): Promise<unknown> => client.ok('CONFIG', 'SET', ...words);
    writeFileSync(`/proc/${server.pid}/oom_score_adj`, '7');
    const before = score();
    assert.equal(before, 7);
    await set('oom-score-adj-values', '11 22 33');
    assert.equal(score(), before);
    await set('oom-score-adj', 'yes');
    assert.equal(score(), before + 11);
    await client.ok('REPLICAOF', '127.0.0.1', '1');
    assert.equal(score(), before + 22);
    await set('oom-score-adj', 'absolute', 'oom-score-adj-values', '5 2000 0');
    assert.equal(score(), 1000);
    await client.ok('REPLICAOF', 'NO', 'ONE');
    assert.equal(score(), 5);
    await set('oom-score-adj', 'no');
    assert.equal(score(), before);
    await client.close();
  }
});
