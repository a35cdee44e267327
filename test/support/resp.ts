/**
 * RESP2 and RESP3 for tests, written apart from the server's own codec so that a mistake in one does not hide in
 * both: framing (where does a reply end), decoding to JS values, and encoding of commands.
 */

/** An error reply: `message` is the whole text, for example "WRONGTYPE Operation against ...". */
export class ReplyError extends Error {
  override name = 'ReplyError';
}

export type Reply =
  | string
  | number
  | bigint
  | boolean
  | null
  | ReplyError
  | readonly Reply[]
  | ReadonlySet<Reply>
  | ReadonlyMap<Reply, Reply>;

export type Argument = string | number | Uint8Array;

/** A command as an array of bulk strings. */
export function encodeCommand(args: readonly Argument[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const argument of args) {
    const bytes = typeof argument === 'object' ? Buffer.from(argument) : Buffer.from(String(argument));
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, crlf);
  }
  return Buffer.concat(parts);
}

const crlf = Buffer.from('\r\n');

/**
 * Finds the end of each reply in a growing stream without looking at a byte twice: a reply is complete when the
 * count of values still due is 0, and an aggregate adds its elements to that count.
 */
export class Framer {
  #bytes = Buffer.alloc(0);
  #scanned = 0;
  #due = 1;

  push(chunk: Uint8Array): void {
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#bytes, chunk]);
  }

  /** The next whole reply, or undefined until more bytes come. */
  next(): Buffer | undefined {
    while (this.#due > 0) {
      const lineEnd = this.#bytes.indexOf('\r\n', this.#scanned);
      if (lineEnd === -1) return undefined;
      const type = String.fromCharCode(this.#bytes[this.#scanned]!);
      const line = this.#bytes.toString('latin1', this.#scanned + 1, lineEnd);
      let end = lineEnd + 2;
      let elements = 0;
      if ('$!='.includes(type)) {
        if (count(line, type) >= 0) end += count(line, type) + 2;
      } else if ('*~>'.includes(type)) {
        elements = Math.max(0, count(line, type));
      } else if (type === '%') {
        elements = 2 * count(line, type);
      } else if (type === '|') {
        elements = 2 * count(line, type) + 1;
      } else if (!'+-:_,#('.includes(type)) {
        throw new Error(`not a reply: ${JSON.stringify(type + line)}`);
      }
      if (end > this.#bytes.length) return undefined;
      this.#scanned = end;
      this.#due += elements - 1;
    }
    const reply = this.#bytes.subarray(0, this.#scanned);
    this.#bytes = this.#bytes.subarray(this.#scanned);
    this.#scanned = 0;
    this.#due = 1;
    return reply;
  }

  /** Bytes after the last whole reply. */
  get rest(): Buffer {
    return this.#bytes;
  }
}

function count(line: string, type: string): number {
  if (!/^-?\d+$/.test(line)) throw new Error(`not a length: ${JSON.stringify(type + line)}`);
  return Number(line);
}

/** Decodes exactly one reply. Strings become UTF-8, or latin1 (one character a byte) when asked. */
export function decode(raw: Uint8Array, encoding: 'utf8' | 'latin1' = 'utf8'): Reply {
  const reader = { bytes: Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength), at: 0, encoding };
  const value = readValue(reader);
  if (reader.at !== raw.length) throw new Error(`${raw.length - reader.at} bytes follow the reply`);
  return value;
}

interface Reader {
  readonly bytes: Buffer;
  at: number;
  readonly encoding: 'utf8' | 'latin1';
}

function readValue(reader: Reader): Reply {
  const lineEnd = reader.bytes.indexOf('\r\n', reader.at);
  if (lineEnd === -1) throw new Error('the reply is cut short');
  const type = String.fromCharCode(reader.bytes[reader.at]!);
  const line = reader.bytes.toString(reader.encoding, reader.at + 1, lineEnd);
  reader.at = lineEnd + 2;
  switch (type) {
    case '+':
      return line;
    case '-':
      return new ReplyError(line);
    case ':':
      return Number.isSafeInteger(Number(line)) ? Number(line) : BigInt(line);
    case '$':
      return readBulk(reader, line);
    case '=':
      return readBulk(reader, line)!.slice(4);
    case '!':
      return new ReplyError(readBulk(reader, line)!);
    case '*':
    case '>':
      return line === '-1' ? null : readValues(reader, Number(line));
    case '~':
      return new Set(readValues(reader, Number(line)));
    case '%': {
      const flat = readValues(reader, 2 * Number(line));
      return new Map(flat.flatMap((key, i) => (i % 2 === 0 ? [[key, flat[i + 1]!] as const] : [])));
    }
    case '|':
      readValues(reader, 2 * Number(line));
      return readValue(reader);
    case '_':
      return null;
    case '#':
      return line === 't';
    case ',':
      return line === 'inf' ? Infinity : line === '-inf' ? -Infinity : Number(line);
    case '(':
      return BigInt(line);
    default:
      throw new Error(`not a reply: ${JSON.stringify(type + line)}`);
  }
}

function readBulk(reader: Reader, line: string): string | null {
  const length = Number(line);
  if (length === -1) return null;
  const text = reader.bytes.toString(reader.encoding, reader.at, reader.at + length);
  reader.at += length + 2;
  return text;
}

function readValues(reader: Reader, length: number): Reply[] {
  return Array.from({ length }, () => readValue(reader));
}
