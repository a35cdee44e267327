/** How much of the time a snapshot takes: beside nobody, a client that asks now and then, one that waits for its replies, a flood. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { snapshotLimits } from '../../src/snapshot/limits.ts';
import { hurryOfWaiting, Pace } from '../../src/snapshot/pace.ts';
import { VirtualClock } from './support/sim-network.ts';

const { sliceMs, longestRestMs, mostRest } = snapshotLimits;
/** A turn of the loop in which nothing happens, ms. */
const TURN_MS = 0.005;

/** A loop whose time passes as the test says. */
class LoopClock extends VirtualClock {
  #ms = 0;
  #waitedMs = 0;

  work(ms: number): void {
    this.#ms += ms;
  }

  wait(ms: number): void {
    this.#ms += ms;
    this.#waitedMs += ms;
  }

  override monotonic(): number {
    return this.#ms;
  }

  override waited(): number {
    return this.#waitedMs;
  }
}

interface Load {
  /** A client's commands are at hand so long after it got its replies, ms, and take so long. */
  readonly thinksMs: number;
  readonly worksMs: number;
  /** In a pipeline. */
  readonly pipeline?: number;
  /** Of that, what the snapshot copies, as a share. */
  readonly copies?: number;
  readonly hurry?: number;
}

interface Outcome {
  /** Of the time. */
  readonly walking: number;
  readonly clients: number;
  readonly longestSliceMs: number;
  readonly typicalSliceMs: number;
  readonly longestRestMs: number;
}

/** A second of a snapshot beside a client. */
function run({ thinksMs, worksMs, pipeline = 1, copies = 0, hurry = 0 }: Load): Outcome {
  const clock = new LoopClock();
  let commands = 0;
  let copyingMs = 0;
  const pace = new Pace(snapshotLimits, clock, () => commands);
  let walking = 0;
  let clients = 0;
  let longestSliceMs = 0;
  let slices = 0;
  let longestRest = 0;
  let next = 0;
  let end = 0;
  let served = false;
  const serve = (): void => {
    if (clock.monotonic() < next) return;
    served = true;
    clock.work(worksMs);
    commands += pipeline;
    clients += worksMs * (1 - copies);
    copyingMs += worksMs * copies;
    next = clock.monotonic() + thinksMs;
  };
  while (clock.monotonic() < 1000) {
    serve();
    clock.work(TURN_MS);
    const budget = pace.budget(copyingMs, hurry, served);
    served = false;
    if (budget > 0) {
      longestRest = Math.max(longestRest, clock.monotonic() - end);
      clock.work(budget);
      pace.sliced();
      end = clock.monotonic();
      walking += budget + copyingMs;
      copyingMs = 0;
      slices++;
      longestSliceMs = Math.max(longestSliceMs, budget);
      continue;
    }
    // A timer: the loop sleeps, and serves what comes.
    const due = clock.monotonic() + Math.max(1, pace.waitMs);
    if (!pace.busy && pace.waitMs < 0.5) continue;
    for (;;) {
      const until = Math.min(due, Math.max(next, clock.monotonic()));
      clock.wait(until - clock.monotonic());
      if (until === due) break;
      serve();
      if (served && pace.busy) break;
    }
  }
  const total = clock.monotonic();
  const shares = { walking: walking / total, clients: clients / total };
  return { ...shares, longestSliceMs, typicalSliceMs: walking / slices, longestRestMs: longestRest };
}

test('beside nobody, and beside a client that asks every millisecond, the walk has nearly all of the time', () => {
  assert.ok(run({ thinksMs: Infinity, worksMs: 0 }).walking > 0.98);
  const { walking } = run({ thinksMs: 1, worksMs: 0.015 });
  assert.ok(walking > 0.8, `${walking} of the time`);
});

test('a client that waits for its replies is served at nearly its own pace, though it leaves the loop idle most of the time', () => {
  const worksMs = 0.015;
  for (const thinksMs of [0.01, 0.03, 0.1]) {
    const { clients } = run({ thinksMs, worksMs });
    const share = clients / (worksMs / (thinksMs + worksMs));
    assert.ok(share > 0.8, `${share} of what it had alone, waiting ${thinksMs} ms`);
  }
  const { clients } = run({ thinksMs: 0.3, worksMs, pipeline: 16 });
  const share = clients / (worksMs / (0.3 + worksMs));
  assert.ok(share > 0.8, `${share} of what a pipeline had alone`);
});

test('where a client leaves the loop idle between its replies and its next commands, the walk fills that', () => {
  const worksMs = 0.02;
  for (const thinksMs of [0.06, 0.2, 0.5]) {
    const { clients, walking } = run({ thinksMs, worksMs, pipeline: 16 });
    const share = clients / (worksMs / (thinksMs + worksMs));
    assert.ok(share > 0.85, `${share} of what it had alone, waiting ${thinksMs} ms`);
    assert.ok(walking > 0.4 * (thinksMs / (thinksMs + worksMs)), `${walking} of the time, waiting ${thinksMs} ms`);
  }
});

test('a flood has four fifths, what it makes us copy not counted, and slices are short beside it', () => {
  const outcome = run({ thinksMs: 0, worksMs: 0.2 });
  assert.ok(outcome.clients > 0.8, `${outcome.clients} of the time`);
  assert.ok(outcome.walking > 0.8 / (1 + mostRest), 'the walk has its share, too');
  assert.ok(outcome.typicalSliceMs < 0.3, `slices of ${outcome.typicalSliceMs} ms`);
  assert.ok(run({ thinksMs: 0, worksMs: 0.2, copies: 0.1 }).clients > 0.8);
});

test('a consumer in a hurry gets the more of the time the greater it is', () => {
  const flood = { thinksMs: 0, worksMs: 0.2 };
  const shares = [0, 0.5, 0.9, 1].map((hurry) => run({ ...flood, hurry }).walking);
  assert.deepEqual(
    shares,
    shares.toSorted((a, b) => a - b),
  );
  assert.ok(shares[1]! > 0.22 && shares[2]! > 0.5 && shares[3]! > 0.8, shares.join(' '));
});

test('a hurry makes slices more, not longer: clients keep their gaps', () => {
  const writer = { thinksMs: 0.05, worksMs: 0.05, pipeline: 16 };
  for (const hurry of [0, 0.3, 0.6, 0.85]) {
    const { typicalSliceMs, walking } = run({ ...writer, hurry });
    assert.ok(typicalSliceMs < 0.1, `hurry ${hurry}: slices of ${typicalSliceMs} ms`);
    assert.ok(walking > 0.2, `hurry ${hurry}: walks ${walking} of the time`);
  }
});

test('however much writers make us copy, there is a slice again and again', () => {
  const outcome = run({ thinksMs: 0, worksMs: 0.2, copies: 0.9 });
  assert.ok(outcome.longestRestMs < longestRestMs + 1, `${outcome.longestRestMs} ms without a slice`);
  assert.ok(outcome.longestSliceMs <= sliceMs);
});

test('it is a hurry when more gathers behind the snapshot than its share, and the more the greater', () => {
  const MIB = 1024 * 1024;
  const { waitingShare, waitingLeastBytes, waitingHurry } = snapshotLimits;
  /** Half of the snapshot is written. */
  const hurry = (waitingMiB: number, writtenMiB: number): number =>
    hurryOfWaiting(snapshotLimits, waitingMiB * MIB, writtenMiB * MIB, 0.5);
  const inTime = 500 * waitingShare;
  assert.equal(hurry(0, 500), 0);
  assert.equal(hurry(inTime, 500), 0);
  assert.ok(hurry(inTime * 1.1, 500) > 0);
  assert.ok(hurry(inTime * 1.2, 500) > hurry(inTime * 1.1, 500));
  assert.equal(hurry(inTime * 10, 500), waitingHurry);
  // Of little data more may gather, but no more than so many bytes.
  const little = waitingLeastBytes / MIB / 2;
  assert.equal(hurry(little, 1), 0);
  assert.ok(hurry(little * 1.1, 1) > 0);
  assert.equal(hurryOfWaiting(snapshotLimits, 0, 0, 0), 0);
});
