/**
 * A byte range, reused as an output parameter on hot paths: functions that find bytes fill a Span
 * instead of returning a new object. The bytes are valid until the next change of the structure they lie in.
 */
import { NOTHING } from './nothing.ts';

export class Span {
  bytes: Uint8Array = NOTHING;
  at = 0;
  length = 0;
}
