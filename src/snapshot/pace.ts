/**
 * When a snapshot's next slice is due, and how long it may be.
 *
 *   slice | clients ......... | slice | clients ......... |      rest = ms of clients for each ms of walking
 *
 * Rule: the walk leaves clients `headroom` times the time that they use, but no more than `mostRest` ms for each of its own. So a
 * client that asks now and then costs it next to nothing, and whoever needs a good part of what is left gets nearly all. What
 * writers made us copy counts as walking. Time that the loop waits is nobody's, and so is a turn in which no command ran. A consumer
 * in a hurry gets more: a replica that comes to its output limit before the snapshot's end would have to begin anew.
 */
import type { Clock } from '../base/ambient.ts';
import type { SnapshotLimits } from './limits.ts';

export class Pace {
  readonly #limits: SnapshotLimits;
  readonly #clock: Clock;
  readonly #activity: () => number;
  /** Time of the last slices and of clients between them, ms; older ones count less. */
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
  /** What the present slice was given. */
  #budgetMs = 0;
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
    const { sliceMs, leastSliceMs, longestRestMs } = this.#limits;
    const rest = this.#rest;
    const passed = this.#lookMs - this.#endMs;
    const earned = rest === 0 ? sliceMs : (passed - copyingMs) / rest - copyingMs;
    if (earned < leastSliceMs && passed < longestRestMs) return 0;
    this.#budgetMs = Math.min(sliceMs, Math.max(leastSliceMs, earned));
    return this.#budgetMs;
  }

  /** Ms until a slice will be due, as far as one can tell. */
  get waitMs(): number {
    const { leastSliceMs, longestRestMs } = this.#limits;
    const due = (leastSliceMs + this.#copyingMs) * this.#rest + this.#copyingMs;
    return Math.min(due, longestRestMs) - (this.#lookMs - this.#endMs);
  }

  /** A slice has come to its end. It began when `budget` was asked. */
  sliced(): void {
    const now = this.#clock.monotonic();
    const copying = this.#copyingMs;
    // One that was much longer than it should be had to wait for a processor.
    this.#walkMs = this.#walkMs * MEMORY + Math.min(now - this.#lookMs, OVERRUN * this.#budgetMs) + copying;
    const used = Math.max(this.#usedMs, Math.min(this.#ran * this.#limits.commandMs, this.#lookMs - this.#endMs));
    this.#clientsMs = this.#clientsMs * MEMORY + Math.max(0, used - copying);
    this.#usedMs = 0;
    this.#ran = 0;
    this.#copyingMs = 0;
    this.#endMs = this.#lookMs = now;
    this.#waitedMs = this.#clock.waited();
    this.#commands = this.#activity();
  }

  /** Ms of clients for each ms of walking. */
  get #rest(): number {
    const { headroom, mostRest } = this.#limits;
    if (this.#clientsMs === 0 || this.#walkMs === 0) return 0;
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

/** What the time of all slices before counts for beside that of the last. */
const MEMORY = 0.75;
/** A slice counts for at most so many times what it was given. */
const OVERRUN = 2;
