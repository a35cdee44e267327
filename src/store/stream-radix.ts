/**
 * How many nodes a compressed radix tree over 16-byte keys has, which XINFO STREAM tells: Redis keeps a stream's nodes in such a
 * tree. Keys are added in ascending order; the tree itself is never built.
 *
 *   a key            one node, its leaf
 *   a fork           one node, where keys part at a byte
 *   a run of bytes   one node, between two of those (or from the root), if it is not empty
 */
import type { Id } from '../memory/id-index.ts';

const KEY_BYTES = 16;

export class RadixShape {
  #keys = 0;
  #forks = 0;
  #runs = 0;
  readonly #last: Uint8Array = new Uint8Array(KEY_BYTES);
  readonly #key: Uint8Array = new Uint8Array(KEY_BYTES);
  /** Depths of the forks above the last key, ascending. */
  readonly #open: number[] = [];

  add(id: Id): void {
    const key = this.#key;
    for (let i = 0; i < 4; i++) {
      key[i * 4] = id[i]! >>> 24;
      key[i * 4 + 1] = id[i]! >>> 16;
      key[i * 4 + 2] = id[i]! >>> 8;
      key[i * 4 + 3] = id[i]!;
    }
    if (this.#keys > 0) this.#part();
    this.#last.set(key);
    this.#keys++;
  }

  nodes(): number {
    if (this.#keys === 0) return 1;
    // The runs above the last key are still open.
    const open = [-1, ...this.#open, KEY_BYTES];
    let runs = this.#runs;
    for (let i = 1; i < open.length; i++) if (open[i]! - open[i - 1]! > 1) runs++;
    return this.#keys + this.#forks + runs;
  }

  /** The new key parts from the last one: what lies below that place is complete. */
  #part(): void {
    let depth = 0;
    while (this.#key[depth] === this.#last[depth]) depth++;
    const open = this.#open;
    let below = KEY_BYTES;
    while (open.length > 0 && open.at(-1)! > depth) {
      const fork = open.pop()!;
      if (below - fork > 1) this.#runs++;
      below = fork;
    }
    if (below - depth > 1) this.#runs++;
    if (open.at(-1) === depth) return;
    open.push(depth);
    this.#forks++;
  }
}
