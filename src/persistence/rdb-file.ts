/**
 * The RDB file: SAVE, BGSAVE, save points, loading at start and DEBUG RELOAD. A file appears under its name only when
 * it is complete and on the disk (temporary file, fsync, rename, fsync of the directory); one that cannot be read
 * changes nothing.
 */
import { posix } from 'node:path';
import type { World } from '../io/world.ts';
import type { Settings } from '../base/settings.ts';
import { replyError } from '../base/errors.ts';
import { RdbReader } from '../rdb/read.ts';
import { RdbWriter } from '../rdb/write.ts';
import { writeRdb } from '../snapshot/write-rdb.ts';
import type { Store } from '../store/store.ts';
import { StoreLoader } from '../store/load.ts';
import { digestAll, digestValue } from '../store/digest.ts';
import type { PersistenceService } from '../commands/services.ts';
import type { RdbReplicationInfo } from '../replication/replication.ts';

/** Bytes read from the file at a time. */
const READ_BYTES = 1024 * 1024;
const STEPS = 65536;

export interface RdbFileParts {
  readonly world: World;
  readonly settings: Settings;
  readonly store: Store;
  /** Changes since the server started. */
  dirty(): number;
  /** Where the data stands in the replication stream. */
  position(): RdbReplicationInfo | null;
  setLoading(on: boolean): void;
}

export class RdbFile implements PersistenceService {
  readonly #parts: RdbFileParts;
  #savedDirty = 0;
  #scheduled = false;
  #nextTryMs = 0;
  /** Unix seconds. */
  lastSave: number;
  lastSaveOk = true;
  /** Of the last save: ms, -1 before the first. */
  lastSaveMs = -1;
  saves = 0;
  /** Of the load at start. */
  loadedKeys = 0;
  expiredAtLoad = 0;

  constructor(parts: RdbFileParts) {
    this.#parts = parts;
    this.lastSave = Math.floor(parts.world.clock.now() / 1000);
  }

  get saving(): boolean {
    return this.#scheduled;
  }

  get path(): string {
    return posix.resolve(this.#parts.settings.dir, this.#parts.settings.dbfilename);
  }

  get changesSinceSave(): number {
    return this.#parts.dirty() - this.#savedDirty;
  }

  /** The last save failed, and writes are to be refused until one succeeds. */
  get blocksWrites(): boolean {
    return !this.lastSaveOk && this.#parts.settings.stopWritesOnBgsaveError && this.#parts.settings.save.length > 0;
  }

  save(): string | undefined {
    const { world, settings, store } = this.#parts;
    const { disk, clock, log } = world;
    const started = clock.monotonic();
    const temporary = posix.resolve(settings.dir, `temp-${world.process.pid}.rdb`);
    try {
      const file = disk.createSync(temporary);
      try {
        const writer = new RdbWriter(
          (chunk) => {
            file.writeSync(chunk);
            return true;
          },
          { checksum: settings.rdbchecksum, compress: settings.rdbcompression },
        );
        writeRdb(writer, store, { now: clock.now(), position: this.#parts.position() });
        file.syncSync();
      } finally {
        file.closeSync();
      }
      disk.renameSync(temporary, this.path);
      disk.syncDirectorySync(settings.dir);
    } catch (error) {
      this.lastSaveOk = false;
      this.#nextTryMs = clock.now() + RETRY_MS;
      log.warning(`Error saving DB on disk: ${reason(error)}`);
      try {
        disk.removeSync(temporary);
      } catch {
        // It may not exist; there is nothing more to do about it.
      }
      return 'ERR';
    }
    this.lastSaveOk = true;
    this.saves++;
    this.#savedDirty = this.#parts.dirty();
    this.lastSave = Math.floor(clock.now() / 1000);
    this.lastSaveMs = clock.monotonic() - started;
    log.notice('DB saved on disk');
    return undefined;
  }

  backgroundSave(_schedule: boolean): string {
    if (this.#scheduled) throw replyError('ERR Background save already in progress');
    this.#scheduled = true;
    this.#parts.world.clock.soon(() => {
      this.#scheduled = false;
      if (this.save() === undefined) this.#parts.world.log.notice('Background saving terminated with success');
      else this.#parts.world.log.warning('Background saving error');
    });
    return 'Background saving started';
  }

  /** Once a second: save points. */
  cron(): void {
    const { world, settings } = this.#parts;
    if (this.#scheduled || world.clock.now() < this.#nextTryMs) return;
    const changes = this.changesSinceSave;
    const seconds = Math.floor(world.clock.now() / 1000) - this.lastSave;
    for (const point of settings.save) {
      if (changes < point.changes || seconds <= point.seconds) continue;
      world.log.notice(`${point.changes} changes in ${point.seconds} seconds. Saving...`);
      this.backgroundSave(false);
      return;
    }
  }

  /** CONFIG SET save: an old failure no longer blocks writes if nobody wants snapshots. */
  savePointsChanged(): void {
    if (this.#parts.settings.save.length === 0) this.lastSaveOk = true;
  }

  /** Loads the file, if there is one. `found` gets its place in the replication stream. Throws if the file is unusable. */
  async loadAtStart(found: (position: RdbReplicationInfo) => void): Promise<void> {
    const { world, store, settings } = this.#parts;
    if (!world.disk.exists(this.path)) return;
    const started = world.clock.monotonic();
    const loader = new StoreLoader(store, store.space.databases, { dropExpired: settings.replicaof === undefined });
    const file = await world.disk.openRead(this.path);
    this.#parts.setLoading(true);
    try {
      const reader = new RdbReader(loader, { checksum: settings.rdbchecksum, inputBytes: file.size });
      const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
      for (;;) {
        const read = await file.read(buffer);
        if (read === 0) break;
        store.space.now = world.clock.now();
        reader.push(buffer.subarray(0, read));
        while (reader.run(STEPS) === 'paused');
      }
      reader.endOfInput();
    } finally {
      this.#parts.setLoading(false);
      await file.close();
    }
    store.functions = loader.functions;
    this.loadedKeys = loader.keys - loader.expiredKeys;
    this.expiredAtLoad = loader.expiredKeys;
    const { replid, replOffset, streamDb } = loader.aux_;
    if (replid.length === 40 && replOffset >= 0) found({ replid, offset: replOffset, streamDb });
    const seconds = ((world.clock.monotonic() - started) / 1000).toFixed(3);
    world.log.notice(`Done loading RDB, keys loaded: ${this.loadedKeys}, keys expired: ${loader.expiredKeys}.`);
    world.log.notice(`DB loaded from disk: ${seconds} seconds`);
  }

  reload(options: {
    readonly noSave: boolean;
    readonly noFlush: boolean;
    readonly merge: boolean;
  }): string | undefined {
    const { world, store, settings } = this.#parts;
    if (!options.noSave && this.save() !== undefined) return 'ERR Error trying to save the DB, check server logs.';
    const staged = options.noFlush ? store.space.databases : store.space.createStaging();
    const loader = new StoreLoader(store, staged, {
      dropExpired: !store.space.isReplica,
      replaceExisting: options.merge || options.noFlush,
    });
    try {
      const reader = new RdbReader(loader, { checksum: settings.rdbchecksum });
      reader.push(world.disk.readFileSync(this.path));
      while (reader.run(STEPS) === 'paused');
      reader.endOfInput();
    } catch (error) {
      if (staged !== store.space.databases) for (const db of staged) db.discard();
      world.log.warning(`Error loading ${this.path}: ${reason(error)}`);
      return 'ERR Error trying to load the RDB dump, check server logs.';
    }
    if (staged !== store.space.databases) {
      store.space.adopt(staged);
      store.functions = loader.functions;
    }
    return undefined;
  }

  digest(): string {
    return digestAll(this.#parts.store);
  }

  digestValue(database: number, bytes: Uint8Array, at: number, length: number): string {
    const db = this.#parts.store.space.databases[database]!;
    return digestValue(this.#parts.store, db, db.peek(bytes, at, length));
  }
}

/** After a failed save the next automatic one waits so long, ms. */
const RETRY_MS = 5000;

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
