/**
 * Keeps automatic rewrites that fail from being tried for ever: each leaves one more small incremental file behind. After
 * THRESHOLD failures in a row the next waits a minute, then two, four ... up to an hour. BGREWRITEAOF is not limited.
 */
import type { Log } from '../base/ambient.ts';

const THRESHOLD = 3;
const MAX_MINUTES = 60;
const MINUTE_MS = 60_000;

export class RewriteLimit {
  /** Rewrites that failed since the last good one. */
  failures = 0;
  #minutes = 0;
  /** Monotonic ms; -1: no wait is under way. */
  #nextMs = -1;
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  failed(): void {
    this.failures++;
  }

  reset(): void {
    this.failures = 0;
  }

  /** Whether an automatic rewrite has to wait. */
  limited(nowMs: number): boolean {
    if (this.failures < THRESHOLD) {
      this.#minutes = 0;
      this.#nextMs = -1;
      return false;
    }
    if (this.#nextMs >= 0) {
      if (nowMs < this.#nextMs) return true;
      this.#nextMs = -1;
      return false;
    }
    this.#minutes = Math.min(this.#minutes === 0 ? 1 : this.#minutes * 2, MAX_MINUTES);
    this.#nextMs = nowMs + this.#minutes * MINUTE_MS;
    this.#log.warning(
      `Background AOF rewrite has repeatedly failed and triggered the limit, will retry in ${this.#minutes} minutes`,
    );
    return true;
  }
}
