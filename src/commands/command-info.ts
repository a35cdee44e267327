/**
 * COMMAND and its subcommands: what this server's command table holds, for clients that route by keys, complete names or
 * show help. Everything is derived from the rows.
 */
import { errors } from '../base/errors.ts';
import { globMatch } from '../base/glob.ts';
import { Args } from '../resp/args.ts';
import type { Call } from './call.ts';
import { categoriesOf } from './command-facts.ts';
import { writeDocs, writeInfo, writeWords } from './command-reply.ts';
import { helpRow } from './help.ts';
import { type KeyPosition, keysOf, takesKeys } from './keys-of.ts';
import type { CommandRow } from './row.ts';
import type { Command } from './table.ts';

function all(call: Call): void {
  const { commands } = call.services;
  call.reply.array(commands.byName.size);
  for (const command of commands.byName.values()) writeInfo(call.reply, command);
}

function count(call: Call): void {
  call.reply.integer(call.services.commands.byName.size);
}

function info(call: Call): void {
  if (call.count === 2) {
    all(call);
    return;
  }
  call.reply.array(call.count - 2);
  for (let i = 2; i < call.count; i++) {
    const command = named(call, call.text(i));
    if (command === undefined) call.reply.null();
    else writeInfo(call.reply, command);
  }
}

function docs(call: Call): void {
  const wanted: Command[] = [];
  if (call.count === 2) wanted.push(...call.services.commands.byName.values());
  for (let i = 2; i < call.count; i++) {
    const command = named(call, call.text(i));
    if (command !== undefined) wanted.push(command);
  }
  call.reply.map(wanted.length);
  for (const command of wanted) writeDocs(call.reply, command);
}

/** COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN glob]; subcommands are listed too. */
function list(call: Call): void {
  if (call.count !== 2 && call.count !== 5) throw errors.syntax;
  const keep = call.count === 2 ? () => true : filter(call);
  const names: string[] = [];
  for (const command of call.services.commands.byName.values()) {
    for (const one of [command, ...(command.subcommands?.values() ?? [])]) if (keep(one)) names.push(one.name);
  }
  call.reply.array(names.length);
  for (const name of names) call.reply.bulkText(name);
}

function filter(call: Call): (command: Command) => boolean {
  if (!call.is(2, 'filterby')) throw errors.syntax;
  // There are no modules.
  if (call.is(3, 'module')) return () => false;
  if (call.is(3, 'aclcat')) {
    const category = `@${call.text(4).toLowerCase()}`;
    return (command) => categoriesOf(command.row).includes(category);
  }
  if (!call.is(3, 'pattern')) throw errors.syntax;
  const { bytes, at, length } = call.args;
  return ({ name }) => globMatch(bytes, at[4]!, length[4]!, Buffer.from(name, 'latin1'), 0, name.length, true);
}

function getKeys(call: Call): void {
  const { keys, args } = keysAsked(call);
  call.reply.array(keys.length);
  for (const { index } of keys) call.reply.bulk(args.bytes, args.at[index]!, args.length[index]!);
}

function getKeysAndFlags(call: Call): void {
  const { keys, args } = keysAsked(call);
  call.reply.array(keys.length);
  for (const { index, flags } of keys) {
    call.reply.array(2);
    call.reply.bulk(args.bytes, args.at[index]!, args.length[index]!);
    writeWords(call.reply, new Set(flags));
  }
}

/** The keys of the command line that stands after the subcommand's name. */
function keysAsked(call: Call): { readonly keys: readonly KeyPosition[]; readonly args: Args } {
  const args = new Args();
  args.bytes = call.args.bytes;
  for (let i = 2; i < call.count; i++) args.add(call.args.at[i]!, call.args.length[i]!);
  let command = call.services.commands.find(args);
  if (command?.subcommands !== undefined && args.count > 1)
    command = command.subcommands.get(args.text(1).toLowerCase());
  if (command === undefined) throw errors.invalidCommand;
  if (!takesKeys(command.row)) throw errors.noKeyArguments;
  if (!command.acceptsCount(args.count)) throw errors.invalidCommandCount;
  const keys = keysOf(command.row, args) ?? [];
  if (keys.length === 0 && !command.row.flags.includes('no_mandatory_keys')) throw errors.invalidCommandArguments;
  return { keys, args };
}

/** By full name, "client|list" for a subcommand. */
function named(call: Call, name: string): Command | undefined {
  const [first, second, ...more] = name.toLowerCase().split('|');
  const command = call.services.commands.byName.get(first!);
  if (second === undefined) return command;
  return more.length > 0 ? undefined : command?.subcommands?.get(second);
}

const common = { categories: ['connection'], group: 'server' } as const;
const flags = ['loading', 'stale'] as const;
const anyOrder = ['nondeterministic_output_order'] as const;

export const commandCommands: readonly CommandRow[] = [
  {
    name: 'command',
    arity: -1,
    flags,
    ...common,
    tips: anyOrder,
    since: '2.8.13',
    complexity: 'O(N) with N commands',
    summary: 'Describes all commands.',
    handler: all,
    subcommands: [
      {
        name: 'command|count',
        arity: 2,
        flags,
        ...common,
        since: '2.8.13',
        complexity: 'O(1)',
        summary: 'Counts the commands.',
        handler: count,
      },
      {
        name: 'command|docs',
        arity: -2,
        flags,
        ...common,
        tips: anyOrder,
        since: '7.0.0',
        complexity: 'O(N) with N commands to look up',
        summary: 'Documents the named commands, or all.',
        handler: docs,
      },
      {
        name: 'command|getkeys',
        arity: -4,
        flags,
        ...common,
        since: '2.8.13',
        complexity: 'O(N) with N arguments of the command',
        summary: 'Finds the keys in a command line.',
        handler: getKeys,
      },
      {
        name: 'command|getkeysandflags',
        arity: -4,
        flags,
        ...common,
        since: '7.0.0',
        complexity: 'O(N) with N arguments of the command',
        summary: 'Finds the keys in a command line and what happens to each.',
        handler: getKeysAndFlags,
      },
      helpRow('command', { ...common, since: '5.0.0' }),
      {
        name: 'command|info',
        arity: -2,
        flags,
        ...common,
        tips: anyOrder,
        since: '2.8.13',
        complexity: 'O(N) with N commands to look up',
        summary: 'Describes the named commands, or all.',
        handler: info,
      },
      {
        name: 'command|list',
        arity: -2,
        flags,
        ...common,
        tips: anyOrder,
        since: '7.0.0',
        complexity: 'O(N) with N commands',
        summary: 'Lists the names of commands, of a category or a pattern if asked.',
        handler: list,
      },
    ],
  },
];
