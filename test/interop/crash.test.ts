/**
 * kill -9 at any moment of writes, saves and rewrites, again and again on the same files. After each restart, by Headwater or by
 * redis-server: with appendfsync always nothing acknowledged is gone, with everysec nothing acknowledged earlier than
 * EVERYSEC_MS before the end; what is there is a prefix of what was written, and transactions are whole.
 *
 * HEADWATER_CRASH_ROUNDS: kills for each policy.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataset, Seeded, sendAll } from '../support/dataset.ts';
import { startHeadwater } from '../support/headwater-server.ts';
import { connectRaw, type RawClient } from '../support/raw-client.ts';
import { startRedis } from '../support/redis-server.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { runTool } from '../support/tools.ts';

const ROUNDS = Number(process.env['HEADWATER_CRASH_ROUNDS'] ?? 4);
const WRITERS = 4;
/** Keys that make saves and rewrites take some time. */
const KEYS = 5000;
/** An fsync a second, a write that may wait two seconds for one, and some time for the timers of a busy machine. */
const EVERYSEC_MS = 5000;

interface Acknowledged {
  readonly n: number;
  readonly atMs: number;
}

/** Counts up in a string, a list and a transaction, and remembers what was acknowledged. */
class Writer {
  readonly id: number;
  sent: number;
  acknowledged: Acknowledged[] = [];

  constructor(id: number, start: number) {
    this.id = id;
    this.sent = start;
  }

  /** Until the connection breaks. */
  async run(client: RawClient): Promise<void> {
    try {
      for (;;) {
        const n = ++this.sent;
        const replies = await client.pipeline([
          ['SET', `${this.id}:string`, n],
          ['RPUSH', `${this.id}:list`, n],
          ['MULTI'],
          ['INCR', `${this.id}:a`],
          ['INCR', `${this.id}:b`],
          ['EXEC'],
        ]);
        for (const reply of replies) assert.notEqual(reply[0], 45, reply.toString());
        this.acknowledged.push({ n, atMs: performance.now() });
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
    }
  }

  /** What must be there if the server ended at `endMs`. */
  expected(endMs: number, lossMs: number): number {
    return this.acknowledged.findLast((one) => one.atMs < endMs - lossMs)?.n ?? 0;
  }
}

async function assertKept(client: RawClient, writer: Writer, atLeast: number): Promise<number> {
  const [text, list, a, b] = (await Promise.all([
    client.ok('GET', `${writer.id}:string`),
    client.ok('LRANGE', `${writer.id}:list`, 0, -1),
    client.ok('GET', `${writer.id}:a`),
    client.ok('GET', `${writer.id}:b`),
  ])) as [string | null, string[], string | null, string | null];
  const n = Number(text ?? 0);
  assert.ok(n >= atLeast, `writer ${writer.id}: ${n} is there, ${atLeast} was acknowledged`);
  assert.ok(n <= writer.sent);
  assert.ok(list.length === n || list.length === n - 1, 'commands of one client are kept in their order');
  list.forEach((value, i) => assert.equal(value, String(i + 1)));
  assert.equal(a, b, 'a transaction is kept as a whole');
  assert.ok(Number(a ?? 0) >= atLeast && Number(a ?? 0) <= n);
  return n;
}

/** Makes the next round start from equal counters. */
async function level(client: RawClient, writer: Writer, n: number): Promise<void> {
  await client.ok('DEL', `${writer.id}:list`);
  for (let i = 1; i <= n; i += 500)
    await client.ok('RPUSH', `${writer.id}:list`, ...Array.from({ length: Math.min(500, n - i + 1) }, (_, k) => i + k));
  for (const name of ['string', 'a', 'b']) await client.ok('SET', `${writer.id}:${name}`, n);
}

for (const [appendfsync, lossMs, longestMs] of [
  ['always', 0, 800],
  ['everysec', EVERYSEC_MS, EVERYSEC_MS + 2000],
] as const)
  test(
    `kill -9 loses nothing that appendfsync ${appendfsync} promises`,
    { timeout: 300_000 + ROUNDS * 30_000 },
    async (t) => {
      const seed = Number(process.env['HEADWATER_CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
      t.diagnostic(`seed ${seed}`);
      const random = new Seeded(seed);
      const dir = tempDir();
      const args = ['--appendonly', 'yes', '--appendfsync', appendfsync, '--save', '3600 1000000'];
      const writers = Array.from({ length: WRITERS }, (_, id) => new Writer(id, 0));
      let server: ServerProcess | undefined;
      try {
        server = await startHeadwater(args, { dir: dir.path });
        const first = await connectRaw(server.port);
        await sendAll(first, dataset(seed, KEYS));
        await first.close();
        // The longer policy gets fewer kills: each has to outlast what may be lost.
        const rounds = lossMs === 0 ? ROUNDS : Math.ceil(ROUNDS / 2);
        for (let round = 0; round < rounds; round++) {
          const running = server;
          const clients = await Promise.all([...writers, null].map(() => connectRaw(running.port)));
          const loads = writers.map((writer, i) => writer.run(clients[i]!));
          const files = clients.at(-1)!;
          const endAt = performance.now() + longestMs - random.below(longestMs >> 1) * (lossMs === 0 ? 1 : 0);
          while (performance.now() < endAt) {
            await files.value(...random.pick([['BGREWRITEAOF'], ['BGSAVE'], ['PING'], ['BGREWRITEAOF']]));
            await sleep(random.below(120));
          }
          const endMs = performance.now();
          await running.kill();
          await Promise.all(loads);
          await Promise.all(clients.map((client) => client.close()));

          const check = await runTool('redis-check-aof', [join(dir.path, 'appendonlydir', 'appendonly.aof.manifest')]);
          // A command cut in two at the end is what a crash may leave; anything else is not.
          assert.ok(check.code === 0 || /is not valid|truncated|Expected/i.test(check.stdout), check.stdout);
          const start = random.below(2) === 0 ? startHeadwater : startRedis;
          server = await start(args, { dir: dir.path });
          const client = await connectRaw(server.port);
          for (const writer of writers) {
            const n = await assertKept(client, writer, writer.expected(endMs, lossMs));
            await level(client, writer, n);
            writer.sent = n;
            writer.acknowledged = [{ n, atMs: -Infinity }];
          }
          assert.ok(writers.every((writer) => writer.sent > 0));
          await client.close();
          if (start === startRedis) {
            await server.kill();
            server = await startHeadwater(args, { dir: dir.path });
          }
        }
      } finally {
        await server?.kill();
        dir.remove();
      }
    },
  );
