/**
 * Unions, intersections and differences of sorted sets and sets (whose members count with score 1), as ZUNIONSTORE and its
 * kin compute them. Scores are combined in the order in which Redis does, smallest source first, because sums of doubles
 * depend on it; a result that would be NaN is 0.
 *
 * Sources are entries found before; nothing here changes them. A set named twice is one entry, and is never looked up while
 * it is walked: a lookup may move its table's buckets.
 */
import type { Address } from '../memory/arena.ts';
import { ENC_SKIPLIST, TYPE_SET } from './entry.ts';
import type { SetValue } from './set-value.ts';
import type { Sets } from './sets.ts';
import type { ScoredVisitor, ZsetValue, ZsetValues } from './zset-value.ts';
import type { Zsets } from './zsets.ts';

export type Aggregate = 'sum' | 'min' | 'max';

/** One source: the entry of a sorted set or set, 0 for a missing key, and what its scores are multiplied by. */
export interface ZsetSource {
  readonly entry: Address;
  weight: number;
}

interface Opened {
  readonly entry: Address;
  readonly weight: number;
  readonly isSet: boolean;
  readonly value: SetValue | ZsetValue;
  readonly count: number;
}

export class ZsetAlgebra {
  readonly #zsets: Zsets;
  readonly #values: ZsetValues;
  readonly #sets: Sets;

  constructor(zsets: Zsets, sets: Sets) {
    this.#zsets = zsets;
    this.#values = zsets.values;
    this.#sets = sets;
  }

  /**
   * The members of any source. The result is the caller's, undefined when empty, and gets the encoding that suits its size
   * if it is to be kept; so for all below.
   */
  union(sources: readonly ZsetSource[], aggregate: Aggregate, keep: boolean): ZsetValue | undefined {
    return this.collect(keep, (add) => {
      for (const source of this.#openSorted(sources))
        this.#walk(source, (bytes, at, length, score) => {
          const weighted = orZero(source.weight * score);
          add(bytes, at, length, weighted, aggregate);
        });
    });
  }

  /** The members that all sources have. */
  intersect(sources: readonly ZsetSource[], aggregate: Aggregate, keep: boolean): ZsetValue | undefined {
    return this.collect(keep, (add) => {
      this.#walkCommon(sources, aggregate, (bytes, at, length, score) => add(bytes, at, length, score));
    });
  }

  /** How many members all sources have, counting up to `limit` (0: all). */
  intersectCount(sources: readonly ZsetSource[], limit: number): number {
    let count = 0;
    this.#walkCommon(sources, 'sum', () => ++count === limit);
    return count;
  }

  /** The members of the first source that no other has, with their scores. */
  difference(sources: readonly ZsetSource[], keep: boolean): ZsetValue | undefined {
    const [first, ...rest] = sources;
    if (first === undefined || first.entry === 0) return undefined;
    if (rest.some((source) => source.entry === first.entry)) return undefined;
    const others = rest.filter((source) => source.entry !== 0).map((source) => this.#open(source));
    return this.collect(keep, (add) => {
      this.#walk(this.#open(first), (bytes, at, length, score) => {
        for (let i = 0; i < others.length; i++) {
          const found = this.#score(others[i]!, bytes, at, length);
          if (found === found) return;
        }
        add(bytes, at, length, score);
      });
    });
  }

  /**
   * Builds a sorted set from what `walk` adds. With an aggregate, a member that is there already gets the combination of both
   * scores, else the new one. Undefined if nothing was added.
   */
  collect(keep: boolean, walk: (add: ScoredAdder) => void): ZsetValue | undefined {
    const values = this.#values;
    const result: ZsetValue = { encoding: ENC_SKIPLIST, ref: 0 };
    values.createTable(result, 0);
    try {
      walk((bytes, at, length, score, aggregate) => {
        const old = values.find(result, bytes, at, length);
        const wanted = aggregate === undefined || old !== old ? score : combine(old, score, aggregate);
        values.putUnordered(result, wanted, bytes, at, length);
      });
      if (values.count(result) > 0) {
        values.order(result, keep);
        return result;
      }
    } catch (error) {
      values.release(result);
      throw error;
    }
    values.release(result);
    return undefined;
  }

  #walkCommon(sources: readonly ZsetSource[], aggregate: Aggregate, visit: ScoredVisitor): void {
    const [smallest, ...others] = this.#openSorted(sources);
    if (smallest === undefined || smallest.count === 0) return;
    this.#walk(smallest, (bytes, at, length, first) => {
      let score = orZero(smallest.weight * first);
      for (let i = 0; i < others.length; i++) {
        const other = others[i]!;
        const found = other.entry === smallest.entry ? first : this.#score(other, bytes, at, length);
        if (found !== found) return false;
        score = combine(score, other.weight * found, aggregate);
      }
      return visit(bytes, at, length, score);
    });
  }

  /** Sources with their sizes, smallest first; missing ones have size 0. */
  #openSorted(sources: readonly ZsetSource[]): Opened[] {
    return sources.map((source) => this.#open(source)).sort((a, b) => a.count - b.count);
  }

  #open(source: ZsetSource): Opened {
    const { entry, weight } = source;
    if (entry === 0) return { entry, weight, isSet: true, value: { encoding: 0, ref: 0 }, count: 0 };
    if (this.#zsets.entries.type(entry) === TYPE_SET) {
      const value = { ...this.#sets.value(entry) };
      return { entry, weight, isSet: true, value, count: this.#sets.values.count(value) };
    }
    const value = { ...this.#zsets.open(entry) };
    return { entry, weight, isSet: false, value, count: this.#values.count(value) };
  }

  #walk(source: Opened, visit: ScoredVisitor): void {
    if (source.entry === 0) return;
    if (source.isSet) this.#sets.values.forEach(source.value, (bytes, at, length) => visit(bytes, at, length, 1));
    else this.#values.forEach(source.value, visit);
  }

  /** NaN when the member is absent. */
  #score(source: Opened, bytes: Uint8Array, at: number, length: number): number {
    if (!source.isSet) return this.#values.find(source.value, bytes, at, length);
    return this.#sets.values.has(source.value, bytes, at, length) ? 1 : NaN;
  }
}

/** Adds a member to a result. */
export type ScoredAdder = (bytes: Uint8Array, at: number, length: number, score: number, aggregate?: Aggregate) => void;

/** `value` may be NaN (a weight of 0 times infinity): a sum is then 0, while min and max leave `score`. */
function combine(score: number, value: number, aggregate: Aggregate): number {
  if (aggregate === 'sum') return orZero(score + value);
  if (aggregate === 'min') return value < score ? value : score;
  return value > score ? value : score;
}

function orZero(score: number): number {
  return score === score ? score : 0;
}
