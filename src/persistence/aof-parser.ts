/**
 * Parser of append only files: commands as RESP arrays, and lines that start with '#' (timestamps), which are skipped.
 *
 *   push(chunk) -> next() ... next() -> 'more' -> push ...
 *
 * Bytes come from a file, so what is not there yet and what is wrong are told apart only at its end: whoever reads
 * calls a rest after the last chunk a short read. Memory grows with what has arrived, not with what a length claims.
 */
import { copyBytes } from '../base/copy.ts';
import { NOTHING } from '../base/nothing.ts';
import { Args } from '../resp/args.ts';

/** Longest line of a header or an annotation. */
const LINE_MAX_BYTES = 1024;
const LF = 10;
const HASH = 35;
const DOLLAR = 36;
const STAR = 42;

export class AofParser {
  readonly args: Args = new Args();
  #window: Uint8Array = NOTHING;
  #position = 0;
  #end = 0;
  /** Bytes that came before the window. */
  #dropped = 0;
  /** Where the command at work starts in the window. */
  #start = 0;
  #remaining = 0;
  /** Of the argument at work; -1 before its header was read. */
  #bulk = -1;

  /** `offset`: where in the file the first byte pushed lies. */
  constructor(offset: number) {
    this.#dropped = offset;
  }

  /** Offset in the file of the first byte behind the last command or annotation. */
  get offset(): number {
    return this.#dropped + this.#start;
  }

  /** Something follows that is no whole command. */
  get hasRest(): boolean {
    return this.#start < this.#end;
  }

  /** Takes a copy. */
  push(chunk: Uint8Array): void {
    const kept = this.#end - this.#start;
    if (kept + chunk.length > this.#window.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(kept + chunk.length, kept * 2));
      copyBytes(grown, 0, this.#window, this.#start, kept);
      this.#rebase(grown);
    } else {
      this.#window.copyWithin(0, this.#start, this.#end);
      this.#rebase(this.#window);
    }
    copyBytes(this.#window, kept, chunk, 0, chunk.length);
    this.#end = kept + chunk.length;
  }

  /** 'command': it is in `args`. 'more': push further bytes. 'bad': no append only file looks like this. */
  next(): 'command' | 'more' | 'bad' {
    const window = this.#window;
    for (;;) {
      if (this.#remaining === 0) {
        this.#position = this.#start;
        if (this.#position === this.#end) return 'more';
        const first = window[this.#position]!;
        if (first !== STAR && first !== HASH) return 'bad';
        const after = this.#line();
        if (after <= 0) return after === 0 ? 'more' : 'bad';
        if (first === HASH) {
          this.#start = after;
          continue;
        }
        const count = this.#number(after);
        if (count < 1) return 'bad';
        this.#position = after;
        this.#remaining = count;
        this.args.count = 0;
      }
      const result = this.#arguments();
      if (result !== 'command') return result;
      this.args.bytes = window;
      this.args.rawAt = this.#start;
      this.args.rawLength = this.#position - this.#start;
      this.#start = this.#position;
      return 'command';
    }
  }

  #arguments(): 'command' | 'more' | 'bad' {
    const window = this.#window;
    while (this.#remaining > 0) {
      if (this.#bulk < 0) {
        if (this.#position === this.#end) return 'more';
        if (window[this.#position] !== DOLLAR) return 'bad';
        const after = this.#line();
        if (after <= 0) return after === 0 ? 'more' : 'bad';
        this.#bulk = this.#number(after);
        if (this.#bulk < 0) return 'bad';
        this.#position = after;
      }
      const at = this.#position;
      const next = at + this.#bulk + 2;
      if (next > this.#end) return 'more';
      if (window[next - 2] !== 13 || window[next - 1] !== LF) return 'bad';
      this.args.add(at, this.#bulk);
      this.#position = next;
      this.#bulk = -1;
      this.#remaining--;
    }
    return 'command';
  }

  /** Where the line at the position ends; 0 if it is not complete, -1 if it is too long. */
  #line(): number {
    const window = this.#window;
    const limit = Math.min(this.#end, this.#position + LINE_MAX_BYTES);
    for (let i = this.#position; i < limit; i++) if (window[i] === LF) return i + 1;
    return limit < this.#end ? -1 : 0;
  }

  /** The number in the header line at the position; -1 if there is none. */
  #number(after: number): number {
    const window = this.#window;
    let end = after - 1;
    if (end > this.#position && window[end - 1] === 13) end--;
    const start = this.#position + 1;
    if (start >= end || end - start > 10) return -1;
    let value = 0;
    for (let i = start; i < end; i++) {
      const digit = window[i]! - 48;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }

  /** The window now starts with the command at work. */
  #rebase(window: Uint8Array): void {
    const delta = this.#start;
    this.#window = window;
    this.#dropped += delta;
    this.#position -= delta;
    this.#start = 0;
    if (this.#remaining > 0) for (let i = 0; i < this.args.count; i++) this.args.at[i]! -= delta;
  }
}
