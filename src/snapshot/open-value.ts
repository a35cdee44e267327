/**
 * Values too big to be written at once. Their key, type and count are fixed when the walk (or a change of them)
 * comes to them; their elements follow, in slices, when their turn in the queue comes. What changes before it was written is
 * written first: behind what is there already, if the value is the one being written now, else into `early`, which goes out
 * when its turn comes.
 *
 *   OpenTable   hash, set, sorted set: a TableWalk over the elements. Their order means nothing in an RDB.
 *   OpenString  its bytes; the first change copies those that are left.
 *   OpenList    in open-list.ts
 *   OpenStream  in open-stream.ts
 */
import type { Span } from '../base/span.ts';
import type { Address } from '../memory/arena.ts';
import type { RdbWriter } from '../rdb/write.ts';
import type { EntryEncoder } from './encode.ts';
import type { KeysWalk } from './keys-walk.ts';
import type { SnapshotLimits } from './limits.ts';
import { LongString } from './long-string.ts';
import type { OpenList } from './open-list.ts';
import type { OpenStream } from './open-stream.ts';
import { Opened } from './opened.ts';
import type { Sink } from './sink.ts';
import type { TableWalk } from './table-walk.ts';

export type OpenValue = OpenTable | OpenList | OpenString | OpenStream;

export class OpenTable extends Opened {
  readonly kind = 'table';
  readonly walk: TableWalk;
  /** The element that is half written, or 0: `finish` before it changes. */
  half: Address = 0;
  readonly #type: number;
  /** Of a hash at T: what the expiries of its fields are written relative to, -1 if it had none. */
  readonly #earliest: number;
  readonly #limits: SnapshotLimits;
  readonly #long: LongString;

  constructor(keys: KeysWalk, early: Sink, walk: TableWalk, type: number, earliest: number, limits: SnapshotLimits) {
    super(keys, early);
    this.walk = walk;
    this.#type = type;
    this.#earliest = earliest;
    this.#limits = limits;
    this.#long = new LongString(limits);
  }

  /** An element that was not written is about to change. */
  beforeChange(item: Address, encoder: EntryEncoder, main: RdbWriter): void {
    encoder.writeTo(this.half === 0 ? this.target(main) : this.early.writer);
    encoder.element(this.#type, item, this.#earliest);
  }

  finish(main: RdbWriter): void {
    this.#long.finish(main);
    this.#finished();
  }

  /** What changed while the element was half written comes next. */
  #finished(): void {
    this.half = 0;
    this.current = false;
  }

  /** Writes some elements, or a piece of one; true when all are written. */
  step(encoder: EntryEncoder, main: RdbWriter): boolean {
    const { walk } = this;
    const { stepItems, pieceBytes, bigStringBytes } = this.#limits;
    if (this.half !== 0) {
      if (this.#long.step(main, pieceBytes)) this.#finished();
      return false;
    }
    walk.collect(stepItems);
    encoder.writeTo(main);
    const { arena } = walk.dict;
    const end = main.bytesWritten + pieceBytes;
    for (let item = walk.next(); item !== 0; item = walk.next()) {
      if (arena.capacity(item) <= bigStringBytes) encoder.element(this.#type, item, this.#earliest);
      else {
        encoder.longElement(this.#type, item, this.#earliest, this.#long);
        if (this.#long.active) {
          this.half = item;
          return false;
        }
      }
      if (main.bytesWritten >= end) break;
    }
    return walk.done;
  }
}

/** A string, or a value that is written as one: `packed`. */
export class OpenString extends Opened {
  readonly kind = 'string';
  /** What holds the bytes: a string's home, or the packed block. */
  readonly block: Address;
  readonly #value: Span;
  readonly #long: LongString;
  /** Its turn has come, or its bytes were copied. */
  #begun = false;

  /** `value`: its bytes; the object is this one's from here on. */
  constructor(keys: KeysWalk, early: Sink, block: Address, value: Span, limits: SnapshotLimits) {
    super(keys, early);
    this.block = block;
    this.#value = value;
    this.#long = new LongString(limits);
  }

  /** The value is about to change: copies what is left. */
  beforeChange(main: RdbWriter): void {
    if (this.#begun) {
      this.#long.finish(main);
      return;
    }
    this.#begun = true;
    const { bytes, at, length } = this.#value;
    const target = this.target(main);
    target.length(length);
    target.raw(bytes, at, length);
  }

  /** Writes some bytes; true when all are written. */
  step(most: number, main: RdbWriter): boolean {
    if (!this.#begun) {
      this.#begun = true;
      const { bytes, at, length } = this.#value;
      this.#long.begin(main, bytes, at, length);
    } else if (this.#long.active) this.#long.step(main, most);
    return !this.#long.active;
  }
}
