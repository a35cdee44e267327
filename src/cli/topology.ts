#!/usr/bin/env node
/**
 * `npm start`: a live topology to look at and play with. Starts a master, a replica of it and a replica of that replica
 * on free ports, writes a little to the master all the time, and shows a table that is refreshed in place.
 * Ctrl-C stops everything.
 */
import { createInterface } from 'node:readline';
import { createServer, type HeadwaterServer } from '../api/index.ts';
import { nodeClock } from '../io/node-clock.ts';
import { nodeNetwork } from '../io/node-network.ts';

const REFRESH_MS = 1000;
/** Demo writes a second, as pipelined batches ten times a second. */
const WRITES_A_SECOND = 200;

interface Node {
  readonly name: string;
  readonly server: HeadwaterServer;
  /** When it was last seen without lag, monotonic ms. */
  caughtUpMs: number;
}

async function main(): Promise<void> {
  const directives = { 'repl-diskless-sync-delay': 0 };
  // Log lines would tear the table apart.
  const logFile = '/dev/null';
  const master = await createServer({ directives, logFile });
  const replica = await createServer({
    directives: { ...directives, replicaof: ['127.0.0.1', String(master.port)] },
    logFile,
  });
  const leaf = await createServer({
    directives: { ...directives, replicaof: ['127.0.0.1', String(replica.port)] },
    logFile,
  });
  const clock = nodeClock();
  const caughtUpMs = clock.monotonic();
  const nodes: Node[] = [
    { name: 'master', server: master, caughtUpMs },
    { name: 'replica', server: replica, caughtUpMs },
    { name: 'sub-replica', server: leaf, caughtUpMs },
  ];
  await Promise.all(nodes.map(({ server }) => server.synced()));
  const stopWriting = writeSomething(master.port);
  console.log('Headwater: a master, its replica, and a replica of the replica.\n');
  console.log(`  redis-cli -p ${master.port} set hello world     # write to the master`);
  console.log(`  redis-cli -p ${leaf.port} get hello           # read at the far end of the chain\n`);
  console.log('Ctrl-C stops all three.\n');

  const lines = nodes.length + 1;
  const redraw = process.stdout.isTTY;
  let drawn = false;
  const draw = (): void => {
    if (redraw && drawn) process.stdout.write(`\x1b[${lines}A`);
    drawn = true;
    for (const line of table(nodes, clock.monotonic())) process.stdout.write(redraw ? `\x1b[2K${line}\n` : `${line}\n`);
  };
  draw();
  const timer = clock.every(REFRESH_MS, draw);

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    timer.cancel();
    stopWriting();
    for (const { server } of nodes.toReversed()) await server.close();
    console.log('\nAll stopped.');
    process.exit(0);
  };
  process.on('SIGINT', () => void stop());
  process.on('SIGTERM', () => void stop());
  // Windows consoles and some wrappers deliver Ctrl-C through readline only.
  if (process.stdin.isTTY) createInterface({ input: process.stdin }).on('SIGINT', () => void stop());
}

const columns = ['node', 'port', 'role', 'upstream', 'link', 'offset', 'lag', 'replicas', 'keys'] as const;

/** Header and one line a node. */
function table(nodes: readonly Node[], nowMs: number): string[] {
  const head = nodes[0]!.server.status();
  const rows = nodes.map((node) => {
    const { name, server } = node;
    const status = server.status();
    const behind = Math.max(0, head.offset - status.offset);
    if (behind === 0 && status.link === 'up') node.caughtUpMs = nowMs;
    const lag = `${behind} B, ${((nowMs - node.caughtUpMs) / 1000).toFixed(0)} s`;
    return [
      name,
      String(server.port),
      status.role,
      status.upstream || '-',
      status.link || '-',
      String(status.offset),
      status.role === 'master' ? '-' : lag,
      String(status.replicas),
      String(status.keys),
    ];
  });
  const widths = columns.map((column, i) =>
    Math.max(column.length, ...rows.map((row) => row[i]!.length), i === 5 ? 10 : 0),
  );
  return [columns, ...rows].map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}

/** A client that keeps changing a thousand keys of the master. Returns how to stop it. */
function writeSomething(port: number): () => void {
  const clock = nodeClock();
  const connection = nodeNetwork().connect({ kind: 'tcp', host: '127.0.0.1', port });
  connection.handle({ onData: () => {}, onClose: () => {} });
  let n = 0;
  const timer = clock.every(100, () => {
    let batch = '';
    for (let i = 0; i < WRITES_A_SECOND / 10; i++, n++) batch += `SET demo:${n % 1000} ${n}\r\n`;
    connection.write(Buffer.from(batch));
  });
  return () => {
    timer.cancel();
    connection.destroy();
  };
}

await main();
