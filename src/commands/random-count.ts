/**
 * The count argument of HRANDFIELD, SRANDMEMBER and ZRANDMEMBER: positive for that many different elements, negative for
 * that many draws with repetition. The number of draws is not bounded by the data, hence a bound here.
 */
import { errors, replyError, type ReplyError } from '../base/errors.ts';
import type { Call } from './call.ts';

const INT64_MAX = 9223372036854775807n;
/** Largest reply to draws with repetition. Redis would write until the client's output limit, or memory, ends it. */
const REPEATED_REPLY_MAX_BYTES = 128 * 1024 * 1024;
/** Bytes of the shortest bulk string, "$0\r\n\r\n". */
const BULK_MIN_BYTES = 6n;

const belowRange: ReplyError = replyError(
  `ERR value is out of range, value must between -${INT64_MAX} and ${INT64_MAX}`,
);

/** The count at argument `index`, any int64 but the lowest. */
export function randomCount(call: Call, index: number): bigint {
  const count = BigInt(call.int64(index));
  if (count < -INT64_MAX) throw belowRange;
  return count;
}

/** The count as a number (large ones rounded), with `paired` (two words an element) at most half the range. */
export function boundedCount(count: bigint, paired: boolean): number {
  const limit = paired ? INT64_MAX / 2n : INT64_MAX;
  if (count > limit || count < -limit) throw errors.outOfRange;
  if (-count * BULK_MIN_BYTES > REPEATED_REPLY_MAX_BYTES) throw errors.outOfRange;
  return Number(count);
}

/** Throws when a reply that began at `start` passed the bound; what was written is taken back by the main path. */
export function checkReplySize(call: Call, start: number): void {
  if (call.reply.at - start > REPEATED_REPLY_MAX_BYTES) throw errors.outOfRange;
}
