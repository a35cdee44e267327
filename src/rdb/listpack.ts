/**
 * Listpacks as they arrive in a file: a checked walk, and the full check that lets the store keep a blob as it is.
 *
 *   <total bytes u32> <elements u16> { <encoding> <data> <back length> }* FF
 *
 * The back length repeats the size of encoding and data, to be read from the end; the element count is
 * 65535 when there are more than fit.
 */
import type { PieceMeter, Pieces } from '../base/pieces.ts';
import { INTEGER_TEXT_BYTES, PackedCursor } from './cursor.ts';
import { Malformed } from './error.ts';
import { ListpackScan } from './listpack-scan.ts';
import type { PackedType } from './sink.ts';

const HEADER_BYTES = 6;
const END_MARK = 0xff;
const MANY_ELEMENTS = 0xffff;

/** What a blob may be used for after the check. */
export type ListpackVerdict = 'empty' | 'keep' | 'take-apart';

/**
 * Blobs with more elements than this are taken apart: far beyond any sensible `*-max-listpack-entries`, and the
 * store finds repetitions among many elements better.
 */
export const MAX_KEPT_ELEMENTS = 65536;
/** A longer run of slots in the table of elements means a crafted file; the store's seeded table then takes over. */
const MAX_PROBES = 64;
const MIN_TABLE_SLOTS = 512;

export class ListpackCursor extends PackedCursor {
  /** Elements the header claims; MANY_ELEMENTS if it does not say. */
  #claimed = 0;
  #seen = 0;

  /** Starts at the first element of the blob; throws Malformed if its frame is wrong. */
  open(bytes: Uint8Array, at: number, length: number): void {
    if (length < HEADER_BYTES + 1) throw new Malformed('listpack is shorter than its header');
    const total = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
    if (total !== length) throw new Malformed('listpack length differs from its header');
    if (bytes[at + length - 1] !== END_MARK) throw new Malformed('listpack has no end mark');
    this.source = bytes;
    this.position = at + HEADER_BYTES;
    this.end = at + length - 1;
    this.#claimed = bytes[at + 4]! | (bytes[at + 5]! << 8);
    this.#seen = 0;
  }

  /** Starts at an element whose place is known from an earlier, complete walk. */
  seek(bytes: Uint8Array, position: number, end: number): void {
    this.source = bytes;
    this.position = position;
    this.end = end;
    this.#claimed = MANY_ELEMENTS;
    this.#seen = 0;
  }

  /** Position of the next element. */
  get nextAt(): number {
    return this.position;
  }

  next(): boolean {
    const at = this.position;
    if (at === this.end) {
      if (this.#claimed !== MANY_ELEMENTS && this.#claimed !== this.#seen) {
        throw new Malformed('listpack holds another number of elements than its header claims');
      }
      return false;
    }
    const { source } = this;
    // Encoding and data may be read only up to the back length, which takes at least a byte before the end mark.
    const room = this.end - at - 1;
    const first = source[at]!;
    let size: number;
    if (first < 0x80) {
      size = 1;
      this.setInteger(first);
    } else if (first < 0xc0) {
      const length = first & 0x3f;
      size = 1 + length;
      this.setString(at + 1, length);
    } else if (first < 0xe0) {
      size = 2;
      const value = ((first & 0x1f) << 8) | source[at + 1]!;
      this.setInteger(value >= 4096 ? value - 8192 : value);
    } else if (first < 0xf0) {
      const length = ((first & 0x0f) << 8) | source[at + 1]!;
      size = 2 + length;
      this.setString(at + 2, length);
    } else {
      size = this.#wideElement(first, at, room);
    }
    if (size > room) throw new Malformed('listpack element passes the end');
    let back = at + size;
    if (size <= 127) {
      if (source[back++] !== size) throw new Malformed('listpack back length is wrong');
    } else {
      back = this.#backLength(back, size);
    }
    this.position = back;
    this.#seen++;
    return true;
  }

  /** Checks a back length of several bytes: seven bits each, high part first, all but the first with the top bit set. */
  #backLength(at: number, size: number): number {
    const bytes = backLengthBytes(size);
    if (at + bytes > this.end) throw new Malformed('listpack element passes the end');
    for (let i = 0; i < bytes; i++) {
      const part = Math.floor(size / 2 ** (7 * (bytes - 1 - i))) & 127;
      if (this.source[at + i] !== (i === 0 ? part : part | 128)) {
        throw new Malformed('listpack back length is wrong');
      }
    }
    return at + bytes;
  }

  /** The encodings that start with F0..F4; returns the size of encoding and data. */
  #wideElement(first: number, at: number, room: number): number {
    const { source } = this;
    const size = first === 0xf4 ? 9 : first - 0xee;
    if (first === 0xf0) {
      if (room < 5) throw new Malformed('listpack element passes the end');
      const length =
        (source[at + 1]! | (source[at + 2]! << 8) | (source[at + 3]! << 16) | (source[at + 4]! << 24)) >>> 0;
      this.setString(at + 5, length);
      return 5 + length;
    }
    if (first > 0xf4) throw new Malformed('listpack element has an unknown encoding');
    if (room < size) throw new Malformed('listpack element passes the end');
    if (first === 0xf1) {
      this.setInteger(((source[at + 1]! << 16) | (source[at + 2]! << 24)) >> 16);
    } else if (first === 0xf2) {
      this.setInteger(((source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24)) >> 8);
    } else if (first === 0xf3) {
      this.setInteger(source[at + 1]! | (source[at + 2]! << 8) | (source[at + 3]! << 16) | (source[at + 4]! << 24));
    } else {
      this.setInt64(at + 1);
    }
    return size;
  }
}

/** How many bytes Redis spends on the back length of an element of more than 127 bytes; its limits are one lower than the bits would allow. */
function backLengthBytes(size: number): number {
  if (size < 16383) return 2;
  if (size < 2097151) return 3;
  if (size < 268435455) return 4;
  return 5;
}

export class ListpackChecker {
  /**
   * After a check: elements in the blob, and what no element's text is longer than; Infinity if that is not known. Of a sorted set that
   * `check` looked at, `longest` is its longest member.
   */
  elements = 0;
  longest: number = Infinity;

  /** Elements looked at. */
  readonly #pace: PieceMeter;
  readonly #scan = new ListpackScan();
  readonly #walk = new ListpackCursor();
  readonly #other = new ListpackCursor();
  readonly #scratch = new Uint8Array(INTEGER_TEXT_BYTES);
  readonly #otherScratch = new Uint8Array(INTEGER_TEXT_BYTES);
  // Open addressing: where an element starts, counted from the blob's start (0 for none), and its hash.
  #starts = new Int32Array(MIN_TABLE_SLOTS);
  #hashes = new Int32Array(MIN_TABLE_SLOTS);

  constructor(pace: PieceMeter) {
    this.#pace = pace;
  }

  /** The short way (listpack-scan.ts): true if the store may keep the blob as it is, false if only `check` can tell. */
  isGood(type: PackedType, bytes: Uint8Array, at: number, length: number): boolean {
    const scan = this.#scan;
    if (!scan.isGood(type, bytes, at, length)) return false;
    this.elements = scan.elements;
    this.longest = scan.longest;
    return true;
  }

  /** Checks a whole blob, in pieces. Throws Malformed; otherwise says whether the store may keep it as it is. */
  *check(type: PackedType, bytes: Uint8Array, at: number, length: number): Pieces<ListpackVerdict> {
    const elements = yield* this.#count(type, bytes, at, length);
    if (elements === 0) return 'empty';
    if (type === 'list-node') return 'keep';
    const width = type === 'set' ? 1 : type === 'hash-expiring' ? 3 : 2;
    if (width === 2 && elements % 2 !== 0) throw new Malformed(`${type} listpack has an odd number of elements`);
    if (elements % width !== 0) throw new Malformed('hash listpack has an incomplete field');
    if (elements > MAX_KEPT_ELEMENTS) return 'take-apart';
    const unique = yield* this.#checkUnique(bytes, at, length, width);
    let sorted = true;
    if (type === 'zset') sorted = yield* this.#isSorted(bytes, at, length);
    else if (width === 3) sorted = yield* this.#expiriesRise(bytes, at, length);
    return unique && sorted ? 'keep' : 'take-apart';
  }

  /** Checks that all elements lie within the blob; returns their number. */
  *#count(type: PackedType, bytes: Uint8Array, at: number, length: number): Pieces<number> {
    const walk = this.#walk;
    walk.open(bytes, at, length);
    let elements = 0;
    let longest = 0;
    while (walk.next()) {
      if (type === 'zset' && (elements & 1) === 0) {
        walk.text(this.#scratch);
        longest = Math.max(longest, walk.length);
      }
      elements++;
      if (this.#pace.spend(1)) yield;
    }
    this.elements = elements;
    this.longest = type === 'zset' ? longest : Infinity;
    return elements;
  }

  /** Whether triplets are ordered by expiry, those without (0) last, and there is one with. Throws Malformed on what is no expiry. */
  *#expiriesRise(bytes: Uint8Array, at: number, length: number): Pieces<boolean> {
    const walk = this.#walk;
    walk.open(bytes, at, length);
    let rising = true;
    let previous = 0;
    while (walk.next()) {
      walk.next();
      walk.next();
      const expiry = walk.expiry() || Infinity;
      if (expiry < previous || (previous === 0 && expiry === Infinity)) rising = false;
      previous = expiry;
      if (this.#pace.spend(3)) yield;
    }
    return rising;
  }

  /** Throws Malformed on a repeated element; false if it gave up on a crafted blob. */
  *#checkUnique(bytes: Uint8Array, at: number, length: number, width: number): Pieces<boolean> {
    let slots = MIN_TABLE_SLOTS;
    while (slots < this.elements * 2) slots *= 2;
    if (this.#starts.length < slots) {
      this.#starts = new Int32Array(slots);
      this.#hashes = new Int32Array(slots);
    } else {
      this.#starts.fill(0, 0, slots);
    }
    const starts = this.#starts;
    const hashes = this.#hashes;
    const walk = this.#walk;
    walk.open(bytes, at, length);
    for (;;) {
      const start = walk.nextAt - at;
      if (!walk.next()) return true;
      walk.text(this.#scratch);
      let sum = HASH_START;
      for (let from = 0; from < walk.length; from += LONG_PIECE) {
        if (from > 0) yield;
        sum = addToHash(sum, walk.bytes, walk.at + from, Math.min(LONG_PIECE, walk.length - from));
      }
      const hash = sum ^ (sum >>> 15);
      let slot = hash & (slots - 1);
      for (let probes = 0; starts[slot] !== 0; probes++) {
        if (hashes[slot] === hash && (yield* this.#equals(bytes, at + starts[slot]!, at + length - 1))) {
          throw new Malformed('listpack repeats an element');
        }
        if (probes === MAX_PROBES) return false;
        slot = (slot + 1) & (slots - 1);
      }
      starts[slot] = start;
      hashes[slot] = hash;
      for (let i = 1; i < width; i++) walk.next();
      if (this.#pace.spend(width + (Math.min(walk.length, LONG_PIECE) >>> ELEMENT_SHIFT))) yield;
    }
  }

  /** Whether the element at `position` is the one that `#walk` stands on. */
  *#equals(bytes: Uint8Array, position: number, end: number): Pieces<boolean> {
    const other = this.#other;
    other.seek(bytes, position, end);
    other.next();
    other.text(this.#otherScratch);
    const { length } = this.#walk;
    if (other.length !== length) return false;
    for (let from = 0; from < length; from += LONG_PIECE) {
      if (from > 0) yield;
      if (compare(this.#walk, other.bytes, other.at, length, from) !== 0) return false;
    }
    return true;
  }

  /** Whether members rise by score, then by bytes. Throws Malformed on a score that is not a number. */
  *#isSorted(bytes: Uint8Array, at: number, length: number): Pieces<boolean> {
    const walk = this.#walk;
    walk.open(bytes, at, length);
    let sorted = true;
    let lastScore = -Infinity;
    let lastBytes = bytes;
    let lastAt = 0;
    let lastLength = -1; // none
    // The member has to stay in its scratch while the score is read.
    let scratch = this.#scratch;
    let spare = this.#otherScratch;
    while (walk.next()) {
      walk.text(scratch);
      const memberBytes = walk.bytes;
      const memberAt = walk.at;
      const memberLength = walk.length;
      walk.next();
      const score = walk.score();
      if (score < lastScore) sorted = false;
      if (score === lastScore && lastLength >= 0 && sorted) {
        walk.bytes = memberBytes;
        walk.at = memberAt;
        walk.length = memberLength;
        let order = compare(walk, lastBytes, lastAt, lastLength, 0);
        for (let from = LONG_PIECE; order === 0 && from < Math.min(memberLength, lastLength); from += LONG_PIECE) {
          yield;
          order = compare(walk, lastBytes, lastAt, lastLength, from);
        }
        sorted = (order === 0 ? memberLength - lastLength : order) > 0;
      }
      lastScore = score;
      lastBytes = memberBytes;
      lastAt = memberAt;
      lastLength = memberLength;
      [scratch, spare] = [spare, scratch];
      if (this.#pace.spend(2 + (Math.min(memberLength, LONG_PIECE) >>> ELEMENT_SHIFT))) yield;
    }
    return sorted;
  }
}

/** Of an element, so many bytes are hashed or compared in a piece. */
const LONG_PIECE = 64 * 1024;
/** So many bytes of an element count as another one. */
export const ELEMENT_SHIFT = 6;

/** Below, equal or above zero as LONG_PIECE of the cursor's text, behind its first `from` bytes, sort before, with or after those of the given bytes. */
function compare(cursor: PackedCursor, bytes: Uint8Array, at: number, length: number, from: number): number {
  const end = Math.min(cursor.length, length, from + LONG_PIECE);
  for (let i = from; i < end; i++) {
    const difference = cursor.bytes[cursor.at + i]! - bytes[at + i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

const HASH_START: number = 0x811c9dc5 | 0;

function addToHash(sum: number, bytes: Uint8Array, at: number, length: number): number {
  let hash = sum;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ bytes[at + i]!, 0x01000193);
  return hash;
}
