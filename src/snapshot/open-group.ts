/**
 * A consumer group of an open stream as of T, while it changes: first its pending entries, then its consumers, each with the ids
 * of those that are its own.
 *
 *   head | pending entries, in any order | consumers: head | its ids, in any order | head | ids | ...
 *
 * What changes before it was written is written first: to the file if its part is being written now, else into a sink that goes
 * in front of that part. An entry that came, changed or went since T is in `#changed`, and none of the walk's any more; neither
 * is a consumer in `#past`. A group that is deleted stays whole until it has been written.
 */
import { assert } from '../base/assert.ts';
import { Span } from '../base/span.ts';
import type { Address } from '../memory/arena.ts';
import { IdCursor } from '../memory/id-index.ts';
import { ID_BYTES, type IdSet, type IdSets } from '../memory/id-set.ts';
import type { RdbWriter } from '../rdb/write.ts';
import { Pending, type StreamGroups } from '../store/stream-groups.ts';
import { compareIds, type Id, makeId } from '../store/stream-id.ts';
import type { StreamEncoder } from './encode-stream.ts';
import type { Aside } from './opened.ts';
import type { Sink } from './sink.ts';

/** A consumer that changed since T, before its turn: what its head says, and those of its ids that are written already. */
interface Changed {
  readonly seen: number | bigint;
  readonly ownedCount: number;
  readonly early: Early;
  /** Only of one that was deleted. */
  name: Uint8Array | null;
}

/** What was written before its turn, and how many entries or ids that are. */
interface Early {
  sink: Sink | null;
  count: number;
}

/** A group as of T. There may be many, and most are never touched: what more it takes is made when it is needed. */
export class GroupFacts {
  readonly group: Address;
  readonly lastId: Id;
  readonly entriesRead: number | bigint;
  readonly pendingCount: number;
  readonly consumerCount: number;
  /** No pending entry is above it. */
  readonly highest: Id;
  open: OpenGroup | null = null;

  /** `pending` is for scratch. */
  constructor(groups: StreamGroups, group: Address, pending: Pending) {
    this.group = group;
    this.lastId = groups.lastId(group, makeId());
    this.entriesRead = groups.entriesRead(group);
    this.pendingCount = groups.pendingCount(group);
    this.consumerCount = groups.consumerCount(group);
    this.highest = groups.lastPending(group, pending) ? pending.id.slice() : this.lastId;
  }
}

export class OpenGroup {
  readonly group: Address;
  readonly #facts: GroupFacts;
  readonly #groups: StreamGroups;
  readonly #encoder: StreamEncoder;
  readonly #aside: Aside;
  readonly #sets: IdSets;
  #phase: 'waits' | 'pending' | 'consumers' | 'done' = 'waits';
  #changed: IdSet | null = null;
  /** Pending entries that were written before their turn. */
  readonly #pendingEarly: Early = { sink: null, count: 0 };
  /** In front of the part that is being written: what changes goes to its end, until it is empty. */
  #draining: Early | null = null;
  /** Pending entries, or ids of the present consumer, that are still to be written. */
  #left = 0;
  /** Those below are written. */
  readonly #position: Id = makeId();
  /** The consumer that is being written, if it still exists. */
  #consumer: Address = 0;
  #consumersWritten = 0;
  /** The consumers that come next in the table's order, and how many of them had their turn. */
  #consumers: Address[] = [];
  #nextConsumer = 0;
  /** Name of the last of these. */
  #consumersUpTo: Uint8Array | null = null;
  readonly #notes: Map<Address, Changed> = new Map();
  /** Of T, deleted before their turn. */
  readonly #gone: Changed[] = [];
  /** Consumers that were written, deleted, or made since T. */
  readonly #past: Set<Address> = new Set();
  readonly #pending: Pending = new Pending();
  readonly #id: Id = makeId();
  readonly #span: Span = new Span();
  readonly #cursor: IdCursor = new IdCursor();

  constructor(facts: GroupFacts, encoder: StreamEncoder, aside: Aside, sets: IdSets) {
    const { groups } = encoder.streams;
    this.group = facts.group;
    this.#facts = facts;
    this.#groups = groups;
    this.#encoder = encoder;
    this.#aside = aside;
    this.#sets = sets;
  }

  /** Writes up to `most` entries or ids, or `mostBytes` of what was written before its turn; true when the group is written. */
  step(most: number, mostBytes: number, main: RdbWriter): boolean {
    if (this.#draining !== null) this.#drain(this.#draining, mostBytes, main);
    else if (this.#phase === 'waits') this.#begin(main);
    else if (this.#phase === 'pending') this.#writePending(most, main);
    else if (this.#consumer !== 0) this.#writeOwned(most, main);
    else if (!this.#beginConsumer(most, main)) this.#end();
    return this.#phase === 'done';
  }

  /** A pending entry is about to come, change or go. */
  beforePending(id: Id, main: RdbWriter): void {
    if (this.#phase === 'done' || this.#facts.pendingCount === 0 || compareIds(id, this.#facts.highest) > 0) return;
    this.#changed ??= this.#sets.create();
    if (!this.#changed.add(id)) return;
    this.#aside.keep(ID_BYTES);
    const entry = this.#pending;
    if (!this.#groups.findPending(this.group, id, entry)) return;
    this.#aside.copied++;
    if (this.#phase === 'waits' || this.#draining === this.#pendingEarly)
      this.#put(this.#pendingEarly, PENDING_CHUNK_BYTES, (writer) => this.#encoder.pending(entry, writer));
    else if (this.#phase === 'pending' && compareIds(id, this.#position) >= 0) {
      this.#encoder.pending(entry, main);
      this.#left--;
    }
    const { consumer } = entry;
    if (this.#past.has(consumer)) return;
    const isCurrent = consumer === this.#consumer;
    if (!isCurrent || this.#draining !== null) {
      const early = isCurrent ? this.#draining! : this.#note(consumer).early;
      this.#put(early, OWNED_CHUNK_BYTES, (writer) => writer.id(id));
    } else if (compareIds(id, this.#position) >= 0) {
      main.id(id);
      this.#left--;
    }
  }

  /** A consumer's facts or the number of its entries are about to change. */
  beforeConsumer(consumer: Address): void {
    if (this.#phase === 'done' || consumer === this.#consumer || this.#past.has(consumer)) return;
    this.#note(consumer);
  }

  consumerAdded(consumer: Address): void {
    if (this.#phase !== 'done') this.#past.add(consumer);
  }

  /** A consumer is about to go; of its entries we heard already. */
  consumerGoes(consumer: Address): void {
    if (this.#phase === 'done' || this.#past.has(consumer)) return;
    this.#past.add(consumer);
    if (consumer === this.#consumer) {
      // All its ids are written, or wait to be moved.
      assert(this.#left === 0, 'snapshot: ids of a consumer are lost');
      this.#consumer = 0;
      return;
    }
    const note = this.#note(consumer);
    const { bytes, at, length } = this.#groups.consumerName(consumer, this.#span);
    note.name = bytes.slice(at, at + length);
    this.#notes.delete(consumer);
    this.#gone.push(note);
  }

  // -- in turn ----------------------------------------------------------------------------------------------------

  #begin(main: RdbWriter): void {
    const name = this.#groups.groupName(this.group, this.#span);
    this.#encoder.groupHead(name, this.#facts.lastId, this.#facts.entriesRead, this.#facts.pendingCount, main);
    this.#phase = 'pending';
    this.#beginPart(this.#facts.pendingCount, this.#pendingEarly);
  }

  #writePending(most: number, main: RdbWriter): void {
    const { pending } = this.#groups.parts;
    const cursor = this.#cursor;
    const id = this.#id;
    let more = pending.atOrAfter(this.#groups.parts.pendingOf(this.group), this.#position, cursor);
    for (let i = 0; more && this.#left > 0 && i < most; i++) {
      pending.readId(cursor, id);
      if (this.#changed === null || !this.#changed.has(id)) {
        this.#groups.readPending(cursor, this.#pending);
        this.#encoder.pending(this.#pending, main);
        this.#left--;
      }
      more = pending.next(cursor);
    }
    if (this.#left > 0) {
      assert(more, 'snapshot: pending entries of a group are lost');
      pending.readId(cursor, this.#position);
      return;
    }
    main.length(this.#facts.consumerCount);
    this.#phase = 'consumers';
  }

  /** Writes the head of the next consumer, or looks who comes next; false if there is none. */
  #beginConsumer(most: number, main: RdbWriter): boolean {
    const gone = this.#gone.pop();
    if (gone !== undefined) {
      this.#span.bytes = gone.name!;
      this.#span.at = 0;
      this.#span.length = gone.name!.length;
      this.#consumerHead(gone.seen, gone.ownedCount, gone.early, main);
      return true;
    }
    const consumers = this.#consumers;
    while (this.#nextConsumer < consumers.length && this.#past.has(consumers[this.#nextConsumer]!))
      this.#nextConsumer++;
    const consumer = consumers[this.#nextConsumer++];
    if (consumer === undefined) return this.#lookAhead(most);
    const { seen, ownedCount, early } = this.#note(consumer);
    this.#notes.delete(consumer);
    this.#consumer = consumer;
    this.#groups.consumerName(consumer, this.#span);
    this.#consumerHead(seen, ownedCount, early, main);
    return true;
  }

  /** Finds the next consumers, some of which may be of after T; false if there are none. */
  #lookAhead(most: number): boolean {
    this.#consumers.length = 0;
    this.#nextConsumer = 0;
    this.#groups.consumersBehind(this.group, this.#consumersUpTo, most, (each) => void this.#consumers.push(each));
    const last = this.#consumers.at(-1);
    if (last === undefined) return false;
    const { bytes, at, length } = this.#groups.consumerName(last, this.#span);
    this.#consumersUpTo = bytes.slice(at, at + length);
    return true;
  }

  #consumerHead(seen: number | bigint, ownedCount: number, early: Early, main: RdbWriter): void {
    this.#encoder.consumerHead(this.#span, seen, ownedCount, main);
    this.#consumersWritten++;
    this.#beginPart(ownedCount, early);
    assert(this.#consumer !== 0 || this.#left === 0, 'snapshot: ids of a deleted consumer are lost');
  }

  #writeOwned(most: number, main: RdbWriter): void {
    const { owned } = this.#groups.parts;
    const cursor = this.#cursor;
    const id = this.#id;
    let more = owned.atOrAfter(this.#groups.parts.ownedOf(this.#consumer), this.#position, cursor);
    for (let i = 0; more && this.#left > 0 && i < most; i++) {
      owned.readId(cursor, id);
      if (this.#changed === null || !this.#changed.has(id)) {
        main.id(id);
        this.#left--;
      }
      more = owned.next(cursor);
    }
    if (this.#left > 0) {
      assert(more, 'snapshot: ids of a consumer are lost');
      owned.readId(cursor, this.#position);
      return;
    }
    this.#past.add(this.#consumer);
    this.#consumer = 0;
  }

  #end(): void {
    assert(this.#consumersWritten === this.#facts.consumerCount, 'snapshot: consumers of a group are lost');
    this.#phase = 'done';
    this.close();
  }

  /** Lets go of what it kept: it is written, or nobody wants it any more. */
  close(): void {
    if (this.#changed !== null) this.#aside.keep(-this.#changed.bytes);
    this.#changed = null;
    this.#notes.clear();
    this.#past.clear();
  }

  // -- before its turn --------------------------------------------------------------------------------------------

  /** What a consumer of T is now, if it changes for the first time. */
  #note(consumer: Address): Changed {
    let note = this.#notes.get(consumer);
    if (note === undefined) {
      note = {
        seen: this.#groups.seen(consumer),
        ownedCount: this.#groups.ownedCount(consumer),
        early: { sink: null, count: 0 },
        name: null,
      };
      this.#notes.set(consumer, note);
    }
    return note;
  }

  #put(early: Early, chunkBytes: number, write: (writer: RdbWriter) => void): void {
    const sink = (early.sink ??= this.#aside.sink(chunkBytes));
    const before = sink.bytes;
    write(sink.writer);
    this.#aside.keep(sink.bytes - before);
    early.count++;
    if (early === this.#draining) this.#left--;
  }

  /** A part of so many entries begins, with those that were written before its turn. */
  #beginPart(count: number, early: Early): void {
    this.#left = count - early.count;
    this.#position.fill(0);
    if (early.count > 0) this.#draining = early;
  }

  #drain(early: Early, mostBytes: number, main: RdbWriter): void {
    const moved = early.sink!.move(main, mostBytes);
    this.#aside.keep(-moved);
    if (moved === 0) this.#draining = null;
  }
}

/** Chunks of what is kept of a group, and of a consumer: there may be many. */
const PENDING_CHUNK_BYTES = 4096;
const OWNED_CHUNK_BYTES = 256;
