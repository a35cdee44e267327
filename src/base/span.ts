/**
 * A byte range, reused as an output parameter on hot paths: functions that find bytes fill a Span
 * instead of returning a new object. The bytes are valid until the next change of the structure they lie in.
 */
export class Span {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  length = 0;
}
