/**
 * A tiny server around the real `Replication`: strings in a few databases, RESP requests, an RDB of its own. It stands
 * in for the server in tests of the replication layer; everything it does not need is left out.
 */
import type { Clock } from '../../../src/base/ambient.ts';
import type { Connection, Network } from '../../../src/io/world.ts';
import { ReplyError } from '../../../src/base/errors.ts';
import { DroppedBuffers } from '../../../src/memory/dropped-buffers.ts';
import type { ReplicaSession } from '../../../src/replication/master/replica-session.ts';
import {
  type LoadRequest,
  type LoadSession,
  type LoadSummary,
  type ReplicaPeer,
  type ReplicationHost,
  type ReplicationSettings,
  type SnapshotConsumer,
  type SnapshotRequest,
  type SnapshotRun,
  type StreamExecutor,
  StreamError,
} from '../../../src/replication/ports.ts';
import { Replication, type ReplicationOptions } from '../../../src/replication/replication.ts';
import { command } from '../../../src/replication/wire.ts';
import { MemoryLog, SeededRandom } from './sim-network.ts';

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function defaultSettings(port: number): Mutable<ReplicationSettings> {
  return {
    port,
    replTimeout: 60,
    replPingReplicaPeriod: 10,
    replBacklogSize: 1024 * 1024,
    replBacklogAutoOutage: 60,
    replBacklogAutoMax: 256 * 1024 * 1024,
    replicaAllowedMasters: '',
    replicaRefuseEmptyMaster: false,
    replicaSaveLostWrites: false,
    replicaMaxWriteDelay: 10,
    replBacklogTtl: 3600,
    replDisklessSync: true,
    replDisklessSyncDelay: 0,
    replDisklessSyncMaxReplicas: 0,
    replDisableTcpNodelay: false,
    tcpKeepalive: 300,
    masterauth: '',
    masteruser: '',
    replicaAnnounceIp: '',
    replicaAnnouncePort: 0,
    bindSourceAddr: '',
    replicaPriority: 100,
    replicaReadOnly: true,
    replicaAnnounced: true,
    minReplicasToWrite: 0,
    minReplicasMaxLag: 10,
    replicaOutputHardBytes: 256 * 1024 * 1024,
    replicaOutputSoftBytes: 64 * 1024 * 1024,
    replicaOutputSoftSeconds: 60,
  };
}

export type Data = Map<string, string>;

/** One request of the form `*<n> $<len> ...`; null when it is not complete. Anything else is a StreamError. */
export function parseCommand(bytes: Uint8Array, at: number, end: number): { words: string[]; next: number } | null {
  const line = (from: number): { text: string; next: number } | null => {
    const lf = bytes.indexOf(0x0a, from);
    if (lf < 0 || lf >= end) return null;
    return { text: Buffer.from(bytes.subarray(from, lf - 1)).toString('latin1'), next: lf + 1 };
  };
  const head = line(at);
  if (head === null) return null;
  if (!head.text.startsWith('*')) throw new StreamError(`expected '*', got '${head.text.slice(0, 20)}'`);
  const words: string[] = [];
  let next = head.next;
  for (let left = Number(head.text.slice(1)); left > 0; left--) {
    const size = line(next);
    if (size === null) return null;
    if (!size.text.startsWith('$')) throw new StreamError("expected '$'");
    const length = Number(size.text.slice(1));
    if (size.next + length + 2 > end) return null;
    words.push(Buffer.from(bytes.subarray(size.next, size.next + length)).toString('latin1'));
    next = size.next + length + 2;
  }
  return { words, next };
}

class Peer implements ReplicaPeer {
  replica: ReplicaSession | null = null;
  readonly id: number;
  readonly connection: Connection;
  buffer: Uint8Array = new Uint8Array(0);

  constructor(id: number, connection: Connection) {
    this.id = id;
    this.connection = connection;
  }

  hasPendingReplies(): boolean {
    return false;
  }

  takeReplies(): Uint8Array {
    return new Uint8Array(0);
  }

  describe(): string {
    return `id=${this.id} addr=${this.connection.remoteAddress}`;
  }
}

export interface NodeOptions extends ReplicationOptions {
  readonly clock: Clock;
  readonly network: Network;
  readonly port: number;
  readonly seed?: number;
}

export class ReplicationNode implements ReplicationHost, StreamExecutor {
  readonly clock: Clock;
  readonly network: Network;
  readonly random: SeededRandom;
  readonly log: MemoryLog = new MemoryLog();
  readonly settings: Mutable<ReplicationSettings>;
  readonly executor: StreamExecutor = this;
  readonly memory: DroppedBuffers = new DroppedBuffers();
  readonly replication: Replication;
  readonly port: number;
  data: Data = new Map();
  /** Snapshot pieces are this large, one a turn; 0: the snapshot blocks. */
  sliceBytes = 0;
  snapshots = 0;
  /** The running sliced snapshot stops here until it is set to true again. */
  snapshotMayEnd = true;
  /** Requires AUTH of connections. */
  requirepass = '';
  /** Fails loads on purpose. */
  corruptLoads = 0;
  /** Each time a failover paused or resumed writes. */
  readonly pauses: boolean[] = [];
  /** Slow replicas hold writes up. */
  writesWait = false;
  #nextClient = 1;
  /** The snapshot that was made last, and how many still take it. */
  #snapshotAt: { readonly offset: number; readonly rdb: Uint8Array; running: number } | null = null;
  #stopped = false;

  constructor(options: NodeOptions) {
    this.clock = options.clock;
    this.network = options.network;
    this.port = options.port;
    this.random = new SeededRandom(options.seed ?? options.port);
    this.settings = defaultSettings(options.port);
    this.replication = new Replication(this, options);
  }

  readonly lostWrites: Map<string, string> = new Map();

  keyCount = (): number => this.data.size;

  saveLostWrites = (name: string, pieces: readonly Uint8Array[]): null => {
    this.lostWrites.set(name, Buffer.concat(pieces).toString());
    return null;
  };

  pauseWrites(purpose: 'failover' | 'replicas', on: boolean): void {
    if (purpose === 'replicas') this.writesWait = on;
    else this.pauses.push(on);
  }

  async start(): Promise<void> {
    await this.network.listen({ endpoint: { kind: 'tcp', host: '127.0.0.1', port: this.port } }, (connection) =>
      this.#accept(connection),
    );
    const timer = this.clock.every(1000, () => {
      if (this.#stopped) timer.cancel();
      else this.replication.cron();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.replication.shutdown();
  }

  /** A write on this node as master, one turn of its own. */
  set(key: string, value: string, db = 0): void {
    this.write(db, ['SET', key, value]);
    this.replication.beforeSleep();
  }

  /** A write inside a longer pipeline. */
  write(db: number, words: readonly string[]): void {
    const bytes = command(...words);
    this.#execute(db, words);
    this.replication.feed(db, bytes, 0, bytes.length);
    this.replication.flushIfLarge();
  }

  info(name: string): string | undefined {
    const row = this.replication.infoRows().find(([field]) => field === name);
    return row === undefined ? undefined : String(row[1]);
  }

  get linkUp(): boolean {
    return this.replication.link?.tag === 'connected';
  }

  get offset(): number {
    return this.replication.history.masterReplOffset;
  }

  // StreamExecutor ---------------------------------------------------------------------------------

  selectedDb = 0;
  openTransactionBytes = 0;
  held = false;
  #queue: string[][] | null = null;

  reset(selectedDb: number): void {
    this.selectedDb = selectedDb;
    this.openTransactionBytes = 0;
    this.#queue = null;
  }

  apply(bytes: Uint8Array, at: number, length: number): number {
    const end = at + length;
    let next = at;
    for (;;) {
      const parsed = parseCommand(bytes, next, end);
      if (parsed === null) return next - at;
      this.#applyOne(parsed.words);
      if (this.#queue === null) this.openTransactionBytes = 0;
      else this.openTransactionBytes += parsed.next - next;
      next = parsed.next;
    }
  }

  #applyOne(words: string[]): void {
    const name = words[0]!.toUpperCase();
    if (name === 'EXEC') {
      const queue = this.#queue ?? [];
      this.#queue = null;
      for (const queued of queue) this.#applyOne(queued);
    } else if (this.#queue !== null) this.#queue.push(words);
    else if (name === 'MULTI') this.#queue = [];
    else if (name === 'SELECT') this.selectedDb = Number(words[1]);
    else if (name === 'REPLCONF') this.replication.getAck();
    else this.#execute(this.selectedDb, words);
  }

  #execute(db: number, words: readonly string[]): void {
    const name = words[0]!.toUpperCase();
    if (name === 'SET') this.data.set(`${db}:${words[1]!}`, words[2]!);
    else if (name === 'DEL') this.data.delete(`${db}:${words[1]!}`);
  }

  // Snapshots --------------------------------------------------------------------------------------

  readonly pid: number = 1;

  whenSnapshotIdle(task: () => void): void {
    task();
  }

  snapshot(request: SnapshotRequest, consumer: SnapshotConsumer): SnapshotRun {
    // Replicas of one offset share the data.
    const shares = this.#snapshotAt?.offset === request.offset && this.#snapshotAt.running > 0;
    if (!shares) {
      this.snapshots++;
      this.#snapshotAt = { offset: request.offset, rdb: encodeRdb(this.data, request.streamDb), running: 0 };
    }
    const shared = this.#snapshotAt!;
    shared.running++;
    const { rdb } = shared;
    const pieces: Uint8Array[] = [];
    const size = this.sliceBytes || 16 * 1024;
    for (let at = 0; at < rdb.length; at += size) pieces.push(rdb.slice(at, at + size));
    let state: 'run' | 'wait' | 'over' = 'run';
    let begun = false;
    const step = (): void => {
      if (state !== 'run') return;
      if (!begun) {
        if (request.target === 'disk' && !this.snapshotMayEnd) {
          this.clock.after(10, step);
          return;
        }
        begun = true;
        obey(consumer.begin(request.target === 'disk' ? rdb.length : null));
      } else if (pieces.length > 0) obey(consumer.chunk(pieces.shift()!));
      else if (this.snapshotMayEnd) {
        state = 'over';
        shared.running--;
        consumer.end();
        return;
      } else {
        this.clock.after(10, step);
        return;
      }
      if (state === 'run') this.clock.soon(step);
    };
    const obey = (answer: string): void => {
      if (answer === 'pause') state = 'wait';
      else if (answer === 'stop') {
        state = 'over';
        shared.running--;
      }
    };
    if (this.sliceBytes > 0) this.clock.soon(step);
    else {
      if (consumer.begin(request.target === 'disk' ? rdb.length : null) !== 'stop') {
        for (const piece of pieces) if (consumer.chunk(piece) === 'stop') break;
        consumer.end();
      }
      state = 'over';
      // Others of the same turn may still come.
      this.clock.soon(() => shared.running--);
    }
    return {
      done: () => {},
      resume: () => {
        if (state !== 'wait') return;
        state = 'run';
        this.clock.soon(step);
      },
      cancel: () => {
        if (state !== 'over') shared.running--;
        state = 'over';
      },
    };
  }

  beginLoad(request: LoadRequest): LoadSession {
    const parts: Uint8Array[] = [];
    let staged: Data | null = null;
    let aborted = false;
    return {
      push: (bytes, at, length) => {
        parts.push(bytes.slice(at, at + length));
        // Now and then the loader falls behind.
        if (this.random.below(4) !== 0) return true;
        this.clock.after(3, () => request.resume());
        return false;
      },
      finish: async (): Promise<LoadSummary> => {
        await new Promise<void>((resolve) => void this.clock.after(5, resolve));
        if (this.corruptLoads > 0) {
          this.corruptLoads--;
          throw new Error('Bad file format reading the RDB');
        }
        const decoded = decodeRdb(Buffer.concat(parts));
        staged = decoded.data;
        return { streamDb: decoded.streamDb, keys: decoded.data.size };
      },
      commit: () => {
        if (aborted || staged === null) throw new Error('commit without a verified load');
        this.data = staged;
      },
      abort: () => {
        aborted = true;
      },
    };
  }

  // Connections ------------------------------------------------------------------------------------

  #accept(connection: Connection): void {
    const peer = new Peer(this.#nextClient++, connection);
    connection.handle({
      onData: (bytes) => this.#received(peer, bytes),
      onDrain: () => this.replication.peerDrained(peer),
      onClose: () => this.replication.peerClosed(peer),
    });
  }

  #received(peer: Peer, bytes: Uint8Array): void {
    this.replication.peerHeard(peer);
    peer.buffer = Buffer.concat([peer.buffer, bytes]);
    for (;;) {
      while (peer.buffer[0] === 0x0a) peer.buffer = peer.buffer.subarray(1);
      if (peer.buffer[0] !== 0x2a && peer.buffer.length > 0) {
        const lf = peer.buffer.indexOf(0x0a);
        if (lf < 0) break;
        const words = Buffer.from(peer.buffer.subarray(0, lf)).toString('latin1').trim().split(' ');
        peer.buffer = peer.buffer.subarray(lf + 1);
        this.#request(peer, words);
        continue;
      }
      const parsed = parseCommand(peer.buffer, 0, peer.buffer.length);
      if (parsed === null) break;
      peer.buffer = peer.buffer.subarray(parsed.next);
      this.#request(peer, parsed.words);
    }
    this.replication.beforeSleep();
  }

  #authenticated: WeakSet<Peer> = new WeakSet();

  #request(peer: Peer, words: string[]): void {
    const [name, ...args] = words;
    const reply = (text: string): void => void peer.connection.write(Buffer.from(text, 'latin1'));
    const upper = name!.toUpperCase();
    if (upper === 'AUTH') {
      if (args.at(-1) === this.requirepass) {
        this.#authenticated.add(peer);
        reply('+OK\r\n');
      } else reply('-WRONGPASS invalid username-password pair or user is disabled.\r\n');
      return;
    }
    if (this.requirepass !== '' && !this.#authenticated.has(peer)) {
      reply('-NOAUTH Authentication required.\r\n');
      return;
    }
    if (upper === 'PING') {
      if (peer.replica?.attached === true) this.replication.rejectReply(peer, 'ping');
      else reply('+PONG\r\n');
      return;
    }
    const answer =
      upper === 'REPLCONF'
        ? this.replication.replconf(peer, args)
        : upper === 'PSYNC'
          ? this.replication.psync(peer, args[0]!, args[1]!, args[2]?.toLowerCase() === 'failover')
          : upper === 'SYNC'
            ? this.replication.sync(peer)
            : new ReplyError(`ERR unknown command '${name!}'`);
    if (answer === 'ok') reply('+OK\r\n');
    else if (answer === 'ok-pipelined-psync') reply('+OK pipelined-psync\r\n');
    else if (answer instanceof ReplyError) peer.connection.write(answer.bytes);
  }
}

/** A real, if small, RDB: strings only, no checksum, lengths in 32 bits. */
export function encodeRdb(data: Data, streamDb: number): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from('REDIS0010')];
  const text = (value: string): void => {
    const head = Buffer.alloc(5);
    head[0] = 0x80;
    head.writeUInt32BE(value.length, 1);
    parts.push(head, Buffer.from(value, 'latin1'));
  };
  parts.push(Buffer.from([0xfa]));
  text('repl-stream-db');
  text(String(streamDb));
  let selected = -1;
  for (const [key, value] of [...data].sort(([a], [b]) => Number.parseInt(a) - Number.parseInt(b))) {
    const colon = key.indexOf(':');
    const db = Number(key.slice(0, colon));
    if (db !== selected) parts.push(Buffer.from([0xfe, db]));
    selected = db;
    parts.push(Buffer.from([0]));
    text(key.slice(colon + 1));
    text(value);
  }
  parts.push(Buffer.from([0xff]), Buffer.alloc(8));
  return Buffer.concat(parts);
}

/** Reads what `encodeRdb` writes, and redis-server with `rdbcompression no` for strings. Throws on anything else. */
export function decodeRdb(bytes: Uint8Array): { data: Data; streamDb: number } {
  const view = Buffer.from(bytes);
  if (view.subarray(0, 5).toString() !== 'REDIS') throw new Error('Wrong signature trying to load DB from file');
  const data: Data = new Map();
  let at = 9;
  let db = 0;
  let streamDb = 0;
  const length = (): number => {
    const first = view.readUInt8(at++);
    if (first >> 6 === 0) return first;
    if (first >> 6 === 1) return ((first & 63) << 8) | view.readUInt8(at++);
    if (first === 0x80) return view.readUInt32BE((at += 4) - 4);
    throw new Error(`unexpected length ${first}`);
  };
  const text = (): string => {
    const first = view.readUInt8(at);
    if (first === 0xc0) return String(view.readInt8((at += 2) - 1));
    if (first === 0xc1) return String(view.readInt16LE((at += 3) - 2));
    if (first === 0xc2) return String(view.readInt32LE((at += 5) - 4));
    const size = length();
    if (at + size > view.length) throw new Error('Short read loading the RDB');
    return view.subarray(at, (at += size)).toString('latin1');
  };
  for (;;) {
    const code = view.readUInt8(at++);
    if (code === 0xfa) {
      const name = text();
      const value = text();
      if (name === 'repl-stream-db') streamDb = Number(value);
    } else if (code === 0xfe) db = length();
    else if (code === 0xfb) {
      length();
      length();
    } else if (code === 0xff) break;
    else if (code === 0) {
      const key = text();
      data.set(`${db}:${key}`, text());
    } else throw new Error(`unexpected RDB type ${code}`);
  }
  if (at + 8 !== view.length) throw new Error('The RDB does not end where its payload ends');
  return { data, streamDb };
}
