/**
 * The arena: where keys and values live, outside the JS heap.
 *
 *   address (32 bits, in units of 16 bytes) = segment index << 18 | unit within the segment
 *
 *   segment (4 MiB SharedArrayBuffer)         kinds
 *   +--------+--------+--- ... ---+--------+   small:  64 pages of 64 KiB, a page holds blocks of one size class
 *   | page 0 | page 1 |           | page 63|   medium: the whole segment is one page of one size class
 *   +--------+--------+--- ... ---+--------+   huge:   one block, its buffer as large as the block
 *
 * A block's size is its page's class, so blocks carry no header. An empty small page returns to the pool and may
 * serve another class, an empty medium segment likewise (two are kept), or it is given back to the system as a huge one is:
 * churn between sizes does not pin memory. Address 0 is never handed out (the first unit is reserved) and serves as "none".
 *
 * Invariant: for every page, 0 <= used <= capacity, and the page is in its class's partial list iff it has room.
 *
 * A reserve makes promises possible: `ensure` holds back segments that nothing has touched (so they cost address space, no
 * memory), and allocations draw on them only once the system refuses more. Who was promised room finds it.
 */
import { DroppedBuffers } from './dropped-buffers.ts';
import { viewed } from '../base/viewed.ts';
import { assert } from '../base/assert.ts';
import { copyBytes } from '../base/copy.ts';

/** Address of a block, in units of 16 bytes; 0 means none. */
export type Address = number;

/** Size classes of small blocks, and of medium ones. */
export const SMALL_CLASSES = 64;
export const MEDIUM_CLASSES = 56;

export const SEGMENT_BYTES: number = 4 * 1024 * 1024;
const SEGMENT_SHIFT = 18;
/** Units of 16 bytes in a segment. */
export const SEGMENT_UNITS: number = 1 << SEGMENT_SHIFT;
const UNIT_MASK = SEGMENT_UNITS - 1;
/** 64 GiB of small and medium blocks, or this many huge ones. */
export const MAX_SEGMENTS: number = 1 << (32 - SEGMENT_SHIFT);

const PAGE_SHIFT = 12; // units in a 64 KiB page
const PAGES_PER_SEGMENT = 64;
export const PAGE_BYTES: number = 64 * 1024;
/** Largest block of a small page; larger ones get medium segments. */
export const SMALL_MAX: number = 8 * 1024;
/** Empty medium segments kept for reuse, so that a value growing and shrinking around a page does not ask the system. */
const MAX_SPARE_SEGMENTS = 2;
/** Largest block of a medium segment; larger ones get a buffer of their own. */
export const MEDIUM_MAX: number = 1024 * 1024;

/** Largest block: the longest view that Node 20 makes of a buffer. So lengths within a block fit into 32 bits. */
export const MAX_BLOCK_BYTES: number = 2 ** 32 - 4096;

const KIND_FREE = 0;
const KIND_SMALL = 1;
const KIND_MEDIUM = 2;
const KIND_HUGE = 3;

/** Blocks up to here may be wasted in part. */
const SMALL_BLOCK = 64;

/** Untouched segments that may stay beyond what the last promise needs. */
const RESERVE_SURPLUS = 16;
/** After the system refused memory, one request in so many asks it again, unless something went back to it. */
const ASK_AGAIN = 64;

const NONE = 0xffffffff;
const NO_BYTES = new Uint8Array(new SharedArrayBuffer(0));

// Size classes: every 16 bytes up to 512, then eight steps a doubling.
const classBytes: readonly number[] = (() => {
  const sizes: number[] = [];
  for (let size = 16; size <= 512; size += 16) sizes.push(size);
  for (let base = 512; base < MEDIUM_MAX; base *= 2)
    for (let step = 1; step <= 8; step++) sizes.push(base + (base / 8) * step);
  return sizes;
})();
const CLASSES = SMALL_CLASSES + MEDIUM_CLASSES;
assert(classBytes.length === CLASSES, 'arena: wrong number of size classes');
const classSize: Uint32Array = Uint32Array.from(classBytes);
// Class by size for sizes up to SMALL_MAX (index: size in units), computed for the rest.
const classOfUnits: Uint8Array = (() => {
  const table = new Uint8Array(SMALL_MAX / 16 + 1);
  let cls = 0;
  for (let units = 1; units < table.length; units++) {
    while (classBytes[cls]! < units * 16) cls++;
    table[units] = cls;
  }
  return table;
})();

function classOf(bytes: number): number {
  if (bytes <= SMALL_MAX) return classOfUnits[(bytes + 15) >>> 4]!;
  let base = 512;
  let cls = 31;
  while (base * 2 < bytes) {
    base *= 2;
    cls += 8;
  }
  return cls + Math.ceil((bytes - base) / (base / 8));
}

/** The arena cannot grow: all segments are in use, or the system has no memory. The failed allocation changed nothing. */
export class ArenaExhausted extends Error {
  override name = 'ArenaExhausted';
}

/** Segment index of an address. */
export function segmentOf(address: Address): number {
  return address >>> SEGMENT_SHIFT;
}

/** Byte offset of an address within its segment. */
export function byteOf(address: Address): number {
  return (address & UNIT_MASK) << 4;
}

export class Arena {
  /** Views of each segment, indexed by `segmentOf`. Read through these; a huge block starts at byte 0 of its own. */
  readonly u8: Uint8Array<SharedArrayBuffer>[] = [];
  readonly u32: Uint32Array[] = [];
  readonly f64: Float64Array[] = [];

  /** Bytes handed out, as rounded up to size classes. */
  usedBytes = 0;
  /** Bytes of all segments held from the system, but for those that nothing has touched. */
  reservedBytes = 0;
  /** Blocks handed out. */
  blocks = 0;
  /** The promise of the last `ensure`, in the caller's measure: 0 once memory was taken that may belong to it. */
  sure = 0;

  // Page metadata, indexed by page number (segment * 64 + page in segment); a medium segment uses its first page's.
  #freeHead = new Uint32Array(1024);
  #bump = new Uint32Array(1024);
  #used = new Uint32Array(1024);
  #limit = new Uint32Array(1024);
  #cls = new Uint8Array(1024);
  #next = new Uint32Array(1024);
  #prev = new Uint32Array(1024);

  /** Segments that were given back. Somebody has to call `collect` now and then. */
  readonly dropped: DroppedBuffers = new DroppedBuffers();
  readonly #segmentKind: number[] = [];
  readonly #hugeBytes: number[] = [];
  readonly #freeSegments: number[] = [];
  readonly #freePages: number[] = [];
  /** Empty medium segments, at most MAX_SPARE_SEGMENTS; any class may take one. */
  readonly #spareSegments: number[] = [];
  /** The reserve: segments that nothing has touched. */
  readonly #fresh: number[] = [];
  /** Untouched buffers for huge blocks that were promised. */
  readonly #freshHuge: number[] = [];
  /** The system refused memory, and gave none since. */
  #refused = false;
  #refusals = 0;
  /** Head of each class's list of pages with room. */
  readonly #partial = new Uint32Array(CLASSES).fill(NONE);

  /**
   * Returns the address of a block of at least `bytes` bytes (1 or more); its content is undefined.
   * Throws ArenaExhausted.
   */
  alloc(bytes: number): Address {
    if (bytes > MEDIUM_MAX) return this.#allocHuge(bytes);
    const cls = classOf(bytes);
    let page = this.#partial[cls]!;
    if (page === NONE) page = this.#addPage(cls);
    const used = this.#used[page]! + 1;
    this.#used[page] = used;
    const size = classSize[cls]!;
    this.usedBytes += size;
    this.blocks++;
    let address = this.#freeHead[page]!;
    if (address !== 0) {
      this.#freeHead[page] = this.u32[address >>> SEGMENT_SHIFT]![(address & UNIT_MASK) << 2]!;
    } else {
      address = this.#bump[page]!;
      this.#bump[page] = address + (size >>> 4);
    }
    if (used === this.#limit[page]!) this.#unlinkPartial(cls, page);
    return address;
  }

  /** Returns a block. The address must come from `alloc` and must not be used again. */
  free(address: Address): void {
    const segment = address >>> SEGMENT_SHIFT;
    const kind = this.#segmentKind[segment];
    if (kind === KIND_HUGE) {
      this.#releaseHuge(segment);
      return;
    }
    assert(
      address !== 0 && (kind === KIND_SMALL || kind === KIND_MEDIUM),
      'arena: free of an address that is not allocated',
    );
    const page = kind === KIND_SMALL ? address >>> PAGE_SHIFT : segment * PAGES_PER_SEGMENT;
    const cls = this.#cls[page]!;
    this.usedBytes -= classSize[cls]!;
    this.blocks--;
    const used = this.#used[page]!;
    assert(used > 0, 'arena: double free');
    this.u32[segment]![(address & UNIT_MASK) << 2] = this.#freeHead[page]!;
    this.#freeHead[page] = address;
    this.#used[page] = used - 1;
    if (used === this.#limit[page]!) this.#linkPartial(cls, page);
    if (used === 1) this.#pageEmptied(cls, page, segment, kind);
  }

  /** Usable bytes of a block: its size class, at least what was asked for. */
  capacity(address: Address): number {
    const segment = address >>> SEGMENT_SHIFT;
    const kind = this.#segmentKind[segment];
    if (kind === KIND_HUGE) return this.#hugeBytes[segment]!;
    const page = kind === KIND_SMALL ? address >>> PAGE_SHIFT : segment * PAGES_PER_SEGMENT;
    return classSize[this.#cls[page]!]!;
  }

  /** Whether a block holds `need` bytes without much waste, so that it need not be replaced. */
  fits(address: Address, need: number): boolean {
    const capacity = this.capacity(address);
    return need <= capacity && (need * 2 >= capacity || capacity <= SMALL_BLOCK);
  }

  /**
   * Makes a block at least `bytes` large, keeping its first `keep` bytes. Returns the block's address, which is a new
   * one if it had to move (the old one is then freed). Growth beyond MEDIUM_MAX takes a quarter of slack, so that
   * repeated appending costs amortized constant time. Growing may throw ArenaExhausted (the block is then unchanged);
   * shrinking never does, it leaves the block where it is.
   */
  resize(address: Address, bytes: number, keep: number): Address {
    const capacity = this.capacity(address);
    if (bytes <= capacity && bytes * 2 >= capacity) return address;
    if (bytes <= capacity && capacity <= 64) return address;
    const grows = bytes > capacity;
    const slack = grows && bytes > MEDIUM_MAX ? bytes >>> 2 : 0;
    let target: Address;
    try {
      target = this.alloc(bytes + slack);
    } catch (error) {
      if (grows || !(error instanceof ArenaExhausted)) throw error;
      return address;
    }
    this.copy(target, 0, address, 0, keep);
    this.free(address);
    return target;
  }

  /** Copies `length` bytes between blocks; the ranges may overlap within one block. */
  copy(to: Address, toByte: number, from: Address, fromByte: number, length: number): void {
    copyBytes(
      this.u8[to >>> SEGMENT_SHIFT]!,
      byteOf(to) + toByte,
      this.u8[from >>> SEGMENT_SHIFT]!,
      byteOf(from) + fromByte,
      length,
    );
  }

  /** A new block with the first `bytes` bytes of another. */
  duplicate(block: Address, bytes: number): Address {
    const twin = this.alloc(bytes);
    this.copy(twin, 0, block, 0, bytes);
    return twin;
  }

  /**
   * Promises that allocations, done before the next call of this, will find `pages` pages of 64 KiB for small blocks (a class
   * that is new takes one at least), `segments` segments for medium ones (likewise), and a huge block of each of these
   * sizes. `sure`: what this is in the caller's measure, kept in the field while it stands. Throws ArenaExhausted, having
   * changed nothing but the reserve.
   */
  ensure(pages: number, segments: number, huge: readonly number[], sure: number): void {
    const missing = Math.ceil(Math.max(0, pages - this.#freePages.length) / PAGES_PER_SEGMENT);
    const wanted = segments + missing;
    while (this.#fresh.length > wanted + RESERVE_SURPLUS) this.#dropSegment(this.#fresh.pop()!, 0);
    while (this.#fresh.length < wanted && this.#askSystem()) {
      const segment = this.#addFresh(SEGMENT_BYTES);
      if (segment < 0) break;
      this.#fresh.push(segment);
    }
    const free = this.#fresh.length + this.#spareSegments.length;
    if (free < wanted) throw new ArenaExhausted('arena: no room for what is asked');
    this.#ensureHuge(huge);
    this.sure = sure;
  }

  /** Memory is short: what can do without had better. */
  get scarce(): boolean {
    return this.#refused && this.sure === 0;
  }

  /** Pages and segments that are free. */
  get room(): { readonly pages: number; readonly segments: number } {
    return { pages: this.#freePages.length, segments: this.#fresh.length + this.#spareSegments.length };
  }

  /** Where buffers come from; throws if there is no more memory. */
  newBuffer(bytes: number): SharedArrayBuffer {
    return new SharedArrayBuffer(bytes);
  }

  #ensureHuge(sizes: readonly number[]): void {
    if (sizes.length === 0 && this.#freshHuge.length === 0) return;
    const held = this.#freshHuge.splice(0);
    for (const bytes of sizes) {
      const rounded = Math.ceil(bytes / 4096) * 4096;
      const index = held.findIndex((segment) => this.u8[segment]!.length === rounded);
      const segment = index >= 0 ? held.splice(index, 1)[0]! : bytes > MAX_BLOCK_BYTES ? -1 : this.#addFresh(rounded);
      if (segment >= 0) this.#freshHuge.push(segment);
      else {
        this.#freshHuge.push(...held);
        throw new ArenaExhausted(`arena: no room for ${bytes} bytes`);
      }
    }
    for (const segment of held) this.#dropSegment(segment, 0);
  }

  /** Whether it makes sense to ask the system for memory: each refusal takes it long. */
  #askSystem(): boolean {
    return !this.#refused || this.#refusals++ % ASK_AGAIN === 0;
  }

  /** A segment from the system that stays untouched, or -1. */
  #addFresh(bytes: number): number {
    try {
      const segment = this.#addSegment(KIND_FREE, bytes);
      this.reservedBytes -= bytes;
      return segment;
    } catch (error) {
      if (!(error instanceof ArenaExhausted)) throw error;
      return -1;
    }
  }

  /** A segment for small or medium blocks: from the system, or else from the reserve. */
  #takeSegment(kind: number): number {
    try {
      return this.#addSegment(kind, SEGMENT_BYTES);
    } catch (error) {
      const segment = this.#fresh.pop();
      if (segment === undefined) throw error;
      this.#segmentKind[segment] = kind;
      this.reservedBytes += SEGMENT_BYTES;
      return segment;
    }
  }

  /** The smallest of the promised buffers that is large enough, or -1. */
  #takeFreshHuge(bytes: number): number {
    let best = -1;
    let room = Infinity;
    for (const [index, segment] of this.#freshHuge.entries()) {
      const has = this.u8[segment]!.length;
      if (has < bytes || has >= room) continue;
      best = index;
      room = has;
    }
    if (best < 0) return -1;
    this.reservedBytes += room;
    return this.#freshHuge.splice(best, 1)[0]!;
  }

  #allocHuge(bytes: number): Address {
    if (bytes > MAX_BLOCK_BYTES) throw new ArenaExhausted(`arena: no block may have ${bytes} bytes`);
    const rounded = Math.ceil(bytes / 4096) * 4096;
    let segment = this.#freshHuge.length === 0 ? -1 : this.#takeFreshHuge(rounded);
    if (segment < 0) segment = this.#addSegment(KIND_HUGE, rounded);
    else this.#segmentKind[segment] = KIND_HUGE;
    this.#hugeBytes[segment] = rounded;
    this.usedBytes += rounded;
    this.blocks++;
    return segment * SEGMENT_UNITS;
  }

  #releaseHuge(segment: number): void {
    this.usedBytes -= this.#hugeBytes[segment]!;
    this.blocks--;
    this.#dropSegment(segment, this.u8[segment]!.length);
  }

  #addSegment(kind: number, bytes: number): number {
    // Segment 0 is always a small one, so that address 0 lies in a reserved unit.
    if (this.u8.length === 0 && kind !== KIND_SMALL) this.#addSmallSegment();
    const segment = this.#freeSegments.pop() ?? this.u8.length;
    let buffer: SharedArrayBuffer;
    try {
      if (segment >= MAX_SEGMENTS) throw new ArenaExhausted('arena: all segments are in use');
      buffer = this.newBuffer(bytes);
    } catch {
      this.#refused = true;
      this.sure = 0;
      if (segment < this.u8.length) this.#freeSegments.push(segment);
      throw new ArenaExhausted(`arena: the system refused ${bytes} bytes`);
    }
    this.#refused = false;
    this.u8[segment] = viewed(new Uint8Array(buffer));
    this.u32[segment] = new Uint32Array(buffer);
    this.f64[segment] = new Float64Array(buffer);
    this.#segmentKind[segment] = kind;
    this.#hugeBytes[segment] = 0;
    this.reservedBytes += bytes;
    const pages = (segment + 1) * PAGES_PER_SEGMENT;
    if (pages > this.#used.length) this.#growMetadata(pages);
    return segment;
  }

  #dropSegment(segment: number, bytes: number): void {
    this.reservedBytes -= bytes;
    if (bytes > 0) this.dropped.giveUp(this.u8[segment]!);
    this.#segmentKind[segment] = KIND_FREE;
    this.u8[segment] = NO_BYTES;
    this.u32[segment] = new Uint32Array(0);
    this.f64[segment] = new Float64Array(0);
    this.#freeSegments.push(segment);
    this.#refused = false;
  }

  #growMetadata(pages: number): void {
    const size = Math.max(pages, this.#used.length * 2);
    const grown = (old: Uint32Array): Uint32Array<ArrayBuffer> => {
      const next = new Uint32Array(size);
      next.set(old);
      return next;
    };
    this.#freeHead = grown(this.#freeHead);
    this.#bump = grown(this.#bump);
    this.#used = grown(this.#used);
    this.#limit = grown(this.#limit);
    this.#next = grown(this.#next);
    this.#prev = grown(this.#prev);
    const cls = new Uint8Array(size);
    cls.set(this.#cls);
    this.#cls = cls;
  }

  #addSmallSegment(): void {
    const segment = this.#takeSegment(KIND_SMALL);
    for (let page = PAGES_PER_SEGMENT - 1; page >= 0; page--) this.#freePages.push(segment * PAGES_PER_SEGMENT + page);
  }

  #addPage(cls: number): number {
    if (this.#refused) this.sure = 0;
    const size = classSize[cls]!;
    let page: number;
    let first: number;
    let bytes: number;
    if (size <= SMALL_MAX) {
      if (this.#freePages.length === 0) this.#addSmallSegment();
      page = this.#freePages.pop()!;
      first = (page << PAGE_SHIFT) >>> 0;
      bytes = PAGE_BYTES;
      if (page === 0) {
        first = 1;
        bytes -= 16;
      }
    } else {
      const segment = this.#spareSegments.pop() ?? this.#takeSegment(KIND_MEDIUM);
      this.#segmentKind[segment] = KIND_MEDIUM;
      page = segment * PAGES_PER_SEGMENT;
      first = segment * SEGMENT_UNITS;
      bytes = SEGMENT_BYTES;
    }
    this.#cls[page] = cls;
    this.#freeHead[page] = 0;
    this.#bump[page] = first;
    this.#used[page] = 0;
    this.#limit[page] = Math.floor(bytes / size);
    this.#linkPartial(cls, page);
    return page;
  }

  #pageEmptied(cls: number, page: number, segment: number, kind: number): void {
    this.#unlinkPartial(cls, page);
    if (kind === KIND_SMALL) {
      this.#freePages.push(page);
    } else if (this.#spareSegments.length < MAX_SPARE_SEGMENTS) {
      this.#segmentKind[segment] = KIND_FREE;
      this.#spareSegments.push(segment);
    } else {
      this.#dropSegment(segment, SEGMENT_BYTES);
    }
  }

  #linkPartial(cls: number, page: number): void {
    const head = this.#partial[cls]!;
    this.#next[page] = head;
    this.#prev[page] = NONE;
    if (head !== NONE) this.#prev[head] = page;
    this.#partial[cls] = page;
  }

  #unlinkPartial(cls: number, page: number): void {
    const next = this.#next[page]!;
    const prev = this.#prev[page]!;
    if (prev === NONE) this.#partial[cls] = next;
    else this.#next[prev] = next;
    if (next !== NONE) this.#prev[next] = prev;
  }
}
