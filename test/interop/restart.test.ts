/**
 * A master that goes down in good order and comes back: its RDB file says where its history stood, so replicas and their
 * replicas continue partially, and learn of the keys that expired meanwhile.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataset, sendAll } from '../support/dataset.ts';
import { converged, type Node, pairs, Scenario } from '../support/scenario.ts';
import { encodeCommand } from '../support/resp.ts';

/** More than a slice of loading takes at once. */
const SHORT_KEYS = 400;

for (const { master: masterKind, replica: replicaKind } of pairs) {
  test(`${masterKind} -> ${replicaKind} -> ${masterKind}: the master restarts`, { timeout: 240_000 }, async (t) => {
    const scenario = new Scenario(t);
    const first = await scenario.start(masterKind);
    const [replica, leaf] = await Promise.all([scenario.start(replicaKind), scenario.start(masterKind)]);
    await sendAll(first.client, dataset(31, 100));
    await replica.follow(first);
    await leaf.follow(replica);
    await converged(first, replica, leaf);

    const restart = async (old: Node, ...args: string[]): Promise<Node> => {
      const closer = await scenario.client(old);
      closer.send(encodeCommand(['SHUTDOWN', 'SAVE']));
      await old.server.exited;
      return scenario.start(masterKind, args, { port: old.port, dir: old.server.dir });
    };

    const replid = await first.info('master_replid');
    // Everybody has everything: the offset stands still while it goes down.
    await first.ok('WAIT', 1, 5000);
    const second = await restart(first);
    await converged(second, replica, leaf);
    assert.equal(await second.info('master_replid2'), replid);
    assert.notEqual(await second.info('master_replid'), replid);
    const start = await second.count('second_repl_offset');
    assert.equal(await second.count('repl_backlog_first_byte_offset'), start);
    assert.deepEqual(await second.counts(), { full: 0, partial: 1, refused: 0 });
    assert.equal(await leaf.info('master_replid'), await second.info('master_replid'));

    // Keys whose time comes while it is down are gone after the start, on the replicas too.
    await second.ok('DEBUG', 'SET-ACTIVE-EXPIRE', 0);
    const short = Array.from({ length: SHORT_KEYS }, (_, i) => ['SET', `short${i}`, 'v', 'PX', 1]);
    for (let db = 0; db < 3; db++) {
      await second.ok('SELECT', db);
      await sendAll(second.client, short);
    }
    await second.ok('SELECT', 0);
    await second.ok('WAIT', 1, 5000);
    const third = await restart(second);
    await converged(third, replica, leaf);
    assert.equal(await third.count('rdb_last_load_keys_expired'), 3 * SHORT_KEYS);
    assert.ok((await third.count('repl_backlog_histlen')) >= 3 * SHORT_KEYS * 20, 'their deletion is in the stream');
    assert.deepEqual(await third.counts(), { full: 0, partial: 1, refused: 0 });
    assert.equal(await replica.ok('EXISTS', 'short0'), 0);

    // What was written after the file was saved nobody can continue from.
    await third.ok('SAVE');
    await third.ok('SET', 'unsaved', 'v');
    await converged(third, replica, leaf);
    await third.server.kill();
    const fourth = await scenario.start(masterKind, [], { port: third.port, dir: third.server.dir });
    await converged(fourth, replica, leaf);
    assert.equal((await fourth.counts()).full, 1);
    assert.equal((await fourth.counts()).refused, 1);
    assert.equal(await replica.ok('EXISTS', 'unsaved'), 0);
  });
}
