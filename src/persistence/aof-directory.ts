/**
 * The directory of the append only file (`appenddirname`) and its manifest. The manifest is replaced as a whole: a
 * temporary file, fsync, rename, fsync of the directory; so at any moment one of two valid manifests is there.
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

export type AofDirectorySettings = Pick<Settings, 'dir' | 'appenddirname' | 'appendfilename'>;

export class AofDirectory {
  readonly #world: World;
  readonly #settings: AofDirectorySettings;

  constructor(world: World, settings: AofDirectorySettings) {
    this.#world = world;
    this.#settings = settings;
  }

  get path(): string {
    return posix.resolve(this.#settings.dir, this.#settings.appenddirname);
  }

  get temporaryIncr(): string {
    return `temp-${this.#settings.appendfilename}.incr`;
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
