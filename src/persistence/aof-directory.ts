/**
 * The directory of the append only file (`appenddirname`) and the manifest that is in force: it names the files that are the
 * data. The manifest is replaced as a whole: a temporary file, fsync, rename, fsync of the directory; so at any moment one of
 * two valid manifests is there.
 */
import { posix } from 'node:path';
import type { Settings } from '../base/settings.ts';
import type { World } from '../io/world.ts';
import { fromByteString, toByteString } from '../base/words.ts';
import { diskErrorText } from './disk-error.ts';
import { AofManifest, ManifestError } from './aof-manifest.ts';
import { UnusableData } from './loading.ts';

/** The append only file cannot be used; the log says why. */
export class AofError extends UnusableData {
  override name = 'AofError';
}

export type AofDirectorySettings = Pick<Settings, 'dir' | 'appenddirname' | 'appendfilename' | 'aofDisableAutoGc'>;

export class AofDirectory {
  /** The one in force. */
  manifest: AofManifest = new AofManifest();
  /** It could be lost in a power cut. */
  unsure = false;
  readonly #world: World;
  readonly #settings: AofDirectorySettings;

  constructor(world: World, settings: AofDirectorySettings) {
    this.#world = world;
    this.#settings = settings;
  }

  get path(): string {
    return posix.resolve(this.#settings.dir, this.#settings.appenddirname);
  }

  /** The incremental file of the commands since a base was begun that will replace all there is. */
  get temporaryIncr(): string {
    return `temp-${this.#settings.appendfilename}.incr`;
  }

  get temporaryIncrPath(): string {
    return this.file(this.temporaryIncr);
  }

  /** The path of one of its files. `name` as the manifest has it, one char a byte. */
  file(name: string): string {
    return posix.join(this.path, fromByteString(name));
  }

  /** The path of a file beside the directory: an old append only file, or a temporary one. */
  beside(name: string): string {
    return posix.resolve(this.#settings.dir, name);
  }

  /** Makes the directory. False, with a line in the log, if it cannot be. */
  make(): boolean {
    return this.attempt(`Can't open or create append-only dir ${this.#settings.appenddirname}: `, () =>
      this.#world.disk.makeDirectorySync(this.path),
    );
  }

  /** The manifest on disk, an empty one if there is none. Throws an AofError if it cannot be read or understood. */
  read(): AofManifest {
    const { disk, log } = this.#world;
    const path = this.#manifestPath;
    if (!disk.exists(path)) return new AofManifest();
    try {
      return AofManifest.parse(Buffer.from(disk.readFileSync(path)).toString('latin1'));
    } catch (error) {
      const reason = diskErrorText(error);
      if (reason !== undefined)
        log.warning(`Fatal error: can't open the AOF manifest file ${path} for reading: ${reason}`);
      else if (error instanceof ManifestError) {
        log.warning('\n*** FATAL AOF MANIFEST FILE ERROR ***\n');
        if (error.line !== undefined) {
          log.warning(`Reading the manifest file, at line ${error.lineNumber}\n`);
          log.warning(`>>> '${error.line}'\n`);
        }
        log.warning(`${error.message}\n`);
      } else throw error;
      throw new AofError(`the AOF manifest cannot be used: ${reason ?? (error as Error).message}`);
    }
  }

  /** Replaces the manifest; the log says what the disk refused. */
  write(manifest: AofManifest): 'failed' | 'unsure' | 'durable' {
    const { disk } = this.#world;
    const name = `temp-${this.#settings.appendfilename}.manifest`;
    const temporary = posix.join(this.path, name);
    let failure = `Can't open the AOF manifest file ${name}: `;
    const done = this.attempt(
      () => failure,
      () => {
        const file = disk.createSync(temporary);
        try {
          failure = `Error trying to write the temporary AOF manifest file ${name}: `;
          file.writeSync(Buffer.from(manifest.format(), 'latin1'));
          failure = `Fail to fsync the temp AOF file ${name}: `;
          file.syncSync();
        } finally {
          file.closeSync();
        }
        failure = `Error trying to rename the temporary AOF manifest file ${name} into ${this.#manifestName}: `;
        disk.renameSync(temporary, this.#manifestPath);
      },
    );
    if (!done) {
      this.#tryRemove(temporary);
      return 'failed';
    }
    const durable = this.attempt(`Fail to fsync AOF directory ${this.#settings.appenddirname}: `, () =>
      disk.syncDirectorySync(this.path),
    );
    // The new one is in force for whoever looks; only a power cut could still bring the old one back.
    return durable ? 'durable' : 'unsure';
  }

  /** False: the disk has the old one still, which stays in force. */
  putInForce(manifest: AofManifest): boolean {
    const outcome = this.write(manifest);
    if (outcome === 'failed') return false;
    this.manifest = manifest;
    this.unsure = outcome === 'unsure';
    return true;
  }

  /** Writes the manifest in force once more, as it is `unsure`. False if it still is. */
  confirm(): boolean {
    if (this.write(this.manifest) === 'durable') this.unsure = false;
    return !this.unsure;
  }

  /**
   * What the base covers is deleted, once no power cut can bring a manifest back that names it. True if there was something: the
   * manifest in force is another one then.
   */
  removeHistory(): boolean {
    const { log, disk } = this.#world;
    const { history } = this.manifest;
    if (history.length === 0 || this.unsure || this.#settings.aofDisableAutoGc) return false;
    for (const { name } of history) {
      log.notice(`Removing the history file ${name} in the background`);
      // One that stays is named by nobody; it only takes room.
      disk.remove(this.file(name)).catch((error: unknown) => {
        const reason = diskErrorText(error);
        if (reason === undefined) throw error;
        log.warning(`Error removing the history file ${name}: ${reason}`);
      });
    }
    return this.putInForce(this.manifest.withoutHistory());
  }

  /** Removes files that nothing refers to any more. One that stays does no harm. */
  remove(...paths: readonly string[]): void {
    for (const path of paths) this.#tryRemove(path);
  }

  /** True if `act` did not fail; else the system's reason goes to the log behind `failure`. */
  attempt(failure: string | (() => string), act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      const reason = diskErrorText(error);
      if (reason === undefined) throw error;
      this.#world.log.warning((typeof failure === 'string' ? failure : failure()) + reason);
      return false;
    }
  }

  get #manifestName(): string {
    return `${this.#settings.appendfilename}.manifest`;
  }

  get #manifestPath(): string {
    return posix.join(this.path, this.#manifestName);
  }

  /** appendfilename as the manifest has names. */
  get fileName(): string {
    return toByteString(this.#settings.appendfilename);
  }

  #tryRemove(path: string): void {
    try {
      this.#world.disk.removeSync(path);
    } catch (error) {
      if (diskErrorText(error) === undefined) throw error;
    }
  }
}
