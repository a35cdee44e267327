/**
 * Reads a configuration at start: the file, then standard input, then the command line; what comes later wins. Every
 * error names the place. Includes are read where they stand; their names may have wildcards, and may then match
 * nothing.
 *
 * Bounds: `configLimits`. Strings are byte strings; paths given to `ConfigFiles` are JS strings.
 */
import { posix } from 'node:path';
import { globMatch } from '../../base/glob.ts';
import type { CommandTable } from '../../commands/table.ts';
import type { Config } from './config.ts';
import type { Directive } from './directive.ts';
import { AclError } from '../acl/error.ts';
import { joinSelectors, User } from '../acl/user.ts';
import { ConfigError, ConfigFileError, ConfigOpenError, type ConfigPlace } from './error.ts';
import { systemReason } from './system-reason.ts';
import { fromByteString, splitWords, toByteString } from '../../base/words.ts';

export const configLimits = {
  /** Bytes of one file. */
  maxFileBytes: 67_108_864,
  /** Bytes of one line. */
  maxLineBytes: 1_048_576,
  /** Files included by files included by ... */
  maxIncludeDepth: 16,
  /** Files read in all. */
  maxFiles: 1000,
} as const;

/** The file operations of loading. They throw the system's errors. */
export interface ConfigFiles {
  read(path: string): Uint8Array;
  /** The names in a directory. */
  list(directory: string): readonly string[];
}

export interface ConfigSources {
  /** Path of the configuration file, relative to the working directory. */
  readonly file?: string | undefined;
  readonly stdin?: Uint8Array | undefined;
  /** Lines of options from the command line, as `parseArguments` makes them. */
  readonly options?: string | undefined;
}

/** `table`: the commands that `rename-command` and `user` name. Throws ConfigFileError or ConfigOpenError. */
export function loadConfig(config: Config, sources: ConfigSources, files: ConfigFiles, table: CommandTable): void {
  const loader = new Loader(config, files, table);
  if (sources.file !== undefined) {
    const path = posix.resolve(config.settings.dir, sources.file);
    config.configFile = path;
    loader.readFile(path, 0);
  }
  if (sources.stdin !== undefined) {
    loader.readText('stdin', undefined, Buffer.from(sources.stdin).toString('latin1'), 0);
  }
  if (sources.options !== undefined) loader.readText('command line', undefined, sources.options, 0);
}

/** Directives that Redis still takes and ignores: name and value. */
const gone: readonly string[] = ['list-max-ziplist-entries', 'list-max-ziplist-value', 'lua-replicate-commands'];

class Loader {
  readonly #config: Config;
  readonly #files: ConfigFiles;
  readonly #table: CommandTable;
  readonly #seen = new Set<Directive>();
  readonly #removed = new Set<string>();
  readonly #added = new Set<string>();
  #filesRead = 0;

  constructor(config: Config, files: ConfigFiles, table: CommandTable) {
    this.#config = config;
    this.#files = files;
    this.#table = table;
  }

  readFile(path: string, depth: number): void {
    if (++this.#filesRead > configLimits.maxFiles) {
      throw new ConfigError(`more than ${configLimits.maxFiles} configuration files`);
    }
    let bytes: Uint8Array;
    try {
      bytes = this.#files.read(path);
    } catch (error) {
      throw new ConfigOpenError(path, systemReason(error));
    }
    if (bytes.length > configLimits.maxFileBytes) throw new ConfigOpenError(path, 'File too large');
    this.readText('file', path, Buffer.from(bytes).toString('latin1'), depth);
  }

  readText(source: ConfigPlace['source'], file: string | undefined, text: string, depth: number): void {
    for (const [index, raw] of text.split('\n').entries()) {
      const line = raw.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
      if (line === '' || line.startsWith('#')) continue;
      const shown = line.length > configLimits.maxLineBytes ? `${line.slice(0, 80)}...` : line;
      const place: ConfigPlace = { source, ...(file === undefined ? {} : { file }), line: index + 1, text: shown };
      try {
        if (line.length > configLimits.maxLineBytes) throw new ConfigError('line too long');
        const words = splitWords(line);
        if (words === undefined) throw new ConfigError('Unbalanced quotes in configuration line');
        if (words.length > 0) this.#readDirective(words[0]!.toLowerCase(), words.slice(1), depth);
      } catch (error) {
        if (error instanceof ConfigError) throw new ConfigFileError(place, error.message);
        throw error;
      }
    }
  }

  #readDirective(name: string, words: readonly string[], depth: number): void {
    const { values } = this.#config;
    const directive = values.names.get(name)?.directive;
    if (directive !== undefined) {
      let given: readonly string[] | undefined = words;
      // "save '900 1'" is "save 900 1".
      if (directive.kind.several && words.length === 1 && words[0] !== '') given = splitWords(words[0]!);
      if (given === undefined) throw new ConfigError('Unbalanced quotes in configuration line');
      values.store(
        directive,
        values.parse(directive, given, this.#seen.has(directive) ? 'further line' : 'first line'),
      );
      this.#seen.add(directive);
    } else if (gone.includes(name) && words.length === 1) {
      return;
    } else if (name === 'include' && words.length === 1) {
      this.#include(words[0]!, depth + 1);
    } else if (name === 'rename-command' && words.length === 2) {
      this.#rename(words[0]!.toLowerCase(), words[1]!.toLowerCase());
    } else if (name === 'user' && words.length >= 1) {
      this.#addUser(words[0]!, words.slice(1));
    } else if (name === 'loadmodule' && words.length >= 1) {
      throw new ConfigError('modules written for Redis are native code and cannot be loaded');
    } else if (name === 'sentinel') {
      throw new ConfigError('sentinel directive while not in sentinel mode');
    } else {
      throw new ConfigError('Bad directive or wrong number of arguments');
    }
  }

  /** Rules are tried out, so that a mistake is told with its place; unknown commands are found when the server starts. */
  #addUser(name: string, words: readonly string[]): void {
    const refuse = (word: string, reason: string): ConfigError =>
      new ConfigError(`Error in user declaration '${word}': ${reason}`);
    if (this.#config.users.some(([known]) => known === name)) throw refuse(name, AclError.duplicate.message);
    const { rules, unmatched } = joinSelectors(words);
    if (unmatched !== undefined) throw refuse(unmatched, 'Unmatched parenthesis');
    const trial = new User(name, this.#table, () => this.#config.settings.aclPubsubDefault === 'allchannels');
    for (const rule of rules) {
      try {
        trial.apply(rule);
      } catch (error) {
        if (!(error instanceof AclError)) throw error;
        if (error !== AclError.unknownCommand) throw refuse(rule, error.message);
      }
    }
    this.#config.users.push([name, ...rules]);
  }

  #rename(from: string, to: string): void {
    const exists = (name: string): boolean =>
      this.#added.has(name) || (this.#table.byName.has(name) && !this.#removed.has(name));
    if (!exists(from)) throw new ConfigError('No such command in rename-command');
    this.#added.delete(from);
    this.#removed.add(from);
    if (to !== '') {
      if (exists(to)) throw new ConfigError('Target command name already exists');
      this.#added.add(to);
    }
    this.#config.renamedCommands.push({ from, to });
  }

  #include(pattern: string, depth: number): void {
    if (depth > configLimits.maxIncludeDepth) {
      throw new ConfigError(`includes are nested deeper than ${configLimits.maxIncludeDepth}`);
    }
    const path = posix.resolve(this.#config.settings.dir, fromByteString(pattern));
    if (!/[*?[]/.test(pattern)) this.readFile(path, depth);
    else for (const match of this.#expand(path)) this.readFile(match, depth);
  }

  /** The files a path with wildcards stands for, sorted. As in a shell, a leading dot must be written out. */
  #expand(path: string): readonly string[] {
    let found: string[] = ['/'];
    for (const part of path.split('/').filter((name) => name !== '')) {
      if (!/[*?[]/.test(part)) {
        found = found.map((directory) => posix.join(directory, part));
        continue;
      }
      const pattern = Buffer.from(toByteString(part), 'latin1');
      found = found.flatMap((directory) =>
        this.#list(directory)
          .filter((name) => {
            const bytes = Buffer.from(name, 'utf8');
            if (name.startsWith('.') && !part.startsWith('.')) return false;
            return globMatch(pattern, 0, pattern.length, bytes, 0, bytes.length, false);
          })
          .map((name) => posix.join(directory, name)),
      );
    }
    return found.toSorted((a, b) => (a < b ? -1 : 1));
  }

  /** Names in a directory; none when it cannot be read, as glob(3) has it. */
  #list(directory: string): readonly string[] {
    try {
      return this.#files.list(directory);
    } catch {
      return [];
    }
  }
}
