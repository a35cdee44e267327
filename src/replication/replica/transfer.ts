/**
 * One full resync on its way in: payload (load.ts) -> loader's staging keyspace -> verified. Nothing that we serve changes
 * here; `commit` is the link's to call, in the turn in which history and sub-replicas change too.
 *
 *   receive ... receive -> complete: reading stops -> verified -> commit
 *                    '---------'------------------> failed       (or `abort`, from anywhere)
 *
 * Rule: what follows the payload waits here, within a bound, until the data it belongs to is in place.
 */
import type { Connection } from '../../io/world.ts';
import type { LoadSession, LoadSummary, ReplicationHost } from '../ports.ts';
import { NEWLINE } from '../wire.ts';
import { PayloadError, PayloadReceiver } from './load.ts';

/** Stream bytes that may arrive behind the payload while it is still being verified. */
const MAX_EARLY_BYTES: number = 1024 * 1024;

/** Where the master's history stands with the payload; null: it named none (SYNC). */
export type SyncStart = { readonly replid: string; readonly offset: number } | null;

export interface TransferParts {
  readonly env: ReplicationHost;
  readonly connection: Connection;
  readonly start: SyncStart;
  /** The replid of the data that we have. */
  readonly replid: string;
  /** The loader takes bytes again: that none came until now was not the master's silence. */
  readonly rested: () => void;
  /** All bytes are here, and are now being verified. */
  readonly complete: () => void;
  readonly verified: (summary: LoadSummary) => void;
  /** It came to nothing, and the log says why. */
  readonly failed: () => void;
}

export class Transfer {
  readonly start: SyncStart;
  /** The connection went while the complete payload was being verified. */
  closedEarly = false;
  readonly #parts: TransferParts;
  readonly #receiver: PayloadReceiver;
  #load: LoadSession | null = null;
  /** The loader asked us to stop reading. */
  #resting = false;
  #over = false;
  #early: Uint8Array[] = [];
  #earlyBytes = 0;

  constructor(parts: TransferParts) {
    this.#parts = parts;
    this.start = parts.start;
    this.#receiver = new PayloadReceiver({
      begin: (totalBytes) => this.#begin(totalBytes),
      bytes: (bytes, at, length) => {
        if (this.#load!.push(bytes, at, length) || this.#resting) return;
        this.#resting = true;
        parts.connection.pause();
      },
    });
  }

  /** The header was read: a loader is at work. */
  get loading(): boolean {
    return this.#load !== null;
  }

  /** The master's silence is our doing. */
  get resting(): boolean {
    return this.#resting;
  }

  /** `total` is -1 before the header, 0 when a mark ends the payload: Redis's figure for a length that nobody knows. */
  get progress(): { readonly total: number; readonly read: number } {
    const { totalBytes, receivedBytes } = this.#receiver;
    return { total: this.#load === null ? -1 : Math.max(0, totalBytes), read: receivedBytes };
  }

  /** Returns how many bytes belonged to the payload. */
  receive(bytes: Uint8Array): number {
    let taken: number;
    try {
      taken = this.#receiver.push(bytes);
    } catch (error) {
      if (error instanceof PayloadError) this.#parts.env.log.warning(error.message);
      else this.#tellFailure(error);
      this.#parts.failed();
      return bytes.length;
    }
    if (this.#receiver.complete) this.#finish();
    return taken;
  }

  /** The payload is complete and still being verified: its stream waits here, within a bound. */
  keepEarly(bytes: Uint8Array): void {
    this.#earlyBytes += bytes.length;
    if (this.#earlyBytes > MAX_EARLY_BYTES) {
      // The connection is paused: only a transport that ignores it gets here.
      this.#parts.env.log.warning('I/O error trying to sync with MASTER: too much stream before the DB was loaded');
      this.#parts.failed();
      return;
    }
    this.#early.push(Uint8Array.from(bytes));
  }

  /** The new data is served from here on. Returns what of the stream came with it. */
  commit(): readonly Uint8Array[] {
    const { log } = this.#parts.env;
    log.notice('MASTER <-> REPLICA sync: Swapping active DB with loaded DB');
    this.#load!.commit();
    this.#load = null;
    this.#over = true;
    log.notice('MASTER <-> REPLICA sync: Discarding old DB in background');
    log.notice('MASTER <-> REPLICA sync: Finished with success');
    return this.#early;
  }

  /** Nothing of it remains. */
  abort(): void {
    if (this.#over) return;
    this.#over = true;
    this.#load?.abort();
    this.#load = null;
  }

  /** Tells the master that we live while we load. */
  keepalive(): void {
    this.#parts.connection.write(NEWLINE);
  }

  /** The connection is gone before the payload was complete. */
  tellClosed(reason: string): void {
    const { log } = this.#parts.env;
    if (this.#load === null) {
      log.warning(`I/O error reading bulk count from MASTER: ${reason}`);
      return;
    }
    const offset = this.#receiver.receivedBytes;
    log.warning(`Internal error in RDB reading offset ${offset} -> Unexpected EOF reading RDB file`);
    log.warning(`I/O error trying to sync with MASTER: ${reason}`);
  }

  #begin(totalBytes: number | null): void {
    const { env, start, replid } = this.#parts;
    const { log } = env;
    log.notice(
      totalBytes === null
        ? 'MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to parser'
        : `MASTER <-> REPLICA sync: receiving ${totalBytes} bytes from master to parser`,
    );
    log.notice('MASTER <-> REPLICA sync: Loading DB in memory');
    this.#load = env.beginLoad({
      sameHistory: start !== null && start.replid === replid,
      totalBytes,
      resume: () => this.#goOn(),
      keepalive: () => {
        if (!this.#over) this.keepalive();
      },
    });
  }

  #goOn(): void {
    if (!this.#resting || this.#over) return;
    this.#resting = false;
    this.#parts.rested();
    if (!this.#receiver.complete) this.#parts.connection.resume();
  }

  #finish(): void {
    const { complete, connection, verified, failed } = this.#parts;
    complete();
    connection.pause();
    this.#load!.finish().then(
      (summary) => {
        if (!this.#over) verified(summary);
      },
      (error: unknown) => {
        if (this.#over) return;
        this.#tellFailure(error);
        failed();
      },
    );
  }

  #tellFailure(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#parts.env.log.warning(`Failed trying to load the MASTER synchronization DB from socket: ${reason}`);
  }
}
