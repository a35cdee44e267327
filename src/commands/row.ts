/**
 * A command is one row: from it come dispatch, arity, gates, propagation, COMMAND and COMMAND DOCS, ACL categories,
 * key extraction and the reference page. Adding a command is adding a row to its family's file and a lockstep test.
 * Flags, categories and key specifications carry the names COMMAND INFO shows.
 */
import type { Args } from '../resp/args.ts';
import type { Call } from './call.ts';
import type { Services } from './services.ts';
import type { Protection } from './protected.ts';

export type CommandFlag =
  | 'write'
  | 'readonly'
  | 'denyoom'
  | 'admin'
  | 'pubsub'
  | 'noscript'
  | 'blocking'
  | 'loading'
  | 'stale'
  | 'skip_monitor'
  | 'skip_slowlog'
  | 'fast'
  | 'no_auth'
  | 'may_replicate'
  | 'no_multi'
  | 'movablekeys'
  | 'allow_busy'
  | 'asking'
  | 'no_async_loading'
  | 'no_mandatory_keys';

export type KeySpecFlag =
  | 'RO'
  | 'RW'
  | 'OW'
  | 'RM'
  | 'access'
  | 'update'
  | 'insert'
  | 'delete'
  | 'not_key'
  | 'incomplete'
  | 'variable_flags';

/** Where a command's keys are. */
export interface KeySpec {
  readonly flags: readonly KeySpecFlag[];
  /**
   * Start: an argument index, or the position after a keyword searched from an index (backwards from the end if negative).
   * 'unknown': no rule says it; commands/keys-of.ts knows.
   */
  readonly begin: { readonly index: number } | { readonly keyword: string; readonly startFrom: number } | 'unknown';
  /** From the start: a range (`last` relative to the start, negative from the end; `limit` as Redis), or a count argument. */
  readonly find:
    | { readonly last: number; readonly step: number; readonly limit: number }
    | { readonly keynumIndex: number; readonly firstKey: number; readonly step: number }
    | 'unknown';
  readonly notes?: string;
}

export type CommandGroup =
  | 'generic'
  | 'string'
  | 'list'
  | 'set'
  | 'sorted-set'
  | 'hash'
  | 'geo'
  | 'bitmap'
  | 'hyperloglog'
  | 'stream'
  | 'connection'
  | 'server'
  | 'transactions'
  | 'pubsub'
  | 'scripting'
  | 'cluster';

export interface CommandRow {
  /** Lower case; a subcommand's is "container|sub". */
  readonly name: string;
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  /** ACL categories beyond those the flags imply, without '@'. */
  readonly categories: readonly string[];
  readonly keys?: readonly KeySpec[];
  readonly tips?: readonly string[];
  readonly group: CommandGroup;
  readonly since: string;
  readonly complexity: string;
  readonly summary: string;
  /** Shown by COMMAND DOCS. */
  readonly deprecated?: { readonly since: string; readonly replacedBy: string };
  /** Arguments that MONITOR and SLOWLOG must not show, by index; some may be beyond the last one. */
  readonly secrets?: (args: Args, services: Services) => readonly number[];
  /** It meets keys that nobody named: what it propagates (deletions of expired ones) is no transaction. */
  readonly anyKeys?: true;
  /** It is off unless this directive allows it. */
  readonly protection?: Protection;
  /** Absent only for containers, which dispatch to their subcommands. */
  readonly handler?: (call: Call) => void;
  readonly subcommands?: readonly CommandRow[];
}

/** One key at an argument. */
export function keyAt(index: number, ...flags: readonly KeySpecFlag[]): KeySpec {
  return { flags, begin: { index }, find: { last: 0, step: 1, limit: 0 } };
}

/** Keys from an argument to the end. */
export function keysFrom(index: number, ...flags: readonly KeySpecFlag[]): KeySpec {
  return { flags, begin: { index }, find: { last: -1, step: 1, limit: 0 } };
}

/** As many keys as an argument says, behind it. */
export function keysCountedAt(index: number, ...flags: readonly KeySpecFlag[]): KeySpec {
  return { flags, begin: { index }, find: { keynumIndex: 0, firstKey: 1, step: 1 } };
}

/** One key at argument 1. */
export function oneKey(...flags: readonly KeySpecFlag[]): readonly KeySpec[] {
  return [keyAt(1, ...flags)];
}

/** Keys from argument 1 to the end, every `step`-th. */
export function manyKeys(step: number, ...flags: readonly KeySpecFlag[]): readonly KeySpec[] {
  return [{ flags, begin: { index: 1 }, find: { last: -1, step, limit: 0 } }];
}
