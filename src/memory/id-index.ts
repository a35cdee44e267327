/**
 * An ordered index over 128-bit ids (stream ids): a B+tree whose keys are four 32-bit words, most significant first, so that
 * ids are exact without bigints. Each entry carries a fixed number of further words, the values.
 *
 *   header  root | height | count | -          16 bytes, which lie in a block of the owner
 *   leaf    count | prev | next | -            then entries: id (4 words), values
 *   inner   count | - | - | -                  then children: smallest id (4 words), child; the id of child 0 is not kept up to date
 *
 * Ids mostly come in ascending order: a leaf that is full at the end stays full, and the next one starts empty. The only
 * leaf of a small index is as small as its entries. A leaf that got sparse joins its neighbour. `insert` that throws
 * ArenaExhausted has changed nothing. A change of the index makes cursors other than the one passed in invalid.
 */
import { type Address, type Arena, byteOf, segmentOf } from './arena.ts';

const NODE_BYTES = 1024;
const HEADER_WORDS = 4;
const ID_WORDS = 4;
const CHILD_WORDS = 5;
const INNER_CHILDREN: number = Math.floor((NODE_BYTES / 4 - HEADER_WORDS) / CHILD_WORDS);
/** More levels than 32-bit addresses can fill. */
const MAX_HEIGHT = 12;

const ROOT = 0;
const HEIGHT = 1;
const COUNT = 2;
const LEAF_COUNT = 0;
const PREV = 1;
const NEXT = 2;

/** Four words, most significant first. */
export type Id = Uint32Array;

export class IdCursor {
  leaf: Address = 0;
  slot = 0;
}

export class IdIndex {
  readonly arena: Arena;
  readonly #entryWords: number;
  /** Entries of a full leaf. */
  readonly #leafEntries: number;
  // The way from the root to the leaf at work, and blocks for a split.
  readonly #path: Uint32Array = new Uint32Array(MAX_HEIGHT);
  readonly #slots: Uint32Array = new Uint32Array(MAX_HEIGHT);
  readonly #spare: Address[] = [];
  readonly #minimum: Id = new Uint32Array(ID_WORDS);

  constructor(arena: Arena, valueWords: number) {
    this.arena = arena;
    this.#entryWords = ID_WORDS + valueWords;
    this.#leafEntries = Math.floor((NODE_BYTES / 4 - HEADER_WORDS) / this.#entryWords);
  }

  /** Makes an empty index of a header's bytes. */
  init(header: Address): void {
    this.#words(header).fill(0, this.#word(header), this.#word(header) + HEADER_WORDS);
  }

  count(header: Address): number {
    return this.#words(header)[this.#word(header) + COUNT]!;
  }

  // -- looking ------------------------------------------------------------------------------------------------

  first(header: Address, cursor: IdCursor): boolean {
    const words = this.#words(header);
    const word = this.#word(header);
    let node = words[word + ROOT]!;
    for (let level = words[word + HEIGHT]!; level > 0; level--) node = this.#child(node, 0);
    cursor.leaf = node;
    cursor.slot = 0;
    return node !== 0;
  }

  last(header: Address, cursor: IdCursor): boolean {
    const words = this.#words(header);
    const word = this.#word(header);
    let node = words[word + ROOT]!;
    for (let level = words[word + HEIGHT]!; level > 0; level--) node = this.#child(node, this.#get(node, 0) - 1);
    cursor.leaf = node;
    if (node === 0) return false;
    cursor.slot = this.#get(node, LEAF_COUNT) - 1;
    return true;
  }

  next(cursor: IdCursor): boolean {
    if (++cursor.slot < this.#get(cursor.leaf, LEAF_COUNT)) return true;
    cursor.leaf = this.#get(cursor.leaf, NEXT);
    cursor.slot = 0;
    return cursor.leaf !== 0;
  }

  prev(cursor: IdCursor): boolean {
    if (cursor.slot-- > 0) return true;
    cursor.leaf = this.#get(cursor.leaf, PREV);
    if (cursor.leaf === 0) return false;
    cursor.slot = this.#get(cursor.leaf, LEAF_COUNT) - 1;
    return true;
  }

  /** The entry with this id. */
  find(header: Address, id: Id, cursor: IdCursor): boolean {
    const leaf = this.#descend(header, id);
    if (leaf === 0) return false;
    const slot = this.#lowerBound(leaf, id);
    cursor.leaf = leaf;
    cursor.slot = slot;
    return slot < this.#get(leaf, LEAF_COUNT) && this.#compareAt(leaf, slot, id) === 0;
  }

  /** The first entry with this id or a higher one. */
  atOrAfter(header: Address, id: Id, cursor: IdCursor): boolean {
    const leaf = this.#descend(header, id);
    if (leaf === 0) return false;
    cursor.leaf = leaf;
    cursor.slot = this.#lowerBound(leaf, id);
    if (cursor.slot < this.#get(leaf, LEAF_COUNT)) return true;
    cursor.slot--;
    return this.next(cursor);
  }

  /** The last entry with this id or a lower one. */
  atOrBefore(header: Address, id: Id, cursor: IdCursor): boolean {
    if (this.find(header, id, cursor)) return true;
    return cursor.leaf !== 0 && this.count(header) > 0 && this.prev(cursor);
  }

  readId(cursor: IdCursor, out: Id): void {
    const words = this.#words(cursor.leaf);
    const word = this.#entryWord(cursor.leaf, cursor.slot);
    out[0] = words[word]!;
    out[1] = words[word + 1]!;
    out[2] = words[word + 2]!;
    out[3] = words[word + 3]!;
  }

  value(cursor: IdCursor, index: number): number {
    return this.#words(cursor.leaf)[this.#entryWord(cursor.leaf, cursor.slot) + ID_WORDS + index]!;
  }

  setValue(cursor: IdCursor, index: number, value: number): void {
    this.#words(cursor.leaf)[this.#entryWord(cursor.leaf, cursor.slot) + ID_WORDS + index] = value;
  }

  // -- changing -----------------------------------------------------------------------------------------------

  /** Adds an entry whose values are 0 and sets the cursor to it; false, with the cursor at the entry, if the id is there. */
  insert(header: Address, id: Id, cursor: IdCursor): boolean {
    const head = this.#word(header);
    let leaf = this.#descend(header, id);
    if (leaf === 0) {
      leaf = this.#newLeaf(1);
      this.#words(header)[head + ROOT] = leaf;
    }
    const slot = this.#lowerBound(leaf, id);
    const count = this.#get(leaf, LEAF_COUNT);
    cursor.leaf = leaf;
    cursor.slot = slot;
    if (slot < count && this.#compareAt(leaf, slot, id) === 0) return false;
    if (count === this.#capacity(leaf)) {
      if (count < this.#leafEntries) this.#grow(header, leaf, cursor);
      else this.#split(header, leaf, cursor);
    }
    this.#open(cursor.leaf, cursor.slot, id);
    this.#words(header)[head + COUNT]!++;
    return true;
  }

  /** Removes the entry with this id; false if there is none. */
  remove(header: Address, id: Id): boolean {
    const leaf = this.#descend(header, id);
    if (leaf === 0) return false;
    const slot = this.#lowerBound(leaf, id);
    const count = this.#get(leaf, LEAF_COUNT);
    if (slot === count || this.#compareAt(leaf, slot, id) !== 0) return false;
    const words = this.#words(leaf);
    const at = this.#entryWord(leaf, slot);
    words.copyWithin(at, at + this.#entryWords, this.#entryWord(leaf, count));
    this.#set(leaf, LEAF_COUNT, count - 1);
    this.#words(header)[this.#word(header) + COUNT]!--;
    const height = this.#words(header)[this.#word(header) + HEIGHT]!;
    if (count === 1) {
      this.#unlinkLeaf(leaf);
      this.arena.free(leaf);
      this.#dropChild(header, height);
    } else if (height > 0 && count <= this.#leafEntries >>> 2) this.#join(header, height, leaf);
    return true;
  }

  /**
   * Frees up to `budget` leaves from the end; true once all is gone. `release` is given the values' first words. In between
   * nothing else may be done with the index.
   */
  free(header: Address, budget: number, release?: (value: number) => void): boolean {
    const head = this.#word(header);
    for (let left = budget; left > 0; left--) {
      const words = this.#words(header);
      if (words[head + ROOT] === 0) return true;
      const height = words[head + HEIGHT]!;
      let node = words[head + ROOT]!;
      for (let level = 0; level < height; level++) {
        const last = this.#get(node, 0) - 1;
        this.#path[level] = node;
        this.#slots[level] = last;
        node = this.#child(node, last);
      }
      if (release !== undefined) {
        const leafWords = this.#words(node);
        const count = this.#get(node, LEAF_COUNT);
        for (let i = 0; i < count; i++) release(leafWords[this.#entryWord(node, i) + ID_WORDS]!);
      }
      this.arena.free(node);
      this.#dropChild(header, height);
    }
    return this.#words(header)[head + ROOT] === 0;
  }

  /** Leaves, about: what freeing the index takes. */
  leaves(header: Address): number {
    return Math.ceil(this.count(header) / this.#leafEntries);
  }

  /** Bytes of its blocks, about. */
  bytes(header: Address): number {
    const root = this.#words(header)[this.#word(header) + ROOT]!;
    if (root === 0) return 0;
    if (this.#words(header)[this.#word(header) + HEIGHT] === 0) return this.arena.capacity(root);
    return this.leaves(header) * NODE_BYTES;
  }

  // -- inside -------------------------------------------------------------------------------------------------

  #words(address: Address): Uint32Array {
    return this.arena.u32[segmentOf(address)]!;
  }

  #word(address: Address): number {
    return byteOf(address) >>> 2;
  }

  #get(node: Address, field: number): number {
    return this.arena.u32[segmentOf(node)]![(byteOf(node) >>> 2) + field]!;
  }

  #set(node: Address, field: number, value: number): void {
    this.arena.u32[segmentOf(node)]![(byteOf(node) >>> 2) + field] = value;
  }

  #entryWord(leaf: Address, slot: number): number {
    return (byteOf(leaf) >>> 2) + HEADER_WORDS + slot * this.#entryWords;
  }

  #childWord(inner: Address, slot: number): number {
    return (byteOf(inner) >>> 2) + HEADER_WORDS + slot * CHILD_WORDS;
  }

  #child(inner: Address, slot: number): Address {
    return this.#words(inner)[this.#childWord(inner, slot) + ID_WORDS]!;
  }

  #capacity(leaf: Address): number {
    const room = (this.arena.capacity(leaf) >>> 2) - HEADER_WORDS;
    return Math.min(this.#leafEntries, Math.floor(room / this.#entryWords));
  }

  /** Negative, 0 or positive as the entry's id is below, at or above `id`. */
  #compareAt(leaf: Address, slot: number, id: Id): number {
    return compareWords(this.#words(leaf), this.#entryWord(leaf, slot), id);
  }

  /** Slot of the leaf's first entry at or above `id`. */
  #lowerBound(leaf: Address, id: Id): number {
    const words = this.#words(leaf);
    const base = this.#entryWord(leaf, 0);
    const step = this.#entryWords;
    let high = words[base - HEADER_WORDS]!;
    // Most new ids come after all others.
    if (high > 0 && compareWords(words, base + (high - 1) * step, id) < 0) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareWords(words, base + middle * step, id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The leaf where `id` is or belongs, 0 if the index is empty; the path to it is noted. */
  #descend(header: Address, id: Id): Address {
    const head = this.#word(header);
    const words = this.#words(header);
    const height = words[head + HEIGHT]!;
    let node = words[head + ROOT]!;
    for (let level = 0; level < height; level++) {
      const inner = this.#words(node);
      const base = this.#childWord(node, 0);
      let low = 0;
      let high = inner[base - HEADER_WORDS]! - 1;
      while (low < high) {
        const middle = (low + high + 1) >>> 1;
        if (compareWords(inner, base + middle * CHILD_WORDS, id) <= 0) low = middle;
        else high = middle - 1;
      }
      this.#path[level] = node;
      this.#slots[level] = low;
      node = inner[base + low * CHILD_WORDS + ID_WORDS]!;
    }
    return node;
  }

  #newLeaf(entries: number): Address {
    const leaf = this.arena.alloc((HEADER_WORDS + entries * this.#entryWords) * 4);
    const word = this.#word(leaf);
    this.#words(leaf).fill(0, word, word + HEADER_WORDS);
    return leaf;
  }

  /** Makes room at a slot and writes the id, with values 0. */
  #open(leaf: Address, slot: number, id: Id): void {
    const words = this.#words(leaf);
    const at = this.#entryWord(leaf, slot);
    const count = this.#get(leaf, LEAF_COUNT);
    if (slot < count) words.copyWithin(at + this.#entryWords, at, this.#entryWord(leaf, count));
    for (let i = 0; i < ID_WORDS; i++) words[at + i] = id[i]!;
    for (let i = ID_WORDS; i < this.#entryWords; i++) words[at + i] = 0;
    this.#set(leaf, LEAF_COUNT, count + 1);
  }

  /** Doubles the only leaf of a small index. */
  #grow(header: Address, leaf: Address, cursor: IdCursor): void {
    const count = this.#get(leaf, LEAF_COUNT);
    const entries = Math.min(this.#leafEntries, count * 2);
    const wordsOf = (n: number): number => (HEADER_WORDS + n * this.#entryWords) * 4;
    const bytes = entries === this.#leafEntries ? NODE_BYTES : wordsOf(entries);
    cursor.leaf = this.arena.resize(leaf, bytes, wordsOf(count));
    this.#words(header)[this.#word(header) + ROOT] = cursor.leaf;
  }

  /** Splits a full leaf, and the full inner nodes above it, and sets the cursor to where its entry goes now. */
  #split(header: Address, leaf: Address, cursor: IdCursor): void {
    const head = this.#word(header);
    let height = this.#words(header)[head + HEIGHT]!;
    let level = height - 1;
    while (level >= 0 && this.#get(this.#path[level]!, 0) === INNER_CHILDREN) level--;
    // One leaf, one inner node for each full one, and a root if all were full: all of them before anything changes.
    this.#reserve(1 + (height - 1 - level) + (level < 0 ? 1 : 0));
    const count = this.#get(leaf, LEAF_COUNT);
    const next = this.#get(leaf, NEXT);
    const atEnd = cursor.slot === count && next === 0;
    const kept = atEnd ? count : count >>> 1;
    const right = this.#spare.pop()!;
    const words = this.#words(right);
    const start = this.#word(right);
    words[start + LEAF_COUNT] = count - kept;
    words[start + PREV] = leaf;
    words[start + NEXT] = next;
    words[start + 3] = 0;
    if (next !== 0) this.#set(next, PREV, right);
    this.#set(leaf, NEXT, right);
    this.#set(leaf, LEAF_COUNT, kept);
    this.#moveWords(
      right,
      this.#entryWord(right, 0),
      leaf,
      this.#entryWord(leaf, kept),
      (count - kept) * this.#entryWords,
    );
    const minimum = this.#minimum;
    if (atEnd) {
      // Ids above all that are here go to the new leaf from now on.
      const last = this.#entryWord(leaf, count - 1);
      const source = this.#words(leaf);
      for (let i = 0; i < ID_WORDS; i++) minimum[i] = source[last + i]!;
      increment(minimum);
    } else for (let i = 0; i < ID_WORDS; i++) minimum[i] = words[this.#entryWord(right, 0) + i]!;
    if (cursor.slot >= kept && (atEnd || cursor.slot > kept)) {
      cursor.leaf = right;
      cursor.slot -= kept;
    }
    let child = right;
    for (level = height - 1; level >= 0; level--) {
      const inner = this.#path[level]!;
      const slot = this.#slots[level]! + 1;
      const children = this.#get(inner, 0);
      if (children < INNER_CHILDREN) {
        this.#openChild(inner, slot, minimum, child);
        return;
      }
      child = this.#splitInner(inner, slot, minimum, child);
    }
    // The root was full.
    const root = this.#spare.pop()!;
    const old = this.#words(header)[head + ROOT]!;
    const rootWords = this.#words(root);
    rootWords.fill(0, this.#word(root), this.#word(root) + HEADER_WORDS);
    this.#openChild(root, 0, minimum, old);
    this.#openChild(root, 1, minimum, child);
    this.#words(header)[head + ROOT] = root;
    this.#words(header)[head + HEIGHT] = ++height;
  }

  /** Splits a full inner node around a new child; returns the new right node, whose smallest id is then `minimum`. */
  #splitInner(inner: Address, slot: number, minimum: Id, child: Address): Address {
    const right = this.#spare.pop()!;
    const words = this.#words(right);
    words.fill(0, this.#word(right), this.#word(right) + HEADER_WORDS);
    const kept = slot === INNER_CHILDREN ? INNER_CHILDREN : INNER_CHILDREN >>> 1;
    const moved = INNER_CHILDREN - kept;
    this.#moveWords(right, this.#childWord(right, 0), inner, this.#childWord(inner, kept), moved * CHILD_WORDS);
    this.#set(right, 0, moved);
    this.#set(inner, 0, kept);
    if (slot === kept) {
      // The new child is the smallest of the right node: its id goes up unchanged.
      this.#openChild(right, 0, minimum, child);
    } else {
      if (slot < kept) this.#openChild(inner, slot, minimum, child);
      else this.#openChild(right, slot - kept, minimum, child);
      const first = this.#childWord(right, 0);
      for (let i = 0; i < ID_WORDS; i++) minimum[i] = words[first + i]!;
    }
    return right;
  }

  #openChild(inner: Address, slot: number, minimum: Id, child: Address): void {
    const words = this.#words(inner);
    const count = this.#get(inner, 0);
    const at = this.#childWord(inner, slot);
    if (slot < count) words.copyWithin(at + CHILD_WORDS, at, this.#childWord(inner, count));
    for (let i = 0; i < ID_WORDS; i++) words[at + i] = minimum[i]!;
    words[at + ID_WORDS] = child;
    this.#set(inner, 0, count + 1);
  }

  /** The child at the end of the noted path is gone: takes it out of the nodes above, up to `height` of them. */
  #dropChild(header: Address, height: number): void {
    const head = this.#word(header);
    let level = height - 1;
    for (; level >= 0; level--) {
      const inner = this.#path[level]!;
      const count = this.#get(inner, 0);
      if (count > 1) {
        const at = this.#childWord(inner, this.#slots[level]!);
        this.#words(inner).copyWithin(at, at + CHILD_WORDS, this.#childWord(inner, count));
        this.#set(inner, 0, count - 1);
        break;
      }
      this.arena.free(inner);
    }
    const words = this.#words(header);
    if (level < 0) {
      words[head + ROOT] = 0;
      words[head + HEIGHT] = 0;
      return;
    }
    // A root with one child is none.
    while (words[head + HEIGHT]! > 0 && this.#get(words[head + ROOT]!, 0) === 1) {
      const root = words[head + ROOT]!;
      words[head + ROOT] = this.#child(root, 0);
      words[head + HEIGHT]!--;
      this.arena.free(root);
    }
  }

  /** Moves the entries of a sparse leaf and its right neighbour into one, where they leave room. */
  #join(header: Address, height: number, leaf: Address): void {
    const parent = this.#path[height - 1]!;
    const slot = this.#slots[height - 1]!;
    const children = this.#get(parent, 0);
    if (children < 2) return;
    const leftSlot = slot + 1 < children ? slot : slot - 1;
    const left = leftSlot === slot ? leaf : this.#child(parent, leftSlot);
    const right = leftSlot === slot ? this.#child(parent, slot + 1) : leaf;
    const kept = this.#get(left, LEAF_COUNT);
    const more = this.#get(right, LEAF_COUNT);
    if (kept + more > (this.#leafEntries * 3) >>> 2) return;
    this.#moveWords(left, this.#entryWord(left, kept), right, this.#entryWord(right, 0), more * this.#entryWords);
    this.#set(left, LEAF_COUNT, kept + more);
    this.#unlinkLeaf(right);
    this.arena.free(right);
    this.#slots[height - 1] = leftSlot + 1;
    this.#dropChild(header, height);
  }

  #unlinkLeaf(leaf: Address): void {
    const prev = this.#get(leaf, PREV);
    const next = this.#get(leaf, NEXT);
    if (prev !== 0) this.#set(prev, NEXT, next);
    if (next !== 0) this.#set(next, PREV, prev);
  }

  #moveWords(to: Address, toWord: number, from: Address, fromWord: number, count: number): void {
    const target = this.#words(to);
    const source = this.#words(from);
    for (let i = 0; i < count; i++) target[toWord + i] = source[fromWord + i]!;
  }

  #reserve(blocks: number): void {
    const spare = this.#spare;
    try {
      while (spare.length < blocks) spare.push(this.arena.alloc(NODE_BYTES));
    } catch (error) {
      for (const block of spare) this.arena.free(block);
      spare.length = 0;
      throw error;
    }
  }
}

function compareWords(words: Uint32Array, at: number, id: Id): number {
  for (let i = 0; i < ID_WORDS; i++) {
    const a = words[at + i]!;
    const b = id[i]!;
    if (a !== b) return a < b ? -1 : 1;
  }
  return 0;
}

/** The next id; the highest one becomes 0. */
function increment(id: Id): void {
  for (let i = ID_WORDS - 1; i >= 0; i--) {
    const value = id[i]! + 1;
    id[i] = value;
    if (value <= 0xffffffff) return;
  }
}
