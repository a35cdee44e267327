/** What INFO stats shows of the recent past: rates of the counters, averaged, and peaks. */
import type { Clock } from '../base/ambient.ts';
import { Rate } from './rate.ts';
import type { Server } from './server.ts';
import { TurnStatistics } from './turn-statistics.ts';

export class Statistics {
  readonly commands: Rate = new Rate();
  readonly input: Rate = new Rate();
  readonly output: Rate = new Rate();
  readonly replicationInput: Rate = new Rate();
  readonly replicationOutput: Rate = new Rate();
  readonly turns: TurnStatistics = new TurnStatistics();
  /** Microseconds spent on deleting keys whose time had come. */
  expireMicros = 0;
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
    this.turns.sample(elapsed);
  }

  noteMemory(bytes: number): void {
    if (bytes > this.peakMemory) this.peakMemory = bytes;
  }

  reset(): void {
    this.peakMemory = this.expireMicros = 0;
    this.turns.reset();
    this.commands.reset();
    this.input.reset();
    this.output.reset();
    this.replicationInput.reset();
    this.replicationOutput.reset();
  }
}

/** CONFIG RESETSTAT: these, and what the other parts count. */
export function resetStatistics(server: Server): void {
  server.statistics.reset();
  server.executor.processed = 0;
  server.executor.errorCounts.clear();
  server.masterStream.failures = 0;
  server.clients.resetStatistics();
  server.snapshots.begun = 0;
  server.acl.log.resetStatistics();
  server.replication.resetStatistics();
  server.store.space.stats.reset();
  server.eviction.resetStatistics();
  for (const command of server.commands.all()) command.resetStatistics();
}
