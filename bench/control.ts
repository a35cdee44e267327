/**
 * A connection over which a benchmark asks a server while it measures: a redis-cli, which is a process to be started, would take some
 * milliseconds of a processor from those that are measured.
 */
import { createConnection } from 'node:net';
import { until } from './link.ts';

/** How often a replica is asked whether it has synced. */
const LOOK_MS = 10;

export interface Control {
  /** Sends a command and resolves to its reply, which is a bulk string, a status, an error or a number; one at a time. */
  ask(...words: readonly string[]): Promise<string>;
  close(): void;
}

export async function openControl(port: number): Promise<Control> {
  const socket = createConnection(port, '127.0.0.1').setNoDelay(true);
  let seen = '';
  let answer: { resolve(reply: string): void; reject(error: Error): void } | undefined;
  socket.on('data', (bytes) => {
    seen += bytes.toString('latin1');
    const reply = wholeReply(seen);
    if (reply === undefined) return;
    seen = '';
    answer?.resolve(reply);
  });
  socket.on('error', (error) => answer?.reject(error));
  socket.on('close', () => answer?.reject(new Error('the server closed the connection')));
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return {
    ask: (...words) =>
      new Promise((resolve, reject) => {
        answer = { resolve, reject };
        socket.write(`*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`);
      }),
    close: () => socket.destroy(),
  };
}

/** Has a server follow that master; resolves once it has synced. */
export async function follow(replica: Control, masterPort: number): Promise<void> {
  await replica.ask('REPLICAOF', '127.0.0.1', String(masterPort));
  const synced = async (): Promise<boolean> =>
    (await replica.ask('INFO', 'replication')).includes('master_link_status:up');
  await until(synced, 'the replica has synced', LOOK_MS);
}

/** The reply at the start of `seen`, without its frame; undefined until it is there as a whole. */
function wholeReply(seen: string): string | undefined {
  const end = seen.indexOf('\r\n');
  if (end < 0) return undefined;
  const line = seen.slice(1, end);
  if (!seen.startsWith('$')) return line;
  const bytes = Number(line);
  const start = end + 2;
  return seen.length >= start + bytes + 2 ? seen.slice(start, start + bytes) : undefined;
}
