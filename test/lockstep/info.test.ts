/** INFO: the sections, fields and their order are those of redis-server 7.0, but for the differences listed here. */
import assert from 'node:assert/strict';
import { lockstep } from '../support/lockstep.ts';
import type { RawClient } from '../support/raw-client.ts';

/** Fields of Redis 7.2, whose version we report, that 7.0 does not have yet. */
const newerThanReference = [
  'listener0',
  'total_blocking_keys',
  'total_blocking_keys_on_nokey',
  'client_query_buffer_limit_disconnections',
  'client_output_buffer_limit_disconnections',
  'acl_access_denied_auth',
  'acl_access_denied_cmd',
  'acl_access_denied_key',
  'acl_access_denied_channel',
  'eventloop_cycles',
  'eventloop_duration_sum',
  'eventloop_duration_cmd_sum',
  'instantaneous_eventloop_cycles_per_sec',
  'instantaneous_eventloop_duration_usec',
  // 8.0
  'replica_clients_waiting_psync',
  'expired_subkeys',
];

async function info(client: RawClient, ...sections: readonly string[]): Promise<string> {
  return String(await client.value('INFO', ...sections));
}

/** Section titles and field names; statistics by command and error are left out, as they depend on the calls. */
function namesOf(text: string): string[] {
  return text
    .split('\r\n')
    .filter((line) => line !== '' && !/^(cmdstat|errorstat|latency_percentiles)_/.test(line))
    .map((line) => (line.startsWith('#') ? line : line.slice(0, line.indexOf(':'))));
}

/** Ours without what only we have, and what only newer versions have. */
function comparable(names: readonly string[]): string[] {
  return names.filter((name) => !/^(headwater_|node_version$)/.test(name) && !newerThanReference.includes(name));
}

lockstep('INFO has the sections and fields of redis-server, in order', { resp: 'both' }, async (both) => {
  await both('SET', 'k', 'v', 'EX', '100');
  for (const sections of [[], ['all'], ['everything'], ['default'], ['server', 'memory']]) {
    const [reference, ours] = await Promise.all([info(both.redis, ...sections), info(both.headwater, ...sections)]);
    assert.deepEqual(comparable(namesOf(ours)), namesOf(reference));
  }
});

lockstep('INFO selects sections by name, and unknown ones are empty', async (both) => {
  const titles = (text: string): string[] => namesOf(text).filter((name) => name.startsWith('#'));
  for (const sections of [
    ['modules'],
    ['module_list'],
    ['cluster', 'keyspace'],
    ['keyspace', 'cluster'],
    ['CLUSTER'],
    ['unknown'],
    ['unknown', 'cpu'],
    ['default', 'commandstats'],
    ['all', 'unknown'],
    ['latencystats', 'errorstats'],
  ]) {
    const [reference, ours] = await Promise.all([info(both.redis, ...sections), info(both.headwater, ...sections)]);
    assert.deepEqual(titles(ours), titles(reference), sections.join(' '));
  }
  await both('INFO', 'unknown');
  await both('INFO', 'cluster');
  await both('INFO', 'modules', 'cluster');
});

lockstep('INFO keyspace counts keys and expiries', async (both) => {
  await both('SET', 'a', 'v');
  await both('SET', 'b', 'v', 'EX', '1000');
  await both('SELECT', '5');
  await both('SET', 'c', 'v');
  for (const client of [both.redis, both.headwater]) {
    const text = await info(client, 'keyspace');
    assert.match(text, /^# Keyspace\r\ndb0:keys=2,expires=1,avg_ttl=\d+\r\ndb5:keys=1,expires=0,avg_ttl=0\r\n$/);
  }
});

lockstep('INFO counts commands, hits, misses and errors', async (both) => {
  await both('CONFIG', 'RESETSTAT');
  await both('SET', 'k', 'v');
  for (let i = 0; i < 40; i++) await both('GET', 'k');
  await both('GET', 'missing');
  await both.error('LPUSH', 'k', 'x');
  await both.error('GET');
  await both.error('NOSUCH');
  for (const client of [both.redis, both.headwater]) {
    const text = await info(client, 'everything');
    assert.match(text, /\r\nkeyspace_hits:40\r\nkeyspace_misses:1\r\n/);
    assert.match(text, /\r\ncmdstat_get:calls=41,usec=\d+,usec_per_call=\d+\.\d\d,rejected_calls=1,failed_calls=0\r\n/);
    assert.match(
      text,
      /\r\ncmdstat_lpush:calls=1,usec=\d+,usec_per_call=\d+\.\d\d,rejected_calls=0,failed_calls=1\r\n/,
    );
    assert.match(text, /\r\ncmdstat_config\|resetstat:calls=1,/);
    assert.match(text, /\r\nerrorstat_ERR:count=2\r\n/);
    assert.match(text, /\r\nerrorstat_WRONGTYPE:count=1\r\n/);
    assert.match(text, /\r\nlatency_percentiles_usec_get:p50=[\d.]+,p99=[\d.]+,p99\.9=[\d.]+\r\n/);
    assert.match(text, /\r\ntotal_error_replies:3\r\n/);
  }
});

lockstep('INFO debug is shown only by name, and turns are counted', async (both) => {
  const field = (text: string, name: string): number =>
    Number(new RegExp(`\\r\\n${name}:(\\d+)\\r\\n`).exec(`\r\n${text}`)?.[1]);
  const { headwater } = both;
  for (const sections of [[], ['all'], ['everything'], ['default']])
    assert.doesNotMatch(await info(headwater, ...sections), /# Debug/);
  const before = await info(headwater, 'stats', 'debug');
  await headwater.pipeline(Array.from({ length: 100 }, () => ['DEBUG', 'SLEEP', '0.0001']));
  const later = await info(headwater, 'stats', 'debug');
  assert.ok(field(later, 'eventloop_cycles') > field(before, 'eventloop_cycles'));
  assert.ok(field(later, 'eventloop_duration_sum') >= field(before, 'eventloop_duration_sum'));
  assert.ok(field(later, 'eventloop_duration_cmd_sum') > field(before, 'eventloop_duration_cmd_sum') + 9_000);
  assert.ok(field(later, 'eventloop_cmd_per_cycle_max') >= 1);
  assert.ok(field(later, 'eventloop_duration_cron_sum') >= field(before, 'eventloop_duration_cron_sum'));
});

lockstep('INFO counts what redis-server forks for', async (both) => {
  const forks = async (): Promise<readonly string[]> =>
    Promise.all(
      [both.redis, both.headwater].map(
        async (client) => /total_forks:(\d+)/.exec(String(await client.ok('INFO', 'stats')))![1]!,
      ),
    );
  await both('CONFIG', 'RESETSTAT');
  assert.deepEqual(await forks(), ['0', '0']);
  await both('BGSAVE');
  assert.deepEqual(await forks(), ['1', '1']);
});

lockstep('INFO errorstats has a bound', async (both) => {
  await both.headwater.ok('CONFIG', 'RESETSTAT');
  for (let i = 0; i < 200; i++) await both.headwater.value('DEBUG', 'ERROR', `CODE${i} text`);
  const lines = (await info(both.headwater, 'errorstats'))
    .split('\r\n')
    .filter((line) => line.startsWith('errorstat_'));
  assert.equal(lines.length, 129);
  assert.ok(lines.includes('errorstat_ERRORSTATS_OVERFLOW:count=72'));
  await both.headwater.ok('CONFIG', 'RESETSTAT');
});

lockstep('CONFIG RESETSTAT forgets what INFO counts', async (both) => {
  await both('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random');
  await both('SET', 'k', 'v');
  await both('GET', 'k');
  await both('GET', 'missing');
  await both.error('NOSUCH');
  await both('CONFIG', 'SET', 'maxmemory', '1');
  await both('DBSIZE');
  await both('CONFIG', 'SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
  await both('CONFIG', 'RESETSTAT');
  const names = [
    'keyspace_hits',
    'keyspace_misses',
    'expired_keys',
    'evicted_keys',
    'total_error_replies',
    'total_connections_received',
    'rejected_connections',
    'sync_full',
    'unexpected_error_replies',
    'total_eviction_exceeded_time',
    'current_eviction_exceeded_time',
  ];
  for (const client of [both.redis, both.headwater]) {
    const text = await info(client, 'everything');
    for (const name of names) assert.match(text, new RegExp(`\\r\\n${name}:0\\r\\n`), name);
    assert.match(text, /\r\ncmdstat_config\|resetstat:calls=1,/);
    assert.doesNotMatch(text, /cmdstat_(get|set):|errorstat_/);
  }
});
