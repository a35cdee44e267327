/**
 * When a snapshot's next slice is due, and how long it may be.
 *
 *   slice | clients ......... | slice | clients ......... |      rest = ms of clients for each ms of walking
 *
 *   nobody      slices of `sliceMs`, one after the other
 *   few         clients that use less than `calmShare` of the time: short slices, one after the other
 *   others      rest: `headroom` times what they use, at most `mostRest` ms for each of walking
 *   busy        rest of more than half of that: slices as short as they can be, each just behind replies that left
 *
 * Clients that wait for replies make their next commands then, and the loop would wait for those. Slices that fit into that gap
 * cost nobody anything: there is one behind the replies of every turn, and it does not count.
 *
 * What writers made us copy counts as walking. Time that the loop waits is nobody's, and so is a turn in which no command ran. A
 * consumer in a hurry gets more slices, not longer ones: a replica that comes to its output limit before the snapshot's end would
 * have to begin anew, and what gathers for it takes memory.
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
  /** How long the loop has nothing to do behind replies, as far as slices let it be seen; ms. */
  #gapMs = 0;
  /** Since the last command: what the loop waited, and what slices took. */
  #idleMs = 0;
  #filledMs = 0;
  /** The slice under way is one in the gap. */
  #free = false;
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

  /**
   * Ms that a slice may take now; 0 when none is due. `copyingMs`: what copies have taken since the last slice. `hurry`: 0 to 1.
   * `behindReplies`: commands have just run, and their replies left.
   */
  budget(copyingMs: number, hurry: number, behindReplies: boolean): number {
    this.#look();
    this.#hurry = Math.min(1, hurry);
    this.#copyingMs = copyingMs;
    const { sliceMs, longestRestMs, leastBusySliceMs } = this.#limits;
    const rest = this.#rest;
    const least = this.#leastSliceMs;
    const passed = this.#lookMs - this.#endMs;
    const alone = this.#clientsMs <= NOBODY * this.#passedMs || this.#hurry === 1;
    const earned = rest > 0 ? (passed - copyingMs) / rest - copyingMs : alone ? sliceMs : least;
    const due = earned >= least || passed >= longestRestMs ? Math.max(least, earned) : 0;
    const gap = behindReplies ? GAP_PART * this.#gapMs : 0;
    this.#free = gap >= leastBusySliceMs / 2 && gap >= due;
    return Math.min(sliceMs, this.#free ? gap : due);
  }

  /** Clients need most of the time. A hurry takes some of it from them, but slices stay short and behind replies. */
  get busy(): boolean {
    return this.#hurry < 1 && this.#fairRest > this.#limits.mostRest / 2;
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
    const took = now - this.#lookMs;
    this.#filledMs += took;
    this.#walkMs = this.#walkMs * kept + (this.#free ? 0 : took) + copying;
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
    return this.#fairRest * (1 - this.#hurry);
  }

  /** The same without any hurry. */
  get #fairRest(): number {
    const { calmShare, headroom, mostRest } = this.#limits;
    if (this.#clientsMs <= calmShare * this.#passedMs) return 0;
    return Math.min(mostRest, (headroom * this.#clientsMs) / this.#walkMs);
  }

  /** Commands came: the gap before them is over. A slice that took all of it tells only that it was too long. */
  #sawGap(): void {
    const gap = this.#idleMs > 0 ? this.#idleMs + this.#filledMs : Math.min(this.#gapMs, this.#filledMs * OVERRUN);
    this.#gapMs += (gap - this.#gapMs) * (gap < this.#gapMs ? GAP_FALLS : GAP_RISES);
    this.#idleMs = 0;
    this.#filledMs = 0;
  }

  /** Adds what clients used since the last look. */
  #look(): void {
    const now = this.#clock.monotonic();
    const waited = this.#clock.waited();
    const commands = this.#activity();
    const idle = waited - this.#waitedMs;
    this.#idleMs += idle;
    if (commands !== this.#commands) {
      this.#usedMs += Math.max(0, now - this.#lookMs - idle);
      this.#sawGap();
    }
    this.#ran += commands - this.#commands;
    this.#lookMs = now;
    this.#waitedMs = waited;
    this.#commands = commands;
  }
}

/**
 * How much of a hurry it is, 0 to `waitingHurry`, that `waitingBytes` gathered behind a snapshot of which `writtenBytes` are made, and which is
 * done by `progress` (0 to 1): none, if no more than `waitingShare` of the whole will have gathered in the end, or `waitingLeastBytes`.
 */
export function hurryOfWaiting(
  { waitingShare, waitingLeastBytes, waitingHurry }: SnapshotLimits,
  waitingBytes: number,
  writtenBytes: number,
  progress: number,
): number {
  const room = Math.max(waitingLeastBytes, (waitingShare * writtenBytes) / Math.max(progress, LEAST_PROGRESS));
  return Math.min(waitingHurry, HURRY_GAIN * Math.max(0, waitingBytes / room - progress));
}

/** Before that nothing can be said of the whole. */
const LEAST_PROGRESS = 0.01;
/** For each part of the room that is taken before its time. */
const HURRY_GAIN = 4;
/** Time after which what was counts for a third. */
const MEMORY_MS = 8;
/** Slices fill so much of a gap: it is not always as long. */
const GAP_PART = 0.8;
/** A gap that a slice took up was shorter. */
const OVERRUN = 0.8;
/** How much a gap that is seen counts. */
const GAP_FALLS = 1 / 4;
const GAP_RISES = 1 / 10;
/** Clients that use so little of the time are none. */
const NOBODY = 0.001;
