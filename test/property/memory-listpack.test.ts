import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Arena, byteOf, segmentOf } from '../../src/memory/arena.ts';
import { Element } from '../../src/memory/element.ts';
import { validateListpack } from '../support/listpack-validate.ts';
import * as listpack from '../../src/memory/listpack.ts';

const value = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 12 }),
  fc.string({ unit: 'binary-ascii', maxLength: 12 }),
  fc.integer({ min: -5000, max: 5000 }).map(String),
  fc.bigInt({ min: -(2n ** 63n) - 2n, max: 2n ** 63n + 1n }).map(String),
  fc.integer({ min: 60, max: 5000 }).map((length) => 's'.repeat(length)),
);
const index = fc.nat({ max: 40 });
const operation = fc.oneof(
  fc.record({ op: fc.constantFrom('append' as const, 'prepend' as const), value, index }),
  fc.record({ op: fc.constantFrom('before' as const, 'after' as const, 'replace' as const), value, index }),
  fc.record({ op: fc.constantFrom('delete' as const, 'split' as const), index, length: fc.nat({ max: 4 }) }),
);

test('a listpack behaves as an array of strings and stays valid', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60, size: 'max' }), (operations) => {
      const arena = new Arena();
      const element = new Element();
      let list = listpack.create(arena);
      const model: string[] = [];
      for (const step of operations) {
        if ('value' in step) {
          const bytes = Buffer.from(step.value, 'latin1');
          const n = bytes.length;
          if (step.op === 'append') {
            list = listpack.append(arena, list, bytes, 0, n);
            model.push(step.value);
          } else if (step.op === 'prepend') {
            list = listpack.prepend(arena, list, bytes, 0, n);
            model.unshift(step.value);
          } else if (model.length > 0) {
            const at = step.index % model.length;
            const position = listpack.seek(arena, list, at);
            if (step.op === 'before') {
              list = listpack.insertBefore(arena, list, position, bytes, 0, n);
              model.splice(at, 0, step.value);
            } else if (step.op === 'after') {
              list = listpack.insertAfter(arena, list, position, bytes, 0, n);
              model.splice(at + 1, 0, step.value);
            } else {
              list = listpack.replace(arena, list, position, bytes, 0, n);
              model[at] = step.value;
            }
          }
        } else if (model.length > 0) {
          const at = step.index % model.length;
          if (step.op === 'delete') {
            list = listpack.deleteIndex(arena, list, at - model.length, step.length);
            model.splice(at, step.length);
          } else {
            const position = listpack.seek(arena, list, at);
            const rest = listpack.copyFrom(arena, list, position);
            list = listpack.deleteAt(arena, list, position, model.length);
            assert.equal(listpack.count(arena, list), at);
            list = listpack.merge(arena, list, rest);
          }
        }
        const total = listpack.totalBytes(arena, list);
        assert.equal(validateListpack(arena.u8[segmentOf(list)]!, byteOf(list), total), model.length);
        assert.equal(listpack.count(arena, list), model.length);
      }
      let i = 0;
      for (let p = listpack.first(arena, list); p !== 0; p = listpack.next(arena, list, p)) {
        listpack.read(arena, list, p, element);
        assert.equal(element.toString(), model[i]);
        assert.equal(listpack.seek(arena, list, i), p);
        assert.equal(listpack.seek(arena, list, i - model.length), p);
        const wanted = Buffer.from(model[i]!, 'latin1');
        assert.ok(listpack.equals(arena, list, p, wanted, 0, wanted.length));
        const found = listpack.find(arena, list, listpack.FIRST, wanted, 0, wanted.length);
        assert.equal(found, listpack.seek(arena, list, model.indexOf(model[i]!)));
        i++;
      }
      assert.equal(i, model.length);
      for (let p = listpack.last(arena, list); p !== 0; p = listpack.prev(arena, list, p)) {
        listpack.read(arena, list, p, element);
        assert.equal(element.toString(), model[--i]);
      }
      assert.equal(i, 0);
      arena.free(list);
      assert.equal(arena.blocks, 0);
    }),
    { numRuns: 400 },
  );
});
