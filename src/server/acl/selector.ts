/**
 * A selector: one set of permissions of a user. It allows a command if it allows the command itself, and every key and
 * every channel among its arguments. A user has a root selector and perhaps more, in parentheses; one that allows suffices.
 */
import { globMatch } from '../../base/glob.ts';
import type { Command, CommandTable } from '../../commands/table.ts';
import type { Args } from '../../resp/args.ts';
import { splitWords } from '../../base/words.ts';
import { CommandsAllowed } from './commands-allowed.ts';
import { AclError } from './error.ts';
import { type Pattern, PatternList } from './pattern-list.ts';

/** Why a command is denied; channels are the gravest, so that the most telling of several selectors' reasons is shown. */
export const denials = { command: 1, key: 2, channel: 4 } as const;
export type DenialReason = keyof typeof denials;

export interface Denial {
  readonly reason: DenialReason;
  /** Argument index of the key or channel; 0 for the command. */
  readonly index: number;
}

const deniedCommand: Denial = { reason: 'command', index: 0 };

export interface KeyPattern extends Pattern {
  readonly read: boolean;
  readonly write: boolean;
}

export interface TouchedKey {
  /** Argument index. */
  readonly index: number;
  /** What the command does to its value; neither for EXISTS and the like. */
  readonly read: boolean;
  readonly write: boolean;
}

/** What the arguments of one command are to access control. Found once, however many selectors ask. */
export interface Touched {
  readonly keys: readonly TouchedKey[];
  readonly channels: readonly number[];
  /** The channels are patterns. */
  readonly patterns: boolean;
}

export class Selector {
  readonly commands: CommandsAllowed;
  allKeys = false;
  keys: PatternList<KeyPattern> = new PatternList();
  allChannels: boolean;
  channels: PatternList<Pattern> = new PatternList();
  readonly #table: CommandTable;

  constructor(table: CommandTable, allChannels: boolean, commands: CommandsAllowed = new CommandsAllowed(table)) {
    this.#table = table;
    this.commands = commands;
    this.allChannels = allChannels;
  }

  /** `rules` stands in parentheses; errors are those of the rules inside. */
  static parse(table: CommandTable, allChannels: boolean, rules: string): Selector {
    const selector = new Selector(table, allChannels);
    for (const word of splitWords(rules.slice(1, -1)) ?? []) selector.apply(word);
    return selector;
  }

  copy(): Selector {
    const copy = new Selector(this.#table, this.allChannels, this.commands.copy());
    copy.allKeys = this.allKeys;
    copy.keys = this.keys.copy();
    copy.channels = this.channels.copy();
    return copy;
  }

  get unrestricted(): boolean {
    return this.commands.all && this.allKeys && this.allChannels;
  }

  /** One rule about commands, keys or channels. Throws AclError. */
  apply(rule: string): void {
    switch (rule.toLowerCase()) {
      case 'allkeys':
      case '~*':
        this.allKeys = true;
        this.keys = new PatternList();
        return;
      case 'resetkeys':
        this.allKeys = false;
        this.keys = new PatternList();
        return;
      case 'allchannels':
      case '&*':
        this.allChannels = true;
        this.channels = new PatternList();
        return;
      case 'resetchannels':
        this.allChannels = false;
        this.channels = new PatternList();
        return;
      case 'allcommands':
      case 'nocommands':
        this.commands.apply(rule);
        return;
    }
    if (/^[~%]/.test(rule)) this.#addKeyPattern(rule);
    else if (rule.startsWith('&')) this.#addChannelPattern(rule.slice(1));
    else if (/^[+-]/.test(rule)) this.commands.apply(rule);
    else throw AclError.syntax;
  }

  check(command: Command, args: Args, touched: Touched): Denial | undefined {
    if (!this.commands.allows(command, args)) return deniedCommand;
    if (!this.allKeys)
      for (const key of touched.keys) if (!this.#allowsKey(args, key)) return { reason: 'key', index: key.index };
    if (!this.allChannels) {
      const { channels, patterns } = touched;
      for (const index of channels)
        if (!allowsChannel(this.channels.all, args.bytes, args.at[index]!, args.length[index]!, patterns))
          return { reason: 'channel', index };
    }
    return undefined;
  }

  /** May read every key there is. */
  get readsAllKeys(): boolean {
    return this.allKeys || this.keys.all.some((pattern) => pattern.read && pattern.text === '*');
  }

  describeKeys(): string {
    return this.allKeys ? '~*' : this.keys.all.map(keyText).join(' ');
  }

  describeChannels(): string {
    return this.allChannels ? '&*' : this.channels.all.map(({ text }) => `&${text}`).join(' ');
  }

  /** As rules that make it again. */
  describe(): string {
    // The rule `~*` would be more than a pattern: those behind it would be refused.
    const rules = this.keys.all.map((pattern) => (keyText(pattern) === '~*' ? '%RW~*' : keyText(pattern)));
    const keys = this.allKeys ? '~*' : rules.join(' ');
    const channels = this.allChannels ? '&*' : ['resetchannels', this.describeChannels()].join(' ').trimEnd();
    return `${keys === '' ? '' : `${keys} `}${channels} ${this.commands.describe()}`;
  }

  #addKeyPattern(rule: string): void {
    if (this.allKeys) throw AclError.keysAfterAll;
    const parts = /^(?:~|%([rw]*)~)/i.exec(rule) ?? /^%([rw]*)$/i.exec(rule);
    const flags = parts?.[1]?.toLowerCase() ?? (rule.startsWith('~') ? 'rw' : undefined);
    if (parts === null || flags === undefined || !/^(r|w|rw|wr)$/.test(flags)) throw AclError.syntax;
    const text = rule.slice(parts[0].length);
    if (hasSpaces(text)) throw AclError.syntax;
    const known = this.keys.find(text);
    const read = known?.read === true || flags.includes('r');
    const write = known?.write === true || flags.includes('w');
    this.keys.put({ text, bytes: known?.bytes ?? Buffer.from(text, 'latin1'), read, write });
  }

  #addChannelPattern(text: string): void {
    if (this.allChannels) throw AclError.channelsAfterAll;
    if (hasSpaces(text)) throw AclError.syntax;
    if (this.channels.find(text) === undefined) this.channels.put({ text, bytes: Buffer.from(text, 'latin1') });
  }

  #allowsKey(args: Args, key: TouchedKey): boolean {
    const at = args.at[key.index]!;
    const length = args.length[key.index]!;
    for (const { bytes, read, write } of this.keys.all) {
      if ((key.read && !read) || (key.write && !write)) continue;
      if (globMatch(bytes, 0, bytes.length, args.bytes, at, length, false)) return true;
    }
    return false;
  }
}

/** A pattern (PSUBSCRIBE) must be one of the list, letter by letter; a channel must match one. */
export function allowsChannel(
  list: readonly Pattern[],
  name: Uint8Array,
  at: number,
  length: number,
  isPattern: boolean,
): boolean {
  const given = Buffer.from(name.buffer, name.byteOffset + at, length);
  return list.some(({ bytes }) =>
    isPattern ? given.equals(bytes) : globMatch(bytes, 0, bytes.length, name, at, length, false),
  );
}

export function hasSpaces(text: string): boolean {
  return /[ \t\n\v\f\r\0]/.test(text);
}

function keyText({ text, read, write }: KeyPattern): string {
  if (read && write) return `~${text}`;
  return `%${read ? 'R' : ''}${write ? 'W' : ''}~${text}`;
}
