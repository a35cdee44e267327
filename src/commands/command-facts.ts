/**
 * What a row implies: facts that Redis shows but nobody writes down, because they follow from flags and key
 * specifications.
 */
import type { CommandRow } from './row.ts';

/** Every ACL category there is, in the order of ACL CAT. */
export const categories: readonly string[] = [
  ...['keyspace', 'read', 'write', 'set', 'sortedset', 'list', 'hash', 'string', 'bitmap', 'hyperloglog', 'geo'],
  ...['stream', 'pubsub', 'admin', 'fast', 'slow', 'blocking', 'dangerous', 'connection', 'transaction', 'scripting'],
];

/** ACL categories with '@', those of the flags included, in the order of ACL CAT. */
export function categoriesOf(row: CommandRow): readonly string[] {
  const has = (flag: CommandRow['flags'][number]): boolean => row.flags.includes(flag);
  const names = new Set(row.categories);
  if (has('write')) names.add('write');
  if (has('readonly') && !names.has('scripting')) names.add('read');
  if (has('admin')) names.add('admin').add('dangerous');
  if (has('pubsub')) names.add('pubsub');
  if (has('blocking')) names.add('blocking');
  names.add(has('fast') ? 'fast' : 'slow');
  return categories.filter((name) => names.has(name)).map((name) => `@${name}`);
}

export interface LegacyRange {
  readonly first: number;
  /** Negative: from the end. */
  readonly last: number;
  readonly step: number;
  /** The range does not tell of all keys. */
  readonly movable: boolean;
}

/** First key, last key and step, as COMMAND showed them before there were key specifications. */
export function legacyRange(row: CommandRow): LegacyRange {
  const specs = row.keys ?? [];
  const none: LegacyRange = { first: 0, last: 0, step: 0, movable: specs.length > 0 };
  let first = 0;
  let last = 0;
  let step = 0;
  let movable = false;
  for (const spec of specs) {
    const { begin, find } = spec;
    const plain = begin !== 'unknown' && 'index' in begin && find !== 'unknown' && 'last' in find;
    // A later range counts only if it goes on where the one before it ended.
    if (!plain || (specs.length > 1 && find.step !== 1) || (first > 0 && last !== begin.index - 1)) {
      movable = true;
      continue;
    }
    if (spec.flags.includes('incomplete')) movable = true;
    if (first === 0) first = begin.index;
    last = find.last >= 0 ? begin.index + find.last : find.last;
    step = find.step;
  }
  return first === 0 ? none : { first, last, step, movable };
}
