/**
 * The one buffer behind the backlog and every replica's output: N replicas cost one copy of the stream.
 *
 *   first                                                              end = newest offset
 *     v                                                                  v
 *   [ block 16-1024 KiB ]->[ block ]->[ block ]->[ tail, grows by append  ....free.... ]
 *          ^ cursor of a slow replica     ^ cursor of a fast one
 *
 * Rules: bytes are copied in once and never rewritten while anyone may read them, so sockets send them without a copy.
 * A block goes when neither the backlog's window nor a cursor at or before it needs it; blocks go from the head only.
 * Their memory is shared memory, as that of the data: V8 does not count it, so what gathers for a replica while it gets its
 * snapshot brings no collections.
 * Offsets are Redis's: the first byte ever has number 1.
 */
import { assert } from '../base/assert.ts';
import { viewed } from '../base/viewed.ts';
import { copyBytes } from '../base/copy.ts';
import type { DroppedBuffers } from '../memory/dropped-buffers.ts';

/** Smallest block; also how coarsely a tiny backlog forgets, as in Redis. */
export const MIN_BLOCK_BYTES: number = 16 * 1024;
/** Largest block: bounds what one slow reader pins beyond what it needs. */
export const MAX_BLOCK_BYTES: number = 1024 * 1024;
/** Blocks kept for reuse, so that a steady stream allocates nothing. */
const MAX_SPARE_BLOCKS = 4;

export interface Block {
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** Offset of bytes[0]. */
  start: number;
  used: number;
  next: Block | null;
  /** Cursors that stand in this block. */
  readers: number;
  /** A socket may still hold these bytes after its cursor is gone: never reuse them. */
  lent: boolean;
}

export class StreamBuffer {
  /** Offset of the newest byte; first - 1 when empty. */
  end: number;
  /** Bytes that blocks occupy, spare ones included. */
  allocatedBytes = 0;

  /** Keep at least this many of the newest bytes. */
  #windowBytes: number;
  #blockBytes: number;
  /** Blocks in order; those before #head are gone. */
  readonly #blocks: (Block | null)[] = [];
  #head = 0;
  #tail: Block;
  readonly #spares: Block[] = [];
  readonly #memory: DroppedBuffers;

  /** `first`: the offset that the first appended byte will have. */
  constructor(first: number, windowBytes: number, memory: DroppedBuffers) {
    assert(first >= 1, 'the first offset of a stream is 1');
    this.#memory = memory;
    this.end = first - 1;
    this.#windowBytes = windowBytes;
    this.#blockBytes = blockBytesFor(windowBytes);
    this.#tail = this.#newBlock();
    this.#blocks.push(this.#tail);
  }

  /** Oldest offset still here; end + 1 when there is none. */
  get first(): number {
    return this.#blocks[this.#head]!.start;
  }

  /** Bytes from first to end. */
  get length(): number {
    return this.end - this.first + 1;
  }

  get windowBytes(): number {
    return this.#windowBytes;
  }

  /** A smaller window forgets at once what no cursor needs. */
  resize(windowBytes: number): void {
    this.#windowBytes = windowBytes;
    this.#blockBytes = blockBytesFor(windowBytes);
    this.trim();
  }

  /** Copies the bytes in. Hot path: one call a propagated command, no allocation while the tail has room. */
  append(bytes: Uint8Array, at: number, length: number): void {
    const tail = this.#tail;
    if (length > tail.bytes.length - tail.used) {
      this.#appendAcross(bytes, at, length);
      return;
    }
    copyBytes(tail.bytes, tail.used, bytes, at, length);
    tail.used += length;
    this.end += length;
  }

  #appendAcross(bytes: Uint8Array, at: number, length: number): void {
    let from = at;
    let left = length;
    while (left > 0) {
      let tail = this.#tail;
      if (tail.used === tail.bytes.length) {
        tail = this.#newBlock();
        this.#tail.next = tail;
        this.#tail = tail;
        this.#blocks.push(tail);
      }
      const part = Math.min(left, tail.bytes.length - tail.used);
      copyBytes(tail.bytes, tail.used, bytes, from, part);
      tail.used += part;
      this.end += part;
      from += part;
      left -= part;
    }
    this.trim();
  }

  /** A reader that gets every byte from `offset` on. `offset` is within [first, end + 1]. */
  cursorAt(offset: number): Cursor {
    assert(offset >= this.first && offset <= this.end + 1, 'a cursor starts inside the stream');
    let low = this.#head;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#blocks[middle]!.start <= offset) low = middle;
      else high = middle - 1;
    }
    const block = this.#blocks[low]!;
    return new Cursor(this, block, offset - block.start);
  }

  /** Drops head blocks that are outside the window and have no reader. The tail stays. */
  trim(): void {
    while (this.#head < this.#blocks.length - 1) {
      const block = this.#blocks[this.#head]!;
      if (block.readers > 0 || this.length - block.used < this.#windowBytes) break;
      this.#blocks[this.#head++] = null;
      this.#retire(block);
    }
    // Shift the array once half of it is empty: amortized constant.
    if (this.#head > 64 && this.#head * 2 > this.#blocks.length) {
      this.#blocks.splice(0, this.#head);
      this.#head = 0;
    }
  }

  /** A reader has gone: what only it needed is given back, not kept for reuse. */
  shrink(): void {
    this.trim();
    for (const spare of this.#spares.splice(0)) this.#giveBack(spare);
  }

  #retire(block: Block): void {
    block.next = null;
    if (!block.lent && block.bytes.length === this.#blockBytes && this.#spares.length < MAX_SPARE_BLOCKS) {
      this.#spares.push(block);
    } else {
      this.#giveBack(block);
    }
  }

  #giveBack({ bytes, lent }: Block): void {
    this.allocatedBytes -= bytes.length;
    if (lent) this.#memory.abandon(bytes.length);
    else this.#memory.giveUp(bytes);
  }

  #newBlock(): Block {
    const spare = this.#spares.pop();
    const start = this.end + 1;
    if (spare !== undefined) {
      if (spare.bytes.length === this.#blockBytes) {
        spare.start = start;
        spare.used = 0;
        return spare;
      }
      this.#giveBack(spare);
    }
    this.allocatedBytes += this.#blockBytes;
    return { bytes: viewed(this.#memory.take(this.#blockBytes)), start, used: 0, next: null, readers: 0, lent: false };
  }
}

/** One reader's position: the next byte that it has not taken. Pins its block, and so all later ones. */
export class Cursor {
  readonly #stream: StreamBuffer;
  #block: Block | null;
  #at: number;

  /** Use `StreamBuffer.cursorAt`. */
  constructor(stream: StreamBuffer, block: Block, at: number) {
    this.#stream = stream;
    this.#block = block;
    this.#at = at;
    block.readers++;
  }

  /** Offset of the next byte to take. */
  get offset(): number {
    assert(this.#block !== null, 'a released cursor has no offset');
    return this.#block.start + this.#at;
  }

  /** Bytes not yet taken. */
  get pendingBytes(): number {
    return this.#stream.end - this.offset + 1;
  }

  /**
   * The next bytes in one piece, empty at the end of the stream. They stay valid and unchanged until the cursor is
   * asked again after `advance`: the block is pinned although the cursor may stand at its end.
   */
  peek(): Uint8Array {
    let block = this.#block!;
    if (this.#at === block.used && block.next !== null) {
      const next = block.next;
      block.readers--;
      next.readers++;
      this.#block = block = next;
      this.#at = 0;
      this.#stream.trim();
    }
    return block.bytes.subarray(this.#at, block.used);
  }

  advance(count: number): void {
    this.#at += count;
    assert(this.#at <= this.#block!.used, 'a cursor stays inside its block');
  }

  /** The reader is gone. `lent`: a socket may still be sending from the block, so its memory is not reused. */
  release(lent: boolean): void {
    const block = this.#block;
    if (block === null) return;
    this.#block = null;
    block.readers--;
    if (lent) block.lent = true;
    this.#stream.shrink();
  }
}

/** A sixteenth of the window, so that forgetting by whole blocks overshoots it by little. */
function blockBytesFor(windowBytes: number): number {
  const wanted = 2 ** Math.floor(Math.log2(Math.max(windowBytes / 16, 1)));
  return Math.min(Math.max(wanted, MIN_BLOCK_BYTES), MAX_BLOCK_BYTES);
}
