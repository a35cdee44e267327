/**
 * A small set that arrives member by member: redis-server before 7.2 keeps sets of strings in tables, we in listpacks. The listpack
 * is written here, and copied as a whole from here.
 */
import { parseInteger } from '../base/numbers.ts';
import { type Viewed, viewed } from '../base/viewed.ts';
import { MAX_ENTRY_OVERHEAD, writeEntry } from '../memory/listpack-entry.ts';

const HEADER_BYTES = 6;
const END_MARK = 0xff;
const ROOM_BYTES = 16 * 1024;

export class SetPacker {
  /** The listpack; whole after `finish`. */
  readonly bytes: Viewed = viewed(new Uint8Array(ROOM_BYTES));
  #members = 0;
  #end = HEADER_BYTES;

  /** Bytes of the listpack. */
  get length(): number {
    return this.#end + 1;
  }

  clear(): void {
    this.#end = HEADER_BYTES;
    this.#members = 0;
  }

  /** Takes a member, which may be there already; false if it does not belong in here. */
  add(bytes: Uint8Array, at: number, length: number): boolean {
    if (this.#end + length + MAX_ENTRY_OVERHEAD >= ROOM_BYTES) return false;
    // A set that begins like this may become an intset.
    if (this.#members === 0 && parseInteger(bytes, at, length) !== undefined) return false;
    this.#end = writeEntry(this.bytes, this.#end, bytes, at, length);
    this.#members++;
    return true;
  }

  finish(): void {
    const { bytes } = this;
    bytes[this.#end] = END_MARK;
    bytes.view!.setUint32(0, this.length, true);
    bytes.view!.setUint16(4, this.#members, true);
  }
}
