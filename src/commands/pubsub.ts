/**
 * SUBSCRIBE, UNSUBSCRIBE, their pattern and shard forms, PUBLISH, SPUBLISH, PUBSUB. Who listens to what is kept in
 * server/subscriptions.ts.
 *
 * Confirmations and messages are pushes: CLIENT REPLY OFF and SKIP do not silence them, so what a silenced client gets
 * is set aside in `session.messages`, for the connection to send when it drops the replies.
 */
import { subcommandSyntax } from '../base/errors.ts';
import { globMatch } from '../base/glob.ts';
import type { Call } from './call.ts';
import { helpRow } from './help.ts';
import { type CommandRow, manyKeys, oneKey } from './row.ts';
import type { SubscriptionKind } from './services.ts';
import type { Session } from './session.ts';

function subscribeTo(kind: SubscriptionKind): (call: Call) => void {
  return (call) => {
    const { session, services } = call;
    if (isLink(session)) return;
    for (let i = 1; i < call.count; i++) {
      services.pubsub.subscribe(session, kind, call.text(i));
      confirm(call, kind, call.text(i));
    }
  };
}

/** Without arguments: from everything of this kind, with one confirmation each, or a single one with null. */
function unsubscribeFrom(kind: SubscriptionKind): (call: Call) => void {
  return (call) => {
    const { session, services } = call;
    if (isLink(session)) return;
    const names: (string | undefined)[] = [];
    if (call.count > 1) for (let i = 1; i < call.count; i++) names.push(call.text(i));
    else names.push(...(session.subscriptions?.[kind] ?? []));
    if (names.length === 0) names.push(undefined);
    for (const name of names) {
      if (name !== undefined) services.pubsub.unsubscribe(session, kind, name);
      confirm(call, kind, name);
    }
  };
}

/** The output of a link between master and replica is the stream: messages have no place in it. */
function isLink(session: Session): boolean {
  return session.class === 'master' || session.class === 'replica';
}

/** Kind of confirmation (the command's name), channel, and how many the client has now: shard channels count apart. */
function confirm(call: Call, kind: SubscriptionKind, name: string | undefined): void {
  const { reply, session } = call;
  const { subscriptions } = session;
  const start = reply.at;
  reply.push(3);
  reply.bulkText(call.command.name);
  if (name === undefined) reply.null();
  else reply.bulkText(name);
  if (kind === 'shardChannels') reply.integer(subscriptions?.shardChannels.size ?? 0);
  else reply.integer((subscriptions?.channels.size ?? 0) + (subscriptions?.patterns.size ?? 0));
  setAside(call, start);
}

/** What was written since `start` is a push: keeps it from being dropped with the replies. */
function setAside(call: Call, start: number): void {
  const { reply, session } = call;
  if (session.replyMode === 'on') return;
  // A copy: `slice` of a Buffer is a view.
  session.messages.push(Uint8Array.from(reply.bytes.subarray(start, reply.at)));
  reply.at = start;
}

function publishTo(shard: boolean): (call: Call) => void {
  return (call) => {
    const receivers = call.services.pubsub.publish(call.args, shard, (session, message) => {
      if (session !== call.session) {
        session.push(message);
        return;
      }
      // The publisher listens itself: it gets the message before the reply.
      const start = call.reply.at;
      call.reply.raw(message);
      setAside(call, start);
    });
    call.reply.integer(receivers);
    // Nothing changed, but replicas have listeners too.
    call.effectOf(0, 1, 2);
    call.propagation.replicasOnly();
  };
}

function listNames(kind: SubscriptionKind): (call: Call) => void {
  return (call) => {
    const { args, reply, services } = call;
    if (call.count > 3) throw subcommandSyntax('pubsub', call.text(1));
    const mark = reply.deferred();
    let count = 0;
    for (const name of services.pubsub.names(kind)) {
      const bytes = Buffer.from(name, 'latin1');
      if (call.count === 3 && !globMatch(args.bytes, args.at[2]!, args.length[2]!, bytes, 0, bytes.length, false))
        continue;
      reply.bulkText(name);
      count++;
    }
    reply.endDeferred(mark, 'array', count);
  };
}

function countSubscribers(kind: SubscriptionKind): (call: Call) => void {
  return (call) => {
    call.reply.array((call.count - 2) * 2);
    for (let i = 2; i < call.count; i++) {
      call.echo(i);
      call.reply.integer(call.services.pubsub.subscribers(kind, call.text(i)));
    }
  };
}

function numPat(call: Call): void {
  call.reply.integer(call.services.pubsub.count('patterns'));
}

const group = { categories: [], group: 'pubsub' } as const;
const listening = ['pubsub', 'noscript', 'loading', 'stale'] as const;
const publishing = ['pubsub', 'loading', 'stale', 'fast', 'may_replicate'] as const;
const asking = ['pubsub', 'loading', 'stale'] as const;

export const pubsubCommands: readonly CommandRow[] = [
  {
    name: 'subscribe',
    arity: -2,
    flags: listening,
    ...group,
    since: '2.0.0',
    complexity: 'O(N) with N channels given',
    summary: 'Listens to channels.',
    handler: subscribeTo('channels'),
  },
  {
    name: 'unsubscribe',
    arity: -1,
    flags: listening,
    ...group,
    since: '2.0.0',
    complexity: 'O(N) with N channels',
    summary: 'Stops listening to channels, or to all of them.',
    handler: unsubscribeFrom('channels'),
  },
  {
    name: 'psubscribe',
    arity: -2,
    flags: listening,
    ...group,
    since: '2.0.0',
    complexity: 'O(N) with N patterns given',
    summary: 'Listens to all channels whose names match patterns.',
    handler: subscribeTo('patterns'),
  },
  {
    name: 'punsubscribe',
    arity: -1,
    flags: listening,
    ...group,
    since: '2.0.0',
    complexity: 'O(N) with N patterns',
    summary: 'Stops listening to patterns, or to all of them.',
    handler: unsubscribeFrom('patterns'),
  },
  {
    name: 'ssubscribe',
    arity: -2,
    flags: listening,
    ...group,
    keys: manyKeys(1, 'not_key'),
    since: '7.0.0',
    complexity: 'O(N) with N shard channels given',
    summary: 'Listens to shard channels.',
    handler: subscribeTo('shardChannels'),
  },
  {
    name: 'sunsubscribe',
    arity: -1,
    flags: listening,
    ...group,
    keys: manyKeys(1, 'not_key'),
    since: '7.0.0',
    complexity: 'O(N) with N shard channels',
    summary: 'Stops listening to shard channels, or to all of them.',
    handler: unsubscribeFrom('shardChannels'),
  },
  {
    name: 'publish',
    arity: 3,
    flags: publishing,
    ...group,
    since: '2.0.0',
    complexity: 'O(N+M) with N listeners of the channel and M patterns of all clients',
    summary: 'Sends a message to all who listen to a channel, here and on replicas.',
    handler: publishTo(false),
  },
  {
    name: 'spublish',
    arity: 3,
    flags: publishing,
    ...group,
    keys: oneKey('not_key'),
    since: '7.0.0',
    complexity: 'O(N) with N listeners of the shard channel',
    summary: 'Sends a message to all who listen to a shard channel.',
    handler: publishTo(true),
  },
  {
    name: 'pubsub',
    arity: -2,
    flags: [],
    ...group,
    since: '2.8.0',
    complexity: 'That of the subcommand',
    summary: 'Tells who listens to what.',
    subcommands: [
      {
        name: 'pubsub|channels',
        arity: -2,
        flags: asking,
        ...group,
        since: '2.8.0',
        complexity: 'O(N) with N channels that have listeners',
        summary: 'Lists the channels that have listeners, all or those matching a pattern.',
        handler: listNames('channels'),
      },
      {
        name: 'pubsub|numsub',
        arity: -2,
        flags: asking,
        ...group,
        since: '2.8.0',
        complexity: 'O(N) with N channels given',
        summary: 'Counts the listeners of channels; those of patterns are left out.',
        handler: countSubscribers('channels'),
      },
      {
        name: 'pubsub|numpat',
        arity: 2,
        flags: asking,
        ...group,
        since: '2.8.0',
        complexity: 'O(1)',
        summary: 'Counts the patterns that have listeners.',
        handler: numPat,
      },
      {
        name: 'pubsub|shardchannels',
        arity: -2,
        flags: asking,
        ...group,
        since: '7.0.0',
        complexity: 'O(N) with N shard channels that have listeners',
        summary: 'Lists the shard channels that have listeners, all or those matching a pattern.',
        handler: listNames('shardChannels'),
      },
      {
        name: 'pubsub|shardnumsub',
        arity: -2,
        flags: asking,
        ...group,
        since: '7.0.0',
        complexity: 'O(N) with N shard channels given',
        summary: 'Counts the listeners of shard channels.',
        handler: countSubscribers('shardChannels'),
      },
      helpRow('pubsub', { ...group, since: '6.2.0' }),
    ],
  },
];
