/**
 * Writes entries as RDB. Compact encodings are copied as they lie in the arena; large ones are written element by
 * element in the oldest form that holds them, so that any Redis from 7.0 on can read the result.
 *
 *   string   STRING                     list   LIST_QUICKLIST_2, its nodes as they are
 *   hash     HASH_LISTPACK or HASH      set    SET_INTSET or SET (Redis 7.0 knows no listpack sets)
 *   zset     ZSET_LISTPACK or ZSET_2    hash with fields that expire   HASH_LISTPACK_EX or HASH_METADATA (Redis 7.4)
 *   stream   STREAM_LISTPACKS_2, its nodes as they are
 *
 * Rule: it has its own scratch memory and reads nothing but the arena, so that it may run in the middle of a command.
 */
import { type Address, byteOf, segmentOf } from '../memory/arena.ts';
import * as intset from '../memory/intset.ts';
import * as listpack from '../memory/listpack.ts';
import * as node from '../memory/quicklist-node.ts';
import { assert } from '../base/assert.ts';
import { Span } from '../base/span.ts';
import * as format from '../rdb/format.ts';
import type { RdbWriter } from '../rdb/write.ts';
import { ENC_QUICKLIST, TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_STREAM, TYPE_STRING, TYPE_ZSET } from '../store/entry.ts';
import type { FieldVisitor } from '../store/hash-items.ts';
import { Hashes } from '../store/hashes.ts';
import type { Keyspace } from '../store/keyspace.ts';
import type { MemberVisitor } from '../store/set-value.ts';
import { Sets } from '../store/sets.ts';
import type { ScoredVisitor } from '../store/zset-value.ts';
import { Streams } from '../store/streams.ts';
import { Zsets } from '../store/zsets.ts';
import { StreamEncoder } from './encode-stream.ts';
import type { LongString } from './long-string.ts';

export class EntryEncoder {
  readonly #space: Keyspace;
  #writer: RdbWriter;
  readonly #span: Span = new Span();
  readonly #hashes: Hashes;
  readonly #sets: Sets;
  readonly #zsets: Zsets;
  #streams: StreamEncoder | undefined;
  readonly #writeField: FieldVisitor;
  readonly #writeMember: MemberVisitor;
  readonly #writeScored: ScoredVisitor;
  /** Only type and value are wanted. */
  #withoutKey = false;

  constructor(space: Keyspace, writer: RdbWriter) {
    this.#space = space;
    this.#writer = writer;
    this.#hashes = new Hashes(space);
    this.#sets = new Sets(space);
    this.#zsets = new Zsets(space);
    this.#writeField = (fieldBytes, fieldAt, fieldLength, bytes, at, length) => {
      this.#writer.string(fieldBytes, fieldAt, fieldLength);
      this.#writer.string(bytes, at, length);
    };
    this.#writeMember = (bytes, at, length) => {
      this.#writer.string(bytes, at, length);
    };
    this.#writeScored = (bytes, at, length, score) => {
      this.#writer.string(bytes, at, length);
      this.#writer.double(score);
    };
  }

  get streams(): StreamEncoder {
    return (this.#streams ??= new StreamEncoder(new Streams(this.#space)));
  }

  /** Where everything goes from now on. */
  writeTo(writer: RdbWriter): void {
    this.#writer = writer;
  }

  /** Expiry, idle time or frequency where the policy keeps it, type, key and value of one entry. */
  entry(entry: Address): void {
    this.#meta(entry);
    this.#object(entry);
  }

  /** Type and value of one entry, as a DUMP payload holds them. */
  object(entry: Address): void {
    this.#withoutKey = true;
    this.#object(entry);
    this.#withoutKey = false;
  }

  // -- values in pieces -------------------------------------------------------------------------------------------

  /**
   * All of an entry but its elements, which follow one by one: `element` of each item of a table, in any order, `node` of
   * each node of a quicklist, the bytes of a string or of `packed` with their length, or what `streams` writes of a stream. `object` writes the same form in
   * one go.
   */
  open(entry: Address): void {
    const { arena, entries } = this.#space;
    this.#meta(entry);
    const packed = this.packed(entry);
    if (packed !== 0) {
      this.#startPacked(entry);
      return;
    }
    switch (entries.type(entry)) {
      case TYPE_STRING:
        this.#start(format.TYPE_STRING, entry);
        return;
      case TYPE_HASH:
        this.#startTable(entry);
        return;
      case TYPE_SET:
        this.#start(format.TYPE_SET, entry);
        this.#writer.length(this.#sets.length(entry));
        return;
      case TYPE_ZSET:
        this.#start(format.TYPE_ZSET_2, entry);
        this.#writer.length(this.#zsets.length(entry));
        return;
      case TYPE_LIST:
        this.#space.lists.settle(entries.ref(entry));
        this.#start(format.TYPE_LIST_QUICKLIST_2, entry);
        this.#writer.length(node.word(arena, entries.ref(entry), node.NODES));
        return;
      case TYPE_STREAM:
        this.#start(format.TYPE_STREAM_LISTPACKS_2, entry);
        this.streams.begin(entries.ref(entry), this.#writer);
        return;
      default:
        assert(false, 'snapshot: an entry of a type that cannot be written');
    }
  }

  /** An item of a hash, set or sorted set that is a table. `earliest`: of a hash, what `earliestExpiry` said at its opening. */
  element(type: number, item: Address, earliest: number): void {
    if (type === TYPE_HASH) this.#field(item, earliest);
    else if (type === TYPE_SET) this.#sets.values.visitItem(item, this.#writeMember);
    else this.#zsets.values.visitItem(item, this.#writeScored);
  }

  /** The same of an item that is large: `long` gets what is not written at once. */
  longElement(type: number, item: Address, earliest: number, long: LongString): void {
    const writer = this.#writer;
    if (type === TYPE_HASH) {
      this.#fieldExpiry(item, earliest);
      this.#hashes.items.visit(item, (fieldBytes, fieldAt, fieldLength, bytes, at, length) => {
        long.begin(writer, fieldBytes, fieldAt, fieldLength);
        if (long.active) long.follow(bytes, at, length);
        else long.begin(writer, bytes, at, length);
      });
    } else if (type === TYPE_SET) {
      this.#sets.values.visitItem(item, (bytes, at, length) => {
        long.begin(writer, bytes, at, length);
      });
    } else {
      this.#zsets.values.visitItem(item, (bytes, at, length, score) => {
        long.begin(writer, bytes, at, length);
        if (long.active) long.endWith(score);
        else writer.double(score);
      });
    }
  }

  /** A node of a quicklist. */
  node(place: Address): void {
    const { arena } = this.#space;
    const data = node.nodeData(arena, place);
    if (node.isPlain(arena, place)) {
      this.#writer.length(format.QUICKLIST_NODE_PLAIN);
      const bytes = arena.u8[segmentOf(data)]!;
      this.#writer.string(bytes, byteOf(data) + node.PLAIN_HEADER, node.plainLength(arena, place));
    } else {
      this.#writer.length(format.QUICKLIST_NODE_PACKED);
      this.#listpack(data);
    }
  }

  // -- by type ----------------------------------------------------------------------------------------------------

  #object(entry: Address): void {
    const { entries } = this.#space;
    const packed = this.packed(entry);
    if (packed !== 0) {
      this.#startPacked(entry);
      this.#block(packed, this.packedBytes(entry, packed));
      return;
    }
    switch (entries.type(entry)) {
      case TYPE_STRING: {
        this.#start(format.TYPE_STRING, entry);
        const value = entries.value(entry, this.#span);
        this.#writer.string(value.bytes, value.at, value.length);
        return;
      }
      case TYPE_LIST:
        this.#list(entry);
        return;
      case TYPE_SET:
        this.#set(entry);
        return;
      case TYPE_ZSET:
        this.#zset(entry);
        return;
      case TYPE_HASH:
        this.#hash(entry);
        return;
      case TYPE_STREAM:
        this.#start(format.TYPE_STREAM_LISTPACKS_2, entry);
        this.streams.write(entries.ref(entry), this.#writer);
        return;
      default:
        assert(false, 'snapshot: an entry of a type that cannot be written');
    }
  }

  /** The block whose bytes are the value as it is written, in one string; 0 if it has another form. */
  packed(entry: Address): Address {
    const { entries } = this.#space;
    switch (entries.type(entry)) {
      case TYPE_HASH:
        return this.earliestExpiry(entry) >= 0 && this.#hashes.expiring.isPacked(entry)
          ? this.#hashes.expiring.fieldsOf(entry)
          : this.#hashes.packed(entry);
      case TYPE_SET:
        return this.#sets.intset(entry);
      case TYPE_ZSET:
        return this.#zsets.packed(entry);
      case TYPE_LIST:
        return entries.encoding(entry) === ENC_QUICKLIST ? 0 : entries.ref(entry);
      default:
        return 0;
    }
  }

  /** How many bytes of that block are written. */
  packedBytes(entry: Address, packed: Address): number {
    const { arena, entries } = this.#space;
    return entries.type(entry) === TYPE_SET ? intset.totalBytes(arena, packed) : listpack.totalBytes(arena, packed);
  }

  /** What comes before those bytes. */
  #startPacked(entry: Address): void {
    switch (this.#space.entries.type(entry)) {
      case TYPE_HASH: {
        const earliest = this.earliestExpiry(entry);
        this.#start(earliest >= 0 ? format.TYPE_HASH_LISTPACK_EX : format.TYPE_HASH_LISTPACK, entry);
        if (earliest >= 0) this.#writer.time(earliest);
        return;
      }
      case TYPE_SET:
        this.#start(format.TYPE_SET_INTSET, entry);
        return;
      case TYPE_ZSET:
        this.#start(format.TYPE_ZSET_LISTPACK, entry);
        return;
      default:
        this.#start(format.TYPE_LIST_QUICKLIST_2, entry);
        this.#writer.length(1);
        this.#writer.length(format.QUICKLIST_NODE_PACKED);
    }
  }

  #hash(entry: Address): void {
    const earliest = this.earliestExpiry(entry);
    this.#startTable(entry);
    this.#hashes.forEach(
      entry,
      (f, fAt, fLength, v, vAt, vLength, expiry) => {
        if (earliest >= 0) this.#writer.length(expiry < 0 ? 0 : expiry - earliest + 1);
        this.#writeField(f, fAt, fLength, v, vAt, vLength, expiry);
      },
      true,
    );
  }

  /** No field of this hash expires before that, ms; -1 if none expires. */
  earliestExpiry(entry: Address): number {
    return this.#hashes.hasExpiringField(entry) ? this.#hashes.expiring.deadline(entry) : -1;
  }

  /** All of a hash but its fields, which are written one by one. */
  #startTable(entry: Address): void {
    const earliest = this.earliestExpiry(entry);
    this.#start(earliest >= 0 ? format.TYPE_HASH_METADATA : format.TYPE_HASH, entry);
    if (earliest >= 0) this.#writer.time(earliest);
    this.#writer.length(this.#hashes.length(entry));
  }

  #field(item: Address, earliest: number): void {
    this.#fieldExpiry(item, earliest);
    this.#hashes.items.visit(item, this.#writeField);
  }

  #fieldExpiry(item: Address, earliest: number): void {
    if (earliest < 0) return;
    const expiry = this.#hashes.items.expiry(item);
    this.#writer.length(expiry < 0 ? 0 : expiry - earliest + 1);
  }

  #set(entry: Address): void {
    this.#start(format.TYPE_SET, entry);
    this.#writer.length(this.#sets.length(entry));
    this.#sets.forEach(entry, this.#writeMember);
  }

  #zset(entry: Address): void {
    this.#start(format.TYPE_ZSET_2, entry);
    this.#writer.length(this.#zsets.length(entry));
    this.#zsets.forEach(entry, this.#writeScored);
  }

  #list(entry: Address): void {
    const { arena, entries } = this.#space;
    const root = entries.ref(entry);
    this.#start(format.TYPE_LIST_QUICKLIST_2, entry);
    this.#space.lists.settle(root);
    this.#writer.length(node.word(arena, root, node.NODES));
    for (let place = node.headNode(arena, root); place !== 0; place = node.nextNode(arena, place)) this.node(place);
  }

  #listpack(list: Address): void {
    this.#block(list, listpack.totalBytes(this.#space.arena, list));
  }

  /** The first bytes of a block as a string. */
  #block(block: Address, length: number): void {
    this.#writer.string(this.#space.arena.u8[segmentOf(block)]!, byteOf(block), length);
  }

  #meta(entry: Address): void {
    const { entries, access, now } = this.#space;
    const expireAtMs = entries.expiry(entry);
    const frequency = access.usesLfu ? access.frequency(entry, now) : -1;
    const idle = access.usesLru ? access.idleSeconds(entry, now) : -1;
    if (expireAtMs >= 0 || frequency >= 0 || idle >= 0) this.#writer.keyMeta(expireAtMs, frequency, idle);
  }

  #start(type: number, entry: Address): void {
    this.#writer.type(type);
    if (this.#withoutKey) return;
    const key = this.#space.entries.key(entry, this.#span);
    this.#writer.string(key.bytes, key.at, key.length);
  }
}
