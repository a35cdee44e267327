/**
 * Buffers of shared memory that were given up, and that the garbage collector has yet to find. It does not count shared memory, so
 * it sees no reason to run: deleting large values over and over, or a flush, would leave all of that memory taken for as long as
 * the server has little else to do.
 *
 * So now and then the collector is called. That takes some milliseconds, and so waits until it is worth it. Until then what waits
 * may serve again: `take` gives pieces of it, and new memory only when there is nothing left. It is held weakly, so the collector
 * may come whenever it likes.
 */
import { callCollector } from '../base/collector.ts';

const MIB: number = 1024 * 1024;

/** This much may wait, or a share of what is held, if that is more. */
export const WAITING_BYTES: number = 256 * MIB;
const WAITING_SHARE = 8;
/** Of larger buffers no pieces are taken: a piece keeps all of its buffer from the collector. */
export const MAX_SERVING_AGAIN_BYTES: number = 64 * MIB;

/** Bytes from `at` to `end` of a buffer, which nobody uses. */
interface Remnant {
  readonly buffer: WeakRef<SharedArrayBuffer>;
  at: number;
  readonly end: number;
}

export class DroppedBuffers {
  /** Given up since the collector was called the last time, and not taken again. */
  bytes = 0;
  readonly #remnants: Remnant[] = [];
  /** The last that pieces were taken of. It serves until it is used up: few buffers are kept by few pieces each. */
  #begun: Remnant | undefined;

  /** These bytes are not used any more. Nobody may read them from now on. */
  giveUp({ buffer, byteOffset, length }: Uint8Array<SharedArrayBuffer>): void {
    this.bytes += length;
    if (buffer.byteLength > MAX_SERVING_AGAIN_BYTES || this.bytes > WAITING_BYTES) return;
    this.#remnants.push({ buffer: new WeakRef(buffer), at: byteOffset, end: byteOffset + length });
  }

  /** So many bytes are not used any more, but somebody may still read them: they wait for the collector only. */
  abandon(length: number): void {
    this.bytes += length;
  }

  /** So many bytes with any content. Throws a RangeError when there is no more memory. */
  take(length: number): Uint8Array<SharedArrayBuffer> {
    for (let from = this.#begun ?? this.#remnants.pop(); from !== undefined; from = this.#remnants.pop()) {
      const { at } = from;
      const buffer = from.end - at < length ? undefined : from.buffer.deref();
      if (buffer === undefined) continue;
      this.#begun = from;
      from.at += length;
      this.bytes -= length;
      return new Uint8Array(buffer, at, length);
    }
    this.#begun = undefined;
    return new Uint8Array(new SharedArrayBuffer(length));
  }

  /** Calls the collector if that is worth it; `heldBytes` are in use. True if it did. */
  collect(heldBytes: number): boolean {
    if (this.bytes < Math.max(WAITING_BYTES, heldBytes / WAITING_SHARE)) return false;
    this.#remnants.length = 0;
    // What is begun stays as long as its pieces do.
    if (this.#begun?.buffer.deref() === undefined) this.#begun = undefined;
    this.bytes = this.#begun === undefined ? 0 : this.#begun.end - this.#begun.at;
    callCollector();
    return true;
  }
}
