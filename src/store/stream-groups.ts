/**
 * Consumer groups: their consumers, and which entries were delivered to whom and are not acknowledged yet ("pending"). The
 * layout and its invariant are in stream-parts.ts.
 *
 * Groups and consumers are addresses of their blocks; they stay valid until deleted. A method that throws ArenaExhausted has
 * changed nothing.
 */
import { type Address, ArenaExhausted, byteOf, segmentOf } from '../memory/arena.ts';
import { copyBytes } from '../base/copy.ts';
import { IdCursor } from '../memory/id-index.ts';
import { Span } from '../base/span.ts';
import { NOTHING } from '../base/nothing.ts';
import { type Id, int64, makeId, readInt64, writeInt64 } from './stream-id.ts';
import {
  ACTIVE_TIME,
  ADDED,
  CONSUMER_HEAD_BYTES,
  CONSUMERS,
  ENTRIES_READ,
  GROUP_HEAD_BYTES,
  GROUP_LAST_ID,
  GROUPS,
  NAME_LENGTH,
  PENDING_CONSUMER,
  PENDING_COUNT,
  PENDING_TIME,
  SEEN_TIME,
  type StreamParts,
} from './stream-parts.ts';

/** What groups ask of the stream they belong to. */
export interface StreamFacts {
  readCounter(root: Address, word: number): number | bigint;
  hasTombstonesFrom(root: Address, from: Id): boolean;
  readsUpTo(root: Address, id: Id): number | bigint;
}

/** A pending entry, as the walks and `findPending` give it. */
export class Pending {
  readonly id: Id = makeId();
  consumer: Address = 0;
  /** Unix ms of the last delivery. */
  time: number | bigint = 0;
  /** Deliveries. */
  count: number | bigint = 0;
}

export class StreamGroups {
  readonly parts: StreamParts;
  readonly #facts: StreamFacts;
  readonly #cursor: IdCursor = new IdCursor();
  readonly #ownedCursor: IdCursor = new IdCursor();
  readonly #id: Id = makeId();
  readonly #words: Uint32Array = new Uint32Array(4);
  readonly #span: Span = new Span();

  constructor(parts: StreamParts, facts: StreamFacts) {
    this.parts = parts;
    this.#facts = facts;
  }

  // -- groups -------------------------------------------------------------------------------------------------

  /** The group, or 0. */
  find(root: Address, bytes: Uint8Array, at: number, length: number): Address {
    return this.parts.groups.find(this.parts.word(root, GROUPS), bytes, at, length);
  }

  count(root: Address): number {
    return this.parts.groups.count(this.parts.word(root, GROUPS));
  }

  /** Adds a group whose name is new. `entriesRead` -1: unknown. */
  create(
    root: Address,
    bytes: Uint8Array,
    at: number,
    length: number,
    lastId: Id,
    entriesRead: number | bigint,
  ): Address {
    const { parts } = this;
    const group = this.#named(GROUP_HEAD_BYTES, bytes, at, length);
    parts.setWord(group, CONSUMERS, 0);
    parts.pending.init(parts.pendingOf(group));
    this.#writeLastId(group, lastId);
    this.#setInt64(group, ENTRIES_READ, entriesRead);
    try {
      parts.setWord(root, GROUPS, parts.groups.insert(parts.word(root, GROUPS), group));
    } catch (error) {
      parts.arena.free(group);
      throw error;
    }
    if (parts.keeper !== null) parts.keeper.groupAdded(root, group);
    return group;
  }

  /** Takes a group out of its stream; the caller gives it to the reclaimer. */
  unlink(root: Address, group: Address): void {
    const { parts } = this;
    if (parts.keeper !== null) parts.keeper.beforeGroup(group);
    parts.setWord(root, GROUPS, parts.groups.remove(parts.word(root, GROUPS), group));
  }

  groupName(group: Address, out: Span): Span {
    return this.#name(group, GROUP_HEAD_BYTES, out);
  }

  lastId(group: Address, out: Id): Id {
    const words = this.parts.arena.u32[segmentOf(group)]!;
    const word = (byteOf(group) >>> 2) + GROUP_LAST_ID;
    for (let i = 0; i < 4; i++) out[i] = words[word + i]!;
    return out;
  }

  setLastId(group: Address, id: Id): void {
    const { keeper } = this.parts;
    if (keeper !== null) keeper.beforeGroup(group);
    this.#writeLastId(group, id);
  }

  #writeLastId(group: Address, id: Id): void {
    const words = this.parts.arena.u32[segmentOf(group)]!;
    const word = (byteOf(group) >>> 2) + GROUP_LAST_ID;
    for (let i = 0; i < 4; i++) words[word + i] = id[i]!;
  }

  /** Entries delivered up to the last id; -1 if unknown. */
  entriesRead(group: Address): number | bigint {
    return this.#int64(group, ENTRIES_READ);
  }

  setEntriesRead(group: Address, value: number | bigint): void {
    const { keeper } = this.parts;
    if (keeper !== null) keeper.beforeGroup(group);
    this.#setInt64(group, ENTRIES_READ, value);
  }

  /** An entry beyond the last id is delivered: moves the last id to it and counts it, where counting is possible. */
  advance(root: Address, group: Address, id: Id): void {
    const read = this.entriesRead(group);
    if (read !== -1 && !this.#facts.hasTombstonesFrom(root, id)) {
      this.setEntriesRead(group, typeof read === 'number' ? read + 1 : read + 1n);
    } else if (this.#facts.readCounter(root, ADDED) !== 0) {
      this.setEntriesRead(group, this.#facts.readsUpTo(root, id));
    }
    this.setLastId(group, id);
  }

  /** Entries that are still to be delivered; undefined if that cannot be told. */
  lag(root: Address, group: Address): number | bigint | undefined {
    const added = this.#facts.readCounter(root, ADDED);
    if (added === 0) return 0;
    const lastId = this.lastId(group, this.#id);
    let read = this.entriesRead(group);
    if (read === -1 || this.#facts.hasTombstonesFrom(root, lastId)) read = this.#facts.readsUpTo(root, lastId);
    if (read === -1) return undefined;
    const lag = BigInt(added) - BigInt(read);
    return int64(Number((lag >> 32n) & 0xffffffffn), Number(lag & 0xffffffffn));
  }

  // -- consumers ----------------------------------------------------------------------------------------------

  /** The consumer, or 0. */
  findConsumer(group: Address, bytes: Uint8Array, at: number, length: number): Address {
    return this.parts.consumers.find(this.parts.word(group, CONSUMERS), bytes, at, length);
  }

  consumerCount(group: Address): number {
    return this.parts.consumers.count(this.parts.word(group, CONSUMERS));
  }

  /** Adds a consumer whose name is new. Times in Unix ms; active -1: never. */
  createConsumer(
    group: Address,
    bytes: Uint8Array,
    at: number,
    length: number,
    seen: number | bigint,
    active: number | bigint = -1,
  ): Address {
    const { parts } = this;
    if (parts.keeper !== null) parts.keeper.beforeGroup(group);
    const consumer = this.#named(CONSUMER_HEAD_BYTES, bytes, at, length);
    parts.owned.init(parts.ownedOf(consumer));
    this.#setInt64(consumer, SEEN_TIME, seen);
    this.setActive(consumer, active);
    try {
      parts.setWord(group, CONSUMERS, parts.consumers.insert(parts.word(group, CONSUMERS), consumer));
    } catch (error) {
      parts.arena.free(consumer);
      throw error;
    }
    if (parts.keeper !== null) parts.keeper.consumerAdded(group, consumer);
    return consumer;
  }

  /** Deletes a consumer with its pending entries; returns how many those were. */
  deleteConsumer(group: Address, consumer: Address): number {
    const { parts } = this;
    const { keeper } = parts;
    const owned = parts.ownedOf(consumer);
    const pending = this.ownedCount(consumer);
    for (let more = parts.owned.first(owned, this.#cursor); more; more = parts.owned.next(this.#cursor)) {
      parts.owned.readId(this.#cursor, this.#id);
      if (keeper !== null) keeper.beforePending(group, this.#id);
      parts.pending.remove(parts.pendingOf(group), this.#id);
    }
    if (keeper !== null) keeper.consumerGoes(group, consumer);
    parts.owned.free(owned, Infinity);
    parts.setWord(group, CONSUMERS, parts.consumers.remove(parts.word(group, CONSUMERS), consumer));
    parts.arena.free(consumer);
    return pending;
  }

  consumerName(consumer: Address, out: Span): Span {
    return this.#name(consumer, CONSUMER_HEAD_BYTES, out);
  }

  /** When it last tried to read or claim. */
  seen(consumer: Address): number | bigint {
    return this.#int64(consumer, SEEN_TIME);
  }

  setSeen(group: Address, consumer: Address, ms: number | bigint): void {
    const { keeper } = this.parts;
    if (keeper !== null) keeper.beforeConsumer(group, consumer);
    this.#setInt64(consumer, SEEN_TIME, ms);
  }

  /** When it last got entries, -1: never. */
  active(consumer: Address): number | bigint {
    return this.#int64(consumer, ACTIVE_TIME);
  }

  setActive(consumer: Address, ms: number | bigint): void {
    this.#setInt64(consumer, ACTIVE_TIME, ms);
  }

  // -- pending entries ----------------------------------------------------------------------------------------

  pendingCount(group: Address): number {
    return this.parts.pending.count(this.parts.pendingOf(group));
  }

  ownedCount(consumer: Address): number {
    return this.parts.owned.count(this.parts.ownedOf(consumer));
  }

  /** Fills `out`; false if the entry is not pending. */
  findPending(group: Address, id: Id, out: Pending): boolean {
    const { pending } = this.parts;
    if (!pending.find(this.parts.pendingOf(group), id, this.#cursor)) return false;
    this.readPending(this.#cursor, out);
    return true;
  }

  /** The first pending entry with this id or a higher one. Works while entries come and go. */
  pendingFrom(group: Address, id: Id, out: Pending): boolean {
    const { pending } = this.parts;
    if (!pending.atOrAfter(this.parts.pendingOf(group), id, this.#cursor)) return false;
    this.readPending(this.#cursor, out);
    return true;
  }

  /** The pending entry with the highest id. */
  lastPending(group: Address, out: Pending): boolean {
    if (!this.parts.pending.last(this.parts.pendingOf(group), this.#cursor)) return false;
    this.readPending(this.#cursor, out);
    return true;
  }

  /** The first id of a consumer's pending entries that is not below `id`, written to `out`. */
  ownedFrom(consumer: Address, id: Id, out: Id): boolean {
    const { owned } = this.parts;
    if (!owned.atOrAfter(this.parts.ownedOf(consumer), id, this.#cursor)) return false;
    owned.readId(this.#cursor, out);
    return true;
  }

  /** The entry is pending at `consumer` from now on, whoever had it before. */
  assign(group: Address, consumer: Address, id: Id, time: number | bigint, count: number | bigint): void {
    const { pending, owned, keeper } = this.parts;
    const header = this.parts.pendingOf(group);
    const cursor = this.#cursor;
    if (keeper !== null) {
      keeper.beforePending(group, id);
      keeper.beforeConsumer(group, consumer);
    }
    const added = pending.insert(header, id, cursor);
    const before = added ? 0 : pending.value(cursor, PENDING_CONSUMER);
    if (before !== consumer) {
      try {
        owned.insert(this.parts.ownedOf(consumer), id, this.#ownedCursor);
      } catch (error) {
        if (added) pending.remove(header, id);
        throw error;
      }
      if (before !== 0) owned.remove(this.parts.ownedOf(before), id);
    }
    this.#write(cursor, consumer, time, count);
  }

  /** The same; false, and nothing happened, if there is no memory for it. */
  tryAssign(group: Address, consumer: Address, id: Id, time: number | bigint, count: number | bigint): boolean {
    try {
      this.assign(group, consumer, id, time, count);
      return true;
    } catch (error) {
      if (error instanceof ArenaExhausted) return false;
      throw error;
    }
  }

  /** Changes time and count of a pending entry. */
  redeliver(group: Address, id: Id, time: number | bigint, count: number | bigint): void {
    const { pending, keeper } = this.parts;
    if (keeper !== null) keeper.beforePending(group, id);
    if (!pending.find(this.parts.pendingOf(group), id, this.#cursor)) return;
    this.#write(this.#cursor, pending.value(this.#cursor, PENDING_CONSUMER), time, count);
  }

  /** The entry is not pending any more; false if it was not. */
  acknowledge(group: Address, id: Id): boolean {
    const { pending, owned, keeper } = this.parts;
    const header = this.parts.pendingOf(group);
    if (keeper !== null) keeper.beforePending(group, id);
    if (!pending.find(header, id, this.#cursor)) return false;
    const consumer = pending.value(this.#cursor, PENDING_CONSUMER);
    pending.remove(header, id);
    if (consumer !== 0) owned.remove(this.parts.ownedOf(consumer), id);
    return true;
  }

  // -- loading ------------------------------------------------------------------------------------------------

  /** Adds a pending entry that has no consumer yet; false if it is there. Each must get one: see `allOwned`. */
  addUnowned(group: Address, id: Id, time: number | bigint, count: number | bigint): boolean {
    if (!this.parts.pending.insert(this.parts.pendingOf(group), id, this.#cursor)) return false;
    this.#write(this.#cursor, 0, time, count);
    return true;
  }

  /** Gives a pending entry without a consumer its consumer; false if there is no such entry. */
  own(group: Address, consumer: Address, id: Id): boolean {
    const { pending, owned } = this.parts;
    if (!pending.find(this.parts.pendingOf(group), id, this.#cursor)) return false;
    if (pending.value(this.#cursor, PENDING_CONSUMER) !== 0) return false;
    owned.insert(this.parts.ownedOf(consumer), id, this.#ownedCursor);
    pending.setValue(this.#cursor, PENDING_CONSUMER, consumer);
    return true;
  }

  // -- walks: nothing may change meanwhile ----------------------------------------------------------------------

  /** Groups in the order of their names. */
  forEachGroup(root: Address, visit: (group: Address) => void): void {
    this.parts.groups.forEach(this.parts.word(root, GROUPS), visit);
  }

  /** Up to `most` groups in the order of their names, behind the given one; null: from the first. */
  groupsBehind(root: Address, name: Uint8Array | null, most: number, visit: (group: Address) => void): void {
    const bytes = name ?? NOTHING;
    this.parts.groups.forEachFrom(this.parts.word(root, GROUPS), bytes, 0, bytes.length, name !== null, most, visit);
  }

  /** Consumers in the order of their names. */
  forEachConsumer(group: Address, visit: (consumer: Address) => void): void {
    this.parts.consumers.forEach(this.parts.word(group, CONSUMERS), visit);
  }

  /** Up to `most` consumers in the order of their names, behind the given one; null: from the first. */
  consumersBehind(group: Address, name: Uint8Array | null, most: number, visit: (consumer: Address) => void): void {
    const table = this.parts.word(group, CONSUMERS);
    const bytes = name ?? NOTHING;
    this.parts.consumers.forEachFrom(table, bytes, 0, bytes.length, name !== null, most, visit);
  }

  /** A function that gives one pending entry after the other, in the order of their ids; false at the end. */
  pendingWalk(group: Address): (out: Pending) => boolean {
    const { pending } = this.parts;
    const cursor = new IdCursor();
    let more = pending.first(this.parts.pendingOf(group), cursor);
    return (out) => {
      if (!more) return false;
      this.readPending(cursor, out);
      more = pending.next(cursor);
      return true;
    };
  }

  /** Like `pendingWalk`, for the ids of a consumer's pending entries. */
  ownedWalk(consumer: Address): (out: Id) => boolean {
    const { owned } = this.parts;
    const cursor = new IdCursor();
    let more = owned.first(this.parts.ownedOf(consumer), cursor);
    return (out) => {
      if (!more) return false;
      owned.readId(cursor, out);
      more = owned.next(cursor);
      return true;
    };
  }

  /** Pending entries in the order of their ids; the object is reused. */
  forEachPending(group: Address, visit: (pending: Pending) => void): void {
    const walk = this.pendingWalk(group);
    const entry = new Pending();
    while (walk(entry)) visit(entry);
  }

  /** Ids of a consumer's pending entries; the array is reused. */
  forEachOwned(consumer: Address, visit: (id: Id) => void): void {
    const walk = this.ownedWalk(consumer);
    const id = makeId();
    while (walk(id)) visit(id);
  }

  /** Copies all groups to a stream without any. If memory runs out, the copy has some of them. */
  copyAll(from: Address, to: Address): void {
    const { parts } = this;
    const lastId = makeId();
    this.forEachGroup(from, (group) => {
      const name = this.#name(group, GROUP_HEAD_BYTES, this.#span);
      const copy = this.create(
        to,
        name.bytes,
        name.at,
        name.length,
        this.lastId(group, lastId),
        this.entriesRead(group),
      );
      this.forEachConsumer(group, (consumer) => {
        const { bytes, at, length } = this.consumerName(consumer, this.#span);
        const twin = this.createConsumer(copy, bytes, at, length, this.seen(consumer), this.active(consumer));
        const cursor = new IdCursor();
        this.forEachOwned(consumer, (id) => parts.owned.insert(parts.ownedOf(twin), id, cursor));
      });
      const cursor = new IdCursor();
      this.forEachPending(group, (entry) => {
        const { bytes, at, length } = this.consumerName(entry.consumer, this.#span);
        parts.pending.insert(parts.pendingOf(copy), entry.id, cursor);
        this.#write(cursor, this.findConsumer(copy, bytes, at, length), entry.time, entry.count);
      });
    });
  }

  // -- inside -------------------------------------------------------------------------------------------------

  #named(head: number, bytes: Uint8Array, at: number, length: number): Address {
    const { parts } = this;
    const block = parts.arena.alloc(head + length);
    parts.setWord(block, NAME_LENGTH, length);
    copyBytes(parts.arena.u8[segmentOf(block)]!, byteOf(block) + head, bytes, at, length);
    return block;
  }

  #name(block: Address, head: number, out: Span): Span {
    out.bytes = this.parts.arena.u8[segmentOf(block)]!;
    out.at = byteOf(block) + head;
    out.length = this.parts.word(block, NAME_LENGTH);
    return out;
  }

  #int64(block: Address, word: number): number | bigint {
    return readInt64(this.parts.arena.u32[segmentOf(block)]!, (byteOf(block) >>> 2) + word);
  }

  #setInt64(block: Address, word: number, value: number | bigint): void {
    writeInt64(this.parts.arena.u32[segmentOf(block)]!, (byteOf(block) >>> 2) + word, value);
  }

  /** What a cursor in the index of pending entries stands at. */
  readPending(cursor: IdCursor, out: Pending): void {
    const { pending } = this.parts;
    pending.readId(cursor, out.id);
    out.consumer = pending.value(cursor, PENDING_CONSUMER);
    out.time = int64(pending.value(cursor, PENDING_TIME + 1), pending.value(cursor, PENDING_TIME));
    out.count = int64(pending.value(cursor, PENDING_COUNT + 1), pending.value(cursor, PENDING_COUNT));
  }

  #write(cursor: IdCursor, consumer: Address, time: number | bigint, count: number | bigint): void {
    const { pending } = this.parts;
    const words = this.#words;
    writeInt64(words, 0, time);
    writeInt64(words, 2, count);
    pending.setValue(cursor, PENDING_CONSUMER, consumer);
    pending.setValue(cursor, PENDING_TIME, words[0]!);
    pending.setValue(cursor, PENDING_TIME + 1, words[1]!);
    pending.setValue(cursor, PENDING_COUNT, words[2]!);
    pending.setValue(cursor, PENDING_COUNT + 1, words[3]!);
  }
}
