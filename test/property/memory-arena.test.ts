import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Arena, byteOf, segmentOf } from '../../src/memory/arena.ts';
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
    fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
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
