/** A worker that pings a server every millisecond and reports, on demand, the longest time an answer took. */
import { createConnection } from 'node:net';
import { parentPort, workerData, Worker } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';

export interface Pinger {
  /** The longest wait for an answer since the last call, ms; one that is still being waited for included. */
  longest(): Promise<number>;
  stop(): Promise<void>;
}

export async function startPinger(port: number): Promise<Pinger> {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { pingPort: port } });
  await new Promise((resolve) => worker.once('message', resolve));
  return {
    longest: () => {
      worker.postMessage('longest');
      return new Promise((resolve) => worker.once('message', resolve));
    },
    stop: async () => {
      await worker.terminate();
    },
  };
}

const port = (workerData as { readonly pingPort?: number } | null)?.pingPort;
if (parentPort !== null && port !== undefined) {
  const parent = parentPort;
  const socket = createConnection(port, '127.0.0.1').setNoDelay(true);
  let sent = 0;
  let longest = 0;
  const ping = (): void => {
    sent = performance.now();
    socket.write('PING\r\n');
  };
  socket.once('connect', () => {
    parent.postMessage('ready');
    ping();
  });
  socket.on('data', () => {
    longest = Math.max(longest, performance.now() - sent);
    sent = 0;
    setTimeout(ping, 1);
  });
  parent.on('message', () => {
    parent.postMessage(sent === 0 ? longest : Math.max(longest, performance.now() - sent));
    longest = 0;
  });
}
