/**
 * A set of ids in an arena of its own, which nobody counts as data: grows without ever moving what is there, and goes as a whole
 * when its owner drops it.
 */
import { Arena } from './arena.ts';
import { type Id, IdCursor, IdIndex } from './id-index.ts';

/** Makes sets that share an arena. */
export class IdSets {
  #index: IdIndex | undefined;

  create(): IdSet {
    this.#index ??= new IdIndex(new Arena(), 0);
    return new IdSet(this.#index);
  }
}

export class IdSet {
  readonly #index: IdIndex;
  readonly #header: number;
  readonly #cursor: IdCursor = new IdCursor();

  constructor(index: IdIndex) {
    this.#index = index;
    this.#header = index.arena.alloc(HEADER_BYTES);
    index.init(this.#header);
  }

  /** False if it is there already. */
  add(id: Id): boolean {
    return this.#index.insert(this.#header, id, this.#cursor);
  }

  /** What it takes, about. */
  get bytes(): number {
    return this.#index.count(this.#header) * ID_BYTES;
  }

  has(id: Id): boolean {
    return this.#index.find(this.#header, id, this.#cursor);
  }
}

/** An id in a leaf, with its share of what is empty. */
export const ID_BYTES = 24;
const HEADER_BYTES = 16;
