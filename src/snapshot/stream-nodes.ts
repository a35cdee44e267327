/**
 * The nodes of a stream as of T, in the order of their ids, while the stream changes.
 *
 *   index    [ written | written | now |  80-0  |  90-0  |  95-0 ]   new ones behind the last of T are none of ours
 *                                  ^ position
 *   kept                                 70-0      90-0              taken out of the stream (the block is ours), or copied
 *
 * A node that changes is copied first; one that goes is not freed but ours. Both take their places in the order.
 */
import { assert } from '../base/assert.ts';
import { type Address, byteOf, segmentOf } from '../memory/arena.ts';
import { copyBytes } from '../base/copy.ts';
import { IdCursor } from '../memory/id-index.ts';
import { ID_BYTES, type IdSet, type IdSets } from '../memory/id-set.ts';
import * as listpack from '../memory/listpack.ts';
import type { RdbWriter } from '../rdb/write.ts';
import { compareIds, copyId, type Id, incrementId, makeId } from '../store/stream-id.ts';
import type { StreamParts } from '../store/stream-parts.ts';
import type { StreamEncoder } from './encode-stream.ts';
import type { SnapshotLimits } from './limits.ts';
import { LongString } from './long-string.ts';
import type { Aside } from './opened.ts';

interface Kept {
  readonly id: Id;
  /** A node that left the stream; 0: `copy` has what it was. */
  readonly list: Address;
  readonly copy: Uint8Array | null;
  readonly bytes: number;
}

export class StreamNodes {
  readonly #parts: StreamParts;
  readonly #header: Address;
  readonly #encoder: StreamEncoder;
  readonly #limits: SnapshotLimits;
  readonly #aside: Aside;
  readonly #sets: IdSets;
  readonly #cursor: IdCursor = new IdCursor();
  readonly #id: Id = makeId();
  /** No node of T is above it. */
  readonly #last: Id = makeId();
  /** Nodes below are written. */
  readonly #position: Id = makeId();
  /** Nodes of T that are not written. */
  #left: number;
  /** In the order of their ids; those before `#keptFrom` are written. */
  readonly #kept: (Kept | null)[] = [];
  #keptFrom = 0;
  /** Nodes that came since T though they are not above all of T: XSETID can turn ids back. */
  #born: IdSet | null = null;
  /** The node that is half written, its id, and its block if that is ours. */
  readonly #long: LongString;
  readonly #longId: Id = makeId();
  #longOwned: Address = 0;

  constructor(
    parts: StreamParts,
    root: Address,
    encoder: StreamEncoder,
    limits: SnapshotLimits,
    aside: Aside,
    sets: IdSets,
  ) {
    this.#parts = parts;
    this.#header = parts.nodesOf(root);
    this.#encoder = encoder;
    this.#limits = limits;
    this.#aside = aside;
    this.#sets = sets;
    this.#long = new LongString(limits);
    this.#left = parts.nodes.count(this.#header);
    if (parts.nodes.last(this.#header, this.#cursor)) parts.nodes.readId(this.#cursor, this.#last);
  }

  /** Writes a node or a piece of one; true when all are written. */
  step(main: RdbWriter): boolean {
    if (this.#long.active) {
      if (this.#long.step(main, this.#limits.pieceBytes)) this.#freeLong();
      return false;
    }
    if (this.#left === 0) return true;
    this.#left--;
    const kept = this.#kept[this.#keptFrom];
    const live = this.#nextLive();
    if (kept !== undefined && kept !== null && (!live || compareIds(kept.id, this.#id) <= 0)) {
      this.#kept[this.#keptFrom++] = null;
      this.#aside.keep(-kept.bytes);
      copyId(this.#id, kept.id);
      if (kept.copy !== null) this.#begin(main, kept.copy, 0, kept.bytes);
      else {
        this.#longOwned = kept.list;
        this.#beginList(main, kept.list);
      }
    } else {
      assert(live, 'snapshot: a node of a stream is lost');
      this.#beginList(main, this.#parts.nodes.value(this.#cursor, 0));
    }
    copyId(this.#position, this.#id);
    incrementId(this.#position);
    return false;
  }

  /** The node is about to change where it is. */
  beforeNode(id: Id, list: Address, main: RdbWriter): void {
    if (this.#isHalfWritten(id)) {
      this.#long.finish(main);
      return;
    }
    const place = this.#placeOf(id);
    if (place < 0) return;
    const { arena } = this.#parts;
    const bytes = listpack.totalBytes(arena, list);
    const copy = new Uint8Array(bytes);
    copyBytes(copy, 0, arena.u8[segmentOf(list)]!, byteOf(list), bytes);
    this.#keep(place, { id: id.slice(), list: 0, copy, bytes });
  }

  /** The node is about to leave the stream; true: its block is ours now. */
  takesNode(id: Id, list: Address): boolean {
    if (this.#isHalfWritten(id)) {
      this.#longOwned = list;
      return true;
    }
    const place = this.#placeOf(id);
    if (place < 0) return false;
    this.#keep(place, { id: id.slice(), list, copy: null, bytes: listpack.totalBytes(this.#parts.arena, list) });
    return true;
  }

  beforeNewNode(id: Id): void {
    if (this.#left === 0 || compareIds(id, this.#last) > 0) return;
    this.#born ??= this.#sets.create();
    if (this.#born.add(id)) this.#aside.keep(ID_BYTES);
  }

  /** Frees what is ours; all is written, or nobody wants it any more. */
  close(): void {
    this.#freeLong();
    if (this.#born !== null) this.#aside.keep(-this.#born.bytes);
    this.#born = null;
    for (const kept of this.#kept) if (kept !== null && kept.list !== 0) this.#parts.arena.free(kept.list);
    this.#kept.length = 0;
  }

  #begin(main: RdbWriter, bytes: Uint8Array, at: number, length: number): void {
    this.#encoder.nodeId(this.#id, main);
    this.#long.begin(main, bytes, at, length);
    if (this.#long.active) copyId(this.#longId, this.#id);
    else this.#freeLong();
  }

  #beginList(main: RdbWriter, list: Address): void {
    const { arena } = this.#parts;
    this.#begin(main, arena.u8[segmentOf(list)]!, byteOf(list), listpack.totalBytes(arena, list));
  }

  #freeLong(): void {
    if (this.#longOwned !== 0) this.#parts.arena.free(this.#longOwned);
    this.#longOwned = 0;
  }

  /** Puts the cursor on the next node of T that is still in the stream, and reads its id. */
  #nextLive(): boolean {
    const { nodes } = this.#parts;
    const id = this.#id;
    let more = nodes.atOrAfter(this.#header, this.#position, this.#cursor);
    for (; more; more = nodes.next(this.#cursor)) {
      nodes.readId(this.#cursor, id);
      if (compareIds(id, this.#last) > 0) return false;
      if (this.#born === null || !this.#born.has(id)) return true;
    }
    return false;
  }

  #isHalfWritten(id: Id): boolean {
    return this.#long.active && this.#longOwned === 0 && compareIds(id, this.#longId) === 0;
  }

  /** Where a node belongs among the kept; -1 if it is not of T, written, or kept already. */
  #placeOf(id: Id): number {
    if (this.#left === 0 || compareIds(id, this.#last) > 0 || compareIds(id, this.#position) < 0) return -1;
    if (this.#born !== null && this.#born.has(id)) return -1;
    const kept = this.#kept;
    let low = this.#keptFrom;
    let high = kept.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = compareIds(kept[middle]!.id, id);
      if (order === 0) return -1;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #keep(place: number, kept: Kept): void {
    if (place === this.#kept.length) this.#kept.push(kept);
    else this.#kept.splice(place, 0, kept);
    this.#aside.keep(kept.bytes);
    this.#aside.copied++;
  }
}
