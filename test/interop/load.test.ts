/** One master and three replicas under pipelined writes on all types, one of them behind a link that is too slow. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { dataset, randomWrite, Seeded, sendAll } from '../support/dataset.ts';
import { converged, Scenario } from '../support/scenario.ts';

const SECONDS = 5;
const WRITERS = 3;
const OVER_LIMIT = 'for overcoming of output buffer limits';
const PIPELINE = 50;
/** Of stream that a slow replica may hold back before it is disconnected. */
const LIMIT_BYTES = 4 * 1024 * 1024;
/** JS heap and arena may grow with the load; the unsent stream may not. */
const ALLOWED_GROWTH_BYTES = 160 * 1024 * 1024;

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

void test(
  'three replicas are equal after a storm of writes, and a slow one costs bounded memory',
  { timeout: 120_000 },
  async (t) => {
    const seed = Date.now() % 1_000_000;
    t.diagnostic(`seed ${seed}`);
    const scenario = new Scenario(t);
    const master = await scenario.start('headwater', ['--client-output-buffer-limit', `replica ${LIMIT_BYTES} 0 0`]);
    await sendAll(master.client, dataset(seed, 5000));
    const slow = await scenario.proxy(master);
    const replicas = await Promise.all([
      scenario.start('headwater', ['--replicaof', `127.0.0.1 ${master.port}`]),
      scenario.start('redis', ['--replicaof', `127.0.0.1 ${master.port}`]),
      scenario.start('headwater', ['--replicaof', `127.0.0.1 ${slow.port}`]),
    ]);
    await converged(master, ...replicas);

    slow.setRate(50_000);
    const before = residentBytes(master.server.pid);
    let most = before;
    let written = 0;
    const end = performance.now() + SECONDS * 1000;
    const writers = Array.from({ length: WRITERS }, async (_, i) => {
      const client = await scenario.client(master);
      const random = new Seeded(seed + i);
      const filler = random.text(200).padEnd(200, 'x');
      while (performance.now() < end || !master.server.logText().includes(OVER_LIMIT)) {
        await client.ok('SELECT', random.below(3));
        const commands = Array.from({ length: PIPELINE }, (_unused, n) =>
          n % 5 === 0 ? ['SET', `fill:${random.below(500)}`, filler.repeat(5)] : randomWrite(random),
        );
        await client.pipeline(commands);
        written += PIPELINE;
      }
    });
    const sampler = setInterval(() => (most = Math.max(most, residentBytes(master.server.pid))), 50);
    await Promise.all(writers);
    clearInterval(sampler);
    const offset = await master.count('master_repl_offset');
    t.diagnostic(`${written} writes, ${offset} bytes of stream, resident ${before} -> ${most}`);
    assert.ok(most - before < ALLOWED_GROWTH_BYTES, `the master grew by ${most - before} bytes`);
    slow.setRate(Infinity);
    await converged(master, ...replicas);
    const { full } = await master.counts();
    assert.ok(full >= 4, 'the slow one had to sync again');
  },
);
