/**
 * Requests per second and server CPU per command, beside redis-server in the same run: the two are measured in turns
 * and medians are compared, because these machines are noisy. The load is redis-benchmark's.
 */
import { type BenchServer, kinds, median, printTable, redisBenchmark, withBoth } from './support.ts';

export interface LoadOptions {
  /** Requests of one measurement at P=32; a tenth of that unpipelined. */
  readonly requests: number;
  readonly rounds: number;
  /** Names of workloads; all if empty. */
  readonly only: readonly string[];
}

interface Workload {
  readonly name: string;
  readonly command: readonly string[];
  /** Part of `requests` that is sent: slow commands need fewer. */
  readonly share: number;
  readonly prepare?: (server: BenchServer) => Promise<void>;
}

const value = 'x'.repeat(64);
const key = 'key:__rand_int__';

const workloads: readonly Workload[] = [
  { name: 'SET', command: ['SET', key, value], share: 1 },
  { name: 'GET', command: ['GET', key], share: 1 },
  { name: 'INCR', command: ['INCR', 'counter:__rand_int__'], share: 1 },
  { name: 'LPUSH', command: ['LPUSH', 'list', value], share: 1 },
  { name: 'RPOP', command: ['RPOP', 'list'], share: 1 },
  { name: 'SADD', command: ['SADD', 'set', 'element:__rand_int__'], share: 1 },
  { name: 'HSET', command: ['HSET', 'hash', 'field:__rand_int__', value], share: 1 },
  { name: 'ZADD', command: ['ZADD', 'zset', '__rand_int__', 'element:__rand_int__'], share: 1 },
  { name: 'XADD', command: ['XADD', 'stream', '*', 'field', value], share: 1 },
  {
    name: 'LRANGE_100',
    command: ['LRANGE', 'range', '0', '99'],
    share: 0.05,
    prepare: async (server) => {
      await server.cli('DEL', 'range');
      await server.cli('RPUSH', 'range', ...Array.from({ length: 100 }, () => 'xxx'));
    },
  },
];

/** Distinct keys, fields or members of the random workloads. */
const KEYSPACE = 100_000;

export async function load({ requests, rounds, only }: LoadOptions): Promise<void> {
  for (const pipeline of [32, 1]) {
    const rows: string[][] = [];
    await withBoth([], async (servers) => {
      for (const workload of workloads) {
        if (only.length > 0 && !only.includes(workload.name)) continue;
        const count = Math.max(1000, Math.round((requests * workload.share) / (pipeline === 1 ? 10 : 1)));
        const args = [
          '-P',
          String(pipeline),
          '-n',
          String(count),
          '-c',
          '50',
          '-r',
          String(KEYSPACE),
          ...workload.command,
        ];
        const rps = { headwater: [] as number[], redis: [] as number[] };
        const cpu = { headwater: [] as number[], redis: [] as number[] };
        for (const kind of kinds) {
          await workload.prepare?.(servers[kind]);
          // Warm up: tables at their size, code compiled.
          await redisBenchmark(servers[kind].port, args);
        }
        for (let round = 0; round < rounds; round++) {
          for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
            const before = servers[kind].cpuSeconds();
            rps[kind].push(await redisBenchmark(servers[kind].port, args));
            cpu[kind].push(((servers[kind].cpuSeconds() - before) / count) * 1e6);
          }
        }
        const [hw, redis] = [median(rps.headwater), median(rps.redis)];
        const [hwCpu, redisCpu] = [median(cpu.headwater), median(cpu.redis)];
        rows.push([
          workload.name,
          Math.round(hw).toLocaleString('en'),
          Math.round(redis).toLocaleString('en'),
          (hw / redis).toFixed(2),
          hwCpu.toFixed(2),
          redisCpu.toFixed(2),
          (hwCpu / redisCpu).toFixed(2),
        ]);
      }
    });
    console.log(`### P=${pipeline}, 50 clients, 64-byte values, median of ${rounds} rounds in turns\n`);
    printTable(
      ['command', 'headwater rps', 'redis rps', 'ratio', 'headwater us CPU', 'redis us CPU', 'ratio CPU'],
      rows,
    );
  }
}
