/**
 * Splitting a packed node in two, and joining two into one. Whether it is to be done is for quicklist.ts, which has told the
 * keeper of the nodes before. Either all of it happens or, when memory runs out, nothing.
 */
import { ArenaExhausted } from './arena.ts';
import type { Address, Arena } from './arena.ts';
import * as listpack from './listpack.ts';
import * as node from './quicklist-node.ts';

/** Moves the entries from `position` (not the first) on into a new node after this one. */
export function splitAt(arena: Arena, header: Address, place: Address, position: number): void {
  const list = node.nodeData(arena, place);
  const created = arena.alloc(node.BLOCK_BYTES);
  let rest: Address;
  try {
    rest = listpack.copyFrom(arena, list, position);
  } catch (error) {
    arena.free(created);
    throw error;
  }
  const moved = listpack.count(arena, rest);
  const left = node.nodeCount(arena, place) - moved;
  node.setNodeData(arena, place, listpack.deleteAt(arena, list, position, moved));
  node.setNodeCount(arena, place, left, false);
  node.setNodeData(arena, created, rest);
  node.setNodeCount(arena, created, moved, false);
  node.linkNode(arena, header, created, place);
}

/** Moves the first `bytes` bytes or so of the head's entries into a node before it, unless there is no memory for that. */
export function splitFront(arena: Arena, header: Address, head: Address, bytes: number): void {
  const list = node.nodeData(arena, head);
  let entries = 1;
  let position = listpack.next(arena, list, listpack.FIRST);
  while (position !== 0 && position < bytes) {
    position = listpack.next(arena, list, position);
    entries++;
  }
  if (position === 0) return;
  let created: Address = 0;
  let front: Address;
  try {
    created = arena.alloc(node.BLOCK_BYTES);
    front = listpack.copyBefore(arena, list, position, entries);
  } catch (error) {
    if (created !== 0) arena.free(created);
    if (error instanceof ArenaExhausted) return;
    throw error;
  }
  node.setNodeData(arena, head, listpack.deleteAt(arena, list, listpack.FIRST, entries));
  node.setNodeCount(arena, head, node.nodeCount(arena, head) - entries, false);
  node.setNodeData(arena, created, front);
  node.setNodeCount(arena, created, entries, false);
  node.linkNode(arena, header, created, 0);
}

/** Moves the right node's entries into the left one, its neighbour. False: there is no memory for it. */
export function join(arena: Arena, header: Address, left: Address, right: Address): boolean {
  const elements = node.nodeCount(arena, left) + node.nodeCount(arena, right);
  let merged: Address;
  try {
    merged = listpack.merge(arena, node.nodeData(arena, left), node.nodeData(arena, right));
  } catch (error) {
    // Joining only saves memory: when there is none to do it with, the nodes stay apart.
    if (error instanceof ArenaExhausted) return false;
    throw error;
  }
  node.setNodeData(arena, left, merged);
  node.setNodeCount(arena, left, elements, false);
  node.dropNode(arena, header, right);
  return true;
}
