/**
 * Writes elements of a listpack as bulk strings: the loop under LRANGE. Short strings, the commonest element by far, go from
 * the listpack to the reply in one step; everything else takes the ordinary way.
 */
import { type Address, type Arena, byteOf, segmentOf } from '../memory/arena.ts';
import type { Element } from '../memory/element.ts';
import * as listpack from '../memory/listpack.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';

/** Lead bytes of strings shorter than 64 bytes: this, plus the length. */
const SHORT_STRING = 0x80;
const SHORT_STRING_END = 0xc0;
const END = 0xff;
/** "$", two digits, and two line ends. */
const BULK_OVERHEAD = 7;

/** Writes up to `limit` elements from `position` on, towards the end of the list. Returns how many. `element` is scratch. */
export function writePacked(
  arena: Arena,
  list: Address,
  position: number,
  limit: number,
  element: Element,
  reply: ReplyWriter,
): number {
  const source = arena.u8[segmentOf(list)]!;
  const base = byteOf(list);
  let p = base + position;
  let target = reply.bytes;
  let to = reply.at;
  let left = limit;
  while (left > 0) {
    const lead = source[p]!;
    if (lead >= SHORT_STRING && lead < SHORT_STRING_END) {
      const length = lead - SHORT_STRING;
      if (to + length + BULK_OVERHEAD > target.length) {
        reply.at = to;
        reply.ensure(length + BULK_OVERHEAD);
        target = reply.bytes;
      }
      target[to++] = 0x24;
      if (length >= 10) target[to++] = 0x30 + ((length * 205) >>> 11);
      target[to++] = 0x30 + (length % 10);
      target[to] = 0x0d;
      target[to + 1] = 0x0a;
      to += 2;
      p++;
      for (const end = p + length; p < end; p++) target[to++] = source[p]!;
      target[to] = 0x0d;
      target[to + 1] = 0x0a;
      to += 2;
      p++; // the backlen
    } else if (lead === END) break;
    else {
      listpack.read(arena, list, p - base, element);
      reply.at = to;
      reply.bulk(element.bytes, element.at, element.length);
      target = reply.bytes;
      to = reply.at;
      const next = listpack.next(arena, list, p - base);
      if (next === 0) {
        left--;
        break;
      }
      p = base + next;
    }
    left--;
  }
  reply.at = to;
  return limit - left;
}
