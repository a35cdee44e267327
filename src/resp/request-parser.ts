/**
 * Incremental parser of what clients send: RESP multi-bulk commands and inline commands.
 *
 *   feed(chunk) -> next() ... next() -> release()
 *
 * A chunk is parsed in place; only what an incomplete command leaves behind is copied, into a buffer of the parser's
 * own that grows geometrically, so a large argument costs amortized one copy and an announced length alone costs
 * nothing. Progress inside a command survives between chunks: bytes are never parsed twice.
 */
import { NOTHING } from '../base/nothing.ts';
import { Args, latin1 } from './args.ts';

/** Largest inline command, and largest header line, in bytes. */
const INLINE_MAX_BYTES = 64 * 1024;
const MULTIBULK_MAX = 2147483647;
/** Before authentication a client gets little to hold: Redis's figures. */
const UNAUTHENTICATED_MULTIBULK_MAX = 10;
const UNAUTHENTICATED_BULK_MAX = 16384;
/** The own buffer is dropped when it is larger than this and empty. */
const KEEP_BYTES = 32 * 1024;

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;

export type ParseResult = 'command' | 'more' | 'error';

export interface ParserLimits {
  /** proto-max-bulk-len, bytes. */
  protoMaxBulkLen: number;
}

export class RequestParser {
  readonly args: Args = new Args();
  /** The protocol error's text after `next` returned 'error', as Redis words it. */
  error = '';
  /** Whether the client still has to authenticate: tightens the limits. */
  unauthenticated = false;
  /** The master link: size limits do not apply. */
  trusted = false;

  #limits: ParserLimits;
  #window: Uint8Array = NOTHING;
  #position = 0;
  #end = 0;
  /** The parser's own memory, when the window is not the caller's chunk. */
  #own: Uint8Array | undefined;
  #commandStart = 0;
  #remaining = 0;
  #bulkLength = -1;
  /** Where the last inline command starts; `#commandStart` is behind it, as its arguments do not lie in the window. */
  #lineStart = 0;

  constructor(limits: ParserLimits) {
    this.#limits = limits;
  }

  /** Bytes kept for an incomplete command. */
  get bufferedBytes(): number {
    return this.#end - this.#position + (this.#position - this.#commandStart);
  }

  /** Memory held by the parser itself, bytes. */
  get heldBytes(): number {
    return this.#own?.length ?? 0;
  }

  /** Offset in the window just after the last returned command. */
  get position(): number {
    return this.#position;
  }

  /** Adds bytes. They must stay valid until `release`. */
  feed(chunk: Uint8Array): void {
    const kept = this.#own === undefined ? 0 : this.#end - this.#commandStart;
    if (kept === 0) {
      this.#window = chunk;
      this.#position = 0;
      this.#commandStart = 0;
      this.#end = chunk.length;
      return;
    }
    this.#makeRoom(chunk.length);
    this.#window.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /**
   * For a caller that keeps the bytes itself: `chunk` starts where the incomplete command starts (`bufferedBytes` before
   * the end of what was fed last) and holds more of it. What was parsed of it already is not parsed again.
   */
  feedAgain(chunk: Uint8Array): void {
    this.#window = chunk;
    this.#rebase(this.#commandStart);
    this.#end = chunk.length;
  }

  /**
   * Parses the next command into `args`. 'more': feed again. 'error': the connection must be closed after replying `error`.
   */
  next(): ParseResult {
    for (;;) {
      if (this.#remaining === 0) {
        this.#commandStart = this.#position;
        if (this.#position >= this.#end) return 'more';
        if (this.#window[this.#position] !== STAR) {
          const inline = this.#inline();
          if (inline === 'empty') continue;
          return inline;
        }
        const header = this.#header('too big mbulk count string', 'invalid multibulk length', MULTIBULK_MAX);
        if (header === 'more' || header === 'error') return header;
        if (this.unauthenticated && this.#number > UNAUTHENTICATED_MULTIBULK_MAX)
          return this.#fail('unauthenticated multibulk length');
        if (this.#number <= 0) continue;
        this.#remaining = this.#number;
        this.args.count = 0;
        this.#bulkLength = -1;
      }
      const result = this.#arguments();
      if (result !== 'command') return result;
      this.args.bytes = this.#window;
      this.args.rawAt = this.#commandStart;
      this.args.rawLength = this.#position - this.#commandStart;
      return 'command';
    }
  }

  /** Puts the command that `next` returned last back: the next `next` returns it again (the client is paused). */
  unread(): void {
    if (this.args.rawLength === 0) this.#commandStart = this.#lineStart;
    this.#position = this.#commandStart;
  }

  /** Ends a batch: what is left of an incomplete command is copied, the chunk may be reused. */
  release(): void {
    const start = this.#remaining === 0 ? this.#position : this.#commandStart;
    const left = this.#end - start;
    if (left === 0) {
      if (this.#own !== undefined && this.#own.length > KEEP_BYTES) this.#own = undefined;
      this.#window = this.#own ?? NOTHING;
      this.#position = this.#end = this.#commandStart = 0;
      return;
    }
    if (this.#window === this.#own) {
      this.#commandStart = start;
      return;
    }
    if (this.#own === undefined || this.#own.length < left) this.#own = Buffer.allocUnsafeSlow(Math.max(1024, left));
    this.#own.set(this.#window.subarray(start, this.#end));
    this.#window = this.#own;
    this.#rebase(start);
  }

  /** Forgets everything fed: the next byte starts a command. */
  reset(): void {
    this.#own = undefined;
    this.#window = NOTHING;
    this.#position = this.#end = this.#commandStart = 0;
    this.#remaining = 0;
    this.#bulkLength = -1;
    this.args.count = 0;
  }

  #number = 0;

  /** Reads "*<n>\r\n" or "$<n>\r\n" at the position into #number. */
  #header(tooBig: string, invalid: string, max: number): ParseResult {
    const window = this.#window;
    const start = this.#position + 1;
    let i = start;
    const end = this.#end;
    let value = 0;
    // Fast path: plain digits, then CRLF.
    while (i < end && i - start < 10) {
      const digit = window[i]! - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      i++;
    }
    if (i + 1 < end && window[i] === CR && i > start && (i - start === 1 || window[start] !== 48)) {
      if (value > max) return this.#fail(invalid);
      this.#number = value;
      this.#position = i + 2;
      return 'command';
    }
    const cr = this.#lineEnd(CR);
    if (cr < 0) {
      if (end - this.#position > INLINE_MAX_BYTES) return this.#fail(tooBig);
      return 'more';
    }
    if (cr + 1 >= end) return 'more';
    const parsed = parseDecimal(window, start, cr);
    if (Number.isNaN(parsed) || parsed > max) return this.#fail(invalid);
    this.#number = parsed;
    this.#position = cr + 2;
    return 'command';
  }

  #arguments(): ParseResult {
    const args = this.args;
    while (this.#remaining > 0) {
      if (this.#bulkLength < 0) {
        if (this.#position >= this.#end) return 'more';
        const first = this.#window[this.#position]!;
        if (first !== DOLLAR) {
          // Redis names the byte only once the header's line has arrived.
          const cr = this.#lineEnd(CR);
          if (cr < 0) {
            if (this.#end - this.#position > INLINE_MAX_BYTES) return this.#fail('too big bulk count string');
            return 'more';
          }
          if (cr + 1 >= this.#end) return 'more';
          return this.#fail(`expected '$', got '${String.fromCharCode(first)}'`);
        }
        const max = this.trusted ? MULTIBULK_MAX : this.#limits.protoMaxBulkLen;
        const header = this.#header('too big bulk count string', 'invalid bulk length', max);
        if (header !== 'command') return header;
        if (this.#number < 0) return this.#fail('invalid bulk length');
        if (this.unauthenticated && this.#number > UNAUTHENTICATED_BULK_MAX)
          return this.#fail('unauthenticated bulk length');
        this.#bulkLength = this.#number;
      }
      if (this.#end - this.#position < this.#bulkLength + 2) return 'more';
      args.add(this.#position, this.#bulkLength);
      this.#position += this.#bulkLength + 2;
      this.#bulkLength = -1;
      this.#remaining--;
    }
    return 'command';
  }

  #inline(): ParseResult | 'empty' {
    const window = this.#window;
    const lf = this.#lineEnd(LF);
    if (lf < 0) {
      if (this.#end - this.#position > INLINE_MAX_BYTES) return this.#fail('too big inline request');
      return 'more';
    }
    const lineEnd = lf > this.#position && window[lf - 1] === CR ? lf - 1 : lf;
    const words = splitArguments(window.subarray(this.#position, lineEnd));
    this.#lineStart = this.#position;
    this.#position = lf + 1;
    this.#commandStart = this.#position;
    if (words === undefined) return this.#fail('unbalanced quotes in request');
    if (words.length === 0) return 'empty';
    this.args.assign(words);
    return 'command';
  }

  /**
   * Where the line at the position ends; -1 if it is not complete. Redis looks for it as C does in strings, so a line with
   * a zero byte in it never ends, and its sender is cut off once it is too long.
   */
  #lineEnd(terminator: number): number {
    const window = this.#window;
    const at = window.indexOf(terminator, this.#position);
    if (at < 0 || at >= this.#end) return -1;
    return window.subarray(this.#position, at).includes(0) ? -1 : at;
  }

  #fail(text: string): ParseResult {
    this.error = text;
    return 'error';
  }

  #makeRoom(bytes: number): void {
    const kept = this.#end - this.#commandStart;
    const own = this.#own!;
    if (this.#end + bytes <= own.length) return;
    if (kept + bytes <= own.length && this.#commandStart > own.length >>> 1) {
      own.copyWithin(0, this.#commandStart, this.#end);
      this.#rebase(this.#commandStart);
      return;
    }
    // Grow towards what the announced argument needs, but never more than doubling what has really arrived.
    const announced = this.#bulkLength > 0 ? this.#position - this.#commandStart + this.#bulkLength + 2 : 0;
    const needed = kept + bytes;
    const size = Math.max(needed, Math.min(Math.max(announced, needed), needed * 2), 1024);
    const grown = Buffer.allocUnsafeSlow(announced > needed * 2 || announced === 0 ? needed * 2 : size);
    grown.set(own.subarray(this.#commandStart, this.#end));
    this.#own = grown;
    this.#window = grown;
    this.#rebase(this.#commandStart);
  }

  /** The window's content moved down by `delta` bytes. */
  #rebase(delta: number): void {
    if (delta === 0) return;
    this.#position -= delta;
    this.#end -= delta;
    this.#commandStart = 0;
    for (let i = 0; i < this.args.count && this.#remaining > 0; i++) this.args.at[i]! -= delta;
  }
}

const INT64_DIGITS = 19;
const INT64_MIN = '-9223372036854775808';

/** Strict decimal as in Redis's headers: optional '-', no plus, no leading zeros. NaN if malformed. */
function parseDecimal(bytes: Uint8Array, from: number, to: number): number {
  let i = from;
  const negative = bytes[i] === 45;
  if (negative) i++;
  if (i >= to || to - i > INT64_DIGITS) return Number.NaN;
  if (bytes[i] === 48 && (to - i > 1 || negative)) return Number.NaN;
  let value = 0;
  for (; i < to; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  // Exact only below 2^53, which is enough to tell what is too large, except at the very end of the range.
  if (value >= 2 ** 63 && !(negative && latin1(bytes, from, to - from) === INT64_MIN)) return Number.NaN;
  return negative ? -value : value;
}

/** What may surround words; of these, vertical tab and form feed do not end one. */
const isSpace = (c: number | undefined): boolean => c === 32 || (c !== undefined && c >= 9 && c <= 13);
const endsWord = (c: number): boolean => c === 32 || c === 9 || c === 10 || c === 13;

function hexDigit(c: number | undefined): number {
  if (c === undefined) return -1;
  if (c >= 48 && c <= 57) return c - 48;
  const lower = c | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

const escapes: { readonly [char: number]: number } = { 110: 10, 114: 13, 116: 9, 98: 8, 97: 7 };

/**
 * Splits a line into words by Redis's quoting rules: "..." with \n \r \t \b \a \xHH, '...' with \', and a closing quote
 * must be followed by a space or the end. Undefined if the quotes do not balance.
 */
export function splitArguments(line: Uint8Array): Uint8Array[] | undefined {
  const words: Uint8Array[] = [];
  let i = 0;
  for (;;) {
    while (i < line.length && isSpace(line[i])) i++;
    if (i >= line.length) return words;
    const word: number[] = [];
    let quote = 0;
    for (;;) {
      const c = line[i];
      if (quote === 0) {
        if (c === undefined || endsWord(c)) break;
        if (c === 34 || c === 39) quote = c;
        else word.push(c);
        i++;
        continue;
      }
      if (c === undefined) return undefined;
      if (c === quote) {
        if (i + 1 < line.length && !isSpace(line[i + 1])) return undefined;
        i++;
        break;
      }
      if (quote === 34 && c === 92 && line[i + 1] === 120 && hexDigit(line[i + 2]) >= 0 && hexDigit(line[i + 3]) >= 0) {
        word.push(hexDigit(line[i + 2]) * 16 + hexDigit(line[i + 3]));
        i += 4;
      } else if (quote === 34 && c === 92 && i + 1 < line.length) {
        word.push(escapes[line[i + 1]!] ?? line[i + 1]!);
        i += 2;
      } else if (quote === 39 && c === 92 && line[i + 1] === 39) {
        word.push(39);
        i += 2;
      } else {
        word.push(c);
        i++;
      }
    }
    words.push(Uint8Array.from(word));
  }
}
