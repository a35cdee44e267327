/**
 * The float arithmetic of INCRBYFLOAT and HINCRBYFLOAT: C's 80-bit long double as x86 Redis uses it.
 *
 * JavaScript has no such type, and doubles give other digits (0.1 + 0.2 must print 0.3). So values are exact here:
 * mantissa * 2^exponent with a bigint mantissa, rounded to 64 bits (ties to even) where the processor rounds: after
 * reading the text and after the addition. Printing is "%.17Lf" without trailing zeros. The results equal redis-server's
 * digit for digit, the largest and smallest magnitudes included.
 */
import { MAX_DOUBLE_TEXT, roundHalfEven, scanHexadecimal } from './doubles.ts';

/** A finite value, or an infinity as { mantissa: 1n or -1n, exponent: Infinity }. */
export interface LongDouble {
  readonly mantissa: bigint;
  readonly exponent: number;
}

const PRECISION = 64;
/** Exponent of the lowest bit of the smallest denormal. */
const LOWEST = -16445;
/** First power of two that overflows. */
const OVERFLOW = 16384;
/** Digits after the point in "%.17Lf". */
const FRACTION_DIGITS = 17;

/** Reads what strtold and Redis accept: decimal or hexadecimal, infinities, no spaces, no NaN, no over- or underflow. */
export function parseLongDouble(bytes: Uint8Array, at: number, length: number): LongDouble | undefined {
  if (length === 0 || length >= MAX_DOUBLE_TEXT) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('latin1');
  const match = /^([+-]?)(?:(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?|(inf|infinity)|0x([0-9a-f.]+(?:p[+-]?\d+)?))$/i.exec(
    text,
  );
  if (match === null) return undefined;
  const sign = match[1] === '-' ? -1n : 1n;
  if (match[5] !== undefined) return { mantissa: sign, exponent: Infinity };
  if (match[6] !== undefined) {
    const parts = scanHexadecimal(match[6]);
    return parts === undefined ? undefined : checked(sign, parts.mantissa, 1n, parts.exponent);
  }
  const fraction = match[3] ?? '';
  const digits = (match[2] ?? '') + fraction;
  if (digits === '') return undefined;
  const mantissa = BigInt(digits);
  const power = Number(match[4] ?? 0) - fraction.length;
  if (mantissa === 0n) return { mantissa, exponent: 0 };
  // Beyond these no digits could bring the value back into range; they also bound the work below.
  if (power > 5000 || power < -5000 - digits.length) return undefined;
  if (power >= 0) return checked(sign, mantissa * 10n ** BigInt(power), 1n, 0);
  return checked(sign, mantissa, 10n ** BigInt(-power), 0);
}

/** a + b rounded to 64 bits, or undefined when the sum is infinite or not a number (Redis refuses both). */
export function addLongDouble(a: LongDouble, b: LongDouble): LongDouble | undefined {
  if (a.exponent === Infinity || b.exponent === Infinity) return undefined;
  if (a.mantissa === 0n) return b;
  if (b.mantissa === 0n) return a;
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = (a.mantissa << BigInt(a.exponent - exponent)) + (b.mantissa << BigInt(b.exponent - exponent));
  if (sum === 0n) return { mantissa: 0n, exponent: 0 };
  return sum < 0n ? checked(-1n, -sum, 1n, exponent) : checked(1n, sum, 1n, exponent);
}

/** value * factor rounded to 64 bits, then up to an integer; undefined for an infinite value. */
export function ceilProduct(value: LongDouble, factor: bigint): bigint | undefined {
  if (value.exponent === Infinity) return undefined;
  const negative = value.mantissa < 0n;
  let magnitude = (negative ? -value.mantissa : value.mantissa) * factor;
  let { exponent } = value;
  const drop = bitLength(magnitude) - PRECISION;
  if (drop > 0) {
    magnitude = roundHalfEven(magnitude, BigInt(drop));
    exponent += drop;
  }
  if (exponent >= 0) magnitude <<= BigInt(exponent);
  else {
    const below = BigInt(-exponent);
    const whole = magnitude >> below;
    magnitude = !negative && whole << below !== magnitude ? whole + 1n : whole;
  }
  return negative ? -magnitude : magnitude;
}

/** "%.17Lf" without trailing zeros, and without a point that nothing follows. */
export function formatLongDouble(value: LongDouble): string {
  const negative = value.mantissa < 0n;
  if (value.exponent === Infinity) return negative ? '-inf' : 'inf';
  const magnitude = negative ? -value.mantissa : value.mantissa;
  let scaled = magnitude * 10n ** BigInt(FRACTION_DIGITS);
  if (value.exponent >= 0) scaled <<= BigInt(value.exponent);
  else scaled = roundHalfEven(scaled, BigInt(-value.exponent));
  const digits = scaled.toString().padStart(FRACTION_DIGITS + 1, '0');
  let end = digits.length;
  const point = digits.length - FRACTION_DIGITS;
  while (end > point && digits.charCodeAt(end - 1) === 0x30) end--;
  const whole = digits.slice(0, point);
  if (end > point) return `${negative ? '-' : ''}${whole}.${digits.slice(point, end)}`;
  return negative && whole !== '0' ? `-${whole}` : whole;
}

/** sign * numerator / denominator * 2^exponent rounded to long double; undefined on overflow or underflow to zero. */
function checked(sign: bigint, numerator: bigint, denominator: bigint, exponent: number): LongDouble | undefined {
  if (numerator === 0n) return { mantissa: 0n, exponent: 0 };
  if (exponent > 100_000 || exponent < -100_000) return undefined;
  // Scale the quotient to at least 66 bits; the remainder, if any, becomes a sticky lowest bit.
  const shift = Math.max(0, PRECISION + 3 + bitLength(denominator) - bitLength(numerator));
  const scaled = numerator << BigInt(shift);
  let quotient = scaled / denominator;
  if (quotient * denominator !== scaled) quotient = (quotient << 1n) | 1n;
  else quotient <<= 1n;
  let power = exponent - shift - 1;
  const drop = Math.max(bitLength(quotient) - PRECISION, LOWEST - power);
  if (drop > 0) {
    quotient = roundHalfEven(quotient, BigInt(drop));
    power += drop;
  }
  if (quotient === 0n || bitLength(quotient) + power > OVERFLOW) return undefined;
  return { mantissa: sign * quotient, exponent: power };
}

function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return hex.length * 4 - Math.clz32(Number.parseInt(hex[0]!, 16)) + 28;
}
