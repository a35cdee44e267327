/**
 * A full sync while clients look on: seconds, the longest stall that a 1 ms pinger sees, memory at its peak, and what writers get
 * done before and meanwhile: one connection with a pipeline, which waits for its replies, and ten that flood. Both servers one after
 * the other, each with a replica of its own kind. The longest stall in as long a time afterwards, with the same writers, tells what
 * there is without a sync.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createConnection } from 'node:net';
import { type Control, follow, openControl } from './control.ts';
import { type Pinger, startPinger } from './pinger.ts';
import { type BenchServer, type Kind, kinds, median, printTable, startServer } from './support.ts';
import { startTaker, type Taker } from './taker.ts';

const args = [
  '--repl-diskless-sync',
  'yes',
  '--repl-diskless-sync-delay',
  '0',
  '--client-output-buffer-limit',
  'replica 0 0 0',
  '--repl-backlog-size',
  '64mb',
];
const VALUE = 'v'.repeat(64);
const SAMPLE_MS = 20;
const BENCHMARK = 'redis-benchmark';

interface Writer {
  readonly name: string;
  readonly connections: number;
  readonly pipeline: number;
}

/** Where the replica runs: beside the master, with its share of the processors, or elsewhere. */
type Place = 'beside' | 'elsewhere';

const writers: readonly (Writer | null)[] = [
  null,
  { name: 'one writer', connections: 1, pipeline: 16 },
  { name: 'ten writers', connections: 10, pipeline: 16 },
];

interface Figures {
  readonly seconds: number;
  readonly stallMs: number;
  /** The longest in as long a time, from a little after the sync on. */
  readonly afterwardsMs: number;
  readonly memory: number;
  /** Commands a second of the writer; 0 without one. */
  readonly before: number;
  readonly during: number;
}

/**
 * `counts`: numbers of keys; `settleMs`: how long the writer runs before it counts; `rounds`: how often each case is measured, the two
 * servers in turns.
 */
export async function syncUnderLoad(
  counts: readonly number[],
  settleMs: number,
  rounds: number,
  places: readonly Place[] = ['beside', 'elsewhere'],
): Promise<void> {
  console.log(`### Full sync with clients looking on: keys of 64 bytes, median of ${rounds}\n`);
  const table: string[][] = [];
  for (const keys of counts)
    for (const writer of writers)
      for (const place of places) {
        const measured: { readonly [K in Kind]: Figures[] } = { headwater: [], redis: [] };
        for (let round = 0; round < rounds; round++)
          for (const kind of kinds) measured[kind].push(await measure(kind, keys, writer, place, settleMs));
        for (const kind of kinds) {
          const name = `${kind} ${keys.toLocaleString('en')}${writer === null ? '' : `, ${writer.name}`}`;
          table.push([name, place, ...cells(measured[kind], writer !== null)]);
        }
      }
  printTable(
    [
      'keys',
      'replica',
      'seconds',
      'longest stall, ms',
      'afterwards',
      'peak memory / before',
      'writes/s before',
      'during',
      'ratio',
    ],
    table,
  );
}

/** Medians; of the longest stalls the least and the most, too. */
function cells(all: readonly Figures[], written: boolean): string[] {
  const of = (figure: (one: Figures) => number): number => median(all.map(figure));
  const stalls = all.map(({ stallMs }) => stallMs).toSorted((a, b) => a - b);
  const range = stalls.length > 1 ? ` (${stalls[0]!.toFixed(1)} to ${stalls.at(-1)!.toFixed(1)})` : '';
  const writes = [
    Math.round(of(({ before }) => before)).toLocaleString('en'),
    Math.round(of(({ during }) => during)).toLocaleString('en'),
    of(({ before, during }) => during / before).toFixed(2),
  ];
  return [
    of(({ seconds }) => seconds).toFixed(2),
    median(stalls).toFixed(1) + range,
    of(({ afterwardsMs }) => afterwardsMs).toFixed(1),
    of(({ memory }) => memory).toFixed(2),
    ...(written ? writes : ['-', '-', '-']),
  ];
}

async function measure(
  kind: Kind,
  keys: number,
  load: Writer | null,
  place: Place,
  settleMs: number,
): Promise<Figures> {
  const master = await startServer(kind, args);
  const control = await openControl(master.port);
  let replica: BenchServer | undefined;
  let replicaControl: Control | undefined;
  let taker: Taker | undefined;
  let writer: ChildProcess | undefined;
  let pinger: Pinger | undefined;
  try {
    await populate(master.port, keys);
    if (place === 'beside') {
      replica = await startServer(kind, args);
      replicaControl = await openControl(replica.port);
    } else taker = await startTaker(master.port);
    let before = 0;
    if (load !== null) {
      writer = startWriter(load, master.port, keys);
      await sleep(settleMs / 2);
      before = await rate(control, settleMs);
    }
    pinger = await startPinger(master.port);
    await sleep(settleMs / 4);
    await pinger.longest();
    const resident = master.residentBytes();
    let peak = resident;
    const sampler = setInterval(() => (peak = Math.max(peak, master.residentBytes())), SAMPLE_MS);
    const commands = await processed(control);
    const start = performance.now();
    if (replicaControl !== undefined) await follow(replicaControl, master.port);
    else await taker!.sync();
    const seconds = (performance.now() - start) / 1000;
    const stallMs = await pinger.longest();
    const during = load !== null ? ((await processed(control)) - commands) / seconds : 0;
    clearInterval(sampler);
    // What the child of redis-server copied is its own, beside the parent's.
    const copied = kind === 'redis' ? await field(control, 'persistence', 'rdb_last_cow_size') : 0;
    // What gathered behind the snapshot has gone to the replica then.
    await sleep(settleMs / 2);
    await pinger.longest();
    await sleep(seconds * 1000);
    const afterwardsMs = await pinger.longest();
    return { seconds, stallMs, afterwardsMs, memory: (peak + copied) / resident, before, during };
  } finally {
    await pinger?.stop();
    writer?.kill('SIGKILL');
    await taker?.stop();
    replicaControl?.close();
    await replica?.stop();
    control.close();
    await master.stop();
  }
}

/** The keys that redis-benchmark's `key:__rand_int__` picks from. */
async function populate(port: number, keys: number): Promise<void> {
  const socket = createConnection(port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  let replyBytes = 0;
  const done = new Promise<void>((resolve) => {
    socket.on('data', (bytes) => {
      replyBytes += bytes.length;
      if (replyBytes === keys * '+OK\r\n'.length) resolve();
    });
  });
  for (let i = 0; i < keys;) {
    const parts: string[] = [];
    for (let n = 0; n < 5000 && i < keys; n++, i++)
      parts.push(`*3\r\n$3\r\nSET\r\n$16\r\nkey:${String(i).padStart(12, '0')}\r\n$64\r\n${VALUE}\r\n`);
    if (!socket.write(parts.join(''))) await new Promise((resolve) => socket.once('drain', resolve));
  }
  await done;
  socket.destroy();
}

function startWriter({ connections, pipeline }: Writer, port: number, keys: number): ChildProcess {
  const size = ['-P', String(pipeline), '-c', String(connections), '-n', '2000000000', '-r', String(keys)];
  return spawn(BENCHMARK, ['-p', String(port), ...size, '-q', 'SET', 'key:__rand_int__', VALUE], { stdio: 'ignore' });
}

/** Commands a second over some time, ms. */
async function rate(server: Control, overMs: number): Promise<number> {
  const first = await processed(server);
  const start = performance.now();
  await sleep(overMs);
  return ((await processed(server)) - first) / ((performance.now() - start) / 1000);
}

function processed(server: Control): Promise<number> {
  return field(server, 'stats', 'total_commands_processed');
}

async function field(server: Control, section: string, name: string): Promise<number> {
  return Number(new RegExp(`${name}:(\\d+)`).exec(await server.ask('INFO', section))?.[1] ?? 0);
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
