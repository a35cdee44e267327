/**
 * MIGRATE: moves keys to another server. Redis stands still meanwhile; here writes wait (as in a CLIENT PAUSE WRITE), so that no key
 * changes between its copy and its deletion, and reads go on.
 */
import { errors, replyError, type ReplyError } from '../base/errors.ts';
import { keysOf } from './keys-of.ts';
import type { Call } from './call.ts';
import { payloadOf } from './dump.ts';
import { type CommandRow, keyAt } from './row.ts';
import { secretsOfMigrate } from './secrets.ts';
import type { MigrateRequest } from './services.ts';

const keyAndKeys: ReplyError = replyError(
  'ERR When using MIGRATE KEYS option, the key argument must be set to the empty string',
);
const inTransaction: ReplyError = replyError('ERR MIGRATE inside a transaction is not supported');
const DEFAULT_TIMEOUT_MS = 1000;
/** Longest a step may take, so that writes do not wait for ever. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

interface Options {
  copy: boolean;
  replace: boolean;
  auth: readonly string[] | undefined;
  /** Indexes of the arguments that are keys. */
  keys: readonly number[];
}

function options(call: Call): Options {
  const found: Options = { copy: false, replace: false, auth: undefined, keys: [3] };
  for (let i = 6; i < call.count; i++) {
    const left = call.count - i - 1;
    if (call.is(i, 'copy')) found.copy = true;
    else if (call.is(i, 'replace')) found.replace = true;
    else if (call.is(i, 'auth')) {
      if (left < 1) throw errors.syntax;
      found.auth = [call.text(++i)];
    } else if (call.is(i, 'auth2')) {
      if (left < 2) throw errors.syntax;
      found.auth = [call.text(i + 1), call.text(i + 2)];
      i += 2;
    } else if (call.is(i, 'keys')) {
      if (call.args.length[3] !== 0) throw keyAndKeys;
      found.keys = (keysOf(call.command.row, call.args) ?? []).map(({ index }) => index);
      break;
    } else throw errors.syntax;
  }
  return found;
}

function migrate(call: Call): void {
  const { args, store } = call;
  const { copy, replace, auth, keys: named } = options(call);
  const timeout = call.integer(5);
  const database = call.integer(4);
  if (call.inExec) throw inTransaction;
  const keys: { key: Uint8Array; ttlMs: number; payload: Uint8Array }[] = [];
  for (const index of named) {
    const entry = call.read(index);
    if (entry === 0) continue;
    const expiry = store.entries.expiry(entry);
    const ttlMs = expiry < 0 ? 0 : Math.max(1, expiry - call.now);
    keys.push({ key: args.copy(index), ttlMs, payload: payloadOf(store, entry) });
  }
  if (keys.length === 0) {
    call.reply.simple('NOKEY');
    return;
  }
  const request: MigrateRequest = {
    host: call.text(1),
    port: Number.parseInt(call.text(2), 10) || 0,
    database,
    timeoutMs: timeout > 0 ? Math.min(timeout, MAX_TIMEOUT_MS) : DEFAULT_TIMEOUT_MS,
    ...(auth === undefined ? {} : { auth }),
    replace,
    keys,
  };
  const finish = call.session.block();
  void call.services.migrate(request, call.db.index, !copy).then((error) =>
    finish((reply) => {
      if (error === undefined) reply.ok();
      else reply.error(replyError(error));
    }),
  );
}

export const migrateCommands: readonly CommandRow[] = [
  {
    name: 'migrate',
    arity: -6,
    flags: ['write'],
    categories: ['keyspace', 'dangerous'],
    keys: [
      keyAt(3, 'RW', 'access', 'delete'),
      {
        flags: ['RW', 'access', 'delete', 'incomplete'],
        begin: { keyword: 'KEYS', startFrom: -2 },
        find: { last: -1, step: 1, limit: 0 },
      },
    ],
    tips: ['nondeterministic_output'],
    group: 'generic',
    since: '2.6.0',
    complexity: 'That of DUMP, DEL and RESTORE for each key',
    summary: 'Moves keys to another server.',
    secrets: secretsOfMigrate,
    handler: migrate,
  },
];
