/**
 * The check of a stream's node as it arrives in a file: a listpack with the structure that memory/stream-node.ts describes,
 * whose live entries have ascending ids. What passed may be kept as it is.
 */
import type { PieceMeter, Pieces } from '../base/pieces.ts';
import { Malformed } from './error.ts';
import { ListpackCursor } from './listpack.ts';

/** Four words, most significant first. */
export type Id = Uint32Array;

const WIDE_LEAD = 0xf4;
const FLAG_DELETED = 1;
const FLAG_SAME_FIELDS = 2;
const FLAGS_MAX = 3;
/** Of an entry, besides fields and values. */
const FIXED_ELEMENTS = 4;

export class StreamNodeChecker extends ListpackCursor {
  /** Id of the last live entry so far, over all nodes of a stream. */
  readonly last: Id = new Uint32Array(4);
  #any = false;
  readonly #id: Id = new Uint32Array(4);
  /** Elements looked at. */
  readonly #pace: PieceMeter;

  constructor(pace: PieceMeter) {
    super();
    this.#pace = pace;
  }

  /** A new stream begins. */
  restart(): void {
    this.#any = false;
    this.last.fill(0);
  }

  /** Checks a node, in pieces. Throws Malformed; returns the number of live entries. `master`: the id that the entries' ids are relative to. */
  *check(bytes: Uint8Array, at: number, length: number, master: Id): Pieces<number> {
    this.open(bytes, at, length);
    const live = this.#count('number of entries');
    const deleted = this.#count('number of deleted entries');
    const masterFields = this.#count('number of fields');
    for (let i = masterFields; i > 0; i--) {
      this.#skip();
      if (this.#pace.spend(1)) yield;
    }
    if (this.#count('end of the fields') !== 0) throw new Malformed('stream node has no end of its fields');
    let foundLive = 0;
    let foundDeleted = 0;
    for (;;) {
      const start = this.nextAt;
      if (!this.next()) break;
      if (!this.isInteger || bytes[start]! > FLAGS_MAX) throw new Malformed('stream entry has unknown flags');
      const flags = this.integer;
      this.#addDifference(master, 0);
      this.#addDifference(master, 2);
      const same = (flags & FLAG_SAME_FIELDS) !== 0;
      const fields = same ? masterFields : this.#count('number of fields');
      for (let i = same ? fields : fields * 2; i > 0; i--) {
        this.#skip();
        if (this.#pace.spend(1)) yield;
      }
      const elements = same ? fields + 3 : fields * 2 + 4;
      if (this.#count('number of elements') !== elements)
        throw new Malformed('stream entry has a wrong number of elements');
      if (this.#pace.spend(FIXED_ELEMENTS)) yield;
      if ((flags & FLAG_DELETED) !== 0) {
        foundDeleted++;
        continue;
      }
      foundLive++;
      this.#checkOrder();
    }
    if (foundLive !== live || foundDeleted !== deleted) throw new Malformed('stream node counts its entries wrongly');
    return live;
  }

  #checkOrder(): void {
    const { last } = this;
    const id = this.#id;
    if (this.#any && compare(id, last) <= 0) throw new Malformed('stream entries are not in the order of their ids');
    this.#any = true;
    last.set(id);
  }

  /** The next element: a small integer that is not negative. */
  #count(what: string): number {
    const wide = this.source[this.nextAt] === WIDE_LEAD;
    if (!this.next()) throw new Malformed(`stream node ends before the ${what}`);
    if (!this.isInteger || wide || this.integer < 0) throw new Malformed(`stream node has a bad ${what}`);
    return this.integer;
  }

  #skip(): void {
    if (!this.next()) throw new Malformed('stream node ends within an entry');
  }

  /** One half of an entry's id. */
  #addDifference(master: Id, half: 0 | 2): void {
    this.#skip();
    if (!this.isInteger) throw new Malformed('stream entry has an id that is not a number');
    const { wide } = this;
    const low = wide === undefined ? this.integer >>> 0 : Number(wide & 0xffffffffn);
    const high = wide === undefined ? Math.floor(this.integer / 0x1_0000_0000) : Number(wide >> 32n);
    const sum = master[half + 1]! + low;
    this.#id[half + 1] = sum;
    this.#id[half] = master[half]! + high + (sum > 0xffffffff ? 1 : 0);
  }
}

/** Order of two ids. */
export function compare(a: Id, b: Id): number {
  for (let i = 0; i < 4; i++) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1;
  return 0;
}
