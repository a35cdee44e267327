/**
 * The replication backlog: the newest bytes of the stream, so that a replica which lost its link
 * briefly gets what it missed instead of a full resync.
 *
 *   offsets:  1 ........ start ............ end = masterReplOffset
 *            (forgotten) |<---- length ---->|      Invariant: start + length - 1 === end
 *
 * It exists from the first replica on (before that nobody could ask) until `repl-backlog-ttl` has passed without any.
 * As in Redis 7 it may hold more than its size: what a slow replica still pins serves others too.
 */
import { assert } from '../base/assert.ts';
import type { DroppedBuffers } from '../memory/dropped-buffers.ts';
import { type Cursor, StreamBuffer } from './stream.ts';

export class Backlog {
  /** Null while inactive. Hot paths test this field. */
  stream: StreamBuffer | null = null;
  readonly #wantedBytes: () => number;
  readonly #memory: DroppedBuffers;

  constructor(wantedBytes: () => number, memory: DroppedBuffers) {
    this.#wantedBytes = wantedBytes;
    this.#memory = memory;
  }

  get active(): boolean {
    return this.stream !== null;
  }

  /** Offset of the oldest byte; 0 while inactive, as INFO shows it. */
  get start(): number {
    return this.stream === null ? 0 : this.stream.first;
  }

  get length(): number {
    return this.stream === null ? 0 : this.stream.length;
  }

  /** The byte after `masterReplOffset` will be the first one. */
  create(masterReplOffset: number): void {
    assert(this.stream === null, 'the backlog exists already');
    this.stream = new StreamBuffer(masterReplOffset + 1, this.wantedBytes, this.#memory);
  }

  free(): void {
    // A socket may still send from it.
    this.#memory.abandon(this.stream?.allocatedBytes ?? 0);
    this.stream = null;
  }

  /** What it is to keep: `repl-backlog-size`, bytes. */
  get wantedBytes(): number {
    return this.#wantedBytes();
  }

  /** Follows `wantedBytes`. */
  resize(): void {
    const { wantedBytes } = this;
    if (this.stream !== null && this.stream.windowBytes !== wantedBytes) this.stream.resize(wantedBytes);
  }

  /** Whether a replica whose next byte is `offset` can be served. */
  covers(offset: number): boolean {
    return this.stream !== null && offset >= this.stream.first && offset <= this.stream.end + 1;
  }

  cursorAt(offset: number): Cursor {
    assert(this.stream !== null, 'no backlog to read from');
    return this.stream.cursorAt(offset);
  }
}
