/**
 * What the 24 bits of an entry's access field mean, and how they change when a key is used. Under an LFU policy:
 *
 *   | minutes of the last use (16) | logarithmic counter (8) |
 *
 * else the access clock in seconds. The counter rises with a probability that falls as it grows (lfu-log-factor), and
 * loses one for each lfu-decay-time minutes without use. Both clocks go round; ages are exact below one round.
 *
 * The hot path reads `usesLfu`, one boolean; whoever changes the policy calls `policyChanged`.
 */
import type { Random } from '../base/ambient.ts';
import type { Address } from '../memory/arena.ts';
import type { Entries } from './entry.ts';

/** The directives read here. */
export interface AccessSettings {
  readonly maxmemoryPolicy: string;
  readonly lfuLogFactor: number;
  /** Minutes; 0: counters never fall. */
  readonly lfuDecayTime: number;
}

/** Counter of a new key, so that it is not the first to go. */
const LFU_INITIAL = 5;
const LFU_MAX = 255;
const LRU_MASK = 0xffffff;
const MINUTES_MASK = 0xffff;
const TWO_TO_32 = 2 ** 32;

export class Access {
  /** The access field is minutes and counter. */
  usesLfu = false;
  /** Idle times decide what is evicted, so RDB files tell them. */
  usesLru = false;
  readonly #entries: Entries;
  readonly #settings: AccessSettings;
  readonly #random: Random;

  constructor(entries: Entries, settings: AccessSettings, random: Random) {
    this.#entries = entries;
    this.#settings = settings;
    this.#random = random;
    this.policyChanged();
  }

  /** Fields of the other kind stay as they are and adjust with use, as in Redis. */
  policyChanged(): void {
    this.usesLfu = this.#settings.maxmemoryPolicy.endsWith('-lfu');
    this.usesLru = this.#settings.maxmemoryPolicy.endsWith('-lru');
  }

  /** Field of a new entry under LFU. `nowMs` here and below: ms since the epoch. */
  initialLfu(nowMs: number): number {
    return lfuField(nowMs, LFU_INITIAL);
  }

  /** Field after one more use under LFU. */
  usedLfu(field: number, nowMs: number): number {
    const counter = this.#decayed(field, nowMs);
    return lfuField(nowMs, counter < LFU_MAX && this.#rises(counter) ? counter + 1 : counter);
  }

  /** The LFU counter as of now. */
  frequency(entry: Address, nowMs: number): number {
    return this.#decayed(this.#entries.lru(entry), nowMs);
  }

  /** Seconds since the last use; means nothing under LFU. */
  idleSeconds(entry: Address, nowMs: number): number {
    return (Math.floor(nowMs / 1000) - this.#entries.lru(entry)) & LRU_MASK;
  }

  /** Sets what an RDB file or RESTORE says of a key's use, as far as the policy keeps it. -1: not said. */
  assign(entry: Address, idleSeconds: number, frequency: number, nowMs: number): void {
    if (this.usesLfu) {
      if (frequency >= 0) this.#entries.setLru(entry, lfuField(nowMs, frequency));
      return;
    }
    if (idleSeconds < 0) return;
    // The clock goes round in 194 days: what was idle for longer is as old as it can tell.
    this.#entries.setLru(entry, Math.floor(nowMs / 1000) - Math.min(idleSeconds, LRU_MASK));
  }

  #decayed(field: number, nowMs: number): number {
    const counter = field & LFU_MAX;
    const { lfuDecayTime } = this.#settings;
    if (lfuDecayTime === 0) return counter;
    const elapsed = (Math.floor(nowMs / 60_000) - (field >>> 8)) & MINUTES_MASK;
    return Math.max(0, counter - Math.floor(elapsed / lfuDecayTime));
  }

  #rises(counter: number): boolean {
    const above = Math.max(0, counter - LFU_INITIAL);
    return (this.#random.uint32() / TWO_TO_32) * (above * this.#settings.lfuLogFactor + 1) < 1;
  }
}

function lfuField(nowMs: number, counter: number): number {
  return ((Math.floor(nowMs / 60_000) & MINUTES_MASK) << 8) | counter;
}
