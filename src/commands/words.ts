/**
 * Byte strings collected one after the other in one buffer: what a command must keep while the store may change. What grows
 * beyond LARGEST_BYTES ends the command with an error.
 */
import { replyError, type ReplyError } from '../base/errors.ts';
import type { Span } from '../base/span.ts';
import { compareBytes, copyBytes } from '../base/copy.ts';
import { NOTHING } from '../base/nothing.ts';

/** Little comes out of Node's pool of buffers, which costs nothing to speak of. */
const INITIAL_BYTES = 512;
/** As much as a reply may hold. */
const LARGEST_BYTES = 2 ** 31;

const tooLarge: ReplyError = replyError('ERR the result is larger than 2 GB');

export class Words {
  #bytes: Uint8Array = NOTHING;
  #end = 0;
  readonly #at: number[] = [];
  readonly #length: number[] = [];

  get count(): number {
    return this.#at.length;
  }

  add(bytes: Uint8Array, at: number, length: number): void {
    if (this.#end + length > this.#bytes.length) {
      const needed = this.#end + length;
      if (needed > LARGEST_BYTES) throw tooLarge;
      const grown = Buffer.allocUnsafe(
        Math.max(Math.min(this.#bytes.length * 2, LARGEST_BYTES), needed, INITIAL_BYTES),
      );
      grown.set(this.#bytes.subarray(0, this.#end));
      this.#bytes = grown;
    }
    copyBytes(this.#bytes, this.#end, bytes, at, length);
    this.#at.push(this.#end);
    this.#length.push(length);
    this.#end += length;
  }

  span(index: number, out: Span): void {
    out.bytes = this.#bytes;
    out.at = this.#at[index]!;
    out.length = this.#length[index]!;
  }

  /** Byte order; a prefix comes first. */
  compare(a: number, b: number): number {
    const bytes = this.#bytes;
    return compareBytes(bytes, this.#at[a]!, this.#length[a]!, bytes, this.#at[b]!, this.#length[b]!);
  }

  /** The same words, each ending before its first zero byte: C strings. */
  upToZero(): Words {
    const cut = new Words();
    cut.#bytes = this.#bytes;
    for (let i = 0; i < this.count; i++) {
      const at = this.#at[i]!;
      const length = this.#length[i]!;
      const zero = this.#bytes.subarray(at, at + length).indexOf(0);
      cut.#at.push(at);
      cut.#length.push(zero < 0 ? length : zero);
    }
    return cut;
  }
}
