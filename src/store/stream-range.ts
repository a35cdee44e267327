/** A walk over the entries of a stream between two ids, in either direction. A change of the stream ends it. */
import type { Address } from '../memory/arena.ts';
import { Element } from '../memory/element.ts';
import { type Id, IdCursor } from '../memory/id-index.ts';
import { DELETED, NodeWalk } from '../memory/stream-node.ts';
import { compareIds, copyId, makeId } from './stream-id.ts';
import type { StreamParts } from './stream-parts.ts';

export class StreamRange {
  readonly walk: NodeWalk;
  readonly field: Element = new Element();
  readonly value: Element = new Element();
  /** Id of the node that holds the present entry. */
  readonly nodeId: Id = makeId();
  readonly #parts: StreamParts;
  readonly #cursor: IdCursor = new IdCursor();
  readonly #start: Id = makeId();
  readonly #end: Id = makeId();
  #reverse = false;
  #tombstones = false;
  /** There is a node to go on with. */
  #more = false;
  #inNode = false;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.walk = new NodeWalk(parts.arena);
  }

  /** Both ids are part of the range. `tombstones`: deleted entries are visited too. */
  open(root: Address, start: Id, end: Id, reverse: boolean, tombstones = false): void {
    copyId(this.#start, start);
    copyId(this.#end, end);
    this.#reverse = reverse;
    this.#tombstones = tombstones;
    this.#inNode = false;
    const { nodes } = this.#parts;
    const header = this.#parts.nodesOf(root);
    // Ids only rise: nothing is below the first node's id.
    if (nodes.atOrBefore(header, reverse ? end : start, this.#cursor)) this.#more = true;
    else this.#more = !reverse && nodes.first(header, this.#cursor);
  }

  /** Goes to the next entry; false at the end. */
  next(): boolean {
    const { walk } = this;
    const reverse = this.#reverse;
    while (this.#more) {
      if (!this.#inNode) this.#enterNode();
      while (reverse ? walk.prev() : walk.next()) {
        if ((walk.flags & DELETED) !== 0 && !this.#tombstones) continue;
        if (reverse ? compareIds(walk.id, this.#end) > 0 : compareIds(walk.id, this.#start) < 0) continue;
        if (reverse ? compareIds(walk.id, this.#start) < 0 : compareIds(walk.id, this.#end) > 0) {
          this.#more = false;
          return false;
        }
        return true;
      }
      this.#inNode = false;
      const { nodes } = this.#parts;
      this.#more = reverse ? nodes.prev(this.#cursor) : nodes.next(this.#cursor);
    }
    return false;
  }

  get id(): Id {
    return this.walk.id;
  }

  /** How many fields the present entry has. */
  get fields(): number {
    return this.walk.fields;
  }

  /** Reads the next field with its value into `field` and `value`. */
  pair(): void {
    this.walk.pair(this.field, this.value);
  }

  #enterNode(): void {
    const { nodes } = this.#parts;
    nodes.readId(this.#cursor, this.nodeId);
    this.walk.open(nodes.value(this.#cursor, 0), this.nodeId);
    if (this.#reverse) this.walk.toEnd();
    this.#inNode = true;
  }
}
