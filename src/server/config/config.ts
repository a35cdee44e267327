/**
 * The configuration of one server: what CONFIG GET, SET and REWRITE do, and the typed settings that everyone reads.
 *
 * CONFIG SET takes several directives and is atomic: all values are checked, then stored, then applied by the parts of
 * the server that asked to be told (`onChange`); if one of them refuses, the old values come back and those already
 * told are told again. Applying may take time (listening on another port); a second CONFIG SET waits for the first.
 *
 * Names, values and patterns are byte strings (one char for each byte). Errors are the text of the error reply.
 */
import type { Log } from '../../base/ambient.ts';
import { globMatch } from '../../base/glob.ts';
import type { Settings } from '../../base/settings.ts';
import type { Directive } from './directive.ts';
import { ConfigError } from './error.ts';
import { rewriteText, type RewriteEntry } from './rewrite.ts';
import { systemReason } from './system-reason.ts';
import { ConfigValues, directives, type ConfigMachine, type DirectiveName } from './values.ts';

/** Applies new settings. Returns why it cannot, in words for the error reply, or undefined. Must be able to go back. */
export type ConfigListener = (
  settings: Readonly<Settings>,
  name: string,
) => string | undefined | Promise<string | undefined>;

/** Who asks for CONFIG SET, as far as it matters. */
export interface ConfigAccess {
  /** A dataset is being loaded. */
  readonly loading: boolean;
  /** The client is on this machine. */
  readonly local: boolean;
}

/** The file operations of CONFIG REWRITE. They throw the system's errors. */
export interface RewriteFiles {
  read(path: string): Uint8Array;
  /** Replaces the file as a whole or not at all. */
  replace(path: string, bytes: Uint8Array): void;
}

export interface RenamedCommand {
  readonly from: string;
  /** Empty: the command is gone. */
  readonly to: string;
}

export class Config {
  readonly values: ConfigValues;
  readonly settings: Readonly<Settings>;
  /** The absolute path of the file that CONFIG REWRITE writes; undefined when the server started without one. */
  configFile: string | undefined = undefined;
  /** What `rename-command` asked for, in order. */
  readonly renamedCommands: RenamedCommand[] = [];
  /** The `user` lines, split into words: a name and its rules, selectors in one piece. */
  readonly users: (readonly [name: string, ...rules: string[]])[] = [];
  /** The `user` lines that CONFIG REWRITE writes; access control keeps them up to date. */
  userLines: readonly string[] = ['user default on nopass ~* &* +@all'];
  readonly #log: Log | undefined;
  readonly #listeners = new Map<Directive, ConfigListener[]>();
  #applying: Promise<unknown> | undefined = undefined;

  constructor(machine: ConfigMachine, log?: Log) {
    this.values = new ConfigValues(machine);
    this.settings = this.values.settings;
    this.#log = log;
  }

  /** Calls `listener` whenever CONFIG SET gave one of the directives another value. A listener of several is called once. */
  onChange(names: string | readonly string[], listener: ConfigListener): void {
    for (const name of typeof names === 'string' ? [names] : names) {
      const { directive } = this.#find(name) ?? unknownName(name);
      const listeners = this.#listeners.get(directive);
      if (listeners === undefined) this.#listeners.set(directive, [listener]);
      else listeners.push(listener);
    }
  }

  /** The value of this directive must not be shown. */
  isSecret(name: string): boolean {
    return this.#find(name)?.directive.sensitive === true;
  }

  /** Names and values of the directives that the patterns name. An exact name comes back as it was written. */
  get(patterns: readonly string[]): readonly (readonly [name: string, value: string])[] {
    const found = new Map<string, readonly [string, string]>();
    for (const pattern of patterns) {
      if (!/[[*?]/.test(pattern)) {
        const known = this.#find(pattern);
        const key = pattern.toLowerCase();
        if (known !== undefined && !found.has(key)) found.set(key, [pattern, this.values.print(known.directive)]);
        continue;
      }
      const bytes = Buffer.from(pattern, 'latin1');
      for (const { name, directive } of this.values.names.values()) {
        if (directive.hidden || found.has(name)) continue;
        const text = Buffer.from(name, 'latin1');
        if (globMatch(bytes, 0, bytes.length, text, 0, text.length, true)) {
          found.set(name, [name, this.values.print(directive)]);
        }
      }
    }
    return [...found.values()];
  }

  /**
   * Sets all pairs or none. Returns undefined, or the text of the error reply; as a promise only when a listener
   * needed time.
   */
  set(
    pairs: readonly (readonly [name: string, value: string])[],
    access: ConfigAccess = { loading: false, local: true },
  ): string | undefined | Promise<string | undefined> {
    if (this.#applying !== undefined) {
      const again = (): string | undefined | Promise<string | undefined> => this.set(pairs, access);
      return this.#applying.then(again, again);
    }
    const wanted: { readonly known: DirectiveName; readonly value: string }[] = [];
    for (const [given, value] of pairs) {
      const known = this.#find(given);
      if (known === undefined) return `ERR Unknown option or number of arguments for CONFIG SET - '${given}'`;
      const { directive } = known;
      if (directive.immutable) return setFailed(given, "can't set immutable config");
      if (directive.isProtected && !this.#protectedAllowed(access)) {
        return setFailed(given, "can't set protected config");
      }
      if (directive.denyLoading && access.loading) return 'LOADING Redis is loading the dataset in memory';
      if (wanted.some((other) => other.known === known)) return setFailed(given, 'duplicate parameter');
      wanted.push({ known, value });
    }

    const before = wanted.map(({ known }) => this.values.value(known.directive));
    const restore = (): void => {
      for (const [index, { known }] of wanted.entries()) this.values.store(known.directive, before[index]);
    };
    const due = new Map<ConfigListener, string>();
    for (const { known, value } of wanted) {
      const { directive, name } = known;
      const old = this.values.print(directive);
      try {
        const words = !directive.kind.several ? [value] : value === '' ? [] : value.split(' ');
        this.values.store(directive, this.values.parse(directive, words, 'running'));
      } catch (error) {
        restore();
        if (error instanceof ConfigError) return setFailed(name, error.message);
        throw error;
      }
      if (this.values.print(directive) === old) continue;
      for (const listener of this.#listeners.get(directive) ?? []) if (!due.has(listener)) due.set(listener, name);
    }
    return this.#apply([...due], restore);
  }

  /** Gives a directive a value from inside the server (REPLICAOF sets `replicaof`): no checks of who may, no listeners. */
  assign(name: string, words: readonly string[]): void {
    const { directive } = this.#find(name) ?? unknownName(name);
    this.values.store(directive, this.values.parse(directive, words, 'running'));
  }

  /** Writes the configuration into its file. Returns undefined, or the text of the error reply. */
  rewrite(files: RewriteFiles): string | undefined {
    if (this.configFile === undefined) return 'ERR The server is running without a config file';
    try {
      const text = rewriteText(
        readIfPresent(files, this.configFile),
        (name) => this.#find(name)?.directive.name,
        this.#rewriteEntries(),
      );
      files.replace(this.configFile, Buffer.from(text, 'latin1'));
    } catch (error) {
      const reason = systemReason(error);
      this.#log?.warning(`CONFIG REWRITE failed: ${reason}`);
      return `ERR Rewriting config file: ${reason}`;
    }
    this.#log?.warning('CONFIG REWRITE executed with success.');
    return undefined;
  }

  /** Directives with a value that changes nothing here: worth a line in the log at start. */
  ineffective(): readonly { readonly name: string; readonly note: string }[] {
    return directives.filter(
      (directive) =>
        directive.support === 'accepted' && this.values.print(directive) !== this.values.printStandard(directive),
    );
  }

  #find(name: string): DirectiveName | undefined {
    return this.values.names.get(name.toLowerCase());
  }

  #protectedAllowed(access: ConfigAccess): boolean {
    const allowed = this.settings.enableProtectedConfigs;
    return allowed === 'yes' || (allowed === 'local' && access.local);
  }

  /** Tells the listeners from `at` on; a refusal brings the old values back, also in those told before. */
  #apply(
    due: readonly (readonly [ConfigListener, string])[],
    restore: () => void,
    at: number = 0,
  ): string | undefined | Promise<string | undefined> {
    for (let index = at; index < due.length; index++) {
      const [listener, name] = due[index]!;
      const outcome = listener(this.settings, name);
      if (outcome instanceof Promise) {
        const rest = outcome
          .then((problem) =>
            problem === undefined
              ? this.#apply(due, restore, index + 1)
              : this.#refuse(due.slice(0, index + 1), restore, problem),
          )
          .finally(() => {
            if (this.#applying === rest) this.#applying = undefined;
          });
        this.#applying = rest;
        return rest;
      }
      if (outcome !== undefined) return this.#refuse(due.slice(0, index + 1), restore, outcome);
    }
    return undefined;
  }

  #refuse(
    told: readonly (readonly [ConfigListener, string])[],
    restore: () => void,
    problem: string,
  ): string | Promise<string> {
    const name = told.at(-1)![1];
    this.#log?.warning(
      `Failed applying new configuration. Possibly related to new ${name} setting. Restoring previous settings.`,
    );
    restore();
    const undone: Promise<unknown>[] = [];
    for (const [listener, which] of told) {
      const outcome = listener(this.settings, which);
      if (outcome instanceof Promise) undone.push(outcome);
    }
    const error = setFailed(name, problem);
    return undone.length === 0 ? error : Promise.allSettled(undone).then(() => error);
  }

  #rewriteEntries(): RewriteEntry[] {
    const entries: RewriteEntry[] = directives.map((directive) => ({
      name: directive.name,
      lines: directive.kind.rewrite(directive.name, this.values.value(directive), this.values.standard(directive)),
    }));
    entries.push({ name: 'user', lines: this.userLines.map((text) => ({ text, force: true })) });
    return entries;
  }
}

function readIfPresent(files: RewriteFiles, path: string): string | undefined {
  try {
    return Buffer.from(files.read(path)).toString('latin1');
  } catch (error) {
    if (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function setFailed(name: string, reason: string): string {
  return `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;
}

function unknownName(name: string): never {
  throw new ConfigError(`there is no directive '${name}'`);
}
