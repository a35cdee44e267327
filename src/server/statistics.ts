/** Rates for INFO stats: samples of the counters, averaged over the last sixteen. */
import type { Clock } from '../base/ambient.ts';

const SAMPLES = 16;

class Rate {
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

export class Statistics {
  readonly commands: Rate = new Rate();
  readonly input: Rate = new Rate();
  readonly output: Rate = new Rate();
  readonly replicationInput: Rate = new Rate();
  readonly replicationOutput: Rate = new Rate();
  /** used_memory before there was any data, and the most that was seen of it: bytes. */
  startupMemory = 0;
  /** What the process took before there was any data, beyond the arena: the JS engine and the code. Bytes. */
  engineMemory = 0;
  peakMemory = 0;
  readonly #clock: Clock;
  #lastSample: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastSample = clock.monotonic();
  }

  /** All since the last reset. */
  sample(counters: {
    readonly commands: number;
    readonly inputBytes: number;
    readonly outputBytes: number;
    readonly replicationInputBytes: number;
    readonly replicationOutputBytes: number;
  }): void {
    const now = this.#clock.monotonic();
    const elapsed = now - this.#lastSample;
    this.#lastSample = now;
    this.commands.sample(counters.commands, elapsed);
    this.input.sample(counters.inputBytes, elapsed);
    this.output.sample(counters.outputBytes, elapsed);
    this.replicationInput.sample(counters.replicationInputBytes, elapsed);
    this.replicationOutput.sample(counters.replicationOutputBytes, elapsed);
  }

  noteMemory(bytes: number): void {
    if (bytes > this.peakMemory) this.peakMemory = bytes;
  }

  reset(): void {
    this.peakMemory = 0;
    this.commands.reset();
    this.input.reset();
    this.output.reset();
    this.replicationInput.reset();
    this.replicationOutput.reset();
  }
}
