/**
 * What may stand between a command and its handler. The executor reads these for every command that is not plain, and
 * once a batch for those that are; which error a client sees when several apply is decided there.
 */
import { type ReplyError, replyError } from '../base/errors.ts';
import type { PauseKind } from './pause.ts';
import type { Server } from './server.ts';

export interface Gates {
  readonly authenticationRequired: boolean;
  readonly loading: boolean;
  /** New data is loaded while the old is served (repl-diskless-load swapdb). */
  readonly loadingAsync: boolean;
  /** Writes from normal clients are refused: a replica with replica-read-only. */
  readonly readonlyReplica: boolean;
  /** The master link is down and replica-serve-stale-data is no. */
  readonly masterDown: boolean;
  readonly notEnoughReplicas: boolean;
  /** The last background save failed and stop-writes-on-bgsave-error is on, or the append only file takes nothing. */
  readonly diskError: ReplyError | undefined;
  /** There is a limit for memory that commands have to keep. */
  readonly memoryLimited: boolean;
  /** Evicts what is needed; false if memory is short and nothing more can be evicted. */
  makeRoom(): boolean;
  readonly paused: PauseKind | 'no';
}

export class ServerGates implements Gates {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  get authenticationRequired(): boolean {
    return this.#server.acl.authenticationRequired;
  }

  get loading(): boolean {
    return this.#server.loading;
  }

  get loadingAsync(): boolean {
    return this.#server.loadingAsync;
  }

  get readonlyReplica(): boolean {
    const { store, settings } = this.#server;
    return store.space.isReplica && settings.replicaReadOnly;
  }

  get masterDown(): boolean {
    const { store, settings, replication } = this.#server;
    return store.space.isReplica && !settings.replicaServeStaleData && !replication.canServe;
  }

  get notEnoughReplicas(): boolean {
    return !this.#server.replication.enoughGoodReplicas;
  }

  get diskError(): ReplyError | undefined {
    const { rdb, aof } = this.#server;
    if (rdb.blocksWrites) return MISCONF;
    const { writeError } = aof;
    return writeError === '' ? undefined : replyError(`MISCONF Errors writing to the AOF file: ${writeError}`);
  }

  get memoryLimited(): boolean {
    return this.#server.eviction.limited;
  }

  makeRoom(): boolean {
    return this.#server.eviction.makeRoom();
  }

  get paused(): PauseKind | 'no' {
    return this.#server.pauses.current;
  }
}

const MISCONF: ReplyError = replyError(
  'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk. Commands that may ' +
    'modify the data set are disabled, because this instance is configured to report errors during writes if RDB ' +
    'snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.',
);
