/**
 * Buffers of the arena that were given up, and that the garbage collector has yet to find. It does not count shared memory, so it
 * sees no reason to run: deleting large values over and over, or a flush, would leave all of that memory taken for as long as
 * the server has little else to do.
 *
 * So now and then it is shown a plain buffer of a size that matters to it, which nothing ever touches: it then marks, mostly in the
 * background. That takes some milliseconds of a server's small heap, whatever the data, and so waits until it is worth it.
 */
const MIB: number = 1024 * 1024;

/** This much may wait, or a share of what is held, if that is more. */
export const WAITING_BYTES: number = 256 * MIB;
const WAITING_SHARE = 8;
/** More than V8 lets buffers grow before it starts to mark. */
const SHOWN_BYTES: number = 72 * MIB;

export class DroppedBuffers {
  /** Since the collector was called the last time. */
  bytes = 0;

  /** Calls the collector if that is worth it; `heldBytes` are in use. True if it did. */
  collect(heldBytes: number): boolean {
    if (this.bytes < Math.max(WAITING_BYTES, heldBytes / WAITING_SHARE)) return false;
    this.bytes = 0;
    try {
      void new ArrayBuffer(SHOWN_BYTES);
    } catch {
      // Where there is no memory for it, it has run already.
    }
    return true;
  }
}
