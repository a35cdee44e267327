/** When something that failed, and that is needed, is tried again: after FIRST_MS, then each time twice as long, up to MAX_MS. */
const FIRST_MS = 1000;
const MAX_MS = 16_000;

export class RetryDelay {
  /** Monotonic ms. */
  #atMs = 0;
  #delayMs = FIRST_MS;

  due(nowMs: number): boolean {
    return nowMs >= this.#atMs;
  }

  /** It failed. */
  later(nowMs: number): void {
    this.#atMs = nowMs + this.#delayMs;
    this.#delayMs = Math.min(this.#delayMs * 2, MAX_MS);
  }

  /** Whatever failed before, the next attempt is due at once. */
  soon(): void {
    this.#atMs = 0;
  }

  /** It succeeded: a next failure is the first again. */
  reset(): void {
    this.#delayMs = FIRST_MS;
  }
}
