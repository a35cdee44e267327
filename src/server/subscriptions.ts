/**
 * Pub/sub: who listens to which channels, patterns and shard channels, and the delivery of messages.
 *
 * A message is encoded once, whatever the number of its receivers: RESP2 and RESP3 differ in the first byte only. Each
 * receiver gets a reference to those bytes through the turn's output, so its messages stay in order with its replies.
 * Subscribing and unsubscribing cost the same however many there are.
 */
import type { PubSubService, SubscriptionKind } from '../commands/services.ts';
import type { Session } from '../commands/session.ts';
import { globMatch } from '../base/glob.ts';
import { writeInteger } from '../base/numbers.ts';
import { copyBytes } from '../base/copy.ts';
import { latin1, type Args } from '../resp/args.ts';

/** A channel or pattern somebody listens to. */
interface Topic {
  /** Its name as bytes. */
  readonly bytes: Uint8Array;
  /** In the order in which they came. */
  readonly sessions: Set<Session>;
}

const CHANNEL_MESSAGE = Buffer.from('*3\r\n$7\r\nmessage\r\n');
const PATTERN_MESSAGE = Buffer.from('*4\r\n$8\r\npmessage\r\n');
const SHARD_MESSAGE = Buffer.from('*3\r\n$8\r\nsmessage\r\n');
/** First byte of a RESP3 push. */
const PUSH = 0x3e;
const DOLLAR = 0x24;
/** What a bulk string has around its bytes, at most: `$`, a length, two line ends. */
const BULK_EXTRA_MAX = 32;

export class Subscriptions implements PubSubService {
  readonly #topics: { readonly [K in SubscriptionKind]: Map<string, Topic> } = {
    channels: new Map(),
    patterns: new Map(),
    shardChannels: new Map(),
  };

  subscribe(session: Session, kind: SubscriptionKind, name: string): void {
    const own = (session.subscriptions ??= { channels: new Set(), patterns: new Set(), shardChannels: new Set() });
    if (session.class === 'normal') session.class = 'pubsub';
    if (own[kind].has(name)) return;
    own[kind].add(name);
    const topics = this.#topics[kind];
    let topic = topics.get(name);
    if (topic === undefined) topics.set(name, (topic = { bytes: Buffer.from(name, 'latin1'), sessions: new Set() }));
    topic.sessions.add(session);
  }

  unsubscribe(session: Session, kind: SubscriptionKind, name: string): void {
    const own = session.subscriptions;
    if (own?.[kind].delete(name) !== true) return;
    this.#leave(session, kind, name);
    if (own.channels.size + own.patterns.size + own.shardChannels.size === 0) this.#listensNoMore(session);
  }

  leaveAll(session: Session): void {
    const own = session.subscriptions;
    if (own === undefined) return;
    for (const kind of ['channels', 'patterns', 'shardChannels'] as const)
      for (const name of own[kind]) this.#leave(session, kind, name);
    this.#listensNoMore(session);
  }

  publish(args: Args, shard: boolean, deliver: (session: Session, message: Uint8Array) => void): number {
    const at = args.at[1]!;
    const length = args.length[1]!;
    const topic = this.#topics[shard ? 'shardChannels' : 'channels'].get(latin1(args.bytes, at, length));
    let receivers = 0;
    if (topic !== undefined)
      receivers += deliverTo(topic, encode(shard ? SHARD_MESSAGE : CHANNEL_MESSAGE, undefined, args), deliver);
    if (shard) return receivers;
    for (const pattern of this.#topics.patterns.values()) {
      const { bytes } = pattern;
      if (!globMatch(bytes, 0, bytes.length, args.bytes, at, length, false)) continue;
      receivers += deliverTo(pattern, encode(PATTERN_MESSAGE, bytes, args), deliver);
    }
    return receivers;
  }

  names(kind: SubscriptionKind): Iterable<string> {
    return this.#topics[kind].keys();
  }

  subscribers(kind: SubscriptionKind, name: string): number {
    return this.#topics[kind].get(name)?.sessions.size ?? 0;
  }

  count(kind: SubscriptionKind): number {
    return this.#topics[kind].size;
  }

  #leave(session: Session, kind: SubscriptionKind, name: string): void {
    const topics = this.#topics[kind];
    const sessions = topics.get(name)?.sessions;
    sessions?.delete(session);
    if (sessions?.size === 0) topics.delete(name);
  }

  #listensNoMore(session: Session): void {
    session.subscriptions = undefined;
    if (session.class === 'pubsub') session.class = 'normal';
  }
}

/** Returns the number of receivers. */
function deliverTo(topic: Topic, message: Buffer, deliver: (session: Session, message: Uint8Array) => void): number {
  let pushed: Buffer | undefined;
  let receivers = 0;
  for (const session of topic.sessions) {
    // A closed client may wait for its socket's end; one that became a replica gets the stream and nothing else.
    if (session.closed || session.class !== 'pubsub') continue;
    if (session.resp === 3 && pushed === undefined) {
      pushed = Buffer.from(message);
      pushed[0] = PUSH;
    }
    deliver(session, session.resp === 3 ? pushed! : message);
    receivers++;
  }
  return receivers;
}

/** The message of a PUBLISH in RESP2: header, pattern if there is one, channel, payload. */
function encode(header: Uint8Array, pattern: Uint8Array | undefined, args: Args): Buffer {
  const { at, length } = args;
  const patternBytes = pattern === undefined ? 0 : pattern.length + BULK_EXTRA_MAX;
  const most = header.length + patternBytes + length[1]! + length[2]! + 2 * BULK_EXTRA_MAX;
  const out = Buffer.allocUnsafe(most);
  out.set(header, 0);
  let end = header.length;
  if (pattern !== undefined) end = writeBulk(out, end, pattern, 0, pattern.length);
  end = writeBulk(out, end, args.bytes, at[1]!, length[1]!);
  end = writeBulk(out, end, args.bytes, at[2]!, length[2]!);
  return out.subarray(0, end);
}

/** Returns the position behind it. */
function writeBulk(out: Buffer, start: number, bytes: Uint8Array, at: number, length: number): number {
  out[start] = DOLLAR;
  let end = writeCrlf(out, writeInteger(out, start + 1, length));
  copyBytes(out, end, bytes, at, length);
  end += length;
  return writeCrlf(out, end);
}

function writeCrlf(out: Buffer, at: number): number {
  out[at] = 13;
  out[at + 1] = 10;
  return at + 2;
}
