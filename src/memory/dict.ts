/**
 * The one hash table: keyspaces, big hashes, big sets and sorted-set members.
 *
 *   header (32 bytes)                              bucket (64 bytes, one cache line)
 *   +--------+-------+--------+-------+            +----------+-------+------------+------------+
 *   | table0 | log2  | table1 | log2  |            | overflow | count | 7 x hash32 | 7 x item   |
 *   +--------+-------+--------+-------+            +----------+-------+------------+------------+
 *   | rehash | count | drain  | guard |             u32        u32     u32           u32 address
 *   +--------+-------+--------+-------+
 *
 * A bucket that is full points to an overflow bucket. Free slots are a bucket's last ones, and an overflow bucket is
 * never empty. The full 32-bit hash lies beside each slot, so growing moves slots without touching an item, and a
 * lookup reads one cache line and, nearly always, one item.
 *
 * Growing and shrinking are incremental: every operation moves one bucket of table0 to table1, `rehashSome` moves
 * more in idle time. When memory runs out they pause, and the dict works on with longer chains. The SCAN cursor counts with its bits reversed, from the high bit of the mask down, so that an
 * element present during a whole scan is returned at least once across any number of resizes.
 *
 * A table that a snapshot walks is guarded: `watcher` hears of each item before it is changed or removed, and when it is put
 * in. Logical buckets (hash modulo the size at that time) stay whole sets of physical ones in both tables, because a guarded
 * table never shrinks below that size. Insertion and removal tell by themselves; whoever changes an item in place calls
 * `beforeChange`.
 *
 * Items follow the layout in store/entry.ts: the key of a dict's items starts at `keyBase`, 8 bytes later if bit 31 of the
 * first word is set. The dict owns its buckets, never the items.
 */
import { equalWords, type Viewed } from '../base/viewed.ts';
import type { Random } from '../base/ambient.ts';
import { type Address, type Arena, ArenaExhausted, MEDIUM_MAX } from './arena.ts';
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
const BUCKET_BYTES = 64;
const BUCKET_WORDS = 16;
const SLOTS = 7;
const HASHES = 2;
const ITEMS = 9;
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

/** Longest chain whose items `fairRandom` weighs alike; at GROW_AT items a bucket, one bucket in 5,000 has more. */
const FAIR_CHAIN = 16;
/** Picks before `fairRandom` takes what comes: a sparse table has a seventh of a slot used at least. */
const FAIR_TRIES = 256;

const TWO_TO_32 = 2 ** 32;
const SEGMENT_SHIFT = 18;
const UNIT_MASK = (1 << SEGMENT_SHIFT) - 1;

/** Who wants to see items of guarded tables before they change. It may read the dict, not change it, nor find in it. */
export interface DictWatcher {
  /** An item is about to be removed or changed. */
  beforeChange(header: Address, item: Address): void;
  /** An item was put into a guarded table, or took the place of another in any table. */
  placed(item: Address): void;
}

export class Dict {
  watcher: DictWatcher | null = null;
  readonly arena: Arena;
  readonly hasher: KeyHasher;
  readonly keyBase: number;
  /** Means nothing: it keeps reads from being left out whose only use is that memory has been read. */
  touched = 0;
  /** Where the last successful `find` found its item; valid until the next change of any dict. */
  #slotView: Uint32Array = new Uint32Array(0);
  #slotIndex = 0;

  constructor(arena: Arena, hasher: KeyHasher, keyBase: number) {
    this.arena = arena;
    this.hasher = hasher;
    this.keyBase = keyBase;
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
    view[at + TABLE0] = this.#allocTable(log);
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

  /** To be called before an item is changed in place, or replaced by `replaceFound`. */
  beforeChange(header: Address, item: Address): void {
    if (this.arena.u32[header >>> SEGMENT_SHIFT]![((header & UNIT_MASK) << 2) + GUARD] !== 0)
      this.watcher!.beforeChange(header, item);
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
    for (let i = bucket; i < 1 << log0; i += step) found = this.#collectChain(view[word + TABLE0]!, i, out, found);
    if (view[word + REHASH] === NOT_REHASHING) return found;
    const log1 = view[word + LOG1]!;
    for (let i = bucket; i < 1 << log1; i += step) found = this.#collectChain(view[word + TABLE1]!, i, out, found);
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
        const found = this.#findIn(view[word + TABLE1]!, view[word + LOG1]!, bytes, at, length, hash);
        if (found !== 0) return found;
      }
    }
    return this.#findIn(view[word + TABLE0]!, view[word + LOG0]!, bytes, at, length, hash);
  }

  /** Puts another item (same key, moved block) into the slot that the last `find` returned. */
  replaceFound(item: Address): void {
    if (this.watcher !== null) this.watcher.placed(item);
    this.#slotView[this.#slotIndex] = item;
  }

  /** Adds an item whose key is known to be absent. Throws ArenaExhausted, having changed nothing. */
  insert(header: Address, item: Address, hash: number): void {
    const view = this.arena.u32[header >>> SEGMENT_SHIFT]!;
    const word = (header & UNIT_MASK) << 2;
    if (view[word + TABLE0] === 0) {
      view[word + TABLE0] = this.#allocTable(MIN_LOG);
      view[word + LOG0] = MIN_LOG;
    }
    if (view[word + GUARD] !== 0) this.watcher!.placed(item);
    const count = view[word + COUNT]! + 1;
    if (view[word + REHASH] !== NOT_REHASHING) this.#rehashStep(view, word, 1);
    else if (count > GROW_AT << view[word + LOG0]!) this.#startRehash(view, word, logFor(count));
    if (view[word + REHASH] === NOT_REHASHING) this.#insertInto(view[word + TABLE0]!, view[word + LOG0]!, item, hash);
    else this.#insertInto(view[word + TABLE1]!, view[word + LOG1]!, item, hash);
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
        this.touched = this.#touch(table, log, hashes, i, end);
        touched = end;
      }
      i = this.#insertAbsent(view, word, items, hashes, i, end);
      if (i < end) {
        // Its bucket is full, or holds its hash.
        if (this.#isThere(header, items[i]!, hashes[i]!)) return i;
        this.insert(header, items[i]!, hashes[i]!);
        items[i++] = 0;
      }
    }
    return count;
  }

  #touch(table: Address, log: number, hashes: Int32Array, from: number, end: number): number {
    const view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    const base = (table & UNIT_MASK) << 2;
    const mask = (1 << log) - 1;
    let sum = 0;
    for (let i = from; i < end; i++) sum += view[base + (hashes[i]! & mask) * BUCKET_WORDS]!;
    return sum;
  }

  /**
   * Adds items to table0 up to the first whose bucket is full or has one with the same hash, and returns that one's index. What is
   * rare is not done here, so that code which is compiled early in a load stays good to its end.
   */
  #insertAbsent(
    header: Uint32Array,
    word: number,
    items: Uint32Array,
    hashes: Int32Array,
    from: number,
    end: number,
  ): number {
    const table = header[word + TABLE0]!;
    const view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    const base = (table & UNIT_MASK) << 2;
    const mask = (1 << header[word + LOG0]!) - 1;
    let i = from;
    scan: for (; i < end; i++) {
      const hash = hashes[i]!;
      const bucket = base + (hash & mask) * BUCKET_WORDS;
      const used = view[bucket + 1]!;
      if (used === SLOTS) break;
      const free = bucket + HASHES + used;
      for (let slot = bucket + HASHES; slot < free; slot++) if ((view[slot]! | 0) === hash) break scan;
      view[free] = hash;
      view[free + ITEMS - HASHES] = items[i]!;
      view[bucket + 1] = used + 1;
      items[i] = 0;
    }
    header[word + COUNT]! += i - from;
    return i;
  }

  /** Whether an item of the dict has the key of this one, which is not in it. */
  #isThere(header: Address, item: Address, hash: number): boolean {
    const words = this.arena.u32[item >>> SEGMENT_SHIFT]!;
    const word = (item & UNIT_MASK) << 2;
    const start = (word << 2) + this.keyBase + ((words[word]! >>> 31) << 3);
    return this.find(header, this.arena.u8[item >>> SEGMENT_SHIFT]!, start, words[word + 1]!, hash) !== 0;
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
      this.#visitChain(table0, v & mask, visit);
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
    this.#visitChain(table0, v & small, visit);
    do {
      this.#visitChain(table1, v & large, visit);
      v = increment(v, large);
    } while ((v & (small ^ large)) !== 0);
    return v >>> 0;
  }

  /** Visits every item. `visit` must not change the dict. */
  forEach(header: Address, visit: (item: Address) => void): void {
    const view = this.#header(header);
    const word = (header & UNIT_MASK) << 2;
    if (view[word + TABLE0] === 0) return;
    for (let i = 0; i < 1 << view[word + LOG0]!; i++) this.#visitChain(view[word + TABLE0]!, i, visit);
    if (view[word + REHASH] === NOT_REHASHING) return;
    for (let i = 0; i < 1 << view[word + LOG1]!; i++) this.#visitChain(view[word + TABLE1]!, i, visit);
  }

  /** A random item (uniform over buckets, then over the chain), or 0 if empty. */
  random(header: Address, random: Random): Address {
    const view = this.#header(header);
    const word = (header & UNIT_MASK) << 2;
    if (view[word + COUNT] === 0) return 0;
    if (view[word + REHASH] !== NOT_REHASHING) this.#rehashStep(view, word, 1);
    const rehashing = view[word + REHASH] !== NOT_REHASHING;
    const done = rehashing ? view[word + REHASH]! : 0;
    const size0 = (1 << view[word + LOG0]!) - done;
    const total = size0 + (rehashing ? 1 << view[word + LOG1]! : 0);
    for (;;) {
      const pick = Math.floor((random.uint32() / TWO_TO_32) * total);
      const table = pick < size0 ? view[word + TABLE0]! : view[word + TABLE1]!;
      const index = pick < size0 ? done + pick : pick - size0;
      const length = this.#chainLength(table, index);
      if (length > 0) return this.#chainItem(table, index, Math.floor((random.uint32() / TWO_TO_32) * length));
    }
  }

  /** A random item, all equally likely as long as no bucket's chain has more than FAIR_CHAIN; or 0 if empty. */
  fairRandom(header: Address, random: Random): Address {
    const view = this.#header(header);
    const word = (header & UNIT_MASK) << 2;
    if (view[word + COUNT] === 0) return 0;
    if (view[word + REHASH] !== NOT_REHASHING) this.#rehashStep(view, word, 1);
    // A bucket is kept in proportion to its length: one with few items must not make these more likely.
    for (let tries = 0; tries < FAIR_TRIES; tries++) {
      const bucket = this.#randomBucket(view, word, random);
      const [table, index] = bucket < 0 ? [view[word + TABLE1]!, ~bucket] : [view[word + TABLE0]!, bucket];
      const position = Math.floor((random.uint32() / TWO_TO_32) * FAIR_CHAIN);
      if (position < this.#chainLength(table, index)) return this.#chainItem(table, index, position);
    }
    return this.random(header, random);
  }

  /**
   * Puts the items of random neighbouring buckets into `out` until there are at least `wanted`, or `out` is full; returns how
   * many. No item comes twice. Whole buckets, so that each item is equally likely to be among them.
   */
  sample(header: Address, random: Random, out: Uint32Array, wanted: number): number {
    const view = this.#header(header);
    const word = (header & UNIT_MASK) << 2;
    if (view[word + COUNT] === 0) return 0;
    if (view[word + REHASH] !== NOT_REHASHING) this.#rehashStep(view, word, 1);
    const sizes = this.#sizes(view, word);
    const start = this.#randomBucket(view, word, random);
    let inTable1 = start < 0;
    let index = inTable1 ? ~start : start;
    let taken = 0;
    for (let left = sizes[0] - sizes[1] + sizes[2]; left > 0 && taken < wanted; left--) {
      taken = this.#takeChain(view[word + (inTable1 ? TABLE1 : TABLE0)]!, index, out, taken);
      if (++index < (inTable1 ? sizes[2] : sizes[0])) continue;
      if (sizes[2] > 0) inTable1 = !inTable1;
      index = inTable1 ? 0 : sizes[1];
    }
    return taken;
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
        this.#visitChain(view[word + table]!, view[word + DRAIN]!, release);
        this.#freeOverflow(view[word + table]!, view[word + DRAIN]!);
      }
      this.arena.free(view[word + table]!);
      view[word + table] = 0;
      view[word + DRAIN] = 0;
    }
    this.arena.free(header);
    return true;
  }

  /** Buckets of table0, those of them that are moved already, and buckets of table1. */
  #sizes(view: Uint32Array, word: number): readonly [number, number, number] {
    if (view[word + REHASH] === NOT_REHASHING) return [1 << view[word + LOG0]!, 0, 0];
    return [1 << view[word + LOG0]!, view[word + REHASH]!, 1 << view[word + LOG1]!];
  }

  /** A bucket that may hold items: its index in table0, or ~index in table1. */
  #randomBucket(view: Uint32Array, word: number, random: Random): number {
    const [size0, moved, size1] = this.#sizes(view, word);
    const pick = Math.floor((random.uint32() / TWO_TO_32) * (size0 - moved + size1));
    return pick < size0 - moved ? moved + pick : ~(pick - (size0 - moved));
  }

  /** Copies a chain's items to `out` from `taken` on, as far as there is room; returns how many are there now. */
  #takeChain(table: Address, index: number, out: Uint32Array, taken: number): number {
    let count = taken;
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let bucket = ((table & UNIT_MASK) << 2) + index * BUCKET_WORDS;
    for (;;) {
      const used = view[bucket + 1]!;
      for (let slot = 0; slot < used && count < out.length; slot++) out[count++] = view[bucket + ITEMS + slot]!;
      const overflow = view[bucket]!;
      if (overflow === 0) return count;
      view = this.arena.u32[overflow >>> SEGMENT_SHIFT]!;
      bucket = (overflow & UNIT_MASK) << 2;
    }
  }

  #header(header: Address): Uint32Array {
    return this.arena.u32[header >>> SEGMENT_SHIFT]!;
  }

  #keyEquals(item: Address, bytes: Uint8Array, at: number, length: number): boolean {
    const segment = item >>> SEGMENT_SHIFT;
    const words = this.arena.u32[segment]!;
    const word = (item & UNIT_MASK) << 2;
    if (words[word + 1] !== length) return false;
    const stored = this.arena.u8[segment]!;
    const start = (word << 2) + this.keyBase + ((words[word]! >>> 31) << 3);
    const { view } = bytes as Viewed;
    if (view !== undefined && length >= 4) return equalWords((stored as Viewed).view!, start, view, at, length);
    for (let i = 0; i < length; i++) if (stored[start + i] !== bytes[at + i]) return false;
    return true;
  }

  #findIn(table: Address, log: number, bytes: Uint8Array, at: number, length: number, hash: number): Address {
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let bucket = ((table & UNIT_MASK) << 2) + (hash & ((1 << log) - 1)) * BUCKET_WORDS;
    for (;;) {
      const used = view[bucket + 1]!;
      for (let slot = 0; slot < used; slot++) {
        if ((view[bucket + HASHES + slot]! | 0) !== hash) continue;
        const item = view[bucket + ITEMS + slot]!;
        if (this.#keyEquals(item, bytes, at, length)) {
          this.#slotView = view;
          this.#slotIndex = bucket + ITEMS + slot;
          return item;
        }
      }
      const overflow = view[bucket]!;
      if (overflow === 0) return 0;
      view = this.arena.u32[overflow >>> SEGMENT_SHIFT]!;
      bucket = (overflow & UNIT_MASK) << 2;
    }
  }

  #insertInto(table: Address, log: number, item: Address, hash: number): void {
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let bucket = ((table & UNIT_MASK) << 2) + (hash & ((1 << log) - 1)) * BUCKET_WORDS;
    while (view[bucket + 1] === SLOTS) {
      let next = view[bucket]!;
      if (next === 0) {
        next = this.arena.alloc(BUCKET_BYTES);
        view[bucket] = next;
        view = this.arena.u32[next >>> SEGMENT_SHIFT]!;
        bucket = (next & UNIT_MASK) << 2;
        view[bucket] = 0;
        view[bucket + 1] = 0;
        break;
      }
      view = this.arena.u32[next >>> SEGMENT_SHIFT]!;
      bucket = (next & UNIT_MASK) << 2;
    }
    const slot = view[bucket + 1]!;
    view[bucket + HASHES + slot] = hash;
    view[bucket + ITEMS + slot] = item;
    view[bucket + 1] = slot + 1;
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
    const item = this.#findIn(table, log, bytes, at, length, hash);
    if (item === 0) return 0;
    const holeView = this.#slotView;
    const hole = this.#slotIndex;
    if (guarded !== 0) this.watcher!.beforeChange(guarded, item);
    // The chain's last element fills the hole; an overflow bucket that empties is freed.
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let bucket = ((table & UNIT_MASK) << 2) + (hash & ((1 << log) - 1)) * BUCKET_WORDS;
    let parentView = view;
    let parent = -1;
    while (view[bucket] !== 0) {
      const next = view[bucket]!;
      parentView = view;
      parent = bucket;
      view = this.arena.u32[next >>> SEGMENT_SHIFT]!;
      bucket = (next & UNIT_MASK) << 2;
    }
    const last = view[bucket + 1]! - 1;
    holeView[hole] = view[bucket + ITEMS + last]!;
    holeView[hole - ITEMS + HASHES] = view[bucket + HASHES + last]!;
    view[bucket + 1] = last;
    if (last === 0 && parent >= 0) {
      this.arena.free(parentView[parent]!);
      parentView[parent] = 0;
    }
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
      table = this.#allocTable(log);
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
    const tableView = this.arena.u32[table0 >>> SEGMENT_SHIFT]!;
    const base = (table0 & UNIT_MASK) << 2;
    let index = view[word + REHASH]!;
    let empties = buckets * EMPTY_VISITS;
    let left = buckets;
    while (left > 0 && index < size) {
      const head = base + index * BUCKET_WORDS;
      if (tableView[head + 1] === 0 && tableView[head] === 0 && --empties > 0) {
        index++;
        continue;
      }
      if (!this.#moveChain(tableView, head, table1, log1)) break;
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

  /** Moves a bucket and its overflow to another table; false if memory ran out and some items stayed behind. */
  #moveChain(tableView: Uint32Array, head: number, target: Address, log: number): boolean {
    let view = tableView;
    let bucket = head;
    let overflow = 0;
    let slot = 0;
    try {
      for (;;) {
        for (slot = 0; slot < view[bucket + 1]!; slot++)
          this.#insertInto(target, log, view[bucket + ITEMS + slot]!, view[bucket + HASHES + slot]! | 0);
        const next = view[bucket]!;
        view[bucket] = 0;
        view[bucket + 1] = 0;
        if (overflow !== 0) this.arena.free(overflow);
        overflow = next;
        if (next === 0) return true;
        view = this.arena.u32[next >>> SEGMENT_SHIFT]!;
        bucket = (next & UNIT_MASK) << 2;
      }
    } catch (error) {
      if (!(error instanceof ArenaExhausted)) throw error;
      const used = view[bucket + 1]!;
      view.copyWithin(bucket + ITEMS, bucket + ITEMS + slot, bucket + ITEMS + used);
      view.copyWithin(bucket + HASHES, bucket + HASHES + slot, bucket + HASHES + used);
      view[bucket + 1] = used - slot;
      if (bucket !== head || view !== tableView) tableView[head] = overflow;
      return false;
    }
  }

  #allocTable(log: number): Address {
    const bytes = BUCKET_BYTES * 2 ** log;
    const table = this.arena.alloc(bytes);
    // A table with a buffer of its own comes zeroed from the system.
    if (bytes <= MEDIUM_MAX) {
      const word = (table & UNIT_MASK) << 2;
      this.arena.u32[table >>> SEGMENT_SHIFT]!.fill(0, word, word + (bytes >>> 2));
    }
    return table;
  }

  #freeOverflow(table: Address, index: number): void {
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let next = view[((table & UNIT_MASK) << 2) + index * BUCKET_WORDS]!;
    while (next !== 0) {
      view = this.arena.u32[next >>> SEGMENT_SHIFT]!;
      const after = view[(next & UNIT_MASK) << 2]!;
      this.arena.free(next);
      next = after;
    }
  }

  #visitChain(table: Address, index: number, visit: (item: Address) => void): void {
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let bucket = ((table & UNIT_MASK) << 2) + index * BUCKET_WORDS;
    for (;;) {
      const used = view[bucket + 1]!;
      for (let slot = 0; slot < used; slot++) visit(view[bucket + ITEMS + slot]!);
      const overflow = view[bucket]!;
      if (overflow === 0) return;
      view = this.arena.u32[overflow >>> SEGMENT_SHIFT]!;
      bucket = (overflow & UNIT_MASK) << 2;
    }
  }

  #collectChain(table: Address, index: number, out: Uint32Array, count: number): number {
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let bucket = ((table & UNIT_MASK) << 2) + index * BUCKET_WORDS;
    let found = count;
    for (;;) {
      const used = view[bucket + 1]!;
      for (let slot = 0; slot < used; slot++) out[found++] = view[bucket + ITEMS + slot]!;
      const overflow = view[bucket]!;
      if (overflow === 0) return found;
      view = this.arena.u32[overflow >>> SEGMENT_SHIFT]!;
      bucket = (overflow & UNIT_MASK) << 2;
    }
  }

  #chainLength(table: Address, index: number): number {
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let bucket = ((table & UNIT_MASK) << 2) + index * BUCKET_WORDS;
    let length = view[bucket + 1]!;
    for (let next = view[bucket]!; next !== 0; next = view[bucket]!) {
      view = this.arena.u32[next >>> SEGMENT_SHIFT]!;
      bucket = (next & UNIT_MASK) << 2;
      length += view[bucket + 1]!;
    }
    return length;
  }

  /** The item at a position below the chain's length. */
  #chainItem(table: Address, index: number, position: number): Address {
    let view = this.arena.u32[table >>> SEGMENT_SHIFT]!;
    let bucket = ((table & UNIT_MASK) << 2) + index * BUCKET_WORDS;
    let left = position;
    while (left >= view[bucket + 1]!) {
      left -= view[bucket + 1]!;
      const next = view[bucket]!;
      view = this.arena.u32[next >>> SEGMENT_SHIFT]!;
      bucket = (next & UNIT_MASK) << 2;
    }
    return view[bucket + ITEMS + left]!;
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
