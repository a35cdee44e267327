/**
 * The link between master and replica, cut, stalled, slow and half closed: what is resumed partially, what needs a full
 * resync and why, and that nothing is lost either way. Cases of one pair share their servers.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataset, randomWrite, Seeded, sendAll } from '../support/dataset.ts';
import type { FaultProxy } from '../support/fault-proxy.ts';
import { converged, type Node, pairs, Scenario } from '../support/scenario.ts';
import { waitFor } from '../support/wait.ts';

const random = new Seeded(77);

async function writeSome(master: Node, count = 300): Promise<void> {
  await master.client.pipeline(Array.from({ length: count }, () => randomWrite(random)));
}

/** What `action` adds to the master's counters. */
async function change(master: Node, action: () => Promise<void>): Promise<{ full: number; partial: number }> {
  const before = await master.counts();
  await action();
  const after = await master.counts();
  return { full: after.full - before.full, partial: after.partial - before.partial };
}

for (const { master: masterKind, replica: replicaKind } of pairs) {
  void test(`${masterKind} -> ${replicaKind}`, { timeout: 120_000 }, async (t) => {
    const scenario = new Scenario(t);
    const [master, replica] = await Promise.all([
      scenario.start(masterKind, ['--repl-backlog-size', '1mb', '--repl-ping-replica-period', '1']),
      scenario.start(replicaKind),
    ]);
    await sendAll(master.client, dataset(11, 500, 100_000));
    const proxy = await scenario.proxy(master);
    await replica.follow(proxy);
    await converged(master, replica);

    await t.test('a short cut is resumed partially', async () => {
      for (let i = 0; i < 2; i++) {
        const gained = await change(master, async () => {
          proxy.refuse(true);
          proxy.cut();
          await master.becomes('connected_slaves', '0');
          await writeSome(master);
          proxy.refuse(false);
          await converged(master, replica);
        });
        assert.deepEqual(gained, { full: 0, partial: 1 });
      }
      await replica.logged('Successful partial resynchronization with master.');
    });

    await t.test('a cut longer than the backlog needs a full resync, with its reason', async () => {
      const gained = await change(master, async () => {
        proxy.refuse(true);
        proxy.cut();
        await master.becomes('connected_slaves', '0');
        for (let i = 0; i < 30; i++) await master.ok('SET', `filler:${i}`, Buffer.alloc(100_000, 48 + i));
        proxy.refuse(false);
        await converged(master, replica);
      });
      assert.deepEqual(gained, { full: 1, partial: 0 });
      await master.logged('for lack of backlog');
      if (masterKind === 'headwater') assert.equal(await master.info('headwater_last_partial_refusal'), 'too-old');
    });

    await t.test('a cut in the middle of a transaction applies it whole, once', async () => {
      await master.ok('SET', 'count', 0);
      await converged(master, replica);
      const gained = await change(master, async () => {
        for (const at of [5, 60, 200]) {
          const partial = (await master.counts()).partial;
          proxy.afterBytes('downstream', at, 'cut');
          const commands = Array.from({ length: 10 }, () => ['INCR', 'count']);
          await master.client.pipeline([['MULTI'], ...commands, ['EXEC']]);
          await waitFor(async () => (await master.counts()).partial > partial, { what: 'the resync after the cut' });
          const seen = Number(await replica.client.value('GET', 'count'));
          assert.equal(seen % 10, 0, 'never half a transaction');
          await converged(master, replica);
        }
      });
      assert.deepEqual(gained, { full: 0, partial: 3 });
      assert.equal(await replica.ok('GET', 'count'), '30');
    });

    await t.test('a half-closed link is dropped and resumed', async () => {
      const gained = await change(master, async () => {
        proxy.halfClose();
        await writeSome(master, 50);
        await replica.logged('Connection with master lost.');
        await waitFor(() => proxy.accepted > 0, { what: 'a new link' });
        await converged(master, replica);
      });
      assert.deepEqual(gained.full, 0);
    });

    await t.test('a slow link delays, and loses nothing', async () => {
      proxy.setRate(200_000);
      await writeSome(master, 3000);
      await master.ok('SET', 'large', Buffer.alloc(150_000, 1));
      await converged(master, replica);
      proxy.setRate(Infinity);
    });

    await t.test('a stall beyond repl-timeout is noticed, told and resumed', async () => {
      await replica.ok('CONFIG', 'SET', 'repl-timeout', 2);
      const gained = await change(master, async () => {
        proxy.stall();
        await replica.logged('MASTER timeout: no data nor PING received...');
        await replica.becomes('master_link_status', 'down');
        assert.ok((await replica.count('master_link_down_since_seconds')) >= 0);
        await writeSome(master, 50);
        proxy.cut();
        proxy.resume();
        await converged(master, replica);
      });
      await replica.ok('CONFIG', 'SET', 'repl-timeout', 60);
      assert.deepEqual(gained, { full: 0, partial: 1 });
    });

    await t.test('a cut anywhere in the greeting only costs an attempt', async () => {
      const gained = await change(master, async () => {
        for (const [direction, at] of [
          ['upstream', 30],
          ['upstream', 100],
          ['downstream', 1],
          ['downstream', 13],
          ['downstream', 30],
        ] as const) {
          const before = proxy.accepted;
          proxy.afterBytes(direction, at, 'cut');
          proxy.cut();
          await waitFor(() => proxy.accepted >= before + 2, { what: `a second attempt after ${direction} ${at}` });
          await converged(master, replica);
        }
      });
      assert.equal(gained.full, 0, 'the greeting cost no full resync');
    });

    await t.test('a cut inside the RDB keeps the old data, then a whole sync replaces it', () =>
      cutInsideRdb(master, replica, proxy),
    );
  });
}

async function cutInsideRdb(master: Node, replica: Node, proxy: FaultProxy): Promise<void> {
  for (const [diskless, at] of [
    ['yes', 130],
    ['yes', 60_000],
    ['no', 90_000],
  ] as const) {
    await master.ok('CONFIG', 'SET', 'repl-diskless-sync', diskless);
    await replica.ok('REPLICAOF', 'NO', 'ONE');
    await replica.ok('FLUSHALL');
    await replica.ok('SET', 'old', 'kept');
    const before = proxy.accepted;
    proxy.afterBytes('downstream', at, () => {
      proxy.cut();
      proxy.refuse(true);
    });
    await replica.follow(proxy);
    await waitFor(() => proxy.accepted > before && proxy.connections === 0, { what: 'the cut' });
    // redis-server throws its data away before it reads a payload without a file.
    if (replica.kind === 'headwater') {
      assert.equal(await replica.ok('GET', 'old'), 'kept');
      assert.equal(await replica.ok('DBSIZE'), 1);
    }
    proxy.refuse(false);
    await converged(master, replica);
    assert.equal(await replica.ok('EXISTS', 'old'), 0);
  }
}

void test(
  'the backlog is released after repl-backlog-ttl, and its size follows CONFIG SET',
  { timeout: 120_000 },
  async (t) => {
    const scenario = new Scenario(t);
    const [master, replica] = await Promise.all([
      scenario.start('headwater', ['--repl-backlog-ttl', '1', '--repl-backlog-size', '64kb']),
      scenario.start('redis'),
    ]);
    await replica.follow(master);
    await converged(master, replica);
    for (let i = 0; i < 40; i++) await master.ok('SET', 'k', Buffer.alloc(10_000));
    await converged(master, replica);
    await master.becomes('repl_backlog_histlen', (bytes) => Number(bytes) >= 65_536 && Number(bytes) < 140_000);
    await master.ok('CONFIG', 'SET', 'repl-backlog-size', 262_144);
    for (let i = 0; i < 60; i++) await master.ok('SET', 'k', Buffer.alloc(10_000));
    await converged(master, replica);
    await master.becomes('repl_backlog_histlen', (bytes) => Number(bytes) >= 262_144 && Number(bytes) < 400_000);
    const replid = await master.info('master_replid');
    await replica.ok('REPLICAOF', 'NO', 'ONE');
    await master.becomes('repl_backlog_active', '0');
    await master.logged('Replication backlog freed after 1 seconds without connected replicas.');
    assert.notEqual(
      await master.info('master_replid'),
      replid,
      'what is written now must not pass for the old history',
    );
    await replica.follow(master);
    await converged(master, replica);
    assert.equal((await master.counts()).full, 2);
  },
);

void test('a value of 100 MB in the stream is applied in time', { timeout: 120_000 }, async (t) => {
  const scenario = new Scenario(t);
  const [master, replica] = await Promise.all([scenario.start('redis'), scenario.start('headwater')]);
  await replica.follow(master);
  await converged(master, replica);
  const started = performance.now();
  await master.ok('SET', 'large', Buffer.alloc(100 * 1024 * 1024, 7));
  await master.ok('APPEND', 'large', 'x');
  const fields = Array.from({ length: 10_000 }, (_, i) => [`field:${i}`, i]).flat();
  await master.ok('HSET', 'wide', ...fields);
  await converged(master, replica);
  t.diagnostic(`${Math.round(performance.now() - started)} ms`);
  assert.equal(await replica.ok('STRLEN', 'large'), 100 * 1024 * 1024 + 1);
  assert.equal((await master.counts()).full, 1);
});
