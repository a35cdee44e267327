/**
 * A byte range, reused as an output parameter on hot paths: functions that find bytes fill a Span
 * instead of returning a new object. The bytes are valid until the next change of the structure they lie in.
 */
export class Span {
  bytes: Uint8Array = NOTHING;
  at = 0;
  length = 0;
}

/** One for all: making an empty array takes longer than many a command does for the rest of its work. */
const NOTHING: Uint8Array = new Uint8Array(0);
