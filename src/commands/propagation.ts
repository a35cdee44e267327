/**
 * What an execution unit (a command, or MULTI...EXEC) sends to the stream that replicas and the AOF follow.
 *
 * A single command that propagates as itself goes straight from the read buffer to the feed. Anything else is collected
 * here and sent at the end of the unit: several effects are wrapped in MULTI/EXEC, so that a replica applies them at
 * once, a single one is not.
 */
import { writeInteger } from '../base/numbers.ts';
import { viewed } from '../base/viewed.ts';
import { copyBytes } from '../base/copy.ts';

/** The stream's entry, which puts a SELECT in front where needed. The bytes are copied. */
export interface Feed {
  /** Somebody follows the stream; otherwise what is fed goes nowhere, and need not be put together. */
  wanted(): boolean;
  /** `replicasOnly`: the append only file does not get it. */
  feed(database: number, bytes: Uint8Array, at: number, length: number, replicasOnly: boolean): void;
}

const INITIAL_BYTES = 4096;
/** The collecting buffer is given back if a unit made it larger than this. */
const KEEP_BYTES = 1024 * 1024;
/** And the lists of where effects start, if there were more than these. */
const KEEP_EFFECTS = 4096;
/** Up to here a loop writes text faster than a call of native code. */
const SHORT_TEXT = 24;

const MULTI = Buffer.from('*1\r\n$5\r\nMULTI\r\n');
const EXEC = Buffer.from('*1\r\n$4\r\nEXEC\r\n');

export class Propagation {
  /** Off while a master's stream is applied: there the master's own bytes are passed on. */
  enabled = true;
  /** Effects are sent one by one instead of as a transaction (active expiry). */
  noMulti = false;
  readonly #feed: Feed;
  #bytes: Buffer = viewed(Buffer.allocUnsafeSlow(INITIAL_BYTES));
  #end = 0;
  /** Effects collected; of each its database, and where it starts in the buffer. It ends where the next one starts. */
  #count = 0;
  readonly #databases: number[] = [];
  readonly #replicasOnly: boolean[] = [];
  readonly #starts: number[] = [];
  /** The effect that was begun last goes nowhere. */
  #discarding = false;

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  get pending(): number {
    return this.#count;
  }

  /** Sends or collects a command that is already in RESP form. `alone`: it is the whole unit. */
  verbatim(database: number, bytes: Uint8Array, at: number, length: number, alone: boolean): void {
    if (!this.enabled) return;
    if (alone && this.#count === 0) {
      this.#feed.feed(database, bytes, at, length, false);
      return;
    }
    if (!this.#feed.wanted()) return;
    this.#ensure(length);
    this.#start(database);
    this.#copy(bytes, at, length);
  }

  /**
   * Collects a command in RESP form, with other bytes for one of its words: what stands between `cutAt` and `cutEnd`, the
   * word's length line included, is replaced by `word`.
   */
  spliced(
    database: number,
    bytes: Uint8Array,
    at: number,
    length: number,
    cutAt: number,
    cutEnd: number,
    word: Uint8Array,
    wordLength: number,
  ): void {
    this.#discarding = !this.enabled || !this.#feed.wanted();
    if (this.#discarding) return;
    this.#start(database);
    this.#ensure(length + wordLength + 32);
    this.#copy(bytes, at, cutAt - at);
    this.bytes(word, 0, wordLength);
    this.#copy(bytes, cutEnd, at + length - cutEnd);
  }

  /** Starts an effect of `count` words; then call text/bytes/integer `count` times. */
  begin(database: number, count: number): this {
    this.#discarding = !this.enabled || !this.#feed.wanted();
    if (this.#discarding) return this;
    this.#start(database);
    this.#ensure(32);
    this.#header(42, count);
    return this;
  }

  text(word: string): this {
    if (this.#discarding) return this;
    this.#ensure(word.length + 32);
    this.#header(36, word.length);
    if (word.length <= SHORT_TEXT) {
      for (let i = 0; i < word.length; i++) this.#bytes[this.#end + i] = word.charCodeAt(i);
      this.#end += word.length;
    } else this.#end += this.#bytes.write(word, this.#end, 'latin1');
    return this.#crlf();
  }

  bytes(bytes: Uint8Array, at: number, length: number): this {
    if (this.#discarding) return this;
    this.#ensure(length + 32);
    this.#header(36, length);
    this.#copy(bytes, at, length);
    return this.#crlf();
  }

  /** The effect at work changes nothing: replicas have listeners for it, the append only file has not. */
  replicasOnly(): this {
    if (!this.#discarding) this.#replicasOnly[this.#count - 1] = true;
    return this;
  }

  integer(value: number | bigint): this {
    return this.text(String(value));
  }

  /** Ends the unit: everything collected goes to the feed; without MULTI and EXEC if the effects are `separate`. */
  flush(separate = false): void {
    const count = this.#count;
    if (count === 0) return;
    if (this.enabled) {
      const wrap = count > 1 && !separate && !this.noMulti;
      if (wrap) this.#feed.feed(this.#databases[0]!, MULTI, 0, MULTI.length, false);
      for (let i = 0; i < count; i++) {
        const at = this.#starts[i]!;
        const end = i + 1 < count ? this.#starts[i + 1]! : this.#end;
        this.#feed.feed(this.#databases[i]!, this.#bytes, at, end - at, this.#replicasOnly[i]!);
      }
      if (wrap) this.#feed.feed(this.#databases[count - 1]!, EXEC, 0, EXEC.length, false);
    }
    this.#count = 0;
    if (this.#starts.length > KEEP_EFFECTS)
      this.#starts.length = this.#databases.length = this.#replicasOnly.length = 0;
    this.#end = 0;
    if (this.#bytes.length > KEEP_BYTES) this.#bytes = viewed(Buffer.allocUnsafeSlow(INITIAL_BYTES));
  }

  /** An effect begins here. */
  #start(database: number): void {
    this.#databases[this.#count] = database;
    this.#replicasOnly[this.#count] = false;
    this.#starts[this.#count++] = this.#end;
  }

  /** The caller has made room. */
  #copy(bytes: Uint8Array, at: number, length: number): void {
    copyBytes(this.#bytes, this.#end, bytes, at, length);
    this.#end += length;
  }

  #header(prefix: number, value: number): void {
    this.#bytes[this.#end++] = prefix;
    this.#end = writeInteger(this.#bytes, this.#end, value);
    this.#crlf();
  }

  #crlf(): this {
    this.#bytes[this.#end] = 13;
    this.#bytes[this.#end + 1] = 10;
    this.#end += 2;
    return this;
  }

  #ensure(length: number): void {
    const needed = this.#end + length + 2;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = viewed(grown);
  }
}
