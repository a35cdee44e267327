/** The short check of listpacks against the full one: where the short one says yes, the full one agrees. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { finish, PieceMeter } from '../../src/base/pieces.ts';
import { viewed } from '../../src/base/viewed.ts';
import { parseScore } from '../../src/rdb/cursor.ts';
import { Malformed } from '../../src/rdb/error.ts';
import { ListpackChecker, type ListpackVerdict } from '../../src/rdb/listpack.ts';
import { ListpackScan } from '../../src/rdb/listpack-scan.ts';
import type { PackedType } from '../../src/rdb/sink.ts';
import { listpack } from '../fixtures/rdb/build.ts';

const types: readonly PackedType[] = ['set', 'hash', 'zset', 'list-node'];
const element = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ minLength: 60, maxLength: 150, size: 'max' }),
  fc.integer({ min: -5, max: 130 }).map(String),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(String),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.constantFrom(
    '1.5',
    '-0',
    '1e3',
    'inf',
    'member:1',
    'member:2',
    'same start, other end 1',
    'same start, other end 2',
  ),
);
const score = fc.oneof(fc.integer({ min: -300, max: 300 }).map(String), fc.constantFrom('1.5', '70000', '-inf', 'x'));

/** Elements for each type: anything, or what is likely to be good. */
const elements = fc.oneof(
  fc.array(element, { maxLength: 12 }),
  fc.uniqueArray(element, { maxLength: 300, size: 'max' }),
  fc.uniqueArray(element, { maxLength: 12 }).chain((members) =>
    fc
      .array(score, { minLength: members.length, maxLength: members.length })
      .map((scores) => scores.toSorted((a, b) => Number(a) - Number(b)))
      .map((scores) => members.toSorted().flatMap((member, i) => [member, scores[i]!])),
  ),
);
const damage = fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { maxLength: 2 });

test('a listpack that the short check calls good is one that the full check keeps, with as many elements', () => {
  const scan = new ListpackScan();
  const checker = new ListpackChecker(new PieceMeter(1024));
  const check = (type: PackedType, bytes: Uint8Array, length: number): ListpackVerdict =>
    finish(checker.check(type, bytes, 2, length));
  let good = 0;
  fc.assert(
    fc.property(elements, fc.constantFrom(...types), damage, (texts, type, damages) => {
      const blob = Buffer.from(listpack(texts));
      for (const { at, byte } of damages) blob[at % blob.length] = byte;
      const padded = viewed(Uint8Array.from(Buffer.concat([Buffer.from('--'), blob, Buffer.from('--')])));
      let isGood = false;
      try {
        isGood = scan.isGood(type, padded, 2, blob.length);
      } catch (error) {
        assert.ok(error instanceof Malformed);
        assert.throws(() => check(type, Uint8Array.from(padded), blob.length), Malformed);
      }
      if (!isGood) return;
      good++;
      assert.equal(check(type, Uint8Array.from(padded), blob.length), 'keep');
      assert.equal(scan.elements, checker.elements);
      assert.ok(
        damages.length > 0 || scan.longest >= Math.max(...texts.map((text) => Buffer.byteLength(text, 'latin1'))),
      );
    }),
    { numRuns: 3000 },
  );
  assert.ok(good > 300, `${good} were good`);
});

test('what ordinary values look like needs only the short check', () => {
  const scan = new ListpackScan();
  const isGood = (type: PackedType, texts: readonly string[]): boolean => {
    const blob = viewed(Uint8Array.from(listpack(texts)));
    return scan.isGood(type, blob, 0, blob.length);
  };
  const tags = Array.from({ length: 100 }, (_, i) => `tag${i}-of-a-thing`);
  assert.ok(isGood('set', tags));
  assert.ok(
    isGood(
      'hash',
      tags.flatMap((tag, i) => [tag, i % 2 === 0 ? 'same' : `2024-01-${i}`]),
    ),
  );
  assert.ok(
    isGood(
      'zset',
      tags.toSorted().flatMap((tag, i) => [tag, String(Math.floor(i / 3) / 4)]),
    ),
  );
  assert.ok(
    isGood(
      'zset',
      [-70_000, -3, 0, 127, 128, 5000, 70_000, 9_000_000].flatMap((n) => [`m${n}`, String(n)]),
    ),
  );
  assert.ok(isGood('list-node', ['a', 'a', '1', '1', 'x'.repeat(3000)]));
});

test('a score that is a plain decimal is the number that its text stands for', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
        fc
          .tuple(fc.boolean(), fc.nat(), fc.nat({ max: 99_999 }))
          .map(([minus, a, b]) => `${minus ? '-' : ''}${a}.${b}`),
        fc.constantFrom('-0', '0.0', '-0.5', '000.25', '999999999999999', '0.00000000000001', '12345678.9012345'),
      ),
      (text) => {
        const bytes = Buffer.from(text);
        assert.ok(Object.is(parseScore(bytes, 0, bytes.length), Number(text)), text);
      },
    ),
  );
  for (const text of ['-', '.', '', '1.2.3', '1-', '-.', '--1', '1,5'])
    assert.throws(() => parseScore(Buffer.from(text), 0, text.length), Malformed);
});
