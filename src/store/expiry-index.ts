/**
 * The order in which the keys of one database expire: a B+tree of the entries with an expiry, by that. It knows nothing of
 * what expiring means; the database puts entries in and takes them out as they come, go, move and change.
 */
import { below } from '../base/chance.ts';
import { type Address, byteOf, segmentOf } from '../memory/arena.ts';
import { Cursor } from '../memory/btree.ts';
import { BTreeBulk } from '../memory/btree-bulk.ts';
import type { Database } from './database.ts';
import type { Keyspace } from './keyspace.ts';

export class ExpiryIndex {
  /** Of the tree. Only the database that it belongs to sets it. */
  header: Address;
  readonly #db: Database;
  readonly #space: Keyspace;
  readonly #cursor: Cursor = new Cursor();
  #bulk: BTreeBulk | null = null;

  /** `header`: of an empty tree. */
  constructor(space: Keyspace, db: Database, header: Address) {
    this.#space = space;
    this.#db = db;
    this.header = header;
  }

  get count(): number {
    const { deadlines } = this.#space;
    return this.#bulk === null ? deadlines.count(this.header) : deadlines.count(this.header) + this.#bulk.pending;
  }

  // -- filling ------------------------------------------------------------------------------------------------

  /** The index is empty, and many entries follow. They must be the database's until the end, or all be given up. */
  startBulk(): void {
    this.#bulk = new BTreeBulk(this.#space.deadlines);
  }

  get inBulk(): boolean {
    return this.#bulk !== null;
  }

  /** No more follow: puts about `budget` of them in order. True while more are left. Throws ArenaExhausted. */
  bulkWork(budget: number): boolean {
    if (this.#bulk === null) return false;
    if (this.#bulk.work(this.header, budget)) return true;
    this.#bulk = null;
    return false;
  }

  /** Hands over what was collected, to be freed. */
  takeBulk(): BTreeBulk | null {
    const bulk = this.#bulk;
    this.#bulk = null;
    return bulk;
  }

  // -- changes ------------------------------------------------------------------------------------------------

  /** Throws ArenaExhausted, having changed nothing. */
  insert(entry: Address, expiryMs: number): void {
    if (this.#bulk !== null) {
      this.#bulk.add(expiryMs, entry);
      return;
    }
    this.#space.deadlines.insert(this.header, expiryMs, entry);
    this.#noteLocal(entry);
  }

  remove(entry: Address, expiryMs: number): void {
    this.#space.deadlines.remove(this.header, expiryMs, entry);
  }

  /** Another entry takes the place of one with the same expiry. */
  replace(old: Address, entry: Address, expiryMs: number): void {
    this.#space.deadlines.replaceItem(this.header, expiryMs, old, entry);
  }

  /** Changes the expiry of an entry that has one and stays where it is. Throws ArenaExhausted, having changed nothing. */
  move(entry: Address, from: number, to: number): void {
    const { deadlines, arena } = this.#space;
    deadlines.insert(this.header, to, entry);
    deadlines.remove(this.header, from, entry);
    arena.f64[segmentOf(entry)]![(byteOf(entry) >>> 3) + 1] = to;
    this.#noteLocal(entry);
  }

  /** A client of a writable replica gave a key an expiry. */
  #noteLocal(entry: Address): void {
    const space = this.#space;
    if (space.isReplica && !space.fromMaster) space.localExpiries.note(this.#db, entry);
  }

  // -- questions ----------------------------------------------------------------------------------------------

  /** The entry with the earliest expiry, 0 if none has one. */
  first(): Address {
    const { deadlines } = this.#space;
    return deadlines.first(this.header, this.#cursor) ? deadlines.item(this.#cursor) : 0;
  }

  /** Ms since the epoch; Infinity if no key has an expiry. */
  get earliest(): number {
    const { deadlines } = this.#space;
    return deadlines.first(this.header, this.#cursor) ? deadlines.value(this.#cursor) : Infinity;
  }

  /** The entry with the earliest expiry, if that has passed, else 0. */
  firstDue(): Address {
    const { deadlines, now } = this.#space;
    const cursor = this.#cursor;
    if (!deadlines.first(this.header, cursor) || deadlines.value(cursor) >= now) return 0;
    return deadlines.item(cursor);
  }

  /** An entry, all equally likely; 0 if there is none. */
  random(): Address {
    const { deadlines, random } = this.#space;
    const rank = below(random, this.count);
    return deadlines.atRank(this.header, rank, this.#cursor) ? deadlines.item(this.#cursor) : 0;
  }

  /** Puts `wanted` random entries into `out`, some perhaps twice; returns how many. */
  sample(out: Uint32Array, wanted: number): number {
    const count = Math.min(wanted, this.count);
    for (let i = 0; i < count; i++) out[i] = this.random();
    return count;
  }

  /** Mean of the remaining lives in ms, from `samples` keys spread from the soonest to the last. */
  averageTtl(samples: number): number {
    const { deadlines, now } = this.#space;
    const { count } = this;
    const taken = Math.min(samples, count);
    if (taken === 0) return 0;
    const cursor = this.#cursor;
    let sum = 0;
    for (let i = 0; i < taken; i++) {
      if (deadlines.atRank(this.header, Math.floor((i * count) / taken), cursor))
        sum += Math.max(0, deadlines.value(cursor) - now);
    }
    return Math.floor(sum / taken);
  }
}
