/**
 * What is too long for one slice: strings of the file, as they lie in memory, in pieces. Between two pieces they must stay where
 * they are: whoever is about to change them calls `finish` before.
 *
 *   begin --> packing, piece by piece, if that is wanted --> saves something:  header, compressed bytes in pieces
 *                                                        `-> saves nothing, or `finish` comes first:  length, bytes in pieces
 */
import { NOTHING } from '../base/nothing.ts';
import type { LongPacker } from '../rdb/long-packer.ts';
import type { RdbWriter } from '../rdb/write.ts';
import type { SnapshotLimits } from './limits.ts';

interface Part {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly length: number;
}

export class LongString {
  /** Bytes that are still to be written, or to be packed. */
  #left = 0;
  #bytes: Uint8Array = NOTHING;
  #at = 0;
  /** While the present string is being packed: nothing of it was written. */
  #packer: LongPacker | null = null;
  /** Strings that follow, the next one last. */
  readonly #more: Part[] = [];
  #score: number | undefined;
  readonly #limits: SnapshotLimits;

  constructor(limits: SnapshotLimits) {
    this.#limits = limits;
  }

  /** Whether there is something left. */
  get active(): boolean {
    return this.#left > 0 || this.#packer !== null || this.#more.length > 0;
  }

  /** Begins a string. A short one is written at once, in its shortest form. */
  begin(writer: RdbWriter, bytes: Uint8Array, at: number, length: number): void {
    if (length <= this.#limits.bigStringBytes) {
      writer.string(bytes, at, length);
      return;
    }
    this.#bytes = bytes;
    this.#at = at;
    this.#left = length;
    if (writer.compresses && length <= this.#limits.packedStringBytes) {
      this.#packer = writer.packer;
      this.#packer.begin(length);
    } else writer.length(length);
  }

  /** A string that comes behind the one that was begun. */
  follow(bytes: Uint8Array, at: number, length: number): void {
    this.#more.unshift({ bytes, at, length });
  }

  /** A number that comes behind all of it. */
  endWith(score: number): void {
    this.#score = score;
  }

  /** Packs or writes up to `most` bytes; true when all are written. */
  step(writer: RdbWriter, most: number): boolean {
    if (this.#packer !== null) {
      this.#pack(writer, this.#packer, most);
      return false;
    }
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

  /** Writes all that is left, at once: what is not packed yet stays plain. */
  finish(writer: RdbWriter): void {
    while (this.active) {
      if (this.#packer !== null) this.#plain(writer, this.#packer);
      else this.step(writer, Infinity);
    }
  }

  #pack(writer: RdbWriter, packer: LongPacker, most: number): void {
    const part = Math.min(most, this.#left);
    if (!packer.add(this.#bytes, this.#at, part)) {
      this.#plain(writer, packer);
      return;
    }
    this.#at += part;
    this.#left -= part;
    if (this.#left > 0) return;
    writer.packedLength(packer.packedBytes, packer.length);
    this.#packer = null;
    this.#bytes = packer.bytes;
    this.#at = 0;
    this.#left = packer.packedBytes;
  }

  #plain(writer: RdbWriter, packer: LongPacker): void {
    const packed = packer.length - this.#left;
    this.#packer = null;
    this.#at -= packed;
    this.#left += packed;
    writer.length(this.#left);
  }
}
