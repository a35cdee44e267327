/**
 * A full sync on the replica's side: the master's RDB goes into staged databases while the old data is served, and
 * replaces it in one step once its checksum was right. Whatever fails before leaves the old data untouched.
 */
import type { LoadRequest, LoadSession, LoadSummary } from '../replication/ports.ts';
import { RdbReader } from '../rdb/read.ts';
import type { Database } from '../store/database.ts';
import { StoreLoader } from '../store/load.ts';
import type { Store } from '../store/store.ts';
import type { Clock } from '../base/ambient.ts';

/** Steps (entries, elements) between two looks at whether the input is used up. */
const STEPS = 4096;

export interface StagedLoadOwner {
  readonly clock: Clock;
  readonly settings: { readonly rdbchecksum: boolean };
  /** The data was replaced: watchers and statistics look again. */
  dataReplaced(): void;
}

export class StagedLoad implements LoadSession {
  readonly #store: Store;
  readonly #owner: StagedLoadOwner;
  readonly #staged: Database[];
  readonly #loader: StoreLoader;
  readonly #reader: RdbReader;

  constructor(store: Store, owner: StagedLoadOwner, request: LoadRequest) {
    this.#store = store;
    this.#owner = owner;
    this.#staged = store.space.createStaging();
    this.#loader = new StoreLoader(store, this.#staged, { dropExpired: false });
    this.#reader = new RdbReader(this.#loader, {
      checksum: owner.settings.rdbchecksum,
      ...(request.totalBytes === null ? {} : { inputBytes: request.totalBytes }),
    });
  }

  push(bytes: Uint8Array, at: number, length: number): boolean {
    this.#store.space.now = this.#owner.clock.now();
    this.#reader.push(bytes.subarray(at, at + length));
    while (this.#reader.run(STEPS) === 'paused');
    return true;
  }

  async finish(): Promise<LoadSummary> {
    this.#reader.endOfInput();
    if (this.#reader.pendingBytes > 0) throw new Error('bytes follow the end of the RDB');
    return { streamDb: this.#loader.aux_.streamDb };
  }

  commit(): void {
    this.#store.space.adopt(this.#staged);
    this.#store.functions = this.#loader.functions;
    this.#owner.dataReplaced();
  }

  abort(): void {
    for (const db of this.#staged) db.discard();
  }
}
