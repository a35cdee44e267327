/**
 * Background work, in slices: expiry, resizing of tables and reclaiming of deleted values ten or more times a second
 * (`hz`), and what happens once a second. A slice never takes more than SLICE_MS; what is left goes on after the I/O
 * that is ready has been served.
 */
import type { Clock, Timer } from '../base/ambient.ts';
import type { Settings } from '../base/settings.ts';
import type { FieldExpiry } from '../store/field-expiry.ts';
import type { Keyspace } from '../store/keyspace.ts';

/** Longest stretch of background work without a look at the clients, ms. */
export const SLICE_MS = 1;
/** Keys, and fields of hashes, that expire between two looks at the clock. */
const EXPIRE_BATCH = 64;
/** Buckets moved, or freed, between two looks at the clock. */
const BUCKET_BATCH = 128;

export interface CronParts {
  readonly clock: Clock;
  readonly settings: Settings;
  readonly space: Keyspace;
  readonly fieldExpiry: FieldExpiry;
  /** Around expiry: each DEL is sent by itself, not as one transaction. */
  expireSlice(run: () => number): number;
  /** `hz` times a second. */
  everyTick(): void;
  everySecond(): void;
  /** A tick took so long. */
  ticked(ms: number): void;
}

export class Cron {
  readonly #parts: CronParts;
  #timer: Timer | undefined;
  #lastSecond = 0;
  #sliceScheduled = false;
  #stopped = false;
  /** DEBUG PAUSE-CRON: nothing is done in the background. */
  paused = false;
  /** Milliseconds the server has run, by its own ticks. */
  ticks = 0;

  constructor(parts: CronParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#lastSecond = this.#parts.clock.monotonic();
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Work was put off (a big value deleted, a database flushed): start on it soon. */
  workArrived(): void {
    this.#scheduleSlice();
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#parts.clock.after(1000 / this.#parts.settings.hz, () => {
      if (!this.paused) this.#tick();
      this.#schedule();
    });
  }

  #tick(): void {
    const { clock } = this.#parts;
    this.ticks++;
    const now = clock.monotonic();
    this.#parts.everyTick();
    if (now - this.#lastSecond >= 1000) {
      this.#lastSecond = now - this.#lastSecond >= 2000 ? now : this.#lastSecond + 1000;
      this.#parts.everySecond();
    }
    this.#slice();
    const { arena } = this.#parts.space;
    arena.dropped.collect(arena.reservedBytes);
    this.#parts.ticked(clock.monotonic() - now);
  }

  #scheduleSlice(): void {
    if (this.#sliceScheduled || this.#stopped) return;
    this.#sliceScheduled = true;
    this.#parts.clock.soon(() => {
      this.#sliceScheduled = false;
      this.#slice();
    });
  }

  #slice(): void {
    if (this.#stopped) return;
    const { clock, space, settings, fieldExpiry } = this.#parts;
    const deadline = clock.monotonic() + SLICE_MS;
    space.now = clock.now();
    let more = false;
    for (;;) {
      const expired = this.#parts.expireSlice(
        () => space.expireDue(EXPIRE_BATCH) + fieldExpiry.expireDue(EXPIRE_BATCH),
      );
      let rehashing = false;
      if (settings.activerehashing) for (const db of space.databases) if (db.rehashSome(BUCKET_BATCH)) rehashing = true;
      const reclaiming = space.reclaimer.work(BUCKET_BATCH);
      more = expired >= EXPIRE_BATCH || rehashing || reclaiming;
      if (!more || clock.monotonic() >= deadline) break;
    }
    if (more) this.#scheduleSlice();
  }
}
