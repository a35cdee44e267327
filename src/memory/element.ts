/**
 * A reusable view of one element of a compact structure, as text: where its bytes are, without copying them.
 *
 *   string   bytes[at .. at+length) lies in the arena; valid until the structure changes
 *   integer  bytes is the element's own scratch and holds the decimal text; `integer` is its value
 *
 * One Element serves a whole loop: filling it allocates nothing but for integers beyond 2^53.
 */
import { writeInteger } from '../base/numbers.ts';
import { copyBytes } from '../base/copy.ts';
import { NOTHING } from '../base/nothing.ts';

export class Element {
  bytes: Uint8Array = NOTHING;
  at = 0;
  length = 0;
  /** Whether it is stored as an integer. */
  isInteger = false;
  /** The integer's value, exact up to 2^53 in magnitude and the nearest double beyond; NaN for a string. */
  integer: number = NaN;

  scratch: Uint8Array = new Uint8Array(32);

  setString(bytes: Uint8Array, at: number, length: number): void {
    this.bytes = bytes;
    this.at = at;
    this.length = length;
    this.isInteger = false;
    this.integer = NaN;
  }

  setInteger(value: number | bigint): void {
    this.bytes = this.scratch;
    this.at = 0;
    this.length = writeInteger(this.scratch, 0, value);
    this.isInteger = true;
    this.integer = Number(value);
  }

  /** Moves the bytes into the element's own memory, so that they outlive changes of the structure (until refilled). */
  detach(): void {
    if (this.bytes === this.scratch) return;
    if (this.length > this.scratch.length) this.scratch = new Uint8Array(this.length + (this.length >>> 1));
    copyBytes(this.scratch, 0, this.bytes, this.at, this.length);
    this.bytes = this.scratch;
    this.at = 0;
  }

  /** The text as a string, one character a byte (for tests and messages). */
  toString(): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.at, this.length).toString('latin1');
  }
}
