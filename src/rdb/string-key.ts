/**
 * The short way through a file of plain string keys, which most files are: one call parses what precedes a key, the key, and
 * where its value lies. No step, no state, no exception.
 *
 *   [expiry] [idle time] [frequency] 00 key value       lengths of one or two bytes, all of it in the window
 *
 * Rule: whatever is different, incomplete or wrong is left to the reader's steps, which see it from its first byte and say what
 * is wrong with it. So nothing here can fail.
 */
import { type Viewed, viewed } from '../base/viewed.ts';
import { INTEGER_TEXT_BYTES } from './cursor.ts';
import * as format from './format.ts';

/** Longest string that a length of two bytes can tell: no key or value is longer. */
export const SHORT_STRING_MAX: number = 2 ** 14 - 1;

/** All that comes before a string's bytes: expiry 9, idle 6, frequency 2, type 1, length 2; of a compressed value, 5. */
const HEAD_BYTES = 24;

/** A value that is in the window as it is. */
export const VALUE_RAW = 0;
/** A value that is `integer`, in decimal. */
export const VALUE_INTEGER = 1;
/** A value that is compressed (LZF): `storedBytes` of it are in the window. */
export const VALUE_COMPRESSED = 2;

export class StringKey {
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
    if (byte !== format.TYPE_STRING) {
      position = this.#prefix(window, at);
      if (position < 0) return -1;
      byte = window[position++]!;
      if (byte !== format.TYPE_STRING) return -1;
    } else if (this.#prefixed) this.#clear();
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
    // Most often it is the type of another value.
    if (window[position]! < format.FIRST_OPCODE) return -1;
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
