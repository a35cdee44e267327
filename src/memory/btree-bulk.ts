/**
 * Fills an empty tree (btree.ts) with many entries that come in any order, several times faster than one insert after the
 * other: they are sorted by value in runs as they come, and merged at the end, when the tree grows at its last leaf only.
 *
 *   add, add ... -> RUN_ENTRIES pairs -> sorted -> a run: a chain of leaves  \
 *                                                  a run                      >  work, work ... -> tree
 *                                                  ...                       /
 *
 * Keys matter among equal values only. They come out of the merge together; a few are sorted then, many are inserted.
 *
 * Rule: the items stay alive and where they are until the tree is complete, and until then nobody looks at it. Every call does
 * a bounded piece of work. A run's leaves go as their entries are taken over, so that both together need little more than
 * the tree. Who gives up, at any point, calls `free`, and frees the tree.
 */
import type { Address, Arena } from './arena.ts';
import type { BTree } from './btree.ts';
import * as node from './btree-node.ts';
import { LEAF_ENTRIES } from './btree-node.ts';
import { IntegerOrder } from './integer-order.ts';

/** Entries sorted at a time, which takes less than half a millisecond... */
const RUN_ENTRIES: number = 4 * 1024;
/** ... and of the first run, from which on the number doubles: code that was never used is a dozen times slower. */
const FIRST_RUN_ENTRIES = 128;
/** Entries for which there is room at first. */
const FIRST_ENTRIES = 64;
/** Entries that leave the merge at a time. */
const BATCH_ENTRIES = 128;
/** What an entry with the value of another counts in a budget: keys are compared, which are somewhere in memory. */
const EQUAL_COST = 8;

export class BTreeBulk {
  readonly #tree: BTree;
  readonly #arena: Arena;
  readonly #mostEntries: number;
  #runEntries: number;
  // The run that is being collected.
  #values: Float64Array = new Float64Array(FIRST_ENTRIES);
  #items: Uint32Array = new Uint32Array(FIRST_ENTRIES);
  #collected = 0;
  readonly #order: IntegerOrder = new IntegerOrder();
  /** First leaf of each complete run. */
  readonly #runs: Address[] = [];
  #inRuns = 0;
  #merge: Merge | null = null;

  /** `runEntries`: sorted at a time at most. */
  constructor(tree: BTree, runEntries: number = RUN_ENTRIES) {
    this.#tree = tree;
    this.#arena = tree.arena;
    this.#mostEntries = runEntries;
    this.#runEntries = Math.min(runEntries, FIRST_RUN_ENTRIES);
  }

  /** Entries that are not in the tree yet. */
  get pending(): number {
    return this.#collected + this.#inRuns;
  }

  /** Takes an entry; its value is an integer. Throws ArenaExhausted: all that is left to do then is `free`. */
  add(value: number, item: Address): void {
    const at = this.#collected;
    if (at === this.#values.length) this.#makeRoom();
    this.#values[at] = value;
    this.#items[at] = item;
    this.#collected = at + 1;
    if (at + 1 >= this.#runEntries) this.#endRun();
  }

  /** No more entries come: puts about `budget` of them into the tree. True while more are left. Throws ArenaExhausted. */
  work(header: Address, budget: number): boolean {
    if (this.#collected > 0) {
      this.#endRun();
      return true;
    }
    if (this.#inRuns === 0) return false;
    this.#merge ??= new Merge(this.#tree, this.#runs);
    this.#inRuns -= this.#merge.step(header, budget);
    return this.#inRuns > 0;
  }

  /** Frees up to `budget` leaves of entries that are not in the tree; true once there are none. */
  free(budget: number): boolean {
    const arena = this.#arena;
    const runs = this.#runs;
    if (this.#merge !== null) this.#merge.giveBack(runs);
    this.#merge = null;
    for (let left = budget; runs.length > 0; left--) {
      if (left === 0) return false;
      const leaf = runs.pop()!;
      const next = node.leafNext(arena, leaf);
      if (next !== 0) runs.push(next);
      arena.free(leaf);
    }
    this.#collected = 0;
    this.#inRuns = 0;
    return true;
  }

  #makeRoom(): void {
    const values = new Float64Array(this.#values.length * 2);
    values.set(this.#values);
    this.#values = values;
    const items = new Uint32Array(values.length);
    items.set(this.#items);
    this.#items = items;
  }

  /** Sorts what was collected, and puts it into leaves. */
  #endRun(): void {
    const arena = this.#arena;
    const count = this.#collected;
    const values = this.#values;
    const items = this.#items;
    const order = this.#order.sort(values, count);
    let leaf = 0;
    for (let from = 0; from < count; from += LEAF_ENTRIES) {
      leaf = node.createLeaf(arena, leaf);
      if (from === 0) this.#runs.push(leaf);
      const here = Math.min(LEAF_ENTRIES, count - from);
      node.setLeafCount(arena, leaf, here);
      for (let i = 0; i < here; i++) {
        const place = order[from + i]!;
        node.putLeaf(arena, leaf, i, values[place]!, items[place]!);
      }
    }
    this.#collected = 0;
    this.#inRuns += count;
    this.#runEntries = Math.min(this.#mostEntries, 2 * this.#runEntries);
  }
}

/** Takes the smallest of all runs' next entries, again and again: a tournament whose losers wait in a tree. */
class Merge {
  readonly #tree: BTree;
  readonly #arena: Arena;
  // The next entry of each run; item 0 and an infinite value: none.
  readonly #values: Float64Array;
  readonly #items: Uint32Array;
  /** Where it is; leaf 0: the run is at its end. */
  readonly #leaves: Uint32Array;
  readonly #indexes: Uint8Array;
  /** Run that lost at each inner node of the tournament; at 0 the winner of all. */
  readonly #losers: Int32Array;
  /** Runs that have entered it. */
  #entered = 0;
  // What comes out, and the value that the tree ends with.
  readonly #nextValues: Float64Array = new Float64Array(BATCH_ENTRIES);
  readonly #nextItems: Uint32Array = new Uint32Array(BATCH_ENTRIES);
  #lastValue: number = -Infinity;

  constructor(tree: BTree, runs: Address[]) {
    this.#tree = tree;
    this.#arena = tree.arena;
    const count = runs.length;
    this.#values = new Float64Array(count);
    this.#items = new Uint32Array(count);
    this.#leaves = Uint32Array.from(runs);
    this.#indexes = new Uint8Array(count);
    this.#losers = new Int32Array(count).fill(NOBODY);
    runs.length = 0;
  }

  /** Moves about `budget` entries, less what preparing takes; returns how many. There are some. */
  step(header: Address, budget: number): number {
    const runs = this.#leaves.length;
    let left = budget;
    for (; this.#entered < runs; this.#entered++) {
      if (left-- <= 0) return 0;
      this.#look(this.#entered);
      this.#play(this.#entered);
    }
    let moved = 0;
    while (left > 0) {
      const count = this.#take();
      if (count === 0) break;
      left -= count + this.#settle(header, count) * EQUAL_COST;
      moved += count;
    }
    return moved;
  }

  /** The next batch in the order of values; returns how many. */
  #take(): number {
    const [losers, values, items] = [this.#losers, this.#values, this.#items];
    const [nextValues, nextItems] = [this.#nextValues, this.#nextItems];
    for (let i = 0; i < BATCH_ENTRIES; i++) {
      const winner = losers[0]!;
      const item = items[winner]!;
      if (item === 0) return i;
      nextValues[i] = values[winner]!;
      nextItems[i] = item;
      this.#advance(winner);
      this.#play(winner);
    }
    return BATCH_ENTRIES;
  }

  /** Puts the batch into the tree; returns how many of it have the value of another. */
  #settle(header: Address, count: number): number {
    const tree = this.#tree;
    const values = this.#nextValues;
    const items = this.#nextItems;
    let equal = 0;
    let from = 0;
    for (; from < count && values[from] === this.#lastValue; from++) {
      tree.insert(header, values[from]!, items[from]!);
      equal++;
    }
    for (let first = from; first < count;) {
      let end = first + 1;
      while (end < count && values[end] === values[first]) end++;
      if (end - first > 1) {
        items.subarray(first, end).sort((a, b) => tree.compareItems(a, b));
        equal += end - first;
      }
      first = end;
    }
    tree.append(header, values, items, from, count);
    this.#lastValue = values[count - 1]!;
    return equal;
  }

  /** Gives the leaves back that are left. */
  giveBack(runs: Address[]): void {
    for (const leaf of this.#leaves) if (leaf !== 0) runs.push(leaf);
  }

  #advance(run: number): void {
    const arena = this.#arena;
    const leaf = this.#leaves[run]!;
    const index = this.#indexes[run]! + 1;
    if (index < node.leafCount(arena, leaf)) {
      this.#indexes[run] = index;
    } else {
      this.#leaves[run] = node.leafNext(arena, leaf);
      this.#indexes[run] = 0;
      arena.free(leaf);
    }
    this.#look(run);
  }

  #look(run: number): void {
    const leaf = this.#leaves[run]!;
    const index = this.#indexes[run]!;
    this.#values[run] = leaf === 0 ? Infinity : node.leafValue(this.#arena, leaf, index);
    this.#items[run] = leaf === 0 ? 0 : node.leafItem(this.#arena, leaf, index);
  }

  /** A run's next entry goes up the tournament as far as it wins. */
  #play(run: number): void {
    const losers = this.#losers;
    let best = run;
    for (let at = (run + losers.length) >>> 1; at > 0; at >>>= 1) {
      const other = losers[at]!;
      if (other === NOBODY) {
        losers[at] = best;
        return;
      }
      if (this.#values[other]! < this.#values[best]!) {
        losers[at] = best;
        best = other;
      }
    }
    losers[0] = best;
  }
}

/** No run has come by here yet. */
const NOBODY = -1;
