/** What the arguments of a command touch, as access control sees it: keys, and the channels it publishes or subscribes to. */
import { keysOf, takesKeys } from '../../commands/keys-of.ts';
import type { Command, CommandTable } from '../../commands/table.ts';
import type { Args } from '../../resp/args.ts';
import type { Touched } from './selector.ts';

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
  /** By command id: whether it can touch anything. */
  readonly #touches: readonly boolean[];

  constructor(table: CommandTable) {
    const touches: boolean[] = [];
    for (const command of table.originals.values())
      touches[command.id] = takesKeys(command.row) || Object.hasOwn(channelArguments, command.name);
    this.#touches = touches;
  }

  of(command: Command, args: Args): Touched {
    if (this.#touches[command.id] !== true) return nothing;
    const spec = Object.hasOwn(channelArguments, command.name) ? channelArguments[command.name] : undefined;
    if (spec === undefined) {
      const keys = (keysOf(command.row, args) ?? []).filter(({ flags }) => !flags.includes('not_key'));
      return { keys, channels: [], patterns: false };
    }
    const channels: number[] = [];
    const last = spec.last === 'all' ? args.count - 1 : spec.last;
    for (let index = 1; index <= last; index++) channels.push(index);
    return { keys: [], channels, patterns: spec.patterns };
  }
}
