/** XCLAIM, XAUTOCLAIM, XPENDING: the pending entries of a group, and who has them. */
import { errors, replyError, type ReplyError } from '../base/errors.ts';
import type { Address } from '../memory/arena.ts';
import { compareIds, copyId, type Id, incrementId, makeId } from '../store/stream-id.ts';
import type { Pending } from '../store/stream-groups.ts';
import type { Call } from './call.ts';
import {
  countArgument,
  findGroup,
  idArgument,
  insertReply,
  parseArgument,
  rangeArgument,
  readStream,
  replyId,
  replyInt64,
  replyOne,
  shown,
  writeStreamCounted,
} from './streams-args.ts';
import { findConsumerOrCreate, propagateClaim, propagateGroupId } from './streams-effects.ts';

const claimIdle = replyError('ERR Invalid min-idle-time argument for XCLAIM');
const autoclaimIdle = replyError('ERR Invalid min-idle-time argument for XAUTOCLAIM');
const idleOption = replyError('ERR Invalid IDLE option argument for XCLAIM');
const timeOption = replyError('ERR Invalid TIME option argument for XCLAIM');
const retryOption = replyError('ERR Invalid RETRYCOUNT option argument for XCLAIM');
const countPositive = replyError('ERR COUNT must be > 0');
const countTooHigh = replyError('ERR Insufficient memory, failed allocating transient memory, COUNT too high.');

/** XAUTOCLAIM: entries claimed by default, and how many it looks at for each. */
const AUTOCLAIM_COUNT = 100;
const AUTOCLAIM_ATTEMPTS = 10;
/** Bytes of an id in Redis, and the most entries for which it can have memory: an address has 47 bits. */
const ID_BYTES = 16;
const COUNT_MAX: bigint = (2n ** 63n - 1n) / BigInt(ID_BYTES);
const COUNT_POSSIBLE: number = 2 ** 47 / ID_BYTES;

interface ClaimOptions {
  force: boolean;
  justId: boolean;
  /** Unix ms, -1: now. */
  time: number;
  /** -1: one more than before. */
  retryCount: number | bigint;
  readonly lastId: Id;
}

export function xclaim(call: Call): void {
  const { reply, args } = call;
  const { streams } = call.store;
  const { groups, pending } = streams;
  const root = writeStreamCounted(call, 1);
  const group = requireGroup(call, root);
  const minIdle = Math.max(0, call.integer(4, claimIdle));
  const [id, lastId, other] = streams.ids;
  let end = 5;
  while (end < args.count && isId(call, end, id)) end++;
  const options = claimOptions(call, end, lastId);
  call.dontPropagate();
  let sendLastId = false;
  if (compareIds(lastId, groups.lastId(group, other)) > 0) {
    groups.setLastId(group, lastId);
    sendLastId = true;
  }
  const time = options.time < 0 || options.time > call.now ? call.now : options.time;
  const mark = reply.deferred();
  let consumer: Address = 0;
  let claimed = 0;
  for (let i = 5; i < end; i++) {
    idArgument(call, i, id);
    const isPending = groups.findPending(group, id, pending);
    if (!streams.exists(root, id)) {
      if (!isPending) continue;
      dropPending(call, group, id, i, pending);
      sendLastId = false;
      continue;
    }
    if (!isPending && !options.force) continue;
    if (isPending && minIdle > 0 && call.now - Number(pending.time) < minIdle) continue;
    if (consumer === 0) ({ consumer } = findConsumerOrCreate(call, group, 3, 1));
    // A new one counts as delivered once already, and claiming it is a delivery too.
    let count = isPending ? pending.count : 1;
    if (options.retryCount >= 0) count = options.retryCount;
    else if (!options.justId) count = oneMore(count);
    groups.assign(group, consumer, id, time, count);
    groups.setActive(consumer, call.now);
    if (options.justId) replyId(call, id);
    else replyOne(call, root, id);
    claimed++;
    propagateClaim(call, 1, 2, group, i, { block: consumer }, time, count);
    sendLastId = false;
    call.dirty++;
  }
  if (sendLastId) {
    propagateGroupId(call, 1, 2, group);
    call.dirty++;
  }
  reply.endDeferred(mark, 'array', claimed);
}

/** An entry that is pending but no longer in the stream; `entry`: how the effect names it. */
function dropPending(call: Call, group: Address, id: Id, entry: Id | number, pending: Pending): void {
  propagateClaim(call, 1, 2, group, entry, { block: pending.consumer }, pending.time, pending.count);
  call.store.streams.groups.acknowledge(group, id);
  call.dirty++;
}

function claimOptions(call: Call, from: number, lastId: Id): ClaimOptions {
  const { count } = call;
  const options: ClaimOptions = { force: false, justId: false, time: -1, retryCount: -1, lastId };
  lastId.fill(0);
  for (let i = from; i < count; i++) {
    const more = i + 1 < count;
    if (call.is(i, 'force')) options.force = true;
    else if (call.is(i, 'justid')) options.justId = true;
    else if (more && call.is(i, 'idle')) options.time = call.now - call.integer(++i, idleOption);
    else if (more && call.is(i, 'time')) options.time = call.integer(++i, timeOption);
    else if (more && call.is(i, 'retrycount')) options.retryCount = call.int64(++i, retryOption);
    else if (more && call.is(i, 'lastid')) idArgument(call, ++i, lastId);
    else throw replyError(`ERR Unrecognized XCLAIM option '${shown(call, i)}'`);
  }
  return options;
}

export function xautoclaim(call: Call): void {
  const { reply } = call;
  const { streams } = call.store;
  const { groups, pending } = streams;
  const [next] = streams.ids;
  const root = writeStreamCountedOrOther(call);
  const minIdle = Math.max(0, call.integer(4, autoclaimIdle));
  rangeArgument(call, 5, next, 'start');
  const { count, justId } = autoclaimOptions(call);
  if (root.error !== undefined) throw root.error;
  const group = requireGroup(call, root.root);
  if (count > COUNT_POSSIBLE) throw countTooHigh;
  call.makeRoom();
  call.dontPropagate();
  reply.array(3);
  const cursorMark = reply.deferred();
  const mark = reply.deferred();
  const deleted: Id[] = [];
  let consumer: Address = 0;
  let claimed = 0;
  let left = count;
  let more = true;
  for (let attempts = count * AUTOCLAIM_ATTEMPTS; attempts > 0 && left > 0 && more; attempts--) {
    if (!groups.pendingFrom(group, next, pending)) break;
    const { id } = pending;
    copyId(next, id);
    more = incrementId(next);
    if (!streams.exists(root.root, id)) {
      const gone = makeId();
      copyId(gone, id);
      deleted.push(gone);
      dropPending(call, group, gone, gone, pending);
      left--;
      continue;
    }
    if (minIdle > 0 && call.now - Number(pending.time) < minIdle) continue;
    if (consumer === 0) ({ consumer } = findConsumerOrCreate(call, group, 3, 1));
    const deliveries = justId ? pending.count : oneMore(pending.count);
    if (!groups.tryAssign(group, consumer, id, call.now, deliveries)) {
      // Without memory for more the caller goes on from here another time.
      copyId(next, id);
      more = true;
      break;
    }
    groups.setActive(consumer, call.now);
    if (justId) replyId(call, id);
    else replyOne(call, root.root, id);
    claimed++;
    left--;
    propagateClaim(call, 1, 2, group, id, { block: consumer }, call.now, deliveries);
    call.dirty++;
  }
  reply.endDeferred(mark, 'array', claimed);
  if (!more || !groups.pendingFrom(group, next, pending)) pending.id.fill(0);
  insertReply(call, cursorMark, () => replyId(call, pending.id));
  reply.array(deleted.length);
  for (const id of deleted) replyId(call, id);
}

/** The key is looked up first and judged last, as in Redis. */
function writeStreamCountedOrOther(call: Call): { readonly root: Address; readonly error?: unknown } {
  try {
    return { root: writeStreamCounted(call, 1) };
  } catch (error) {
    return { root: 0, error };
  }
}

function autoclaimOptions(call: Call): { readonly count: number; readonly justId: boolean } {
  let count = AUTOCLAIM_COUNT;
  let justId = false;
  for (let i = 6; i < call.count; i++) {
    if (call.is(i, 'count') && i + 1 < call.count) {
      const value = call.int64(++i, countPositive);
      if (value < 1 || value > COUNT_MAX) throw countPositive;
      count = Number(value);
    } else if (call.is(i, 'justid')) justId = true;
    else throw errors.syntax;
  }
  return { count, justId };
}

export function xpending(call: Call): void {
  const words = call.count;
  if (words !== 3 && (words < 6 || words > 9)) throw errors.syntax;
  const { streams } = call.store;
  const [start, end] = streams.ids;
  let from = 3;
  let minIdle = 0;
  let count = 0;
  if (words > 3) {
    if (call.is(3, 'idle')) {
      minIdle = call.integer(4);
      if (words < 8) throw errors.syntax;
      from = 5;
    }
    count = countArgument(call, from + 2);
    rangeArgument(call, from, start, 'start');
    rangeArgument(call, from + 1, end, 'end');
  }
  const root = readStream(call, 1);
  const group = requireGroup(call, root);
  if (words === 3) pendingSummary(call, group);
  else pendingEntries(call, group, start, end, count, minIdle, from + 3 < words ? from + 3 : 0);
}

function pendingSummary(call: Call, group: Address): void {
  const { reply } = call;
  const { groups, pending, ids } = call.store.streams;
  const total = groups.pendingCount(group);
  reply.array(4);
  reply.integer(total);
  if (total === 0) {
    reply.null();
    reply.null();
    reply.nullArray();
    return;
  }
  groups.pendingFrom(group, ids[0].fill(0), pending);
  replyId(call, pending.id);
  groups.lastPending(group, pending);
  replyId(call, pending.id);
  const mark = reply.deferred();
  let shownConsumers = 0;
  groups.forEachConsumer(group, (consumer) => {
    const owned = groups.ownedCount(consumer);
    if (owned === 0) return;
    shownConsumers++;
    reply.array(2);
    const name = groups.consumerName(consumer, call.a);
    reply.bulk(name.bytes, name.at, name.length);
    reply.bulkInteger(owned);
  });
  reply.endDeferred(mark, 'array', shownConsumers);
}

/** `consumerIndex`: the argument that names the one consumer wanted, 0 for all. */
function pendingEntries(
  call: Call,
  group: Address,
  start: Id,
  end: Id,
  count: number,
  minIdle: number,
  consumerIndex: number,
): void {
  const { args, reply } = call;
  const { groups, pending } = call.store.streams;
  let consumer: Address = 0;
  if (consumerIndex > 0) {
    consumer = groups.findConsumer(group, args.bytes, args.at[consumerIndex]!, args.length[consumerIndex]!);
    if (consumer === 0) {
      reply.array(0);
      return;
    }
  }
  const mark = reply.deferred();
  let found = 0;
  const find = (): boolean =>
    consumer === 0
      ? groups.pendingFrom(group, start, pending)
      : groups.ownedFrom(consumer, start, start) && groups.findPending(group, start, pending);
  while (found < count && find() && compareIds(pending.id, end) <= 0) {
    const idle = call.now - Number(pending.time);
    if (minIdle === 0 || idle >= minIdle) {
      found++;
      reply.array(4);
      replyId(call, pending.id);
      const name = groups.consumerName(pending.consumer, call.a);
      reply.bulk(name.bytes, name.at, name.length);
      reply.integer(Math.max(0, idle));
      replyInt64(call, pending.count);
    }
    copyId(start, pending.id);
    if (!incrementId(start)) break;
  }
  reply.endDeferred(mark, 'array', found);
}

function requireGroup(call: Call, root: Address): Address {
  const group = root === 0 ? 0 : findGroup(call, root, 2);
  if (group === 0) throw noGroup(call);
  return group;
}

function noGroup(call: Call): ReplyError {
  return replyError(`NOGROUP No such key '${shown(call, 1)}' or consumer group '${shown(call, 2)}'`);
}

function isId(call: Call, index: number, out: Id): boolean {
  const form = parseArgument(call, index, out, 0, true);
  return form === 'full' || form === 'ms';
}

function oneMore(count: number | bigint): number | bigint {
  return typeof count === 'number' ? count + 1 : count + 1n;
}
