/**
 * Gives back the memory of deleted values. Small values at once; anything whose freeing takes time in proportion to its
 * size waits in a queue and is taken apart in slices, so that DEL of a million-element value, FLUSHALL or the swap
 * after a full sync never stop the server. `pending` is what `lazyfree_pending_objects` shows.
 *
 * Slices run between turns, so commands within one turn (a long pipeline, a master's stream) can put off more than the
 * slices take away. Beyond MAX_DEBT whoever puts off a value first works off as much: memory stays bounded, and the
 * cost is that of freeing at once.
 *
 * What a snapshot still has to write (a guarded table, or a list it holds) is set aside until the snapshot lets go of it.
 */
import { type Address, byteOf, segmentOf } from '../memory/arena.ts';
import {
  ENC_HASHTABLE,
  ENC_HASHTABLE_EX,
  ENC_LISTPACK_EX,
  ENC_QUICKLIST,
  ENC_SKIPLIST,
  isApart,
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_STRING,
  TYPE_ZSET,
} from './entry.ts';
import type { BTreeBulk } from '../memory/btree-bulk.ts';
import type { Keyspace } from './keyspace.ts';

/** Values with at most this many elements and buckets are freed at once. */
const AT_ONCE = 64;

/** Units of work a step of `finish`: not more, so that big values inside a table are freed before the next ones. */
const FINISH_STEP = 1024;

/** Buckets of a table taken apart between two looks at how much was freed, and blocks that count as one unit of work. */
const TABLE_STEP = 8;
const BLOCKS_A_UNIT = 8;

/** Elements of values that may wait; an element takes 16 to 100 bytes. */
export const MAX_DEBT: number = 256 * 1024;

/**
 * Values that a snapshot needs whole until it calls `release`: lists, by their header, streams, by their root, groups of
 * streams, and blocks whose bytes are the value (strings by their home). Tables are guarded instead.
 */
export interface Holder {
  holds(header: Address): boolean;
}

/** One thing being taken apart: `step(budget)` frees some of it and tells whether it is gone. */
interface Job {
  /** Elements and buckets when it was put off; 0 for tables of keys, whose entries are counted as they come. */
  readonly count: number;
  step(budget: number): boolean;
}

export class Reclaimer {
  readonly #space: Keyspace;
  /** A stack: what a table's job releases is taken apart before the table gives more, so the stack stays short. */
  readonly #jobs: Job[] = [];
  /** Jobs that wait for a snapshot, by the header it holds. */
  readonly #held: Map<Address, Job> = new Map();
  holder: Holder | null = null;
  /** Objects freed by slices so far: lazyfreed_objects. */
  freed = 0;
  /** Counts of all waiting jobs. */
  #debt = 0;
  /** A job is being stepped: what it releases must not step it again. */
  #working = false;

  constructor(space: Keyspace) {
    this.#space = space;
  }

  get pending(): number {
    return this.#jobs.length + this.#held.size;
  }

  /** A snapshot needs this table or list no more: if it was deleted meanwhile, its memory may go now. */
  release(header: Address): void {
    const job = this.#held.get(header);
    if (job === undefined) return;
    this.#held.delete(header);
    this.#debt += job.count;
    this.#jobs.push(job);
  }

  /** Frees an entry that is no longer in its table, with its value. */
  freeEntry(entry: Address): void {
    const { entries } = this.#space;
    const meta = entries.meta(entry);
    if ((meta & 7) !== TYPE_STRING) this.freeValue(meta & 7, (meta >>> 3) & 15, entries.ref(entry));
    else if (isApart(meta)) this.freeBlock(entries.ref(entry));
    this.freeBlock(entry);
  }

  /** Frees a block that may be a string's home, or a packed value. */
  freeBlock(block: Address): void {
    if (this.holder === null || !this.holder.holds(block)) this.#space.arena.free(block);
    else this.#hold(block);
  }

  #hold(block: Address): void {
    const free = (): boolean => {
      this.#space.arena.free(block);
      return true;
    };
    this.#held.set(block, { count: 1, step: free });
  }

  /** Frees a collection's root block and all below it. */
  freeValue(type: number, encoding: number, ref: Address): void {
    const job = this.#jobFor(type, encoding, ref);
    const held = this.#heldHeader(type, encoding, ref);
    if (job === undefined) this.freeBlock(ref);
    else if (held !== 0) this.#held.set(held, job);
    else this.#take(job);
  }

  /** Frees a stream's consumer group that is in no table any more. */
  freeStreamGroup(group: Address): void {
    const parts = this.#space.streamParts;
    const job: Job = { count: parts.groupWeight(group), step: (budget) => parts.freeGroup(group, budget) };
    if (this.holder?.holds(group) === true) this.#held.set(group, job);
    else this.#take(job);
  }

  /** Does a small job at once and puts a large one off. */
  #take(job: Job): void {
    if (job.count <= AT_ONCE) job.step(Number.MAX_SAFE_INTEGER);
    else {
      if (this.#debt > MAX_DEBT && !this.#working) this.#workOff(job.count);
      this.#debt += job.count;
      this.#jobs.push(job);
    }
  }

  /** Frees a database's tables with all entries. `bulk`: its index was not complete. */
  freeTable(keys: Address, deadlines: Address, hashes: Address, bulk: BTreeBulk | null = null): void {
    const space = this.#space;
    const held = space.keys.isGuarded(keys);
    const small = space.keys.count(keys) + space.keys.buckets(keys) <= AT_ONCE;
    let indexDone = false;
    let hashesDone = false;
    const release = (entry: Address): void => this.freeEntry(entry);
    const job: Job = {
      count: 0,
      step: (budget) => {
        if (bulk !== null) {
          if (!bulk.free(budget)) return false;
          bulk = null;
        }
        if (!indexDone) {
          indexDone = space.deadlines.free(deadlines, budget);
          if (!indexDone) return false;
        }
        if (!hashesDone) {
          hashesDone = space.fieldDeadlines.freeIndex(hashes, budget);
          if (!hashesDone) return false;
        }
        // A bucket of strings is seven blocks, one of small collections hundreds: what counts is the blocks.
        for (let left = budget; left > 0;) {
          const before = space.arena.blocks;
          const buckets = Math.min(left, TABLE_STEP);
          if (space.keys.drain(keys, buckets, release)) return true;
          left -= Math.max(buckets, (before - space.arena.blocks) / BLOCKS_A_UNIT);
        }
        return false;
      },
    };
    if (held) this.#held.set(keys, job);
    else if (small) job.step(Number.MAX_SAFE_INTEGER);
    else this.#jobs.push(job);
  }

  /** Does up to about `budget` units (buckets, nodes) of work; true while more is left. */
  work(budget: number): boolean {
    const jobs = this.#jobs;
    const top = jobs.length - 1;
    if (top < 0) return false;
    const job = jobs[top]!;
    this.#working = true;
    try {
      if (job.step(budget)) {
        // What the last step released lies above the job, which is done.
        jobs.splice(top, 1);
        this.#debt -= job.count;
        this.freed++;
      }
    } finally {
      this.#working = false;
    }
    return jobs.length > 0;
  }

  /** Frees everything now (FLUSHALL SYNC). */
  finish(): void {
    while (this.work(FINISH_STEP));
  }

  /** Frees about `count` blocks of what waits. */
  #workOff(count: number): void {
    const { arena } = this.#space;
    const target = arena.blocks - count;
    while (arena.blocks > target && this.work(FINISH_STEP));
  }

  /** The header by which a snapshot holds a value, 0 if none does. */
  #heldHeader(type: number, encoding: number, ref: Address): Address {
    if (this.holder === null) return 0;
    const { arena, fields, members, scored } = this.#space;
    if (encoding === ENC_HASHTABLE) return (type === TYPE_HASH ? fields : members).isGuarded(ref) ? ref : 0;
    if (encoding === ENC_QUICKLIST || type === TYPE_STREAM) return this.holder.holds(ref) ? ref : 0;
    if (encoding === ENC_HASHTABLE_EX || encoding === ENC_LISTPACK_EX) {
      const inner = this.#space.fieldDeadlines.fields(ref);
      const needed = encoding === ENC_LISTPACK_EX ? this.holder.holds(inner) : fields.isGuarded(inner);
      return needed ? inner : 0;
    }
    if (encoding !== ENC_SKIPLIST) return 0;
    const dict = arena.u32[segmentOf(ref)]![byteOf(ref) >>> 2]!;
    return scored.isGuarded(dict) ? dict : 0;
  }

  #jobFor(type: number, encoding: number, ref: Address): Job | undefined {
    const { arena, fields, members, scored, scores, lists } = this.#space;
    const release = (item: Address): void => arena.free(item);
    if (type === TYPE_HASH && encoding === ENC_HASHTABLE)
      return { count: fields.count(ref) + fields.buckets(ref), step: (budget) => fields.drain(ref, budget, release) };
    if (type === TYPE_HASH && (encoding === ENC_LISTPACK_EX || encoding === ENC_HASHTABLE_EX))
      return this.#expiringHash(ref);
    if (type === TYPE_SET && encoding === ENC_HASHTABLE)
      return {
        count: members.count(ref) + members.buckets(ref),
        step: (budget) => members.drain(ref, budget, release),
      };
    if (type === TYPE_STREAM) {
      const parts = this.#space.streamParts;
      return { count: parts.weight(ref), step: (budget) => parts.freeStream(ref, budget) };
    }
    if (type === TYPE_LIST && encoding === ENC_QUICKLIST)
      return { count: lists.count(ref), step: (budget) => lists.free(ref, budget) };
    if (type === TYPE_ZSET && encoding === ENC_SKIPLIST) {
      const word = byteOf(ref) >>> 2;
      const words = arena.u32[segmentOf(ref)]!;
      const dict = words[word]!;
      const tree = words[word + 1]!;
      let treeDone = false;
      return {
        count: scored.count(dict) + scored.buckets(dict),
        step: (budget) => {
          if (!treeDone) treeDone = scores.free(tree, budget);
          if (!treeDone || !scored.drain(dict, budget, release)) return false;
          arena.free(ref);
          return true;
        },
      };
    }
    return undefined;
  }

  #expiringHash(root: Address): Job {
    const { arena, fields, deadlines, fieldDeadlines } = this.#space;
    const table = fieldDeadlines.fields(root);
    const order = fieldDeadlines.order(root);
    if (order === 0) {
      return {
        count: 1,
        step: () => {
          arena.free(table);
          arena.free(root);
          return true;
        },
      };
    }
    let orderDone = false;
    return {
      count: fields.count(table) + fields.buckets(table),
      step: (budget) => {
        if (!orderDone) orderDone = deadlines.free(order, budget);
        if (!orderDone || !fields.drain(table, budget, (item) => arena.free(item))) return false;
        arena.free(root);
        return true;
      },
    };
  }
}
