/** What benchmarks share: starting both servers alike, CPU and memory of a process, medians, tables. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const headwaterProgram = fileURLToPath(new URL('../src/cli/headwater.js', import.meta.url));

export type Kind = 'headwater' | 'redis';
export const kinds: readonly Kind[] = ['headwater', 'redis'];

export interface BenchServer {
  readonly kind: Kind;
  readonly port: number;
  readonly pid: number;
  /** Runs redis-cli against the server and returns what it prints. */
  cli(...args: readonly string[]): Promise<string>;
  /** User and system time of the whole process so far, seconds. */
  cpuSeconds(): number;
  /** Resident memory, bytes. */
  residentBytes(): number;
  stop(): Promise<void>;
}

/** Clock ticks a second in /proc: fixed at 100 on Linux for user space. */
const TICKS = 100;

export async function startServer(kind: Kind, args: readonly string[] = []): Promise<BenchServer> {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'headwater-bench-'));
  const command = kind === 'redis' ? ['redis-server'] : [process.execPath, headwaterProgram];
  const all = ['--port', String(port), '--save', '', '--dir', dir, '--enable-debug-command', 'yes', ...args];
  const child = spawn(command[0]!, [...command.slice(1), ...all], { stdio: ['ignore', 'ignore', 'inherit'] });
  await reachable(port, child);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${kind} did not start`);
  return {
    kind,
    port,
    pid,
    cli: async (...words) => (await run('redis-cli', ['-p', String(port), ...words])).stdout.trim(),
    cpuSeconds: () => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
      return (Number(fields[11]) + Number(fields[12])) / TICKS;
    },
    residentBytes: () =>
      Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024,
    stop: async () => {
      if (child.exitCode === null) {
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await gone;
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Runs `body` with one server of each kind and stops both whatever happens. */
export async function withBoth(
  args: readonly string[],
  body: (servers: { readonly [K in Kind]: BenchServer }) => Promise<void>,
): Promise<void> {
  const headwater = await startServer('headwater', args);
  try {
    const redis = await startServer('redis', args);
    try {
      await body({ headwater, redis });
    } finally {
      await redis.stop();
    }
  } finally {
    await headwater.stop();
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A Markdown table, so that the output can go into docs/performance.md as it is. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = header.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  console.log(line(header));
  console.log(`|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  for (const row of rows) console.log(line(row));
  console.log('');
}

/** Runs redis-benchmark and returns its requests per second. */
export async function redisBenchmark(port: number, args: readonly string[]): Promise<number> {
  const { stdout } = await run('redis-benchmark', ['-p', String(port), '--csv', ...args]);
  const line = stdout.trim().split('\n').at(-1)!;
  const rps = Number(line.split('","')[1]);
  if (!(rps > 0)) throw new Error(`redis-benchmark printed no figure: ${stdout}`);
  return rps;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** Resolves once the port accepts connections. */
async function reachable(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (child.exitCode !== null) throw new Error(`the server exited with code ${child.exitCode}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('close', () => {}).setTimeout(100, () => socket.destroy());
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`nothing listens on port ${port}`);
}
