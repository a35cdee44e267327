/**
 * Expiry arguments: EX, PX, EXAT, PXAT and the second argument of the EXPIRE family, turned into absolute milliseconds.
 *
 * Times are doubles in this server, exact up to 2^53 ms (the year 287396). Beyond that Redis keeps an int64; here the
 * nearest double below 2^63 stands for it, so that it still fits the RDB's field.
 */
import { invalidExpireIn } from '../base/errors.ts';
import type { Call } from './call.ts';

const INT64_MAX = 9223372036854775807n;
const INT64_MIN = -9223372036854775808n;
/** The largest double below 2^63. */
const MAX_EXPIRY_MS = 9223372036854774784;

export interface TimeFormat {
  readonly seconds: boolean;
  /** Counts from now; otherwise from the epoch. */
  readonly relative: boolean;
}

export const EX: TimeFormat = { seconds: true, relative: true };
export const PX: TimeFormat = { seconds: false, relative: true };
export const EXAT: TimeFormat = { seconds: true, relative: false };
export const PXAT: TimeFormat = { seconds: false, relative: false };

/** The format named by the option at argument `index` (EX, PX, EXAT or PXAT), or undefined. */
export function timeFormat(call: Call, index: number): TimeFormat | undefined {
  if (call.is(index, 'ex')) return EX;
  if (call.is(index, 'px')) return PX;
  if (call.is(index, 'exat')) return EXAT;
  return call.is(index, 'pxat') ? PXAT : undefined;
}

/**
 * Argument `index` as absolute ms since the epoch. Throws when it is no integer, when the result does not fit an int64,
 * and, with `positive`, when it is not above zero; `command` is named in the error.
 */
export function expiryArgument(
  call: Call,
  index: number,
  format: TimeFormat,
  command: string,
  positive: boolean,
): number {
  const value = call.int64(index);
  if (positive && value <= 0) throw invalidExpireIn(command);
  if (typeof value === 'number') {
    const ms = (format.seconds ? value * 1000 : value) + (format.relative ? call.now : 0);
    if (Number.isSafeInteger(ms)) return ms;
  }
  const scaled = BigInt(value) * (format.seconds ? 1000n : 1n);
  const ms = scaled + (format.relative ? BigInt(call.now) : 0n);
  if (ms > INT64_MAX || scaled < INT64_MIN) throw invalidExpireIn(command);
  return Math.min(Number(ms), MAX_EXPIRY_MS);
}

/** A time as an exact integer, for replies and for the stream. */
export function exactTime(ms: number): number | bigint {
  return Number.isSafeInteger(ms) ? ms : BigInt(ms);
}

/** Whether an expiry means deleting at once. Neither a replica nor an append only file's load decides that; a DEL follows. */
export function isPast(call: Call, ms: number): boolean {
  const { isReplica, fromMaster } = call.store.space;
  return ms <= call.now && !isReplica && !fromMaster;
}
