/**
 * Small sorted sets: one listpack of member, score, member, score..., ordered by score and then by the member's bytes. These
 * are the bytes that an RDB holds. A position here is that of a member; its score is the entry after it.
 *
 * Scores are stored as integers where they are whole and below 2^62 (-0 as 0), as Redis does, else as the shortest text that reads back as
 * the same double.
 */
import type { Address, Arena } from '../memory/arena.ts';
import { compareBytes } from '../base/copy.ts';
import { Element } from '../memory/element.ts';
import * as listpack from '../memory/listpack.ts';
import * as entry from '../memory/listpack-entry.ts';
import { parseDouble, writeInteger } from '../base/numbers.ts';
import { parseScore } from '../rdb/cursor.ts';
import { Malformed } from '../rdb/error.ts';

/** Longest shortest text of a double: "-1.7976931348623157e+308". */
const SCORE_TEXT_MAX = 32;
const WHOLE_MAX = 2 ** 62;

export class PackedZsets {
  readonly #arena: Arena;
  readonly #element: Element = new Element();
  readonly #text: Buffer = Buffer.alloc(SCORE_TEXT_MAX);

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  count(list: Address): number {
    return listpack.count(this.#arena, list) >>> 1;
  }

  /** Position of a member, or 0. */
  find(list: Address, bytes: Uint8Array, at: number, length: number): number {
    return listpack.find(this.#arena, list, listpack.first(this.#arena, list), bytes, at, length, 2);
  }

  /** Position of the member at a rank, or 0. */
  atRank(list: Address, rank: number): number {
    return rank < 0 || rank >= this.count(list) ? 0 : listpack.seek(this.#arena, list, rank * 2);
  }

  next(list: Address, position: number): number {
    return listpack.next(this.#arena, list, listpack.next(this.#arena, list, position));
  }

  prev(list: Address, position: number): number {
    const score = listpack.prev(this.#arena, list, position);
    return score === 0 ? 0 : listpack.prev(this.#arena, list, score);
  }

  member(list: Address, position: number, out: Element): void {
    listpack.read(this.#arena, list, position, out);
  }

  /** NaN if the list does not hold a number there (only possible before `isOrdered`). */
  score(list: Address, position: number): number {
    const at = listpack.next(this.#arena, list, position);
    const integer = listpack.readInteger(this.#arena, list, at);
    if (integer === integer) return integer;
    const element = this.#element;
    listpack.read(this.#arena, list, at, element);
    const value = parseDouble(element.bytes, element.at, element.length);
    return value === value ? value : foreignScore(element);
  }

  rankOf(list: Address, position: number): number {
    let rank = 0;
    for (let p = listpack.first(this.#arena, list); p !== position; p = this.next(list, p)) rank++;
    return rank;
  }

  /** Adds a member known to be absent, in its place. Returns the list's address. Without memory it changes nothing. */
  insert(list: Address, score: number, bytes: Uint8Array, at: number, length: number): Address {
    const arena = this.#arena;
    const place = this.#place(list, score, bytes, at, length);
    const text = this.#writeScore(score);
    const roomy = this.#reserve(list, bytes, at, length, text);
    const grown = listpack.insertBefore(arena, roomy, place, bytes, at, length);
    return listpack.insertAfter(arena, grown, place, this.#text, 0, text);
  }

  /** Gives the member at a position another score. The bytes are the member's. Without memory it changes nothing. */
  rescore(list: Address, position: number, score: number, bytes: Uint8Array, at: number, length: number): Address {
    // First the new pair, then the old one goes: the other way round, memory could run out between the two.
    const arena = this.#arena;
    const place = this.#place(list, score, bytes, at, length);
    const total = listpack.totalBytes(arena, list);
    const grown = this.insert(list, score, bytes, at, length);
    const moved = place <= position ? listpack.totalBytes(arena, grown) - total : 0;
    return listpack.deleteAt(arena, grown, position + moved, 2);
  }

  /** Adds a member that comes after all others. Returns the list's address. Without memory it changes nothing. */
  append(list: Address, score: number, bytes: Uint8Array, at: number, length: number): Address {
    const text = this.#writeScore(score);
    const roomy = this.#reserve(list, bytes, at, length, text);
    const grown = listpack.append(this.#arena, roomy, bytes, at, length);
    return listpack.append(this.#arena, grown, this.#text, 0, text);
  }

  /** The list with room for a member and a score: a member must not stay without one should memory end between the two. */
  #reserve(list: Address, bytes: Uint8Array, at: number, length: number, text: number): Address {
    const arena = this.#arena;
    const total = listpack.totalBytes(arena, list);
    const need = entry.encodedBytes(bytes, at, length) + entry.encodedBytes(this.#text, 0, text);
    return total + need <= arena.capacity(list) ? list : arena.resize(list, total + need, total);
  }

  remove(list: Address, position: number): Address {
    return listpack.deleteAt(this.#arena, list, position, 2);
  }

  removeRange(list: Address, rank: number, members: number): Address {
    return listpack.deleteIndex(this.#arena, list, rank * 2, members * 2);
  }

  /** Members with a score below `score`, or at most `score` when `orEqual`. */
  countBelow(list: Address, score: number, orEqual: boolean): number {
    let rank = 0;
    for (let p = listpack.first(this.#arena, list); p !== 0; p = this.next(list, p)) {
      const here = this.score(list, p);
      if (here > score || (here === score && !orEqual)) break;
      rank++;
    }
    return rank;
  }

  /** Members before these bytes, or up to and with them when `orEqual`. All scores are equal. */
  countBelowKey(list: Address, bytes: Uint8Array, at: number, length: number, orEqual: boolean): number {
    let rank = 0;
    for (let p = listpack.first(this.#arena, list); p !== 0; p = this.next(list, p)) {
      const order = this.#compare(list, p, bytes, at, length);
      if (order > 0 || (order === 0 && !orEqual)) break;
      rank++;
    }
    return rank;
  }

  /** Whether a valid listpack is a sorted set: pairs, every score a number, in strict order. A member may still come twice. */
  isOrdered(list: Address): boolean {
    const arena = this.#arena;
    if (listpack.count(arena, list) % 2 !== 0) return false;
    const member = new Element();
    let previous = 0;
    let previousScore = -Infinity;
    for (let p = listpack.first(arena, list); p !== 0; p = this.next(list, p)) {
      const score = this.score(list, p);
      if (!(score >= previousScore)) return false;
      this.member(list, p, member);
      if (score === previousScore && previous !== 0)
        if (this.#compare(list, previous, member.bytes, member.at, member.length) >= 0) return false;
      previous = p;
      previousScore = score;
    }
    return true;
  }

  /** Where a member with this score belongs: a position, or that of the end. */
  #place(list: Address, score: number, bytes: Uint8Array, at: number, length: number): number {
    for (let p = listpack.first(this.#arena, list); p !== 0; p = this.next(list, p)) {
      const here = this.score(list, p);
      if (here > score || (here === score && this.#compare(list, p, bytes, at, length) > 0)) return p;
    }
    return listpack.totalBytes(this.#arena, list) - 1;
  }

  #compare(list: Address, position: number, bytes: Uint8Array, at: number, length: number): number {
    const element = this.#element;
    listpack.read(this.#arena, list, position, element);
    return compareBytes(element.bytes, element.at, element.length, bytes, at, length);
  }

  #writeScore(score: number): number {
    if (Number.isSafeInteger(score)) return writeInteger(this.#text, 0, score);
    if (isStoredWhole(score)) return writeInteger(this.#text, 0, BigInt(score));
    const text = score === Infinity ? 'inf' : score === -Infinity ? '-inf' : String(score);
    return this.#text.write(text, 'latin1');
  }
}

/** A score that only a file can hold, such as 1e400: infinity for Redis, an error for our parser of arguments. Else NaN. */
function foreignScore(element: Element): number {
  try {
    return parseScore(element.bytes, element.at, element.length);
  } catch (error) {
    if (error instanceof Malformed) return NaN;
    throw error;
  }
}

/** Whether a listpack holds this score as an integer, which is how ZSCAN then shows it. */
export function isStoredWhole(score: number): boolean {
  return Number.isInteger(score) && Math.abs(score) <= WHOLE_MAX;
}
