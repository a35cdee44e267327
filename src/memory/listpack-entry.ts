/**
 * One entry of a listpack, at byte offset p of a segment.
 *
 *   encoding and data                                                             backlen
 *   0xxxxxxx 7-bit uint | 10llllll string < 64 | 110xxxxx +1 13-bit int           the entry's size before it, 7 bits a byte,
 *   1110llll +1 string < 4096 | F0 +4 string                                      read from the right, high bit = more to the
 *   F1 16-bit | F2 24-bit | F3 32-bit | F4 64-bit int                             left
 *
 * A value is stored in the smallest encoding, and as an integer whenever its text is a canonical int64, exactly as Redis does.
 */
import type { Viewed } from '../base/viewed.ts';
import { parseInteger } from '../base/numbers.ts';
import { copyBytes } from '../base/copy.ts';
import type { Element } from './element.ts';

/** Bytes that any entry takes beyond those of its text, at most. */
export const MAX_ENTRY_OVERHEAD = 10;

/** `read` for an entry at offset p of a segment. */
export function readAt(bytes: Uint8Array, p: number, out: Element): void {
  const lead = bytes[p]!;
  if (lead < 0x80) out.setInteger(lead);
  else if (lead < 0xc0) out.setString(bytes, p + 1, lead & 0x3f);
  else if (lead >= 0xe0 && lead <= 0xf0) out.setString(bytes, p + stringHeader(lead), stringLength(bytes, p, lead));
  else if (lead !== 0xf4) out.setInteger(smallInteger(bytes, p, lead));
  else out.setInteger(wideInteger(bytes, p + 1));
}

/** Offset of the entry after the one at p. */
export function skip(bytes: Uint8Array, p: number): number {
  const lead = bytes[p]!;
  // The two commonest encodings: a 7-bit integer and a short string, both with a one-byte backlen.
  if (lead < 0x80) return p + 2;
  if (lead < 0xc0) return p + (lead & 0x3f) + 2;
  const size = entryBytes(bytes, p, lead);
  return p + size + backlenBytes(size);
}

/** Whole size of the entry that ends where p begins. */
export function entryBytesBefore(bytes: Uint8Array, p: number): number {
  let b = bytes[p - 1]!;
  if (b < 0x80) return b + 1;
  let size = b & 0x7f;
  let width = 1;
  let unit = 128;
  while (b >= 0x80 && width < 5) {
    width++;
    b = bytes[p - width]!;
    size += (b & 0x7f) * unit;
    unit *= 128;
  }
  return size + width;
}

/** Whether the encoding that begins with this byte is a string's. */
export function isString(lead: number): boolean {
  return lead >= 0x80 && (lead < 0xc0 || (lead >= 0xe0 && lead <= 0xf0));
}

/** Integer of any encoding but the 64-bit one. */
export function smallInteger(bytes: Uint8Array, p: number, lead: number): number {
  if (lead < 0x80) return lead;
  if (lead < 0xe0) return ((((lead & 0x1f) << 8) | bytes[p + 1]!) << 19) >> 19;
  if (lead === 0xf1) return ((bytes[p + 1]! | (bytes[p + 2]! << 8)) << 16) >> 16;
  if (lead === 0xf2) return ((bytes[p + 1]! | (bytes[p + 2]! << 8) | (bytes[p + 3]! << 16)) << 8) >> 8;
  return readInt32(bytes, p + 1);
}

/** A little-endian int64: a number when within 2^53 - 1, else a bigint. */
export function wideInteger(bytes: Uint8Array, p: number): number | bigint {
  const low = readInt32(bytes, p) >>> 0;
  const high = readInt32(bytes, p + 4);
  const value = high * 0x1_0000_0000 + low;
  if (Number.isSafeInteger(value)) return value;
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Integer of any encoding. */
export function integerAt(bytes: Uint8Array, p: number, lead: number): number | bigint {
  return lead === 0xf4 ? wideInteger(bytes, p + 1) : smallInteger(bytes, p, lead);
}

/** Bytes before a string's text. */
export function stringHeader(lead: number): number {
  return lead < 0xc0 ? 1 : lead < 0xf0 ? 2 : 5;
}

/** Bytes of a string's text. */
export function stringLength(bytes: Uint8Array, p: number, lead: number): number {
  if (lead < 0xc0) return lead & 0x3f;
  if (lead < 0xf0) return ((lead & 0x0f) << 8) | bytes[p + 1]!;
  return readInt32(bytes, p + 1) >>> 0;
}

/** Bytes that an entry for the value takes, backlen included. */
export function encodedBytes(value: Uint8Array, at: number, length: number): number {
  const integer = length <= 20 ? parseInteger(value, at, length) : undefined;
  const size = integer === undefined ? stringBytes(length) : integerBytes(integer);
  return size + backlenBytes(size);
}

/** Bytes that an entry for the integer takes. */
export function encodedInteger(value: number): number {
  return integerBytes(value) + 1;
}

/**
 * Writes an entry (of `encodedBytes` bytes) for the value at offset p of a segment, where the caller has made room; returns the offset after it. The
 * caller keeps header and end mark in step (`setFrame`).
 */
export function writeEntry(bytes: Uint8Array, p: number, value: Uint8Array, at: number, length: number): number {
  const integer = length <= 20 ? parseInteger(value, at, length) : undefined;
  return integer === undefined ? writeString(bytes, p, value, at, length) : writeInteger(bytes, p, integer);
}

/** Like `writeEntry`, for an integer. */
export function writeInteger(bytes: Uint8Array, p: number, value: number | bigint): number {
  const size = integerBytes(value);
  if (size === 9) {
    const wide = BigInt(value);
    return writeWide(bytes, p, Number((wide >> 32n) & 0xffffffffn), Number(wide & 0xffffffffn));
  }
  const small = Number(value);
  if (size === 1) {
    bytes[p] = small;
  } else if (size === 2) {
    bytes[p] = 0xc0 | ((small >> 8) & 0x1f);
    bytes[p + 1] = small;
  } else {
    bytes[p] = 0xee + size;
    bytes[p + 1] = small;
    bytes[p + 2] = small >> 8;
    if (size > 3) bytes[p + 3] = small >> 16;
    if (size > 4) bytes[p + 4] = small >> 24;
  }
  bytes[p + size] = size;
  return p + size + 1;
}

/** An entry for a 64-bit integer, given as its two halves. */
export function writeWide(bytes: Uint8Array, p: number, high: number, low: number): number {
  bytes[p] = 0xf4;
  writeUint32(bytes, p + 1, low);
  writeUint32(bytes, p + 5, high);
  bytes[p + 9] = 9;
  return p + 10;
}

/** Little-endian. */
export function writeUint32(bytes: Uint8Array, p: number, value: number): void {
  // In one store: a load of the whole word that follows would wait for four.
  const { view } = bytes as Viewed;
  if (view !== undefined) {
    view.setUint32(p, value, true);
    return;
  }
  bytes[p] = value;
  bytes[p + 1] = value >>> 8;
  bytes[p + 2] = value >>> 16;
  bytes[p + 3] = value >>> 24;
}

export function integerBytes(value: number | bigint): number {
  if (value >= 0 && value <= 127) return 1;
  if (value >= -4096 && value <= 4095) return 2;
  if (value >= -0x8000 && value <= 0x7fff) return 3;
  if (value >= -0x80_0000 && value <= 0x7f_ffff) return 4;
  return value >= -0x8000_0000 && value <= 0x7fff_ffff ? 5 : 9;
}

/** Encoding and data, without backlen. */
function entryBytes(bytes: Uint8Array, p: number, lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc0) return 1 + (lead & 0x3f);
  if (lead < 0xe0) return 2;
  if (lead <= 0xf0) return stringHeader(lead) + stringLength(bytes, p, lead);
  return lead === 0xf1 ? 3 : lead === 0xf2 ? 4 : lead === 0xf3 ? 5 : 9;
}

function readInt32(bytes: Uint8Array, p: number): number {
  return bytes[p]! | (bytes[p + 1]! << 8) | (bytes[p + 2]! << 16) | (bytes[p + 3]! << 24);
}

/** Writes an entry for the string; returns the offset after it. */
function writeString(bytes: Uint8Array, start: number, value: Uint8Array, at: number, length: number): number {
  const size = stringBytes(length);
  let p = start;
  if (length < 64) {
    bytes[p++] = 0x80 | length;
  } else if (length < 4096) {
    bytes[p++] = 0xe0 | (length >>> 8);
    bytes[p++] = length;
  } else {
    bytes[p++] = 0xf0;
    writeUint32(bytes, p, length);
    p += 4;
  }
  copyBytes(bytes, p, value, at, length);
  writeBacklen(bytes, p + length, size);
  return start + size + backlenBytes(size);
}

function writeBacklen(bytes: Uint8Array, p: number, size: number): void {
  if (size <= 127) {
    bytes[p] = size;
    return;
  }
  const width = backlenBytes(size);
  let rest = size;
  for (let i = width - 1; i >= 0; i--) {
    bytes[p + i] = (rest & 0x7f) | (i === 0 ? 0 : 0x80);
    rest = Math.floor(rest / 128);
  }
}

function stringBytes(length: number): number {
  return length < 64 ? length + 1 : length < 4096 ? length + 2 : length + 5;
}

// The bounds are Redis's, one short of what the bits would hold from the second on.
function backlenBytes(size: number): number {
  return size <= 127 ? 1 : size < 16383 ? 2 : size < 2097151 ? 3 : size < 268435455 ? 4 : 5;
}
