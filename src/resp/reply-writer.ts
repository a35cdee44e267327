/**
 * Writes replies in RESP2 or RESP3 into one growing buffer, which a whole batch of pipelined commands shares.
 * Types that RESP2 does not have are written as it expects them (a map as a flat array, a double as a bulk string).
 */
import { copyBytes } from '../base/copy.ts';
import { viewed } from '../base/viewed.ts';
import { writeInteger } from '../base/numbers.ts';
import { replyError, type ReplyError } from '../base/errors.ts';

const INITIAL_BYTES = 64 * 1024;
/** A buffer that had to grow beyond this is not kept for the next batch. */
const KEEP_BYTES = 1024 * 1024;
/** Replies that gather before they can be sent: those of one command, in the end. Above it the command fails. */
const LARGEST_BYTES = 2 ** 31;

const TOO_LARGE = replyError('ERR the reply is larger than 2 GB');

const OK = Buffer.from('+OK\r\n');
const PONG = Buffer.from('+PONG\r\n');
const QUEUED = Buffer.from('+QUEUED\r\n');

export class ReplyWriter {
  bytes: Buffer = viewed(Buffer.allocUnsafeSlow(INITIAL_BYTES));
  /** Bytes written so far. */
  at = 0;
  resp: 2 | 3 = 2;

  /** Makes room for `length` more bytes. Throws an error reply above LARGEST_BYTES. */
  ensure(length: number): void {
    if (this.at + length <= this.bytes.length) return;
    if (this.at + length > LARGEST_BYTES) throw TOO_LARGE;
    const grown = Buffer.allocUnsafeSlow(Math.max(Math.min(this.bytes.length * 2, LARGEST_BYTES), this.at + length));
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes = viewed(grown);
  }

  /** The buffer was given away, or is oversized: start a fresh one. */
  renew(given: boolean): void {
    if (given || this.bytes.length > KEEP_BYTES) this.bytes = viewed(Buffer.allocUnsafeSlow(INITIAL_BYTES));
    this.at = 0;
  }

  raw(bytes: Uint8Array): void {
    this.ensure(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  ok(): void {
    this.ensure(OK.length);
    const { bytes } = this;
    const at = this.at;
    // One by one: a call of `set` costs more than five stores.
    for (let i = 0; i < 5; i++) bytes[at + i] = OK[i]!;
    this.at = at + 5;
  }

  pong(): void {
    this.raw(PONG);
  }

  queued(): void {
    this.raw(QUEUED);
  }

  error(error: ReplyError): void {
    this.raw(error.bytes);
  }

  /** Simple string; the text must not contain CR or LF. */
  simple(text: string): void {
    this.ensure(text.length + 3);
    this.bytes[this.at++] = 43;
    this.#latin1(text);
    this.#crlf();
  }

  integer(value: number): void {
    this.ensure(32);
    if (value === 0 || value === 1) {
      const bytes = this.bytes;
      bytes[this.at] = 58;
      bytes[this.at + 1] = 48 + value;
      bytes[this.at + 2] = 13;
      bytes[this.at + 3] = 10;
      this.at += 4;
      return;
    }
    this.#prefixed(58, value);
  }

  bigInteger(value: bigint): void {
    this.ensure(32);
    this.bytes[this.at++] = 58;
    this.#latin1(value.toString());
    this.#crlf();
  }

  /** Bulk string from a byte range. */
  bulk(bytes: Uint8Array, at: number, length: number): void {
    this.ensure(length + 32);
    this.#prefixed(36, length);
    const target = this.bytes;
    let to = this.at;
    copyBytes(target, to, bytes, at, length);
    to += length;
    target[to] = 13;
    target[to + 1] = 10;
    this.at = to + 2;
  }

  bulkBytes(bytes: Uint8Array): void {
    this.bulk(bytes, 0, bytes.length);
  }

  /** Bulk string from latin1 text. */
  bulkText(text: string): void {
    this.ensure(text.length + 32);
    this.#prefixed(36, text.length);
    this.#latin1(text);
    this.#crlf();
  }

  /** An integer as a bulk string. */
  bulkInteger(value: number): void {
    this.bulkText(String(value));
  }

  null(): void {
    this.ensure(8);
    this.#latin1(this.resp === 3 ? '_\r\n' : '$-1\r\n');
  }

  nullArray(): void {
    this.ensure(8);
    this.#latin1(this.resp === 3 ? '_\r\n' : '*-1\r\n');
  }

  array(count: number): void {
    this.ensure(32);
    this.#prefixed(42, count);
  }

  /** Header of a map of `pairs` pairs. */
  map(pairs: number): void {
    this.ensure(32);
    if (this.resp === 3) this.#prefixed(37, pairs);
    else this.#prefixed(42, pairs * 2);
  }

  set(count: number): void {
    this.ensure(32);
    this.#prefixed(this.resp === 3 ? 126 : 42, count);
  }

  push(count: number): void {
    this.ensure(32);
    this.#prefixed(this.resp === 3 ? 62 : 42, count);
  }

  bool(value: boolean): void {
    if (this.resp === 3) this.simpleType(35, value ? 't' : 'f');
    else this.integer(value ? 1 : 0);
  }

  /** A double; `text` is its Redis formatting (see formatDouble). */
  double(text: string): void {
    if (this.resp === 3) this.simpleType(44, text);
    else this.bulkText(text);
  }

  bigNumber(text: string): void {
    if (this.resp === 3) this.simpleType(40, text);
    else this.bulkText(text);
  }

  /** Verbatim string of format "txt". `text` is latin1. */
  verbatim(text: string): void {
    if (this.resp === 2) {
      this.bulkText(text);
      return;
    }
    this.ensure(text.length + 40);
    this.#prefixed(61, text.length + 4);
    this.#latin1('txt:');
    this.#latin1(text);
    this.#crlf();
  }

  /** Starts a reply whose element count is known only at the end. */
  deferred(): number {
    return this.at;
  }

  /** Puts the header of an array, set or map (count in pairs) before all that was written since `mark`. */
  endDeferred(mark: number, kind: 'array' | 'set' | 'map', count: number): void {
    const end = this.at;
    this[kind](count);
    const header = Buffer.from(this.bytes.subarray(end, this.at));
    this.bytes.copyWithin(mark + header.length, mark, end);
    this.bytes.set(header, mark);
  }

  /** One-line RESP3 type with the given prefix byte. */
  private simpleType(prefix: number, text: string): void {
    this.ensure(text.length + 3);
    this.bytes[this.at++] = prefix;
    this.#latin1(text);
    this.#crlf();
  }

  #prefixed(prefix: number, value: number): void {
    this.bytes[this.at++] = prefix;
    if (value >= 0 && value < 10) this.bytes[this.at++] = 48 + value;
    else this.at = writeInteger(this.bytes, this.at, value);
    this.#crlf();
  }

  #latin1(text: string): void {
    const target = this.bytes;
    if (text.length <= 32) {
      for (let i = 0; i < text.length; i++) target[this.at + i] = text.charCodeAt(i);
      this.at += text.length;
    } else {
      this.at += target.write(text, this.at, 'latin1');
    }
  }

  #crlf(): void {
    this.bytes[this.at] = 13;
    this.bytes[this.at + 1] = 10;
    this.at += 2;
  }
}
