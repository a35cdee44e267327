/**
 * What OBJECT ENCODING calls a string, and how much room one gets. The bytes are kept alike under every encoding.
 */
import { MAX_INTEGER_TEXT, parseInteger } from '../base/numbers.ts';
import { ENC_EMBSTR, ENC_INT, ENC_RAW } from './entry.ts';

/** Strings up to this length are reported as embstr. */
export const EMBSTR_MAX_BYTES = 44;
const MIB: number = 1024 * 1024;

/** The encoding that Redis gives a value which is set as a whole. */
export function stringEncoding(bytes: Uint8Array, at: number, length: number): number {
  if (length <= MAX_INTEGER_TEXT && length > 0) {
    const first = bytes[at]!;
    if (first <= 57 && (first >= 48 || first === 45) && parseInteger(bytes, at, length) !== undefined) return ENC_INT;
  }
  return length <= EMBSTR_MAX_BYTES ? ENC_EMBSTR : ENC_RAW;
}

/** Size to allocate for an entry that grows: twice as much up to 1 MiB, then an eighth more, so that appending stays cheap. */
export function roomToGrow(bytes: number): number {
  return bytes < MIB ? bytes * 2 : bytes + Math.max(MIB, bytes >>> 3);
}
