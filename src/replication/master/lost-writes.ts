/**
 * What a demotion costs. A master that becomes the replica of a former replica, and has to take all its data, discards the
 * writes that the other never had. They are still in the backlog then: this finds and counts them.
 *
 *   backlog  [ ......... acknowledged by the new master | lost ......... masterReplOffset ]
 */
import { RequestParser } from '../../resp/request-parser.ts';
import type { Backlog } from '../backlog.ts';

/** Bytes looked through to count commands; the rest is told as bytes only. */
const MAX_COUNTED_BYTES: number = 64 * 1024 * 1024;

export interface LostWrites {
  /** First and last offset. */
  readonly from: number;
  readonly to: number;
  /** Commands that change data; a lower bound if there is more than can be looked through. */
  readonly commands: number;
  /** Part of them is no longer in the backlog: `from` is the oldest that is. */
  readonly incomplete: boolean;
  /** The bytes, as RESP requests. Views into the backlog: valid until the stream goes on, or loses a reader. */
  readonly pieces: readonly Uint8Array[];
}

/** `acknowledged`: the newest offset that the new master is known to have; null when nothing is known. */
export function lostWrites(backlog: Backlog, acknowledged: number | null, end: number): LostWrites | null {
  if (!backlog.active || backlog.length === 0) return null;
  const wanted = acknowledged === null ? backlog.start : acknowledged + 1;
  const from = Math.max(wanted, backlog.start);
  if (from > end) return null;
  const pieces: Uint8Array[] = [];
  const cursor = backlog.cursorAt(from);
  for (;;) {
    const piece = cursor.peek();
    if (piece.length === 0) break;
    pieces.push(piece);
    cursor.advance(piece.length);
  }
  cursor.release(true);
  const commands = countWrites(pieces);
  if (commands === 0) return null;
  return { from, to: end, commands, incomplete: wanted < backlog.start, pieces };
}

/** What the stream says beside changes of data. */
const notWrites: ReadonlySet<string> = new Set(['ping', 'select', 'replconf', 'multi', 'exec']);

function countWrites(pieces: readonly Uint8Array[]): number {
  const parser = new RequestParser({ protoMaxBulkLen: Number.MAX_SAFE_INTEGER });
  parser.trusted = true;
  let commands = 0;
  let looked = 0;
  for (const piece of pieces) {
    if (looked >= MAX_COUNTED_BYTES) break;
    looked += piece.length;
    parser.feed(piece);
    while (parser.next() === 'command') {
      if (parser.args.count > 0 && !notWrites.has(parser.args.text(0).toLowerCase())) commands++;
    }
    parser.release();
  }
  return commands;
}
