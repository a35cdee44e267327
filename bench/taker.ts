/**
 * A process that follows a master as a replica does, and lets all go that it gets: how a master fares whose replicas are other
 * machines. A whole replica beside the master would take processor time from it.
 */
import { createConnection } from 'node:net';
import { instrumentPort, startInstrument } from './instrument.ts';

/** Of a diskless transfer's end marker. */
const MARK_BYTES = 40;
const READ_BYTES = 256 * 1024;
const ACK_MS = 1000;
const ACK = Buffer.from('*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$1\r\n0\r\n');

export interface Taker {
  /** Begins a full sync; resolves once the snapshot has come in whole. */
  sync(): Promise<void>;
  stop(): Promise<void>;
}

export async function startTaker(port: number): Promise<Taker> {
  const instrument = await startInstrument(import.meta.url, port, false);
  return {
    sync: async () => {
      await instrument.ask('sync');
    },
    stop: () => instrument.stop(),
  };
}

const port = instrumentPort(import.meta.url);
if (port !== undefined) {
  let greeting = '';
  let mark: Buffer | undefined;
  let tail = Buffer.alloc(0);
  const received = (given: Buffer): void => {
    let bytes = given;
    if (mark === undefined) {
      greeting += bytes.toString('latin1');
      if (greeting === '+OK\r\n') socket.write('PSYNC ? -1\r\n');
      const found = /\$EOF:(.{40})\r\n/.exec(greeting);
      if (found === null) return;
      mark = Buffer.from(found[1]!, 'latin1');
      bytes = Buffer.from(greeting.slice(found.index + found[0].length), 'latin1');
    }
    if (mark.length === 0) return;
    // The transfer ends with the mark, which may come in two pieces.
    tail = Buffer.concat([tail, bytes.subarray(-MARK_BYTES)]).subarray(-MARK_BYTES);
    if (tail.equals(mark)) {
      mark = Buffer.alloc(0);
      socket.write(ACK);
      setInterval(() => socket.write(ACK), ACK_MS);
      process.send!('synced');
    }
  };
  const onread = {
    buffer: Buffer.alloc(READ_BYTES),
    callback: (length: number, buffer: Uint8Array) => {
      received(Buffer.from(buffer.buffer, buffer.byteOffset, length));
      return true;
    },
  };
  const socket = createConnection({ port, host: '127.0.0.1', onread }).setNoDelay(true);
  socket.on('close', () => {
    throw new Error('the master closed the link of the full sync');
  });
  socket.once('connect', () => process.send!('ready'));
  process.on('message', () => socket.write('REPLCONF capa eof capa psync2\r\n'));
}
