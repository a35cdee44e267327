/**
 * Keyspace notifications: what happened to a key, as messages of pub/sub.
 *
 *   __keyspace@<db>__:<key>     payload: the event
 *   __keyevent@<db>__:<event>   payload: the key
 */
import { keyspaceEvents } from '../base/settings.ts';
import { NOTHING } from '../base/nothing.ts';
import type { PubSubService } from '../commands/services.ts';
import type { Session } from '../commands/session.ts';
import { Args } from '../resp/args.ts';

/** Publishes one event to the channels that `classes` asks for. */
export function publishKeyspaceEvent(
  pubsub: PubSubService,
  classes: number,
  event: string,
  database: number,
  key: Uint8Array,
  deliver: (session: Session, message: Uint8Array) => void,
): void {
  const name = Buffer.from(event, 'latin1');
  if ((classes & keyspaceEvents.keyspace) !== 0) {
    const channel = Buffer.concat([Buffer.from(`__keyspace@${database}__:`), key]);
    pubsub.publish(new Args().assign([NOTHING, channel, name]), false, deliver);
  }
  if ((classes & keyspaceEvents.keyevent) !== 0) {
    const channel = Buffer.from(`__keyevent@${database}__:${event}`, 'latin1');
    pubsub.publish(new Args().assign([NOTHING, channel, key]), false, deliver);
  }
}
