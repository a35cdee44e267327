/**
 * Bits of string values. Bit 0 is the highest bit of the first byte, as Redis counts them; bits behind the end of a value
 * read as 0. Long ranges are worked on in 32-bit words: the values lie at any alignment, so a range is a few bytes, aligned
 * words, and a few bytes again.
 */
import { type Address, ArenaExhausted, segmentOf } from '../memory/arena.ts';
import { copyBytes } from '../base/copy.ts';
import { Span } from '../base/span.ts';
import type { Keyspace } from './keyspace.ts';

export const AND = 0;
export const OR = 1;
export const XOR = 2;
export const NOT = 3;

/** Operands of BITOP are brought into alignment piece by piece. */
const PIECE_BYTES = 16 * 1024;
/** Words whose bit counts fit into bytes before they are summed: two words of 8 bits a byte, 15 times. */
const COUNTED_WORDS = 30;

export class Bits {
  readonly #space: Keyspace;
  readonly #span: Span = new Span();
  readonly #piece: Uint8Array = new Uint8Array(PIECE_BYTES);
  readonly #pieceWords: Int32Array = new Int32Array(this.#piece.buffer);

  constructor(space: Keyspace) {
    this.#space = space;
  }

  /** The bit at an offset of any size. */
  get(entry: Address, offset: number): number {
    const value = this.#space.entries.value(entry, this.#span);
    const byte = Math.floor(offset / 8);
    return byte >= value.length ? 0 : (value.bytes[value.at + byte]! >>> (7 - (offset % 8))) & 1;
  }

  /** Sets the bit at an offset within the value and returns what it was. */
  set(entry: Address, offset: number, on: number): number {
    const value = this.#space.entries.value(entry, this.#span);
    const at = value.at + Math.floor(offset / 8);
    const shift = 7 - (offset % 8);
    const byte = value.bytes[at]!;
    value.bytes[at] = (byte & ~(1 << shift)) | (on << shift);
    return (byte >>> shift) & 1;
  }

  /** Number of bits that are 1 from bit `first` to bit `last`, both included and within the value. */
  count(entry: Address, first: number, last: number): number {
    const { bytes, at } = this.#space.entries.value(entry, this.#span);
    const from = at + Math.floor(first / 8);
    const to = at + Math.floor(last / 8);
    const head = 0xff >>> (first % 8);
    const tail = (0xff << (7 - (last % 8))) & 0xff;
    if (from === to) return ones(bytes[from]! & head & tail);
    const total = ones(bytes[from]! & head) + ones(bytes[to]! & tail);
    return total + countBytes(bytes, this.#words(entry), from + 1, to);
  }

  /** Offset of the first bit that is `bit`, from bit `first` to bit `last`, both included and within the value; or -1. */
  position(entry: Address, bit: number, first: number, last: number): number {
    const { bytes, at } = this.#space.entries.value(entry, this.#span);
    const words = this.#words(entry);
    const from = at + Math.floor(first / 8);
    const to = at + Math.floor(last / 8);
    // What is looked for shows as a 1 in a byte after this.
    const flip = bit === 1 ? 0 : 0xff;
    const skipped = bit === 1 ? 0 : 0xffffffff;
    const tail = (0xff << (7 - (last % 8))) & 0xff;
    let i = from;
    let found = (bytes[i]! ^ flip) & (0xff >>> (first % 8)) & (i === to ? tail : 0xff);
    while (found === 0 && i < to) {
      i++;
      if ((i & 3) === 0) {
        i = skipWords(words, i >>> 2, to >>> 2, skipped) * 4;
      }
      found = (bytes[i]! ^ flip) & (i === to ? tail : 0xff);
    }
    return found === 0 ? -1 : (i - at) * 8 + Math.clz32(found) - 24;
  }

  /**
   * The bytes of `operation` over the values of the entries (0: the empty value), as long as the longest of them; shorter
   * ones count as filled up with zeros. The result is a new array. Throws ArenaExhausted if there is no memory for it.
   */
  combine(operation: number, sources: readonly Address[]): Uint8Array {
    const { entries } = this.#space;
    let length = 0;
    for (const entry of sources) if (entry !== 0) length = Math.max(length, entries.valueLength(entry));
    const buffer = allocate(length);
    const result = new Uint8Array(buffer, 0, length);
    const words = new Int32Array(buffer);
    if (sources[0] !== 0) {
      const value = entries.value(sources[0]!, this.#span);
      copyBytes(result, 0, value.bytes, value.at, value.length);
    }
    if (operation === NOT) for (let i = 0; i < words.length; i++) words[i] = ~words[i]!;
    for (let i = 1; i < sources.length; i++) this.#apply(operation, result, words, sources[i]!);
    return result;
  }

  /** The words of the segment that the value lies in. */
  #words(entry: Address): Uint32Array {
    const { arena, entries } = this.#space;
    return arena.u32[segmentOf(entries.home(entry))]!;
  }

  #apply(operation: number, result: Uint8Array, words: Int32Array, entry: Address): void {
    let length = 0;
    if (entry !== 0) {
      const value = this.#space.entries.value(entry, this.#span);
      length = value.length;
      for (let done = 0; done < length; done += PIECE_BYTES) {
        const size = Math.min(PIECE_BYTES, length - done);
        copyBytes(this.#piece, 0, value.bytes, value.at + done, size);
        // The bytes that fill up the last word belong to what follows the operand: zeros.
        if ((size & 3) !== 0) this.#piece.fill(0, size, (size + 3) & -4);
        applyWords(operation, words, done >>> 2, this.#pieceWords, (size + 3) >>> 2);
      }
    }
    if (operation === AND) result.fill(0, length);
  }
}

/** Zeros, in whole words. */
function allocate(length: number): ArrayBuffer {
  try {
    return new ArrayBuffer(Math.ceil(length / 4) * 4);
  } catch {
    throw new ArenaExhausted('no memory for the result of BITOP');
  }
}

function applyWords(operation: number, target: Int32Array, at: number, source: Int32Array, count: number): void {
  if (operation === AND) for (let i = 0; i < count; i++) target[at + i] = target[at + i]! & source[i]!;
  else if (operation === OR) for (let i = 0; i < count; i++) target[at + i] = target[at + i]! | source[i]!;
  else for (let i = 0; i < count; i++) target[at + i] = target[at + i]! ^ source[i]!;
}

/** Index of the first word from `from` on that is not `value`, or `to`. A function of its own is compiled well: three times as fast. */
function skipWords(words: Uint32Array, from: number, to: number, value: number): number {
  let word = from;
  while (word < to && words[word] === value) word++;
  return word;
}

/** Bits of a byte that are 1. */
function ones(byte: number): number {
  return sum(fourths(byte));
}

/** Each group of four bits replaced by its number of ones. */
function fourths(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  return (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
}

/** Sum of eight numbers of four bits. */
function sum(word: number): number {
  return Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Ones in bytes[from..to), of which `words` is the same memory. */
function countBytes(bytes: Uint8Array, words: Uint32Array, from: number, to: number): number {
  let total = 0;
  while (from < to && (from & 3) !== 0) total += ones(bytes[from++]!);
  let word = from >>> 2;
  const end = Math.max(word, to >>> 2);
  while (word + 2 <= end) {
    const stop = Math.min(word + COUNTED_WORDS, end - ((end - word) & 1));
    let sums = 0;
    for (; word < stop; word += 2) {
      const both = fourths(words[word]! | 0) + fourths(words[word + 1]! | 0);
      sums = (sums + (both & 0x0f0f0f0f) + ((both >>> 4) & 0x0f0f0f0f)) | 0;
    }
    total += (sums & 0xff) + ((sums >>> 8) & 0xff) + ((sums >>> 16) & 0xff) + (sums >>> 24);
  }
  if (word < end) total += sum(fourths(words[word]! | 0));
  for (let i = Math.max(from, end * 4); i < to; i++) total += ones(bytes[i]!);
  return total;
}
