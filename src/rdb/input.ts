/**
 * The bytes that a reader has got and not yet parsed, and the primitives of the format on them: lengths and strings.
 *
 *   window:  | consumed | start of step ... position ... | not yet parsed | free |
 *
 * Rule: a primitive that lacks bytes throws MISSING; the reader then goes back to the step's start with `rewind`. Long strings
 * leave the window in pieces meanwhile (`takeLong`). Nothing is allocated on the word of a length alone, but for what a long
 * string claims once a beginning of it is there, and that is not touched before its bytes come.
 */
import { Crc64 } from '../base/crc64.ts';
import { copyBytes } from '../base/copy.ts';
import { type Viewed, viewed } from '../base/viewed.ts';
import { writeInteger } from './cursor.ts';
import { Malformed } from './error.ts';
import * as format from './format.ts';
import { LongString, type Room } from './long-string.ts';
import { isPlausibleLzfLength, lzfDecompress } from './lzf.ts';

/** Thrown to leave a step that lacks bytes; made once, since throwing a premade error is cheap. */
export const MISSING: Error = new Error('more bytes are needed');

/** Makes a place for a long string; null: it has none. */
export type RoomMaker = (length: number) => Room | null;

/** Size of the window to start with. */
const WINDOW_BYTES = 64 * 1024;
/** A window larger than this is given up once little of it is in use. */
const KEPT_WINDOW_BYTES = 4 * 1024 * 1024;
/** Parsed bytes that go into the checksum at a time: enough for one call, and still in the processor's cache. */
const SUM_BYTES = 64 * 1024;
const SCRATCH_BYTES = 4096;
/** A scratch larger than this is given up after its key. */
const KEPT_SCRATCH_BYTES = 1024 * 1024;

export class RdbInput {
  /** The string that `string` found; valid until the next `push`, or the next string with the same scratch. */
  bytes: Uint8Array;
  at = 0;
  length = 0;

  /** Both halves of the latest length, for numbers beyond 2^53. */
  lengthHigh = 0;
  lengthLow = 0;

  window: Viewed = viewed(new Uint8Array(WINDOW_BYTES));
  /** Next byte to parse, and the end of valid bytes. */
  position = 0;
  end = 0;
  /** Bytes of the input before the window. */
  dropped = 0;

  readonly #maxString: number;
  readonly #checksum: boolean;
  readonly #inputBytes: number;
  readonly #longBytes: number;
  readonly #isWhole: boolean;
  readonly #crc = new Crc64();
  /** The window is in the checksum up to here. */
  #summed = 0;
  #stepStart = 0;
  /** Bytes that the step at `position` is known to need. */
  #need = 1;
  #encodedAs = 0;
  /** Strings of this step that do not lie in the window. */
  readonly #longs: LongString[] = [];
  /** The one that is on its way out of the window, and the position of its next byte. */
  #leaving: LongString | null = null;
  #bodyAt = 0;
  /** Bytes of this step that have left the window. */
  #removed = 0;
  /** The step has begun before. */
  #again = false;
  // Two places for strings that are not in the window as they are: a field and its value.
  readonly #scratch: [Viewed, Viewed] = [viewed(new Uint8Array(SCRATCH_BYTES)), viewed(new Uint8Array(SCRATCH_BYTES))];

  /** `isWhole`: all is pushed before the first step. */
  constructor(maxStringBytes: number, checksum: boolean, inputBytes: number, longBytes: number, isWhole: boolean) {
    this.#longBytes = longBytes;
    this.#isWhole = isWhole;
    this.#maxString = maxStringBytes;
    this.#checksum = checksum;
    this.#inputBytes = inputBytes;
    this.bytes = this.window;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length > this.window.length - this.end) this.#makeRoom(chunk.length);
    this.window.set(chunk, this.end);
    this.end += chunk.length;
  }

  // ---- steps ----

  /** Whether the next step may succeed: false while bytes are missing that it is known to need. */
  get ready(): boolean {
    return this.end - this.position >= this.#need;
  }

  /** Adds what was parsed to the checksum, once it is enough to be worth it: never too much at once. */
  sumParsed(): void {
    if (this.position - this.#summed >= SUM_BYTES) this.#sum();
  }

  startStep(): void {
    if (this.#again) this.#again = false;
    else if (this.#longs.length > 0) this.#forgetLong();
    this.#stepStart = this.position;
    this.#need = 1;
  }

  /** Undoes the step that threw MISSING. */
  rewind(): void {
    this.#need += this.position - this.#stepStart;
    this.position = this.#stepStart;
    this.#again = true;
  }

  /** Offset in the whole input up to which it was parsed. */
  get offset(): number {
    return this.dropped + this.position + (this.#again ? 0 : this.#removed);
  }

  /** Bytes that were pushed and not yet parsed. */
  get pendingBytes(): number {
    const left =
      this.#leaving === null ? 0 : this.#leaving.taken - (this.#bodyAt - this.position - this.#leaving.place);
    return this.end - this.position + left + (this.#again ? this.#removed : 0);
  }

  // ---- long strings ----

  /** The window lacks strings of the present step, which begins anew. */
  get lacksStrings(): boolean {
    return this.#again && this.#longs.length > 0;
  }

  /** A long string is on its way: `takeLong` goes before any step. */
  get isLeaving(): boolean {
    return this.#leaving !== null;
  }

  /** The step at the position lacks a string that has left the window: only the step itself knows what is missing there. */
  get isIncomplete(): boolean {
    return this.#again && this.#removed > 0;
  }

  /** Takes a piece of it; false if there are no bytes for that. Throws Malformed. */
  takeLong(): boolean {
    const long = this.#leaving!;
    const piece = long.take(this.window, this.#bodyAt, this.end, this.#checksum ? this.#crc : null);
    this.#bodyAt += piece;
    if (piece === 0) return false;
    if (long.isComplete) {
      this.#removed += long.stored;
      this.#closeGap();
      this.#leaving = null;
      this.#need = 1;
    }
    return true;
  }

  /** Whether the string whose body would be at the position was taken already: it is the present one then. */
  #findLong(): boolean {
    const place = this.position - this.#stepStart;
    for (const long of this.#longs) {
      if (long.place !== place) continue;
      this.bytes = long.room.bytes;
      this.at = long.room.at;
      this.length = long.length;
      return true;
    }
    return false;
  }

  /** Begins to take a long string whose body is at the position: throws MISSING. */
  #long(stored: number, length: number, isCompressed: boolean, room: RoomMaker | null): never {
    const first = Math.min(stored, this.#longBytes);
    if (this.end - this.position < first) {
      this.#need = first;
      throw MISSING;
    }
    this.#sum();
    const place = this.position - this.#stepStart;
    const target = room === null ? null : room(length);
    this.#leaving = new LongString(place, stored, length, isCompressed, target, this.#longBytes);
    this.#longs.push(this.#leaving);
    this.#bodyAt = this.position;
    throw MISSING;
  }

  /** Moves what follows the bytes that were taken to where they were. */
  #closeGap(): void {
    const bodyStart = this.position + this.#leaving!.place;
    this.window.copyWithin(bodyStart, this.#bodyAt, this.end);
    this.end -= this.#bodyAt - bodyStart;
    this.#bodyAt = bodyStart;
  }

  /** The step is complete: its strings are not needed any more. */
  #forgetLong(): void {
    this.#longs.length = 0;
    this.dropped += this.#removed;
    this.#removed = 0;
  }

  /** Offset of the current step in the whole input. */
  get stepOffset(): number {
    return this.dropped + this.#stepStart;
  }

  /** Gives up buffers that an uncommonly large string needed. */
  trim(): void {
    if (this.#longs.length > 0) this.#forgetLong();
    const scratch = this.#scratch;
    if (scratch[0].length > KEPT_SCRATCH_BYTES) scratch[0] = viewed(new Uint8Array(SCRATCH_BYTES));
    if (scratch[1].length > KEPT_SCRATCH_BYTES) scratch[1] = viewed(new Uint8Array(SCRATCH_BYTES));
  }

  /** Reads the stored checksum and compares. Throws Malformed. */
  verifyChecksum(): void {
    this.#sum();
    const at = this.take(format.CHECKSUM_BYTES);
    const stored = this.window.subarray(at, this.position);
    // Redis writes zero when checksums are off.
    if (!this.#checksum || stored.every((byte) => byte === 0)) return;
    if (this.#crc.matches(stored, 0)) return;
    const expected = Buffer.from(stored).reverse().toString('hex');
    throw new Malformed(`Wrong RDB checksum expected: (${expected}) but got (${this.#crc.toString()}): RDB CRC error`);
  }

  /** Where the window's bytes end that belong to the input and may be parsed without a look at limits on strings. */
  get plainEnd(): number {
    const left = this.#inputBytes - this.dropped;
    return left < this.end ? left : this.end;
  }

  /** Longest string accepted, in bytes. */
  get maxString(): number {
    return this.#maxString;
  }

  // ---- lengths and strings ----

  /** Returns the position of the next `bytes` bytes and passes them; throws MISSING if they are not all there. */
  take(bytes: number): number {
    const at = this.position;
    if (bytes > this.end - at) {
      this.#need = bytes;
      throw MISSING;
    }
    this.position = at + bytes;
    return at;
  }

  byte(): number {
    return this.window[this.take(1)]!;
  }

  /** Reads a length; -1 if it stands for an encoded string, whose encoding is then in `#encodedAs`. */
  #rawLength(): number {
    const first = this.byte();
    const kind = first >>> 6;
    if (kind === format.LENGTH_6BIT) return this.#setLength(0, first);
    if (kind === format.LENGTH_14BIT) {
      return this.#setLength(0, ((first & 0x3f) << 8) | this.byte());
    }
    if (kind === format.LENGTH_ENCODED) {
      this.#encodedAs = first & 0x3f;
      return -1;
    }
    if (first === format.LENGTH_32BIT) return this.#setLength(0, this.#uint32BigEndian());
    if (first === format.LENGTH_64BIT) {
      const high = this.#uint32BigEndian();
      return this.#setLength(high, this.#uint32BigEndian());
    }
    throw new Malformed(`unknown length encoding ${first}`);
  }

  #setLength(high: number, low: number): number {
    this.lengthHigh = high;
    this.lengthLow = low;
    // Not by arithmetic alone: its result counts as a fraction, and then so do all positions.
    return high === 0 ? low : high * 0x1_0000_0000 + low;
  }

  plainLength(): number {
    const length = this.#rawLength();
    if (length < 0) throw new Malformed('a length is expected where an encoded string is');
    return length;
  }

  /** A count or a number that must be exact. */
  count(): number {
    const count = this.plainLength();
    if (count > Number.MAX_SAFE_INTEGER) throw new Malformed(`count ${count} is out of range`);
    return count;
  }

  #uint32BigEndian(): number {
    const at = this.take(4);
    const w = this.window;
    return ((w[at]! << 24) | (w[at + 1]! << 16) | (w[at + 2]! << 8) | w[at + 3]!) >>> 0;
  }

  /**
   * Reads a string; `bytes`, `at`, `length` then say where it is. `scratch` serves those that have to be rebuilt, `room` long ones:
   * they come there in pieces, or to a place of their own.
   */
  string(scratch: 0 | 1, room: RoomMaker | null = null): void {
    const length = this.#rawLength();
    if (length < 0) {
      this.#encodedString(scratch, room);
      return;
    }
    if (this.#longs.length > 0 && this.#findLong()) return;
    this.#checkLength(length);
    if (length > this.#longBytes && (room !== null || !this.#isWhole || length > this.end - this.position)) {
      this.#long(length, length, false, room);
    }
    this.at = this.take(length);
    this.bytes = this.window;
    this.length = length;
  }

  /** Makes the string that was found stay where it is until the next one, whatever is pushed. */
  keep(): void {
    if (this.bytes !== this.window || this.#isWhole) return;
    const { length } = this;
    if (this.#scratch[0].length < length) this.#scratch[0] = viewed(new Uint8Array(length));
    copyBytes(this.#scratch[0], 0, this.window, this.at, length);
    this.bytes = this.#scratch[0];
    this.at = 0;
  }

  #checkLength(length: number): void {
    if (length > this.#maxString) {
      throw new Malformed(`string of ${length} bytes exceeds the limit of ${this.#maxString}`);
    }
    if (length > this.#inputBytes - this.dropped - this.position - this.#removed) {
      throw new Malformed(`string of ${length} bytes exceeds the input`);
    }
  }

  #encodedString(scratch: 0 | 1, room: RoomMaker | null): void {
    const w = this.window;
    let value: number;
    switch (this.#encodedAs) {
      case format.STRING_INT8:
        value = (this.byte() << 24) >> 24;
        break;
      case format.STRING_INT16: {
        const at = this.take(2);
        value = ((w[at]! << 16) | (w[at + 1]! << 24)) >> 16;
        break;
      }
      case format.STRING_INT32: {
        const at = this.take(4);
        value = w[at]! | (w[at + 1]! << 8) | (w[at + 2]! << 16) | (w[at + 3]! << 24);
        break;
      }
      case format.STRING_LZF:
        this.#compressedString(scratch, room);
        return;
      default:
        throw new Malformed(`unknown string encoding ${this.#encodedAs}`);
    }
    this.bytes = this.#scratch[scratch];
    this.at = 0;
    this.length = writeInteger(value, this.bytes);
  }

  #compressedString(scratch: 0 | 1, room: RoomMaker | null): void {
    const compressed = this.plainLength();
    const length = this.plainLength();
    if (this.#longs.length > 0 && this.#findLong()) return;
    this.#checkLength(compressed);
    if (length > this.#maxString) {
      throw new Malformed(`string of ${length} bytes exceeds the limit of ${this.#maxString}`);
    }
    if (!isPlausibleLzfLength(compressed, length)) {
      throw new Malformed(`${compressed} compressed bytes cannot hold ${length}`);
    }
    if (length > this.#longBytes) {
      this.#long(compressed, length, true, room);
    }
    const at = this.take(compressed);
    if (this.#scratch[scratch].length < length) this.#scratch[scratch] = viewed(new Uint8Array(length));
    const target = this.#scratch[scratch];
    if (!lzfDecompress(this.window, at, compressed, target, 0, length)) {
      throw new Malformed('compressed string is malformed');
    }
    this.bytes = target;
    this.at = 0;
    this.length = length;
  }

  // ---- the window ----

  #makeRoom(bytes: number): void {
    if (this.#leaving !== null) this.#closeGap();
    else if (!this.#again && this.#longs.length > 0) this.#forgetLong();
    this.#sum();
    const live = this.end - this.position;
    const wanted = live + bytes;
    const capacity = this.window.length;
    let target = this.window;
    // Half is kept free, so that moving the rest down is paid for by the bytes that then fit.
    if (wanted > capacity / 2 && live > 0) target = viewed(new Uint8Array(2 * wanted));
    else if (wanted > capacity) target = viewed(new Uint8Array(wanted));
    else if (capacity > KEPT_WINDOW_BYTES && wanted < capacity / 8) {
      target = viewed(new Uint8Array(Math.max(WINDOW_BYTES, 2 * wanted)));
    }
    if (target === this.window) target.copyWithin(0, this.position, this.end);
    else target.set(this.window.subarray(this.position, this.end));
    this.window = target;
    this.dropped += this.position;
    this.#summed -= this.position;
    this.#bodyAt -= this.position;
    this.#stepStart = 0;
    this.position = 0;
    this.end = live;
  }

  /** Adds what was parsed to the checksum; many steps at a time. */
  #sum(): void {
    // Of a step that begins anew, a part is in it.
    if (this.position <= this.#summed) return;
    if (this.#checksum) {
      this.#crc.update(this.window, this.#summed, this.position - this.#summed);
    }
    this.#summed = this.position;
  }
}
