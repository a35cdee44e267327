/**
 * Arguments that the commands about the expiry of hash fields share: `FIELDS numfields field ...`, and times, which for
 * fields end in the year 4199.
 */
import { errors, invalidExpireIn, replyError, type ReplyError, wrongArity } from '../base/errors.ts';
import { MAX_FIELD_EXPIRY_MS } from '../store/expiring-hashes.ts';
import type { Call } from './call.ts';
import type { TimeFormat } from './expiry-time.ts';

const fieldsMissing: ReplyError = replyError('ERR Mandatory argument FIELDS is missing or not at the right position');
const fieldsMismatch: ReplyError = replyError('ERR The `numfields` parameter must match the number of arguments');
const negativeTime: ReplyError = replyError('ERR invalid expire time, must be >= 0');

export const fieldsNotPositive: ReplyError = replyError('ERR Number of fields must be a positive integer');
export const fieldsNotAboveZero: ReplyError = replyError('ERR Parameter `numFields` should be greater than 0');

/** Index of the first of the fields that stand after FIELDS at argument `at` and their number, up to the end. */
export function firstField(call: Call, at: number, notPositive: ReplyError): number {
  if (!call.is(at, 'fields')) throw fieldsMissing;
  if (at + 1 >= call.count) throw wrongArity(call.command.name);
  const count = call.integer(at + 1, notPositive);
  if (count < 1) throw notPositive;
  if (count !== call.count - at - 2) throw fieldsMismatch;
  return at + 2;
}

/** Argument `index` as absolute ms since the epoch, at most MAX_FIELD_EXPIRY_MS. */
export function fieldExpiryArgument(call: Call, index: number, format: TimeFormat): number {
  const time = call.integer(index, errors.notInteger);
  if (time < 0) throw negativeTime;
  const ms = (format.seconds ? time * 1000 : time) + (format.relative ? call.now : 0);
  if (ms > MAX_FIELD_EXPIRY_MS) throw invalidExpireIn(call.command.name);
  return ms;
}
