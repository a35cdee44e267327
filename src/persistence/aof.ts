/**
 * The append only file as a whole: what is appended (`feed`), when it is safe (`flush`), and how it is kept short (rewrite).
 *
 *   off ──CONFIG SET appendonly yes──> wait-rewrite ──base complete──> on ──appendonly no──> off
 *                                           ^                          │
 *                                           └── full sync, fsync failed, buffer full: the files end there
 *
 *   on            base + incr ... + incr (open). A rewrite opens another incr first, then writes a base of that moment,
 *                 then a manifest of the two; until that manifest is on disk the old files are all in force
 *   wait-rewrite  the files on disk, if any, are of another past. Commands go to a temporary incr beside the base that is
 *                 written, and one manifest brings both in force
 *
 * Rule: the files that the manifest on disk names are, at any moment, the data of some moment, and when `appendfsync` is
 * always the data of every command that was acknowledged.
 */
import type { Settings } from '../base/settings.ts';
import { replyError } from '../base/errors.ts';
import type { World } from '../io/world.ts';
import type { SnapshotConsumer, SnapshotRun } from '../snapshot/ports.ts';
import { AofDirectory, AofError } from './aof-directory.ts';
import { AofManifest } from './aof-manifest.ts';
import { AofRewrite, type BaseEncoder } from './aof-rewrite.ts';
import { AofWriter, type LatencySink } from './aof-writer.ts';
import { diskErrorText } from './disk-error.ts';
import { RewriteLimit } from './rewrite-limit.ts';

/** A failed rewrite that we need is tried again after so long at first, then twice as long each time, ms. */
const RETRY_MS = 1000;
const RETRY_MAX_MS = 16_000;
/** As what the file has selected: the next command must be preceded by SELECT. */
const NO_DB = -1;

export interface AofParts {
  readonly world: World;
  readonly settings: Settings;
  readonly latency: LatencySink;
  /** Starts a snapshot of the data as it is now, as the base of an append only file. */
  snapshot(consumer: SnapshotConsumer): SnapshotRun;
  /** For a base of commands. */
  commandEncoder(): BaseEncoder;
  /** A save of the RDB file is under way: rewrites wait for it. */
  saving(): boolean;
  /** The replication offset of all that was fed. */
  offset(): number;
  /** `flush` is to be called at the end of this turn. */
  endTurn(): void;
  /** `fsyncedOffset` has grown. */
  synced(): void;
}

export class AppendOnlyFile {
  /** What commands do must be fed. The one thing that the hot path looks at. */
  recording = false;
  state: 'off' | 'on' | 'wait-rewrite' = 'off';
  manifest: AofManifest = new AofManifest();
  readonly directory: AofDirectory;
  readonly #parts: AofParts;
  readonly #writer: AofWriter;
  readonly #limit: RewriteLimit;
  /** Database that the file has selected. */
  #db = NO_DB;
  /** Unix seconds of the last #TS: line. */
  #timestamp = 0;
  /** Bytes of the files before the open one. */
  #earlierBytes = 0;
  /** currentSize after the last rewrite, or of the base at start: what growth is measured against. */
  baseSize = 0;
  #rewrite: AofRewrite | null = null;
  /** The base under way is one of commands. */
  #rewriteIsRdb = true;
  /** Offset of the base under way. */
  #rewriteOffset = 0;
  /** Monotonic ms. */
  #rewriteStarted = 0;
  rewriteScheduled = false;
  #temporaryName = '';
  #temporaries = 0;
  #retryAtMs = 0;
  #retryDelayMs = RETRY_MS;
  /** Why writes are refused although the file at hand takes them; empty while all is well. */
  #trouble = '';
  /** The manifest in force could be lost in a power cut. */
  #manifestUnsure = false;
  #fsyncedBefore = 0;
  // INFO.
  lastRewriteOk = true;
  lastRewriteMs = -1;
  rewrites = 0;

  constructor(parts: AofParts) {
    const { world, settings } = parts;
    this.#parts = parts;
    this.directory = new AofDirectory(world, settings);
    this.#limit = new RewriteLimit(world.log);
    this.#writer = new AofWriter({
      clock: world.clock,
      log: world.log,
      settings,
      latency: parts.latency,
      saving: () => parts.saving() || this.rewriting,
      offset: () => parts.offset(),
      synced: () => parts.synced(),
      syncFailed: () => this.#giveUp(this.#writer.writeError),
      overflowed: () => this.#giveUp(this.#writer.writeError),
    });
  }

  // -- what INFO and the gates ask ------------------------------------------------------------------------------

  get enabled(): boolean {
    return this.state !== 'off';
  }

  get rewriting(): boolean {
    return this.#rewrite !== null;
  }

  /** Ms since the rewrite under way was started, -1 if there is none. */
  get rewritingMs(): number {
    return this.rewriting ? this.#parts.world.clock.monotonic() - this.#rewriteStarted : -1;
  }

  get rewriteFailures(): number {
    return this.#limit.failures;
  }

  get currentSize(): number {
    return this.#earlierBytes + this.#writer.size;
  }

  get bufferBytes(): number {
    return this.#writer.bufferBytes;
  }

  get pendingSyncs(): number {
    return this.#writer.pendingSyncs;
  }

  get delayedSyncs(): number {
    return this.#writer.delayedSyncs;
  }

  /** Why commands that write are refused, in the system's words; empty while all is well. */
  get writeError(): string {
    return this.state === 'off' ? '' : this.#writer.writeError || this.#trouble;
  }

  /** The replication offset up to which everything is known to be on this server's disk. */
  get fsyncedOffset(): number {
    return this.state === 'on' && !this.#manifestUnsure ? this.#writer.syncedOffset : this.#fsyncedBefore;
  }

  // -- appending ------------------------------------------------------------------------------------------------

  /** Appends a command in RESP form. Only while `recording`. Copies. */
  feed(database: number, bytes: Uint8Array, at: number, length: number): void {
    if (this.#parts.settings.aofTimestampEnabled) this.#feedTimestamp();
    if (database !== this.#db && database !== NO_DB) {
      this.#db = database;
      const digits = String(database);
      this.#feedText(`*2\r\n$6\r\nSELECT\r\n$${digits.length}\r\n${digits}\r\n`);
    }
    this.#writer.feed(bytes, at, length);
    this.#parts.endTurn();
  }

  /**
   * Writes what was fed, before any reply leaves. False: `appendfsync always` could not be kept for it, and nobody may
   * be told that it happened.
   */
  flush(): boolean {
    return this.#writer.flush();
  }

  #feedTimestamp(): void {
    const seconds = Math.floor(this.#parts.world.clock.now() / 1000);
    if (seconds <= this.#timestamp) return;
    this.#timestamp = seconds;
    this.#feedText(`#TS:${seconds}\r\n`);
  }

  #feedText(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.#writer.feed(bytes, 0, bytes.length);
  }

  // -- on and off -----------------------------------------------------------------------------------------------

  /**
   * After the data was loaded from `manifest`, or from nothing: opens the last incremental file for what comes. `sizes`:
   * bytes of base and of all files. Rejects with an AofError, with the reason in the log.
   */
  async openAtStart(sizes: { readonly base: number; readonly total: number }): Promise<void> {
    const { world, settings } = this.#parts;
    const { directory } = this;
    if (!directory.make()) throw new AofError('the directory of the AOF cannot be made');
    let manifest = this.manifest;
    if (manifest.empty) {
      manifest = manifest.withNewBase(directory.fileName, settings.aofUseRdbPreamble);
      const name = manifest.base!.name;
      await this.#writeFirstBase(name);
      world.log.notice(`Creating AOF base file ${name} on server start`);
    }
    const fresh = manifest.incrs.length === 0;
    if (fresh) manifest = manifest.withNewIncr(directory.fileName);
    const { name } = manifest.incrs.at(-1)!;
    const opened = directory.attempt(`Can't open the append-only file ${name}: `, () => {
      const file = world.disk.openAppendSync(directory.file(name), false);
      this.#writer.open(file, file.sizeSync());
    });
    if (!opened || (manifest !== this.manifest && directory.write(manifest) !== 'durable'))
      throw new AofError('the AOF cannot be opened for writing');
    world.log.notice(`${fresh ? 'Creating' : 'Opening'} AOF incr file ${name} on server start`);
    this.manifest = manifest;
    this.baseSize = sizes.base;
    this.#earlierBytes = Math.max(0, sizes.total - this.#writer.size);
    this.state = 'on';
    this.recording = true;
    this.#removeHistory();
  }

  /** The base of an empty data set, in the form that rewrites use. */
  async #writeFirstBase(name: string): Promise<void> {
    const { world, settings } = this.#parts;
    const { directory } = this;
    const temporary = this.#nextTemporary();
    const failure = await new Promise<string | undefined>((resolve) => {
      const rewrite = new AofRewrite({
        disk: world.disk,
        path: temporary,
        encoder: settings.aofUseRdbPreamble ? null : this.#parts.commandEncoder(),
        done: () => resolve(undefined),
        failed: resolve,
      });
      rewrite.started(this.#parts.snapshot(rewrite));
    });
    if (failure !== undefined) world.log.warning(failure);
    const moved =
      failure === undefined &&
      directory.attempt('Error moving temp append only file on the final destination: ', () =>
        world.disk.renameSync(temporary, directory.file(name)),
      );
    if (!moved) throw new AofError('the base of the AOF cannot be written');
  }

  /** CONFIG SET appendonly yes. Undefined, or why not. */
  turnOn(inExec: boolean): string | undefined {
    const { log } = this.#parts.world;
    this.state = 'wait-rewrite';
    this.#trouble = '';
    this.#fsyncedBefore = 0;
    this.#retryDelayMs = RETRY_MS;
    if (this.#parts.saving() || inExec) {
      this.rewriteScheduled = true;
      this.#retryAtMs = 0;
      log.warning(
        inExec
          ? 'AOF was enabled during a transaction. An AOF background was scheduled to start when possible.'
          : 'AOF was enabled but there is already another background operation. An AOF background was scheduled to start when possible.',
      );
      return undefined;
    }
    if (this.rewriting) {
      log.warning(
        'AOF was enabled but there is already an AOF rewriting in background. Stopping background AOF and starting a rewrite now.',
      );
      this.#cancelRewrite();
    }
    if (this.#beginRewrite()) return undefined;
    this.state = 'off';
    log.warning(
      "The server needs to enable the AOF but can't trigger a background AOF rewrite operation. Check the above logs for more info about the error.",
    );
    return 'Unable to turn on AOF. Check server logs.';
  }

  /** CONFIG SET appendonly no: the files stay, and end here. */
  turnOff(): void {
    this.#writer.syncAll();
    this.#cancelRewrite();
    this.#stopRecording();
    this.state = 'off';
    this.rewriteScheduled = false;
    this.#trouble = '';
  }

  /** All data was exchanged (full sync): the files are of another past, and a new base replaces them. */
  dataReplaced(): void {
    if (this.state === 'off') return;
    this.#writer.write(true);
    this.#fsyncedBefore = 0;
    this.#waitForBase();
    this.#parts.world.clock.soon(() => this.cron());
  }

  /** Brings what was fed to disk, whatever `appendfsync` says. */
  syncAll(): void {
    this.#writer.syncAll();
  }

  /** The server is gone: nothing is written any more. */
  close(): void {
    this.#writer.write(true);
    this.#cancelRewrite();
    this.#stopRecording();
    this.state = 'off';
  }

  /** The file at hand is of no use any more; a base written from now on brings all back. */
  #giveUp(reason: string): void {
    if (this.state === 'off') return;
    this.#parts.world.log.warning(
      `The append only file cannot be continued (${reason}): writes are refused until it is written anew`,
    );
    this.#fsyncedBefore = this.state === 'on' ? this.#writer.syncedOffset : this.#fsyncedBefore;
    this.#trouble = reason;
    this.#waitForBase();
    this.#retryLater();
  }

  #waitForBase(): void {
    this.#cancelRewrite();
    this.#stopRecording();
    this.state = 'wait-rewrite';
    this.rewriteScheduled = true;
    this.#retryAtMs = 0;
  }

  #stopRecording(): void {
    this.recording = false;
    this.#writer.abandon();
  }

  // -- rewriting ------------------------------------------------------------------------------------------------

  /** BGREWRITEAOF: the reply's text. Throws a ReplyError. */
  backgroundRewrite(inExec: boolean): string {
    if (this.rewriting) throw alreadyRewriting;
    if (this.#parts.saving() || inExec) {
      this.rewriteScheduled = true;
      this.#retryAtMs = 0;
      this.#limit.reset();
      return 'Background append only file rewriting scheduled';
    }
    if (!this.#beginRewrite()) throw cannotRewrite;
    return 'Background append only file rewriting started';
  }

  /** Ten times a second or so. */
  cron(): void {
    const { world, settings } = this.#parts;
    if (this.writeError !== '' || this.#writer.bufferBytes > 0) this.#writer.write(false);
    if (this.#manifestUnsure && world.clock.monotonic() >= this.#retryAtMs) this.#tryManifestAgain();
    if (this.rewriting || this.#parts.saving()) return;
    if (this.rewriteScheduled) {
      if (world.clock.monotonic() >= this.#retryAtMs && !this.#beginRewrite()) this.#retryLater();
      return;
    }
    const { autoAofRewritePercentage, autoAofRewriteMinSize } = settings;
    if (this.state !== 'on' || autoAofRewritePercentage === 0 || this.currentSize <= autoAofRewriteMinSize) return;
    const growth = Math.floor((this.currentSize * 100) / (this.baseSize || 1)) - 100;
    if (growth < autoAofRewritePercentage || this.#limit.limited(world.clock.monotonic())) return;
    world.log.notice(`Starting automatic rewriting of AOF on ${growth}% growth`);
    if (!this.#beginRewrite()) this.#limit.failed();
  }

  #tryManifestAgain(): void {
    if (this.directory.write(this.manifest) !== 'durable') {
      this.#retryLater();
      return;
    }
    this.#manifestUnsure = false;
    this.#retryDelayMs = RETRY_MS;
    if (this.state === 'on') this.#trouble = '';
    this.#removeHistory();
  }

  #retryLater(): void {
    this.#retryAtMs = this.#parts.world.clock.monotonic() + this.#retryDelayMs;
    this.#retryDelayMs = Math.min(this.#retryDelayMs * 2, RETRY_MAX_MS);
  }

  /** False, with the reason in the log, if it cannot be begun: then nothing has changed. */
  #beginRewrite(): boolean {
    const { world, settings } = this.#parts;
    if (!this.directory.make() || !this.#openForRewrite()) {
      this.lastRewriteOk = false;
      return false;
    }
    this.rewriteScheduled = false;
    this.rewrites++;
    this.#rewriteStarted = world.clock.monotonic();
    this.#rewriteOffset = this.#parts.offset();
    this.#rewriteIsRdb = settings.aofUseRdbPreamble;
    const temporary = this.#nextTemporary();
    const rewrite = new AofRewrite({
      disk: world.disk,
      path: temporary,
      encoder: this.#rewriteIsRdb ? null : this.#parts.commandEncoder(),
      done: (bytes) => {
        if (this.#rewrite === rewrite) this.#finished(temporary, bytes);
      },
      failed: (reason) => {
        if (this.#rewrite === rewrite) this.#failed(reason);
      },
    });
    this.#rewrite = rewrite;
    world.log.notice(`Background append only file rewriting started by pid ${world.process.pid}`);
    rewrite.started(this.#parts.snapshot(rewrite));
    return true;
  }

  /** Commands from now on go to a file of their own, which the base that starts now does not cover. */
  #openForRewrite(): boolean {
    const { world } = this.#parts;
    const { directory } = this;
    if (this.state === 'off') return true;
    const waiting = this.state === 'wait-rewrite';
    // What the old file does not take now must not get into the new one: the base has it.
    if (!waiting) {
      this.#writer.write(true);
      if (this.#writer.bufferBytes > 0 || this.state !== 'on') return false;
    }
    const manifest = waiting ? this.manifest : this.manifest.withNewIncr(directory.fileName);
    const name = waiting ? directory.temporaryIncr : manifest.incrs.at(-1)!.name;
    const path = waiting ? this.#temporaryIncrPath : directory.file(name);
    const opened = directory.attempt(`Can't open the append-only file ${name}: `, () => {
      const file = world.disk.openAppendSync(path, true);
      if (!waiting && !this.#putInForce(manifest)) {
        file.closeSync();
        return;
      }
      this.#earlierBytes += this.#writer.size;
      this.#writer.open(file, 0);
    });
    if (!opened || (!waiting && this.manifest !== manifest)) {
      if (!waiting) directory.remove(path);
      return false;
    }
    world.log.notice(`Creating AOF incr file ${name} on background rewrite`);
    this.#db = NO_DB;
    this.#timestamp = 0;
    this.recording = true;
    return true;
  }

  #finished(temporary: string, baseBytes: number): void {
    const { world, settings } = this.#parts;
    const { directory } = this;
    const { log, disk } = world;
    log.notice('Background AOF rewrite terminated with success');
    let manifest = this.manifest.withNewBase(directory.fileName, this.#rewriteIsRdb);
    const base = manifest.base!.name;
    const basePath = directory.file(base);
    const moved = directory.attempt(
      `Error trying to rename the temporary AOF base file ${this.#temporaryName} into ${settings.appenddirname}/${base}: `,
      () => disk.renameSync(temporary, basePath),
    );
    if (!moved) {
      directory.remove(temporary);
      this.#failed('');
      return;
    }
    log.notice(`Successfully renamed the temporary AOF base file ${this.#temporaryName} into ${base}`);
    let incrPath: string | undefined;
    if (this.state === 'wait-rewrite') {
      manifest = manifest.withCovered(0).withNewIncr(directory.fileName);
      const incr = manifest.incrs.at(-1)!.name;
      incrPath = directory.file(incr);
      const renamed = directory.attempt(
        `Error trying to rename the temporary AOF incr file ${directory.temporaryIncr} into ${incr}: `,
        () => disk.renameSync(this.#temporaryIncrPath, incrPath!),
      );
      if (!renamed) {
        directory.remove(basePath);
        this.#failed('');
        return;
      }
      log.notice(`Successfully renamed the temporary AOF incr file ${directory.temporaryIncr} into ${incr}`);
    } else manifest = manifest.withCovered(this.state === 'on' ? 1 : 0);
    if (!this.#putInForce(manifest)) {
      directory.remove(basePath);
      if (incrPath !== undefined) directory.remove(incrPath);
      this.#failed('');
      return;
    }
    if (this.state !== 'off') {
      this.#earlierBytes = baseBytes;
      this.baseSize = this.currentSize;
      this.state = 'on';
    }
    this.#trouble = this.#manifestUnsure ? this.#trouble : '';
    this.#removeHistory();
    this.lastRewriteOk = true;
    this.#limit.reset();
    this.#retryDelayMs = RETRY_MS;
    this.#ended();
    log.notice('Background AOF rewrite finished successfully');
    this.#writer.covered(this.#rewriteOffset);
  }

  /** `reason`: empty if the log has it already. */
  #failed(reason: string): void {
    const { log } = this.#parts.world;
    if (reason !== '') log.warning(reason);
    log.warning('Background AOF rewrite terminated with error');
    this.lastRewriteOk = false;
    this.#limit.failed();
    this.#ended();
    if (this.state !== 'wait-rewrite') return;
    this.#stopRecording();
    this.directory.remove(this.#temporaryIncrPath);
    this.rewriteScheduled = true;
    this.#retryLater();
  }

  #ended(): void {
    this.#rewrite = null;
    this.lastRewriteMs = this.#parts.world.clock.monotonic() - this.#rewriteStarted;
  }

  #cancelRewrite(): void {
    if (this.#rewrite === null) return;
    this.#parts.world.log.notice('Killing the AOF rewrite under way (there is no child process)');
    this.#rewrite.cancel();
    this.#ended();
    // At once, as the process may be about to end.
    this.directory.remove(this.directory.beside(this.#temporaryName));
    if (this.state === 'wait-rewrite') this.directory.remove(this.#temporaryIncrPath);
  }

  /** False: the disk has the old one still. */
  #putInForce(manifest: AofManifest): boolean {
    const outcome = this.directory.write(manifest);
    if (outcome === 'failed') return false;
    this.manifest = manifest;
    this.#manifestUnsure = outcome === 'unsure';
    if (this.#manifestUnsure) this.#trouble = 'the AOF manifest is not on disk yet';
    return true;
  }

  /** What the base covers is deleted, once no power cut can bring a manifest back that names it. */
  #removeHistory(): void {
    const { settings, world } = this.#parts;
    const { history } = this.manifest;
    if (history.length === 0 || this.#manifestUnsure || settings.aofDisableAutoGc) return;
    for (const { name } of history) {
      world.log.notice(`Removing the history file ${name} in the background`);
      // One that stays is named by nobody; it only takes room.
      world.disk.remove(this.directory.file(name)).catch((error: unknown) => {
        const reason = diskErrorText(error);
        if (reason === undefined) throw error;
        world.log.warning(`Error removing the history file ${name}: ${reason}`);
      });
    }
    this.#putInForce(this.manifest.withoutHistory());
  }

  /** The path of a new temporary file; one that was given up may still be on its way out. */
  #nextTemporary(): string {
    this.#temporaries++;
    this.#temporaryName = `temp-rewriteaof-bg-${this.#parts.world.process.pid}-${this.#temporaries}.aof`;
    return this.directory.beside(this.#temporaryName);
  }

  get #temporaryIncrPath(): string {
    return this.directory.file(this.directory.temporaryIncr);
  }
}

const alreadyRewriting = replyError('ERR Background append only file rewriting already in progress');
const cannotRewrite = replyError(
  "ERR Can't execute an AOF background rewriting. Please check the server logs for more information.",
);
