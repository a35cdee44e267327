/**
 * Clients blocked in WAIT and WAITAOF: each waits until enough replicas have acknowledged its last write.
 *
 *   WAIT  --add-->  [ waiters ]  <--look-- end of a turn in which an ACK came (or a replica went online, or away)
 *                        '--> done(counts)      a time-out or CLIENT UNBLOCK takes it out by `remove`
 *
 * Rule: counts are taken at the moment of the answer, for the offset of that client's own last write.
 */
import type { Replicas } from './replicas.ts';

/** `local` is 1 if our own disk has the offset (WAITAOF only). */
export interface AckCounts {
  readonly local: number;
  readonly replicas: number;
}

export interface Waiter {
  /** Offset of the client's last write. */
  readonly offset: number;
  /** WAITAOF: on the disk, not only applied. */
  readonly onDisk: boolean;
  /** 1 if our own disk must have it too. */
  readonly local: number;
  readonly replicas: number;
  /** Null: our AOF was switched off while it waits for our own disk. */
  done(counts: AckCounts | null): void;
}

export class Waiters {
  readonly #waiting: Set<Waiter> = new Set();
  readonly #replicas: Pick<Replicas, 'ackedCount' | 'fsyncedCount'>;
  /** Newest offset on our own disk; null while there is no AOF. */
  readonly #fsyncedOffset: () => number | null;
  #changed = false;

  constructor(replicas: Pick<Replicas, 'ackedCount' | 'fsyncedCount'>, fsyncedOffset: () => number | null) {
    this.#replicas = replicas;
    this.#fsyncedOffset = fsyncedOffset;
  }

  get size(): number {
    return this.#waiting.size;
  }

  counts(offset: number, onDisk: boolean): AckCounts {
    if (!onDisk) return { local: 0, replicas: this.#replicas.ackedCount(offset) };
    return {
      local: (this.#fsyncedOffset() ?? 0) >= offset ? 1 : 0,
      replicas: this.#replicas.fsyncedCount(offset),
    };
  }

  /** Whether the counts are what the waiter waits for. */
  static satisfied(waiter: Pick<Waiter, 'local' | 'replicas'>, counts: AckCounts): boolean {
    return counts.replicas >= waiter.replicas && counts.local >= waiter.local;
  }

  add(waiter: Waiter): void {
    this.#waiting.add(waiter);
  }

  remove(waiter: Waiter): void {
    this.#waiting.delete(waiter);
  }

  /** An acknowledgement came: look again at the end of the turn. */
  changed(): void {
    this.#changed = true;
  }

  /** At the end of a turn. */
  look(): void {
    if (!this.#changed) return;
    this.#changed = false;
    for (const waiter of [...this.#waiting]) {
      const counts = this.counts(waiter.offset, waiter.onDisk);
      const aofGone = waiter.local > 0 && this.#fsyncedOffset() === null;
      if (!aofGone && !Waiters.satisfied(waiter, counts)) continue;
      this.#waiting.delete(waiter);
      waiter.done(aofGone ? null : counts);
    }
  }
}
