/**
 * Doubles as text: scores in and out.
 *
 * Reading accepts what C's strtod accepts and Redis lets through: decimals, exponents, "inf" and "infinity" in any case,
 * hexadecimal floats; no surrounding spaces, no NaN, nothing that overflows, nor a nonzero that underflows to zero.
 * Writing is printf's "%.17g", which is how Redis 7.0 replies scores: 0.1 comes back as 0.10000000000000001.
 */

/** Longest text read as a double; Redis's own buffer for long doubles has this size. */
export const MAX_DOUBLE_TEXT: number = 5 * 1024;

const POWERS_OF_TEN: readonly number[] = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const MAX_SAFE = Number.MAX_SAFE_INTEGER;

/** The double, possibly infinite, or NaN when the text is not one. */
export function parseDouble(bytes: Uint8Array, at: number, length: number): number {
  if (length === 0 || length > MAX_DOUBLE_TEXT) return NaN;
  const end = at + length;
  let i = at;
  let c = bytes[i]!;
  const negative = c === 0x2d;
  if (negative || c === 0x2b) {
    if (++i === end) return NaN;
    c = bytes[i]!;
  }
  const start = i;
  if (c === 0x49 || c === 0x69) return parseInfinity(bytes, i, end, negative);
  if (c === 0x30 && i + 1 < end && (bytes[i + 1]! | 0x20) === 0x78) {
    const value = parseHexadecimal(bytes, i + 2, end);
    return negative ? -value : value;
  }
  let mantissa = 0;
  let digits = 0;
  let fraction = 0;
  let point = false;
  for (; i < end; i++) {
    c = bytes[i]!;
    if (c >= 0x30 && c <= 0x39) {
      mantissa = mantissa * 10 + (c - 0x30);
      digits++;
      if (point) fraction++;
    } else if (c === 0x2e && !point) {
      point = true;
    } else break;
  }
  if (digits === 0) return NaN;
  if (i === end && mantissa <= MAX_SAFE && fraction <= 22) {
    // Both operands are exact, so the one division rounds correctly.
    const value = mantissa / POWERS_OF_TEN[fraction]!;
    return negative ? -value : value;
  }
  if (i < end && !isExponent(bytes, i, end)) return NaN;
  const value = Number(latin1(bytes, start, end));
  if (value === Infinity || (value === 0 && mantissa !== 0)) return NaN;
  return negative ? -value : value;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

/** Whether [at, end) is an exponent part: e, an optional sign, digits. */
function isExponent(bytes: Uint8Array, at: number, end: number): boolean {
  if ((bytes[at]! | 0x20) !== 0x65) return false;
  let i = at + 1;
  if (i < end && (bytes[i] === 0x2d || bytes[i] === 0x2b)) i++;
  if (i === end) return false;
  for (; i < end; i++) if (bytes[i]! < 0x30 || bytes[i]! > 0x39) return false;
  return true;
}

function parseInfinity(bytes: Uint8Array, at: number, end: number, negative: boolean): number {
  const text = end - at === 3 || end - at === 8 ? latin1(bytes, at, end).toLowerCase() : '';
  if (text !== 'inf' && text !== 'infinity') return NaN;
  return negative ? -Infinity : Infinity;
}

/** A hexadecimal float without sign and "0x": digits with an optional point, then optionally p and a binary exponent. */
function parseHexadecimal(bytes: Uint8Array, at: number, end: number): number {
  const parts = scanHexadecimal(latin1(bytes, at, end));
  if (parts === undefined) return NaN;
  if (parts.mantissa === 0n) return 0;
  const bits = parts.mantissa.toString(2).length;
  const top = parts.exponent + bits - 1; // exponent of the leading bit
  if (top > 1024) return NaN;
  const precision = top >= -1022 ? 53 : 53 + 1022 + top;
  if (precision < 0) return NaN;
  const drop = bits - precision;
  const kept = drop <= 0 ? parts.mantissa : roundHalfEven(parts.mantissa, BigInt(drop));
  const value = scale(Number(kept), parts.exponent + Math.max(drop, 0));
  return value === Infinity || value === 0 ? NaN : value;
}

/** value * 2^exponent where the result is representable or overflows, in steps that stay in range. */
function scale(value: number, exponent: number): number {
  let scaled = value;
  let rest = exponent;
  for (; rest > 1000; rest -= 1000) scaled *= 2 ** 1000;
  for (; rest < -1000; rest += 1000) scaled *= 2 ** -1000;
  return scaled * 2 ** rest;
}

/** mantissa * 2^exponent of hexadecimal float text (after "0x"), or undefined. */
export function scanHexadecimal(text: string): { mantissa: bigint; exponent: number } | undefined {
  const match = /^([0-9a-f]*)(?:\.([0-9a-f]*))?(?:p([+-]?\d+))?$/i.exec(text);
  if (match === null) return undefined;
  const fraction = match[2] ?? '';
  const digits = match[1]! + fraction;
  if (digits === '') return undefined;
  return { mantissa: BigInt(`0x${digits}`), exponent: Number(match[3] ?? 0) - 4 * fraction.length };
}

/** value / 2^shift rounded to the nearest integer, ties to even; shift >= 1. */
export function roundHalfEven(value: bigint, shift: bigint): bigint {
  const quotient = value >> shift;
  const rest = value - (quotient << shift);
  const half = 1n << (shift - 1n);
  return rest > half || (rest === half && (quotient & 1n) === 1n) ? quotient + 1n : quotient;
}

/** "%.17g" of a double; infinities as "inf" and "-inf". */
export function formatDouble(value: number): string {
  if (Number.isInteger(value) && value > -1e17 && value < 1e17) {
    // Exact digits: the shortest form JavaScript prints would end in zeros beyond 2^53.
    if (value === 0) return Object.is(value, -0) ? '-0' : '0';
    return Number.isSafeInteger(value) ? String(value) : BigInt(value).toString();
  }
  if (value === Infinity) return 'inf';
  if (value === -Infinity) return '-inf';
  const text = exponential17(value);
  const mark = text.indexOf('e');
  const sign = value < 0 ? '-' : '';
  let digits = text.slice(sign.length, mark).replace('.', '');
  let exponent = Number(text.slice(mark + 1));
  let end = digits.length;
  while (end > 1 && digits.charCodeAt(end - 1) === 0x30) end--;
  digits = digits.slice(0, end);
  if (exponent >= -4 && exponent < 17) {
    if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
    if (digits.length <= exponent + 1) return sign + digits.padEnd(exponent + 1, '0');
    return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
  }
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  const exponentSign = exponent < 0 ? '-' : '+';
  exponent = Math.abs(exponent);
  return `${sign}${digits[0]!}${fraction}e${exponentSign}${exponent < 10 ? '0' : ''}${exponent}`;
}

/** toExponential(16), but with exact ties rounded to even as C does; JavaScript rounds them away from zero. */
function exponential17(value: number): string {
  const rounded = value.toExponential(16);
  // A tie has 18 significant digits, the last a 5. Below 10^17 that takes a multiple of 2^-(digits after the point).
  const exponent = Number(rounded.slice(rounded.indexOf('e') + 1));
  if (exponent < 17 && !Number.isInteger(value * 2 ** (17 - exponent))) return rounded;
  const exact = value.toExponential(100);
  const exactMark = exact.indexOf('e');
  const head = exactMark - 84;
  if (!/^50*$/.test(exact.slice(head, exactMark))) return rounded;
  const last = exact.charCodeAt(head - 1) - 0x30;
  return last % 2 === 0 ? exact.slice(0, head) + exact.slice(exactMark) : rounded;
}
