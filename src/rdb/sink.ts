/**
 * What a reader of RDB tells its consumer: the visitor behind loading, inspecting and verifying.
 *
 *   file  = aux* functionLibrary* ( selectDb resizeDb? ( key value endKey )* )* end
 *   value = string | packed | intset | begin('set') element* | begin('list') ( packed | element )*
 *         | begin('hash') field* | begin('zset') member* | beginStream, to its own sink
 *
 * Rule: bytes are views that are valid only during the call; copy what you keep. Of a key, element, field or member that is or has a
 * string of more than `longBytes`, a method may return what is left to do instead of doing it: the bytes are valid until then, and
 * nothing else is called. A method may throw to refuse the file: the reader then stops for good and the error reaches whoever
 * called `run`.
 */
import type { Pieces } from '../base/pieces.ts';
import type { Viewed } from '../base/viewed.ts';
import type { Room } from './long-string.ts';
import type { WholeKey } from './whole-key.ts';

export type CollectionType = 'list' | 'set' | 'hash' | 'zset';
export type PackedType = 'list-node' | 'set' | 'hash' | 'hash-expiring' | 'zset';

/** A value, an element, or a node, that may be long. */
export type RoomFor = 'string' | 'element' | 'list-node' | 'stream-node' | 'packed';

/** What precedes a key. The reader reuses the object: copy the numbers. */
export interface KeyMeta {
  /** Absolute expiry in Unix milliseconds, -1 for none. It may lie in the past. */
  readonly expireAtMs: number;
  /** LFU counter 0..255, -1 if the file has none. */
  readonly lfuFrequency: number;
  /** Seconds since last access, -1 if the file has none. */
  readonly idleSeconds: number;
}

/** A stream's counters; ids as four words, most significant first. Type 15 has no first and no highest deleted id. */
export interface StreamFactsRead {
  /** Entries, which is what the nodes hold. */
  readonly length: number;
  /** Entries ever added. */
  readonly added: number | bigint;
  readonly lastId: Uint32Array;
  readonly firstId: Uint32Array | undefined;
  readonly maxDeletedId: Uint32Array | undefined;
}

/**
 * Takes one stream: node* facts ( group pending* ( consumer owned* )* )*. Structure and order were checked; what comes twice, or
 * an owned id that is not pending in its group or has an owner already, the sink refuses. Ids are reused: copy them.
 */
export interface StreamSink {
  /** A listpack that may be copied as it is, with the id that its entries' ids are relative to. Ids ascend. */
  node(id: Uint32Array, bytes: Uint8Array, at: number, length: number): void;
  facts(facts: StreamFactsRead): void;
  /** `entriesRead`: -1 unknown, undefined where the type does not tell. */
  group(
    bytes: Uint8Array,
    at: number,
    length: number,
    lastId: Uint32Array,
    entriesRead: number | bigint | undefined,
  ): void;
  /** Delivered at `time` (Unix ms) for the `count`th time. */
  pending(id: Uint32Array, time: number | bigint, count: number | bigint): void;
  consumer(bytes: Uint8Array, at: number, length: number, seen: number | bigint, active: number | bigint): void;
  /** A pending entry of the group is this consumer's. */
  owned(id: Uint32Array): void;
}

export interface RdbSink {
  /** Strings of more bytes are taken in pieces of so many, a step each. Default LONG_BYTES. */
  readonly longBytes?: number;

  /** Auxiliary field, such as `redis-ver`, `repl-id`, `repl-offset`, `ctime`. Unknown names must be ignored. */
  aux(name: string, bytes: Uint8Array, at: number, length: number): void;
  /** The keys that follow belong to this database. */
  selectDb(index: number): void;
  /** A hint, not to be trusted for allocation: how many keys, and keys with an expiry, the database holds. */
  resizeDb(keys: number, expires: number): void;
  /** The source text of a function library. */
  functionLibrary(bytes: Uint8Array, at: number, length: number): void;
  /** Data of a module was skipped. */
  moduleAux(name: string): void;

  /**
   * A key with its value in one call, instead of `key`, `string` or another one, and `endKey`; a sink may do without. What a
   * collection is packed into was not checked yet. False: it takes this one the long way.
   */
  wholeKey?(found: WholeKey, window: Viewed): boolean;
  key(bytes: Uint8Array, at: number, length: number, meta: KeyMeta): Pieces | void;
  string(bytes: Uint8Array, at: number, length: number): void;
  /**
   * A place for a long value, element or node that is on its way, and will be told of by `string`, `element`, `packed`, `intset` or
   * a stream's `node` once it lies there, if the input goes on (a packed value may come in element form instead, until `endKey`).
   * A sink may do without, or have none for this one: null. Then it is told of where it is, as a short one.
   */
  room?(of: RoomFor, length: number): Room | null;
  /**
   * Asked before `packed` or `intset` of a large value: whether it stays as it is. False: it comes in element form instead, which is work
   * for many steps. A sink that is not asked gets it in one call.
   */
  keeps?(type: Exclude<PackedType, 'list-node'> | 'intset', length: number, elements: number, longest: number): boolean;
  /**
   * A listpack that may be copied as it is: every element lies within it, the end is in place. For a hash and a zset
   * the elements pair up, for all but lists they are unique, and a zset is sorted with scores that are numbers.
   * `elements` counts its elements (two per field or member), at least one; none is longer than `longest`, which is Infinity
   * where that is not known. For a list it is one node of many. In
   * 'hash-expiring' each field has a third one, its expiry or 0: in rising order, those without last, at least one with.
   */
  packed(type: PackedType, bytes: Uint8Array, at: number, length: number, elements: number, longest: number): void;
  /** A set as an intset that may be copied as it is: sorted, unique, not empty. */
  intset(bytes: Uint8Array, at: number, length: number): void;
  /**
   * A value in element form follows, until `endKey`. `count` is what the file claims: elements, fields or members, for a
   * list possibly nodes. Do not allocate by it. A file may hold an empty collection: Redis drops such a key.
   */
  begin(type: CollectionType, count: number): void;
  /** Element of a list, in order, or of a set. Elements of a set may repeat in a corrupt file: refuse that. */
  element(bytes: Uint8Array, at: number, length: number): Pieces | void;
  /** Field of a hash. May repeat in a corrupt file. `expireAtMs`: its own expiry in Unix ms, -1 for none. */
  field(
    fieldBytes: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    valueBytes: Uint8Array,
    valueAt: number,
    valueLength: number,
    expireAtMs: number,
  ): Pieces | void;
  /** Member of a zset, in any order; the score is a number, possibly infinite. May repeat in a corrupt file. */
  member(bytes: Uint8Array, at: number, length: number, score: number): Pieces | void;
  /** A stream follows, until `endKey`. It may be empty. */
  beginStream(): StreamSink;
  /** After the value of every key. What is left to do may be that of a long key. */
  endKey(): Pieces | void;

  /** The whole file was read and its checksum was right. */
  end(): void;
}
