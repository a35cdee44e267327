/**
 * HGETEX, HSETEX and HGETDEL of Redis 8.0: reading or setting hash fields together with their expiry. Replicas get what older
 * servers know too: HSET, HPEXPIREAT, HPERSIST and HDEL.
 */
import { keyspaceEvents } from '../base/settings.ts';
import { replyError, type ReplyError, wrongArity } from '../base/errors.ts';
import type { Address } from '../memory/arena.ts';
import { TYPE_HASH } from '../store/entry.ts';
import type { Call } from './call.ts';
import { exactTime, isPast, timeFormat } from './expiry-time.ts';
import { FieldChanges, removeField } from './hash-field-changes.ts';
import { fieldExpiryArgument, fieldsNotPositive, firstField } from './hash-field-arguments.ts';
import { makeHash, propagateExpiry, writeHash } from './hash-lookup.ts';
import { type CommandRow, oneKey } from './row.ts';

const badFieldCount: ReplyError = replyError('ERR invalid number of fields');
const missingTime: ReplyError = replyError('ERR missing expire time');
const oneCondition: ReplyError = replyError('ERR Only one of FXX or FNX arguments can be specified');
const oneExpiration: ReplyError = replyError(
  'ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified',
);
const FIELD_COUNT_MAX = 2 ** 31 - 1;
const OPTION_TEXT_MAX = 128;
/** Instead of an expiry: it is removed, or left as it is. */
const PERSIST = -1;
const KEEP = -2;

/** Replies with the value of the field at argument `index`; false if there is none. */
function replyValue(call: Call, entry: Address, index: number): boolean {
  const { args, a } = call;
  const found = entry !== 0 && call.store.hashes.get(entry, args.bytes, args.at[index]!, args.length[index]!, a);
  if (found) call.reply.bulk(a.bytes, a.at, a.length);
  else call.reply.null();
  return found;
}

function hgetdel(call: Call): void {
  const { args, reply } = call;
  call.writeType(1, TYPE_HASH);
  const first = firstField(call, 2, fieldsNotPositive);
  let entry = writeHash(call, first, 1);
  const deleted: number[] = [];
  reply.array(args.count - first);
  for (let i = first; i < args.count; i++) {
    if (!replyValue(call, entry, i)) continue;
    entry = removeField(call, entry, i);
    deleted.push(i);
  }
  if (deleted.length === 0) return;
  call.changed(1, deleted.length);
  call.effectOf('HDEL', 1, ...deleted);
  call.notify(keyspaceEvents.hash, 'hdel', 1);
  if (entry === 0) call.notify(keyspaceEvents.generic, 'del', 1);
}

function hgetex(call: Call): void {
  const { args, reply, db } = call;
  const { hashes } = call.store;
  call.writeType(1, TYPE_HASH);
  const format = timeFormat(call, 2);
  let expiry = KEEP;
  if (format !== undefined) expiry = fieldExpiryArgument(call, 3, format);
  else if (call.is(2, 'persist')) expiry = PERSIST;
  const first = firstField(call, format !== undefined ? 4 : expiry === PERSIST ? 3 : 2, fieldsNotPositive);
  let entry = writeHash(call, first, 1);
  const past = format !== undefined && isPast(call, expiry);
  const changes = new FieldChanges(call);
  reply.array(args.count - first);
  try {
    for (let i = first; i < args.count; i++) {
      const at = args.at[i]!;
      const length = args.length[i]!;
      if (!replyValue(call, entry, i) || expiry === KEEP) continue;
      if (past) {
        entry = changes.remove(entry, i);
        continue;
      }
      if (expiry === PERSIST && hashes.expiry(entry, args.bytes, at, length) < 0) continue;
      hashes.setExpiry(db, entry, args.bytes, at, length, expiry);
      changes.updated.push(i);
    }
  } finally {
    changes.count();
    if (expiry === PERSIST) changes.propagate('HPERSIST', []);
    else changes.propagate('HPEXPIREAT', [String(exactTime(expiry))]);
  }
  changes.notify(expiry === PERSIST ? 'hpersist' : 'hexpire');
}

interface SetRequest {
  condition: 'none' | 'fnx' | 'fxx';
  /** Absolute ms, KEEP, or PERSIST if none of the two is asked for. */
  expiry: number;
  /** Index of the first field; its value and the other pairs follow. */
  first: number;
}

function setRequest(call: Call): SetRequest {
  const request: SetRequest = { condition: 'none', expiry: PERSIST, first: 0 };
  let timed = false;
  for (let i = 2; i < call.count; i++) {
    const format = timeFormat(call, i);
    if (call.is(i, 'fields')) {
      request.first = firstPair(call, i);
      return request;
    }
    if (format !== undefined || call.is(i, 'keepttl')) {
      if (timed) throw oneExpiration;
      timed = true;
      if (format === undefined) request.expiry = KEEP;
      else if (i + 1 >= call.count) throw missingTime;
      else request.expiry = fieldExpiryArgument(call, ++i, format);
    } else if (call.is(i, 'fnx') || call.is(i, 'fxx')) {
      if (request.condition !== 'none') throw oneCondition;
      request.condition = call.is(i, 'fnx') ? 'fnx' : 'fxx';
    } else throw replyError(`ERR unknown argument: ${call.text(i).slice(0, OPTION_TEXT_MAX)}`);
  }
  throw wrongArity(call.command.name);
}

function firstPair(call: Call, at: number): number {
  if (at >= call.count - 3) throw wrongArity(call.command.name);
  const count = call.integer(at + 1, badFieldCount);
  if (count < 1 || count > FIELD_COUNT_MAX) throw badFieldCount;
  if (count * 2 !== call.count - at - 2) throw wrongArity(call.command.name);
  return at + 2;
}

function hsetex(call: Call): void {
  const { args, reply } = call;
  const { hashes } = call.store;
  const { condition, expiry, first } = setRequest(call);
  const found = writeHash(call, first, 2);
  if (condition !== 'none') {
    for (let i = first; i < args.count; i += 2) {
      const exists = found !== 0 && hashes.has(found, args.bytes, args.at[i]!, args.length[i]!);
      if (exists === (condition === 'fxx')) continue;
      reply.integer(0);
      return;
    }
  }
  if (expiry >= 0 && isPast(call, expiry)) setForNoTime(call, found, first);
  else setPairs(call, found, first, expiry);
  reply.integer(1);
}

/** The expiry is past: what would be set is gone at once. */
function setForNoTime(call: Call, found: Address, first: number): void {
  const { args } = call;
  const { hashes } = call.store;
  const changes = new FieldChanges(call);
  let entry = found;
  for (let i = first; i < args.count && entry !== 0; i += 2) {
    if (!hashes.has(entry, args.bytes, args.at[i]!, args.length[i]!)) continue;
    entry = changes.remove(entry, i);
  }
  changes.count();
  call.notify(keyspaceEvents.hash, 'hset', 1);
  call.notify(keyspaceEvents.hash, 'hdel', 1);
  if (entry === 0) call.notify(keyspaceEvents.generic, 'del', 1);
}

function setPairs(call: Call, found: Address, first: number, expiry: number): void {
  const { args, db } = call;
  const { hashes } = call.store;
  const { bytes } = args;
  const pairs = (args.count - first) / 2;
  const entry = found || makeHash(call, pairs);
  let longest = 0;
  for (let i = first; i < args.count; i++) longest = Math.max(longest, args.length[i]!);
  let end = first;
  let set = 0;
  const changes = new FieldChanges(call);
  try {
    hashes.prepare(entry, pairs, longest);
    for (; end < args.count; end += 2) {
      const at = args.at[end]!;
      const length = args.length[end]!;
      hashes.set(entry, bytes, at, length, bytes, args.at[end + 1]!, args.length[end + 1]!, expiry !== PERSIST);
      set++;
      if (expiry < 0) continue;
      hashes.setExpiry(db, entry, bytes, at, length, expiry);
      changes.updated.push(end);
    }
  } finally {
    if (set > 0) {
      call.changed(1, set);
      const words: number[] = [];
      for (let i = first; i < first + set * 2; i++) words.push(i);
      call.effectOf('HSET', 1, ...words);
      changes.propagate('HPEXPIREAT', [String(exactTime(expiry))]);
      // Where the expiry was to stay, or memory ended before it was set.
      if (expiry !== PERSIST)
        for (let i = changes.updated.length; i < set; i++) propagateExpiry(call, entry, first + i * 2);
    } else if (hashes.length(entry) === 0) call.removeKey(1);
  }
  call.notify(keyspaceEvents.hash, 'hset', 1);
  if (expiry >= 0) call.notify(keyspaceEvents.hash, 'hexpire', 1);
}

const common = {
  categories: ['hash'],
  group: 'hash',
  since: '8.0.0',
  complexity: 'O(N) for N fields named.',
} as const;

export const hashExpiryAccessCommands: readonly CommandRow[] = [
  {
    ...common,
    name: 'hgetdel',
    arity: -5,
    flags: ['write', 'fast'],
    keys: oneKey('RW', 'access', 'delete'),
    summary: 'Returns the values of hash fields and deletes them.',
    handler: hgetdel,
  },
  {
    ...common,
    name: 'hgetex',
    arity: -5,
    flags: ['write', 'fast'],
    keys: oneKey('RW', 'access', 'update'),
    summary: 'Returns the values of hash fields and sets or removes their expiry.',
    handler: hgetex,
  },
  {
    ...common,
    name: 'hsetex',
    arity: -6,
    flags: ['write', 'denyoom', 'fast'],
    keys: oneKey('RW', 'update'),
    summary: 'Sets hash fields together with their expiry.',
    handler: hsetex,
  },
];
