/**
 * Commands on parts of string values: ranges, appending, lengths, and the longest common subsequence.
 */
import { errors, replyError } from '../base/errors.ts';
import { keyspaceEvents } from '../base/settings.ts';
import { NOTHING } from '../base/nothing.ts';
import { TYPE_STRING } from '../store/entry.ts';
import { CommonSubsequence, lcsTableBytes } from '../store/lcs.ts';
import type { Call } from './call.ts';
import { type CommandRow, oneKey } from './row.ts';

/** Throws unless a string of this length is allowed. A master's stream is obeyed. */
function expectLength(call: Call, length: number): void {
  if (length > call.services.settings.protoMaxBulkLen && call.session.class !== 'master') throw errors.stringTooLong;
}

function append(call: Call): void {
  const { args, db } = call;
  const entry = call.writeType(1, TYPE_STRING);
  const more = args.length[2]!;
  let length = more;
  if (entry === 0) {
    db.setString(args.bytes, args.at[1]!, args.length[1]!, args.bytes, args.at[2]!, more, -1);
  } else {
    const old = call.store.strings.length(entry);
    length += old;
    expectLength(call, length);
    call.store.strings.write(db, entry, old, args.bytes, args.at[2]!, more);
  }
  call.changed(1);
  call.notify(keyspaceEvents.string, 'append', 1);
  call.reply.integer(length);
}

function setrange(call: Call): void {
  const { args, db } = call;
  const offset = call.integer(2);
  if (offset < 0) throw errors.offsetOutOfRange;
  const length = args.length[3]!;
  let entry = call.writeType(1, TYPE_STRING);
  const old = entry === 0 ? 0 : call.store.strings.length(entry);
  if (length === 0) {
    call.reply.integer(old);
    return;
  }
  expectLength(call, offset + length);
  const isNew = entry === 0;
  if (isNew) entry = db.setString(args.bytes, args.at[1]!, args.length[1]!, args.bytes, 0, 0, -1);
  try {
    call.store.strings.write(db, entry, offset, args.bytes, args.at[3]!, length);
  } catch (error) {
    // Out of memory: no empty key is left behind.
    if (isNew) db.removeEntry(entry);
    throw error;
  }
  call.changed(1);
  call.notify(keyspaceEvents.string, 'setrange', 1);
  call.reply.integer(Math.max(old, offset + length));
}

function getrange(call: Call): void {
  let start = call.integer(2);
  let end = call.integer(3);
  const entry = call.readType(1, TYPE_STRING);
  const length = entry === 0 ? 0 : call.store.strings.length(entry);
  const backwards = start < 0 && end < 0 && start > end;
  if (start < 0) start = Math.max(0, length + start);
  if (end < 0) end = Math.max(0, length + end);
  if (end >= length) end = length - 1;
  if (backwards || start > end || length === 0) {
    call.reply.bulk(call.scratch, 0, 0);
    return;
  }
  const value = call.store.entries.value(entry, call.a);
  call.reply.bulk(value.bytes, value.at + start, end - start + 1);
}

function strlen(call: Call): void {
  const entry = call.readType(1, TYPE_STRING);
  call.reply.integer(entry === 0 ? 0 : call.store.strings.length(entry));
}

const lcsErrors = {
  types: replyError('ERR The specified keys must contain string values'),
  lengthAndRanges: replyError('ERR If you want both the length and indexes, please just use IDX.'),
  memory: replyError('ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len'),
};

function lcs(call: Call): void {
  const { entries } = call.store;
  const operand = (index: number): Uint8Array => {
    const entry = call.read(index);
    if (entry === 0) return NOTHING;
    if (entries.type(entry) !== TYPE_STRING) throw lcsErrors.types;
    const value = entries.value(entry, call.a);
    return value.bytes.subarray(value.at, value.at + value.length);
  };
  const a = operand(1);
  const b = operand(2);
  let onlyLength = false;
  let ranges = false;
  let withLength = false;
  let minLength = 0;
  for (let i = 3; i < call.count; i++) {
    if (call.is(i, 'idx')) ranges = true;
    else if (call.is(i, 'len')) onlyLength = true;
    else if (call.is(i, 'withmatchlen')) withLength = true;
    else if (call.is(i, 'minmatchlen') && i + 1 < call.count) minLength = Math.max(0, call.integer(++i));
    else throw errors.syntax;
  }
  if (ranges && onlyLength) throw lcsErrors.lengthAndRanges;
  if (lcsTableBytes(a.length, b.length) > call.services.settings.protoMaxBulkLen) throw lcsErrors.memory;
  const common = new CommonSubsequence(a, b);
  if (ranges) replyRanges(call, common, minLength, withLength);
  else if (onlyLength) call.reply.integer(common.length);
  else call.reply.bulkBytes(common.bytes());
}

function replyRanges(call: Call, common: CommonSubsequence, minLength: number, withLength: boolean): void {
  const { reply } = call;
  reply.map(2);
  reply.bulkText('matches');
  const mark = reply.deferred();
  let count = 0;
  common.ranges((aFirst, aLast, bFirst, bLast) => {
    const length = aLast - aFirst + 1;
    if (length < minLength) return;
    count++;
    reply.array(withLength ? 3 : 2);
    reply.array(2);
    reply.integer(aFirst);
    reply.integer(aLast);
    reply.array(2);
    reply.integer(bFirst);
    reply.integer(bLast);
    if (withLength) reply.integer(length);
  });
  reply.endDeferred(mark, 'array', count);
  reply.bulkText('len');
  reply.integer(common.length);
}

export const stringPartCommands: readonly CommandRow[] = [
  {
    name: 'append',
    arity: 3,
    flags: ['write', 'denyoom', 'fast'],
    categories: ['string'],
    keys: oneKey('RW', 'insert'),
    group: 'string',
    since: '2.0.0',
    complexity: 'O(1), amortized over the growth of the value',
    summary: 'Appends to the value of a key and returns the new length.',
    handler: append,
  },
  {
    name: 'setrange',
    arity: 4,
    flags: ['write', 'denyoom'],
    categories: ['string'],
    keys: oneKey('RW', 'update'),
    group: 'string',
    since: '2.2.0',
    complexity: 'O(M) in the length of the argument',
    summary: 'Overwrites a value from an offset on, filling a gap with zero bytes.',
    handler: setrange,
  },
  {
    name: 'getrange',
    arity: 4,
    flags: ['readonly'],
    categories: ['string'],
    keys: oneKey('RO', 'access'),
    group: 'string',
    since: '2.4.0',
    complexity: 'O(N) in the length of the result',
    summary: 'Returns a part of the value of a key.',
    handler: getrange,
  },
  {
    name: 'substr',
    arity: 4,
    flags: ['readonly'],
    categories: ['string'],
    keys: oneKey('RO', 'access'),
    group: 'string',
    since: '1.0.0',
    complexity: 'O(N) in the length of the result',
    summary: 'Returns a part of the value of a key: the old name of GETRANGE.',
    deprecated: { since: '2.0.0', replacedBy: 'GETRANGE' },
    handler: getrange,
  },
  {
    name: 'strlen',
    arity: 2,
    flags: ['readonly', 'fast'],
    categories: ['string'],
    keys: oneKey('RO'),
    group: 'string',
    since: '2.2.0',
    complexity: 'O(1)',
    summary: 'Returns the length of the value of a key.',
    handler: strlen,
  },
  {
    name: 'lcs',
    arity: -3,
    flags: ['readonly'],
    categories: ['string'],
    keys: [{ flags: ['RO', 'access'], begin: { index: 1 }, find: { last: 1, step: 1, limit: 0 } }],
    group: 'string',
    since: '7.0.0',
    complexity: 'O(N*M) in the lengths of the two values',
    summary: 'Finds the longest common subsequence of two values.',
    handler: lcs,
  },
];
