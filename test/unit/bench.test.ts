/** Every benchmark runs on tiny input, so that it cannot rot unseen. Figures are not judged here. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { burst } from '../../bench/burst.ts';
import { fullSync } from '../../bench/full-sync.ts';
import { load } from '../../bench/load.ts';
import { memory } from '../../bench/memory.ts';
import { micro } from '../../bench/micro.ts';
import { persistence } from '../../bench/persistence.ts';
import { resync } from '../../bench/resync.ts';
import { median } from '../../bench/support.ts';
import { syncUnderLoad } from '../../bench/sync-load.ts';

/** Collects what is printed. */
async function output(t: TestContext, run: () => Promise<void>): Promise<string> {
  const lines: string[] = [];
  const log = t.mock.method(console, 'log', (...words: unknown[]) => lines.push(words.join(' ')));
  try {
    await run();
  } finally {
    log.mock.restore();
  }
  return lines.join('\n');
}

/** The rows of a printed table that start with `name`, as cells. */
function rows(text: string, name: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`| ${name} `))
    .map((line) => line.split('|').map((cell) => cell.trim()));
}

test('the load benchmark measures every workload, pipelined and not', { timeout: 120_000 }, async (t) => {
  // Fewer may take less than the millisecond that redis-benchmark counts in.
  const text = await output(t, () => load({ requests: 5000, rounds: 1, only: [] }));
  for (const name of ['SET', 'GET', 'INCR', 'LPUSH', 'RPOP', 'SADD', 'HSET', 'ZADD', 'LRANGE_100']) {
    const found = rows(text, name);
    assert.equal(found.length, 2, `${name} in\n${text}`);
    for (const [, , headwater, redis] of found)
      assert.ok(Number(headwater!.replaceAll(',', '')) > 0 && Number(redis!.replaceAll(',', '')) > 0, text);
  }
});

test('the memory benchmark measures both servers', { timeout: 120_000 }, async (t) => {
  const text = await output(t, () => memory(20_000));
  for (const name of ['headwater', 'redis']) {
    const [, , , used] = rows(text, name)[0]!;
    assert.ok(Number(used) > 64, text);
  }
});

test('the persistence benchmark measures both servers', { timeout: 120_000 }, async (t) => {
  const text = await output(t, () => persistence(5000, 1));
  for (const name of ['strings, compressed', 'strings, plain', 'strings with expiry', 'small collections'])
    assert.equal(rows(text, name).length, 1, `${name} in\n${text}`);
});

test('the full sync benchmark measures all four pairs', { timeout: 120_000 }, async (t) => {
  const text = await output(t, () => fullSync(1000, 1));
  for (const pair of ['headwater', 'redis'].flatMap((from) => [`${from} -> headwater`, `${from} -> redis`]))
    assert.equal(rows(text, pair).length, 1, `${pair} in\n${text}`);
});

test('the full sync benchmark with clients looking on measures both servers', { timeout: 120_000 }, async (t) => {
  const text = await output(t, () => syncUnderLoad([1000], 100, 2));
  for (const kind of ['headwater', 'redis'])
    for (const row of [`${kind} 1,000`, `${kind} 1,000, one writer`, `${kind} 1,000, ten writers`]) {
      const found = rows(text, row);
      assert.equal(found.length, 2, text);
      for (const [, , , , stall, afterwards] of found)
        assert.ok(/^[\d.]+ \([\d.]+ to [\d.]+\)$/.test(stall!) && Number(afterwards) > 0, text);
    }
});

test('the partial resync benchmark measures both servers', { timeout: 120_000 }, async (t) => {
  const text = await output(t, () => resync([50_000], 2, [0, 0.5], 1e6));
  const found = rows(text, '0.05 MB');
  assert.deepEqual(
    found.map(([, , away]) => away),
    ['0 ms', '0.5 ms'],
    text,
  );
  for (const times of found.map((row) => row.slice(3, 7).map(Number)))
    assert.ok(
      times.every((ms) => ms > 0),
      text,
    );
  // Connecting and greeting cross the longer link twice and back.
  assert.ok(Number(found[1]![3]) > 1, text);
});

test('the benchmark of bursts measures both servers, with and without a limit', { timeout: 120_000 }, async (t) => {
  const text = await output(t, () => burst(20_000, 60e6, 1));
  for (const kind of ['headwater', 'redis'])
    for (const [, , , rate, , full] of rows(text, kind))
      assert.ok(Number(rate!.replaceAll(',', '')) > 0 && full === '0', text);
  assert.equal(rows(text, 'headwater').length + rows(text, 'redis').length, 4, text);
});

// It prints its own table; a benchmark that throws fails.
test('the micro-benchmarks run', { timeout: 120_000 }, () => micro(1000));

test('the median is the middle value, or the mean of the two in the middle', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});
