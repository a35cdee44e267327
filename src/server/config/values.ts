/**
 * The current value of every directive, in two forms that are always in step: as the table keeps it, and as the typed
 * `Settings` field. Knows nothing of files or commands.
 */
import type { Settings } from '../../base/settings.ts';
import type { Directive } from './directive.ts';
import { ConfigError } from './error.ts';
import type { Phase } from './kinds.ts';
import { dataDirectives } from './table-data.ts';
import { linkDirectives } from './table-replication.ts';
import { serverDirectives } from './table-server.ts';

/** Every directive there is. */
export const directives: readonly Directive[] = [...serverDirectives, ...dataDirectives, ...linkDirectives];

/** What the values need to know of the machine. */
export interface ConfigMachine {
  /** The working directory at start, absolute: `dir` unless the configuration says otherwise. */
  readonly cwd: string;
  /** Throws the system's error for a directory that one cannot work in. */
  checkDirectory(path: string): void;
}

/** A name under which a directive is known: its own or an older one. */
export interface DirectiveName {
  readonly name: string;
  readonly directive: Directive;
}

export class ConfigValues {
  readonly settings: Readonly<Settings>;
  /** Every name in lower case, in the order of the table. */
  readonly names: ReadonlyMap<string, DirectiveName>;
  readonly #machine: ConfigMachine;
  readonly #values = new Map<Directive, unknown>();
  readonly #standard = new Map<Directive, unknown>();
  readonly #fields: { [field: string]: unknown } = {};

  constructor(machine: ConfigMachine) {
    this.#machine = machine;
    const names = new Map<string, DirectiveName>();
    for (const directive of directives) {
      for (const name of [directive.name, ...directive.aliases]) names.set(name, { name, directive });
      const value = directive.kind.parse(directive.initial, {
        current: directive.name === 'dir' ? machine.cwd : undefined,
        phase: 'first line',
        checkDirectory: () => {},
      });
      this.#standard.set(directive, value);
      this.store(directive, value);
    }
    this.names = names;
    // The table has a row for every field: test/unit/config.test.ts proves it.
    this.settings = this.#fields as unknown as Settings;
  }

  /** The value that the words mean. Throws ConfigError; changes nothing. */
  parse(directive: Directive, words: readonly string[], phase: Phase): unknown {
    if (!directive.kind.several && words.length !== 1) throw new ConfigError('wrong number of arguments');
    const value = directive.kind.parse(words, {
      current: this.#values.get(directive),
      phase,
      checkDirectory: (path) => this.#machine.checkDirectory(path),
    });
    if (directive.support === 'refused' && directive.kind.print(value) !== this.printStandard(directive)) {
      throw new ConfigError(directive.note);
    }
    return value;
  }

  value(directive: Directive): unknown {
    return this.#values.get(directive);
  }

  standard(directive: Directive): unknown {
    return this.#standard.get(directive);
  }

  store(directive: Directive, value: unknown): void {
    this.#values.set(directive, value);
    if (directive.field !== undefined) this.#fields[directive.field] = directive.kind.setting(value);
  }

  print(directive: Directive): string {
    return directive.kind.print(this.#values.get(directive));
  }

  printStandard(directive: Directive): string {
    return directive.kind.print(this.#standard.get(directive));
  }
}
