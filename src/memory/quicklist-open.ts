/**
 * The open head of a quicklist: a node whose data are a listpack's entries at the end of a block that fills towards its
 * front, so that pushes move nothing.
 *
 *   | start, u32 | end, u32 | free ... | entry 0 | entry 1 | ... |
 *   0            4          8          start                     end
 */
import { byteOf, segmentOf } from './arena.ts';
import type { Address, Arena } from './arena.ts';
import * as listpack from './listpack.ts';
import * as entry from './listpack-entry.ts';
import * as node from './quicklist-node.ts';

/** Before the entries. */
export const OPEN_HEADER = 8;

/** A new open node without an element, in no list yet; its block has `blockBytes`. */
export function create(arena: Arena, blockBytes: number): Address {
  const place = arena.alloc(node.BLOCK_BYTES);
  let block: Address;
  try {
    block = arena.alloc(blockBytes);
  } catch (error) {
    arena.free(place);
    throw error;
  }
  node.setNodeData(arena, place, block);
  node.setOpenCount(arena, place, 0);
  setStart(arena, place, blockBytes);
  node.setWord(arena, block, 1, blockBytes);
  return place;
}

/** Puts an element in front; false if there is no room. */
export function push(arena: Arena, head: Address, bytes: Uint8Array, at: number, length: number): boolean {
  const first = start(arena, head) - entry.encodedBytes(bytes, at, length);
  if (first < OPEN_HEADER) return false;
  const block = node.nodeData(arena, head);
  entry.writeEntry(arena.u8[segmentOf(block)]!, byteOf(block) + first, bytes, at, length);
  setStart(arena, head, first);
  node.setOpenCount(arena, head, node.nodeCount(arena, head) + 1);
  return true;
}

/** Takes the first element off; it must not be the last one too. */
export function shift(arena: Arena, head: Address): void {
  const block = node.nodeData(arena, head);
  const base = byteOf(block);
  setStart(arena, head, entry.skip(arena.u8[segmentOf(block)]!, base + start(arena, head)) - base);
  node.setOpenCount(arena, head, node.nodeCount(arena, head) - 1);
}

/** Turns the node into a packed one. */
export function close(arena: Arena, head: Address): void {
  const block = node.nodeData(arena, head);
  const entries = node.nodeCount(arena, head);
  node.setNodeData(arena, head, listpack.gather(arena, block, start(arena, head), end(arena, head), entries));
  node.setNodeCount(arena, head, entries, false);
}

/** Closes a list's head if it is open. */
export function settle(arena: Arena, header: Address): void {
  const head = node.headNode(arena, header);
  if (head !== 0 && node.isOpen(arena, head)) close(arena, head);
}

/** Where in the block the first entry is. */
export function start(arena: Arena, head: Address): number {
  return node.word(arena, node.nodeData(arena, head), 0);
}

/** Where the entries end. */
export function end(arena: Arena, head: Address): number {
  return node.word(arena, node.nodeData(arena, head), 1);
}

function setStart(arena: Arena, head: Address, at: number): void {
  node.setWord(arena, node.nodeData(arena, head), 0, at);
}
