import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RdbError } from '../../src/rdb/error.ts';
import { RdbReader } from '../../src/rdb/read.ts';
import { bytes, f64, file, i64, intset, key, listpack, string, u32, ziplist, zipmap } from '../fixtures/rdb/build.ts';
import type { Part } from '../fixtures/rdb/build.ts';
import { collect, Collector } from '../fixtures/rdb/collector.ts';
import { oldContents, oldEncodings } from '../fixtures/rdb/old-encodings.ts';

/** The reason why a version 10 file with these items is refused. */
function reasonOf(...items: readonly Part[]): string {
  return errorOf(file(10, ...items)).reason;
}

function errorOf(input: Uint8Array): RdbError {
  try {
    collect(input);
  } catch (error) {
    assert.ok(error instanceof RdbError, String(error));
    return error;
  }
  return assert.fail('the file was accepted');
}

test('every encoding of older servers is read', () => {
  const sink = collect(oldEncodings);
  assert.deepEqual(sink.contents, oldContents);
  assert.deepEqual(sink.aux_, { 'redis-ver': '6.2.0' });
  assert.deepEqual(sink.sizes, [[9, 2]]);
  assert.ok(sink.ended);
});

/** A small file with everything that current servers write. */
const modern = file(
  12,
  bytes(250, string('repl-offset'), 0xc1, 0x39, 0x30),
  bytes(245, string("#!lua name=lib\nredis.register_function('f', function() return 1 end)")),
  bytes(
    247,
    0x81,
    Buffer.from('3016e5a289bef804', 'hex'),
    2,
    1,
    1,
    9,
    2,
    0x80,
    u32(1),
    3,
    u32(0),
    4,
    f64(1),
    5,
    string('aux'),
    0,
  ),
  bytes(254, 0, 251, 8, 1, 244, 5, 2, 1),
  bytes(248, 0x40, 100),
  key(0, 'idle', string('text')),
  bytes(249, 200),
  key(0, 'small', 0xc0, 0xff),
  key(0, 'medium', 0xc1, 0x00, 0x80),
  key(0, 'large', 0xc2, u32(0x80000000)),
  key(0, 'compressed', 0xc3, 6, 11, bytes(1, 'ab', 0xe0, 0, 1)),
  key(2, 'set', 2, string('b'), string('a')),
  key(4, 'hash', 2, string('f'), string('v'), 0xc0, 5, 0xc3, 6, 11, bytes(1, 'ab', 0xe0, 0, 1)),
  key(5, 'zset', 3, string('m'), f64(-0.5), string('i'), f64(-Infinity), string('z'), f64(5e-324)),
  key(11, 'intset', string(intset(8, [-9223372036854775808n, -1, 0, 4294967296n, 4294967297n]))),
  key(11, 'intset4', string(intset(4, [-70000, 70000]))),
  key(16, 'hash-listpack', string(listpack(['field', 'value', 12, -4096, 'wide', 9223372036854775807n]))),
  key(17, 'zset-listpack', string(listpack(['neg', -3, 'a', '1.5', 'b', '1.5', 40000, 8388607, 'top', 'inf']))),
  key(
    18,
    'quicklist',
    3,
    bytes(2, string(listpack([1, 'two', 300, -40000, 2147483647, 'x'.repeat(70), 'y'.repeat(130)]))),
    bytes(1, string('plain')),
    bytes(2, string(listpack(['last']))),
  ),
  key(20, 'set-listpack', string(listpack(['a', 1, 'b']))),
  key(24, 'hash-metadata', i64(1000n), 2, 3, string('a'), string('1'), 0, string('b'), string('2')),
  key(25, 'hash-listpack-ex', i64(1000n), string(listpack(['a', 1, 1000, 'b', 2, 0]))),
);

test('every encoding of current servers is read', () => {
  const sink = collect(modern);
  assert.deepEqual(sink.aux_, { 'repl-offset': '12345' });
  assert.equal(sink.libraries.length, 1);
  assert.deepEqual(sink.modules, ['MBbloom--']);
  const values = Object.fromEntries([...sink.contents].map(([name, entry]) => [name.slice(2), entry.value]));
  assert.deepEqual(values, {
    idle: 'text',
    small: '-1',
    medium: '-32768',
    large: '-2147483648',
    compressed: 'abababababa',
    set: ['a', 'b'],
    hash: [
      ['5', 'abababababa'],
      ['f', 'v'],
    ],
    zset: [
      ['i', -Infinity],
      ['m', -0.5],
      ['z', 5e-324],
    ],
    intset: ['-1', '-9223372036854775808', '0', '4294967296', '4294967297'],
    intset4: ['-70000', '70000'],
    'hash-listpack': [
      ['12', '-4096'],
      ['field', 'value'],
      ['wide', '9223372036854775807'],
    ],
    'zset-listpack': [
      ['40000', 8388607],
      ['a', 1.5],
      ['b', 1.5],
      ['neg', -3],
      ['top', Infinity],
    ],
    quicklist: ['1', 'two', '300', '-40000', '2147483647', 'x'.repeat(70), 'y'.repeat(130), 'plain', 'last'],
    'set-listpack': ['1', 'a', 'b'],
    'hash-metadata': [
      ['a', '1@1002'],
      ['b', '2'],
    ],
    'hash-listpack-ex': [
      ['a', '1@1000'],
      ['b', '2'],
    ],
  });
  const packed = sink.events.filter((event) => event.startsWith('packed')).map((event) => event.split(' ')[1]);
  assert.deepEqual(packed, ['hash', 'zset', 'list-node', 'list-node', 'set', 'hash-expiring']);
  assert.equal(sink.contents.get('0/idle')!.idleSeconds, 100);
  assert.equal(sink.contents.get('0/small')!.lfuFrequency, 200);
  assert.equal(sink.contents.get('0/small')!.idleSeconds, -1);
});

test('chunks of any size give the same events', () => {
  for (const input of [modern, oldEncodings]) {
    const whole = collect(input).events;
    for (const chunk of [1, 2, 3, 5, 7, 64, 1000]) assert.deepEqual(collect(input, {}, chunk).events, whole);
  }
  const whole = collect(modern).events;
  for (let cut = 1; cut < modern.length; cut++) {
    const sink = new Collector();
    const reader = new RdbReader(sink);
    reader.push(modern.subarray(0, cut));
    assert.equal(reader.run(Infinity), 'need-more');
    assert.equal(reader.run(Infinity), 'need-more');
    reader.push(modern.subarray(cut));
    assert.equal(reader.run(Infinity), 'done');
    assert.deepEqual(sink.events, whole);
  }
});

test('a file cut anywhere ends unexpectedly', () => {
  for (let cut = 0; cut < modern.length; cut++) {
    assert.equal(errorOf(modern.subarray(0, cut)).message, `Unexpected end of RDB input (at byte ${cut})`);
  }
});

test('one step at a time, an element is the largest piece of work', () => {
  const sink = new Collector();
  const reader = new RdbReader(sink);
  const input = file(10, key(4, 'h', 3, ...['a', 'b', 'c'].flatMap((f) => [string(f), string(f)])));
  reader.push(input);
  const counts: number[] = [];
  while (reader.run(1) === 'paused') counts.push(sink.events.length);
  // The header; the key; the count; three fields, the last of which ends the key; EOF.
  assert.deepEqual(counts, [0, 1, 2, 3, 4, 6, 6]);
  assert.equal(reader.offset, input.length);
});

test('bytes after the end are left to the caller', () => {
  const reader = new RdbReader(new Collector());
  reader.push(file(10, key(0, 'k', string('v'))));
  reader.push(Buffer.from('*1\r\n$4\r\nPING\r\n'));
  assert.equal(reader.run(100), 'done');
  assert.equal(reader.run(100), 'done');
  assert.equal(reader.pendingBytes, 14);
  assert.equal(Buffer.from(reader.leftover()).toString(), '*1\r\n$4\r\nPING\r\n');
  reader.endOfInput();
});

test('a wrong checksum is an error, and none of zero or switched off', () => {
  const good = file(10, key(0, 'k', string('v')));
  const wrong = Uint8Array.from(good);
  wrong[good.length - 1]! ^= 1;
  const sum = (from: Uint8Array): string => Buffer.from(from.slice(-8)).reverse().toString('hex');
  assert.equal(
    errorOf(wrong).reason,
    `Wrong RDB checksum expected: (${sum(wrong)}) but got (${sum(good)}): RDB CRC error`,
  );
  assert.ok(collect(wrong, { checksum: false }).ended);
  const zero = Uint8Array.from(good).fill(0, good.length - 8);
  assert.ok(collect(zero).ended);
  const sink = new Collector();
  const reader = new RdbReader(sink);
  reader.push(wrong);
  assert.throws(() => reader.run(100), RdbError);
  assert.ok(!sink.ended);
  assert.throws(() => reader.run(100), RdbError);
  assert.throws(() => reader.endOfInput(), /Wrong RDB checksum/);
});

test('before version 5 a file ends with EOF', () => {
  const sink = collect(file(4, key(0, 'k', string('v'))));
  assert.equal(sink.contents.get('0/k')!.value, 'v');
});

test('other versions and other files are refused by name', () => {
  assert.equal(errorOf(file(13)).reason, "Can't handle RDB format version 13");
  assert.equal(errorOf(file(0)).reason, "Can't handle RDB format version 0");
  assert.equal(errorOf(bytes('VALKEY081', 255, Buffer.alloc(8))).reason, "Can't handle RDB format version 81");
  assert.equal(errorOf(bytes('REDIS0080', 255, Buffer.alloc(8))).reason, "Can't handle RDB format version 80");
  for (const text of ['REDIS00x9', 'RUBBISH!!', 'redis0010', 'VALKEY 80']) {
    assert.equal(errorOf(bytes(text)).message, 'Wrong signature trying to load DB from file (at byte 0)');
  }
});

test('types without a decoder are refused by name and key', () => {
  const at = (type: number): string => reasonOf(key(type, 'the\nkey'));
  assert.equal(at(7), "module type 7 is not supported (key 'the\\x0akey')");
  assert.equal(at(8), "unknown object type 8 (key 'the\\x0akey')");
  assert.equal(at(99), "unknown object type 99 (key 'the\\x0akey')");
  assert.equal(reasonOf(key(7, 'k'.repeat(500))), `module type 7 is not supported (key '${'k'.repeat(128)}...')`);
  assert.equal(reasonOf(246, string('x')), 'Pre-release function format not supported');
  assert.equal(reasonOf(243, string('x')), 'unknown opcode 243');
});

/** The fields of the only key, a hash, with `@expiry` behind the value. */
function fieldsOf(input: Uint8Array): unknown {
  const { contents } = collect(input);
  assert.deepEqual([...contents.keys()], ['0/k']);
  const { type, value } = contents.get('0/k')!;
  assert.equal(type, 'hash');
  return Object.fromEntries(value as readonly (readonly [string, string])[]);
}

const ms = (time: number): Buffer => i64(BigInt(time));

/** A length of 64 bits. */
function wide(value: number): Buffer {
  const length = Buffer.alloc(9, 0x81);
  length.writeBigUInt64BE(BigInt(value), 1);
  return length;
}

const valkey = (...items: readonly Part[]): Buffer => bytes('VALKEY080', ...items, 255, Buffer.alloc(8));

test('hashes with expiring fields are read in each form of Redis', () => {
  const [first, second] = [1_800_000_000_000, 1_800_000_000_500];
  const [a, b, c] = [
    [string('a'), string('1')],
    [string('b'), string('2')],
    [string('c'), string('3')],
  ] as const;
  const triplets = string(listpack(['a', 1, BigInt(first), 'b', 2, BigInt(second), 'c', 3, 0]));
  const unordered = string(listpack(['c', 3, 0, 'b', 2, BigInt(second), 'a', 1, BigInt(first)]));
  const forms = [
    key(24, 'k', ms(first), 3, 1, ...a, 0x41, 0xf5, ...b, 0, ...c),
    key(22, 'k', 3, 0, ...c, wide(second), ...b, wide(first), ...a),
    key(25, 'k', ms(first), triplets),
    key(23, 'k', triplets),
    key(25, 'k', ms(first), unordered),
  ];
  for (const form of forms) assert.deepEqual(fieldsOf(file(12, form)), { a: `1@${first}`, b: `2@${second}`, c: '3' });
  assert.deepEqual(fieldsOf(file(12, key(25, 'k', ms(0), string(listpack(['c', 3, 0]))))), { c: '3' });
});

test('hashes of Valkey are read by their own numbers', () => {
  const value = key(22, 'k', 2, string('a'), string('1'), ms(1_800_000_000_000), string('c'), string('3'), ms(-1));
  assert.deepEqual(fieldsOf(valkey(value)), { a: '1@1800000000000', c: '3' });
  assert.equal(errorOf(valkey(key(23, 'k'))).reason, "unknown object type 23 (key 'k')");
  const negative = key(22, 'k', 1, string('a'), string('1'), ms(-2));
  assert.equal(errorOf(valkey(negative)).reason, "hash field with an expiry out of range (key 'k')");
});

test('expiries of hash fields that cannot be are refused', () => {
  const late = 2 ** 48;
  const reason = (...items: readonly Part[]): string => errorOf(file(12, ...items)).reason;
  const packed = (...elements: readonly (string | number | bigint)[]): string =>
    reason(key(25, 'k', ms(1), string(listpack(elements))));
  const outOfRange = "hash field with an expiry out of range (key 'k')";
  assert.equal(packed('a', 1, BigInt(late)), outOfRange);
  assert.equal(packed('a', 1, -1), outOfRange);
  assert.equal(packed('a', 1, 'soon'), outOfRange);
  assert.equal(packed('a', 1), "hash listpack has an incomplete field (key 'k')");
  assert.equal(packed('a', 1, 5, 'a', 1, 6), "listpack repeats an element (key 'k')");
  assert.equal(reason(key(24, 'k', ms(2 ** 49), 1)), "hash with an expiry out of range (key 'k')");
  assert.equal(reason(key(24, 'k', ms(2 ** 48 - 1), 1, 2, string('a'), string('1'))), outOfRange);
  assert.equal(reason(key(22, 'k', 1, wide(late), string('a'), string('1'))), outOfRange);
});

test('an error carries the offset of the item that holds it', () => {
  const before = key(0, 'k', string('v'));
  assert.equal(errorOf(file(10, before, key(7, 'x'))).offset, 9 + before.length);
});

test('lengths and encodings that mean nothing are refused', () => {
  assert.equal(reasonOf(0, 0x82), 'unknown length encoding 130');
  assert.equal(reasonOf(0, 0xc4), 'unknown string encoding 4');
  assert.equal(reasonOf(254, 0xc0, 1), 'a length is expected where an encoded string is');
  assert.equal(reasonOf(254, 0x81, Buffer.alloc(8, 255)), 'count 18446744073709552000 is out of range');
  assert.equal(reasonOf(0, 0x80, 0xff, 0xff, 0xff, 0xff), 'string of 4294967295 bytes exceeds the limit of 536870912');
  assert.equal(reasonOf(0, 0xc3, 5, 0x80, 0x10, 0, 0, 0), '5 compressed bytes cannot hold 268435456');
  assert.equal(reasonOf(0, 0xc3, 2, 9, 0x20, 0), 'compressed string is malformed');
  const long = file(10, key(0, 'k', string('v'.repeat(100))));
  assert.throws(() => collect(long, { maxStringBytes: 99 }), /string of 100 bytes exceeds the limit of 99/);
  assert.ok(collect(long, { maxStringBytes: 100, inputBytes: long.length }).ended);
  assert.throws(() => collect(long.subarray(0, 20), { inputBytes: 100 }), /string of 100 bytes exceeds the input/);
});

test('a length that is claimed takes no memory until the bytes come', () => {
  const before = process.memoryUsage().arrayBuffers;
  const readers = Array.from({ length: 20 }, () => {
    const reader = new RdbReader(new Collector());
    reader.push(bytes('REDIS0010', 0, 0x80, 0x1f, 0xff, 0xff, 0xff, 'start'));
    assert.equal(reader.run(10), 'need-more');
    reader.push(bytes('more'));
    assert.equal(reader.run(10), 'need-more');
    return reader;
  });
  assert.equal(readers.length, 20);
  assert.ok(process.memoryUsage().arrayBuffers - before < 16 * 1024 * 1024);
});

test('a string of megabytes arrives in small chunks', () => {
  const value = Buffer.alloc(5_000_000, 'abcdefg');
  const input = file(10, key(0, 'big', string(value)), key(0, 'small', string('v')));
  const sink = collect(input, {}, 1000);
  assert.equal(sink.contents.get('0/big')!.value, value.toString());
  assert.equal(sink.contents.get('0/small')!.value, 'v');
});

test('what the sink throws reaches the caller and is final', () => {
  const sink = new Collector();
  const full = new Error('no room');
  sink.string = () => {
    throw full;
  };
  const reader = new RdbReader(sink);
  reader.push(file(10, key(0, 'k', string('v'))));
  assert.throws(() => reader.run(100), full);
  assert.throws(() => reader.run(100), full);
});

const packed = (type: number, blob: Uint8Array): string =>
  reasonOf(key(type, 'k', string(blob))).replace(" (key 'k')", '');

/** A copy with one byte replaced; negative positions count from the end. */
function patch(blob: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(blob);
  copy[at < 0 ? blob.length + at : at] = value;
  return copy;
}

test('a malformed listpack is refused', () => {
  const sound = listpack(['f', 'v']);
  assert.equal(packed(16, sound.subarray(0, 6)), 'listpack is shorter than its header');
  assert.equal(packed(16, patch(sound, 0, 99)), 'listpack length differs from its header');
  assert.equal(packed(16, patch(sound, -1, 0)), 'listpack has no end mark');
  assert.equal(packed(16, patch(sound, 4, 4)), 'listpack holds another number of elements than its header claims');
  assert.equal(packed(16, patch(sound, 6, 0xbf)), 'listpack element passes the end');
  assert.equal(packed(16, patch(sound, 6, 0xf4)), 'listpack element passes the end');
  assert.equal(packed(16, patch(sound, 6, 0xf5)), 'listpack element has an unknown encoding');
  assert.equal(packed(16, patch(sound, 8, 3)), 'listpack back length is wrong');
  assert.equal(packed(16, listpack(['x'.repeat(200), 'v']).fill(0, 208, 209)), 'listpack back length is wrong');
  assert.equal(packed(16, listpack(['f'])), 'hash listpack has an odd number of elements');
  assert.equal(packed(16, listpack(['f', 'v', 'f', 'w'])), 'listpack repeats an element');
  assert.equal(packed(16, listpack(['12', 'v', 12, 'w'])), 'listpack repeats an element');
  assert.equal(packed(20, listpack(['a', 'b', 'a'])), 'listpack repeats an element');
  assert.equal(packed(17, listpack(['m', 1, 'm', 2])), 'listpack repeats an element');
  for (const score of ['nan', '', '0x10', ' 1', '1 ', '1e', '--1', 'infinit']) {
    assert.equal(packed(17, listpack(['m', score])), 'a sorted set score is not a number');
  }
});

test('many elements without repetition are kept, and one repetition among them is found', () => {
  const members = Array.from({ length: 5000 }, (_, i) => (i % 3 === 0 ? i : `member ${i}`));
  const sink = collect(file(11, key(20, 'k', string(listpack(members)))));
  assert.equal(sink.events[1]!.slice(0, 10), 'packed set');
  assert.equal(packed(20, listpack([...members, 'member 4999'])), 'listpack repeats an element');
});

test('a sorted set out of order, and any blob too large to keep, come in element form', () => {
  const unsorted = [
    ['b', 1, 'a', 1],
    ['a', 2, 'b', '1.5'],
    ['a', 0, 'b', '-inf'],
  ];
  for (const elements of unsorted) {
    const sink = collect(file(10, key(17, 'k', string(listpack(elements)))));
    assert.deepEqual(sink.events.slice(1, 2), ['begin zset 2']);
    assert.equal(sink.contents.get('0/k')!.value.length, 2);
  }
  const large = Array.from({ length: 70_000 }, (_, i) => i);
  for (const [type, count] of [
    [16, 35_000],
    [17, 35_000],
    [20, 70_000],
  ] as const) {
    const sink = collect(file(11, key(type, 'k', string(listpack(large)))));
    assert.match(sink.events[1]!, new RegExp(`^begin \\w+ ${count}$`));
    assert.equal(sink.contents.get('0/k')!.value.length, count);
  }
});

test('a crafted blob whose hashes collide does not cost quadratic time', () => {
  // Without a seed anyone can find collisions: these share the low bits that the table uses.
  const colliding: string[] = [];
  for (let i = 0; colliding.length < 3000; i++) {
    let hash = 0x811c9dc5 | 0;
    for (const c of `c${i}`) hash = Math.imul(hash ^ c.charCodeAt(0), 0x01000193);
    hash ^= hash >>> 15;
    if ((hash & 0xff) === 0) colliding.push(`c${i}`);
  }
  const sink = collect(file(11, key(20, 'k', string(listpack(colliding)))));
  assert.equal(sink.events[1], 'begin set 3000');
  assert.equal(sink.contents.get('0/k')!.value.length, 3000);
});

test('empty collections are passed on for the store to drop', () => {
  const input = file(
    11,
    key(1, 'a', 0),
    key(4, 'b', 0),
    key(16, 'c', string(listpack([]))),
    key(10, 'd', string(ziplist([]))),
    key(18, 'e', 1, 2, string(listpack([]))),
    key(9, 'f', string(zipmap([]))),
    key(0, 'last', string('')),
  );
  const sink = collect(input);
  assert.deepEqual([...sink.contents.keys()], ['0/last']);
  assert.equal(sink.events.filter((event) => event === 'endKey').length, 7);
});

test('a malformed intset is refused', () => {
  const sound = intset(2, [1, 2, 3]);
  assert.equal(packed(11, sound.subarray(0, 7)), 'intset is shorter than its header');
  assert.equal(packed(11, patch(sound, 0, 3)), 'intset has an unknown encoding');
  assert.equal(packed(11, patch(sound, 4, 4)), 'intset length differs from its header');
  assert.equal(packed(11, patch(sound, 7, 255)), 'intset length differs from its header');
  assert.equal(packed(11, intset(4, [])), 'intset is empty');
  for (const width of [2, 4, 8] as const) {
    assert.equal(packed(11, intset(width, [1, 1])), 'intset is not sorted and unique');
    assert.equal(packed(11, intset(width, [1, -1])), 'intset is not sorted and unique');
  }
  assert.equal(packed(11, intset(8, [4294967297n, 4294967296n])), 'intset is not sorted and unique');
});

test('a malformed ziplist or zipmap is refused', () => {
  const list = ziplist(['a', 1]);
  assert.equal(packed(10, list.subarray(0, 10)), 'ziplist is shorter than its header');
  assert.equal(packed(10, patch(list, 0, 99)), 'ziplist length differs from its header');
  assert.equal(packed(10, patch(list, -1, 0)), 'ziplist has no end mark');
  assert.equal(packed(10, patch(list, 8, 3)), 'ziplist holds another number of elements than its header claims');
  assert.equal(packed(10, patch(list, 4, 10)), 'ziplist header points to another last element');
  assert.equal(packed(10, patch(list, 10, 7)), 'ziplist element gives another size for the one before');
  assert.equal(packed(10, patch(list, 10, 255)), 'ziplist ends too early');
  assert.equal(packed(10, patch(list, 11, 60)), 'ziplist element passes the end');
  assert.equal(packed(10, patch(list, 11, 0xe0)), 'ziplist element passes the end');
  assert.equal(packed(10, patch(list, 11, 0xc1)), 'ziplist element has an unknown encoding');
  assert.equal(packed(13, ziplist(['odd'])), 'hash has an odd number of elements');
  assert.equal(packed(12, ziplist(['m', 'x'])), 'a sorted set score is not a number');
  const map = zipmap([['f', 'v']]);
  assert.equal(packed(9, map.subarray(0, 1)), 'zipmap is shorter than its header');
  assert.equal(packed(9, patch(map, -1, 0)), 'zipmap has no end mark');
  assert.equal(packed(9, patch(map, 0, 2)), 'zipmap holds another number of fields than its header claims');
  assert.equal(packed(9, patch(map, 1, 9)), 'zipmap element passes the end');
  assert.equal(packed(9, patch(map, 1, 255)), 'zipmap ends too early');
  assert.equal(packed(9, bytes(1, 1, 'f', 255)), 'zipmap ends after a field');
});

test('scores that are not numbers, bad nodes and bad module data are refused', () => {
  assert.equal(reasonOf(key(5, 'k', 1, string('m'), f64(NaN))), "a sorted set score is not a number (key 'k')");
  assert.equal(reasonOf(key(3, 'k', 1, string('m'), 253)), "a sorted set score is not a number (key 'k')");
  assert.equal(reasonOf(key(3, 'k', 1, string('m'), 1, 'x')), "a sorted set score is not a number (key 'k')");
  assert.equal(reasonOf(key(18, 'k', 1, 3, string('x'))), "unknown quicklist node container 3 (key 'k')");
  const id = bytes(247, 0x81, i64(0n));
  assert.equal(reasonOf(id, 1, 0), "bad opcode in the auxiliary data of module 'AAAAAAAAA'");
  assert.equal(reasonOf(id, 2, 0, 6), "unknown opcode 6 in the auxiliary data of module 'AAAAAAAAA'");
});

test('a single object can be read without a file around it', () => {
  const sink = new Collector();
  const reader = new RdbReader(sink, { single: true });
  reader.push(bytes(16, string(listpack(['f', 'v'])), 'footer'));
  assert.throws(() => collect(bytes(7), { single: true }), /module type 7 is not supported \(at byte 0\)/);
  sink.key(Buffer.from('k'), 0, 1, { expireAtMs: -1, lfuFrequency: -1, idleSeconds: -1 });
  assert.equal(reader.run(100), 'done');
  assert.deepEqual(sink.contents.get('0/k')!.value, [['f', 'v']]);
  assert.equal(Buffer.from(reader.leftover()).toString(), 'footer');
});
