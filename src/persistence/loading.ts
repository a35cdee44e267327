/**
 * What is known of a load while it goes on: INFO's loading_* fields, the gate that answers -LOADING, and the pace.
 *
 * A load runs in slices of SLICE_MS between which the server serves its clients. The data of before is kept until the new
 * data is complete; what clients see of it is told by the kind, which for a full sync follows `repl-diskless-load`.
 */
import type { Clock } from '../base/ambient.ts';

/** Longest stretch of loading without a look at the clients, ms. */
export const SLICE_MS = 1;

/** Keys, elements or commands between two looks at the clock... */
const MOST_STEPS = 64;
/** ... and as few, where they are slow: so are all at first, whose code runs for the first time. */
const LEAST_STEPS = 4;
/** They become fewer when they take longer, ms, and more when they take far less. */
const STEPS_MS = 0.4;

/** The data on disk cannot be used; the log says why. */
export class UnusableData extends Error {
  override name = 'UnusableData';
}

/** The server was stopped while it loaded. */
export class LoadCancelled extends Error {
  override name = 'LoadCancelled';
}

export type LoadKind =
  /** -LOADING: there is no data to serve yet, or Redis would not serve it. */
  | 'blocking'
  /** The data of before is served; commands with the flag no_async_loading are refused. */
  | 'async'
  /** The data of before is served, as while Redis receives a payload into a file. */
  | 'transfer';

/** What a full sync looks like to clients. `sameHistory`: the payload continues the history of the data we have. */
export function fullSyncKind(
  mode: 'disabled' | 'on-empty-db' | 'swapdb' | 'flush-before-load',
  isEmpty: boolean,
  sameHistory: boolean,
): LoadKind {
  switch (mode) {
    case 'disabled':
      return 'transfer';
    case 'on-empty-db':
      return isEmpty ? 'blocking' : 'transfer';
    case 'swapdb':
      return sameHistory ? 'async' : 'blocking';
    case 'flush-before-load':
      return 'blocking';
  }
}

export class Loading {
  kind: LoadKind | 'no' = 'no';
  /** Unix seconds. */
  startTime = 0;
  totalBytes = 0;
  loadedBytes = 0;
  /** What the data took where it was saved; 0 while it is not known. */
  rdbUsedMem = 0;
  #cancelled = false;
  /** Between two looks at the clock, as things are. */
  #steps = LEAST_STEPS;
  readonly #clock: Clock;
  /** key-load-delay: microseconds a key; below zero: keys a microsecond. */
  readonly #settings: { readonly keyLoadDelayMicros: number };

  readonly #changed: (loading: boolean) => void;

  /** `changed`: called when a load begins or ends. */
  constructor(
    clock: Clock,
    settings: { readonly keyLoadDelayMicros: number },
    changed: (loading: boolean) => void = () => {},
  ) {
    this.#clock = clock;
    this.#changed = changed;
    this.#settings = settings;
  }

  /** `totalBytes` 0: not known. */
  begin(kind: LoadKind, totalBytes: number): void {
    this.kind = kind;
    this.startTime = Math.floor(this.#clock.now() / 1000);
    this.totalBytes = totalBytes;
    this.loadedBytes = 0;
    this.rdbUsedMem = 0;
    this.#steps = LEAST_STEPS;
    this.#changed(true);
  }

  end(): void {
    this.kind = 'no';
    this.#changed(false);
  }

  /** The server stops: a load under way throws LoadCancelled at its next pause. */
  cancel(): void {
    this.#cancelled = true;
  }

  /** Per cent, with a fraction. */
  get percent(): number {
    return this.totalBytes === 0 ? 0 : (this.loadedBytes / this.totalBytes) * 100;
  }

  /** Seconds left, by the pace so far. */
  get etaSeconds(): number {
    const elapsed = Math.floor(this.#clock.now() / 1000) - this.startTime;
    if (elapsed === 0) return 1;
    const done = Math.max(1, this.loadedBytes);
    return Math.max(0, Math.floor((elapsed * (this.totalBytes - done)) / done));
  }

  /** Runs `work` in slices until it is done: see `slice`. */
  async inSlices(work: (steps: number) => number): Promise<void> {
    for (;;) {
      const keys = this.slice(work);
      if (keys < 0) return;
      await this.pause(this.delayMs(keys));
    }
  }

  /**
   * Runs `work` for SLICE_MS, or until key-load-delay asks for as long a pause: it does about so many steps and returns how many keys that
   * were, -1 at the end. Returns the keys of the slice, -1 at the end.
   */
  slice(work: (steps: number) => number): number {
    const clock = this.#clock;
    let before = clock.monotonic();
    const deadline = before + SLICE_MS;
    let keys = 0;
    for (;;) {
      const taken = work(this.#steps);
      if (taken < 0) return -1;
      keys += taken;
      const now = clock.monotonic();
      if (now - before > STEPS_MS) this.#steps = Math.max(LEAST_STEPS, this.#steps >>> 1);
      else if (now - before < STEPS_MS / 4) this.#steps = Math.min(MOST_STEPS, this.#steps * 2);
      if (now >= deadline || this.delayMs(keys) >= SLICE_MS) return keys;
      before = now;
    }
  }

  /** What key-load-delay asks for after so many keys, ms. */
  delayMs(keys: number): number {
    const delay = this.#settings.keyLoadDelayMicros;
    if (delay === 0) return 0;
    return delay > 0 ? (keys * delay) / 1000 : keys / -delay / 1000;
  }

  /** Lets the clients in. Throws LoadCancelled. */
  async pause(delayMs: number = 0): Promise<void> {
    await new Promise<void>((resolve) => {
      if (delayMs > 0) this.#clock.after(delayMs, resolve);
      else this.#clock.soon(resolve);
    });
    if (this.#cancelled) throw new LoadCancelled('the server was stopped while loading');
  }
}
