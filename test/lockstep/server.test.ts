/** TIME, LASTSAVE, SAVE, BGSAVE, SHUTDOWN, ROLE, REPLICAOF, MODULE: replies and errors as redis-server gives them. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { startHeadwater } from '../support/headwater-server.ts';
import { type Both, lockstep } from '../support/lockstep.ts';
import { connectRaw } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import { decode } from '../support/resp.ts';
import { waitFor } from '../support/wait.ts';

lockstep('TIME has two elements, seconds and microseconds', { resp: 'both' }, async (both) => {
  await both.shape('TIME');
  const [seconds, micros] = (await both.headwater.value('TIME')) as string[];
  assert.ok(Math.abs(Number(seconds) - Date.now() / 1000) < 5);
  assert.ok(Number(micros) >= 0 && Number(micros) < 1_000_000);
  await both.error('TIME', 'x');
});

lockstep('SAVE and LASTSAVE', async (both) => {
  await both('SET', 'k', 'v');
  await both('SAVE');
  await both.close(2, 'LASTSAVE');
  await both.error('SAVE', 'x');
  await both.error('LASTSAVE', 'x');
});

lockstep('FLUSHALL ends the save under way, whose data is out of date', async (both) => {
  const saving = async (): Promise<readonly boolean[]> =>
    Promise.all(
      [both.redis, both.headwater].map(async (client) =>
        String(await client.ok('INFO', 'persistence')).includes('rdb_bgsave_in_progress:1'),
      ),
    );
  await both('CONFIG', 'SET', 'rdb-key-save-delay', 100_000);
  for (let i = 0; i < 200; i++) await both('SET', `k${i}`, 'v');
  await both('BGSAVE');
  assert.deepEqual(await saving(), [true, true]);
  await both('FLUSHALL');
  // All 200 would take 20 s.
  await waitFor(async () => !(await saving()).includes(true), { what: 'no more saving', timeoutMs: 10_000 });
  await both('CONFIG', 'SET', 'rdb-key-save-delay', 0);
});

lockstep('BGSAVE starts, and refuses what is not SCHEDULE', async (both) => {
  await both.error('BGSAVE', 'now');
  await both.error('BGSAVE', 'SCHEDULE', 'x');
  await both('BGSAVE');
  await waitFor(
    async () => {
      const replies = await Promise.all(
        [both.redis, both.headwater].map((client) => client.value('INFO', 'persistence')),
      );
      return replies.every((text) => String(text).includes('rdb_bgsave_in_progress:0'));
    },
    { what: 'the end of the saves' },
  );
  await both('BGSAVE', 'schedule');
});

lockstep('SHUTDOWN refuses what makes no sense', async (both) => {
  await both.error('SHUTDOWN', 'foo');
  await both.error('SHUTDOWN', 'SAVE', 'NOSAVE');
  await both.error('SHUTDOWN', 'NOSAVE', 'SAVE');
  await both.error('SHUTDOWN', 'ABORT');
  await both.error('SHUTDOWN', 'ABORT', 'NOW');
  await both.error('SHUTDOWN', 'SAVE', 'ABORT');
  await both('MULTI');
  await both.error('SHUTDOWN');
  await both.error('EXEC');
});

lockstep('MODULE LIST is empty, and loading is refused', { resp: 'both' }, async (both) => {
  await both('MODULE', 'LIST');
  await both.error('MODULE');
  await both.error('MODULE', 'foo');
  await both.error('MODULE', 'LIST', 'x');
  await both.error('MODULE', 'LOAD', 'x');
  await both.error('MODULE', 'LOADEX', 'x');
  await both.error('MODULE', 'UNLOAD', 'x');
});

lockstep('LOLWUT names a version', { resp: 'both' }, async (both) => {
  for (const client of [both.redis, both.headwater])
    assert.match(String(await client.value('LOLWUT', 'VERSION', '99')), /Redis ver\. \d/);
  await both.error('LOLWUT', 'VERSION', 'x');
  const drawings = new Set<string>();
  for (let i = 0; i < 5; i++) drawings.add(String(await both.headwater.value('LOLWUT', 'VERSION', '5', '30', '8')));
  assert.ok(drawings.size > 1);
  for (const drawing of drawings) {
    const lines = drawing.split('\n');
    assert.equal(lines.length, 8 + 3);
    assert.ok(lines.slice(0, 8).every((line) => line.length <= 30 && /^[ ~^.-]+$/.test(line)));
    assert.match(lines.at(-2)!, /Redis ver\. \d/);
  }
  const huge = String(await both.headwater.value('LOLWUT', '1000000000', '1000000000'));
  assert.ok(huge.length < 20_000);
  assert.match(String(await both.headwater.value('LOLWUT', '-1', 'x')), /Redis ver\. \d/);
});

lockstep('ROLE of a master without replicas', { resp: 'both' }, async (both) => {
  const [role, , replicas] = (await both.headwater.value('ROLE')) as unknown[];
  assert.deepEqual([role, replicas], ['master', []]);
  await both.error('ROLE', 'x');
});

lockstep('REPLICAOF checks the port and knows its master', { digests: false }, async (both) => {
  await both.error('REPLICAOF', 'a', 'b');
  await both.error('REPLICAOF', 'a', '65536');
  await both.error('REPLICAOF', 'a', '-1');
  await both.error('REPLICAOF', 'a', '01');
  await both.error('REPLICAOF', 'no', 'two');
  await both.error('REPLICAOF', 'a', '99999999999999999999');
  await both.error('REPLICAOF', 'a');
  await both('REPLICAOF', 'NO', 'ONE');
  try {
    // Nobody listens on port 1.
    await both('REPLICAOF', '127.0.0.1', '1');
    await both('SLAVEOF', '127.0.0.1', '1');
    await both.error('SET', 'k', 'v');
    await both('GET', 'k');
    await both('CONFIG', 'GET', 'replicaof');
    for (const client of [both.redis, both.headwater]) {
      const role = (await client.value('ROLE')) as unknown[];
      assert.deepEqual(role.slice(0, 3), ['slave', '127.0.0.1', 1]);
      assert.equal(role[4], -1);
    }
    await both.error('PSYNC', '?', '-1');
    await both.error('SYNC');
  } finally {
    await both('REPLICAOF', 'no', 'one');
  }
  await both('SET', 'k', 'v');
});

lockstep('REPLCONF and PSYNC refuse what they do not understand', async (both) => {
  await both('REPLCONF');
  await both.error('REPLCONF', 'a');
  await both.error('REPLCONF', 'a', 'b');
  await both.error('REPLCONF', 'listening-port', 'x');
  await both('REPLCONF', 'listening-port', '7', 'capa', 'eof', 'capa', 'psync2', 'capa', 'unheard-of');
  await both.error('REPLCONF', 'ip-address', 'x'.repeat(256));
  await both('REPLCONF', 'ip-address', '10.0.0.1');
  await both.error('REPLCONF', 'rdb-only', '2');
  await both.error('REPLCONF', 'rdb-filter-only', 'keys');
  await both.error('PSYNC', '?');
  await both.error('PSYNC', '?', 'x');
  await both.error('PSYNC', '?', '-1', 'FAILOVER');
  await both('MULTI');
  await both.error('SYNC');
  await both.error('EXEC');
});

for (const [name, start] of [
  ['redis-server', startRedis],
  ['headwater', startHeadwater],
] as const) {
  test(`${name}: SHUTDOWN NOSAVE closes without a reply and exits with 0`, async () => {
    const server = await start();
    try {
      const client = await connectRaw(server.port);
      client.send('SHUTDOWN NOSAVE\r\n');
      assert.equal((await client.untilClose()).length, 0);
      assert.equal(await server.exited, 0);
    } finally {
      await server.stop();
    }
  });

  test(`${name}: SHUTDOWN waits for a replica, and ABORT ends the wait`, async () => {
    const server = await start(['--shutdown-timeout', '60']);
    try {
      // A replica that never acknowledges.
      const replica = connect(server.port, server.host);
      replica.on('error', () => {}).resume();
      replica.write('PSYNC ? -1\r\n');
      const admin = await connectRaw(server.port);
      await waitFor(async () => String(await admin.value('INFO', 'replication')).includes('state=online'), {
        what: 'the replica',
      });
      await admin.ok('SET', 'k', 'v');
      const asking = await connectRaw(server.port);
      asking.send('SHUTDOWN NOSAVE\r\n');
      await waitFor(
        async () => {
          const raw = await admin.call('SHUTDOWN', 'ABORT');
          return decode(raw) === 'OK';
        },
        { what: 'the shutdown to wait' },
      );
      assert.match((await asking.reply()).toString(), /^-ERR Errors trying to SHUTDOWN. Check logs.\r\n$/);
      await admin.ok('SET', 'k', 'w');
      replica.destroy();
      await Promise.all([admin.close(), asking.close()]);
    } finally {
      await server.kill();
      await server.stop();
    }
  });
}

lockstep('BGREWRITEAOF writes a base even while AOF is off, and is scheduled inside a transaction', async (both) => {
  await both.error('BGREWRITEAOF', 'x');
  await savesOver(both);
  await both('BGREWRITEAOF');
  await savesOver(both);
  await both('MULTI');
  await both('BGREWRITEAOF');
  await both('BGSAVE');
  await both('EXEC');
  await savesOver(both);
});

/** Until neither server writes a file any more, or is about to. */
async function savesOver(both: Both): Promise<void> {
  for (const client of [both.redis, both.headwater])
    await waitFor(
      async () => {
        const info = String(await client.ok('INFO', 'persistence'));
        return (
          /rdb_bgsave_in_progress:0/.test(info) &&
          /aof_rewrite_in_progress:0/.test(info) &&
          /aof_rewrite_scheduled:0/.test(info)
        );
      },
      { what: 'the saves to end' },
    );
}

lockstep('MODULE HELP lists its subcommands', async (both) => {
  await both.error('MODULE', 'HELP', 'x');
  const lines = (await both.headwater.ok('MODULE', 'HELP')) as string[];
  assert.ok(lines.length > 2);
});
