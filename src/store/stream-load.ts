/** Builds a stream of what an RDB says about it: the loader's part for rdb/stream.ts, which has checked the structure. */
import type { Address } from '../memory/arena.ts';
import { IdCursor } from '../memory/id-index.ts';
import { nodeFromBytes } from '../memory/stream-node.ts';
import type { StreamFactsRead, StreamSink } from '../rdb/sink.ts';
import type { Id } from './stream-id.ts';
import { makeId } from './stream-id.ts';
import { ADDED, FIRST_ID, LAST_ID, LENGTH, MAX_DELETED_ID } from './stream-parts.ts';
import type { Streams } from './streams.ts';

export class StreamLoader implements StreamSink {
  readonly #streams: Streams;
  /** Throws the loader's error for the key at work. */
  readonly #refuse: (what: string) => never;
  /** The place that a node was given on its way, which it lies in then; 0: none. */
  readonly #takeRoom: () => Address;
  readonly #cursor: IdCursor = new IdCursor();
  readonly #id: Id = makeId();
  /** The stream at work; 0: it is left out. */
  #root: Address = 0;
  #group: Address = 0;
  #consumer: Address = 0;

  constructor(streams: Streams, takeRoom: () => Address, refuse: (what: string) => never) {
    this.#takeRoom = takeRoom;
    this.#streams = streams;
    this.#refuse = refuse;
  }

  /** `root`: an empty stream, or 0 to leave out what comes. */
  start(root: Address): void {
    this.#root = root;
  }

  node(id: Id, bytes: Uint8Array, at: number, length: number): void {
    if (this.#root === 0) return;
    const { parts } = this.#streams;
    const room = this.#takeRoom();
    const list = room === 0 ? nodeFromBytes(parts.arena, bytes, at, length) : room;
    try {
      parts.nodes.insert(parts.nodesOf(this.#root), id, this.#cursor);
    } catch (error) {
      parts.arena.free(list);
      throw error;
    }
    parts.nodes.setValue(this.#cursor, 0, list);
  }

  facts(facts: StreamFactsRead): void {
    const root = this.#root;
    if (root === 0) return;
    const streams = this.#streams;
    streams.setCounter(root, LENGTH, facts.length);
    streams.setCounter(root, ADDED, facts.added);
    streams.setId(root, LAST_ID, facts.lastId);
    if (facts.maxDeletedId !== undefined) streams.setId(root, MAX_DELETED_ID, facts.maxDeletedId);
    if (facts.firstId !== undefined) streams.setId(root, FIRST_ID, facts.firstId);
    else streams.updateFirst(root, true);
  }

  group(bytes: Uint8Array, at: number, length: number, lastId: Id, entriesRead: number | bigint | undefined): void {
    const root = this.#root;
    if (root === 0) return;
    const { groups } = this.#streams;
    if (groups.find(root, bytes, at, length) !== 0) this.#refuse('has a consumer group twice');
    this.#id.set(lastId);
    const read = entriesRead ?? this.#streams.readsUpTo(root, this.#id);
    this.#group = groups.create(root, bytes, at, length, this.#id, read);
  }

  pending(id: Id, time: number | bigint, count: number | bigint): void {
    if (this.#root === 0) return;
    if (!this.#streams.groups.addUnowned(this.#group, id, time, count)) this.#refuse('has a pending entry twice');
  }

  consumer(bytes: Uint8Array, at: number, length: number, seen: number | bigint, active: number | bigint): void {
    if (this.#root === 0) return;
    const { groups } = this.#streams;
    if (groups.findConsumer(this.#group, bytes, at, length) !== 0) this.#refuse('has a consumer twice');
    this.#consumer = groups.createConsumer(this.#group, bytes, at, length, seen, active);
  }

  owned(id: Id): void {
    if (this.#root === 0) return;
    if (!this.#streams.groups.own(this.#group, this.#consumer, id))
      this.#refuse('has a pending entry at a consumer that is not pending in its group, or at two consumers');
  }
}
