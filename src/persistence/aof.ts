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
import { replyError } from '../base/errors.ts';
import { AofBase, type AofBaseParts } from './aof-base.ts';
import { AofDirectory, AofError } from './aof-directory.ts';
import type { AofManifest } from './aof-manifest.ts';
import { AofWriter, type LatencySink } from './aof-writer.ts';
import { RetryDelay } from './retry-delay.ts';
import { RewriteLimit } from './rewrite-limit.ts';

/** As what the file has selected: the next command must be preceded by SELECT. */
const NO_DB = -1;

export interface AofParts extends AofBaseParts {
  readonly latency: LatencySink;
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
  readonly directory: AofDirectory;
  readonly base: AofBase;
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
  rewriteScheduled = false;
  /** Of the next rewrite that is needed, or of the manifest. */
  readonly #retry: RetryDelay = new RetryDelay();
  /** Why writes are refused although the file at hand takes them; empty while all is well. */
  #trouble = '';
  #fsyncedBefore = 0;
  lastRewriteOk = true;

  constructor(parts: AofParts) {
    const { world, settings } = parts;
    this.#parts = parts;
    this.directory = new AofDirectory(world, settings);
    this.base = new AofBase(parts, this.directory);
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
    return this.base.underWay;
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
    return this.state === 'on' && !this.directory.unsure ? this.#writer.syncedOffset : this.#fsyncedBefore;
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
    let { manifest } = directory;
    if (manifest.empty) {
      manifest = manifest.withNewBase(directory.fileName, settings.aofUseRdbPreamble);
      const { name } = manifest.base!;
      if (!(await this.base.writeFirst(name))) throw new AofError('the base of the AOF cannot be written');
      world.log.notice(`Creating AOF base file ${name} on server start`);
    }
    const fresh = manifest.incrs.length === 0;
    if (fresh) manifest = manifest.withNewIncr(directory.fileName);
    const { name } = manifest.incrs.at(-1)!;
    const opened = directory.attempt(`Can't open the append-only file ${name}: `, () => {
      const file = world.disk.openAppendSync(directory.file(name), false);
      this.#writer.open(file, file.sizeSync());
    });
    if (!opened || (manifest !== directory.manifest && directory.write(manifest) !== 'durable'))
      throw new AofError('the AOF cannot be opened for writing');
    world.log.notice(`${fresh ? 'Creating' : 'Opening'} AOF incr file ${name} on server start`);
    directory.manifest = manifest;
    this.baseSize = sizes.base;
    this.#earlierBytes = Math.max(0, sizes.total - this.#writer.size);
    this.state = 'on';
    this.recording = true;
    this.#removeHistory();
  }

  /** CONFIG SET appendonly yes. Undefined, or why not. */
  turnOn(inExec: boolean): string | undefined {
    const { log } = this.#parts.world;
    this.state = 'wait-rewrite';
    this.#trouble = '';
    this.#fsyncedBefore = 0;
    this.#retry.reset();
    if (this.#parts.saving() || inExec) {
      this.rewriteScheduled = true;
      this.#retry.soon();
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
    this.#retry.soon();
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
      this.#retry.soon();
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
    if (this.directory.unsure && this.#retry.due(world.clock.monotonic())) this.#tryManifestAgain();
    if (this.rewriting || this.#parts.saving()) return;
    if (this.rewriteScheduled) {
      if (this.#retry.due(world.clock.monotonic()) && !this.#beginRewrite()) this.#retryLater();
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
    if (!this.directory.confirm()) {
      this.#retryLater();
      return;
    }
    this.#retry.reset();
    if (this.state === 'on') this.#trouble = '';
    this.#removeHistory();
  }

  #retryLater(): void {
    this.#retry.later(this.#parts.world.clock.monotonic());
  }

  /** False, with the reason in the log, if it cannot be begun: then nothing has changed. */
  #beginRewrite(): boolean {
    if (!this.directory.make() || !this.#openForRewrite()) {
      this.lastRewriteOk = false;
      return false;
    }
    this.rewriteScheduled = false;
    const offset = this.#parts.offset();
    this.base.begin(
      (bytes) => this.#finished(bytes, offset),
      (reason) => this.#failed(reason),
    );
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
    const manifest = waiting ? directory.manifest : directory.manifest.withNewIncr(directory.fileName);
    const name = waiting ? directory.temporaryIncr : manifest.incrs.at(-1)!.name;
    const path = waiting ? directory.temporaryIncrPath : directory.file(name);
    const opened = directory.attempt(`Can't open the append-only file ${name}: `, () => {
      const file = world.disk.openAppendSync(path, true);
      if (!waiting && !this.#putInForce(manifest)) {
        file.closeSync();
        return;
      }
      this.#earlierBytes += this.#writer.size;
      this.#writer.open(file, 0);
    });
    if (!opened || (!waiting && directory.manifest !== manifest)) {
      if (!waiting) directory.remove(path);
      return false;
    }
    world.log.notice(`Creating AOF incr file ${name} on background rewrite`);
    this.#db = NO_DB;
    this.#timestamp = 0;
    this.recording = true;
    return true;
  }

  /** The base of the data at this replication offset is complete. */
  #finished(baseBytes: number, offset: number): void {
    const { disk, log } = this.#parts.world;
    const { directory } = this;
    log.notice('Background AOF rewrite terminated with success');
    let manifest = directory.manifest.withNewBase(directory.fileName, this.base.isRdb);
    const base = manifest.base!.name;
    if (!this.base.moveTo(base)) {
      this.#failed('');
      return;
    }
    const basePath = directory.file(base);
    let incrPath: string | undefined;
    if (this.state === 'wait-rewrite') {
      manifest = manifest.withCovered(0).withNewIncr(directory.fileName);
      const incr = manifest.incrs.at(-1)!.name;
      incrPath = directory.file(incr);
      const renamed = directory.attempt(
        `Error trying to rename the temporary AOF incr file ${directory.temporaryIncr} into ${incr}: `,
        () => disk.renameSync(directory.temporaryIncrPath, incrPath!),
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
    if (!directory.unsure) this.#trouble = '';
    this.#removeHistory();
    this.lastRewriteOk = true;
    this.#limit.reset();
    this.#retry.reset();
    log.notice('Background AOF rewrite finished successfully');
    this.#writer.covered(offset);
  }

  /** `reason`: empty if the log has it already. */
  #failed(reason: string): void {
    const { log } = this.#parts.world;
    if (reason !== '') log.warning(reason);
    log.warning('Background AOF rewrite terminated with error');
    this.lastRewriteOk = false;
    this.#limit.failed();
    if (this.state !== 'wait-rewrite') return;
    this.#stopRecording();
    this.directory.remove(this.directory.temporaryIncrPath);
    this.rewriteScheduled = true;
    this.#retryLater();
  }

  #cancelRewrite(): void {
    if (!this.rewriting) return;
    this.base.cancel();
    if (this.state === 'wait-rewrite') this.directory.remove(this.directory.temporaryIncrPath);
  }

  /** False: the disk has the old one still. */
  #putInForce(manifest: AofManifest): boolean {
    if (!this.directory.putInForce(manifest)) return false;
    this.#lookAtManifest();
    return true;
  }

  #removeHistory(): void {
    if (this.directory.removeHistory()) this.#lookAtManifest();
  }

  #lookAtManifest(): void {
    if (this.directory.unsure) this.#trouble = 'the AOF manifest is not on disk yet';
  }
}

const alreadyRewriting = replyError('ERR Background append only file rewriting already in progress');
const cannotRewrite = replyError(
  "ERR Can't execute an AOF background rewriting. Please check the server logs for more information.",
);
