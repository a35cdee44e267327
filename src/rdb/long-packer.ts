/**
 * Compresses a long string piece by piece. LZF is a row of instructions that look back at the output, so what was compressed piece by
 * piece, each for itself, is valid one behind the other; a little is lost where two pieces meet.
 */
import { NOTHING } from '../base/nothing.ts';
import type { LzfCompressor } from './lzf.ts';

/** It has to save this much, or it is not worth it: Redis's rule. */
export const COMPRESS_SAVES_BYTES = 4;

export class LongPacker {
  readonly #compressor: LzfCompressor;
  /** Kept from string to string: new memory for each would keep the garbage collector busy. */
  bytes: Uint8Array = NOTHING;
  /** How many of them are used. */
  packedBytes = 0;
  /** Of the whole string. */
  length = 0;

  constructor(compressor: LzfCompressor) {
    this.#compressor = compressor;
  }

  begin(length: number): void {
    this.length = length;
    this.packedBytes = 0;
    if (this.bytes.length < length) this.bytes = new Uint8Array(length);
  }

  /** The next piece; false if the whole is not worth it. */
  add(bytes: Uint8Array, at: number, length: number): boolean {
    const room = this.length - COMPRESS_SAVES_BYTES - this.packedBytes;
    const target = this.bytes.subarray(this.packedBytes);
    const size = this.#compressor.compress(bytes, at, length, target, room);
    this.packedBytes += size;
    return size > 0;
  }
}
