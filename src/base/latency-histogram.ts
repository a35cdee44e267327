/**
 * Durations in microseconds, counted in buckets whose width is at most a sixteenth of their value: percentiles within
 * about 6 %, at 4 bytes a bucket, made at the first record. Range: below 0.1 us to about an hour; longer ones count as that.
 * The bounds of LATENCY HISTOGRAM, 1.024 us times powers of two, are bounds of buckets.
 */
const SUB_BITS = 4;
const SUB = 1 << SUB_BITS;
const UNITS_A_MICRO: number = SUB / 1.024;
const MAX_UNITS = 2 ** 36 - 1;
const BUCKETS: number = (37 - SUB_BITS) * SUB;

export class LatencyHistogram {
  #buckets: Uint32Array | undefined;
  count = 0;

  /** Counts a duration `weight` times (it stands for that many, of which one was measured). */
  record(micros: number, weight: number): void {
    this.#buckets ??= new Uint32Array(BUCKETS);
    this.#buckets[bucketOf(micros)]! += weight;
    this.count += weight;
  }

  /** The duration that `percent` of all do not exceed, in microseconds; 0 when nothing was recorded. */
  percentile(percent: number): number {
    if (this.#buckets === undefined) return 0;
    const rank = Math.max(1, Math.ceil((this.count * percent) / 100));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#buckets[bucket]!;
      if (seen >= rank) return upperEnd(bucket);
    }
    return upperEnd(BUCKETS - 1);
  }

  /**
   * How many did not exceed each power of two: whole microseconds as LATENCY HISTOGRAM shows them (1, 2, 4, 8, 16, 33, 66, ...),
   * with the count. Bounds that add nothing are left out.
   */
  cumulative(): readonly (readonly [micros: number, count: number])[] {
    const rows: [number, number][] = [];
    if (this.#buckets === undefined) return rows;
    let seen = 0;
    let shown = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#buckets[bucket]!;
      // Buckets below SUB are all below the first bound.
      if (bucket % SUB !== SUB - 1 || seen === shown) continue;
      const power = bucket >> SUB_BITS;
      rows.push([shownBound(power), seen]);
      shown = seen;
    }
    return rows;
  }

  reset(): void {
    this.#buckets = undefined;
    this.count = 0;
  }
}

function bucketOf(micros: number): number {
  const units = Math.min(MAX_UNITS, Math.max(0, Math.floor(micros * UNITS_A_MICRO)));
  if (units < SUB) return units;
  const shift = Math.floor(Math.log2(units)) - SUB_BITS;
  const sub = Math.floor(units / 2 ** shift) - SUB;
  return (shift + 1) * SUB + sub;
}

/** Largest duration of a bucket, in microseconds. */
function upperEnd(bucket: number): number {
  if (bucket < SUB) return (bucket + 1) / UNITS_A_MICRO;
  const shift = (bucket >> SUB_BITS) - 1;
  return ((SUB + (bucket & (SUB - 1)) + 1) * 2 ** shift) / UNITS_A_MICRO;
}

/** 1024 ns times 2^power in whole microseconds, at the upper end of the finer bucket in which Redis has it. */
function shownBound(power: number): number {
  return Math.floor((2 ** (10 + power) + 2 ** (3 + power) - 1) / 1000);
}
