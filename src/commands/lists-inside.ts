/**
 * List commands that read or change lists at any place. Rows: lists.ts.
 */
import { errors, replyError, type ReplyError } from '../base/errors.ts';
import { keyspaceEvents } from '../base/settings.ts';
import { TYPE_LIST } from '../store/entry.ts';
import type { Call } from './call.ts';

const rankZero: ReplyError = replyError(
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
);
const countNegative: ReplyError = replyError("ERR COUNT can't be negative");
const maxlenNegative: ReplyError = replyError("ERR MAXLEN can't be negative");
const OK_MIN_RANK = -9223372036854775807n;
const rankRange: ReplyError = replyError(
  'ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807',
);

export function llen(call: Call): void {
  const entry = call.readType(1, TYPE_LIST);
  call.reply.integer(entry === 0 ? 0 : call.store.lists.length(entry));
}

export function lindex(call: Call): void {
  const { reply } = call;
  const { lists } = call.store;
  const entry = call.readType(1, TYPE_LIST);
  if (entry === 0 || !lists.seek(entry, call.integer(2))) {
    reply.null();
    return;
  }
  lists.read();
  reply.bulk(lists.element.bytes, lists.element.at, lists.element.length);
}

export function lrange(call: Call): void {
  const { reply } = call;
  const { lists } = call.store;
  let start = call.integer(2);
  let end = call.integer(3);
  const entry = call.readType(1, TYPE_LIST);
  if (entry === 0) {
    reply.array(0);
    return;
  }
  const length = lists.length(entry);
  if (start < 0) start = Math.max(start + length, 0);
  if (end < 0) end += length;
  const elements = Math.min(end, length - 1) - start + 1;
  if (elements <= 0) {
    reply.array(0);
    return;
  }
  reply.array(elements);
  lists.writeRange(entry, start, elements, reply);
}

export function lpos(call: Call): void {
  const { args, reply } = call;
  const { lists } = call.store;
  let rank = 1;
  let count = -1;
  let maxlen = 0;
  for (let i = 3; i < args.count; i += 2) {
    const more = i + 1 < args.count;
    if (more && call.is(i, 'rank')) {
      if (call.int64(i + 1) < OK_MIN_RANK) throw rankRange;
      rank = call.integer(i + 1);
      if (rank === 0) throw rankZero;
    } else if (more && call.is(i, 'count')) {
      count = call.integer(i + 1, countNegative);
      if (count < 0) throw countNegative;
    } else if (more && call.is(i, 'maxlen')) {
      maxlen = call.integer(i + 1, maxlenNegative);
      if (maxlen < 0) throw maxlenNegative;
    } else throw errors.syntax;
  }
  const entry = call.readType(1, TYPE_LIST);
  if (entry === 0) {
    if (count === -1) reply.null();
    else reply.array(0);
    return;
  }
  const fromTail = rank < 0;
  const length = lists.length(entry);
  const looks = maxlen === 0 ? length : Math.min(maxlen, length);
  const wanted = count === -1 ? 1 : count === 0 ? length : count;
  const mark = reply.deferred();
  let skip = Math.abs(rank) - 1;
  let found = 0;
  let more = lists.seek(entry, fromTail ? -1 : 0);
  for (let i = 0; more && found < wanted; i++) {
    const passed = lists.find(args.bytes, args.at[2]!, args.length[2]!, looks - i, fromTail);
    if (passed < 0) break;
    i += passed;
    if (skip > 0) skip--;
    else {
      found++;
      reply.integer(fromTail ? length - 1 - i : i);
    }
    more = fromTail ? lists.prev() : lists.next();
  }
  if (count !== -1) reply.endDeferred(mark, 'array', found);
  else if (found === 0) reply.null();
}

export function lset(call: Call): void {
  const { args } = call;
  const entry = call.writeType(1, TYPE_LIST);
  if (entry === 0) throw errors.noSuchKey;
  const index = call.integer(2);
  if (!call.store.lists.set(entry, index, args.bytes, args.at[3]!, args.length[3]!)) throw errors.indexOutOfRange;
  call.changed(1);
  call.reply.ok();
  call.notify(keyspaceEvents.list, 'lset', 1);
}

export function linsert(call: Call): void {
  const { args, reply } = call;
  const { lists } = call.store;
  const before = call.is(2, 'before');
  if (!before && !call.is(2, 'after')) throw errors.syntax;
  const entry = call.writeType(1, TYPE_LIST);
  if (entry === 0) {
    reply.integer(0);
    return;
  }
  lists.reserve(entry, args.length[4]!);
  lists.seek(entry, 0);
  if (lists.find(args.bytes, args.at[3]!, args.length[3]!, Infinity, false) < 0) {
    reply.integer(-1);
    return;
  }
  lists.insert(entry, before, args.bytes, args.at[4]!, args.length[4]!);
  call.changed(1);
  call.notify(keyspaceEvents.list, 'linsert', 1);
  reply.integer(lists.length(entry));
}

export function lrem(call: Call): void {
  const { args } = call;
  const { lists } = call.store;
  const count = call.integer(2);
  const entry = call.writeType(1, TYPE_LIST);
  let removed = 0;
  if (entry !== 0) {
    const limit = count === 0 ? Infinity : Math.abs(count);
    removed = lists.remove(entry, limit, count < 0, args.bytes, args.at[3]!, args.length[3]!);
    if (removed > 0) call.notify(keyspaceEvents.list, 'lrem', 1);
    if (lists.length(entry) === 0) {
      call.db.removeEntry(entry);
      call.notifyDeleted(1);
    }
  }
  if (removed > 0) call.changed(1, removed);
  call.reply.integer(removed);
}

export function ltrim(call: Call): void {
  const { lists } = call.store;
  let start = call.integer(2);
  let end = call.integer(3);
  const entry = call.writeType(1, TYPE_LIST);
  if (entry !== 0) {
    const length = lists.length(entry);
    if (start < 0) start = Math.max(start + length, 0);
    if (end < 0) end += length;
    end = Math.min(end, length - 1);
    const keepsNone = start > end || start >= length;
    const head = keepsNone ? length : start;
    const tail = keepsNone ? 0 : length - 1 - end;
    lists.removeRange(entry, length - tail, tail);
    lists.removeRange(entry, 0, head);
    call.notify(keyspaceEvents.list, 'ltrim', 1);
    if (keepsNone) {
      call.db.removeEntry(entry);
      call.notifyDeleted(1);
    }
    call.changed(1, head + tail);
  }
  call.reply.ok();
}
