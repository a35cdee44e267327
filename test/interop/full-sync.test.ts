/** Full resyncs between redis-server and Headwater: how they are asked for, both payload forms, and what can go wrong. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dataset, sendAll } from '../support/dataset.ts';
import { converged, type Kind, type Node, pairs, Scenario } from '../support/scenario.ts';
import { plainInfo } from '../support/streams.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

const KEYS = 3000;
const options = { timeout: 120_000 };
/** Loading it is a command that Headwater does not know yet. */
const library = "#!lua name=lib\nredis.register_function('answer', function() return 42 end)";

/** Groups are no part of a digest. */
async function sameStreams(master: Node, replica: Node): Promise<void> {
  for (const key of ['stream:0', 'stream:1', 'stream:2', 'stream:3', 'stream:empty']) {
    const [theirs, ours] = await Promise.all(
      [master, replica].map((node) => node.ok('XINFO', 'STREAM', key, 'FULL', 'COUNT', 0)),
    );
    assert.deepEqual(plainInfo(ours!), plainInfo(theirs!));
  }
}

for (const { master: masterKind, replica: replicaKind } of pairs) {
  const name = `${masterKind} -> ${replicaKind}`;

  void test(
    `${name}: a replica gets all types and databases, by command, in both payload forms`,
    options,
    async (t) => {
      const scenario = new Scenario(t);
      const master = await scenario.start(masterKind);
      await sendAll(master.client, dataset(1, KEYS, 300_000));
      await master.ok('SELECT', 9);
      await sendAll(master.client, dataset(2, 300));
      await master.ok('SET', 'expiring', 'v', 'PX', 3_600_000);
      const replica = await scenario.start(replicaKind);
      await replica.ok('SET', 'old', 'data');
      let full = 0;
      for (const [diskless, target] of [
        ['yes', 'replicas sockets'],
        ['no', 'disk'],
      ] as const) {
        await master.ok('CONFIG', 'SET', 'repl-diskless-sync', diskless);
        await replica.ok(full === 0 ? 'REPLICAOF' : 'SLAVEOF', '127.0.0.1', master.port);
        await converged(master, replica);
        const { full: made, partial } = await master.counts();
        assert.deepEqual({ made, partial }, { made: ++full, partial: 0 });
        await master.logged(`Starting BGSAVE for SYNC with target: ${target}`);
        assert.equal(await replica.ok('EXISTS', 'old'), 0, 'the data of before is gone');
        await replica.ok('SELECT', 9);
        assert.equal(await replica.ok('PEXPIRETIME', 'expiring'), await master.ok('PEXPIRETIME', 'expiring'));
        await sameStreams(master, replica);
        await master.ok('XREADGROUP', 'GROUP', 'first', 'late', 'COUNT', 3, 'STREAMS', 'stream:0', '>');
        await master.ok('XAUTOCLAIM', 'stream:1', 'second', 'late', 0, 0, 'COUNT', 5);
        await master.ok('XADD', 'stream:2', 'MAXLEN', '~', 10, '*', 'f', 'v');
        await converged(master, replica);
        await sameStreams(master, replica);
        await master.ok('SELECT', full);
        await master.ok('SET', `stream:${full}`, 'v');
        await converged(master, replica);
        await replica.ok('SELECT', full);
        assert.equal(await replica.ok('GET', `stream:${full}`), 'v', 'the stream selects its database');
        await master.ok('SELECT', 9);
        await replica.ok('REPLICAOF', 'NO', 'ONE');
        await replica.ok('SELECT', 0);
        await replica.ok('SET', 'old', 'written as a master');
      }
    },
  );

  void test(`${name}: the configuration file and the command line make a replica`, options, async (t) => {
    const scenario = new Scenario(t);
    const master = await scenario.start(masterKind);
    await sendAll(master.client, dataset(3, 200));
    const dir = tempDir();
    t.after(() => dir.remove());
    const file = join(dir.path, 'replica.conf');
    writeFileSync(file, `slaveof 127.0.0.1 ${master.port}\n`);
    const byLine = await scenario.start(replicaKind, ['--replicaof', '127.0.0.1', String(master.port)]);
    const byFile = await scenario.start(replicaKind, ['--include', file]);
    await converged(master, byLine, byFile);
    assert.equal((await master.counts()).full, 2);
    assert.equal(await master.info('connected_slaves'), '2');
  });

  void test(
    `${name}: masterauth and masteruser; a wrong password is told and retried, and data is kept`,
    options,
    async (t) => {
      const scenario = new Scenario(t);
      const master = await scenario.start(masterKind);
      await sendAll(master.client, dataset(4, 200));
      await master.ok('CONFIG', 'SET', 'requirepass', 'right');
      const replica = await scenario.start(replicaKind, ['--masterauth', 'wrong']);
      await replica.ok('SET', 'mine', 'kept');
      await replica.follow(master);
      await replica.logged(/(Unable to AUTH to (MASTER|PRIMARY): -WRONGPASS[^]*){2}/);
      assert.equal(await replica.ok('GET', 'mine'), 'kept');
      assert.equal((await master.counts()).full, 0);
      await replica.ok('CONFIG', 'SET', 'masteruser', 'default');
      await replica.ok('CONFIG', 'SET', 'masterauth', 'right');
      await converged(master, replica);
      assert.equal((await master.counts()).full, 1);
      await replica.ok('REPLICAOF', 'NO', 'ONE');
      await replica.ok('CONFIG', 'SET', 'masterauth', '');
      await replica.follow(master);
      await replica.logged(/NOAUTH/);
    },
  );

  void test(`${name}: clients write to the master and read from the replica during a slow sync`, options, async (t) => {
    const scenario = new Scenario(t);
    const master = await scenario.start(masterKind);
    await sendAll(master.client, dataset(5, 1000, 2_000_000));
    const replica = await scenario.start(replicaKind, ['--repl-diskless-load', 'disabled']);
    await replica.ok('SET', 'before', 'old');
    const proxy = await scenario.proxy(master);
    proxy.setRate(4_000_000);
    await replica.follow(proxy);
    await replica.becomes('master_sync_in_progress', '1');
    let written = 0;
    let oldReads = 0;
    let syncing = true;
    const writer = (async () => {
      while (syncing) await master.ok('SET', `during:${written}`, written++);
    })();
    const reader = (async () => {
      const client = await scenario.client(replica);
      while (syncing) if ((await client.value('GET', 'before')) === 'old') oldReads++;
    })();
    await replica.becomes('master_link_status', 'up');
    syncing = false;
    await Promise.all([writer, reader]);
    assert.ok(written > 20 && (oldReads > 20 || replicaKind === 'redis'), `${written} writes, ${oldReads} reads`);
    proxy.setRate(Infinity);
    await converged(master, replica);
    assert.equal(await replica.ok('GET', `during:${written - 1}`), String(written - 1));
    assert.equal((await master.counts()).full, 1);
  });
}

void test('several replicas of one sync share a snapshot', options, async (t) => {
  const scenario = new Scenario(t);
  const master = await scenario.start('headwater', ['--repl-diskless-sync-delay', '1']);
  await sendAll(master.client, dataset(6, 500));
  const kinds: readonly Kind[] = ['headwater', 'redis', 'redis'];
  const replicas = await Promise.all(
    kinds.map((kind) => scenario.start(kind, ['--replicaof', '127.0.0.1', String(master.port)])),
  );
  await converged(master, ...replicas);
  const starts = master.server.logText().split('Starting BGSAVE for SYNC').length - 1;
  assert.equal((await master.counts()).full, 3);
  assert.ok(starts < 3, `${starts} snapshots for 3 replicas`);
});

void test('a function library passes through Headwater: redis -> headwater -> redis', options, async (t) => {
  const scenario = new Scenario(t);
  const master = await scenario.start('redis');
  await master.ok('FUNCTION', 'LOAD', library);
  const middle = await scenario.start('headwater', ['--replicaof', '127.0.0.1', String(master.port)]);
  await converged(master, middle);
  const leaf = await scenario.start('redis', ['--replicaof', '127.0.0.1', String(middle.port)]);
  await converged(master, middle, leaf);
  assert.deepEqual(await leaf.ok('FUNCTION', 'LIST'), await master.ok('FUNCTION', 'LIST'));
  await leaf.ok('REPLICAOF', 'NO', 'ONE');
  assert.equal(await leaf.ok('FCALL', 'answer', 0), 42);
});

void test(
  'a full sync that cannot be taken is refused by name: old data stays, retries are paced',
  options,
  async (t) => {
    const scenario = new Scenario(t);
    const master = await scenario.start('redis', ['--databases', '20']);
    await master.ok('SET', 'k', 'v');
    const beyond = master.client;
    await beyond.ok('SELECT', 19);
    await beyond.ok('SET', 'out', 'of reach');
    const replica = await scenario.start('headwater');
    await replica.ok('SET', 'mine', 'kept');
    await replica.follow(master);
    await replica.logged(/Failed trying to load the MASTER synchronization DB from socket: .*database 19 is beyond/i);
    const before = (await master.counts()).full;
    const started = performance.now();
    await waitFor(async () => (await master.counts()).full >= before + 2, { what: 'retries', timeoutMs: 20_000 });
    assert.ok(performance.now() - started > 1000, 'retries are a second apart');
    assert.equal(await replica.ok('GET', 'mine'), 'kept');
    assert.equal(await replica.info('master_link_status'), 'down');
    await beyond.ok('DEL', 'out');
    await beyond.ok('SELECT', 0);
    await converged(master, replica);
    assert.equal(await replica.ok('GET', 'k'), 'v');
  },
);

void test(
  'a command that is unknown here is told and counted, and the rest of the stream goes on',
  options,
  async (t) => {
    const scenario = new Scenario(t);
    const master = await scenario.start('redis');
    const replica = await scenario.start('headwater', [
      ...['--rename-command', 'APPEND', '', '--replicaof', '127.0.0.1', String(master.port)],
    ]);
    await converged(master, replica);
    for (let i = 0; i < 50; i++) await master.ok('APPEND', 'unknown', 'v');
    await master.ok('DEL', 'unknown');
    await master.ok('MULTI');
    await master.ok('SET', 'in', 'transaction');
    await master.ok('LPUSH', 'l', 'x');
    await master.ok('EXEC');
    await converged(master, replica);
    await replica.logged(
      /== CRITICAL == This replica is sending an error to its master: 'ERR unknown command 'APPEND'/,
    );
    assert.equal(await replica.info('unexpected_error_replies'), '50');
    const lines = replica.server.logText().split('== CRITICAL ==').length - 1;
    assert.ok(lines <= 5, `${lines} lines for 50 failures`);
    assert.deepEqual(await master.counts(), { full: 1, partial: 0, refused: 0 });
  },
);

void test('propagation-error-behavior panic ends a replica that cannot apply its stream', options, async (t) => {
  const scenario = new Scenario(t);
  const master = await scenario.start('redis');
  const replica = await scenario.start('headwater', [
    ...['--propagation-error-behavior', 'panic-on-replicas', '--rename-command', 'APPEND', ''],
    ...['--replicaof', '127.0.0.1', String(master.port)],
  ]);
  await converged(master, replica);
  await master.ok('APPEND', 'unknown', 'v');
  assert.notEqual(await replica.server.exited, 0);
  assert.match(replica.server.logText(), /panicked sending an error to its master/);
});

for (const ignored of [false, true]) {
  const ending = ignored ? 'goes on with replica-ignore-disk-write-errors' : 'ends itself';
  void test(`a replica that cannot write to its disk ${ending}`, options, async (t) => {
    const scenario = new Scenario(t);
    const master = await scenario.start('redis');
    const replica = await scenario.start('headwater', [
      ...['--save', '3600 1', '--replicaof', '127.0.0.1', String(master.port)],
      ...['--replica-ignore-disk-write-errors', ignored ? 'yes' : 'no'],
    ]);
    await converged(master, replica);
    // A directory stands where the file should go.
    mkdirSync(join(replica.server.dir, 'dump.rdb'));
    await replica.ok('BGSAVE');
    await replica.becomes('rdb_last_bgsave_status', 'err');
    await master.ok('SET', 'k', 'v');
    if (ignored) {
      await replica.logged('Replica is applying a command even though it is unable to write to disk.');
      await converged(master, replica);
      assert.equal(await replica.ok('GET', 'k'), 'v');
    } else {
      assert.notEqual(await replica.server.exited, 0);
      assert.match(replica.server.logText(), /Replica was unable to write command to disk\./);
    }
  });
}
