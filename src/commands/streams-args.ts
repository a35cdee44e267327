/** What the handlers of the stream commands share: ids in arguments and replies, entries in replies, names of groups. */
import { errors, replyError, type ReplyError } from '../base/errors.ts';
import type { Address } from '../memory/arena.ts';
import { latin1 } from '../resp/args.ts';
import { TYPE_STREAM } from '../store/entry.ts';
import { decrementId, type Id, type IdForm, incrementId, parseId, writeId } from '../store/stream-id.ts';
import type { StreamRange } from '../store/stream-range.ts';
import type { Call } from './call.ts';

export const invalidId: ReplyError = replyError('ERR Invalid stream ID specified as stream command argument');
const invalidStart = replyError('ERR invalid start ID for the interval');
const invalidEnd = replyError('ERR invalid end ID for the interval');

/** Reads argument `index` as an id, which is not '-' or '+'; a missing sequence is 0. */
export function idArgument(call: Call, index: number, out: Id): void {
  const form = parseArgument(call, index, out, 0, true);
  if (form === 'invalid' || form === 'any-seq') throw invalidId;
}

/** Like `idArgument`, but says what form it has and throws nothing. */
export function parseArgument(call: Call, index: number, out: Id, missing: 0 | 0xffffffff, strict: boolean): IdForm {
  const { args } = call;
  return parseId(args.bytes, args.at[index]!, args.length[index]!, out, missing, strict);
}

/** Reads an end of a range: '-', '+', an id, or '(' and an id that is itself left out. */
export function rangeArgument(call: Call, index: number, out: Id, end: 'start' | 'end'): void {
  const { args } = call;
  const at = args.at[index]!;
  const length = args.length[index]!;
  const open = length > 1 && args.bytes[at] === 0x28;
  const missing = end === 'start' ? 0 : 0xffffffff;
  const form = open
    ? parseId(args.bytes, at + 1, length - 1, out, missing, true)
    : parseId(args.bytes, at, length, out, missing, false);
  if (form === 'invalid' || form === 'any-seq') throw invalidId;
  if (!open) return;
  if (end === 'start' && !incrementId(out)) throw invalidStart;
  if (end === 'end' && !decrementId(out)) throw invalidEnd;
}

/** A count that may be negative, which counts as 0. */
export function countArgument(call: Call, index: number): number {
  return Math.max(0, call.integer(index));
}

/** The root of the stream at argument `index` for reading, or 0. */
export function readStream(call: Call, index: number): Address {
  const entry = call.readType(index, TYPE_STREAM);
  return entry === 0 ? 0 : call.store.entries.ref(entry);
}

/** The root of the stream at argument `index` for writing, or 0. */
export function writeStream(call: Call, index: number): Address {
  const entry = call.writeType(index, TYPE_STREAM);
  return entry === 0 ? 0 : call.store.entries.ref(entry);
}

/** `writeStream` for commands that count as reads in the statistics (XREADGROUP, XACK, XCLAIM, XAUTOCLAIM). */
export function writeStreamCounted(call: Call, index: number): Address {
  const { stats } = call.store.space;
  const entry = call.write(index);
  if (entry === 0) stats.misses++;
  else stats.hits++;
  if (entry === 0) return 0;
  if (call.store.entries.type(entry) !== TYPE_STREAM) throw errors.wrongType;
  return call.store.entries.ref(entry);
}

/** The group that argument `index` names, or 0. */
export function findGroup(call: Call, root: Address, index: number): Address {
  const { args } = call;
  return call.store.streams.groups.find(root, args.bytes, args.at[index]!, args.length[index]!);
}

/** An argument as Redis's error messages show it: up to the first zero byte. */
export function shown(call: Call, index: number): string {
  const { args } = call;
  const text = latin1(args.bytes, args.at[index]!, args.length[index]!);
  const zero = text.indexOf('\0');
  return zero < 0 ? text : text.slice(0, zero);
}

export function replyId(call: Call, id: Id): void {
  call.reply.bulk(call.scratch, 0, writeId(call.scratch, 0, id));
}

export function replyInt64(call: Call, value: number | bigint): void {
  if (typeof value === 'number') call.reply.integer(value);
  else call.reply.bigInteger(value);
}

/** Replies with the present entry of a range: its id, and an array of fields and values. */
export function replyEntry(call: Call, range: StreamRange): void {
  const { reply } = call;
  const { field, value } = range;
  reply.array(2);
  replyId(call, range.id);
  reply.array(range.fields * 2);
  for (let left = range.fields; left > 0; left--) {
    range.pair();
    reply.bulk(field.bytes, field.at, field.length);
    reply.bulk(value.bytes, value.at, value.length);
  }
}

/** Replies with the entry that has this id; false, with nothing written, if there is none. */
export function replyOne(call: Call, root: Address, id: Id): boolean {
  const { range } = call.store.streams;
  range.open(root, id, id, false);
  if (!range.next()) return false;
  replyEntry(call, range);
  return true;
}

/** Replies with an array of the entries in a range; `count` 0 is no limit. */
export function replyRange(call: Call, root: Address, start: Id, end: Id, reverse: boolean, count: number): void {
  const mark = call.reply.deferred();
  const { range } = call.store.streams;
  range.open(root, start, end, reverse);
  let found = 0;
  while ((count === 0 || found < count) && range.next()) {
    replyEntry(call, range);
    found++;
  }
  call.reply.endDeferred(mark, 'array', found);
}

/** Puts what `write` writes before all that was written since `mark`. */
export function insertReply(call: Call, mark: number, write: () => void): void {
  const { reply } = call;
  const end = reply.at;
  write();
  const head = Buffer.from(reply.bytes.subarray(end, reply.at));
  reply.bytes.copyWithin(mark + head.length, mark, end);
  reply.bytes.set(head, mark);
}
