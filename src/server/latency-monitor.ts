/**
 * LATENCY: the largest delays of the last while, by what caused them ("command", "expire-cycle" ...). Only delays of
 * latency-monitor-threshold ms or more are kept; a threshold of 0 turns it off. For each event the last SAMPLES seconds in
 * which there was one.
 */
import type { Clock } from '../base/ambient.ts';
import type { Settings } from '../base/settings.ts';
import type { LatencyEvent, LatencySample, LatencyService } from '../commands/services.ts';

const SAMPLES = 160;

export class LatencyMonitor implements LatencyService {
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #events: Map<string, { samples: LatencySample[]; maxMs: number }> = new Map();

  constructor(clock: Clock, settings: Settings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** Somebody wants to know: callers need not take times otherwise. */
  get enabled(): boolean {
    return this.#settings.latencyMonitorThresholdMs > 0;
  }

  /** Something took so long; kept if it is long enough. */
  add(event: string, durationMs: number): void {
    const ms = Math.floor(durationMs);
    if (!this.enabled || ms < this.#settings.latencyMonitorThresholdMs) return;
    let known = this.#events.get(event);
    if (known === undefined) this.#events.set(event, (known = { samples: [], maxMs: 0 }));
    known.maxMs = Math.max(known.maxMs, ms);
    const seconds = Math.floor(this.#clock.now() / 1000);
    const last = known.samples.at(-1);
    if (last?.seconds === seconds) {
      if (ms > last.ms) known.samples[known.samples.length - 1] = { seconds, ms };
      return;
    }
    known.samples.push({ seconds, ms });
    if (known.samples.length > SAMPLES) known.samples.shift();
  }

  *events(): Iterable<LatencyEvent> {
    for (const [name, { samples, maxMs }] of this.#events) yield { name, samples, maxMs };
  }

  find(name: string): LatencyEvent | undefined {
    const known = this.#events.get(name);
    return known === undefined ? undefined : { name, ...known };
  }

  reset(names: readonly string[]): number {
    const { size } = this.#events;
    if (names.length === 0) this.#events.clear();
    for (const name of names) this.#events.delete(name);
    return size - this.#events.size;
  }
}
