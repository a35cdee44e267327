import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareBytes, copyBytes, equalBytes, moveBytes } from '../../src/base/copy.ts';

const SIZE = 70_000;
const at = fc.nat({ max: 20_000 });
const length = fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 1100 }), fc.nat({ max: 49_000 }));
const pattern = Uint8Array.from({ length: SIZE }, (_, i) => (i * 31 + (i >>> 8)) & 0xff);

function shared(): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(SIZE));
  bytes.set(pattern);
  return bytes;
}

test('moving within one array equals copying by way of another', () => {
  const near = fc.oneof(at, fc.integer({ min: -9, max: 9 }));
  fc.assert(
    fc.property(at, near, length, (from, other, n) => {
      const to = other < 10 ? Math.max(0, from + other) : other;
      const bytes = shared();
      moveBytes(bytes, to, from, n);
      const expected = pattern.slice();
      expected.set(pattern.slice(from, from + n), to);
      assert.equal(Buffer.compare(bytes, expected), 0);
    }),
    { numRuns: 300 },
  );
});

test('copying between arrays, or two views of one without overlap, copies exactly the range', () => {
  fc.assert(
    fc.property(at, at, length, fc.boolean(), (from, to, n, sameBuffer) => {
      fc.pre(!sameBuffer || from + 1 + n <= to || to + n <= from + 1);
      const target = shared();
      const source = sameBuffer ? new Uint8Array(target.buffer, 1) : pattern.subarray(1);
      copyBytes(target, to, source, from, n);
      const expected = pattern.slice();
      expected.set(pattern.slice(from + 1, from + 1 + n), to);
      assert.equal(Buffer.compare(target, expected), 0);
    }),
    { numRuns: 300 },
  );
});

test('ranges compare by unsigned bytes, a prefix first', () => {
  const bytes = fc.uint8Array({ maxLength: 6, max: 255 });
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const [left, right] = [Buffer.concat([Buffer.from('<<'), a]), Buffer.concat([Buffer.from('<'), b])];
      const order = compareBytes(left, 2, a.length, right, 1, b.length);
      assert.equal(order, Buffer.compare(a, b));
      if (a.length === b.length) assert.equal(equalBytes(left, 2, right, 1, a.length), order === 0);
    }),
  );
});
