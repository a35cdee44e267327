/** The reply writer: what it writes is what a client reads, in both protocols. */
import assert from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { replyError } from '../../src/base/errors.ts';
import { ReplyWriter } from '../../src/resp/reply-writer.ts';
import { decode } from '../support/resp.ts';

function written(resp: 2 | 3, write: (reply: ReplyWriter) => void): string {
  const reply = new ReplyWriter();
  reply.resp = resp;
  write(reply);
  return reply.bytes.toString('latin1', 0, reply.at);
}

void test('types that RESP2 does not have are written as it expects them', () => {
  const cases: readonly (readonly [(reply: ReplyWriter) => void, string, string])[] = [
    [(reply) => reply.null(), '$-1\r\n', '_\r\n'],
    [(reply) => reply.nullArray(), '*-1\r\n', '_\r\n'],
    [(reply) => reply.map(2), '*4\r\n', '%2\r\n'],
    [(reply) => reply.set(12), '*12\r\n', '~12\r\n'],
    [(reply) => reply.push(3), '*3\r\n', '>3\r\n'],
    [(reply) => reply.bool(true), ':1\r\n', '#t\r\n'],
    [(reply) => reply.bool(false), ':0\r\n', '#f\r\n'],
    [(reply) => reply.double('1.5'), '$3\r\n1.5\r\n', ',1.5\r\n'],
    [(reply) => reply.bigNumber('123'), '$3\r\n123\r\n', '(123\r\n'],
    [(reply) => reply.verbatim('ab\n'), '$3\r\nab\n\r\n', '=7\r\ntxt:ab\n\r\n'],
    [(reply) => reply.array(0), '*0\r\n', '*0\r\n'],
    [(reply) => reply.error(replyError('ERR a\r\nb')), '-ERR a  b\r\n', '-ERR a  b\r\n'],
  ];
  for (const [write, two, three] of cases) {
    assert.strictEqual(written(2, write), two);
    assert.strictEqual(written(3, write), three);
  }
});

void test('integers of any size', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const small = Number(value);
      if (Number.isSafeInteger(small))
        assert.strictEqual(
          written(2, (reply) => reply.integer(small)),
          `:${value}\r\n`,
        );
      assert.strictEqual(
        written(2, (reply) => reply.bigInteger(value)),
        `:${value}\r\n`,
      );
    }),
  );
});

void test('strings of any bytes and length come back, whatever was written before', () => {
  const lengths = fc.oneof(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 0, max: 200_000 }));
  fc.assert(
    fc.property(fc.array(lengths, { minLength: 1, maxLength: 8 }), fc.nat(255), (all, seed) => {
      const values = all.map((length) => Buffer.from(Array.from({ length }, (_, i) => (i * 31 + seed) & 255)));
      const reply = new ReplyWriter();
      reply.array(values.length * 2);
      for (const value of values) {
        reply.bulk(Buffer.concat([Buffer.from('xx'), value]), 2, value.length);
        reply.bulkText(value.toString('latin1'));
      }
      const back = decode(reply.bytes.subarray(0, reply.at), 'latin1') as readonly string[];
      assert.deepStrictEqual(
        back,
        values.flatMap((value) => [value.toString('latin1'), value.toString('latin1')]),
      );
    }),
    { numRuns: 60 },
  );
});

void test('a reply whose length is known at its end', () => {
  for (const kind of ['array', 'set', 'map'] as const) {
    for (const count of [0, 1, 9, 10, 12_345]) {
      const reply = new ReplyWriter();
      reply.resp = 3;
      reply.array(2);
      const mark = reply.deferred();
      for (let i = 0; i < (kind === 'map' ? count * 2 : count); i++) reply.integer(i);
      reply.endDeferred(mark, kind, count);
      reply.ok();
      const [inner, ok] = decode(reply.bytes.subarray(0, reply.at)) as readonly [
        { size?: number; length?: number },
        string,
      ];
      assert.strictEqual(inner.size ?? inner.length, count);
      assert.strictEqual(ok, 'OK');
    }
  }
});

void test('an oversized buffer is not kept', () => {
  const reply = new ReplyWriter();
  reply.bulkBytes(Buffer.alloc(4 * 1024 * 1024));
  reply.renew(false);
  assert.strictEqual(reply.at, 0);
  assert.ok(reply.bytes.length < 1024 * 1024);
  const { bytes } = reply;
  reply.ok();
  reply.renew(true);
  assert.notStrictEqual(reply.bytes, bytes);
});
