/**
 * The RDB file: SAVE, BGSAVE, save points, loading at start and DEBUG RELOAD. A file appears under its name only when
 * it is complete and on the disk (temporary file, fsync, rename, fsync of the directory); one that cannot be read
 * changes nothing.
 *
 * There is no child process: a background save is a snapshot (snapshot/), written between the clients' commands. SAVE, SHUTDOWN
 * and DEBUG RELOAD write in one go, and take the place of a background save that is under way.
 */
import { posix } from 'node:path';
import type { World } from '../io/world.ts';
import type { Settings } from '../base/settings.ts';
import { replyError } from '../base/errors.ts';
import { RdbError } from '../rdb/error.ts';
import { RdbWriter } from '../rdb/write.ts';
import { writeRdb } from '../snapshot/write-rdb.ts';
import { LoadError } from '../store/load-error.ts';
import type { SnapshotSource } from '../snapshot/ports.ts';
import { requestAll } from '../snapshot/request.ts';
import type { Store } from '../store/store.ts';
import { digestAll, digestValue } from '../store/digest.ts';
import type { RdbReplicationInfo } from '../replication/replication.ts';
import { diskErrorText } from './disk-error.ts';
import { BackgroundSave } from './background-save.ts';
import { LoadInput } from './load-input.ts';
import { type Loading, UnusableData } from './loading.ts';
import { StagedData } from './staged-data.ts';

/** Bytes handed to the parser at a time, and keys and elements parsed then, by DEBUG RELOAD. */
const READ_BYTES = 1024 * 1024;
const STEPS = 65536;
/** After a failed background save the next automatic one waits so long, ms. */
const RETRY_MS = 5000;
/** What SAVE answers when it fails: the log has the reason. */
const FAILED = 'ERR';

export interface RdbFileParts {
  readonly world: World;
  readonly settings: Settings;
  readonly store: Store;
  /** Changes since the server started. */
  dirty(): number;
  /** Where the data stands in the replication stream. */
  position(): RdbReplicationInfo | null;
  readonly loading: Loading;
  readonly snapshots: SnapshotSource;
}

export class RdbFile {
  readonly #parts: RdbFileParts;
  #savedDirty = 0;
  #background: BackgroundSave | null = null;
  #backgrounds = 0;
  /** Monotonic ms at which the background save under way was started, -1 for none. */
  #startedMs = -1;
  /** Unix ms of the last start of a background save. */
  #lastTryMs = -Infinity;
  /** Unix seconds of the last good save, or of the start. */
  lastSave: number;
  /** Whether the last save in the background was good. */
  lastSaveOk = true;
  /** How long the last save in the background took, ms; -1 before the first. */
  lastSaveMs = -1;
  /** Saves asked for, good or not. */
  saves = 0;
  /** Of the load at start. */
  loadedKeys = 0;
  expiredAtLoad = 0;

  constructor(parts: RdbFileParts) {
    this.#parts = parts;
    this.lastSave = Math.floor(parts.world.clock.now() / 1000);
  }

  /** A background save is under way, or a snapshot for replicas: what Redis has a child process for. */
  get saving(): boolean {
    return this.#background !== null || this.#parts.snapshots.running === 'sync';
  }

  /** How long the background save has been under way, ms; -1 if there is none. */
  get savingMs(): number {
    return this.#startedMs < 0 ? -1 : this.#parts.world.clock.monotonic() - this.#startedMs;
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

  // -- saving -------------------------------------------------------------------------------------------------

  save(): string | undefined {
    this.saves++;
    return this.#write() ? undefined : FAILED;
  }

  backgroundSave(_schedule: boolean): string {
    const { world, settings, snapshots } = this.#parts;
    const { clock, log, process: facts, disk } = world;
    if (this.saving || snapshots.running !== null) throw replyError('ERR Background save already in progress');
    this.saves++;
    this.#startedMs = clock.monotonic();
    this.#lastTryMs = clock.now();
    const dirty = this.#parts.dirty();
    log.notice(`Background saving started by pid ${facts.pid}`);
    this.#background = new BackgroundSave({
      disk,
      snapshots,
      request: requestAll('save', this.#parts.position()),
      // Not the name that SAVE uses: an operation on it may still be under way when SHUTDOWN saves.
      temporary: posix.resolve(settings.dir, `temp-${facts.pid}-bg${++this.#backgrounds}.rdb`),
      path: this.path,
      done: (failure) => this.#backgroundDone(failure, dirty),
    });
    return 'Background saving started';
  }

  #backgroundDone(failure: string | null, dirty: number): void {
    const { log } = this.#parts.world;
    this.lastSaveMs = this.savingMs;
    this.#background = null;
    this.#startedMs = -1;
    if (failure === null) {
      this.#saved(dirty);
      log.notice('Background saving terminated with success');
      return;
    }
    this.lastSaveOk = false;
    log.warning(failure);
    log.warning('Background saving error');
  }

  /** Ends a background save without a result: what it would have written is out of date, or the server stops. */
  cancelBackground(): void {
    this.#background?.cancel();
    this.#background = null;
    this.#startedMs = -1;
  }

  /** Once a second: save points. */
  cron(): void {
    const { world, settings } = this.#parts;
    if (this.saving || this.#parts.snapshots.running !== null) return;
    const now = world.clock.now();
    if (!this.lastSaveOk && now - this.#lastTryMs <= RETRY_MS) return;
    const changes = this.changesSinceSave;
    const seconds = Math.floor(now / 1000) - this.lastSave;
    for (const point of settings.save) {
      if (changes < point.changes || seconds <= point.seconds) continue;
      world.log.notice(`${point.changes} changes in ${point.seconds} seconds. Saving...`);
      this.backgroundSave(false);
      return;
    }
  }

  /** FLUSHALL: what a save under way would write is out of date. */
  flushed(): void {
    this.cancelBackground();
    if (this.#parts.settings.save.length > 0) this.save();
  }

  /** CONFIG SET save: an old failure no longer blocks writes if nobody wants snapshots. */
  savePointsChanged(): void {
    if (this.#parts.settings.save.length === 0) this.lastSaveOk = true;
  }

  /** Writes the file as the data is now. False, with a line in the log, if the disk does not take it. */
  #write(): boolean {
    const { world, settings, store } = this.#parts;
    const { disk, clock, log } = world;
    this.cancelBackground();
    const dirty = this.#parts.dirty();
    const name = `temp-${world.process.pid}.rdb`;
    const temporary = posix.resolve(settings.dir, name);
    const directory = posix.dirname(temporary);
    let failure = `Failed opening the temp RDB file ${name} (in server root dir ${directory}) for saving: `;
    try {
      const file = disk.createSync(temporary);
      failure = 'Write error saving DB on disk(rdbSaveRio): ';
      try {
        const output = (chunk: Uint8Array): boolean => {
          file.writeSync(chunk);
          return true;
        };
        const writer = new RdbWriter(output, { checksum: settings.rdbchecksum, compress: settings.rdbcompression });
        this.#parts.world.log.flush();
        writeRdb(writer, store, { now: clock.now(), position: this.#parts.position() });
        failure = 'Write error saving DB on disk(fsync): ';
        file.syncSync();
      } finally {
        file.closeSync();
      }
      failure =
        `Error moving temp DB file ${name} on the final destination ${settings.dbfilename} ` +
        `(in server root dir ${directory}): `;
      disk.renameSync(temporary, this.path);
      failure = 'Write error saving DB on disk(fsyncFileDir): ';
      disk.syncDirectorySync(directory);
    } catch (error) {
      try {
        disk.removeSync(temporary);
      } catch {
        // It may not exist; there is nothing more to do about it.
      }
      const reason = diskErrorText(error);
      if (reason === undefined) throw error;
      log.warning(failure + reason);
      return false;
    }
    this.#saved(dirty);
    return true;
  }

  #saved(dirty: number): void {
    const { clock, log } = this.#parts.world;
    this.lastSaveOk = true;
    this.#savedDirty = dirty;
    this.lastSave = Math.floor(clock.now() / 1000);
    log.notice('DB saved on disk');
  }

  // -- loading ------------------------------------------------------------------------------------------------

  /**
   * Loads the file, if there is one. `found` gets its place in the replication stream, before `expired` is called for each
   * key that a master drops because its time has come. Rejects if the file is unusable, having logged why.
   */
  async loadAtStart(
    found: (position: RdbReplicationInfo) => void,
    expired: (database: number, bytes: Uint8Array, at: number, length: number) => void = () => {},
  ): Promise<void> {
    const { world, settings } = this.#parts;
    const { clock, log, disk } = world;
    if (!disk.exists(this.path)) return;
    const started = clock.monotonic();
    const { loading } = this.#parts;
    let data: StagedData | undefined;
    let told = false;
    // The AUX fields come before the keys.
    const tellPosition = (): void => {
      if (told || data === undefined) return;
      told = true;
      const { replid, replOffset, streamDb } = data.position;
      if (replid !== '' && replOffset >= 0 && streamDb >= 0) found({ replid, offset: replOffset, streamDb });
    };
    try {
      const input = await LoadInput.open(disk, this.path);
      try {
        loading.begin('blocking', input.size);
        data = this.#stage(settings.replicaof === undefined, input.size);
        data.onExpired = (database, bytes, at, length) => {
          tellPosition();
          expired(database, bytes, at, length);
        };
        await this.#loadInSlices(data, input);
        data.finish();
      } finally {
        await input.close();
      }
    } catch (error) {
      data?.discard();
      if (this.#logFailure(error, data?.offset ?? 0)) throw new UnusableData(error.message, { cause: error });
      throw error;
    } finally {
      loading.end();
    }
    data.commit();
    this.#savedDirty = this.#parts.dirty();
    this.loadedKeys = data.keys;
    this.expiredAtLoad = data.expiredKeys;
    tellPosition();
    data.logSummary(log);
    log.notice(`DB loaded from disk: ${((clock.monotonic() - started) / 1000).toFixed(3)} seconds`);
  }

  async #loadInSlices(data: StagedData, input: LoadInput): Promise<void> {
    const { world, store, loading } = this.#parts;
    for (;;) {
      const chunk = await input.next();
      if (chunk.length === 0) return;
      data.push(chunk);
      await loading.inSlices((steps) => {
        store.space.now = world.clock.now();
        const keys = data.keys;
        const result = data.run(steps);
        loading.loadedBytes = data.offset;
        // Expired keys count at once, the others with their batch: the difference may be below zero for a while.
        return result === 'paused' ? Math.max(0, data.keys - keys) : -1;
      });
    }
  }

  /** The data came from the append only file. */
  loadedElsewhere(keys: number): void {
    this.#savedDirty = this.#parts.dirty();
    this.loadedKeys = keys;
  }

  reload(options: {
    readonly noSave: boolean;
    readonly noFlush: boolean;
    readonly merge: boolean;
  }): string | undefined {
    const { world, store } = this.#parts;
    if (!options.noSave && !this.#write()) return FAILED;
    let data: StagedData | undefined;
    try {
      const bytes = world.disk.readFileSync(this.path);
      data = this.#stage(!store.space.isReplica, bytes.length, options.noFlush, options.merge);
      for (let at = 0; at < bytes.length; at += READ_BYTES) this.#feed(data, bytes.subarray(at, at + READ_BYTES));
      data.finish();
    } catch (error) {
      data?.discard();
      if (!isLoadFailure(error)) throw error;
      world.log.warning(`Error loading ${this.path}: ${diskErrorText(error) ?? error.message}`);
      return 'ERR Error trying to load the RDB dump, check server logs.';
    }
    data.commit();
    this.#savedDirty = this.#parts.dirty();
    world.log.warning('DB reloaded by DEBUG RELOAD');
    return undefined;
  }

  #stage(dropExpired: boolean, inputBytes: number, inPlace = false, replaceExisting = false): StagedData {
    const { world, store, settings } = this.#parts;
    return new StagedData(store, world.log, world.clock.now(), {
      dropExpired,
      inputBytes,
      checksum: settings.rdbchecksum,
      inPlace,
      replaceExisting,
      loading: this.#parts.loading,
    });
  }

  #feed(data: StagedData, bytes: Uint8Array): void {
    this.#parts.store.space.now = this.#parts.world.clock.now();
    data.push(bytes);
    while (data.run(STEPS) === 'paused');
  }

  /** True if it is a failure of loading, which the log tells now. */
  #logFailure(error: unknown, offset: number): error is Error {
    const { log } = this.#parts.world;
    const onDisk = diskErrorText(error);
    if (onDisk !== undefined) {
      log.warning(`Fatal error loading the DB: ${onDisk}. Exiting.`);
      return true;
    }
    if (!isLoadFailure(error)) return false;
    const reason = error instanceof RdbError ? error.reason : error.message;
    if (/^Unexpected end|exceeds the input/.test(reason))
      log.warning('Short read or OOM loading DB. Unrecoverable error, aborting now.');
    log.warning(
      `Internal error in RDB reading offset ${error instanceof RdbError ? error.offset : offset}, ` +
        `file ${this.path} -> ${reason}`,
    );
    log.warning('Terminating server after rdb file reading failure.');
    return true;
  }

  // -- digests ------------------------------------------------------------------------------------------------

  digest(): string {
    return digestAll(this.#parts.store);
  }

  digestValue(database: number, bytes: Uint8Array, at: number, length: number): string {
    const db = this.#parts.store.space.databases[database]!;
    return digestValue(this.#parts.store, db.peek(bytes, at, length));
  }
}

/** The file's or the disk's fault, as opposed to ours. */
function isLoadFailure(error: unknown): error is Error {
  return error instanceof RdbError || error instanceof LoadError || diskErrorText(error) !== undefined;
}
