/** SLOWLOG: shows the commands that took long. What is logged, and how, is server/slowlog.ts's business. */
import { replyError, subcommandSyntax } from '../base/errors.ts';
import { parseSafe } from '../base/numbers.ts';
import type { Call } from './call.ts';
import { helpRow } from './help.ts';
import type { CommandRow } from './row.ts';

const DEFAULT_COUNT = 10;
const badCount = replyError('ERR count should be greater than or equal to -1');

function get(call: Call): void {
  const { args, reply } = call;
  const { slowlog } = call.services;
  if (call.count > 3) throw subcommandSyntax('slowlog', call.text(1));
  let count = DEFAULT_COUNT;
  if (call.count === 3) {
    count = parseSafe(args.bytes, args.at[2]!, args.length[2]!);
    if (Number.isNaN(count) || count < -1) throw badCount;
  }
  const entries = slowlog.newest(count === -1 ? slowlog.length : count);
  reply.array(entries.length);
  for (const { id, seconds, micros, words, address, name } of entries) {
    reply.array(6);
    reply.integer(id);
    reply.integer(seconds);
    reply.integer(micros);
    reply.array(words.length);
    for (const word of words) reply.bulk(word, 0, word.length);
    reply.bulkText(address);
    reply.bulkText(name);
  }
}

function len(call: Call): void {
  call.reply.integer(call.services.slowlog.length);
}

function reset(call: Call): void {
  call.services.slowlog.reset();
  call.reply.ok();
}

const facts = { categories: [], group: 'server', since: '2.2.12' } as const;
const flags = ['admin', 'loading', 'stale'] as const;

export const slowlogCommands: readonly CommandRow[] = [
  {
    ...facts,
    name: 'slowlog',
    arity: -2,
    flags: [],
    complexity: 'Depends on subcommand.',
    summary: 'Tells which commands took long.',
    subcommands: [
      {
        ...facts,
        name: 'slowlog|get',
        arity: -2,
        flags,
        tips: ['request_policy:all_nodes', 'nondeterministic_output'],
        complexity: 'O(N) with N the number of entries returned',
        summary: 'Returns entries, the newest first.',
        handler: get,
      },
      {
        ...facts,
        name: 'slowlog|len',
        arity: 2,
        flags,
        tips: ['request_policy:all_nodes', 'response_policy:agg_sum', 'nondeterministic_output'],
        complexity: 'O(1)',
        summary: 'Returns the number of entries.',
        handler: len,
      },
      {
        ...facts,
        name: 'slowlog|reset',
        arity: 2,
        flags,
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        complexity: 'O(N) with N the number of entries',
        summary: 'Forgets all entries.',
        handler: reset,
      },
      helpRow('slowlog', { ...facts, since: '6.2.0' }),
    ],
  },
];
