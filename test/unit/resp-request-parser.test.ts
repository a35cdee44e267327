/** The request parser: whatever the split into chunks, the same commands come out, and memory stays within bounds. */
import assert from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { RequestParser, splitArguments } from '../../src/resp/request-parser.ts';
import { encodeCommand } from '../support/resp.ts';

const limits = { protoMaxBulkLen: 512 * 1024 * 1024 };

/** One piece of a request stream, and the command that it is, if it is one. */
interface Piece {
  readonly bytes: Buffer;
  readonly command?: readonly string[];
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const arg = fc.oneof(
  { weight: 9, arbitrary: fc.uint8Array({ maxLength: 4 }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40, size: 'max' }) },
);
const multiBulk: fc.Arbitrary<Piece> = fc
  .array(arg, { minLength: 1, maxLength: 100, size: 'max' })
  .map((args) => ({ bytes: encodeCommand(args), command: args.map(text) }));

const inline: fc.Arbitrary<Piece> = fc
  .tuple(
    fc.array(fc.stringMatching(/^[a-zA-Z0-9:+-]{1,12}$/), { minLength: 1, maxLength: 5 }),
    fc.constantFrom('\n', '\r\n'),
  )
  .filter(([words]) => !/^[*]/.test(words[0]!))
  .map(([words, end]) => ({ bytes: Buffer.from(words.join(' ') + end), command: words }));

const nothing: fc.Arbitrary<Piece> = fc
  .constantFrom('\r\n', '\n', '  \r\n', '*0\r\n', '*-1\r\n')
  .map((noise) => ({ bytes: Buffer.from(noise) }));

const big: fc.Arbitrary<Piece> = fc.integer({ min: 1000, max: 100_000 }).map((length) => {
  const value = 'v'.repeat(length);
  return { bytes: encodeCommand(['SET', value]), command: ['SET', value] };
});

const pieces = fc.array(fc.oneof({ weight: 6, arbitrary: multiBulk }, { weight: 3, arbitrary: inline }, nothing, big), {
  maxLength: 20,
  size: 'max',
});

/** Cuts bytes at places given as fractions. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => Math.floor(place * bytes.length)))].toSorted((a, b) => a - b);
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length));
}

const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { maxLength: 40, size: 'max' });

interface Parsed {
  readonly args: readonly string[];
  /** The command as it came, '' for an inline one. */
  readonly raw: string;
}

function current(parser: RequestParser): Parsed {
  const { args } = parser;
  return {
    args: Array.from({ length: args.count }, (_, i) => args.text(i)),
    raw: text(args.bytes.subarray(args.rawAt, args.rawAt + args.rawLength)),
  };
}

/** Feeds chunks as a connection does: in one buffer that is overwritten as soon as the batch is over. */
function parse(chunks: readonly Buffer[], reread: (command: number) => boolean = () => false): Parsed[] {
  const parser = new RequestParser(limits);
  const shared = Buffer.alloc(Math.max(1, ...chunks.map((chunk) => chunk.length)));
  const found: Parsed[] = [];
  for (const chunk of chunks) {
    chunk.copy(shared);
    parser.feed(shared.subarray(0, chunk.length));
    for (;;) {
      const result = parser.next();
      assert.notStrictEqual(result, 'error', parser.error);
      if (result === 'more') break;
      if (reread(found.length)) {
        // As for a client that is paused: the rest waits, more may arrive meanwhile.
        parser.unread();
        parser.release();
        shared.fill(0xaa);
        parser.feed(Buffer.alloc(0));
        assert.strictEqual(parser.next(), 'command');
      }
      found.push(current(parser));
    }
    parser.release();
    shared.fill(0xaa);
  }
  assert.strictEqual(parser.bufferedBytes, 0);
  return found;
}

function expected(all: readonly Piece[]): Parsed[] {
  return all.flatMap(({ bytes, command }) =>
    command === undefined ? [] : [{ args: command, raw: bytes[0] === 42 ? text(bytes) : '' }],
  );
}

void test('any split of any pipeline gives the same commands', () => {
  fc.assert(
    fc.property(pieces, places, (all, cuts) => {
      const bytes = Buffer.concat(all.map((piece) => piece.bytes));
      assert.deepStrictEqual(parse(cut(bytes, cuts)), expected(all));
    }),
    { numRuns: 300 },
  );
});

void test('byte by byte is the same as at once', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(multiBulk, inline, nothing), { maxLength: 6 }), (all) => {
      const bytes = Buffer.concat(all.map((piece) => piece.bytes));
      assert.deepStrictEqual(parse(Array.from(bytes, (byte) => Buffer.from([byte]))), expected(all));
    }),
    { numRuns: 50 },
  );
});

void test('a command that is put back comes again, unharmed', () => {
  fc.assert(
    fc.property(pieces, places, fc.infiniteStream(fc.boolean()), (all, cuts, choices) => {
      const bytes = Buffer.concat(all.map((piece) => piece.bytes));
      const found = parse(cut(bytes, cuts), () => choices.next().value === true);
      assert.deepStrictEqual(found, expected(all));
    }),
    { numRuns: 200 },
  );
});

void test('a caller that keeps the bytes itself gets the same commands', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(multiBulk, big), { maxLength: 10 }), places, (all, cuts) => {
      const bytes = Buffer.concat(all.map((piece) => piece.bytes));
      const parser = new RequestParser(limits);
      const found: Parsed[] = [];
      let start = 0;
      let end = 0;
      for (const chunk of cut(bytes, cuts)) {
        end += chunk.length;
        parser.feedAgain(Buffer.from(bytes.subarray(start, end)));
        while (parser.next() === 'command') found.push(current(parser));
        start = end - parser.bufferedBytes;
      }
      assert.deepStrictEqual(found, expected(all));
    }),
    { numRuns: 200 },
  );
});

void test('arbitrary bytes never throw, and every error is a text', () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 200, size: 'max' }),
    fc
      .array(fc.constantFrom('*', '$', '\r', '\n', '1', '0', '-', '3', 'a', '"', "'", '\\', 'x', ' ', '\0'), {
        maxLength: 60,
        size: 'max',
      })
      .map((parts) => Buffer.from(parts.join(''), 'latin1')),
  );
  fc.assert(
    fc.property(hostile, places, (bytes, cuts) => {
      const parser = new RequestParser(limits);
      for (const chunk of cut(Buffer.from(bytes), cuts)) {
        parser.feed(chunk);
        let result = parser.next();
        for (let turns = 0; result === 'command'; turns++) {
          assert.ok(turns <= bytes.length, 'commands without end');
          assert.ok(parser.args.count > 0);
          result = parser.next();
        }
        if (result === 'error') {
          assert.match(parser.error, /./);
          return;
        }
        parser.release();
      }
    }),
    { numRuns: 2000 },
  );
});

function errorOf(bytes: string, setUp: (parser: RequestParser) => void = () => {}): string {
  const parser = new RequestParser(limits);
  setUp(parser);
  parser.feed(Buffer.from(bytes, 'latin1'));
  for (;;) {
    const result = parser.next();
    if (result === 'error') return parser.error;
    if (result === 'more') return '';
  }
}

void test('unauthenticated clients are held shorter, the master link is not', () => {
  const unauthenticated = (parser: RequestParser): void => {
    parser.unauthenticated = true;
  };
  assert.strictEqual(errorOf('*10\r\n', unauthenticated), '');
  assert.strictEqual(errorOf('*11\r\n', unauthenticated), 'unauthenticated multibulk length');
  assert.strictEqual(errorOf('*1\r\n$16384\r\n', unauthenticated), '');
  assert.strictEqual(errorOf('*1\r\n$16385\r\n', unauthenticated), 'unauthenticated bulk length');
  assert.strictEqual(errorOf('*1\r\n$536870913\r\n'), 'invalid bulk length');
  assert.strictEqual(
    errorOf('*1\r\n$536870913\r\n', (parser) => {
      parser.trusted = true;
    }),
    '',
  );
});

void test('an announced length costs no memory until its bytes arrive', () => {
  const parser = new RequestParser(limits);
  const feed = (bytes: string | Buffer): void => {
    parser.feed(Buffer.from(bytes));
    assert.strictEqual(parser.next(), 'more');
    parser.release();
  };
  feed('*2147483647\r\n$536870912\r\n');
  assert.ok(parser.heldBytes < 4096, `${parser.heldBytes} bytes for nothing`);
  const chunk = Buffer.alloc(16_384);
  for (let i = 0; i < 64; i++) feed(chunk);
  assert.ok(parser.heldBytes <= 4 * 64 * chunk.length, `${parser.heldBytes} bytes for ${64 * chunk.length}`);
});

void test('a large buffer is given back once its command is done', () => {
  const parser = new RequestParser(limits);
  const command = encodeCommand(['SET', 'k', 'x'.repeat(1_000_000)]);
  parser.feed(command.subarray(0, 500_000));
  assert.strictEqual(parser.next(), 'more');
  parser.release();
  parser.feed(command.subarray(500_000));
  assert.strictEqual(parser.next(), 'command');
  parser.release();
  assert.ok(parser.heldBytes <= 32 * 1024);
});

void test('reset forgets a half-read command', () => {
  const parser = new RequestParser(limits);
  parser.feed(Buffer.from('*2\r\n$4\r\nECHO\r\n$100\r\nab'));
  assert.strictEqual(parser.next(), 'more');
  parser.release();
  parser.reset();
  assert.strictEqual(parser.bufferedBytes, 0);
  parser.feed(Buffer.from('PING\r\n'));
  assert.strictEqual(parser.next(), 'command');
  assert.deepStrictEqual(current(parser).args, ['PING']);
});

void test('words of a line: quoting', () => {
  const split = (line: string): string[] | undefined => splitArguments(Buffer.from(line, 'latin1'))?.map(text);
  assert.deepStrictEqual(split(''), []);
  assert.deepStrictEqual(split(' a  b\t'), ['a', 'b']);
  assert.deepStrictEqual(split('"" \'\''), ['', '']);
  assert.deepStrictEqual(split('"a\\x41\\n\\q"'), ['aA\nq']);
  assert.deepStrictEqual(split("'a\\'b\\n'"), ["a'b\\n"]);
  assert.deepStrictEqual(split('a"b c"'), ['ab c']);
  assert.deepStrictEqual(split('a\vb'), ['a\vb']);
  for (const open of ['"a', "'a", '"a"b', "'a'b", '"a\\']) assert.strictEqual(split(open), undefined, open);
});
