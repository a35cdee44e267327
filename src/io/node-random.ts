/**
 * Randomness of cryptographic quality from the operating system. `uint32` draws from a pool that is
 * refilled 4 KiB at a time, so that sampling commands (RANDOMKEY, SPOP) pay no system call.
 */
import { randomFillSync } from 'node:crypto';
import type { Random } from '../base/ambient.ts';

const poolWords = 1024;

export function nodeRandom(): Random {
  return new NodeRandom();
}

class NodeRandom implements Random {
  readonly #pool = new Uint32Array(poolWords);
  #next = poolWords;

  uint32(): number {
    if (this.#next === poolWords) {
      randomFillSync(this.#pool);
      this.#next = 0;
    }
    const word = this.#pool[this.#next]!;
    this.#next++;
    return word;
  }

  fill(target: Uint8Array): void {
    randomFillSync(target);
  }
}
