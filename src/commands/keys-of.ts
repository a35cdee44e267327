/**
 * Which arguments of a command are keys, and what the command does to each: from the key specifications of its row, and
 * for the few commands whose options decide, from a function here. Serves COMMAND GETKEYS, ACL checks and tracking; off the hot path.
 */
import { parseSafe } from '../base/numbers.ts';
import type { Args } from '../resp/args.ts';
import type { CommandRow, KeySpec, KeySpecFlag } from './row.ts';

export interface KeyPosition {
  /** Argument index. */
  readonly index: number;
  /** What the command does to this key; without 'variable_flags' and 'incomplete'. */
  readonly flags: readonly KeySpecFlag[];
}

/** The keys among `args`, in order; empty if there are none; undefined if the arguments make no sense. */
export function keysOf(row: CommandRow, args: Args): readonly KeyPosition[] | undefined {
  const special = specialRules[row.name];
  const specs = row.keys ?? [];
  if (specs.some((spec) => spec.flags.includes('variable_flags')) && special !== undefined) return special(args);
  return bySpecs(specs, args) ?? special?.(args);
}

/** Whether any of its arguments can be a key. */
export function takesKeys(row: CommandRow): boolean {
  return row.keys?.some((spec) => !spec.flags.includes('not_key')) === true;
}

function bySpecs(specs: readonly KeySpec[], args: Args): KeyPosition[] | undefined {
  const keys: KeyPosition[] = [];
  for (const spec of specs) {
    if (spec.flags.includes('incomplete') || spec.begin === 'unknown') return undefined;
    const first = begin(spec, args);
    if (first === undefined) continue;
    const range = find(spec, first, args);
    if (range === undefined) return undefined;
    const flags = spec.flags.filter((flag) => flag !== 'variable_flags');
    for (let index = range.first; index <= range.last; index += range.step) keys.push({ index, flags });
  }
  return keys;
}

/** Index of the first argument that the specification is about; undefined if its keyword is absent. */
function begin(spec: KeySpec, args: Args): number | undefined {
  const { begin } = spec;
  if (begin === 'unknown') return undefined;
  if ('index' in begin) return begin.index;
  const word = begin.keyword.toLowerCase();
  if (begin.startFrom > 0) {
    for (let i = begin.startFrom; i < args.count - 1; i++) if (args.is(i, word)) return i + 1;
  } else {
    for (let i = args.count + begin.startFrom; i > 1; i--) if (args.is(i, word)) return i + 1;
  }
  return undefined;
}

function find(
  spec: KeySpec,
  start: number,
  args: Args,
): { readonly first: number; readonly last: number; readonly step: number } | undefined {
  const { find } = spec;
  if (find === 'unknown') return undefined;
  const count = args.count;
  let first = start;
  let last: number;
  if ('last' in find) {
    if (find.last >= 0) last = first + find.last;
    else if (find.limit === 0) last = count + find.last;
    else last = first + Math.floor((count - first) / find.limit) + find.last;
  } else {
    const at = start + find.keynumIndex;
    if (at >= count) return undefined;
    const keys = parseSafe(args.bytes, args.at[at]!, args.length[at]!);
    if (!(keys >= 0)) return undefined;
    first = start + find.firstKey;
    last = first + (keys - 1) * find.step;
  }
  if (first >= count || last >= count || last < first) return undefined;
  return { first, last, step: find.step };
}

/** Commands whose options decide where keys are or what happens to them. */
const specialRules: { readonly [name: string]: (args: Args) => readonly KeyPosition[] | undefined } = {
  set: (args) => {
    for (let i = 3; i < args.count; i++)
      if (args.is(i, 'get')) return [{ index: 1, flags: ['RW', 'access', 'update'] }];
    return [{ index: 1, flags: ['OW', 'update'] }];
  },
  bitfield: (args) => {
    let i = 2;
    while (i < args.count) {
      if (args.is(i, 'get') && i + 2 < args.count) i += 3;
      else if (args.is(i, 'overflow') && i + 1 < args.count) i += 2;
      else return [{ index: 1, flags: ['RW', 'access', 'update'] }];
    }
    return [{ index: 1, flags: ['RO', 'access'] }];
  },
  sort: sortKeys,
  sort_ro: (args) => sortKeys(args).slice(0, 1),
  migrate: migrateKeys,
};

function sortKeys(args: Args): KeyPosition[] {
  const keys: KeyPosition[] = [{ index: 1, flags: ['RO', 'access'] }];
  for (let i = 2; i < args.count; i++) {
    if (args.is(i, 'limit')) i += 2;
    else if (args.is(i, 'get') || args.is(i, 'by')) i++;
    else if (args.is(i, 'store') && i + 1 < args.count) keys[1] = { index: ++i, flags: ['OW', 'update'] };
  }
  return keys;
}

/** The key before the options, or those after KEYS; a password or user called KEYS is none of the options. */
function migrateKeys(args: Args): KeyPosition[] {
  const flags: readonly KeySpecFlag[] = ['RW', 'access', 'delete'];
  for (let i = 6; i + 1 < args.count; i++) {
    if (args.is(i, 'auth')) i++;
    else if (args.is(i, 'auth2')) i += 2;
    else if (args.is(i, 'keys')) {
      if (args.length[3]! > 0) return [];
      return Array.from({ length: args.count - i - 1 }, (_, k) => ({ index: i + 1 + k, flags }));
    }
  }
  return [{ index: 3, flags }];
}
