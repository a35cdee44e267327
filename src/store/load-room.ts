/**
 * Where a long value, element or node comes to lie while its bytes are still on their way. What it is decides what else is in the
 * block: a string's room is its entry, an element's what `Lists.createBig` makes, any other's its listpack.
 *
 * Rule: there is one at most; it is ours until somebody takes it.
 */
import { type Address, byteOf, segmentOf } from '../memory/arena.ts';
import { allocNode } from '../memory/stream-node.ts';
import type { Room } from '../rdb/long-string.ts';
import type { RoomFor } from '../rdb/sink.ts';
import { ENC_RAW, TYPE_STRING } from './entry.ts';
import { BIG_HEADER_BYTES } from './lists.ts';
import type { KeyAtWork } from './load-key.ts';
import type { Store } from './store.ts';

export class LoadRoom {
  /** 0: there is none. */
  address: Address = 0;
  readonly #store: Store;
  readonly #key: KeyAtWork;

  constructor(store: Store, key: KeyAtWork) {
    this.#store = store;
    this.#key = key;
  }

  /** A place for so many bytes; null for an element of a list that is not too big for a listpack. */
  make(of: RoomFor, length: number): Room | null {
    const { lists, space } = this.#store;
    const { arena } = space;
    this.free();
    if (of === 'element') {
      if (!lists.isBig(length)) return null;
      this.address = lists.createBig(length);
      return this.#at(byteOf(this.address) + BIG_HEADER_BYTES);
    }
    if (of === 'string') {
      const { bytes, length: keyLength, expireAtMs } = this.#key;
      this.address = space.blocks.build(bytes, 0, keyLength, TYPE_STRING, ENC_RAW, expireAtMs, length, length);
      return this.#at(space.entries.valueStart(this.address));
    }
    this.address = of === 'stream-node' ? allocNode(arena, length) : arena.alloc(length);
    return this.#at(byteOf(this.address));
  }

  #at(at: number): Room {
    return { bytes: this.#store.space.arena.u8[segmentOf(this.address)]!, at };
  }

  /** It is its caller's from now on; 0 if there is none. */
  take(): Address {
    const { address } = this;
    this.address = 0;
    return address;
  }

  free(): void {
    if (this.address !== 0) this.#store.space.arena.free(this.address);
    this.address = 0;
  }
}
