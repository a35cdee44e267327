/** DEBUG OBJECT, LISTPACK, QUICKLIST, HTSTATS, HTSTATS-KEY: how values lie in memory. */
import { errors, replyError } from '../base/errors.ts';
import { type Address, byteOf, segmentOf } from '../memory/arena.ts';
import type { Dict } from '../memory/dict.ts';
import * as listpack from '../memory/listpack.ts';
import * as node from '../memory/quicklist-node.ts';
import { RdbWriter } from '../rdb/write.ts';
import { EntryEncoder } from '../snapshot/encode.ts';
import {
  ENC_HASHTABLE,
  ENC_HASHTABLE_EX,
  ENC_INT,
  ENC_LISTPACK,
  ENC_QUICKLIST,
  ENC_SKIPLIST,
  encodingNames,
  TYPE_HASH,
  TYPE_STRING,
} from '../store/entry.ts';
import type { Call } from './call.ts';
import { referenceCount } from './object.ts';

const notListpack = replyError('ERR Not a listpack encoded object.');
const notQuicklist = replyError('ERR Not a quicklist encoded object.');
const noTable = replyError('ERR The value stored at the specified key is not represented using an hash table');
const noDatabase = replyError('ERR Out of range database');

/** The entry of the key at argument 2; throws if there is none. Access times stay as they are. */
function entryOf(call: Call): Address {
  const { args, db } = call;
  const entry = db.peek(args.bytes, args.at[2]!, args.length[2]!);
  if (entry === 0) throw errors.noSuchKey;
  return entry;
}

export function debugObject(call: Call): void {
  const { space, entries } = call.store;
  const entry = entryOf(call);
  const lru = entries.lru(entry);
  const idle = space.access.idleSeconds(entry, call.now);
  const address = (entry * 16).toString(16);
  call.reply.simple(
    `Value at:0x${address} refcount:${referenceCount(call, entry)} encoding:${encodingNames[entries.encoding(entry)]!}` +
      ` serializedlength:${serializedLength(call, entry)} lru:${lru} lru_seconds_idle:${idle}${quicklistFacts(call, entry)}`,
  );
}

/** Bytes of the value in an RDB file. */
function serializedLength(call: Call, entry: Address): number {
  const record = new RdbWriter(() => true, { checksum: false, compress: call.services.settings.rdbcompression });
  new EntryEncoder(call.store.space, record).object(entry);
  return record.bytesWritten - 1;
}

function quicklistFacts(call: Call, entry: Address): string {
  const { space, entries } = call.store;
  if (entries.encoding(entry) !== ENC_QUICKLIST) return '';
  const { arena } = space;
  const header = entries.ref(entry);
  space.lists.settle(header);
  let bytes = 0;
  for (let n = node.headNode(arena, header); n !== 0; n = node.nextNode(arena, n))
    bytes += node.isPlain(arena, n) ? node.plainLength(arena, n) : listpack.totalBytes(arena, node.nodeData(arena, n));
  const nodes = node.word(arena, header, node.NODES);
  const average = (space.lists.count(header) / nodes).toFixed(2);
  return (
    ` ql_nodes:${nodes} ql_avg_node:${average} ql_listpack_max:${call.services.settings.listMaxListpackSize}` +
    ` ql_compressed:0 ql_uncompressed_size:${bytes}`
  );
}

export function debugListpack(call: Call): void {
  if (call.store.entries.encoding(entryOf(call)) !== ENC_LISTPACK) throw notListpack;
  call.reply.simple('The value is a listpack; its content is not printed');
}

const notString = replyError('ERR Not an sds encoded string.');

/** SDSLEN: what fits into a block without moving it counts as available. */
export function debugLengths(call: Call): void {
  const { space, entries } = call.store;
  const entry = entryOf(call);
  const encoding = entries.encoding(entry);
  if (entries.type(entry) !== TYPE_STRING || encoding === ENC_INT) throw notString;
  const key = entries.keyLength(entry);
  const head = entries.keyStart(entry) - byteOf(entry);
  const home = entries.home(entry);
  const value = entries.ref(home);
  const room = space.arena.capacity(home) - (entries.valueStart(home) - byteOf(home));
  call.reply.simple(
    `key_sds_len:${key}, key_sds_avail:0, key_zmalloc: ${head + key}, ` +
      `val_sds_len:${value}, val_sds_avail:${room - value}, val_zmalloc: ${room}`,
  );
}

export function debugQuicklist(call: Call): void {
  if (call.store.entries.encoding(entryOf(call)) !== ENC_QUICKLIST) throw notQuicklist;
  call.reply.simple('The value is a quicklist; its content is not printed');
}

export function hashTableStats(call: Call): void {
  const index = call.integer(2);
  const db = call.store.space.databases[index];
  if (index < 0 || db === undefined) throw noDatabase;
  call.reply.verbatim(
    `[Dictionary HT]\n${tableText(db.size, undefined)}[Expires HT]\n${tableText(db.expiring, undefined)}`,
  );
}

export function valueTableStats(call: Call): void {
  const { space, entries } = call.store;
  const entry = entryOf(call);
  const encoding = entries.encoding(entry);
  const ref = entries.ref(entry);
  if (encoding === ENC_HASHTABLE) {
    const dict: Dict = entries.type(entry) === TYPE_HASH ? space.fields : space.members;
    call.reply.verbatim(tableText(dict.count(ref), dict.buckets(ref)));
  } else if (encoding === ENC_HASHTABLE_EX) {
    const dict = space.fieldDeadlines.fields(ref);
    call.reply.verbatim(tableText(space.fields.count(dict), space.fields.buckets(dict)));
  } else if (encoding === ENC_SKIPLIST) {
    const dict = space.arena.u32[segmentOf(ref)]![byteOf(ref) >>> 2]!;
    call.reply.verbatim(tableText(space.scored.count(dict), space.scored.buckets(dict)));
  } else throw noTable;
}

function tableText(elements: number, buckets: number | undefined): string {
  const head = 'Hash table 0 stats (main hash table):\n';
  if (elements === 0) return `${head}No stats available for empty dictionaries\n`;
  const size = buckets === undefined ? '' : ` table size: ${buckets}\n`;
  return `${head}${size} number of elements: ${elements}\n`;
}
