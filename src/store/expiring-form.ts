/**
 * What both forms of a hash whose fields can expire do alike (expiring-listpack.ts, expiring-table.ts): each works on the
 * fields below a root block (field-deadlines.ts). Fields past their time are fields like others here, and the root's
 * deadline is not these forms' business. A method that throws ArenaExhausted has changed no field.
 */
import type { Span } from '../base/span.ts';
import type { Address } from '../memory/arena.ts';
import type { FieldVisitor } from './hash-items.ts';

/** Instead of a field's expiry. */
export const NO_EXPIRY = -1;
export const NO_FIELD = -2;

/** What `set` did: the field is new, it was there, it was there and lost its expiry, or the form has no room for it. */
export const ADDED = 0;
export const REPLACED = 1;
export const UNEXPIRED = 2;
export const NO_ROOM = 3;

export interface ExpiringForm {
  /** Fields. */
  length(root: Address): number;

  /** The field's expiry in ms, or NO_EXPIRY or NO_FIELD. If there is one, its value is in `out`. */
  get(root: Address, bytes: Uint8Array, at: number, length: number, out: Span): number;

  /** As `get`, without the value. */
  expiry(root: Address, bytes: Uint8Array, at: number, length: number): number;

  /** Sets a field; it has no expiry afterwards, unless `keep`. */
  set(root: Address, field: Span, value: Span, keep: boolean): number;

  /** Gives a field, which must exist, another expiry in ms (above 0), or none. Its name's bytes must not lie in this hash. */
  setExpiry(root: Address, bytes: Uint8Array, at: number, length: number, expiryMs: number): void;

  /** Removes a field; returns what its expiry was, or NO_FIELD. */
  remove(root: Address, bytes: Uint8Array, at: number, length: number): number;

  /** Expiry of the field that has the earliest, or Infinity. */
  earliest(root: Address): number;

  /** The field with the earliest expiry; there must be one. */
  first(root: Address, out: Span): void;

  /** Fields whose expiry is before `now`. */
  past(root: Address, now: number): number;

  /** Visits every field. `visit` must not use this form. */
  forEach(root: Address, visit: FieldVisitor): void;

  /** A copy of a value, in no index yet. */
  copy(root: Address): Address;
}
