/**
 * Partial resyncs: from the cut of a link to a replica that has all it missed. The link stalls, the master is given writes,
 * then the link is cut: the replica has to notice, connect, greet and catch up. Pairs of both kinds take turns.
 *
 * A client that is subscribed at the replica hears of the end of what was missed, a PUBLISH: nobody polls meanwhile, and the
 * message costs either server little beside the resync.
 */
import { createConnection } from 'node:net';
import { field, type Link, startLink, until } from './link.ts';
import { type BenchServer, type Kind, kinds, median, printTable, startServer } from './support.ts';

const VALUE_BYTES = 500;
/** Fills the backlog once before anything is measured: both servers run as they will after hours. */
const WARM_UP_BYTES = 80e6;
/** Commands in one write to the master. */
const BATCH = 1000;
/** A link that is cut sooner flaps: Headwater then waits before it tries again, on purpose. */
const STEADY_MS = 1100;
const args = ['--repl-diskless-sync-delay', '0', '--repl-backlog-size', '64mb'];

interface Pair {
  readonly name: string;
  readonly master: BenchServer;
  readonly replica: BenchServer;
  readonly link: Link;
  readonly milliseconds: number[];
}

/**
 * `missed`: bytes that the replica has to catch up with; `away`: ms from one end of the link to the other.
 * One table row for each of both.
 */
export async function resync(
  missed: readonly number[],
  rounds: number,
  away: readonly number[] = [0],
  warmUp: number = WARM_UP_BYTES,
): Promise<void> {
  console.log(
    `### Partial resync: ms from the cut of the link until the replica has everything, median of ${rounds} ` +
      '(master -> replica)\n',
  );
  const rows: string[][] = [];
  let names: string[] = [];
  for (const [bytes, awayMs] of missed.flatMap((bytes) => away.map((ms) => [bytes, ms] as const))) {
    const pairs: Pair[] = [];
    try {
      for (const kind of kinds) for (const other of kinds) pairs.push(await startPair(kind, other, awayMs, warmUp));
      names = pairs.map(({ name }) => name);
      for (let round = 0; round < rounds; round++)
        for (const pair of pairs) pair.milliseconds.push(await once(pair, bytes));
      for (const { name, master } of pairs) {
        const full = Number(await field(master, 'sync_full'));
        if (full !== 1) throw new Error(`${name} had ${full - 1} full resyncs`);
      }
    } finally {
      for (const { link, replica, master } of pairs) {
        link.close();
        await replica.stop();
        await master.stop();
      }
    }
    const medians = pairs.map(({ milliseconds }) => median(milliseconds));
    const redis = medians.at(-1)!;
    rows.push([
      `${bytes / 1e6} MB`,
      `${awayMs} ms`,
      ...medians.map((ms) => ms.toFixed(1)),
      ...medians.slice(0, -1).map((ms) => (ms / redis).toFixed(2)),
    ]);
  }
  printTable(['missed', 'away', ...names, ...names.slice(0, -1).map((_, i) => `${i + 1} : 4`)], rows);
}

async function startPair(kind: Kind, other: Kind, awayMs: number, warmUp: number): Promise<Pair> {
  const master = await startServer(kind, args);
  const replica = await startServer(other, args);
  const link = await startLink(master.port, { awayMs });
  await replica.cli('REPLICAOF', '127.0.0.1', String(link.port));
  await until(async () => (await field(replica, 'master_link_status')) === 'up', 'the link is up');
  await write(master.port, warmUp);
  await until(
    async () => (await field(master, 'master_repl_offset')) === (await field(replica, 'slave_repl_offset')),
    'the replica is warm',
  );
  return { name: `${kind} -> ${other}`, master, replica, link, milliseconds: [] };
}

/** Milliseconds from the cut until the last of the missed writes is applied. */
async function once({ master, replica, link }: Pair, missed: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, STEADY_MS));
  const watcher = createConnection(replica.port, '127.0.0.1');
  watcher.write('SUBSCRIBE applied\r\n');
  await new Promise((resolve) => watcher.once('data', resolve));
  link.stall();
  const applied = new Promise<number>((resolve) => watcher.once('data', () => resolve(performance.now())));
  await write(master.port, missed);
  await master.cli('PUBLISH', 'applied', 'all');
  const start = performance.now();
  link.cut();
  const milliseconds = (await applied) - start;
  watcher.destroy();
  return milliseconds;
}

async function write(port: number, bytes: number): Promise<void> {
  const socket = createConnection(port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  const value = 'v'.repeat(VALUE_BYTES);
  let [sent, expected, received] = [0, 0, 0];
  for (let i = 0; sent < bytes;) {
    const parts: string[] = [];
    for (let n = 0; n < BATCH && sent < bytes; n++, i++) {
      const key = `key:${i % 10_000}`;
      const command = `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${value.length}\r\n${value}\r\n`;
      parts.push(command);
      sent += command.length;
      expected += '+OK\r\n'.length;
    }
    const answered = new Promise<void>((resolve, reject) => {
      socket.removeAllListeners('data').removeAllListeners('error').once('error', reject);
      socket.on('data', (chunk) => {
        received += chunk.length;
        if (received === expected) resolve();
      });
    });
    socket.write(parts.join(''));
    await answered;
  }
  socket.destroy();
}
