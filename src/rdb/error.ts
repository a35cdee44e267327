/**
 * Why an RDB file or payload cannot be read. The reader throws nothing else, whatever the bytes.
 */
export class RdbError extends Error {
  override name = 'RdbError';
  /** What is wrong, without the position. */
  readonly reason: string;
  /** Bytes from the start of the input to the item that holds the fault. */
  readonly offset: number;

  constructor(reason: string, offset: number) {
    super(`${reason} (at byte ${offset})`);
    this.reason = reason;
    this.offset = offset;
  }
}

/** A fault without its position: what the decoders throw and the reader turns into an RdbError. */
export class Malformed extends Error {
  override name = 'Malformed';
}
