/**
 * List keys. A list is one listpack while it fits into a node (list-max-listpack-size), a quicklist when it is larger, and a
 * listpack again once it has shrunk to half a node, as in Redis 7.2.
 *
 * Walking goes through one cursor: `seek`, then `next` or `prev`, with the element in `element`. It is valid until a list
 * changes. Invariant: a list in the keyspace has at least one element; whoever removes the last one removes the key.
 * Value bytes passed in must not lie in the list being changed (Element.detach).
 */
import { type Address, type Arena, byteOf, segmentOf } from '../memory/arena.ts';
import { Element } from '../memory/element.ts';
import * as listpack from '../memory/listpack.ts';
import type { Quicklist } from '../memory/quicklist.ts';
import { ListCursor } from '../memory/quicklist-cursor.ts';
import { fillBytes, fillCount } from '../memory/quicklist-fill.ts';
import * as node from '../memory/quicklist-node.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import type { Database } from './database.ts';
import { ENC_LISTPACK, ENC_QUICKLIST, type Entries, TYPE_LIST } from './entry.ts';
import type { Keyspace } from './keyspace.ts';
import { writePacked } from './packed-reply.ts';

/** A big element is not kept beyond its command. */
const SCRATCH_KEEP_BYTES = 64 * 1024;

/** Receives an element; true stops the walk. */
export type ElementVisitor = (bytes: Uint8Array, at: number, length: number) => boolean | void;

/** What comes before the bytes of a block by `createBig`. */
export const BIG_HEADER_BYTES: number = node.PLAIN_HEADER;

export class Lists {
  readonly space: Keyspace;
  readonly arena: Arena;
  readonly entries: Entries;
  /** The element under the cursor, or peeked at. */
  readonly element: Element = new Element();
  readonly #quick: Quicklist;
  readonly #cursor: ListCursor;
  /** The cursor's place in a listpack; list 0 when it is in a quicklist. */
  #list: Address = 0;
  #position = 0;
  /** list-max-listpack-size that the limits below were made for. */
  #fill = NaN;
  #maxBytes = 0;
  #maxCount = 0;

  constructor(space: Keyspace) {
    this.space = space;
    this.arena = space.arena;
    this.entries = space.entries;
    this.#quick = space.lists;
    this.#cursor = new ListCursor(space.arena);
    this.#readLimits();
  }

  // -- making lists -----------------------------------------------------------------------------------------------

  /** Adds a key that must be absent, with an empty list: a push must follow. */
  create(db: Database, keyBytes: Uint8Array, keyAt: number, keyLength: number): Address {
    return db.add(keyBytes, keyAt, keyLength, TYPE_LIST, ENC_LISTPACK, listpack.create(this.arena));
  }

  /** Appends a copy of a validated listpack of `elements` elements: one node of a list being loaded. `settle` must follow the last one. */
  appendPacked(entry: Address, bytes: Uint8Array, at: number, length: number, elements: number): void {
    const list = listpack.fromBytes(this.arena, bytes, at, length);
    try {
      this.appendListpack(entry, list, elements);
    } catch (error) {
      this.arena.free(list);
      throw error;
    }
  }

  /** Likewise a listpack that is in the arena already. Throws ArenaExhausted; it is then still the caller's. */
  appendListpack(entry: Address, list: Address, elements: number): void {
    const { arena } = this;
    const ref = this.entries.ref(entry);
    const isFirst = this.#isPacked(entry) && listpack.first(arena, ref) === 0;
    if (elements === 0) arena.free(list);
    else if (isFirst && this.holds(listpack.totalBytes(arena, list), elements)) {
      arena.free(ref);
      this.entries.setRef(entry, list);
    } else {
      this.#toQuicklist(entry);
      this.#quick.adoptListpack(this.entries.ref(entry), list, elements);
    }
  }

  /** Whether an element has a node to itself. */
  isBig(length: number): boolean {
    return this.#quick.isBig(length);
  }

  /** A block for such an element, whose bytes come behind BIG_HEADER_BYTES. It is the caller's until `appendBig`. */
  createBig(length: number): Address {
    return this.#quick.createPlain(length);
  }

  /** Appends it. Throws ArenaExhausted; the block is then still the caller's. */
  appendBig(entry: Address, block: Address): void {
    this.#toQuicklist(entry);
    this.#quick.adoptPlain(this.entries.ref(entry), block);
  }

  /** Whether a list of one listpack may have so many bytes and elements. */
  holds(bytes: number, elements: number): boolean {
    this.#readLimits();
    return bytes <= this.#maxBytes && elements <= this.#maxCount;
  }

  /** Gives a list that was loaded the encoding that suits its size. */
  settle(entry: Address): void {
    if (this.#isPacked(entry)) this.#grow(entry, 0, 0);
    else this.#shrink(entry, 1);
  }

  /** A copy of a value, for COPY. Returns its root block. */
  copyValue(encoding: number, ref: Address): Address {
    const { arena } = this;
    if (encoding === ENC_LISTPACK) return listpack.copy(arena, ref);
    const copy = this.#quick.create();
    this.#quick.settle(ref);
    try {
      for (let n = node.headNode(arena, ref); n !== 0; n = node.nextNode(arena, n)) {
        const data = node.nodeData(arena, n);
        if (!node.isPlain(arena, n)) {
          const list = listpack.copy(arena, data);
          try {
            this.#quick.adoptListpack(copy, list, node.nodeCount(arena, n));
          } catch (error) {
            arena.free(list);
            throw error;
          }
        } else {
          const bytes = arena.u8[segmentOf(data)]!;
          this.#quick.pushTail(copy, bytes, byteOf(data) + node.PLAIN_HEADER, node.plainLength(arena, n));
        }
      }
    } catch (error) {
      this.space.reclaimer.freeValue(TYPE_LIST, ENC_QUICKLIST, copy);
      throw error;
    }
    return copy;
  }

  // -- the ends ---------------------------------------------------------------------------------------------------

  length(entry: Address): number {
    const ref = this.entries.ref(entry);
    return this.#isPacked(entry) ? listpack.count(this.arena, ref) : this.#quick.count(ref);
  }

  pushHead(entry: Address, bytes: Uint8Array, at: number, length: number): void {
    this.#grow(entry, length, 1);
    const ref = this.entries.ref(entry);
    if (!this.#isPacked(entry)) this.#quick.pushHead(ref, bytes, at, length);
    else this.#setList(entry, ref, listpack.prepend(this.arena, ref, bytes, at, length));
  }

  pushTail(entry: Address, bytes: Uint8Array, at: number, length: number): void {
    this.#grow(entry, length, 1);
    const ref = this.entries.ref(entry);
    if (!this.#isPacked(entry)) this.#quick.pushTail(ref, bytes, at, length);
    else this.#setList(entry, ref, listpack.append(this.arena, ref, bytes, at, length));
  }

  /** Reads the first element into `element`; false when there is none. */
  peekHead(entry: Address): boolean {
    const ref = this.entries.ref(entry);
    if (!this.#isPacked(entry)) return this.#quick.peekHead(ref, this.element);
    const position = listpack.first(this.arena, ref);
    if (position !== 0) listpack.read(this.arena, ref, position, this.element);
    return position !== 0;
  }

  peekTail(entry: Address): boolean {
    const ref = this.entries.ref(entry);
    if (!this.#isPacked(entry)) return this.#quick.peekTail(ref, this.element);
    const position = listpack.last(this.arena, ref);
    if (position !== 0) listpack.read(this.arena, ref, position, this.element);
    return position !== 0;
  }

  /** Removes the first element of a list that has one. */
  dropHead(entry: Address): void {
    const ref = this.entries.ref(entry);
    if (this.#isPacked(entry)) this.#setList(entry, ref, listpack.deleteAt(this.arena, ref, listpack.FIRST));
    else {
      this.#quick.dropHead(ref);
      this.#shrink(entry, 2);
    }
  }

  dropTail(entry: Address): void {
    const { arena } = this;
    const ref = this.entries.ref(entry);
    if (this.#isPacked(entry)) this.#setList(entry, ref, listpack.deleteAt(arena, ref, listpack.last(arena, ref)));
    else {
      this.#quick.dropTail(ref);
      this.#shrink(entry, 2);
    }
  }

  /** Moves the first element to the end (`fromHead`) or the last one to the front. */
  rotate(entry: Address, fromHead: boolean): void {
    const { element } = this;
    if (!(fromHead ? this.peekHead(entry) : this.peekTail(entry))) return;
    element.detach();
    if (fromHead) {
      this.pushTail(entry, element.bytes, element.at, element.length);
      this.dropHead(entry);
    } else {
      this.pushHead(entry, element.bytes, element.at, element.length);
      this.dropTail(entry);
    }
    if (element.scratch.length > SCRATCH_KEEP_BYTES) element.scratch = new Uint8Array(32);
  }

  // -- walking ----------------------------------------------------------------------------------------------------

  /** Puts the cursor on the element at `index` (negative: from the end); false when there is none. */
  seek(entry: Address, index: number): boolean {
    const ref = this.entries.ref(entry);
    if (this.#isPacked(entry)) {
      this.#list = ref;
      this.#position = listpack.seek(this.arena, ref, index);
      return this.#position !== 0;
    }
    this.#list = 0;
    return this.#cursor.seek(ref, index);
  }

  /** Reads the element under the cursor into `element`. */
  read(): void {
    if (this.#list !== 0) listpack.read(this.arena, this.#list, this.#position, this.element);
    else this.#cursor.read(this.element);
  }

  next(): boolean {
    if (this.#list === 0) return this.#cursor.next();
    this.#position = listpack.next(this.arena, this.#list, this.#position);
    return this.#position !== 0;
  }

  prev(): boolean {
    if (this.#list === 0) return this.#cursor.prev();
    this.#position = listpack.prev(this.arena, this.#list, this.#position);
    return this.#position !== 0;
  }

  /** Whether the element under the cursor is this value. */
  #equals(bytes: Uint8Array, at: number, length: number): boolean {
    if (this.#list === 0) return this.#cursor.equals(bytes, at, length);
    return listpack.equals(this.arena, this.#list, this.#position, bytes, at, length);
  }

  /**
   * Goes on from the element under the cursor to the first that is this value, towards the head with `back`. Returns how many it has
   * passed; -1, and the cursor is anywhere, if there is none among the next `most`.
   */
  find(bytes: Uint8Array, at: number, length: number, most: number, back: boolean): number {
    if (back) {
      for (let passed = 0; passed < most; passed++) {
        if (this.#equals(bytes, at, length)) return passed;
        if (!this.prev()) return -1;
      }
      return -1;
    }
    if (this.#list === 0) return this.#cursor.find(bytes, at, length, most);
    const found = listpack.find(this.arena, this.#list, this.#position, bytes, at, length);
    const passed = listpack.distance(this.arena, this.#list, this.#position, found);
    this.#position = found;
    return found !== 0 && passed < most ? passed : -1;
  }

  /** Visits every element in order until the visitor returns true. The visitor must not change this list, nor use the cursor. */
  forEach(entry: Address, visit: ElementVisitor): void {
    for (let more = this.seek(entry, 0); more; more = this.next()) {
      this.read();
      if (visit(this.element.bytes, this.element.at, this.element.length) === true) return;
    }
  }

  /** Writes `elements` elements from `index` on as bulk strings; there must be that many. */
  writeRange(entry: Address, index: number, elements: number, reply: ReplyWriter): void {
    const { arena } = this;
    if (!this.seek(entry, index)) return;
    if (this.#list !== 0) {
      writePacked(arena, this.#list, this.#position, elements, this.element, reply);
      return;
    }
    const cursor = this.#cursor;
    for (let left = elements; left > 0 && cursor.node !== 0;) {
      if (cursor.position === 0) {
        this.read();
        reply.bulk(this.element.bytes, this.element.at, this.element.length);
        left--;
      } else {
        const list = node.nodeData(arena, cursor.node);
        left -= writePacked(arena, list, cursor.position, left, this.element, reply);
      }
      cursor.node = node.nextNode(arena, cursor.node);
      cursor.position = cursor.node === 0 || node.isPlain(arena, cursor.node) ? 0 : listpack.FIRST;
    }
  }

  // -- changes inside ---------------------------------------------------------------------------------------------

  /** Replaces the element at `index`; false when there is none. */
  set(entry: Address, index: number, bytes: Uint8Array, at: number, length: number): boolean {
    this.#grow(entry, length, 0);
    if (!this.seek(entry, index)) return false;
    const { arena } = this;
    const ref = this.entries.ref(entry);
    if (this.#list !== 0) {
      this.#setList(entry, ref, listpack.replace(arena, ref, this.#position, bytes, at, length));
    } else {
      this.#quick.replace(ref, this.#cursor, bytes, at, length);
      this.#shrink(entry, 2);
    }
    return true;
  }

  /** Inserts before (or after) the element at the cursor, which is invalid afterwards. `reserve` must come before `seek`. */
  insert(entry: Address, before: boolean, bytes: Uint8Array, at: number, length: number): void {
    const { arena } = this;
    const ref = this.entries.ref(entry);
    if (this.#list !== 0) {
      const list = before
        ? listpack.insertBefore(arena, ref, this.#position, bytes, at, length)
        : listpack.insertAfter(arena, ref, this.#position, bytes, at, length);
      this.#setList(entry, ref, list);
    } else if (before) this.#quick.insertBefore(ref, this.#cursor, bytes, at, length);
    else this.#quick.insertAfter(ref, this.#cursor, bytes, at, length);
  }

  /** Chooses the encoding for one more element of `length` bytes. */
  reserve(entry: Address, length: number): void {
    this.#grow(entry, length, 1);
  }

  /** Removes up to `limit` elements equal to the value, from the head or (`fromTail`) the tail. Returns how many. */
  remove(entry: Address, limit: number, fromTail: boolean, bytes: Uint8Array, at: number, length: number): number {
    const { arena } = this;
    let gone = 0;
    let more = this.seek(entry, fromTail ? -1 : 0);
    while (more && gone < limit && this.find(bytes, at, length, Infinity, fromTail) >= 0) {
      gone++;
      const ref = this.entries.ref(entry);
      if (this.#list === 0) {
        more = this.#quick.remove(ref, this.#cursor, !fromTail);
        continue;
      }
      const before = fromTail ? listpack.prev(arena, ref, this.#position) : 0;
      const list = listpack.deleteAt(arena, ref, this.#position);
      this.#setList(entry, ref, list);
      this.#list = list;
      if (fromTail) this.#position = before;
      else if (this.#position >= listpack.totalBytes(arena, list) - 1) this.#position = 0;
      more = this.#position !== 0;
    }
    if (gone > 0) this.#shrink(entry, 2);
    return gone;
  }

  /** Removes up to `elements` elements from `index` (0 or more) on. */
  removeRange(entry: Address, index: number, elements: number): void {
    if (elements <= 0) return;
    const ref = this.entries.ref(entry);
    if (this.#isPacked(entry)) {
      this.#setList(entry, ref, listpack.deleteIndex(this.arena, ref, index, elements));
      return;
    }
    this.#quick.removeRange(ref, index, elements, this.#cursor);
    this.#shrink(entry, 2);
  }

  // -- encodings --------------------------------------------------------------------------------------------------

  /** The listpack if the list is one, else 0. */
  packed(entry: Address): Address {
    return this.#isPacked(entry) ? this.entries.ref(entry) : 0;
  }

  /** The quicklist's header if the list is one, else 0. Its nodes: memory/quicklist-node.ts. */
  quicklist(entry: Address): Address {
    return this.#isPacked(entry) ? 0 : this.entries.ref(entry);
  }

  #isPacked(entry: Address): boolean {
    return this.entries.encoding(entry) === ENC_LISTPACK;
  }

  #setList(entry: Address, old: Address, list: Address): void {
    if (list !== old) this.entries.setRef(entry, list);
  }

  #readLimits(): void {
    const fill = this.space.settings.listMaxListpackSize;
    if (fill === this.#fill) return;
    this.#fill = fill;
    this.#maxBytes = fillBytes(fill);
    this.#maxCount = fillCount(fill);
    this.#quick.setFill(fill);
  }

  /** Turns a listpack into a quicklist if so many more bytes and elements would be too much for it. */
  #grow(entry: Address, bytes: number, elements: number): void {
    this.#readLimits();
    if (!this.#isPacked(entry)) return;
    const { arena } = this;
    const ref = this.entries.ref(entry);
    if (listpack.totalBytes(arena, ref) + bytes > this.#maxBytes) this.#toQuicklist(entry);
    else if (this.#maxCount !== Infinity && listpack.count(arena, ref) + elements > this.#maxCount)
      this.#toQuicklist(entry);
  }

  #toQuicklist(entry: Address): void {
    if (!this.#isPacked(entry)) return;
    const { arena } = this;
    const list = this.entries.ref(entry);
    const header = this.#quick.create();
    try {
      if (listpack.first(arena, list) === 0) arena.free(list);
      else this.#quick.adoptListpack(header, list, listpack.count(arena, list));
    } catch (error) {
      arena.free(header);
      throw error;
    }
    this.entries.setRef(entry, header);
    this.entries.setEncoding(entry, ENC_QUICKLIST);
  }

  /** Turns a quicklist of one node into a listpack if it is no larger than the limit divided by `divisor`. */
  #shrink(entry: Address, divisor: number): void {
    if (this.#isPacked(entry)) return;
    const { arena } = this;
    const header = this.entries.ref(entry);
    if (node.word(arena, header, node.NODES) !== 1) return;
    this.#quick.settle(header);
    const only = node.headNode(arena, header);
    if (node.isPlain(arena, only)) return;
    this.#readLimits();
    const list = node.nodeData(arena, only);
    // A limit in elements has no limit in bytes for a list that has become shorter.
    if (this.#maxCount === Infinity || divisor === 1) {
      if (listpack.totalBytes(arena, list) > this.#maxBytes / divisor) return;
    }
    if (this.#quick.count(header) > Math.floor(this.#maxCount / divisor)) return;
    this.#quick.changing(only);
    arena.free(only);
    arena.free(header);
    this.entries.setRef(entry, list);
    this.entries.setEncoding(entry, ENC_LISTPACK);
  }
}
