/**
 * A full sync on the replica's side: the master's RDB goes into staged databases while the old data is served, and
 * replaces it in one step once its checksum was right. Whatever fails before leaves the old data untouched.
 *
 *   push -> parse for SLICE_MS -> all parsed: true, the master goes on
 *                              -> more left:  false, parse on in slices, then `resume`
 *
 * So one read from the socket never stops the server for long, however much it holds.
 */
import type { Clock, Log } from '../base/ambient.ts';
import type { Settings } from '../base/settings.ts';
import type { LoadRequest, LoadSession, LoadSummary } from '../replication/ports.ts';
import type { Store } from '../store/store.ts';
import { LoadError } from '../store/load-error.ts';
import { fullSyncKind, type Loading } from './loading.ts';
import { StagedData } from './staged-data.ts';

export interface StagedLoadOwner {
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: Pick<Settings, 'rdbchecksum' | 'replDisklessLoad'>;
  readonly load: Loading;
  /** Calls `replace`, which exchanges all data at once, and tells those who watch keys of the old or the new. */
  replaceData(replace: () => void): void;
}

export class StagedLoad implements LoadSession {
  readonly #store: Store;
  readonly #owner: StagedLoadOwner;
  readonly #request: LoadRequest;
  readonly #data: StagedData;
  #sliceScheduled = false;
  #aborted = false;
  /** What key-load-delay asks for before the next slice. */
  #delayMs = 0;
  /** Settles `finish`, once what was pushed is parsed. */
  #parsed: (() => void) | null = null;

  constructor(store: Store, owner: StagedLoadOwner, request: LoadRequest) {
    this.#store = store;
    this.#owner = owner;
    this.#request = request;
    // Without memory for that, nothing has begun.
    this.#data = new StagedData(store, owner.log, owner.clock.now(), {
      dropExpired: false,
      checksum: owner.settings.rdbchecksum,
      loading: owner.load,
      ...(request.totalBytes === null ? {} : { inputBytes: request.totalBytes }),
    });
    const kind = fullSyncKind(owner.settings.replDisklessLoad, store.space.size === 0, request.sameHistory);
    owner.load.begin(kind, request.totalBytes ?? 0);
  }

  push(bytes: Uint8Array, at: number, length: number): boolean {
    this.#owner.load.loadedBytes += length;
    this.#data.push(bytes.subarray(at, at + length));
    // Bytes that come although we asked to wait are parsed by the slice that is under way.
    if (this.#sliceScheduled) return false;
    if (this.#slice()) return true;
    this.#scheduleSlice();
    return false;
  }

  async finish(): Promise<LoadSummary> {
    if (this.#sliceScheduled) await new Promise<void>((resolve) => (this.#parsed = resolve));
    if (this.#aborted) throw new LoadError('the load was aborted');
    // A fault that a slice met is thrown again here.
    this.#data.run(1);
    this.#data.finish();
    const { streamDb } = this.#data.position;
    if (streamDb < 0) throw new LoadError('the stream goes on in a database that is not configured here');
    this.#data.logSummary(this.#owner.log);
    return { streamDb, keys: this.#data.keys };
  }

  commit(): void {
    this.#owner.load.end();
    this.#owner.replaceData(() => this.#data.commit());
  }

  abort(): void {
    this.#aborted = true;
    this.#owner.load.end();
    this.#data.discard();
    this.#wake();
  }

  /** Parses for a while; true when all is parsed. */
  #slice(): boolean {
    const { clock, load } = this.#owner;
    const data = this.#data;
    this.#store.space.now = clock.now();
    const start = data.keys;
    const taken = load.slice((steps) => {
      const { keys } = data;
      // Expired keys count at once, the others with their batch: the difference may be below zero for a while.
      return data.run(steps) === 'paused' ? Math.max(0, data.keys - keys) : -1;
    });
    this.#delayMs = load.delayMs(data.keys - start);
    return taken < 0 && this.#delayMs === 0;
  }

  #scheduleSlice(): void {
    this.#sliceScheduled = true;
    const { clock } = this.#owner;
    const slice = (): void => {
      this.#sliceScheduled = false;
      if (this.#aborted) return;
      try {
        if (!this.#slice()) {
          this.#scheduleSlice();
          return;
        }
      } catch {
        // The next `push` or `finish` throws it again, where the link can handle it.
      }
      if (this.#parsed === null) this.#request.resume();
      this.#wake();
    };
    if (this.#delayMs > 0) clock.after(this.#delayMs, slice);
    else clock.soon(slice);
  }

  #wake(): void {
    this.#parsed?.();
    this.#parsed = null;
  }
}
