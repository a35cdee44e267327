/**
 * A TCP proxy between a replica and its master (or any client and server) that fails on demand.
 *
 *   replica --connects to--> proxy --connects to--> master
 *           <-- 'downstream' bytes: from the master to the replica
 *           --> 'upstream' bytes: from the replica to the master
 *
 * It passes bytes on as they come, and both half-closes. Its buffers are bounded: a side that does not read slows the
 * other one down, as without the proxy.
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

export type Direction = 'upstream' | 'downstream';
export type FaultAction = 'cut' | 'stall' | 'halfClose' | (() => void);

export interface FaultProxy {
  readonly port: number;
  /** Links open now. */
  readonly connections: number;
  /** Links ever opened; refused ones not counted. */
  readonly accepted: number;
  /** Bytes passed on so far, by all links. */
  passed(direction: Direction): number;
  /** Destroys all present links, on both sides. New ones are welcome. */
  cut(): void;
  /** Passes nothing on in either direction (present and future links) until `resume`; links stay open. */
  stall(): void;
  resume(): void;
  /** Limits each direction, all links together; Infinity lifts it. */
  setRate(bytesPerSecond: number): void;
  /** While true, new connections are closed at once. */
  refuse(on: boolean): void;
  /** Ends the downstream direction of all present links (the replica sees an end), the other goes on. */
  halfClose(): void;
  /** Does `action` once exactly `bytes` more bytes of the direction have been passed on, not one later. */
  afterBytes(direction: Direction, bytes: number, action: FaultAction): void;
  close(): Promise<void>;
}

/** Listens on a free loopback port and passes every connection on to `targetPort`. */
export async function startProxy(targetPort: number, targetHost = '127.0.0.1'): Promise<FaultProxy> {
  const proxy = new Proxy(targetPort, targetHost);
  await proxy.listen();
  return proxy;
}

const largestQueueBytes = 64 * 1024;
const refillMs = 5;

interface Trigger {
  remaining: number;
  readonly action: FaultAction;
}

interface Pipe {
  readonly direction: Direction;
  readonly from: Socket;
  readonly to: Socket;
  readonly queue: Buffer[];
  queuedBytes: number;
  ended: boolean;
}

interface Link {
  readonly sockets: readonly [Socket, Socket];
  readonly pipes: readonly [Pipe, Pipe];
}

class Proxy implements FaultProxy {
  accepted = 0;
  readonly #targetPort: number;
  readonly #targetHost: string;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #passed: { [direction in Direction]: number } = { upstream: 0, downstream: 0 };
  readonly #triggers: { [direction in Direction]: Trigger[] } = { upstream: [], downstream: [] };
  readonly #budget: { [direction in Direction]: number } = { upstream: Infinity, downstream: Infinity };
  #refill: NodeJS.Timeout | undefined;
  #stalled = false;
  #refusing = false;

  constructor(targetPort: number, targetHost: string) {
    this.#targetPort = targetPort;
    this.#targetHost = targetHost;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#links.size;
  }

  passed(direction: Direction): number {
    return this.#passed[direction];
  }

  cut(): void {
    for (const link of this.#links) destroy(link);
  }

  stall(): void {
    this.#stalled = true;
  }

  resume(): void {
    this.#stalled = false;
    this.#flushAll();
  }

  setRate(bytesPerSecond: number): void {
    clearInterval(this.#refill);
    const share = bytesPerSecond === Infinity ? Infinity : (bytesPerSecond * refillMs) / 1000;
    const refill = (): void => {
      // What was not used is not saved up beyond one share, but fractions of a byte add up.
      for (const direction of ['upstream', 'downstream'] as const) {
        const left = this.#budget[direction];
        this.#budget[direction] = Math.min((left === Infinity ? 0 : left) + share, Math.max(share, 1));
      }
      this.#flushAll();
    };
    refill();
    if (share !== Infinity) this.#refill = setInterval(refill, refillMs).unref();
  }

  refuse(on: boolean): void {
    this.#refusing = on;
  }

  halfClose(): void {
    for (const { sockets } of this.#links) sockets[0].end();
  }

  afterBytes(direction: Direction, bytes: number, action: FaultAction): void {
    this.#triggers[direction].push({ remaining: bytes, action });
  }

  async close(): Promise<void> {
    clearInterval(this.#refill);
    this.cut();
    if (!this.#server.listening) return;
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(near: Socket): void {
    if (this.#refusing) {
      near.on('error', () => {});
      near.destroy();
      return;
    }
    this.accepted++;
    const far = connect({ port: this.#targetPort, host: this.#targetHost, allowHalfOpen: true, noDelay: true });
    const link: Link = {
      sockets: [near, far],
      pipes: [pipe('upstream', near, far), pipe('downstream', far, near)],
    };
    this.#links.add(link);
    for (const socket of link.sockets) {
      socket.on('error', () => destroy(link));
      socket.on('close', () => {
        destroy(link);
        this.#links.delete(link);
      });
    }
    for (const one of link.pipes) {
      one.from.on('data', (bytes: Buffer) => {
        one.queue.push(bytes);
        one.queuedBytes += bytes.length;
        if (one.queuedBytes >= largestQueueBytes) one.from.pause();
        this.#flush(one);
      });
      one.from.on('end', () => {
        one.ended = true;
        this.#flush(one);
      });
      one.to.on('drain', () => this.#flush(one));
    }
  }

  #flushAll(): void {
    for (const { pipes } of this.#links) for (const one of pipes) this.#flush(one);
  }

  #flush(one: Pipe): void {
    const { direction, from, to, queue } = one;
    while (queue.length > 0 && !this.#stalled && !to.writableNeedDrain) {
      if (to.destroyed || to.writableEnded) {
        queue.length = one.queuedBytes = 0;
        break;
      }
      const trigger = this.#triggers[direction][0];
      const most = Math.floor(Math.min(this.#budget[direction], trigger?.remaining ?? Infinity));
      const head = queue[0]!;
      const bytes = head.subarray(0, Math.min(head.length, most));
      if (bytes.length > 0) {
        to.write(bytes);
        if (bytes.length === head.length) queue.shift();
        else queue[0] = head.subarray(bytes.length);
        one.queuedBytes -= bytes.length;
        this.#budget[direction] -= bytes.length;
        this.#passed[direction] += bytes.length;
      }
      if (trigger === undefined) {
        if (bytes.length === 0) break;
      } else {
        trigger.remaining -= bytes.length;
        if (trigger.remaining === 0) {
          this.#triggers[direction].shift();
          this.#act(trigger.action);
        } else if (bytes.length === 0) break;
      }
    }
    if (one.queuedBytes < largestQueueBytes && from.isPaused()) from.resume();
    if (one.ended && queue.length === 0 && !to.writableEnded) to.end();
  }

  /** What was passed on before has to arrive, so the links are ended, not destroyed, when bytes are on their way. */
  #act(action: FaultAction): void {
    if (action === 'stall') this.stall();
    else if (action === 'halfClose') this.halfClose();
    else if (action === 'cut')
      for (const { sockets } of this.#links) for (const socket of sockets) socket.destroySoon();
    else action();
  }
}

function pipe(direction: Direction, from: Socket, to: Socket): Pipe {
  return { direction, from, to, queue: [], queuedBytes: 0, ended: false };
}

function destroy(link: Link): void {
  for (const socket of link.sockets) socket.destroy();
}
