/**
 * The forkless snapshot: writes all data as of its construction (T) as an RDB, while commands go on changing it.
 *
 *   tables of keys     [ x x | x x |  now  |   | x |     |   |   ]       a key is written once: when the walk comes to it, or just
 *                                  walk -->        ^                     before it is changed; then it is marked (marks.ts)
 *                                                writer
 *   open values        [ being written ] [ waits ] [ waits ]             big ones, met in a bucket: written piece by piece
 *   beside             keys copied while a value is half written: behind it
 *
 * Nothing of after T is ever written: what is put into a table is marked at once. docs/internals/snapshot.md
 * tells it at length.
 */
import { type Address, byteOf, segmentOf } from '../memory/arena.ts';
import type { Dict, DictWatcher } from '../memory/dict.ts';
import * as node from '../memory/quicklist-node.ts';
import { assert } from '../base/assert.ts';
import { Span } from '../base/span.ts';
import { type ChunkOutput, RdbWriter } from '../rdb/write.ts';
import {
  ENC_HASHTABLE,
  ENC_HASHTABLE_EX,
  ENC_INTSET,
  ENC_LISTPACK,
  ENC_LISTPACK_EX,
  ENC_QUICKLIST,
  ENC_SKIPLIST,
  ENC_STREAM,
  TYPE_HASH,
  TYPE_LIST,
  TYPE_SET,
  TYPE_STREAM,
  TYPE_STRING,
  TYPE_ZSET,
} from '../store/entry.ts';
import type { Keyspace } from '../store/keyspace.ts';
import type { Holder } from '../store/reclaim.ts';
import type { Store } from '../store/store.ts';
import { EntryEncoder } from './encode.ts';
import { KeysWalk } from './keys-walk.ts';
import type { SnapshotLimits } from './limits.ts';
import { Marks } from './marks.ts';
import { isBigList, OpenList, OpenNodes } from './open-list.ts';
import { isBigStream, OpenStream, OpenStreams } from './open-stream.ts';
import { OpenString, OpenTable, type OpenValue } from './open-value.ts';
import type { Aside } from './opened.ts';
import { Sink } from './sink.ts';
import { TableWalk } from './table-walk.ts';
import { type RdbFacts, touchBlocks, writeHead } from './write-rdb.ts';

export interface WalkOptions {
  readonly checksum: boolean;
  readonly compress: boolean;
  readonly withFunctions: boolean;
  readonly withData: boolean;
  /** Memory for chunks, `chunkBytes` long. */
  readonly allocate?: () => Uint8Array;
  readonly facts: RdbFacts;
}

const KEPT_CHUNK_BYTES = 4096;
const BESIDE_CHUNK_BYTES = 64 * 1024;

export class Walk implements DictWatcher, Holder, Aside {
  /** Keys written so far, and as of T. */
  written = 0;
  readonly total: number;
  /** Keys and elements that were copied because they were about to change. */
  copied = 0;
  /** What the walk touched so that it is at hand; keeps the reads. */
  touched = 0;
  readonly #space: Keyspace;
  readonly #limits: SnapshotLimits;
  readonly #options: WalkOptions;
  readonly #main: RdbWriter;
  readonly #encoder: EntryEncoder;
  readonly #marks: Marks = new Marks();
  /** Tables of keys not done yet, in order; the first is being walked. */
  readonly #tables: KeysWalk[] = [];
  readonly #guarded: Map<Address, KeysWalk | OpenTable> = new Map();
  /** Open values in the order in which they will be written; the first may be under way. */
  readonly #open: OpenValue[] = [];
  #current: OpenValue | null = null;
  readonly #lists: Set<Address> = new Set();
  readonly #nodes: OpenNodes;
  readonly #streams: OpenStreams;
  /**
   * Open strings, and what is written as one, by the blocks of their bytes, those that were copied excepted. Whatever becomes
   * of the entry, it stays in its table, or the value goes, or it is copied.
   */
  readonly #strings: Map<Address, OpenString> = new Map();
  /** Keys copied while a value is half written. */
  #beside: Sink | null = null;
  /** Database selected at the end of the file, and of `beside`. */
  #mainDb = -1;
  #besideDb = -1;
  /** Bytes in sinks. */
  #asideBytes = 0;
  #over = false;
  readonly #overflow: () => void;

  /** `overflow`: called when more than `copiedBytes` are kept aside. */
  constructor(store: Store, output: ChunkOutput, overflow: () => void, limits: SnapshotLimits, options: WalkOptions) {
    this.#overflow = overflow;
    const space = store.space;
    this.#space = space;
    this.#limits = limits;
    this.#options = options;
    this.#main = new RdbWriter(output, {
      ...options,
      chunkBytes: limits.chunkBytes,
      compressLimitBytes: limits.bigStringBytes,
    });
    this.#encoder = new EntryEncoder(space, this.#main);
    this.#nodes = new OpenNodes(space.arena, this.#main, this.#encoder, limits, this);
    this.#streams = new OpenStreams(this.#main, space.reclaimer);
    writeHead(this.#main, store, options.facts);
    if (options.withFunctions)
      for (const library of store.functions) this.#main.functionLibrary(library, 0, library.length);
    let total = 0;
    if (options.withData) {
      for (const db of space.databases) {
        if (db.size === 0) continue;
        const walk = new KeysWalk(db, this.#marks);
        this.#tables.push(walk);
        this.#guarded.set(walk.header, walk);
        total += walk.size;
      }
    }
    this.total = total;
    for (const dict of [space.keys, space.fields, space.members, space.scored]) dict.watcher = this;
    space.reclaimer.holder = this;
  }

  /** Bytes kept aside: beside the file, and of values that wait. */
  get asideBytes(): number {
    return this.#asideBytes;
  }

  /** Bytes written so far. */
  get bytesWritten(): number {
    return this.#main.bytesWritten;
  }

  /** Does a little work (some tens of microseconds), on so many keys at most; false once everything is written. */
  step(keys: number = this.#limits.stepItems): boolean {
    if (this.#over) return false;
    if (this.#current !== null) this.#continue(this.#current);
    else if (this.#beside !== null) this.#moveBeside(this.#beside);
    else if (this.#open.length > 0) this.#begin(this.#open[0]!);
    else if (this.#tables.length > 0) {
      const table = this.#tables[0]!;
      if (table.collect(keys)) this.touched = touchBlocks(this.#space.arena, table.items, table.count);
      this.#writeSome(table);
      if (table.done) {
        this.#tables.shift();
        this.#leave(table);
      }
    } else {
      this.#main.end();
      this.close();
      return false;
    }
    return true;
  }

  /** Lets go of all that the walk holds, done or not. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    const { keys, fields, members, scored, lists, streamParts, reclaimer } = this.#space;
    this.#streams.close();
    for (const guarded of this.#guarded.values()) this.#unguard(guarded instanceof OpenTable ? guarded.walk : guarded);
    for (const header of this.#lists) reclaimer.release(header);
    this.#guarded.clear();
    this.#lists.clear();
    this.#nodes.close();
    for (const block of this.#strings.keys()) reclaimer.release(block);
    this.#strings.clear();
    this.#tables.length = 0;
    this.#open.length = 0;
    this.#current = null;
    for (const dict of [keys, fields, members, scored]) dict.watcher = null;
    lists.keeper = null;
    streamParts.keeper = null;
    reclaimer.holder = null;
  }

  // -- what is kept aside -----------------------------------------------------------------------------------------

  sink(chunkBytes: number): Sink {
    const { compress } = this.#options;
    return new Sink({ compress, compressLimitBytes: this.#limits.bigStringBytes }, chunkBytes);
  }

  keep(bytes: number): void {
    this.#asideBytes += bytes;
    if (this.#asideBytes > this.#limits.copiedBytes) this.#overflow();
  }

  // -- what writers tell ------------------------------------------------------------------------------------------

  beforeChange(header: Address, item: Address): void {
    this.beforeLeave(header, item);
    // One that was opened just now included.
    if (this.#strings.size > 0 && this.#guarded.get(header) instanceof KeysWalk) this.#copyString(item);
  }

  beforeLeave(header: Address, item: Address): void {
    if (this.#marks.take(item)) this.#copy(header, item);
    else if (this.#current?.kind === 'table' && this.#current.half === item) this.#current.finish(this.#main);
  }

  placed(item: Address): void {
    this.#marks.take(item);
  }

  holds(header: Address): boolean {
    return this.#lists.has(header) || this.#strings.has(header) || this.#streams.holds(header);
  }

  #copy(header: Address, item: Address): void {
    const guarded = this.#guarded.get(header);
    assert(guarded !== undefined, 'snapshot: a guarded table is not known');
    this.copied++;
    if (guarded instanceof OpenTable) {
      const before = guarded.early.bytes;
      guarded.beforeChange(item, this.#encoder, this.#main);
      this.keep(guarded.early.bytes - before);
      return;
    }
    this.#copyKey(guarded, item);
  }

  /** If this is the entry of a string that waits, its bytes are needed as they are. */
  #copyString(entry: Address): void {
    const block = this.#blockOf(entry);
    const value = this.#strings.get(block);
    if (value === undefined) return;
    this.#strings.delete(block);
    const before = value.early.bytes;
    value.beforeChange(this.#main);
    this.keep(value.early.bytes - before);
  }

  /** The block with the bytes of a string or of a packed collection; of others one that holds no bytes. */
  #blockOf(entry: Address): Address {
    const { entries, fieldDeadlines } = this.#space;
    if (entries.type(entry) === TYPE_STRING) return entries.home(entry);
    const ref = entries.ref(entry);
    return entries.encoding(entry) === ENC_LISTPACK_EX ? fieldDeadlines.fields(ref) : ref;
  }

  // -- keys -------------------------------------------------------------------------------------------------------

  /** Writes the next of a table's entries to the file, as far as they were collected and do not take long. */
  #writeSome(table: KeysWalk): void {
    const main = this.#main;
    const end = main.bytesWritten + this.#limits.pieceBytes;
    for (let entry = table.next(); entry !== 0; entry = table.next()) {
      this.#selectMain(table);
      this.#write(table, entry, main);
      if (main.bytesWritten >= end) return;
    }
  }

  /** Writes an entry that is about to change: to the file, or beside it while it must not be interrupted. */
  #copyKey(table: KeysWalk, entry: Address): void {
    if (this.#current === null && this.#beside === null) {
      this.#selectMain(table);
      this.#write(table, entry, this.#main);
      return;
    }
    const beside = (this.#beside ??= this.sink(BESIDE_CHUNK_BYTES));
    const before = beside.bytes;
    if (this.#besideDb !== table.index) this.#select(beside.writer, table);
    this.#besideDb = table.index;
    this.#write(table, entry, beside.writer);
    this.keep(beside.bytes - before);
  }

  #write(table: KeysWalk, entry: Address, writer: RdbWriter): void {
    this.written++;
    if (this.#isBig(entry)) this.#openValue(table, entry);
    else {
      this.#encoder.writeTo(writer);
      this.#encoder.entry(entry);
    }
  }

  #selectMain(table: KeysWalk): void {
    if (this.#mainDb !== table.index) this.#select(this.#main, table);
    this.#mainDb = table.index;
  }

  #select(writer: RdbWriter, table: KeysWalk): void {
    writer.selectDb(table.index);
    if (table.announced) return;
    table.announced = true;
    writer.resizeDb(table.size, table.expiring);
  }

  /** A table of keys was walked to its end: if no string of it waits, the snapshot needs it no more. */
  #leave(table: KeysWalk): void {
    if (table.strings > 0 || !table.done) return;
    this.#guarded.delete(table.header);
    this.#unguard(table);
  }

  #unguard(walk: TableWalk): void {
    walk.dict.unguard(walk.header);
    this.#space.reclaimer.release(walk.header);
  }

  // -- big values -------------------------------------------------------------------------------------------------

  #isBig(entry: Address): boolean {
    const { arena, entries, fields, members, scored } = this.#space;
    const { bigStringBytes } = this.#limits;
    const type = entries.type(entry);
    if (type === TYPE_STRING) return entries.valueLength(entry) > bigStringBytes;
    const ref = entries.ref(entry);
    switch (entries.encoding(entry)) {
      case ENC_HASHTABLE:
        return this.#isBigTable(type === TYPE_HASH ? fields : members, ref);
      case ENC_HASHTABLE_EX:
        return this.#isBigTable(fields, this.#space.fieldDeadlines.fields(ref));
      case ENC_SKIPLIST:
        return this.#isBigTable(scored, node.word(arena, ref, 0));
      case ENC_QUICKLIST:
        return isBigList(arena, ref, this.#limits);
      case ENC_STREAM:
        return isBigStream(this.#encoder.streams.streams, ref, this.#limits);
      case ENC_LISTPACK:
        // What is written member by member, so that any Redis can read it, is written at once.
        return type !== TYPE_SET && arena.capacity(ref) > bigStringBytes;
      case ENC_LISTPACK_EX:
        return (
          arena.capacity(this.#space.fieldDeadlines.fields(ref)) > bigStringBytes && this.#encoder.packed(entry) !== 0
        );
      case ENC_INTSET:
        return arena.capacity(ref) > bigStringBytes;
      default:
        return false;
    }
  }

  /** It has many elements, or long ones. */
  #isBigTable(dict: Dict, header: Address): boolean {
    const { bigElements, bigTableBytes } = this.#limits;
    if (dict.count(header) + dict.buckets(header) > bigElements) return true;
    let bytes = 0;
    dict.forEach(header, (item) => {
      bytes += dict.arena.capacity(item);
    });
    return bytes > bigTableBytes;
  }

  #openValue(table: KeysWalk, entry: Address): void {
    const space = this.#space;
    const { entries, arena } = space;
    const early = this.sink(KEPT_CHUNK_BYTES);
    this.#encoder.writeTo(early.writer);
    this.#encoder.open(entry);
    this.keep(early.bytes);
    const type = entries.type(entry);
    const ref = entries.ref(entry);
    const packed = this.#encoder.packed(entry);
    let value: OpenValue;
    if (type === TYPE_STRING || packed !== 0) {
      const span = new Span();
      if (packed === 0) entries.value(entry, span);
      else {
        span.bytes = arena.u8[segmentOf(packed)]!;
        span.at = byteOf(packed);
        span.length = this.#encoder.packedBytes(entry, packed);
      }
      const block = this.#blockOf(entry);
      assert(packed === 0 || packed === block, 'snapshot: a packed value is not where it should be');
      value = new OpenString(table, early, block, span, this.#limits);
      this.#strings.set(block, value);
      table.strings++;
    } else if (type === TYPE_LIST) {
      value = new OpenList(table, early, ref, this.#nodes);
      this.#lists.add(ref);
      space.lists.keeper = this.#nodes;
    } else if (type === TYPE_STREAM) {
      value = new OpenStream(table, early, this.#encoder.streams, ref, this.#limits, this);
      this.#streams.open(value);
      space.streamParts.keeper = this.#streams;
    } else {
      const dict = type === TYPE_HASH ? space.fields : type === TYPE_SET ? space.members : space.scored;
      let header = ref;
      if (type === TYPE_ZSET) header = node.word(arena, ref, 0);
      else if (entries.encoding(entry) === ENC_HASHTABLE_EX) header = space.fieldDeadlines.fields(ref);
      const walk = new TableWalk(dict, header, this.#marks);
      const earliest = type === TYPE_HASH ? this.#encoder.earliestExpiry(entry) : -1;
      value = new OpenTable(table, early, walk, type, earliest, this.#limits);
      this.#guarded.set(walk.header, value);
    }
    this.#open.push(value);
  }

  #begin(value: OpenValue): void {
    this.#current = value;
    this.#selectMain(value.keys);
  }

  #continue(value: OpenValue): void {
    if (!value.current) {
      // What was written before its turn goes first; what changes meanwhile comes behind that.
      if (!this.#move(value.early)) value.current = true;
      return;
    }
    if (value.kind === 'table') {
      if (!value.step(this.#encoder, this.#main)) return;
      this.#guarded.delete(value.walk.header);
      this.#unguard(value.walk);
    } else if (value.kind === 'list') {
      if (!value.step()) return;
      this.#lists.delete(value.header);
      this.#space.reclaimer.release(value.header);
      if (this.#lists.size === 0) this.#space.lists.keeper = null;
    } else if (value.kind === 'stream') {
      if (!this.#streams.step(value)) return;
      if (this.#streams.size === 0) this.#space.streamParts.keeper = null;
    } else {
      if (!value.step(this.#limits.pieceBytes, this.#main)) return;
      this.#strings.delete(value.block);
      this.#space.reclaimer.release(value.block);
      value.keys.strings--;
      this.#leave(value.keys);
    }
    this.#open.shift();
    this.#current = null;
  }

  /** What was copied while a value was half written comes behind it. */
  #moveBeside(beside: Sink): void {
    if (this.#move(beside)) return;
    this.#beside = null;
    this.#mainDb = this.#besideDb;
    this.#besideDb = -1;
  }

  /** Moves a piece of what was kept to the file; false if there was nothing left. */
  #move(sink: Sink): boolean {
    const moved = sink.move(this.#main, this.#limits.pieceBytes);
    this.#asideBytes -= moved;
    return moved > 0;
  }
}
