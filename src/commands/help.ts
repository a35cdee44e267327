/** HELP of a container command: its subcommands with the summaries of their rows, so that the text is never stale. */
import type { Call } from './call.ts';
import type { CommandRow } from './row.ts';

/** Handler of a "<container>|help" row. Replies with lines as simple strings, like Redis. */
export function replyHelp(call: Call): void {
  const container = call.command.name.slice(0, call.command.name.indexOf('|'));
  const subcommands = [...(call.services.commands.byName.get(container)?.subcommands?.values() ?? [])];
  const name = container.toUpperCase();
  const lines = [`${name} <subcommand> [<argument> ...]. Subcommands:`];
  for (const { row } of subcommands.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
    lines.push(row.name.slice(container.length + 1).toUpperCase(), `    ${row.summary}`);
  call.reply.array(lines.length);
  for (const line of lines) call.reply.simple(line);
}

/** The row of HELP. `facts`: group, since and categories of the container. */
export function helpRow(container: string, facts: Pick<CommandRow, 'group' | 'since' | 'categories'>): CommandRow {
  return {
    name: `${container}|help`,
    arity: 2,
    flags: ['loading', 'stale'],
    categories: facts.categories,
    group: facts.group,
    since: facts.since,
    complexity: 'O(1)',
    summary: 'Lists the subcommands.',
    handler: replyHelp,
  };
}
