/**
 * LZF, the compression of strings in RDB.
 *
 *   000LLLLL <L+1 bytes>            literal run of 1..32 bytes
 *   LLLooooo oooooooo               copy L+2 bytes (L 1..6) from o+1 bytes back
 *   111ooooo LLLLLLLL oooooooo      copy L+9 bytes from o+1 bytes back
 *
 * Both directions are bounded by the ranges they are given; malformed input is reported, never followed.
 */
import { copyWords, type Viewed } from '../base/viewed.ts';

/** No encoding needs fewer than three input bytes for this many output bytes, so larger claims are false. */
const MAX_EXPANSION_PER_3_BYTES = 264;

/** Whether `compressed` bytes can hold `length` bytes at all: to be asked before room is made for them. */
export function isPlausibleLzfLength(compressed: number, length: number): boolean {
  return length > 0 && length <= Math.ceil(compressed / 3) * MAX_EXPANSION_PER_3_BYTES;
}

/**
 * Expands exactly `inLength` bytes of `input` into exactly `outLength` bytes of `target` from `outAt` on; nothing else of it is
 * touched. Returns false if the input is malformed or gives another length; the bytes in `target` are then undefined.
 */
export function lzfDecompress(
  input: Viewed,
  inAt: number,
  inLength: number,
  target: Viewed,
  outAt: number,
  outLength: number,
): boolean {
  const outEnd = outAt + outLength;
  return expand(input, inAt, inAt + inLength, inAt + inLength, target, outAt, outAt, outEnd, outEnd, whole) === outEnd;
}

/** Expands a string piece by piece. */
export class LzfExpander {
  readonly #target: Viewed;
  readonly #start: number;
  readonly #end: number;
  #to: number;
  readonly #progress: Progress = { from: 0 };

  constructor(target: Viewed, at: number, length: number) {
    this.#target = target;
    this.#start = at;
    this.#to = at;
    this.#end = at + length;
  }

  get isComplete(): boolean {
    return this.#to === this.#end;
  }

  /**
   * Goes on with `length` bytes of input, up to about `budget` bytes of output. Returns how many of them it used, which is all or
   * nearly all if the budget allows it (`isLast`: all), or -1: malformed.
   */
  expand(input: Viewed, at: number, length: number, isLast: boolean, budget: number): number {
    const end = at + length;
    const enough = Math.min(this.#to + budget, this.#end);
    const progress = this.#progress;
    // The longest instruction has to be there as a whole.
    const safe = isLast ? end : end - MAX_INSTRUCTION_BYTES + 1;
    this.#to = expand(input, at, safe, end, this.#target, this.#start, this.#to, this.#end, enough, progress);
    return this.#to < 0 ? -1 : progress.from - at;
  }
}

interface Progress {
  /** Position of the next instruction. */
  from: number;
}
/** For who does not look at it. */
const whole: Progress = { from: 0 };

/**
 * Follows the instructions that begin in [inAt, safe) and end before `end`, until the output has reached `enough`. `outStart`: where
 * the output of the whole string begins. Returns where the output ends, or -1.
 */
function expand(
  input: Viewed,
  inAt: number,
  safe: number,
  end: number,
  target: Viewed,
  outStart: number,
  outAt: number,
  outEnd: number,
  enough: number,
  progress: Progress,
): number {
  const source = input.view!;
  const view = target.view!;
  let from = inAt;
  let to = outAt;
  // At the end of the output, only what is wrong can follow.
  while (from < safe && (to < enough || enough === outEnd)) {
    const control = input[from++]!;
    if (control < 32) {
      const run = control + 1;
      if (from + run > end || to + run > outEnd) return -1;
      if (run < 4) for (let i = 0; i < run; i++) target[to + i] = input[from + i]!;
      else copyWords(view, to, source, from, run);
      from += run;
      to += run;
      continue;
    }
    let length = control >>> 5;
    if (length === 7) {
      if (from >= end) return -1;
      length += input[from++]!;
    }
    if (from >= end) return -1;
    const back = (((control & 31) << 8) | input[from++]!) + 1;
    length += 2;
    const copyEnd = to + length;
    if (to - back < outStart || copyEnd > outEnd) return -1;
    if (back === 1 && length >= 4) {
      fillWords(view, to, length, target[to - 1]!);
    } else {
      // A copy that overlaps itself repeats what lies `back` bytes before, so a multiple of that distance serves as well: once
      // it is a word or more, words can be copied.
      let distance = back;
      let at = to;
      if (back < 4) {
        distance = back === 3 ? 6 : 4;
        const words = Math.min(copyEnd, to + distance - back);
        for (; at < words; at++) target[at] = target[at - back]!;
      }
      for (const last = copyEnd - 4; at <= last; at += 4) view.setInt32(at, view.getInt32(at - distance, true), true);
      for (; at < copyEnd; at++) target[at] = target[at - distance]!;
    }
    to = copyEnd;
  }
  progress.from = from;
  return to;
}

/** Fills `length` >= 4 bytes with one. */
function fillWords(view: DataView, at: number, length: number, byte: number): void {
  const word = Math.imul(byte, 0x01010101);
  const last = at + length - 4;
  for (let i = at; i < last; i += 4) view.setInt32(i, word, true);
  view.setInt32(last, word, true);
}

/** A control byte and 32 literal ones. */
const MAX_INSTRUCTION_BYTES = 33;

const HASH_BITS = 14;
const MAX_BACK = 1 << 13;
const MAX_COPY = 264;
const MAX_LITERALS = 32;
/** Positions are 32-bit and rise from call to call; the table is cleared before they would wrap. */
const MAX_POSITION = 0x7fffffff;

/** Compresses strings one after another; holds the table of recent three-byte groups (64 KiB). */
export class LzfCompressor {
  // Where a hash was last seen, as `position + #base`; smaller values are from earlier calls and mean nothing.
  readonly #seen = new Int32Array(1 << HASH_BITS);
  #base = 1;

  /**
   * Compresses `length` bytes (at least 4) into `target` from index 0. Returns the compressed length,
   * or 0 if it would exceed `limit` bytes (at most `target.length`).
   */
  compress(input: Uint8Array, at: number, length: number, target: Uint8Array, limit: number): number {
    if (this.#base > MAX_POSITION - length) {
      this.#seen.fill(0);
      this.#base = 1;
    }
    const seen = this.#seen;
    const base = this.#base;
    this.#base = base + length;
    const lastGroup = length - 3;
    let to = 0;
    let literalStart = 0; // first byte not yet written
    let group = (input[at]! << 8) | input[at + 1]!; // the last three bytes seen
    let i = 0;
    while (i <= lastGroup) {
      group = ((group << 8) | input[at + i + 2]!) & 0xffffff;
      const slot = Math.imul(group, 0x9e3779b1) >>> (32 - HASH_BITS);
      const earlier = seen[slot]! - base;
      seen[slot] = base + i;
      if (
        earlier < 0 ||
        i - earlier > MAX_BACK ||
        input[at + earlier] !== input[at + i] ||
        input[at + earlier + 1] !== input[at + i + 1] ||
        input[at + earlier + 2] !== input[at + i + 2]
      ) {
        i++;
        continue;
      }
      const most = Math.min(MAX_COPY, length - i);
      let copy = 3;
      while (copy < most && input[at + earlier + copy] === input[at + i + copy]) copy++;
      to = writeLiterals(input, at + literalStart, i - literalStart, target, to, limit);
      if (to < 0 || to + (copy < 9 ? 2 : 3) > limit) return 0;
      const back = i - earlier - 1;
      if (copy < 9) {
        target[to++] = ((copy - 2) << 5) | (back >>> 8);
      } else {
        target[to++] = (7 << 5) | (back >>> 8);
        target[to++] = copy - 9;
      }
      target[to++] = back & 255;
      i += copy;
      literalStart = i;
      if (i <= lastGroup) group = (input[at + i]! << 8) | input[at + i + 1]!;
    }
    to = writeLiterals(input, at + literalStart, length - literalStart, target, to, limit);
    return to < 0 ? 0 : to;
  }
}

/** Writes literal runs; returns the new end of `target`, or -1 if it would pass `limit`. */
function writeLiterals(
  input: Uint8Array,
  at: number,
  length: number,
  target: Uint8Array,
  to: number,
  limit: number,
): number {
  if (to + length + Math.ceil(length / MAX_LITERALS) > limit) return -1;
  let from = at;
  let left = length;
  while (left > 0) {
    const run = left < MAX_LITERALS ? left : MAX_LITERALS;
    target[to++] = run - 1;
    for (let i = 0; i < run; i++) target[to + i] = input[from + i]!;
    to += run;
    from += run;
    left -= run;
  }
  return to;
}
