/** Writes a whole data set as an RDB file, as it is at this moment. */
import { type Address, type Arena, byteOf, segmentOf } from '../memory/arena.ts';
import { FIELD_EXPIRY_VERSION, WRITTEN_VERSION } from '../rdb/format.ts';
import type { RdbWriter } from '../rdb/write.ts';
import { redisVersion } from '../base/version.ts';
import type { Store } from '../store/store.ts';
import { EntryEncoder } from './encode.ts';

/** What the file's AUX fields say besides the fixed ones. */
export interface RdbFacts {
  /** Unix ms. */
  readonly now: number;
  /** Place in the replication stream; absent where there is none. */
  readonly position: { readonly replid: string; readonly offset: number; readonly streamDb: number } | null;
  /** The RDB is the base of an append-only file. */
  readonly aofBase?: boolean;
}

/** The RDB's header and AUX fields. */
export function writeHead(writer: RdbWriter, store: Store, facts: RdbFacts): void {
  writer.header(store.space.hasFieldExpiry ? FIELD_EXPIRY_VERSION : WRITTEN_VERSION);
  writer.aux('redis-ver', redisVersion);
  writer.aux('redis-bits', 64);
  writer.aux('ctime', Math.floor(facts.now / 1000));
  writer.aux('used-mem', store.space.arena.usedBytes);
  if (facts.position !== null) {
    writer.aux('repl-stream-db', facts.position.streamDb);
    writer.aux('repl-id', facts.position.replid);
    writer.aux('repl-offset', facts.position.offset);
  }
  writer.aux('aof-base', facts.aofBase === true ? 1 : 0);
}

/** All of it in one go: SAVE. */
export function writeRdb(writer: RdbWriter, store: Store, facts: RdbFacts): void {
  writeHead(writer, store, facts);
  for (const library of store.functions) writer.functionLibrary(library, 0, library.length);
  const encoder = new EntryEncoder(store.space, writer);
  const batch = new EntryBatch(encoder, store.space.arena);
  for (const db of store.space.databases) {
    if (db.size === 0) continue;
    writer.selectDb(db.index);
    writer.resizeDb(db.size, db.expiring);
    db.forEach((entry) => batch.add(entry));
    batch.flush();
  }
  writer.end();
}

/** Reads the first lines of so many blocks, so that they are at hand soon. The result means nothing. */
export function touchBlocks(arena: Arena, blocks: Uint32Array, count: number): number {
  const { u32 } = arena;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const block = blocks[i]!;
    const words = u32[segmentOf(block)]!;
    const word = byteOf(block) >>> 2;
    sum += words[word]! + (words[word + LINE_WORDS] ?? 0);
  }
  return sum;
}

/**
 * Entries in a table's order lie all over the memory, so that writing them one by one waits for memory each time. A batch is
 * touched first: these reads do not depend on each other, and the processor has many of them under way at once.
 */
class EntryBatch {
  /** What was touched, so that the reads are not optimized away. */
  touched = 0;
  readonly #encoder: EntryEncoder;
  readonly #arena: Arena;
  readonly #entries: Uint32Array = new Uint32Array(BATCH);
  #count = 0;

  constructor(encoder: EntryEncoder, arena: Arena) {
    this.#encoder = encoder;
    this.#arena = arena;
  }

  add(entry: Address): void {
    this.#entries[this.#count++] = entry;
    if (this.#count === BATCH) this.flush();
  }

  flush(): void {
    const entries = this.#entries;
    const count = this.#count;
    this.touched = touchBlocks(this.#arena, entries, count);
    for (let i = 0; i < count; i++) this.#encoder.entry(entries[i]!);
    this.#count = 0;
  }
}

const BATCH = 64;
/** A cache line, in words: a small string's bytes are on the next one. */
const LINE_WORDS = 16;
