/**
 * Applies the master's stream: whole commands to our data, then the same bytes, verbatim, to our own stream.
 *
 *   socket bytes ->  [ boundary ........ parsed ........ end )      boundary: up to here applied and counted
 *                      open MULTI, queued | incomplete command
 *
 * Rule: the offset moves only over whole commands outside MULTI..EXEC, so that after a lost link the master sends
 * an interrupted transaction again from its MULTI.
 */
import { copyBytes } from '../../base/copy.ts';
import { NOTHING } from '../../base/nothing.ts';
import { type StreamExecutor, StreamError } from '../ports.ts';

/** Bytes that one incomplete command or transaction may gather: the largest query buffer Redis allows by default. */
export const MAX_PENDING_STREAM_BYTES: number = 1024 * 1024 * 1024;
/** Kept between bursts; larger buffers are given back. */
const KEPT_BUFFER_BYTES: number = 256 * 1024;

export class StreamApplier {
  readonly #executor: StreamExecutor;
  /** Applied bytes, at a boundary: counted and passed on. */
  readonly #applied: (bytes: Uint8Array, at: number, length: number) => void;
  #pending: Uint8Array = NOTHING;
  #pendingLength = 0;
  /** Bytes of pending that the executor has consumed (they belong to an open transaction). */
  #parsed = 0;

  constructor(executor: StreamExecutor, applied: (bytes: Uint8Array, at: number, length: number) => void) {
    this.#executor = executor;
    this.#applied = applied;
  }

  /** Bytes received and not yet counted: INFO's slave_read_repl_offset is ahead by them. */
  get pendingBytes(): number {
    return this.#pendingLength;
  }

  /** What is pending begins with a command that waits for the end of a pause: try again with an empty `push`. */
  get held(): boolean {
    return this.#executor.held;
  }

  /** A new stream starts at a boundary. */
  reset(selectedDb: number): void {
    this.#pendingLength = 0;
    this.#parsed = 0;
    this.#shrink();
    this.#executor.reset(selectedDb);
  }

  /** Takes the bytes; the caller may reuse them afterwards. Throws a StreamError. */
  push(bytes: Uint8Array, at: number, length: number): void {
    if (this.#pendingLength > 0) {
      this.#append(bytes, at, length);
      this.#applyPending();
      return;
    }
    const consumed = this.#executor.apply(bytes, at, length);
    const whole = consumed - this.#executor.openTransactionBytes;
    if (whole > 0) this.#applied(bytes, at, whole);
    if (whole < length) this.#append(bytes, at + whole, length - whole);
    this.#parsed = consumed - whole;
  }

  #applyPending(): void {
    const pending = this.#pending;
    const parsed = this.#parsed + this.#executor.apply(pending, this.#parsed, this.#pendingLength - this.#parsed);
    const whole = parsed - this.#executor.openTransactionBytes;
    if (whole > 0) {
      this.#applied(pending, 0, whole);
      pending.copyWithin(0, whole, this.#pendingLength);
      this.#pendingLength -= whole;
    }
    this.#parsed = parsed - whole;
    if (this.#pendingLength === 0) this.#shrink();
  }

  #append(bytes: Uint8Array, at: number, length: number): void {
    const needed = this.#pendingLength + length;
    if (needed > MAX_PENDING_STREAM_BYTES) throw new StreamError('a command of the master exceeds the query buffer');
    if (needed > this.#pending.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(Math.max(needed * 2, 4096), MAX_PENDING_STREAM_BYTES));
      copyBytes(grown, 0, this.#pending, 0, this.#pendingLength);
      this.#pending = grown;
    }
    copyBytes(this.#pending, this.#pendingLength, bytes, at, length);
    this.#pendingLength = needed;
  }

  #shrink(): void {
    if (this.#pending.length > KEPT_BUFFER_BYTES) this.#pending = NOTHING;
  }
}
