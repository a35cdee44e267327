/**
 * What replication needs from the server around it, as interfaces: this folder imports neither commands nor server.
 * The server implements `ReplicationHost`; tests and simulation implement it with doubles.
 */
import type { Clock, Log, Random } from '../base/ambient.ts';
import type { Connection, Network, TlsContext } from '../io/world.ts';
import type { DroppedBuffers } from '../memory/dropped-buffers.ts';
import type { SnapshotConsumer, SnapshotPurpose, SnapshotRequest, SnapshotRun } from '../snapshot/ports.ts';
import type { ReplicaSession } from './master/replica-session.ts';

export type { ChunkAnswer, SnapshotConsumer, SnapshotRequest, SnapshotRun } from '../snapshot/ports.ts';

export interface ReplicationHost {
  readonly clock: Clock;
  /** Of the process. */
  readonly pid: number;
  readonly network: Network;
  /** For links to our master; absent or undefined: plain TCP. */
  tls?(): TlsContext | undefined;
  readonly random: Random;
  readonly log: Log;
  /** Read at each use, so that CONFIG SET works at once. */
  readonly settings: ReplicationSettings;
  /** Executes the master's stream on our data. */
  readonly executor: StreamExecutor;
  /** Where the stream's memory comes from. */
  readonly memory: DroppedBuffers;

  /**
   * Starts writing an RDB of the data as it is at this moment, at `request.offset` of the stream, or joins the one that was
   * started at this offset and has not given out anything. The consumer is called later.
   */
  snapshot(request: SnapshotRequest, consumer: SnapshotConsumer): SnapshotRun;

  /** Runs `task` when no snapshot is under way: now, or later between two commands. */
  whenSnapshotIdle(task: () => void): void;
  /** What the snapshot under way is for; null or undefined without one. */
  readonly snapshotRunning?: SnapshotPurpose | null;

  /** Starts receiving a master's RDB beside the data that we serve. */
  beginLoad(request: LoadRequest): LoadSession;

  /** Newest offset of the stream that is on our own disk; null (or absent) without an AOF. */
  fsyncedOffset?(): number | null;
  /** Clients are paused: nothing of ours may move the offset. */
  readonly paused?: boolean;
  /** Keys of all databases that we serve. */
  keyCount?(): number;
  /** Writes a file of that name beside the data. The reason on failure, else null. */
  saveLostWrites?(name: string, pieces: readonly Uint8Array[]): string | null;
  /** Commands that may write wait, or go on: for a failover, or for replicas that are behind. */
  pauseWrites?(purpose: 'failover' | 'replicas', on: boolean): void;
  /** REPLICAOF gave us a master, at once followed by `roleChanged`: blocked clients are to be let go. */
  masterSet?(): void;
  /** Which role log lines show from now on. Without a master we are one: also while the link to it is being ended. */
  logAs?(role: 'master' | 'replica'): void;
  /** We became master or replica, or our link went up or down: gates and caches look again. */
  roleChanged?(): void;
}

/** Config directives by Redis's names; times in seconds, sizes in bytes, as redis.conf has them. */
export interface ReplicationSettings {
  /** The port we listen on: what `listening-port` announces unless `replicaAnnouncePort` is set. */
  readonly port: number;
  readonly replTimeout: number;
  readonly replPingReplicaPeriod: number;
  /** 0: `auto`, by the two below. */
  readonly replBacklogSize: number;
  readonly replBacklogAutoOutage: number;
  readonly replBacklogAutoMax: number;
  /** 0: the backlog is never released. */
  readonly replBacklogTtl: number;
  readonly replDisklessSync: boolean;
  readonly replDisklessSyncDelay: number;
  /** A diskless sync starts before its delay once so many wait; 0: no such limit. */
  readonly replDisklessSyncMaxReplicas: number;
  readonly replDisableTcpNodelay: boolean;
  /** TCP keepalive of the link to the master; 0: off. */
  readonly tcpKeepalive: number;
  /** Empty: no AUTH is sent. */
  readonly masterauth: string;
  /** Empty: AUTH is sent with the password only. */
  readonly masteruser: string;
  /** Empty: not announced. */
  readonly replicaAnnounceIp: string;
  /** 0: `port`. */
  readonly replicaAnnouncePort: number;
  /** Local address of the link to the master; empty: the system's choice. */
  readonly bindSourceAddr: string;
  readonly replicaPriority: number;
  readonly replicaReadOnly: boolean;
  readonly replicaAnnounced: boolean;
  /** Glob patterns of "host" or "host:port", separated by blanks; empty allows all. */
  readonly replicaAllowedMasters: string;
  readonly replicaRefuseEmptyMaster: boolean;
  readonly replicaSaveLostWrites: boolean;
  /** Writes wait at most so long for a replica close to its output limit; 0: never. */
  readonly replicaMaxWriteDelay: number;
  readonly minReplicasToWrite: number;
  readonly minReplicasMaxLag: number;
  /** `client-output-buffer-limit replica <hard> <soft> <seconds>`; 0: no limit. */
  readonly replicaOutputHardBytes: number;
  readonly replicaOutputSoftBytes: number;
  readonly replicaOutputSoftSeconds: number;
}

/**
 * The server's session of a client that speaks REPLCONF/PSYNC. The server keeps the connection's handlers: it parses what
 * the replica sends, calls `Replication.peerData / peerDrained / peerClosed`, and never writes to it once `replica` is attached.
 */
export interface ReplicaPeer {
  /** CLIENT ID. */
  readonly id: number;
  readonly connection: Connection;
  /** Ours to set; null until the first REPLCONF, PSYNC or SYNC. */
  replica: ReplicaSession | null;
  /** Replies to earlier commands that are not yet handed to the connection. */
  hasPendingReplies(): boolean;
  /** Takes those replies back, so that they can go out in front of the stream: from then on the connection is that one's. */
  takeReplies(): Uint8Array;
  /** The line of CLIENT LIST, for logs. */
  describe(): string;
}

export interface LoadRequest {
  /** The payload continues the history of the data that we have. */
  readonly sameHistory: boolean;
  /** Payload length, or null when a mark ends it. */
  readonly totalBytes: number | null;
  /** Call when a `push` that answered false can take more. */
  readonly resume: () => void;
  /** A load that blocks calls this now and then, so that the master does not give us up. */
  readonly keepalive: () => void;
}

/**
 * One incoming RDB. It fills a staging keyspace; what we serve changes only in `commit`. After `abort` or a failure
 * nothing of it may remain.
 */
export interface LoadSession {
  /** Takes (copies or parses) all of the bytes. False: stop delivering until `resume`. Throws on corrupt input. */
  push(bytes: Uint8Array, at: number, length: number): boolean;
  /** The payload is complete. Resolves once it is parsed and verified to its very end; rejects with the reason. */
  finish(): Promise<LoadSummary>;
  /** Swaps the new data in, at once. Called in the same turn in which offsets and sub-replicas are switched. */
  commit(): void;
  abort(): void;
}

export interface LoadSummary {
  /** The RDB's repl-stream-db: the database that the stream's next command is for. */
  readonly streamDb: number;
  /** Keys that `commit` brings. */
  readonly keys: number;
}

/** Executes the stream of commands from the master. It holds the parser, the selected database and MULTI's queue. */
export interface StreamExecutor {
  /** A new stream starts (or resumes) at a command boundary, outside MULTI. */
  reset(selectedDb: number): void;
  /**
   * Executes every complete command in the range and returns how many bytes they took; the rest is offered again with
   * more behind it. Stops at a command that a pause holds. Throws a `StreamError` when the bytes are no commands.
   */
  apply(bytes: Uint8Array, at: number, length: number): number;
  /** The last `apply` stopped at a command that has to wait for the end of a pause (CLIENT PAUSE). */
  readonly held: boolean;
  /** Bytes of consumed commands that belong to a MULTI whose EXEC has not come; 0 outside. */
  readonly openTransactionBytes: number;
  readonly selectedDb: number;
}

/** The stream from the master cannot be understood: the link must go, and with it the hope to continue. */
export class StreamError extends Error {
  override name = 'StreamError';
}
