import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RdbError } from '../../src/rdb/error.ts';
import { RdbWriter } from '../../src/rdb/write.ts';
import { bytes, file, key, length, listpack, string, ziplist } from '../fixtures/rdb/build.ts';
import { collect, Repeated } from '../fixtures/rdb/collector.ts';
import type { Contents, Entry } from '../fixtures/rdb/collector.ts';
import { oldEncodings } from '../fixtures/rdb/old-encodings.ts';

const latin1 = fc.uint8Array({ maxLength: 40, size: 'max' }).map((some) => Buffer.from(some).toString('latin1'));
const text = fc.oneof(
  latin1,
  latin1,
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
  fc.integer({ min: -200, max: 200 }).map(String),
  fc.tuple(fc.constantFrom('a', 'ab', 'word '), fc.integer({ min: 20, max: 3000 })).map(([unit, n]) => unit.repeat(n)),
);
const score = fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: -5000, max: 5000 }));
const names = fc.uniqueArray(text, { minLength: 1, maxLength: 12 });

const value = fc.oneof(
  text.map((one) => ({ type: 'string' as const, value: one })),
  fc.array(text, { minLength: 1, maxLength: 12 }).map((all) => ({ type: 'list' as const, value: all })),
  names.map((all) => ({ type: 'set' as const, value: all.toSorted() })),
  fc.tuple(names, fc.array(text, { minLength: 12, maxLength: 12 })).map(([all, values]) => ({
    type: 'hash' as const,
    value: all.toSorted().map((name, i): [string, string] => [name, values[i]!]),
  })),
  fc.tuple(names, fc.array(score, { minLength: 12, maxLength: 12 })).map(([all, scores]) => ({
    type: 'zset' as const,
    value: all.toSorted().map((name, i): [string, number] => [name, scores[i]! === 0 ? 0 : scores[i]!]),
  })),
);
const meta = fc.record({
  expireAtMs: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 2 ** 50 })),
  lfuFrequency: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 255 })),
  idleSeconds: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 2 ** 40 })),
});
const contents = fc
  .array(fc.tuple(fc.nat({ max: 3 }), text, value, meta, fc.boolean()), { maxLength: 15, size: 'max' })
  .map((rows) => {
    const map: Map<string, Entry & { packed: boolean }> = new Map();
    for (const [db, name, entry, rest, packed] of rows.toSorted((a, b) => a[0] - b[0])) {
      map.set(`${db}/${name}`, { ...entry, ...rest, packed } as Entry & { packed: boolean });
    }
    return map;
  });

const latin1Bytes = (one: string): Buffer => Buffer.from(one, 'latin1');

function put(writer: RdbWriter, one: string | Buffer): void {
  const blob = typeof one === 'string' ? latin1Bytes(one) : one;
  // Not at the start of its buffer, so that a wrong offset shows.
  const shifted = Buffer.concat([Buffer.from('--'), blob, Buffer.from('--')]);
  writer.string(shifted, 2, blob.length);
}

/** As an encoder does it: small values packed, others element by element. */
function encode(writer: RdbWriter, name: string, entry: Entry & { packed: boolean }): void {
  writer.keyMeta(entry.expireAtMs, entry.lfuFrequency, entry.idleSeconds);
  const flat = entry.type === 'string' ? [] : (entry.value as (string | string[])[]).flat().map(String);
  switch (entry.type) {
    case 'stream':
      throw new Error('streams are tested with the store');
    case 'string':
      writer.type(0);
      put(writer, name);
      put(writer, entry.value as string);
      return;
    case 'list':
      writer.type(18);
      put(writer, name);
      writer.length(entry.packed ? 1 : flat.length);
      if (entry.packed) {
        writer.length(2);
        put(writer, listpack(flat));
      } else {
        for (const element of flat) {
          writer.length(1);
          put(writer, element);
        }
      }
      return;
    case 'set':
      writer.type(entry.packed ? 20 : 2);
      put(writer, name);
      if (entry.packed) put(writer, listpack(flat));
      else {
        writer.length(flat.length);
        for (const element of flat) put(writer, element);
      }
      return;
    case 'hash':
      writer.type(entry.packed ? 16 : 4);
      put(writer, name);
      if (entry.packed) put(writer, listpack(flat));
      else {
        writer.length(flat.length / 2);
        for (const element of flat) put(writer, element);
      }
      return;
    case 'zset': {
      writer.type(entry.packed ? 17 : 5);
      put(writer, name);
      const pairs = entry.value as [string, number][];
      // Sorted or not: the reader decides in which form they arrive.
      if (entry.packed) {
        put(writer, listpack(pairs.flatMap(([member, s]) => [member, String(s).replace('Infinity', 'inf')])));
        return;
      }
      writer.length(pairs.length);
      for (const [member, s] of pairs) {
        put(writer, member);
        writer.double(s);
      }
    }
  }
}

test('what is written is read back', () => {
  fc.assert(
    fc.property(
      contents,
      fc.boolean(),
      fc.integer({ min: 64, max: 500 }),
      fc.integer({ min: 1, max: 300 }),
      (model, compress, chunkBytes, readBytes) => {
        const chunks: Uint8Array[] = [];
        const writer = new RdbWriter((chunk) => chunks.push(chunk) === 0, { compress, chunkBytes });
        writer.header(11);
        let db = -1;
        for (const [name, entry] of model) {
          const slash = name.indexOf('/');
          if (Number(name.slice(0, slash)) !== db) writer.selectDb((db = Number(name.slice(0, slash))));
          encode(writer, name.slice(slash + 1), entry);
        }
        writer.end();
        const expected: Contents = new Map([...model].map(([name, { packed: _, ...entry }]) => [name, entry] as const));
        const sink = collect(Buffer.concat(chunks), {}, readBytes);
        assert.deepEqual(sink.contents, expected);
        assert.ok(sink.ended);
      },
    ),
    { numRuns: 400 },
  );
});

const element = fc.oneof(
  text,
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.integer({ min: -9000, max: 9000 }),
);

test('every integer width of listpacks and ziplists is decoded', () => {
  fc.assert(
    fc.property(fc.array(element, { minLength: 1, maxLength: 20, size: 'max' }), (elements) => {
      const expected = elements.map(String);
      const asNode = collect(file(10, key(18, 'k', 1, 2, string(listpack(elements)))));
      assert.deepEqual(asNode.contents.get('0/k')!.value, expected);
      const asZiplist = collect(file(9, key(10, 'k', string(ziplist(elements)))));
      assert.deepEqual(asZiplist.contents.get('0/k')!.value, expected);
      // A set of them is taken apart or kept by what it is, never accepted with a repetition.
      const set = (): unknown => collect(file(11, key(20, 'k', string(listpack(elements))))).contents.get('0/k')!.value;
      if (new Set(expected).size === expected.length) assert.deepEqual(set(), expected.toSorted());
      else assert.throws(set, /listpack repeats an element/);
    }),
  );
});

/** A file with a value of each kind, not more than a few hundred bytes, so that a change has a good chance to hit structure. */
const sample = file(
  11,
  bytes(250, string('aux'), string('value'), 254, 0, 251, 3, 1, 247, 0x81, Buffer.alloc(8, 1), 2, 1, 5, string('x'), 0),
  bytes(252, Buffer.alloc(8, 1), 249, 3, key(0, 'str', string('value'))),
  key(0, 'int', 0xc1, 1, 1, 0, string('lzf'), 0xc3, 6, 11, bytes(1, 'ab', 0xe0, 0, 1)),
  key(2, 'set', 2, string('a'), string('b')),
  key(4, 'hash', 2, string('a'), string('1'), string('b'), string('2')),
  key(5, 'zset', 1, string('m'), Buffer.alloc(8, 5)),
  key(11, 'intset', string(bytes(2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 2, 0))),
  key(16, 'hlp', string(listpack(['a', 1, 'b', 'x'.repeat(130), 70000, 2n ** 40n]))),
  key(17, 'zlp', string(listpack(['a', '1.5', 'b', 2, 'c', 300]))),
  key(18, 'ql', length(2), 2, string(listpack(['a', -5000])), 1, string('plain')),
  key(20, 'slp', string(listpack(['a', 1, 'b', 'c']))),
);

/** Reads hostile input; anything but success, RdbError or the store's refusal fails the test. */
function survive(input: Uint8Array): void {
  for (const options of [{ checksum: false }, { checksum: false, inputBytes: input.length }]) {
    try {
      collect(input, options, 97);
    } catch (error) {
      if (!(error instanceof RdbError || error instanceof Repeated)) throw error;
    }
  }
}

test('no change of a byte does more than an RdbError', () => {
  for (const original of [sample, oldEncodings.subarray(0, 2000)]) {
    for (let at = 0; at < original.length; at++) {
      for (const change of [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff]) {
        const input = Uint8Array.from(original);
        input[at]! ^= change;
        survive(input);
      }
    }
  }
});

test('no mixture of cuts, changes and insertions does more than an RdbError', () => {
  const edit = fc.record({
    at: fc.nat(),
    op: fc.constantFrom('set', 'delete', 'insert'),
    byte: fc.oneof(fc.nat({ max: 255 }), fc.constantFrom(0, 0x80, 0x81, 0xc3, 0xf0, 0xf4, 0xfe, 0xff)),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(sample, oldEncodings),
      fc.array(edit, { minLength: 1, maxLength: 6 }),
      (original, edits) => {
        const input = [...original.subarray(0, 1500)];
        for (const { at, op, byte } of edits) {
          const i = 9 + (at % (input.length - 9));
          if (op === 'set') input[i] = byte;
          else if (op === 'delete') input.splice(i, 1 + (byte % 4));
          else input.splice(i, 0, byte);
        }
        survive(Uint8Array.from(input));
      },
    ),
    { numRuns: 3000 },
  );
});

test('noise after the header does no more than an RdbError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300, size: 'max' }), (noise) => survive(bytes('REDIS0010', noise))),
    { numRuns: 2000 },
  );
});
