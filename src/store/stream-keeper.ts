/**
 * Who needs streams as they are: a snapshot that writes some in slices. Streams and their groups tell it before anything in them
 * changes, whichever streams it holds; what lies in others means nothing to it.
 */
import type { Address } from '../memory/arena.ts';
import type { Id } from '../memory/id-index.ts';

export interface StreamKeeper {
  /** The content or the address of this node is about to change. */
  beforeNode(root: Address, id: Id, list: Address): void;
  /** The node is about to leave its stream for good. True: the keeper frees it, once it has no need of it any more. */
  takesNode(root: Address, id: Id, list: Address): boolean;
  /** A node with this id is about to come. */
  beforeNewNode(root: Address, id: Id): void;
  /** What is known of a group, or the number of its consumers, is about to change, or it is about to leave its stream. */
  beforeGroup(group: Address): void;
  groupAdded(root: Address, group: Address): void;
  /** A pending entry with this id is about to come, change or go, also from one consumer to another. */
  beforePending(group: Address, id: Id): void;
  /** What is known of the consumer, or the number of its pending entries, is about to change. */
  beforeConsumer(group: Address, consumer: Address): void;
  /** After `beforePending` of all that the consumer has. */
  consumerGoes(group: Address, consumer: Address): void;
  consumerAdded(group: Address, consumer: Address): void;
}
