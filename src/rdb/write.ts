/**
 * Writes the RDB format into chunks. The writer knows the format's parts, not the order of a file: the caller strings
 * them together by the grammar in README.md. It keeps no state of the data, so values may be written piece by piece.
 *
 * Rule: chunks come out in order, never longer than `chunkBytes`; everything written is in exactly one of them.
 */
import { Crc64 } from '../base/crc64.ts';
import { viewed } from '../base/viewed.ts';
import { copyBytes } from '../base/copy.ts';
import { NOTHING } from '../base/nothing.ts';
import {
  CHECKSUM_BYTES,
  CHECKSUM_SINCE_VERSION,
  LENGTH_14BIT,
  LENGTH_32BIT,
  LENGTH_64BIT,
  LENGTH_ENCODED,
  OPCODE_AUX,
  OPCODE_EOF,
  OPCODE_EXPIRETIME_MS,
  OPCODE_FREQ,
  OPCODE_FUNCTION2,
  OPCODE_IDLE,
  OPCODE_RESIZEDB,
  OPCODE_SELECTDB,
  STRING_INT16,
  STRING_INT32,
  STRING_INT8,
  STRING_LZF,
  WRITTEN_VERSION,
} from './format.ts';
import { COMPRESS_SAVES_BYTES, LongPacker } from './long-packer.ts';
import { LzfCompressor } from './lzf.ts';

/**
 * Takes the next bytes of the file. Returns true if it is done with them, so that the writer may reuse the memory;
 * otherwise the chunk belongs to the receiver.
 */
export type ChunkOutput = (chunk: Uint8Array) => boolean;

export interface RdbWriterOptions {
  /** Capacity of a chunk, MIN_CHUNK_BYTES to MAX_CHUNK_BYTES; default DEFAULT_CHUNK_BYTES. */
  readonly chunkBytes?: number;
  /** Memory for a chunk, as large as `chunkBytes`, with a view (base/viewed.ts); default: new memory. */
  readonly allocate?: () => Uint8Array;
  /** `rdbchecksum`; off writes a zero sum, which readers accept unchecked. Default on. */
  readonly checksum?: boolean;
  /** `rdbcompression`: LZF for strings of more than 20 bytes, where it saves any. Default on. */
  readonly compress?: boolean;
  /** Longer strings are written plain. Default DEFAULT_COMPRESS_LIMIT_BYTES. */
  readonly compressLimitBytes?: number;
}

export const MIN_CHUNK_BYTES = 64;
export const MAX_CHUNK_BYTES: number = 16 * 1024 * 1024;
export const DEFAULT_CHUNK_BYTES: number = 256 * 1024;
/** The result waits in memory until its length is known. */
export const DEFAULT_COMPRESS_LIMIT_BYTES: number = 16 * 1024 * 1024;

/** Redis compresses only strings longer than this... */
const COMPRESS_ABOVE_BYTES = 20;
/** "-2147483648" */
const LONGEST_INT32 = 11;
/** Room for any opcode, length prefix, integer or double. */
const SMALL_BYTES = 16;

export class RdbWriter {
  /** Bytes written so far, flushed or not. */
  get bytesWritten(): number {
    return this.#flushed + this.#at;
  }

  readonly #output: ChunkOutput;
  readonly #allocate: () => Uint8Array;
  readonly #checksum: boolean;
  readonly #compressLimit: number;
  readonly #crc = new Crc64();
  #version = WRITTEN_VERSION;
  #chunk: Uint8Array;
  #at = 0;
  #flushed = 0;
  #compressor: LzfCompressor | undefined;
  #packer: LongPacker | undefined;
  #packed = NOTHING;

  /** Throws RangeError on a `chunkBytes` out of range. */
  constructor(output: ChunkOutput, options: RdbWriterOptions = {}) {
    const chunkBytes = options.chunkBytes ?? DEFAULT_CHUNK_BYTES;
    if (!(chunkBytes >= MIN_CHUNK_BYTES && chunkBytes <= MAX_CHUNK_BYTES)) {
      throw new RangeError(`chunkBytes must be ${MIN_CHUNK_BYTES} to ${MAX_CHUNK_BYTES}`);
    }
    this.#output = output;
    this.#allocate = options.allocate ?? ((): Uint8Array => viewed(new Uint8Array(chunkBytes)));
    this.#chunk = this.#allocate();
    this.#checksum = options.checksum ?? true;
    this.#compressLimit = (options.compress ?? true) ? (options.compressLimitBytes ?? DEFAULT_COMPRESS_LIMIT_BYTES) : 0;
  }

  // ---- parts of a file ----

  header(version: number = WRITTEN_VERSION): void {
    this.#version = version;
    this.#ascii(`REDIS${String(version).padStart(4, '0')}`);
  }

  aux(name: string, value: string | number): void {
    this.type(OPCODE_AUX);
    this.text(name);
    this.text(String(value));
  }

  selectDb(index: number): void {
    this.type(OPCODE_SELECTDB);
    this.length(index);
  }

  resizeDb(keys: number, expires: number): void {
    this.type(OPCODE_RESIZEDB);
    this.length(keys);
    this.length(expires);
  }

  functionLibrary(bytes: Uint8Array, at: number, length: number): void {
    this.type(OPCODE_FUNCTION2);
    this.string(bytes, at, length);
  }

  /** What precedes a key's type; -1 leaves a part out. A file holds idle seconds or the LFU counter, not both. */
  keyMeta(expireAtMs: number, lfuFrequency: number, idleSeconds: number): void {
    if (expireAtMs !== -1) {
      this.type(OPCODE_EXPIRETIME_MS);
      this.time(expireAtMs);
    }
    if (idleSeconds !== -1) {
      this.type(OPCODE_IDLE);
      this.length(idleSeconds);
    }
    if (lfuFrequency !== -1) {
      this.type(OPCODE_FREQ);
      this.type(lfuFrequency);
    }
  }

  /** Ends the file: EOF, the checksum (from version 5 on), and the last chunk. */
  end(): void {
    this.type(OPCODE_EOF);
    if (this.#version >= CHECKSUM_SINCE_VERSION) {
      this.#sum();
      const sum = new Uint8Array(CHECKSUM_BYTES);
      if (this.#checksum) this.#crc.writeTo(sum, 0);
      this.raw(sum, 0, CHECKSUM_BYTES);
    }
    this.flush();
  }

  /** Hands out what is buffered, also when the chunk is not full. */
  flush(): void {
    if (this.#at === 0) return;
    this.#sum();
    this.#flushed += this.#at;
    const full = this.#chunk.subarray(0, this.#at);
    this.#at = 0;
    this.#summed = 0;
    if (!this.#output(full)) this.#chunk = this.#allocate();
  }

  // ---- parts of a value ----

  /** One byte: an object type or opcode. */
  type(code: number): void {
    if (this.#at === this.#chunk.length) this.flush();
    this.#chunk[this.#at++] = code;
  }

  /** A length, count or index: an integer from 0 to 2^53 - 1. */
  length(n: number): void {
    this.#ensureSmall();
    const chunk = this.#chunk;
    let at = this.#at;
    if (n < 1 << 6) {
      chunk[at++] = n;
    } else if (n < 1 << 14) {
      chunk[at++] = (LENGTH_14BIT << 6) | (n >>> 8);
      chunk[at++] = n & 255;
    } else {
      if (n <= 0xffffffff) {
        chunk[at++] = LENGTH_32BIT;
      } else {
        chunk[at++] = LENGTH_64BIT;
        const high = Math.floor(n / 0x1_0000_0000);
        chunk[at++] = high >>> 24;
        chunk[at++] = high >>> 16;
        chunk[at++] = high >>> 8;
        chunk[at++] = high;
      }
      chunk[at++] = n >>> 24;
      chunk[at++] = n >>> 16;
      chunk[at++] = n >>> 8;
      chunk[at++] = n;
    }
    this.#at = at;
  }

  /** A length of up to 64 bits, in halves. */
  wideLength(high: number, low: number): void {
    if (high < 0x20_0000) {
      this.length(high * 0x1_0000_0000 + low);
      return;
    }
    this.#ensureSmall();
    this.#chunk[this.#at++] = LENGTH_64BIT;
    this.#bigEndian(high);
    this.#bigEndian(low);
  }

  /** A 64-bit number, in halves: a time. */
  int64(high: number, low: number): void {
    this.#ensureSmall();
    this.#uint32(low);
    this.#uint32(high);
  }

  /** A stream id of four words, most significant first, as 16 bytes. */
  id(id: Uint32Array): void {
    this.#ensureSmall();
    for (let i = 0; i < 4; i++) this.#bigEndian(id[i]!);
  }

  /**
   * A string with its length: key, value, element, or a listpack or intset as it is. Small decimal integers and
   * compressible strings take Redis's shorter forms. To write one in pieces, use `length` or `packedLength`, and `raw`.
   */
  string(bytes: Uint8Array, at: number, length: number): void {
    if (length <= LONGEST_INT32) {
      if (this.#integer(bytes, at, length)) return;
    } else if (length > COMPRESS_ABOVE_BYTES && length <= this.#compressLimit) {
      if (this.#compressed(bytes, at, length)) return;
    }
    this.length(length);
    this.raw(bytes, at, length);
  }

  /** Strings are compressed. */
  get compresses(): boolean {
    return this.#compressLimit > 0;
  }

  /** Compresses one string at a time, in pieces, for this writer. */
  get packer(): LongPacker {
    return (this.#packer ??= new LongPacker(this.#lzf));
  }

  /** The lengths of a compressed string: of its compressed bytes, which follow, and of itself. */
  packedLength(packedBytes: number, length: number): void {
    this.type((LENGTH_ENCODED << 6) | STRING_LZF);
    this.length(packedBytes);
    this.length(length);
  }

  /** A JS string as UTF-8. */
  text(value: string): void {
    const bytes = Buffer.from(value);
    this.string(bytes, 0, bytes.length);
  }

  /** The score of a ZSET_2 member. */
  double(value: number): void {
    this.#ensureSmall();
    new DataView(this.#chunk.buffer).setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array, at: number, length: number): void {
    const to = this.#at;
    if (to + length <= this.#chunk.length) {
      copyBytes(this.#chunk, to, bytes, at, length);
      this.#at = to + length;
      return;
    }
    let from = at;
    let left = length;
    while (left > 0) {
      if (this.#at === this.#chunk.length) this.flush();
      const part = Math.min(left, this.#chunk.length - this.#at);
      copyBytes(this.#chunk, this.#at, bytes, from, part);
      this.#at += part;
      from += part;
      left -= part;
    }
  }

  /** Bytes of the chunk that are in the checksum already. */
  #summed = 0;

  #sum(): void {
    if (this.#checksum) this.#crc.update(this.#chunk, this.#summed, this.#at - this.#summed);
    this.#summed = this.#at;
  }

  #ensureSmall(): void {
    if (this.#at + SMALL_BYTES > this.#chunk.length) this.flush();
  }

  #ascii(text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.raw(bytes, 0, bytes.length);
  }

  /** Milliseconds in eight bytes. */
  time(value: number): void {
    this.#ensureSmall();
    this.#uint32(value);
    this.#uint32(Math.floor(value / 0x1_0000_0000));
  }

  /** The low 32 bits of an integer, little-endian; the caller has made room. */
  #uint32(value: number): void {
    const chunk = this.#chunk;
    const at = this.#at;
    chunk[at] = value;
    chunk[at + 1] = value >>> 8;
    chunk[at + 2] = value >>> 16;
    chunk[at + 3] = value >>> 24;
    this.#at = at + 4;
  }

  #bigEndian(value: number): void {
    const chunk = this.#chunk;
    const at = this.#at;
    chunk[at] = value >>> 24;
    chunk[at + 1] = value >>> 16;
    chunk[at + 2] = value >>> 8;
    chunk[at + 3] = value;
    this.#at = at + 4;
  }

  /** Writes the range as an integer if it is the canonical decimal form of one in 32 bits. */
  #integer(bytes: Uint8Array, at: number, length: number): boolean {
    if (length === 0) return false;
    let i = at;
    const end = at + length;
    const negative = bytes[i] === 0x2d;
    if (negative) i++;
    const first = bytes[i]! - 0x30;
    if (i === end || first < 0 || first > 9) return false;
    if (first === 0 && (length > 1 || negative)) return false;
    let value = 0;
    for (; i < end; i++) {
      const digit = bytes[i]! - 0x30;
      if (digit < 0 || digit > 9) return false;
      value = value * 10 + digit;
    }
    if (negative) value = -value;
    if (value < -0x80000000 || value > 0x7fffffff) return false;
    this.#ensureSmall();
    const chunk = this.#chunk;
    let to = this.#at;
    if (value >= -128 && value <= 127) {
      chunk[to++] = (LENGTH_ENCODED << 6) | STRING_INT8;
      chunk[to++] = value;
    } else if (value >= -32768 && value <= 32767) {
      chunk[to++] = (LENGTH_ENCODED << 6) | STRING_INT16;
      chunk[to++] = value;
      chunk[to++] = value >> 8;
    } else {
      chunk[to++] = (LENGTH_ENCODED << 6) | STRING_INT32;
      chunk[to++] = value;
      chunk[to++] = value >> 8;
      chunk[to++] = value >> 16;
      chunk[to++] = value >> 24;
    }
    this.#at = to;
    return true;
  }

  get #lzf(): LzfCompressor {
    return (this.#compressor ??= new LzfCompressor());
  }

  #compressed(bytes: Uint8Array, at: number, length: number): boolean {
    const limit = length - COMPRESS_SAVES_BYTES;
    if (this.#packed.length < limit) this.#packed = new Uint8Array(Math.max(4096, limit));
    const size = this.#lzf.compress(bytes, at, length, this.#packed, limit);
    if (size === 0) return false;
    this.packedLength(size, length);
    this.raw(this.#packed, 0, size);
    return true;
  }
}
