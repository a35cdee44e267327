/**
 * Turns of the event loop, for INFO: how many, how long they were, how many commands they ran. A turn of clients is
 * measured by reads of the clock that are made anyway, in whole milliseconds; ticks of the cron to the microsecond.
 */
import { Rate } from './rate.ts';

export class TurnStatistics {
  turns = 0;
  micros = 0;
  longestMicros = 0;
  mostCommands = 0;
  /** Part of `micros`: in the cron. */
  cronMicros = 0;
  readonly turnRate: Rate = new Rate();
  /** Microseconds a second. */
  readonly microsRate: Rate = new Rate();

  clients(milliseconds: number, commands: number): void {
    // The wall clock may have been set back.
    this.#add(Math.max(0, milliseconds) * 1000);
    if (commands > this.mostCommands) this.mostCommands = commands;
  }

  cron(micros: number): void {
    this.cronMicros += micros;
    this.#add(micros);
  }

  /** Microseconds of a turn, on average over the last seconds. */
  get recentMicros(): number {
    return this.turnRate.perSecond === 0 ? 0 : this.microsRate.perSecond / this.turnRate.perSecond;
  }

  sample(elapsedMs: number): void {
    this.turnRate.sample(this.turns, elapsedMs);
    this.microsRate.sample(this.micros, elapsedMs);
  }

  reset(): void {
    this.turns = this.micros = this.longestMicros = this.mostCommands = this.cronMicros = 0;
    this.turnRate.reset();
    this.microsRate.reset();
  }

  #add(micros: number): void {
    this.turns++;
    this.micros += micros;
    if (micros > this.longestMicros) this.longestMicros = micros;
  }
}
