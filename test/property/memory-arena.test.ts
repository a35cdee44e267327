import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  Arena,
  ArenaExhausted,
  byteOf,
  MEDIUM_MAX,
  PAGE_BYTES,
  SEGMENT_BYTES,
  segmentOf,
  SMALL_MAX,
} from '../../src/memory/arena.ts';
import type { Address } from '../../src/memory/arena.ts';

const size = fc.oneof(
  fc.integer({ min: 1, max: 80 }),
  fc.integer({ min: 1, max: 9000 }),
  fc.integer({ min: 8000, max: 300_000 }),
  fc.integer({ min: 900_000, max: 1_300_000 }),
);
const operation = fc.record({
  kind: fc.constantFrom('alloc' as const, 'alloc' as const, 'free' as const, 'resize' as const),
  size,
  pick: fc.nat(),
  many: fc.integer({ min: 1, max: 30 }),
});

interface Block {
  address: Address;
  bytes: number;
  mark: number;
}

test('blocks never overlap, keep their content, and everything can be given back', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80, size: 'max' }), (operations) => {
      const arena = new Arena();
      const live: Block[] = [];
      let marks = 0;
      // Both ends and the middle carry the mark: an overlap or a lost byte shows at one of them.
      const spots = (b: number): number[] => [0, b >>> 1, b - 1];
      const stamp = (block: Block): void => {
        const bytes = arena.u8[segmentOf(block.address)]!;
        if (block.bytes <= 256) bytes.fill(block.mark, byteOf(block.address), byteOf(block.address) + block.bytes);
        else for (const spot of spots(block.bytes)) bytes[byteOf(block.address) + spot] = block.mark;
      };
      const verify = (block: Block, limit: number): void => {
        const bytes = arena.u8[segmentOf(block.address)]!;
        for (const spot of spots(block.bytes)) {
          if (spot < limit) assert.equal(bytes[byteOf(block.address) + spot], block.mark);
        }
      };
      for (const { kind, size: bytes, pick, many } of operations) {
        const repeat = bytes > 100_000 ? 1 : many;
        for (let i = 0; i < repeat; i++) {
          if (kind === 'alloc') {
            const block = { address: arena.alloc(bytes), bytes, mark: (marks = (marks + 1) & 0xff) };
            stamp(block);
            live.push(block);
          } else if (live.length > 0) {
            const index = (pick + i) % live.length;
            const block = live[index]!;
            verify(block, block.bytes);
            if (kind === 'free') {
              arena.free(block.address);
              live[index] = live.at(-1)!;
              live.pop();
            } else {
              const kept = Math.min(bytes, block.bytes);
              block.address = arena.resize(block.address, bytes, kept);
              verify(block, kept);
              block.bytes = bytes;
              stamp(block);
            }
          }
        }
      }
      assert.equal(arena.blocks, live.length);
      assert.equal(
        arena.usedBytes,
        live.reduce((sum, block) => sum + arena.capacity(block.address), 0),
      );
      const ranges = live.map((b) => [segmentOf(b.address) * 2 ** 32 + byteOf(b.address), b.bytes] as const);
      ranges.sort((a, b) => a[0] - b[0]);
      for (let i = 1; i < ranges.length; i++) assert.ok(ranges[i - 1]![0] + ranges[i - 1]![1] <= ranges[i]![0]);
      for (const block of live) {
        verify(block, block.bytes);
        arena.free(block.address);
      }
      assert.deepEqual([arena.blocks, arena.usedBytes], [0, 0]);
    }),
  );
});

/** Pages and segments that blocks of these sizes need, if none of them finds a page that is in use, and the huge ones. */
function needed(sizes: readonly number[]): { pages: number; segments: number; huge: number[] } {
  const probe = new Arena();
  const counts = new Map<number, number>();
  for (const bytes of sizes) {
    const capacity = probe.capacity(probe.alloc(bytes));
    counts.set(capacity, (counts.get(capacity) ?? 0) + 1);
  }
  let pages = 0;
  let segments = 0;
  for (const [capacity, count] of counts) {
    if (capacity <= SMALL_MAX) pages += Math.ceil(count / Math.floor(PAGE_BYTES / capacity));
    else if (capacity <= MEDIUM_MAX) segments += Math.ceil(count / Math.floor(SEGMENT_BYTES / capacity));
  }
  return { pages, segments, huge: sizes.filter((bytes) => bytes > MEDIUM_MAX) };
}

test('what was promised is there when the system refuses more, and the reserve is given back', () => {
  fc.assert(
    fc.property(
      fc.array(size, { maxLength: 60, size: 'max' }),
      fc.array(size, { maxLength: 60, size: 'max' }),
      fc.nat(3),
      (before, sizes, less) => {
        const arena = new Arena();
        const held = before.map((bytes) => arena.alloc(bytes));
        for (let i = 0; i < held.length; i += 2) arena.free(held[i]!);
        const { pages, segments, huge } = needed(sizes);
        arena.ensure(pages, segments, huge, 7);
        assert.equal(arena.sure, 7);
        const { reservedBytes, usedBytes } = arena;
        const segmentsBefore = arena.room.segments;
        arena.ensure(pages, segments, huge, 7);
        assert.deepEqual([arena.reservedBytes, arena.room.segments], [reservedBytes, segmentsBefore]);
        arena.newBuffer = () => {
          throw new RangeError('the test says so');
        };
        const blocks = sizes.map((bytes) => arena.alloc(bytes));
        assert.throws(() => arena.ensure(64 * (arena.room.segments + less + 8), 0, [], 7), ArenaExhausted);
        assert.throws(() => arena.ensure(0, arena.room.segments + 1 + less, [], 7), ArenaExhausted);
        for (const block of blocks) arena.free(block);
        assert.equal(arena.usedBytes, usedBytes);
        for (let i = 1; i < held.length; i += 2) arena.free(held[i]!);
        assert.deepEqual([arena.blocks, arena.usedBytes], [0, 0]);
      },
    ),
  );
});
