import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Arena, byteOf, segmentOf } from '../../src/memory/arena.ts';
import type { Address } from '../../src/memory/arena.ts';
import { Element } from '../../src/memory/element.ts';
import { validateListpack } from '../support/listpack-validate.ts';
import * as listpack from '../../src/memory/listpack.ts';
import * as entry from '../../src/memory/listpack-entry.ts';

const arena = new Arena();
const element = new Element();

function bytesOf(list: Address): Buffer {
  const start = byteOf(list);
  return Buffer.from(arena.u8[segmentOf(list)]!.slice(start, start + listpack.totalBytes(arena, list)));
}

function build(values: readonly string[]): Address {
  let list = listpack.create(arena);
  for (const value of values) {
    const bytes = Buffer.from(value, 'latin1');
    list = listpack.append(arena, list, bytes, 0, bytes.length);
  }
  return list;
}

function valuesOf(list: Address): string[] {
  const values: string[] = [];
  for (let p = listpack.first(arena, list); p !== 0; p = listpack.next(arena, list, p)) {
    listpack.read(arena, list, p, element);
    values.push(element.toString());
  }
  return values;
}

// Entries as redis-server 7.0 writes them (RPUSH, DUMP).
const encodings: readonly [value: string, hex: string][] = [
  ['0', '0001'],
  ['127', '7f01'],
  ['128', 'c08002'],
  ['-1', 'dfff02'],
  ['4095', 'cfff02'],
  ['-4096', 'd00002'],
  ['4096', 'f1001003'],
  ['-4097', 'f1ffef03'],
  ['32767', 'f1ff7f03'],
  ['32768', 'f200800004'],
  ['-8388608', 'f200008004'],
  ['8388608', 'f30000800005'],
  ['2147483647', 'f3ffffff7f05'],
  ['2147483648', 'f4000000800000000009'],
  ['-2147483649', 'f4ffffff7fffffffff09'],
  ['9007199254740993', 'f4010000000000200009'],
  ['9223372036854775807', 'f4ffffffffffffff7f09'],
  ['-9223372036854775808', 'f4000000000000008009'],
  ['', '8001'],
  ['a', '816102'],
  ['007', '8330303704'],
  ['-0', '822d3003'],
  ['+1', '822b3103'],
  ['9223372036854775808', '93' + Buffer.from('9223372036854775808').toString('hex') + '14'],
];

test('every value gets the encoding that Redis gives it', () => {
  for (const [value, hex] of encodings) {
    const list = build([value]);
    assert.equal(bytesOf(list).subarray(listpack.FIRST, -1).toString('hex'), hex, value);
    assert.equal(entry.encodedBytes(Buffer.from(value), 0, value.length), hex.length / 2);
    assert.deepEqual(valuesOf(list), [value]);
    arena.free(list);
  }
});

test('string headers and backlens widen at the lengths where those of Redis do', () => {
  const cases: readonly [length: number, header: string, backlen: string][] = [
    [63, 'bf', '40'],
    [64, 'e040', '42'],
    [125, 'e07d', '7f'],
    [126, 'e07e', '0180'],
    [4095, 'efff', '2081'],
    [4096, 'f000100000', '2085'],
    [16377, 'f0f93f0000', '7ffe'],
    [16378, 'f0fa3f0000', '00ffff'],
    [2097145, 'f0f9ff1f00', '7ffffe'],
    [2097146, 'f0faff1f00', '00ffffff'],
  ];
  for (const [length, header, backlen] of cases) {
    const list = build(['x'.repeat(length), '5']);
    const bytes = bytesOf(list).subarray(listpack.FIRST);
    assert.equal(bytes.subarray(0, header.length / 2).toString('hex'), header);
    const at = header.length / 2 + length;
    assert.equal(bytes.subarray(at, at + backlen.length / 2).toString('hex'), backlen, `backlen of ${length}`);
    const last = listpack.last(arena, list);
    assert.equal(listpack.prev(arena, list, last), listpack.FIRST);
    assert.equal(validateListpack(bytesOf(list), 0, bytesOf(list).length), 2);
    arena.free(list);
  }
});

test('a whole list equals the one in a DUMP payload of Redis', () => {
  const list = build(['a', '1', '-5', 'hello world', '100000']);
  assert.equal(
    bytesOf(list).toString('hex'),
    '210000000500816102' + '0101' + 'dffb02' + '8b68656c6c6f20776f726c640c' + 'f2a0860104' + 'ff',
  );
  arena.free(list);
});

test('readInteger gives values of integers and NaN for strings', () => {
  for (const [value] of encodings) {
    const list = build([value]);
    const parsed = listpack.readInteger(arena, list, listpack.FIRST);
    listpack.read(arena, list, listpack.FIRST, element);
    if (element.isInteger) assert.equal(parsed, Number(value));
    else assert.ok(Number.isNaN(parsed));
    arena.free(list);
  }
});

test('find compares integers by value and strings by bytes, and steps over field-value pairs', () => {
  const list = build(['a', 'b', 'b', 'a', '12', 'b', '9223372036854775807', 'x']);
  const find = (value: string, step: number): number => {
    const p = listpack.find(arena, list, listpack.FIRST, Buffer.from(value), 0, value.length, step);
    return p === 0 ? -1 : positions().indexOf(p);
  };
  const positions = (): number[] => {
    const all: number[] = [];
    for (let p = listpack.first(arena, list); p !== 0; p = listpack.next(arena, list, p)) all.push(p);
    return all;
  };
  assert.equal(find('b', 1), 1);
  assert.equal(find('b', 2), 2);
  assert.equal(find('12', 2), 4);
  assert.equal(find('012', 1), -1);
  assert.equal(find('9223372036854775807', 2), 6);
  assert.equal(find('x', 2), -1);
  assert.equal(find('', 1), -1);
  arena.free(list);
});

test('a list of more than 65534 entries says 65535 and still counts and seeks', () => {
  let list = listpack.create(arena);
  const value = Buffer.from('7');
  for (let i = 0; i < 70_000; i++) list = listpack.append(arena, list, value, 0, 1);
  assert.equal(bytesOf(list).readUInt16LE(4), 65535);
  assert.equal(listpack.count(arena, list), 70_000);
  assert.equal(listpack.seek(arena, list, 69_999), listpack.last(arena, list));
  assert.equal(listpack.seek(arena, list, -70_000), listpack.FIRST);
  assert.equal(listpack.seek(arena, list, 70_000), 0);
  assert.equal(listpack.seek(arena, list, -70_001), 0);
  list = listpack.deleteIndex(arena, list, 0, 60_000);
  assert.equal(listpack.count(arena, list), 10_000);
  assert.equal(bytesOf(list).readUInt16LE(4), 10_000);
  arena.free(list);
});

test('replacing changes one entry and keeps its position', () => {
  let list = build(['one', 'two', 'three']);
  const second = listpack.next(arena, list, listpack.FIRST);
  for (const value of ['2', 'x'.repeat(300), '', '123456', 'y']) {
    list = listpack.replace(arena, list, second, Buffer.from(value), 0, value.length);
    assert.deepEqual(valuesOf(list), ['one', value, 'three']);
  }
  list = listpack.replaceInteger(arena, list, second, -70_000);
  assert.deepEqual(valuesOf(list), ['one', '-70000', 'three']);
  arena.free(list);
});

test('validation refuses damaged lists and accepts foreign encodings', () => {
  const good = bytesOf(build(['a', '1', 'x'.repeat(200), '123456789012']));
  assert.equal(validateListpack(good, 0, good.length), 4);
  for (let bit = 0; bit < good.length * 8; bit++) {
    const bad = Buffer.from(good);
    bad[bit >>> 3]! ^= 1 << (bit & 7);
    const entries = validateListpack(bad, 0, bad.length);
    // A flipped bit in the data of an entry goes unnoticed, but then the shape is that of a sound list.
    if (entries !== -1) assert.equal(entries, 4);
  }
  for (let length = 0; length < good.length; length++) assert.equal(validateListpack(good, 0, length), -1);
  // 7 as a 16-bit integer: not how we write it, but sound.
  const wide = Buffer.from('0b000000' + '0100' + 'f1070003' + 'ff', 'hex');
  assert.equal(validateListpack(wide, 0, wide.length), 1);
  const list = listpack.fromBytes(arena, wide, 0, wide.length);
  assert.equal(listpack.find(arena, list, listpack.FIRST, Buffer.from('7'), 0, 1), listpack.FIRST);
  arena.free(list);
});
