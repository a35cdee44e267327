/**
 * The patterns of SORT's BY and GET: from an element to the value that it leads to.
 *
 *   #                the element itself
 *   weight_*         the string at the key that the element makes of it
 *   user_*->name     a field of the hash at that key
 *
 * Only the first star counts, and an arrow only after it and with a field's name behind.
 */
import type { Span } from '../base/span.ts';
import { TYPE_HASH, TYPE_STRING } from '../store/entry.ts';
import type { Call } from './call.ts';

export interface SortPattern {
  readonly isElement: boolean;
  readonly hasStar: boolean;
  readonly prefix: Uint8Array;
  readonly postfix: Uint8Array;
  /** Undefined: the key holds a string. */
  readonly field: Uint8Array | undefined;
}

const STAR = 0x2a;
const HASH_SIGN = 0x23;

/** Keeps `bytes`. */
export function patternOf(bytes: Uint8Array): SortPattern {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const isElement = text.length === 1 && text[0] === HASH_SIGN;
  const star = text.indexOf(STAR);
  const hasStar = star >= 0;
  const arrow = hasStar ? text.indexOf('->', star + 1, 'latin1') : -1;
  const hasField = arrow >= 0 && arrow + 2 < text.length;
  return {
    isElement,
    hasStar,
    prefix: text.subarray(0, Math.max(star, 0)),
    postfix: text.subarray(star + 1, hasField ? arrow : text.length),
    field: hasField ? text.subarray(arrow + 2) : undefined,
  };
}

/**
 * The value that the pattern leads to from an element, into `out` (which may be `element`); false if there is none. It is
 * valid until the next lookup.
 */
export function followPattern(call: Call, pattern: SortPattern, element: Span, out: Span): boolean {
  if (pattern.isElement) {
    out.bytes = element.bytes;
    out.at = element.at;
    out.length = element.length;
    return true;
  }
  if (!pattern.hasStar) return false;
  const { prefix, postfix, field } = pattern;
  const length = prefix.length + element.length + postfix.length;
  const key = length <= call.scratch.length ? call.scratch : Buffer.allocUnsafe(length);
  key.set(prefix, 0);
  key.set(element.bytes.subarray(element.at, element.at + element.length), prefix.length);
  key.set(postfix, prefix.length + element.length);
  const { entries, hashes } = call.store;
  const entry = call.db.read(key, 0, length);
  if (entry === 0 || entries.type(entry) !== (field === undefined ? TYPE_STRING : TYPE_HASH)) return false;
  if (field !== undefined) return hashes.get(entry, field, 0, field.length, out);
  entries.value(entry, out);
  return true;
}
