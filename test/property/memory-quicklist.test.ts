import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Arena, byteOf, segmentOf } from '../../src/memory/arena.ts';
import type { Address } from '../../src/memory/arena.ts';
import { Element } from '../../src/memory/element.ts';
import { validateListpack } from '../support/listpack-validate.ts';
import * as listpack from '../../src/memory/listpack.ts';
import * as node from '../../src/memory/quicklist-node.ts';
import * as open from '../../src/memory/quicklist-open.ts';
import { Quicklist } from '../../src/memory/quicklist.ts';
import { ListCursor } from '../../src/memory/quicklist-cursor.ts';

const value = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 12 }),
  fc.integer().map(String),
  fc.integer({ min: 50, max: 3000 }).map((length) => 'v'.repeat(length)),
  fc.integer({ min: 3900, max: 20_000 }).map((length) => 'b'.repeat(length)),
);
const step = fc.record({
  kind: fc.constantFrom(
    'pushHead' as const,
    'pushTail' as const,
    'pushTail' as const,
    'popHead' as const,
    'popTail' as const,
    'before' as const,
    'after' as const,
    'replace' as const,
    'removeForward' as const,
    'removeBackward' as const,
    'removeRange' as const,
  ),
  value,
  index: fc.nat(),
  many: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 80 })),
});

/** Checks nodes, counts and limits from both ends, and returns the number of elements. */
function audit(arena: Arena, header: Address, maxBytes: number, maxCount: number): number {
  let elements = 0;
  let nodes = 0;
  let prev = 0;
  for (let place = node.headNode(arena, header); place !== 0; place = node.nextNode(arena, place)) {
    assert.equal(node.prevNode(arena, place), prev);
    const count = node.nodeCount(arena, place);
    if (node.isOpen(arena, place)) {
      assert.equal(prev, 0);
      const start = open.start(arena, place);
      const end = open.end(arena, place);
      assert.ok(count > 0 && start >= open.OPEN_HEADER && start < end && end <= maxBytes);
      assert.ok(end <= arena.capacity(node.nodeData(arena, place)));
    } else if (node.isPlain(arena, place)) {
      assert.equal(count, 1);
      assert.ok(node.plainLength(arena, place) + 20 > maxBytes);
    } else {
      const list = node.nodeData(arena, place);
      const total = listpack.totalBytes(arena, list);
      assert.ok(count > 0 && count <= maxCount && total <= maxBytes);
      assert.equal(validateListpack(arena.u8[segmentOf(list)]!, byteOf(list), total), count);
    }
    elements += count;
    nodes++;
    prev = place;
  }
  assert.equal(node.tailNode(arena, header), prev);
  assert.equal(node.word(arena, header, node.NODES), nodes);
  return elements;
}

test('a quicklist behaves as an array of strings', () => {
  const fill = fc.constantFrom(-1, -2, -5, 1, 3, 128);
  fc.assert(
    fc.property(fill, fc.array(step, { maxLength: 40, size: 'max' }), (limit, steps) => {
      const arena = new Arena();
      const lists = new Quicklist(arena, limit);
      const maxBytes = limit < 0 ? 4096 << (-limit - 1) : 8192;
      const header = lists.create();
      const element = new Element();
      const cursor = new ListCursor(arena);
      const model: string[] = [];
      for (const { kind, value: text, index, many } of steps) {
        const bytes = Buffer.from(text, 'latin1');
        const n = bytes.length;
        for (let i = 0; i < (kind === 'removeRange' || n > 3000 ? 1 : many); i++) {
          if (kind === 'pushHead') {
            lists.pushHead(header, bytes, 0, n);
            model.unshift(text);
          } else if (kind === 'pushTail') {
            lists.pushTail(header, bytes, 0, n);
            model.push(text);
          } else if (kind === 'popHead') {
            assert.equal(lists.peekHead(header, element) ? element.toString() : undefined, model.shift());
            lists.dropHead(header);
          } else if (kind === 'popTail') {
            assert.equal(lists.peekTail(header, element) ? element.toString() : undefined, model.pop());
            lists.dropTail(header);
          } else {
            if (model.length === 0) break;
            const at = (index + i * 7) % model.length;
            assert.ok(cursor.seek(header, i % 2 === 0 ? at : at - model.length));
            if (kind === 'before') {
              lists.insertBefore(header, cursor, bytes, 0, n);
              model.splice(at, 0, text);
            } else if (kind === 'after') {
              lists.insertAfter(header, cursor, bytes, 0, n);
              model.splice(at + 1, 0, text);
            } else if (kind === 'replace') {
              lists.replace(header, cursor, bytes, 0, n);
              model[at] = text;
            } else if (kind === 'removeRange') {
              const gone = lists.removeRange(header, at, many, cursor);
              assert.equal(gone, model.splice(at, many).length);
            } else {
              const forward = kind === 'removeForward';
              const more = lists.remove(header, cursor, forward);
              model.splice(at, 1);
              const expected = model[forward ? at : at - 1];
              assert.equal(more, expected !== undefined);
              if (more) {
                cursor.read(element);
                assert.equal(element.toString(), expected);
              }
            }
          }
        }
        if (index % 3 === 0) lists.settle(header);
        assert.equal(audit(arena, header, maxBytes, limit < 0 ? Infinity : limit), model.length);
        assert.equal(lists.count(header), model.length);
      }
      let i = 0;
      for (let more = cursor.first(header); more; more = cursor.next()) {
        cursor.read(element);
        assert.equal(element.toString(), model[i]);
        const bytes = Buffer.from(model[i++]!, 'latin1');
        assert.ok(cursor.equals(bytes, 0, bytes.length));
      }
      assert.equal(i, model.length);
      for (let more = cursor.last(header); more; more = cursor.prev()) {
        cursor.read(element);
        assert.equal(element.toString(), model[--i]);
      }
      assert.equal(i, 0);
      while (!lists.free(header, 3));
      assert.equal(arena.blocks, 0);
    }),
    { numRuns: 300 },
  );
});
