/**
 * Calls V8's garbage collector. There is no function for it: the collector is shown a plain buffer of a size that matters to it,
 * which nothing ever touches. It then marks, little by little; of a server's small heap that takes some milliseconds,
 * whatever the data.
 */

/** More than V8 lets buffers grow before it starts to mark. */
const SHOWN_BYTES: number = 72 * 1024 * 1024;

export function callCollector(): void {
  try {
    void new ArrayBuffer(SHOWN_BYTES);
  } catch {
    // Where there is no memory for it, it has run already.
  }
}
