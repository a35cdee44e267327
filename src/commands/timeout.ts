/** Time-outs as arguments of commands. */
import { errors } from '../base/errors.ts';
import { ceilProduct, parseLongDouble } from '../base/longdouble.ts';
import type { Call } from './call.ts';

/** 2^63: a point in time must be an int64 of ms. */
const MAX_TIME = 2 ** 63;
const INT64_MAX = 2n ** 63n - 1n;

/** Seconds, perhaps with a fraction, not negative, as whole milliseconds; 0 means for ever. */
export function secondsTimeout(call: Call, index: number): number {
  const { args } = call;
  const seconds = parseLongDouble(args.bytes, args.at[index]!, args.length[index]!);
  if (seconds === undefined) throw errors.timeoutNotFloat;
  const milliseconds = ceilProduct(seconds, 1000n);
  // What does not fit into an int64 is the most negative one to the processor, and so to Redis.
  if (milliseconds === undefined || milliseconds < 0n || milliseconds > INT64_MAX) throw errors.timeoutNegative;
  return Number(milliseconds);
}

/** A whole number of milliseconds, not negative; 0 means for ever. */
export function millisecondTimeout(call: Call, index: number): number {
  const milliseconds = call.integer(index, errors.timeoutNotInteger);
  if (milliseconds < 0) throw errors.timeoutNegative;
  if (milliseconds + call.now >= MAX_TIME) throw errors.timeoutOutOfRange;
  return milliseconds;
}
