/**
 * Where the stream is written: every propagated command passes here once, gets its offsets, and lies in the stream
 * buffer for the backlog and all replicas.
 *
 * Rule: only the top of a chain composes stream bytes (SELECT, ping, GETACK); a replica passes its master's on verbatim.
 */
import { assert } from '../../base/assert.ts';
import type { Backlog } from '../backlog.ts';
import type { History } from '../history.ts';
import { command, GETACK, STREAM_PING } from '../wire.ts';

/** As what the stream has selected: the next command must be preceded by SELECT. */
const NO_DB = -1;

export class Feed {
  /** Bytes appended since replicas were last flushed; execution looks at it in long pipelines. */
  unflushedBytes = 0;
  /** Database that the stream has selected, or -1. */
  #db = NO_DB;
  readonly #backlog: Backlog;
  readonly #history: History;

  constructor(backlog: Backlog, history: History) {
    this.#backlog = backlog;
    this.#history = history;
  }

  /** False: nobody listens and no history is kept, so callers need not build effects for the stream. */
  get active(): boolean {
    return this.#backlog.stream !== null;
  }

  /** Database for the RDB's repl-stream-db. */
  get streamDb(): number {
    return this.#db === NO_DB ? 0 : this.#db;
  }

  /** Feeds one command (or several whole ones) as RESP request bytes; `db` -1: it has none. Copies them. Hot path. */
  feed(db: number, bytes: Uint8Array, at: number, length: number): void {
    if (this.#backlog.stream === null) return;
    if (db !== this.#db && db !== NO_DB) this.#select(db);
    this.append(bytes, at, length);
  }

  /** Appends bytes as they are: a master's stream on its way to our sub-replicas. */
  append(bytes: Uint8Array, at: number, length: number): void {
    const { stream } = this.#backlog;
    if (stream === null) return;
    stream.append(bytes, at, length);
    this.#history.masterReplOffset += length;
    this.unflushedBytes += length;
  }

  /** A snapshot's data has no selected database, a new master's stream neither: say SELECT before the next command. */
  forgetDb(): void {
    this.#db = NO_DB;
  }

  ping(): void {
    this.append(STREAM_PING, 0, STREAM_PING.length);
  }

  requestAck(): void {
    this.append(GETACK, 0, GETACK.length);
  }

  /** Both counters name the same byte: the stream's and the history's. */
  verify(): void {
    const { stream } = this.#backlog;
    assert(stream === null || stream.end === this.#history.masterReplOffset, 'the stream ends at masterReplOffset');
  }

  #select(db: number): void {
    this.#db = db;
    const bytes = command('SELECT', String(db));
    this.append(bytes, 0, bytes.length);
  }
}
