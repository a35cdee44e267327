/**
 * The quicklist: a list value too long for one listpack, as a doubly linked list of listpacks. Its blocks: quicklist-node.ts,
 * quicklist-open.ts. Walking and reading: quicklist-cursor.ts.
 *
 *   header --> node <--> node <--> node        packed: a listpack of up to `fill`     plain: one element larger than
 *               |         |         |                  (list-max-listpack-size)              a whole listpack may be
 *            listpack  element   listpack
 *
 * Pushes at the head fill an open node, without moving anything. Whoever looks further than at the first element closes it
 * first (`settle`), so that cursors never meet one.
 *
 * No node is ever empty. Neighbours that fit into one node are joined after deletions inside the list, not after pops, and
 * only while the result keeps room for a quarter more. Value bytes passed in must not lie in the list being changed
 * (Element.detach). Rule: before a node's content changes or goes, the keeper is told: it may still need it as it is.
 */
import { byteOf, segmentOf } from './arena.ts';
import type { Address, Arena } from './arena.ts';
import { copyBytes } from '../base/copy.ts';
import type { Element } from './element.ts';
import * as listpack from './listpack.ts';
import { firstPosition, lastPosition, type ListCursor, readAt } from './quicklist-cursor.ts';
import { DEFAULT_FILL, fillBytes, fillCount } from './quicklist-fill.ts';
import * as node from './quicklist-node.ts';
import * as open from './quicklist-open.ts';
import { join, splitAt, splitFront } from './quicklist-split.ts';

/** Room that a new node starts with when the list has others already: it will be filled. */
const FIRST_BYTES = 1024;
/**
 * Pushes and pops at a head that is not open move the rest of its listpack, so that one is kept about this small: a head that
 * outgrows it is joined to the following node, and a pop from a head of HEAD_SPLIT_BYTES first splits its front off.
 */
const HEAD_BYTES = 512;
const HEAD_SPLIT_BYTES = 2048;
/** Block of an open head. */
const OPEN_BYTES = 8192;

/** Who needs nodes as they are: a snapshot that writes a list. */
export interface NodeKeeper {
  /** The content of this node is about to change. */
  beforeNode(place: Address): void;
  /** The node is about to leave its list. True: its data are the keeper's, who frees them. */
  takesNode(place: Address): boolean;
}

export class Quicklist {
  readonly arena: Arena;
  keeper: NodeKeeper | null = null;
  #maxBytes = 0;
  #maxCount = Infinity;

  constructor(arena: Arena, fill: number = DEFAULT_FILL) {
    this.arena = arena;
    this.setFill(fill);
  }

  /** list-max-listpack-size. Applies to changes from now on. */
  setFill(fill: number): void {
    this.#maxBytes = fillBytes(fill);
    this.#maxCount = fillCount(fill);
  }

  create(): Address {
    const header = this.arena.alloc(node.BLOCK_BYTES);
    for (let i = 0; i < 4; i++) node.setWord(this.arena, header, i, 0);
    return header;
  }

  /** Elements in the list. */
  count(header: Address): number {
    return node.word(this.arena, header, node.ELEMENTS);
  }

  pushTail(header: Address, bytes: Uint8Array, at: number, length: number): void {
    const { arena } = this;
    const tail = this.#settledTail(header);
    const need = this.#need(length);
    if (tail !== 0 && this.#hasRoom(tail, need)) {
      this.changing(tail);
      const list = this.#reserve(tail, need);
      node.setNodeData(arena, tail, listpack.append(arena, list, bytes, at, length));
      node.setNodeCount(arena, tail, node.nodeCount(arena, tail) + 1, false);
    } else {
      this.#addNode(header, tail, bytes, at, length);
    }
    this.#addElements(header, 1);
  }

  pushHead(header: Address, bytes: Uint8Array, at: number, length: number): void {
    const { arena } = this;
    const head = node.headNode(arena, header);
    if (head !== 0 && node.isOpen(arena, head)) {
      if (open.push(arena, head, bytes, at, length)) {
        this.#addElements(header, 1);
        return;
      }
      open.close(arena, head);
    }
    const need = this.#need(length);
    const roomy = head !== 0 && this.#hasRoom(head, need);
    if (roomy && listpack.totalBytes(arena, node.nodeData(arena, head)) < HEAD_BYTES) {
      this.changing(head);
      const list = this.#reserve(head, need);
      node.setNodeData(arena, head, listpack.prepend(arena, list, bytes, at, length));
      node.setNodeCount(arena, head, node.nodeCount(arena, head) + 1, false);
    } else {
      const next = roomy ? node.nextNode(arena, head) : 0;
      if (next !== 0) this.#join(header, head, next, this.#maxBytes, undefined);
      if (head === 0 || !this.#addOpenNode(header, bytes, at, length)) this.#addNode(header, 0, bytes, at, length);
    }
    this.#addElements(header, 1);
  }

  /** Reads the first element; false when the list is empty. */
  peekHead(header: Address, out: Element): boolean {
    const head = node.headNode(this.arena, header);
    if (head === 0) return false;
    const position = node.isOpen(this.arena, head) ? open.start(this.arena, head) : listpack.FIRST;
    readAt(this.arena, head, position, out);
    return true;
  }

  peekTail(header: Address, out: Element): boolean {
    const tail = this.#settledTail(header);
    if (tail === 0) return false;
    readAt(this.arena, tail, lastPosition(this.arena, tail), out);
    return true;
  }

  /** Removes the first element, if any. */
  dropHead(header: Address): void {
    const head = node.headNode(this.arena, header);
    if (head === 0) return;
    if (node.isOpen(this.arena, head)) {
      this.#dropOpen(header, head);
      return;
    }
    const big =
      !node.isPlain(this.arena, head) &&
      listpack.totalBytes(this.arena, node.nodeData(this.arena, head)) >= HEAD_SPLIT_BYTES;
    if (big) {
      this.changing(head);
      splitFront(this.arena, header, head, HEAD_BYTES);
    }
    this.#deleteEntries(header, node.headNode(this.arena, header), listpack.FIRST, 1);
  }

  dropTail(header: Address): void {
    const tail = this.#settledTail(header);
    if (tail !== 0) this.#deleteEntries(header, tail, lastPosition(this.arena, tail), 1);
  }

  /** Makes all nodes packed or plain: call it before looking at the nodes themselves. */
  settle(header: Address): void {
    open.settle(this.arena, header);
  }

  /** Inserts before the cursor's element; the cursor is invalid afterwards. */
  insertBefore(header: Address, cursor: ListCursor, bytes: Uint8Array, at: number, length: number): void {
    this.#insert(header, cursor.node, cursor.position, bytes, at, length);
  }

  insertAfter(header: Address, cursor: ListCursor, bytes: Uint8Array, at: number, length: number): void {
    const { arena } = this;
    const following =
      cursor.position === 0 ? 0 : listpack.next(arena, node.nodeData(arena, cursor.node), cursor.position);
    if (following !== 0) this.#insert(header, cursor.node, following, bytes, at, length);
    else this.#insertAfterNode(header, cursor.node, bytes, at, length);
  }

  /** Replaces the cursor's element; the cursor is invalid afterwards. */
  replace(header: Address, cursor: ListCursor, bytes: Uint8Array, at: number, length: number): void {
    const { arena } = this;
    const place = cursor.node;
    const need = this.#need(length);
    if (cursor.position !== 0) {
      const list = node.nodeData(arena, place);
      // The old element's room is not counted: a node may end up short of full, never over.
      const alone = node.nodeCount(arena, place) === 1 && need + listpack.EMPTY_BYTES <= this.#maxBytes;
      if (alone || listpack.totalBytes(arena, list) + need <= this.#maxBytes) {
        this.changing(place);
        node.setNodeData(arena, place, listpack.replace(arena, list, cursor.position, bytes, at, length));
        return;
      }
    }
    // Make the old element the last of its node, insert after the node (its positions stay), then delete the old one.
    const { position } = cursor;
    const following = position === 0 ? 0 : listpack.next(arena, node.nodeData(arena, place), position);
    if (following !== 0) this.#split(header, place, following);
    this.#insertAfterNode(header, place, bytes, at, length);
    this.#deleteEntries(header, place, position, 1);
  }

  /**
   * Removes the cursor's element and puts the cursor on the one after it (`forward`) or before it; false when there is none.
   * Small neighbours are joined on the way.
   */
  remove(header: Address, cursor: ListCursor, forward: boolean): boolean {
    const { arena } = this;
    const place = cursor.node;
    const { position } = cursor;
    const wasFirst = position === 0 || position === listpack.FIRST;
    const prev = node.prevNode(arena, place);
    const next = node.nextNode(arena, place);
    const before = wasFirst ? 0 : listpack.prev(arena, node.nodeData(arena, place), position);
    const survives = this.#deleteEntries(header, place, position, 1);
    if (forward) {
      if (survives && position < listpack.totalBytes(arena, node.nodeData(arena, place)) - 1) {
        cursor.position = position;
      } else {
        cursor.toFirstOf(next);
      }
    } else if (before !== 0) {
      cursor.position = before;
    } else {
      cursor.toLastOf(prev);
    }
    if (survives) this.#joinAround(header, place, cursor);
    else if (prev !== 0 && next !== 0) this.#join(header, prev, next, this.#joinedMax(), cursor);
    return cursor.node !== 0;
  }

  /** Removes up to `elements` elements from `index` (0 or more) on; returns how many there were. Whole nodes go at once. */
  removeRange(header: Address, index: number, elements: number, cursor: ListCursor): number {
    const { arena } = this;
    let left = Math.min(elements, this.count(header) - index);
    if (left <= 0 || !cursor.seek(header, index)) return 0;
    const gone = left;
    let place = cursor.node;
    let { position } = cursor;
    let edge: Address = 0;
    while (left > 0) {
      const next = node.nextNode(arena, place);
      const had = node.nodeCount(arena, place);
      if (this.#deleteEntries(header, place, position, left)) {
        left -= had - node.nodeCount(arena, place);
        edge = place;
      } else {
        left -= had;
      }
      place = next;
      if (place !== 0) position = firstPosition(arena, place);
    }
    if (edge !== 0) this.#joinAround(header, edge, cursor);
    cursor.node = 0;
    return gone;
  }

  /** Appends a listpack of `count` elements, at least one, as a node; the list owns it from now on. */
  adoptListpack(header: Address, list: Address, count: number): void {
    const place = this.arena.alloc(node.BLOCK_BYTES);
    node.setNodeData(this.arena, place, list);
    node.setNodeCount(this.arena, place, count, false);
    node.linkNode(this.arena, header, place, node.tailNode(this.arena, header));
    this.#addElements(header, count);
  }

  /** A plain element's block: its bytes are yet to be written, behind PLAIN_HEADER. */
  createPlain(length: number): Address {
    const data = this.arena.alloc(node.PLAIN_HEADER + length);
    node.setWord(this.arena, data, 0, length);
    return data;
  }

  /** Appends a node of it. */
  adoptPlain(header: Address, data: Address): void {
    const place = this.arena.alloc(node.BLOCK_BYTES);
    node.setNodeData(this.arena, place, data);
    node.setNodeCount(this.arena, place, 1, true);
    node.linkNode(this.arena, header, place, node.tailNode(this.arena, header));
    this.#addElements(header, 1);
  }

  /** Frees up to `budget` nodes from the head; true once the header is gone too. */
  free(header: Address, budget: number): boolean {
    const { arena } = this;
    for (let freed = 0; freed < budget; freed++) {
      const head = node.headNode(arena, header);
      if (head === 0) {
        arena.free(header);
        return true;
      }
      this.#deleteNode(header, head);
    }
    return false;
  }

  /** To be called before a node's content changes. */
  changing(place: Address): void {
    if (this.keeper !== null) this.keeper.beforeNode(place);
  }

  // --- room ---

  /** At least the bytes that an element takes in a listpack, without looking at its text. */
  #need(length: number): number {
    return length < 64 ? length + 2 : length + 10;
  }

  isBig(length: number): boolean {
    return this.#need(length) + listpack.EMPTY_BYTES > this.#maxBytes;
  }

  #hasRoom(place: Address, need: number): boolean {
    const { arena } = this;
    if (node.isPlain(arena, place) || node.nodeCount(arena, place) >= this.#maxCount) return false;
    return listpack.totalBytes(arena, node.nodeData(arena, place)) + need <= this.#maxBytes;
  }

  /** The node's listpack with room for `need` more bytes, growing by half so that filling a node moves it seldom. */
  #reserve(place: Address, need: number): Address {
    const { arena } = this;
    const list = node.nodeData(arena, place);
    const total = listpack.totalBytes(arena, list);
    const capacity = arena.capacity(list);
    if (total + need <= capacity) return list;
    const wanted = Math.max(total + need, Math.min(capacity + (capacity >>> 1), this.#maxBytes));
    const grown = arena.resize(list, wanted, total);
    node.setNodeData(arena, place, grown);
    return grown;
  }

  #addElements(header: Address, change: number): void {
    node.setWord(this.arena, header, node.ELEMENTS, this.count(header) + change);
  }

  /** Links a new node with this one element in after `after` (0: at the head). Does not count the element. */
  #addNode(header: Address, after: Address, bytes: Uint8Array, at: number, length: number): void {
    const { arena } = this;
    const place = arena.alloc(node.BLOCK_BYTES);
    const plain = this.isBig(length);
    let data: Address = 0;
    try {
      if (plain) {
        data = this.createPlain(length);
        copyBytes(arena.u8[segmentOf(data)]!, byteOf(data) + node.PLAIN_HEADER, bytes, at, length);
      } else {
        const more = node.headNode(arena, header) !== 0;
        const need = this.#need(length) + listpack.EMPTY_BYTES;
        data = listpack.create(arena, more && this.#maxCount > 64 ? Math.max(FIRST_BYTES, need) : need);
        data = listpack.append(arena, data, bytes, at, length);
      }
    } catch (error) {
      if (data !== 0) arena.free(data);
      arena.free(place);
      throw error;
    }
    node.setNodeData(arena, place, data);
    node.setNodeCount(arena, place, 1, plain);
    node.linkNode(arena, header, place, after);
  }

  // --- the open head ---

  /** Links a new open node with this one element in as the head; false where the element or the node limit forbids it. */
  #addOpenNode(header: Address, bytes: Uint8Array, at: number, length: number): boolean {
    const { arena } = this;
    const blockBytes = Math.min(OPEN_BYTES, this.#maxBytes);
    if (this.#maxCount !== Infinity || this.#need(length) > blockBytes >>> 1) return false;
    const place = open.create(arena, blockBytes);
    open.push(arena, place, bytes, at, length);
    node.linkNode(arena, header, place, 0);
    return true;
  }

  #dropOpen(header: Address, head: Address): void {
    if (node.nodeCount(this.arena, head) === 1) {
      this.#deleteNode(header, head);
      return;
    }
    open.shift(this.arena, head);
    this.#addElements(header, -1);
  }

  /** The tail, packed or plain. */
  #settledTail(header: Address): Address {
    const tail = node.tailNode(this.arena, header);
    if (tail !== 0 && node.isOpen(this.arena, tail)) open.close(this.arena, tail);
    return tail;
  }

  // --- inserting ---

  /** Inserts before the entry at `position` of a node (0: before a plain node). */
  #insert(header: Address, place: Address, position: number, bytes: Uint8Array, at: number, length: number): void {
    const { arena } = this;
    const need = this.#need(length);
    if (this.#hasRoom(place, need)) {
      this.changing(place);
      const list = this.#reserve(place, need);
      node.setNodeData(arena, place, listpack.insertBefore(arena, list, position, bytes, at, length));
      node.setNodeCount(arena, place, node.nodeCount(arena, place) + 1, false);
      this.#addElements(header, 1);
      return;
    }
    const prev = node.prevNode(arena, place);
    if (position === 0 || position === listpack.FIRST) {
      if (prev !== 0) this.#insertAfterNode(header, prev, bytes, at, length);
      else this.pushHead(header, bytes, at, length);
      return;
    }
    this.#split(header, place, position);
    this.#insertAfterNode(header, place, bytes, at, length);
  }

  /** Inserts between a node and the following one: at the end of the first, the start of the second, or in a new node. */
  #insertAfterNode(header: Address, place: Address, bytes: Uint8Array, at: number, length: number): void {
    const { arena } = this;
    const need = this.#need(length);
    const next = node.nextNode(arena, place);
    if (this.#hasRoom(place, need)) {
      this.changing(place);
      const list = this.#reserve(place, need);
      node.setNodeData(arena, place, listpack.append(arena, list, bytes, at, length));
      node.setNodeCount(arena, place, node.nodeCount(arena, place) + 1, false);
    } else if (next !== 0 && this.#hasRoom(next, need)) {
      this.changing(next);
      const list = this.#reserve(next, need);
      node.setNodeData(arena, next, listpack.prepend(arena, list, bytes, at, length));
      node.setNodeCount(arena, next, node.nodeCount(arena, next) + 1, false);
    } else {
      this.#addNode(header, place, bytes, at, length);
    }
    this.#addElements(header, 1);
  }

  #split(header: Address, place: Address, position: number): void {
    this.changing(place);
    splitAt(this.arena, header, place, position);
  }

  // --- removing ---

  /** Deletes up to `entries` entries of a node from `position` on, and the node if none is left. True while it exists. */
  #deleteEntries(header: Address, place: Address, position: number, entries: number): boolean {
    const { arena } = this;
    const count = node.nodeCount(arena, place);
    if (count === 1 || node.isPlain(arena, place) || (position === listpack.FIRST && entries >= count)) {
      this.#deleteNode(header, place);
      return false;
    }
    this.changing(place);
    const list = listpack.deleteAt(arena, node.nodeData(arena, place), position, entries);
    node.setNodeData(arena, place, list);
    const left = entries === 1 ? count - 1 : listpack.count(arena, list);
    node.setNodeCount(arena, place, left, false);
    this.#addElements(header, left - count);
    return true;
  }

  #deleteNode(header: Address, place: Address): void {
    this.#addElements(header, -node.nodeCount(this.arena, place));
    const { keeper } = this;
    if (keeper === null || !keeper.takesNode(place)) this.arena.free(node.nodeData(this.arena, place));
    node.dropNode(this.arena, header, place);
  }

  #joinAround(header: Address, place: Address, cursor: ListCursor): void {
    const prev = node.prevNode(this.arena, place);
    const next = node.nextNode(this.arena, place);
    if (next !== 0) this.#join(header, place, next, this.#joinedMax(), cursor);
    if (prev !== 0) this.#join(header, prev, place, this.#joinedMax(), cursor);
  }

  /** Nodes joined after a deletion keep some room, so that the next insertion does not split them again. */
  #joinedMax(): number {
    return this.#maxBytes - (this.#maxBytes >>> 2);
  }

  /** Moves the right node's entries into the left one if both are packed and `maxBytes` holds them; the cursor follows. */
  #join(header: Address, left: Address, right: Address, maxBytes: number, cursor: ListCursor | undefined): void {
    const { arena } = this;
    if (node.isPlain(arena, left) || node.isPlain(arena, right)) return;
    const leftBytes = listpack.totalBytes(arena, node.nodeData(arena, left));
    const joined = leftBytes + listpack.totalBytes(arena, node.nodeData(arena, right)) - listpack.EMPTY_BYTES;
    const elements = node.nodeCount(arena, left) + node.nodeCount(arena, right);
    if (joined > maxBytes || elements > this.#maxCount) return;
    this.changing(left);
    this.changing(right);
    if (!join(arena, header, left, right)) return;
    if (cursor?.node === right) {
      cursor.node = left;
      cursor.position += leftBytes - 1 - listpack.FIRST;
    }
  }
}
