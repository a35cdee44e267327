import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type StreamExecutor, StreamError } from '../../src/replication/ports.ts';
import { StreamApplier } from '../../src/replication/replica/apply.ts';
import { PayloadError, PayloadReceiver } from '../../src/replication/replica/load.ts';
import { command } from '../../src/replication/wire.ts';
import { parseCommand } from './support/replication-node.ts';

const MARK = '0123456789abcdef0123456789abcdef01234567';

/** Feeds `wire` in pieces; returns the payload and what followed it. */
function receive(
  wire: Uint8Array,
  cuts: readonly number[],
): { payload: Buffer; rest: Buffer; receiver: PayloadReceiver } {
  const parts: Uint8Array[] = [];
  const receiver = new PayloadReceiver({
    begin: () => {},
    bytes: (bytes, at, length) => void parts.push(Uint8Array.from(bytes.subarray(at, at + length))),
  });
  const edges = [...new Set([0, ...cuts.map((cut) => cut % wire.length), wire.length])].sort((a, b) => a - b);
  const rest: Uint8Array[] = [];
  for (let i = 1; i < edges.length; i++) {
    const piece = wire.slice(edges[i - 1], edges[i]);
    const taken = receiver.complete ? 0 : receiver.push(piece);
    rest.push(Uint8Array.from(piece.subarray(taken)));
    piece.fill(0xee);
  }
  return { payload: Buffer.concat(parts), rest: Buffer.concat(rest), receiver };
}

/** Payloads that tempt: they contain parts of the mark. */
const payloads: fc.Arbitrary<Buffer> = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 60, size: 'max' }).map((bytes) => Buffer.from(bytes)),
      fc.integer({ min: 1, max: 39 }).map((length) => Buffer.from(MARK.slice(0, length))),
      fc.integer({ min: 1, max: 39 }).map((length) => Buffer.from(MARK.slice(length))),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts))
  .filter(
    (bytes) =>
      !Buffer.concat([bytes, Buffer.from(MARK)])
        .subarray(0, -1)
        .includes(MARK),
  );

test('both framings give exactly the payload and leave exactly the stream, however the bytes are cut', () => {
  fc.assert(
    fc.property(
      payloads,
      fc.uint8Array({ maxLength: 50, size: 'max' }),
      fc.array(fc.nat(500), { maxLength: 12 }),
      fc.nat(3),
      fc.boolean(),
      (payload, stream, cuts, newlines, counted) => {
        const head = '\n'.repeat(newlines) + (counted ? `$${payload.length}\r\n` : `$EOF:${MARK}\r\n`);
        const wire = Buffer.concat([Buffer.from(head), payload, Buffer.from(counted ? '' : MARK), stream]);
        const result = receive(wire, cuts);
        assert.equal(result.receiver.complete, true);
        assert.deepEqual(result.payload, payload);
        assert.deepEqual(result.rest, Buffer.from(stream));
        assert.equal(result.receiver.receivedBytes, payload.length);
      },
    ),
    { numRuns: 2000 },
  );
});

test('what is no payload is refused with Redis words', () => {
  const refuse = (text: string): string => {
    try {
      receive(Buffer.from(text), [3, 5]);
    } catch (error) {
      assert.ok(error instanceof PayloadError);
      return error.message;
    }
    return 'accepted';
  };
  assert.equal(refuse('-ERR boom\r\n'), 'MASTER aborted replication with an error: ERR boom');
  assert.match(refuse('xx\r\n'), /^Bad protocol from MASTER, the first byte is not '\$' \(we received 'xx'\)/);
  assert.match(refuse('$-5\r\n'), /^Bad protocol/);
  assert.match(refuse('$99999999999999999999\r\n'), /^Bad protocol/);
  assert.match(refuse('$EOF:short\r\n'), /^Bad protocol/);
  assert.match(refuse('z'.repeat(5000)), /^Bad protocol/);
});

class Recorder implements StreamExecutor {
  selectedDb = 0;
  openTransactionBytes = 0;
  held = false;
  readonly executed: string[] = [];
  #queue: string[] | null = null;

  reset(): void {
    this.openTransactionBytes = 0;
    this.#queue = null;
  }

  apply(bytes: Uint8Array, at: number, length: number): number {
    let next = at;
    for (;;) {
      const parsed = parseCommand(bytes, next, at + length);
      if (parsed === null) return next - at;
      const text = parsed.words.join(' ');
      if (text === 'MULTI') this.#queue = [];
      else if (text === 'EXEC') {
        this.executed.push(...(this.#queue ?? []));
        this.#queue = null;
      } else if (this.#queue === null) this.executed.push(text);
      else this.#queue.push(text);
      this.openTransactionBytes = this.#queue === null ? 0 : this.openTransactionBytes + parsed.next - next;
      next = parsed.next;
    }
  }
}

test('the applier counts whole commands outside MULTI only, and passes the same bytes on', () => {
  const units = fc.array(
    fc.oneof(
      fc
        .string({ maxLength: 30, size: 'max' })
        .map((value) => ({ wire: command('SET', 'k', Buffer.from(value).toString('latin1')), transaction: false })),
      fc.array(fc.string({ maxLength: 10 }), { maxLength: 4 }).map((values) => ({
        wire: Buffer.concat([
          command('MULTI'),
          ...values.map((value) => command('SET', 'm', Buffer.from(value).toString('latin1'))),
          command('EXEC'),
        ]),
        transaction: true,
      })),
    ),
    { minLength: 1, maxLength: 20, size: 'max' },
  );
  fc.assert(
    fc.property(units, fc.array(fc.nat(3000), { maxLength: 30, size: 'max' }), (all, cuts) => {
      const wire = Buffer.concat(all.map((unit) => unit.wire));
      const boundaries = new Set([0]);
      for (let i = 0, sum = 0; i < all.length; i++) boundaries.add((sum += all[i]!.wire.length));
      const passed: Uint8Array[] = [];
      let count = 0;
      const executor = new Recorder();
      const applier = new StreamApplier(executor, (bytes, at, length) => {
        passed.push(Uint8Array.from(bytes.subarray(at, at + length)));
        count += length;
      });
      const edges = [...new Set([0, ...cuts.map((cut) => cut % wire.length), wire.length])].sort((a, b) => a - b);
      for (let i = 1; i < edges.length; i++) {
        const piece = Uint8Array.from(wire.subarray(edges[i - 1], edges[i]));
        applier.push(piece, 0, piece.length);
        piece.fill(0xee);
        assert.ok(boundaries.has(count), 'the offset stands at a boundary');
        assert.equal(count + applier.pendingBytes, edges[i]);
      }
      assert.deepEqual(Buffer.concat(passed), wire);
      const whole = new Recorder();
      whole.apply(wire, 0, wire.length);
      assert.deepEqual(executor.executed, whole.executed);
    }),
    { numRuns: 500 },
  );
});

test('after a reset nothing of an interrupted transaction is left', () => {
  const executor = new Recorder();
  let count = 0;
  const applier = new StreamApplier(executor, (_bytes, _at, length) => void (count += length));
  const open = Buffer.concat([command('MULTI'), command('SET', 'a', '1')]);
  applier.push(open, 0, open.length);
  assert.equal(count, 0);
  applier.reset(0);
  const again = Buffer.concat([open, command('EXEC')]);
  applier.push(again, 0, again.length);
  assert.deepEqual(executor.executed, ['SET a 1']);
  assert.equal(count, again.length);
});

test('bytes that are no commands are a StreamError', () => {
  const applier = new StreamApplier(new Recorder(), () => {});
  const bytes = Buffer.from('foo bar\r\n');
  assert.throws(() => applier.push(bytes, 0, bytes.length), StreamError);
});
