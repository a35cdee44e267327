/**
 * A small set that arrives member by member: redis-server before 7.2 keeps sets of strings in tables, we in listpacks. The listpack
 * is written here and copied into the arena as a whole, once.
 *
 * Rule: what is no small set of short strings, or not surely one without repetitions, is given back member by member
 * (`forEach`) and goes the usual way, which finds out.
 */
import { parseInteger } from '../base/numbers.ts';
import { type Viewed, viewed } from '../base/viewed.ts';
import { MAX_ENTRY_OVERHEAD, writeEntry } from '../memory/listpack.ts';
import { INTEGER_TEXT_BYTES } from '../rdb/cursor.ts';
import { ListpackCursor } from '../rdb/listpack.ts';
import { ListpackScan } from '../rdb/listpack-scan.ts';

const HEADER_BYTES = 6;
const END_MARK = 0xff;
const ROOM_BYTES = 16 * 1024;

export class SetCollector {
  /** The listpack; whole after `finish`. */
  readonly bytes: Viewed = viewed(new Uint8Array(ROOM_BYTES));
  members = 0;
  #end = HEADER_BYTES;
  readonly #scan: ListpackScan = new ListpackScan();
  readonly #cursor: ListpackCursor = new ListpackCursor();
  readonly #text: Uint8Array = new Uint8Array(INTEGER_TEXT_BYTES);

  /** Bytes of the listpack. */
  get length(): number {
    return this.#end + 1;
  }

  clear(): void {
    this.#end = HEADER_BYTES;
    this.members = 0;
  }

  /** Takes a member of at most `longest` bytes; false if it does not belong in here. */
  add(bytes: Uint8Array, at: number, length: number, longest: number): boolean {
    if (length > longest || this.#end + length + MAX_ENTRY_OVERHEAD >= ROOM_BYTES) return false;
    // A set that begins like this may become an intset.
    if (this.members === 0 && parseInteger(bytes, at, length) !== undefined) return false;
    this.#end = writeEntry(this.bytes, this.#end, bytes, at, length);
    this.members++;
    return true;
  }

  /** Ends the listpack; false if it may be that a member comes twice. */
  finish(): boolean {
    this.#frame();
    return this.#scan.isGood('set', this.bytes, 0, this.length);
  }

  /** Visits the members added so far, in their order. */
  forEach(visit: (bytes: Uint8Array, at: number, length: number) => void): void {
    const cursor = this.#cursor;
    this.#frame();
    cursor.open(this.bytes, 0, this.length);
    while (cursor.next()) {
      cursor.text(this.#text);
      visit(cursor.bytes, cursor.at, cursor.length);
    }
  }

  #frame(): void {
    const { bytes, members } = this;
    bytes[this.#end] = END_MARK;
    bytes.view!.setUint32(0, this.length, true);
    bytes.view!.setUint16(4, members, true);
  }
}
