/**
 * Reads RDB from bytes that arrive in pieces, and tells a sink what it finds.
 *
 *   push(chunk) -> RdbInput -> run(steps) -> RdbSink
 *
 * Rule: a step (an opcode, a key, a string, one element or pair) either happens completely or not at all. If bytes are
 * missing, the position returns to the step's start and the input knows how many it needs before trying again. So no value
 * is parsed twice, and memory is bounded by the largest single string (which comes in pieces: long-string.ts). Plain string keys and small collections that are there as a
 * whole take the short way (whole-key.ts), which leaves what it cannot take to the steps.
 */
import { viewed } from '../base/viewed.ts';
import { copyBytes } from '../base/copy.ts';
import type { Pieces } from '../base/pieces.ts';
import { parseScore } from './cursor.ts';
import { Malformed, RdbError } from './error.ts';
import * as format from './format.ts';
import { MISSING, RdbInput, type RoomMaker } from './input.ts';
import { LONG_BYTES } from './long-string.ts';
import { type PackedForm, PackedValues } from './packed-value.ts';
import type { CollectionType, KeyMeta, RdbSink, RoomFor } from './sink.ts';
import { StreamReader } from './stream.ts';
import { SHORT_STRING_MAX, WholeKey } from './whole-key.ts';

export interface RdbReaderOptions {
  /** Longest string (or packed blob) accepted, in bytes. Default DEFAULT_MAX_STRING_BYTES. */
  readonly maxStringBytes?: number;
  /** Whether to verify the checksum (`rdbchecksum`). A stored sum of zero is never verified. Default true. */
  readonly checksum?: boolean;
  /** Length of the whole input, where it is known: a longer string is then refused at once. */
  readonly inputBytes?: number;
  /** Read one object (type and value, as in a DUMP payload without its footer) instead of a file. */
  readonly single?: boolean;
  /** With `single`: the version in the payload's footer, which tells Redis's types from Valkey's. */
  readonly version?: number;
}

/** `need-more`: push further bytes. `paused`: the step budget is used up. `done`: all was read and verified. */
export type RunResult = 'need-more' | 'paused' | 'done';

export class RdbReader {
  /** Version from the file's header; 0 before it was read. */
  version = 0;

  readonly #sink: RdbSink;
  readonly #input: RdbInput;
  readonly #single: boolean;
  #state: State;
  #failure: unknown;
  #type = 0;
  #remaining = 0;
  /** What the expiries of a HASH_METADATA count from, minus one. */
  #expiryBase = 0;
  #moduleName = '';
  readonly #meta: Meta = { expireAtMs: -1, lfuFrequency: -1, idleSeconds: -1 };
  /** The start of the current key, for messages, and the length of the whole. */
  readonly #keyText = viewed(new Uint8Array(NAMED_BYTES));
  #keyTextLength = 0;
  #keyLength = 0;

  readonly #packed: PackedValues;
  /** What is left to do of a step, of a large value or a long string, whose bytes are all there: it goes before any other. */
  #pieces: Pieces | null = null;
  /** Offset of the step that it belongs to. */
  #piecesOffset = 0;
  readonly #stream: StreamReader;
  readonly #wholeKey: WholeKey = new WholeKey();
  readonly #takesWholeKeys: boolean;
  readonly #stringRoom: RoomMaker | null;
  readonly #elementRoom: RoomMaker | null;
  readonly #nodeRoom: RoomMaker | null;
  readonly #packedRoom: RoomMaker | null;

  constructor(sink: RdbSink, options: RdbReaderOptions = {}) {
    this.#sink = sink;
    const longBytes = sink.longBytes ?? LONG_BYTES;
    this.#input = new RdbInput(
      options.maxStringBytes ?? format.DEFAULT_MAX_STRING_BYTES,
      options.checksum ?? true,
      options.inputBytes ?? Infinity,
      longBytes,
      options.single ?? false,
    );
    this.#packed = new PackedValues(sink, longBytes);
    const room = (of: RoomFor): RoomMaker | null =>
      sink.room === undefined ? null : (length) => sink.room!(of, length);
    this.#stream = new StreamReader(this.#input, room('stream-node'), this.#packed);
    this.#single = options.single ?? false;
    this.#takesWholeKeys = sink.wholeKey !== undefined && this.#input.maxString >= SHORT_STRING_MAX;
    this.#stringRoom = room('string');
    this.#elementRoom = room('element');
    this.#nodeRoom = room('list-node');
    this.#packedRoom = room('packed');
    if (this.#single) this.version = options.version ?? 0;
    this.#state = this.#single ? STATE_SINGLE : STATE_HEADER;
  }

  /** Bytes parsed so far. */
  get offset(): number {
    return this.#input.offset;
  }

  /** Bytes pushed and not yet parsed. */
  get pendingBytes(): number {
    return this.#input.pendingBytes;
  }

  /** Copies a chunk; it belongs to the caller again on return. */
  push(chunk: Uint8Array): void {
    this.#input.push(chunk);
  }

  /**
   * Takes up to `maxSteps` steps, or fewer that take about RUN_BYTES, so that the caller can look at the clock. Throws RdbError on
   * bad input (or what the sink threw); after that every call
   * throws the same again.
   */
  run(maxSteps: number): RunResult {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isDone) return 'done';
    const input = this.#input;
    input.sumParsed();
    try {
      if (this.#pieces !== null) return this.#piece();
      if (input.isLeaving) return input.takeLong() ? 'paused' : 'need-more';
      if (!input.ready) return 'need-more';
      const end = input.position + RUN_BYTES;
      for (let i = 0; i < maxSteps && input.position < end; i++) {
        if (this.#state === STATE_ENTRY && this.#takesWholeKeys) {
          i += this.#wholeKeys(maxSteps - i);
          if (i >= maxSteps) break;
        }
        input.startStep();
        this.#step();
        if (this.#pieces !== null) break;
        if (this.#state === STATE_DONE) return 'done';
      }
      return 'paused';
    } catch (error) {
      if (error === MISSING) {
        input.rewind();
        return input.isLeaving ? 'paused' : 'need-more';
      }
      this.#failure = error instanceof Malformed ? this.#explain(error.message) : error;
      throw this.#failure;
    }
  }

  /** Does a piece of what is left to do. */
  #piece(): RunResult {
    if (this.#pieces!.next().done !== true) return 'paused';
    this.#pieces = null;
    this.#endPart();
    return this.#isDone ? 'done' : 'paused';
  }

  get #isDone(): boolean {
    return this.#state === STATE_DONE && this.#pieces === null;
  }

  /** Bytes after the end of what was read, once `run` returned `done`: a copy. */
  leftover(): Uint8Array {
    return this.#input.window.slice(this.#input.position, this.#input.end);
  }

  /** To be called when no more bytes will come. Throws RdbError unless everything was read. */
  endOfInput(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#state === STATE_DONE) return;
    this.#failure = new RdbError('Unexpected end of RDB input', this.offset + this.pendingBytes);
    throw this.#failure;
  }

  /** Takes keys that are there as a whole, one after the other; returns how many steps that counts as. */
  #wholeKeys(maxSteps: number): number {
    const { window, plainEnd, lacksStrings } = this.#input;
    if (lacksStrings) return 0;
    const sink = this.#sink;
    const found = this.#wholeKey;
    const { expireAtMs, lfuFrequency, idleSeconds } = this.#meta;
    if (this.#input.isIncomplete) return 0;
    // What precedes the next key was parsed by steps already.
    if (expireAtMs !== -1 || lfuFrequency !== -1 || idleSeconds !== -1) return 0;
    let at = this.#input.position;
    let steps = 0;
    while (steps < maxSteps) {
      const next = found.parse(window, at, plainEnd);
      if (next < 0 || !sink.wholeKey!(found, window)) break;
      at = next;
      steps += 1 + (found.valueLength >>> STEP_SHIFT);
    }
    this.#input.position = at;
    return steps;
  }

  // ---- steps ----

  #step(): void {
    switch (this.#state) {
      case STATE_ENTRY:
        this.#entry();
        return;
      case STATE_VALUE:
        this.#value();
        return;
      case STATE_ELEMENTS:
        this.#input.string(0, this.#elementRoom);
        this.#endElement(this.#sink.element(this.#input.bytes, this.#input.at, this.#input.length));
        return;
      case STATE_FIELDS:
        this.#field();
        return;
      case STATE_MEMBERS: {
        this.#input.string(0);
        const score = this.#type === format.TYPE_ZSET_2 ? this.#binaryScore() : this.#textScore();
        this.#endElement(this.#sink.member(this.#input.bytes, this.#input.at, this.#input.length, score));
        return;
      }
      case STATE_NODES:
        this.#node();
        return;
      case STATE_STREAM: {
        const left = this.#stream.step();
        if (left === true) this.#endKey();
        else if (left !== false) this.#doLater(left);
        return;
      }
      case STATE_HEADER:
        this.#header();
        return;
      case STATE_SINGLE:
        this.#type = this.#objectType(this.#input.byte());
        if (readable[this.#type] !== 1) this.#refuseType('');
        this.#state = STATE_VALUE;
        return;
      case STATE_MODULE_AUX:
        this.#moduleAux();
        return;
      case STATE_CHECKSUM:
        this.#input.verifyChecksum();
        this.#finish();
        return;
      default:
    }
  }

  #header(): void {
    const at = this.#input.take(format.HEADER_BYTES);
    const header = Buffer.from(this.#input.window.subarray(at, at + format.HEADER_BYTES)).toString('latin1');
    const magic = format.knownMagics.find((word) => header.startsWith(word));
    const digits = header.slice(magic?.length);
    if (magic === undefined || !/^\d+$/.test(digits)) {
      throw new Malformed('Wrong signature trying to load DB from file');
    }
    const version = Number(digits);
    const known = format.readableFormats.some(
      (row) => row.magic === magic && version >= row.oldest && version <= row.newest,
    );
    if (!known) throw new Malformed(`Can't handle RDB format version ${version}`);
    this.version = version;
    this.#state = STATE_ENTRY;
  }

  /** Valkey's own object types have numbers of their own in here. */
  #objectType(code: number): number {
    const valkey = this.version >= format.FIRST_VALKEY_VERSION && code >= format.FIRST_VALKEY_TYPE;
    return valkey ? format.VALKEY_TYPES + code : code;
  }

  /** An opcode with its operands, or a type with its key. */
  #entry(): void {
    const code = this.#input.byte();
    if (code >= format.FIRST_OPCODE) {
      this.#opcode(code);
      return;
    }
    this.#input.string(0);
    this.#type = this.#objectType(code);
    this.#nameKey();
    if (readable[this.#type] !== 1) this.#refuseType(` (key '${this.#keyName()}')`);
    this.#state = STATE_VALUE;
    const left = this.#sink.key(this.#input.bytes, this.#input.at, this.#input.length, this.#meta);
    if (left === undefined) return;
    this.#state = STATE_KEY;
    this.#doLater(left);
  }

  #opcode(code: number): void {
    const sink = this.#sink;
    const meta = this.#meta;
    switch (code) {
      case format.OPCODE_EXPIRETIME_MS:
        meta.expireAtMs = this.#time();
        return;
      case format.OPCODE_EXPIRETIME: {
        const at = this.#input.take(4);
        meta.expireAtMs = this.#int32(at) * 1000;
        return;
      }
      case format.OPCODE_FREQ:
        meta.lfuFrequency = this.#input.byte();
        return;
      case format.OPCODE_IDLE:
        meta.idleSeconds = this.#input.count();
        return;
      case format.OPCODE_AUX: {
        this.#input.string(0);
        const name = this.#shortText();
        this.#input.string(1);
        sink.aux(name, this.#input.bytes, this.#input.at, this.#input.length);
        return;
      }
      case format.OPCODE_SELECTDB: {
        const index = this.#input.count();
        sink.selectDb(index);
        return;
      }
      case format.OPCODE_RESIZEDB: {
        const keys = this.#input.count();
        const expires = this.#input.count();
        sink.resizeDb(keys, expires);
        return;
      }
      case format.OPCODE_SLOT_INFO:
        this.#input.plainLength();
        this.#input.plainLength();
        this.#input.plainLength();
        return;
      case format.OPCODE_FUNCTION2:
        this.#input.string(0);
        sink.functionLibrary(this.#input.bytes, this.#input.at, this.#input.length);
        return;
      case format.OPCODE_FUNCTION_PRE_GA:
        throw new Malformed('Pre-release function format not supported');
      case format.OPCODE_MODULE_AUX: {
        this.#input.plainLength();
        this.#moduleName = moduleName(this.#input.lengthHigh, this.#input.lengthLow);
        if (this.#input.plainLength() !== format.MODULE_UINT) {
          throw new Malformed(`bad opcode in the auxiliary data of module '${this.#moduleName}'`);
        }
        this.#input.plainLength();
        this.#state = STATE_MODULE_AUX;
        return;
      }
      case format.OPCODE_EOF:
        if (this.version < format.CHECKSUM_SINCE_VERSION) this.#finish();
        else this.#state = STATE_CHECKSUM;
        return;
      default:
        throw new Malformed(`unknown opcode ${code}`);
    }
  }

  /** One item of a module's auxiliary data, stepped over. */
  #moduleAux(): void {
    const opcode = this.#input.plainLength();
    switch (opcode) {
      case format.MODULE_EOF:
        this.#state = STATE_ENTRY;
        this.#sink.moduleAux(this.#moduleName);
        return;
      case format.MODULE_SINT:
      case format.MODULE_UINT:
        this.#input.plainLength();
        return;
      case format.MODULE_FLOAT:
        this.#input.take(4);
        return;
      case format.MODULE_DOUBLE:
        this.#input.take(8);
        return;
      case format.MODULE_STRING:
        this.#input.string(0);
        return;
      default:
        throw new Malformed(`unknown opcode ${opcode} in the auxiliary data of module '${this.#moduleName}'`);
    }
  }

  #finish(): void {
    this.#state = STATE_DONE;
    this.#sink.end();
  }

  // ---- values ----

  /** A whole value, or the head of one that takes a step for each element. */
  #value(): void {
    const sink = this.#sink;
    switch (this.#type) {
      case format.TYPE_STRING:
        this.#input.string(0, this.#stringRoom);
        sink.string(this.#input.bytes, this.#input.at, this.#input.length);
        this.#endKey();
        return;
      case format.TYPE_LIST:
        this.#begin('list', STATE_ELEMENTS);
        return;
      case format.TYPE_SET:
        this.#begin('set', STATE_ELEMENTS);
        return;
      case format.TYPE_HASH:
        this.#begin('hash', STATE_FIELDS);
        return;
      case format.TYPE_HASH_METADATA:
        this.#expiryBase = this.#time() - 1;
        if (!(this.#expiryBase <= format.MAX_FIELD_EXPIRY)) throw new Malformed('hash with an expiry out of range');
        this.#begin('hash', STATE_FIELDS);
        return;
      case format.TYPE_HASH_METADATA_PRE_GA:
        this.#expiryBase = 0;
        this.#begin('hash', STATE_FIELDS);
        return;
      case format.TYPE_VALKEY_HASH_2:
        this.#begin('hash', STATE_FIELDS);
        return;
      case format.TYPE_HASH_LISTPACK_EX:
        // The earliest expiry, which the listpack says as well.
        this.#input.take(8);
        this.#takePacked('hash-expiring', this.#packedRoom);
        return;
      case format.TYPE_HASH_LISTPACK_EX_PRE_GA:
        this.#takePacked('hash-expiring', this.#packedRoom);
        return;
      case format.TYPE_ZSET:
      case format.TYPE_ZSET_2:
        this.#begin('zset', STATE_MEMBERS);
        return;
      case format.TYPE_LIST_QUICKLIST:
      case format.TYPE_LIST_QUICKLIST_2:
        this.#begin('list', STATE_NODES);
        return;
      case format.TYPE_SET_INTSET:
        this.#takePacked('intset', this.#packedRoom);
        return;
      case format.TYPE_HASH_LISTPACK:
        this.#takePacked('hash', this.#packedRoom);
        return;
      case format.TYPE_ZSET_LISTPACK:
        this.#takePacked('zset', this.#packedRoom);
        return;
      case format.TYPE_SET_LISTPACK:
        this.#takePacked('set', this.#packedRoom);
        return;
      case format.TYPE_LIST_ZIPLIST:
        this.#takePacked('list-ziplist', null);
        return;
      case format.TYPE_HASH_ZIPLIST:
        this.#takePacked('hash-ziplist', null);
        return;
      case format.TYPE_ZSET_ZIPLIST:
        this.#takePacked('zset-ziplist', null);
        return;
      case format.TYPE_HASH_ZIPMAP:
        this.#takePacked('zipmap', null);
        return;
      case format.TYPE_STREAM_LISTPACKS:
      case format.TYPE_STREAM_LISTPACKS_2:
      case format.TYPE_STREAM_LISTPACKS_3:
        this.#stream.start(this.#type, sink.beginStream());
        this.#state = STATE_STREAM;
        return;
      default:
        throw new Malformed(`unknown object type ${this.#type}`);
    }
  }

  #begin(type: CollectionType, state: State): void {
    const count = this.#input.count();
    this.#remaining = count;
    this.#state = state;
    this.#sink.begin(type, count);
    if (count === 0) this.#endKey();
  }

  #countDown(): void {
    if (--this.#remaining === 0) this.#endKey();
  }

  #endKey(): void {
    const meta = this.#meta;
    meta.expireAtMs = -1;
    meta.lfuFrequency = -1;
    meta.idleSeconds = -1;
    this.#keyTextLength = 0;
    this.#input.trim();
    this.#state = this.#single ? STATE_DONE : STATE_ENTRY;
    const left = this.#sink.endKey();
    if (left !== undefined) this.#doLater(left);
  }

  /** A field of a hash, with what its type says of the field's expiry: before it, behind it, or nothing. */
  #field(): void {
    const input = this.#input;
    const type = this.#type;
    let expiry = -1;
    if (type === format.TYPE_HASH_METADATA || type === format.TYPE_HASH_METADATA_PRE_GA) {
      const after = input.count();
      if (after > 0) expiry = this.#expiryBase + after;
    }
    input.string(0);
    const { bytes, at, length } = input;
    input.string(1);
    if (type === format.TYPE_VALKEY_HASH_2) {
      const value = [input.bytes, input.at, input.length] as const;
      expiry = this.#time();
      if (expiry < 0 && expiry !== -1) throw new Malformed('hash field with an expiry out of range');
      this.#checkExpiry(expiry);
      this.#endElement(this.#sink.field(bytes, at, length, ...value, expiry));
      return;
    }
    this.#checkExpiry(expiry);
    this.#endElement(this.#sink.field(bytes, at, length, input.bytes, input.at, input.length, expiry));
  }

  #checkExpiry(expiry: number): void {
    if (expiry > format.MAX_FIELD_EXPIRY) throw new Malformed('hash field with an expiry out of range');
  }

  /** A node of a list: one listpack, ziplist or large element. */
  #node(): void {
    if (this.#type === format.TYPE_LIST_QUICKLIST) {
      this.#takePacked('ziplist-node', null);
      return;
    }
    const container = this.#input.plainLength();
    if (container === format.QUICKLIST_NODE_PACKED) {
      this.#takePacked('list-node', this.#nodeRoom);
      return;
    }
    this.#input.string(0, container === format.QUICKLIST_NODE_PLAIN ? this.#elementRoom : null);
    if (container !== format.QUICKLIST_NODE_PLAIN) throw new Malformed(`unknown quicklist node container ${container}`);
    this.#endElement(this.#sink.element(this.#input.bytes, this.#input.at, this.#input.length));
  }

  /** A packed value or node: of a large one, only its bytes are taken now. */
  #takePacked(form: PackedForm, room: RoomMaker | null): void {
    const input = this.#input;
    input.string(0, room);
    if (this.#packed.isLarge(input.length)) input.keep();
    const left = this.#packed.take(form, input.bytes, input.at, input.length);
    if (left === null) this.#endPart();
    else this.#doLater(left);
  }

  #endElement(left: Pieces | void): void {
    if (left === undefined) this.#countDown();
    else this.#doLater(left);
  }

  /** The step is complete but for this, after which comes `#endPart`. */
  #doLater(pieces: Pieces): void {
    this.#pieces = pieces;
    this.#piecesOffset = this.#input.stepOffset;
  }

  /** What was left to do is done, or the whole of a packed value or node. */
  #endPart(): void {
    switch (this.#state) {
      case STATE_KEY:
        this.#state = STATE_VALUE;
        return;
      case STATE_VALUE:
        this.#endKey();
        return;
      case STATE_ELEMENTS:
      case STATE_FIELDS:
      case STATE_MEMBERS:
      case STATE_NODES:
        this.#countDown();
        return;
      default:
    }
  }

  #binaryScore(): number {
    const score = this.#view().getFloat64(this.#input.take(8), true);
    if (Number.isNaN(score)) throw new Malformed('a sorted set score is not a number');
    return score;
  }

  #textScore(): number {
    const length = this.#input.byte();
    if (length === format.SCORE_POSITIVE_INFINITY) return Infinity;
    if (length === format.SCORE_NEGATIVE_INFINITY) return -Infinity;
    if (length === format.SCORE_NAN) throw new Malformed('a sorted set score is not a number');
    return parseScore(this.#input.window, this.#input.take(length), length);
  }

  // ---- small helpers ----

  /** Milliseconds in eight bytes. */
  #time(): number {
    const at = this.#input.take(8);
    return this.#int32(at + 4) * 0x1_0000_0000 + (this.#int32(at) >>> 0);
  }

  #int32(at: number): number {
    const w = this.#input.window;
    return w[at]! | (w[at + 1]! << 8) | (w[at + 2]! << 16) | (w[at + 3]! << 24);
  }

  #view(): DataView {
    return new DataView(this.#input.window.buffer);
  }

  #shortText(): string {
    const length = Math.min(this.#input.length, NAMED_BYTES);
    return Buffer.from(this.#input.bytes.subarray(this.#input.at, this.#input.at + length)).toString();
  }

  #nameKey(): void {
    // A plain string has no structure that could be malformed, so its key need not be remembered.
    if (this.#type === format.TYPE_STRING) return;
    this.#keyLength = this.#input.length;
    this.#keyTextLength = Math.min(this.#input.length, NAMED_BYTES);
    copyBytes(this.#keyText, 0, this.#input.bytes, this.#input.at, this.#keyTextLength);
  }

  /** The current key as printable text, cut if it is long. */
  #keyName(): string {
    const text = Buffer.from(this.#keyText.subarray(0, this.#keyTextLength)).toString('latin1');
    const printable = text.replace(/[^\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
    return this.#keyLength > NAMED_BYTES ? `${printable}...` : printable;
  }

  /** Throws Malformed that says why the current type cannot be read. `where` names the key. */
  #refuseType(where: string): never {
    const row = format.objectTypes.find(({ code }) => code === this.#type);
    throw new Malformed((row?.refusal ?? `unknown object type ${this.#type % format.VALKEY_TYPES}`) + where);
  }

  #explain(reason: string): RdbError {
    const offset = this.#pieces === null ? this.#input.stepOffset : this.#piecesOffset;
    const inValue = this.#keyTextLength > 0 && !reason.includes("(key '");
    return new RdbError(inValue ? `${reason} (key '${this.#keyName()}')` : reason, offset);
  }
}

/** Values this much larger than an element count as more steps: one for each KiB. */
const STEP_SHIFT = 10;
/** A step takes at most one string more than that. */
const RUN_BYTES: number = 128 * 1024;

/** How much of a key or a field name a message shows. */
const NAMED_BYTES = 128;

type Meta = { -readonly [Name in keyof KeyMeta]: KeyMeta[Name] };

/** What the next step reads. Plain numbers, since the reader branches on them for every element. */
type State = number;
const STATE_HEADER = 0;
const STATE_ENTRY = 1;
const STATE_VALUE = 2;
const STATE_ELEMENTS = 3;
const STATE_FIELDS = 4;
const STATE_MEMBERS = 5;
const STATE_NODES = 6;
const STATE_MODULE_AUX = 7;
const STATE_CHECKSUM = 8;
const STATE_SINGLE = 9;
const STATE_DONE = 10;
const STATE_STREAM = 11;
/** A long key is not taken yet. */
const STATE_KEY = 12;

/** 1 for the object types that have a decoder. */
const readable: Uint8Array = (() => {
  const table = new Uint8Array(2 * format.VALKEY_TYPES);
  for (const row of format.objectTypes) if (row.refusal === undefined) table[row.code] = 1;
  return table;
})();

const MODULE_NAME_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The nine letters, six bits each, at the top of a module id; its last ten bits are a version. */
function moduleName(high: number, low: number): string {
  let id = (BigInt(high) << 32n) | BigInt(low);
  id >>= 10n;
  let name = '';
  for (let i = 0; i < 9; i++) {
    name = MODULE_NAME_LETTERS[Number(id & 63n)]! + name;
    id >>= 6n;
  }
  return name;
}
