import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Sha1 } from '../../src/store/sha1.ts';

function hex(words: Int32Array): string {
  return Buffer.from(Uint8Array.from([...words].flatMap((w) => [w >>> 24, w >>> 16, w >>> 8, w]))).toString('hex');
}

function expected(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex');
}

test('every length up to 2100 bytes hashes as node:crypto does, at any offset', () => {
  const sha = new Sha1();
  const bytes = Uint8Array.from({ length: 2200 }, (_, i) => (i * 7 + (i >> 3)) & 255);
  for (let length = 0; length <= 2100; length++) {
    const at = length % 37;
    assert.equal(hex(sha.hash(bytes, at, length)), expected(bytes.subarray(at, at + length)), `length ${length}`);
  }
});

test('any bytes hash as node:crypto does, and so does their digest', () => {
  const sha = new Sha1();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300, size: 'max' }), (bytes) => {
      const words = Int32Array.from(sha.hash(bytes, 0, bytes.length));
      assert.equal(hex(words), expected(bytes));
      assert.equal(hex(sha.hashWords(words)), expected(createHash('sha1').update(bytes).digest()));
    }),
  );
});
