/**
 * An RDB on its way into the store: the bytes go through the reader into staged databases, which replace the present data
 * in one step (`commit`) or vanish (`discard`). The one way in for a file at start, DEBUG RELOAD and full sync.
 */
import type { Log } from '../base/ambient.ts';
import { RdbReader, type RunResult } from '../rdb/read.ts';
import type { Database } from '../store/database.ts';
import { type LoadOptions, StoreLoader } from '../store/load.ts';
import { LoadError, loadFailure } from '../store/load-error.ts';
import type { LoadedPosition } from '../store/load-position.ts';
import type { Store } from '../store/store.ts';

const MIB = 1024 * 1024;
/** Keys put in the order of their expiry between two looks at the clock, and at first, when code for that runs for the first time. */
const INDEX_STEP = 1024;
const FIRST_INDEX_STEP = 32;
/**
 * Longest string taken from a file or a master, whatever `proto-max-bulk-len` says here now: it was allowed where it was made.
 * The reader's window is twice as long as a string that comes in pieces, and must stay within 4 GiB.
 */
const MAX_STRING_BYTES = 2047 * MIB;

export interface StagedDataOptions extends LoadOptions {
  /** `rdbchecksum`. */
  readonly checksum: boolean;
  /** Load on top of the present data instead of beside it: what was read before a failure stays. */
  readonly inPlace?: boolean;
  /** Gets what the data took where it was saved. */
  readonly loading?: { rdbUsedMem: number };
}

export class StagedData {
  readonly #store: Store;
  readonly #loader: StoreLoader;
  readonly #reader: RdbReader;
  readonly #staged: readonly Database[] | null;
  /** Staged databases whose index is complete. */
  #indexed = 0;
  #indexStep = FIRST_INDEX_STEP;
  #failure: Error | null = null;
  #over = false;

  /** `log` gets what Redis says about a file's origin; `now` is Unix ms. Throws LoadError if there is no memory to begin with. */
  constructor(store: Store, log: Log, now: number, options: StagedDataOptions) {
    this.#store = store;
    this.#staged = options.inPlace === true ? null : createStaging(store);
    // Nothing is taken out of staged data but a key that comes again.
    if (this.#staged !== null && options.replaceExisting !== true)
      for (const db of this.#staged) db.expiries.startBulk();
    this.#loader = new StoreLoader(store, this.#staged ?? store.space.databases, options);
    this.#loader.onAux = (name, value) => {
      describeOrigin(log, now, name, value);
      if (name === 'used-mem' && options.loading !== undefined) options.loading.rdbUsedMem = Number(value) || 0;
    };
    this.#loader.onModuleAux = (module) => log.warning(`Skipping auxiliary data of module '${module}' in the RDB`);
    this.#reader = new RdbReader(this.#loader, {
      checksum: options.checksum,
      maxStringBytes: MAX_STRING_BYTES,
      ...(options.inputBytes === undefined ? {} : { inputBytes: options.inputBytes }),
    });
  }

  /** Bytes parsed so far. */
  get offset(): number {
    return this.#reader.offset;
  }

  /** Keys that `commit` brings. */
  get keys(): number {
    return this.#loader.keys - this.#loader.expiredKeys - this.#loader.emptyKeys;
  }

  get expiredKeys(): number {
    return this.#loader.expiredKeys;
  }

  get emptyKeys(): number {
    return this.#loader.emptyKeys;
  }

  /** Called for each key that is dropped because its time had come. */
  set onExpired(listener: StoreLoader['onExpired']) {
    this.#loader.onExpired = listener;
  }

  get position(): Readonly<LoadedPosition> {
    return this.#loader.position;
  }

  /** Takes a copy of the bytes; `run` parses them. */
  push(bytes: Uint8Array): void {
    this.#reader.push(bytes);
  }

  /**
   * Parses up to `steps` keys or elements; `done` once the indexes are complete, too. Throws RdbError or LoadError, and the
   * same again from then on.
   */
  run(steps: number): RunResult {
    if (this.#failure !== null) throw this.#failure;
    try {
      const result = this.#reader.run(steps);
      return result === 'done' && this.#indexWork() ? 'paused' : result;
    } catch (error) {
      this.#loader.abandon();
      this.#failure = loadFailure(error);
      throw this.#failure;
    }
  }

  /** Brings keys into the order in which they expire, for a while; true while more is left. */
  #indexWork(): boolean {
    const budget = this.#indexStep;
    this.#indexStep = Math.min(INDEX_STEP, 2 * budget);
    const staged = this.#staged ?? [];
    while (this.#indexed < staged.length) {
      if (staged[this.#indexed]!.expiries.bulkWork(budget)) return true;
      this.#indexed++;
    }
    return false;
  }

  /** What was pushed behind the end of the RDB: a copy. */
  leftover(): Uint8Array {
    return this.#reader.leftover();
  }

  /** No more bytes will come: throws unless exactly one whole RDB was parsed, or one with more behind it. */
  finish(mayGoOn: boolean = false): void {
    try {
      this.#reader.endOfInput();
    } catch (error) {
      this.#loader.abandon();
      throw error;
    }
    if (!mayGoOn && this.#reader.pendingBytes > 0) throw new LoadError('bytes follow the end of the RDB');
  }

  /** Puts the data in place, at once. */
  commit(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#staged !== null) this.#store.space.adopt(this.#staged);
    this.#store.functions = this.#loader.functions;
  }

  /** Gives what was loaded back, in slices. Nothing after `commit` or another `discard`. */
  discard(): void {
    if (this.#over) return;
    this.#over = true;
    this.#loader.abandon();
    if (this.#staged !== null) this.#store.space.discard(this.#staged);
  }

  /** The closing line of a load. */
  logSummary(log: Log): void {
    const text = `Done loading RDB, keys loaded: ${this.keys}, keys expired: ${this.expiredKeys}`;
    if (this.emptyKeys > 0) log.warning(`${text}, empty keys skipped: ${this.emptyKeys}.`);
    else log.notice(`${text}.`);
  }
}

function createStaging({ space }: Store): Database[] {
  try {
    return space.createStaging();
  } catch (error) {
    throw loadFailure(error);
  }
}

function describeOrigin(log: Log, now: number, name: string, value: string): void {
  if (name === 'redis-ver' || name === 'valkey-ver') log.notice(`Loading RDB produced by version ${value}`);
  else if (name === 'ctime') log.notice(`RDB age ${Math.max(0, Math.floor(now / 1000 - Number(value)))} seconds`);
  else if (name === 'used-mem') log.notice(`RDB memory usage when created ${(Number(value) / MIB).toFixed(2)} Mb`);
}
