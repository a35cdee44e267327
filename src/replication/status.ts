/**
 * What INFO replication and ROLE show, as data: names and order are those of Redis 7. Pure; the composition fills in the state.
 */
import type { ReplicaState } from './master/replica-session.ts';
import type { LinkTag } from './replica/link-state.ts';

export interface ReplicationStatus {
  /** Null while we are a master. */
  readonly upstream: UpstreamStatus | null;
  readonly replicas: readonly ReplicaStatus[];
  /** Null unless both min-replicas settings are on. */
  readonly goodReplicas: number | null;
  readonly failoverState: string;
  readonly replid: string;
  readonly replid2: string;
  readonly masterReplOffset: number;
  readonly secondReplidOffset: number;
  readonly backlogActive: boolean;
  readonly backlogSize: number;
  readonly backlogStart: number;
  readonly backlogLength: number;
}

export interface UpstreamStatus {
  readonly host: string;
  readonly port: number;
  readonly link: LinkTag;
  /** Of the link to this master: ever made, and failed since it was last up for some time. */
  readonly attempts: number;
  readonly failures: number;
  /** Until the next attempt; -1 when none is waited for. */
  readonly retryInMs: number;
  readonly lastIoSeconds: number;
  readonly readOffset: number;
  readonly offset: number;
  readonly progress: { readonly total: number; readonly read: number } | null;
  /** -1 when it was never up. */
  readonly downSeconds: number;
  readonly priority: number;
  readonly readOnly: boolean;
  readonly announced: boolean;
}

export interface ReplicaStatus {
  readonly ip: string;
  readonly port: number;
  readonly state: ReplicaState;
  readonly ackOffset: number;
  readonly lagSeconds: number;
  /** Written and not acknowledged: how much, and since when. 0 unless it is online. */
  readonly lagBytes: number;
  readonly staleMs: number;
  /** Stream bytes that wait for it here. */
  readonly queuedBytes: number;
  /** Snapshot bytes that it was sent. */
  readonly syncBytes: number;
}

export type InfoRow = readonly [name: string, value: string | number];

export function infoRows(status: ReplicationStatus): InfoRow[] {
  const { upstream } = status;
  const rows: InfoRow[] = [['role', upstream === null ? 'master' : 'slave']];
  if (upstream !== null) rows.push(...upstreamRows(upstream));
  rows.push(['connected_slaves', status.replicas.length]);
  if (status.goodReplicas !== null) rows.push(['min_slaves_good_slaves', status.goodReplicas]);
  let index = 0;
  for (const replica of status.replicas) rows.push([`slave${index++}`, replicaRow(replica)]);
  rows.push(
    ['master_failover_state', status.failoverState],
    ['master_replid', status.replid],
    ['master_replid2', status.replid2],
    ['master_repl_offset', status.masterReplOffset],
    ['second_repl_offset', status.secondReplidOffset],
    ['repl_backlog_active', status.backlogActive ? 1 : 0],
    ['repl_backlog_size', status.backlogSize],
    ['repl_backlog_first_byte_offset', status.backlogStart],
    ['repl_backlog_histlen', status.backlogLength],
  );
  return [...rows, ...ownRows(status)];
}

/** What Redis does not show. */
function ownRows({ upstream, replicas }: ReplicationStatus): InfoRow[] {
  const rows: InfoRow[] = [
    ['replica_clients_waiting_psync', replicas.filter(({ state }) => state === 'wait-bgsave-start').length],
  ];
  if (upstream !== null) {
    rows.push(
      ['headwater_master_link_attempts', upstream.attempts],
      ['headwater_master_link_failures', upstream.failures],
      ['headwater_master_link_retry_in_ms', upstream.retryInMs],
    );
  }
  for (const [index, replica] of replicas.entries()) {
    const { lagBytes, staleMs, queuedBytes, syncBytes } = replica;
    rows.push([
      `headwater_slave${index}`,
      `lag_bytes=${lagBytes},stale_ms=${staleMs},queued_bytes=${queuedBytes},sync_bytes=${syncBytes}`,
    ]);
  }
  return rows;
}

function upstreamRows(upstream: UpstreamStatus): InfoRow[] {
  const up = upstream.link === 'connected';
  const { progress } = upstream;
  const rows: InfoRow[] = [
    ['master_host', upstream.host],
    ['master_port', upstream.port],
    ['master_link_status', up ? 'up' : 'down'],
    ['master_last_io_seconds_ago', up ? upstream.lastIoSeconds : -1],
    ['master_sync_in_progress', progress === null ? 0 : 1],
    ['slave_read_repl_offset', upstream.readOffset],
    ['slave_repl_offset', upstream.offset],
  ];
  if (progress !== null) {
    const { total, read } = progress;
    rows.push(
      ['master_sync_total_bytes', total],
      ['master_sync_read_bytes', read],
      ['master_sync_left_bytes', total - read],
      ['master_sync_perc', total > 0 ? ((read / total) * 100).toFixed(2) : '0.00'],
      ['master_sync_last_io_seconds_ago', upstream.lastIoSeconds],
    );
  }
  if (!up) rows.push(['master_link_down_since_seconds', upstream.downSeconds]);
  rows.push(
    ['slave_priority', upstream.priority],
    ['slave_read_only', upstream.readOnly ? 1 : 0],
    ['replica_announced', upstream.announced ? 1 : 0],
  );
  return rows;
}

/** Redis's names of the states. */
export const replicaStates: { readonly [S in ReplicaState]: string } = {
  handshake: 'handshake',
  'wait-bgsave-start': 'wait_bgsave',
  'wait-bgsave-end': 'wait_bgsave',
  'send-bulk': 'send_bulk',
  online: 'online',
  closed: 'closed',
};

function replicaRow(replica: ReplicaStatus): string {
  const state = replicaStates[replica.state];
  const lag = replica.state === 'online' ? replica.lagSeconds : 0;
  return `ip=${replica.ip},port=${replica.port},state=${state},offset=${replica.ackOffset},lag=${lag}`;
}

/** ROLE's reply; the row turns it into RESP. */
export type RoleReply =
  | {
      readonly role: 'master';
      readonly offset: number;
      /** Online ones only. Redis sends port and offset as strings. */
      readonly replicas: readonly { readonly ip: string; readonly port: number; readonly offset: number }[];
    }
  | {
      readonly role: 'slave';
      readonly host: string;
      readonly port: number;
      readonly state: 'connect' | 'connecting' | 'handshake' | 'sync' | 'connected';
      /** -1 while the link is not up. */
      readonly offset: number;
    };

const roleStates: { readonly [T in LinkTag]: 'connect' | 'connecting' | 'handshake' | 'sync' | 'connected' } = {
  waiting: 'connect',
  connecting: 'connecting',
  handshake: 'handshake',
  transfer: 'sync',
  loading: 'sync',
  connected: 'connected',
  stopped: 'connect',
};

export function roleReply(status: ReplicationStatus): RoleReply {
  const { upstream } = status;
  if (upstream === null) {
    const online = status.replicas.filter((replica) => replica.state === 'online');
    return {
      role: 'master',
      offset: status.masterReplOffset,
      replicas: online.map(({ ip, port, ackOffset }) => ({ ip, port, offset: ackOffset })),
    };
  }
  return {
    role: 'slave',
    host: upstream.host,
    port: upstream.port,
    state: roleStates[upstream.link],
    offset: upstream.link === 'connected' ? upstream.offset : -1,
  };
}
