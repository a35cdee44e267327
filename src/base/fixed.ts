/**
 * Doubles with a fixed number of decimals, as printf's "%.4f" writes them: exact ties go to the even digit, where JavaScript's
 * toFixed takes the larger one.
 */

/** Digits up to which a value below 1e21 is written by toFixed. */
const PLAIN_BELOW = 1e21;

/** `decimals` 0..17. */
export function formatFixed(value: number, decimals: number): string {
  if (value !== value) return 'nan';
  if (value === Infinity || value === -Infinity) return value > 0 ? 'inf' : '-inf';
  if (Math.abs(value) >= PLAIN_BELOW) return `${BigInt(value)}.${'0'.repeat(decimals)}`;
  const sign = Object.is(value, -0) ? '-' : '';
  const text = sign + value.toFixed(decimals);
  // A tie lies half way between two decimals: twice the value, shifted that far, is odd. Only multiples of a power of two can be.
  if (!Number.isInteger(value * 2 ** (decimals + 1)) || Number.isInteger(value * 2 ** decimals)) return text;
  const last = text.charCodeAt(text.length - 1) - 0x30;
  return last % 2 === 0 ? text : text.slice(0, -1) + String(last - 1);
}

/** At most 17 decimals without zeros at the end: how coordinates are replied. */
export function formatHuman(value: number): string {
  const text = formatFixed(value, 17).replace(/\.?0+$/, '');
  return text === '-0' ? '0' : text;
}
