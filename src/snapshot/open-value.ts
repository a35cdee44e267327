/**
 * Values too big to be written at once. Their key, type and count are fixed when the walk (or a change of them)
 * comes to them; their elements follow, in slices, when their turn in the queue comes. What changes before it was written is
 * written first: behind what is there already, if the value is the one being written now, else into `early`, which goes out
 * when its turn comes.
 *
 *   OpenTable   hash, set, sorted set: a TableWalk over the elements. Their order means nothing in an RDB.
 *   OpenList    the nodes as of the opening; one that changes is copied first.
 *   OpenString  its bytes; the first change copies those that are left.
 *   OpenStream  in open-stream.ts.
 */
import { type Address, segmentOf } from '../memory/arena.ts';
import * as node from '../memory/quicklist-node.ts';
import type { RdbWriter } from '../rdb/write.ts';
import type { Keyspace } from '../store/keyspace.ts';
import type { EntryEncoder } from './encode.ts';
import type { KeysWalk } from './keys-walk.ts';
import type { OpenStream } from './open-stream.ts';
import { Opened } from './opened.ts';
import type { Sink } from './sink.ts';
import type { ItemBuffer, TableWalk } from './table-walk.ts';

export type OpenValue = OpenTable | OpenList | OpenString | OpenStream;

export class OpenTable extends Opened {
  readonly kind = 'table';
  readonly walk: TableWalk;
  readonly #type: number;
  /** Of a hash at T: what the expiries of its fields are written relative to, -1 if it had none. */
  readonly #earliest: number;

  constructor(keys: KeysWalk, early: Sink, walk: TableWalk, type: number, earliest: number) {
    super(keys, early);
    this.walk = walk;
    this.#type = type;
    this.#earliest = earliest;
  }

  /** An element that was not written is about to change. */
  beforeChange(item: Address, encoder: EntryEncoder, main: RdbWriter): void {
    encoder.writeTo(this.target(main));
    encoder.element(this.#type, item, this.#earliest);
  }

  /** Writes some elements; true when all are written. */
  step(enough: number, encoder: EntryEncoder, main: RdbWriter, buffer: ItemBuffer): boolean {
    const count = this.walk.advance(enough, buffer);
    const { items } = buffer;
    encoder.writeTo(main);
    for (let i = 0; i < count; i++) encoder.element(this.#type, items[i]!, this.#earliest);
    return this.walk.done;
  }
}

export class OpenList extends Opened {
  readonly kind = 'list';
  readonly header: Address;
  readonly nodes: Uint32Array;
  /** Content of nodes that changed before it was written. */
  readonly #kept: Map<Address, Sink> = new Map();
  keptBytes = 0;
  #next = 0;

  constructor(keys: KeysWalk, early: Sink, space: Keyspace, header: Address) {
    super(keys, early);
    const { arena } = space;
    this.header = header;
    this.nodes = new Uint32Array(node.word(arena, header, node.NODES));
    let i = 0;
    for (let place = node.headNode(arena, header); place !== 0; place = node.nextNode(arena, place))
      this.nodes[i++] = place;
  }

  /** A node that was not written is about to change. */
  keep(place: Address, encoder: EntryEncoder, sink: Sink): void {
    encoder.writeTo(sink.writer);
    encoder.node(place);
    this.#kept.set(place, sink);
    this.keptBytes += sink.bytes;
  }

  /** Writes the next node and returns its address, or 0 when all are written. */
  step(encoder: EntryEncoder, main: RdbWriter): Address {
    const place = this.nodes[this.#next++];
    if (place === undefined) return 0;
    const kept = this.#kept.get(place);
    if (kept === undefined) {
      encoder.writeTo(main);
      encoder.node(place);
    } else {
      this.keptBytes -= kept.bytes;
      kept.move(main, Infinity);
      this.#kept.delete(place);
    }
    return place;
  }
}

export class OpenString extends Opened {
  readonly kind = 'string';
  readonly entry: Address;
  readonly #space: Keyspace;
  readonly #length: number;
  #written = 0;

  constructor(keys: KeysWalk, early: Sink, space: Keyspace, entry: Address) {
    super(keys, early);
    this.#space = space;
    this.entry = entry;
    this.#length = space.entries.ref(entry);
  }

  /** The entry is about to change or to go. Returns how many bytes were copied. */
  beforeChange(main: RdbWriter): number {
    const left = this.#length - this.#written;
    this.step(left, this.target(main));
    return left;
  }

  /** Writes some bytes; true when all are written. */
  step(bytes: number, main: RdbWriter): boolean {
    const part = Math.min(bytes, this.#length - this.#written);
    if (part > 0) {
      const { arena, entries } = this.#space;
      const start = entries.keyStart(this.entry) + entries.keyLength(this.entry);
      main.raw(arena.u8[segmentOf(this.entry)]!, start + this.#written, part);
      this.#written += part;
    }
    return this.#written === this.#length;
  }
}
