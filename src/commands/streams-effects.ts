/** What commands that work on consumer groups send to replicas, and the making of consumers by the way. */
import { keyspaceEvents } from '../base/settings.ts';
import type { Address } from '../memory/arena.ts';
import { type Id, makeId, writeId } from '../store/stream-id.ts';
import type { Call } from './call.ts';
import type { Propagation } from './propagation.ts';

/** The consumer that argument `nameIndex` names, made if it is new; it is marked as seen now. `keyIndex`: the stream's key. */
export function findConsumerOrCreate(
  call: Call,
  group: Address,
  nameIndex: number,
  keyIndex: number,
): { readonly consumer: Address; readonly created: boolean } {
  const { groups } = call.store.streams;
  const { args } = call;
  const at = args.at[nameIndex]!;
  const length = args.length[nameIndex]!;
  const known = groups.findConsumer(group, args.bytes, at, length);
  if (known !== 0) {
    groups.setSeen(group, known, call.now);
    return { consumer: known, created: false };
  }
  const consumer = groups.createConsumer(group, args.bytes, at, length, call.now);
  call.dirty++;
  call.notify(keyspaceEvents.stream, 'xgroup-createconsumer', keyIndex);
  return { consumer, created: true };
}

function argument(call: Call, effect: Propagation, index: number): void {
  effect.bytes(call.args.bytes, call.args.at[index]!, call.args.length[index]!);
}

function id(call: Call, effect: Propagation, value: Id): void {
  effect.bytes(call.scratch, 0, writeId(call.scratch, 0, value));
}

/**
 * An entry is pending at a consumer now (or, if the stream has it no more, was): XCLAIM with all that is known. `consumer`: the argument
 * that names it, or its block.
 */
export function propagateClaim(
  call: Call,
  keyIndex: number,
  groupIndex: number,
  group: Address,
  entry: Id | number,
  consumer: number | { readonly block: Address },
  time: number | bigint,
  count: number | bigint,
): void {
  const { groups } = call.store.streams;
  const effect = call.effect(14).text('XCLAIM');
  argument(call, effect, keyIndex);
  argument(call, effect, groupIndex);
  if (typeof consumer === 'number') argument(call, effect, consumer);
  else {
    const name = groups.consumerName(consumer.block, call.a);
    effect.bytes(name.bytes, name.at, name.length);
  }
  effect.text('0');
  if (typeof entry === 'number') argument(call, effect, entry);
  else id(call, effect, entry);
  effect.text('TIME').integer(time).text('RETRYCOUNT').integer(count).text('FORCE').text('JUSTID').text('LASTID');
  id(call, effect, groups.lastId(group, makeId()));
}

/** The group moved on without anything becoming pending. */
export function propagateGroupId(call: Call, keyIndex: number, groupIndex: number, group: Address): void {
  const { groups } = call.store.streams;
  const effect = call.effect(7).text('XGROUP').text('SETID');
  argument(call, effect, keyIndex);
  argument(call, effect, groupIndex);
  id(call, effect, groups.lastId(group, makeId()));
  effect.text('ENTRIESREAD').integer(groups.entriesRead(group));
}

/** A consumer was made that no other effect names. */
export function propagateConsumer(call: Call, keyIndex: number, groupIndex: number, nameIndex: number): void {
  const effect = call.effect(5).text('XGROUP').text('CREATECONSUMER');
  argument(call, effect, keyIndex);
  argument(call, effect, groupIndex);
  argument(call, effect, nameIndex);
}
