/**
 * What an execution unit (a command, or MULTI...EXEC) sends to the stream that replicas and the AOF follow.
 *
 * A single command that propagates as itself goes straight from the read buffer to the feed. Anything else is collected
 * here and sent at the end of the unit: several effects are wrapped in MULTI/EXEC, so that a replica applies them at
 * once, a single one is not.
 */
import { writeInteger } from '../base/numbers.ts';
import { viewed } from '../base/viewed.ts';
import { copyBytes } from '../memory/copy.ts';

/** The stream's entry, which puts a SELECT in front where needed. The bytes are copied. */
export interface Feed {
  /** Somebody follows the stream; otherwise what is fed goes nowhere, and need not be put together. */
  wanted(): boolean;
  feed(database: number, bytes: Uint8Array, at: number, length: number): void;
}

interface Effect {
  readonly database: number;
  /** Start in the collecting buffer; it ends where the next one starts. */
  readonly at: number;
}

const INITIAL_BYTES = 4096;
/** The collecting buffer is given back if a unit made it larger than this. */
const KEEP_BYTES = 1024 * 1024;

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
  readonly #effects: Effect[] = [];
  /** The effect that was begun last goes nowhere. */
  #discarding = false;

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  get pending(): number {
    return this.#effects.length;
  }

  /** Sends or collects a command that is already in RESP form. `alone`: it is the whole unit. */
  verbatim(database: number, bytes: Uint8Array, at: number, length: number, alone: boolean): void {
    if (!this.enabled) return;
    if (alone && this.#effects.length === 0) {
      this.#feed.feed(database, bytes, at, length);
      return;
    }
    if (!this.#feed.wanted()) return;
    this.#ensure(length);
    copyBytes(this.#bytes, this.#end, bytes, at, length);
    this.#effects.push({ database, at: this.#end });
    this.#end += length;
  }

  /** Starts an effect of `count` words; then call text/bytes/integer `count` times. */
  begin(database: number, count: number): this {
    this.#discarding = !this.enabled || !this.#feed.wanted();
    if (this.#discarding) return this;
    this.#effects.push({ database, at: this.#end });
    this.#ensure(32);
    this.#header(42, count);
    return this;
  }

  text(word: string): this {
    if (this.#discarding) return this;
    this.#ensure(word.length + 32);
    this.#header(36, word.length);
    this.#end += this.#bytes.write(word, this.#end, 'latin1');
    return this.#crlf();
  }

  bytes(bytes: Uint8Array, at: number, length: number): this {
    if (this.#discarding) return this;
    this.#ensure(length + 32);
    this.#header(36, length);
    copyBytes(this.#bytes, this.#end, bytes, at, length);
    this.#end += length;
    return this.#crlf();
  }

  integer(value: number | bigint): this {
    return this.text(String(value));
  }

  /** Ends the unit: everything collected goes to the feed. */
  flush(): void {
    const effects = this.#effects;
    if (effects.length === 0) return;
    if (this.enabled) {
      const wrap = effects.length > 1 && !this.noMulti;
      if (wrap) this.#feed.feed(effects[0]!.database, MULTI, 0, MULTI.length);
      for (let i = 0; i < effects.length; i++) {
        const effect = effects[i]!;
        const end = i + 1 < effects.length ? effects[i + 1]!.at : this.#end;
        this.#feed.feed(effect.database, this.#bytes, effect.at, end - effect.at);
      }
      if (wrap) this.#feed.feed(effects.at(-1)!.database, EXEC, 0, EXEC.length);
    }
    effects.length = 0;
    this.#end = 0;
    if (this.#bytes.length > KEEP_BYTES) this.#bytes = viewed(Buffer.allocUnsafeSlow(INITIAL_BYTES));
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
