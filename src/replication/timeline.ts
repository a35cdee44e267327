/**
 * When the stream reached which offset: how old what a replica has not acknowledged yet is. Samples are taken at the ends
 * of turns; those within SPACING_MS are one, and when there are too many, the old ones are thinned out. So an age is told
 * too small by PRECISION of it at most.
 */

/** Closest distance of two samples, ms. */
const SPACING_MS = 10;
const MAX_SAMPLES = 512;
/** How exact old samples are kept: as a part of their age. */
const PRECISION = 1 / 8;

export class Timeline {
  /** Ascending in both. `offset`: the stream's end at that time. */
  readonly #samples: { offset: number; atMs: number }[] = [];

  /** The stream ends at `offset` now (monotonic ms). Called once a turn. */
  note(offset: number, nowMs: number): void {
    const samples = this.#samples;
    const last = samples.at(-1);
    if (last !== undefined && last.offset >= offset) {
      // A new history may begin anywhere.
      if (last.offset > offset) samples.length = 0;
      else return;
    } else if (last !== undefined && nowMs - last.atMs < SPACING_MS) {
      last.offset = offset;
      return;
    }
    if (samples.length === MAX_SAMPLES) thin(samples, nowMs);
    samples.push({ offset, atMs: nowMs });
  }

  /** Ms since the first byte behind `acknowledged` was there; 0 if there is none. `end`: the stream's end. */
  staleMs(acknowledged: number, end: number, nowMs: number): number {
    if (acknowledged >= end) return 0;
    const samples = this.#samples;
    let low = 0;
    let high = samples.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (samples[middle]!.offset > acknowledged) high = middle;
      else low = middle + 1;
    }
    // Newer than the last sample: it came within the last few ms.
    const since = samples[low] ?? samples.at(-1);
    return since === undefined ? 0 : Math.max(0, Math.round(nowMs - since.atMs));
  }
}

/** Drops samples whose neighbours are closer to each other than PRECISION of their age; else the oldest. */
function thin(samples: { offset: number; atMs: number }[], nowMs: number): void {
  const before = samples.length;
  let kept = 1;
  for (let i = 1; i < samples.length; i++) {
    const next = samples[i + 1];
    const needed = next === undefined || next.atMs - samples[kept - 1]!.atMs > (nowMs - next.atMs) * PRECISION;
    if (needed) samples[kept++] = samples[i]!;
  }
  samples.length = kept;
  if (kept === before) samples.shift();
}
