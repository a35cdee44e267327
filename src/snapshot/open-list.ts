/**
 * A big list, which is written over several slices: the nodes as of its opening, in order.
 *
 *   nodes   [ 1 | 2 | 3 | 4 | 5 | ... ]      noted when it is opened
 *                     ^ half written
 *   kept            3: its data, 5: a copy
 *
 * A node that changes is copied first; one that leaves its list is dropped without its data, which are ours then.
 */
import { type Address, type Arena, byteOf, segmentOf } from '../memory/arena.ts';
import * as listpack from '../memory/listpack.ts';
import * as node from '../memory/quicklist-node.ts';
import type { NodeKeeper } from '../memory/quicklist.ts';
import * as format from '../rdb/format.ts';
import type { RdbWriter } from '../rdb/write.ts';
import type { EntryEncoder } from './encode.ts';
import type { KeysWalk } from './keys-walk.ts';
import type { SnapshotLimits } from './limits.ts';
import { LongString } from './long-string.ts';
import { Marks } from './marks.ts';
import { type Aside, Opened } from './opened.ts';
import type { Sink } from './sink.ts';

export class OpenList extends Opened {
  readonly kind = 'list';
  readonly header: Address;
  readonly #nodes: OpenNodes;
  readonly #places: Uint32Array;
  #next = 0;

  constructor(keys: KeysWalk, early: Sink, header: Address, nodes: OpenNodes) {
    super(keys, early);
    this.header = header;
    this.#nodes = nodes;
    this.#places = nodes.note(header);
  }

  /** Writes a node or a piece of one; true when all are written. */
  step(): boolean {
    if (this.#nodes.goOn()) return false;
    const place = this.#places[this.#next++];
    if (place === undefined) return true;
    this.#nodes.write(place);
    return false;
  }
}

/** Whether a list has more nodes, or more bytes in them, than are written in one go. */
export function isBigList(arena: Arena, header: Address, limits: SnapshotLimits): boolean {
  if (node.word(arena, header, node.NODES) > limits.bigNodes) return true;
  let bytes = 0;
  for (let place = node.headNode(arena, header); place !== 0; place = node.nextNode(arena, place))
    bytes += arena.capacity(node.nodeData(arena, place));
  return bytes > limits.bigStringBytes;
}

/** A node that changed before its turn: in a sink, or its data as they were. */
interface Kept {
  readonly sink: Sink | null;
  readonly data: Address;
  readonly plain: boolean;
  readonly bytes: number;
}

/** The nodes of all open lists. */
export class OpenNodes implements NodeKeeper {
  readonly #arena: Arena;
  readonly #main: RdbWriter;
  readonly #encoder: EntryEncoder;
  readonly #limits: SnapshotLimits;
  readonly #aside: Aside;
  /** Nodes that are still to be written and did not change. */
  readonly #untouched: Marks = new Marks();
  readonly #kept: Map<Address, Kept> = new Map();
  readonly #long: LongString;
  /** The node that is half written, 0 if it is gone; and its data, if they are ours. */
  #half: Address = 0;
  #owned: Address = 0;

  constructor(arena: Arena, main: RdbWriter, encoder: EntryEncoder, limits: SnapshotLimits, aside: Aside) {
    this.#arena = arena;
    this.#main = main;
    this.#encoder = encoder;
    this.#limits = limits;
    this.#aside = aside;
    this.#long = new LongString(limits);
  }

  /** Takes note of a list's nodes; they are packed or plain. */
  note(header: Address): Uint32Array {
    const arena = this.#arena;
    const places = new Uint32Array(node.word(arena, header, node.NODES));
    let i = 0;
    for (let place = node.headNode(arena, header); place !== 0; place = node.nextNode(arena, place)) {
      this.#untouched.take(place);
      places[i++] = place;
    }
    return places;
  }

  beforeNode(place: Address): void {
    if (place === this.#half) {
      this.#long.finish(this.#main);
      this.#half = 0;
      return;
    }
    if (!this.#untouched.clear(place)) return;
    const sink = this.#aside.sink(KEPT_CHUNK_BYTES);
    this.#encoder.writeTo(sink.writer);
    this.#encoder.node(place);
    this.#keep(place, { sink, data: 0, plain: false, bytes: sink.bytes });
  }

  takesNode(place: Address): boolean {
    const data = node.nodeData(this.#arena, place);
    if (place === this.#half) {
      this.#half = 0;
      this.#owned = data;
      return true;
    }
    if (!this.#untouched.clear(place)) return false;
    this.#keep(place, { sink: null, data, plain: node.isPlain(this.#arena, place), bytes: this.#arena.capacity(data) });
    return true;
  }

  /** Writes the next piece of the node that is half written; false if there is none. */
  goOn(): boolean {
    if (!this.#long.active) return false;
    if (this.#long.step(this.#main, this.#limits.pieceBytes)) this.#done();
    return true;
  }

  /** Writes a node, or begins to. */
  write(place: Address): void {
    const kept = this.#kept.get(place);
    if (kept === undefined) {
      this.#untouched.clear(place);
      this.#half = place;
      this.#begin(node.nodeData(this.#arena, place), node.isPlain(this.#arena, place));
      return;
    }
    this.#kept.delete(place);
    this.#aside.keep(-kept.bytes);
    if (kept.sink !== null) kept.sink.move(this.#main, Infinity);
    else {
      this.#owned = kept.data;
      this.#begin(kept.data, kept.plain);
    }
  }

  /** Frees what is ours. */
  close(): void {
    this.#done();
    for (const { data } of this.#kept.values()) if (data !== 0) this.#arena.free(data);
    this.#kept.clear();
  }

  #begin(data: Address, plain: boolean): void {
    const arena = this.#arena;
    const bytes = arena.u8[segmentOf(data)]!;
    this.#main.length(plain ? format.QUICKLIST_NODE_PLAIN : format.QUICKLIST_NODE_PACKED);
    if (plain) this.#long.begin(this.#main, bytes, byteOf(data) + node.PLAIN_HEADER, node.word(arena, data, 0));
    else this.#long.begin(this.#main, bytes, byteOf(data), listpack.totalBytes(arena, data));
    if (!this.#long.active) this.#done();
  }

  #done(): void {
    this.#half = 0;
    if (this.#owned !== 0) this.#arena.free(this.#owned);
    this.#owned = 0;
  }

  #keep(place: Address, kept: Kept): void {
    this.#kept.set(place, kept);
    this.#aside.keep(kept.bytes);
    this.#aside.copied++;
  }
}

const KEPT_CHUNK_BYTES = 4096;
