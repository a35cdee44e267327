/**
 * When a snapshot's next slice is due, and how long it may be.
 *
 *   slice | clients ......... | slice | clients ......... |      rest = ms of clients for each ms of walking
 *
 *   nobody      slices of `sliceMs`, one after the other
 *   few         clients that use less than `calmShare` of the time: short slices, one after the other
 *   others      rest: `headroom` times what they use, at most `mostRest` ms for each of walking
 *   busy        rest of more than half of that: slices as short as they can be, each just behind replies that left, while the
 *               clients that wait for them make their next commands
 *
 * What writers made us copy counts as walking. Time that the loop waits is nobody's, and so is a turn in which no command ran. A
 * consumer in a hurry gets more: a replica that comes to its output limit before the snapshot's end would have to begin anew.
 */
import type { Clock } from '../base/ambient.ts';
import type { SnapshotLimits } from './limits.ts';

export class Pace {
  readonly #limits: SnapshotLimits;
  readonly #clock: Clock;
  readonly #activity: () => number;
  /** Time that passed of late, and of that slices and clients between them, ms; what is long ago counts less. */
  #passedMs = 0;
  #walkMs = 0;
  #clientsMs = 0;
  /** End of the last slice. */
  #endMs: number;
  /** Since then: what clients used, copying included, and how long copying took. */
  #usedMs = 0;
  /** Commands that ran since then. */
  #ran = 0;
  #copyingMs = 0;
  #hurry = 0;
  /** The last look at the clock, and what there was then. */
  #lookMs: number;
  #waitedMs: number;
  #commands: number;

  /** `activity`: counts commands that ran. The first slice is due at once. */
  constructor(limits: SnapshotLimits, clock: Clock, activity: () => number) {
    this.#limits = limits;
    this.#clock = clock;
    this.#activity = activity;
    this.#lookMs = clock.monotonic();
    this.#endMs = this.#lookMs - limits.longestRestMs;
    this.#waitedMs = clock.waited();
    this.#commands = activity();
  }

  /** Ms that a slice may take now; 0 when none is due. `copyingMs`: what copies have taken since the last slice. `hurry`: 0 to 1. */
  budget(copyingMs: number, hurry: number): number {
    this.#look();
    this.#hurry = Math.min(1, hurry);
    this.#copyingMs = copyingMs;
    const { sliceMs, longestRestMs } = this.#limits;
    const rest = this.#rest;
    const least = this.#leastSliceMs;
    const passed = this.#lookMs - this.#endMs;
    const alone = this.#clientsMs <= NOBODY * this.#passedMs || this.#hurry === 1;
    const earned = rest > 0 ? (passed - copyingMs) / rest - copyingMs : alone ? sliceMs : least;
    if (earned < least && passed < longestRestMs) return 0;
    return Math.min(sliceMs, Math.max(least, earned));
  }

  /** Clients need most of the time. */
  get busy(): boolean {
    return this.#rest > this.#limits.mostRest / 2;
  }

  /** Ms until a slice will be due, as far as one can tell. */
  get waitMs(): number {
    const { longestRestMs } = this.#limits;
    const due = (this.#leastSliceMs + this.#copyingMs) * this.#rest + this.#copyingMs;
    return Math.min(due, longestRestMs) - (this.#lookMs - this.#endMs);
  }

  get #leastSliceMs(): number {
    return this.busy ? this.#limits.leastBusySliceMs : this.#limits.leastSliceMs;
  }

  /** A slice has come to its end. It began when `budget` was asked. */
  sliced(): void {
    const now = this.#clock.monotonic();
    const copying = this.#copyingMs;
    const kept = Math.exp((this.#endMs - now) / MEMORY_MS);
    this.#passedMs = this.#passedMs * kept + now - this.#endMs;
    this.#walkMs = this.#walkMs * kept + now - this.#lookMs + copying;
    const used = Math.max(this.#usedMs, Math.min(this.#ran * this.#limits.commandMs, now - this.#endMs));
    this.#clientsMs = this.#clientsMs * kept + Math.max(0, used - copying);
    this.#usedMs = 0;
    this.#ran = 0;
    this.#copyingMs = 0;
    this.#endMs = this.#lookMs = now;
    this.#waitedMs = this.#clock.waited();
    this.#commands = this.#activity();
  }

  /** Ms of clients for each ms of walking. */
  get #rest(): number {
    const { calmShare, headroom, mostRest } = this.#limits;
    if (this.#clientsMs <= calmShare * this.#passedMs) return 0;
    return Math.min(mostRest, (headroom * this.#clientsMs) / this.#walkMs) * (1 - this.#hurry);
  }

  /** Adds what clients used since the last look. */
  #look(): void {
    const now = this.#clock.monotonic();
    const waited = this.#clock.waited();
    const commands = this.#activity();
    if (commands !== this.#commands) this.#usedMs += Math.max(0, now - this.#lookMs - (waited - this.#waitedMs));
    this.#ran += commands - this.#commands;
    this.#lookMs = now;
    this.#waitedMs = waited;
    this.#commands = commands;
  }
}

/** Time after which what was counts for a third. */
const MEMORY_MS = 8;
/** Clients that use so little of the time are none. */
const NOBODY = 0.001;
