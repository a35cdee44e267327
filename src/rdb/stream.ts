/**
 * Reads a stream from an RDB: its nodes, its counters, and its consumer groups with all that is pending. A step reads one
 * node, one head or one pending entry; like the reader's own steps it happens completely or not at all.
 *
 *   stream    = nodes { key, listpack } length last [first maxDeleted added] groups { group }      [..]: not in type 15
 *   group     = name last [read] pending { id time count } consumers { consumer }
 *   consumer  = name seen [active] owned { id }                                                    active: type 21
 */
import { finish, type Pieces } from '../base/pieces.ts';
import { Malformed } from './error.ts';
import * as format from './format.ts';
import type { RdbInput, RoomMaker } from './input.ts';
import type { PackedValues } from './packed-value.ts';
import type { StreamSink } from './sink.ts';
import { compare, type Id, StreamNodeChecker } from './stream-node.ts';

const ID_BYTES = 16;
const TIME_BYTES = 8;

type State = 'begin' | 'node' | 'facts' | 'group' | 'pending' | 'consumers' | 'consumer' | 'owned';

export class StreamReader {
  readonly #input: RdbInput;
  readonly #room: RoomMaker | null;
  readonly #packed: PackedValues;
  readonly #checker: StreamNodeChecker;
  #sink!: StreamSink;
  #type = 0;
  #state: State = 'begin';
  /** Nodes, pending entries or owned ids that are left to read, and groups and consumers. */
  #left = 0;
  #groups = 0;
  #consumers = 0;
  /** Pending entries of the group that no consumer has yet. */
  #unowned = 0;
  #nodes = 0;
  #entries = 0;
  readonly #nodeId: Id = new Uint32Array(4);
  readonly #id: Id = new Uint32Array(4);
  readonly #lastId: Id = new Uint32Array(4);
  readonly #firstId: Id = new Uint32Array(4);
  readonly #maxDeletedId: Id = new Uint32Array(4);

  /** `room`: makes a place for a long node. `packed`: says which nodes are work in pieces. */
  constructor(input: RdbInput, room: RoomMaker | null, packed: PackedValues) {
    this.#input = input;
    this.#room = room;
    this.#packed = packed;
    this.#checker = new StreamNodeChecker(packed.pace);
  }

  /** A stream of one of the three types begins. */
  start(type: number, sink: StreamSink): void {
    this.#type = type;
    this.#sink = sink;
    this.#state = 'begin';
    this.#nodes = 0;
    this.#entries = 0;
    this.#checker.restart();
  }

  /** Takes one step; true once the stream is complete, or what is left to do of the step. */
  step(): boolean | Pieces {
    switch (this.#state) {
      case 'begin':
        this.#left = this.#input.count();
        this.#state = this.#left > 0 ? 'node' : 'facts';
        return false;
      case 'node':
        return this.#node();
      case 'facts':
        this.#facts();
        this.#state = 'group';
        return this.#groups === 0;
      case 'group':
        this.#group();
        this.#state = this.#left > 0 ? 'pending' : 'consumers';
        return false;
      case 'pending':
        this.#pending();
        if (--this.#left === 0) this.#state = 'consumers';
        return false;
      case 'consumers':
        this.#consumers = this.#input.count();
        if (this.#consumers === 0) return this.#endGroup();
        this.#state = 'consumer';
        return false;
      case 'consumer':
        this.#consumer();
        if (this.#left === 0) return this.#endConsumer();
        this.#state = 'owned';
        return false;
      default:
        this.#owned();
        return --this.#left === 0 && this.#endConsumer();
    }
  }

  #node(): false | Pieces {
    const input = this.#input;
    input.string(0);
    if (input.length !== ID_BYTES) throw new Malformed('stream node has a key that is not an id');
    const id = this.#id;
    readId(input.bytes, input.at, id);
    if (this.#nodes > 0 && compare(id, this.#nodeId) <= 0)
      throw new Malformed('stream nodes are not in the order of their ids');
    input.string(1, this.#room);
    if (!this.#packed.isLarge(input.length)) {
      finish(this.#take(input.bytes, input.at, input.length));
      return false;
    }
    input.keep();
    return this.#take(input.bytes, input.at, input.length);
  }

  /** Checks a node and hands it over, in pieces. */
  *#take(bytes: Uint8Array, at: number, length: number): Pieces {
    const id = this.#id;
    const live = yield* this.#checker.check(bytes, at, length, id);
    this.#sink.node(id, bytes, at, length);
    this.#nodeId.set(id);
    this.#nodes++;
    this.#entries += live;
    if (--this.#left === 0) this.#state = 'facts';
  }

  #facts(): void {
    const input = this.#input;
    const length = input.count();
    this.#wordsOf(this.#lastId);
    const old = this.#type === format.TYPE_STREAM_LISTPACKS;
    let added: number | bigint = length;
    if (!old) {
      this.#wordsOf(this.#firstId);
      this.#wordsOf(this.#maxDeletedId);
      added = this.#number();
    }
    const groups = input.count();
    if (length !== this.#entries) throw new Malformed('stream has another number of entries than its nodes');
    if (length > 0 && compare(this.#checker.last, this.#lastId) > 0)
      throw new Malformed('stream has an entry above its last id');
    this.#groups = groups;
    this.#sink.facts({
      length,
      added,
      lastId: this.#lastId,
      firstId: old ? undefined : this.#firstId,
      maxDeletedId: old ? undefined : this.#maxDeletedId,
    });
  }

  #group(): void {
    const input = this.#input;
    input.string(0);
    const { bytes, at, length } = input;
    this.#wordsOf(this.#id);
    const read = this.#type === format.TYPE_STREAM_LISTPACKS ? undefined : this.#number();
    const pending = input.count();
    this.#sink.group(bytes, at, length, this.#id, read);
    this.#left = pending;
    this.#unowned = pending;
  }

  #pending(): void {
    const input = this.#input;
    readId(input.window, input.take(ID_BYTES), this.#id);
    const time = this.#time();
    const count = this.#number();
    this.#sink.pending(this.#id, time, count);
  }

  #consumer(): void {
    const input = this.#input;
    input.string(0);
    const { bytes, at, length } = input;
    const seen = this.#time();
    // What was seen was active, as far as the older types tell.
    const active = this.#type === format.TYPE_STREAM_LISTPACKS_3 ? this.#time() : seen;
    const owned = input.count();
    if (owned > this.#unowned) throw new Malformed('stream consumer has more pending entries than its group');
    this.#sink.consumer(bytes, at, length, seen, active);
    this.#left = owned;
    this.#unowned -= owned;
  }

  #owned(): void {
    readId(this.#input.window, this.#input.take(ID_BYTES), this.#id);
    this.#sink.owned(this.#id);
  }

  #endConsumer(): boolean {
    this.#state = 'consumer';
    return --this.#consumers === 0 && this.#endGroup();
  }

  #endGroup(): boolean {
    if (this.#unowned > 0) throw new Malformed('stream group has pending entries that no consumer has');
    this.#state = 'group';
    return --this.#groups === 0;
  }

  /** An id as two lengths. */
  #wordsOf(id: Id): void {
    const input = this.#input;
    for (const half of [0, 2] as const) {
      input.plainLength();
      id[half] = input.lengthHigh;
      id[half + 1] = input.lengthLow;
    }
  }

  /** A length that stands for an int64. */
  #number(): number | bigint {
    const input = this.#input;
    input.plainLength();
    return int64(input.lengthHigh, input.lengthLow);
  }

  #time(): number | bigint {
    const input = this.#input;
    const at = input.take(TIME_BYTES);
    return int64(littleEndian(input.window, at + 4), littleEndian(input.window, at));
  }
}

function readId(bytes: Uint8Array, at: number, out: Id): void {
  for (let i = 0; i < 4; i++) {
    const p = at + i * 4;
    out[i] = (bytes[p]! << 24) | (bytes[p + 1]! << 16) | (bytes[p + 2]! << 8) | bytes[p + 3]!;
  }
}

function littleEndian(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function int64(high: number, low: number): number | bigint {
  const value = (high | 0) * 0x1_0000_0000 + low;
  return Number.isSafeInteger(value) ? value : (BigInt(high | 0) << 32n) | BigInt(low);
}
