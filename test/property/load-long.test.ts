/**
 * Long strings leave the reader's window piece by piece. With pieces of a few bytes every string is a long one: data and faults must
 * be the same as with the default, and no step may do more than a piece.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RdbReader } from '../../src/rdb/read.ts';
import { RdbWriter } from '../../src/rdb/write.ts';
import { digestAll } from '../../src/store/digest.ts';
import { StoreLoader } from '../../src/store/load.ts';
import { file, key, listpack, string } from '../fixtures/rdb/build.ts';
import { latin1, makeStore, seededRandom } from '../support/store.ts';
import { abandoner } from '../support/store-rdb.ts';

const NOW = 1_700_000_000_000;
const NODE_PLAIN = 1;
const NODE_PACKED = 2;
/** Type 18 in two more forms. */
const PACKED_NODES = 118;
const ONE_NODE = 218;
const STREAM = 19;
/** 1-0, as a string. */
const STREAM_ID = Buffer.from([16, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
/** One entry; the last, the first and the highest deleted id; entries added, groups. */
const STREAM_FACTS = [1, 1, 0, 1, 0, 0, 0, 1, 0] as const;
/** EOF and checksum. */
const TRAILER_BYTES = 9;
/** Longest copy of one instruction: what a step may do beyond its piece. */
const LZF_COPY_MAX = 264;

function noise(length: number, seed: number): string {
  const random = seededRandom(seed);
  return Buffer.from(Array.from({ length }, () => random.uint32() >>> 24)).toString('latin1');
}

/** Compressible, or not. */
const text = fc.oneof(
  fc.string({ maxLength: 100, size: 'max' }),
  fc.integer({ min: -100_000, max: 100_000 }).map(String),
  fc.tuple(fc.string({ minLength: 1, maxLength: 9 }), fc.nat(300)).map(([unit, times]) => unit.repeat(times)),
  fc.tuple(fc.nat(9000), fc.nat()).map(([length, seed]) => noise(length, seed)),
  fc.constantFrom(0, 1, 2).map((i) => 'x'.repeat(9000 + i)),
);
const value = fc.oneof(
  // A list of packed nodes with one element each, as redis-server before 7.2 has large ones, or of one with all; empty ones too.
  fc.array(text, { minLength: 1, maxLength: 4 }).map((texts) => ({ type: PACKED_NODES, texts })),
  fc.array(text, { maxLength: 4 }).map((texts) => ({ type: ONE_NODE, texts })),
  text.map((one) => ({ type: 0, texts: [one] })),
  // A list by elements, or of plain nodes; a set; a hash.
  fc.record({ type: fc.constantFrom(1, 18, 2), texts: fc.uniqueArray(text, { minLength: 1, maxLength: 5 }) }),
  fc.uniqueArray(text, { minLength: 1, maxLength: 4 }).map((fields) => ({
    type: 4,
    texts: fields.flatMap((field, i) => [field, fields[fields.length - 1 - i]!]),
  })),
);
const keys = fc.uniqueArray(
  fc.record({ name: text, value, expireAtMs: fc.constantFrom(-1, -1, NOW + 5000, NOW - 5000) }),
  { selector: (one) => one.name, minLength: 1, maxLength: 6 },
);
type Keys = typeof keys extends fc.Arbitrary<infer T> ? T : never;

function write(all: Keys, compress: boolean): Buffer {
  const chunks: Buffer[] = [];
  const output = (chunk: Uint8Array): boolean => chunks.push(Buffer.from(chunk)) > 0;
  const writer = new RdbWriter(output, { compress });
  writer.header();
  writer.selectDb(0);
  for (const one of all) {
    writer.keyMeta(one.expireAtMs, -1, -1);
    const { type, texts } = one.value;
    writer.type(type % 100);
    writer.string(Buffer.from(one.name, 'latin1'), 0, one.name.length);
    if (type === ONE_NODE) {
      writer.length(1);
      writeNode(writer, texts);
      continue;
    }
    if (type !== 0) writer.length(type === 4 ? texts.length / 2 : texts.length);
    for (const each of texts) {
      if (type === PACKED_NODES) {
        writeNode(writer, [each]);
        continue;
      }
      if (type === 18) writer.length(NODE_PLAIN);
      writer.string(Buffer.from(each, 'latin1'), 0, each.length);
    }
  }
  writer.end();
  return Buffer.concat(chunks);
}

function writeNode(writer: RdbWriter, texts: readonly string[]): void {
  const blob = listpack(texts);
  writer.length(NODE_PACKED);
  writer.string(blob, 0, blob.length);
}

interface Way {
  readonly piece: number;
  readonly longBytes?: number;
  readonly lengthKnown: boolean;
  readonly dropExpired: boolean;
}

/** What comes of a load. */
function outcome(rdb: Uint8Array, { piece, longBytes, lengthKnown, dropExpired }: Way): object {
  const store = makeStore();
  const { space } = store;
  space.now = NOW;
  const abandon = abandoner(store);
  const input = lengthKnown ? { inputBytes: rdb.length } : {};
  const loader = new StoreLoader(store, space.databases, { dropExpired, ...input });
  const reader = new RdbReader(loader, { ...input, ...(longBytes === undefined ? {} : { longBytes }) });
  const expired: string[] = [];
  loader.onExpired = (db, bytes, at, length) => expired.push(`${db} ${latin1(bytes, at, length)}`);
  try {
    for (let at = 0; at < rdb.length; at += piece) {
      reader.push(rdb.subarray(at, at + piece));
      while (reader.run(100) === 'paused');
      assert.ok(reader.offset + reader.pendingBytes === Math.min(rdb.length, at + piece));
    }
    reader.endOfInput();
    return { keys: loader.keys, expired, digest: digestAll(store), offset: reader.offset };
  } catch (error) {
    return { message: abandon(loader, error).message };
  }
}

test('strings that are taken in pieces are the same data', () => {
  fc.assert(
    fc.property(
      keys,
      fc.boolean(),
      fc.integer({ min: 1, max: 2000 }),
      fc.integer({ min: 1, max: 300 }),
      fc.boolean(),
      fc.boolean(),
      (all, compress, piece, longBytes, lengthKnown, dropExpired) => {
        const rdb = write(all, compress);
        const expected = outcome(rdb, { piece: rdb.length, lengthKnown, dropExpired });
        assert.ok('digest' in expected);
        assert.deepEqual(outcome(rdb, { piece, longBytes, lengthKnown, dropExpired }), expected);
        assert.deepEqual(outcome(rdb, { piece: rdb.length, longBytes, lengthKnown, dropExpired }), expected);
      },
    ),
    { numRuns: 300 },
  );
});

test('a key whose long name has left the window is not taken for one that begins with what followed the name', () => {
  const before = key(0, 'k', string('f'.repeat(423)));
  const rdb = file(10, before, key(0, 'n'.repeat(100), string('0'.repeat(300))));
  const way = { lengthKnown: true, dropExpired: false };
  const expected = outcome(rdb, { ...way, piece: rdb.length });
  assert.ok('digest' in expected);
  // The first piece ends in the name, at 440 to 540, and the second brings all the rest.
  for (const piece of [470, 500, 530]) assert.deepEqual(outcome(rdb, { ...way, piece, longBytes: 20 }), expected);
});

test('a damaged or cut file with strings that are taken in pieces is refused like any, and leaves nothing', () => {
  fc.assert(
    fc.property(
      keys,
      fc.boolean(),
      fc.integer({ min: 1, max: 2000 }),
      fc.integer({ min: 1, max: 300 }),
      fc.nat(),
      fc.option(fc.nat(7)),
      (all, compress, piece, longBytes, at, bit) => {
        const rdb = write(all, compress);
        const place = at % rdb.length;
        const damaged = Buffer.from(bit === null ? rdb.subarray(0, place) : rdb);
        if (bit !== null) damaged[place]! ^= 1 << bit;
        const way = { lengthKnown: true, dropExpired: false };
        const expected = outcome(damaged, { ...way, piece: damaged.length || 1 });
        const found = outcome(damaged, { ...way, piece, longBytes });
        // Which of several faults is found first may differ; that there is one, not.
        assert.deepEqual('message' in found, 'message' in expected);
        if ('digest' in expected) assert.deepEqual(found, expected);
      },
    ),
    { numRuns: 300 },
  );
});

test('a step takes no more of a long string than a piece', () => {
  const longBytes = 1000;
  const length = 300_000;
  const noise = Buffer.from(Array.from({ length }, (_, i) => (i * i * 31) >>> 7));
  const repeating = Buffer.from('a text that repeats itself, '.repeat(length / 28));
  for (const content of [noise, repeating]) {
    for (const [type, ...head] of [[0], [18, 1, NODE_PLAIN], [18, 1, NODE_PACKED], [STREAM, 1, STREAM_ID]] as const) {
      const text = content.toString('latin1');
      let expected: Buffer = content;
      if (head[1] === NODE_PACKED) expected = listpack([text]);
      // A live entry with the one field that its node has.
      if (type === STREAM) expected = listpack([1, 0, 1, 'f', 0, 2, 0, 0, text, 4]);
      const value = content === noise ? string(expected) : compressed(expected);
      const store = makeStore();
      const loader = new StoreLoader(store, store.space.databases, { dropExpired: false });
      let place: Uint8Array | undefined;
      const make = loader.room.bind(loader);
      loader.room = (of, bytes) => {
        const room = make(of, bytes)!;
        place = room.bytes.subarray(room.at, room.at + bytes);
        // What is not written yet can be told from what is.
        for (let i = 0; i < bytes; i++) place[i] = ~expected[i]!;
        return room;
      };
      const reader = new RdbReader(loader, { longBytes });
      reader.push(file(10, key(type, 'k', ...head, value, ...(type === STREAM ? STREAM_FACTS : []))));
      let steps = 0;
      let most = 0;
      let written = 0;
      for (let more = true; more; steps++) {
        more = reader.run(1) === 'paused';
        const before = written;
        while (place !== undefined && written < expected.length && place[written] === expected[written]) written++;
        most = Math.max(most, written - before);
      }
      assert.equal(written, expected.length);
      assert.ok(most <= longBytes + LZF_COPY_MAX, `${most} bytes in a step`);
      assert.ok(steps >= expected.length / (longBytes + LZF_COPY_MAX), `${steps} steps`);
      assert.equal(store.space.size, 1);
    }
  }
});

/** As a string of the file. */
function compressed(bytes: Buffer): Buffer {
  const chunks: Buffer[] = [];
  const writer = new RdbWriter((chunk) => chunks.push(Buffer.from(chunk)) > 0, { compress: true });
  writer.string(bytes, 0, bytes.length);
  writer.end();
  const all = Buffer.concat(chunks);
  assert.ok(all.length < bytes.length / 10);
  return all.subarray(0, all.length - TRAILER_BYTES);
}
