/**
 * OBJECT: how a value is kept and when it was last used.
 */
import { replyError } from '../base/errors.ts';
import { parseSafe } from '../base/numbers.ts';
import type { Address } from '../memory/arena.ts';
import { ENC_INT, encodingNames } from '../store/entry.ts';
import type { Call } from './call.ts';
import { inspect } from './keys.ts';
import { type CommandRow, keyAt, type KeySpec } from './row.ts';

/** Redis shares the objects of the integers below this one and says so in REFCOUNT. */
const SHARED_INTEGERS = 10_000;
const SHARED_REFCOUNT = 2147483647;

const notLfu = replyError(
  'ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.',
);
const notLru = replyError(
  'ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.',
);

/** The entry of argument 2; without one the reply is null, already written. */
function subject(call: Call): Address {
  const entry = inspect(call, 2, true);
  if (entry === 0) call.reply.null();
  return entry;
}

function encoding(call: Call): void {
  const entry = subject(call);
  if (entry !== 0) call.reply.bulkText(encodingNames[call.store.entries.encoding(entry)]!);
}

function refcount(call: Call): void {
  const entry = subject(call);
  if (entry !== 0) call.reply.integer(referenceCount(call, entry));
}

/** As Redis would show it: it shares small integers, unless eviction needs a field of each value's own. */
export function referenceCount(call: Call, entry: Address): number {
  const { entries, space } = call.store;
  const { access } = space;
  if (entries.encoding(entry) !== ENC_INT) return 1;
  if (call.services.settings.maxmemory !== 0 && (access.usesLru || access.usesLfu)) return 1;
  const { bytes, at, length } = entries.value(entry, call.a);
  const value = parseSafe(bytes, at, length);
  return value >= 0 && value < SHARED_INTEGERS ? SHARED_REFCOUNT : 1;
}

function idletime(call: Call): void {
  const entry = subject(call);
  if (entry === 0) return;
  const { access } = call.store.space;
  if (access.usesLfu) throw notLru;
  call.reply.integer(access.idleSeconds(entry, call.now));
}

function freq(call: Call): void {
  const entry = subject(call);
  if (entry === 0) return;
  const { access } = call.store.space;
  if (!access.usesLfu) throw notLfu;
  call.reply.integer(access.frequency(entry, call.now));
}

const helpLines = [
  'OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
  'ENCODING <key>',
  '    The form in which the value is kept: int, embstr, raw, listpack, quicklist,',
  '    intset, hashtable, skiplist or stream.',
  'FREQ <key>',
  '    How often the key is used, as a logarithmic counter. Only with an LFU',
  '    maxmemory-policy.',
  'IDLETIME <key>',
  '    Seconds since the key was last used. Only without an LFU',
  '    maxmemory-policy.',
  'REFCOUNT <key>',
  '    Always 1, but for small integers, which Redis shares: 2147483647 for',
  '    those.',
  'HELP',
  '    Shows this text.',
];

function help(call: Call): void {
  call.reply.array(helpLines.length);
  for (const line of helpLines) call.reply.simple(line);
}

const secondArgument: readonly KeySpec[] = [keyAt(2, 'RO')];

function subcommand(name: string, since: string, summary: string, handler: (call: Call) => void): CommandRow {
  return {
    name: `object|${name}`,
    arity: 3,
    flags: ['readonly'],
    categories: ['keyspace'],
    keys: secondArgument,
    tips: ['nondeterministic_output'],
    group: 'generic',
    since,
    complexity: 'O(1)',
    summary,
    handler,
  };
}

export const objectCommands: readonly CommandRow[] = [
  {
    name: 'object',
    arity: -2,
    flags: [],
    categories: [],
    group: 'generic',
    since: '2.2.3',
    complexity: 'Depends on the subcommand',
    summary: 'Tells how values are kept.',
    subcommands: [
      subcommand('encoding', '2.2.3', 'Returns the encoding of a value.', encoding),
      subcommand('freq', '4.0.0', 'Returns how often a key is used.', freq),
      subcommand('idletime', '2.2.3', 'Returns the seconds since a key was last used.', idletime),
      subcommand('refcount', '2.2.3', 'Returns the reference count of a value.', refcount),
      {
        name: 'object|help',
        arity: 2,
        flags: ['loading', 'stale'],
        categories: ['keyspace'],
        group: 'generic',
        since: '6.2.0',
        complexity: 'O(1)',
        summary: 'Explains the subcommands.',
        handler: help,
      },
    ],
  },
];
