/**
 * Expiry of hash fields: the HEXPIRE family of Redis 7.4. Replies are arrays with a number for each field. Replicas get
 * HPEXPIREAT with the fields that were changed and the time in ms; a time that is past deletes the field, which they get
 * as HDEL.
 */
import { TYPE_HASH } from '../store/entry.ts';
import type { Call } from './call.ts';
import { exactTime, EX, EXAT, isPast, PX, PXAT, type TimeFormat } from './expiry-time.ts';
import { FieldChanges } from './hash-field-changes.ts';
import { fieldExpiryArgument, fieldsNotAboveZero, fieldsNotPositive, firstField } from './hash-field-arguments.ts';
import { writeHash } from './hash-lookup.ts';
import { type CommandRow, oneKey } from './row.ts';

// What is said of a field.
const NO_FIELD = -2;
const NO_EXPIRY = -1;
const NOT_MET = 0;
const DONE = 1;
const DELETED = 2;

const conditions = ['nx', 'xx', 'gt', 'lt'] as const;
type Condition = (typeof conditions)[number];

/** Whether the condition lets the new expiry replace the present one (-1: none). */
function allows(condition: Condition | undefined, present: number, expiryMs: number): boolean {
  switch (condition) {
    case 'nx':
      return present < 0;
    case 'xx':
      return present >= 0;
    case 'gt':
      return present >= 0 && expiryMs > present;
    case 'lt':
      return present < 0 || expiryMs < present;
    default:
      return true;
  }
}

function setExpiries(call: Call, format: TimeFormat): void {
  const { args, reply, db } = call;
  const { hashes } = call.store;
  call.writeType(1, TYPE_HASH);
  const expiry = fieldExpiryArgument(call, 2, format);
  const condition = conditions.find((word) => call.is(3, word));
  const first = firstField(call, condition === undefined ? 3 : 4, fieldsNotAboveZero);
  let entry = writeHash(call, first, 1);
  const past = isPast(call, expiry);
  const changes = new FieldChanges(call);
  reply.array(args.count - first);
  try {
    for (let i = first; i < args.count; i++) {
      const at = args.at[i]!;
      const length = args.length[i]!;
      const present = entry === 0 ? NO_FIELD : hashes.expiry(entry, args.bytes, at, length);
      if (present === NO_FIELD) reply.integer(NO_FIELD);
      else if (!allows(condition, present, expiry)) reply.integer(NOT_MET);
      else if (past) {
        entry = changes.remove(entry, i);
        reply.integer(DELETED);
      } else {
        hashes.setExpiry(db, entry, args.bytes, at, length, expiry);
        changes.updated.push(i);
        reply.integer(DONE);
      }
    }
  } finally {
    changes.count();
    changes.propagate('HPEXPIREAT', [String(exactTime(expiry)), ...(condition === undefined ? [] : [3])]);
  }
  changes.notify('hexpire');
}

function hexpire(call: Call): void {
  setExpiries(call, EX);
}

function hpexpire(call: Call): void {
  setExpiries(call, PX);
}

function hexpireat(call: Call): void {
  setExpiries(call, EXAT);
}

function hpexpireat(call: Call): void {
  setExpiries(call, PXAT);
}

function replyTimes(call: Call, { seconds, relative }: TimeFormat): void {
  const { args, reply } = call;
  const { hashes } = call.store;
  const entry = call.readType(1, TYPE_HASH);
  const first = firstField(call, 2, fieldsNotPositive);
  reply.array(args.count - first);
  for (let i = first; i < args.count; i++) {
    const expiry = entry === 0 ? NO_FIELD : hashes.expiry(entry, args.bytes, args.at[i]!, args.length[i]!);
    if (expiry < 0) {
      reply.integer(expiry);
      continue;
    }
    const ms = relative ? Math.max(0, expiry - call.now) : expiry;
    // The last part of a second is one, unlike with TTL.
    reply.integer(seconds ? Math.ceil(ms / 1000) : ms);
  }
}

function httl(call: Call): void {
  replyTimes(call, EX);
}

function hpttl(call: Call): void {
  replyTimes(call, PX);
}

function hexpiretime(call: Call): void {
  replyTimes(call, EXAT);
}

function hpexpiretime(call: Call): void {
  replyTimes(call, PXAT);
}

function hpersist(call: Call): void {
  const { args, reply, db } = call;
  const { hashes } = call.store;
  call.writeType(1, TYPE_HASH);
  const first = firstField(call, 2, fieldsNotPositive);
  const entry = writeHash(call, first, 1);
  const changes = new FieldChanges(call);
  reply.array(args.count - first);
  try {
    for (let i = first; i < args.count; i++) {
      const present = entry === 0 ? NO_FIELD : hashes.expiry(entry, args.bytes, args.at[i]!, args.length[i]!);
      if (present < 0) {
        reply.integer(present);
        continue;
      }
      hashes.setExpiry(db, entry, args.bytes, args.at[i]!, args.length[i]!, NO_EXPIRY);
      changes.updated.push(i);
      reply.integer(DONE);
    }
  } finally {
    changes.count();
    changes.propagate('HPERSIST', []);
  }
  changes.notify('hpersist');
}

interface Facts {
  readonly name: string;
  readonly summary: string;
  readonly handler: (call: Call) => void;
}

const common = {
  categories: ['hash'],
  group: 'hash',
  since: '7.4.0',
  complexity: 'O(N) for N fields named.',
} as const;

function setter(facts: Facts): CommandRow {
  return { ...common, ...facts, arity: -6, flags: ['write', 'denyoom', 'fast'], keys: oneKey('RW', 'update') };
}

function getter(facts: Facts, tips: readonly string[] = []): CommandRow {
  return { ...common, ...facts, arity: -5, flags: ['readonly', 'fast'], keys: oneKey('RO', 'access'), tips };
}

const changing = ['nondeterministic_output'];

export const hashExpiryCommands: readonly CommandRow[] = [
  setter({ name: 'hexpire', summary: 'Sets the seconds that hash fields have to live.', handler: hexpire }),
  setter({ name: 'hpexpire', summary: 'Sets the milliseconds that hash fields have to live.', handler: hpexpire }),
  setter({ name: 'hexpireat', summary: 'Sets the expiry of hash fields as Unix seconds.', handler: hexpireat }),
  setter({ name: 'hpexpireat', summary: 'Sets the expiry of hash fields as Unix milliseconds.', handler: hpexpireat }),
  getter({ name: 'httl', summary: 'Returns the seconds that hash fields have to live.', handler: httl }, changing),
  getter(
    { name: 'hpttl', summary: 'Returns the milliseconds that hash fields have to live.', handler: hpttl },
    changing,
  ),
  getter({ name: 'hexpiretime', summary: 'Returns the expiry of hash fields as Unix seconds.', handler: hexpiretime }),
  getter({
    name: 'hpexpiretime',
    summary: 'Returns the expiry of hash fields as Unix milliseconds.',
    handler: hpexpiretime,
  }),
  {
    ...common,
    name: 'hpersist',
    arity: -5,
    flags: ['write', 'fast'],
    keys: oneKey('RW', 'update'),
    summary: 'Removes the expiry of hash fields.',
    handler: hpersist,
  },
];
