/**
 * Long strings leave the reader's window piece by piece, and long keys, fields and members go into their tables so. With pieces of a
 * few bytes every string is a long one: data and faults must be the same as with the default, and no step may do more than a piece.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Arena, ArenaExhausted } from '../../src/memory/arena.ts';
import * as format from '../../src/rdb/format.ts';
import { RdbReader } from '../../src/rdb/read.ts';
import { RdbWriter } from '../../src/rdb/write.ts';
import { digestAll } from '../../src/store/digest.ts';
import { encodingNames, TYPE_STRING } from '../../src/store/entry.ts';
import { StoreLoader } from '../../src/store/load.ts';
import { LoadError } from '../../src/store/load-error.ts';
import { bytes, f64, file, i64, key, listpack, string, ziplist } from '../fixtures/rdb/build.ts';
import type { Store } from '../../src/store/store.ts';
import { failAfter, latin1, makeStore, seededRandom } from '../support/store.ts';
import { abandoner } from '../support/store-rdb.ts';

const NOW = 1_700_000_000_000;
const NODE_PLAIN = 1;
const NODE_PACKED = 2;
/** Type 18 in two more forms. */
const PACKED_NODES = 118;
const ONE_NODE = 218;
const STREAM = 19;
const ZSET = 5;
const HASH = 4;
const EXPIRING_HASH = 24;
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
  fc.record({
    type: fc.constantFrom(HASH, EXPIRING_HASH),
    texts: fc
      .uniqueArray(text, { minLength: 1, maxLength: 4 })
      .map((fields) => fields.flatMap((field, i) => [field, fields[fields.length - 1 - i]!])),
  }),
  // A sorted set, whose members have one of two scores; a list, and a hash, that are ziplists.
  fc.record({
    type: fc.constantFrom(ZSET, 10, 13),
    texts: fc.uniqueArray(text, { minLength: 2, maxLength: 6 }).map((all) => all.slice(all.length % 2)),
  }),
  // A set or a hash in which something may come twice.
  fc.record({
    type: fc.constantFrom(2, HASH, ZSET),
    texts: fc.array(fc.constantFrom('x'.repeat(400), 'y'.repeat(400), 'z'), { minLength: 4, maxLength: 4 }),
  }),
);
const oneKey = fc.record({ name: text, value, expireAtMs: fc.constantFrom(-1, -1, NOW + 5000, NOW - 5000) });
const keys = fc.oneof(
  { arbitrary: fc.uniqueArray(oneKey, { selector: (one) => one.name, minLength: 1, maxLength: 6 }), weight: 9 },
  // The first one comes again at the end.
  { arbitrary: fc.array(oneKey, { minLength: 1, maxLength: 2 }).map((all) => [...all, all[0]!]), weight: 1 },
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
    if (type === 10 || type === 13) {
      const blob = ziplist(texts);
      writer.string(blob, 0, blob.length);
      continue;
    }
    if (type === EXPIRING_HASH) writer.time(NOW);
    if (type !== 0) writer.length(type === HASH || type === EXPIRING_HASH ? texts.length / 2 : texts.length);
    texts.forEach((each, i) => {
      if (type === PACKED_NODES) {
        writeNode(writer, [each]);
        return;
      }
      if (type === 18) writer.length(NODE_PLAIN);
      // The first and the third field of four expire.
      if (type === EXPIRING_HASH && i % 2 === 0) writer.length(i % 4 === 0 ? 1000 + i : 0);
      writer.string(Buffer.from(each, 'latin1'), 0, each.length);
      if (type === ZSET) writer.double(i % 2);
    });
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
  /** A key that comes twice replaces the first. */
  readonly merge?: boolean;
  /** Longest element of a listpack. */
  readonly packed?: number;
}

/** What comes of a load. */
function outcome(rdb: Uint8Array, way: Way): object {
  const { piece, longBytes, lengthKnown, dropExpired, merge = false, packed = 64 } = way;
  const limits = { hashMaxListpackValue: packed, setMaxListpackValue: packed, zsetMaxListpackValue: packed };
  const store = makeStore(limits);
  const { space } = store;
  space.now = NOW;
  const abandon = abandoner(store);
  const input = lengthKnown ? { inputBytes: rdb.length } : {};
  const loader = new StoreLoader(store, space.databases, {
    dropExpired,
    replaceExisting: merge,
    ...input,
    ...(longBytes === undefined ? {} : { longBytes }),
  });
  const reader = new RdbReader(loader, input);
  const expired: string[] = [];
  loader.onExpired = (db, bytes, at, length) => expired.push(`${db} ${latin1(bytes, at, length)}`);
  try {
    for (let at = 0; at < rdb.length; at += piece) {
      reader.push(rdb.subarray(at, at + piece));
      while (reader.run(100) === 'paused');
      assert.ok(reader.offset + reader.pendingBytes === Math.min(rdb.length, at + piece));
    }
    reader.endOfInput();
    return {
      keys: loader.keys,
      expired,
      expiring: space.databases[0]!.expiring,
      encodings: encodings(store),
      digest: digestAll(store),
      offset: reader.offset,
    };
  } catch (error) {
    return { message: abandon(loader, error).message };
  }
}

/** Of collections: strings of a few bytes are none that would be long. */
function encodings({ space, entries }: Store): string[] {
  const all: string[] = [];
  space.databases[0]!.forEach((entry) => {
    const name = Buffer.from(entries.keyCopy(entry)).toString('latin1');
    if (entries.type(entry) !== TYPE_STRING) all.push(`${name} ${encodingNames[entries.encoding(entry)]}`);
  });
  return all.toSorted();
}

test('strings that are taken in pieces are the same data in the same encodings, and what comes twice is refused', () => {
  let refused = 0;
  fc.assert(
    fc.property(
      keys,
      fc.boolean(),
      fc.integer({ min: 1, max: 2000 }),
      fc.integer({ min: 1, max: 300 }),
      fc.record({
        lengthKnown: fc.boolean(),
        dropExpired: fc.boolean(),
        merge: fc.boolean(),
        packed: fc.constantFrom(64, 3),
      }),
      (all, compress, piece, longBytes, way) => {
        const rdb = write(all, compress);
        const expected = outcome(rdb, { ...way, piece: rdb.length });
        if ('message' in expected) {
          refused++;
          assert.match(String(expected.message), /twice/);
        }
        assert.deepEqual(outcome(rdb, { ...way, piece, longBytes }), expected);
        assert.deepEqual(outcome(rdb, { ...way, piece: rdb.length, longBytes }), expected);
      },
    ),
    { numRuns: 600 },
  );
  assert.ok(refused > 50, `${refused} refused`);
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
      const loader = new StoreLoader(store, store.space.databases, { dropExpired: false, longBytes });
      let place: Uint8Array | undefined;
      const make = loader.room.bind(loader);
      loader.room = (of, bytes) => {
        const room = make(of, bytes)!;
        place = room.bytes.subarray(room.at, room.at + bytes);
        // What is not written yet can be told from what is.
        for (let i = 0; i < bytes; i++) place[i] = ~expected[i]!;
        return room;
      };
      const reader = new RdbReader(loader);
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

test('a step writes, hashes and compares no more of a long key, field, value or member than a piece', () => {
  const longBytes = 1000;
  const length = 100_000;
  const long = noise(length, 1);
  const twice = key(2, 'k', 2, string(long), string(long));
  // How often all of its bytes are gone over: they leave the window, are copied, hashed, compared.
  const cases: readonly (readonly [passes: number, rdb: Buffer, refusal?: RegExp])[] = [
    [4, key(0, long, string('v'))],
    [4, bytes(format.OPCODE_EXPIRETIME_MS, i64(BigInt(NOW + 1000)), key(2, long, 1, string('m')))],
    [4, key(ZSET, long, 1, string('m'), f64(1))],
    [4, key(EXPIRING_HASH, long, i64(BigInt(NOW)), 1, 5, string('f'), string('v'))],
    [9, bytes(key(0, long, string('v')), key(0, long, string('v'))), /twice/],
    [3, key(2, 'k', 1, string(long))],
    [7, twice, /twice/],
    [3, key(HASH, 'k', 1, string(long), string('v'))],
    [2, key(HASH, 'k', 1, string('f'), string(long))],
    [5, key(EXPIRING_HASH, 'k', i64(BigInt(NOW)), 1, 5, string(long), string(long))],
    [3, key(ZSET, 'k', 1, string(long), f64(1))],
    [2, key(10, 'k', string(ziplist([long])))],
    [3, key(13, 'k', string(ziplist([long, 'v'])))],
  ];
  for (const [i, [passes, content, refusal]] of cases.entries()) {
    const store = makeStore();
    const { arena, hasher } = store.space;
    let hashed = 0;
    const hash = hasher.hash.bind(hasher);
    hasher.hash = (from, at, count) => {
      hashed = Math.max(hashed, count);
      return hash(from, at, count);
    };
    const loader = new StoreLoader(store, store.space.createStaging(), { dropExpired: false, longBytes });
    const reader = new RdbReader(loader);
    reader.push(file(10, content));
    const changed = changes(arena);
    let steps = 0;
    let most = 0;
    let fault: unknown;
    for (let more = true; more; steps++) {
      try {
        more = reader.run(1) === 'paused';
      } catch (error) {
        fault = error;
        more = false;
      }
      most = Math.max(most, changed());
    }
    if (refusal === undefined) assert.ifError(fault);
    else assert.match(String(fault), refusal);
    assert.ok(most <= longBytes + 1000, `case ${i}: ${most} bytes in a step`);
    assert.ok(hashed <= longBytes, `case ${i}: ${hashed} bytes hashed at once`);
    assert.ok(steps >= (passes * length) / longBytes, `case ${i}: ${steps} steps`);
    assert.ok(steps <= (passes * length) / longBytes + 50, `case ${i}: ${steps} steps`);
  }
});

test('a load that is given up after any step, or for want of memory, gives back all that it has taken', () => {
  const long = 'x'.repeat(40);
  const content = bytes(
    key(0, `${long}1`, string('v')),
    bytes(format.OPCODE_EXPIRETIME_MS, i64(BigInt(NOW + 1000)), key(2, `${long}2`, 2, string('m'), string(long))),
    bytes(format.OPCODE_EXPIRETIME_MS, i64(BigInt(NOW + 1000)), key(0, `${long}3`, string(long))),
    key(ZSET, `${long}4`, 2, string('m'), f64(1), string(long), f64(1)),
    key(EXPIRING_HASH, `${long}5`, i64(BigInt(NOW)), 2, 5, string('f'), string(long), 0, string(long), string('v')),
    key(13, 'k', string(ziplist([long, 'v']))),
    key(25, 'l', i64(BigInt(NOW)), string(listpack([long, 'v', NOW + 9, 'f', long, NOW + 5]))),
    key(10, 'm', string(ziplist([long.repeat(300)]))),
  );
  const rdb = file(10, content);
  const limits = { hashMaxListpackValue: 3, setMaxListpackValue: 3, zsetMaxListpackValue: 3 };
  const load = (steps: number, allocations: number): boolean => {
    const store = makeStore(limits);
    store.space.now = NOW;
    const abandon = abandoner(store);
    const restore = failAfter(store.space.arena, allocations);
    let result = 'paused';
    let loader: StoreLoader | undefined;
    try {
      loader = new StoreLoader(store, store.space.databases, { dropExpired: false, longBytes: 10 });
      const reader = new RdbReader(loader);
      reader.push(rdb);
      for (let i = 0; i < steps && result === 'paused'; i++) result = reader.run(1);
    } catch (error) {
      if (!(error instanceof ArenaExhausted)) throw error;
    }
    restore();
    if (result === 'done') assert.equal(store.space.size, 8);
    abandon(loader!, new LoadError('given up'));
    return result === 'done';
  };
  let steps = 0;
  while (!load(steps, Infinity)) steps++;
  assert.ok(steps > 100);
  let allocations = 0;
  while (!load(Infinity, allocations)) allocations++;
  assert.ok(allocations > 30);
});

/** Tells how many bytes of an arena have changed since it was asked last. */
function changes(arena: Arena): () => number {
  const PART = 64 * 1024;
  const before: Buffer[] = [];
  return () => {
    let changed = 0;
    arena.u8.forEach((segment, i) => {
      if (segment === undefined) return;
      before[i] ??= Buffer.alloc(segment.length);
      const now = Buffer.from(segment.buffer, segment.byteOffset, segment.length);
      for (let at = 0; at < now.length; at += PART) {
        const [a, b] = [before[i].subarray(at, at + PART), now.subarray(at, at + PART)];
        if (a.equals(b)) continue;
        for (let j = 0; j < b.length; j++) if (a[j] !== b[j]) changed++;
        b.copy(a);
      }
    });
    return changed;
  };
}
