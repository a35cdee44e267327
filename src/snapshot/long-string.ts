/**
 * What is too long for one slice: strings of the file, as they lie in memory. The length of each is written first, its
 * bytes follow in pieces. Between two pieces they must stay where they are: whoever is about to change them calls `finish`
 * before.
 */
import type { RdbWriter } from '../rdb/write.ts';

interface Part {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly length: number;
}

export class LongString {
  /** Bytes of the present string that are still to be written. */
  #left = 0;
  #bytes: Uint8Array = NOTHING;
  #at = 0;
  /** Strings that follow, the next one last. */
  readonly #more: Part[] = [];
  #score: number | undefined;
  /** What a string may have to be written whole, in its shortest form. */
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether there is something left. */
  get active(): boolean {
    return this.#left > 0 || this.#more.length > 0;
  }

  /** Begins a string. A short one is written at once. */
  begin(writer: RdbWriter, bytes: Uint8Array, at: number, length: number): void {
    if (length <= this.#most) {
      writer.string(bytes, at, length);
      return;
    }
    writer.length(length);
    this.#bytes = bytes;
    this.#at = at;
    this.#left = length;
  }

  /** A string that comes behind the one that was begun. */
  follow(bytes: Uint8Array, at: number, length: number): void {
    this.#more.unshift({ bytes, at, length });
  }

  /** A number that comes behind all of it. */
  endWith(score: number): void {
    this.#score = score;
  }

  /** Writes up to `most` bytes; true when all are written. */
  step(writer: RdbWriter, most: number): boolean {
    const part = Math.min(most, this.#left);
    writer.raw(this.#bytes, this.#at, part);
    this.#at += part;
    this.#left -= part;
    if (this.#left > 0) return false;
    const next = this.#more.pop();
    if (next !== undefined) this.begin(writer, next.bytes, next.at, next.length);
    if (this.active) return false;
    this.#bytes = NOTHING;
    if (this.#score !== undefined) writer.double(this.#score);
    this.#score = undefined;
    return true;
  }

  finish(writer: RdbWriter): void {
    while (this.active) this.step(writer, Infinity);
  }
}

const NOTHING = new Uint8Array(0);
