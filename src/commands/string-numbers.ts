/**
 * Commands that count: string values which are int64 integers or decimal fractions in text.
 */
import { errors, replyError } from '../base/errors.ts';
import { addLongDouble, formatLongDouble, parseLongDouble } from '../base/longdouble.ts';
import { parseInteger, writeInteger } from '../base/numbers.ts';
import { keyspaceEvents } from '../base/settings.ts';
import { ENC_EMBSTR, ENC_INT, ENC_RAW, TYPE_STRING } from '../store/entry.ts';
import { EMBSTR_MAX_BYTES } from '../store/string-encoding.ts';
import type { Call } from './call.ts';
import { type CommandRow, oneKey } from './row.ts';

const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;
const decrementOverflow = replyError('ERR decrement would overflow');
const zero = new Uint8Array([0x30]);

function incrementBy(call: Call, by: number | bigint): void {
  const { args, db } = call;
  const entry = call.writeType(1, TYPE_STRING);
  let old: number | bigint = 0;
  if (entry !== 0) {
    const value = call.store.entries.value(entry, call.a);
    const parsed = parseInteger(value.bytes, value.at, value.length);
    if (parsed === undefined) throw errors.notInteger;
    old = parsed;
  }
  let sum: number | bigint = typeof old === 'number' && typeof by === 'number' ? old + by : Number.NaN;
  if (!Number.isSafeInteger(sum)) {
    sum = BigInt(old) + BigInt(by);
    if (sum > INT64_MAX || sum < INT64_MIN) throw errors.overflow;
  }
  const length = writeInteger(call.scratch, 0, sum);
  if (entry === 0) db.setString(args.bytes, args.at[1]!, args.length[1]!, call.scratch, 0, length, -1);
  else db.replaceString(entry, call.scratch, 0, length);
  call.changed(1);
  call.notify(keyspaceEvents.string, 'incrby', 1);
  if (typeof sum === 'number') call.reply.integer(sum);
  else call.reply.bigInteger(sum);
}

function incr(call: Call): void {
  incrementBy(call, 1);
}

function decr(call: Call): void {
  incrementBy(call, -1);
}

function incrby(call: Call): void {
  incrementBy(call, call.int64(2));
}

function decrby(call: Call): void {
  const by = call.int64(2);
  if (by === INT64_MIN) throw decrementOverflow;
  incrementBy(call, -by);
}

function incrbyfloat(call: Call): void {
  const { args, db } = call;
  const entry = call.writeType(1, TYPE_STRING);
  const value = call.a;
  if (entry === 0) {
    value.bytes = zero;
    value.at = 0;
    value.length = 1;
  } else call.store.entries.value(entry, value);
  const old = parseLongDouble(value.bytes, value.at, value.length);
  const by = parseLongDouble(args.bytes, args.at[2]!, args.length[2]!);
  if (old === undefined || by === undefined) throw errors.notFloat;
  const sum = addLongDouble(old, by);
  if (sum === undefined) throw errors.nanOrInfinity;
  const text = Buffer.from(formatLongDouble(sum), 'latin1');
  const written =
    entry === 0
      ? db.setString(args.bytes, args.at[1]!, args.length[1]!, text, 0, text.length, -1)
      : db.replaceString(entry, text, 0, text.length);
  // Redis keeps the result as text, also when it is whole.
  if (call.store.entries.encoding(written) === ENC_INT)
    call.store.entries.setEncoding(written, text.length <= EMBSTR_MAX_BYTES ? ENC_EMBSTR : ENC_RAW);
  call.changed(1);
  call.notify(keyspaceEvents.string, 'incrbyfloat', 1);
  // Replicas get the result, as their arithmetic might round otherwise.
  call
    .effect(4)
    .text('SET')
    .bytes(args.bytes, args.at[1]!, args.length[1]!)
    .bytes(text, 0, text.length)
    .text('KEEPTTL');
  call.reply.bulkBytes(text);
}

export const stringNumberCommands: readonly CommandRow[] = [
  {
    name: 'incr',
    arity: 2,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['string'],
    keys: oneKey('RW', 'access', 'update'),
    group: 'string',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Adds one to the integer value of a key.',
    handler: incr,
  },
  {
    name: 'decr',
    arity: 2,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['string'],
    keys: oneKey('RW', 'access', 'update'),
    group: 'string',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Takes one from the integer value of a key.',
    handler: decr,
  },
  {
    name: 'incrby',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['string'],
    keys: oneKey('RW', 'access', 'update'),
    group: 'string',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Adds to the integer value of a key.',
    handler: incrby,
  },
  {
    name: 'decrby',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['string'],
    keys: oneKey('RW', 'access', 'update'),
    group: 'string',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Subtracts from the integer value of a key.',
    handler: decrby,
  },
  {
    name: 'incrbyfloat',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['string'],
    keys: oneKey('RW', 'access', 'update'),
    group: 'string',
    since: '2.6.0',
    complexity: 'O(1)',
    summary: 'Adds a decimal fraction to the value of a key.',
    handler: incrbyfloat,
  },
];
