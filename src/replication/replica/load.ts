/**
 * Receives the payload of a full resync and hands it to the loader: header line, then the RDB in either framing.
 *
 *   \n \n ... $<length> CRLF <length bytes>             newlines: the master still makes its snapshot
 *   \n \n ... $EOF:<40-byte mark> CRLF <bytes> <mark>   length unknown; the mark is random, so data cannot contain it
 *
 * Rule: it takes exactly the payload; what follows is the stream. That the RDB itself ends where the payload ends is the
 * loader's to verify (`LoadSession.finish`).
 */
import { assert } from '../../base/assert.ts';
import { copyBytes } from '../../base/copy.ts';
import { EOF_MARK_BYTES } from '../wire.ts';

/** Longest header line; also what an error from a master may show in our log. */
const MAX_HEADER_BYTES = 1024;
const LF = 0x0a;

export interface PayloadSink {
  /** The header is read; null when a mark ends the payload. */
  begin(totalBytes: number | null, mark: string): void;
  bytes(bytes: Uint8Array, at: number, length: number): void;
}

/** What the master sent instead of a payload. The message is Redis's log line. */
export class PayloadError extends Error {
  override name = 'PayloadError';
}

export class PayloadReceiver {
  /** Payload bytes seen, mark excluded. */
  receivedBytes = 0;
  /** As announced; -1 until known and when a mark ends it. */
  totalBytes = -1;
  complete = false;

  readonly #sink: PayloadSink;
  #header = '';
  #inBody = false;
  #mark: Uint8Array | null = null;
  /** The newest bytes that may be the start of the mark; not yet given to the sink. */
  readonly #held: Uint8Array = new Uint8Array(EOF_MARK_BYTES - 1);
  #heldLength = 0;

  constructor(sink: PayloadSink) {
    this.#sink = sink;
  }

  /** Returns how many of the bytes belong to the payload (all, until it is complete). */
  push(bytes: Uint8Array): number {
    let at = 0;
    while (!this.#inBody && at < bytes.length) at = this.#readHeader(bytes, at);
    if (!this.#inBody || this.complete) return at;
    return at + (this.#mark === null ? this.#pushCounted(bytes, at) : this.#pushMarked(bytes, at));
  }

  #readHeader(bytes: Uint8Array, at: number): number {
    let end = bytes.indexOf(LF, at);
    const stop = end < 0 ? bytes.length : end;
    if (this.#header.length + stop - at > MAX_HEADER_BYTES) end = -2;
    const taken = Math.min(stop, at + MAX_HEADER_BYTES);
    this.#header += Buffer.from(bytes.subarray(at, taken)).toString('latin1');
    if (end === -2) throw badHeader(this.#header);
    if (end < 0) return bytes.length;
    const line = this.#header.replace(/\r$/, '');
    this.#header = '';
    if (line !== '') this.#begin(line);
    return end + 1;
  }

  #begin(line: string): void {
    if (line.startsWith('-')) throw new PayloadError(`MASTER aborted replication with an error: ${line.slice(1)}`);
    if (!line.startsWith('$')) throw badHeader(line);
    if (line.startsWith('$EOF:') && line.length >= 5 + EOF_MARK_BYTES) {
      const mark = line.slice(5, 5 + EOF_MARK_BYTES);
      this.#mark = Buffer.from(mark, 'latin1');
      this.#inBody = true;
      this.#sink.begin(null, mark);
      return;
    }
    const digits = line.slice(1);
    const total = Number(digits);
    if (!/^[0-9]{1,16}$/.test(digits) || !Number.isSafeInteger(total)) throw badHeader(line);
    this.#inBody = true;
    this.totalBytes = total;
    this.#sink.begin(total, '');
    if (total === 0) this.complete = true;
  }

  #pushCounted(bytes: Uint8Array, at: number): number {
    const length = Math.min(bytes.length - at, this.totalBytes - this.receivedBytes);
    this.#give(bytes, at, length);
    if (this.receivedBytes === this.totalBytes) this.complete = true;
    return length;
  }

  #pushMarked(bytes: Uint8Array, at: number): number {
    const mark = this.#mark!;
    const held = this.#heldLength;
    if (held > 0) {
      // The mark may lie across the boundary: look at what was held together with the next bytes.
      const joined = new Uint8Array(held + Math.min(bytes.length - at, EOF_MARK_BYTES - 1));
      joined.set(this.#held.subarray(0, held));
      joined.set(bytes.subarray(at, at + joined.length - held), held);
      const found = indexOf(joined, mark, 0);
      if (found >= 0) {
        this.#heldLength = 0;
        this.#give(joined, 0, found);
        this.complete = true;
        return found + mark.length - held;
      }
      if (bytes.length - at < EOF_MARK_BYTES - 1) {
        this.#hold(joined, joined.length);
        return bytes.length - at;
      }
      this.#heldLength = 0;
      this.#give(joined, 0, held);
    }
    const found = indexOf(bytes, mark, at);
    if (found >= 0) {
      this.#give(bytes, at, found - at);
      this.complete = true;
      return found + mark.length - at;
    }
    const keep = Math.min(bytes.length - at, EOF_MARK_BYTES - 1);
    this.#give(bytes, at, bytes.length - at - keep);
    copyBytes(this.#held, 0, bytes, bytes.length - keep, keep);
    this.#heldLength = keep;
    return bytes.length - at;
  }

  /** Keeps the last 39 bytes of `joined` back, gives the rest. */
  #hold(joined: Uint8Array, length: number): void {
    const keep = Math.min(length, EOF_MARK_BYTES - 1);
    this.#give(joined, 0, length - keep);
    copyBytes(this.#held, 0, joined, length - keep, keep);
    this.#heldLength = keep;
  }

  #give(bytes: Uint8Array, at: number, length: number): void {
    assert(length >= 0, 'a payload part has no negative length');
    if (length === 0) return;
    this.receivedBytes += length;
    this.#sink.bytes(bytes, at, length);
  }
}

function indexOf(bytes: Uint8Array, mark: Uint8Array, from: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(mark, from);
}

function badHeader(line: string): PayloadError {
  return new PayloadError(
    `Bad protocol from MASTER, the first byte is not '$' (we received '${line}'), are you sure the host and port are right?`,
  );
}
