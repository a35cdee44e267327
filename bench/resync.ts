/**
 * Partial resyncs: from the cut of a link to a replica that has all it missed. The link stalls, the master is given writes,
 * then the link is cut: the replica has to notice, connect, greet and catch up. Pairs of both kinds take turns.
 */
import { createConnection, type Socket } from 'node:net';
import { field, type Link, startLink, until } from './link.ts';
import { type BenchServer, type Kind, kinds, median, printTable, startServer } from './support.ts';

const VALUE_BYTES = 500;
/** Fills the backlog once before anything is measured: both servers run as they will after hours. */
const WARM_UP_BYTES = 80e6;
/** Commands in one write to the master. */
const BATCH = 1000;
const POLL_MS = 2;
/** A link that is cut sooner flaps: Headwater then waits before it tries again, on purpose. */
const STEADY_MS = 1100;
const args = ['--repl-diskless-sync-delay', '0', '--repl-backlog-size', '64mb'];

interface Pair {
  readonly kind: Kind;
  readonly master: BenchServer;
  readonly replica: BenchServer;
  readonly link: Link;
  readonly seconds: number[];
}

/** `missed`: bytes that the replica has to catch up with, one table row each. */
export async function resync(missed: readonly number[], rounds: number, warmUp: number = WARM_UP_BYTES): Promise<void> {
  console.log(`### Partial resync: from the cut of the link until the replica has everything, median of ${rounds}\n`);
  const rows: string[][] = [];
  for (const bytes of missed) {
    const pairs: Pair[] = [];
    try {
      for (const kind of kinds) pairs.push(await startPair(kind, warmUp));
      for (let round = 0; round < rounds; round++) for (const pair of pairs) pair.seconds.push(await once(pair, bytes));
      for (const { kind, master } of pairs) {
        const full = Number(await field(master, 'sync_full'));
        if (full !== 1) throw new Error(`${kind} had ${full - 1} full resyncs`);
      }
    } finally {
      for (const { link, replica, master } of pairs) {
        link.close();
        await replica.stop();
        await master.stop();
      }
    }
    const [headwater, redis] = pairs.map(({ seconds }) => median(seconds) * 1000);
    rows.push([`${bytes / 1e6} MB`, headwater!.toFixed(1), redis!.toFixed(1), (headwater! / redis!).toFixed(2)]);
  }
  printTable(['missed', 'headwater, ms', 'redis, ms', 'times redis'], rows);
}

async function startPair(kind: Kind, warmUp: number): Promise<Pair> {
  const master = await startServer(kind, args);
  const replica = await startServer(kind, args);
  const link = await startLink(master.port);
  await replica.cli('REPLICAOF', '127.0.0.1', String(link.port));
  await until(async () => (await field(replica, 'master_link_status')) === 'up', 'the link is up');
  await write(master.port, warmUp);
  await until(
    async () => (await field(master, 'master_repl_offset')) === (await field(replica, 'slave_repl_offset')),
    'the replica is warm',
  );
  return { kind, master, replica, link, seconds: [] };
}

/** Seconds from the cut until the replica's link is up and its offset is the master's. */
async function once({ master, replica, link }: Pair, missed: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, STEADY_MS));
  link.stall();
  await write(master.port, missed);
  const wanted = Number(await field(master, 'master_repl_offset'));
  const watcher = await Watcher.connect(replica.port);
  try {
    await watcher.offset();
    const start = performance.now();
    link.cut();
    // A ping of the master may add to its offset meanwhile.
    await until(async () => (await watcher.offset()) >= wanted, 'the replica has caught up', POLL_MS);
    return (performance.now() - start) / 1000;
  } finally {
    watcher.close();
  }
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

/** Asks a replica how far it is, on one connection. */
class Watcher {
  readonly #socket: Socket;
  #text = '';
  #heard: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => {
      this.#text += bytes.toString('latin1');
      const header = /^\$(\d+)\r\n/.exec(this.#text);
      if (header !== null && this.#text.length >= header[0].length + Number(header[1]) + 2) this.#heard();
    });
  }

  static async connect(port: number): Promise<Watcher> {
    const socket = createConnection(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    return new Watcher(socket);
  }

  /** The replica's offset; -1 while its link is down. */
  async offset(): Promise<number> {
    this.#text = '';
    const heard = new Promise<void>((resolve) => (this.#heard = resolve));
    this.#socket.write('*2\r\n$4\r\nINFO\r\n$11\r\nreplication\r\n');
    await heard;
    if (!this.#text.includes('master_link_status:up')) return -1;
    return Number(/slave_repl_offset:(\d+)/.exec(this.#text)?.[1] ?? -1);
  }

  close(): void {
    this.#socket.destroy();
  }
}
