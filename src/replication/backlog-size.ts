/**
 * The size of the backlog: `repl-backlog-size`, or with `auto` what the stream grows by in an outage of so many seconds, at
 * the fastest rate seen of late. It grows at once and shrinks slowly, within fixed bounds.
 */

/** Redis's default, and the least that `auto` keeps. */
const LEAST_BYTES: number = 1024 * 1024;
/** How much of the fastest rate is remembered from one second to the next: half of it after about two minutes. */
const MEMORY = 0.994;

export interface BacklogSizing {
  /** Bytes; 0 is `auto`. */
  readonly replBacklogSize: number;
  /** Seconds of outage that must not cost a full resync. */
  readonly replBacklogAutoOutage: number;
  /** Bytes. */
  readonly replBacklogAutoMax: number;
}

export class BacklogSizer {
  /** Bytes a second. */
  #fastest = 0;
  #lastOffset = -1;
  #bytes: number = LEAST_BYTES;

  /** Once a second. */
  sample(offset: number): void {
    const gained = this.#lastOffset < 0 ? 0 : Math.max(0, offset - this.#lastOffset);
    this.#lastOffset = offset;
    this.#fastest = Math.max(gained, this.#fastest * MEMORY);
  }

  bytes(settings: BacklogSizing): number {
    if (settings.replBacklogSize !== 0) return settings.replBacklogSize;
    const wanted = this.#fastest * settings.replBacklogAutoOutage;
    // In steps of two, so that a rate that wavers does not move it all the time.
    const stepped = 2 ** Math.ceil(Math.log2(Math.max(wanted, LEAST_BYTES)));
    if (stepped > this.#bytes || stepped < this.#bytes / 2) this.#bytes = stepped;
    return Math.max(LEAST_BYTES, Math.min(this.#bytes, settings.replBacklogAutoMax));
  }
}
