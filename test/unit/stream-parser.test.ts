/** How a replica parses its master's stream: incomplete commands are offered again, and never parsed twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RequestParser } from '../../src/resp/request-parser.ts';
import { StreamApplier } from '../../src/replication/replica/apply.ts';
import { StreamError, type StreamExecutor } from '../../src/replication/ports.ts';
import { command } from '../../src/replication/wire.ts';

/** Applies as the server's executor does, and remembers the commands. */
class Recorder implements StreamExecutor {
  readonly selectedDb = 0;
  openTransactionBytes = 0;
  held = false;
  readonly commands: string[][] = [];
  readonly parser: RequestParser = new RequestParser({ protoMaxBulkLen: Number.MAX_SAFE_INTEGER });

  reset(): void {
    this.parser.reset();
  }

  apply(bytes: Uint8Array, at: number, length: number): number {
    const { parser } = this;
    parser.feedAgain(bytes.subarray(at, at + length));
    let consumed = 0;
    for (;;) {
      const result = parser.next();
      if (result === 'more') return length - parser.bufferedBytes;
      if (result === 'error') throw new StreamError(parser.error);
      const words = Array.from({ length: parser.args.count }, (_, i) => parser.args.text(i));
      this.commands.push(words);
      if (words[0] === 'MULTI') this.openTransactionBytes = parser.position - consumed;
      else if (words[0] === 'EXEC') this.openTransactionBytes = 0;
      else if (this.openTransactionBytes > 0) this.openTransactionBytes += parser.position - consumed;
      consumed = parser.position;
    }
  }
}

void test('a stream cut anywhere gives the same commands, and every byte is passed on once', () => {
  const word = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '$', '*', '1', '\0'), maxLength: 12 });
  const plain = fc.array(word, { minLength: 1, maxLength: 5 });
  const unit = fc.oneof(
    plain.map((words) => [words]),
    fc.array(plain, { maxLength: 4 }).map((inner) => [['MULTI'], ...inner, ['EXEC']]),
  );
  fc.assert(
    fc.property(
      fc.array(unit, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (units, sizes) => {
        const commands = units.flat();
        const stream = Buffer.concat(commands.map((words) => command(...words)));
        const recorder = new Recorder();
        const passed: Buffer[] = [];
        const applier = new StreamApplier(recorder, (bytes, at, length) =>
          passed.push(Buffer.from(bytes.slice(at, at + length))),
        );
        applier.reset(0);
        for (let at = 0, i = 0; at < stream.length; i++) {
          // As the socket's buffer does, the chunk is overwritten once it was taken.
          const chunk = Buffer.from(stream.subarray(at, at + sizes[i % sizes.length]!));
          applier.push(chunk, 0, chunk.length);
          at += chunk.length;
          chunk.fill(0x2a);
        }
        assert.deepEqual(recorder.commands, commands);
        assert.deepEqual(Buffer.concat(passed), stream);
        assert.equal(applier.pendingBytes, 0);
      },
    ),
  );
});

void test('a command of a million arguments that arrives in small pieces is parsed once', () => {
  const words = Array.from({ length: 1_000_000 }, (_, i) => `${i}`);
  const stream = Buffer.from(
    `*${words.length + 1}\r\n$4\r\nMSET\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`,
  );
  const recorder = new Recorder();
  const { parser } = recorder;
  let steps = 0;
  const add = parser.args.add.bind(parser.args);
  parser.args.add = (at, length) => {
    steps++;
    add(at, length);
  };
  const applier = new StreamApplier(recorder, () => {});
  applier.reset(0);
  for (let at = 0; at < stream.length; at += 4096) applier.push(stream, at, Math.min(4096, stream.length - at));
  assert.equal(recorder.commands[0]?.length, words.length + 1);
  assert.equal(steps, words.length + 1);
});
