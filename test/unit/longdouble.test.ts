import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addLongDouble, formatLongDouble, parseLongDouble } from '../../src/base/longdouble.ts';
import type { LongDouble } from '../../src/base/longdouble.ts';

const read = (text: string): LongDouble | undefined => parseLongDouble(Buffer.from(text, 'latin1'), 0, text.length);

function add(a: string, b: string): string | undefined {
  const sum = addLongDouble(read(a)!, read(b)!);
  return sum === undefined ? undefined : formatLongDouble(sum);
}

test('INCRBYFLOAT arithmetic gives the digits of redis-server', () => {
  // Replies of redis-server 7.0.15 to SET f <a>, INCRBYFLOAT f <b>.
  const cases: readonly [a: string, b: string, sum: string][] = [
    ['0.1', '0.2', '0.3'],
    ['3.0e3', '0.1', '3000.10000000000000009'],
    ['10.50', '0.1', '10.6'],
    ['1e-10', '0', '0.0000000001'],
    ['5.0e3', '2.0e2', '5200'],
    ['0.1', '-0.1', '0'],
    ['-1e-18', '0', '0'],
    ['18446744073709551617', '0', '18446744073709551616'],
    ['36893488147419103233', '0', '36893488147419103232'],
    ['1e17', '0.1', '100000000000000000.1015625'],
    ['0x10', '0x1p-3', '16.125'],
    ['-7', '0.5', '-6.5'],
  ];
  for (const [a, b, sum] of cases) assert.equal(add(a, b), sum, `${a} + ${b}`);
});

test('infinite sums are refused, infinite operands are read', () => {
  assert.equal(add('inf', '1'), undefined);
  assert.equal(add('1', '-Infinity'), undefined);
  assert.equal(add('1.1e4932', '1.1e4932'), undefined);
});

test('texts that strtold or Redis refuse are refused', () => {
  for (const text of [
    '',
    ' 1',
    '1 ',
    'nan',
    '.',
    '1e',
    '0x',
    '0x.',
    '1e4933',
    '1e-5000',
    '1e-999999999',
    '1e999999999',
  ]) {
    assert.equal(read(text), undefined, text);
  }
  assert.equal(read('1'.repeat(6000)), undefined);
});
