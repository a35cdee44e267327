/** redis.conf and the command line: what redis-server refuses, with which words, and what it makes of the rest. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigFileError, ConfigOpenError } from '../../src/server/config/error.ts';
import { configOf } from '../support/config.ts';
import { connectRaw } from '../support/raw-client.ts';
import { startServer } from '../support/server-process.ts';
import { tempDir } from '../support/temp-dir.ts';

/** A server that wrongly accepts must not stay: it listens nowhere and is stopped after this long. */
const longestRunMs = 10_000;

/** The offending line and the reason that redis-server prints; it must refuse to start. */
function realRefusal(argv: readonly string[], cwd: string, stdin: string): readonly string[] {
  const run = spawnSync('redis-server', argv, { cwd, input: stdin, encoding: 'latin1', timeout: longestRunMs });
  assert.equal(run.status, 1, `redis-server ${argv.join(' ')} accepts:\n${run.stdout}${run.stderr}`);
  if (run.stdout.includes("can't open config file")) return [run.stdout.slice(run.stdout.indexOf('Fatal')).trim()];
  const lines = run.stderr.trimEnd().split('\n');
  assert.match(lines[0] === '' ? lines[1]! : lines[0]!, /FATAL CONFIG FILE ERROR/);
  return lines.slice(-2);
}

function ourRefusal(argv: readonly string[], cwd: string, stdin: string): readonly string[] {
  try {
    configOf(argv, { cwd, stdin });
  } catch (error) {
    if (error instanceof ConfigFileError) return error.report('Headwater').trimEnd().split('\n').slice(-2);
    if (error instanceof ConfigOpenError) return [error.message];
    throw error;
  }
  return assert.fail(`headwater ${argv.join(' ')} accepts`);
}

const badFiles: readonly string[] = [
  'bogus 3',
  '\n\n   BOGUS "a b"  \nport 1',
  'port',
  'port 1 2',
  'port "6379',
  "port '6379",
  'port "63"79',
  "port 63'79",
  'port 70000',
  'port 6k',
  'maxmemory 1q',
  'appendfsync sometimes',
  'daemonize maybe',
  'save 900',
  'save 0 1',
  'save "900 1 2"',
  'client-output-buffer-limit normal 1',
  'client-output-buffer-limit wrong 1 2 3',
  'replicaof localhost',
  'replicaof localhost 99999',
  'replicaof localhost x',
  'slaveof localhost 1x',
  'include',
  'include a b',
  'include /nowhere/x.conf',
  'dir /nowhere/at/all',
  'dir ""',
  'rename-command',
  'rename-command nosuch x',
  'rename-command get set',
  'rename-command get ""\nrename-command get x',
  'notify-keyspace-events Q',
  'unixsocketperm 999',
  'unixsocketperm 1000',
  'oom-score-adj-values 1 2',
  'shutdown-on-sigint save nosave',
  'latency-tracking-info-percentiles x',
  'list-max-ziplist-entries 1 2',
  'sentinel monitor a b 1 1',
  'user',
  'loglevel nothing',
  'databases 0',
  'dbfilename /tmp/x',
  'bind 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17',
  'proc-title-template {nope}',
  '\\x',
  '-',
];

for (const text of badFiles) {
  test(`the file ${JSON.stringify(text)} is refused in redis-server's words`, () => {
    const dir = tempDir();
    try {
      mkdirSync(join(dir.path, 'sub'));
      writeFileSync(join(dir.path, 'test.conf'), text);
      const argv = ['test.conf'];
      assert.deepEqual(ourRefusal(argv, dir.path, ''), realRefusal(argv, dir.path, ''));
    } finally {
      dir.remove();
    }
  });
}

const badArguments: readonly (readonly string[])[] = [
  ['--port'],
  ['--port', '--hz', '5'],
  ['--port=5'],
  ['--port', '5', '6'],
  ['--port 5', '6'],
  ['--nope', 'x'],
  ['--nope'],
  ['-port', '5'],
  ['x.conf'],
  ['--save', '1', '--port'],
  ['--port', '"5'],
  ['--port "5'],
  ['--port', '5', '--version'],
  ['--loglevel', 'a"b\n\u00ff'],
  ['--port', '0', 'stray'],
  ['-', '--hz', 'x'],
  ['--port', '0', '-', '--hz'],
  ['--SAVE', '--port', 'x'],
  ['--replicaof', 'a', 'b'],
];

for (const argv of badArguments) {
  test(`the arguments ${JSON.stringify(argv)} are refused in redis-server's words`, () => {
    const dir = tempDir();
    try {
      assert.deepEqual(ourRefusal(argv, dir.path, ''), realRefusal(argv, dir.path, ''));
    } finally {
      dir.remove();
    }
  });
}

interface Accepted {
  readonly title: string;
  readonly file?: string;
  readonly argv?: readonly string[];
}

const accepted: readonly Accepted[] = [
  { title: 'quotes and escapes', file: `masterauth "a\\x41\\n\\"b\\q"\nmasteruser 'it\\'s \\n'\nlogfile ""\n` },
  {
    title: 'names in any case, tabs, comments and blank lines',
    file: '\n# x\n\tHZ\t20 \r\n  # y\n Loglevel\tVERBOSE\r\n',
  },
  {
    title: 'several save lines, and one more on the command line',
    file: 'save 900 1\nsave 300 10',
    argv: ['--save', '5', '6'],
  },
  { title: 'no save points', file: 'save 900 1\nsave ""' },
  { title: 'save without a value behind another option', argv: ['--save', '--hz', '20'] },
  { title: 'save without a value at the end', argv: ['--hz', '20', '--save'] },
  { title: 'save points as several words', argv: ['--save', '900', '1', '300', '10'] },
  { title: 'save points as one word', argv: ['--save', '900 1 300 10'] },
  { title: 'an option and its value in one word', argv: ['--hz 20', '--maxmemory 1gb'] },
  { title: 'a value that looks like an option', argv: ['--masterauth', '--secret', '--hz', '20'] },
  { title: 'the last of several options', argv: ['--hz', '20', '--HZ', '30'] },
  { title: 'an option without a name', argv: ['--', 'hz', '50'] },
  { title: 'replicaof as two words', argv: ['--replicaof', 'no', 'one'] },
  { title: 'sizes with units', file: 'maxmemory 100mb\nrepl-backlog-size 3kB\nhash-max-ziplist-value 2k' },
  {
    title: 'output buffer limits',
    file: 'client-output-buffer-limit replica 1mb 0 0\nclient-output-buffer-limit pubsub 1 2 3',
  },
  { title: 'hz out of range', file: 'hz 0' },
  {
    title: 'directives of older versions',
    file: 'list-max-ziplist-entries 512\nlist-max-ziplist-value 64\nslave-priority 7',
  },
  {
    title: 'includes, in order, with wildcards',
    file: 'hz 11\ninclude conf.d/*.conf\ninclude none*.conf\ninclude last.conf',
  },
  { title: 'what CONFIG REWRITE writes', file: 'user default on nopass sanitize-payload ~* &* +@all' },
  { title: 'flags of shutdown', file: 'shutdown-on-sigterm nosave "now"\nshutdown-on-sigint "save force"' },
  { title: 'percentiles', file: 'latency-tracking-info-percentiles 1 99.123456789 0.50' },
];

for (const { title, file, argv = [] } of accepted) {
  test(`redis-server and Headwater make the same of: ${title}`, async () => {
    const dir = tempDir();
    mkdirSync(join(dir.path, 'conf.d'));
    writeFileSync(join(dir.path, 'conf.d', 'b.conf'), 'hz 13\ntimeout 600');
    writeFileSync(join(dir.path, 'conf.d', 'a.conf'), 'hz 12\ntcp-keepalive 77\n');
    writeFileSync(join(dir.path, 'conf.d', '.hidden.conf'), 'bogus');
    writeFileSync(join(dir.path, 'last.conf'), 'maxmemory-samples 9\nsave 7 7');
    writeFileSync(join(dir.path, 'test.conf'), file ?? '');
    const before = file === undefined ? [] : ['test.conf'];
    const real = await startServer(['redis-server', ...before], argv, { dir: dir.path });
    const client = await connectRaw(real.port);
    try {
      // The words that test/support gives every server, before ours.
      const support = ['--save', '', '--repl-diskless-sync-delay', '0', '--enable-debug-command', 'yes'];
      const words = [
        ...before,
        '--port',
        String(real.port),
        '--bind',
        '127.0.0.1',
        '--dir',
        dir.path,
        ...support,
        ...argv,
      ];
      const config = configOf(words, { cwd: dir.path });
      const reply = (await client.ok('CONFIG', 'GET', '*')) as string[];
      for (let i = 0; i < reply.length; i += 2) {
        const ours = config.get([reply[i]!])[0]?.[1];
        assert.equal(ours, reply[i + 1], reply[i]!);
      }
    } finally {
      await client.close();
      await real.stop();
      dir.remove();
    }
  });
}
