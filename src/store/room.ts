/**
 * Memory for a command's changes is made sure of before the first of them, so that a write of many elements does not fail in
 * its middle: the arena promises an upper bound of what the command can ask for. What it can ask for follows from its
 * arguments, and from the largest compact value that can turn into a table; everything a command makes of data that is
 * there already (COPY, SUNIONSTORE ...) is finished before it takes its place, and fails without a trace by itself.
 *
 * Most commands find the promise made already (`Arena.sure`): reserved segments are address space that nothing touches.
 */
import type { Keyspace, StoreSettings } from './keyspace.ts';
import { MEDIUM_CLASSES, MEDIUM_MAX, PAGE_BYTES, SEGMENT_BYTES, SMALL_CLASSES, SMALL_MAX } from '../memory/arena.ts';
import type { Args } from '../resp/args.ts';

/** Bytes of a request up to which the standing promise is enough. An argument takes 6 bytes at least. */
export const PROMISED_REQUEST: number = 16 * 1024;
const ARGUMENTS_MAX: number = Math.ceil(PROMISED_REQUEST / 6);

/** An element with its share of tables, indexes and nodes, beyond its bytes. */
const ELEMENT_BYTES = 256;
/** Copies of an element's bytes that may exist at a time, while a node grows or is split. */
const COPIES = 3;
/** Of a page, what blocks of any one size can fill at least. */
const PAGE_FILL = 7 / 8;
/** Blocks around an element's bytes: headers, and the slack of its size class is the arena's business. */
const HEADER_BYTES = 64;
/** Nodes, headers and tables that a command may make once, whatever its arguments are. */
const BASE_BYTES: number = 256 * 1024;
/** A table that begins to grow before the system refuses memory, and a value of one large argument. */
const EXTRA_SEGMENTS = 2;
/** Bytes of an entry of a listpack around its data. */
const ENTRY_OVERHEAD = 11;

/** Promises memory for a command with these arguments. Throws ArenaExhausted, having changed nothing. */
export function makeRoom(space: Keyspace, args: Args): void {
  // An inline command has length 0, which no standing promise covers.
  if ((args.rawLength - 1) >>> 0 >= space.arena.sure) promise(space, args);
}

function promise({ arena, settings }: Keyspace, args: Args): void {
  const { pages, segments, huge } = roomFor(args, settings);
  arena.ensure(pages, segments, huge, PROMISED_REQUEST);
}

export interface Room {
  /** Pages of 64 KiB for small blocks, and segments for medium ones; each class of blocks that is used takes one at least. */
  readonly pages: number;
  readonly segments: number;
  /** Sizes of blocks that have a segment of their own. */
  readonly huge: readonly number[];
}

/** What a command with these arguments can ask for at most. */
export function roomFor(args: Args, settings: StoreSettings): Room {
  const small = args.rawLength > 0 && args.rawLength <= PROMISED_REQUEST;
  let bytes = small ? PROMISED_REQUEST : 0;
  let large = 0;
  let previous = 0;
  const huge: number[] = [];
  if (!small) {
    for (let i = 0; i < args.count; i++) {
      const length = args.length[i]!;
      bytes += length;
      if (length > SMALL_MAX - HEADER_BYTES) large++;
      if (length > MEDIUM_MAX - HEADER_BYTES || length + previous > MEDIUM_MAX - HEADER_BYTES) {
        // A field and its value are one block, other elements have their own.
        huge.push(length + previous + HEADER_BYTES);
        if (previous > HEADER_BYTES && length > MEDIUM_MAX - HEADER_BYTES) huge.push(length + HEADER_BYTES);
      }
      previous = length;
    }
  }
  const packed = packedLimits(settings);
  const elements = (small ? ARGUMENTS_MAX : args.count) + packed.elements;
  const smallBytes = BASE_BYTES + COPIES * (bytes + packed.bytes) + ELEMENT_BYTES * elements;
  const pages = SMALL_CLASSES + Math.ceil(smallBytes / (PAGE_BYTES * PAGE_FILL));
  const segments =
    EXTRA_SEGMENTS +
    mediumClasses(packed.bytes) +
    Math.min(large, MEDIUM_CLASSES) +
    (small ? 1 : Math.ceil((COPIES * bytes) / (SEGMENT_BYTES * PAGE_FILL)));
  return { pages, segments, huge };
}

/** The largest compact value, as far as limits go: elements and bytes. */
function packedLimits(settings: StoreSettings): { readonly elements: number; readonly bytes: number } {
  const { hashMaxListpackEntries, hashMaxListpackValue, zsetMaxListpackEntries, zsetMaxListpackValue } = settings;
  const { setMaxListpackEntries, setMaxListpackValue, setMaxIntsetEntries, hllSparseMaxBytes } = settings;
  const hash = hashMaxListpackEntries * 2 * (hashMaxListpackValue + ENTRY_OVERHEAD);
  const zset = zsetMaxListpackEntries * 2 * (zsetMaxListpackValue + ENTRY_OVERHEAD);
  const set = setMaxListpackEntries * (setMaxListpackValue + ENTRY_OVERHEAD);
  const bytes = Math.max(hash, zset, set, setMaxIntsetEntries * 8, hllSparseMaxBytes, HLL_DENSE_BYTES);
  const elements = Math.max(
    hashMaxListpackEntries * 2,
    zsetMaxListpackEntries * 2,
    setMaxListpackEntries,
    setMaxIntsetEntries,
  );
  return { elements: Math.min(elements, MEDIUM_MAX / 2), bytes: Math.min(bytes, MEDIUM_MAX) };
}

const HLL_DENSE_BYTES: number = 16 * 1024;

/** Classes of medium blocks through which a block passes that grows up to `bytes`. */
function mediumClasses(bytes: number): number {
  return bytes <= SMALL_MAX ? 1 : Math.min(MEDIUM_CLASSES, Math.ceil(8 * Math.log2(bytes / SMALL_MAX)) + 1);
}
