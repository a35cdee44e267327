import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Crc64 } from '../../src/base/crc64.ts';
import { viewed } from '../../src/base/viewed.ts';
import { LzfCompressor, lzfDecompress } from '../../src/rdb/lzf.ts';
import { PAYLOAD_FOOTER_BYTES, checkPayload, makePayload } from '../../src/rdb/payload.ts';
import { MAX_CHUNK_BYTES, MIN_CHUNK_BYTES, RdbWriter } from '../../src/rdb/write.ts';
import type { RdbWriterOptions } from '../../src/rdb/write.ts';
import { bytes, f64, file, i64, string } from '../fixtures/rdb/build.ts';
import { collect } from '../fixtures/rdb/collector.ts';

/** What comes out, one buffer a chunk. With `reuse` the writer gets its memory back, so each chunk has to be copied. */
function chunksOf(write: (writer: RdbWriter) => void, options: RdbWriterOptions = {}, reuse = false): Buffer[] {
  const chunks: Uint8Array[] = [];
  const writer = new RdbWriter((chunk) => {
    chunks.push(reuse ? Uint8Array.from(chunk) : chunk);
    return reuse;
  }, options);
  write(writer);
  writer.flush();
  const all = chunks.map((chunk) => Buffer.from(chunk));
  assert.equal(
    writer.bytesWritten,
    all.reduce((sum, chunk) => sum + chunk.length, 0),
  );
  return all;
}

function written(write: (writer: RdbWriter) => void, options: RdbWriterOptions = {}): Buffer {
  return Buffer.concat(chunksOf(write, options));
}

test('a file has the bytes of the format', () => {
  const actual = written((w) => {
    w.header();
    w.aux('redis-ver', '7.2.0');
    w.aux('repl-offset', 12345);
    w.functionLibrary(Buffer.from('xcodex'), 1, 4);
    w.selectDb(3);
    w.resizeDb(300, 1);
    w.keyMeta(1_700_000_000_123, -1, 7);
    w.type(0);
    w.string(Buffer.from('key'), 0, 3);
    w.string(Buffer.from('value'), 0, 5);
    w.keyMeta(-1, 255, -1);
    w.type(5);
    w.text('zset');
    w.length(1);
    w.text('member');
    w.double(-0.5);
    w.end();
  });
  const expected = file(
    10,
    bytes(250, string('redis-ver'), string('7.2.0'), 250, string('repl-offset'), 0xc1, 0x39, 0x30),
    bytes(245, string('code'), 254, 3, 251, 0x41, 0x2c, 1),
    bytes(252, i64(1_700_000_000_123n), 248, 7, 0, string('key'), string('value')),
    bytes(249, 255, 5, string('zset'), 1, string('member'), f64(-0.5)),
  );
  assert.deepEqual(actual, expected);
});

test('lengths take the shortest form', () => {
  const forms: [number, string][] = [
    [0, '00'],
    [63, '3f'],
    [64, '4040'],
    [16383, '7fff'],
    [16384, '8000004000'],
    [4294967295, '80ffffffff'],
    [4294967296, '810000000100000000'],
    [Number.MAX_SAFE_INTEGER, '81001fffffffffffff'],
  ];
  for (const [n, hex] of forms) assert.equal(written((w) => w.length(n)).toString('hex'), hex);
});

test('only the canonical decimal form of a 32-bit integer is shortened', () => {
  const forms: [string, string][] = [
    ['0', 'c000'],
    ['-1', 'c0ff'],
    ['127', 'c07f'],
    ['-128', 'c080'],
    ['128', 'c18000'],
    ['-32768', 'c10080'],
    ['32768', 'c200800000'],
    ['2147483647', 'c2ffffff7f'],
    ['-2147483648', 'c200000080'],
  ];
  for (const [text, hex] of forms) assert.equal(written((w) => w.text(text)).toString('hex'), hex);
  for (const text of [
    '',
    '-',
    '-0',
    '00',
    '01',
    '+1',
    ' 1',
    '1 ',
    '1.0',
    '2147483648',
    '-2147483649',
    '12a',
    '99999999999',
  ]) {
    assert.deepEqual(
      written((w) => w.text(text)),
      string(text),
    );
  }
});

test('strings of more than 20 bytes are compressed where that saves four, unless switched off or too long', () => {
  const repeating = 'ab'.repeat(50);
  assert.equal(written((w) => w.text(repeating))[0], 0xc3);
  assert.deepEqual(
    written((w) => w.text(repeating), { compress: false }),
    string(repeating),
  );
  assert.deepEqual(
    written((w) => w.text(repeating), { compressLimitBytes: 99 }),
    string(repeating),
  );
  assert.deepEqual(
    written((w) => w.text('a'.repeat(20))),
    string('a'.repeat(20)),
  );
  assert.equal(written((w) => w.text('a'.repeat(21)))[0], 0xc3);
  const varied = 'abcdefghijklmnopqrstuvwxyz';
  assert.deepEqual(
    written((w) => w.text(varied)),
    string(varied),
  );
});

test('chunks are bounded, in order, and the same file whatever their size', () => {
  const value = Buffer.alloc(1000, 'The quick brown fox jumps over the lazy dog. ');
  const write = (w: RdbWriter): void => {
    w.header();
    w.selectDb(0);
    for (let i = 0; i < 50; i++) {
      w.keyMeta(i, -1, -1);
      w.type(0);
      w.text(`key:${i}`);
      w.string(value, i, i * 19);
    }
    w.end();
  };
  for (const compress of [false, true]) {
    const whole = written(write, { compress });
    for (const chunkBytes of [MIN_CHUNK_BYTES, 65, 100, 4096]) {
      for (const reuse of [false, true]) {
        const chunks = chunksOf(write, { compress, chunkBytes }, reuse);
        assert.ok(chunks.every((chunk) => chunk.length > 0 && chunk.length <= chunkBytes));
        assert.ok(Buffer.concat(chunks).equals(whole), `${chunkBytes} ${reuse}`);
      }
    }
    assert.equal(collect(whole).contents.size, 50);
  }
  for (const chunkBytes of [MIN_CHUNK_BYTES - 1, MAX_CHUNK_BYTES + 1, NaN]) {
    assert.throws(() => new RdbWriter(() => true, { chunkBytes }), RangeError);
  }
});

test('without checksum a zero is written, and before version 5 nothing', () => {
  const zero = written((w) => (w.header(), w.end()), { checksum: false });
  assert.deepEqual(zero, bytes('REDIS0010', 255, Buffer.alloc(8)));
  assert.deepEqual(
    written((w) => (w.header(4), w.end())),
    bytes('REDIS0004', 255),
  );
});

test('LZF gives back what it compressed, for texts, runs and noise, one after another', () => {
  const compressor = new LzfCompressor();
  const target = viewed(new Uint8Array(100_000));
  const back = viewed(new Uint8Array(100_000));
  let state = 1;
  const noise = (): number => (state = Math.imul(state, 1103515245) + 12345) >>> 16;
  for (let round = 0; round < 300; round++) {
    const size = 4 + (noise() % 3000);
    const alphabet = 1 + (noise() % 40);
    const input = Uint8Array.from({ length: size + 5 }, () => noise() % alphabet);
    const packed = compressor.compress(input, 5, size, target, target.length);
    assert.ok(packed > 0);
    assert.ok(lzfDecompress(target, 0, packed, back, 0, size));
    assert.deepEqual(back.subarray(0, size), input.subarray(5));
    assert.ok(!lzfDecompress(target, 0, packed, back, 0, size + 1));
    assert.ok(!lzfDecompress(target, 0, packed, back, 0, size - 1));
    assert.equal(compressor.compress(input, 5, size, target, packed - 1), 0);
    assert.equal(compressor.compress(input, 5, size, target, packed), packed);
  }
  const run = new Uint8Array(90_000);
  const packed = compressor.compress(run, 0, run.length, target, target.length);
  assert.ok(packed < 1100);
  assert.ok(lzfDecompress(target, 0, packed, back, 0, run.length));
});

test('malformed LZF is refused', () => {
  const target = viewed(new Uint8Array(64));
  const expands = (input: number[], size: number): boolean =>
    lzfDecompress(viewed(Uint8Array.from(input)), 0, input.length, target, 0, size);
  assert.ok(expands([1, 7, 8, 0x20, 1], 5));
  assert.deepEqual([...target.subarray(0, 5)], [7, 8, 7, 8, 7]);
  assert.ok(!expands([1, 7], 2));
  assert.ok(!expands([1, 7, 8, 0x20], 5));
  assert.ok(!expands([1, 7, 8, 0x20, 2], 5));
  assert.ok(!expands([1, 7, 8, 0x20, 1], 4));
  assert.ok(!expands([0xe0], 5));
  assert.ok(!expands([0xe0, 1], 5));
  assert.ok(!expands([0x20, 0], 3));
});

test('a DUMP payload carries version and checksum, and any change is noticed', () => {
  const payload = makePayload((w) => {
    w.type(0);
    w.text('v'.repeat(5000));
  });
  assert.equal(checkPayload(payload, 0, payload.length), 'ok');
  const within = bytes('xx', payload, 'yy');
  assert.equal(checkPayload(within, 2, payload.length), 'ok');
  assert.equal(checkPayload(payload, 0, PAYLOAD_FOOTER_BYTES), 'too-short');
  for (const at of [0, 5, payload.length - 9, payload.length - 1]) {
    const changed = Uint8Array.from(payload);
    changed[at]! ^= 1;
    assert.notEqual(checkPayload(changed, 0, changed.length), 'ok');
  }
  const newer = Uint8Array.from(payload);
  newer[payload.length - 10] = 13;
  assert.equal(checkPayload(newer, 0, newer.length), 'version');
  const crc = new Crc64();
  crc.update(payload, 0, payload.length - 8);
  assert.ok(crc.matches(payload, payload.length - 8));
});
