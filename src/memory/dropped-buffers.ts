/**
 * Buffers of the arena that were given up, and that the garbage collector has yet to find. It does not count shared memory, so it
 * sees no reason to run: deleting large values over and over, or a flush, would leave all of that memory taken for as long as
 * the server has little else to do.
 *
 * So now and then the collector is called. That takes some milliseconds, and so waits until it is worth it.
 */
import { callCollector } from '../base/collector.ts';

const MIB: number = 1024 * 1024;

/** This much may wait, or a share of what is held, if that is more. */
export const WAITING_BYTES: number = 256 * MIB;
const WAITING_SHARE = 8;

export class DroppedBuffers {
  /** Since the collector was called the last time. */
  bytes = 0;

  /** Calls the collector if that is worth it; `heldBytes` are in use. True if it did. */
  collect(heldBytes: number): boolean {
    if (this.bytes < Math.max(WAITING_BYTES, heldBytes / WAITING_SHARE)) return false;
    this.bytes = 0;
    callCollector();
    return true;
  }
}
