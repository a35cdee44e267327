/**
 * What the outside world offers to the layers below `io/`: time, randomness, and a log.
 * Production implementations live in `io/`; tests and simulation pass their own.
 */

/** Handle of a timer; `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch, may jump. Used for expiry and what users see. */
  now(): number;
  /** Wall clock in microseconds since the Unix epoch (TIME, SLOWLOG). */
  nowMicros(): number;
  /** Monotonic milliseconds with a fraction; only differences mean something. */
  monotonic(): number;
  /** Milliseconds that the event loop has waited for something to do; only differences mean something. */
  waited(): number;
  /** Runs `task` once, not earlier than `delayMs` from now. */
  after(delayMs: number, task: () => void): Timer;
  /** Runs `task` every `periodMs` until cancelled. */
  every(periodMs: number, task: () => void): Timer;
  /** Runs `task` after the I/O that is ready now has been served: the pause between two slices of long work. */
  soon(task: () => void): void;
}

export interface Random {
  /** Uniform integer in [0, 2^32). */
  uint32(): number;
  /** Fills `target` with random bytes of cryptographic quality (replids, seeds). */
  fill(target: Uint8Array): void;
}

/** Redis's levels, in order. */
export type LogLevel = 'debug' | 'verbose' | 'notice' | 'warning';

export interface Log {
  debug(message: string): void;
  verbose(message: string): void;
  notice(message: string): void;
  warning(message: string): void;
}
