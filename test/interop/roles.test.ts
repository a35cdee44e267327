/**
 * Masters and replicas that change places, die and come back: who continues partially, whose data wins, what clients of a
 * replica may do, and how expiry works across the link.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataset, randomWrite, Seeded, sendAll } from '../support/dataset.ts';
import { converged, type Kind, type Node, pairs, Scenario } from '../support/scenario.ts';
import { waitFor } from '../support/wait.ts';

const options = { timeout: 240_000 };
const random = new Seeded(5);

async function writeSome(master: Node, count = 200): Promise<void> {
  await master.client.pipeline(Array.from({ length: count }, () => randomWrite(random)));
}

for (const { master: masterKind, replica: replicaKind } of pairs) {
  const name = `${masterKind} -> ${replicaKind}`;

  void test(`${name}: what clients of a replica may do, and expiry`, options, async (t) => {
    const scenario = new Scenario(t);
    const [master, replica] = await Promise.all([scenario.start(masterKind), scenario.start(replicaKind)]);
    await replica.follow(master);
    await converged(master, replica);

    await t.test('it refuses writes, or takes them with replica-read-only no', async () => {
      assert.match(String(await replica.client.value('SET', 'k', 'v')), /READONLY You can't write against a read only/);
      await replica.ok('CONFIG', 'SET', 'replica-read-only', 'no');
      await replica.ok('SET', 'mine', 'v');
      assert.equal(await replica.info('slave_read_only'), '0');
      await replica.ok('DEL', 'mine');
      await replica.ok('CONFIG', 'SET', 'replica-read-only', 'yes');
      await writeSome(master);
      await converged(master, replica);
    });

    await t.test('it hides an expired key until the master deletes it', async () => {
      await master.ok('DEBUG', 'SET-ACTIVE-EXPIRE', 0);
      await master.ok('SET', 'short', 'v', 'PX', 50);
      await master.ok('HSET', 'shorthash', 'f', 'v');
      await master.ok('PEXPIRE', 'shorthash', 50);
      await waitFor(async () => (await replica.ok('GET', 'short')) === null, { what: 'the key to be hidden' });
      await waitFor(async () => (await replica.ok('HLEN', 'shorthash')) === 0, { what: 'the hash to be hidden' });
      const size = Number(await replica.ok('DBSIZE'));
      assert.equal(await replica.ok('EXISTS', 'short'), 0);
      assert.equal(await replica.ok('TTL', 'short'), -2);
      assert.equal(Number(await replica.ok('DBSIZE')), size, 'hidden, not deleted');
      assert.equal(await master.ok('EXISTS', 'short', 'shorthash'), 0);
      await waitFor(async () => Number(await replica.ok('DBSIZE')) === size - 2, { what: 'the deletion' });
      await master.ok('DEBUG', 'SET-ACTIVE-EXPIRE', 1);
      await master.ok('SET', 'short', 'v', 'PX', 20);
      await waitFor(async () => Number(await replica.ok('DBSIZE')) === Number(await master.ok('DBSIZE')), {
        what: 'the active expiry to arrive',
      });
      await converged(master, replica);
    });

    if (masterKind === 'redis') {
      await t.test('it acknowledges at once when asked (WAIT sends GETACK)', async () => {
        const started = performance.now();
        for (let i = 0; i < 10; i++) {
          await master.ok('SET', 'acked', i);
          assert.equal(await master.ok('WAIT', 1, 10_000), 1);
        }
        assert.ok(performance.now() - started < 5000, 'not only with the acknowledgement of every second');
      });
    }

    await t.test('deadlines are equal to the millisecond', async () => {
      for (const [i, command] of [
        ['SET', 'd', 'v', 'EX', 1000],
        ['EXPIRE', 'd', 2000],
        ['SET', 'd', 'v', 'PX', 123_456],
        ['GETEX', 'd', 'EX', 777],
        ['SETEX', 'd', 900, 'v'],
        ['PEXPIRE', 'd', 654_321],
      ].entries()) {
        await master.ok(...command);
        await converged(master, replica);
        assert.equal(await replica.ok('PEXPIRETIME', 'd'), await master.ok('PEXPIRETIME', 'd'), `command ${i}`);
      }
    });

    await t.test('min-replicas-to-write stops writes while there are too few', async () => {
      await master.ok('CONFIG', 'SET', 'min-replicas-to-write', 1, 'min-replicas-max-lag', 10);
      await writeSome(master, 10);
      assert.equal(await master.info('min_slaves_good_slaves'), '1');
      await replica.ok('REPLICAOF', 'NO', 'ONE');
      await master.becomes('connected_slaves', '0');
      assert.equal(
        String(await master.client.value('SET', 'k', 'v')),
        String(new Error('NOREPLICAS Not enough good replicas to write.')).replace('Error', 'ReplyError'),
      );
      await replica.follow(master);
      await waitFor(async () => (await master.client.value('SET', 'k', 'v')) === 'OK', { what: 'writes again' });
      await master.ok('CONFIG', 'SET', 'min-replicas-to-write', 0);
      await converged(master, replica);
    });
  });

  void test(`${name}: promotion, demotion and switching masters`, options, async (t) => {
    const scenario = new Scenario(t);
    const [first, second] = await Promise.all([scenario.start(masterKind), scenario.start(replicaKind)]);
    await sendAll(first.client, dataset(21, 300));
    await second.follow(first);
    await converged(first, second);

    await t.test(
      'REPLICAOF NO ONE keeps the data and starts a history that the old master can join partially',
      async () => {
        const replid = await first.info('master_replid');
        await second.ok('REPLICAOF', 'NO', 'ONE');
        assert.equal(await second.info('role'), 'master');
        assert.equal(await second.info('master_replid2'), replid);
        await writeSome(second);
        await first.follow(second);
        await converged(second, first);
        assert.deepEqual(await second.counts(), { full: 0, partial: 1, refused: 0 });
      },
    );

    await t.test('and back again', async () => {
      await second.follow(first);
      await first.ok('REPLICAOF', 'NO', 'ONE');
      await writeSome(first);
      await converged(first, second);
    });

    await t.test('what a node wrote while it took itself for a master is discarded: the master wins', async () => {
      await second.ok('REPLICAOF', 'NO', 'ONE');
      await second.ok('SET', 'divergent', 'write');
      await first.ok('SET', 'divergent', 'master');
      const { full } = await first.counts();
      await second.follow(first);
      await converged(first, second);
      assert.equal(await second.ok('GET', 'divergent'), 'master');
      assert.equal((await first.counts()).full, full + 1);
    });
  });

  void test(`${name}: a killed master comes back on its port; a restarted replica syncs again`, options, async (t) => {
    const scenario = new Scenario(t);
    const [master, replica] = await Promise.all([scenario.start(masterKind), scenario.start(replicaKind)]);
    await sendAll(master.client, dataset(22, 200));
    await replica.follow(master);
    await converged(master, replica);
    await master.server.kill();
    await replica.becomes('master_link_status', 'down');
    await replica.logged('Connection with master lost.');
    assert.ok(Number(await replica.ok('DBSIZE')) > 100, 'it serves what it has');
    await replica.ok('CONFIG', 'SET', 'replica-serve-stale-data', 'no');
    assert.match(String(await replica.client.value('GET', 'k')), /MASTERDOWN/);
    await replica.ok('CONFIG', 'SET', 'replica-serve-stale-data', 'yes');
    const again = await scenario.start(masterKind, [], { port: master.port, dir: master.server.dir });
    await again.ok('SET', 'new', 'life');
    await converged(again, replica);
    assert.equal(await replica.ok('GET', 'new'), 'life');
    assert.equal(await replica.ok('DBSIZE'), 1);
    assert.equal((await again.counts()).full, 1);

    const followed = ['--replicaof', '127.0.0.1', String(again.port)];
    await replica.server.kill();
    const second = await scenario.start(replicaKind, followed, { port: replica.port, dir: replica.server.dir });
    await converged(again, second);
    // An orderly shutdown with a save keeps replid and offset in the file: the next start continues.
    await second.ok('SAVE');
    const { full } = await again.counts();
    await again.ok('SET', 'missed', 'not');
    await second.server.kill();
    const third = await scenario.start(replicaKind, followed, { port: replica.port, dir: replica.server.dir });
    await converged(again, third);
    assert.equal(await third.ok('GET', 'missed'), 'not');
    assert.equal((await again.counts()).full, full, 'the restart from an RDB file cost no full resync');
  });
}

const chains: readonly (readonly [Kind, Kind, Kind])[] = [
  ['headwater', 'headwater', 'headwater'],
  ['redis', 'headwater', 'redis'],
  ['headwater', 'redis', 'headwater'],
];
for (const kinds of chains) {
  void test(`${kinds.join(' -> ')}: the middle is promoted, dies and comes back`, options, async (t) => {
    const scenario = new Scenario(t);
    const [top, middle, leaf] = (await Promise.all(kinds.map((kind) => scenario.start(kind)))) as [Node, Node, Node];
    await sendAll(top.client, dataset(23, 300));
    await middle.follow(top);
    await leaf.follow(middle);
    await converged(top, middle, leaf);
    await writeSome(top);
    await converged(top, middle, leaf);
    assert.equal(await leaf.info('master_replid'), await top.info('master_replid'), 'one history down the chain');

    const { full, partial } = await middle.counts();
    await middle.ok('REPLICAOF', 'NO', 'ONE');
    await writeSome(middle);
    await waitFor(async () => (await middle.counts()).partial === partial + 1, { what: 'the leaf to continue' });
    await converged(middle, leaf);
    assert.equal((await middle.counts()).full, full, 'promotion costs the leaf no full resync');

    // The old top joins at the end of the chain, then the leaf loses its master and goes to the top of all.
    await top.follow(leaf);
    await converged(middle, leaf, top);
    await middle.server.kill();
    await leaf.becomes('master_link_status', 'down');
    await leaf.ok('REPLICAOF', 'NO', 'ONE');
    await writeSome(leaf);
    await converged(leaf, top);
    const back = await scenario.start(kinds[1], ['--replicaof', '127.0.0.1', String(top.port)], {
      port: middle.port,
      dir: middle.server.dir,
    });
    await converged(leaf, top, back);
  });
}

void test('a writable replica deletes the keys that its own clients let expire, and no others', options, async (t) => {
  const scenario = new Scenario(t);
  const [master, replica] = await Promise.all([scenario.start('redis'), scenario.start('headwater')]);
  await replica.follow(master);
  await converged(master, replica);
  await replica.ok('CONFIG', 'SET', 'replica-read-only', 'no');
  await master.ok('DEBUG', 'SET-ACTIVE-EXPIRE', 0);
  await master.ok('SET', 'theirs', 'v', 'PX', 10);
  await master.ok('SET', 'kept', 'v');
  await waitFor(async () => Number(await replica.ok('DBSIZE')) === 2, { what: 'the keys to arrive' });
  // Longer than the machine can be stalled between here and the count; who has no expiry any more is not tracked for long either.
  await replica.ok('SET', 'mine', 'v', 'EX', 600);
  await replica.ok('RPUSH', 'list', 'v');
  await replica.ok('EXPIRE', 'list', 600);
  await replica.ok('EXPIRE', 'kept', 600);
  await replica.ok('SET', 'persisted', 'v', 'EX', 600);
  assert.equal(await replica.info('slave_expires_tracked_keys'), '4');
  await replica.ok('PERSIST', 'persisted');
  for (const key of ['mine', 'list', 'kept']) await replica.ok('PEXPIRE', key, 1);
  await replica.becomes('slave_expires_tracked_keys', '0');
  await waitFor(async () => Number(await replica.ok('DBSIZE')) === 2, { what: 'its own keys to go' });
  assert.equal(await replica.ok('EXISTS', 'persisted'), 1);
  assert.equal(await replica.ok('EXISTS', 'theirs'), 0, 'hidden, and still there');
});
