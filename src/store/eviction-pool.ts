/**
 * The best candidates for eviction that sampling has found so far, worst first. Candidates of earlier samples stay, so the
 * choice gets better with each eviction. They are kept as keys, not entries: a key may be gone or changed when its turn comes.
 *
 * Keys are copied into buffers that are used again, so a steady flow of evictions allocates nothing.
 */
import { copyBytes } from '../base/copy.ts';

const POOL_SIZE = 16;
/** Keys up to so many bytes go into a candidate's own buffer. */
const KEY_BYTES = 256;

export class Candidate {
  /** The higher, the sooner it goes. */
  score = 0;
  database = 0;
  bytes: Uint8Array;
  length = 0;
  readonly #own: Uint8Array = new Uint8Array(KEY_BYTES);

  constructor() {
    this.bytes = this.#own;
  }

  assign(score: number, database: number, bytes: Uint8Array, at: number, length: number): void {
    this.score = score;
    this.database = database;
    this.bytes = length <= KEY_BYTES ? this.#own : new Uint8Array(length);
    this.length = length;
    copyBytes(this.bytes, 0, bytes, at, length);
  }
}

export class EvictionPool {
  readonly #candidates: Candidate[] = Array.from({ length: POOL_SIZE }, () => new Candidate());
  /** The first so many are in use, in the order of their scores. */
  #count = 0;

  /** Candidates with at most this score are not taken. */
  get threshold(): number {
    return this.#count === POOL_SIZE ? this.#candidates[0]!.score : -Infinity;
  }

  /** Takes the key in if there is room, or it is better than the worst one. */
  offer(score: number, database: number, bytes: Uint8Array, at: number, length: number): void {
    const candidates = this.#candidates;
    const full = this.#count === POOL_SIZE;
    if (score <= this.threshold) return;
    let place = full ? 0 : this.#count++;
    const candidate = candidates[place]!;
    if (full)
      while (place + 1 < POOL_SIZE && candidates[place + 1]!.score < score) candidates[place] = candidates[++place]!;
    else while (place > 0 && candidates[place - 1]!.score > score) candidates[place] = candidates[--place]!;
    candidates[place] = candidate;
    candidate.assign(score, database, bytes, at, length);
  }

  /** Takes out the best candidate; it is valid until the next `offer`. */
  take(): Candidate | undefined {
    if (this.#count === 0) return undefined;
    return this.#candidates[--this.#count];
  }

  clear(): void {
    this.#count = 0;
  }
}
