/**
 * The sparse form of a HyperLogLog: runs of equal registers, from register 0 to the last.
 *
 *   00nnnnnn            n + 1 registers are 0
 *   01nnnnnn nnnnnnnn   n + 1 registers are 0 (higher bits first)
 *   1rrrrrnn            n + 1 registers have rank r + 1
 *
 * Bytes come from clients (SET, RESTORE), so a reader checks that the runs end with the last register.
 */
import { type Histogram, REGISTERS } from './hll-registers.ts';

/** Highest rank the sparse form can hold. */
export const SPARSE_RANK_MAX = 32;
export const RANK_RUN_MAX = 4;
const SHORT_ZEROS_MAX = 64;

export function isRankRun(byte: number): boolean {
  return (byte & 0x80) !== 0;
}

export function rankRun(rank: number, length: number): number {
  return 0x80 | ((rank - 1) << 2) | (length - 1);
}

/** The rank of the run that starts with this byte, 0 for zeros. */
export function rankOf(byte: number): number {
  return isRankRun(byte) ? ((byte >>> 2) & 31) + 1 : 0;
}

/** Bytes of the run that starts with this byte. */
export function runBytes(byte: number): number {
  return (byte & 0xc0) === 0x40 ? 2 : 1;
}

/** Registers of the run at `at`. */
export function runLength(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]!;
  if (isRankRun(byte)) return (byte & 3) + 1;
  return runBytes(byte) === 2 ? (((byte & 63) << 8) | bytes[at + 1]!) + 1 : (byte & 63) + 1;
}

/** Writes a run of zeros of 1 to 16384 registers, returns where it ends. */
export function writeZeros(bytes: Uint8Array, at: number, length: number): number {
  const code = length - 1;
  if (length <= SHORT_ZEROS_MAX) {
    bytes[at] = code;
    return at + 1;
  }
  bytes[at] = 0x40 | (code >>> 8);
  bytes[at + 1] = code & 0xff;
  return at + 2;
}

/** Whether bytes[at..end) are runs of exactly all registers. */
export function isWhole(bytes: Uint8Array, at: number, end: number): boolean {
  let registers = 0;
  let i = at;
  while (i < end) {
    if (i + runBytes(bytes[i]!) > end) return false;
    registers += runLength(bytes, i);
    i += runBytes(bytes[i]!);
  }
  return registers === REGISTERS;
}

/** Raises registers, one a byte, to those of a value that `isWhole`. */
export function raiseToSparse(registers: Uint8Array, bytes: Uint8Array, at: number, end: number): void {
  let index = 0;
  for (let i = at; i < end; i += runBytes(bytes[i]!)) {
    const rank = rankOf(bytes[i]!);
    const stop = index + runLength(bytes, i);
    if (rank === 0) index = stop;
    else for (; index < stop; index++) if (rank > registers[index]!) registers[index] = rank;
  }
}

/** Adds a value that `isWhole` to a histogram. */
export function countSparse(histogram: Histogram, bytes: Uint8Array, at: number, end: number): void {
  for (let i = at; i < end; i += runBytes(bytes[i]!)) histogram.counts[rankOf(bytes[i]!)]! += runLength(bytes, i);
}

/** The runs as PFDEBUG DECODE shows them. */
export function describe(bytes: Uint8Array, at: number, end: number): string {
  const words: string[] = [];
  for (let i = at; i < end; i += runBytes(bytes[i]!)) {
    const byte = bytes[i]!;
    // A run cut off by the end of the value shows as if a zero followed.
    const length = i + runBytes(byte) > end ? ((byte & 63) << 8) + 1 : runLength(bytes, i);
    if (isRankRun(byte)) words.push(`v:${rankOf(byte)},${length}`);
    else words.push(`${runBytes(byte) === 2 ? 'Z' : 'z'}:${length}`);
  }
  return words.join(' ');
}
