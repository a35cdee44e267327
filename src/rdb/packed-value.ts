/**
 * Packed values on their way to the sink: checked as a whole and handed over as they are, or taken apart, element by element.
 *
 * A small one is done with at once. A large one (any number of MiB, off the wire) is work in pieces of about PIECE_ELEMENTS elements:
 * `take` returns a generator then, which does a piece with each `next`. Its bytes have to stay where they are until it is done.
 */
import { finish, PieceMeter, type Pieces } from '../base/pieces.ts';
import { INTEGER_TEXT_BYTES, type PackedCursor } from './cursor.ts';
import { Malformed } from './error.ts';
import { checkIntset, checkIntsetFrame, checkIntsetRange, IntsetCursor } from './intset.ts';
import { ZiplistCursor, ZipmapCursor } from './legacy.ts';
import { ELEMENT_SHIFT, ListpackChecker, ListpackCursor } from './listpack.ts';
import type { CollectionType, PackedType, RdbSink } from './sink.ts';

export type PackedForm =
  | PackedType
  | 'intset'
  | 'zipmap'
  | 'ziplist-node'
  | 'list-ziplist'
  | 'hash-ziplist'
  | 'zset-ziplist';

/** Larger ones are work in pieces. */
const WHOLE_BYTES = 16 * 1024;
/** Elements checked or handed out in a piece: that takes less than half a millisecond. */
const PIECE_ELEMENTS = 1024;

export class PackedValues {
  readonly #sink: RdbSink;
  readonly #wholeBytes: number;
  /** Elements looked at, or handed out. */
  readonly pace: PieceMeter;
  readonly #checker: ListpackChecker;

  /** `longBytes`: what is long for the reader. */
  constructor(sink: RdbSink, longBytes: number) {
    this.#sink = sink;
    this.#wholeBytes = Math.min(WHOLE_BYTES, longBytes);
    this.pace = new PieceMeter(Math.min(PIECE_ELEMENTS, longBytes));
    this.#checker = new ListpackChecker(this.pace);
  }

  /** Whether a value of that length is work in pieces. */
  isLarge(length: number): boolean {
    return length > this.#wholeBytes;
  }

  /** Hands a value to the sink. Returns what is left to do, of a large one. Throws Malformed. */
  take(form: PackedForm, bytes: Uint8Array, at: number, length: number): Pieces | null {
    if (this.isLarge(length)) return this.#pieces(form, bytes, at, length);
    const checker = this.#checker;
    if (form === 'intset') {
      checkIntset(bytes, at, length);
      this.#sink.intset(bytes, at, length);
    } else if (isListpack(form) && checker.isGood(form, bytes, at, length)) {
      this.#sink.packed(form, bytes, at, length, checker.elements, checker.longest);
    } else finish(this.#pieces(form, bytes, at, length));
    return null;
  }

  *#pieces(form: PackedForm, bytes: Uint8Array, at: number, length: number): Pieces {
    const sink = this.#sink;
    switch (form) {
      case 'intset':
        yield* this.#intset(bytes, at, length);
        return;
      case 'zipmap': {
        const cursor = new ZipmapCursor();
        cursor.open(bytes, at, length);
        sink.begin('hash', cursor.expected);
        yield* this.#emit('hash', cursor);
        return;
      }
      case 'ziplist-node':
      case 'list-ziplist':
      case 'hash-ziplist':
      case 'zset-ziplist': {
        const cursor = new ZiplistCursor();
        cursor.open(bytes, at, length);
        const type = form === 'hash-ziplist' ? 'hash' : form === 'zset-ziplist' ? 'zset' : 'list';
        if (form !== 'ziplist-node') sink.begin(type, type === 'list' ? cursor.expected : cursor.expected >>> 1);
        yield* this.#emit(type, cursor);
        return;
      }
      default:
        yield* this.#listpack(form, bytes, at, length);
    }
  }

  *#listpack(type: PackedType, bytes: Uint8Array, at: number, length: number): Pieces {
    const sink = this.#sink;
    const checker = this.#checker;
    const verdict = yield* checker.check(type, bytes, at, length);
    const { elements, longest } = checker;
    if (type === 'list-node') {
      if (verdict === 'keep') sink.packed(type, bytes, at, length, elements, longest);
      return;
    }
    // What the sink would turn into another form at once, it gets in pieces as well.
    const large = this.isLarge(length);
    if (verdict === 'keep' && !(large && sink.keeps?.(type, length, elements, longest) === false)) {
      sink.packed(type, bytes, at, length, elements, longest);
      return;
    }
    const cursor = new ListpackCursor();
    cursor.open(bytes, at, length);
    const count = type === 'set' ? elements : type === 'hash-expiring' ? elements / 3 : elements / 2;
    sink.begin(type === 'hash-expiring' ? 'hash' : type, count);
    yield* this.#emit(type, cursor);
  }

  *#intset(bytes: Uint8Array, at: number, length: number): Pieces {
    const sink = this.#sink;
    const width = checkIntsetFrame(bytes, at, length);
    const elements = (length - INTSET_HEADER_BYTES) / width;
    const piece = this.pace.piece * CHEAP;
    for (let from = 0; from < elements; from += piece) {
      if (from > 0) yield;
      checkIntsetRange(bytes, at, width, from, Math.min(from + piece, elements));
    }
    if (sink.keeps?.('intset', length, elements, INTEGER_TEXT_BYTES) !== false) {
      sink.intset(bytes, at, length);
      return;
    }
    const cursor = new IntsetCursor();
    cursor.open(bytes, at, length);
    sink.begin('set', elements);
    yield* this.#emit('set', cursor);
  }

  /** Hands out a packed value element by element. Throws Malformed when pairs are incomplete or a score is no number. */
  *#emit(type: CollectionType | 'hash-expiring', cursor: PackedCursor): Pieces {
    const sink = this.#sink;
    const [scratch, other] = [new Uint8Array(INTEGER_TEXT_BYTES), new Uint8Array(INTEGER_TEXT_BYTES)];
    while (cursor.next()) {
      cursor.text(scratch);
      const { bytes, at, length } = cursor;
      let work = length;
      let left: Pieces | void;
      if (type === 'list' || type === 'set') left = sink.element(bytes, at, length);
      else {
        if (!cursor.next()) throw new Malformed(`${type} has an odd number of elements`);
        if (type === 'zset') left = sink.member(bytes, at, length, cursor.score());
        else {
          cursor.text(other);
          const value = [cursor.bytes, cursor.at, cursor.length] as const;
          work += value[2];
          // Triplets are complete: they were checked.
          const expires = type === 'hash-expiring' && cursor.next();
          left = sink.field(bytes, at, length, ...value, expires ? cursor.expiry() || -1 : -1);
        }
      }
      if (left !== undefined) yield* left;
      if (this.pace.spend(1 + (work >>> ELEMENT_SHIFT))) yield;
    }
  }
}

const INTSET_HEADER_BYTES = 8;
/** So many integers are compared in the time of an element. */
const CHEAP = 16;

function isListpack(form: PackedForm): form is PackedType {
  return form === 'hash' || form === 'set' || form === 'zset' || form === 'list-node' || form === 'hash-expiring';
}
