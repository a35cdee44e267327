/**
 * The loader's part for lists: nodes are adopted as the file has them, elements appended; a list that turned out small
 * enough becomes a single listpack at its end.
 */
import type { Address } from '../memory/arena.ts';
import * as listpack from '../memory/listpack.ts';
import * as node from '../memory/quicklist-node.ts';
import type { Database } from './database.ts';
import { ENC_LISTPACK, ENC_QUICKLIST, TYPE_LIST } from './entry.ts';
import type { Keyspace } from './keyspace.ts';

export class ListLoader {
  readonly #space: Keyspace;
  #entry: Address = 0;
  #list: Address = 0;

  constructor(space: Keyspace) {
    this.#space = space;
  }

  /** Adds the key, absent so far, with an empty list. Returns the entry. */
  start(db: Database, key: Uint8Array, keyLength: number): Address {
    const list = this.#space.lists.create();
    this.#entry = db.add(key, 0, keyLength, TYPE_LIST, ENC_QUICKLIST, list);
    this.#list = list;
    return this.#entry;
  }

  /** A listpack that becomes a node as it is. */
  node(bytes: Uint8Array, at: number, length: number): void {
    const { arena, lists } = this.#space;
    const copy = listpack.fromBytes(arena, bytes, at, length);
    try {
      lists.adoptListpack(this.#list, copy);
    } catch (error) {
      arena.free(copy);
      throw error;
    }
  }

  element(bytes: Uint8Array, at: number, length: number): void {
    this.#space.lists.pushTail(this.#list, bytes, at, length);
  }

  /** The value is complete: nothing if it was no list. */
  finish(): void {
    if (this.#entry === 0) return;
    const { arena, entries, settings } = this.#space;
    const only = node.headNode(arena, this.#list);
    if (node.nextNode(arena, only) === 0 && !node.isPlain(arena, only)) {
      const list = node.nodeData(arena, only);
      if (
        fitsOneListpack(settings.listMaxListpackSize, listpack.totalBytes(arena, list), node.nodeCount(arena, only))
      ) {
        entries.setRef(this.#entry, list);
        entries.setEncoding(this.#entry, ENC_LISTPACK);
        arena.free(only);
        arena.free(this.#list);
      }
    }
    this.#entry = 0;
  }
}

/** Whether a listpack is within list-max-listpack-size: 4 to 64 KiB for -1 to -5, else a number of elements. */
function fitsOneListpack(limit: number, bytes: number, elements: number): boolean {
  if (limit < 0) return bytes <= 2048 << Math.min(-limit, 5);
  return elements <= Math.max(limit, 1) && bytes <= COUNTED_MAX_BYTES;
}

/** Where the limit counts elements, a listpack is not larger than this. */
const COUNTED_MAX_BYTES = 8192;
