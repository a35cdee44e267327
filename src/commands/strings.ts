/**
 * String commands. Values are bytes inline in the entry; an integer is kept as its decimal text.
 */
import { errors, invalidExpireIn } from '../base/errors.ts';
import { parseInteger, writeInteger } from '../base/numbers.ts';
import { KEEP_EXPIRY } from '../store/database.ts';
import { TYPE_STRING } from '../store/entry.ts';
import type { Call } from './call.ts';
import { type CommandRow, oneKey } from './row.ts';

const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;

function get(call: Call): void {
  const entry = call.readType(1, TYPE_STRING);
  if (entry === 0) {
    call.reply.null();
    return;
  }
  const value = call.store.entries.value(entry, call.a);
  call.reply.bulk(value.bytes, value.at, value.length);
}

function set(call: Call): void {
  const { args, db } = call;
  let expiry = -1;
  let nx = false;
  let xx = false;
  let wantsOld = false;
  let hasExpiry = false;
  for (let i = 3; i < args.count; i++) {
    const more = i + 1 < args.count;
    if (!xx && args.is(i, 'nx')) nx = true;
    else if (!nx && args.is(i, 'xx')) xx = true;
    else if (args.is(i, 'get')) wantsOld = true;
    else if (!hasExpiry && args.is(i, 'keepttl')) {
      expiry = KEEP_EXPIRY;
      hasExpiry = true;
    } else if (
      !hasExpiry &&
      more &&
      (args.is(i, 'ex') || args.is(i, 'px') || args.is(i, 'exat') || args.is(i, 'pxat'))
    ) {
      expiry = expiryArgument(call, i, 'set');
      hasExpiry = true;
      i++;
    } else throw errors.syntax;
  }
  if (nx || xx || wantsOld) {
    const old = wantsOld ? call.writeType(1, TYPE_STRING) : call.write(1);
    const refused = (nx && old !== 0) || (xx && old === 0);
    if (wantsOld) {
      if (old === 0) call.reply.null();
      else {
        const value = call.store.entries.value(old, call.a);
        call.reply.bulk(value.bytes, value.at, value.length);
      }
    }
    if (refused) {
      if (!wantsOld) call.reply.null();
      return;
    }
  }
  db.setString(args.bytes, args.at[1]!, args.length[1]!, args.bytes, args.at[2]!, args.length[2]!, expiry);
  call.changed(1);
  // A relative expiry becomes absolute, so that replicas do not add their delay to it.
  if (expiry >= 0)
    call
      .effect(5)
      .text('SET')
      .bytes(args.bytes, args.at[1]!, args.length[1]!)
      .bytes(args.bytes, args.at[2]!, args.length[2]!)
      .text('PXAT')
      .integer(expiry);
  if (!wantsOld) call.reply.ok();
}

/** EX, PX, EXAT or PXAT at argument `index` and its value after it, as absolute ms. Throws on anything not positive. */
export function expiryArgument(call: Call, index: number, command: string): number {
  const value = call.int64(index + 1);
  if (value <= 0) throw invalidExpireIn(command);
  const seconds = call.is(index, 'ex') || call.is(index, 'exat');
  let ms = BigInt(value) * (seconds ? 1000n : 1n);
  if (call.is(index, 'ex') || call.is(index, 'px')) ms += BigInt(call.now);
  if (ms > INT64_MAX) throw invalidExpireIn(command);
  return Number(ms);
}

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
  db.setString(args.bytes, args.at[1]!, args.length[1]!, call.scratch, 0, length, entry === 0 ? -1 : KEEP_EXPIRY);
  call.changed(1);
  if (typeof sum === 'number') call.reply.integer(sum);
  else call.reply.bigInteger(sum);
}

function incr(call: Call): void {
  incrementBy(call, 1);
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
    keys: oneKey('RW', 'access', 'update', 'variable_flags'),
    group: 'string',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'Sets the string value of a key, with an optional condition and expiry.',
    handler: set,
  },
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
];
