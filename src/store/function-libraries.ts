/**
 * Function libraries as they are kept without an engine to run them: the source text, which begins with its metadata,
 *
 *   #!<engine> name=<library>
 *
 * and comes from a master, a file or a FUNCTION DUMP. They are passed on, saved and listed.
 */
import { RdbError } from '../rdb/error.ts';
import { makePayload, PAYLOAD_FOOTER_BYTES } from '../rdb/payload.ts';
import { RdbReader } from '../rdb/read.ts';
import type { RdbSink } from '../rdb/sink.ts';
import { latin1 } from '../resp/args.ts';

export interface FunctionLibrary {
  readonly name: string;
  /** Upper case, as FUNCTION LIST shows it. */
  readonly engine: string;
  readonly source: Uint8Array;
}

/** A source text that is none; the message is for the client. */
export class LibraryError extends Error {
  override name = 'LibraryError';
}

/** Longest first line that is looked at. */
const METADATA_MAX = 1024;

/** The library of a source text. Throws LibraryError. */
export function parseLibrary(source: Uint8Array): FunctionLibrary {
  const text = latin1(source, 0, Math.min(source.length, METADATA_MAX));
  if (!text.startsWith('#!')) throw new LibraryError('Missing library metadata');
  const end = text.indexOf('\n');
  if (end < 0) throw new LibraryError('Invalid library metadata');
  const [engine = '', ...words] = text.slice(2, end).split(' ');
  let name: string | undefined;
  for (const word of words) {
    if (word === '') continue;
    if (!/^name=/i.test(word)) throw new LibraryError(`Invalid metadata value given: ${word}`);
    if (name !== undefined) throw new LibraryError('Invalid metadata value, name argument was given multiple times');
    name = word.slice(5);
  }
  if (name === undefined) throw new LibraryError('Library name was not given');
  if (!/^\w+$/.test(name))
    throw new LibraryError(
      'Library names can only contain letters, numbers, or underscores(_) and must be at least one character long',
    );
  if (engine.toLowerCase() !== 'lua') throw new LibraryError(`Engine '${engine}' not found`);
  return { name, engine: engine.toUpperCase(), source };
}

/** `existing` with `added`, which take the place of those of the same name if they may. Throws LibraryError. */
export function joinLibraries(
  existing: readonly Uint8Array[],
  added: readonly Uint8Array[],
  replace: boolean,
): readonly Uint8Array[] {
  const byName = new Map(existing.map((source) => [nameOf(source), source]));
  for (const source of added) {
    const { name } = parseLibrary(source);
    if (byName.has(name) && !replace) throw new LibraryError(`Library ${name} already exists`);
    byName.set(name, source);
  }
  return [...byName.values()];
}

/** The name of a library that is held; a file may have brought one that is not as it should be. */
export function nameOf(source: Uint8Array): string {
  try {
    return parseLibrary(source).name;
  } catch (error) {
    if (!(error instanceof LibraryError)) throw error;
    return '';
  }
}

/** What FUNCTION DUMP returns. */
export function dumpLibraries(libraries: readonly Uint8Array[]): Uint8Array {
  return makePayload((writer) => {
    for (const source of libraries) writer.functionLibrary(source, 0, source.length);
  });
}

/** The libraries of such a payload, whose footer was checked. Throws LibraryError. */
export function readLibraries(payload: Uint8Array): readonly Uint8Array[] {
  const libraries: Uint8Array[] = [];
  const refuse = (): never => {
    throw new LibraryError('given type is not a function');
  };
  const sink: RdbSink = {
    aux: refuse,
    selectDb: refuse,
    resizeDb: refuse,
    moduleAux: refuse,
    key: refuse,
    string: refuse,
    packed: refuse,
    intset: refuse,
    begin: refuse,
    beginStream: refuse,
    element: refuse,
    field: refuse,
    member: refuse,
    endKey: refuse,
    functionLibrary: (bytes, at, length) => void libraries.push(bytes.slice(at, at + length)),
    end: () => {},
  };
  if (payload.length > PAYLOAD_FOOTER_BYTES && payload[0] !== OPCODE_FUNCTION2) refuse();
  const reader = new RdbReader(sink, { checksum: false, inputBytes: payload.length + FRAME_BYTES });
  // The body is what stands between header and end of a file.
  reader.push(Buffer.from('REDIS0010'));
  reader.push(payload.subarray(0, payload.length - PAYLOAD_FOOTER_BYTES));
  reader.push(END);
  try {
    while (reader.run(STEPS) === 'paused');
    reader.endOfInput();
    if (reader.pendingBytes > 0) refuse();
  } catch (error) {
    if (error instanceof RdbError) throw new LibraryError('failed loading the given functions payload');
    throw error;
  }
  return libraries;
}

/** What stands before each library. */
const OPCODE_FUNCTION2 = 245;
/** EOF, and a checksum of zero, which is not verified. */
const END = Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
const FRAME_BYTES = 18;
const STEPS = 4096;
