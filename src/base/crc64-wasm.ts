/**
 * The inner loop of CRC-64 as a WebAssembly function: WebAssembly has 64-bit integers, JavaScript two halves, which take three
 * times as long. The module is put together here, byte by byte, from the loop below; there is nothing to download or compile
 * beforehand.
 *
 *   memory:  | 8 tables of 256 x u64 | sum: u64 | ... | DATA_AT: bytes to add |
 *
 *   do { x = sum ^ u64[at];  sum = T7[x & 255] ^ T6[x >> 8 & 255] ^ ... ^ T0[x >> 56];  at += 8 } while (at < end)
 */

/** As much of the standard interface as is used; the configured libraries do not describe it. */
declare const WebAssembly:
  | {
      readonly Module: new (bytes: Uint8Array) => object;
      readonly Instance: new (module: object) => { readonly exports: { readonly [name: string]: unknown } };
    }
  | undefined;

const TABLE_BYTES = 2048;
const SUM_AT: number = 8 * TABLE_BYTES;
const DATA_AT: number = SUM_AT + 64;
const PAGE_BYTES = 65536;
const PAGES = 2;
/** Bytes that one call takes: a multiple of eight. */
const DATA_BYTES: number = (PAGES * PAGE_BYTES - DATA_AT) & ~7;

/** Adds `length` bytes, a multiple of eight, to the sum in `halves` ([0] low, [1] high). */
export type Crc64Loop = (halves: Int32Array, bytes: Uint8Array, at: number, length: number) => void;

/** `tables`: low and high halves of table 0 to 7. Undefined where WebAssembly is switched off. */
export function makeCrc64Loop(tables: readonly { lo: Int32Array; hi: Int32Array }[]): Crc64Loop | undefined {
  if (typeof WebAssembly === 'undefined') return undefined;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()));
  const { buffer } = exports['memory'] as { readonly buffer: ArrayBuffer };
  const update = exports['update'] as (at: number, end: number) => void;
  const words = new Int32Array(buffer, 0, SUM_AT / 4);
  for (const [t, { lo, hi }] of tables.entries())
    for (let i = 0; i < 256; i++) {
      words[(t * 256 + i) * 2] = lo[i]!;
      words[(t * 256 + i) * 2 + 1] = hi[i]!;
    }
  const sum = new Int32Array(buffer, SUM_AT, 2);
  // Holds bytes only while the loop runs.
  const data = new Uint8Array(buffer, DATA_AT, DATA_BYTES);
  return (halves, bytes, at, length) => {
    sum[0] = halves[0]!;
    sum[1] = halves[1]!;
    for (let done = 0; done < length;) {
      const piece = Math.min(length - done, DATA_BYTES);
      data.set(bytes.subarray(at + done, at + done + piece));
      update(DATA_AT, DATA_AT + piece);
      done += piece;
    }
    halves[0] = sum[0]!;
    halves[1] = sum[1]!;
  };
}

const I32 = 0x7f;
const I64 = 0x7e;
const LOCAL_AT = 0;
const LOCAL_END = 1;
const LOCAL_SUM = 2;
const op = {
  loop: 0x03,
  end: 0x0b,
  branchIf: 0x0d,
  get: 0x20,
  set: 0x21,
  tee: 0x22,
  loadI64: 0x29,
  storeI64: 0x37,
  constI32: 0x41,
  constI64: 0x42,
  lessI32: 0x49,
  addI32: 0x6a,
  andI32: 0x71,
  xorI64: 0x85,
  shiftLeftI64: 0x86,
  shiftRightI64: 0x88,
  wrapI64: 0xa7,
} as const;
const NO_RESULT = 0x40;
/** Alignment hints of loads and stores: none, and eight bytes. */
const UNALIGNED = 0;
const ALIGNED = 3;

function moduleBytes(): Uint8Array {
  const text = (word: string): number[] => [word.length, ...Buffer.from(word, 'latin1')];
  const section = (id: number, content: readonly number[]): number[] => [id, ...unsigned(content.length), ...content];
  const body = [1, 1, I64, ...loopCode(), op.end];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 2, I32, I32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, PAGES]),
    ...section(7, [2, ...text('memory'), 2, 0, ...text('update'), 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}

function loopCode(): number[] {
  const code: number[] = [];
  code.push(op.constI32, ...signed(SUM_AT), op.loadI64, ALIGNED, 0, op.set, LOCAL_SUM);
  code.push(op.loop, NO_RESULT);
  code.push(op.get, LOCAL_SUM, op.get, LOCAL_AT, op.loadI64, UNALIGNED, 0, op.xorI64, op.set, LOCAL_SUM);
  for (let byte = 0; byte < 8; byte++) {
    // The byte times eight: the offset of its entry in a table.
    const shift = byte * 8 - 3;
    code.push(op.get, LOCAL_SUM, op.constI64, ...signed(Math.abs(shift)));
    code.push(shift < 0 ? op.shiftLeftI64 : op.shiftRightI64, op.wrapI64, op.constI32, ...signed(255 * 8), op.andI32);
    code.push(op.loadI64, ALIGNED, ...unsigned((7 - byte) * TABLE_BYTES));
    if (byte > 0) code.push(op.xorI64);
  }
  code.push(op.set, LOCAL_SUM);
  code.push(
    op.get,
    LOCAL_AT,
    op.constI32,
    8,
    op.addI32,
    op.tee,
    LOCAL_AT,
    op.get,
    LOCAL_END,
    op.lessI32,
    op.branchIf,
    0,
  );
  code.push(op.end);
  code.push(op.constI32, ...signed(SUM_AT), op.get, LOCAL_SUM, op.storeI64, ALIGNED, 0);
  return code;
}

/** LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return bytes;
}

/** LEB128 of a signed number that is not negative. */
function signed(value: number): number[] {
  const bytes = unsigned(value);
  const last = bytes.at(-1)!;
  if (last < 64) return bytes;
  // The sign bit must stay clear.
  bytes[bytes.length - 1] = last | 128;
  bytes.push(0);
  return bytes;
}
