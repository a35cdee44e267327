/** Expiring hash fields between a master and its replicas: full sync, stream, and who deletes; a Redis that knows no such fields. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Seeded } from '../support/dataset.ts';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw } from '../support/raw-client.ts';
import { infoOf } from '../support/replication.ts';
import { converged, Scenario } from '../support/scenario.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

const options = { timeout: 120_000 };
const far = '4000000000000';

void test(
  'a replica has the fields and their expiries of its master, by full sync and by stream',
  options,
  async (t) => {
    const scenario = new Scenario(t);
    const master = await scenario.start('headwater');
    const fill = async (suffix: string): Promise<void> => {
      for (let i = 0; i < 200; i++) {
        await master.ok('HSET', `small${suffix}`, `f${i % 20}`, i);
        await master.ok('HSETEX', `large${suffix}`, 'PXAT', far, 'FIELDS', 1, `field:${i}`, 'v');
      }
      await master.ok('HEXPIRE', `small${suffix}`, 1000, 'FIELDS', 3, 'f1', 'f2', 'f3');
      await master.ok('HPERSIST', `large${suffix}`, 'FIELDS', 1, 'field:0');
      await master.ok('HINCRBYFLOAT', `small${suffix}`, 'f1', '1.5');
      await master.ok('HGETDEL', `large${suffix}`, 'FIELDS', 1, 'field:1');
      await master.ok('HPEXPIRE', `small${suffix}`, 1, 'FIELDS', 1, 'f9');
    };
    await fill('');
    const replica = await scenario.start('headwater', ['--replicaof', '127.0.0.1', String(master.port)]);
    await converged(master, replica);
    await fill('2');
    await converged(master, replica);
    await waitFor(async () => (await master.ok('HEXISTS', 'small2', 'f9')) === 0, { what: 'the expiry' });
    await converged(master, replica);
    for (const key of ['small', 'small2'])
      assert.deepEqual(
        await replica.ok('HPEXPIRETIME', key, 'FIELDS', 3, 'f1', 'f9', 'f10'),
        await master.ok('HPEXPIRETIME', key, 'FIELDS', 3, 'f1', 'f9', 'f10'),
      );
    assert.deepEqual(await replica.ok('HPEXPIRETIME', 'large2', 'FIELDS', 3, 'field:0', 'field:1', 'field:2'), [
      -1,
      -2,
      Number(far),
    ]);
    assert.equal(await replica.ok('HLEN', 'small2'), 19, 'the master has deleted the field here too');
  },
);

void test('random commands on expiring fields leave master and replica with equal data', options, async (t) => {
  const scenario = new Scenario(t);
  const master = await scenario.start('headwater', ['--hash-max-listpack-entries', '6']);
  const replica = await scenario.start('headwater', ['--replicaof', '127.0.0.1', String(master.port)]);
  await converged(master, replica);
  const seed = Date.now() % 1_000_000;
  t.diagnostic(`seed ${seed}`);
  const random = new Seeded(seed);
  const key = (): string => `h${random.below(4)}`;
  const field = (): string => `f${random.below(12)}`;
  const fields = (): (string | number)[] => {
    const names = Array.from({ length: 1 + random.below(4) }, field);
    return ['FIELDS', names.length, ...names];
  };
  const pair = (): (string | number)[] => ['FIELDS', 1, field(), random.below(100)];
  const soon = (): number => random.below(4) * 3;
  const condition = (): string[] => random.pick([[], [], ['NX'], ['XX'], ['GT'], ['LT']]);
  for (let round = 0; round < 6; round++) {
    const commands = Array.from({ length: 500 }, () =>
      random.pick<() => (string | number)[]>([
        () => ['HSET', key(), field(), random.below(100)],
        () => ['HSET', key(), field(), random.below(100), field(), 'text'.repeat(random.below(40))],
        () => ['HPEXPIRE', key(), soon(), ...condition(), ...fields()],
        () => ['HEXPIRE', key(), 100 + random.below(100), ...condition(), ...fields()],
        () => ['HPERSIST', key(), ...fields()],
        () => ['HGETEX', key(), 'PX', soon(), ...fields()],
        () => ['HGETEX', key(), 'PERSIST', ...fields()],
        () => ['HSETEX', key(), 'PX', soon(), ...pair()],
        () => ['HSETEX', key(), random.pick(['FNX', 'FXX']), 'KEEPTTL', ...pair()],
        () => ['HGETDEL', key(), ...fields()],
        () => ['HINCRBY', key(), field(), 1],
        () => ['HINCRBYFLOAT', key(), field(), '0.5'],
        () => ['HSETNX', key(), field(), 'new'],
        () => ['HDEL', key(), field(), field()],
        () => ['HGET', key(), field()],
        () => ['HRANDFIELD', key(), 2],
        () => ['COPY', key(), key(), 'REPLACE'],
        () => ['RENAME', key(), key()],
        () => ['PEXPIRE', key(), 200 + random.below(200)],
      ])(),
    );
    for (let at = 0; at < commands.length; at += 20)
      await master.client.pipeline(commands.slice(at, at + 20).map((words) => words.map(String)));
    await converged(master, replica);
  }
  assert.equal(await replica.info('unexpected_error_replies'), '0');
});

void test('a replica hides a field past its time and keeps it until the master deletes it', options, async (t) => {
  const scenario = new Scenario(t);
  const master = await scenario.start('headwater', ['--enable-debug-command', 'yes']);
  const replica = await scenario.start('headwater', ['--replicaof', '127.0.0.1', String(master.port)]);
  await master.ok('DEBUG', 'SET-ACTIVE-EXPIRE', 0);
  await master.ok('HSET', 'h', 'a', 1, 'b', 2);
  await master.ok('HPEXPIRE', 'h', 1, 'FIELDS', 1, 'a');
  await converged(master, replica);
  await waitFor(async () => (await replica.ok('HGET', 'h', 'a')) === null, { what: 'the field to be hidden' });
  assert.deepEqual(await replica.ok('HGETALL', 'h'), ['b', '2']);
  assert.equal(await replica.ok('HLEN', 'h'), 2);
  await master.ok('HGET', 'h', 'a');
  await converged(master, replica);
  assert.equal(await replica.ok('HLEN', 'h'), 1);
});

void test('an append only file has the expiries of fields, in both forms of its base', options, async () => {
  for (const preamble of ['yes', 'no']) {
    const dir = tempDir();
    const args = ['--appendonly', 'yes', '--aof-use-rdb-preamble', preamble];
    const start = (): Promise<ServerProcess> => startHeadwater(args, { dir: dir.path });
    try {
      let server = await start();
      let client = await connectRaw(server.port);
      for (const rewrite of [true, false]) {
        const key = rewrite ? 'base' : 'appended';
        for (let i = 0; i < 200; i++) await client.ok('HSET', `${key}:large`, `field:${i}`, i);
        await client.ok('HSET', `${key}:small`, 'a', 1, 'b', 2, 'c', 3);
        for (const kind of ['large', 'small'])
          await client.ok('HPEXPIREAT', `${key}:${kind}`, far, 'FIELDS', 3, 'a', 'field:7', 'field:8');
        await client.ok('HPEXPIRE', `${key}:small`, 1, 'FIELDS', 1, 'b');
        if (!rewrite) break;
        await client.ok('BGREWRITEAOF');
        await waitFor(async () => (await infoOf(client, 'persistence')).get('aof_rewrite_in_progress') === '0', {
          what: 'the rewrite',
        });
      }
      await waitFor(async () => (await client.ok('HLEN', 'appended:small')) === 2, { what: 'the expiry' });
      const digest = await client.ok('DEBUG', 'DIGEST');
      await client.close();
      await server.stop();
      server = await start();
      client = await connectRaw(server.port);
      assert.equal(await client.ok('DEBUG', 'DIGEST'), digest);
      assert.deepEqual(await client.ok('HPEXPIRETIME', 'base:small', 'FIELDS', 3, 'a', 'b', 'c'), [
        Number(far),
        -2,
        -1,
      ]);
      await client.close();
      await server.stop();
    } finally {
      dir.remove();
    }
  }
});

void test('a Redis 7.0 cannot load such data, and the master says why', options, async (t) => {
  const scenario = new Scenario(t);
  const master = await scenario.start('headwater');
  await master.ok('HSETEX', 'h', 'PXAT', far, 'FIELDS', 1, 'f', 'v');
  const replica = await scenario.start('redis', ['--replicaof', '127.0.0.1', String(master.port)]);
  await master.logged('RDB version 12');
  await replica.logged("Can't handle RDB format version 12");
  await master.ok('HPERSIST', 'h', 'FIELDS', 1, 'f');
  await converged(master, replica);
});
