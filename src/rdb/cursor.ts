/**
 * A walk over the elements of a packed value (listpack or ziplist) that trusts nothing: `next` either finds an
 * element that lies within the blob, or throws Malformed. Elements are strings or integers; `text` gives
 * both as the bytes that a client sees.
 */
import { NOTHING } from '../base/nothing.ts';
import { Malformed } from './error.ts';
import { MAX_FIELD_EXPIRY } from './format.ts';

/** Room for any 64-bit integer in decimal. */
export const INTEGER_TEXT_BYTES = 20;
/** As long as a score of type ZSET can be. */
const MAX_SCORE_TEXT_BYTES = 252;

export abstract class PackedCursor {
  /** After `text`: where the current element's bytes are. */
  bytes: Uint8Array = NOTHING;
  at = 0;
  length = 0;

  /** The blob, and the position and end of the walk within it. */
  protected source: Uint8Array = NOTHING;
  protected position = 0;
  protected end = 0;
  protected isInteger = false;
  protected integer = 0;
  /** The integer, where `integer` cannot hold it exactly. */
  protected wide: bigint | undefined;

  /** Moves to the next element; false at the end, after which the blob is known to be well-formed. */
  abstract next(): boolean;

  /** Sets `bytes`, `at`, `length` to the current element as text; an integer is written to `scratch` (INTEGER_TEXT_BYTES). */
  text(scratch: Uint8Array): void {
    if (!this.isInteger) return;
    this.bytes = scratch;
    this.at = 0;
    this.length = this.wide === undefined ? writeInteger(this.integer, scratch) : writeWide(this.wide, scratch);
  }

  /** The current element as a zset score; throws Malformed if it is not a number. */
  score(): number {
    if (!this.isInteger) return parseScore(this.bytes, this.at, this.length);
    return this.wide === undefined ? this.integer : Number(this.wide);
  }

  /** The current element as the expiry of a hash field, 0 for none; throws Malformed if it is none. */
  expiry(): number {
    if (!this.isInteger || !(this.integer >= 0 && this.integer <= MAX_FIELD_EXPIRY))
      throw new Malformed('hash field with an expiry out of range');
    return this.integer;
  }

  protected setString(at: number, length: number): void {
    this.isInteger = false;
    this.bytes = this.source;
    this.at = at;
    this.length = length;
  }

  protected setInteger(value: number): void {
    this.isInteger = true;
    this.wide = undefined;
    this.integer = value;
  }

  protected setInt64(at: number): void {
    const { source } = this;
    const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
    const wide = view.getBigInt64(at, true);
    const value = Number(wide);
    this.isInteger = true;
    this.integer = value;
    this.wide = Number.isSafeInteger(value) ? undefined : wide;
  }
}

/** Writes a safe integer in decimal at the start of `target`; returns the length. */
export function writeInteger(value: number, target: Uint8Array): number {
  let rest = value < 0 ? -value : value;
  let length = value < 0 ? 2 : 1;
  for (let power = 10; rest >= power; power *= 10) length++;
  let to = length;
  do {
    const quotient = Math.floor(rest / 10);
    target[--to] = 0x30 + (rest - quotient * 10);
    rest = quotient;
  } while (rest > 0);
  if (value < 0) target[0] = 0x2d;
  return length;
}

function writeWide(value: bigint, target: Uint8Array): number {
  const text = value.toString();
  for (let i = 0; i < text.length; i++) target[i] = text.charCodeAt(i);
  return text.length;
}

/** Most digits whose number, and the power of ten to divide it by, are exact: so the quotient is the number next to the text's. */
const EXACT_DIGITS = 15;

/** Digits with a sign and a point, or not; NaN for any other text, also for numbers. */
function parseDecimal(bytes: Uint8Array, at: number, length: number): number {
  const end = at + length;
  const negative = length > 0 && bytes[at] === 0x2d;
  const first = negative ? at + 1 : at;
  if (first === end || length > EXACT_DIGITS) return NaN;
  let value = 0;
  let divisor = 0;
  for (let i = first; i < end; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      divisor *= 10;
    } else if (digit === -2 && divisor === 0 && i > first && i < end - 1) divisor = 1;
    else return NaN;
  }
  if (divisor > 1) value /= divisor;
  return negative ? -value : value;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;

/** A score written as text, as C's strtod reads it. Throws Malformed if it is not a number. */
export function parseScore(bytes: Uint8Array, at: number, length: number): number {
  const simple = parseDecimal(bytes, at, length);
  if (simple === simple) return simple;
  if (length > 0 && length <= MAX_SCORE_TEXT_BYTES) {
    let text = '';
    for (let i = 0; i < length; i++) text += String.fromCharCode(bytes[at + i]!);
    if (NUMBER.test(text)) return Number(text);
    const infinite = INFINITE.exec(text);
    if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity;
  }
  throw new Malformed('a sorted set score is not a number');
}
