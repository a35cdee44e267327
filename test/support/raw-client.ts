/**
 * A client that shows the exact bytes of each reply, for comparing servers. Commands may be pipelined: replies
 * are handed out in order. Pushes of RESP3 are kept apart. Every wait is bounded and names its command.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { decode, encodeCommand, Framer } from './resp.ts';
import type { Argument, Reply } from './resp.ts';
import { waitFor, within } from './wait.ts';

export interface RawClientOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** 3 sends HELLO 3 first. Default: 2. */
  readonly resp?: 2 | 3;
  /** How long one reply may take. Default: 30 s. */
  readonly timeoutMs?: number;
}

/** `target`: a port on the loopback interface, or the path of a unix socket. */
export async function connectRaw(target: number | string, options: RawClientOptions = {}): Promise<RawClient> {
  const host = options.host ?? '127.0.0.1';
  const socket = typeof target === 'number' ? connect({ port: target, host, noDelay: true }) : connect(target);
  await within(
    new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    }),
    options.timeoutMs ?? defaultTimeoutMs,
    `a connection to ${target}`,
  );
  const client = new RawClient(socket, options.timeoutMs ?? defaultTimeoutMs);
  if (options.resp === 3) await client.ok('HELLO', 3);
  return client;
}

const defaultTimeoutMs = 30_000;

interface Waiter {
  resolve(reply: Buffer): void;
  reject(error: Error): void;
}

export class RawClient {
  /** Pushes that arrived so far, raw, oldest first. */
  readonly pushes: Buffer[] = [];
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #framer = new Framer();
  /** Replies that nobody has asked for yet. */
  readonly #replies: Buffer[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #ended: Promise<void>;
  #closed = false;

  constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    let cause: Error | undefined;
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', (error) => {
      cause = error;
    });
    this.#ended = new Promise((resolve) => {
      socket.once('close', () => {
        this.#closed = true;
        const why = cause === undefined ? '' : `: ${cause.message}`;
        for (const waiter of this.#waiters.splice(0)) waiter.reject(new Error(`the connection closed${why}`));
        resolve();
      });
    });
  }

  /** Sends a command; resolves to the raw bytes of its reply. */
  call(...args: readonly Argument[]): Promise<Buffer> {
    this.#socket.write(encodeCommand(args));
    return this.reply(args.map((one) => (typeof one === 'object' ? `<${one.length} bytes>` : one)).join(' '));
  }

  /** Sends a command; resolves to its decoded reply. An error reply is a value too. */
  async value(...args: readonly Argument[]): Promise<Reply> {
    return decode(await this.call(...args));
  }

  /** As `value`, but an error reply throws. */
  async ok(...args: readonly Argument[]): Promise<Reply> {
    const reply = await this.value(...args);
    if (reply instanceof Error) throw new Error(`${args.slice(0, 3).join(' ')}: ${reply.message}`, { cause: reply });
    return reply;
  }

  /** Sends all commands in one write; resolves to their raw replies. */
  pipeline(commands: readonly (readonly Argument[])[]): Promise<Buffer[]> {
    this.#socket.write(Buffer.concat(commands.map(encodeCommand)));
    return Promise.all(commands.map((command) => this.reply(String(command[0]))));
  }

  /** Sends bytes as they are; resolves to the next reply. */
  raw(bytes: string | Uint8Array): Promise<Buffer> {
    this.send(bytes);
    return this.reply('raw bytes');
  }

  /** Sends bytes as they are and expects nothing. */
  send(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** The next reply that no other call waits for. `what` is for the message of a timeout. */
  reply(what = 'a message'): Promise<Buffer> {
    const ready = this.#replies.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    if (this.#closed) return Promise.reject(new Error('the connection is closed'));
    const waiting = new Promise<Buffer>((resolve, reject) => this.#waiters.push({ resolve, reject }));
    return within(waiting, this.#timeoutMs, `the reply to ${what}`);
  }

  /** Takes the oldest push, waiting for it if there is none. */
  async push(): Promise<Buffer> {
    await waitFor(() => this.pushes.length > 0, { what: 'a push', timeoutMs: this.#timeoutMs });
    return this.pushes.shift()!;
  }

  /** Waits for the server to close the connection; resolves to every byte that was not handed out yet. */
  async untilClose(): Promise<Buffer> {
    await within(this.#ended, this.#timeoutMs, 'the server to close the connection');
    return Buffer.concat([...this.#replies.splice(0), this.#framer.rest]);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Shuts down the sending side only. */
  endWriting(): void {
    this.#socket.end();
  }

  /** Stops reading: the server's output has to wait in its buffers. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  async close(): Promise<void> {
    this.#socket.destroy();
    await this.#ended;
  }

  #receive(bytes: Buffer): void {
    this.#framer.push(bytes);
    try {
      for (let reply = this.#framer.next(); reply !== undefined; reply = this.#framer.next()) this.#deliver(reply);
    } catch (error) {
      this.#socket.destroy(error as Error);
    }
  }

  #deliver(reply: Buffer): void {
    if (reply[0] === 0x3e) {
      this.pushes.push(reply);
      return;
    }
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#replies.push(reply);
    else waiter.resolve(reply);
  }
}
