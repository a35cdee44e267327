/** FAILOVER between servers of either kind: the role changes hands, no write is lost, nobody needs a full resync. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCommand } from '../support/resp.ts';
import { converged, pairs, Scenario } from '../support/scenario.ts';

const options = { timeout: 240_000 };
const quick = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1000'];

for (const { master: masterKind, replica: replicaKind } of pairs) {
  const name = `${masterKind} -> ${replicaKind}`;

  test(
    `${name}: the target takes over, the old master and the other replica continue partially`,
    options,
    async (t) => {
      const scenario = new Scenario(t);
      const [master, target, other] = await Promise.all([
        scenario.start(masterKind, quick),
        scenario.start(replicaKind, quick),
        scenario.start(masterKind, quick),
      ]);
      await target.follow(master);
      await other.follow(master);
      await converged(master, target, other);
      const before = await master.counts();
      const writer = await scenario.client(master);
      for (let i = 0; i < 500; i++) await writer.ok('SET', `k${i}`, 'v');
      await master.ok('FAILOVER', 'TO', '127.0.0.1', target.port, 'TIMEOUT', 30_000);
      // A write that came too late waits for the end, and is then told who takes writes no more.
      writer.send(encodeCommand(['SET', 'late', 'v']));
      await master.becomes('master_failover_state', 'no-failover');
      assert.match((await writer.reply()).toString(), /READONLY/);
      await target.becomes('role', 'master');
      await converged(target, master, other);
      assert.equal(Number(await target.ok('DBSIZE')), 500);
      assert.equal((await target.counts()).full, 0);
      assert.equal((await target.counts()).partial, 1);
      assert.equal((await master.counts()).full, before.full);
      // And back again, to whoever is first.
      await target.ok('SET', 'written', 'afterwards');
      await target.ok('FAILOVER');
      await master.becomes('role', 'master');
      await converged(master, target, other);
      assert.equal(String(await master.ok('GET', 'written')), 'afterwards');
      assert.equal((await target.counts()).full, 0);
      assert.equal((await master.counts()).full, before.full);
    },
  );

  test(`${name}: time is up, FORCE, ABORT`, options, async (t) => {
    const scenario = new Scenario(t);
    const master = await scenario.start(masterKind, quick);
    const proxy = await scenario.proxy(master);
    const replica = await scenario.start(replicaKind, [...quick, '--replica-announce-ip', '127.0.0.1']);
    await replica.follow(proxy);
    await converged(master, replica);
    const writer = await scenario.client(master);
    proxy.stall();
    await writer.ok('SET', 'k', 'only here');

    await master.ok('FAILOVER', 'TIMEOUT', 50);
    writer.send(encodeCommand(['SET', 'k', 'waited']));
    await master.becomes('master_failover_state', 'no-failover');
    await master.logged('FAILOVER to any replica aborted: Replica never caught up before timeout');
    assert.equal((await writer.reply()).toString(), '+OK\r\n');

    await master.ok('FAILOVER', 'TO', '127.0.0.1', replica.port);
    assert.equal(await master.info('master_failover_state'), 'waiting-for-sync');
    const refused = async (...command: (string | number)[]): Promise<string> =>
      (await master.client.call(...command)).toString();
    assert.equal(await refused('FAILOVER'), '-ERR FAILOVER already in progress.\r\n');
    assert.equal(await refused('REPLICAOF', 'NO', 'ONE'), '-ERR REPLICAOF not allowed while failing over.\r\n');
    assert.equal(await refused('PSYNC', '?', '-1'), "-NOMASTERLINK Can't SYNC while failing over\r\n");
    await master.ok('FAILOVER', 'ABORT');
    await master.logged('aborted: Failover manually aborted');
    assert.equal(await master.info('role'), 'master');
    assert.equal(
      await refused('FAILOVER', 'TO', '127.0.0.1', 1),
      '-ERR FAILOVER target HOST and PORT is not a replica.\r\n',
    );
    await writer.ok('SET', 'k', 'still here');

    // Forced, the target becomes the master with what it has; ours syncs with it.
    await master.ok('FAILOVER', 'TO', '127.0.0.1', replica.port, 'FORCE', 'TIMEOUT', 50);
    await replica.becomes('role', 'master');
    await master.becomes('role', 'slave');
    await converged(replica, master);
    assert.equal(await replica.ok('GET', 'k'), null);
  });

  test(`${name}: a target that refuses leaves the master a master`, options, async (t) => {
    const scenario = new Scenario(t);
    const [master, replica] = await Promise.all([
      scenario.start(masterKind, quick),
      scenario.start(replicaKind, quick),
    ]);
    await replica.follow(master);
    await converged(master, replica);
    const proxy = await scenario.proxy(replica);
    // The address that it announces leads to a proxy, behind which it has become a master of its own.
    await replica.ok('CONFIG', 'SET', 'replica-announce-port', proxy.port);
    await replica.ok('CLIENT', 'KILL', 'TYPE', 'master');
    await master.becomes('slave0', (value) => value.includes(`port=${proxy.port},state=online`));
    proxy.stall();
    await master.ok('FAILOVER', 'TO', '127.0.0.1', proxy.port, 'FORCE', 'TIMEOUT', 5000);
    await master.becomes('master_failover_state', 'failover-in-progress');
    await replica.ok('REPLICAOF', 'NO', 'ONE');
    proxy.resume();
    await master.becomes('master_failover_state', 'no-failover');
    await master.logged('aborted: Failover target rejected psync request');
    assert.equal(await master.info('role'), 'master');
    await master.ok('SET', 'k', 'v');
  });
}
