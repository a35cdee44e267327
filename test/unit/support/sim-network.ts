/**
 * A world without sockets or real time: a virtual clock and a network of byte pipes with latency, bandwidth, small
 * kernel buffers, cuts and stalls. Same seed, same run. One event at a time, in order of virtual time.
 *
 * Pipes keep the contract of `Connection` strictly, so that a caller which rewrites bytes it gave away is caught:
 * `write` copies when it answers true and keeps the caller's own bytes when it answers false.
 */
import type { Clock, Log, Random, Timer } from '../../../src/base/ambient.ts';
import type {
  Connection,
  ConnectionHandlers,
  ConnectOptions,
  Endpoint,
  Listener,
  ListenOptions,
  Network,
} from '../../../src/io/world.ts';

/** Deterministic; good enough to vary schedules. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  below(bound: number): number {
    return this.uint32() % bound;
  }

  fill(target: Uint8Array): void {
    for (let i = 0; i < target.length; i++) target[i] = this.uint32() & 0xff;
  }
}

interface Task {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  /** A binary heap by (at, order). */
  readonly #heap: Task[] = [];

  now(): number {
    return 1_700_000_000_000 + Math.floor(this.#now);
  }

  nowMicros(): number {
    return Math.floor((1_700_000_000_000 + this.#now) * 1000);
  }

  monotonic(): number {
    return this.#now;
  }

  /** Nothing takes time but waiting. */
  waited(): number {
    return this.#now;
  }

  after(delayMs: number, task: () => void): Timer {
    const entry: Task = { at: this.#now + Math.max(0, delayMs), order: this.#order++, run: task, cancelled: false };
    this.#push(entry);
    return {
      cancel: () => {
        entry.cancelled = true;
      },
    };
  }

  every(periodMs: number, task: () => void): Timer {
    let current: Timer;
    let stopped = false;
    const again = (): void => {
      if (stopped) return;
      current = this.after(periodMs, again);
      task();
    };
    current = this.after(periodMs, again);
    return {
      cancel: () => {
        stopped = true;
        current.cancel();
      },
    };
  }

  soon(task: () => void): void {
    this.after(0, task);
  }

  /** Runs everything that is due within the next `ms` of virtual time. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    while (this.#heap.length > 0 && this.#heap[0]!.at <= until) await this.#runOne();
    this.#now = until;
  }

  /** Runs until `condition` holds; an error after `limitMs` of virtual time. */
  async until(condition: () => boolean, limitMs = 120_000, what = 'the condition'): Promise<void> {
    const limit = this.#now + limitMs;
    while (!condition()) {
      if (this.#heap.length === 0 || this.#heap[0]!.at > limit) {
        throw new Error(`${what} did not come true within ${limitMs} virtual ms`);
      }
      await this.#runOne();
    }
  }

  async #runOne(): Promise<void> {
    const task = this.#pop();
    if (task.cancelled) return;
    this.#now = Math.max(this.#now, task.at);
    task.run();
    // Promise reactions belong to the event that caused them.
    for (let i = 0; i < 6; i++) await Promise.resolve();
  }

  #before(a: Task, b: Task): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #push(task: Task): void {
    const heap = this.#heap;
    let i = heap.push(task) - 1;
    while (i > 0) {
      const parent = (i - 1) >>> 1;
      if (!this.#before(task, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = task;
  }

  #pop(): Task {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#before(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

export class MemoryLog implements Log {
  readonly lines: string[] = [];

  debug(message: string): void {
    this.lines.push(message);
  }

  verbose(message: string): void {
    this.lines.push(message);
  }

  notice(message: string): void {
    this.lines.push(message);
  }

  warning(message: string): void {
    this.lines.push(message);
  }

  /** As a server's log has it; lines are here at once. */
  flush(): void {}

  count(part: string): number {
    return this.lines.filter((line) => line.includes(part)).length;
  }
}

export interface SimNetworkOptions {
  readonly latencyMs?: number;
  /** Bytes that a pipe holds before `write` answers false. */
  readonly kernelBytes?: number;
  /** Largest piece that arrives at once; pieces are cut at random below it. */
  readonly maxPieceBytes?: number;
  /** Virtual bandwidth; Infinity by default. */
  readonly bytesPerMs?: number;
}

export class SimNetwork implements Network {
  /** Existing and new pipes deliver nothing; nobody notices. */
  stalled = false;
  /** New connections are refused. */
  refusing = false;
  bytesPerMs: number;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly latencyMs: number;
  readonly kernelBytes: number;
  readonly maxPieceBytes: number;
  readonly #listeners: Map<number, (connection: Connection) => void> = new Map();
  readonly #open: Set<SimConnection> = new Set();
  #nextPort = 40_000;

  constructor(clock: VirtualClock, random: SeededRandom, options: SimNetworkOptions = {}) {
    this.clock = clock;
    this.random = random;
    this.latencyMs = options.latencyMs ?? 1;
    this.kernelBytes = options.kernelBytes ?? 64 * 1024;
    this.maxPieceBytes = options.maxPieceBytes ?? 64 * 1024;
    this.bytesPerMs = options.bytesPerMs ?? Number.POSITIVE_INFINITY;
  }

  listen(options: ListenOptions, accept: (connection: Connection) => void): Promise<Listener> {
    const { endpoint } = options;
    if (endpoint.kind !== 'tcp') return Promise.reject(new Error('only tcp is simulated'));
    this.#listeners.set(endpoint.port, accept);
    const close = (): Promise<void> => {
      this.#listeners.delete(endpoint.port);
      return Promise.resolve();
    };
    return Promise.resolve({ endpoint, close });
  }

  tls(): never {
    throw new Error('the simulated network has no TLS');
  }

  connect(endpoint: Endpoint, _options?: ConnectOptions): Connection {
    const port = endpoint.kind === 'tcp' ? endpoint.port : 0;
    const localPort = this.#nextPort++;
    const client = new SimConnection(this, port, `127.0.0.1:${port}`, `127.0.0.1:${localPort}`);
    const server = new SimConnection(this, port, `127.0.0.1:${localPort}`, `127.0.0.1:${port}`);
    client.peer = server;
    server.peer = client;
    const attempt = (): void => {
      if (client.closed) return;
      if (this.stalled) {
        this.clock.after(100, attempt);
        return;
      }
      const accept = this.#listeners.get(port);
      if (accept === undefined || this.refusing) {
        client.fail('ECONNREFUSED');
        return;
      }
      this.#open.add(client);
      this.#open.add(server);
      accept(server);
      client.opened();
    };
    this.clock.after(this.latencyMs, attempt);
    return client;
  }

  /** Resets every connection to or from a listener on this port. */
  cut(port: number): void {
    for (const connection of [...this.#open]) if (connection.port === port) connection.fail('ECONNRESET');
  }

  /** Lets stalled pipes flow again. */
  resume(): void {
    this.stalled = false;
    for (const connection of this.#open) connection.pump();
  }

  openCount(port: number): number {
    return [...this.#open].filter((connection) => connection.port === port).length / 2;
  }

  forget(connection: SimConnection): void {
    this.#open.delete(connection);
  }
}

/** One end. Bytes it writes lie in its own `#kernel` queue until the other end takes them. */
export class SimConnection implements Connection {
  peer: SimConnection | null = null;
  closed = false;
  pendingBytes = 0;
  readonly port: number;
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly remoteHost = '127.0.0.1';
  readonly isUnix = false;
  readonly descriptor = -1;
  readonly #network: SimNetwork;
  #handlers: ConnectionHandlers | null = null;
  readonly #kernel: Uint8Array[] = [];
  #kernelBytes = 0;
  readonly #pending: Uint8Array[] = [];
  #paused = false;
  #pumping = false;
  #ending = false;

  constructor(network: SimNetwork, port: number, remoteAddress: string, localAddress: string) {
    this.#network = network;
    this.port = port;
    this.remoteAddress = remoteAddress;
    this.localAddress = localAddress;
  }

  handle(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
  }

  opened(): void {
    this.#handlers?.onOpen?.();
  }

  write(bytes: Uint8Array): boolean {
    if (this.closed || bytes.length === 0) return true;
    if (this.pendingBytes === 0 && this.#kernelBytes + bytes.length <= this.#network.kernelBytes) {
      this.#kernel.push(Uint8Array.from(bytes));
      this.#kernelBytes += bytes.length;
      this.#schedulePump();
      return true;
    }
    this.#pending.push(bytes);
    this.pendingBytes += bytes.length;
    this.#schedulePump();
    return false;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.peer?.pump();
  }

  end(): void {
    this.#ending = true;
    this.#schedulePump();
  }

  destroy(): void {
    if (this.closed) return;
    this.#close(undefined);
    const { peer } = this;
    this.#network.clock.after(this.#network.latencyMs, () => peer?.fail('ECONNRESET'));
  }

  /** The connection breaks under both ends. */
  fail(code: string): void {
    if (this.closed) return;
    const error: NodeJS.ErrnoException = new Error(code);
    error.code = code;
    this.#close(error);
    const { peer } = this;
    if (peer !== null) this.#network.clock.after(0, () => peer.fail(code));
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}

  /** Starts delivery to the other end if there is anything. */
  pump(): void {
    this.#schedulePump();
  }

  #schedulePump(): void {
    if (this.#pumping || this.closed) return;
    this.#pumping = true;
    this.#network.clock.after(this.#network.latencyMs, () => {
      this.#pumping = false;
      this.#pumpNow();
    });
  }

  #pumpNow(): void {
    const { peer } = this;
    const network = this.#network;
    if (this.closed || peer === null || peer.closed || network.stalled || peer.#paused) return;
    this.#refill();
    if (this.#kernelBytes === 0) {
      if (this.#ending) this.#finish();
      return;
    }
    const budget = Math.min(network.maxPieceBytes, Math.max(1, Math.floor(network.bytesPerMs * network.latencyMs)));
    const most = Math.min(this.#kernelBytes, budget);
    const piece = this.#take(network.random.below(3) === 0 ? 1 + network.random.below(most) : most);
    peer.#handlers?.onData(piece);
    // The bytes are valid only during the call: whoever kept them without a copy shall see it.
    piece.fill(0xee);
    this.#refill();
    if (this.#kernel.length > 0 || this.#ending) this.#schedulePump();
  }

  /** The first `count` bytes of the pipe, as one piece. */
  #take(count: number): Uint8Array {
    const piece = new Uint8Array(count);
    let at = 0;
    while (at < count) {
      const bytes = this.#kernel[0]!;
      const part = Math.min(bytes.length, count - at);
      piece.set(bytes.subarray(0, part), at);
      at += part;
      if (part === bytes.length) this.#kernel.shift();
      else this.#kernel[0] = bytes.subarray(part);
    }
    this.#kernelBytes -= count;
    return piece;
  }

  /** Moves what waited in this process into the pipe. */
  #refill(): void {
    if (this.pendingBytes === 0) return;
    while (this.#pending.length > 0 && this.#kernelBytes < this.#network.kernelBytes) {
      const bytes = this.#pending[0]!;
      const count = Math.min(bytes.length, this.#network.kernelBytes - this.#kernelBytes);
      // A copy: `slice` of a Buffer would be a view of what the sender reuses.
      this.#kernel.push(Uint8Array.from(bytes.subarray(0, count)));
      this.#kernelBytes += count;
      this.pendingBytes -= count;
      if (count === bytes.length) this.#pending.shift();
      else this.#pending[0] = bytes.subarray(count);
    }
    if (this.pendingBytes === 0 && !this.closed) this.#handlers?.onDrain?.();
  }

  #finish(): void {
    this.#close(undefined);
    const { peer } = this;
    if (peer !== null && !peer.closed) peer.#close(undefined);
  }

  #close(error: NodeJS.ErrnoException | undefined): void {
    if (this.closed) return;
    this.closed = true;
    this.#network.forget(this);
    this.#kernel.length = 0;
    this.#pending.length = 0;
    this.pendingBytes = 0;
    // Never inside the caller's own call.
    this.#network.clock.after(0, () => this.#handlers?.onClose(error));
  }
}
