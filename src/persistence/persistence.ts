/**
 * RDB file and append only file together: which is loaded at start, and which of them waits while the other is written.
 * The file of the snapshots and the append only file are never written at the same time, as in Redis, where each takes
 * the one child process.
 */
import { replyError } from '../base/errors.ts';
import type { Settings } from '../base/settings.ts';
import type { AppendOnlyFile } from './aof.ts';
import { AofError } from './aof-directory.ts';
import { type AofLoadParts, loadAppendOnlyFiles } from './aof-load.ts';
import { LoadCancelled } from './loading.ts';
import type { RdbFile } from './rdb-file.ts';

export interface PersistenceParts {
  readonly settings: Settings;
  readonly rdb: RdbFile;
  readonly aof: AppendOnlyFile;
  readonly loadParts: AofLoadParts;
}

export class Persistence {
  readonly #parts: PersistenceParts;
  /** BGSAVE SCHEDULE came while the append only file was rewritten. */
  #saveScheduled = false;

  constructor(parts: PersistenceParts) {
    this.#parts = parts;
  }

  /** Rejects, with the reason in the log, if the data there is cannot be loaded. */
  async loadAtStart(...listeners: Parameters<RdbFile['loadAtStart']>): Promise<void> {
    const { settings, rdb, aof, loadParts } = this.#parts;
    aof.directory.manifest = aof.directory.read();
    if (!settings.appendonly) {
      await rdb.loadAtStart(...listeners);
      return;
    }
    const started = loadParts.world.clock.monotonic();
    const { manifest, sizes, loadedKeys } = await loadAppendOnlyFiles(loadParts, aof.directory.manifest);
    aof.directory.manifest = manifest;
    rdb.loadedElsewhere(loadedKeys);
    if (sizes.total > 0) {
      const seconds = ((loadParts.world.clock.monotonic() - started) / 1000).toFixed(3);
      loadParts.world.log.notice(`DB loaded from append only file: ${seconds} seconds`);
    }
    await aof.openAtStart(sizes);
  }

  // -- what commands ask (PersistenceService) -------------------------------------------------------------------

  get lastSave(): number {
    return this.#parts.rdb.lastSave;
  }

  get saving(): boolean {
    return this.#parts.rdb.saving;
  }

  save(): string | undefined {
    return this.#parts.rdb.save();
  }

  backgroundSave(schedule: boolean, inExec: boolean): string {
    const { rdb, aof } = this.#parts;
    if (!rdb.saving && (aof.rewriting || inExec)) {
      if (!schedule && !inExec) throw otherUnderWay;
      this.#saveScheduled = true;
      return 'Background saving scheduled';
    }
    return rdb.backgroundSave(schedule);
  }

  backgroundRewrite(inExec: boolean): string {
    return this.#parts.aof.backgroundRewrite(inExec);
  }

  flushed(): void {
    this.#parts.rdb.flushed();
  }

  reload(options: {
    readonly noSave: boolean;
    readonly noFlush: boolean;
    readonly merge: boolean;
  }): string | undefined {
    return this.#parts.rdb.reload(options);
  }

  /** Others are told that the server is loading meanwhile. */
  async loadAppendOnly(): Promise<string | undefined> {
    const { aof, loadParts } = this.#parts;
    const { log } = loadParts.world;
    aof.syncAll();
    for (const db of loadParts.store.space.databases) db.clear();
    try {
      await loadAppendOnlyFiles(loadParts, aof.directory.manifest);
    } catch (error) {
      if (!(error instanceof AofError || error instanceof LoadCancelled)) throw error;
      return 'ERR Error trying to load the append only file, check server logs.';
    }
    log.warning('Append Only File loaded by DEBUG LOADAOF');
    return undefined;
  }

  digest(): string {
    return this.#parts.rdb.digest();
  }

  digestValue(database: number, bytes: Uint8Array, at: number, length: number): string {
    return this.#parts.rdb.digestValue(database, bytes, at, length);
  }

  // -- what the server does -------------------------------------------------------------------------------------

  /** Ten times a second or so. */
  tick(): void {
    const { rdb, aof } = this.#parts;
    aof.cron();
    if (!this.#saveScheduled || rdb.saving || aof.rewriting) return;
    this.#saveScheduled = false;
    rdb.backgroundSave(true);
  }

  /** Once a second. */
  cron(): void {
    const { rdb, aof } = this.#parts;
    if (!aof.rewriting) rdb.cron();
  }
}

const otherUnderWay = replyError(
  "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE " +
    'whenever possible.',
);
