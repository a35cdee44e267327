/**
 * Expiry commands. Whatever the client's unit, replicas get PEXPIREAT with absolute milliseconds; an expiry that is past
 * already deletes the key and propagates as that.
 */
import { replyError } from '../base/errors.ts';
import { keyspaceEvents } from '../base/settings.ts';
import type { Call } from './call.ts';
import { exactTime, expiryArgument, EX, EXAT, isPast, PX, PXAT, type TimeFormat } from './expiry-time.ts';
import { inspect } from './keys.ts';
import { type CommandRow, oneKey } from './row.ts';

const nxAndOthers = replyError('ERR NX and XX, GT or LT options at the same time are not compatible');
const gtAndLt = replyError('ERR GT and LT options at the same time are not compatible');
/** Largest part of an unknown option that its error repeats. */
const OPTION_TEXT_MAX = 128;

interface Condition {
  readonly nx: boolean;
  readonly xx: boolean;
  readonly gt: boolean;
  readonly lt: boolean;
}

const noCondition: Condition = { nx: false, xx: false, gt: false, lt: false };

function condition(call: Call): Condition {
  if (call.count === 3) return noCondition;
  let nx = false;
  let xx = false;
  let gt = false;
  let lt = false;
  for (let i = 3; i < call.count; i++) {
    if (call.is(i, 'nx')) nx = true;
    else if (call.is(i, 'xx')) xx = true;
    else if (call.is(i, 'gt')) gt = true;
    else if (call.is(i, 'lt')) lt = true;
    else throw replyError(`ERR Unsupported option ${call.text(i).slice(0, OPTION_TEXT_MAX)}`);
  }
  if (nx && (xx || gt || lt)) throw nxAndOthers;
  if (gt && lt) throw gtAndLt;
  return { nx, xx, gt, lt };
}

/** Whether the condition lets the new expiry replace the present one (-1: none, which counts as infinite). */
function allows({ nx, xx, gt, lt }: Condition, present: number, expiryMs: number): boolean {
  if (present < 0) return !xx && !gt;
  return !nx && !(gt && expiryMs <= present) && !(lt && expiryMs >= present);
}

function setExpiry(call: Call, format: TimeFormat, command: string): void {
  const { args, db } = call;
  const only = condition(call);
  const expiry = expiryArgument(call, 2, format, command, false);
  const entry = call.relink(1);
  if (entry === 0 || !allows(only, call.store.entries.expiry(entry), expiry)) {
    call.reply.integer(0);
    return;
  }
  if (isPast(call, expiry)) {
    call.removeKey(1);
    call.changed(1);
    call.notifyDeleted(1);
    call.reply.integer(1);
    call.effectOf(call.services.settings.lazyfreeLazyExpire ? 'UNLINK' : 'DEL', 1);
    return;
  }
  // Only on a replica that accepts writes may the time be before 1970.
  db.setExpiry(entry, Math.max(expiry, 0));
  call.reply.integer(1);
  call.changed(1);
  call.notify(keyspaceEvents.generic, 'expire', 1);
  if (format === PXAT) return;
  const effect = call.effect(args.count);
  effect.text('PEXPIREAT').bytes(args.bytes, args.at[1]!, args.length[1]!).integer(exactTime(expiry));
  for (let i = 3; i < args.count; i++) effect.bytes(args.bytes, args.at[i]!, args.length[i]!);
}

function expire(call: Call): void {
  setExpiry(call, EX, 'expire');
}

function pexpire(call: Call): void {
  setExpiry(call, PX, 'pexpire');
}

function expireat(call: Call): void {
  setExpiry(call, EXAT, 'expireat');
}

function pexpireat(call: Call): void {
  setExpiry(call, PXAT, 'pexpireat');
}

/** Replies with the expiry of the key at argument 1: -2 without a key, -1 without an expiry. */
function replyTime(call: Call, { seconds, relative }: TimeFormat): void {
  const entry = inspect(call, 1);
  const expiry = entry === 0 ? -2 : call.store.entries.expiry(entry);
  if (expiry < 0) {
    call.reply.integer(expiry);
    return;
  }
  const ms = relative ? Math.max(0, expiry - call.now) : expiry;
  const time = exactTime(seconds ? Math.floor((ms + 500) / 1000) : ms);
  if (typeof time === 'number') call.reply.integer(time);
  else call.reply.bigInteger(time);
}

function ttl(call: Call): void {
  replyTime(call, EX);
}

function pttl(call: Call): void {
  replyTime(call, PX);
}

function expiretime(call: Call): void {
  replyTime(call, EXAT);
}

function pexpiretime(call: Call): void {
  replyTime(call, PXAT);
}

function persist(call: Call): void {
  const entry = call.relink(1);
  if (entry === 0 || !call.store.entries.hasExpiry(entry)) {
    call.reply.integer(0);
    return;
  }
  call.db.setExpiry(entry, -1);
  call.changed(1);
  call.notify(keyspaceEvents.generic, 'persist', 1);
  call.reply.integer(1);
}

interface Facts {
  readonly name: string;
  readonly since: string;
  readonly summary: string;
  readonly handler: (call: Call) => void;
}

function setter(facts: Facts): CommandRow {
  return {
    ...facts,
    arity: -3,
    flags: ['write', 'fast'],
    categories: ['keyspace'],
    keys: oneKey('RW', 'update'),
    group: 'generic',
    complexity: 'O(1)',
  };
}

function getter(facts: Facts, tips?: readonly string[]): CommandRow {
  return {
    ...facts,
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['keyspace'],
    keys: oneKey('RO', 'access'),
    ...(tips === undefined ? {} : { tips }),
    group: 'generic',
    complexity: 'O(1)',
  };
}

const changing = ['nondeterministic_output'];

export const expiryCommands: readonly CommandRow[] = [
  setter({ name: 'expire', since: '1.0.0', summary: 'Sets the time to live in seconds.', handler: expire }),
  setter({ name: 'pexpire', since: '2.6.0', summary: 'Sets the time to live in milliseconds.', handler: pexpire }),
  setter({ name: 'expireat', since: '1.2.0', summary: 'Sets the expiry as Unix seconds.', handler: expireat }),
  setter({ name: 'pexpireat', since: '2.6.0', summary: 'Sets the expiry as Unix milliseconds.', handler: pexpireat }),
  getter({ name: 'ttl', since: '1.0.0', summary: 'Returns the seconds left to live.', handler: ttl }, changing),
  getter({ name: 'pttl', since: '2.6.0', summary: 'Returns the milliseconds left to live.', handler: pttl }, changing),
  getter({ name: 'expiretime', since: '7.0.0', summary: 'Returns the expiry as Unix seconds.', handler: expiretime }),
  getter({
    name: 'pexpiretime',
    since: '7.0.0',
    summary: 'Returns the expiry as Unix milliseconds.',
    handler: pexpiretime,
  }),
  {
    name: 'persist',
    arity: 2,
    flags: ['write', 'fast'],
    categories: ['keyspace'],
    keys: oneKey('RW', 'update'),
    group: 'generic',
    since: '2.2.0',
    complexity: 'O(1)',
    summary: 'Removes the expiry of a key.',
    handler: persist,
  },
];
