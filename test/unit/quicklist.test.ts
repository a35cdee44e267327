import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Arena } from '../../src/memory/arena.ts';
import { Element } from '../../src/memory/element.ts';
import * as listpack from '../../src/memory/listpack.ts';
import * as node from '../../src/memory/quicklist-node.ts';
import { Quicklist } from '../../src/memory/quicklist.ts';
import { ListCursor } from '../../src/memory/quicklist-cursor.ts';

test('nodes hold 8 KiB by default and a large element has a node of its own', () => {
  const arena = new Arena();
  const lists = new Quicklist(arena);
  const header = lists.create();
  const small = Buffer.alloc(100, 'x');
  for (let i = 0; i < 200; i++) lists.pushTail(header, small, 0, 100);
  // 103 bytes an entry (two of header, one of backlen): 79 entries fill 8144 of 8192 bytes.
  assert.equal(node.word(arena, header, node.NODES), 3);
  assert.equal(node.nodeCount(arena, node.headNode(arena, header)), 79);
  lists.pushTail(header, Buffer.alloc(9000, 'y'), 0, 9000);
  assert.ok(node.isPlain(arena, node.tailNode(arena, header)));
  assert.equal(lists.count(header), 201);
});

test('an adopted listpack is not counted again', () => {
  const arena = new Arena();
  const lists = new Quicklist(arena);
  const header = lists.create();
  const list = listpack.append(arena, listpack.create(arena), Buffer.from('a'), 0, 1);
  lists.adoptListpack(header, list, 70_000);
  assert.equal(lists.count(header), 70_000);
});

test('an adopted listpack becomes a node', () => {
  const arena = new Arena();
  const lists = new Quicklist(arena);
  const header = lists.create();
  let list = listpack.create(arena);
  for (const text of ['a', '1', 'b']) list = listpack.append(arena, list, Buffer.from(text), 0, 1);
  lists.adoptListpack(header, list, 3);
  lists.pushTail(header, Buffer.from('c'), 0, 1);
  const cursor = new ListCursor(arena);
  const element = new Element();
  const seen: string[] = [];
  for (let more = cursor.first(header); more; more = cursor.next()) {
    cursor.read(element);
    seen.push(element.toString());
  }
  assert.deepEqual(seen, ['a', '1', 'b', 'c']);
  assert.equal(node.word(arena, header, node.NODES), 1);
});

test('deleting most of a long list joins what is left into few nodes', () => {
  const arena = new Arena();
  const lists = new Quicklist(arena);
  const header = lists.create();
  const cursor = new ListCursor(arena);
  for (let i = 0; i < 20_000; i++) {
    const text = Buffer.from(`value:${i}`);
    lists.pushTail(header, text, 0, text.length);
  }
  const element = new Element();
  let i = 0;
  for (let more = cursor.first(header); more; i++) {
    more = i % 100 === 0 ? cursor.next() : lists.remove(header, cursor, true);
  }
  assert.equal(lists.count(header), 200);
  assert.ok(node.word(arena, header, node.NODES) <= 2);
  assert.ok(cursor.seek(header, 150));
  cursor.read(element);
  assert.equal(element.toString(), 'value:15000');
});

test('an element read before a change keeps its bytes when detached', () => {
  const arena = new Arena();
  const lists = new Quicklist(arena);
  const header = lists.create();
  const element = new Element();
  for (const text of ['first', 'second']) lists.pushTail(header, Buffer.from(text), 0, text.length);
  lists.peekHead(header, element);
  element.detach();
  lists.dropHead(header);
  lists.pushTail(header, element.bytes, element.at, element.length);
  lists.peekTail(header, element);
  assert.equal(element.toString(), 'first');
});

test('freeing goes node by node within the budget', () => {
  const arena = new Arena();
  const lists = new Quicklist(arena, 1);
  const header = lists.create();
  for (let i = 0; i < 10; i++) lists.pushHead(header, Buffer.from('x'), 0, 1);
  assert.equal(lists.free(header, 4), false);
  assert.equal(node.word(arena, header, node.NODES), 6);
  assert.equal(lists.free(header, 4), false);
  assert.equal(lists.free(header, 4), true);
  assert.equal(arena.blocks, 0);
});
