/**
 * The short way to check a small listpack: one pass that finds nearly every blob good which is. What it does not call good has
 * to go through the full check (listpack.ts), which knows better and says what is wrong.
 *
 * Two elements are the same if their texts are, whatever their encodings. Where each has the one encoding that Redis would
 * choose, it is enough to compare bytes, and of these a signature: other encodings and equal signatures end the pass.
 */
import { parseInteger } from '../base/numbers.ts';
import type { Viewed } from '../base/viewed.ts';
import { parseScore } from './cursor.ts';
import type { PackedType } from './sink.ts';

const HEADER_BYTES = 6;
const END_MARK = 0xff;
/** Longest text of an integer. */
const INTEGER_TEXT_MAX = 20;
const SLOTS = 512;
const MAX_STAMP = 0x7fffffff;
/** Members or fields of a blob that is checked here: with half of the slots free, no search takes long. */
const MAX_KEYS = SLOTS / 2;
/** Longest element whose back length takes one or two bytes. */
const MAX_SIZE = 16382;

export class ListpackScan {
  /** After `isGood`: elements in the blob, and what no element's text is longer than. */
  elements = 0;
  longest = 0;

  // Signatures of the blob's members or fields, by open addressing; a slot is in use if it has the present stamp.
  readonly #signatures = new Int32Array(SLOTS);
  readonly #stamps = new Int32Array(SLOTS);
  #stamp = 0;

  /** Whether the store may keep the blob as it is. False: not known. Throws Malformed on a score that is no number. */
  isGood(type: PackedType, bytes: Viewed, at: number, length: number): boolean {
    const { view } = bytes;
    if (view === undefined || length <= HEADER_BYTES || type === 'hash-expiring') return false;
    const end = at + length - 1;
    if (view.getUint32(at, true) !== length || bytes[end] !== END_MARK) return false;
    const isZset = type === 'zset';
    // Of which elements no two may be the same: all, every other one, none.
    const keyed = type === 'set' ? 0 : type === 'list-node' ? -1 : 1;
    if (++this.#stamp === MAX_STAMP) this.#restart();
    let elements = 0;
    let longest = 0;
    let isValue = 0;
    let lastScore = 0;
    let member = 0;
    let lastMember = 0;
    for (let p = at + HEADER_BYTES; p < end; elements++) {
      const first = bytes[p]!;
      // Bytes of encoding and data, and of these the ones before a string's text.
      let size: number;
      let head = 0;
      if (first < 0x80) size = 1;
      else if (first < 0xc0) {
        head = 1;
        size = 1 + (first & 63);
      } else if (first < 0xe0) size = 2;
      else if (first < 0xf0) {
        head = 2;
        size = 2 + (((first & 15) << 8) | bytes[p + 1]!);
      } else if (first >= 0xf1 && first <= 0xf3) size = first - 0xee;
      else return false;
      let next = p + size;
      if (next >= end || size > MAX_SIZE) return false;
      if (size <= 127) {
        if (bytes[next++] !== size) return false;
      } else {
        if (bytes[next++] !== size >>> 7 || bytes[next++] !== ((size & 127) | 128)) return false;
        if (next > end) return false;
      }
      if (size - head > longest) longest = size - head;
      if (isValue === 0) {
        member = p;
        if (keyed >= 0 && !this.#isNew(bytes, p, size, head, elements)) return false;
      } else if (isZset) {
        const score = head > 0 ? parseScore(bytes, p + head, size - head) : integerAt(view, p, size);
        if (elements > 1 && score <= lastScore && !(score === lastScore && isLess(bytes, lastMember, member)))
          return false;
        lastScore = score;
        lastMember = member;
      }
      if (keyed === 1) isValue ^= 1;
      p = next;
    }
    if (elements === 0 || isValue === 1 || (bytes[at + 4]! | (bytes[at + 5]! << 8)) !== elements) return false;
    this.elements = elements;
    this.longest = Math.max(longest, INTEGER_TEXT_MAX);
    return true;
  }

  /** Whether an element is the first with its signature, and has the encoding that is its own. Remembers it. */
  #isNew(bytes: Viewed, p: number, size: number, head: number, elements: number): boolean {
    if (elements >= MAX_KEYS) return false;
    const view = bytes.view!;
    if (head > 0) {
      const length = size - head;
      if (head === 2 && length < 64) return false;
      if (length <= INTEGER_TEXT_MAX && length > 0) {
        const letter = bytes[p + head]!;
        if (letter <= 57 && (letter >= 48 || letter === 45) && parseInteger(bytes, p + head, length) !== undefined)
          return false;
      }
    } else if (size > 1) {
      const value = integerAt(view, p, size);
      const narrower =
        size === 2 ? value >= 0 && value <= 127 : size === 3 ? fits(value, 12) : fits(value, size * 8 - 17);
      if (narrower) return false;
    }
    let signature = size;
    if (size >= 4) {
      const last = p + size - 4;
      for (let i = p; i < last; i += 4) signature = mix(signature, view.getInt32(i, true));
      signature = mix(signature, view.getInt32(last, true));
    } else {
      for (let i = 0; i < size; i++) signature = mix(signature, bytes[p + i]!);
    }
    let slot = signature & (SLOTS - 1);
    while (this.#stamps[slot] === this.#stamp) {
      if (this.#signatures[slot] === signature) return false;
      slot = (slot + 1) & (SLOTS - 1);
    }
    this.#stamps[slot] = this.#stamp;
    this.#signatures[slot] = signature;
    return true;
  }

  /** All stamps were used. */
  #restart(): void {
    this.#stamps.fill(0);
    this.#stamp = 1;
  }
}

function mix(signature: number, word: number): number {
  const mixed = Math.imul(signature ^ word, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

/** Whether a signed integer takes no more than so many bits and a sign. */
function fits(value: number, bits: number): boolean {
  return value >= -(2 ** bits) && value < 2 ** bits;
}

/** An integer element, whose encoding takes no more than five bytes. */
function integerAt(view: DataView, p: number, size: number): number {
  switch (size) {
    case 1:
      return view.getUint8(p);
    case 2:
      return ((((view.getUint8(p) & 31) << 8) | view.getUint8(p + 1)) << 19) >> 19;
    case 3:
      return view.getInt16(p + 1, true);
    case 4:
      return view.getInt32(p, true) >> 8;
    default:
      return view.getInt32(p + 1, true);
  }
}

/** Whether one string element sorts before another. False: or they are no short strings. */
function isLess(bytes: Uint8Array, a: number, b: number): boolean {
  const aLength = bytes[a]! - 0x80;
  const bLength = bytes[b]! - 0x80;
  if (aLength < 0 || bLength < 0 || aLength > 63 || bLength > 63) return false;
  const common = Math.min(aLength, bLength);
  for (let i = 1; i <= common; i++) {
    const difference = bytes[a + i]! - bytes[b + i]!;
    if (difference !== 0) return difference < 0;
  }
  return aLength < bLength;
}
