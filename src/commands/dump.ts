/**
 * DUMP and RESTORE: one value as bytes, interchangeable with redis-server. A payload of any version that our RDB reader knows
 * is taken; what is written is readable from Redis 7.0 on, a hash with fields that expire from 7.4 on.
 */
import { errors, replyError, type ReplyError } from '../base/errors.ts';
import { keyspaceEvents } from '../base/settings.ts';
import { FIELD_EXPIRY_VERSION, WRITTEN_VERSION } from '../rdb/format.ts';
import { checkPayload, makePayload, PAYLOAD_FOOTER_BYTES, payloadVersion } from '../rdb/payload.ts';
import { EntryEncoder } from '../snapshot/encode.ts';
import type { Address } from '../memory/arena.ts';
import { TYPE_HASH } from '../store/entry.ts';
import type { Store } from '../store/store.ts';
import type { Call } from './call.ts';
import { type CommandRow, oneKey } from './row.ts';

const badTtl: ReplyError = replyError('ERR Invalid TTL value, must be >= 0');
const badIdleTime: ReplyError = replyError('ERR Invalid IDLETIME value, must be >= 0');
const badFrequency: ReplyError = replyError('ERR Invalid FREQ value, must be >= 0 and <= 255');
const badFooter: ReplyError = replyError('ERR DUMP payload version or checksum are wrong');
const badFormat: ReplyError = replyError('ERR Bad data format');

const PAYLOAD = 3;
const MAX_FREQUENCY = 255;
/** Past this an expiry is no int64 any more; to Redis it then lies in the past. */
const TIMES_END = 2 ** 63;

/** The value of an entry as RESTORE takes it. */
export function payloadOf(store: Store, entry: Address): Uint8Array {
  const { space, hashes, entries } = store;
  const version =
    entries.type(entry) === TYPE_HASH && hashes.hasExpiringField(entry) ? FIELD_EXPIRY_VERSION : WRITTEN_VERSION;
  return makePayload((writer) => new EntryEncoder(space, writer).object(entry), version);
}

function dump(call: Call): void {
  const entry = call.read(1);
  if (entry === 0) call.reply.null();
  else call.reply.bulkBytes(payloadOf(call.store, entry));
}

interface RestoreRequest {
  replace: boolean;
  /** The time given is a point in time. */
  absolute: boolean;
  /** Seconds, -1: not given; so is `frequency`. */
  idle: number;
  frequency: number;
}

function readRequest(call: Call): RestoreRequest {
  const request: RestoreRequest = { replace: false, absolute: false, idle: -1, frequency: -1 };
  for (let i = PAYLOAD + 1; i < call.count; i++) {
    const more = i + 1 < call.count;
    if (call.is(i, 'replace')) request.replace = true;
    else if (call.is(i, 'absttl')) request.absolute = true;
    else if (more && request.frequency < 0 && call.is(i, 'idletime')) {
      request.idle = call.integer(++i);
      if (request.idle < 0) throw badIdleTime;
    } else if (more && request.idle < 0 && call.is(i, 'freq')) {
      request.frequency = call.integer(++i);
      if (request.frequency < 0 || request.frequency > MAX_FREQUENCY) throw badFrequency;
    } else throw errors.syntax;
  }
  return request;
}

function restore(call: Call): void {
  const { args, db, store } = call;
  const { space } = store;
  const request = readRequest(call);
  const keyAt = args.at[1]!;
  const keyLength = args.length[1]!;
  if (!request.replace && call.write(1) !== 0) throw errors.busyKey;
  const time = call.integer(2);
  if (time < 0) throw badTtl;

  const at = args.at[PAYLOAD]!;
  const length = args.length[PAYLOAD]!;
  if (checkPayload(args.bytes, at, length) !== 'ok') throw badFooter;
  const version = payloadVersion(args.bytes, at, length);
  const body = length - PAYLOAD_FOOTER_BYTES;
  const read = store.restorer.read(args.bytes, at, body, version);
  if (read === 0) throw badFormat;

  const replaces = request.replace && call.write(1) !== 0;
  const expiry = time === 0 || request.absolute ? time : time + call.now;
  if (time !== 0 && (expiry >= TIMES_END || (expiry <= call.now && !space.isReplica))) {
    store.restorer.discard();
    if (replaces) {
      call.removeKey(1);
      call.changed(1);
      call.notifyDeleted(1);
      call.effectOf('DEL', 1);
    }
    call.reply.ok();
    return;
  }
  const made = expiry === 0 ? read : store.restorer.expire(read, expiry);
  const entry = store.restorer.place(made, db, args.bytes, keyAt, keyLength, () => {
    call.makeRoom();
    if (replaces) call.removeKey(1);
  });
  space.access.assign(entry, request.idle, request.frequency, call.now);
  call.changed(1);
  if (expiry !== 0 && !request.absolute) propagateAbsolute(call, expiry);
  call.notify(keyspaceEvents.generic, 'restore', 1);
  call.reply.ok();
}

/** The command with the point in time at which the key ends. */
function propagateAbsolute(call: Call, expiry: number): void {
  const { args } = call;
  const effect = call.effect(args.count + 1);
  for (let i = 0; i < args.count; i++) {
    if (i === 2) effect.integer(expiry);
    else effect.bytes(args.bytes, args.at[i]!, args.length[i]!);
  }
  effect.text('ABSTTL');
}

export const dumpCommands: readonly CommandRow[] = [
  {
    name: 'dump',
    arity: 2,
    flags: ['readonly'],
    categories: ['keyspace'],
    keys: oneKey('RO', 'access'),
    tips: ['nondeterministic_output'],
    group: 'generic',
    since: '2.6.0',
    complexity: 'O(N) in the size of the value',
    summary: 'Returns a value as bytes that RESTORE takes.',
    handler: dump,
  },
  {
    name: 'restore',
    arity: -4,
    flags: ['write', 'denyoom'],
    categories: ['keyspace', 'dangerous'],
    keys: oneKey('OW', 'update'),
    group: 'generic',
    since: '2.6.0',
    complexity: 'O(N) in the size of the value, O(N*log(N)) for a sorted set',
    summary: 'Makes a key of what DUMP returned.',
    handler: restore,
  },
  {
    name: 'restore-asking',
    arity: -4,
    flags: ['write', 'denyoom', 'asking'],
    categories: ['keyspace', 'dangerous'],
    keys: oneKey('OW', 'update'),
    group: 'server',
    since: '3.0.0',
    complexity: 'O(N) in the size of the value, O(N*log(N)) for a sorted set',
    summary: 'RESTORE for keys on their way to another node of a cluster.',
    handler: restore,
  },
];
