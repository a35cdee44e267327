/** XGROUP and XACK. */
import { errors, replyError, subcommandSyntax } from '../base/errors.ts';
import { keyspaceEvents } from '../base/settings.ts';
import type { Address } from '../memory/arena.ts';
import type { Id } from '../store/stream-id.ts';
import { LAST_ID } from '../store/stream-parts.ts';
import type { Call } from './call.ts';
import {
  findGroup,
  idArgument,
  invalidId,
  parseArgument,
  shown,
  writeStream,
  writeStreamCounted,
} from './streams-args.ts';

const badEntriesRead = replyError('ERR value for ENTRIESREAD must be positive or -1');
const keyMissing = replyError(
  'ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.',
);
const groupExists = replyError('BUSYGROUP Consumer Group name already exists');

const CREATE_WORDS_MAX = 8;

/** Options of CREATE and SETID, from argument 5 on. */
interface GroupOptions {
  readonly mkStream: boolean;
  readonly entriesRead: number | bigint;
}

export function xgroupCreate(call: Call): void {
  const { args } = call;
  const { streams } = call.store;
  const options = groupOptions(call, true);
  const old = writeStream(call, 2);
  if (old === 0 && !options.mkStream) throw keyMissing;
  if (call.count > CREATE_WORDS_MAX) throw subcommandSyntax('xgroup', call.text(1));
  const [id] = streams.ids;
  if (isDollar(call, 4)) {
    if (old === 0) id.fill(0);
    else streams.readId(old, LAST_ID, id);
  } else idArgument(call, 4, id);
  if (old !== 0 && findGroup(call, old, 3) !== 0) throw groupExists;
  if (old !== 0) streams.groups.create(old, args.bytes, args.at[3]!, args.length[3]!, id, options.entriesRead);
  else createWithKey(call, id, options.entriesRead);
  call.reply.ok();
  call.dirty++;
  call.notify(keyspaceEvents.stream, 'xgroup-create', 2);
}

/** A new, empty stream with the group; without memory for both there is neither. */
function createWithKey(call: Call, id: Id, entriesRead: number | bigint): void {
  const { args, db } = call;
  const { streams } = call.store;
  const entry = streams.create(db, args.bytes, args.at[2]!, args.length[2]!);
  const root = call.store.entries.ref(entry);
  try {
    streams.groups.create(root, args.bytes, args.at[3]!, args.length[3]!, id, entriesRead);
  } catch (error) {
    call.removeKey(2);
    throw error;
  }
  call.changed(2, 0);
}

export function xgroupSetid(call: Call): void {
  const { streams } = call.store;
  const options = groupOptions(call, false);
  const { root, group } = groupOf(call);
  if (call.count !== 5 && call.count !== 7) throw subcommandSyntax('xgroup', call.text(1));
  const [id] = streams.ids;
  if (isDollar(call, 4)) streams.readId(root, LAST_ID, id);
  else {
    // '-' and '+' are ids here.
    const form = parseArgument(call, 4, id, 0, false);
    if (form === 'invalid' || form === 'any-seq') throw invalidId;
  }
  streams.groups.setLastId(group, id);
  streams.groups.setEntriesRead(group, options.entriesRead);
  call.reply.ok();
  call.dirty++;
  call.notify(keyspaceEvents.stream, 'xgroup-setid', 2);
}

export function xgroupDestroy(call: Call): void {
  const { streams, space } = call.store;
  const root = writeStream(call, 2);
  if (root === 0) throw keyMissing;
  const group = findGroup(call, root, 3);
  if (group === 0) {
    call.reply.integer(0);
    return;
  }
  streams.groups.unlink(root, group);
  space.reclaimer.freeStreamGroup(group);
  call.reply.integer(1);
  call.dirty++;
  call.notify(keyspaceEvents.stream, 'xgroup-destroy', 2);
  // Who waits in this group is to hear that it is gone.
  if (call.db.waiting > 0) call.ready(2);
}

export function xgroupCreateConsumer(call: Call): void {
  const { args } = call;
  const { groups } = call.store.streams;
  const { group } = groupOf(call);
  const at = args.at[4]!;
  const length = args.length[4]!;
  if (groups.findConsumer(group, args.bytes, at, length) !== 0) {
    call.reply.integer(0);
    return;
  }
  groups.createConsumer(group, args.bytes, at, length, call.now);
  call.reply.integer(1);
  call.dirty++;
  call.notify(keyspaceEvents.stream, 'xgroup-createconsumer', 2);
}

export function xgroupDelConsumer(call: Call): void {
  const { args } = call;
  const { groups } = call.store.streams;
  const { group } = groupOf(call);
  const consumer = groups.findConsumer(group, args.bytes, args.at[4]!, args.length[4]!);
  if (consumer === 0) {
    call.reply.integer(0);
    return;
  }
  call.reply.integer(groups.deleteConsumer(group, consumer));
  call.dirty++;
  call.notify(keyspaceEvents.stream, 'xgroup-delconsumer', 2);
}

export function xack(call: Call): void {
  const { streams } = call.store;
  const root = writeStreamCounted(call, 1);
  const group = root === 0 ? 0 : findGroup(call, root, 2);
  if (group === 0) {
    call.reply.integer(0);
    return;
  }
  const [id] = streams.ids;
  for (let i = 3; i < call.count; i++) idArgument(call, i, id);
  let acknowledged = 0;
  for (let i = 3; i < call.count; i++) {
    idArgument(call, i, id);
    if (streams.groups.acknowledge(group, id)) acknowledged++;
  }
  call.dirty += acknowledged;
  call.reply.integer(acknowledged);
}

/** The stream at argument 2 and its group that argument 3 names; throws if either is missing. */
function groupOf(call: Call): { readonly root: Address; readonly group: Address } {
  const root = writeStream(call, 2);
  if (root === 0) throw keyMissing;
  const group = findGroup(call, root, 3);
  if (group === 0)
    throw replyError(`NOGROUP No such consumer group '${shown(call, 3)}' for key name '${shown(call, 2)}'`);
  return { root, group };
}

function groupOptions(call: Call, isCreate: boolean): GroupOptions {
  let mkStream = false;
  let entriesRead: number | bigint = -1;
  for (let i = 5; i < call.count; i++) {
    if (isCreate && call.is(i, 'mkstream')) mkStream = true;
    else if (call.is(i, 'entriesread') && i + 1 < call.count) {
      entriesRead = call.int64(++i, errors.notInteger);
      if (entriesRead < -1) throw badEntriesRead;
    } else throw subcommandSyntax('xgroup', call.text(1));
  }
  return { mkStream, entriesRead };
}

function isDollar(call: Call, index: number): boolean {
  return call.args.length[index] === 1 && call.args.bytes[call.args.at[index]!] === 0x24;
}
