/**
 * How long commands take: who is told, and when it is worth a look at the clock.
 *
 * Reading the clock costs a quarter of a microsecond on some machines, twice for a command, and a pipelined command takes
 * less than one. So commands that may be slow by nature, by the length of their arguments or as their replies have shown are timed each; of the others one
 * in some (Command.timed). What these miss is bounded by reads that are made anyway: each batch of a client begins
 * with one, so a turn that took long shows. Then every command is timed for a while. With a threshold below
 * PRECISE_MICROS all are timed, always.
 */
import type { Clock } from '../base/ambient.ts';
import type { Settings } from '../base/settings.ts';
import type { Session } from '../commands/session.ts';
import type { Command } from '../commands/table.ts';
import type { Executor } from './execute.ts';
import type { LatencyMonitor } from './latency-monitor.ts';
import type { Slowlog } from './slowlog.ts';
import type { TurnStatistics } from './turn-statistics.ts';

/** Thresholds below this are met by ordinary commands. */
const PRECISE_MICROS = 1000;
/**
 * So long every command is timed after a long turn, and so long not again: on a busy machine turns are long because others
 * have the processor, and timing all would slow us down for nothing.
 */
const PRECISE_SECONDS = 2;
const REST_SECONDS = 20;
/** A microsecond's worth of arguments, at the least: long commands are timed. */
const ARGUMENT_BYTES_A_MICRO = 8;

export interface TimingParts {
  readonly clock: Clock;
  readonly settings: Settings;
  readonly executor: Executor;
  readonly slowlog: Slowlog;
  readonly latency: LatencyMonitor;
  readonly turns: TurnStatistics;
}

export class Timing {
  readonly #parts: TimingParts;
  /** Gaps between two reads that may hide a command to be told, ms of the wall clock. */
  #suspectMs = Infinity;
  /** The first and the last read within this turn; 0 if none. */
  #firstMark = 0;
  #lastMark = 0;
  /** Commands that had run when it began. */
  #processed = 0;
  /** Seconds for which every command is timed, and until a long turn counts again. */
  #precise = 0;
  #rest = 0;

  constructor(parts: TimingParts) {
    this.#parts = parts;
    this.settingsChanged();
  }

  /** A threshold changed. */
  settingsChanged(): void {
    const { settings, executor } = this.#parts;
    const { slowlogLogSlowerThanMicros: slower, slowlogMaxLen, latencyMonitorThresholdMs: latency } = settings;
    const slow = slower >= 0 && slowlogMaxLen > 0 ? slower : Infinity;
    const threshold = Math.min(slow, latency > 0 ? latency * 1000 : Infinity);
    executor.slowMicros = threshold;
    executor.longArguments = threshold * ARGUMENT_BYTES_A_MICRO;
    this.#suspectMs = threshold < PRECISE_MICROS ? Infinity : Math.max(1, Math.floor(threshold / 1000));
    this.#precise = this.#rest = 0;
    executor.setPrecise(threshold < PRECISE_MICROS);
  }

  /** A batch begins; `now`: wall clock ms. */
  mark(now: number): void {
    if (this.#lastMark === 0) {
      this.#firstMark = now;
      this.#processed = this.#parts.executor.processed;
    } else if (now - this.#lastMark >= this.#suspectMs) this.#lookCloser();
    this.#lastMark = now;
  }

  /** The batches of a turn are done. */
  turnEnded(): void {
    if (this.#lastMark === 0) return;
    const { clock, executor, turns } = this.#parts;
    const now = clock.now();
    this.mark(now);
    turns.clients(now - this.#firstMark, executor.processed - this.#processed);
    this.#lastMark = 0;
  }

  everySecond(): void {
    if (this.#rest > 0) this.#rest--;
    if (this.#precise > 0 && --this.#precise === 0) this.#parts.executor.setPrecise(false);
  }

  /** A command took `micros`, at least `executor.slowMicros`. `words`: its arguments without secrets. */
  slow(command: Command, words: () => readonly Uint8Array[], session: Session, micros: number): void {
    const { settings, latency, slowlog } = this.#parts;
    latency.add(command.isFast ? 'fast-command' : 'command', micros / 1000);
    const slower = settings.slowlogLogSlowerThanMicros;
    // What waits is not slow; it is told when it goes on.
    if (slower < 0 || micros < slower || session.blocked || command.skipSlowlog) return;
    const address = session.source === '' ? session.remoteAddress : '?:0';
    slowlog.add(words(), micros, address, session.name);
  }

  #lookCloser(): void {
    if (this.#rest > 0) return;
    this.#parts.executor.setPrecise(true);
    this.#precise = PRECISE_SECONDS;
    this.#rest = REST_SECONDS;
  }
}
