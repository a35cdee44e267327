/** Streams in RDB files: the three types, and what is refused in them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RdbError } from '../../src/rdb/error.ts';
import { RdbWriter } from '../../src/rdb/write.ts';
import { LoadError } from '../../src/store/load-error.ts';
import { collect } from '../fixtures/rdb/collector.ts';
import { listpack } from '../fixtures/rdb/build.ts';
import { makeStore } from '../support/store.ts';
import { loadStore, saveStore } from '../support/store-rdb.ts';

type Item = string | number;

/** One entry of a node whose master has one field: flags, ms, seq, value, elements. */
const entry = (ms: Item, seq: Item, value: Item, flags: Item = 2): Item[] => [flags, ms, seq, value, 4];
const node = (live: Item, deleted: Item, ...entries: Item[]): Buffer =>
  listpack([live, deleted, 1, 'f', 0, ...entries]);

const words = (ms: bigint, seq: bigint): Uint32Array =>
  Uint32Array.from([ms >> 32n, ms & 0xffffffffn, seq >> 32n, seq & 0xffffffffn].map(Number));

interface Consumer {
  readonly name: string;
  readonly owned: readonly bigint[];
}

interface Shape {
  readonly type: 15 | 19 | 21;
  readonly nodes: readonly (readonly [ms: bigint, bytes: Buffer])[];
  readonly length: number;
  readonly last?: bigint;
  readonly groups?: readonly {
    readonly name: string;
    readonly pending: readonly bigint[];
    readonly consumers: readonly Consumer[];
  }[];
}

/** A file with the stream at key "s". */
function fileOf(shape: Shape, keyLength = 16): Buffer {
  const chunks: Buffer[] = [];
  const writer = new RdbWriter((chunk) => {
    chunks.push(Buffer.from(chunk));
    return true;
  });
  const length64 = (value: bigint): void => writer.wideLength(Number(value >> 32n), Number(value & 0xffffffffn));
  const time = (value: bigint): void => writer.int64(Number(value >> 32n), Number(value & 0xffffffffn));
  writer.header(11);
  writer.selectDb(0);
  writer.type(shape.type);
  writer.text('s');
  writer.length(shape.nodes.length);
  for (const [ms, bytes] of shape.nodes) {
    writer.length(keyLength);
    writer.id(words(ms, 1n));
    writer.string(bytes, 0, bytes.length);
  }
  writer.length(shape.length);
  length64(shape.last ?? 99n);
  length64(7n);
  if (shape.type > 15) for (const value of [1n, 1n, 0n, 0n, BigInt(shape.length)]) length64(value);
  writer.length(shape.groups?.length ?? 0);
  for (const group of shape.groups ?? []) {
    writer.text(group.name);
    length64(5n);
    length64(2n ** 64n - 1n);
    if (shape.type > 15) length64(2n ** 64n - 1n);
    writer.length(group.pending.length);
    for (const ms of group.pending) {
      writer.id(words(ms, 1n));
      time(1_700_000_000_000n + ms);
      length64(ms + 3n);
    }
    writer.length(group.consumers.length);
    for (const { name, owned } of group.consumers) {
      writer.text(name);
      time(1_700_000_000_000n);
      if (shape.type === 21) time(2n ** 64n - 1n);
      writer.length(owned.length);
      for (const ms of owned) writer.id(words(ms, 1n));
    }
  }
  writer.end();
  return Buffer.concat(chunks);
}

const good: Shape = {
  type: 19,
  nodes: [
    [1n, node(2, 1, ...entry(0, 0, 'a'), ...entry(1, -1, 12, 3), ...entry(2, 5, 'c'))],
    [9n, listpack([1, 0, 2, 'x', 'y', 0, 0, 0, 0, 1, 'other', 'v', 6])],
  ],
  length: 3,
  groups: [
    {
      name: 'g',
      pending: [1n, 2n, 3n],
      consumers: [
        { name: 'c', owned: [1n, 3n] },
        { name: 'd', owned: [2n] },
        { name: 'e', owned: [] },
      ],
    },
    { name: 'h', pending: [], consumers: [] },
  ],
};

test('the three types of streams are read, in pieces of any size', () => {
  for (const type of [15, 19, 21] as const) {
    const file = fileOf({ ...good, type });
    const whole = collect(file);
    const value = whole.contents.get('0/s')!.value as string[];
    assert.equal(value[2], type === 15 ? 'facts 3 3 99-7 ? ?' : 'facts 3 3 99-7 1-1 0-0');
    assert.equal(value[3], `group g 5-18446744073709551615 ${type === 15 ? '?' : '-1'}`);
    assert.deepEqual(value.slice(4, 7), [
      'pending 1-1 1700000000001 4',
      'pending 2-1 1700000000002 5',
      'pending 3-1 1700000000003 6',
    ]);
    assert.equal(value[7], `consumer c 1700000000000 ${type === 21 ? -1 : 1_700_000_000_000}`);
    for (const piece of [1, 7, 64]) assert.deepEqual(collect(file, {}, piece).events, whole.events);
  }
});

test('what was read of any type is written as type 19', () => {
  for (const type of [15, 19, 21] as const) {
    const store = makeStore();
    loadStore(store, fileOf({ ...good, type }));
    const value = collect(saveStore(store)).contents.get('0/s')!.value as string[];
    assert.equal(value[2], 'facts 3 3 99-7 1-1 0-0');
    // The older type does not say how much the group has read; nobody can tell from its last id.
    assert.equal(value[3], 'group g 5-18446744073709551615 -1');
    assert.equal(value.length, 3 + 1 + 3 + 3 + 3 + 1);
  }
});

test('streams that make no sense are refused with the reason, and leave nothing behind', () => {
  const first = good.nodes[0]!;
  const cases: readonly (readonly [Partial<Shape>, RegExp])[] = [
    [{ length: 2 }, /another number of entries/],
    [{ last: 8n }, /above its last id/],
    [{ nodes: [good.nodes[1]!, first] }, /not in the order/],
    [{ nodes: [first, first], length: 4 }, /not in the order/],
    [{ nodes: [[1n, node(1, 1, ...entry(0, 0, 'a'))]], length: 1 }, /counts its entries wrongly/],
    [{ nodes: [[1n, node(1, 0, ...entry(0, 0, 'a'), ...entry(1, 0, 'a'))]], length: 1 }, /counts its entries wrongly/],
    [{ nodes: [[1n, node(2, 0, ...entry(3, 0, 'a'), ...entry(2, 0, 'a'))]], length: 2 }, /not in the order/],
    [{ nodes: [[1n, node(2, 0, ...entry(3, 0, 'a'), ...entry(3, 0, 'a'))]], length: 2 }, /not in the order/],
    [{ nodes: [[1n, node(1, 0, ...entry('x', 0, 'a'))]], length: 1 }, /not a number/],
    [{ nodes: [[1n, node(1, 0, ...entry(0, 0, 'a', 4))]], length: 1 }, /unknown flags/],
    [{ nodes: [[1n, node(1, 0, ...entry(0, 0, 'a', -1))]], length: 1 }, /unknown flags/],
    [{ nodes: [[1n, node(1, 0, 2, 0, 0, 'a', 5)]], length: 1 }, /wrong number of elements/],
    [{ nodes: [[1n, node(1, 0, 2, 0, 0)]], length: 1 }, /ends within an entry/],
    [{ nodes: [[1n, node(1, 0, 0, 0, 0, '9223372036854775807', 'f', 'v', 6)]], length: 1 }, /bad number of fields/],
    [{ nodes: [[1n, node(1, 0, 0, 0, 0, 2147483647, 'f', 'v', 6)]], length: 1 }, /ends within an entry/],
    [{ nodes: [[1n, node(-1, 0)]], length: 0 }, /bad number of entries/],
    [{ nodes: [[1n, listpack([1, 0, 5, 'f', 0])]], length: 1 }, /ends/],
    [{ nodes: [[1n, listpack([0, 0, 0, 5])]], length: 0 }, /no end of its fields/],
    [{ nodes: [[1n, listpack([])]], length: 0 }, /ends before the number of entries/],
    [{ groups: [good.groups![0]!, good.groups![0]!] }, /consumer group twice/],
    [{ groups: [{ name: 'g', pending: [1n, 1n], consumers: [] }] }, /pending entry twice/],
    [{ groups: [{ name: 'g', pending: [1n], consumers: [] }] }, /pending entries that no consumer has/],
    [
      {
        groups: [
          {
            name: 'g',
            pending: [],
            consumers: [
              { name: 'c', owned: [] },
              { name: 'c', owned: [] },
            ],
          },
        ],
      },
      /consumer twice/,
    ],
    [{ groups: [{ name: 'g', pending: [1n], consumers: [{ name: 'c', owned: [2n] }] }] }, /not pending in its group/],
    [
      {
        groups: [
          {
            name: 'g',
            pending: [1n, 2n],
            consumers: [
              { name: 'c', owned: [1n] },
              { name: 'd', owned: [1n] },
            ],
          },
        ],
      },
      /at two consumers/,
    ],
    [
      { groups: [{ name: 'g', pending: [1n], consumers: [{ name: 'c', owned: [1n, 2n] }] }] },
      /more pending entries than its group/,
    ],
  ];
  for (const [change, reason] of cases) {
    const store = makeStore();
    const { blocks } = store.space.arena;
    assert.throws(
      () => loadStore(store, fileOf({ ...good, ...change })),
      (error) => (error instanceof RdbError || error instanceof LoadError) && reason.test(error.message),
      String(reason),
    );
    assert.equal(store.space.arena.blocks, blocks, String(reason));
  }
  assert.throws(() => collect(fileOf(good, 15)), RdbError);
});

test('an empty stream is a key', () => {
  const store = makeStore();
  loadStore(store, fileOf({ type: 19, nodes: [], length: 0 }));
  assert.equal(store.space.size, 1);
});
