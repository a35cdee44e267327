/**
 * Replication as the server sees it: one role at a time, one history, one stream, the replicas below and the link above.
 *
 *   commands --feed--> history + stream buffer --cursors--> replicas
 *                              ^
 *   master's link --applied, verbatim
 *
 * What calls it: execution (`feed`, `flushIfLarge`), the end of a turn (`beforeSleep`), a timer (`cron`, once a second), the
 * rows REPLICAOF, ROLE, REPLCONF, PSYNC, SYNC, WAIT, INFO, and the sessions of replicas (`peerHeard`, `peerDrained`, `peerClosed`).
 */
import { replyError } from '../base/errors.ts';
import { Backlog } from './backlog.ts';
import { BacklogSizer } from './backlog-size.ts';
import { Failover } from './failover-driver.ts';
import { History } from './history.ts';
import { Feed } from './master/feed.ts';
import { FullSync } from './master/full-sync.ts';
import { type PeerAnswer, PsyncService, type SyncCounters } from './master/psync-service.ts';
import { Replicas } from './master/replicas.ts';
import { Waiters } from './master/waiters.ts';
import type { ReplicaPeer, ReplicationHost } from './ports.ts';
import type { MasterLink } from './replica/link.ts';
import { backOff, type RetryPolicy } from './replica/retry.ts';
import { Upstream } from './replica/upstream.ts';
import { isAllowedMaster } from './safety.ts';
import { Timeline } from './timeline.ts';
import { type InfoRow, infoRows, type ReplicationStatus, roleReply, type RoleReply } from './status.ts';
import { statusOf } from './status-of.ts';

export interface ReplicationOptions {
  /** How reconnections to a master are spaced. Default: `backOff`. */
  readonly retry?: RetryPolicy;
}

/** What an RDB file says about replication, so that a restart can continue: repl-id, repl-offset, repl-stream-db. */
export interface RdbReplicationInfo {
  readonly replid: string;
  readonly offset: number;
  readonly streamDb: number;
}

export class Replication {
  readonly history: History;
  readonly backlog: Backlog;
  readonly feeder: Feed;
  readonly replicas: Replicas;
  /** Clients in WAIT and WAITAOF. */
  readonly waiters: Waiters;
  readonly failover: Failover;
  /** Set while a failover or shutdown holds the stream still: no ping of ours may move the offset. */
  pingsPaused = false;

  readonly #host: ReplicationHost;
  readonly #upstream: Upstream;
  readonly #psync: PsyncService;
  #seconds = 0;
  readonly #timeline = new Timeline();
  readonly #sizer = new BacklogSizer();
  #ackWanted = false;

  constructor(host: ReplicationHost, options: ReplicationOptions = {}) {
    this.#host = host;
    const history = new History(host.random);
    const backlog = new Backlog(() => this.#sizer.bytes(host.settings), host.memory);
    this.backlog = backlog;
    const feed = new Feed(backlog, history);
    const replicas = new Replicas({ host, backlog, feed, isMaster: () => this.isMaster });
    const fullSync = new FullSync({
      host,
      backlog,
      history,
      feed,
      limits: () => replicas.limits(),
      streamDb: () => this.#streamDb(),
      drop: (session) => replicas.drop(session),
      kill: (session) => replicas.kill(session),
    });
    replicas.fullSync = fullSync;
    this.#upstream = new Upstream({
      host,
      history,
      backlog,
      feed,
      replicas,
      failover: () => this.failover,
      retry: options.retry ?? backOff(host.random),
    });
    this.history = history;
    this.feeder = feed;
    this.replicas = replicas;
    this.waiters = new Waiters(replicas, () => host.fsyncedOffset?.() ?? null);
    replicas.changed = () => this.waiters.changed();
    this.failover = new Failover({
      host,
      history,
      replicas,
      isMaster: () => this.isMaster,
      allows: (target) => this.allowsMaster(target.host, target.port),
      requestAcks: () => feed.requestAck(),
      follow: (target) => this.#upstream.follow(target.host, target.port, true),
      unfollow: () => this.#upstream.unfollow(),
    });
    this.#psync = new PsyncService({
      host,
      history,
      backlog,
      feed,
      replicas,
      fullSync,
      canServe: () => this.canServe,
      failingOver: () => this.failover.underWay,
    });
  }

  // Role -----------------------------------------------------------------------------------------

  get isMaster(): boolean {
    return this.#upstream.link === null;
  }

  /** Null while we are a master. */
  get link(): MasterLink | null {
    return this.#upstream.link;
  }

  /** Bytes from masters since the statistics were reset. */
  get receivedBytes(): number {
    return this.#upstream.receivedBytes;
  }

  /** Full resyncs that `replica-refuse-empty-master` refused since the statistics were reset. */
  get refusedSyncs(): number {
    return this.#upstream.refusedSyncs;
  }

  /** Our data is known to be the master's (or our own): replicas may sync from us, stale reads are not stale. */
  get canServe(): boolean {
    return this.#upstream.link === null || this.#upstream.link.tag === 'connected';
  }

  get counters(): Readonly<SyncCounters> {
    return this.#psync.counters;
  }

  /** `replica-allowed-masters`. */
  allowsMaster(host: string, port: number): boolean {
    return isAllowedMaster(this.#host.settings.replicaAllowedMasters, host, port);
  }

  /**
   * REPLICAOF host port. False: we follow that master already, nothing was done (the row says so in its reply).
   * `requestedBy`: the client's CLIENT LIST line; absent for the configuration file.
   */
  replicaOf(host: string, port: number, requestedBy?: string): boolean {
    const { log } = this.#host;
    const old = this.#upstream.link;
    if (old !== null && old.port === port && old.host.toLowerCase() === host.toLowerCase()) {
      log.notice(
        'REPLICAOF would result into synchronization with the master we are already connected with. No operation performed.',
      );
      return false;
    }
    this.#upstream.follow(host, port, requestedBy !== undefined);
    if (requestedBy !== undefined) {
      log.notice(`REPLICAOF ${host}:${port} enabled (user request from '${requestedBy}')`);
    }
    return true;
  }

  /** REPLICAOF NO ONE. Our data stays; our history continues under a new id. No-op on a master. */
  noOne(requestedBy: string, request: 'user' | 'failover' = 'user'): void {
    if (this.#upstream.link === null) return;
    this.#upstream.unfollow();
    this.#host.log.notice(`MASTER MODE enabled (${request} request from '${requestedBy}')`);
  }

  /** Closes everything; the server goes down. */
  shutdown(): void {
    this.failover.stop();
    this.replicas.pacing.stop();
    this.#upstream.link?.stop();
    for (const session of [...this.replicas.sessions]) this.replicas.drop(session, 'dismissed');
  }

  // The stream -----------------------------------------------------------------------------------

  /** Whether effects are worth building: somebody listens or a history is kept. False on replicas. */
  get feeding(): boolean {
    return this.#upstream.link === null && this.feeder.active;
  }

  /** Propagates whole commands in RESP to replicas and backlog. Copies. Ignored on a replica: its stream is its master's. */
  feed(db: number, bytes: Uint8Array, at: number, length: number): void {
    if (this.#upstream.link === null) this.feeder.feed(db, bytes, at, length);
  }

  /** What is fed goes somewhere: we are a master with a backlog. */
  get recording(): boolean {
    return this.#upstream.link === null && this.backlog.active;
  }

  /** Inside long pipelines, after each command. */
  flushIfLarge(): void {
    this.replicas.flushIfLarge();
  }

  /** At the end of each turn of the event loop. */
  beforeSleep(): void {
    this.waiters.look();
    if (this.failover.underWay) this.failover.look();
    if (this.#ackWanted && this.#host.paused !== true) {
      this.#ackWanted = false;
      if (this.#upstream.link === null && this.replicas.size > 0) this.feeder.requestAck();
    }
    if (this.replicas.size > 0) this.#timeline.note(this.history.masterReplOffset, this.#host.clock.monotonic());
    this.replicas.flush();
  }

  /** CONFIG RESETSTAT. */
  resetStatistics(): void {
    this.#upstream.receivedBytes = this.#upstream.refusedSyncs = 0;
    this.replicas.resetStatistics();
    this.#psync.resetCounters();
  }

  /** Our own disk acknowledges writes. */
  get hasAof(): boolean {
    return (this.#host.fsyncedOffset?.() ?? null) !== null;
  }

  /** More of the stream is on our own disk, or there is no AOF any more: for WAITAOF. */
  fsynced(): void {
    this.waiters.changed();
  }

  /** A shutdown: asks now, although clients are paused. */
  askForAcks(): void {
    if (this.#upstream.link !== null || this.replicas.size === 0) return;
    this.feeder.requestAck();
    this.replicas.flush();
  }

  /** WAIT: ask all replicas for an ACK at the end of this turn. */
  requestAcks(): void {
    this.#ackWanted = true;
  }

  /** Once a second. */
  cron(): void {
    const { clock, log, settings } = this.#host;
    this.#seconds++;
    this.#upstream.link?.cron();
    this.replicas.cron();
    this.#sizer.sample(this.history.masterReplOffset);
    this.backlog.resize();
    if (this.#upstream.link === null) {
      if (this.replicas.size > 0) {
        if (!this.pingsPaused && !this.failover.underWay && this.#seconds % settings.replPingReplicaPeriod === 0)
          this.feeder.ping();
      } else if (settings.replBacklogTtl > 0 && this.backlog.active) {
        const idleMs = clock.monotonic() - this.replicas.noneSinceMs;
        if (idleMs > settings.replBacklogTtl * 1000) {
          // Nobody records our writes from here on: no id of today may cover them.
          this.history.changeReplid();
          this.history.clearReplid2();
          this.backlog.free();
          log.notice(`Replication backlog freed after ${settings.replBacklogTtl} seconds without connected replicas.`);
        }
      }
    }
    this.feeder.verify();
    this.replicas.flush();
  }

  #streamDb(): number {
    if (this.#upstream.link === null) return this.feeder.streamDb;
    return this.#upstream.cachedDb ?? this.#host.executor.selectedDb;
  }

  // For rows and sessions ------------------------------------------------------------------------

  replconf(peer: ReplicaPeer, args: readonly string[]): PeerAnswer {
    return this.#psync.replconf(peer, args);
  }

  /** PSYNC <replid> <offset> [FAILOVER]. With FAILOVER our own master hands its role to us and follows from here. */
  psync(peer: ReplicaPeer, replid: string, offsetText: string, failover = false): PeerAnswer {
    if (failover) {
      const refusal = this.#takeOver(peer, replid);
      if (refusal !== null) return refusal;
    }
    return this.#psync.psync(peer, replid, offsetText);
  }

  #takeOver(peer: ReplicaPeer, replid: string): PeerAnswer | null {
    const { log } = this.#host;
    log.warning(`Failover request received for replid ${replid}.`);
    if (this.#upstream.link === null) {
      log.warning("PSYNC FAILOVER can't be sent to a master.");
      return replyError("ERR PSYNC FAILOVER can't be sent to a master.");
    }
    if (replid.toLowerCase() !== this.history.replid.toLowerCase()) {
      log.warning('PSYNC FAILOVER replid must match my replid.');
      return replyError('ERR PSYNC FAILOVER replid must match my replid.');
    }
    this.noOne(peer.describe(), 'failover');
    return null;
  }

  sync(peer: ReplicaPeer): PeerAnswer {
    return this.#psync.sync(peer);
  }

  /** REPLCONF GETACK, executed from the master's stream. The ACK leaves when its burst is applied. Never answered. */
  getAck(): PeerAnswer {
    this.#upstream.link?.ackRequested();
    return 'none';
  }

  /** An attached replica generated a reply: it does what no replica does. The row's name goes to the log. */
  rejectReply(peer: ReplicaPeer, commandName: string): void {
    const session = peer.replica;
    if (session === null || !session.attached) return;
    this.#host.log.warning(
      `Replica generated a reply to command '${commandName}', disconnecting it: ${peer.describe()}`,
    );
    this.replicas.kill(session);
  }

  /** Bytes came from an attached replica, newlines included: it lives. */
  peerHeard(peer: ReplicaPeer): void {
    if (peer.replica?.attached === true) peer.replica.ackAtMs = this.#host.clock.monotonic();
  }

  peerDrained(peer: ReplicaPeer): void {
    if (peer.replica !== null) this.replicas.drained(peer.replica);
  }

  peerClosed(peer: ReplicaPeer): void {
    if (peer.replica !== null) this.replicas.remove(peer.replica);
  }

  /** For the gate of min-replicas-to-write. */
  get enoughGoodReplicas(): boolean {
    const { minReplicasToWrite, minReplicasMaxLag } = this.#host.settings;
    if (this.#upstream.link !== null || minReplicasToWrite === 0 || minReplicasMaxLag === 0) return true;
    return this.replicas.goodCount() >= minReplicasToWrite;
  }

  /** What an RDB written now should carry; null when it would promise what we cannot keep. */
  rdbInfo(): RdbReplicationInfo | null {
    const { history } = this;
    if (
      this.#upstream.link === null
        ? !this.backlog.active
        : this.#upstream.link.tag !== 'connected' && this.#upstream.cachedDb === null
    )
      return null;
    return { replid: history.replid, offset: history.masterReplOffset, streamDb: this.#streamDb() };
  }

  /**
   * Our own RDB is being loaded at start: continue where that file ends. A replica asks its master for the rest; a master
   * takes a new id and lets its replicas continue under the old one, and tells them of the keys that expired meanwhile.
   */
  restore(info: RdbReplicationInfo, as: 'master' | 'replica'): void {
    const { backlog, history } = this;
    history.replace(info.replid, info.offset);
    if (as === 'master') history.promote();
    else this.#upstream.cachedDb = info.streamDb;
    if (backlog.active) backlog.free();
    backlog.create(info.offset);
    this.replicas.noneSinceMs = this.#host.clock.monotonic();
  }

  status(): ReplicationStatus {
    return statusOf({
      host: this.#host,
      history: this.history,
      backlog: this.backlog,
      replicas: this.replicas,
      timeline: this.#timeline,
      failoverState: this.failover.state,
      link: this.#upstream.link,
      cached: this.#upstream.cachedDb !== null,
    });
  }

  infoRows(): InfoRow[] {
    return infoRows(this.status());
  }

  role(): RoleReply {
    return roleReply(this.status());
  }
}
