/**
 * Takes snapshots, one at a time: cuts the data, walks it in slices between turns of the event loop, hands the RDB's bytes to
 * the consumers, and ends what makes no progress.
 *
 *   start --> slice, slice, ... (rests while consumers have enough) --> all written --> all taken --> idle
 *
 * When a slice is due and how long it takes is told by pace.ts; bounds and what happens at them by limits.ts.
 */
import { assert } from '../base/assert.ts';
import type { Clock, Log, Timer } from '../base/ambient.ts';
import type { Disk } from '../io/world.ts';
import type { Store } from '../store/store.ts';
import { DiskRelay } from './disk-relay.ts';
import { type SnapshotLimits, snapshotLimits } from './limits.ts';
import { Output } from './output.ts';
import type { SnapshotConsumer, SnapshotPurpose, SnapshotRequest, SnapshotRun, SnapshotSource } from './ports.ts';
import { hurryOfWaiting, Pace } from './pace.ts';
import { Rehearsal } from './rehearsal.ts';
import { requestAll } from './request.ts';
import { Walk } from './walk.ts';

export interface SnapshotParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly disk: Disk;
  readonly settings: {
    readonly rdbchecksum: boolean;
    readonly rdbcompression: boolean;
    readonly dir: string;
    /** Microseconds to wait for each key, for tests; below zero: the keys of a microsecond. */
    readonly rdbKeySaveDelay: number;
  };
  readonly pid: number;
  /** Counts commands that ran: how the walk notices that clients are busy. */
  readonly activity: () => number;
  readonly limits?: Partial<SnapshotLimits>;
}

/** Longer waits for a slice are left to a timer, which is exact to a millisecond; meanwhile the loop may sleep. */
const TIMER_MS = 0.5;
/** How often consumers are looked at, ms. */
const LOOK_MS = 500;

export class Snapshots implements SnapshotSource {
  readonly #parts: SnapshotParts;
  readonly #limits: SnapshotLimits;
  readonly #waiting: (() => void)[] = [];
  #run: Run | null = null;
  #relay: DiskRelay | null = null;
  #relays = 0;
  #stopped = false;
  #rehearsal: Run | null = null;
  #rehearsed = false;
  /** Snapshots begun since the statistics were reset: what Redis forks for. */
  begun = 0;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
    this.#limits = { ...snapshotLimits, ...parts.limits };
  }

  get running(): SnapshotPurpose | null {
    return this.#run?.request.purpose ?? null;
  }

  /** Keys written and keys to write of the snapshot under way; zeros without one. */
  get progress(): { readonly written: number; readonly total: number } {
    return this.#run === null ? { written: 0, total: 0 } : { written: this.#run.written, total: this.#run.total };
  }

  start(request: SnapshotRequest, consumer: SnapshotConsumer): SnapshotRun {
    if (request.target === 'disk') return this.#startRelay(request, consumer);
    const present = this.#run;
    if (present !== null) {
      assert(present.accepts(request), 'snapshot: one at a time');
      return present.join(consumer);
    }
    this.#rehearsed = true;
    this.#rehearsal?.stop();
    const run = new Run(this.#parts, this.#limits, request, () => this.#finished(run));
    this.#run = run;
    this.begun++;
    return run.join(consumer);
  }

  /**
   * To be called now and then: once in a process's life, before the first snapshot and when there is data enough, a part of it
   * is walked for nobody (rehearsal.ts). A snapshot that is asked for meanwhile does not wait.
   */
  rehearse(): void {
    if (this.#rehearsed || this.#stopped) return;
    const { rehearseFromBytes, rehearsalBytes } = this.#limits;
    if (this.#parts.store.space.arena.usedBytes < rehearseFromBytes) return;
    this.#rehearsed = true;
    const consumer = new Rehearsal(rehearsalBytes);
    const run = new Run(this.#parts, this.#limits, requestAll('sync', null), () => {
      this.#rehearsal = null;
    });
    this.#rehearsal = run;
    consumer.run = run.join(consumer);
  }

  /** Commands of a turn of the loop have run, and their replies are on their way: clients are busy with those for a moment. */
  turnEnded(): void {
    (this.#run ?? this.#rehearsal)?.turnEnded();
  }

  whenIdle(task: () => void): void {
    if (this.#run === null && this.#waiting.length === 0) task();
    else this.#waiting.push(task);
  }

  /** The server stops: everything ends at once, without a word to the consumers. */
  stop(): void {
    this.#stopped = true;
    this.#waiting.length = 0;
    this.#rehearsal?.stop();
    this.#relay?.stop();
    this.#run?.stop();
  }

  #startRelay(request: SnapshotRequest, consumer: SnapshotConsumer): SnapshotRun {
    const present = this.#relay;
    if (present?.accepts(request) === true) return present.join(consumer);
    const { disk, settings, pid, log } = this.#parts;
    const path = `${settings.dir}/temp-${pid}-sync${++this.#relays}.rdb`;
    const relay = new DiskRelay(disk, path, request, log);
    this.#relay = relay;
    const run = relay.join(consumer);
    relay.begin(this.start({ ...request, target: 'sockets' }, relay.file));
    return run;
  }

  #finished(run: Run): void {
    if (this.#run !== run) return;
    this.#run = null;
    const next = this.#waiting.shift();
    if (next === undefined || this.#stopped) return;
    // The consumers' last calls come first.
    this.#parts.clock.soon(() => {
      if (this.#stopped) return;
      if (this.#run === null) next();
      else this.#waiting.unshift(next);
      if (this.#run === null) this.#next();
    });
  }

  #next(): void {
    while (this.#run === null) {
      const task = this.#waiting.shift();
      if (task === undefined) return;
      task();
    }
  }
}

/** One walk and its consumers. */
class Run {
  readonly request: SnapshotRequest;
  readonly #parts: SnapshotParts;
  readonly #limits: SnapshotLimits;
  readonly #output: Output;
  readonly #walk: Walk;
  readonly #pace: Pace;
  readonly #finished: () => void;
  readonly #watchdog: Timer;
  #started = false;
  #joined = false;
  #scheduled = false;
  #inSlice = false;
  /** Something happened during the slice that asks for another one. */
  #again = false;
  #complete = false;
  #over = false;
  /** What had been copied at the end of the last slice, and the keys written by then, copied ones included. */
  #lastCopied = 0;
  #lastWritten = 0;
  /** Entries and elements that a millisecond of walking writes, by experience. */
  #keysPerMs = 2000;
  /** Keys that the last slice wrote at one go. */
  #stepKeys = 1;
  /** Until it has run out, nothing is done: for a slice to become due, or for `rdb-key-save-delay`. */
  #delay: Timer | null = null;
  /** Clients are busy: the end of a turn or `#tick` brings the next slice. */
  #resting = false;
  #tick: Timer | null = null;
  /** What was to wait for a slice at the last look, ms. */
  #waitMs = 0;
  #progressMs: number;
  #progressBytes = -1;

  constructor(parts: SnapshotParts, limits: SnapshotLimits, request: SnapshotRequest, finished: () => void) {
    const { store, clock, settings } = parts;
    this.#parts = parts;
    this.#limits = limits;
    this.request = request;
    this.#finished = finished;
    this.#output = new Output(limits.chunkBytes, () => this.#wake());
    const { offset, replid, streamDb } = request;
    this.#walk = new Walk(
      store,
      (chunk) => this.#produced(chunk),
      () => this.#wake(),
      limits,
      {
        checksum: settings.rdbchecksum,
        compress: request.purpose !== 'sync' && settings.rdbcompression,
        withFunctions: !request.excludeFunctions,
        withData: !request.excludeData,
        allocate: this.#output.pool.take,
        facts: {
          now: clock.now(),
          position: offset < 0 ? null : { replid, offset, streamDb },
          aofBase: request.purpose === 'rewrite',
        },
      },
    );
    this.#progressMs = clock.monotonic();
    this.#pace = new Pace(limits, clock, parts.activity);
    this.#watchdog = clock.every(LOOK_MS, () => this.#look());
    this.#wake();
  }

  get written(): number {
    return this.#walk.written;
  }

  get total(): number {
    return this.#walk.total;
  }

  accepts(request: SnapshotRequest): boolean {
    const own = this.request;
    return (
      !this.#started &&
      !this.#over &&
      request.purpose === own.purpose &&
      request.offset === own.offset &&
      request.excludeData === own.excludeData &&
      request.excludeFunctions === own.excludeFunctions
    );
  }

  join(consumer: SnapshotConsumer): SnapshotRun {
    this.#joined = true;
    return this.#output.join(consumer);
  }

  stop(): void {
    for (const seat of [...this.#output.seats]) seat.cancel();
    this.#close();
  }

  turnEnded(): void {
    if (this.#resting) this.#slice(true);
  }

  #produced(chunk: Uint8Array): boolean {
    this.#output.push(chunk);
    if (this.#output.heldBytes > this.#limits.copiedBytes) this.#wake();
    return false;
  }

  /** There may be something to do: soon, not now, for we may be inside a command or a consumer's call. */
  #wake(): void {
    this.#again = true;
    if (this.#output.seats.size === 0 && this.#joined && !this.#inSlice) {
      this.#close();
      return;
    }
    if (this.#scheduled || this.#over || this.#inSlice || this.#resting || this.#delay !== null) return;
    this.#scheduled = true;
    this.#parts.clock.soon(() => {
      this.#scheduled = false;
      this.#slice();
    });
  }

  #slice(behindReplies = false): void {
    if (this.#over) return;
    const budget = this.#pace.budget(
      (this.#walk.copied - this.#lastCopied) / this.#keysPerMs,
      this.#hurry,
      behindReplies,
    );
    if (budget === 0) {
      if (!this.#resting) this.#rest();
      return;
    }
    this.#resting = false;
    this.#started = true;
    this.#inSlice = true;
    const { clock } = this.#parts;
    const start = clock.monotonic();
    const { stepItems } = this.#limits;
    // Code that runs for the first time takes some milliseconds for what will take microseconds.
    this.#stepKeys = Math.min(behindReplies ? stepItems / 2 : stepItems, this.#stepKeys * 2);
    // A step that would end long after the budget is not begun.
    const deadline = start + budget - this.#stepKeys / this.#keysPerMs / 2;
    const late = (): boolean => clock.monotonic() >= deadline;
    this.#again = this.#output.pump(late);
    const before = this.#walk.written;
    const delayMicros = this.#keyDelayMicros;
    while (!this.#complete && this.#wanted()) {
      this.#again = true;
      if (!this.#walk.step(this.#stepKeys)) {
        this.#complete = true;
        this.#output.end();
      }
      if (delayMicros > 0 || late()) break;
    }
    const end = clock.monotonic();
    const keys = this.#walk.written - before;
    if (keys > 0 && end > start) this.#keysPerMs += (keys / (end - start) - this.#keysPerMs) / 16;
    if (this.#output.pump(late)) this.#again = true;
    this.#checkCopies();
    this.#inSlice = false;
    this.#lastCopied = this.#walk.copied;
    this.#pace.sliced();
    if (this.#output.seats.size === 0) {
      this.#close();
      return;
    }
    // `rdb-key-save-delay` is for each key that was written, whoever had it written.
    const keysSince = this.#walk.written - this.#lastWritten;
    this.#lastWritten = this.#walk.written;
    if (keysSince > 0 && delayMicros > 0) this.#pause((keysSince * delayMicros) / 1000);
    else if (this.#again && this.#pace.busy) this.#restBetweenTurns();
    else if (this.#again) this.#wake();
  }

  /** No slice is due yet. */
  #rest(): void {
    const ms = this.#pace.waitMs;
    // The same as at the last look: this clock (a test's) stands still until somebody waits.
    const still = ms === this.#waitMs;
    this.#waitMs = ms;
    if (this.#pace.busy) this.#restBetweenTurns();
    else if (ms > TIMER_MS || still) this.#pause(Math.max(1, Math.floor(ms)));
    else this.#wake();
  }

  /** Clients are busy: what is due is done when their replies have left, or every now and then if there are none. */
  #restBetweenTurns(): void {
    this.#resting = true;
    this.#tick ??= this.#parts.clock.every(1, () => {
      if (this.#resting) this.#slice();
    });
  }

  #pause(ms: number): void {
    this.#delay = this.#parts.clock.after(ms, () => {
      this.#delay = null;
      this.#wake();
    });
  }

  /** The most urgent of two: a consumer comes to its limit, or too much gathers behind the snapshot. */
  get #hurry(): number {
    const { written, total, bytesWritten } = this.#walk;
    const progress = total === 0 ? 1 : written / total;
    return Math.max(
      this.#output.most('hurry'),
      hurryOfWaiting(this.#limits, this.#output.most('waitingBytes'), bytesWritten, progress),
    );
  }

  get #keyDelayMicros(): number {
    const delay = this.#parts.settings.rdbKeySaveDelay;
    return delay >= 0 ? delay : -1 / delay;
  }

  /** Whether the walk shall make more. */
  #wanted(): boolean {
    const { seats, slowest, ahead } = this.#output;
    if (seats.size === 0) return false;
    const { aheadBytes, lagBytes } = this.#limits;
    return ahead < aheadBytes && this.#output.unreadBytes(slowest!) < lagBytes;
  }

  #checkCopies(): void {
    const { copiedBytes } = this.#limits;
    const output = this.#output;
    while (output.heldBytes + this.#walk.asideBytes > copiedBytes && output.seats.size > 1)
      this.#drop('the slowest of several that share a snapshot, and its buffer is full');
    if (output.heldBytes + this.#walk.asideBytes > copiedBytes)
      this.#fail('writers changed more than the snapshot can keep aside (its buffer is full)');
  }

  #drop(reason: string): void {
    const { slowest } = this.#output;
    if (slowest !== undefined) this.#output.drop(slowest, reason);
  }

  #fail(reason: string): void {
    this.#output.failAll(reason);
    this.#close();
  }

  /** Twice a second: drops consumers that hold things up, and ends a snapshot that stands still. */
  #look(): void {
    const now = this.#parts.clock.monotonic();
    const output = this.#output;
    const { lagBytes, lagPatienceMs, aheadBytes, stallMs, watchdogMs } = this.#limits;
    const starving = output.ahead < aheadBytes && !this.#complete;
    let taken = 0;
    for (const seat of [...output.seats]) {
      taken += seat.takenBytes;
      const unread = output.unreadBytes(seat);
      if (seat.takenBytes !== seat.seenBytes || (unread === 0 && !seat.paused)) seat.stuckSinceMs = -1;
      else if (seat.stuckSinceMs < 0) seat.stuckSinceMs = now;
      seat.seenBytes = seat.takenBytes;
      const lagging = output.seats.size > 1 && starving && unread >= lagBytes;
      if (!lagging) seat.laggingSinceMs = -1;
      else if (seat.laggingSinceMs < 0) seat.laggingSinceMs = now;
      if (seat.stuckSinceMs >= 0 && now - seat.stuckSinceMs >= stallMs)
        output.drop(seat, `it took nothing of the snapshot for ${Math.round(stallMs / 1000)} seconds`);
      else if (lagging && now - seat.laggingSinceMs >= lagPatienceMs)
        output.drop(seat, `others waited for it for ${Math.round(lagPatienceMs / 1000)} seconds`);
    }
    const progress = this.#walk.bytesWritten + this.#walk.asideBytes + taken;
    if (progress !== this.#progressBytes) {
      this.#progressBytes = progress;
      this.#progressMs = now;
    }
    this.#checkCopies();
    if (now - this.#progressMs >= watchdogMs)
      this.#fail(`the snapshot made no progress for ${Math.round(watchdogMs / 1000)} seconds`);
    else this.#wake();
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#watchdog.cancel();
    this.#delay?.cancel();
    this.#tick?.cancel();
    this.#walk.close();
    this.#finished();
  }
}
