/** CLIENT PAUSE on a replica holds its master's stream too, as on redis-server, and the end of the pause lets it go on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { converged, pairs, Scenario } from '../support/scenario.ts';
import { waitFor } from '../support/wait.ts';

const LONG_MS = 600_000;

for (const { master: masterKind, replica: replicaKind } of pairs) {
  void test(`a paused ${replicaKind} holds the stream of a ${masterKind}`, { timeout: 120_000 }, async (t) => {
    const scenario = new Scenario(t);
    const [master, replica] = await Promise.all([scenario.start(masterKind), scenario.start(replicaKind)]);
    await replica.follow(master);
    await converged(master, replica);
    // The stream's SELECT is no write: a pause lets it pass.
    await master.ok('SET', 'a', 'before');
    await converged(master, replica);

    await t.test('from the first write on, in order, and no longer than the pause', async () => {
      await replica.ok('CLIENT', 'PAUSE', LONG_MS, 'WRITE');
      const held = await replica.count('slave_repl_offset');
      await master.client.pipeline([['SET', 'a', 'after'], ['MULTI'], ['INCR', 'b'], ['INCR', 'b'], ['EXEC']]);
      const end = await master.count('master_repl_offset');
      await waitFor(async () => (await replica.count('slave_read_repl_offset')) >= end, {
        what: 'the stream is there',
      });
      assert.equal(await replica.count('slave_repl_offset'), held);
      assert.deepEqual([await replica.ok('GET', 'a'), await replica.ok('GET', 'b')], ['before', null]);
      await replica.ok('CLIENT', 'UNPAUSE');
      await converged(master, replica);
      assert.deepEqual([await replica.ok('GET', 'a'), await replica.ok('GET', 'b')], ['after', '2']);
    });

    await t.test('a long stretch of it waits without harm, and replicas of the replica get it afterwards', async () => {
      const last = await scenario.start('headwater');
      await last.follow(replica);
      await converged(replica, last);
      await replica.ok('CLIENT', 'PAUSE', LONG_MS, 'WRITE');
      const held = await replica.count('slave_repl_offset');
      for (let i = 0; i < 40; i++) await master.ok('SET', `filler:${i}`, Buffer.alloc(100_000, 48 + i));
      assert.equal(await replica.count('slave_repl_offset'), held);
      await replica.ok('CLIENT', 'UNPAUSE');
      await converged(master, replica);
      await converged(replica, last);
      assert.equal((await master.counts()).full, 1);
    });

    // redis-server 7.0 keeps nothing of a link that goes while it is held, and syncs fully.
    const ours = replicaKind === 'headwater';
    await t.test('a link that goes meanwhile is resumed partially', { skip: !ours }, async () => {
      await replica.ok('CLIENT', 'PAUSE', LONG_MS, 'WRITE');
      await master.ok('SET', 'a', 'again');
      await master.ok('CLIENT', 'KILL', 'TYPE', 'replica');
      await waitFor(async () => (await master.counts()).partial >= 1, { what: 'the resync' });
      assert.equal(await replica.ok('GET', 'a'), 'after');
      await replica.ok('CLIENT', 'UNPAUSE');
      await converged(master, replica);
      assert.equal(await replica.ok('GET', 'a'), 'again');
    });

    await t.test('a pause of everything ends by its time', async () => {
      await replica.ok('CLIENT', 'PAUSE', 300, 'ALL');
      await master.ok('SET', 'a', 'late');
      await converged(master, replica);
      assert.equal(await replica.ok('GET', 'a'), 'late');
    });
  });
}
