/** Eviction on running servers: the limit holds, replicas follow, and those that ignore it do not evict. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { converged, Scenario } from '../support/scenario.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { waitFor } from '../support/wait.ts';

const options = { timeout: 120_000 };
const VALUE = 'v'.repeat(500);

async function fill(client: RawClient, prefix: string, count: number): Promise<void> {
  const commands = Array.from({ length: count }, (_, i) => ['SET', `${prefix}:${i}`, VALUE, 'EX', '10000']);
  for (let i = 0; i < count; i += 1000) await client.pipeline(commands.slice(i, i + 1000));
}

for (const policy of [
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
])
  void test(`${policy}: a master stays at its limit, and a redis-server replica follows`, options, async (t) => {
    const scenario = new Scenario(t);
    const master = await scenario.start('headwater');
    const replica = await scenario.start('redis');
    await replica.ok('REPLICAOF', '127.0.0.1', master.port);
    await converged(master, replica);
    const used = Number(await master.info('used_memory'));
    await master.ok('CONFIG', 'SET', 'maxmemory', String(used + 3_000_000), 'maxmemory-policy', policy);
    await fill(master.client, 'key', 12_000);
    assert.ok((await master.count('evicted_keys')) > 3000);
    const counted = (await master.count('used_memory')) - (await master.count('mem_not_counted_for_evict'));
    assert.ok(counted < used + 3_100_000, `${counted - used} bytes`);
    await converged(master, replica);
    assert.equal(await replica.count('evicted_keys'), 0);
    // A much lower limit: evicted in the background, without any command that needs memory.
    await master.ok('CONFIG', 'SET', 'maxmemory-eviction-tenacity', '0', 'maxmemory', String(used + 1_500_000));
    await waitFor(
      async () =>
        (await master.count('used_memory')) - (await master.count('mem_not_counted_for_evict')) < used + 1_500_000,
      {
        what: 'the lower limit',
        timeoutMs: 30_000,
      },
    );
    assert.ok(Number(await master.ok('DBSIZE')) > 0);
    await converged(master, replica);
  });

void test('a replica keeps what its master keeps, whatever its own limit is', options, async (t) => {
  const scenario = new Scenario(t);
  const master = await scenario.start('redis');
  const replica = await scenario.start('headwater', ['--maxmemory', '1mb', '--maxmemory-policy', 'allkeys-lru']);
  await replica.ok('REPLICAOF', '127.0.0.1', master.port);
  await converged(master, replica);
  await fill(master.client, 'key', 5000);
  await converged(master, replica);
  assert.equal(await replica.count('evicted_keys'), 0);
  // It may be told otherwise.
  await replica.ok('CONFIG', 'SET', 'replica-ignore-maxmemory', 'no');
  await master.ok('SET', 'one', 'more');
  await waitFor(async () => (await replica.count('evicted_keys')) > 0, { what: 'evictions', timeoutMs: 30_000 });
});

void test('evicting one big value is enough, though it is freed in slices', options, async (t) => {
  const scenario = new Scenario(t);
  const server = await scenario.start('headwater');
  await server.ok('CONFIG', 'SET', 'maxmemory-policy', 'volatile-ttl');
  const members = Array.from({ length: 1000 }, (_, i) => `member number ${i} of so many`);
  for (let i = 0; i < 100; i++) await server.ok('SADD', 'big', ...members.map((member) => `${member} ${i}`));
  await server.ok('EXPIRE', 'big', '100');
  await fill(server.client, 'key', 500);
  const used = Number(await server.info('used_memory'));
  await server.ok('CONFIG', 'SET', 'maxmemory', String(used - 3_000_000));
  await waitFor(async () => (await server.count('used_memory')) < used - 3_000_000, {
    what: 'room',
    timeoutMs: 30_000,
  });
  assert.equal(await server.count('evicted_keys'), 1);
  assert.equal(await server.ok('DBSIZE'), 500);
  assert.ok((await server.count('total_eviction_exceeded_time')) >= 0);
  assert.equal(await server.count('current_eviction_exceeded_time'), 0);
});

void test('after FLUSHALL there is room at once, though the data is freed in slices', options, async (t) => {
  const scenario = new Scenario(t);
  const server = await scenario.start('headwater');
  await fill(server.client, 'key', 20_000);
  const used = Number(await server.info('used_memory'));
  await server.ok('CONFIG', 'SET', 'maxmemory', String(used - 1_000_000));
  await assert.rejects(() => server.ok('SET', 'k', 'v'), /OOM/);
  const replies = await server.client.pipeline([['FLUSHALL'], ['SET', 'k', 'v']]);
  assert.deepEqual(replies.map(String), ['+OK\r\n', '+OK\r\n']);
});

void test('replies that nobody reads are memory in use, until their client goes', options, async (t) => {
  const scenario = new Scenario(t);
  const server = await scenario.start('headwater');
  await server.ok('SETRANGE', 'k', 100_000, 'x');
  await server.ok('CONFIG', 'SET', 'maxmemory', '5mb');
  for (let round = 0; round < 3; round++) {
    const reader = await connectRaw(server.port);
    reader.pause();
    const refused = async (): Promise<boolean> => {
      reader.send('GET k\r\n'.repeat(20));
      return String(await server.client.value('SET', 'other', 'v')).includes('OOM');
    };
    await waitFor(refused, { what: 'a write to be refused' });
    await reader.close();
    await waitFor(async () => (await server.info('connected_clients')) === '1', { what: 'its end' });
    await server.ok('SET', 'other', 'v');
  }
});

void test('what a frozen replica keeps of the stream beyond the backlog is memory of its own', options, async (t) => {
  const scenario = new Scenario(t);
  const master = await scenario.start('headwater', ['--repl-backlog-size', '16kb', '--repl-timeout', '1200']);
  const replica = await scenario.start('redis');
  await replica.ok('REPLICAOF', '127.0.0.1', master.port);
  await converged(master, replica);
  const [backlog, used] = [await master.count('mem_replication_backlog'), await master.count('used_memory')];
  const pid = Number(await replica.info('process_id'));
  process.kill(pid, 'SIGSTOP');
  try {
    for (let i = 0; i < 200; i++) await master.ok('SET', 'k', 'x'.repeat(100_000));
    const waiting = await master.count('mem_clients_slaves');
    // The kernel took some.
    assert.ok(waiting > 8_000_000, `${waiting} bytes`);
    assert.ok((await master.count('mem_not_counted_for_evict')) >= waiting);
    assert.ok((await master.count('used_memory')) > used + waiting);
    assert.ok((await master.count('mem_total_replication_buffers')) > 8_000_000);
    assert.ok((await master.count('mem_replication_backlog')) <= Math.max(backlog, 16 * 1024));
    await master.ok('CLIENT', 'KILL', 'TYPE', 'replica');
    await waitFor(async () => (await master.count('mem_clients_slaves')) === 0, {
      what: 'the memory to be given back',
    });
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});

void test('buffers of clients that have gone do not refuse a write', options, async (t) => {
  const scenario = new Scenario(t);
  const server = await scenario.start('headwater');
  await server.ok('SET', 'big', 'x'.repeat(1_000_000));
  await server.ok('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru', 'maxmemory', '1gb');
  for (let round = 0; round < 3; round++) {
    const greedy = await connectRaw(server.port);
    greedy.pause();
    greedy.send('GET big\r\n'.repeat(20));
    // Counted once a second.
    await waitFor(async () => (await server.count('mem_clients_normal')) > 5_000_000, { what: 'replies to queue' });
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const used = await server.count('used_memory');
    await greedy.close();
    await waitFor(async () => (await server.count('connected_clients')) === 1, { what: 'the client to be gone' });
    await server.ok('CONFIG', 'SET', 'maxmemory', String(used - 2_000_000));
    assert.equal(await server.ok('SET', 'k', 'v'), 'OK');
    assert.equal(await server.ok('STRLEN', 'big'), 1_000_000);
    await server.ok('CONFIG', 'SET', 'maxmemory', '1gb');
  }
});
