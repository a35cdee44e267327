import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { directives } from '../../src/server/config/values.ts';
import { configOf } from '../support/config.ts';

test('every field of Settings has exactly one row in the table, and no name is used twice', () => {
  const source = readFileSync(new URL('../../../src/base/settings.ts', import.meta.url), 'utf8');
  const body = source.slice(source.indexOf('export interface Settings {'));
  const fields = [...body.matchAll(/^ {2}(\w+):/gm)].map((match) => match[1]!);
  assert.ok(fields.length > 100);
  const rows = directives.flatMap((row) => (row.field === undefined ? [] : [row.field as string]));
  assert.deepEqual(rows.toSorted(), fields.toSorted());
  const names = directives.flatMap((row) => [row.name, ...row.aliases]);
  assert.equal(new Set(names).size, names.length);
});

test('every directive that does not fully work says why', () => {
  for (const row of directives) assert.equal(row.note !== '', row.support !== 'full', row.name);
});

test('settings are plain values in step with the table', () => {
  const config = configOf(['--repl-backlog-size', '2mb', '--save', '60 1', '--slave-priority', '7', '--dir', '/']);
  const { settings } = config;
  assert.equal(settings.replBacklogSize, 2 * 1024 ** 2);
  assert.deepEqual(settings.save, [{ seconds: 60, changes: 1 }]);
  assert.equal(settings.replicaPriority, 7);
  assert.equal(settings.hashMaxListpackEntries, 512);
  assert.equal(settings.replicaof, undefined);
  assert.equal(settings.dir, '/');
  assert.equal(config.set([['hash-max-ziplist-entries', '3']]), undefined);
  assert.equal(settings.hashMaxListpackEntries, 3);
  config.assign('replicaof', ['10.0.0.1', '6380']);
  assert.deepEqual(settings.replicaof, { host: '10.0.0.1', port: 6380 });
  assert.deepEqual(config.get(['slaveof']), [['slaveof', '10.0.0.1 6380']]);
});

test('a listener hears of changed values only, and once for several of its directives', () => {
  const config = configOf();
  const heard: string[] = [];
  config.onChange(['timeout', 'tcp-keepalive'], (settings, name) => {
    heard.push(`${name} ${settings.timeout} ${settings.tcpKeepalive}`);
    return undefined;
  });
  assert.equal(config.set([['timeout', '0']]), undefined);
  assert.deepEqual(heard, []);
  assert.equal(
    config.set([
      ['tcp-keepalive', '5'],
      ['timeout', '9'],
    ]),
    undefined,
  );
  assert.deepEqual(heard, ['tcp-keepalive 9 5']);
});

test('when a listener refuses, all old values come back and those told before hear of it', () => {
  const config = configOf();
  const timeouts: number[] = [];
  config.onChange('timeout', (settings) => {
    timeouts.push(settings.timeout);
    return undefined;
  });
  config.onChange('port', (settings) =>
    settings.port === 1 ? 'Unable to listen on this port. Check server logs.' : undefined,
  );
  assert.equal(
    config.set([
      ['timeout', '9'],
      ['port', '1'],
      ['hz', '50'],
    ]),
    "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs.",
  );
  assert.deepEqual(timeouts, [9, 0]);
  assert.deepEqual(config.get(['port', 'timeout', 'hz']), [
    ['port', '6379'],
    ['timeout', '0'],
    ['hz', '10'],
  ]);
});

test('a listener may take time; the next CONFIG SET waits for it', async () => {
  const config = configOf();
  const order: string[] = [];
  const waiting: (() => void)[] = [];
  config.onChange('port', async (settings) => {
    order.push(`begin ${settings.port}`);
    await new Promise<void>((resolve) => waiting.push(resolve));
    order.push(`end ${settings.port}`);
    return settings.port === 1 ? 'no' : undefined;
  });
  const first = config.set([['port', '1']]);
  const second = config.set([['port', '2']]);
  const third = config.set([['hz', '33']]);
  assert.ok(first instanceof Promise && second instanceof Promise && third instanceof Promise);
  let done = false;
  const all = Promise.all([first, second, third]).finally(() => {
    done = true;
  });
  while (!done) {
    waiting.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(await all, [
    "ERR CONFIG SET failed (possibly related to argument 'port') - no",
    undefined,
    undefined,
  ]);
  assert.deepEqual(order, ['begin 1', 'end 1', 'begin 6379', 'end 6379', 'begin 2', 'end 2']);
  assert.equal(config.settings.port, 2);
  assert.equal(config.set([['hz', '34']]), undefined);
});

test('protected directives need permission, and some are refused while loading', () => {
  const remote = { loading: false, local: false };
  const failed = "ERR CONFIG SET failed (possibly related to argument 'dir') - can't set protected config";
  assert.equal(configOf().set([['dir', '/']]), failed);
  assert.equal(configOf(['--enable-protected-configs', 'local']).set([['dir', '/']], remote), failed);
  assert.equal(configOf(['--enable-protected-configs', 'local']).set([['dir', '/']]), undefined);
  assert.equal(configOf(['--enable-protected-configs', 'yes']).set([['dir', '/']], remote), undefined);
  assert.equal(
    configOf().set([['repl-diskless-load', 'swapdb']], { loading: true, local: true }),
    'LOADING Redis is loading the dataset in memory',
  );
});

test('directives without effect are named when they are set', () => {
  assert.deepEqual(configOf().ineffective(), []);
  const rows = configOf(['--io-threads', '4', '--hz', '20', '--activerehashing', 'no']).ineffective();
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['io-threads'],
  );
});

test('CONFIG REWRITE without a file, and one that cannot be written, are errors', () => {
  const unused = { read: () => assert.fail('reads'), replace: () => assert.fail('writes') };
  assert.equal(configOf().rewrite(unused), 'ERR The server is running without a config file');
  const config = configOf();
  config.configFile = '/etc/x.conf';
  const denied = Object.assign(new Error('EACCES: ...'), { code: 'EACCES', errno: -13 });
  const files = {
    read: () => new Uint8Array(),
    replace: () => {
      throw denied;
    },
  };
  assert.equal(config.rewrite(files), 'ERR Rewriting config file: Permission denied');
});

test('CONFIG REWRITE turns a line it does not understand into a comment, and works for a file that is gone', () => {
  const config = configOf(['--requirepass', 'secret']);
  config.configFile = '/etc/x.conf';
  let written = '';
  config.userLines = ['user default on nopass'];
  const replace = (_path: string, bytes: Uint8Array): void => {
    written = Buffer.from(bytes).toString('latin1');
  };
  assert.equal(config.rewrite({ read: () => Buffer.from('nonsense 1\nhz "5\nuser alice on\n'), replace }), undefined);
  assert.match(written, /^# \?\?\? nonsense 1\n# \?\?\? hz "5\nuser default on nopass\n/);
  const missing = Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
  const read = (): Uint8Array => {
    throw missing;
  };
  assert.equal(config.rewrite({ read, replace }), undefined);
  assert.match(written, /^# Generated by CONFIG REWRITE\n/);
  assert.match(written, /^requirepass "secret"$/m);
});
