import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDouble, parseDouble } from '../../src/base/doubles.ts';
import { integerLength, parseInt64, parseInteger, parseSafe, writeInteger } from '../../src/base/numbers.ts';

const padded = (text: string): Buffer => Buffer.from(`<${text}>`, 'latin1');
const integer = (text: string): number | bigint | undefined => parseInteger(padded(text), 1, text.length);
const double = (text: string): number => parseDouble(padded(text), 1, text.length);

test('integers are canonical int64 decimals and nothing else', () => {
  for (const text of ['0', '7', '-1', '10', '9007199254740991', '-9007199254740991']) {
    assert.equal(integer(text), Number(text), text);
    assert.equal(parseSafe(padded(text), 1, text.length), Number(text));
  }
  for (const text of ['9007199254740992', '-9007199254740993', '9223372036854775807', '-9223372036854775808']) {
    assert.equal(integer(text), BigInt(text), text);
    assert.equal(parseInt64(padded(text), 1, text.length), BigInt(text));
    assert.ok(Number.isNaN(parseSafe(padded(text), 1, text.length)));
  }
  const refused = ['', '-', '-0', '00', '01', '+1', ' 1', '1 ', '1.0', '1e3', '0x1', '9223372036854775808'];
  for (const text of [
    ...refused,
    '-9223372036854775809',
    '99999999999999999999',
    '-01234567890123456',
    '1234567890123456a',
  ]) {
    assert.equal(integer(text), undefined, text);
    assert.equal(parseInt64(padded(text), 1, text.length), undefined);
    assert.ok(Number.isNaN(parseSafe(padded(text), 1, text.length)), text);
  }
});

test('writing an integer gives its decimal text', () => {
  const target = new Uint8Array(24);
  const values: (number | bigint)[] = [0, 9, 10, -10, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 32, 999_999_999_999];
  values.push(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2n ** 63n - 1n, -(2n ** 63n));
  for (const value of values) {
    const end = writeInteger(target, 2, value);
    assert.equal(Buffer.from(target.subarray(2, end)).toString(), String(value));
    if (typeof value === 'number') assert.equal(integerLength(value), end - 2);
  }
});

test('doubles are read as strtod reads them', () => {
  const accepted: readonly [text: string, value: number][] = [
    ['1', 1],
    ['+5', 5],
    ['-.5', -0.5],
    ['1.', 1],
    ['1e5', 1e5],
    ['1E-5', 1e-5],
    ['3.0e3', 3000],
    ['0.1', 0.1],
    ['123456789012345678901234567890', 123456789012345678901234567890],
    ['0x10', 16],
    ['-0X1p-3', -0.125],
    ['0x.8', 0.5],
    ['0x1.fffffffffffff8p0', 2],
    ['0x1p-1074', 5e-324],
    ['inf', Infinity],
    ['+INF', Infinity],
    ['-Infinity', -Infinity],
    ['0e-999', 0],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['5e-324', 5e-324],
  ];
  for (const [text, value] of accepted) assert.equal(double(text), value, text);
  assert.ok(Object.is(double('-0'), -0));
  const refused = ['', ' 1', '1 ', 'nan', '-nan', '.', '+', '-', 'e5', '1e', '1e+', '0x', '0x.', '0x1p', '1..2', '1_0'];
  for (const text of [...refused, '1e400', '-1e400', '1e-400', '0x1p1024', '0x1p-1080', 'infi', '--1', '+-1', '1f']) {
    assert.ok(Number.isNaN(double(text)), text);
  }
});

test('doubles are written as %.17g writes them', () => {
  const cases: readonly [value: number, text: string][] = [
    [0.1, '0.10000000000000001'],
    [3, '3'],
    [-0, '-0'],
    [1e16, '10000000000000000'],
    [9007199254740994, '9007199254740994'],
    [12345678901234568, '12345678901234568'],
    [1e17, '1e+17'],
    [1e21, '1e+21'],
    [1e-5, '1.0000000000000001e-05'],
    [0.0001, '0.0001'],
    [1.5e300, '1.5000000000000001e+300'],
    [5e-324, '4.9406564584124654e-324'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    // Exact ties go to the even digit.
    [1 + 2 ** -17, '1.0000076293945312'],
    [1 + 3 * 2 ** -17, '1.0000228881835938'],
  ];
  for (const [value, text] of cases) assert.equal(formatDouble(value), text);
});
