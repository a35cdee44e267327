/**
 * All replicas attached to us: flushing, limits, time-outs, and the counts that INFO, WAIT and min-replicas-to-write use.
 */
import type { Backlog } from '../backlog.ts';
import type { ReplicationHost } from '../ports.ts';
import type { Feed } from './feed.ts';
import type { FullSync } from './full-sync.ts';
import { type Limits, Pacing } from './pacing.ts';
import type { ReplicaSession } from './replica-session.ts';

/** Stream bytes after which a long pipeline flushes its replicas without waiting for its end. */
const FLUSH_BYTES: number = 64 * 1024;

/** Addresses of former replicas whose last acknowledgement is kept. */
const MAX_REMEMBERED_ACKS = 256;

export interface ReplicasDeps {
  readonly host: ReplicationHost;
  readonly backlog: Backlog;
  readonly feed: Feed;
  /** Only a master's clients write. */
  readonly isMaster: () => boolean;
}

export class Replicas {
  /** Attached ones in the order they came. */
  readonly sessions: Set<ReplicaSession> = new Set();
  /** Monotonic ms since when there are none; for repl-backlog-ttl. */
  noneSinceMs: number;
  /** Set once by the composition: who serves full resyncs. */
  fullSync: FullSync | null = null;
  /** Set once by the composition: a replica acknowledged more, came online or went away. */
  changed: () => void = () => {};
  /** Newest acknowledgement of replicas that have gone, by address. */
  readonly #lastAcks: Map<string, number> = new Map();
  /** Replicas dropped for overcoming `client-output-buffer-limit replica`. */
  limitDisconnections = 0;
  /** What was sent to those that have gone. */
  #departedBytes = 0;
  readonly #deps: ReplicasDeps;

  /** Lets writes wait for replicas close to their limit. */
  readonly pacing: Pacing;

  constructor(deps: ReplicasDeps) {
    this.#deps = deps;
    this.pacing = new Pacing({ host: deps.host, sessions: this.sessions, limits: () => this.limits() });
    this.noneSinceMs = deps.host.clock.monotonic();
  }

  get size(): number {
    return this.sessions.size;
  }

  /** Bytes sent to replicas: stream, snapshots and what goes with them. */
  get sentBytes(): number {
    let total = this.#departedBytes;
    for (const session of this.sessions) total += session.sentBytes;
    return total;
  }

  resetStatistics(): void {
    this.#departedBytes = this.limitDisconnections = this.pacing.heldMs = 0;
    for (const session of this.sessions) session.sentBytes = 0;
  }

  add(session: ReplicaSession): void {
    const { settings } = this.#deps.host;
    session.connection.setNoDelay(!settings.replDisableTcpNodelay);
    session.wentOn = () => this.#taken();
    this.sessions.add(session);
  }

  /** The connection is closed already or about to be. */
  remove(session: ReplicaSession, how: 'lost' | 'dismissed' = 'lost'): void {
    const { host } = this.#deps;
    session.release();
    this.fullSync?.forget(session);
    if (!this.sessions.delete(session)) return;
    this.#departedBytes += session.sentBytes;
    if (session.ackOffset > 0) {
      if (this.#lastAcks.size >= MAX_REMEMBERED_ACKS) this.#lastAcks.clear();
      this.#lastAcks.set(nameOf(session.ip, session.listeningPort), session.ackOffset);
    }
    if (how === 'lost') host.log.warning(`Connection with replica ${session.name} lost.`);
    if (this.sessions.size === 0) this.noneSinceMs = host.clock.monotonic();
    this.#pace();
    this.changed();
  }

  /** Ends a replica's link from our side; what is queued is still sent. */
  drop(session: ReplicaSession, how: 'lost' | 'dismissed' = 'lost'): void {
    this.remove(session, how);
    session.connection.end();
  }

  /** Our history changed: all must ask again. */
  disconnectAll(): void {
    for (const session of [...this.sessions]) this.kill(session);
  }

  kill(session: ReplicaSession): void {
    this.remove(session);
    session.connection.destroy();
  }

  /** At the end of a turn. */
  flush(): void {
    const { feed } = this.#deps;
    if (feed.unflushedBytes === 0) return;
    feed.unflushedBytes = 0;
    for (const session of this.sessions) {
      session.flush();
      this.#checkLimit(session);
    }
    this.#pace();
  }

  /** The replica's connection took what it held. */
  drained(session: ReplicaSession): void {
    session.drained();
    this.#taken();
  }

  /** Some replica has less to take than before: writes that waited for it may go on. */
  #taken(): void {
    if (this.pacing.holding) this.#pace();
  }

  #pace(): void {
    if (this.#deps.isMaster()) this.pacing.look();
    else this.pacing.stop();
  }

  /** `client-output-buffer-limit replica` as it is enforced. */
  limits(): Limits {
    const { replicaOutputHardBytes, replicaOutputSoftBytes, replicaOutputSoftSeconds } = this.#deps.host.settings;
    // A limit below the backlog's size would kill replicas right after a partial resync: Redis ignores it.
    const hardBytes =
      replicaOutputHardBytes === 0 ? 0 : Math.max(replicaOutputHardBytes, this.#deps.backlog.wantedBytes);
    return { hardBytes, softBytes: replicaOutputSoftBytes, softSeconds: replicaOutputSoftSeconds };
  }

  /** Inside a long pipeline, after each command: a burst must not pile up until the turn's end. Hot. */
  flushIfLarge(): void {
    if (this.#deps.feed.unflushedBytes >= FLUSH_BYTES) this.flush();
  }

  #checkLimit(session: ReplicaSession): void {
    const { host } = this.#deps;
    const { hardBytes, softBytes, softSeconds } = this.limits();
    if (!session.exceeds(hardBytes, softBytes, softSeconds)) return;
    host.log.warning(
      `Client ${session.peer.describe()} scheduled to be closed ASAP for overcoming of output buffer limits.`,
    );
    this.limitDisconnections++;
    this.kill(session);
  }

  /** Once a second. */
  cron(): void {
    const { host } = this.#deps;
    const timeoutMs = host.settings.replTimeout * 1000;
    const now = host.clock.monotonic();
    for (const session of [...this.sessions]) {
      const stalledMs = session.stalledMs();
      if (session.state === 'online') {
        if (!session.prePsync && now - session.ackAtMs > timeoutMs) {
          host.log.warning(`Disconnecting timedout replica (streaming sync): ${session.name}`);
          this.kill(session);
          continue;
        }
      } else if (stalledMs > timeoutMs) {
        host.log.warning(`Disconnecting timedout replica (full sync): ${session.name}`);
        this.kill(session);
        continue;
      }
      this.#checkLimit(session);
    }
    this.fullSync?.keepalive();
  }

  /** Online and heard of within min-replicas-max-lag. */
  goodCount(): number {
    const { minReplicasMaxLag } = this.#deps.host.settings;
    let count = 0;
    for (const session of this.sessions) {
      if (session.state === 'online' && session.lagSeconds() <= minReplicasMaxLag) count++;
    }
    return count;
  }

  /** For WAIT: how many have applied the stream up to `offset`. */
  ackedCount(offset: number): number {
    let count = 0;
    for (const session of this.sessions) {
      if (session.state === 'online' && session.ackOffset >= offset) count++;
    }
    return count;
  }

  /** The newest offset that the replica with this address has ever acknowledged; null if it never did. */
  lastAck(host: string, port: number): number | null {
    const name = nameOf(host, port);
    let last = this.#lastAcks.get(name) ?? null;
    for (const session of this.sessions) {
      if (session.ackOffset === 0 || nameOf(session.ip, session.listeningPort) !== name) continue;
      last = Math.max(last ?? 0, session.ackOffset);
    }
    return last;
  }

  /** For WAITAOF: how many have the stream up to `offset` on their disks. */
  fsyncedCount(offset: number): number {
    let count = 0;
    for (const session of this.sessions) {
      if (session.state === 'online' && session.ackAofOffset >= offset) count++;
    }
    return count;
  }
}

function nameOf(host: string, port: number): string {
  return `${host.toLowerCase()}:${port}`;
}
