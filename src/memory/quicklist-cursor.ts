/**
 * A place in a quicklist: how lists are walked and read. Any change of the list but one that is made through the cursor
 * invalidates it. Putting it somewhere closes an open head, so that it only meets packed and plain nodes.
 */
import { byteOf, segmentOf } from './arena.ts';
import type { Address, Arena } from './arena.ts';
import { equalBytes } from '../base/copy.ts';
import type { Element } from './element.ts';
import * as listpack from './listpack.ts';
import * as node from './quicklist-node.ts';
import { settle } from './quicklist-open.ts';

export class ListCursor {
  /** 0: none. */
  node: Address = 0;
  /** Position in the node's listpack; 0 in a plain node. */
  position = 0;
  readonly #arena: Arena;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Goes to the element at `index` (negative: from the end); false when there is none. */
  seek(header: Address, index: number): boolean {
    const arena = this.#arena;
    this.node = 0;
    const count = node.word(arena, header, node.ELEMENTS);
    const wanted = index < 0 ? index + count : index;
    if (!(wanted >= 0 && wanted < count)) return false;
    settle(arena, header);
    let inner: number;
    let current: Address;
    if (wanted < count >>> 1) {
      current = node.headNode(arena, header);
      inner = wanted;
      for (let here = node.nodeCount(arena, current); inner >= here; here = node.nodeCount(arena, current)) {
        inner -= here;
        current = node.nextNode(arena, current);
      }
    } else {
      current = node.tailNode(arena, header);
      let after = count - wanted; // elements from the wanted one to the end
      for (let here = node.nodeCount(arena, current); after > here; here = node.nodeCount(arena, current)) {
        after -= here;
        current = node.prevNode(arena, current);
      }
      inner = node.nodeCount(arena, current) - after;
    }
    this.node = current;
    this.position = node.isPlain(arena, current) ? 0 : listpack.seek(arena, node.nodeData(arena, current), inner);
    return true;
  }

  first(header: Address): boolean {
    settle(this.#arena, header);
    return this.toFirstOf(node.headNode(this.#arena, header));
  }

  last(header: Address): boolean {
    settle(this.#arena, header);
    return this.toLastOf(node.tailNode(this.#arena, header));
  }

  /** Steps towards the tail; false past the last element. */
  next(): boolean {
    const arena = this.#arena;
    if (this.position !== 0) {
      this.position = listpack.next(arena, node.nodeData(arena, this.node), this.position);
      if (this.position !== 0) return true;
    }
    return this.toFirstOf(node.nextNode(arena, this.node));
  }

  /** Steps towards the head; false before the first element. */
  prev(): boolean {
    const arena = this.#arena;
    if (this.position !== 0) {
      this.position = listpack.prev(arena, node.nodeData(arena, this.node), this.position);
      if (this.position !== 0) return true;
    }
    return this.toLastOf(node.prevNode(arena, this.node));
  }

  /** Goes to the node's first element; false, and nowhere, if it is 0. */
  toFirstOf(place: Address): boolean {
    this.node = place;
    if (place !== 0) this.position = firstPosition(this.#arena, place);
    return place !== 0;
  }

  toLastOf(place: Address): boolean {
    this.node = place;
    if (place !== 0) this.position = lastPosition(this.#arena, place);
    return place !== 0;
  }

  /** Fills `out` with the element's text. */
  read(out: Element): void {
    readAt(this.#arena, this.node, this.position, out);
  }

  /**
   * Goes on to the first element that is the value, which may be the one where it is. Returns how many it has passed; -1, and
   * it is anywhere, if there is none among the next `most`. A node at a time, as that is a tight loop.
   */
  find(bytes: Uint8Array, at: number, length: number, most: number): number {
    const arena = this.#arena;
    for (let passed = 0; passed < most;) {
      if (this.position === 0) {
        if (this.equals(bytes, at, length)) return passed;
        passed++;
      } else {
        const list = node.nodeData(arena, this.node);
        const found = listpack.find(arena, list, this.position, bytes, at, length);
        passed += listpack.distance(arena, list, this.position, found);
        this.position = found;
        if (found !== 0) return passed < most ? passed : -1;
      }
      if (!this.toFirstOf(node.nextNode(arena, this.node))) break;
    }
    return -1;
  }

  /** Whether the element's text is the value. */
  equals(bytes: Uint8Array, at: number, length: number): boolean {
    const arena = this.#arena;
    const data = node.nodeData(arena, this.node);
    if (this.position !== 0) return listpack.equals(arena, data, this.position, bytes, at, length);
    if (node.plainLength(arena, this.node) !== length) return false;
    return equalBytes(arena.u8[segmentOf(data)]!, byteOf(data) + node.PLAIN_HEADER, bytes, at, length);
  }
}

/** Position of the first element of a packed or plain node. */
export function firstPosition(arena: Arena, place: Address): number {
  return node.isPlain(arena, place) ? 0 : listpack.FIRST;
}

export function lastPosition(arena: Arena, place: Address): number {
  if (node.isPlain(arena, place)) return 0;
  return listpack.last(arena, node.nodeData(arena, place));
}

/** Fills `out` with the text of a node's element; of an open node too, whose positions are those in its block. */
export function readAt(arena: Arena, place: Address, position: number, out: Element): void {
  const data = node.nodeData(arena, place);
  if (position !== 0 && !node.isPlain(arena, place)) listpack.read(arena, data, position, out);
  else out.setString(arena.u8[segmentOf(data)]!, byteOf(data) + node.PLAIN_HEADER, node.plainLength(arena, place));
}
