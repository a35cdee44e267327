/**
 * Moving from redis-server to Headwater without a pause: a Headwater replica takes a full sync, follows under writes, loses its
 * link and resumes it, and is promoted when everything is there. Works with any redis-server from 4.0 on and any Valkey: the
 * one on PATH is moved from.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataset, mortalKeys, randomWrite, Seeded } from '../support/dataset.ts';
import type { RawClient } from '../support/raw-client.ts';
import { equalDigests } from '../support/replication.ts';
import { converged, Scenario } from '../support/scenario.ts';
import { waitFor } from '../support/wait.ts';

const KEYS = 5000;
/** Of the commands in one write. */
const BATCH = 50;

/** Old servers refuse what they do not know: streams, LMOVE. Nothing else about a refusal matters here. */
async function sendKnown(
  client: RawClient,
  commands: readonly (readonly (string | number | Buffer)[])[],
): Promise<void> {
  for (let i = 0; i < commands.length; i += BATCH) await client.pipeline(commands.slice(i, i + BATCH));
}

/** How many keys are still to expire. */
async function soonGone(client: RawClient): Promise<number> {
  const times = await Promise.all(mortalKeys.map((key) => client.ok('PTTL', key)));
  return times.filter((time) => Number(time) >= 0).length;
}

test('Headwater takes over from a redis-server that is written to', { timeout: 240_000 }, async (t) => {
  const scenario = new Scenario(t);
  const old = await scenario.start('redis', ['--repl-backlog-size', '64mb']);
  const version = /(?:valkey|redis)_version:(\S+)/g;
  t.diagnostic(
    `from ${[...String(await old.ok('INFO', 'server')).matchAll(version)].map(([field]) => field).join(', ')}`,
  );
  await sendKnown(old.client, [...dataset(71, KEYS, 300_000)]);
  await old.ok('SELECT', 9);
  await sendKnown(old.client, [...dataset(72, 300)]);
  assert.ok(Number(await old.ok('DBSIZE')) >= 300, 'there is data');

  const proxy = await scenario.proxy(old);
  const next = await scenario.start('headwater');
  const random = new Seeded(73);
  let writing = true;
  let written = 0;
  const load = (async () => {
    while (writing) {
      await old.client.pipeline(Array.from({ length: BATCH }, () => randomWrite(random)));
      written += BATCH;
    }
  })();
  await next.follow(proxy);
  await next.becomes('master_link_status', 'up');
  const before = written;
  await waitFor(() => written > before + 1000, { what: 'writes that are followed' });
  proxy.cut();
  await waitFor(async () => (await old.counts()).partial === 1, { what: 'a partial resync' });
  writing = false;
  await load;
  await waitFor(async () => (await soonGone(old.client)) === 0, { what: 'keys with a short life to be gone' });
  await converged(old, next);
  const { full, partial } = await old.counts();
  assert.deepEqual({ full, partial }, { full: 1, partial: 1 });

  const digest = await equalDigests([old.client]);
  await next.ok('REPLICAOF', 'NO', 'ONE');
  await old.server.stop();
  assert.equal(await equalDigests([next.client]), digest);
  await next.ok('SET', 'written to', 'the new master');
  assert.equal(await next.info('role'), 'master');
});
