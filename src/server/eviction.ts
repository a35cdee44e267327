/**
 * `maxmemory`: before each command, keys are evicted until the memory in use is below the limit again.
 *
 * What counts: the arena, the backlog up to repl-backlog-size, and the buffers of normal clients (as of the last 100 ms).
 * What only waits for replicas does not, as evicting produces more of it.
 *
 * One command evicts for as long as maxmemory-eviction-tenacity allows; the rest is done in slices between the turns, and
 * meanwhile commands go on: the limit is passed by as little as they add. Memory of deleted values that is still to be
 * reclaimed is reclaimed first, so that nothing is evicted for what is free already.
 */
import type { Clock } from '../base/ambient.ts';
import type { Settings } from '../base/settings.ts';
import type { Keyspace } from '../store/keyspace.ts';

export interface EvictionParts {
  readonly clock: Clock;
  readonly settings: Settings;
  readonly space: Keyspace;
  readonly loading: () => boolean;
  /** Counts the buffers of normal clients, bytes. */
  readonly clientBytes: () => number;
  /** Bytes of the replication stream's buffer. */
  readonly streamBytes: () => number;
  /** After some evictions: replicas are fed. */
  readonly feedReplicas: () => void;
  /** Evicting took so long, ms. */
  readonly took: (ms: number) => void;
  /** A slice between turns is done: what it did is to be sent. */
  readonly sliceDone: () => void;
}

/** Evictions between two looks at the clock. */
const KEYS_A_LOOK = 16;
/** The clients' buffers are counted anew so often while commands come, and above the limit so often at most. */
const COUNT_PERIOD_MS = 100;
const RECOUNT_PERIOD_MS = 10;
/** Units of reclaiming between two looks. */
const RECLAIM_BATCH = 128;

type State = 'enough' | 'goes-on' | 'none-left';

export class Eviction {
  readonly #parts: EvictionParts;
  #running = false;
  /** Unix ms. */
  #countedAt = -Infinity;
  /** Since then. */
  #clientGone = false;
  /** Buffers of normal clients when they were last counted. */
  #clientBytes = 0;
  /** Monotonic ms since when we are above the limit; -1: we are not. */
  #exceededSince = -1;
  #exceededMs = 0;

  constructor(parts: EvictionParts) {
    this.#parts = parts;
  }

  /** A limit applies to commands. */
  get limited(): boolean {
    const { settings, space } = this.#parts;
    return settings.maxmemory !== 0 && !(space.isReplica && settings.replicaIgnoreMaxmemory);
  }

  /** Bytes that count against the limit. */
  get counted(): number {
    const { space, streamBytes } = this.#parts;
    return space.arena.usedBytes + streamBytes() + this.#clientBytes;
  }

  /** Evicts as much as is needed and may be done at once. False if memory is short and nothing more can be freed. */
  makeRoom(): boolean {
    if (!this.limited || this.#parts.loading() || this.#parts.space.expirePaused) return true;
    const { settings, space } = this.#parts;
    if (Math.abs(space.now - this.#countedAt) >= COUNT_PERIOD_MS) this.#countClients();
    if (this.counted <= settings.maxmemory || this.#enoughNow()) {
      if (this.#exceededSince >= 0) this.#noteState('enough');
      return true;
    }
    return this.#run() !== 'none-left';
  }

  /** A client is gone, and its buffers with it: they are counted anew before they cost anybody anything. */
  clientClosed(): void {
    this.#clientGone = true;
  }

  /** Starts evicting in the background, where the limit became lower than what is used. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#next();
  }

  /** Milliseconds above the limit: so far, and in the present stretch (INFO stats). */
  exceeded(): { readonly total: number; readonly current: number } {
    const current = this.#exceededSince < 0 ? 0 : this.#parts.clock.monotonic() - this.#exceededSince;
    return { total: Math.floor(this.#exceededMs + current), current: Math.floor(current) };
  }

  /** CONFIG RESETSTAT. */
  resetStatistics(): void {
    this.#exceededMs = 0;
    this.#exceededSince = -1;
  }

  /** Whether there is room, as clients take less by now than when they were counted. */
  #enoughNow(): boolean {
    const { settings, space } = this.#parts;
    if (this.#clientBytes === 0) return false;
    if (!this.#clientGone && Math.abs(space.now - this.#countedAt) < RECOUNT_PERIOD_MS) return false;
    this.#countClients();
    return this.counted <= settings.maxmemory;
  }

  #countClients(): void {
    const { clientBytes, space } = this.#parts;
    this.#countedAt = space.now;
    this.#clientGone = false;
    this.#clientBytes = clientBytes();
  }

  #next(): void {
    const { clock, space } = this.#parts;
    clock.soon(() => {
      space.now = clock.now();
      this.#running = false;
      this.makeRoom();
      this.#parts.sliceDone();
    });
  }

  #run(): State {
    const { clock } = this.#parts;
    const start = clock.monotonic();
    const state = this.#evict(start + this.#limitMs());
    this.#noteState(state);
    this.#parts.took(clock.monotonic() - start);
    if (state === 'goes-on') this.start();
    return state;
  }

  #evict(deadline: number): State {
    const { clock, settings, space } = this.#parts;
    const { evictor, reclaimer } = space;
    for (let keys = 0; this.counted > settings.maxmemory;) {
      if (reclaimer.pending > 0) {
        reclaimer.work(RECLAIM_BATCH);
      } else {
        if (!evictor.evictOne()) return 'none-left';
        if (++keys % KEYS_A_LOOK !== 0) continue;
        this.#parts.feedReplicas();
      }
      if (clock.monotonic() > deadline) return 'goes-on';
    }
    return 'enough';
  }

  #noteState(state: State): void {
    const now = this.#parts.clock.monotonic();
    if (state !== 'enough') {
      if (this.#exceededSince < 0) this.#exceededSince = now;
    } else if (this.#exceededSince >= 0) {
      this.#exceededMs += now - this.#exceededSince;
      this.#exceededSince = -1;
    }
  }

  /** Redis's scale: 0 to 500 us up to a tenacity of 10, then 15 % more for each step, without limit at 100. */
  #limitMs(): number {
    const tenacity = this.#parts.settings.maxmemoryEvictionTenacity;
    if (tenacity <= 10) return 0.05 * tenacity;
    return tenacity < 100 ? 0.5 * 1.15 ** (tenacity - 10) : Infinity;
  }
}
