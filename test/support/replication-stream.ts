/**
 * What a server sends to its replicas, seen by a replica that only listens: PSYNC, the RDB skipped, then the commands.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connectRaw } from './raw-client.ts';
import type { RawClient } from './raw-client.ts';
import { decode, encodeCommand, Framer } from './resp.ts';
import type { Argument } from './resp.ts';
import { waitFor, within } from './wait.ts';

const timeoutMs = 60_000;
const markerKey = '__end__';

/** Attaches to a server. */
export async function listenToStream(port: number): Promise<ReplicationStream> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const stream = new ReplicationStream(socket, await connectRaw(port));
  socket.write(encodeCommand(['PSYNC', '?', '-1']));
  await within(stream.synced, timeoutMs, 'the full sync of a listening replica');
  return stream;
}

export class ReplicationStream {
  readonly synced: Promise<void>;
  readonly #socket: Socket;
  readonly #client: RawClient;
  readonly #framer = new Framer();
  readonly #commands: string[][] = [];
  #head = Buffer.alloc(0);
  #markers = 0;
  #finished!: () => void;
  #broken: Error | undefined;

  constructor(socket: Socket, client: RawClient) {
    this.#socket = socket;
    this.#client = client;
    this.synced = new Promise((resolve) => (this.#finished = resolve));
    let streaming = false;
    socket.on('error', (error) => (this.#broken = error));
    socket.on('close', () => (this.#broken ??= new Error('the replication stream was closed')));
    socket.on('data', (bytes) => {
      if (!streaming) {
        this.#head = Buffer.concat([this.#head, bytes]);
        const rest = afterRdb(this.#head);
        if (rest === undefined) return;
        streaming = true;
        socket.write(encodeCommand(['REPLCONF', 'ACK', '0']));
        this.#finished();
        this.#take(rest);
        return;
      }
      this.#take(bytes);
    });
  }

  /** Runs a command; its reply, and the commands that the server sent because of it. */
  async effectsOf(client: RawClient, args: readonly Argument[]): Promise<{ reply: Buffer; effects: string[][] }> {
    const reply = await client.call(...args);
    // A write of our own marks the end: all that was sent before it is here once it is.
    const marker = String(++this.#markers);
    await this.#client.ok('SELECT', 15);
    await this.#client.ok('SET', markerKey, marker);
    const isMarker = (command: string[]): boolean => command[1] === markerKey && command[2] === marker;
    await waitFor(
      () => {
        if (this.#broken !== undefined) throw this.#broken;
        return this.#commands.some(isMarker);
      },
      { what: 'the marker in the replication stream', timeoutMs },
    );
    const end = this.#commands.findIndex(isMarker);
    const effects = this.#commands.splice(0, end + 1).slice(0, -1);
    // The marker's own SELECT is sent in front of it; the one after it is put in front of the next command.
    if (effects.at(-1)?.[0] === 'SELECT') effects.pop();
    return { reply, effects };
  }

  async close(): Promise<void> {
    this.#socket.destroy();
    await this.#client.close();
  }

  #take(bytes: Uint8Array): void {
    this.#framer.push(bytes);
    for (let raw = this.#framer.next(); raw !== undefined; raw = this.#framer.next()) {
      const words = decode(raw, 'latin1') as string[];
      if (Array.isArray(words) && words[0]!.toUpperCase() !== 'PING' && words[0]!.toUpperCase() !== 'REPLCONF')
        this.#commands.push(words);
    }
  }
}

/** The bytes behind the RDB, or undefined until it is complete. Both framings: by length, and by end mark. */
function afterRdb(bytes: Buffer): Buffer | undefined {
  const text = bytes.toString('latin1');
  const head = /\$(?:EOF:([^\r]{40})|(\d+))\r\n/.exec(text);
  if (head === null) return undefined;
  const start = head.index + head[0].length;
  if (head[2] !== undefined) {
    const end = start + Number(head[2]);
    return bytes.length < end ? undefined : bytes.subarray(end);
  }
  const mark = text.indexOf(head[1]!, start);
  return mark < 0 ? undefined : bytes.subarray(mark + head[1]!.length);
}
