/**
 * The one hash table: keyspaces, big hashes, big sets and sorted-set members.
 *
 *   header (32 bytes)
 *   +--------+-------+--------+-------+--------+-------+-------+-------+
 *   | table0 | log2  | table1 | log2  | rehash | count | drain | guard |
 *   +--------+-------+--------+-------+--------+-------+-------+-------+
 *
 * Its items are in one table, or while it is resized in two; what a table is: dict-tables.ts.
 *
 * Growing and shrinking are incremental: every operation moves one bucket of table0 to table1, `rehashSome` moves
 * more in idle time. When memory runs out they pause, and the dict works on with longer chains. The SCAN cursor counts with
 * its bits reversed, from the high bit of the mask down, so that an element present during a whole scan is returned at least
 * once across any number of resizes.
 *
 * A table that a snapshot walks is guarded: `watcher` hears of each item before it is changed or removed, and when it is put
 * in. Logical buckets (hash modulo the size at that time) stay whole sets of physical ones in both tables, because a guarded
 * table never shrinks below that size. Insertion and removal tell by themselves; whoever changes an item in place calls
 * `beforeChange`, and whoever puts another in its place `beforeLeave`.
 *
 * The dict owns its tables, never the items.
 */
import { type Address, type Arena, ArenaExhausted } from './arena.ts';
import { DictTables, SLOTS } from './dict-tables.ts';
import type { KeyHasher } from './hash.ts';

const TABLE0 = 0;
const LOG0 = 1;
const TABLE1 = 2;
const LOG1 = 3;
const REHASH = 4;
const COUNT = 5;
const DRAIN = 6;
/** 0, or the log of the logical size plus one. */
const GUARD = 7;
const HEADER_BYTES = 32;

const NOT_REHASHING = 0xffffffff;
const MIN_LOG = 2;
/** 2 GiB of buckets: the largest buffer whose byte offsets stay in 31 bits. Beyond it the chains grow. */
const MAX_LOG = 25;
/** Average items a bucket at which the table doubles; at 6 of 7 slots a quarter of the buckets have overflowed. */
const GROW_AT = 6;
/** The table shrinks when fewer than one slot in ten is used. */
const SHRINK_DIVISOR = 10;
/** Steps that one resize may shrink by; as SCAN visits all large buckets of a small one at once, this bounds its work. */
const MAX_SHRINK_STEPS = 4;
/** Empty buckets that one step may skip, so that rehashing a sparse table stays bounded. */
const EMPTY_VISITS = 10;

const SEGMENT_SHIFT = 18;
const UNIT_MASK = (1 << SEGMENT_SHIFT) - 1;

/** Who wants to see items of guarded tables before they change. It may read the dict, not change it, nor find in it. */
export interface DictWatcher {
  /** An item, or what it refers to, is about to be changed. */
  beforeChange(header: Address, item: Address): void;
  /** An item is about to be removed or replaced. What it refers to stays as it is until a change or its freeing is told. */
  beforeLeave(header: Address, item: Address): void;
  /** An item was put into a guarded table, or took the place of another in any table. */
  placed(item: Address): void;
}

export class Dict {
  watcher: DictWatcher | null = null;
  readonly arena: Arena;
  readonly hasher: KeyHasher;
  readonly keyBase: number;
  readonly tables: DictTables;
  /** Means nothing: it keeps reads from being left out whose only use is that memory has been read. */
  touched = 0;
  /** Where the last `toChain` went. */
  chainTable: Address = 0;
  chainIndex = 0;

  constructor(arena: Arena, hasher: KeyHasher, keyBase: number) {
    this.arena = arena;
    this.hasher = hasher;
    this.keyBase = keyBase;
    this.tables = new DictTables(arena, keyBase);
  }

  /** Creates an empty dict and returns its header's address. */
  create(): Address {
    const header = this.arena.alloc(HEADER_BYTES);
    const view = this.arena.u32[header >>> SEGMENT_SHIFT]!;
    const at = (header & UNIT_MASK) << 2;
    view.fill(0, at, at + HEADER_BYTES / 4);
    view[at + REHASH] = NOT_REHASHING;
    return header;
  }

  /** Creates a dict whose table already has room for `expected` items. */
  createSized(expected: number): Address {
    const header = this.create();
    try {
      this.reserve(header, expected);
    } catch (error) {
      this.arena.free(header);
      throw error;
    }
    return header;
  }

  /** Makes room for `expected` items at once, if the dict is still empty. */
  reserve(header: Address, expected: number): void {
    const view = this.#header(header);
    const at = (header & UNIT_MASK) << 2;
    if (view[at + COUNT] !== 0 || expected === 0 || view[at + REHASH] !== NOT_REHASHING) return;
    const old = view[at + TABLE0]!;
    const log = Math.max(logFor(expected), view[at + GUARD]! - 1);
    view[at + TABLE0] = this.tables.alloc(log);
    view[at + LOG0] = log;
    if (old !== 0) this.arena.free(old);
  }

  count(header: Address): number {
    return this.arena.u32[header >>> SEGMENT_SHIFT]![((header & UNIT_MASK) << 2) + COUNT]!;
  }

  /** Buckets of both tables: what a full scan visits. */
  buckets(header: Address): number {
    const view = this.#header(header);
    const at = (header & UNIT_MASK) << 2;
    let total = view[at + TABLE0] === 0 ? 0 : 1 << view[at + LOG0]!;
    if (view[at + REHASH] !== NOT_REHASHING) total += 1 << view[at + LOG1]!;
    return total;
  }

  isRehashing(header: Address): boolean {
    return this.#header(header)[((header & UNIT_MASK) << 2) + REHASH] !== NOT_REHASHING;
  }

  // -- guarded tables -----------------------------------------------------------------------------------------

  /** Guards a table and returns the log of its logical size. The table must have room for items. */
  guard(header: Address): number {
    const view = this.#header(header);
    const word = (header & UNIT_MASK) << 2;
    const rehashing = view[word + REHASH] !== NOT_REHASHING;
    const log = rehashing ? Math.min(view[word + LOG0]!, view[word + LOG1]!) : view[word + LOG0]!;
    view[word + GUARD] = log + 1;
    return log;
  }

  unguard(header: Address): void {
    this.#header(header)[((header & UNIT_MASK) << 2) + GUARD] = 0;
  }

  isGuarded(header: Address): boolean {
    return this.arena.u32[header >>> SEGMENT_SHIFT]![((header & UNIT_MASK) << 2) + GUARD] !== 0;
  }

  /** To be called before an item is changed in place. */
  beforeChange(header: Address, item: Address): void {
    if (this.arena.u32[header >>> SEGMENT_SHIFT]![((header & UNIT_MASK) << 2) + GUARD] !== 0)
      this.watcher!.beforeChange(header, item);
  }

  /** To be called before an item is replaced by `replaceFound`, unless `beforeChange` was. */
  beforeLeave(header: Address, item: Address): void {
    if (this.isGuarded(header)) this.watcher!.beforeLeave(header, item);
  }

  /**
   * Appends the items of a logical bucket to `out` from `count` on, as far as there is room, and returns the new count (which
   * counts on without room). `log`: what `guard` returned.
   */
  collect(header: Address, log: number, bucket: number, out: Uint32Array, count: number): number {
    const view = this.#header(header);
    const word = (header & UNIT_MASK) << 2;
    let found = count;
    const log0 = view[word + LOG0]!;
    const step = 1 << log;
    for (let i = bucket; i < 1 << log0; i += step)
      found = this.tables.collectChain(view[word + TABLE0]!, i, out, found);
    if (view[word + REHASH] === NOT_REHASHING) return found;
    const log1 = view[word + LOG1]!;
    for (let i = bucket; i < 1 << log1; i += step)
      found = this.tables.collectChain(view[word + TABLE1]!, i, out, found);
    return found;
  }

  /** The item with this key, or 0. `hash` must be `hasher.hash` of the key. */
  find(header: Address, bytes: Uint8Array, at: number, length: number, hash: number): Address {
    const view = this.arena.u32[header >>> SEGMENT_SHIFT]!;
    const word = (header & UNIT_MASK) << 2;
    const table0 = view[word + TABLE0]!;
    if (table0 === 0) return 0;
    if (view[word + REHASH] !== NOT_REHASHING) {
      this.#rehashStep(view, word, 1);
      if (view[word + REHASH] !== NOT_REHASHING) {
        const found = this.tables.find(view[word + TABLE1]!, view[word + LOG1]!, bytes, at, length, hash);
        if (found !== 0) return found;
      }
    }
    return this.tables.find(view[word + TABLE0]!, view[word + LOG0]!, bytes, at, length, hash);
  }

  /** Puts another item (same key, moved block) into the slot that the last `find` returned. */
  replaceFound(item: Address): void {
    if (this.watcher !== null) this.watcher.placed(item);
    this.tables.replaceFound(item);
  }

  /** Adds an item whose key is known to be absent. Throws ArenaExhausted, having changed nothing. */
  insert(header: Address, item: Address, hash: number): void {
    const view = this.arena.u32[header >>> SEGMENT_SHIFT]!;
    const word = (header & UNIT_MASK) << 2;
    if (view[word + TABLE0] === 0) {
      view[word + TABLE0] = this.tables.alloc(MIN_LOG);
      view[word + LOG0] = MIN_LOG;
    }
    if (view[word + GUARD] !== 0) this.watcher!.placed(item);
    const count = view[word + COUNT]! + 1;
    if (view[word + REHASH] !== NOT_REHASHING) this.#rehashStep(view, word, 1);
    else if (count > GROW_AT << view[word + LOG0]!) this.#startRehash(view, word, logFor(count));
    if (view[word + REHASH] === NOT_REHASHING) this.tables.insert(view[word + TABLE0]!, view[word + LOG0]!, item, hash);
    else this.tables.insert(view[word + TABLE1]!, view[word + LOG1]!, item, hash);
    view[word + COUNT] = count;
  }

  /**
   * Adds the first `count` items, whose keys may be there already, and zeroes in `items` those that it has taken. Returns `count`,
   * or the index of the first item whose key is there: neither that one nor those behind it are taken. Throws
   * ArenaExhausted, having taken those before.
   *
   * Every item lands in another place of a large table, and looking at one after the other waits for memory each time. So all
   * places are read from first: reads that do not depend on each other, and that the processor has under way at once.
   */
  insertAll(header: Address, items: Uint32Array, hashes: Int32Array, count: number): number {
    const view = this.arena.u32[header >>> SEGMENT_SHIFT]!;
    const word = (header & UNIT_MASK) << 2;
    let touched = 0;
    for (let i = 0; i < count;) {
      const log = view[word + LOG0]!;
      const table = view[word + TABLE0]!;
      const room = table === 0 ? 0 : (GROW_AT << log) - view[word + COUNT]!;
      if (room <= 0 || view[word + REHASH] !== NOT_REHASHING || view[word + GUARD] !== 0) {
        if (this.#isThere(header, items[i]!, hashes[i]!)) return i;
        this.insert(header, items[i]!, hashes[i]!);
        items[i++] = 0;
        continue;
      }
      const end = Math.min(count, i + room);
      if (i >= touched) {
        this.touched = this.tables.touch(table, log, hashes, i, end);
        touched = end;
      }
      const first = i;
      i = this.tables.insertAbsent(table, log, items, hashes, first, end);
      view[word + COUNT]! += i - first;
      if (i < end) {
        // Its bucket is full, or holds its hash.
        if (this.#isThere(header, items[i]!, hashes[i]!)) return i;
        this.insert(header, items[i]!, hashes[i]!);
        items[i++] = 0;
      }
    }
    return count;
  }

  /** Whether an item of the dict has the key of this one, which is not in it. */
  #isThere(header: Address, item: Address, hash: number): boolean {
    const bytes = this.arena.u8[item >>> SEGMENT_SHIFT]!;
    return this.find(header, bytes, this.keyStart(item), this.keyLength(item), hash) !== 0;
  }

  /** The items with this hash: who looks for a long key compares in pieces. */
  withHash(header: Address, hash: number): Address[] {
    const view = this.#header(header);
    const word = (header & UNIT_MASK) << 2;
    const found: Address[] = [];
    if (view[word + TABLE0] !== 0) this.tables.withHash(view[word + TABLE0]!, view[word + LOG0]!, hash, found);
    if (view[word + REHASH] !== NOT_REHASHING)
      this.tables.withHash(view[word + TABLE1]!, view[word + LOG1]!, hash, found);
    return found;
  }

  /** Where an item's key begins: byte offset within its segment. */
  keyStart(item: Address): number {
    const word = (item & UNIT_MASK) << 2;
    return (word << 2) + this.keyBase + ((this.arena.u32[item >>> SEGMENT_SHIFT]![word]! >>> 31) << 3);
  }

  keyLength(item: Address): number {
    return this.arena.u32[item >>> SEGMENT_SHIFT]![((item & UNIT_MASK) << 2) + 1]!;
  }

  /** Unlinks the item with this key and returns it (the caller frees it), or 0. */
  remove(header: Address, bytes: Uint8Array, at: number, length: number, hash: number): Address {
    const view = this.arena.u32[header >>> SEGMENT_SHIFT]!;
    const word = (header & UNIT_MASK) << 2;
    if (view[word + TABLE0] === 0) return 0;
    const told = view[word + GUARD] === 0 ? 0 : header;
    if (view[word + REHASH] !== NOT_REHASHING) this.#rehashStep(view, word, 1);
    let item = 0;
    if (view[word + REHASH] !== NOT_REHASHING)
      item = this.#removeFrom(view[word + TABLE1]!, view[word + LOG1]!, told, bytes, at, length, hash);
    if (item === 0) item = this.#removeFrom(view[word + TABLE0]!, view[word + LOG0]!, told, bytes, at, length, hash);
    if (item === 0) return 0;
    const count = view[word + COUNT]! - 1;
    view[word + COUNT] = count;
    this.#shrinkIfSparse(view, word);
    return item;
  }

  /**
   * Moves up to `buckets` buckets of a pending resize; true while more is left. Starts one where a table was made for
   * items that never came: nothing else would ever shrink it, and a random item of it would be searched for long.
   */
  rehashSome(header: Address, buckets: number): boolean {
    const view = this.#header(header);
    const word = (header & UNIT_MASK) << 2;
    this.#shrinkIfSparse(view, word);
    if (view[word + REHASH] === NOT_REHASHING) return false;
    this.#rehashStep(view, word, buckets);
    return view[word + REHASH] !== NOT_REHASHING;
  }

  /**
   * Visits the bucket chain(s) of `cursor` and returns the next cursor, 0 at the end. `visit` must not change the dict.
   */
  scan(header: Address, cursor: number, visit: (item: Address) => void): number {
    const view = this.#header(header);
    const word = (header & UNIT_MASK) << 2;
    if (view[word + TABLE0] === 0) return 0;
    let log0 = view[word + LOG0]!;
    let table0 = view[word + TABLE0]!;
    let v = cursor | 0;
    if (view[word + REHASH] === NOT_REHASHING) {
      const mask = (1 << log0) - 1;
      this.tables.visitChain(table0, v & mask, visit);
      v = increment(v, mask);
      return v >>> 0;
    }
    let log1 = view[word + LOG1]!;
    let table1 = view[word + TABLE1]!;
    if (log0 > log1) {
      [log0, log1] = [log1, log0];
      [table0, table1] = [table1, table0];
    }
    const small = (1 << log0) - 1;
    const large = (1 << log1) - 1;
    this.tables.visitChain(table0, v & small, visit);
    do {
      this.tables.visitChain(table1, v & large, visit);
      v = increment(v, large);
    } while ((v & (small ^ large)) !== 0);
    return v >>> 0;
  }

  /** Visits every item. `visit` must not change the dict. */
  forEach(header: Address, visit: (item: Address) => void): void {
    const view = this.#header(header);
    const word = (header & UNIT_MASK) << 2;
    if (view[word + TABLE0] === 0) return;
    for (let i = 0; i < 1 << view[word + LOG0]!; i++) this.tables.visitChain(view[word + TABLE0]!, i, visit);
    if (view[word + REHASH] === NOT_REHASHING) return;
    for (let i = 0; i < 1 << view[word + LOG1]!; i++) this.tables.visitChain(view[word + TABLE1]!, i, visit);
  }

  /**
   * How many chains may hold items, 0 if the dict is empty; those that a resize has moved do not count. Does a step of a pending
   * one. For random items: dict-random.ts.
   */
  chains(header: Address): number {
    const view = this.#header(header);
    const word = (header & UNIT_MASK) << 2;
    if (view[word + COUNT] === 0) return 0;
    if (view[word + REHASH] !== NOT_REHASHING) this.#rehashStep(view, word, 1);
    if (view[word + REHASH] === NOT_REHASHING) return 1 << view[word + LOG0]!;
    return (1 << view[word + LOG0]!) - view[word + REHASH]! + (1 << view[word + LOG1]!);
  }

  /** Mean items a chain where there are most of them: in a resize, if all were in the smaller table. */
  density(header: Address): number {
    const view = this.#header(header);
    const word = (header & UNIT_MASK) << 2;
    const rehashing = view[word + REHASH] !== NOT_REHASHING;
    const log = rehashing ? Math.min(view[word + LOG0]!, view[word + LOG1]!) : view[word + LOG0]!;
    return view[word + COUNT]! / (1 << log);
  }

  /** Sets `chainTable` and `chainIndex` to one of `chains`. */
  toChain(header: Address, chain: number): void {
    const view = this.#header(header);
    const word = (header & UNIT_MASK) << 2;
    const moved = view[word + REHASH] === NOT_REHASHING ? 0 : view[word + REHASH]!;
    const left = (1 << view[word + LOG0]!) - moved;
    this.chainTable = chain < left ? view[word + TABLE0]! : view[word + TABLE1]!;
    this.chainIndex = chain < left ? moved + chain : chain - left;
  }

  /**
   * Takes the dict apart, at most `budget` buckets a call: `release` gets every item once. True when all is freed, the
   * header included. Nothing else may use the dict once draining has begun.
   */
  drain(header: Address, budget: number, release: (item: Address) => void): boolean {
    const view = this.#header(header);
    const word = (header & UNIT_MASK) << 2;
    let left = budget;
    for (const [table, log] of [
      [TABLE0, LOG0],
      [TABLE1, LOG1],
    ] as const) {
      if (view[word + table] === 0) continue;
      const size = 1 << view[word + log]!;
      for (; view[word + DRAIN]! < size; view[word + DRAIN]!++) {
        if (left-- <= 0) return false;
        this.tables.visitChain(view[word + table]!, view[word + DRAIN]!, release);
        this.tables.freeOverflow(view[word + table]!, view[word + DRAIN]!);
      }
      this.arena.free(view[word + table]!);
      view[word + table] = 0;
      view[word + DRAIN] = 0;
    }
    this.arena.free(header);
    return true;
  }

  #header(header: Address): Uint32Array {
    return this.arena.u32[header >>> SEGMENT_SHIFT]!;
  }

  /** `guarded`: the header if the watcher is to be told, or 0. */
  #removeFrom(
    table: Address,
    log: number,
    guarded: Address,
    bytes: Uint8Array,
    at: number,
    length: number,
    hash: number,
  ): Address {
    const item = this.tables.find(table, log, bytes, at, length, hash);
    if (item === 0) return 0;
    if (guarded !== 0) this.watcher!.beforeLeave(guarded, item);
    this.tables.removeFound(table, log, hash);
    return item;
  }

  #shrinkIfSparse(view: Uint32Array, word: number): void {
    if (view[word + REHASH] !== NOT_REHASHING) return;
    const log = view[word + LOG0]!;
    const count = view[word + COUNT]!;
    if (log > MIN_LOG && count * SHRINK_DIVISOR < SLOTS << log)
      this.#startRehash(view, word, Math.max(logFor(count), log - MAX_SHRINK_STEPS, view[word + GUARD]! - 1));
  }

  #startRehash(view: Uint32Array, word: number, log: number): void {
    // Promised memory is not for what only makes things faster.
    if (log === view[word + LOG0] || this.arena.scarce) return;
    let table: Address;
    try {
      table = this.tables.alloc(log);
    } catch (error) {
      // The dict works in the size it has; the next change tries again.
      if (error instanceof ArenaExhausted) return;
      throw error;
    }
    view[word + TABLE1] = table;
    view[word + LOG1] = log;
    view[word + REHASH] = 0;
  }

  #rehashStep(view: Uint32Array, word: number, buckets: number): void {
    const table0 = view[word + TABLE0]!;
    const table1 = view[word + TABLE1]!;
    const log1 = view[word + LOG1]!;
    const size = 1 << view[word + LOG0]!;
    let index = view[word + REHASH]!;
    let empties = buckets * EMPTY_VISITS;
    let left = buckets;
    while (left > 0 && index < size) {
      if (this.tables.isEmpty(table0, index) && --empties > 0) {
        index++;
        continue;
      }
      if (!this.tables.moveChain(table0, index, table1, log1)) break;
      index++;
      left--;
    }
    view[word + REHASH] = index;
    if (index < size) return;
    this.arena.free(table0);
    view[word + TABLE0] = table1;
    view[word + LOG0] = log1;
    view[word + TABLE1] = 0;
    view[word + REHASH] = NOT_REHASHING;
  }
}

function logFor(count: number): number {
  let log = MIN_LOG;
  while (GROW_AT << log < count && log < MAX_LOG) log++;
  // Half a step of headroom, so that a dict made to size does not grow at its next insertion.
  return count > (GROW_AT << log) * 0.9 && log < MAX_LOG ? log + 1 : log;
}

/** The next cursor: adds one to the masked bits read from the high end. */
function increment(cursor: number, mask: number): number {
  return reverse(reverse(cursor | ~mask) + 1);
}

function reverse(value: number): number {
  let v = value;
  v = ((v >>> 1) & 0x55555555) | ((v & 0x55555555) << 1);
  v = ((v >>> 2) & 0x33333333) | ((v & 0x33333333) << 2);
  v = ((v >>> 4) & 0x0f0f0f0f) | ((v & 0x0f0f0f0f) << 4);
  v = ((v >>> 8) & 0x00ff00ff) | ((v & 0x00ff00ff) << 8);
  return (v >>> 16) | (v << 16);
}
