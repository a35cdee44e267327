/**
 * What is known of a load while it goes on: INFO's loading_* fields, the gate that answers -LOADING, and the pace.
 *
 * A load runs in slices of SLICE_MS between which the server serves its clients. The data of before is kept until the new
 * data is complete; what clients see of it is told by the kind, which for a full sync follows `repl-diskless-load`.
 */
import type { Clock } from '../base/ambient.ts';

/** Longest stretch of loading without a look at the clients, ms. */
export const SLICE_MS = 1;

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
  readonly #clock: Clock;
  /** key-load-delay: microseconds a key; below zero: keys a microsecond. */
  readonly #settings: { readonly keyLoadDelayMicros: number };

  constructor(clock: Clock, settings: { readonly keyLoadDelayMicros: number }) {
    this.#clock = clock;
    this.#settings = settings;
  }

  /** `totalBytes` 0: not known. */
  begin(kind: LoadKind, totalBytes: number): void {
    this.kind = kind;
    this.startTime = Math.floor(this.#clock.now() / 1000);
    this.totalBytes = totalBytes;
    this.loadedBytes = 0;
    this.rdbUsedMem = 0;
  }

  end(): void {
    this.kind = 'no';
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

  /** Runs `work` in slices until it is done: it does a small piece and returns how many keys that were, -1 at the end. */
  async inSlices(work: () => number): Promise<void> {
    const clock = this.#clock;
    for (;;) {
      const deadline = clock.monotonic() + SLICE_MS;
      let keys = 0;
      for (;;) {
        const taken = work();
        if (taken < 0) return;
        keys += taken;
        if (clock.monotonic() >= deadline || this.delayMs(keys) > 0) break;
      }
      await this.pause(this.delayMs(keys));
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
