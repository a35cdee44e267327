/**
 * Applies the master's stream: parses commands out of it and runs them as the master's own session, which no gate
 * stops and nobody answers. Consumed bytes are counted at the ends of commands; the replication layer passes them on
 * to our own replicas as they are, so nothing is propagated from here.
 */
import type { Log } from '../base/ambient.ts';
import { RequestParser } from '../resp/request-parser.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import { StreamError, type StreamExecutor } from '../replication/ports.ts';
import type { Session } from '../commands/session.ts';
import type { Propagation } from '../commands/propagation.ts';
import type { Keyspace } from '../store/keyspace.ts';
import type { Clock } from '../base/ambient.ts';
import type { Executor } from './execute.ts';

export interface StreamExecutorParts {
  readonly executor: Executor;
  readonly space: Keyspace;
  readonly propagation: Propagation;
  readonly writer: ReplyWriter;
  readonly clock: Clock;
  readonly log: Log;
  /** A fresh session of class 'master'. */
  newSession(): Session;
}

export class MasterStreamExecutor implements StreamExecutor {
  readonly #parts: StreamExecutorParts;
  readonly #parser: RequestParser;
  #session: Session;
  /** Bytes that the parser already holds of the range that is offered again. */
  openTransactionBytes = 0;

  constructor(parts: StreamExecutorParts) {
    this.#parts = parts;
    this.#parser = new RequestParser({ protoMaxBulkLen: Number.MAX_SAFE_INTEGER });
    this.#parser.trusted = true;
    this.#session = parts.newSession();
  }

  get selectedDb(): number {
    return this.#session.database;
  }

  get session(): Session {
    return this.#session;
  }

  reset(selectedDb: number): void {
    this.#parser.reset();
    this.#session = this.#parts.newSession();
    this.#session.database = selectedDb;
    this.openTransactionBytes = 0;
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
    propagation.enabled = false;
    session.lastInteraction = space.now;
    parser.reset();
    parser.feed(bytes.subarray(at, at + length));
    let consumed = 0;
    try {
      for (;;) {
        const result = parser.next();
        if (result === 'more') return consumed;
        if (result === 'error') throw new StreamError(`Protocol error (${parser.error}) from the master`);
        executor.execute(session, parser.args);
        this.#checkReply(replyStart);
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

  /** A command of the master that fails here means that the data may differ: it must not go unseen. */
  #checkReply(start: number): void {
    const { writer, log } = this.#parts;
    if (writer.at === start || writer.bytes[start] !== 45) return;
    const text = writer.bytes.subarray(start + 1, Math.min(writer.at - 2, start + 300)).toString('latin1');
    log.warning(
      `== CRITICAL == This replica is sending an error to its master: '${text}' after processing the command ` +
        `'${this.#session.lastCommand || '<unknown>'}'`,
    );
  }
}
