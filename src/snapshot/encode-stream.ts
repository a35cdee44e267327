/**
 * Writes a stream as RDB type STREAM_LISTPACKS_2, the form of Redis 7.0, which all later ones read: nodes as they are, then the
 * counters, then the groups. The grammar is in rdb/stream.ts. When a consumer was last active is not part of it.
 *
 * `write` does all of it. The other methods write the parts of which it consists, for who writes a stream piece by piece.
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
  readonly streams: Streams;
  readonly #id: Id = makeId();
  readonly #pending: Pending = new Pending();
  readonly #span: Span = new Span();

  constructor(streams: Streams) {
    this.streams = streams;
  }

  /** The value alone: type and key are written already. */
  write(root: Address, writer: RdbWriter): void {
    this.begin(root, writer);
    this.#nodes(root, writer);
    this.facts(root, writer);
    this.streams.groups.forEachGroup(root, (group) => this.#group(group, writer));
  }

  /** What comes before the nodes: their number. */
  begin(root: Address, writer: RdbWriter): void {
    writer.length(this.streams.nodeCount(root));
  }

  /** The id of a node, whose listpack follows as a string. */
  nodeId(id: Id, writer: RdbWriter): void {
    writer.length(ID_BYTES);
    writer.id(id);
  }

  /** What comes between the nodes and the groups: the counters, and the number of groups. */
  facts(root: Address, writer: RdbWriter): void {
    const { streams } = this;
    number(streams.readCounter(root, LENGTH), writer);
    for (const id of [LAST_ID, FIRST_ID, MAX_DELETED_ID]) halves(streams.readId(root, id, this.#id), writer);
    number(streams.readCounter(root, ADDED), writer);
    writer.length(streams.groupCount(root));
  }

  /** What comes before a group's pending entries: its name and facts, and their number. */
  groupHead(name: Span, lastId: Id, entriesRead: number | bigint, pendingCount: number, writer: RdbWriter): void {
    writer.string(name.bytes, name.at, name.length);
    halves(lastId, writer);
    number(entriesRead, writer);
    writer.length(pendingCount);
  }

  pending(entry: Pending, writer: RdbWriter): void {
    writer.id(entry.id);
    int64(entry.time, writer);
    number(entry.count, writer);
  }

  /** What comes before the ids that are pending at a consumer. */
  consumerHead(name: Span, seen: number | bigint, ownedCount: number, writer: RdbWriter): void {
    writer.string(name.bytes, name.at, name.length);
    int64(seen, writer);
    writer.length(ownedCount);
  }

  #nodes(root: Address, writer: RdbWriter): void {
    const { parts } = this.streams;
    const { nodes, arena } = parts;
    const cursor = new IdCursor();
    for (let more = nodes.first(parts.nodesOf(root), cursor); more; more = nodes.next(cursor)) {
      nodes.readId(cursor, this.#id);
      this.nodeId(this.#id, writer);
      const list = nodes.value(cursor, 0);
      writer.string(arena.u8[segmentOf(list)]!, byteOf(list), listpack.totalBytes(arena, list));
    }
  }

  #group(group: Address, writer: RdbWriter): void {
    const { groups } = this.streams;
    const name = groups.groupName(group, this.#span);
    const lastId = groups.lastId(group, this.#id);
    this.groupHead(name, lastId, groups.entriesRead(group), groups.pendingCount(group), writer);
    const pending = this.#pending;
    const walk = groups.pendingWalk(group);
    while (walk(pending)) this.pending(pending, writer);
    writer.length(groups.consumerCount(group));
    groups.forEachConsumer(group, (consumer) => {
      const consumerName = groups.consumerName(consumer, this.#span);
      this.consumerHead(consumerName, groups.seen(consumer), groups.ownedCount(consumer), writer);
      groups.forEachOwned(consumer, (id) => writer.id(id));
    });
  }
}

/** An id as two lengths. */
function halves(id: Id, writer: RdbWriter): void {
  writer.wideLength(id[0]!, id[1]!);
  writer.wideLength(id[2]!, id[3]!);
}

/** An int64 as a length: what is negative (-1: unknown) as a very large one. */
function number(value: number | bigint, writer: RdbWriter): void {
  if (typeof value === 'number') writer.wideLength(Math.floor(value / WORD) >>> 0, value >>> 0);
  else writer.wideLength(Number((value >> 32n) & 0xffffffffn), Number(value & 0xffffffffn));
}

function int64(value: number | bigint, writer: RdbWriter): void {
  if (typeof value === 'number') writer.int64(Math.floor(value / WORD) >>> 0, value >>> 0);
  else writer.int64(Number((value >> 32n) & 0xffffffffn), Number(value & 0xffffffffn));
}
