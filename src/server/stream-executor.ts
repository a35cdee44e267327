/**
 * Applies the master's stream: parses commands out of it and runs them as the master's own session, which no gate
 * stops and nobody answers. Consumed bytes are counted at the ends of commands; the replication layer passes them on
 * to our own replicas as they are, so nothing is propagated from here.
 */
import type { Clock, Log } from '../base/ambient.ts';
import type { Settings } from '../base/settings.ts';
import type { ReplyError } from '../base/errors.ts';
import { RequestParser } from '../resp/request-parser.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import { StreamError, type StreamExecutor } from '../replication/ports.ts';
import type { Session } from '../commands/session.ts';
import type { Propagation } from '../commands/propagation.ts';
import type { Keyspace } from '../store/keyspace.ts';
import type { Executor } from './execute.ts';

export interface StreamExecutorParts {
  readonly executor: Executor;
  readonly space: Keyspace;
  readonly propagation: Propagation;
  readonly writer: ReplyWriter;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: Pick<Settings, 'propagationErrorBehavior' | 'replicaIgnoreDiskWriteErrors'>;
  /** An append only file wants to know what commands do. */
  recording(): boolean;
  /** A fresh session of class 'master'; `linked`: for a link that is up now. */
  newSession(linked: boolean): Session;
}

export class MasterStreamExecutor implements StreamExecutor {
  readonly #parts: StreamExecutorParts;
  readonly #parser: RequestParser;
  #session: Session;
  openTransactionBytes = 0;
  held = false;
  /** Commands of masters that ended in an error here. */
  failures = 0;
  #unsavedLoggedAtMs = -Infinity;
  readonly #failureKinds: Map<string, { loggedAtMs: number; leftOut: number }> = new Map();

  constructor(parts: StreamExecutorParts) {
    this.#parts = parts;
    this.#parser = new RequestParser({ protoMaxBulkLen: Number.MAX_SAFE_INTEGER });
    this.#parser.trusted = true;
    this.#session = parts.newSession(false);
  }

  get selectedDb(): number {
    return this.#session.database;
  }

  get session(): Session {
    return this.#session;
  }

  reset(selectedDb: number): void {
    this.#parser.reset();
    this.#session = this.#parts.newSession(true);
    this.#session.database = selectedDb;
    this.openTransactionBytes = 0;
    this.held = false;
  }

  apply(bytes: Uint8Array, at: number, length: number): number {
    const { executor, space, propagation, writer, clock } = this.#parts;
    const parser = this.#parser;
    const session = this.#session;
    const replyStart = writer.at;
    const noTouch = space.noTouch;
    space.now = clock.now();
    space.noTouch = false;
    space.fromMaster = true;
    // The stream itself goes on to our replicas as it is; our append only file gets what it did here.
    propagation.enabled = this.#parts.recording();
    session.lastInteraction = space.now;
    // An incomplete command comes again with more behind it; the parser goes on where it stopped in it.
    parser.feedAgain(bytes.subarray(at, at + length));
    let consumed = 0;
    this.held = false;
    try {
      for (;;) {
        const result = parser.next();
        if (result === 'more') {
          consumed = length - parser.bufferedBytes;
          return consumed;
        }
        if (result === 'error') throw new StreamError(`Protocol error (${parser.error}) from the master`);
        if (executor.execute(session, parser.args) === 'postponed') {
          parser.unread();
          this.held = true;
          return consumed;
        }
        writer.at = replyStart;
        const size = parser.position - consumed;
        consumed = parser.position;
        this.openTransactionBytes = session.transaction === undefined ? 0 : this.openTransactionBytes + size;
      }
    } finally {
      writer.at = replyStart;
      propagation.enabled = true;
      space.fromMaster = false;
      space.noTouch = noTouch;
    }
  }

  /**
   * A write of the master comes while our own disk takes none: after a restart it would be missing here. As in Redis that
   * ends the process, unless `replica-ignore-disk-write-errors` says that the replica is worth more.
   */
  unsaved(): void {
    const { clock, log, settings } = this.#parts;
    if (!settings.replicaIgnoreDiskWriteErrors) throw new Error('Replica was unable to write command to disk.');
    const now = clock.monotonic();
    if (now - this.#unsavedLoggedAtMs < UNSAVED_LOG_MS) return;
    this.#unsavedLoggedAtMs = now;
    log.warning('Replica is applying a command even though it is unable to write to disk.');
  }

  /**
   * A command of the master that fails here means that the data may differ: it must not go unseen. Each kind of failure
   * is logged at once, then at most once a second with the number of those left out; INFO's unexpected_error_replies
   * counts all. Nothing worse is done unless `propagation-error-behavior` says so: the rest of the data is still good.
   */
  failed(session: Session, error: ReplyError): void {
    const { log, clock, settings } = this.#parts;
    this.failures++;
    const name = session.lastCommand || '<unknown>';
    const kind = `${name} ${error.code}`;
    const now = clock.monotonic();
    let seen = this.#failureKinds.get(kind);
    if (seen === undefined) {
      if (this.#failureKinds.size >= MAX_FAILURE_KINDS) this.#failureKinds.clear();
      seen = { loggedAtMs: -Infinity, leftOut: 0 };
      this.#failureKinds.set(kind, seen);
    }
    if (now - seen.loggedAtMs < FAILURE_LOG_MS) seen.leftOut++;
    else {
      const more = seen.leftOut === 0 ? '' : ` (and ${seen.leftOut} more such errors since the last message)`;
      log.warning(
        `== CRITICAL == This replica is sending an error to its master: '${error.text}' after processing the command ` +
          `'${name}'${more}`,
      );
      seen.loggedAtMs = now;
      seen.leftOut = 0;
    }
    if (settings.propagationErrorBehavior !== 'ignore')
      throw new Error(
        `This replica panicked sending an error to its master after processing the command '${name}' ` +
          '(propagation-error-behavior)',
      );
  }
}

/** A disk that takes nothing is told of once in so many ms. */
const UNSAVED_LOG_MS = 10_000;
/** Failures of one kind are logged once in so many ms. */
const FAILURE_LOG_MS = 1000;
/** Kinds of failures remembered for that. */
const MAX_FAILURE_KINDS = 256;
