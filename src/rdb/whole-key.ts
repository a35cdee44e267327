/**
 * The short way through a file of plain string keys and small collections, which most files are: one call parses what precedes
 * a key, the key, and where its value lies. No step, no state, no exception.
 *
 *   [expiry] [idle time] [frequency] type key value       lengths of one or two bytes, all of it in the window
 *
 * A collection is one string here, packed as it is to stay. (A set's members, which redis-server before 7.2 writes one by one, are
 * packed on the way.) Rule: whatever is different, incomplete or wrong is left to the reader's steps, which see it from its
 * first byte and say what is wrong with it. So nothing here can fail.
 */
import { type Viewed, viewed } from '../base/viewed.ts';
import { INTEGER_TEXT_BYTES, writeInteger } from './cursor.ts';
import * as format from './format.ts';
import { SetPacker } from './set-packer.ts';

/** Longest string that a length of two bytes can tell: no key or value is longer. */
export const SHORT_STRING_MAX: number = 2 ** 14 - 1;

/** All that comes before a string's bytes: expiry 9, idle 6, frequency 2, type 1, length 2; of a compressed list node, 7. */
const HEAD_BYTES = 24;

/** What kind of key: one of these. */
export const WHOLE_STRING = 1;
export const WHOLE_INTSET = 2;
/** A listpack. */
export const WHOLE_HASH = 3;
export const WHOLE_SET = 4;
export const WHOLE_ZSET = 5;
/** A list of one node. */
export const WHOLE_LIST = 6;
/** Members of a set, one by one: WHOLE_SET once they are packed. */
const MEMBERS = 7;
/** By the type in the file; 0: no such kind. */
const kinds: Uint8Array = (() => {
  const table = new Uint8Array(256);
  table[format.TYPE_STRING] = WHOLE_STRING;
  table[format.TYPE_SET_INTSET] = WHOLE_INTSET;
  table[format.TYPE_HASH_LISTPACK] = WHOLE_HASH;
  table[format.TYPE_SET_LISTPACK] = WHOLE_SET;
  table[format.TYPE_ZSET_LISTPACK] = WHOLE_ZSET;
  table[format.TYPE_LIST_QUICKLIST_2] = WHOLE_LIST;
  table[format.TYPE_SET] = MEMBERS;
  return table;
})();

/** A value that is in the window as it is. */
export const VALUE_RAW = 0;
/** A value that is `integer`, in decimal. */
export const VALUE_INTEGER = 1;
/** A value that is compressed (LZF): `storedBytes` of it are in the window. */
export const VALUE_COMPRESSED = 2;
/** A value that is in `packer`. */
export const VALUE_PACKED = 3;

export class WholeKey {
  kind: number = WHOLE_STRING;
  /** Where the strings are in the window. */
  keyAt = 0;
  keyLength = 0;
  valueAt = 0;
  /** Bytes of the value; not set for an integer. */
  valueLength = 0;
  storedBytes = 0;
  integer = 0;
  /** Room for an integer's text. */
  readonly digits: Viewed = viewed(new Uint8Array(INTEGER_TEXT_BYTES));
  readonly packer: SetPacker = new SetPacker();
  valueKind: number = VALUE_RAW;
  /** -1: none. */
  expireAtMs = -1;
  lfuFrequency = -1;
  idleSeconds = -1;

  /** Parses what begins at `at`; returns where the next begins, or -1 if the reader's steps have to see to this one. */
  parse(window: Viewed, at: number, end: number): number {
    if (end - at < HEAD_BYTES) return -1;
    let position = at;
    let byte = window[position++]!;
    if (byte >= format.FIRST_OPCODE) {
      position = this.#prefix(window, at);
      if (position < 0) return -1;
      byte = window[position++]!;
    } else if (this.#prefixed) this.#clear();
    const kind = kinds[byte]!;
    if (kind === 0) return -1;
    this.kind = kind;
    // The key.
    byte = window[position++]!;
    if (byte > 63) {
      if (byte > 127) return -1;
      byte = ((byte & 63) << 8) | window[position++]!;
    }
    this.keyAt = position;
    this.keyLength = byte;
    position += byte;
    if (end - position < HEAD_BYTES) return -1;
    if (kind >= WHOLE_LIST) {
      if (kind === MEMBERS) return this.#members(window, position, end);
      if (window[position] !== 1 || window[position + 1] !== format.QUICKLIST_NODE_PACKED) return -1;
      position += 2;
    }
    // The value.
    byte = window[position++]!;
    if (byte > 63) {
      if (byte > 127) return this.#encoded(window, position, byte, end);
      byte = ((byte & 63) << 8) | window[position++]!;
    }
    this.valueKind = VALUE_RAW;
    this.valueAt = position;
    this.valueLength = byte;
    position += byte;
    return position > end ? -1 : position;
  }

  #encoded(window: Viewed, at: number, first: number, end: number): number {
    let position = at;
    if (first === ENCODED + format.STRING_LZF) {
      let length = window[position++]!;
      if (length > 63) {
        if (length > 127) return -1;
        length = ((length & 63) << 8) | window[position++]!;
      }
      this.storedBytes = length;
      length = window[position++]!;
      if (length > 63) {
        if (length > 127) return -1;
        length = ((length & 63) << 8) | window[position++]!;
      }
      if (length === 0) return -1;
      this.valueLength = length;
      this.valueKind = VALUE_COMPRESSED;
      this.valueAt = position;
      position += this.storedBytes;
      return position > end ? -1 : position;
    }
    if (this.kind !== WHOLE_STRING) return -1;
    this.valueKind = VALUE_INTEGER;
    switch (first) {
      case ENCODED + format.STRING_INT8:
        this.integer = (window[position]! << 24) >> 24;
        return position + 1;
      case ENCODED + format.STRING_INT16:
        this.integer = window.view!.getInt16(position, true);
        return position + 2;
      case ENCODED + format.STRING_INT32:
        this.integer = window.view!.getInt32(position, true);
        return position + 4;
      default:
        return -1;
    }
  }

  /** Packs the members of a small set. */
  #members(window: Viewed, at: number, end: number): number {
    const { packer, digits } = this;
    const view = window.view!;
    let position = at + 1;
    let count = window[at]!;
    if (count > 63) {
      if (count > 127) return -1;
      count = ((count & 63) << 8) | window[position++]!;
    }
    if (count === 0 || count > PACKED_MEMBERS_MAX) return -1;
    packer.clear();
    for (; count > 0; count--) {
      if (end - position < MEMBER_HEAD_BYTES) return -1;
      const first = window[position++]!;
      if (first < 128) {
        const length = first < 64 ? first : ((first & 63) << 8) | window[position++]!;
        if (length > end - position || !packer.add(window, position, length)) return -1;
        position += length;
        continue;
      }
      let integer: number;
      if (first === ENCODED + format.STRING_INT8) {
        integer = (window[position]! << 24) >> 24;
        position += 1;
      } else if (first === ENCODED + format.STRING_INT16) {
        integer = view.getInt16(position, true);
        position += 2;
      } else if (first === ENCODED + format.STRING_INT32) {
        integer = view.getInt32(position, true);
        position += 4;
      } else return -1;
      if (!packer.add(digits, 0, writeInteger(integer, digits))) return -1;
    }
    packer.finish();
    this.kind = WHOLE_SET;
    this.valueKind = VALUE_PACKED;
    this.valueAt = 0;
    this.valueLength = packer.length;
    return position;
  }

  /** Whether an expiry, idle time or frequency of an earlier key is to be forgotten. */
  #prefixed = false;

  #clear(): void {
    this.expireAtMs = -1;
    this.lfuFrequency = -1;
    this.idleSeconds = -1;
    this.#prefixed = false;
  }

  /** Parses what precedes the type; returns the type's position, or -1. */
  #prefix(window: Viewed, at: number): number {
    let position = at;
    this.#clear();
    this.#prefixed = true;
    const view = window.view!;
    if (window[position] === format.OPCODE_EXPIRETIME_MS) {
      this.expireAtMs = view.getInt32(position + 5, true) * 0x1_0000_0000 + view.getUint32(position + 1, true);
      position += 9;
    }
    if (window[position] === format.OPCODE_IDLE) {
      const length = window[position + 1]!;
      if (length < 64) {
        this.idleSeconds = length;
        position += 2;
      } else if (length < 128) {
        this.idleSeconds = ((length & 63) << 8) | window[position + 2]!;
        position += 3;
      } else if (length === format.LENGTH_32BIT) {
        this.idleSeconds = view.getUint32(position + 2, false);
        position += 6;
      } else {
        return -1;
      }
    }
    if (window[position] === format.OPCODE_FREQ) {
      this.lfuFrequency = window[position + 1]!;
      position += 2;
    }
    return position === at ? -1 : position;
  }
}

/** First byte of a string that is encoded. */
const ENCODED: number = format.LENGTH_ENCODED << 6;

/** Members of a set that are packed here: none has more that a listpack is for, by default. */
const PACKED_MEMBERS_MAX = 128;
/** What comes before a member's bytes, or is an integer. */
const MEMBER_HEAD_BYTES = 5;
