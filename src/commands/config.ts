/** CONFIG. What the directives are and how they apply lives in server/config; here are arguments and replies. */
import { errors, replyError } from '../base/errors.ts';
import type { Call } from './call.ts';
import { helpRow } from './help.ts';
import type { CommandRow } from './row.ts';
import { secretValues } from './secrets.ts';

function configGet(call: Call): void {
  const { reply } = call;
  const patterns: string[] = [];
  for (let i = 2; i < call.count; i++) patterns.push(call.text(i));
  const found = call.services.configuration.get(patterns);
  reply.map(found.length);
  for (const [name, value] of found) {
    reply.bulkText(name);
    reply.bulkText(value);
  }
}

function configSet(call: Call): void {
  if (call.count % 2 !== 0) throw errors.syntax;
  const pairs: (readonly [name: string, value: string])[] = [];
  for (let i = 2; i < call.count; i += 2) pairs.push([call.text(i), call.text(i + 1)]);
  const result = call.services.configuration.set(pairs, call.session);
  if (!(result instanceof Promise)) {
    if (result !== undefined) throw replyError(result);
    call.reply.ok();
    return;
  }
  if (call.inExec) {
    // EXEC's reply cannot wait: the change is under way, and the log tells if it fails.
    const { log } = call.services;
    void result.then((error) => error !== undefined && log.warning(`CONFIG SET inside MULTI failed: ${error}`));
    call.reply.ok();
    return;
  }
  const finish = call.session.block();
  void result.then((error) =>
    finish((reply) => {
      if (error === undefined) reply.ok();
      else reply.error(replyError(error));
    }),
  );
}

function configRewrite(call: Call): void {
  const error = call.services.configuration.rewrite();
  if (error !== undefined) throw replyError(error);
  call.reply.ok();
}

function configResetStat(call: Call): void {
  call.services.resetStatistics();
  call.reply.ok();
}

const facts = {
  categories: [],
  flags: ['admin', 'noscript', 'loading', 'stale'],
  group: 'server',
  since: '2.0.0',
} as const;

export const configCommands: readonly CommandRow[] = [
  {
    name: 'config',
    arity: -2,
    flags: [],
    categories: [],
    group: 'server',
    since: '2.0.0',
    complexity: 'Depends on subcommand.',
    summary: 'Reads and changes the configuration.',
    subcommands: [
      {
        ...facts,
        name: 'config|get',
        arity: -3,
        complexity: 'O(N) with N the number of directives that match',
        summary: 'Returns the directives that match the patterns, with their values.',
        handler: configGet,
      },
      {
        ...facts,
        name: 'config|set',
        arity: -4,
        tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
        complexity: 'O(N) with N the number of directives given',
        summary: 'Changes directives, all of them or none.',
        secrets: secretValues,
        handler: configSet,
      },
      {
        ...facts,
        name: 'config|rewrite',
        arity: 2,
        since: '2.8.0',
        complexity: 'O(1)',
        summary: 'Writes the present configuration into the configuration file.',
        handler: configRewrite,
      },
      {
        ...facts,
        name: 'config|resetstat',
        arity: 2,
        complexity: 'O(1)',
        summary: 'Sets the counters of INFO back to zero.',
        handler: configResetStat,
      },
      helpRow('config', { categories: [], group: 'server', since: '5.0.0' }),
    ],
  },
];
