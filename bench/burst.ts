/**
 * Write bursts with a replica behind a slow link: 400 connections, pipelines of 50, values of 500 bytes. What counts is that
 * the replica is never dropped (a drop ends in a full resync), and what its output limit costs.
 */
import { execFile } from 'node:child_process';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { type BenchServer, type Kind, kinds, printTable, startServer } from './support.ts';

const run = promisify(execFile);
/** A limit that one turn of such a burst, about 11 MB, exceeds several times over if it is not sent meanwhile. */
const LIMITS = ['replica 0 0 0', 'replica 256mb 64mb 60'];

export async function burst(requests: number, linkBytesPerSecond: number): Promise<void> {
  console.log(
    `### Bursts: ${requests.toLocaleString('en')} SETs of 500 bytes, 400 connections, P=50, the replica behind a link of ` +
      `${linkBytesPerSecond / 1e6} MB/s\n`,
  );
  const rows: string[][] = [];
  for (const kind of kinds)
    for (const limit of LIMITS) rows.push(await once(kind, limit, requests, linkBytesPerSecond));
  printTable(['master and replica', 'output limit', 'SET/s', 'full resyncs', 'partial resyncs'], rows);
}

async function once(kind: Kind, limit: string, requests: number, bytesPerSecond: number): Promise<string[]> {
  const args = ['--repl-diskless-sync-delay', '0', '--client-output-buffer-limit', limit];
  const master = await startServer(kind, args);
  const replica = await startServer(kind, args);
  const link = await slowLink(master.port, bytesPerSecond);
  try {
    await replica.cli('REPLICAOF', '127.0.0.1', String(portOf(link)));
    await until(async () => (await field(replica, 'master_link_status')) === 'up');
    const benchmark = [
      '-t',
      'set',
      '-d',
      '500',
      '-P',
      '50',
      '-c',
      '400',
      '-n',
      String(requests),
      '-r',
      '100000',
      '--csv',
    ];
    const { stdout } = await run('redis-benchmark', ['-p', String(master.port), ...benchmark]);
    const rate = Number(/"SET","([0-9.]+)"/.exec(stdout)?.[1] ?? 0);
    await until(
      async () => (await field(master, 'master_repl_offset')) === (await field(replica, 'slave_repl_offset')),
    );
    const [full, partial] = [await field(master, 'sync_full'), await field(master, 'sync_partial_ok')];
    return [kind, limit, Math.round(rate).toLocaleString('en'), String(Number(full) - 1), partial];
  } finally {
    link.close();
    await replica.stop();
    await master.stop();
  }
}

async function field(server: BenchServer, name: string): Promise<string> {
  const info = await server.cli('INFO', 'everything');
  return new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1] ?? '';
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 300_000;
  while (!(await done())) {
    if (performance.now() > deadline) throw new Error('the replica did not catch up');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Passes connections on; what goes to the client is limited. */
async function slowLink(target: number, bytesPerSecond: number): Promise<Server> {
  const server = createServer((near) => {
    const far = createConnection(target, '127.0.0.1');
    near.pipe(far);
    pace(far, near, bytesPerSecond);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function pace(from: Socket, to: Socket, bytesPerSecond: number): void {
  const start = performance.now();
  let passed = 0;
  from.on('data', (bytes) => {
    to.write(bytes);
    passed += bytes.length;
    // An idle link saves up nothing: it may be ahead of its rate, never behind.
    const aheadMs = (passed / bytesPerSecond) * 1000 - (performance.now() - start);
    if (aheadMs < 0) passed = ((performance.now() - start) / 1000) * bytesPerSecond;
    if (aheadMs < 5) return;
    from.pause();
    setTimeout(() => from.resume(), aheadMs);
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
