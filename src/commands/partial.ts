/**
 * A write of many elements that memory ended in the middle of: what was applied stays, so replicas must hear of it.
 */
import type { Call } from './call.ts';

/**
 * Says that the command did what its first `end` arguments ask for, and no more: it propagates cut there. If nothing was
 * done and the collection it made (`isEmpty`) is still empty, the key is removed again.
 */
export function appliedUpTo(call: Call, end: number, changes: number, isEmpty: boolean): void {
  if (isEmpty) call.removeKey(1);
  if (changes === 0) {
    call.dontPropagate();
    return;
  }
  propagateUpTo(call, end);
  call.changed(1, changes);
}

/** Only the command's first `end` arguments propagate; nothing, if that leaves the command without any. */
export function propagateUpTo(call: Call, end: number): void {
  const { args } = call;
  if (end === 1) return;
  const effect = call.effect(end);
  for (let i = 0; i < end; i++) effect.bytes(args.bytes, args.at[i]!, args.length[i]!);
}
