/** What a counter gains a second, averaged over the last SAMPLES samples. */
const SAMPLES = 16;

export class Rate {
  readonly #values: number[] = [];
  #last = 0;

  /** Adds what a counter gained within `elapsedMs`. */
  sample(counter: number, elapsedMs: number): void {
    const gained = Math.max(0, counter - this.#last);
    this.#last = counter;
    this.#values.push(elapsedMs > 0 ? (gained * 1000) / elapsedMs : 0);
    if (this.#values.length > SAMPLES) this.#values.shift();
  }

  get perSecond(): number {
    if (this.#values.length === 0) return 0;
    return this.#values.reduce((a, b) => a + b, 0) / this.#values.length;
  }

  reset(): void {
    this.#values.length = 0;
    this.#last = 0;
  }
}
