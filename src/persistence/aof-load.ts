/**
 * Loading an append only file at start: base, then the incremental files in order, in slices between which the server
 * answers. A file may be an RDB, commands, or (the single file of a Redis before 7) an RDB followed by commands.
 *
 * The last file may end in the middle of a command or transaction, as after a power cut: with aof-load-truncated it is cut
 * back to the last whole one. Anything else that is wrong ends the start; no file is changed then.
 */
import type { Settings } from '../base/settings.ts';
import type { World } from '../io/world.ts';
import { RdbError } from '../rdb/error.ts';
import type { Args } from '../resp/args.ts';
import { LoadError } from '../store/load-error.ts';
import type { Store } from '../store/store.ts';
import { type AofDirectory, AofError } from './aof-directory.ts';
import { AofManifest } from './aof-manifest.ts';
import { AofParser } from './aof-parser.ts';
import { diskErrorText } from './disk-error.ts';
import { LoadInput } from './load-input.ts';
import type { Loading } from './loading.ts';
import { StagedData } from './staged-data.ts';

const RDB_MARK = 'REDIS';

/** Runs the commands of a file, as nobody's client: no gate stops them and nobody is answered. */
export interface AofReplay {
  /** A file begins: database 0, no transaction. */
  begin(): void;
  /** Runs a command, or queues it. False: there is no such command. */
  run(args: Args): boolean;
  /** A MULTI is open. */
  readonly inTransaction: boolean;
  /** Commands run from now on in this turn. */
  enter(): void;
  leave(): void;
}

export interface AofLoadParts {
  readonly world: World;
  readonly settings: Settings;
  readonly store: Store;
  readonly loading: Loading;
  readonly directory: AofDirectory;
  readonly replay: AofReplay;
}

export interface AofLoaded {
  readonly manifest: AofManifest;
  /** Bytes of the base, and of all files. */
  readonly sizes: { readonly base: number; readonly total: number };
  readonly loadedKeys: number;
}

/** Rejects with an AofError, the reason being in the log, or with LoadCancelled. `manifest`: what the directory has. */
export async function loadAppendOnlyFiles(parts: AofLoadParts, onDisk: AofManifest): Promise<AofLoaded> {
  const { world, loading, directory } = parts;
  const manifest = upgradeIfOld(parts, onDisk);
  const sizes = manifest.parts.map(({ name }) => {
    let size = 0;
    const known = directory.attempt(`Unable to obtain the AOF file ${name} length. stat: `, () => {
      size = world.disk.sizeSync(directory.file(name));
    });
    if (!known) throw new AofError(`the AOF file ${name} cannot be read`);
    return size;
  });
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const result = { manifest, sizes: { base: manifest.base === null ? 0 : sizes[0]!, total }, loadedKeys: 0 };
  if (total === 0) return result;
  loading.begin('blocking', total);
  let cut = 0;
  try {
    for (const [index, { name }] of manifest.parts.entries()) {
      if (sizes[index] === 0) continue;
      const isLast = index === manifest.parts.length - 1;
      const kind = index === 0 && manifest.base !== null ? 'base' : 'incr';
      const started = world.clock.monotonic();
      const file = new FileLoad(parts, name);
      await file.load();
      if (file.truncatedTo >= 0) {
        if (!isLast) {
          world.log.warning('Fatal error: the truncated file is not the last file');
          throw new AofError(`the AOF file ${name} is incomplete`);
        }
        cut += sizes[index]! - file.cutBack();
      }
      result.loadedKeys += file.keys;
      const seconds = ((world.clock.monotonic() - started) / 1000).toFixed(3);
      world.log.notice(`DB loaded from ${kind} file ${name}: ${seconds} seconds`);
    }
  } finally {
    loading.end();
  }
  return { ...result, sizes: { base: result.sizes.base, total: total - cut } };
}

/** The single file of a Redis before 7 becomes the base. A crash at any point leaves what the next start goes on with. */
function upgradeIfOld(parts: AofLoadParts, manifest: AofManifest): AofManifest {
  const { world, settings, directory } = parts;
  const { disk, log } = world;
  const { appendfilename, appenddirname } = settings;
  const old = directory.beside(appendfilename);
  const moved = directory.file(directory.fileName);
  if (!disk.exists(old)) return manifest;
  const isOurs =
    manifest.empty ||
    (manifest.incrs.length === 0 && manifest.base!.name === directory.fileName && !disk.exists(moved));
  if (!isOurs) return manifest;
  if (!directory.make()) throw new AofError('the directory of the AOF cannot be made');
  const upgraded = AofManifest.ofOldFile(directory.fileName);
  if (directory.write(upgraded) === 'failed') throw new AofError('the AOF manifest cannot be written');
  const done = directory.attempt(
    `Error trying to move the old AOF file ${appendfilename} into dir ${appenddirname}: `,
    () => {
      disk.renameSync(old, moved);
      disk.syncDirectorySync(directory.path);
    },
  );
  if (!done) throw new AofError('the old AOF file cannot be moved');
  log.notice(
    `Successfully migrated an old-style AOF file (${appendfilename}) into the AOF directory (${appenddirname}).`,
  );
  return upgraded;
}

/** One file. */
class FileLoad {
  readonly #parts: AofLoadParts;
  readonly #name: string;
  readonly #path: string;
  /** The file ends early: its whole commands end here. -1: it does not. */
  truncatedTo = -1;
  /** Keys of its RDB. */
  keys = 0;
  /** Bytes of the files before it. */
  readonly #before: number;

  constructor(parts: AofLoadParts, name: string) {
    this.#parts = parts;
    this.#name = name;
    this.#path = parts.directory.file(name);
    this.#before = parts.loading.loadedBytes;
  }

  async load(): Promise<void> {
    const { world } = this.#parts;
    const name = this.#name;
    let input: LoadInput | undefined;
    try {
      input = await LoadInput.open(world.disk, this.#path);
      await this.#loadFrom(input);
    } catch (error) {
      const reason = diskErrorText(error);
      if (reason === undefined) throw error;
      world.log.warning(
        input === undefined
          ? `Fatal error: can't open the append log file ${name} for reading: ${reason}`
          : `Unrecoverable error reading the append only file ${name}: ${reason}`,
      );
      throw new AofError(`the AOF file ${name} cannot be read: ${reason}`);
    } finally {
      await input?.close();
    }
  }

  /** Cuts the file back to its last whole command; returns its new length. */
  cutBack(): number {
    const { world, directory } = this.#parts;
    const name = this.#name;
    const to = this.truncatedTo;
    world.log.warning(`!!! Warning: short read while loading the AOF file ${name}!!!`);
    world.log.warning(`!!! Truncating the AOF ${name} at offset ${to} !!!`);
    const done = directory.attempt(`Error truncating the AOF file ${name}: `, () =>
      world.disk.truncateSync(this.#path, to),
    );
    if (!done) this.#refuseShort();
    world.log.warning(`AOF ${name} loaded anyway because aof-load-truncated is enabled`);
    return to;
  }

  async #loadFrom(input: LoadInput): Promise<void> {
    let chunk = await input.next();
    let offset = 0;
    if (Buffer.from(chunk.subarray(0, RDB_MARK.length)).toString('latin1') === RDB_MARK) {
      const rest = await this.#loadRdb(input, chunk);
      offset = rest.offset;
      chunk = rest.bytes;
    }
    await this.#runCommands(input, chunk, offset);
  }

  /** Returns the bytes behind the RDB, with their offset. */
  async #loadRdb(
    input: LoadInput,
    first: Uint8Array,
  ): Promise<{ readonly bytes: Uint8Array; readonly offset: number }> {
    const { world, store, settings, loading } = this.#parts;
    const { log, clock } = world;
    const isOld = this.#name === this.#parts.directory.fileName;
    log.notice(isOld ? 'Reading RDB preamble from AOF file...' : 'Reading RDB base file on AOF loading...');
    const data = new StagedData(store, log, clock.now(), {
      // The commands behind it decide what becomes of a key whose time has come.
      dropExpired: false,
      inputBytes: input.size,
      checksum: settings.rdbchecksum,
      loading,
    });
    try {
      let chunk = first;
      for (let done = false; !done;) {
        data.push(chunk);
        await loading.inSlices((steps) => {
          store.space.now = clock.now();
          const keys = data.keys;
          const result = data.run(steps);
          loading.loadedBytes = this.#before + data.offset;
          done = result === 'done';
          return result === 'paused' ? Math.max(0, data.keys - keys) : -1;
        });
        if (done) break;
        chunk = await input.next();
        if (chunk.length === 0) break;
      }
      const bytes = data.leftover();
      data.finish(true);
      data.commit();
      this.keys = data.keys;
      data.logSummary(log);
      if (isOld) log.notice('Reading the remaining AOF tail...');
      return { bytes, offset: data.offset };
    } catch (error) {
      data.discard();
      if (!(error instanceof RdbError || error instanceof LoadError)) throw error;
      const reason = error instanceof RdbError ? error.reason : error.message;
      log.warning(
        `Internal error in RDB reading offset ${error instanceof RdbError ? error.offset : data.offset}, ` +
          `file ${this.#path} -> ${reason}`,
      );
      log.warning(
        `Error reading the RDB ${isOld ? 'preamble of the AOF' : 'base'} file ${this.#name}, AOF loading aborted`,
      );
      throw new AofError(`the RDB in ${this.#name} cannot be loaded: ${reason}`);
    }
  }

  async #runCommands(input: LoadInput, first: Uint8Array, offset: number): Promise<void> {
    const { world, loading, replay } = this.#parts;
    const parser = new AofParser(offset);
    /** Up to here everything was run: not moved by a transaction before its EXEC. */
    let valid = offset;
    replay.begin();
    for (let chunk = first; ;) {
      if (chunk.length > 0) {
        parser.push(chunk);
        let isBad = false;
        await loading.inSlices((steps) => {
          replay.enter();
          try {
            for (let count = 0; count < steps; count++) {
              const verdict = parser.next();
              isBad = verdict === 'bad';
              if (verdict !== 'command') return -1;
              if (!replay.run(parser.args)) this.#refuseCommand(parser.args);
              if (!replay.inTransaction) valid = parser.offset;
            }
            return steps;
          } finally {
            loading.loadedBytes = this.#before + parser.offset;
            replay.leave();
          }
        });
        if (isBad) this.#refuseFormat();
      }
      chunk = await input.next();
      if (chunk.length === 0) break;
    }
    if (replay.inTransaction) world.log.warning(`Revert incomplete MULTI/EXEC transaction in AOF file ${this.#name}`);
    if (replay.inTransaction || parser.hasRest) {
      if (!this.#parts.settings.aofLoadTruncated) this.#refuseShort();
      this.truncatedTo = valid;
    }
  }

  #refuseCommand(args: Args): never {
    const text = `Unknown command '${args.text(0)}' reading the append only file ${this.#name}`;
    this.#parts.world.log.warning(text);
    throw new AofError(text);
  }

  #refuseFormat(): never {
    this.#parts.world.log.warning(
      `Bad file format reading the append only file ${this.#name}: ` +
        'make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>',
    );
    throw new AofError(`the AOF file ${this.#name} has a bad format`);
  }

  #refuseShort(): never {
    this.#parts.world.log.warning(
      `Unexpected end of file reading the append only file ${this.#name}. You can: ` +
        '1) Make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>. ' +
        "2) Alternatively you can set the 'aof-load-truncated' configuration option to yes and restart the server.",
    );
    throw new AofError(`the AOF file ${this.#name} ends in the middle of a command`);
  }
}
