/**
 * Full resyncs: replicas that wait share one snapshot, which fixes the offset T of them all.
 *
 *   waiting --delay--> +FULLRESYNC <replid> <T>, snapshot runs --> payload sent --> online, stream from T + 1
 *
 *   sockets  $EOF:<mark> CRLF  chunks as they are made  <mark>     (repl-diskless-sync yes and all waiters read it)
 *   disk     $<length> CRLF    chunks once the length is known      (late joiners share it until it is sent)
 *
 * Each replica is a consumer of the snapshot by itself: one that is slow holds up its own connection, and the snapshot only
 * as long as that has patience (snapshot/limits.ts).
 *
 * Rule: a session's cursor is set at T before one byte of the snapshot exists, so nothing between can be lost.
 */
import type { Timer } from '../../base/ambient.ts';
import type { Backlog } from '../backlog.ts';
import { type History, randomHex } from '../history.ts';
import type { ChunkAnswer, ReplicationHost, SnapshotConsumer, SnapshotRun } from '../ports.ts';
import type { Feed } from './feed.ts';
import type { Limits } from './pacing.ts';
import type { ReplicaSession } from './replica-session.ts';

/**
 * Payload bytes that may wait in one connection, beside what the kernel has; it gets no more until all of them are sent. They go out
 * in one turn of the event loop, so they must not be many.
 */
const MAX_QUEUED_BULK_BYTES: number = 256 * 1024;

export interface FullSyncDeps {
  readonly host: ReplicationHost;
  readonly backlog: Backlog;
  readonly history: History;
  readonly feed: Feed;
  readonly limits: () => Limits;
  /** Database that the stream has selected now: ours as a master, our master's as a replica. */
  readonly streamDb: () => number;
  /** Closes a replica whose sync ended (badly, or a backup tool's well); what is queued is still sent. */
  readonly drop: (session: ReplicaSession) => void;
  /** Closes it at once. */
  readonly kill: (session: ReplicaSession) => void;
}

export class FullSync {
  readonly #deps: FullSyncDeps;
  readonly #waiting: Set<ReplicaSession> = new Set();
  #run: Run | null = null;
  #timer: Timer | null = null;
  /** `#startNow` will be called. */
  #planned = false;

  constructor(deps: FullSyncDeps) {
    this.#deps = deps;
  }

  /** The offset of the snapshot that runs, or null. */
  get runningOffset(): number | null {
    return this.#run === null ? null : this.#run.offset;
  }

  /** A replica that needs everything. It is attached and in `wait-bgsave-start` afterwards, or further. */
  request(session: ReplicaSession): void {
    const { host } = this.#deps;
    session.moveTo('wait-bgsave-start');
    this.#waiting.add(session);
    const run = this.#run;
    if (run !== null) {
      if (run.accepts(session)) {
        this.#waiting.delete(session);
        run.join(session);
        host.log.notice('Waiting for end of BGSAVE for SYNC');
      } else if (run.target === 'disk') {
        host.log.notice("Can't attach the replica to the current BGSAVE. Waiting for next BGSAVE for SYNC");
      } else {
        host.log.notice('Current BGSAVE has socket target. Waiting for next BGSAVE for SYNC');
      }
      return;
    }
    const delay = host.settings.replDisklessSyncDelay;
    const delayed = host.settings.replDisklessSync && session.capaEof && delay > 0;
    const busy = host.snapshotRunning ?? null;
    if (busy === 'save')
      host.log.notice("Can't attach the replica to the current BGSAVE. Waiting for next BGSAVE for SYNC");
    else if (delayed) host.log.notice('Delay next BGSAVE for diskless SYNC');
    else if (busy !== null)
      host.log.notice('No BGSAVE in progress, but another BG operation is active. BGSAVE for replication delayed');
    if (delayed) {
      const most = host.settings.replDisklessSyncMaxReplicas;
      this.#schedule(most > 0 && this.#waiting.size >= most ? 0 : delay * 1000);
    } else {
      this.#schedule(0);
    }
  }

  /** The replica is gone, whatever it waited for. */
  forget(session: ReplicaSession): void {
    this.#waiting.delete(session);
    if (this.#waiting.size === 0) this.#cancelTimer();
    this.#run?.leave(session);
  }

  /** Once a second: signs of life for those who wait. */
  keepalive(): void {
    for (const session of this.#waiting) session.keepalive();
    this.#run?.keepalive();
  }

  /** A start that is due earlier than the one planned replaces it. */
  #schedule(delayMs: number): void {
    if (this.#timer !== null && delayMs > 0) return;
    this.#cancelTimer();
    this.#timer = this.#deps.host.clock.after(delayMs, () => {
      this.#timer = null;
      this.#start();
    });
  }

  #cancelTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Another snapshot (of the RDB file, say) has to end first. */
  #start(): void {
    if (this.#planned || this.#run !== null || this.#waiting.size === 0) return;
    this.#planned = true;
    this.#deps.host.whenSnapshotIdle(() => {
      this.#planned = false;
      this.#startNow();
    });
  }

  #startNow(): void {
    if (this.#run !== null || this.#waiting.size === 0) return;
    const { host } = this.#deps;
    // Those who want the same content as the first share its snapshot; the others wait for the next.
    const [first] = this.#waiting;
    const sessions = [...this.#waiting].filter(
      (session) => session.excludeData === first!.excludeData && session.excludeFunctions === first!.excludeFunctions,
    );
    const target = host.settings.replDisklessSync && sessions.every((session) => session.capaEof) ? 'sockets' : 'disk';
    host.log.notice(`Starting BGSAVE for SYNC with target: ${target === 'sockets' ? 'replicas sockets' : 'disk'}`);
    if (target === 'sockets') host.log.notice(`Background RDB transfer started by pid ${host.pid}`);
    const run = new Run(this.#deps, target, first!, () => this.#finished(run));
    this.#run = run;
    this.#deps.feed.forgetDb();
    for (const session of sessions) {
      this.#waiting.delete(session);
      run.join(session);
    }
  }

  #finished(run: Run): void {
    if (this.#run === run) this.#run = null;
    if (this.#waiting.size > 0) this.#schedule(0);
  }
}

/** One snapshot and the replicas that it is for. */
class Run {
  readonly offset: number;
  readonly target: 'sockets' | 'disk';
  readonly #deps: FullSyncDeps;
  readonly #sample: ReplicaSession;
  readonly #streamDb: number;
  readonly #seats: Map<ReplicaSession, Seat> = new Map();
  readonly #mark: string;
  readonly #finished: () => void;
  #begun = false;
  /** Replicas that got all of the payload. */
  #served = 0;

  constructor(deps: FullSyncDeps, target: 'sockets' | 'disk', sample: ReplicaSession, finished: () => void) {
    this.#deps = deps;
    this.target = target;
    this.#sample = sample;
    this.#finished = finished;
    this.offset = deps.history.masterReplOffset;
    this.#streamDb = deps.streamDb();
    this.#mark = target === 'sockets' ? randomHex(deps.host.random) : '';
  }

  /** A late joiner of a disk snapshot gets the same T, as long as nothing of the payload was sent. */
  accepts(session: ReplicaSession): boolean {
    return (
      this.target === 'disk' &&
      !this.#begun &&
      this.#seats.size > 0 &&
      session.excludeData === this.#sample.excludeData &&
      session.excludeFunctions === this.#sample.excludeFunctions
    );
  }

  join(session: ReplicaSession): void {
    const { backlog, history, host } = this.#deps;
    session.moveTo('wait-bgsave-end');
    session.attachCursor(backlog.cursorAt(this.offset + 1));
    if (!session.prePsync) session.send(Buffer.from(`+FULLRESYNC ${history.replid} ${this.offset}\r\n`));
    const seat = new Seat(session, this.#mark, {
      begun: () => {
        this.#begun = true;
        if (this.target === 'disk') session.moveTo('send-bulk');
      },
      sent: () => this.#sent(session),
      failed: (reason, begun) => this.#failed(session, reason, begun),
      hurry: () => session.outputUsed(this.#deps.limits()),
      waitingBytes: () => session.queuedBytes,
    });
    this.#seats.set(session, seat);
    const run = host.snapshot(
      {
        purpose: 'sync',
        offset: this.offset,
        replid: history.replid,
        streamDb: this.#streamDb,
        target: this.target,
        excludeData: this.#sample.excludeData,
        excludeFunctions: this.#sample.excludeFunctions,
      },
      seat,
    );
    seat.run = run;
  }

  /** The replica is gone. */
  leave(session: ReplicaSession): void {
    const seat = this.#seats.get(session);
    if (seat === undefined) return;
    this.#seats.delete(session);
    seat.leave();
    if (this.#seats.size > 0) return;
    if (this.target === 'sockets' && this.#served === 0)
      this.#deps.host.log.notice('Diskless rdb transfer, last replica dropped, killing fork child.');
    this.#finished();
  }

  keepalive(): void {
    // Inside a payload a newline would be data.
    if (this.target === 'disk' && !this.#begun) for (const session of this.#seats.keys()) session.keepalive();
  }

  /** All of the payload was handed to the connection. */
  #sent(session: ReplicaSession): void {
    if (!this.#seats.delete(session)) return;
    this.#served++;
    if (this.#seats.size === 0) {
      if (this.target === 'sockets') this.#tellServed();
      this.#finished();
    }
    session.whenDrained(() => this.#complete(session));
  }

  #tellServed(): void {
    const { log } = this.#deps.host;
    log.warning(`Diskless rdb transfer, done reading from pipe, ${this.#served} replicas still up.`);
    log.notice('Background RDB transfer terminated with success');
  }

  #failed(session: ReplicaSession, reason: string, begun: boolean): void {
    if (!this.#seats.delete(session)) return;
    const { host, drop, kill } = this.#deps;
    host.log.warning(`SYNC failed with replica ${session.name}: ${reason}`);
    if (this.#seats.size === 0) this.#finished();
    // In the middle of a payload whatever is still queued is of no use.
    if (begun) kill(session);
    else {
      session.send(Buffer.from("-BGSAVE failed, replication can't continue\r\n"));
      drop(session);
    }
  }

  /** The payload is with the kernel. */
  #complete(session: ReplicaSession): void {
    const { host, drop } = this.#deps;
    if (session.state === 'closed') return;
    if (this.target === 'sockets') {
      host.log.notice(
        `Streamed RDB transfer with replica ${session.name} succeeded (socket). ` +
          'Waiting for REPLCONF ACK from slave to enable streaming',
      );
    }
    if (session.rdbOnly) {
      host.log.notice(`RDB transfer completed, rdb only replica (${session.name}) should be disconnected asap`);
      drop(session);
      return;
    }
    host.log.notice(`Synchronization with replica ${session.name} succeeded`);
    // Plain SYNC never acknowledges: waiting for it would be for ever.
    session.goOnline(this.target === 'sockets' && !session.prePsync ? 'ack' : 'now');
  }
}

interface SeatEvents {
  begun(): void;
  sent(): void;
  failed(reason: string, begun: boolean): void;
  hurry(): number;
  waitingBytes(): number;
}

/** One replica as a consumer of the snapshot. */
class Seat implements SnapshotConsumer {
  /** Null while the snapshot starts. */
  run: SnapshotRun | null = null;
  readonly #session: ReplicaSession;
  readonly #mark: string;
  readonly #events: SeatEvents;
  #begun = false;
  #left = false;
  #chunks = 0;

  constructor(session: ReplicaSession, mark: string, events: SeatEvents) {
    this.#session = session;
    this.#mark = mark;
    this.#events = events;
  }

  leave(): void {
    this.#left = true;
    this.run?.cancel();
  }

  begin(totalBytes: number | null): ChunkAnswer {
    if (this.#left) return 'stop';
    this.#begun = true;
    this.#events.begun();
    this.#session.send(Buffer.from(totalBytes === null ? `$EOF:${this.#mark}\r\n` : `$${totalBytes}\r\n`));
    return this.#answer();
  }

  chunk(bytes: Uint8Array): ChunkAnswer {
    this.#chunks++;
    this.#session.send(bytes);
    this.#session.bulkBytesSent += bytes.length;
    if (!this.#session.blocked) this.run?.done(this.#chunks);
    return this.#answer();
  }

  end(): void {
    if (this.#mark !== '') this.#session.send(Buffer.from(this.#mark));
    this.#events.sent();
  }

  fail(reason: string): void {
    this.#events.failed(reason, this.#begun);
  }

  hurry(): number {
    return this.#events.hurry();
  }

  waitingBytes(): number {
    return this.#events.waitingBytes();
  }

  #answer(): ChunkAnswer {
    const session = this.#session;
    if (this.#left || session.state === 'closed') return 'stop';
    if (!session.blocked || session.connection.pendingBytes < MAX_QUEUED_BULK_BYTES) return 'more';
    session.whenDrained(() => {
      this.run?.done(this.#chunks);
      this.run?.resume();
    });
    return 'pause';
  }
}
