/**
 * XREAD and XREADGROUP. What reading through a group changes is sent to replicas as its effects, never as the command:
 * XCLAIM for an entry that is pending now, XGROUP SETID for how far the group has come, XGROUP CREATECONSUMER for a consumer
 * that no XCLAIM names.
 */
import { errors, replyError } from '../base/errors.ts';
import type { Address } from '../memory/arena.ts';
import { TYPE_STREAM } from '../store/entry.ts';
import {
  compareIds,
  copyId,
  decrementId,
  type Id,
  incrementId,
  isLastId,
  makeId,
  setLastId,
} from '../store/stream-id.ts';
import { LAST_ID } from '../store/stream-parts.ts';
import type { Call } from './call.ts';
import {
  countArgument,
  findGroup,
  idArgument,
  readStream,
  replyEntry,
  replyId,
  replyOne,
  replyRange,
  shown,
  writeStreamCounted,
} from './streams-args.ts';
import { findConsumerOrCreate, propagateClaim, propagateConsumer, propagateGroupId } from './streams-effects.ts';

const unbalanced = replyError(
  "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
);
const groupNeedsReadGroup = replyError(
  'ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.',
);
const noackNeedsReadGroup = replyError(
  'ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.',
);
const missingGroup = replyError('ERR Missing GROUP option for XREADGROUP');
const dollarMeaningless = replyError(
  'ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.',
);
const greaterNeedsGroup = replyError(
  'ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.',
);
const groupGone = replyError('NOGROUP the consumer group this client was blocked on no longer exists');
const keyGone = replyError('UNBLOCKED the stream key no longer exists');

/** Entries that a client which had to wait gets at most, if it did not say. */
const BLOCKED_COUNT = 1000;

interface ReadRequest {
  readonly group: boolean;
  readonly noack: boolean;
  /** Arguments of the group's and the consumer's names. */
  readonly groupIndex: number;
  /** Entries for each key; 0 is no limit. */
  readonly count: number;
  /** -1: does not wait. */
  readonly timeoutMs: number;
  readonly firstKey: number;
  readonly keys: number;
}

export function xread(call: Call): void {
  read(call, parseRequest(call, false));
}

export function xreadgroup(call: Call): void {
  call.dontPropagate();
  read(call, parseRequest(call, true));
}

function read(call: Call, request: ReadRequest): void {
  const { reply } = call;
  const { firstKey, keys } = request;
  const ids: Id[] = [];
  for (let i = firstKey; i < firstKey + keys; i++) ids.push(startOf(call, request, i));
  if (request.group) call.makeRoom();
  const mark = reply.deferred();
  let served = 0;
  for (let i = 0; i < keys; i++) if (serve(call, request, firstKey + i, ids[i]!, request.count)) served++;
  if (served > 0) {
    reply.endDeferred(mark, reply.resp === 3 ? 'map' : 'array', served);
    return;
  }
  if (request.timeoutMs < 0 || !call.mayBlock) {
    reply.nullArray();
    return;
  }
  call.services.blocking.onKeys(call, {
    firstKey,
    keys,
    type: TYPE_STREAM,
    timeoutMs: request.timeoutMs,
    serve: (woken, index) => serveWoken(woken, request, index, ids[index - firstKey]!),
    ...(request.group
      ? {
          missing: () => {
            throw keyGone;
          },
        }
      : {}),
  });
}

/** The id after which a key is to be read; the highest one stands for `>`. Checks the key and its group. */
function startOf(call: Call, request: ReadRequest, index: number): Id {
  const { args } = call;
  const { streams } = call.store;
  const root = request.group ? writeStreamCounted(call, index) : readStream(call, index);
  if (request.group && (root === 0 || findGroup(call, root, request.groupIndex) === 0)) {
    throw replyError(
      `NOGROUP No such key '${shown(call, index)}' or consumer group '${shown(call, request.groupIndex)}' in XREADGROUP with GROUP option`,
    );
  }
  const id = makeId();
  const at = index + request.keys;
  const word = args.length[at] === 1 ? args.bytes[args.at[at]!] : 0;
  if (word === 0x24) {
    if (request.group) throw dollarMeaningless;
    if (root !== 0) streams.readId(root, LAST_ID, id);
  } else if (word === 0x3e) {
    if (!request.group) throw greaterNeedsGroup;
    setLastId(id);
  } else if (word === 0x2b && !request.group) {
    // Redis 7.4: the last entry.
    if (root !== 0 && streams.length(root) > 0) decrementId(streams.edge(root, true, false, id));
  } else idArgument(call, at, id);
  return id;
}

/** Replies with what the key at argument `index` has after `after`: its name and entries. False, without a reply, if it has nothing. */
function serve(call: Call, request: ReadRequest, index: number, after: Id, count: number): boolean {
  if (request.group) return serveGroup(call, request, index, after, count);
  const { streams } = call.store;
  const root = readStream(call, index);
  if (root === 0 || streams.length(root) === 0) return false;
  const [start, end] = streams.ids;
  if (compareIds(streams.edge(root, true, false, start), after) <= 0) return false;
  replyKey(call, index);
  copyId(start, after);
  incrementId(start);
  setLastId(end);
  replyRange(call, root, start, end, false, count);
  return true;
}

function serveGroup(call: Call, request: ReadRequest, index: number, after: Id, count: number): boolean {
  const { streams } = call.store;
  const root = writeStreamCounted(call, index);
  if (root === 0) return false;
  const group = findGroup(call, root, request.groupIndex);
  const history = !isLastId(after);
  const [start, last] = streams.ids;
  copyId(start, after);
  if (!history) {
    streams.groups.lastId(group, start);
    if (streams.length(root) === 0 || compareIds(streams.edge(root, true, false, last), start) <= 0) return false;
  }
  replyKey(call, index);
  const consumer = consumerOf(call, request, group, index, history);
  incrementId(start);
  if (history) replyHistory(call, root, group, consumer, start, count);
  else deliver(call, request, index, root, group, consumer, start, count);
  call.dirty++;
  return true;
}

/** A client that waited: one of its keys may have something. */
function serveWoken(call: Call, request: ReadRequest, index: number, after: Id): boolean {
  const { args, db, reply } = call;
  const { streams, entries } = call.store;
  const entry = db.write(args.bytes, args.at[index]!, args.length[index]!);
  if (entry === 0) return false;
  const root = entries.ref(entry);
  const [start, end] = streams.ids;
  copyId(start, after);
  let group: Address = 0;
  if (request.group) {
    group = findGroup(call, root, request.groupIndex);
    if (group === 0) throw groupGone;
    streams.groups.lastId(group, start);
  }
  if (compareIds(streams.readId(root, LAST_ID, end), start) <= 0) return false;
  if (group !== 0) call.makeRoom();
  const count = request.count === 0 ? BLOCKED_COUNT : request.count;
  if (reply.resp === 3) reply.map(1);
  else reply.array(1);
  replyKey(call, index);
  incrementId(start);
  if (group === 0) {
    setLastId(end);
    replyRange(call, root, start, end, false, count);
    return true;
  }
  const consumer = consumerOf(call, request, group, index, false);
  deliver(call, request, index, root, group, consumer, start, count);
  return true;
}

/** `history`: entries that it has already are read, so nothing else tells replicas of a new consumer. (Redis does not either.) */
function consumerOf(call: Call, request: ReadRequest, group: Address, index: number, history: boolean): Address {
  const { consumer, created } = findConsumerOrCreate(call, group, request.groupIndex + 1, index);
  if (created && (request.noack || history)) propagateConsumer(call, index, request.groupIndex, request.groupIndex + 1);
  return consumer;
}

/** In RESP2 name and entries are an array of their own, in RESP3 the pair of a map. */
function replyKey(call: Call, index: number): void {
  if (call.reply.resp === 2) call.reply.array(2);
  call.echo(index);
}

/** New entries for a consumer: they become pending, and the group moves on. */
function deliver(
  call: Call,
  request: ReadRequest,
  index: number,
  root: Address,
  group: Address,
  consumer: Address,
  start: Id,
  count: number,
): void {
  const { streams } = call.store;
  const { groups, range } = streams;
  const mark = call.reply.deferred();
  const [, end, last] = streams.ids;
  setLastId(end);
  range.open(root, start, end, false);
  let found = 0;
  let moved = false;
  while ((count === 0 || found < count) && range.next()) {
    const id = range.id;
    // Without memory for more it gets what there is, as by a smaller COUNT. There was room for the first.
    if (!request.noack && !groups.tryAssign(group, consumer, id, call.now, 1)) break;
    if (compareIds(id, groups.lastId(group, last)) > 0) {
      groups.advance(root, group, id);
      moved = true;
    }
    replyEntry(call, range);
    if (!request.noack) {
      propagateClaim(call, index, request.groupIndex, group, id, request.groupIndex + 1, call.now, 1);
    }
    found++;
  }
  if (found > 0 && !request.noack) groups.setActive(consumer, call.now);
  // Redis before 7.4 sends this for NOACK only: then the group of a replica does not know how many entries it has read.
  if (moved) propagateGroupId(call, index, request.groupIndex, group);
  call.reply.endDeferred(mark, 'array', found);
}

/** What is pending at a consumer from `start` on; entries that were deleted meanwhile come with a null. */
function replyHistory(call: Call, root: Address, group: Address, consumer: Address, start: Id, count: number): void {
  const { streams } = call.store;
  const { groups, pending } = streams;
  const mark = call.reply.deferred();
  const [id] = streams.ids;
  copyId(id, start);
  let found = 0;
  while ((count === 0 || found < count) && groups.ownedFrom(consumer, id, id)) {
    if (!replyOne(call, root, id)) {
      call.reply.array(2);
      replyId(call, id);
      call.reply.nullArray();
    } else if (groups.findPending(group, id, pending)) {
      groups.redeliver(group, id, call.now, typeof pending.count === 'number' ? pending.count + 1 : pending.count + 1n);
    }
    found++;
    if (!incrementId(id)) break;
  }
  call.reply.endDeferred(mark, 'array', found);
}

/** BLOCK's milliseconds; a time beyond all int64 never comes, which 0 says too. */
function blockTime(call: Call, index: number): number {
  const milliseconds = call.integer(index, errors.timeoutNotInteger);
  if (milliseconds < 0) throw errors.timeoutNegative;
  return milliseconds + call.now >= 2 ** 63 ? 0 : milliseconds;
}

function parseRequest(call: Call, group: boolean): ReadRequest {
  const { count } = call;
  let timeoutMs = -1;
  let most = 0;
  let noack = false;
  let groupIndex = 0;
  let firstKey = 0;
  for (let i = 1; i < count && firstKey === 0; i++) {
    const more = count - i - 1;
    if (more > 0 && call.is(i, 'block')) timeoutMs = blockTime(call, ++i);
    else if (more > 0 && call.is(i, 'count')) most = countArgument(call, ++i);
    else if (more > 0 && call.is(i, 'streams')) {
      if (more % 2 !== 0) throw unbalanced;
      firstKey = i + 1;
    } else if (more > 1 && call.is(i, 'group')) {
      if (!group) throw groupNeedsReadGroup;
      groupIndex = i + 1;
      i += 2;
    } else if (call.is(i, 'noack')) {
      if (!group) throw noackNeedsReadGroup;
      noack = true;
    } else throw errors.syntax;
  }
  if (firstKey === 0) throw errors.syntax;
  if (group && groupIndex === 0) throw missingGroup;
  return { group, noack, groupIndex, count: most, timeoutMs, firstKey, keys: (count - firstKey) / 2 };
}
