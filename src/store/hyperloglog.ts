/**
 * HyperLogLogs: strings in Redis's binary format, byte for byte, as clients may GET them and full syncs carry them.
 *
 *   bytes 0-3    "HYLL"
 *   byte 4       0 dense, 1 sparse; bytes 5-7 unused
 *   bytes 8-15   cached cardinality, little endian; its highest bit says that it is out of date
 *   byte 16      dense: registers of six bits each (hll-registers.ts); sparse: runs (hll-sparse.ts)
 *
 * A method that adds may move the entry: `entry` holds its address afterwards. CORRUPTED says that the runs of a sparse value
 * are nonsense.
 */
import type { Address } from '../memory/arena.ts';
import { copyBytes, moveBytes } from '../base/copy.ts';
import { Span } from '../base/span.ts';
import type { Database } from './database.ts';
import { ENC_RAW } from './entry.ts';
import { HllHash } from './hll-hash.ts';
import { DENSE_BYTES, denseGet, denseSet, Histogram, pack, raiseToDense, REGISTERS } from './hll-registers.ts';
import {
  countSparse,
  describe,
  isRankRun,
  isWhole,
  RANK_RUN_MAX,
  raiseToSparse,
  rankOf,
  rankRun,
  runBytes,
  runLength,
  SPARSE_RANK_MAX,
  writeZeros,
} from './hll-sparse.ts';
import type { Keyspace } from './keyspace.ts';

export const CORRUPTED = -1;
export const UNCHANGED = 0;
export const CHANGED = 1;

const HEADER_BYTES = 16;
const DENSE = 0;
const SPARSE = 1;
const STALE = 0x80;
/** "HYLL", little endian. */
const MAGIC = 0x4c4c5948;
/** After a change, this many runs from the one before it are looked at for neighbours to merge. */
const MERGED_RUNS = 5;

export class HyperLogLogs {
  /** Where the entry is after the last method that changes one. */
  entry: Address = 0;
  readonly #space: Keyspace;
  readonly #span: Span = new Span();
  readonly #hash: HllHash = new HllHash();
  readonly #histogram: Histogram = new Histogram();
  readonly #registers: Uint8Array = new Uint8Array(REGISTERS);
  readonly #dense: Uint8Array = new Uint8Array(HEADER_BYTES + DENSE_BYTES);
  /** The runs that replace one. */
  readonly #runs: Uint8Array = new Uint8Array(8);

  constructor(space: Keyspace) {
    this.#space = space;
  }

  /** Adds an empty HyperLogLog under a key that must be absent. */
  create(db: Database, bytes: Uint8Array, at: number, length: number): Address {
    const head = this.#dense;
    head.fill(0, 0, HEADER_BYTES);
    writeMagic(head, SPARSE);
    const end = writeZeros(head, HEADER_BYTES, REGISTERS);
    this.entry = db.setString(bytes, at, length, head, 0, end, -1);
    this.#space.entries.setEncoding(this.entry, ENC_RAW);
    return this.entry;
  }

  /** Whether a string entry may be a HyperLogLog, by its header and length. */
  isValid(entry: Address): boolean {
    const { bytes, at, length } = this.#view(entry);
    if (length < HEADER_BYTES) return false;
    if ((bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) !== MAGIC) return false;
    const form = bytes[at + 4]!;
    return form === SPARSE || (form === DENSE && length === HEADER_BYTES + DENSE_BYTES);
  }

  isDense(entry: Address): boolean {
    const { bytes, at } = this.#view(entry);
    return bytes[at + 4] === DENSE;
  }

  /** Adds an element: CHANGED if a register rose. */
  add(db: Database, entry: Address, bytes: Uint8Array, at: number, length: number): number {
    const hash = this.#hash;
    hash.update(bytes, at, length);
    return this.raise(db, entry, hash.index, hash.rank);
  }

  /** Raises a register to a rank. */
  raise(db: Database, entry: Address, index: number, rank: number): number {
    this.entry = entry;
    const { bytes, at } = this.#view(entry);
    if (bytes[at + 4] !== DENSE) return this.#raiseSparse(db, index, rank);
    if (denseGet(bytes, at + HEADER_BYTES, index) >= rank) return UNCHANGED;
    denseSet(bytes, at + HEADER_BYTES, index, rank);
    bytes[at + 15] = bytes[at + 15]! | STALE;
    return CHANGED;
  }

  /** Marks the cached cardinality as out of date. */
  invalidate(entry: Address): void {
    const { bytes, at } = this.#view(entry);
    bytes[at + 15] = bytes[at + 15]! | STALE;
  }

  isStale(entry: Address): boolean {
    const { bytes, at } = this.#view(entry);
    return (bytes[at + 15]! & STALE) !== 0;
  }

  /** The cached cardinality; as an int64 that is negative while it is stale. */
  cached(entry: Address): number | bigint {
    const { bytes, at } = this.#view(entry);
    let high = 0;
    let low = 0;
    for (let i = 7; i >= 4; i--) high = high * 256 + bytes[at + 8 + i]!;
    for (let i = 3; i >= 0; i--) low = low * 256 + bytes[at + 8 + i]!;
    if (high < 0x200000) return high * 0x1_0000_0000 + low;
    return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
  }

  /** Computes the cardinality and caches it: CHANGED, or CORRUPTED. */
  refresh(entry: Address): number {
    const { bytes, at, length } = this.#view(entry);
    const histogram = this.#histogram;
    histogram.clear();
    if (bytes[at + 4] === DENSE) {
      histogram.addDense(bytes, at + HEADER_BYTES);
    } else {
      if (!isWhole(bytes, at + HEADER_BYTES, at + length)) return CORRUPTED;
      countSparse(histogram, bytes, at + HEADER_BYTES, at + length);
    }
    const estimate = histogram.estimate();
    // What no int64 can hold becomes the smallest of them, as x86 converts it.
    const fits = estimate < 2 ** 63;
    let rest = fits ? estimate : 0;
    for (let i = 0; i < 8; i++) {
      bytes[at + 8 + i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    if (!fits) bytes[at + 15] = STALE;
    return CHANGED;
  }

  /** Begins a union: all registers are 0. */
  clearUnion(): void {
    this.#registers.fill(0);
  }

  /** Adds a HyperLogLog to the union: CHANGED, or CORRUPTED. */
  unite(entry: Address): number {
    const { bytes, at, length } = this.#view(entry);
    if (bytes[at + 4] === DENSE) {
      raiseToDense(this.#registers, bytes, at + HEADER_BYTES);
      return CHANGED;
    }
    if (!isWhole(bytes, at + HEADER_BYTES, at + length)) return CORRUPTED;
    raiseToSparse(this.#registers, bytes, at + HEADER_BYTES, at + length);
    return CHANGED;
  }

  /** Cardinality of the union; Infinity where there is none. */
  unionEstimate(): number {
    this.#histogram.clear();
    this.#histogram.addRegisters(this.#registers);
    return this.#histogram.estimate();
  }

  /** The union, one register a byte; overwritten by the next. */
  get union(): Uint8Array {
    return this.#registers;
  }

  /** Raises the entry's registers to those of the union, of which it must be a part. */
  storeUnion(db: Database, entry: Address): void {
    this.entry = entry;
    for (let index = 0; index < REGISTERS; index++) {
      if (this.isDense(this.entry)) {
        const { bytes, at } = this.#view(this.entry);
        pack(this.#registers, bytes, at + HEADER_BYTES);
        break;
      }
      if (this.#registers[index]! > 0) this.raise(db, this.entry, index, this.#registers[index]!);
    }
    this.invalidate(this.entry);
  }

  /** Makes a sparse value dense: CHANGED, UNCHANGED if it was, or CORRUPTED. */
  toDense(db: Database, entry: Address): number {
    this.entry = entry;
    const { bytes, at, length } = this.#view(entry);
    if (bytes[at + 4] === DENSE) return UNCHANGED;
    const from = at + HEADER_BYTES;
    if (!isWhole(bytes, from, at + length)) return CORRUPTED;
    const dense = this.#dense;
    dense.fill(0);
    copyBytes(dense, 0, bytes, at, HEADER_BYTES);
    dense[4] = DENSE;
    let index = 0;
    for (let i = from; i < at + length; i += runBytes(bytes[i]!)) {
      const rank = rankOf(bytes[i]!);
      const stop = index + runLength(bytes, i);
      if (rank > 0) for (let j = index; j < stop; j++) denseSet(dense, HEADER_BYTES, j, rank);
      index = stop;
    }
    this.entry = db.replaceString(entry, dense, 0, dense.length);
    return CHANGED;
  }

  /** A sparse value's runs as text, for PFDEBUG. */
  describe(entry: Address): string {
    const { bytes, at, length } = this.#view(entry);
    return describe(bytes, at + HEADER_BYTES, at + length);
  }

  #view(entry: Address): Span {
    return this.#space.entries.value(entry, this.#span);
  }

  /** Raises a register of the sparse value `this.entry`; makes it dense if the sparse form cannot hold it, or not in its limit. */
  #raiseSparse(db: Database, index: number, rank: number): number {
    if (rank > SPARSE_RANK_MAX) return this.#raiseAsDense(db, index, rank);
    const { bytes, at, length } = this.#view(this.entry);
    const end = at + length;
    let run = at + HEADER_BYTES;
    let before = -1;
    let first = 0;
    let count = 0;
    for (; run < end; run += runBytes(bytes[run]!)) {
      if (run + runBytes(bytes[run]!) > end) return CORRUPTED;
      count = runLength(bytes, run);
      if (index < first + count) break;
      before = run;
      first += count;
    }
    if (run >= end) return CORRUPTED;
    const byte = bytes[run]!;
    const old = rankOf(byte);
    if (old >= rank) return UNCHANGED;
    if (count === 1 && runBytes(byte) === 1) {
      bytes[run] = rankRun(rank, 1);
    } else {
      // The run becomes up to three: what is before the register, the register, and what is behind it.
      const runs = this.#runs;
      const last = first + count - 1;
      let size = this.#writeRun(0, old, index - first);
      runs[size++] = rankRun(rank, 1);
      size = this.#writeRun(size, old, last - index);
      const grown = size - runBytes(byte);
      if (grown > 0 && length + grown > this.#space.settings.hllSparseMaxBytes)
        return this.#raiseAsDense(db, index, rank);
      this.#replaceRun(db, run - at, runBytes(byte), size, length);
    }
    this.#mergeRuns(db, before < 0 ? HEADER_BYTES : before - at);
    return CHANGED;
  }

  #raiseAsDense(db: Database, index: number, rank: number): number {
    return this.toDense(db, this.entry) === CORRUPTED ? CORRUPTED : this.raise(db, this.entry, index, rank);
  }

  /** Writes a run of `count` registers, maybe none, into the replacement, returns where it ends. */
  #writeRun(at: number, rank: number, count: number): number {
    if (count === 0) return at;
    if (rank === 0) return writeZeros(this.#runs, at, count);
    this.#runs[at] = rankRun(rank, count);
    return at + 1;
  }

  /** Puts the replacement's `size` bytes in the place of `oldSize` bytes at `offset` of the value. */
  #replaceRun(db: Database, offset: number, oldSize: number, size: number, length: number): void {
    const newLength = length + size - oldSize;
    if (newLength > length) this.entry = db.resizeString(this.entry, newLength);
    const { bytes, at } = this.#view(this.entry);
    moveBytes(bytes, at + offset + size, at + offset + oldSize, length - offset - oldSize);
    for (let i = 0; i < size; i++) bytes[at + offset + i] = this.#runs[i]!;
    if (newLength < length) this.entry = db.resizeString(this.entry, newLength);
  }

  /** Merges neighbours of the same rank among the runs from `offset` on. */
  #mergeRuns(db: Database, offset: number): void {
    const { bytes, at, length } = this.#view(this.entry);
    bytes[at + 15] = bytes[at + 15]! | STALE;
    let run = at + offset;
    let end = at + length;
    for (let looked = 0; looked < MERGED_RUNS && run < end; looked++) {
      const byte = bytes[run]!;
      if (isRankRun(byte) && run + 1 < end && isRankRun(bytes[run + 1]!) && rankOf(bytes[run + 1]!) === rankOf(byte)) {
        const count = runLength(bytes, run) + runLength(bytes, run + 1);
        if (count <= RANK_RUN_MAX) {
          bytes[run + 1] = rankRun(rankOf(byte), count);
          moveBytes(bytes, run, run + 1, end - run - 1);
          end--;
          // The merged run may merge with the next one.
          continue;
        }
      }
      run += runBytes(byte);
    }
    if (end - at < length) this.entry = db.resizeString(this.entry, end - at);
  }
}

function writeMagic(bytes: Uint8Array, form: number): void {
  for (let i = 0; i < 4; i++) bytes[i] = MAGIC >>> (i * 8);
  bytes[4] = form;
}
