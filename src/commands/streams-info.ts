/** XINFO: what a stream, its groups and their consumers look like. Consumers are described as by Redis 7.2. */
import { errors, replyError, subcommandSyntax } from '../base/errors.ts';
import type { Address } from '../memory/arena.ts';
import { makeId, setLastId } from '../store/stream-id.ts';
import { ADDED, FIRST_ID, LAST_ID, MAX_DELETED_ID } from '../store/stream-parts.ts';
import type { Call } from './call.ts';
import { findGroup, readStream, replyEntry, replyId, replyInt64, replyRange, shown } from './streams-args.ts';

/** Entries that FULL shows by default. */
const FULL_COUNT = 10;

function requireStream(call: Call): Address {
  const root = readStream(call, 2);
  if (root === 0) throw errors.noSuchKey;
  return root;
}

export function xinfoStream(call: Call): void {
  const root = requireStream(call);
  const full = call.count > 3;
  const count = full ? fullCount(call) : 0;
  const { reply } = call;
  const { streams } = call.store;
  const [id] = streams.ids;
  reply.map(full ? 9 : 10);
  reply.bulkText('length');
  reply.integer(streams.length(root));
  reply.bulkText('radix-tree-keys');
  reply.integer(streams.nodeCount(root));
  reply.bulkText('radix-tree-nodes');
  reply.integer(streams.radixNodes(root));
  reply.bulkText('last-generated-id');
  replyId(call, streams.readId(root, LAST_ID, id));
  reply.bulkText('max-deleted-entry-id');
  replyId(call, streams.readId(root, MAX_DELETED_ID, id));
  reply.bulkText('entries-added');
  replyInt64(call, streams.readCounter(root, ADDED));
  reply.bulkText('recorded-first-entry-id');
  replyId(call, streams.readId(root, FIRST_ID, id));
  if (full) {
    const [start, end] = streams.ids;
    start.fill(0);
    setLastId(end);
    reply.bulkText('entries');
    replyRange(call, root, start, end, false, count);
    reply.bulkText('groups');
    reply.array(streams.groupCount(root));
    streams.groups.forEachGroup(root, (group) => fullGroup(call, root, group, count));
    return;
  }
  reply.bulkText('groups');
  reply.integer(streams.groupCount(root));
  reply.bulkText('first-entry');
  edgeEntry(call, root, false);
  reply.bulkText('last-entry');
  edgeEntry(call, root, true);
}

function fullCount(call: Call): number {
  const words = call.count;
  if ((words !== 4 && words !== 6) || !call.is(3, 'full') || (words === 6 && !call.is(4, 'count')))
    throw subcommandSyntax('xinfo', call.text(1));
  if (words === 4) return FULL_COUNT;
  const count = call.integer(5);
  return count < 0 ? FULL_COUNT : count;
}

function edgeEntry(call: Call, root: Address, last: boolean): void {
  const { range, ids } = call.store.streams;
  const [start, end] = ids;
  start.fill(0);
  setLastId(end);
  range.open(root, start, end, last);
  if (range.next()) replyEntry(call, range);
  else call.reply.null();
}

function fullGroup(call: Call, root: Address, group: Address, count: number): void {
  const { reply } = call;
  const { groups } = call.store.streams;
  reply.map(7);
  groupHead(call, group);
  readCounters(call, root, group);
  reply.bulkText('pel-count');
  reply.integer(groups.pendingCount(group));
  reply.bulkText('pending');
  groupPending(call, group, count);
  reply.bulkText('consumers');
  reply.array(groups.consumerCount(group));
  groups.forEachConsumer(group, (consumer) => fullConsumer(call, group, consumer, count));
}

function groupHead(call: Call, group: Address): void {
  const { reply } = call;
  const { groups, ids } = call.store.streams;
  const name = groups.groupName(group, call.a);
  reply.bulkText('name');
  reply.bulk(name.bytes, name.at, name.length);
  reply.bulkText('last-delivered-id');
  replyId(call, groups.lastId(group, ids[0]));
}

function readCounters(call: Call, root: Address, group: Address): void {
  const { reply } = call;
  const { groups } = call.store.streams;
  reply.bulkText('entries-read');
  const read = groups.entriesRead(group);
  if (read === -1) reply.null();
  else replyInt64(call, read);
  reply.bulkText('lag');
  const lag = groups.lag(root, group);
  if (lag === undefined) reply.null();
  else replyInt64(call, lag);
}

function groupPending(call: Call, group: Address, count: number): void {
  const { reply } = call;
  const { groups, pending } = call.store.streams;
  const total = groups.pendingCount(group);
  let left = count === 0 ? total : Math.min(count, total);
  reply.array(left);
  const walk = groups.pendingWalk(group);
  for (; left > 0; left--) {
    walk(pending);
    reply.array(4);
    replyId(call, pending.id);
    const name = groups.consumerName(pending.consumer, call.a);
    reply.bulk(name.bytes, name.at, name.length);
    replyInt64(call, pending.time);
    replyInt64(call, pending.count);
  }
}

function fullConsumer(call: Call, group: Address, consumer: Address, count: number): void {
  const { reply } = call;
  const { groups, pending } = call.store.streams;
  reply.map(5);
  const name = groups.consumerName(consumer, call.a);
  reply.bulkText('name');
  reply.bulk(name.bytes, name.at, name.length);
  reply.bulkText('seen-time');
  replyInt64(call, groups.seen(consumer));
  reply.bulkText('active-time');
  replyInt64(call, groups.active(consumer));
  const total = groups.ownedCount(consumer);
  reply.bulkText('pel-count');
  reply.integer(total);
  reply.bulkText('pending');
  let left = count === 0 ? total : Math.min(count, total);
  reply.array(left);
  const walk = groups.ownedWalk(consumer);
  const id = makeId();
  for (; left > 0; left--) {
    walk(id);
    groups.findPending(group, id, pending);
    reply.array(3);
    replyId(call, id);
    replyInt64(call, pending.time);
    replyInt64(call, pending.count);
  }
}

export function xinfoGroups(call: Call): void {
  const root = requireStream(call);
  const { reply } = call;
  const { streams } = call.store;
  const { groups } = streams;
  reply.array(streams.groupCount(root));
  groups.forEachGroup(root, (group) => {
    reply.map(6);
    const name = groups.groupName(group, call.a);
    reply.bulkText('name');
    reply.bulk(name.bytes, name.at, name.length);
    reply.bulkText('consumers');
    reply.integer(groups.consumerCount(group));
    reply.bulkText('pending');
    reply.integer(groups.pendingCount(group));
    reply.bulkText('last-delivered-id');
    replyId(call, groups.lastId(group, streams.ids[0]));
    readCounters(call, root, group);
  });
}

export function xinfoConsumers(call: Call): void {
  const root = requireStream(call);
  const group = findGroup(call, root, 3);
  if (group === 0)
    throw replyError(`NOGROUP No such consumer group '${shown(call, 3)}' for key name '${shown(call, 2)}'`);
  const { reply } = call;
  const { groups } = call.store.streams;
  reply.array(groups.consumerCount(group));
  groups.forEachConsumer(group, (consumer) => {
    reply.map(4);
    const name = groups.consumerName(consumer, call.a);
    reply.bulkText('name');
    reply.bulk(name.bytes, name.at, name.length);
    reply.bulkText('pending');
    reply.integer(groups.ownedCount(consumer));
    reply.bulkText('idle');
    reply.integer(Math.max(0, call.now - Number(groups.seen(consumer))));
    reply.bulkText('inactive');
    const active = groups.active(consumer);
    reply.integer(active === -1 ? -1 : Math.max(0, call.now - Number(active)));
  });
}
