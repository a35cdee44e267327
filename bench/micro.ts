/** The structures by themselves: time of one operation, without protocol or sockets. */
import { bench, do_not_optimize, run } from 'mitata';
import { Crc64 } from '../src/base/crc64.ts';
import { Arena } from '../src/memory/arena.ts';
import { Dict } from '../src/memory/dict.ts';
import { KeyHasher } from '../src/memory/hash.ts';
import { copyBytes } from '../src/base/copy.ts';
import * as listpack from '../src/memory/listpack.ts';
import { RequestParser } from '../src/resp/request-parser.ts';

const KEY_LENGTH = 14;
/** Key offset in items without a value: 8 bytes of header come first. */
const KEY_BASE = 8;

/** `items`: entries in the table that is searched. */
export async function micro(items: number): Promise<void> {
  const arena = new Arena();
  const hasher = new KeyHasher(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]));
  const dict = new Dict(arena, hasher, KEY_BASE);
  const table = dict.create();
  const keys = Buffer.from(Array.from({ length: items }, (_, i) => `key:${String(i).padStart(10, '0')}`).join(''));
  for (let i = 0; i < items; i++) {
    const item = arena.alloc(KEY_BASE + KEY_LENGTH);
    const segment = item >>> 18;
    const at = (item & 0x3ffff) << 4;
    arena.u32[segment]![at >>> 2] = 0;
    arena.u32[segment]![(at >>> 2) + 1] = KEY_LENGTH;
    copyBytes(arena.u8[segment]!, at + KEY_BASE, keys, i * KEY_LENGTH, KEY_LENGTH);
    dict.insert(table, item, hasher.hash(keys, i * KEY_LENGTH, KEY_LENGTH));
  }
  let n = 0;
  bench(`hash of ${KEY_LENGTH} bytes`, () => do_not_optimize(hasher.hash(keys, 0, KEY_LENGTH)));
  bench(`find in ${items} items`, () => {
    n = (n + 7919) % items;
    const at = n * KEY_LENGTH;
    do_not_optimize(dict.find(table, keys, at, KEY_LENGTH, hasher.hash(keys, at, KEY_LENGTH)));
  });
  bench('alloc and free of 96 bytes', () => arena.free(arena.alloc(96)));

  let list = listpack.create(arena);
  bench('listpack: append 25 bytes, emptied at 8 KiB', () => {
    if (listpack.totalBytes(arena, list) > 8192) {
      arena.free(list);
      list = listpack.create(arena);
    }
    list = listpack.append(arena, list, keys, 0, 25);
  });

  const crc = new Crc64();
  const block = Buffer.alloc(64 * 1024, 'x');
  bench('CRC-64 of 64 KiB', () => crc.update(block, 0, block.length));

  const parser = new RequestParser({ protoMaxBulkLen: 512 * 1024 * 1024 });
  const pipeline = Buffer.from('*3\r\n$3\r\nSET\r\n$14\r\nkey:0000000001\r\n$5\r\nvalue\r\n'.repeat(32));
  bench('parse 32 pipelined SETs', () => {
    parser.feed(pipeline);
    while (parser.next() === 'command');
    parser.release();
  });
  await run({ throw: true });
}
