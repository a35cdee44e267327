/**
 * A base file of commands (`aof-use-rdb-preamble no`): turns a snapshot, which is an RDB, into the commands that make the
 * same data: SET, RPUSH, SADD, HMSET, ZADD of at most BATCH elements each, those of base-streams.ts, PEXPIREAT, HPEXPIREAT,
 * SELECT and FUNCTION LOAD.
 */
import { formatDouble } from '../base/numbers.ts';
import { copyBytes } from '../base/copy.ts';
import { NOTHING } from '../base/nothing.ts';
import { INTEGER_TEXT_BYTES } from '../rdb/cursor.ts';
import { ListpackCursor } from '../rdb/listpack.ts';
import { RdbReader } from '../rdb/read.ts';
import type { CollectionType, KeyMeta, PackedType, RdbSink, StreamSink } from '../rdb/sink.ts';
import type { BaseEncoder } from './aof-rewrite.ts';
import { StreamCommands } from './base-streams.ts';

/** Elements, fields or members in one command. */
const BATCH = 64;
const STEPS = 4096;
const CHUNK_BYTES = 64 * 1024;

const words: { readonly [T in CollectionType]: string } = { list: 'RPUSH', set: 'SADD', hash: 'HMSET', zset: 'ZADD' };

export class BaseCommands implements BaseEncoder, RdbSink {
  readonly #reader: RdbReader = new RdbReader(this, { checksum: false, maxStringBytes: Number.MAX_SAFE_INTEGER });
  #out: Bytes = new Bytes();
  #pieces: Uint8Array[] = [];
  // The key at work.
  #key: Uint8Array = NOTHING;
  #expireAtMs = -1;
  #word = '';
  /** What the next command holds besides word and key. */
  readonly #body: Bytes = new Bytes();
  /** Commands that follow it: the expiries of its fields. */
  readonly #expiries: Bytes = new Bytes();
  #bodyItems = 0;
  #bodyArguments = 0;
  readonly #cursor: ListpackCursor = new ListpackCursor();
  readonly #scratch: Uint8Array = new Uint8Array(INTEGER_TEXT_BYTES);
  readonly #stream: StreamCommands = new StreamCommands((command) => {
    this.#out.array(command.length);
    for (const word of command) {
      if (typeof word === 'string') this.#out.bulkText(word);
      else this.#out.bulk(word, 0, word.length);
    }
    if (this.#out.length >= CHUNK_BYTES) this.#emit();
  });

  /** `timestamp`: Unix seconds for a #TS: line in front; below zero: none. */
  constructor(timestamp: number) {
    if (timestamp >= 0) this.#out.text(`#TS:${timestamp}\r\n`);
  }

  push(chunk: Uint8Array): readonly Uint8Array[] {
    this.#reader.push(chunk);
    while (this.#reader.run(STEPS) === 'paused');
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  // -- what the reader finds ------------------------------------------------------------------------------------

  aux(): void {}

  resizeDb(): void {}

  moduleAux(): void {}

  selectDb(index: number): void {
    this.#out.array(2).bulkText('SELECT').bulkText(String(index));
  }

  functionLibrary(bytes: Uint8Array, at: number, length: number): void {
    this.#out.array(3).bulkText('FUNCTION').bulkText('LOAD').bulk(bytes, at, length);
  }

  key(bytes: Uint8Array, at: number, length: number, meta: KeyMeta): void {
    this.#key = bytes.slice(at, at + length);
    this.#expireAtMs = meta.expireAtMs;
  }

  string(bytes: Uint8Array, at: number, length: number): void {
    this.#out.array(3).bulkText('SET').bulk(this.#key, 0, this.#key.length).bulk(bytes, at, length);
  }

  packed(type: PackedType, bytes: Uint8Array, at: number, length: number): void {
    const cursor = this.#cursor;
    const kind = type === 'list-node' ? 'list' : type === 'hash-expiring' ? 'hash' : type;
    this.#word = words[kind];
    cursor.open(bytes, at, length);
    while (cursor.next()) {
      cursor.text(this.#scratch);
      if (kind === 'list' || kind === 'set') {
        this.#item(cursor.bytes, cursor.at, cursor.length);
        continue;
      }
      const first = cursor.bytes.slice(cursor.at, cursor.at + cursor.length);
      cursor.next();
      if (kind === 'zset') this.member(first, 0, first.length, cursor.score());
      else {
        cursor.text(this.#scratch);
        let { bytes: value, at: valueAt } = cursor;
        const valueLength = cursor.length;
        let expireAtMs = -1;
        if (type === 'hash-expiring') {
          value = value.slice(valueAt, valueAt + valueLength);
          valueAt = 0;
          cursor.next();
          expireAtMs = cursor.expiry() || -1;
        }
        this.field(first, 0, first.length, value, valueAt, valueLength, expireAtMs);
      }
    }
  }

  intset(bytes: Uint8Array, at: number, length: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, length);
    const width = view.getUint32(0, true);
    const count = view.getUint32(4, true);
    this.#word = words.set;
    for (let i = 0; i < count; i++) {
      const where = 8 + i * width;
      const value =
        width === 2
          ? view.getInt16(where, true)
          : width === 4
            ? view.getInt32(where, true)
            : view.getBigInt64(where, true);
      const text = Buffer.from(String(value), 'latin1');
      this.#item(text, 0, text.length);
    }
  }

  begin(type: CollectionType): void {
    this.#word = words[type];
  }

  element(bytes: Uint8Array, at: number, length: number): void {
    this.#item(bytes, at, length);
  }

  field(
    fieldBytes: Uint8Array,
    fieldAt: number,
    fieldLength: number,
    valueBytes: Uint8Array,
    valueAt: number,
    valueLength: number,
    expireAtMs: number,
  ): void {
    if (expireAtMs >= 0) {
      const out = this.#expiries.array(6).bulkText('HPEXPIREAT').bulk(this.#key, 0, this.#key.length);
      out.bulkText(String(expireAtMs)).bulkText('FIELDS').bulkText('1').bulk(fieldBytes, fieldAt, fieldLength);
    }
    this.#body.bulk(fieldBytes, fieldAt, fieldLength).bulk(valueBytes, valueAt, valueLength);
    this.#added(2);
  }

  member(bytes: Uint8Array, at: number, length: number, score: number): void {
    this.#body.bulkText(formatDouble(score)).bulk(bytes, at, length);
    this.#added(2);
  }

  beginStream(): StreamSink {
    this.#stream.start(this.#key);
    return this.#stream;
  }

  endKey(): void {
    this.#stream.end();
    this.#flushBody();
    if (this.#expireAtMs >= 0)
      this.#out.array(3).bulkText('PEXPIREAT').bulk(this.#key, 0, this.#key.length).bulkText(String(this.#expireAtMs));
    if (this.#out.length >= CHUNK_BYTES) this.#emit();
  }

  end(): void {
    this.#emit();
  }

  // -- inside -----------------------------------------------------------------------------------------------------

  #item(bytes: Uint8Array, at: number, length: number): void {
    this.#body.bulk(bytes, at, length);
    this.#added(1);
  }

  #added(count: number): void {
    this.#bodyArguments += count;
    if (++this.#bodyItems === BATCH) this.#flushBody();
  }

  #flushBody(): void {
    if (this.#bodyItems === 0) return;
    const body = this.#body;
    this.#out
      .array(2 + this.#bodyArguments)
      .bulkText(this.#word)
      .bulk(this.#key, 0, this.#key.length)
      .raw(body.bytes, 0, body.length);
    body.length = 0;
    this.#out.raw(this.#expiries.bytes, 0, this.#expiries.length);
    this.#expiries.length = 0;
    this.#bodyItems = this.#bodyArguments = 0;
    if (this.#out.length >= CHUNK_BYTES) this.#emit();
  }

  #emit(): void {
    if (this.#out.length === 0) return;
    this.#pieces.push(this.#out.bytes.subarray(0, this.#out.length));
    this.#out = new Bytes();
  }
}

/** A growing run of bytes in RESP. */
class Bytes {
  bytes: Buffer = Buffer.allocUnsafeSlow(4096);
  length = 0;

  array(count: number): this {
    return this.text(`*${count}\r\n`);
  }

  bulkText(text: string): this {
    return this.text(`$${text.length}\r\n${text}\r\n`);
  }

  bulk(bytes: Uint8Array, at: number, length: number): this {
    return this.text(`$${length}\r\n`).raw(bytes, at, length).text('\r\n');
  }

  text(text: string): this {
    this.#ensure(text.length);
    this.length += this.bytes.write(text, this.length, 'latin1');
    return this;
  }

  raw(bytes: Uint8Array, at: number, length: number): this {
    this.#ensure(length);
    copyBytes(this.bytes, this.length, bytes, at, length);
    this.length += length;
    return this;
  }

  #ensure(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.length + more, this.bytes.length * 2));
    copyBytes(grown, 0, this.bytes, 0, this.length);
    this.bytes = grown;
  }
}
