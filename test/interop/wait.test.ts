/** WAIT with real replicas of either kind, behind a link that stalls; and what a paused master does about it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pairs, Scenario } from '../support/scenario.ts';
import { linkUp } from '../support/replication.ts';

for (const { master: masterKind, replica: replicaKind } of pairs) {
  test(`WAIT: ${masterKind} master, ${replicaKind} replica`, async (t) => {
    const scenario = new Scenario(t);
    const master = await scenario.start(masterKind, [
      '--repl-diskless-sync-delay',
      '0',
      '--repl-ping-replica-period',
      '1000',
    ]);
    const replica = await scenario.start(replicaKind);
    const proxy = await scenario.proxy(master);
    await replica.follow(proxy);
    await linkUp(replica.client);
    // An acknowledgement is asked for: it comes long before the replica's own next one would.
    for (let i = 0; i < 20; i++) {
      await master.ok('SET', `k${i}`, 'v');
      assert.equal(Number(await master.ok('WAIT', 1, 5000)), 1);
    }
    assert.equal(Number(await master.ok('WAIT', 2, 20)), 1);

    proxy.stall();
    await master.ok('SET', 'k', 'stalled');
    assert.equal(Number(await master.ok('WAIT', 1, 50)), 0);
    // A client that wrote before the stall need not wait for the others' writes.
    const waiting = await scenario.client(master);
    await waiting.ok('SET', 'k', 'again');
    const reply = waiting.value('WAIT', 1, 0);
    await master.becomes('blocked_clients', '1');
    proxy.resume();
    assert.equal(Number(await reply), 1);
    assert.equal(String(await replica.ok('GET', 'k')), 'again');

    // A pause of writes lets WAIT in, but the stream stays still until it is over: no GETACK moves the offset.
    proxy.stall();
    await waiting.ok('SET', 'k', 'paused');
    await master.ok('CLIENT', 'PAUSE', 100_000, 'WRITE');
    const offset = await master.count('master_repl_offset');
    const paused = waiting.value('WAIT', 1, 0);
    await master.becomes('blocked_clients', '1');
    assert.equal(await master.count('master_repl_offset'), offset);
    await master.ok('CLIENT', 'UNPAUSE');
    await master.becomes('master_repl_offset', (value) => Number(value) > offset);
    proxy.resume();
    assert.equal(Number(await paused), 1);
  });
}
