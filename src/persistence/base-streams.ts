/**
 * A stream of a base file of commands: XADD for each entry, XSETID for the counters, XGROUP CREATE for each group, and for its
 * consumers XCLAIM for what is pending (XGROUP CREATECONSUMER if nothing is). As in Redis, what is pending of an
 * entry that was deleted cannot be told by commands and is left out when they run.
 */
import { NOTHING } from '../base/nothing.ts';
import { INTEGER_TEXT_BYTES } from '../rdb/cursor.ts';
import { ListpackCursor } from '../rdb/listpack.ts';
import type { StreamFactsRead, StreamSink } from '../rdb/sink.ts';

type Word = string | Uint8Array;

const SAME_FIELDS = 2;
const DELETED = 1;

export class StreamCommands implements StreamSink {
  readonly #emit: (words: readonly Word[]) => void;
  readonly #cursor: ListpackCursor = new ListpackCursor();
  readonly #scratch: Uint8Array = new Uint8Array(INTEGER_TEXT_BYTES);
  #key: Uint8Array = NOTHING;
  #group: Uint8Array = NOTHING;
  #consumer: Uint8Array = NOTHING;
  /** The consumer has nothing pending so far. */
  #idle = false;
  /** What is pending in the group: id -> time and count. */
  readonly #pending: Map<string, readonly [time: string, count: string]> = new Map();

  constructor(emit: (words: readonly Word[]) => void) {
    this.#emit = emit;
  }

  start(key: Uint8Array): void {
    this.#key = key;
    this.#idle = false;
  }

  /** After the last call for a stream. */
  end(): void {
    this.#endConsumer();
    this.#pending.clear();
  }

  node(id: Uint32Array, bytes: Uint8Array, at: number, length: number): void {
    const cursor = this.#cursor;
    cursor.open(bytes, at, length);
    this.#word();
    this.#word();
    const fields = this.#words(this.#number());
    this.#word();
    const [ms, seq] = halves(id);
    while (cursor.next()) {
      const flags = Number(this.#text());
      const entryMs = BigInt.asUintN(64, ms + this.#difference());
      const entrySeq = BigInt.asUintN(64, seq + this.#difference());
      const pairs: Word[] = [];
      if ((flags & SAME_FIELDS) === 0) pairs.push(...this.#words(this.#number() * 2));
      else for (const field of fields) pairs.push(field, this.#word());
      this.#word();
      if ((flags & DELETED) === 0) this.#emit(['XADD', this.#key, `${entryMs}-${entrySeq}`, ...pairs]);
    }
  }

  facts(facts: StreamFactsRead): void {
    // An empty stream: one entry that is gone at once.
    if (facts.length === 0) this.#emit(['XADD', this.#key, 'MAXLEN', '0', '0-1', 'x', 'y']);
    const words: Word[] = ['XSETID', this.#key, idText(facts.lastId), 'ENTRIESADDED', String(facts.added)];
    if (facts.maxDeletedId !== undefined) words.push('MAXDELETEDID', idText(facts.maxDeletedId));
    this.#emit(words);
  }

  group(
    bytes: Uint8Array,
    at: number,
    length: number,
    lastId: Uint32Array,
    entriesRead: number | bigint | undefined,
  ): void {
    this.#endConsumer();
    this.#pending.clear();
    this.#group = bytes.slice(at, at + length);
    const words: Word[] = ['XGROUP', 'CREATE', this.#key, this.#group, idText(lastId)];
    if (entriesRead !== undefined) words.push('ENTRIESREAD', String(entriesRead));
    this.#emit(words);
  }

  pending(id: Uint32Array, time: number | bigint, count: number | bigint): void {
    this.#pending.set(idText(id), [String(time), String(count)]);
  }

  consumer(bytes: Uint8Array, at: number, length: number): void {
    this.#endConsumer();
    this.#consumer = bytes.slice(at, at + length);
    this.#idle = true;
  }

  owned(id: Uint32Array): void {
    this.#idle = false;
    const text = idText(id);
    const [time, count] = this.#pending.get(text) ?? ['0', '1'];
    const claim: Word[] = ['XCLAIM', this.#key, this.#group, this.#consumer, '0', text];
    this.#emit([...claim, 'TIME', time, 'RETRYCOUNT', count, 'JUSTID', 'FORCE']);
  }

  #endConsumer(): void {
    if (this.#idle) this.#emit(['XGROUP', 'CREATECONSUMER', this.#key, this.#group, this.#consumer]);
    this.#idle = false;
  }

  // -- elements of a node, whose structure the reader has checked ---------------------------------------------------

  #words(count: number): Uint8Array[] {
    return Array.from({ length: count }, () => this.#word());
  }

  #word(): Uint8Array {
    this.#cursor.next();
    return this.#bytes();
  }

  #number(): number {
    return Number(Buffer.from(this.#word()).toString('latin1'));
  }

  /** Any int64. */
  #difference(): bigint {
    return BigInt(Buffer.from(this.#word()).toString('latin1'));
  }

  #text(): string {
    return Buffer.from(this.#bytes()).toString('latin1');
  }

  #bytes(): Uint8Array {
    const cursor = this.#cursor;
    cursor.text(this.#scratch);
    return cursor.bytes.slice(cursor.at, cursor.at + cursor.length);
  }
}

function halves(id: Uint32Array): readonly [bigint, bigint] {
  const [a, b, c, d] = [...id].map(BigInt) as [bigint, bigint, bigint, bigint];
  return [(a << 32n) | b, (c << 32n) | d];
}

function idText(id: Uint32Array): string {
  return halves(id).join('-');
}
