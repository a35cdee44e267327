/**
 * Unions, intersections and differences of sets, as Redis computes them: an intersection walks the smallest set; a
 * difference either looks every member of the first set up in the others, or takes the others' members out of a copy,
 * whichever promises less work.
 *
 * Sources are entries found before; nothing here changes them. A set named twice is one entry, and is never looked up
 * while it is walked: a lookup may move its table's buckets.
 */
import type { Address } from '../memory/arena.ts';
import { ENC_INTSET } from './entry.ts';
import type { MemberVisitor, SetValue, SetValues } from './set-value.ts';
import type { Sets } from './sets.ts';

export class SetAlgebra {
  readonly #sets: Sets;
  readonly #values: SetValues;

  constructor(sets: Sets) {
    this.#sets = sets;
    this.#values = sets.values;
  }

  /** Visits the members that all sets (at least one, none missing) have, until the visitor returns true. */
  intersect(entries: readonly Address[], visit: MemberVisitor): void {
    const values = this.#values;
    const sources = this.#distinct(entries).toSorted((a, b) => values.count(a) - values.count(b));
    const [smallest, ...others] = sources;
    values.forEach(smallest!, (bytes, at, length) => {
      for (let i = 0; i < others.length; i++) if (!values.has(others[i]!, bytes, at, length)) return false;
      return visit(bytes, at, length);
    });
  }

  /** Visits the members that any of the sets has, each once. Entries of 0 (missing keys) are empty sets. */
  union(entries: readonly Address[], visit: MemberVisitor): void {
    const sources = this.#distinct(entries);
    if (sources.length === 1) {
      this.#values.forEach(sources[0]!, visit);
      return;
    }
    this.#withTemporary(sources, (seen) => {
      for (const source of sources) this.#addAll(seen, source, visit);
    });
  }

  /** Visits the members of the first set that no other has. Entries of 0 (missing keys) are empty sets. */
  difference(entries: readonly Address[], visit: MemberVisitor): void {
    const values = this.#values;
    const [first, ...rest] = entries;
    if (first === 0 || first === undefined || rest.includes(first)) return;
    const source = this.#sets.value(first);
    const others = this.#distinct(rest).toSorted((a, b) => values.count(b) - values.count(a));
    const size = values.count(source);
    const lookups = (size * (others.length + 1)) / 2;
    const removals = others.reduce((sum, other) => sum + values.count(other), size);
    if (lookups <= removals) {
      values.forEach(source, (bytes, at, length) => {
        for (let i = 0; i < others.length; i++) if (values.has(others[i]!, bytes, at, length)) return false;
        return visit(bytes, at, length);
      });
      return;
    }
    this.#withTemporary([source, ...others], (left) => {
      this.#addAll(left, source, () => {});
      for (const other of others)
        values.forEach(other, (bytes, at, length) => {
          values.remove(left, bytes, at, length);
          return values.count(left) === 0;
        });
      values.forEach(left, visit);
    });
  }

  /**
   * Collects what `walk` visits in a new set, in the encoding that suits it. Returns undefined if nothing was visited;
   * otherwise the value, which the caller owns.
   */
  collect(walk: (visit: MemberVisitor) => void): SetValue | undefined {
    const values = this.#values;
    const result: SetValue = { encoding: 0, ref: 0 };
    values.create(result, true, 0);
    try {
      walk((bytes, at, length) => void values.add(result, bytes, at, length));
    } catch (error) {
      values.release(result);
      throw error;
    }
    if (values.count(result) > 0) return result;
    values.release(result);
    return undefined;
  }

  /** The union as a new set, which the caller owns; undefined if it is empty. Entries of 0 (missing keys) are empty sets. */
  collectUnion(entries: readonly Address[]): SetValue | undefined {
    const values = this.#values;
    const sources = this.#distinct(entries);
    if (sources.length === 0) return undefined;
    const result: SetValue = { encoding: 0, ref: 0 };
    const integers = sources.every((source) => source.encoding === ENC_INTSET);
    values.create(result, integers, Math.max(...sources.map((source) => values.count(source))));
    try {
      for (const source of sources) this.#addAll(result, source, () => {});
    } catch (error) {
      values.release(result);
      throw error;
    }
    return result;
  }

  /** The sets of entries, without missing and repeated ones. */
  #distinct(entries: readonly Address[]): SetValue[] {
    return [...new Set(entries)].filter((entry) => entry !== 0).map((entry) => this.#sets.value(entry));
  }

  #addAll(to: SetValue, from: SetValue, visit: MemberVisitor): void {
    this.#values.forEach(from, (bytes, at, length) => {
      if (this.#values.add(to, bytes, at, length)) return visit(bytes, at, length);
      return false;
    });
  }

  /** A set to work in, freed afterwards: a table, unless all sources are integers. */
  #withTemporary(sources: readonly SetValue[], work: (temporary: SetValue) => void): void {
    const temporary: SetValue = { encoding: 0, ref: 0 };
    if (sources.every((source) => source.encoding === ENC_INTSET)) this.#values.create(temporary, true, 0);
    else this.#values.createTable(temporary, 0);
    try {
      work(temporary);
    } finally {
      this.#values.release(temporary);
    }
  }
}
