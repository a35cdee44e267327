/** XLEN, XRANGE, XREVRANGE, XDEL, XSETID. */
import { errors, replyError } from '../base/errors.ts';
import { keyspaceEvents } from '../base/settings.ts';
import { compareIds, type Id, isZeroId } from '../store/stream-id.ts';
import { ADDED, FIRST_ID, LAST_ID, MAX_DELETED_ID } from '../store/stream-parts.ts';
import type { Call } from './call.ts';
import { countArgument, idArgument, rangeArgument, readStream, replyRange, writeStream } from './streams-args.ts';

const addedNegative = replyError('ERR entries_added must be positive');
const belowMaxDeleted = replyError('ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id');
const belowTop = replyError('ERR The ID specified in XSETID is smaller than the target stream top item');
const addedBelowLength = replyError(
  'ERR The entries_added specified in XSETID is smaller than the target stream length',
);

export function xlen(call: Call): void {
  const root = readStream(call, 1);
  call.reply.integer(root === 0 ? 0 : call.store.streams.length(root));
}

export function xrange(call: Call): void {
  range(call, false);
}

export function xrevrange(call: Call): void {
  range(call, true);
}

function range(call: Call, reverse: boolean): void {
  const { count, reply, store } = call;
  const [start, end] = store.streams.ids;
  rangeArgument(call, reverse ? 3 : 2, start, 'start');
  rangeArgument(call, reverse ? 2 : 3, end, 'end');
  let most = -1;
  for (let i = 4; i < count; i++) {
    if (!call.is(i, 'count') || i + 1 >= count) throw errors.syntax;
    most = countArgument(call, ++i);
  }
  const root = readStream(call, 1);
  if (root === 0) reply.array(0);
  else if (most === 0) reply.nullArray();
  else replyRange(call, root, start, end, reverse, Math.max(most, 0));
}

export function xdel(call: Call): void {
  const root = writeStream(call, 1);
  if (root === 0) {
    call.reply.integer(0);
    return;
  }
  const { streams } = call.store;
  const [id, first, maxDeleted] = streams.ids;
  // All of them first: a bad one must leave everything as it is.
  for (let i = 2; i < call.count; i++) idArgument(call, i, id);
  streams.readId(root, FIRST_ID, first);
  streams.readId(root, MAX_DELETED_ID, maxDeleted);
  let deleted = 0;
  let firstDeleted = false;
  for (let i = 2; i < call.count; i++) {
    idArgument(call, i, id);
    if (!streams.delete(root, id)) continue;
    deleted++;
    firstDeleted ||= compareIds(id, first) === 0;
    if (compareIds(id, maxDeleted) > 0) maxDeleted.set(id);
  }
  if (deleted > 0) {
    streams.setId(root, MAX_DELETED_ID, maxDeleted);
    streams.updateFirst(root, firstDeleted);
    call.changed(1, deleted);
    call.notify(keyspaceEvents.stream, 'xdel', 1);
  }
  call.reply.integer(deleted);
}

export function xsetid(call: Call): void {
  const { streams } = call.store;
  const [id, maxDeleted, top] = streams.ids;
  idArgument(call, 2, id);
  maxDeleted.fill(0);
  const added = setidOptions(call, id, maxDeleted);
  const root = writeStream(call, 1);
  if (root === 0) throw errors.noSuchKey;
  const length = streams.length(root);
  if (length > 0) {
    if (compareIds(id, streams.edge(root, true, false, top)) < 0) throw belowTop;
    if (added !== -1 && length > added) throw addedBelowLength;
  }
  streams.setId(root, LAST_ID, id);
  if (added !== -1) streams.setCounter(root, ADDED, added);
  if (!isZeroId(maxDeleted)) streams.setId(root, MAX_DELETED_ID, maxDeleted);
  call.reply.ok();
  call.dirty++;
  call.notify(keyspaceEvents.stream, 'xsetid', 1);
}

/** Reads ENTRIESADDED (returned, -1 if not given) and MAXDELETEDID. */
function setidOptions(call: Call, id: Id, maxDeleted: Id): number | bigint {
  let added: number | bigint = -1;
  for (let i = 3; i < call.count; i += 2) {
    const more = i + 1 < call.count;
    if (more && call.is(i, 'entriesadded')) {
      added = call.int64(i + 1);
      if (added < 0) throw addedNegative;
    } else if (more && call.is(i, 'maxdeletedid')) {
      idArgument(call, i + 1, maxDeleted);
      if (compareIds(id, maxDeleted) < 0) throw belowMaxDeleted;
    } else throw errors.syntax;
  }
  return added;
}
