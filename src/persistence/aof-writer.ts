/**
 * The open end of the append only file: a buffer of what the commands of this turn did, the file it is appended to, and
 * the fsyncs that `appendfsync` wants.
 *
 *   feed ─> | buffer | ── flush, before any reply leaves ──> | file: written ......... |
 *                                                             | synced (fsync) |
 *
 *   always    flush also waits for the disk, so that no reply overtakes it
 *   everysec  one fsync a second, off the main path. While one is under way flush waits up to POSTPONE_MS before it
 *             writes, because the system would make write(2) wait for the disk anyway
 *   no        the system decides
 *
 * A write that fails leaves its bytes in the buffer and the file as it was; `flush` tries them again. A failed fsync is
 * another matter: the system may have dropped what it could not write, so this file cannot be trusted any more
 * (`syncFailed`), and only a new base helps.
 */
import type { Clock, Log, Timer } from '../base/ambient.ts';
import { copyBytes } from '../base/copy.ts';
import type { AppendFile } from '../io/world.ts';
import { diskErrorText } from './disk-error.ts';

/** How long a write waits for an fsync that is under way, ms. */
const POSTPONE_MS = 2000;
const SECOND_MS = 1000;
/** A buffer of so many bytes is written even if an fsync is under way. */
const WRITE_BYTES: number = 32 * 1024 * 1024;
/** While the disk takes nothing, so much is kept for it; more, and the file is given up (`overflowed`). */
export const BUFFER_MAX_BYTES: number = 256 * 1024 * 1024;
const INITIAL_BYTES = 16 * 1024;
/** The buffer is given back if it grew beyond this. */
const KEEP_BYTES = 1024 * 1024;
/** A disk that fails again and again is logged once in so many ms. */
const ERROR_LOG_MS = 30_000;

/** Whoever wants to know of delays (LATENCY). */
export interface LatencySink {
  readonly enabled: boolean;
  add(event: string, ms: number): void;
}

export interface AofWriterParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: { readonly appendfsync: 'everysec' | 'always' | 'no'; readonly noAppendfsyncOnRewrite: boolean };
  readonly latency: LatencySink;
  /** A save or rewrite is under way: with no-appendfsync-on-rewrite nothing is flushed to disk meanwhile. */
  saving(): boolean;
  /** The replication offset of what was fed so far. */
  offset(): number;
  /** More is known to be on disk. */
  synced(): void;
  /** An fsync failed: nothing written since the last good one may be on disk, whatever happens later. */
  syncFailed(): void;
  /** BUFFER_MAX_BYTES are waiting: what was fed is dropped, and the file ends before it. */
  overflowed(): void;
}

export class AofWriter {
  readonly #parts: AofWriterParts;
  #file: AppendFile | null = null;
  #buffer: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #length = 0;
  /** Bytes of the file, by our own count: what is beyond is a part of a write that failed. */
  size = 0;
  /** Bytes of it that a finished or running fsync covers. */
  #coveredSize = 0;
  /** Replication offset of what is written, and of what is on disk. */
  #writtenOffset = 0;
  #syncedOffset = 0;
  /** Fsyncs under way, and the one they run after. */
  pendingSyncs = 0;
  #syncs: Promise<void> = Promise.resolve();
  #lastSyncMs = -Infinity;
  /** Ends the wait for the next fsync of everysec, or of a write for the last one. */
  #timer: Timer | null = null;
  /** Monotonic ms since which a write waits for an fsync; -1: none does. */
  #postponedMs = -1;
  /** How often a write could not wait for an fsync any longer: INFO's aof_delayed_fsync. */
  delayedSyncs = 0;
  /** The system's text for the last failure of write(2); empty while all is well. */
  writeError = '';
  #loggedMs = -Infinity;
  /** Fed since the last attempt to write. */
  #fresh = false;
  /** Something that was fed since the last `flush` could not be made as safe as it was to be. */
  #unsafe = false;
  /** An fsync of this file failed. */
  #syncFailed = false;
  /** Changes when the file is given up, so that a late fsync of it says nothing. */
  #era = 0;

  constructor(parts: AofWriterParts) {
    this.#parts = parts;
  }

  get isOpen(): boolean {
    return this.#file !== null;
  }

  get bufferBytes(): number {
    return this.#length;
  }

  /** Everything up to this replication offset is on disk. */
  get syncedOffset(): number {
    const idle = this.#length === 0 && this.#coveredSize === this.size && this.pendingSyncs === 0;
    return idle && !this.#syncFailed ? this.#parts.offset() : this.#syncedOffset;
  }

  /** Appends to `file` from now on, which holds `size` bytes. What the last one holds is brought to disk meanwhile. */
  open(file: AppendFile, size: number): void {
    const old = this.#file;
    if (old !== null) {
      if (this.#coveredSize === this.size && this.pendingSyncs === 0) closeQuietly(old);
      else this.#syncInBackground(old, true);
    }
    this.#file = file;
    this.size = this.#coveredSize = size;
    this.#postponedMs = -1;
  }

  /** Forgets the file and what was not written to it. */
  abandon(): void {
    this.#era++;
    this.pendingSyncs = 0;
    const file = this.#file;
    this.#file = null;
    this.#length = 0;
    this.#fresh = false;
    this.#postponedMs = -1;
    this.#timer?.cancel();
    this.#timer = null;
    this.writeError = '';
    this.#syncFailed = false;
    // A descriptor that an fsync still uses is closed after it.
    if (file !== null) this.#syncs = this.#syncs.then(() => closeQuietly(file));
  }

  /** Takes a copy. Call `flush` before anybody learns of it. */
  feed(bytes: Uint8Array, at: number, length: number): void {
    const needed = this.#length + length;
    if (needed > this.#buffer.length) this.#grow(needed);
    copyBytes(this.#buffer, this.#length, bytes, at, length);
    this.#length = needed;
    this.#fresh = true;
    if (needed <= WRITE_BYTES) return;
    // A long pipeline: its bytes should not gather here.
    if (this.writeError === '') this.write(false);
    if (this.#length > BUFFER_MAX_BYTES) {
      this.#length = 0;
      this.#parts.overflowed();
    }
  }

  /**
   * At the end of a turn, before replies leave: as `write`. False: what was fed since the last call is not as safe as
   * `appendfsync always` promises.
   */
  flush(): boolean {
    this.write(false);
    const isSafe = !this.#unsafe;
    this.#unsafe = false;
    return isSafe;
  }

  /**
   * Writes the buffer, and brings it to disk as `appendfsync` says. `force`: without waiting for an fsync that is under way.
   * What fails stays in the buffer.
   */
  write(force: boolean): void {
    if (this.#file === null) return;
    const { settings, clock } = this.#parts;
    const policy = settings.appendfsync;
    const fresh = this.#fresh;
    if (this.#length > 0) {
      if (policy === 'everysec' && !force && this.pendingSyncs > 0 && this.#mayPostpone()) return;
      this.#fresh = false;
      // While the disk is known to fail, commands that write are refused: what comes here then is nobody's answer.
      const wasFine = this.writeError === '';
      if (!this.#measuredWrite()) {
        if (policy === 'always' && fresh && wasFine) this.#unsafe = true;
        return;
      }
    }
    if (this.#coveredSize === this.size) return;
    if (policy === 'no' || (settings.noAppendfsyncOnRewrite && this.#parts.saving())) return;
    if (policy === 'always') {
      if (!this.#measured(['aof-fsync-always'], () => this.#syncNow()) && fresh) this.#unsafe = true;
      return;
    }
    // What waits for the fsync under way is looked at when that is done.
    if (this.pendingSyncs > 0) return;
    const now = clock.monotonic();
    const dueIn = this.#lastSyncMs + SECOND_MS - now;
    if (dueIn > 0) {
      this.#lookAgainIn(dueIn);
      return;
    }
    this.#lastSyncMs = now;
    this.#syncInBackground(this.#file, false);
  }

  /** Redis's events: every write, and in which company it was. */
  #measuredWrite(): boolean {
    if (!this.#parts.latency.enabled) return this.#write();
    const company = this.pendingSyncs > 0 ? 'pending-fsync' : this.#parts.saving() ? 'active-child' : 'alone';
    return this.#measured(['aof-write', `aof-write-${company}`], () => this.#write());
  }

  #measured(events: readonly string[], run: () => boolean): boolean {
    const { clock, latency } = this.#parts;
    if (!latency.enabled) return run();
    const started = clock.monotonic();
    const result = run();
    const elapsed = clock.monotonic() - started;
    for (const event of events) latency.add(event, elapsed);
    return result;
  }

  #lookAgainIn(delayMs: number): void {
    this.#timer ??= this.#parts.clock.after(delayMs, () => {
      this.#timer = null;
      this.write(false);
    });
  }

  /** A base on disk holds everything up to this offset. */
  covered(offset: number): void {
    this.#syncedOffset = Math.max(this.#syncedOffset, offset);
    this.#parts.synced();
  }

  /** For the end of the server, and for turning the file off. False: not all is on disk. */
  syncAll(): boolean {
    if (this.#file === null) return true;
    this.#fresh = false;
    return (this.#length === 0 || this.#write()) && this.#syncNow();
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    copyBytes(grown, 0, this.#buffer, 0, this.#length);
    this.#buffer = grown;
  }

  #mayPostpone(): boolean {
    const { clock, log } = this.#parts;
    const now = clock.monotonic();
    if (this.#length <= WRITE_BYTES) {
      if (this.#postponedMs < 0) this.#postponedMs = now;
      const left = this.#postponedMs + POSTPONE_MS - now;
      if (left > 0) {
        this.#lookAgainIn(left);
        return true;
      }
    }
    this.delayedSyncs++;
    log.notice(
      'Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without waiting for fsync to ' +
        'complete, this may slow down the server.',
    );
    return false;
  }

  /** True if the whole buffer is in the file. */
  #write(): boolean {
    const file = this.#file!;
    const { log, clock } = this.#parts;
    this.#postponedMs = -1;
    let written = 0;
    let failure: string | undefined;
    try {
      while (written < this.#length) {
        const taken = file.appendSync(this.#buffer.subarray(written, this.#length));
        if (taken <= 0) throw Object.assign(new Error('nothing was written'), { code: 'ENOSPC' });
        written += taken;
      }
    } catch (error) {
      failure = diskErrorText(error);
      if (failure === undefined) throw error;
    }
    if (failure === undefined) {
      if (this.writeError !== '') log.warning('AOF write error looks solved, the server can write again.');
      this.writeError = '';
      this.size += written;
      this.#length = 0;
      if (this.#buffer.length > KEEP_BYTES) this.#buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
      this.#writtenOffset = this.#parts.offset();
      return true;
    }
    const logs = clock.monotonic() - this.#loggedMs > ERROR_LOG_MS || this.writeError === '';
    if (logs) {
      this.#loggedMs = clock.monotonic();
      if (written === 0) log.warning(`Error writing to the AOF file: ${failure}`);
      else
        log.warning(
          `Short write while writing to the AOF file: (nwritten=${written}, expected=${this.#length}): ${failure}`,
        );
    }
    this.writeError = failure;
    if (written > 0) this.#takeBack(file, written, logs);
    return false;
  }

  /** The file ends with a part of the buffer: it goes, or, if it cannot, the buffer goes on behind it. */
  #takeBack(file: AppendFile, written: number, logs: boolean): void {
    try {
      file.truncateSync(this.size);
    } catch (error) {
      const reason = diskErrorText(error);
      if (reason === undefined) throw error;
      if (logs)
        this.#parts.log.warning(
          'Could not remove short write from the append-only file.  The server may refuse to load the AOF the next time ' +
            `it starts.  ftruncate: ${reason}`,
        );
      this.size += written;
      this.#buffer.copyWithin(0, written, this.#length);
      this.#length -= written;
    }
  }

  #syncNow(): boolean {
    if (this.#coveredSize === this.size && this.pendingSyncs === 0) return true;
    try {
      this.#file!.syncSync();
    } catch (error) {
      this.#syncError(error);
      return false;
    }
    this.#coveredSize = this.size;
    this.#lastSyncMs = this.#parts.clock.monotonic();
    this.#syncedOffset = this.#writtenOffset;
    this.#parts.synced();
    return true;
  }

  #syncInBackground(file: AppendFile, close: boolean): void {
    const era = this.#era;
    const offset = this.#writtenOffset;
    this.#coveredSize = this.size;
    this.pendingSyncs++;
    this.#syncs = this.#syncs.then(async () => {
      let failure: unknown;
      try {
        await file.sync();
      } catch (error) {
        failure = error;
      }
      if (close) closeQuietly(file);
      if (era !== this.#era) return;
      this.pendingSyncs--;
      if (failure !== undefined) {
        this.#syncError(failure);
        return;
      }
      this.#syncedOffset = Math.max(this.#syncedOffset, offset);
      this.#parts.synced();
      this.write(false);
    });
  }

  #syncError(error: unknown): void {
    const reason = diskErrorText(error);
    if (reason === undefined) throw error;
    this.#parts.log.warning(`Fail to fsync the AOF file: ${reason}`);
    this.writeError = reason;
    this.#syncFailed = true;
    this.#parts.syncFailed();
  }
}

function closeQuietly(file: AppendFile): void {
  try {
    file.closeSync();
  } catch {
    // What it held is on disk, or is known not to be; the descriptor is gone either way.
  }
}
