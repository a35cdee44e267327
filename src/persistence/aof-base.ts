/**
 * The base that is being written: a snapshot of the moment at which it was begun goes into a temporary file beside the
 * directory (aof-rewrite.ts), which gets its name there once it is complete.
 *
 *   begin ──> temp-rewriteaof-bg-<pid>-<n>.aof ──complete──> moveTo(name)
 *     └─ cancel: the temporary file goes at once
 *
 * At most one is under way. What it means for the files that are in force is for whoever begins it.
 */
import type { Settings } from '../base/settings.ts';
import type { World } from '../io/world.ts';
import type { SnapshotConsumer, SnapshotRun } from '../snapshot/ports.ts';
import type { AofDirectory } from './aof-directory.ts';
import { AofRewrite, type BaseEncoder } from './aof-rewrite.ts';

export interface AofBaseParts {
  readonly world: World;
  readonly settings: Settings;
  /** Starts a snapshot of the data as it is now, as the base of an append only file. */
  snapshot(consumer: SnapshotConsumer): SnapshotRun;
  /** For a base of commands. */
  commandEncoder(): BaseEncoder;
}

export class AofBase {
  /** How many were begun for a rewrite. */
  begun = 0;
  /** What the last of them took, ms; -1 before the first has ended. */
  lastMs = -1;
  /** The one begun last is an RDB, not commands. */
  isRdb = true;
  readonly #parts: AofBaseParts;
  readonly #directory: AofDirectory;
  #rewrite: AofRewrite | null = null;
  /** Monotonic ms. */
  #startedMs = 0;
  #temporaryName = '';
  /** Its path. */
  #temporary = '';
  #temporaries = 0;

  constructor(parts: AofBaseParts, directory: AofDirectory) {
    this.#parts = parts;
    this.#directory = directory;
  }

  get underWay(): boolean {
    return this.#rewrite !== null;
  }

  /** Ms since the one under way was begun, -1 if there is none. */
  get elapsedMs(): number {
    return this.underWay ? this.#parts.world.clock.monotonic() - this.#startedMs : -1;
  }

  /** Begins one; `done` (with its bytes) or `failed` (with the reason) is called once it has ended, unless it is cancelled. */
  begin(done: (bytes: number) => void, failed: (reason: string) => void): void {
    const { world } = this.#parts;
    this.begun++;
    this.#startedMs = world.clock.monotonic();
    const rewrite = this.#create(
      (bytes) => {
        if (this.#ended(rewrite)) done(bytes);
      },
      (reason) => {
        if (this.#ended(rewrite)) failed(reason);
      },
    );
    this.#rewrite = rewrite;
    world.log.notice(`Background append only file rewriting started by pid ${world.process.pid}`);
    rewrite.started(this.#parts.snapshot(rewrite));
  }

  cancel(): void {
    const rewrite = this.#rewrite;
    if (rewrite === null) return;
    this.#parts.world.log.notice('Killing the AOF rewrite under way (there is no child process)');
    rewrite.cancel();
    this.#ended(rewrite);
    // At once, as the process may be about to end.
    this.#directory.remove(this.#temporary);
  }

  /** Gives the complete file its name. False, with the reason in the log: the disk refused, and the file is gone. */
  moveTo(name: string): boolean {
    const { settings, world } = this.#parts;
    const temporary = this.#temporary;
    const moved = this.#directory.attempt(
      `Error trying to rename the temporary AOF base file ${this.#temporaryName} into ${settings.appenddirname}/${name}: `,
      () => world.disk.renameSync(temporary, this.#directory.file(name)),
    );
    if (moved) world.log.notice(`Successfully renamed the temporary AOF base file ${this.#temporaryName} into ${name}`);
    else this.#directory.remove(temporary);
    return moved;
  }

  /** Writes the base of an empty data set at start. False, with the reason in the log, if that fails. */
  async writeFirst(name: string): Promise<boolean> {
    const { world } = this.#parts;
    const failure = await new Promise<string | undefined>((resolve) => {
      const rewrite = this.#create(() => resolve(undefined), resolve);
      rewrite.started(this.#parts.snapshot(rewrite));
    });
    if (failure !== undefined) {
      world.log.warning(failure);
      return false;
    }
    return this.#directory.attempt('Error moving temp append only file on the final destination: ', () =>
      world.disk.renameSync(this.#temporary, this.#directory.file(name)),
    );
  }

  #create(done: (bytes: number) => void, failed: (reason: string) => void): AofRewrite {
    const { world, settings } = this.#parts;
    this.isRdb = settings.aofUseRdbPreamble;
    // A new name each time: a file that was given up may still be on its way out.
    this.#temporaries++;
    this.#temporaryName = `temp-rewriteaof-bg-${world.process.pid}-${this.#temporaries}.aof`;
    this.#temporary = this.#directory.beside(this.#temporaryName);
    return new AofRewrite({
      disk: world.disk,
      path: this.#temporary,
      encoder: this.isRdb ? null : this.#parts.commandEncoder(),
      done,
      failed,
    });
  }

  /** Whether it is the one under way, which it is no more. */
  #ended(rewrite: AofRewrite): boolean {
    if (this.#rewrite !== rewrite) return false;
    this.#rewrite = null;
    this.lastMs = this.#parts.world.clock.monotonic() - this.#startedMs;
    return true;
  }
}
