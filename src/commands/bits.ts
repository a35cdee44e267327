/**
 * Bitmaps: strings as arrays of bits, numbered from the highest bit of the first byte. BITFIELD is in bits-fields.ts.
 */
import { errors } from '../base/errors.ts';
import { keyspaceEvents } from '../base/settings.ts';
import type { Address } from '../memory/arena.ts';
import { AND, NOT, OR, XOR } from '../store/bits.ts';
import { TYPE_STRING } from '../store/entry.ts';
import { bitOffset, makeRoom } from './bits-room.ts';
import type { Call } from './call.ts';
import { type CommandRow, keyAt, keysFrom, oneKey } from './row.ts';

function setbit(call: Call): void {
  const { bits, strings } = call.store;
  const offset = bitOffset(call, 2);
  const on = call.integer(3, errors.bitNotBit);
  if (on !== 0 && on !== 1) throw errors.bitNotBit;
  const old = call.writeType(1, TYPE_STRING);
  const length = old === 0 ? -1 : strings.length(old);
  const entry = makeRoom(call, old, offset);
  const before = bits.set(entry, offset, on);
  if (before !== on || strings.length(entry) !== length) {
    call.changed(1);
    call.notify(keyspaceEvents.string, 'setbit', 1);
  }
  call.reply.integer(before);
}

function getbit(call: Call): void {
  const offset = bitOffset(call, 2);
  const entry = call.readType(1, TYPE_STRING);
  call.reply.integer(entry === 0 ? 0 : call.store.bits.get(entry, offset));
}

interface BitRange {
  readonly first: number;
  readonly last: number;
}

/** Bits of the unit that the argument at `at`, which may be missing, names. */
function unitOf(call: Call, at: number): number {
  if (call.count <= at || call.is(at, 'byte')) return 8;
  if (call.is(at, 'bit')) return 1;
  throw errors.syntax;
}

/** A range in units of `unit` bits, negative ends counted from the end of the value, as bits; undefined if it is empty. */
function rangeOf(start: number, end: number, unit: number, length: number): BitRange | undefined {
  const total = (length * 8) / unit;
  const first = start < 0 ? Math.max(0, total + start) : start;
  const last = Math.min(end < 0 ? Math.max(0, total + end) : end, total - 1);
  return first > last ? undefined : { first: first * unit, last: last * unit + unit - 1 };
}

function bitcount(call: Call): void {
  const entry = call.readType(1, TYPE_STRING);
  // A missing key is empty whatever the other arguments say.
  if (entry === 0) {
    call.reply.integer(0);
    return;
  }
  if (call.count === 3 || call.count > 5) throw errors.syntax;
  const whole = call.count === 2;
  const start = whole ? 0 : call.integer(2);
  const end = whole ? -1 : call.integer(3);
  // Such a range is empty even where both ends lie before the value, and whatever its unit is called.
  const backwards = start < 0 && end < 0 && start > end;
  const range = backwards ? undefined : rangeOf(start, end, unitOf(call, 4), call.store.strings.length(entry));
  call.reply.integer(range === undefined ? 0 : call.store.bits.count(entry, range.first, range.last));
}

function bitpos(call: Call): void {
  const bit = call.integer(2);
  if (bit !== 0 && bit !== 1) throw errors.bitArgument;
  const entry = call.readType(1, TYPE_STRING);
  if (entry === 0) {
    call.reply.integer(bit === 1 ? -1 : 0);
    return;
  }
  if (call.count > 6) throw errors.syntax;
  const length = call.store.strings.length(entry);
  const start = call.count > 3 ? call.integer(3) : 0;
  const unit = unitOf(call, 5);
  const end = call.count > 4 ? call.integer(4) : -1;
  const range = rangeOf(start, end, unit, length);
  if (range === undefined) {
    call.reply.integer(-1);
    return;
  }
  const found = call.store.bits.position(entry, bit, range.first, range.last);
  // Without an end, zeros follow the value.
  call.reply.integer(found < 0 && bit === 0 && call.count < 5 ? length * 8 : found);
}

function operationOf(call: Call): number {
  if (call.is(1, 'and')) return AND;
  if (call.is(1, 'or')) return OR;
  if (call.is(1, 'xor')) return XOR;
  if (call.is(1, 'not')) return NOT;
  throw errors.syntax;
}

function bitop(call: Call): void {
  const { args } = call;
  const operation = operationOf(call);
  if (operation === NOT && call.count !== 4) throw errors.bitopNot;
  const sources: Address[] = [];
  for (let i = 3; i < call.count; i++) sources.push(call.readType(i, TYPE_STRING));
  const result = call.store.bits.combine(operation, sources);
  if (result.length === 0) {
    if (call.write(2) !== 0) {
      call.removeKey(2);
      call.changed(2);
      call.notifyDeleted(2);
    }
  } else {
    call.db.setString(args.bytes, args.at[2]!, args.length[2]!, result, 0, result.length, -1);
    call.changed(2);
    call.notify(keyspaceEvents.string, 'set', 2);
  }
  call.reply.integer(result.length);
}

export const bitmapCommands: readonly CommandRow[] = [
  {
    name: 'setbit',
    arity: 4,
    flags: ['write', 'denyoom'],
    categories: ['bitmap'],
    keys: oneKey('RW', 'access', 'update'),
    group: 'bitmap',
    since: '2.2.0',
    complexity: 'O(1)',
    summary: 'Sets or clears one bit of a string and returns what it was.',
    handler: setbit,
  },
  {
    name: 'getbit',
    arity: 3,
    flags: ['readonly', 'fast'],
    categories: ['bitmap'],
    keys: oneKey('RO', 'access'),
    group: 'bitmap',
    since: '2.2.0',
    complexity: 'O(1)',
    summary: 'Returns one bit of a string.',
    handler: getbit,
  },
  {
    name: 'bitcount',
    arity: -2,
    flags: ['readonly'],
    categories: ['bitmap'],
    keys: oneKey('RO', 'access'),
    group: 'bitmap',
    since: '2.6.0',
    complexity: 'O(N)',
    summary: 'Counts the bits that are 1 in a string or a range of it.',
    handler: bitcount,
  },
  {
    name: 'bitpos',
    arity: -3,
    flags: ['readonly'],
    categories: ['bitmap'],
    keys: oneKey('RO', 'access'),
    group: 'bitmap',
    since: '2.8.7',
    complexity: 'O(N)',
    summary: 'Finds the first bit that is 1, or that is 0.',
    handler: bitpos,
  },
  {
    name: 'bitop',
    arity: -4,
    flags: ['write', 'denyoom'],
    categories: ['bitmap'],
    keys: [keyAt(2, 'OW', 'update'), keysFrom(3, 'RO', 'access')],
    group: 'bitmap',
    since: '2.6.0',
    complexity: 'O(N)',
    summary: 'Combines strings bit by bit and stores the result.',
    handler: bitop,
  },
];
