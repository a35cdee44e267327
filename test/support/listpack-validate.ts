/**
 * A second opinion on listpack bytes, apart from the checker that guards the server (rdb/listpack.ts): every entry lies
 * within the block, its backlen leads back to its start, the end mark is where the header says, and the count agrees.
 */
import { EMPTY_BYTES, FIRST, MAX_BYTES } from '../../src/memory/listpack.ts';

/** Entries of the list that fills exactly [at, at + length), or -1 when the bytes are not a sound listpack. */
export function validateListpack(bytes: Uint8Array, at: number, length: number): number {
  if (length < EMPTY_BYTES || length > MAX_BYTES || readUint32(bytes, at) !== length) return -1;
  const end = at + length - 1;
  if (bytes[end] !== 0xff) return -1;
  let p = at + FIRST;
  let entries = 0;
  while (p < end) {
    const size = checkedEntryBytes(bytes, p, end);
    if (size < 0) return -1;
    const width = checkedBacklen(bytes, p + size, end, size);
    if (width < 0) return -1;
    p += size + width;
    entries++;
  }
  if (p !== end) return -1;
  const known = bytes[at + 4]! | (bytes[at + 5]! << 8);
  return known === 65535 || known === entries ? entries : -1;
}

/** Encoding and data bytes of the entry at p, or -1 when it is unknown or passes `end`. */
function checkedEntryBytes(bytes: Uint8Array, p: number, end: number): number {
  const lead = bytes[p]!;
  let size = -1;
  if (lead < 0x80) size = 1;
  else if (lead < 0xc0) size = 1 + (lead & 0x3f);
  else if (lead < 0xe0) size = 2;
  else if (lead < 0xf0) size = p + 1 < end ? 2 + (((lead & 0x0f) << 8) | bytes[p + 1]!) : -1;
  else if (lead === 0xf0) size = p + 5 <= end ? 5 + readUint32(bytes, p + 1) : -1;
  else if (lead === 0xf1) size = 3;
  else if (lead === 0xf2) size = 4;
  else if (lead === 0xf3) size = 5;
  else if (lead === 0xf4) size = 9;
  return size < 0 || p + size >= end ? -1 : size;
}

/** Width of the backlen at p if it is the one written for `size`, else -1. */
function checkedBacklen(bytes: Uint8Array, p: number, end: number, size: number): number {
  const width = size <= 127 ? 1 : size < 16383 ? 2 : size < 2097151 ? 3 : size < 268435455 ? 4 : 5;
  if (p + width > end) return -1;
  let rest = size;
  for (let i = width - 1; i >= 0; i--) {
    if (bytes[p + i] !== ((rest & 0x7f) | (i === 0 ? 0 : 0x80))) return -1;
    rest = Math.floor(rest / 128);
  }
  return width;
}

function readUint32(bytes: Uint8Array, p: number): number {
  return (bytes[p]! | (bytes[p + 1]! << 8) | (bytes[p + 2]! << 16) | (bytes[p + 3]! << 24)) >>> 0;
}
