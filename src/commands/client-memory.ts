/** What a client costs: `tot-mem` of CLIENT LIST, and what maxmemory-clients bounds. An estimate but for buffers and queues. */
import type { Session } from './session.ts';

/** A connection that does nothing. */
const CLIENT_BYTES = 4096;
/** A subscription, watched key or prefix, its name not counted. */
const NAME_BYTES = 64;

/** Bytes. */
export function clientMemory(session: Session): number {
  const { subscriptions, tracking, transaction, watched } = session;
  let names = watched.length + (tracking?.prefixes.size ?? 0);
  if (subscriptions !== undefined)
    names += subscriptions.channels.size + subscriptions.patterns.size + subscriptions.shardChannels.size;
  const buffers = session.queryBytes() + session.queryFreeBytes() + session.outputBytes();
  return CLIENT_BYTES + buffers + (transaction?.bytes ?? 0) + names * NAME_BYTES;
}
