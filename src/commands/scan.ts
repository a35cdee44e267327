/**
 * What SCAN, HSCAN, SSCAN and ZSCAN share: cursor, options, matching, and the shape of the reply.
 */
import { errors } from '../base/errors.ts';
import { globMatch } from '../base/glob.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import type { Call } from './call.ts';

/** Elements that a call looks at unless COUNT says otherwise. */
const DEFAULT_COUNT = 10;
/** A call visits at most this many buckets for each element asked for, so that a sparse table does not hold it up. */
const BUCKETS_PER_ELEMENT = 10;
const STAR = 0x2a;
const MAX_CURSOR = 2n ** 64n - 1n;

/** The cursor at argument `index`. It may be any unsigned 64-bit number, also negated; tables use the lower 32 bits. */
export function scanCursor(call: Call, index: number): number {
  const text = call.text(index);
  if (!/^(?:[+-]?\d+)?$/.test(text)) throw errors.invalidCursor;
  const negative = text.startsWith('-');
  const value = BigInt(text.replace(/^[+-]/, ''));
  if (value > MAX_CURSOR) throw errors.invalidCursor;
  return Number(BigInt.asUintN(32, negative ? -value : value));
}

/** MATCH and COUNT of a scan, from argument `from` on; other words are for the command's own options. */
export class ScanOptions {
  count: number = DEFAULT_COUNT;
  readonly #call: Call;
  /** Argument that holds the pattern, -1 for none. */
  #pattern = -1;

  constructor(call: Call, from: number, other?: (index: number) => number) {
    this.#call = call;
    const { args } = call;
    for (let i = from; i < args.count;) {
      const more = i + 1 < args.count;
      const own = other === undefined ? 0 : other(i);
      if (own > 0) i += own;
      else if (more && call.is(i, 'count')) {
        this.count = call.integer(i + 1);
        if (this.count < 1) throw errors.syntax;
        i += 2;
      } else if (more && call.is(i, 'match')) {
        // A lone star matches all, the empty string included, which the matcher would refuse.
        const all = args.length[i + 1] === 1 && args.bytes[args.at[i + 1]!] === STAR;
        this.#pattern = all ? -1 : i + 1;
        i += 2;
      } else throw errors.syntax;
    }
  }

  /** Whether the pattern lets the bytes pass. */
  matches(bytes: Uint8Array, at: number, length: number): boolean {
    const index = this.#pattern;
    if (index < 0) return true;
    const { args } = this.#call;
    return globMatch(args.bytes, args.at[index]!, args.length[index]!, bytes, at, length, false);
  }

  /** Calls `step` (a cursor in, the next cursor out, counting into `seen`) until enough was seen. Returns the cursor. */
  run(cursor: number, seen: () => number, step: (cursor: number) => number): number {
    let left = this.count * BUCKETS_PER_ELEMENT;
    let next = cursor;
    do next = step(next);
    while (next !== 0 && --left > 0 && seen() < this.count);
    return next;
  }
}

/** Puts cursor and array header before the `count` elements written since `mark`. */
export function endScan(reply: ReplyWriter, mark: number, cursor: number, count: number): void {
  const text = String(cursor);
  const head = Buffer.from(`*2\r\n$${text.length}\r\n${text}\r\n*${count}\r\n`, 'latin1');
  const end = reply.at;
  reply.ensure(head.length);
  reply.bytes.copyWithin(mark + head.length, mark, end);
  reply.bytes.set(head, mark);
  reply.at = end + head.length;
}
