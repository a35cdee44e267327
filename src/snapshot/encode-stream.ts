/**
 * Writes a stream as RDB type STREAM_LISTPACKS_2, the form of Redis 7.0, which all later ones read: nodes as they are, then the
 * counters, then the groups. The grammar is in rdb/stream.ts. When a consumer was last active is not part of it.
 */
import { type Address, byteOf, segmentOf } from '../memory/arena.ts';
import { IdCursor } from '../memory/id-index.ts';
import * as listpack from '../memory/listpack.ts';
import { Span } from '../base/span.ts';
import type { RdbWriter } from '../rdb/write.ts';
import { type Id, makeId } from '../store/stream-id.ts';
import { Pending } from '../store/stream-groups.ts';
import { ADDED, FIRST_ID, LAST_ID, LENGTH, MAX_DELETED_ID } from '../store/stream-parts.ts';
import type { Streams } from '../store/streams.ts';

const ID_BYTES = 16;
const WORD = 0x1_0000_0000;

export class StreamEncoder {
  /** Its own, so that it may run in the middle of a command. */
  readonly #streams: Streams;
  #writer: RdbWriter;
  readonly #id: Id = makeId();
  readonly #pending: Pending = new Pending();
  readonly #span: Span = new Span();

  constructor(streams: Streams, writer: RdbWriter) {
    this.#streams = streams;
    this.#writer = writer;
  }

  /** The value alone: type and key are written already. */
  write(root: Address, writer: RdbWriter): void {
    this.#writer = writer;
    const streams = this.#streams;
    this.#nodes(root);
    this.#number(streams.readCounter(root, LENGTH));
    for (const id of [LAST_ID, FIRST_ID, MAX_DELETED_ID]) this.#halves(streams.readId(root, id, this.#id));
    this.#number(streams.readCounter(root, ADDED));
    this.#writer.length(streams.groupCount(root));
    streams.groups.forEachGroup(root, (group) => this.#group(group));
  }

  #nodes(root: Address): void {
    const { parts } = this.#streams;
    const { nodes, arena } = parts;
    const writer = this.#writer;
    const header = parts.nodesOf(root);
    writer.length(nodes.count(header));
    const cursor = new IdCursor();
    for (let more = nodes.first(header, cursor); more; more = nodes.next(cursor)) {
      nodes.readId(cursor, this.#id);
      writer.length(ID_BYTES);
      writer.id(this.#id);
      const list = nodes.value(cursor, 0);
      writer.string(arena.u8[segmentOf(list)]!, byteOf(list), listpack.totalBytes(arena, list));
    }
  }

  #group(group: Address): void {
    const { groups } = this.#streams;
    const writer = this.#writer;
    const name = groups.groupName(group, this.#span);
    writer.string(name.bytes, name.at, name.length);
    this.#halves(groups.lastId(group, this.#id));
    this.#number(groups.entriesRead(group));
    writer.length(groups.pendingCount(group));
    const pending = this.#pending;
    const walk = groups.pendingWalk(group);
    while (walk(pending)) {
      writer.id(pending.id);
      this.#time(pending.time);
      this.#number(pending.count);
    }
    writer.length(groups.consumerCount(group));
    groups.forEachConsumer(group, (consumer) => this.#consumer(consumer));
  }

  #consumer(consumer: Address): void {
    const { groups } = this.#streams;
    const writer = this.#writer;
    const name = groups.consumerName(consumer, this.#span);
    writer.string(name.bytes, name.at, name.length);
    this.#time(groups.seen(consumer));
    writer.length(groups.ownedCount(consumer));
    groups.forEachOwned(consumer, (id) => writer.id(id));
  }

  /** An id as two lengths. */
  #halves(id: Id): void {
    this.#writer.wideLength(id[0]!, id[1]!);
    this.#writer.wideLength(id[2]!, id[3]!);
  }

  /** An int64 as a length: what is negative (-1: unknown) as a very large one. */
  #number(value: number | bigint): void {
    if (typeof value === 'number') this.#writer.wideLength(Math.floor(value / WORD) >>> 0, value >>> 0);
    else this.#writer.wideLength(Number((value >> 32n) & 0xffffffffn), Number(value & 0xffffffffn));
  }

  #time(value: number | bigint): void {
    if (typeof value === 'number') this.#writer.int64(Math.floor(value / WORD) >>> 0, value >>> 0);
    else this.#writer.int64(Number((value >> 32n) & 0xffffffffn), Number(value & 0xffffffffn));
  }
}
