/**
 * BITFIELD and BITFIELD_RO: a string as an array of integers of any width. All operations are parsed before the first one
 * runs, so an error leaves the key alone.
 */
import { errors } from '../base/errors.ts';
import { parseSafe } from '../base/numbers.ts';
import { keyspaceEvents } from '../base/settings.ts';
import { assigned, FAIL, type FieldType, increased, SAT, WRAP } from '../store/bit-fields.ts';
import { TYPE_STRING } from '../store/entry.ts';
import { bitOffset, makeRoom } from './bits-room.ts';
import type { Call } from './call.ts';
import { type CommandRow, oneKey } from './row.ts';

interface Operation {
  readonly kind: 'get' | 'set' | 'incrby';
  readonly type: FieldType;
  readonly offset: number;
  /** The value of SET, the increment of INCRBY. */
  readonly operand: number | bigint;
  readonly overflow: number;
}

function fieldType(call: Call, index: number): FieldType {
  const { args } = call;
  const at = args.at[index]!;
  const letter = args.length[index] === 0 ? 0 : args.bytes[at]!;
  const signed = letter === 0x69;
  const bits = parseSafe(args.bytes, at + 1, Math.max(0, args.length[index]! - 1));
  if ((!signed && letter !== 0x75) || !(bits >= 1 && bits <= (signed ? 64 : 63))) throw errors.bitfieldType;
  return { signed, bits };
}

function overflowMode(call: Call, index: number): number {
  if (call.is(index, 'wrap')) return WRAP;
  if (call.is(index, 'sat')) return SAT;
  if (call.is(index, 'fail')) return FAIL;
  throw errors.overflowType;
}

function parse(call: Call): Operation[] {
  const operations: Operation[] = [];
  let overflow = WRAP;
  for (let i = 2; i < call.count;) {
    const left = call.count - i - 1;
    if (call.is(i, 'overflow') && left >= 1) {
      overflow = overflowMode(call, i + 1);
      i += 2;
      continue;
    }
    let kind: Operation['kind'];
    if (call.is(i, 'get') && left >= 2) kind = 'get';
    else if (call.is(i, 'set') && left >= 3) kind = 'set';
    else if (call.is(i, 'incrby') && left >= 3) kind = 'incrby';
    else throw errors.syntax;
    const type = fieldType(call, i + 1);
    const offset = bitOffset(call, i + 2, type.bits);
    const operand = kind === 'get' ? 0 : call.int64(i + 3);
    operations.push({ kind, type, offset, operand, overflow });
    i += kind === 'get' ? 3 : 4;
  }
  return operations;
}

function replyField(call: Call, field: number | bigint): void {
  if (typeof field === 'number') call.reply.integer(field);
  else call.reply.bigInteger(field);
}

function read(call: Call, operations: readonly Operation[]): void {
  const entry = call.readType(1, TYPE_STRING);
  call.reply.array(operations.length);
  for (const { offset, type } of operations) replyField(call, call.store.bitFields.read(entry, offset, type));
}

function write(call: Call, operations: readonly Operation[], end: number): void {
  const { bitFields, strings } = call.store;
  const old = call.writeType(1, TYPE_STRING);
  const length = old === 0 ? -1 : strings.length(old);
  const entry = makeRoom(call, old, end);
  const longer = strings.length(entry) !== length;
  let changes = 0;
  call.reply.array(operations.length);
  for (const { kind, offset, operand, overflow, type } of operations) {
    const before = bitFields.read(entry, offset, type);
    if (kind === 'get') {
      replyField(call, before);
      continue;
    }
    const field = kind === 'set' ? assigned(operand, type, overflow) : increased(before, operand, type, overflow);
    if (field === undefined) {
      call.reply.null();
      continue;
    }
    bitFields.write(entry, offset, type, field);
    replyField(call, kind === 'set' ? before : field);
    // Either may be a bigint where the other is a number.
    if (longer || BigInt(before) !== BigInt(field)) changes++;
  }
  // A value that only grew, because every operation failed, is told as well: replicas must hold the same bytes.
  if (changes > 0 || longer) call.changed(1, Math.max(1, changes));
  if (changes > 0) call.notify(keyspaceEvents.string, 'setbit', 1);
}

function bitfield(call: Call): void {
  const operations = parse(call);
  let end = -1;
  for (const { kind, offset, type } of operations) if (kind !== 'get') end = Math.max(end, offset + type.bits - 1);
  if (end < 0) read(call, operations);
  else write(call, operations, end);
}

function bitfieldRo(call: Call): void {
  const operations = parse(call);
  if (operations.some(({ kind }) => kind !== 'get')) throw errors.bitfieldReadOnly;
  read(call, operations);
}

export const bitFieldCommands: readonly CommandRow[] = [
  {
    name: 'bitfield',
    arity: -2,
    flags: ['write', 'denyoom'],
    categories: ['bitmap'],
    keys: [
      {
        flags: ['RW', 'access', 'update', 'variable_flags'],
        begin: { index: 1 },
        find: { last: 0, step: 1, limit: 0 },
        notes: 'This command allows both access and modification of the key',
      },
    ],
    group: 'bitmap',
    since: '3.2.0',
    complexity: 'O(1) for each operation',
    summary: 'Reads, sets and increments integers of any width in a string.',
    handler: bitfield,
  },
  {
    name: 'bitfield_ro',
    arity: -2,
    flags: ['readonly', 'fast'],
    categories: ['bitmap'],
    keys: oneKey('RO', 'access'),
    group: 'bitmap',
    since: '6.0.0',
    complexity: 'O(1) for each operation',
    summary: 'Reads integers of any width in a string.',
    handler: bitfieldRo,
  },
];
