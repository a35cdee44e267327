/**
 * Commands that set and get whole string values. Values are bytes inline in the entry; an integer is kept as its decimal
 * text. A relative expiry propagates as an absolute one, so that replicas do not add their delay to it.
 */
import { errors, wrongArity } from '../base/errors.ts';
import { keyspaceEvents } from '../base/settings.ts';
import type { Address } from '../memory/arena.ts';
import { KEEP_EXPIRY } from '../store/database.ts';
import { TYPE_STRING } from '../store/entry.ts';
import type { Call } from './call.ts';
import { exactTime, expiryArgument, EX, isPast, PX, type TimeFormat, timeFormat } from './expiry-time.ts';
import { type CommandRow, manyKeys, oneKey } from './row.ts';

function get(call: Call): void {
  replyValue(call, call.readType(1, TYPE_STRING));
}

/** Replies with a string entry's value, or null for none. */
function replyValue(call: Call, entry: Address): void {
  if (entry === 0) {
    call.reply.null();
    return;
  }
  const value = call.store.entries.value(entry, call.a);
  call.reply.bulk(value.bytes, value.at, value.length);
}

/** Sets the key at argument 1 to the value at argument `index`. */
function put(call: Call, index: number, expiryMs: number): void {
  const { args } = call;
  call.db.setString(
    args.bytes,
    args.at[1]!,
    args.length[1]!,
    args.bytes,
    args.at[index]!,
    args.length[index]!,
    expiryMs,
  );
}

function set(call: Call): void {
  if (call.count > 3) {
    setWithOptions(call);
    return;
  }
  put(call, 2, -1);
  call.changed(1);
  call.notify(keyspaceEvents.string, 'set', 1);
  call.reply.ok();
}

function setWithOptions(call: Call): void {
  const { args } = call;
  let nx = false;
  let xx = false;
  let wantsOld = false;
  let keepTtl = false;
  let format: TimeFormat | undefined;
  let timeAt = 0;
  for (let i = 3; i < args.count; i++) {
    if (!xx && args.is(i, 'nx')) nx = true;
    else if (!nx && args.is(i, 'xx')) xx = true;
    else if (args.is(i, 'get')) wantsOld = true;
    else if (format === undefined && args.is(i, 'keepttl')) keepTtl = true;
    else {
      const named = timeFormat(call, i);
      // The same option twice is allowed, and the last one counts.
      if (named === undefined || keepTtl || i + 1 >= args.count || (format !== undefined && format !== named))
        throw errors.syntax;
      format = named;
      timeAt = ++i;
    }
  }
  const expiry = format === undefined ? -1 : expiryArgument(call, timeAt, format, 'set', true);
  if (wantsOld) replyValue(call, call.readType(1, TYPE_STRING));
  if (nx || xx) {
    const exists = call.write(1) !== 0;
    if (exists ? nx : xx) {
      if (!wantsOld) call.reply.null();
      return;
    }
  }
  put(call, 2, keepTtl ? KEEP_EXPIRY : expiry);
  call.changed(1);
  call.notify(keyspaceEvents.string, 'set', 1);
  if (format !== undefined) call.notify(keyspaceEvents.generic, 'expire', 1);
  if (format !== undefined) propagateSet(call, 2, expiry);
  else if (wantsOld) propagateWithoutGet(call);
  if (!wantsOld) call.reply.ok();
}

/** Replaces the command by SET key value PXAT ms. */
function propagateSet(call: Call, valueIndex: number, expiryMs: number): void {
  const { args } = call;
  call
    .effect(5)
    .text('SET')
    .bytes(args.bytes, args.at[1]!, args.length[1]!)
    .bytes(args.bytes, args.at[valueIndex]!, args.length[valueIndex]!)
    .text('PXAT')
    .integer(exactTime(expiryMs));
}

/** A replica has no use for the old value. */
function propagateWithoutGet(call: Call): void {
  const { args } = call;
  let words = args.count;
  for (let i = 3; i < args.count; i++) if (args.is(i, 'get')) words--;
  const effect = call.effect(words);
  for (let i = 0; i < args.count; i++)
    if (i < 3 || !args.is(i, 'get')) effect.bytes(args.bytes, args.at[i]!, args.length[i]!);
}

function setnx(call: Call): void {
  if (call.write(1) !== 0) {
    call.reply.integer(0);
    return;
  }
  put(call, 2, -1);
  call.changed(1);
  call.notify(keyspaceEvents.string, 'set', 1);
  call.reply.integer(1);
}

function setWithTime(call: Call, format: TimeFormat, command: string): void {
  const expiry = expiryArgument(call, 2, format, command, true);
  put(call, 3, expiry);
  call.changed(1);
  call.notify(keyspaceEvents.string, 'set', 1);
  call.notify(keyspaceEvents.generic, 'expire', 1);
  propagateSet(call, 3, expiry);
  call.reply.ok();
}

function setex(call: Call): void {
  setWithTime(call, EX, 'setex');
}

function psetex(call: Call): void {
  setWithTime(call, PX, 'psetex');
}

function getset(call: Call): void {
  replyValue(call, call.readType(1, TYPE_STRING));
  put(call, 2, -1);
  call.changed(1);
  call.notify(keyspaceEvents.string, 'set', 1);
  const { args } = call;
  call
    .effect(3)
    .text('SET')
    .bytes(args.bytes, args.at[1]!, args.length[1]!)
    .bytes(args.bytes, args.at[2]!, args.length[2]!);
}

function getdel(call: Call): void {
  const entry = call.readType(1, TYPE_STRING);
  replyValue(call, entry);
  if (entry === 0) return;
  call.removeKey(1);
  call.changed(1);
  call.notifyDeleted(1);
  call.effectOf('DEL', 1);
}

function getex(call: Call): void {
  const { args } = call;
  let persist = false;
  let format: TimeFormat | undefined;
  let timeAt = 0;
  for (let i = 2; i < args.count; i++) {
    if (format === undefined && args.is(i, 'persist')) persist = true;
    else {
      const named = timeFormat(call, i);
      if (named === undefined || persist || i + 1 >= args.count || (format !== undefined && format !== named))
        throw errors.syntax;
      format = named;
      timeAt = ++i;
    }
  }
  const entry = call.readType(1, TYPE_STRING);
  if (entry === 0) {
    call.reply.null();
    return;
  }
  const expiry = format === undefined ? -1 : expiryArgument(call, timeAt, format, 'getex', true);
  replyValue(call, entry);
  if (format !== undefined) {
    if (!format.relative && isPast(call, expiry)) {
      call.removeKey(1);
      call.changed(1);
      call.notifyDeleted(1);
      call.effectOf(call.services.settings.lazyfreeLazyExpire ? 'UNLINK' : 'DEL', 1);
      return;
    }
    call.db.setExpiry(entry, expiry);
    call.changed(1);
    call.notify(keyspaceEvents.generic, 'expire', 1);
    call.effect(3).text('PEXPIREAT').bytes(args.bytes, args.at[1]!, args.length[1]!).integer(exactTime(expiry));
  } else if (persist && call.store.entries.hasExpiry(entry)) {
    call.db.setExpiry(entry, -1);
    call.changed(1);
    call.notify(keyspaceEvents.generic, 'persist', 1);
    call.effectOf('PERSIST', 1);
  }
}

function mget(call: Call): void {
  const { entries } = call.store;
  call.reply.array(call.count - 1);
  for (let i = 1; i < call.count; i++) {
    const entry = call.read(i);
    replyValue(call, entry !== 0 && entries.type(entry) === TYPE_STRING ? entry : 0);
  }
}

function setPairs(call: Call): void {
  const { args, db } = call;
  for (let i = 1; i < args.count; i += 2) {
    const at = args.at[i]!;
    db.setString(args.bytes, at, args.length[i]!, args.bytes, args.at[i + 1]!, args.length[i + 1]!, -1);
    call.changed(i);
    call.notify(keyspaceEvents.string, 'set', i);
  }
}

function mset(call: Call): void {
  if (call.count % 2 === 0) throw wrongArity('mset');
  setPairs(call);
  call.reply.ok();
}

function msetnx(call: Call): void {
  if (call.count % 2 === 0) throw wrongArity('msetnx');
  for (let i = 1; i < call.count; i += 2) {
    if (call.write(i) !== 0) {
      call.reply.integer(0);
      return;
    }
  }
  setPairs(call);
  call.reply.integer(1);
}

export const stringCommands: readonly CommandRow[] = [
  {
    name: 'get',
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['string'],
    keys: oneKey('RO', 'access'),
    group: 'string',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Returns the string value of a key.',
    handler: get,
  },
  {
    name: 'set',
    arity: -3,
    flags: ['write', 'denyoom'],
    categories: ['string'],
    keys: [
      {
        flags: ['RW', 'access', 'update', 'variable_flags'],
        begin: { index: 1 },
        find: { last: 0, step: 1, limit: 0 },
        notes: 'RW and ACCESS due to the optional `GET` argument',
      },
    ],
    group: 'string',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Sets the string value of a key, with an optional condition and expiry.',
    handler: set,
  },
  {
    name: 'setnx',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['string'],
    keys: oneKey('OW', 'insert'),
    group: 'string',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Sets the value of a key that does not exist yet.',
    handler: setnx,
  },
  {
    name: 'setex',
    arity: 4,
    flags: ['write', 'denyoom'],
    categories: ['string'],
    keys: oneKey('OW', 'update'),
    group: 'string',
    since: '2.0.0',
    complexity: 'O(1)',
    summary: 'Sets the value of a key and its time to live in seconds.',
    handler: setex,
  },
  {
    name: 'psetex',
    arity: 4,
    flags: ['write', 'denyoom'],
    categories: ['string'],
    keys: oneKey('OW', 'update'),
    group: 'string',
    since: '2.6.0',
    complexity: 'O(1)',
    summary: 'Sets the value of a key and its time to live in milliseconds.',
    handler: psetex,
  },
  {
    name: 'getset',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['string'],
    keys: oneKey('RW', 'access', 'update'),
    group: 'string',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Sets the value of a key and returns the old one.',
    deprecated: { since: '6.2.0', replacedBy: 'SET with GET' },
    handler: getset,
  },
  {
    name: 'getdel',
    arity: 2,
    flags: ['write', 'fast'],
    categories: ['string'],
    keys: oneKey('RW', 'access', 'delete'),
    group: 'string',
    since: '6.2.0',
    complexity: 'O(1)',
    summary: 'Returns the value of a key and deletes the key.',
    handler: getdel,
  },
  {
    name: 'getex',
    arity: -2,
    flags: ['write', 'fast'],
    categories: ['string'],
    keys: [
      {
        flags: ['RW', 'access', 'update'],
        begin: { index: 1 },
        find: { last: 0, step: 1, limit: 0 },
        notes: 'RW and UPDATE because it changes the TTL',
      },
    ],
    group: 'string',
    since: '6.2.0',
    complexity: 'O(1)',
    summary: 'Returns the value of a key and sets or removes its expiry.',
    handler: getex,
  },
  {
    name: 'mget',
    arity: -2,
    flags: ['readonly', 'fast'],
    categories: ['string'],
    keys: manyKeys(1, 'RO', 'access'),
    tips: ['request_policy:multi_shard'],
    group: 'string',
    since: '1.0.0',
    complexity: 'O(N) in the number of keys',
    summary: 'Returns the values of several keys.',
    handler: mget,
  },
  {
    name: 'mset',
    arity: -3,
    flags: ['write', 'denyoom'],
    categories: ['string'],
    keys: manyKeys(2, 'OW', 'update'),
    tips: ['request_policy:multi_shard', 'response_policy:all_succeeded'],
    group: 'string',
    since: '1.0.1',
    complexity: 'O(N) in the number of keys',
    summary: 'Sets the values of several keys at once.',
    handler: mset,
  },
  {
    name: 'msetnx',
    arity: -3,
    flags: ['write', 'denyoom'],
    categories: ['string'],
    keys: manyKeys(2, 'OW', 'insert'),
    tips: ['request_policy:multi_shard', 'response_policy:agg_min'],
    group: 'string',
    since: '1.0.1',
    complexity: 'O(N) in the number of keys',
    summary: 'Sets the values of several keys, if none of them exists.',
    handler: msetnx,
  },
];
