/**
 * The blocks of a quicklist, and plain reads of them.
 *
 *   header  head | tail | nodes | elements          node  prev | next | data | elements, bit 31 = plain, bit 30 = open
 *
 * A packed node's data is a listpack; a plain node's is one big element: u32 length, then its bytes. Only a list's head may be
 * open: see quicklist-open.ts.
 */
import { byteOf, segmentOf } from './arena.ts';
import type { Address, Arena } from './arena.ts';

export const BLOCK_BYTES = 16;
/** Bytes before a plain element's own. */
export const PLAIN_HEADER = 4;
const PLAIN_BIT = 0x8000_0000;
const OPEN_BIT = 0x4000_0000;
/** Elements of one node: less than this. */
const COUNT_MASK = 0x3fff_ffff;

export const HEAD = 0;
export const TAIL = 1;
export const NODES = 2;
export const ELEMENTS = 3;
const PREV = 0;
const NEXT = 1;
const DATA = 2;
const COUNT = 3;

export function word(arena: Arena, block: Address, index: number): number {
  return arena.u32[segmentOf(block)]![(byteOf(block) >>> 2) + index]!;
}

export function setWord(arena: Arena, block: Address, index: number, value: number): void {
  arena.u32[segmentOf(block)]![(byteOf(block) >>> 2) + index] = value;
}

/** First node of a list, 0 when empty. */
export function headNode(arena: Arena, header: Address): Address {
  return word(arena, header, HEAD);
}

export function tailNode(arena: Arena, header: Address): Address {
  return word(arena, header, TAIL);
}

export function nextNode(arena: Arena, node: Address): Address {
  return word(arena, node, NEXT);
}

export function prevNode(arena: Arena, node: Address): Address {
  return word(arena, node, PREV);
}

/** Address of the node's listpack or plain element. */
export function nodeData(arena: Arena, node: Address): Address {
  return word(arena, node, DATA);
}

export function setNodeData(arena: Arena, node: Address, data: Address): void {
  setWord(arena, node, DATA, data);
}

export function nodeCount(arena: Arena, node: Address): number {
  return word(arena, node, COUNT) & COUNT_MASK;
}

export function isPlain(arena: Arena, node: Address): boolean {
  return word(arena, node, COUNT) >= PLAIN_BIT;
}

export function isOpen(arena: Arena, node: Address): boolean {
  return (word(arena, node, COUNT) & OPEN_BIT) !== 0;
}

/** Sets how many elements an open node has. */
export function setOpenCount(arena: Arena, node: Address, count: number): void {
  setWord(arena, node, COUNT, count | OPEN_BIT);
}

/** Sets how many elements the node has; 1 for a plain one. */
export function setNodeCount(arena: Arena, node: Address, count: number, plain: boolean): void {
  setWord(arena, node, COUNT, plain ? (count | PLAIN_BIT) >>> 0 : count);
}

/** Length in bytes of a plain node's element. */
export function plainLength(arena: Arena, node: Address): number {
  return word(arena, nodeData(arena, node), 0);
}

/** Links a node in after `after` (0: as the head). */
export function linkNode(arena: Arena, header: Address, node: Address, after: Address): void {
  const next = after === 0 ? headNode(arena, header) : nextNode(arena, after);
  setWord(arena, node, PREV, after);
  setWord(arena, node, NEXT, next);
  if (after === 0) setWord(arena, header, HEAD, node);
  else setWord(arena, after, NEXT, node);
  if (next === 0) setWord(arena, header, TAIL, node);
  else setWord(arena, next, PREV, node);
  setWord(arena, header, NODES, word(arena, header, NODES) + 1);
}

/** Unlinks a node and frees its block, but not its data. */
export function dropNode(arena: Arena, header: Address, node: Address): void {
  const prev = prevNode(arena, node);
  const next = nextNode(arena, node);
  if (prev === 0) setWord(arena, header, HEAD, next);
  else setWord(arena, prev, NEXT, next);
  if (next === 0) setWord(arena, header, TAIL, prev);
  else setWord(arena, next, PREV, prev);
  setWord(arena, header, NODES, word(arena, header, NODES) - 1);
  arena.free(node);
}
