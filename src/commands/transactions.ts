/**
 * MULTI, EXEC, DISCARD, WATCH, UNWATCH. Queueing itself happens on the main path (server/execute.ts), running a queue in
 * server/transactions.ts; here are the commands that begin and end it.
 */
import { errors } from '../base/errors.ts';
import type { Call } from './call.ts';
import { type CommandRow, manyKeys } from './row.ts';
import { newTransaction } from './session.ts';

function multi(call: Call): void {
  const { session } = call;
  if (session.transaction !== undefined) throw errors.nestedMulti;
  session.transaction = newTransaction();
  call.reply.ok();
}

function exec(call: Call): void {
  call.services.runTransaction(call.session);
}

function discard(call: Call): void {
  const { session } = call;
  if (session.transaction === undefined) throw errors.discardWithoutMulti;
  session.transaction = undefined;
  call.services.keyEvents.unwatchAll(session);
  call.reply.ok();
}

function watch(call: Call): void {
  const { session, services, db, args } = call;
  if (session.transaction !== undefined) throw errors.watchInsideMulti;
  // A change that came before: EXEC fails anyway, so watching more is of no use.
  if (!session.dirtyCas)
    for (let i = 1; i < args.count; i++) {
      const entry = db.peek(args.bytes, args.at[i]!, args.length[i]!);
      services.keyEvents.watch(session, db.index, args.text(i), entry !== 0 && db.isExpired(entry));
    }
  call.reply.ok();
}

function unwatch(call: Call): void {
  call.services.keyEvents.unwatchAll(call.session);
  call.reply.ok();
}

const common = { categories: ['transaction'], group: 'transactions' } as const;
const always = ['noscript', 'loading', 'stale', 'fast', 'allow_busy'] as const;

export const transactionCommands: readonly CommandRow[] = [
  {
    name: 'multi',
    arity: 1,
    flags: always,
    ...common,
    since: '1.2.0',
    complexity: 'O(1)',
    summary: 'Starts a transaction: the commands that follow wait for EXEC.',
    handler: multi,
  },
  {
    name: 'exec',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'skip_slowlog'],
    ...common,
    since: '1.2.0',
    complexity: 'That of the commands in the transaction',
    summary: 'Runs the commands of a transaction as one.',
    handler: exec,
  },
  {
    name: 'discard',
    arity: 1,
    flags: always,
    ...common,
    since: '2.0.0',
    complexity: 'O(N) with N queued commands',
    summary: 'Drops a transaction.',
    handler: discard,
  },
  {
    name: 'watch',
    arity: -2,
    flags: always,
    ...common,
    keys: manyKeys(1, 'RO'),
    since: '2.2.0',
    complexity: 'O(1) for each key',
    summary: 'Makes the next EXEC fail if one of the keys changes before it.',
    handler: watch,
  },
  {
    name: 'unwatch',
    arity: 1,
    flags: always,
    ...common,
    since: '2.2.0',
    complexity: 'O(1)',
    summary: 'Forgets the watched keys of this connection.',
    handler: unwatch,
  },
];
