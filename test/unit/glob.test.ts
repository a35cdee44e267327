import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { globMatch } from '../../src/base/glob.ts';

function matches(pattern: string, text: string, ignoreCase = false): boolean {
  const p = Buffer.from(`<<${pattern}>>`, 'latin1');
  const t = Buffer.from(`((${text}))`, 'latin1');
  return globMatch(p, 2, p.length - 4, t, 2, t.length - 4, ignoreCase);
}

test('literals, ? and * match as in Redis', () => {
  assert.ok(matches('abc', 'abc'));
  assert.ok(!matches('abc', 'abcd'));
  assert.ok(!matches('abcd', 'abc'));
  assert.ok(matches('a?c', 'abc'));
  assert.ok(!matches('a?c', 'ac'));
  assert.ok(matches('*', 'abc'));
  assert.ok(matches('a*c*e', 'abcde'));
  assert.ok(matches('a***', 'a'));
  assert.ok(matches('*.rdb', 'dump.rdb.rdb'));
  assert.ok(!matches('*a', 'ab'));
});

test('the empty text is matched by the empty pattern only', () => {
  assert.ok(matches('', ''));
  assert.ok(!matches('*', ''));
  assert.ok(!matches('', 'a'));
});

test('classes take ranges in both directions, negation, escapes, and no closing bracket', () => {
  assert.ok(matches('[a-c]', 'b'));
  assert.ok(matches('[c-a]', 'b'));
  assert.ok(!matches('[^a-c]', 'b'));
  assert.ok(matches('[^a-c]x', 'dx'));
  assert.ok(matches('[\\]]', ']'));
  assert.ok(matches('[abc', 'c'));
  assert.ok(matches('[a-', '-'));
  assert.ok(!matches('[]x', 'x'));
  assert.ok(matches('[^', 'x'));
  assert.ok(matches('[\u00f0-A]', '\u00ff'), 'bytes above 127 are negative in a range');
});

test('a backslash makes the next byte literal, and is itself at the end', () => {
  assert.ok(matches('\\*', '*'));
  assert.ok(!matches('\\*', 'a'));
  assert.ok(matches('a\\', 'a\\'));
});

test('case is ignored when asked, but not for an escaped byte of a class', () => {
  assert.ok(matches('MaxMem*', 'maxmemory', true));
  assert.ok(!matches('MaxMem*', 'maxmemory'));
  assert.ok(matches('[A-C]', 'b', true));
  assert.ok(!matches('[\\B]', 'b', true));
});

test('many stars cost no more than pattern times text', () => {
  const started = process.hrtime.bigint();
  assert.ok(!matches('a*'.repeat(100) + 'b', 'a'.repeat(20_000)));
  assert.ok(!matches('*[^b]*[ab]*a*?*b', 'a'.repeat(20_000)));
  const milliseconds = Number(process.hrtime.bigint() - started) / 1e6;
  assert.ok(milliseconds < 2000, `${milliseconds} ms`);
});

test('patterns of literals, ? and * agree with a regular expression', () => {
  const alphabet = fc.constantFrom('a', 'b', '?', '*');
  const pattern = fc.array(alphabet, { maxLength: 12 }).map((chars) => chars.join(''));
  const text = fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 12 }).map((chars) => chars.join(''));
  fc.assert(
    fc.property(pattern, text, (p, t) => {
      const expression = new RegExp(`^${p.replaceAll('?', '.').replaceAll(/\*+/g, '.*')}$`);
      assert.equal(matches(p, t), expression.test(t));
    }),
    { numRuns: 2000 },
  );
});
