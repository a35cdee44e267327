/**
 * What PFSELFTEST tries: that packed registers keep what is put into them, and that estimates stay near the truth. It works on
 * memory of its own and blocks for some milliseconds.
 */
import { HllHash } from './hll-hash.ts';
import { DENSE_BYTES, denseGet, denseSet, Histogram, REGISTERS } from './hll-registers.ts';

const ELEMENTS = 100_000;
/** Standard errors that an estimate may be off by. */
const TOLERANCE = 5;

/** Undefined if all is well, else what is not. */
export function selfTest(): string | undefined {
  const registers = new Uint8Array(DENSE_BYTES);
  const expected = new Uint8Array(REGISTERS);
  for (let round = 1; round <= 3; round++) {
    for (let i = 0; i < REGISTERS; i++) {
      // Any order and any values will do, if all of both come up.
      const index = (i * 4093 * round) % REGISTERS;
      expected[index] = (i * 7 + round) & 63;
      denseSet(registers, 0, index, expected[index]!);
    }
    for (let i = 0; i < REGISTERS; i++)
      if (denseGet(registers, 0, i) !== expected[i])
        return `Register ${i} should be ${expected[i]} but is ${denseGet(registers, 0, i)}`;
  }
  return estimates(registers.fill(0));
}

function estimates(registers: Uint8Array): string | undefined {
  const hash = new HllHash();
  const histogram = new Histogram();
  const element = new Uint8Array(8);
  const words = new Uint32Array(element.buffer);
  let checkpoint = 1;
  for (let i = 1; i <= ELEMENTS; i++) {
    words[0] = i;
    hash.update(element, 0, element.length);
    const { index, rank } = hash;
    if (rank > denseGet(registers, 0, index)) denseSet(registers, 0, index, rank);
    if (i !== checkpoint) continue;
    checkpoint *= 10;
    histogram.clear();
    histogram.addDense(registers, 0);
    const allowed = Math.max(1, Math.ceil((1.04 / Math.sqrt(REGISTERS)) * TOLERANCE * i));
    const error = Math.abs(histogram.estimate() - i);
    if (error > allowed) return `Too big error. card:${i} abserr:${error}`;
  }
  return undefined;
}
