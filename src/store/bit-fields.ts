/**
 * Integers of 1 to 64 bits anywhere in a string value (BITFIELD): reading, writing, and what happens to one that is too
 * large for its field. Up to 32 bits they are numbers, above bigints: every step is exact.
 */
import type { Address } from '../memory/arena.ts';
import { Span } from '../base/span.ts';
import type { Keyspace } from './keyspace.ts';

export interface FieldType {
  readonly signed: boolean;
  /** 1 to 64, unsigned ones up to 63. */
  readonly bits: number;
}

export const WRAP = 0;
export const SAT = 1;
export const FAIL = 2;

/** Fields up to this width are numbers. */
const NARROW_BITS = 32;
const INT64_MAX = 2n ** 63n - 1n;

export class BitFields {
  readonly #space: Keyspace;
  readonly #span: Span = new Span();

  constructor(space: Keyspace) {
    this.#space = space;
  }

  /** The field at a bit offset; entry 0 is the empty value, and bits behind a value's end are 0. */
  read(entry: Address, offset: number, type: FieldType): number | bigint {
    const { bits, signed } = type;
    if (entry === 0) return bits <= NARROW_BITS ? 0 : 0n;
    const value = this.#space.entries.value(entry, this.#span);
    if (bits <= NARROW_BITS) {
      const raw = readBits(value, offset, bits);
      return signed && raw >= 2 ** (bits - 1) ? raw - 2 ** bits : raw;
    }
    const high = readBits(value, offset, bits - 32);
    const raw = (BigInt(high) << 32n) | BigInt(readBits(value, offset + bits - 32, 32));
    return signed ? BigInt.asIntN(bits, raw) : raw;
  }

  /** Writes a field that lies within the value. */
  write(entry: Address, offset: number, type: FieldType, field: number | bigint): void {
    const { bits } = type;
    const value = this.#space.entries.value(entry, this.#span);
    if (bits <= NARROW_BITS) {
      const number = Number(field);
      writeBits(value, offset, bits, number < 0 ? number + 2 ** bits : number);
      return;
    }
    const raw = BigInt.asUintN(bits, BigInt(field));
    writeBits(value, offset, bits - 32, Number(raw >> 32n));
    writeBits(value, offset + bits - 32, 32, Number(raw & 0xffff_ffffn));
  }
}

/** The int64 `given` as a field of this type, undefined where it does not fit and `overflow` is FAIL. */
export function assigned(given: number | bigint, type: FieldType, overflow: number): number | bigint | undefined {
  const { bits, signed } = type;
  // An unsigned field takes a negative number as the unsigned one with the same 64 bits.
  if (!signed) return fitted(given < 0 ? BigInt.asUintN(64, BigInt(given)) : given, type, overflow);
  // Where the distance from the largest value is no int64, Redis takes the number for a large one.
  if (overflow === SAT && bits < 64 && typeof given === 'bigint' && given < 2n ** BigInt(bits - 1) - 1n - INT64_MAX)
    return fitted(INT64_MAX, type, SAT);
  return fitted(given, type, overflow);
}

/** The sum of a field and an int64, undefined where it does not fit and `overflow` is FAIL. */
export function increased(
  field: number | bigint,
  by: number | bigint,
  type: FieldType,
  overflow: number,
): number | bigint | undefined {
  if (typeof field === 'number' && typeof by === 'number') {
    const sum = field + by;
    if (Number.isSafeInteger(sum)) return fitted(sum, type, overflow);
  }
  return fitted(BigInt(field) + BigInt(by), type, overflow);
}

function fitted(exact: number | bigint, type: FieldType, overflow: number): number | bigint | undefined {
  const { bits, signed } = type;
  if (typeof exact === 'number' && bits <= NARROW_BITS) {
    const size = 2 ** bits;
    const min = signed ? -size / 2 : 0;
    const max = min + size - 1;
    if (exact >= min && exact <= max) return exact;
    if (overflow === FAIL) return undefined;
    if (overflow === SAT) return exact < min ? min : max;
    const raw = ((exact % size) + size) % size;
    return raw > max ? raw - size : raw;
  }
  const wide = BigInt(exact);
  const wrapped = signed ? BigInt.asIntN(bits, wide) : BigInt.asUintN(bits, wide);
  if (wrapped === wide || overflow === WRAP) return wrapped;
  if (overflow === FAIL) return undefined;
  if (!signed) return wide < 0n ? 0n : 2n ** BigInt(bits) - 1n;
  const limit = 2n ** BigInt(bits - 1);
  return wide < 0n ? -limit : limit - 1n;
}

/** Up to 32 bits as an unsigned number. They and what shares their bytes take 5 bytes at most, which a double holds exactly. */
function readBits(value: Span, offset: number, bits: number): number {
  const first = Math.floor(offset / 8);
  const count = ((offset % 8) + bits + 7) >>> 3;
  let all = 0;
  for (let i = first; i < first + count; i++) all = all * 256 + (i < value.length ? value.bytes[value.at + i]! : 0);
  return Math.floor(all / 2 ** (count * 8 - (offset % 8) - bits)) % 2 ** bits;
}

function writeBits(value: Span, offset: number, bits: number, raw: number): void {
  const first = value.at + Math.floor(offset / 8);
  const count = ((offset % 8) + bits + 7) >>> 3;
  let all = 0;
  for (let i = first; i < first + count; i++) all = all * 256 + value.bytes[i]!;
  const below = 2 ** (count * 8 - (offset % 8) - bits);
  const above = below * 2 ** bits;
  all = Math.floor(all / above) * above + raw * below + (all % below);
  for (let i = first + count - 1; i >= first; i--) {
    value.bytes[i] = all % 256;
    all = Math.floor(all / 256);
  }
}
