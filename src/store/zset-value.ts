/**
 * The two encodings of a sorted set, as values apart from any key: what ZADD does to a key's set and what ZUNIONSTORE does to
 * its result is the same code.
 *
 *   listpack   zset-packed.ts, up to zset-max-listpack-entries members of at most zset-max-listpack-value bytes
 *   skiplist   a root block {u32 dict, u32 tree}: the same items {u32 meta, u32 length, f64 score, member bytes} by
 *              member in the dict (space.scored) and by score in the ordered index (space.scores)
 *
 * Invariant: an item's score is its value in the tree, which has it once (but within `put`). A result under
 * construction may be "unordered": a skiplist whose tree is still empty; `order` finishes it.
 * Member bytes passed in must not lie in the set being changed. Scores are never NaN.
 */
import { assert } from '../base/assert.ts';
import { type Address, type Arena, byteOf, segmentOf } from '../memory/arena.ts';
import { type BTree, Cursor } from '../memory/btree.ts';
import { compareBytes, copyBytes } from '../base/copy.ts';
import type { Dict } from '../memory/dict.ts';
import { Element } from '../memory/element.ts';
import * as listpack from '../memory/listpack.ts';
import { ENC_LISTPACK, ENC_SKIPLIST, KEY_BASE_SCORED, TYPE_ZSET } from './entry.ts';
import type { Keyspace } from './keyspace.ts';
import { PackedZsets } from './zset-packed.ts';

const ROOT_BYTES = 16;
/** Bytes around a member and its score in a listpack, at most. */
const PAIR_OVERHEAD = 64;

/** A sorted set without a key; operations update both fields. */
export interface ZsetValue {
  encoding: number;
  ref: Address;
}

/** Receives a member and its score; true stops the walk. */
export type ScoredVisitor = (bytes: Uint8Array, at: number, length: number, score: number) => boolean | void;

export class ZsetValues {
  readonly space: Keyspace;
  readonly arena: Arena;
  readonly packed: PackedZsets;
  readonly #dict: Dict;
  readonly #tree: BTree;

  /** The member under the cursor (`seek`, `next`, `prev`) and its score. Valid until the set changes or the cursor moves. */
  readonly member: Element = new Element();
  score = 0;
  readonly #cursor: Cursor = new Cursor();
  /** The cursor's place in a listpack: list and position; list 0 when it is in a tree. */
  #list: Address = 0;
  #position = 0;

  // What the last `find` found: a listpack position, or an item and the member's hash.
  #found = 0;
  #hash = 0;

  constructor(space: Keyspace) {
    this.space = space;
    this.arena = space.arena;
    this.packed = new PackedZsets(space.arena);
    this.#dict = space.scored;
    this.#tree = space.scores;
  }

  // -- whole values -------------------------------------------------------------------------------------------

  create(value: ZsetValue): void {
    value.ref = listpack.create(this.arena);
    value.encoding = ENC_LISTPACK;
  }

  /** An empty skiplist with room for `expected` members. Also the start of an unordered one. */
  createTable(value: ZsetValue, expected: number): void {
    const root = this.arena.alloc(ROOT_BYTES);
    const words = this.arena.u32[segmentOf(root)]!;
    const word = byteOf(root) >>> 2;
    let dict: Address = 0;
    try {
      dict = this.#dict.createSized(expected);
      words[word] = dict;
      words[word + 1] = this.#tree.create();
    } catch (error) {
      if (dict !== 0) this.#dict.drain(dict, Infinity, () => {});
      this.arena.free(root);
      throw error;
    }
    value.ref = root;
    value.encoding = ENC_SKIPLIST;
  }

  /** Gives a value's memory back. */
  release(value: ZsetValue): void {
    this.space.reclaimer.freeValue(TYPE_ZSET, value.encoding, value.ref);
  }

  /** A copy of a value's root block and all below it. */
  copy(encoding: number, ref: Address): Address {
    const { arena } = this;
    if (encoding === ENC_LISTPACK) return listpack.copy(arena, ref);
    const source: ZsetValue = { encoding, ref };
    const copy: ZsetValue = { encoding, ref: 0 };
    this.createTable(copy, this.count(source));
    try {
      this.forEach(source, (bytes, at, length, score) => {
        this.#insertItem(copy.ref, score, bytes, at, length, this.space.hasher.hash(bytes, at, length), true);
      });
    } catch (error) {
      this.release(copy);
      throw error;
    }
    return copy.ref;
  }

  count(value: ZsetValue): number {
    if (value.encoding === ENC_LISTPACK) return this.packed.count(value.ref);
    return this.#dict.count(this.dictOf(value.ref));
  }

  // -- one member ---------------------------------------------------------------------------------------------

  /** The member's score, NaN when it is absent. `put`, `removeFound` and `rankFound` go on from here. */
  find(value: ZsetValue, bytes: Uint8Array, at: number, length: number): number {
    if (value.encoding === ENC_LISTPACK) {
      this.#found = this.packed.find(value.ref, bytes, at, length);
      return this.#found === 0 ? NaN : this.packed.score(value.ref, this.#found);
    }
    this.#hash = this.space.hasher.hash(bytes, at, length);
    this.#found = this.#dict.find(this.dictOf(value.ref), bytes, at, length, this.#hash);
    return this.#found === 0 ? NaN : this.itemScore(this.#found);
  }

  /** Gives the member of the last `find` this score, adding it if it was absent. */
  put(value: ZsetValue, score: number, bytes: Uint8Array, at: number, length: number): void {
    assert(score === score, 'zset: NaN score');
    if (value.encoding === ENC_LISTPACK) {
      if (this.#found !== 0) {
        value.ref = this.packed.rescore(value.ref, this.#found, score, bytes, at, length);
        return;
      }
      if (!this.#fitsPacked(value.ref, length)) {
        this.convertToTable(value);
        this.find(value, bytes, at, length);
        this.#insertItem(value.ref, score, bytes, at, length, this.#hash, true);
        return;
      }
      value.ref = this.packed.insert(value.ref, score, bytes, at, length);
      return;
    }
    if (this.#found === 0) {
      this.#insertItem(value.ref, score, bytes, at, length, this.#hash, true);
      return;
    }
    const item = this.#found;
    const tree = this.treeOf(value.ref);
    const old = this.itemScore(item);
    if (score === old) return;
    this.#dict.beforeChange(this.dictOf(value.ref), item);
    // First to the new place, then away from the old one: the other way round, memory could end between the two, and
    // even where it was there need not be room again.
    this.#tree.insert(tree, score, item);
    this.#tree.remove(tree, old, item);
    this.#setItemScore(item, score);
  }

  /** Removes the member of the last `find`, which must have been there. */
  removeFound(value: ZsetValue): void {
    if (value.encoding === ENC_LISTPACK) {
      value.ref = this.packed.remove(value.ref, this.#found);
      return;
    }
    const item = this.#found;
    this.#tree.remove(this.treeOf(value.ref), this.itemScore(item), item);
    this.#removeItem(value.ref, item, this.#hash);
  }

  /** The rank of the member of the last `find`, which must have been there. */
  rankFound(value: ZsetValue): number {
    if (value.encoding === ENC_LISTPACK) return this.packed.rankOf(value.ref, this.#found);
    return this.#tree.rankOf(this.treeOf(value.ref), this.itemScore(this.#found), this.#found);
  }

  // -- ranges -------------------------------------------------------------------------------------------------

  /** Puts the cursor on the member at a rank (0 or more); false when there is none. */
  seek(value: ZsetValue, rank: number): boolean {
    if (value.encoding === ENC_LISTPACK) {
      this.#list = value.ref;
      this.#position = this.packed.atRank(value.ref, rank);
    } else {
      this.#list = 0;
      this.#tree.atRank(this.treeOf(value.ref), rank, this.#cursor);
    }
    return this.#read();
  }

  next(): boolean {
    if (this.#list !== 0) this.#position = this.packed.next(this.#list, this.#position);
    else this.#tree.next(this.#cursor);
    return this.#read();
  }

  prev(): boolean {
    if (this.#list !== 0) this.#position = this.packed.prev(this.#list, this.#position);
    else if (!this.#tree.prev(this.#cursor)) return false;
    return this.#read();
  }

  /** Visits every member in order until the visitor returns true. The visitor must not change this set. */
  forEach(value: ZsetValue, visit: ScoredVisitor): void {
    if (value.encoding === ENC_LISTPACK) {
      const member = new Element();
      for (let p = this.packed.atRank(value.ref, 0); p !== 0; p = this.packed.next(value.ref, p)) {
        this.packed.member(value.ref, p, member);
        if (visit(member.bytes, member.at, member.length, this.packed.score(value.ref, p)) === true) return;
      }
      return;
    }
    const cursor = new Cursor();
    for (let more = this.#tree.first(this.treeOf(value.ref), cursor); more; more = this.#tree.next(cursor)) {
      const item = this.#tree.item(cursor);
      const bytes = this.arena.u8[segmentOf(item)]!;
      if (visit(bytes, memberStart(item), this.#memberLength(item), this.#tree.value(cursor)) === true) return;
    }
  }

  /** Visits some members from a SCAN cursor and returns the next cursor, 0 at the end. A listpack is visited whole. */
  scan(value: ZsetValue, cursor: number, visit: ScoredVisitor): number {
    if (value.encoding === ENC_LISTPACK) {
      this.forEach(value, visit);
      return 0;
    }
    return this.#dict.scan(this.dictOf(value.ref), cursor, (item) => this.visitItem(item, visit));
  }

  /** Members with a score below `score`, or at most `score` when `orEqual`: the rank where those above begin. */
  countBelow(value: ZsetValue, score: number, orEqual: boolean): number {
    if (value.encoding === ENC_LISTPACK) return this.packed.countBelow(value.ref, score, orEqual);
    return this.#tree.seekValue(this.treeOf(value.ref), score, orEqual, this.#cursor);
  }

  /** The same by member bytes, for a set whose scores are all equal. */
  countBelowKey(value: ZsetValue, bytes: Uint8Array, at: number, length: number, orEqual: boolean): number {
    if (value.encoding === ENC_LISTPACK) return this.packed.countBelowKey(value.ref, bytes, at, length, orEqual);
    return this.#tree.seekKey(this.treeOf(value.ref), bytes, at, length, orEqual, this.#cursor);
  }

  /** Removes up to `members` members from `rank` on; returns how many there were. */
  removeRange(value: ZsetValue, rank: number, members: number): number {
    const gone = Math.max(0, Math.min(members, this.count(value) - rank));
    if (gone === 0) return 0;
    if (value.encoding === ENC_LISTPACK) {
      value.ref = this.packed.removeRange(value.ref, rank, gone);
      return gone;
    }
    return this.#tree.removeRange(this.treeOf(value.ref), rank, gone, (item) => {
      const bytes = this.arena.u8[segmentOf(item)]!;
      this.#removeItem(value.ref, item, this.space.hasher.hash(bytes, memberStart(item), this.#memberLength(item)));
    });
  }

  // -- conversions, and values under construction ---------------------------------------------------------------

  convertToTable(value: ZsetValue): void {
    const table: ZsetValue = { encoding: ENC_SKIPLIST, ref: 0 };
    this.createTable(table, this.count(value) + 1);
    try {
      this.forEach(value, (bytes, at, length, score) => {
        const hash = this.space.hasher.hash(bytes, at, length);
        this.#insertItem(table.ref, score, bytes, at, length, hash, true);
      });
    } catch (error) {
      this.release(table);
      throw error;
    }
    this.arena.free(value.ref);
    value.ref = table.ref;
    value.encoding = ENC_SKIPLIST;
  }

  /** Whether some member comes twice in a listpack (one from outside). */
  hasDuplicates(value: ZsetValue): boolean {
    const seen: ZsetValue = { encoding: ENC_SKIPLIST, ref: 0 };
    this.createTable(seen, this.count(value));
    let twice = false;
    try {
      this.forEach(value, (bytes, at, length, score) => {
        twice = !Number.isNaN(this.find(seen, bytes, at, length));
        if (!twice) this.putUnordered(seen, score, bytes, at, length);
        return twice;
      });
    } finally {
      this.release(seen);
    }
    return twice;
  }

  /** In an unordered value: `put` without regard to order. */
  putUnordered(value: ZsetValue, score: number, bytes: Uint8Array, at: number, length: number): void {
    if (this.#found !== 0) this.#setItemScore(this.#found, score);
    else this.#insertItem(value.ref, score, bytes, at, length, this.#hash, false);
  }

  /** Makes a complete sorted set of an unordered value; with `pack`, a listpack if it is small enough for one. */
  order(value: ZsetValue, pack: boolean): void {
    const { arena } = this;
    const { zsetMaxListpackEntries, zsetMaxListpackValue } = this.space.settings;
    const dict = this.dictOf(value.ref);
    const tree = this.treeOf(value.ref);
    let longest = 0;
    let bytes = 0;
    const small = pack && this.#dict.count(dict) <= zsetMaxListpackEntries;
    const items: Address[] = [];
    this.#dict.forEach(dict, (item) => {
      const length = this.#memberLength(item);
      if (length > longest) longest = length;
      bytes += length + PAIR_OVERHEAD;
      if (small) items.push(item);
    });
    if (!small || longest > zsetMaxListpackValue || bytes > listpack.MAX_BYTES) {
      this.#dict.forEach(dict, (item) => this.#tree.insert(tree, this.itemScore(item), item));
      return;
    }
    items.sort((a, b) => this.itemScore(a) - this.itemScore(b) || this.#compareMembers(a, b));
    // Room for all of it, so that memory cannot run out half-way.
    let list = listpack.create(arena, listpack.EMPTY_BYTES + bytes);
    for (const item of items) {
      const member = arena.u8[segmentOf(item)]!;
      list = this.packed.append(list, this.itemScore(item), member, memberStart(item), this.#memberLength(item));
    }
    list = arena.resize(list, listpack.totalBytes(arena, list), listpack.totalBytes(arena, list));
    this.release(value);
    value.ref = list;
    value.encoding = ENC_LISTPACK;
  }

  // -- the skiplist's parts -------------------------------------------------------------------------------------

  dictOf(root: Address): Address {
    return this.arena.u32[segmentOf(root)]![byteOf(root) >>> 2]!;
  }

  treeOf(root: Address): Address {
    return this.arena.u32[segmentOf(root)]![(byteOf(root) >>> 2) + 1]!;
  }

  /** Visits one item of a skiplist. */
  visitItem(item: Address, visit: ScoredVisitor): void {
    visit(this.arena.u8[segmentOf(item)]!, memberStart(item), this.#memberLength(item), this.itemScore(item));
  }

  itemScore(item: Address): number {
    return this.arena.f64[segmentOf(item)]![(byteOf(item) >>> 3) + 1]!;
  }

  #setItemScore(item: Address, score: number): void {
    this.arena.f64[segmentOf(item)]![(byteOf(item) >>> 3) + 1] = score;
  }

  #memberLength(item: Address): number {
    return this.arena.u32[segmentOf(item)]![(byteOf(item) >>> 2) + 1]!;
  }

  #insertItem(
    root: Address,
    score: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    hash: number,
    ordered: boolean,
  ): void {
    const item = this.createItem(score, length);
    copyBytes(this.arena.u8[segmentOf(item)]!, memberStart(item), bytes, at, length);
    this.addItem(root, item, hash, ordered);
  }

  /** An item of a skiplist whose member is yet to be written. */
  createItem(score: number, length: number): Address {
    const { arena } = this;
    const item = arena.alloc(KEY_BASE_SCORED + length);
    const segment = segmentOf(item);
    const base = byteOf(item);
    const words = arena.u32[segment]!;
    words[base >>> 2] = 0;
    words[(base >>> 2) + 1] = length;
    arena.f64[segment]![(base >>> 3) + 1] = score;
    return item;
  }

  /** Adds an item whose member is absent to a skiplist, which owns it from here on; `ordered`: it is not an unordered one. */
  addItem(root: Address, item: Address, hash: number, ordered: boolean): void {
    const score = this.itemScore(item);
    let linked = false;
    try {
      if (ordered) this.#tree.insert(this.treeOf(root), score, item);
      linked = ordered;
      this.#dict.insert(this.dictOf(root), item, hash);
    } catch (error) {
      if (linked) this.#tree.remove(this.treeOf(root), score, item);
      this.arena.free(item);
      throw error;
    }
  }

  /** Removes an item that has left the tree from the dict, and frees it. */
  #removeItem(root: Address, item: Address, hash: number): void {
    const bytes = this.arena.u8[segmentOf(item)]!;
    this.#dict.remove(this.dictOf(root), bytes, memberStart(item), this.#memberLength(item), hash);
    this.arena.free(item);
  }

  #compareMembers(a: Address, b: Address): number {
    const { u8 } = this.arena;
    const left = u8[segmentOf(a)]!;
    const right = u8[segmentOf(b)]!;
    return compareBytes(left, memberStart(a), this.#memberLength(a), right, memberStart(b), this.#memberLength(b));
  }

  #fitsPacked(list: Address, length: number): boolean {
    const { zsetMaxListpackEntries, zsetMaxListpackValue } = this.space.settings;
    return (
      length <= zsetMaxListpackValue &&
      this.packed.count(list) < zsetMaxListpackEntries &&
      listpack.totalBytes(this.arena, list) + length + PAIR_OVERHEAD <= listpack.MAX_BYTES
    );
  }

  /** Reads what is under the cursor; false when it is past the end. */
  #read(): boolean {
    if (this.#list !== 0) {
      if (this.#position === 0) return false;
      this.packed.member(this.#list, this.#position, this.member);
      this.score = this.packed.score(this.#list, this.#position);
      return true;
    }
    if (this.#cursor.leaf === 0) return false;
    const item = this.#tree.item(this.#cursor);
    this.member.setString(this.arena.u8[segmentOf(item)]!, memberStart(item), this.#memberLength(item));
    this.score = this.#tree.value(this.#cursor);
    return true;
  }
}

function memberStart(item: Address): number {
  return byteOf(item) + KEY_BASE_SCORED;
}
