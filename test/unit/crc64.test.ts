import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Crc64 } from '../../src/base/crc64.ts';

/** Bit by bit, straight from the definition: the model the tables are checked against. */
function slow(bytes: Uint8Array): string {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 1n) === 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
    }
  }
  return crc.toString(16).padStart(16, '0');
}

test('the check value of the digits 1 to 9 is e9c6d914c4b8d9ca', () => {
  const crc = new Crc64();
  crc.update(Buffer.from('x123456789'), 1, 9);
  assert.equal(crc.toString(), 'e9c6d914c4b8d9ca');
  const bytes = new Uint8Array(10);
  crc.writeTo(bytes, 1);
  assert.deepEqual([...bytes], [0, 0xca, 0xd9, 0xb8, 0xc4, 0x14, 0xd9, 0xc6, 0xe9, 0]);
  assert.ok(crc.matches(bytes, 1));
  for (let i = 1; i < 9; i++) {
    bytes[i]! ^= 0x80;
    assert.ok(!crc.matches(bytes, 1));
    bytes[i]! ^= 0x80;
  }
  crc.reset();
  assert.equal(crc.toString(), '0000000000000000');
});

test('any split into pieces gives the bit-by-bit sum', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40, size: 'max' }), { maxLength: 6 }), (pieces) => {
      const crc = new Crc64();
      for (const piece of pieces) crc.update(piece, 0, piece.length);
      assert.equal(crc.toString(), slow(Buffer.concat(pieces)));
    }),
  );
});

test('long ranges, at any place and in any pieces, give the sum of short ones', () => {
  const bytes = new Uint8Array(400_000);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 2654435761) >>> 13;
  fc.assert(
    fc.property(fc.nat(1000), fc.array(fc.nat(150_000), { minLength: 1, maxLength: 4 }), (start, lengths) => {
      const [long, short] = [new Crc64(), new Crc64()];
      let at = start;
      for (const wanted of lengths) {
        const length = Math.min(wanted, bytes.length - at);
        long.update(bytes, at, length);
        for (let done = 0; done < length; done += 100) short.update(bytes, at + done, Math.min(100, length - done));
        at += length;
      }
      assert.equal(long.toString(), short.toString());
    }),
    { numRuns: 40 },
  );
});
