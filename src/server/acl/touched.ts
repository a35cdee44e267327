/** What the arguments of a command touch, as access control sees it: keys, and the channels it publishes or subscribes to. */
import { type KeyPosition, keysOf, takesKeys } from '../../commands/keys-of.ts';
import type { CommandRow } from '../../commands/row.ts';
import type { Command, CommandTable } from '../../commands/table.ts';
import type { Args } from '../../resp/args.ts';
import type { Touched, TouchedKey } from './selector.ts';

const nothing: Touched = { keys: [], channels: [], patterns: false };

/** Argument index of the last channel (the first is 1), or 'all'. Unsubscribing is free. */
const channelArguments: { readonly [command: string]: { readonly last: 1 | 'all'; readonly patterns: boolean } } = {
  publish: { last: 1, patterns: false },
  spublish: { last: 1, patterns: false },
  subscribe: { last: 'all', patterns: false },
  ssubscribe: { last: 'all', patterns: false },
  psubscribe: { last: 'all', patterns: true },
};

export class TouchedBy {
  /** By command id: what it touches whatever its arguments are, which is so for most; 'ask' where they decide. */
  readonly #always: (Touched | 'ask')[] = [];

  constructor(table: CommandTable) {
    for (const command of table.originals.values()) this.#always[command.id] = always(command);
  }

  of(command: Command, args: Args): Touched {
    const known = this.#always[command.id]!;
    if (known !== 'ask') return known;
    const spec = Object.hasOwn(channelArguments, command.name) ? channelArguments[command.name] : undefined;
    if (spec === undefined) return { ...nothing, keys: touchedKeys(keysOf(command.row, args) ?? []) };
    const channels: number[] = [];
    const last = spec.last === 'all' ? args.count - 1 : spec.last;
    for (let index = 1; index <= last; index++) channels.push(index);
    return { ...nothing, channels, patterns: spec.patterns };
  }
}

function always({ name, row }: Command): Touched | 'ask' {
  if (Object.hasOwn(channelArguments, name)) return 'ask';
  if (!takesKeys(row)) return nothing;
  const key = onlyKey(row);
  return key === undefined ? 'ask' : { ...nothing, keys: touchedKeys([key]) };
}

/** The key of a command that has one, always at the same place and for the same purpose, which its arity guarantees. */
function onlyKey({ keys = [], arity }: CommandRow): KeyPosition | undefined {
  const [spec] = keys;
  if (spec === undefined || keys.length > 1) return undefined;
  const { begin, find, flags } = spec;
  if (flags.includes('variable_flags') || flags.includes('incomplete')) return undefined;
  if (begin === 'unknown' || !('index' in begin) || find === 'unknown' || !('last' in find)) return undefined;
  return find.last === 0 && Math.abs(arity) > begin.index ? { index: begin.index, flags } : undefined;
}

function touchedKeys(positions: readonly KeyPosition[]): readonly TouchedKey[] {
  return positions
    .filter(({ flags }) => !flags.includes('not_key'))
    .map(({ index, flags }) => ({
      index,
      read: flags.includes('access'),
      write: flags.includes('insert') || flags.includes('delete') || flags.includes('update'),
    }));
}
