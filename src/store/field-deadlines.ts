/**
 * The root block of a hash whose fields can expire, and its place among the others of its database: an index of such hashes by
 * their next deadline, as `Database` has one of expiring keys.
 *
 *   byte 0   f64  deadline   the hash is in the index with it; Infinity: no field expires, it is in no index
 *   byte 8   u32  fields     a listpack of triplets, or a table
 *   byte 12  u32  order      B+tree of the table's items by expiry; 0 for a listpack
 *   byte 16  u32  index      header of its database's index; 0 while it is in no database
 *
 * Invariant: no field expires before `deadline`. It is the earliest field's expiry but where memory ran out as it rose.
 */
import { type Address, type Arena, ArenaExhausted, byteOf, segmentOf } from '../memory/arena.ts';
import { BTree, Cursor } from '../memory/btree.ts';
import { type Entries, ENC_LISTPACK_EX, KEY_BASE_ENTRY, TYPE_HASH } from './entry.ts';

const ROOT_BYTES = 32;

export class FieldDeadlines {
  readonly arena: Arena;
  readonly entries: Entries;
  readonly #tree: BTree;
  readonly #cursor: Cursor = new Cursor();

  constructor(entries: Entries) {
    this.arena = entries.arena;
    this.entries = entries;
    this.#tree = new BTree(entries.arena, KEY_BASE_ENTRY, true);
  }

  // -- the root block -----------------------------------------------------------------------------------------

  create(fields: Address, order: Address): Address {
    const root = this.arena.alloc(ROOT_BYTES);
    this.setDeadline(root, Infinity);
    this.setFields(root, fields);
    this.setOrder(root, order);
    this.#setIndex(root, 0);
    return root;
  }

  deadline(root: Address): number {
    return this.arena.f64[segmentOf(root)]![byteOf(root) >>> 3]!;
  }

  fields(root: Address): Address {
    return this.arena.u32[segmentOf(root)]![(byteOf(root) >>> 2) + 2]!;
  }

  setFields(root: Address, fields: Address): void {
    this.arena.u32[segmentOf(root)]![(byteOf(root) >>> 2) + 2] = fields;
  }

  order(root: Address): Address {
    return this.arena.u32[segmentOf(root)]![(byteOf(root) >>> 2) + 3]!;
  }

  setOrder(root: Address, order: Address): void {
    this.arena.u32[segmentOf(root)]![(byteOf(root) >>> 2) + 3] = order;
  }

  /** For a hash that is in no index yet. */
  setDeadline(root: Address, deadline: number): void {
    this.arena.f64[segmentOf(root)]![byteOf(root) >>> 3] = deadline;
  }

  /** The hash at `entry` has another next deadline, Infinity for none. Throws ArenaExhausted, having changed nothing. */
  set(entry: Address, deadline: number): void {
    const root = this.entries.ref(entry);
    const old = this.deadline(root);
    if (old === deadline) return;
    const index = this.#index(root);
    if (index !== 0 && deadline !== Infinity) this.#tree.insert(index, deadline, entry);
    if (index !== 0 && old !== Infinity) this.#tree.remove(index, old, entry);
    this.setDeadline(root, deadline);
  }

  /** Like `set`, for a deadline that only rises: without memory it stays as it is. False if so. */
  raise(entry: Address, deadline: number): boolean {
    try {
      this.set(entry, deadline);
      return true;
    } catch (error) {
      if (!(error instanceof ArenaExhausted)) throw error;
      return false;
    }
  }

  // -- the index ----------------------------------------------------------------------------------------------

  createIndex(): Address {
    return this.#tree.create();
  }

  /** Hashes in the index: those with a field that expires. */
  count(index: Address): number {
    return this.#tree.count(index);
  }

  /** Frees up to `budget` nodes of an index; true once it is gone. */
  freeIndex(index: Address, budget: number): boolean {
    return this.#tree.free(index, budget);
  }

  /** The hash with the earliest deadline, if that is before `now`, else 0. */
  firstDue(index: Address, now: number): Address {
    const cursor = this.#cursor;
    if (!this.#tree.first(index, cursor) || this.#tree.value(cursor) >= now) return 0;
    return this.#tree.item(cursor);
  }

  /** A hash has come into a database. Throws ArenaExhausted, having changed nothing. */
  attach(entry: Address, index: Address): void {
    const root = this.entries.ref(entry);
    const deadline = this.deadline(root);
    if (deadline !== Infinity) this.#tree.insert(index, deadline, entry);
    this.#setIndex(root, index);
  }

  /** A hash leaves its database; its entry is still alive. */
  detach(entry: Address): void {
    const root = this.entries.ref(entry);
    const index = this.#index(root);
    const deadline = this.deadline(root);
    if (index !== 0 && deadline !== Infinity) this.#tree.remove(index, deadline, entry);
    this.#setIndex(root, 0);
  }

  /** The entry of a hash has moved: call it when the new one is complete. */
  moved(from: Address, to: Address): void {
    const root = this.entries.ref(to);
    const deadline = this.deadline(root);
    if (deadline !== Infinity) this.#tree.replaceItem(this.#index(root), deadline, from, to);
  }

  /** The value of `from` is now that of `to`, another key's entry, in the database of `index`. Throws ArenaExhausted, having changed nothing. */
  relocate(from: Address, to: Address, index: Address): void {
    const root = this.entries.ref(to);
    const deadline = this.deadline(root);
    if (deadline !== Infinity) {
      this.#tree.insert(index, deadline, to);
      this.#tree.remove(this.#index(root), deadline, from);
    }
    this.#setIndex(root, index);
  }

  #index(root: Address): Address {
    return this.arena.u32[segmentOf(root)]![(byteOf(root) >>> 2) + 4]!;
  }

  #setIndex(root: Address, index: Address): void {
    this.arena.u32[segmentOf(root)]![(byteOf(root) >>> 2) + 4] = index;
  }
}

/** Whether an entry with this meta word is a hash whose fields can expire. */
export function hasFieldDeadlines(meta: number): boolean {
  return (meta & 7) === TYPE_HASH && ((meta >>> 3) & 15) >= ENC_LISTPACK_EX;
}
