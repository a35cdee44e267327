/**
 * What the commands have in common that take elements from the first of several keys that has any, at once (LMPOP, ZMPOP)
 * or when there are some (BLPOP, BLMPOP, BZPOPMIN, BZMPOP ...).
 */
import { errors, replyError, type ReplyError } from '../base/errors.ts';
import type { Call } from './call.ts';
import { keysCountedAt, type KeySpec } from './row.ts';

const countPositive: ReplyError = replyError('ERR count should be greater than 0');

/** Tries the key at argument `index`: false, and nothing happened, if it has no elements. */
export type TryKey = (call: Call, index: number) => boolean;

export interface PopArguments {
  readonly firstKey: number;
  readonly keys: number;
  /** The second of the two words for the ends: RIGHT, MAX. */
  readonly fromEnd: boolean;
  readonly count: number;
}

/** numkeys key [key ...] start|end [COUNT count], from argument `at` on. `start`, `end`: the words for the two ends. */
export function popArguments(call: Call, at: number, start: string, end: string): PopArguments {
  const keys = call.integer(at, errors.numkeysNotPositive);
  if (keys < 1) throw errors.numkeysNotPositive;
  const where = at + keys + 1;
  if (where >= call.count) throw errors.syntax;
  const fromEnd = call.is(where, end);
  if (!fromEnd && !call.is(where, start)) throw errors.syntax;
  let count = -1;
  for (let i = where + 1; i < call.count; i++) {
    if (count !== -1 || !call.is(i, 'count') || i + 1 >= call.count) throw errors.syntax;
    count = call.integer(++i, countPositive);
    if (count < 1) throw countPositive;
  }
  return { firstKey: at + 1, keys, fromEnd, count: Math.max(count, 1) };
}

/** Tries the keys from argument `firstKey` on, in their order. */
export function popFromFirst(call: Call, firstKey: number, keys: number, tryKey: TryKey): boolean {
  for (let i = firstKey; i < firstKey + keys; i++) if (tryKey(call, i)) return true;
  return false;
}

/** Takes from the first key that has something, or waits until one has. `type`: of the values. */
export function popOrWait(
  call: Call,
  firstKey: number,
  keys: number,
  type: number,
  timeoutMs: number,
  tryKey: TryKey,
): void {
  if (popFromFirst(call, firstKey, keys, tryKey)) return;
  if (call.mayBlock) call.services.blocking.onKeys(call, { firstKey, keys, type, timeoutMs, serve: tryKey });
  else call.reply.nullArray();
}

/** Keys from argument 1 to the last but one, behind which the timeout stands. */
export const keysBeforeTimeout: readonly KeySpec[] = [
  { flags: ['RW', 'access', 'delete'], begin: { index: 1 }, find: { last: -2, step: 1, limit: 0 } },
];

/** Argument `numkeys` says how many keys follow it. */
export function countedKeys(numkeys: number): readonly KeySpec[] {
  return [keysCountedAt(numkeys, 'RW', 'access', 'delete')];
}
