/**
 * The arguments of one command as ranges of a byte buffer: nothing is copied and no string is made until a handler
 * asks for one. Valid until the command returns; whoever keeps an argument longer copies it.
 */
import type { Span } from '../base/span.ts';
import { NOTHING } from '../base/nothing.ts';

const INITIAL_CAPACITY = 64;

export class Args {
  bytes: Uint8Array = NOTHING;
  count = 0;
  /** Start and length of each argument in `bytes`; argument 0 is the command's name. */
  at: Int32Array = new Int32Array(INITIAL_CAPACITY);
  length: Int32Array = new Int32Array(INITIAL_CAPACITY);
  /** The command as it came, in RESP (multi-bulk) form; `rawLength` 0 if it came inline and has no such form. */
  rawAt = 0;
  rawLength = 0;

  add(at: number, length: number): void {
    if (this.count === this.at.length) this.#grow();
    this.at[this.count] = at;
    this.length[this.count++] = length;
  }

  /** The argument as latin1 text: one char a byte. */
  text(index: number): string {
    const at = this.at[index]!;
    return latin1(this.bytes, at, this.length[index]!);
  }

  /** A copy of the argument. */
  copy(index: number): Uint8Array {
    const at = this.at[index]!;
    return this.bytes.slice(at, at + this.length[index]!);
  }

  span(index: number, out: Span): Span {
    out.bytes = this.bytes;
    out.at = this.at[index]!;
    out.length = this.length[index]!;
    return out;
  }

  /** Whether the argument is this word, ignoring ASCII case. `lower` must be lower case. */
  is(index: number, lower: string): boolean {
    if (index >= this.count || this.length[index] !== lower.length) return false;
    const at = this.at[index]!;
    for (let i = 0; i < lower.length; i++) {
      const c = this.bytes[at + i]!;
      if ((c >= 65 && c <= 90 ? c + 32 : c) !== lower.charCodeAt(i)) return false;
    }
    return true;
  }

  /** Whether two arguments hold the same bytes. */
  same(a: number, b: number): boolean {
    const length = this.length[a]!;
    if (length !== this.length[b]) return false;
    const start = this.at[a]!;
    const other = this.at[b]!;
    for (let i = 0; i < length; i++) if (this.bytes[start + i] !== this.bytes[other + i]) return false;
    return true;
  }

  /** Replaces the content by these values, in a buffer of its own (a command the server runs itself). */
  assign(values: readonly (string | Uint8Array)[]): this {
    const parts = values.map((v) => (typeof v === 'string' ? Buffer.from(v, 'latin1') : v));
    this.bytes = Buffer.concat(parts);
    this.count = 0;
    this.rawLength = 0;
    let at = 0;
    for (const part of parts) {
      this.add(at, part.length);
      at += part.length;
    }
    return this;
  }

  #grow(): void {
    const at = new Int32Array(this.at.length * 2);
    at.set(this.at);
    this.at = at;
    const length = new Int32Array(at.length);
    length.set(this.length);
    this.length = length;
  }
}

/** Bytes as latin1 text. */
export function latin1(bytes: Uint8Array, at: number, length: number): string {
  if (length <= 24) {
    let text = '';
    for (let i = at; i < at + length; i++) text += String.fromCharCode(bytes[i]!);
    return text;
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('latin1');
}
