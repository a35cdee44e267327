/**
 * A big stream, which is written over several slices: its nodes in order (stream-nodes.ts), the counters as of the opening, then
 * its groups (open-group.ts).
 *
 * There may be many groups. When its turn has come, the stream notes what they are before it writes anything, some a step, in the order of
 * their names; one that is about to change, or to go, before that is noted then. Those that came since T are none of ours.
 *
 * `OpenStreams` is who hears of changes from all streams and hands them to the open one that is meant.
 */
import type { Address } from '../memory/arena.ts';
import { IdSets } from '../memory/id-set.ts';
import { assert } from '../base/assert.ts';
import { Span } from '../base/span.ts';
import { type Id, IdCursor } from '../memory/id-index.ts';
import type { RdbWriter } from '../rdb/write.ts';
import type { Reclaimer } from '../store/reclaim.ts';
import { Pending, type StreamGroups } from '../store/stream-groups.ts';
import type { Streams } from '../store/streams.ts';
import type { StreamKeeper } from '../store/stream-keeper.ts';
import type { StreamEncoder } from './encode-stream.ts';
import type { KeysWalk } from './keys-walk.ts';
import type { SnapshotLimits } from './limits.ts';
import { GroupFacts, OpenGroup } from './open-group.ts';
import { type Aside, Opened } from './opened.ts';
import type { Sink } from './sink.ts';
import { StreamNodes } from './stream-nodes.ts';

/** More bytes than the counters of a stream take. */
const FACTS_BYTES = 128;

export class OpenStream extends Opened {
  readonly kind = 'stream';
  readonly root: Address;
  readonly nodes: StreamNodes;
  /** Those that were noted. */
  readonly groups: GroupFacts[] = [];
  /** Not all groups of T are noted yet. */
  isNoting: boolean;
  /** Groups of T. */
  readonly #groupCount: number;
  /** Groups that came since, while it is noting. */
  readonly #added: Set<Address> = new Set();
  /** Groups up to that name were noted in their order. */
  #notedUpTo: Uint8Array | null = null;
  readonly #streamGroups: StreamGroups;
  readonly #pending: Pending = new Pending();
  readonly #span: Span = new Span();
  readonly #facts: Sink;
  readonly #limits: SnapshotLimits;
  readonly #make: (facts: GroupFacts) => OpenGroup;
  #nodesDone = false;
  #nextGroup = 0;

  constructor(
    keys: KeysWalk,
    early: Sink,
    encoder: StreamEncoder,
    root: Address,
    limits: SnapshotLimits,
    aside: Aside,
  ) {
    super(keys, early);
    this.root = root;
    this.#limits = limits;
    const sets = new IdSets();
    this.#make = (facts) => new OpenGroup(facts, encoder, aside, sets);
    this.nodes = new StreamNodes(encoder.streams.parts, root, encoder, limits, aside, sets);
    this.#facts = aside.sink(FACTS_BYTES);
    encoder.facts(root, this.#facts.writer);
    this.#streamGroups = encoder.streams.groups;
    this.#groupCount = this.#streamGroups.count(root);
    this.isNoting = this.#groupCount > 0;
  }

  /** Notes some more groups, but for those of which `isNoted` says that they are. */
  noteSome(isNoted: (group: Address) => boolean, noted: (facts: GroupFacts) => void): void {
    const groups = this.#streamGroups;
    const { stepItems } = this.#limits;
    let count = 0;
    let last: Address = 0;
    groups.groupsBehind(this.root, this.#notedUpTo, stepItems, (group) => {
      count++;
      last = group;
      if (!this.#added.has(group) && !isNoted(group)) noted(this.note(group));
    });
    if (count === stepItems) {
      const { bytes, at, length } = groups.groupName(last, this.#span);
      this.#notedUpTo = bytes.slice(at, at + length);
      return;
    }
    assert(this.groups.length === this.#groupCount, 'snapshot: groups of a stream are lost');
    this.isNoting = false;
    this.#added.clear();
  }

  /** Notes a group of T. */
  note(group: Address): GroupFacts {
    const facts = new GroupFacts(this.#streamGroups, group, this.#pending);
    this.groups.push(facts);
    return facts;
  }

  /** While it is noting: a group has come. */
  added(group: Address): void {
    this.#added.add(group);
  }

  /** While it is noting: whether a group is one of T that is still in the stream. */
  owns(group: Address): boolean {
    if (this.#added.has(group)) return false;
    const { bytes, at, length } = this.#streamGroups.groupName(group, this.#span);
    return this.#streamGroups.find(this.root, bytes, at, length) === group;
  }

  /** Does a little; true when all is written. `groupDone` is told when a group is. */
  step(main: RdbWriter, groupDone: (group: Address) => void): boolean {
    if (!this.#nodesDone) {
      if (!this.nodes.step(main)) return false;
      this.#nodesDone = true;
      this.nodes.close();
      this.#facts.move(main, FACTS_BYTES);
      return false;
    }
    const facts = this.groups[this.#nextGroup];
    if (facts === undefined) return true;
    const group = this.group(facts);
    if (group.step(this.#limits.stepItems, this.#limits.pieceBytes, main)) {
      this.#nextGroup++;
      facts.open = null;
      groupDone(group.group);
    }
    return false;
  }

  close(): void {
    this.nodes.close();
    for (const group of this.groups) group.open?.close();
  }

  /** What one of its groups is, that is not written yet. */
  group(facts: GroupFacts): OpenGroup {
    return (facts.open ??= this.#make(facts));
  }
}

/** Whether a stream has more nodes, more bytes in them, or more in its groups, than are written in one go. */
export function isBigStream(streams: Streams, root: Address, limits: SnapshotLimits): boolean {
  if (streams.nodeCount(root) > limits.bigNodes) return true;
  const { nodes, arena } = streams.parts;
  const cursor = new IdCursor();
  let bytes = 0;
  for (let more = nodes.first(streams.parts.nodesOf(root), cursor); more; more = nodes.next(cursor))
    bytes += arena.capacity(nodes.value(cursor, 0));
  if (bytes > limits.bigStringBytes) return true;
  const { groups } = streams;
  const count = groups.count(root);
  if (count > limits.bigElements) return true;
  let elements = 0;
  groups.forEachGroup(root, (group) => {
    elements += 1 + groups.pendingCount(group) + groups.consumerCount(group);
  });
  return elements > limits.bigElements;
}

export class OpenStreams implements StreamKeeper {
  readonly #main: RdbWriter;
  readonly #reclaimer: Reclaimer;
  readonly #streams: Map<Address, OpenStream> = new Map();
  /** Those that were noted and are not written. */
  readonly #groups: Map<Address, Noted> = new Map();
  /** Streams that have more groups than were noted. */
  readonly #noting: Set<OpenStream> = new Set();
  readonly #groupDone: (group: Address) => void;

  constructor(main: RdbWriter, reclaimer: Reclaimer) {
    this.#main = main;
    this.#reclaimer = reclaimer;
    this.#groupDone = (group) => {
      this.#groups.delete(group);
      reclaimer.release(group);
    };
  }

  get size(): number {
    return this.#streams.size;
  }

  open(stream: OpenStream): void {
    this.#streams.set(stream.root, stream);
    if (stream.isNoting) this.#noting.add(stream);
  }

  /** True when the stream is written, and let go of. */
  step(stream: OpenStream): boolean {
    if (stream.isNoting) {
      stream.noteSome(
        (group) => this.#groups.has(group),
        (facts) => this.#groups.set(facts.group, { stream, facts }),
      );
      if (!stream.isNoting) this.#noting.delete(stream);
      return false;
    }
    if (!stream.step(this.#main, this.#groupDone)) return false;
    stream.close();
    this.#streams.delete(stream.root);
    this.#reclaimer.release(stream.root);
    return true;
  }

  /** Whether a stream with this root, or this group, is to be written still. */
  holds(block: Address): boolean {
    return this.#streams.has(block) || this.#groups.has(block);
  }

  /** Lets go of everything. */
  close(): void {
    for (const stream of this.#streams.values()) stream.close();
    for (const group of this.#groups.keys()) this.#reclaimer.release(group);
    for (const root of this.#streams.keys()) this.#reclaimer.release(root);
    this.#streams.clear();
    this.#groups.clear();
    this.#noting.clear();
  }

  // -- what streams tell --------------------------------------------------------------------------------------------

  beforeNode(root: Address, id: Id, list: Address): void {
    this.#streams.get(root)?.nodes.beforeNode(id, list, this.#main);
  }

  takesNode(root: Address, id: Id, list: Address): boolean {
    return this.#streams.get(root)?.nodes.takesNode(id, list) === true;
  }

  beforeNewNode(root: Address, id: Id): void {
    this.#streams.get(root)?.nodes.beforeNewNode(id);
  }

  beforeGroup(group: Address): void {
    this.#noted(group);
  }

  groupAdded(root: Address, group: Address): void {
    const stream = this.#streams.get(root);
    if (stream?.isNoting === true) stream.added(group);
  }

  beforePending(group: Address, id: Id): void {
    this.#group(group)?.beforePending(id, this.#main);
  }

  beforeConsumer(group: Address, consumer: Address): void {
    this.#group(group)?.beforeConsumer(consumer);
  }

  consumerGoes(group: Address, consumer: Address): void {
    this.#group(group)?.consumerGoes(consumer);
  }

  consumerAdded(group: Address, consumer: Address): void {
    this.#group(group)?.consumerAdded(consumer);
  }

  #group(group: Address): OpenGroup | undefined {
    const known = this.#noted(group);
    return known?.stream.group(known.facts);
  }

  /** What is known of a group that is ours and not written; notes it if it is not noted yet. */
  #noted(group: Address): Noted | undefined {
    const known = this.#groups.get(group);
    if (known !== undefined || this.#noting.size === 0) return known;
    for (const stream of this.#noting) {
      if (!stream.owns(group)) continue;
      const found: Noted = { stream, facts: stream.note(group) };
      this.#groups.set(group, found);
      return found;
    }
    return undefined;
  }
}

interface Noted {
  readonly stream: OpenStream;
  readonly facts: GroupFacts;
}
