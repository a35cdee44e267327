/** SLOWLOG and LATENCY: what is logged of which commands, and how it is shown. Durations are not compared. */
import assert from 'node:assert/strict';
import { lockstep } from '../support/lockstep.ts';
import type { Both } from '../support/lockstep.ts';
import type { RawClient } from '../support/raw-client.ts';

type Entry = readonly [
  id: number,
  time: number,
  micros: number,
  words: readonly string[],
  address: string,
  name: string,
];

const defaults = ['slowlog-log-slower-than', '10000', 'slowlog-max-len', '128', 'latency-monitor-threshold', '0'];

async function configured(both: Both, directives: readonly string[], body: () => Promise<void>): Promise<void> {
  await both('CONFIG', 'SET', ...directives);
  await both('SLOWLOG', 'RESET');
  try {
    await body();
  } finally {
    for (const client of [both.redis, both.headwater]) await client.ok('CONFIG', 'SET', ...defaults);
  }
}

/** Entries without what depends on the moment; ids from the oldest on. */
async function entriesOf(client: RawClient): Promise<unknown[]> {
  const entries = (await client.value('SLOWLOG', 'GET', '-1')) as unknown as Entry[];
  const first = Math.min(...entries.map(([id]) => id));
  const now = Date.now() / 1000;
  return entries.map(([id, time, micros, words, address, name]) => {
    assert.ok(Math.abs(now - time) < 60 && micros >= 0);
    return [id - first, words, address.replace(/\d+$/, '<port>'), name];
  });
}

async function sameEntries(both: Both): Promise<unknown[]> {
  const [redis, headwater] = await Promise.all([entriesOf(both.redis), entriesOf(both.headwater)]);
  assert.deepEqual(headwater, redis);
  return headwater;
}

lockstep('with a threshold of 0 every command is logged that runs', { resp: 'both' }, async (both) => {
  await configured(both, ['slowlog-log-slower-than', '0'], async () => {
    await both('SET', 'k', 'v');
    await both('CLIENT', 'SETNAME', 'me');
    await both('GET', 'k');
    await both.error('LPUSH', 'k', 'x');
    await both.error('GET');
    await both.error('NOSUCH');
    await both.all([['MULTI'], ['SET', 'k', '1'], ['INCR', 'k'], ['EXEC']]);
    await both.error('AUTH', 'secret');
    await both.error('HELLO', '2', 'AUTH', 'user', 'secret', 'SETNAME', 'x');
    await both('MIGRATE', '127.0.0.1', '1', 'none', '0', '100', 'AUTH', 'secret');
    await both('MIGRATE', '127.0.0.1', '1', 'none', '0', '100', 'COPY', 'AUTH2', 'user', 'secret');
    await both('CONFIG', 'SET', 'masterauth', '', 'masteruser', '', 'maxmemory-samples', '5', 'requirepass', '');
    await both('ACL', 'SETUSER', 'somebody', '>secret');
    await both.shape('ACL', 'GETUSER', 'somebody');
    await both('ACL', 'DELUSER', 'somebody');
    await both('SPOP', 'missing', '10');
    await both('SADD', 'set', 'a', 'b');
    await both.unordered('SPOP', 'set', '10');
    await both('GETSET', 'k', '5');
    await both('INCRBYFLOAT', 'k', '1.5');
    await both('SLOWLOG', 'LEN');
    const entries = await sameEntries(both);
    assert.ok(!JSON.stringify(entries).includes('secret'));
    await both('SLOWLOG', 'RESET');
    await both('CLIENT', 'SETNAME', '');
  });
});

lockstep('long commands are cut', async (both) => {
  await configured(both, ['slowlog-log-slower-than', '0'], async () => {
    for (const count of [29, 30, 31, 32, 33, 100])
      await both('SADD', 'set', ...Array.from({ length: count }, (_, i) => String(i)));
    for (const length of [127, 128, 129, 10_000]) await both('SET', 'k', 'x'.repeat(length));
    await both('SADD', 'other', ...Array.from({ length: 50 }, () => 'x'.repeat(200)));
    await sameEntries(both);
  });
});

lockstep('the newest slowlog-max-len entries are kept', async (both) => {
  await configured(both, ['slowlog-log-slower-than', '0', 'slowlog-max-len', '10'], async () => {
    for (let i = 0; i < 30; i++) await both('ECHO', String(i));
    await both('SLOWLOG', 'LEN');
    await sameEntries(both);
    await both('CONFIG', 'SET', 'slowlog-max-len', '4');
    await both('SLOWLOG', 'LEN');
    await both('CONFIG', 'SET', 'slowlog-log-slower-than', '-1');
    for (const count of ['0', '1', '3', '20', '-1']) {
      const [redis, headwater] = await Promise.all(
        [both.redis, both.headwater].map(
          async (client) => ((await client.value('SLOWLOG', 'GET', count)) as unknown[]).length,
        ),
      );
      assert.equal(headwater, redis, count);
    }
    await both('CONFIG', 'SET', 'slowlog-max-len', '128');
    for (let i = 0; i < 20; i++) await both('PING');
    await both('SLOWLOG', 'LEN');
  });
  await configured(both, ['slowlog-log-slower-than', '0', 'slowlog-max-len', '0'], async () => {
    await both('PING');
    await both('SLOWLOG', 'LEN');
  });
});

lockstep('commands that take long are logged, others not', async (both) => {
  await configured(both, ['slowlog-log-slower-than', '50000'], async () => {
    await both('PING');
    await both('DEBUG', 'SLEEP', '0.06');
    await both.all([['MULTI'], ['DEBUG', 'SLEEP', '0.06'], ['EXEC']]);
    const entries = await Promise.all([both.redis, both.headwater].map((client) => entriesOf(client)));
    for (const list of entries)
      assert.equal(list.filter((entry) => JSON.stringify(entry).includes('"SLEEP"')).length, 2);
  });
});

lockstep('a blocked command is logged when it goes on', async (both) => {
  const other = await both.open();
  await configured(both, ['slowlog-log-slower-than', '0'], async () => {
    const blocked = [both.redis.call('BLPOP', 'list', '0'), both.headwater.call('BLPOP', 'list', '0')];
    for (const client of [other.redis, other.headwater])
      while (!String(await client.value('CLIENT', 'LIST')).includes('cmd=blpop'));
    await other('SLOWLOG', 'RESET');
    await other('RPUSH', 'list', 'a');
    await Promise.all(blocked);
    const [redis, headwater] = await Promise.all([entriesOf(other.redis), entriesOf(other.headwater)]);
    for (const list of [redis, headwater])
      assert.equal(list!.filter((entry) => JSON.stringify(entry).includes('BLPOP')).length, 1);
  });
});

lockstep('SLOWLOG refuses what redis-server refuses', async (both) => {
  await both.error('SLOWLOG');
  await both.error('SLOWLOG', 'GET', 'x');
  await both.error('SLOWLOG', 'GET', '-2');
  await both.error('SLOWLOG', 'GET', '1', '2');
  await both.error('SLOWLOG', 'LEN', 'x');
  await both.error('SLOWLOG', 'RESET', 'x');
  await both.error('SLOWLOG', 'NOSUCH');
  assert.ok(((await both.headwater.ok('SLOWLOG', 'HELP')) as string[]).length > 4);
});

lockstep('LATENCY tells what took long, by event', { resp: 'both' }, async (both) => {
  await both('LATENCY', 'LATEST');
  await both('LATENCY', 'HISTORY', 'command');
  await both.error('LATENCY', 'GRAPH', 'command');
  await both('LATENCY', 'RESET');
  await both.shape('LATENCY', 'DOCTOR');
  await configured(both, ['latency-monitor-threshold', '500'], async () => {
    await both.shape('LATENCY', 'DOCTOR');
    await both('DEBUG', 'SLEEP', '0.6');
    await both.shape('LATENCY', 'LATEST');
    await both.shape('LATENCY', 'HISTORY', 'command');
    await both('LATENCY', 'HISTORY', 'nosuch');
    await both.shape('LATENCY', 'GRAPH', 'command');
    await both.shape('LATENCY', 'DOCTOR');
    for (const client of [both.redis, both.headwater]) {
      const [[event, time, last, max]] = (await client.value('LATENCY', 'LATEST')) as unknown as [
        [string, number, number, number],
      ];
      assert.equal(event, 'command');
      assert.ok(last >= 600 && max >= last && Math.abs(Date.now() / 1000 - time) < 60);
      assert.match(
        String(await client.value('LATENCY', 'GRAPH', 'command')),
        /^command - high \d+ ms, low \d+ ms \(all time high \d+ ms\)\n-{80}\n/,
      );
      assert.match(String(await client.value('LATENCY', 'DOCTOR')), /1\. command: \d+ latency spikes/);
    }
    await both('LATENCY', 'RESET', 'nosuch', 'command');
    await both('LATENCY', 'LATEST');
    await both('LATENCY', 'RESET');
  });
});

lockstep('LATENCY HISTOGRAM has the shape of redis-server', { resp: 'both' }, async (both) => {
  await both('CONFIG', 'RESETSTAT');
  await both('LATENCY', 'HISTOGRAM', 'set', 'nosuch', 'config|get');
  for (let i = 0; i < 100; i++) await both('SET', 'k', 'v');
  await both('CONFIG', 'GET', 'maxmemory');
  await both('CLIENT', 'GETNAME');
  for (const client of [both.redis, both.headwater]) {
    const all = JSON.stringify(
      plainMap(await client.value('LATENCY', 'HISTOGRAM', 'SET', 'client', 'config|get', 'nosuch')),
    );
    assert.match(
      all,
      /^\{"set":\{"calls":100,"histogram_usec":\{("\d+":\d+,)*"\d+":100\}\},"client\|getname":\{"calls":1,"histogram_usec":\{"\d+":1\}\},"config\|get":/,
    );
    for (const bound of all.matchAll(/"(\d+)":\d/g))
      assert.ok(
        [1, 2, 4, 8, 16, 33, 66, 132, 264, 528, 1056, 2113, 4227, 8454, 16_908, 33_816, 67_633].includes(
          Number(bound[1]),
        ),
        bound[1],
      );
  }
  await both('CONFIG', 'SET', 'latency-tracking', 'no');
  await both('CONFIG', 'RESETSTAT');
  await both('SET', 'k', 'v');
  await both('LATENCY', 'HISTOGRAM', 'set');
  await both('CONFIG', 'SET', 'latency-tracking', 'yes');
  await both.error('LATENCY');
  await both.error('LATENCY', 'LATEST', 'x');
  await both.error('LATENCY', 'HISTORY');
  await both.error('LATENCY', 'NOSUCH');
  assert.ok(((await both.headwater.ok('LATENCY', 'HELP')) as string[]).length > 4);
});

/** Maps, and in RESP2 arrays in their place, as objects. */
function plainMap(value: unknown): unknown {
  const pairs: [unknown, unknown][] =
    value instanceof Map
      ? [...value]
      : Array.isArray(value)
        ? Array.from({ length: value.length / 2 }, (_, i) => [value[i * 2], value[i * 2 + 1]])
        : [];
  if (pairs.length === 0) return value;
  return Object.fromEntries(pairs.map(([name, inner]) => [String(name), plainMap(inner)]));
}
