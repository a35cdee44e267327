/**
 * Eviction: which key goes when memory is short, by `maxmemory-policy`.
 *
 *   *-random       any key, all equally likely
 *   *-lru, *-lfu   the best of a few sampled keys and of the candidates that earlier samples left (eviction-pool.ts)
 *   volatile-ttl   the key with the earliest expiry, exactly: it is the first of the expiry index
 *
 * Databases take turns for random policies; for the others each gives a sample. When to evict, and how much, is the
 * server's business (server/eviction.ts).
 */
import type { Address } from '../memory/arena.ts';
import { Span } from '../base/span.ts';
import type { Database } from './database.ts';
import { EvictionPool } from './eviction-pool.ts';
import type { Keyspace } from './keyspace.ts';

/** More samples than this make an eviction slower, not better. */
const SAMPLES_MAX = 64;
/** A sample takes whole buckets: room for the last one's chain. */
const SAMPLE_ROOM: number = SAMPLES_MAX * 2;
const LFU_MAX = 255;

export class Evictor {
  readonly #space: Keyspace;
  readonly #pool: EvictionPool = new EvictionPool();
  readonly #sample: Uint32Array = new Uint32Array(SAMPLE_ROOM);
  readonly #span: Span = new Span();
  /** The evicted key, which outlives its entry. */
  #key: Uint8Array = new Uint8Array(256);
  #nextDatabase = 0;
  /** What was read ahead, so that the reads are not optimized away. */
  touched = 0;

  constructor(space: Keyspace) {
    this.#space = space;
  }

  /** The scores of different policies do not compare. */
  policyChanged(): void {
    this.#pool.clear();
  }

  /** Evicts one key and tells `events.evicted`; false if the policy has no candidate. */
  evictOne(): boolean {
    const policy = this.#space.settings.maxmemoryPolicy;
    if (policy === 'noeviction') return false;
    const volatile = policy.startsWith('volatile-');
    if (policy === 'volatile-ttl') return this.#evictSoonest();
    if (policy.endsWith('-random')) return this.#evictRandom(volatile);
    return this.#evictSampled(volatile);
  }

  #evictRandom(volatile: boolean): boolean {
    const { databases } = this.#space;
    for (let i = 0; i < databases.length; i++) {
      const db = databases[this.#nextDatabase]!;
      this.#nextDatabase = (this.#nextDatabase + 1) % databases.length;
      const entry = volatile ? db.expiries.random() : db.randomEntry();
      if (entry !== 0) {
        this.#evict(db, entry);
        return true;
      }
    }
    return false;
  }

  #evictSoonest(): boolean {
    let soonest: Database | undefined;
    for (const db of this.#space.databases)
      if (db.expiring > 0 && (soonest === undefined || db.expiries.earliest < soonest.expiries.earliest)) soonest = db;
    if (soonest === undefined) return false;
    this.#evict(soonest, soonest.expiries.first());
    return true;
  }

  #evictSampled(volatile: boolean): boolean {
    const { databases } = this.#space;
    for (;;) {
      let candidates = 0;
      for (const db of databases) {
        const count = volatile ? db.expiring : db.size;
        if (count === 0) continue;
        candidates += count;
        this.#offerSample(db, volatile);
      }
      if (candidates === 0) return false;
      for (let best = this.#pool.take(); best !== undefined; best = this.#pool.take()) {
        const db = databases[best.database]!;
        const entry = db.peek(best.bytes, 0, best.length);
        if (entry === 0 || (volatile && !this.#space.entries.hasExpiry(entry))) continue;
        this.#evict(db, entry);
        return true;
      }
    }
  }

  #offerSample(db: Database, volatile: boolean): void {
    const { entries, access, now, settings } = this.#space;
    const wanted = Math.min(settings.maxmemorySamples, SAMPLES_MAX);
    const sample = this.#sample;
    const taken = volatile ? db.expiries.sample(sample, wanted) : db.sample(sample, wanted);
    // Reads that do not depend on each other: memory serves them all at once.
    let sum = 0;
    for (let i = 0; i < taken; i++) sum += entries.meta(sample[i]!);
    this.touched = sum;
    for (let i = 0; i < taken; i++) {
      const entry = sample[i]!;
      const score = access.usesLfu ? LFU_MAX - access.frequency(entry, now) : access.idleSeconds(entry, now);
      if (score <= this.#pool.threshold) continue;
      const key = entries.key(entry, this.#span);
      this.#pool.offer(score, db.index, key.bytes, key.at, key.length);
    }
  }

  #evict(db: Database, entry: Address): void {
    const { entries, stats, events } = this.#space;
    const { bytes, at, length } = entries.key(entry, this.#span);
    if (length > this.#key.length) this.#key = new Uint8Array(length * 2);
    this.#key.set(bytes.subarray(at, at + length));
    db.removeEntry(entry);
    stats.evictedKeys++;
    events.evicted(db, this.#key, 0, length);
  }
}
