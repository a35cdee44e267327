/** The directive table, CONFIG GET and CONFIG SET against the real redis-server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Config } from '../../src/server/config/config.ts';
import { directives } from '../../src/server/config/values.ts';
import { configOf } from '../support/config.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { decode } from '../support/resp.ts';
import type { ServerProcess } from '../support/server-process.ts';

// What the test support changes, changed back to Redis's defaults.
const defaults: readonly string[] = [
  ...['--bind', '* -::*', '--save', '3600 1 300 100 60 10000'],
  ...['--repl-diskless-sync-delay', '5', '--enable-debug-command', 'no', '--enable-protected-configs', 'local'],
];

let redis: ServerProcess;
let client: RawClient;

before(async () => {
  redis = await startRedis(defaults);
  client = await connectRaw(redis.port);
});

after(async () => {
  await client.close();
  await redis.stop();
});

/** Headwater's configuration, started with the same arguments. */
function sameConfig(): Config {
  return configOf(['--port', String(redis.port), '--dir', redis.dir, ...defaults]);
}

async function realGet(...patterns: readonly string[]): Promise<Map<string, string>> {
  const reply = decode(await client.call('CONFIG', 'GET', ...patterns), 'latin1');
  assert.ok(Array.isArray(reply), `CONFIG GET ${patterns.join(' ')}: ${String(reply)}`);
  const pairs = new Map<string, string>();
  for (let i = 0; i < reply.length; i += 2) pairs.set(String(reply[i]), String(reply[i + 1]));
  return pairs;
}

/** The reply to CONFIG SET as text: OK, or the error. */
async function realSet(...words: readonly string[]): Promise<string> {
  const raw = await client.call('CONFIG', 'SET', ...words.map((word) => Buffer.from(word, 'latin1')));
  return raw.toString('latin1').slice(1).trimEnd();
}

async function ourSet(config: Config, ...words: readonly string[]): Promise<string> {
  const pairs: [string, string][] = [];
  for (let i = 0; i < words.length; i += 2) pairs.push([words[i]!, words[i + 1]!]);
  return (await config.set(pairs)) ?? 'OK';
}

function sorted(pairs: Iterable<readonly [string, string]>): string[] {
  return [...pairs].map(([name, value]) => `${name} = ${value}`).toSorted();
}

test('CONFIG GET * lists the names and defaults of redis-server', async () => {
  const newer = new Set(directives.filter((row) => row.since !== undefined).map((row) => row.name));
  const ours = sameConfig()
    .get(['*'])
    .filter(([name]) => !newer.has(name));
  assert.deepEqual(sorted(ours), sorted(await realGet('*')));
});

test('hidden directives are found by their exact name only, here and there', async () => {
  const hidden = directives.filter((row) => row.hidden).map((row) => row.name);
  assert.ok(hidden.length > 0);
  const config = sameConfig();
  for (const name of hidden) {
    assert.deepEqual(sorted(config.get([name])), sorted(await realGet(name)));
    assert.deepEqual(sorted(config.get([`${name}*`])), sorted(await realGet(`${name}*`)));
  }
});

for (const patterns of [
  ['SAVE', 'save', 'Sa*'],
  ['slave-priority', 'replica-prio*', 'SLAVE-PRIORITY'],
  ['*max-*-entries', 'hash-max-[z]iplist-value'],
  ['MAXMEM*'],
  ['nothing', 'no*such*thing'],
  ['ma\\xmemory', 'p?rt'],
  ['*[^a-y]', 'port'],
]) {
  test(`CONFIG GET ${patterns.join(' ')} finds what redis-server finds`, async () => {
    const newer = new Set(directives.filter((row) => row.since !== undefined).map((row) => row.name));
    const ours = sameConfig()
      .get(patterns)
      .filter(([name]) => !newer.has(name));
    assert.deepEqual(sorted(ours), sorted(await realGet(...patterns)));
  });
}

// Each would cut the connection of this test, open sockets, or touch the machine.
const notTried: readonly string[] = [
  ...[
    'port',
    'bind',
    'tls-port',
    'tls-replication',
    'dir',
    'requirepass',
    'maxclients',
    'maxmemory-clients',
    'oom-score-adj',
  ],
  ...['client-output-buffer-limit', 'use-exit-on-panic', 'watchdog-period', 'dbfilename'],
];

const candidates: readonly string[] = [
  ...['', 'yes', 'NO', 'maybe', '0', '1', '-1', '-5', '5', '007', '+5', ' 5', '5 ', '-0', '12a', '1.5', '1e3'],
  ...['100', '1000', '65535', '65536', '2147483647', '2147483648', '-2147483649', '4294967296'],
  ...['9223372036854775807', '9223372036854775808', '-9223372036854775808', '18446744073709551615'],
  ...['18446744073709551616', '99999999999999999999999', '9007199254740993', '1b', '1k', '3KB', '10mB', '1g', '2gb'],
  ...[
    '-1kb',
    '1x',
    'kb',
    '20000000000gb',
    '5%',
    'a b',
    '/tmp/x',
    'a/b',
    'host-1.x',
    '\u00ff\u0001',
    'relative',
    'local',
  ],
  ...['save', 'nosave force', 'NOW save', 'default', 'default save', 'everysec', 'allkeys-lru', 'warning', 'clients'],
  ...['900 1', '900  1', '900 1 300', '0 5', '5 -1', '+5 05', '9 9 8 8', '50 99.9', '101', '1.25 33.3333333', 'nan'],
  ...['1 2 3', '1 2', '-2001 0 0', '3000 1 1', 'KEA', 'AKEn', 'gxnKEm', 'Kg$lshzxetd', 'KEAm', 'q', 'mm', '{title}'],
  ...['{x}', '{title', 'x}', '{}', '{port} {config-file}', '{{title}}', 'swapdb', 'hostname', 'panic', 'no one'],
];

test('CONFIG SET takes, refuses and prints every kind of value as redis-server does', async () => {
  const config = sameConfig();
  const differences: string[] = [];
  let compared = 0;
  for (const directive of directives) {
    const { name } = directive;
    if (directive.since !== undefined || directive.support === 'refused' || notTried.includes(name)) continue;
    for (const value of directive.immutable ? ['1'] : candidates) {
      const real = `${await realSet(name, value)}; ${[...(await realGet(name)).values()].join()}`;
      // The one mode that 7.0 does not have.
      const said = (await ourSet(config, name, value)).replace(', flush-before-load', '');
      const ours = `${said}; ${config.get([name])[0]![1]}`;
      if (real !== ours) differences.push(`${name} '${value}'\n  real: ${real}\n  ours: ${ours}`);
      compared++;
    }
    if (directive.immutable) continue;
    const initial = directive.kind.print(directive.kind.parse(directive.initial, noContext));
    assert.equal(await realSet(name, initial), 'OK', name);
    assert.equal(await ourSet(config, name, initial), 'OK', name);
  }
  assert.ok(compared > 5000, `${compared} values compared`);
  assert.deepEqual(differences, []);
});

const noContext = { current: undefined, phase: 'running' as const, checkDirectory: () => {} };

const steps: readonly (readonly string[])[] = [
  ['client-output-buffer-limit', 'normal 1 2'],
  ['client-output-buffer-limit', 'foo 1 2 3'],
  ['client-output-buffer-limit', 'master 1 2 3'],
  ['client-output-buffer-limit', 'pubsub 1 2 -3'],
  ['client-output-buffer-limit', 'pubsub 1mb 2kb 3x'],
  ['client-output-buffer-limit', 'pubsub 1mb -2 3'],
  ['client-output-buffer-limit', 'replica 1mb 2kb 3 PubSub 1gb 2 3'],
  ['client-output-buffer-limit', 'slave 0 0 0'],
  ['client-output-buffer-limit', 'pubsub 1  2 3'],
  ['client-output-buffer-limit', ''],
  ['maxmemory-clients', '5%'],
  ['maxmemory-clients', '105%'],
  ['maxmemory-clients', '-5'],
  ['maxmemory-clients', '007%'],
  ['maxmemory-clients', '%'],
  ['maxmemory-clients', '1gb'],
  ['maxmemory-clients', '0'],
  ['maxclients', '0'],
  ['maxclients', '4294967296'],
  ['oom-score-adj', 'foo'],
  ['dbfilename', 'a/b'],
  ['dbfilename', 'x.rdb'],
  ['dir', '/nowhere/at/all'],
  ['dir', '/dev/null'],
  ['port', '99999'],
  ['port', 'x'],
  ['bind', Array.from({ length: 17 }, () => '127.0.0.1').join(' ')],
  ['nope', '1'],
  ['databases', '3', 'nope', '1'],
  ['nope', '1', 'databases', '3'],
  ['DATABASES', '3', 'timeout', '5'],
  ['timeout', '700', 'databases', '3'],
  ['timeout', '701', 'tcp-keepalive', 'x', 'hz', 'y'],
  ['timeout', '702', 'TCP-keepalive', 'x'],
  ['hz', '11', 'hz', '20'],
  ['hz', '11', 'HZ', '20'],
  ['replica-priority', '3', 'slave-priority', '4'],
  ['slave-priority', 'x'],
  ['save', '1 2', 'timeout', '703', 'appendfsync', 'sometimes'],
  ['timeout', '704', 'tcp-keepalive', '705', 'loglevel', 'WARNING'],
  ['replicaof', '127.0.0.1 1'],
  ['slaveof', '127.0.0.1 1'],
  ['save', ''],
];

test('CONFIG SET of several is all or nothing, with the error texts of redis-server', async () => {
  const config = sameConfig();
  for (const words of steps) {
    assert.equal(await ourSet(config, ...words), await realSet(...words), words.join(' '));
    const names = [
      'timeout',
      'tcp-keepalive',
      'hz',
      'save',
      '*priority',
      'client-output*',
      'maxmemory-clients',
      'dbf*',
    ];
    assert.deepEqual(sorted(config.get(names)), sorted(await realGet(...names)), `after ${words.join(' ')}`);
  }
});

test('each refused directive takes its default', () => {
  const config = sameConfig();
  const refused = directives.filter((row) => row.support === 'refused' && !row.immutable);
  assert.ok(refused.length > 0);
  for (const row of refused) {
    assert.equal(config.set([[row.name, row.initial.join(' ')]]), undefined, row.name);
    const other = row.initial[0] === 'no' ? 'yes' : '1';
    assert.match(String(config.set([[row.name, other]])), /^ERR CONFIG SET failed/, row.name);
  }
});
