/**
 * One replica (or backup tool) attached to us, from its first REPLCONF to its end: what it announced, how far its
 * sync is, and its place in the stream.
 *
 *   handshake --PSYNC--> wait-bgsave-start --> wait-bgsave-end --> (send-bulk) --> online
 *        '------------------------- +CONTINUE -----------------------------------------^
 *
 * Rule: it writes to its connection only while the last write was taken. What waits, waits in the stream buffer that all
 * replicas share; the connection never queues more than MAX_FLUSH_BYTES of it.
 */
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/ambient.ts';
import type { Connection } from '../../io/world.ts';
import type { ReplicaPeer } from '../ports.ts';
import type { Cursor } from '../stream.ts';
import type { Limits } from './pacing.ts';
import { NEWLINE } from '../wire.ts';

export type ReplicaState =
  /** Speaks REPLCONF; not a replica yet. */
  | 'handshake'
  /** Waits for a snapshot to start. */
  | 'wait-bgsave-start'
  /** A snapshot for it runs: its +FULLRESYNC offset is fixed. */
  | 'wait-bgsave-end'
  /** The finished snapshot is being sent (payloads of known length). */
  | 'send-bulk'
  /** Has the data; gets the stream. */
  | 'online'
  | 'closed';

const legal: { readonly [S in ReplicaState]: readonly ReplicaState[] } = {
  handshake: ['wait-bgsave-start', 'online', 'closed'],
  'wait-bgsave-start': ['wait-bgsave-end', 'closed'],
  'wait-bgsave-end': ['send-bulk', 'online', 'closed'],
  'send-bulk': ['online', 'closed'],
  online: ['closed'],
  closed: [],
};

/** So much of the stream is copied to leave in one write with the line in front of it: a write costs more. */
const HEAD_STREAM_BYTES = 128 * 1024;

/**
 * So much of the stream is handed to the connection at one go. What gathered during a full sync may be a hundred megabytes, and a
 * kernel with a fast reader behind it takes 20 ms of copying at once: clients would wait.
 */
export const MAX_FLUSH_BYTES: number = 256 * 1024;

export class ReplicaSession {
  readonly peer: ReplicaPeer;
  readonly connection: Connection;
  state: ReplicaState = 'handshake';

  // What REPLCONF announced.
  listeningPort = 0;
  announcedIp = '';
  capaEof = false;
  capaPsync2 = false;
  /** Sends PSYNC without waiting for the answers to what it said before. */
  capaPipelinedPsync = false;
  version = '';
  /** Wants the RDB only, then the end: backup tools. */
  rdbOnly = false;
  excludeData = false;
  excludeFunctions = false;
  /** Speaks plain SYNC: never acknowledges, gets no +FULLRESYNC line. */
  prePsync = false;

  /** Newest offset it has applied, by its own word. */
  ackOffset = 0;
  /** Newest offset that is on its disk, if it says so; 0 otherwise. */
  ackAofOffset = 0;
  /** Monotonic ms of its last sign of life. */
  ackAtMs = 0;
  /** All bytes handed to its connection since the statistics were reset. */
  sentBytes = 0;
  /** Stream bytes handed to its connection. */
  streamBytesSent = 0;
  /** Snapshot bytes handed to its connection. */
  bulkBytesSent = 0;
  /** Called when it has sent more in a turn in which nobody asked it to. */
  wentOn: () => void = () => {};

  /** The stream starts only with its next ACK: it reads a diskless payload to its end first. */
  #startOnAck = false;
  #cursor: Cursor | null = null;
  #streaming = false;
  /** The connection still holds bytes: write no more until `drained`. */
  #blocked = false;
  /** The stream had more than goes at once: `flush` is called in the next turn of the event loop, too. */
  #goesOn = false;
  /** Goes out with the first of the stream. */
  #head: Uint8Array | null = null;
  #blockedSinceMs = 0;
  /** When the connection last began to hold bytes: it had taken all before. */
  #fullSinceMs = 0;
  #pendingSeen = 0;
  #whenDrained: (() => void) | null = null;
  /** Monotonic ms since when the soft output limit is exceeded; -1 when it is not. */
  #overSoftSinceMs = -1;
  readonly #clock: Clock;

  constructor(peer: ReplicaPeer, clock: Clock) {
    this.peer = peer;
    this.connection = peer.connection;
    this.#clock = clock;
    this.ackAtMs = clock.monotonic();
  }

  /** "ip:port" as Redis's log lines name a replica. */
  get name(): string {
    const { ip } = this;
    if (ip === '') return `client id #${this.peer.id}`;
    const port = this.listeningPort === 0 ? '<unknown-replica-port>' : String(this.listeningPort);
    return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
  }

  get ip(): string {
    return this.announcedIp || this.connection.remoteHost;
  }

  /** Counts for INFO, the feed and limits: attached by PSYNC or SYNC and not gone. */
  get attached(): boolean {
    return this.state !== 'handshake' && this.state !== 'closed';
  }

  moveTo(state: ReplicaState): void {
    assert(legal[this.state].includes(state), `a replica cannot go from ${this.state} to ${state}`);
    this.state = state;
  }

  /** Pins the stream from the cursor on; nothing is sent before `startStream`. */
  attachCursor(cursor: Cursor): void {
    assert(this.#cursor === null, 'a replica has one cursor');
    this.#cursor = cursor;
  }

  /** It has all data up to its cursor. 'ack': it says first when it is ready for more. */
  goOnline(startOn: 'now' | 'ack'): void {
    this.moveTo('online');
    this.ackAtMs = this.#clock.monotonic();
    if (startOn === 'ack') this.#startOnAck = true;
    else this.startStream();
  }

  startStream(): void {
    this.#startOnAck = false;
    this.#streaming = true;
    this.flush();
  }

  /** The stream starts with a line of its own: they leave together as far as that is cheap. */
  continueWith(line: Uint8Array, cursor: Cursor): void {
    this.#head = line;
    this.attachCursor(cursor);
  }

  /**
   * Sends what the stream has, until the connection says stop; much of it in several turns of the event loop. Hot: once a turn and
   * per large pipeline part.
   */
  flush(): void {
    const cursor = this.#cursor;
    if (cursor === null || !this.#streaming || this.#blocked) return;
    if (this.#head !== null && !this.#sendHead(this.#head, cursor)) return;
    for (let left = MAX_FLUSH_BYTES; left > 0;) {
      const bytes = this.#take(cursor, left);
      if (bytes.length === 0 || !this.send(bytes)) return;
      left -= bytes.length;
    }
    if (this.#goesOn) return;
    this.#goesOn = true;
    this.#clock.soon(() => {
      this.#goesOn = false;
      this.flush();
      this.wentOn();
    });
  }

  #sendHead(head: Uint8Array, cursor: Cursor): boolean {
    this.#head = null;
    return this.send(Buffer.concat([head, this.#take(cursor, HEAD_STREAM_BYTES)]));
  }

  /** The next of the stream, of `mostBytes` at most, which counts as sent; empty at its end. */
  #take(cursor: Cursor, mostBytes: number): Uint8Array {
    let bytes = cursor.peek();
    if (bytes.length > mostBytes) bytes = bytes.subarray(0, mostBytes);
    cursor.advance(bytes.length);
    this.streamBytesSent += bytes.length;
    return bytes;
  }

  /** Writes beside the stream (reply lines, payload, newlines). False: the connection holds bytes now. */
  send(bytes: Uint8Array): boolean {
    if (this.state === 'closed') return false;
    this.sentBytes += bytes.length;
    if (this.connection.write(bytes)) return !this.#blocked;
    if (!this.#blocked) {
      this.#blocked = true;
      this.#blockedSinceMs = this.#fullSinceMs = this.#clock.monotonic();
      this.#pendingSeen = this.connection.pendingBytes;
    }
    return false;
  }

  keepalive(): void {
    if (!this.#blocked) this.send(NEWLINE);
  }

  /** The connection took everything it held. */
  drained(): void {
    if (this.state === 'closed') return;
    this.#blocked = false;
    const then = this.#whenDrained;
    this.#whenDrained = null;
    if (then !== null) then();
    else this.flush();
  }

  /** Runs `task` once the connection holds nothing more: now, or on its drain. */
  whenDrained(task: () => void): void {
    if (this.#blocked) this.#whenDrained = task;
    else task();
  }

  get blocked(): boolean {
    return this.#blocked;
  }

  /** Milliseconds without any progress of the connection; 0 when nothing waits. Call about once a second. */
  stalledMs(): number {
    if (!this.#blocked) return 0;
    const now = this.#clock.monotonic();
    const pending = this.connection.pendingBytes;
    if (pending !== this.#pendingSeen) {
      this.#pendingSeen = pending;
      this.#blockedSinceMs = now;
    }
    return now - this.#blockedSinceMs;
  }

  /** Bytes that wait for this replica: its unread part of the stream, and stream bytes inside the connection. */
  get queuedBytes(): number {
    const cursor = this.#cursor === null ? 0 : this.#cursor.pendingBytes;
    // A payload in the connection is bounded by back-pressure and is what the replica came for: it does not count.
    return this.#streaming ? cursor + this.connection.pendingBytes : cursor;
  }

  /** Whether `client-output-buffer-limit replica` is exceeded. */
  exceeds(hardBytes: number, softBytes: number, softSeconds: number): boolean {
    const queued = this.queuedBytes;
    if (hardBytes > 0 && queued >= hardBytes) return true;
    if (softBytes === 0 || queued < softBytes) {
      this.#overSoftSinceMs = -1;
      return false;
    }
    const now = this.#clock.monotonic();
    if (this.#overSoftSinceMs < 0) this.#overSoftSinceMs = now;
    return now - this.#overSoftSinceMs > softSeconds * 1000;
  }

  /** What is used up of `client-output-buffer-limit replica`, bytes or seconds: 0 to 1, where `exceeds` begins. */
  outputUsed({ hardBytes, softSeconds }: Limits): number {
    const bytes = hardBytes === 0 ? 0 : this.queuedBytes / hardBytes;
    const { overSoftMs } = this;
    return Math.max(bytes, overSoftMs === 0 ? 0 : overSoftMs / (softSeconds * 1000));
  }

  /** Milliseconds for which the soft limit has been exceeded, as far as `exceeds` has seen. */
  get overSoftMs(): number {
    return this.#overSoftSinceMs < 0 ? 0 : this.#clock.monotonic() - this.#overSoftSinceMs;
  }

  /** Milliseconds since the connection last took all that it was given; 0 while it takes everything at once. */
  get idleMs(): number {
    return this.#blocked ? this.#clock.monotonic() - this.#fullSinceMs : 0;
  }

  /** REPLCONF ACK. */
  acknowledge(offset: number): void {
    if (offset > this.ackOffset) this.ackOffset = offset;
    this.ackAtMs = this.#clock.monotonic();
    if (this.#startOnAck && this.state === 'online') this.startStream();
  }

  /** Seconds since its last sign of life, as INFO's lag. */
  lagSeconds(): number {
    return Math.floor((this.#clock.monotonic() - this.ackAtMs) / 1000);
  }

  /** Lets go of the stream. The connection is the caller's to close. */
  release(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.#cursor?.release(this.#blocked);
    this.#cursor = null;
    this.#streaming = false;
    this.#whenDrained = null;
  }
}
