/**
 * The RDB file beside redis-server's: loading one at start, and BGSAVE. Both servers load the same file, which redis-server wrote,
 * and save what they loaded, in turns.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchServer, type Kind, kinds, median, printTable, startServer } from './support.ts';

/** Data by the name of its row: arguments of redis-server that writes the file, and what it does for the i-th of its keys. */
const datasets: readonly (readonly [name: string, args: readonly string[], lua: string])[] = [
  ['strings, compressed', [], `redis.call('SET', string.format('key:%012d', i), string.rep('v', 64))`],
  [
    'strings, plain',
    ['--rdbcompression', 'no'],
    `redis.call('SET', string.format('key:%012d', i), string.rep('v', 64))`,
  ],
  [
    'strings, random values',
    [],
    `redis.call('SET', string.format('key:%012d', i), redis.sha1hex(i) .. string.sub(redis.sha1hex(-i), 1, 24))`,
  ],
  [
    'strings with expiry',
    [],
    `redis.call('SET', string.format('key:%012d', i), string.rep('v', 64), 'PX', 10^10 + (i * 7919) % 10^9)`,
  ],
  [
    'small collections',
    [],
    `local k, n = 'c:' .. i, i % 5
     if n == 0 then redis.call('HSET', k, 'name', 'user' .. i, 'age', i % 90, 'mail', 'u' .. i .. '@example.com', 'flag', 1)
     elseif n == 1 then for m = 1, 8 do redis.call('ZADD', k, (i * m) % 1000, 'member:' .. m) end
     elseif n == 2 then for m = 1, 10 do redis.call('SADD', k, i * 10 + m) end
     elseif n == 3 then for m = 1, 10 do redis.call('RPUSH', k, 'item-' .. i .. '-' .. m) end
     else for m = 1, 8 do redis.call('SADD', k, 'tag' .. m .. '-' .. i) end end`,
  ],
];

export async function persistence(keys: number, rounds: number): Promise<void> {
  console.log(
    `### Loading a file at start, and BGSAVE: ${keys.toLocaleString('en')} keys, median of ${rounds} in turns\n`,
  );
  const startCpu = new Map<Kind, number>();
  for (const kind of kinds) startCpu.set(kind, median(await repeat(rounds, () => emptyStart(kind))));
  const rows: string[][] = [];
  for (const [name, args, lua] of datasets) {
    const dir = mkdtempSync(join(tmpdir(), 'headwater-bench-'));
    try {
      await writeFile(dir, args, lua, keys);
      const taken = new Map<Kind, Taken[]>(kinds.map((kind) => [kind, []]));
      for (let round = 0; round < rounds; round++)
        for (const kind of kinds) taken.get(kind)!.push(await once(kind, dir, args, keys, startCpu.get(kind)!));
      const of = (kind: Kind, what: keyof Taken): number => median(taken.get(kind)!.map((one) => one[what]));
      rows.push([
        name,
        ...(['load', 'loadCpu', 'save'] as const).flatMap((what) => [
          of('headwater', what).toFixed(2),
          of('redis', what).toFixed(2),
          (of('redis', what) / of('headwater', what)).toFixed(2),
        ]),
      ]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }
  printTable(['data', 'load s', 'redis', 'times', 'CPU s', 'redis', 'times', 'BGSAVE s', 'redis', 'times'], rows);
}

/** Seconds. The CPU's are those of the whole process until it has loaded, without those of a start without data. */
interface Taken {
  readonly load: number;
  readonly loadCpu: number;
  readonly save: number;
}

async function writeFile(dir: string, args: readonly string[], lua: string, keys: number): Promise<void> {
  const server = await startServer('redis', [...args, '--dir', dir]);
  try {
    // In pieces, since a script must end before it counts as hanging.
    for (let from = 1; from <= keys; from += 50_000)
      await server.cli('EVAL', `for i = ${from}, ${Math.min(keys, from + 49_999)} do ${lua} end`, '0');
    await server.cli('SAVE');
  } finally {
    await server.stop();
  }
}

async function once(kind: Kind, dir: string, args: readonly string[], keys: number, startCpu: number): Promise<Taken> {
  const log = join(dir, `${kind}.log`);
  rmSync(log, { force: true });
  const server = await startServer(kind, [...args, '--dir', dir, '--logfile', log]);
  try {
    let loaded: RegExpExecArray | null = null;
    await until(() => (loaded = /DB loaded from disk: ([0-9.]+) seconds/.exec(readFileSync(log, 'latin1'))) !== null);
    const loadCpu = Math.max(0, server.cpuSeconds() - startCpu);
    const size = Number(await server.cli('DBSIZE'));
    if (size !== keys) throw new Error(`${kind} has ${size} keys instead of ${keys}`);
    const save = await backgroundSave(server);
    return { load: Number(loaded![1]), loadCpu, save };
  } finally {
    await server.stop();
  }
}

/** CPU seconds of a server that starts and has nothing to load. */
async function emptyStart(kind: Kind): Promise<number> {
  const server = await startServer(kind);
  try {
    await server.cli('PING');
    return server.cpuSeconds();
  } finally {
    await server.stop();
  }
}

async function repeat(times: number, one: () => Promise<number>): Promise<number[]> {
  const results: number[] = [];
  for (let i = 0; i < times; i++) results.push(await one());
  return results;
}

/** Seconds that a BGSAVE takes, as a client sees it. */
async function backgroundSave(server: BenchServer): Promise<number> {
  const start = performance.now();
  await server.cli('BGSAVE');
  let info = '';
  await until(async () => (info = await server.cli('INFO', 'persistence')).includes('rdb_bgsave_in_progress:0'));
  if (!info.includes('rdb_last_bgsave_status:ok')) throw new Error(`BGSAVE failed:\n${info}`);
  return (performance.now() - start) / 1000;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const start = performance.now();
  while (!(await condition())) {
    if (performance.now() - start > 120_000) throw new Error('nothing happened for two minutes');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
