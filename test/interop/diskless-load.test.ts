/** What clients of a replica see while a full sync is loaded: `repl-diskless-load` decides. The old data is kept in any case. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendAll } from '../support/dataset.ts';
import { converged, type Node, Scenario } from '../support/scenario.ts';

const KEYS = 500;
const LOADING = '-LOADING Redis is loading the dataset in memory\r\n';

interface Case {
  readonly mode: string;
  readonly title: string;
  /** The replica follows that master already when the full sync begins. */
  readonly sameHistory?: boolean;
  readonly empty?: boolean;
  readonly loading: '0' | '1';
  readonly asyncLoading: '0' | '1';
}

const cases: readonly Case[] = [
  { mode: 'disabled', title: 'old data, as while Redis receives a file', loading: '0', asyncLoading: '0' },
  { mode: 'on-empty-db', title: 'old data when there is some', loading: '0', asyncLoading: '0' },
  { mode: 'on-empty-db', title: '-LOADING when there is none', empty: true, loading: '1', asyncLoading: '0' },
  { mode: 'swapdb', title: '-LOADING for another history', loading: '1', asyncLoading: '0' },
  { mode: 'swapdb', title: 'old data for the same history', sameHistory: true, loading: '0', asyncLoading: '1' },
  { mode: 'flush-before-load', title: '-LOADING', loading: '1', asyncLoading: '0' },
];

for (const { mode, title, sameHistory = false, empty = false, loading, asyncLoading } of cases) {
  test(`repl-diskless-load ${mode}: ${title}`, { timeout: 120_000 }, async (t) => {
    const scenario = new Scenario(t);
    const [master, replica] = await Promise.all([
      scenario.start('redis', ['--repl-backlog-size', '16384', '--rdbcompression', 'no']),
      scenario.start('headwater', ['--repl-diskless-load', mode, '--replica-read-only', 'no']),
    ]);
    const link = await scenario.proxy(master);
    if (sameHistory) {
      await replica.follow(link);
      await converged(master, replica);
    }
    // It takes twenty seconds over the slow link below.
    await sendAll(
      master.client,
      Array.from({ length: KEYS }, (_, i) => ['SET', `k${i}`, Buffer.alloc(40_000, i)]),
    );
    if (sameHistory) {
      await converged(master, replica);
      link.refuse(true);
      link.cut();
      await master.becomes('connected_slaves', '0');
      for (let i = 0; i < 20; i++) await master.ok('SET', 'large', Buffer.alloc(16_384, i));
    }
    if (!empty) await replica.ok('SET', 'mine', 'v');
    link.setRate(1_000_000);
    link.refuse(false);
    if (!sameHistory) await replica.follow(link);
    await sees(replica, loading, asyncLoading, empty);
    // A transfer that is cut leaves the old data served.
    link.refuse(true);
    link.cut();
    await replica.becomes('loading', '0');
    await replica.becomes('async_loading', '0');
    assert.equal(await replica.ok('EXISTS', 'mine'), empty ? 0 : 1);
    link.setRate(Infinity);
    link.refuse(false);
    await converged(master, replica);
    assert.equal(await replica.ok('EXISTS', 'mine'), 0);
  });
}

async function sees(replica: Node, loading: '0' | '1', asyncLoading: '0' | '1', empty: boolean): Promise<void> {
  await replica.becomes('loading', loading);
  await replica.becomes('async_loading', asyncLoading);
  const reply = (await replica.client.call('GET', 'mine')).toString();
  if (loading === '1') assert.equal(reply, LOADING);
  else if (!empty) assert.equal(reply, '$1\r\nv\r\n');
  const other = (await replica.client.call('REPLICAOF', '127.0.0.1', '70000')).toString();
  if (asyncLoading === '1' || loading === '1') assert.equal(other, LOADING);
  else assert.equal(other, '-ERR Invalid master port\r\n');
}
