/** A process that pings a server every millisecond and reports, on demand, the longest time an answer took. */
import { createConnection } from 'node:net';
import { instrumentPort, startInstrument } from './instrument.ts';

export interface Pinger {
  /** The longest wait for an answer since the last call, ms; one that is still being waited for included. */
  longest(): Promise<number>;
  stop(): Promise<void>;
}

export async function startPinger(port: number): Promise<Pinger> {
  const instrument = await startInstrument(import.meta.url, port, true);
  return { longest: async () => Number(await instrument.ask('longest')), stop: () => instrument.stop() };
}

const port = instrumentPort(import.meta.url);
if (port !== undefined) {
  let sent = 0;
  let longest = 0;
  const received = (): boolean => {
    longest = Math.max(longest, performance.now() - sent);
    sent = 0;
    setTimeout(ping, 1);
    return true;
  };
  const onread = { buffer: Buffer.alloc(64), callback: received };
  const socket = createConnection({ port, host: '127.0.0.1', onread }).setNoDelay(true);
  const request = Buffer.from('PING\r\n');
  const ping = (): void => {
    sent = performance.now();
    socket.write(request);
  };
  socket.once('connect', () => {
    process.send!('ready');
    ping();
  });
  process.on('message', () => {
    process.send!(sent === 0 ? longest : Math.max(longest, performance.now() - sent));
    longest = 0;
  });
}
