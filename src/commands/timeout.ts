/** Time-outs as arguments of commands. */
import { errors } from '../base/errors.ts';
import type { Call } from './call.ts';

/** 2^63: a point in time must be an int64 of ms. */
const MAX_TIME = 2 ** 63;

/** A whole number of milliseconds, not negative; 0 means for ever. */
export function millisecondTimeout(call: Call, index: number): number {
  const milliseconds = call.integer(index, errors.timeoutNotInteger);
  if (milliseconds < 0) throw errors.timeoutNegative;
  if (milliseconds + call.now >= MAX_TIME) throw errors.timeoutOutOfRange;
  return milliseconds;
}
