/** Gathers what INFO replication and ROLE tell (status.ts) from where it lies: history, backlog, replicas and the link. */
import type { Backlog } from './backlog.ts';
import type { History } from './history.ts';
import type { Replicas } from './master/replicas.ts';
import type { ReplicationHost } from './ports.ts';
import type { MasterLink } from './replica/link.ts';
import type { ReplicationStatus, UpstreamStatus } from './status.ts';
import type { Timeline } from './timeline.ts';

export interface StatusParts {
  readonly host: ReplicationHost;
  readonly history: History;
  readonly backlog: Backlog;
  readonly replicas: Replicas;
  readonly timeline: Timeline;
  readonly failoverState: string;
  /** Null while we are a master. */
  readonly link: MasterLink | null;
  /** There is something to continue from with a partial resync. */
  readonly cached: boolean;
}

export function statusOf(parts: StatusParts): ReplicationStatus {
  const { backlog, history, replicas, timeline, failoverState } = parts;
  const { clock, settings } = parts.host;
  return {
    upstream: upstreamStatus(parts),
    replicas: [...replicas.sessions].map((session) => ({
      ip: session.ip,
      port: session.listeningPort,
      state: session.state,
      ackOffset: session.ackOffset,
      lagSeconds: session.lagSeconds(),
      lagBytes: session.state === 'online' ? Math.max(0, history.masterReplOffset - session.ackOffset) : 0,
      staleMs:
        session.state === 'online'
          ? timeline.staleMs(session.ackOffset, history.masterReplOffset, clock.monotonic())
          : 0,
      queuedBytes: session.queuedBytes,
      syncBytes: session.bulkBytesSent,
    })),
    goodReplicas: settings.minReplicasToWrite > 0 && settings.minReplicasMaxLag > 0 ? replicas.goodCount() : null,
    failoverState,
    replid: history.replid,
    replid2: history.replid2,
    masterReplOffset: history.masterReplOffset,
    secondReplidOffset: history.secondReplidOffset,
    backlogActive: backlog.active,
    backlogSize: backlog.wantedBytes,
    backlogStart: backlog.start,
    backlogLength: backlog.length,
  };
}

function upstreamStatus({ host, history, link, cached }: StatusParts): UpstreamStatus | null {
  if (link === null) return null;
  const { clock, settings } = host;
  const now = clock.monotonic();
  // Without a master and without hope to continue Redis shows offset 1.
  const known = link.tag === 'connected' || cached;
  const offset = known ? history.masterReplOffset : 1;
  return {
    host: link.host,
    port: link.port,
    link: link.tag,
    attempts: link.attempts,
    failures: link.failures,
    retryInMs: link.retryInMs,
    lastIoSeconds: Math.floor((now - link.lastIoMs) / 1000),
    readOffset: offset + link.unappliedBytes,
    offset,
    progress: link.progress,
    downSeconds: link.downSinceMs < 0 ? -1 : Math.floor((now - link.downSinceMs) / 1000),
    priority: settings.replicaPriority,
    readOnly: settings.replicaReadOnly,
    announced: settings.replicaAnnounced,
  };
}
