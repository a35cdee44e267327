/** The server as a whole: INFO, TIME, saving, SHUTDOWN, and MODULE as far as there are none. */
import { errors, replyError } from '../base/errors.ts';
import type { Call } from './call.ts';
import { helpRow } from './help.ts';
import type { CommandRow } from './row.ts';
import type { ShutdownOptions } from './services.ts';

const savingAlready = replyError('ERR Background save already in progress');
const noShutdown = replyError('ERR No shutdown in progress.');
const noModules = replyError('ERR Modules are not supported');

function info(call: Call): void {
  const sections: string[] = [];
  for (let i = 1; i < call.count; i++) sections.push(call.text(i).toLowerCase());
  call.reply.verbatim(call.services.info(sections));
}

function time(call: Call): void {
  const micros = call.services.clock.nowMicros();
  call.reply.array(2);
  call.reply.bulkText(String(Math.floor(micros / 1_000_000)));
  call.reply.bulkText(String(micros % 1_000_000));
}

function lastsave(call: Call): void {
  call.reply.integer(call.services.persistence.lastSave);
}

function save(call: Call): void {
  const { persistence } = call.services;
  if (persistence.saving) throw savingAlready;
  const error = persistence.save();
  if (error !== undefined) throw replyError(error);
  call.reply.ok();
}

function bgsave(call: Call): void {
  const schedule = call.count === 2 && call.is(1, 'schedule');
  if (call.count > 1 && !schedule) throw errors.syntax;
  call.reply.simple(call.services.persistence.backgroundSave(schedule, call.inExec));
}

function bgrewriteaof(call: Call): void {
  call.reply.simple(call.services.persistence.backgroundRewrite(call.inExec));
}

function shutdown(call: Call): void {
  let wanted: ShutdownOptions['save'] = 'default';
  let now = false;
  let force = false;
  let abort = false;
  for (let i = 1; i < call.count; i++) {
    if (call.is(i, 'nosave') && wanted !== 'save') wanted = 'nosave';
    else if (call.is(i, 'save') && wanted !== 'nosave') wanted = 'save';
    else if (call.is(i, 'now')) now = true;
    else if (call.is(i, 'force')) force = true;
    else if (call.is(i, 'abort')) abort = true;
    else throw errors.syntax;
  }
  const { services, session, reply } = call;
  if (abort) {
    if (wanted !== 'default' || now || force) throw errors.syntax;
    if (!services.abortShutdown()) throw noShutdown;
    reply.ok();
    return;
  }
  // No reply when it works: the connection ends. It waits for its own end, or for the news that there will be none.
  const finish = session.block();
  const failed = (error: string): void => finish((writer) => writer.error(replyError(error)));
  const error = services.shutdown({ save: wanted, now, force, failed });
  if (error !== undefined) failed(error);
}

function moduleList(call: Call): void {
  call.reply.array(0);
}

function moduleLoad(): void {
  throw noModules;
}

const facts = { categories: [], group: 'server' } as const;
const adminFlags = ['admin', 'noscript', 'no_async_loading'] as const;
const protection = 'enableModuleCommand' as const;

export const serverCommands: readonly CommandRow[] = [
  {
    ...facts,
    name: 'info',
    arity: -1,
    flags: ['loading', 'stale'],
    categories: ['dangerous'],
    tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Tells the state and the counters of the server, by sections.',
    handler: info,
  },
  {
    ...facts,
    name: 'time',
    arity: 1,
    flags: ['loading', 'stale', 'fast'],
    tips: ['nondeterministic_output'],
    since: '2.6.0',
    complexity: 'O(1)',
    summary: "Returns the server's clock.",
    handler: time,
  },
  {
    ...facts,
    name: 'lastsave',
    arity: 1,
    flags: ['loading', 'stale', 'fast'],
    categories: ['admin', 'dangerous'],
    tips: ['nondeterministic_output'],
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Returns when the data was last saved.',
    handler: lastsave,
  },
  {
    ...facts,
    name: 'save',
    arity: 1,
    flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
    since: '1.0.0',
    complexity: 'O(N) with N the number of keys',
    summary: 'Writes the RDB file and waits for it.',
    handler: save,
  },
  {
    ...facts,
    name: 'bgsave',
    arity: -1,
    flags: adminFlags,
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Writes the RDB file in the background.',
    handler: bgsave,
  },
  {
    ...facts,
    name: 'bgrewriteaof',
    arity: 1,
    flags: adminFlags,
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Rewrites the append only file in the background.',
    handler: bgrewriteaof,
  },
  {
    ...facts,
    name: 'shutdown',
    arity: -1,
    flags: ['admin', 'noscript', 'loading', 'stale', 'no_multi', 'allow_busy'],
    since: '1.0.0',
    complexity: 'O(N) when saving, with N the number of keys, else O(1)',
    summary: 'Saves, if so configured, and ends the server.',
    handler: shutdown,
  },
  {
    ...facts,
    name: 'module',
    arity: -2,
    flags: [],
    since: '4.0.0',
    complexity: 'Depends on subcommand.',
    summary: 'Manages modules.',
    subcommands: [
      {
        ...facts,
        name: 'module|list',
        arity: 2,
        flags: ['admin', 'noscript'],
        tips: ['nondeterministic_output_order'],
        since: '4.0.0',
        complexity: 'O(N) with N the number of modules',
        summary: 'Lists the loaded modules.',
        handler: moduleList,
      },
      {
        ...facts,
        name: 'module|load',
        arity: -3,
        flags: adminFlags,
        since: '4.0.0',
        complexity: 'O(1)',
        summary: 'Loads a module. Refused: there are none.',
        protection,
        handler: moduleLoad,
      },
      {
        ...facts,
        name: 'module|loadex',
        arity: -3,
        flags: adminFlags,
        since: '7.0.0',
        complexity: 'O(1)',
        summary: 'Loads a module with configuration. Refused: there are none.',
        protection,
        handler: moduleLoad,
      },
      {
        ...facts,
        name: 'module|unload',
        arity: 3,
        flags: adminFlags,
        since: '4.0.0',
        complexity: 'O(1)',
        summary: 'Unloads a module. Refused: there are none.',
        protection,
        handler: moduleLoad,
      },
      helpRow('module', { ...facts, since: '5.0.0' }),
    ],
  },
];
