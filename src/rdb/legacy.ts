/**
 * Packed encodings that Redis no longer writes: ziplist (before 7.0) and zipmap (before 2.6). The reader takes them
 * apart into elements, so nothing else knows them.
 *
 *   ziplist  <total u32> <offset of the last element u32> <elements u16> { <size of the one before> <encoding> <data> }* FF
 *   zipmap   <pairs u8> { <length> <field> <length> <free u8> <value> <free bytes> }* FF
 */
import { PackedCursor } from './cursor.ts';
import { Malformed } from './error.ts';

const END_MARK = 0xff;
/** A size or length that takes four further bytes starts with this. */
const WIDE = 254;

const ZIPLIST_HEADER_BYTES = 10;
/** The shortest element, and the shortest pair of a zipmap. */
const ZIPLIST_ELEMENT_BYTES = 2;
const ZIPMAP_PAIR_BYTES = 3;
const MANY_ELEMENTS = 0xffff;

export class ZiplistCursor extends PackedCursor {
  /** Elements the header claims; MANY_ELEMENTS if it does not say. */
  #claimed = 0;
  /** Elements to make room for: what the header claims, as far as the blob's length bears it out. */
  expected = 0;
  #seen = 0;
  #previousSize = 0;
  #lastStart = 0;
  #claimedLastStart = 0;

  /** Starts at the first element of the blob; throws Malformed if its frame is wrong. */
  open(bytes: Uint8Array, at: number, length: number): void {
    if (length < ZIPLIST_HEADER_BYTES + 1) {
      throw new Malformed('ziplist is shorter than its header');
    }
    if (readUint32(bytes, at) !== length) {
      throw new Malformed('ziplist length differs from its header');
    }
    if (bytes[at + length - 1] !== END_MARK) throw new Malformed('ziplist has no end mark');
    this.source = bytes;
    this.position = at + ZIPLIST_HEADER_BYTES;
    this.end = at + length - 1;
    this.#claimed = bytes[at + 8]! | (bytes[at + 9]! << 8);
    this.expected = Math.min(this.#claimed, Math.floor((this.end - this.position) / ZIPLIST_ELEMENT_BYTES));
    this.#seen = 0;
    this.#previousSize = 0;
    this.#lastStart = this.position;
    this.#claimedLastStart = at + readUint32(bytes, at + 4);
  }

  next(): boolean {
    const { source, end } = this;
    const start = this.position;
    if (start === end) {
      if (this.#claimed !== MANY_ELEMENTS && this.#claimed !== this.#seen) {
        throw new Malformed('ziplist holds another number of elements than its header claims');
      }
      if (this.#lastStart !== this.#claimedLastStart) {
        throw new Malformed('ziplist header points to another last element');
      }
      return false;
    }
    let at = start + 1;
    let previousSize = source[start]!;
    if (previousSize === END_MARK) throw new Malformed('ziplist ends too early');
    if (previousSize === WIDE) {
      if (start + 5 > end) throw new Malformed('ziplist element passes the end');
      previousSize = readUint32(source, at);
      at += 4;
    }
    if (previousSize !== this.#previousSize) {
      throw new Malformed('ziplist element gives another size for the one before');
    }
    at = this.#element(at);
    if (at > end) throw new Malformed('ziplist element passes the end');
    this.#previousSize = at - start;
    this.#lastStart = start;
    this.#seen++;
    this.position = at;
    return true;
  }

  /** Decodes the element whose encoding is at `at`; returns its end, which may lie beyond the blob's. */
  #element(at: number): number {
    const { source, end } = this;
    const room = end - at;
    const first = room > 0 ? source[at]! : END_MARK;
    const kind = first >>> 6;
    if (kind !== 3) {
      const prefix = kind === 0 ? 1 : kind === 1 ? 2 : 5;
      if (prefix > room) throw new Malformed('ziplist element passes the end');
      let length = first & 0x3f;
      if (kind === 1) length = (length << 8) | source[at + 1]!;
      else if (kind === 2) length = readUint32BigEndian(source, at + 1);
      this.setString(at + prefix, length);
      return at + prefix + length;
    }
    const size = integerBytes(first);
    if (size < 0) throw new Malformed('ziplist element has an unknown encoding');
    if (size + 1 > room) throw new Malformed('ziplist element passes the end');
    const from = at + 1;
    if (size === 0) this.setInteger((first & 0x0f) - 1);
    else if (size === 8) this.setInt64(from);
    else {
      let value = 0;
      for (let i = 0; i < size; i++) value |= source[from + i]! << (8 * (4 - size + i));
      this.setInteger(value >> (8 * (4 - size)));
    }
    return from + size;
  }
}

/** Bytes of data after an integer's encoding; 0 where the encoding holds the value, -1 if there is none such. */
function integerBytes(encoding: number): number {
  switch (encoding) {
    case 0xc0:
      return 2;
    case 0xd0:
      return 4;
    case 0xe0:
      return 8;
    case 0xf0:
      return 3;
    case 0xfe:
      return 1;
    default:
      return encoding >= 0xf1 && encoding <= 0xfd ? 0 : -1;
  }
}

/** Walks a zipmap: fields and values alternate. */
export class ZipmapCursor extends PackedCursor {
  /** Pairs the header claims; WIDE or more if it does not say. */
  #claimed = 0;
  /** Pairs to make room for: what the header claims, as far as the blob's length bears it out. */
  expected = 0;
  #seen = 0;
  #atValue = false;

  open(bytes: Uint8Array, at: number, length: number): void {
    if (length < 2) throw new Malformed('zipmap is shorter than its header');
    if (bytes[at + length - 1] !== END_MARK) throw new Malformed('zipmap has no end mark');
    this.source = bytes;
    this.position = at + 1;
    this.end = at + length - 1;
    this.#claimed = bytes[at]!;
    this.expected = Math.min(this.#claimed, Math.floor((this.end - this.position) / ZIPMAP_PAIR_BYTES));
    this.#seen = 0;
    this.#atValue = false;
  }

  next(): boolean {
    const { source, end } = this;
    let at = this.position;
    if (at === end) {
      if (this.#atValue) throw new Malformed('zipmap ends after a field');
      if (this.#claimed < WIDE && this.#claimed !== this.#seen) {
        throw new Malformed('zipmap holds another number of fields than its header claims');
      }
      return false;
    }
    let length = source[at++]!;
    if (length === END_MARK) throw new Malformed('zipmap ends too early');
    if (length === WIDE) {
      if (at + 4 > end) throw new Malformed('zipmap element passes the end');
      length = readUint32(source, at);
      at += 4;
    }
    let free = 0;
    if (this.#atValue) {
      if (at >= end) throw new Malformed('zipmap element passes the end');
      free = source[at++]!;
      this.#seen++;
    }
    if (at + length + free > end) throw new Malformed('zipmap element passes the end');
    this.setString(at, length);
    this.position = at + length + free;
    this.#atValue = !this.#atValue;
    return true;
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function readUint32BigEndian(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
