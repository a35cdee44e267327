/** INFO stats, commandstats, errorstats, latencystats. */
import type { Server } from '../server/server.ts';
import type { InfoRow } from './section.ts';

export function statsRows(server: Server): readonly InfoRow[] {
  const { acl, clients, executor, statistics, replication, store } = server;
  const { stats } = store.space;
  const { counters } = replication;
  const traffic = clients.traffic();
  const exceeded = server.eviction.exceeded();
  const { turns } = statistics;
  let commandMicros = 0;
  for (const { micros } of server.commands.all()) commandMicros += micros;
  let errorReplies = 0;
  for (const count of executor.errorCounts.values()) errorReplies += count;
  const kbps = (bytesPerSecond: number): string => (bytesPerSecond / 1024).toFixed(2);
  return [
    ['total_connections_received', clients.totalConnections],
    ['total_commands_processed', executor.processed],
    ['instantaneous_ops_per_sec', Math.round(statistics.commands.perSecond)],
    ['total_net_input_bytes', traffic.input],
    ['total_net_output_bytes', traffic.output],
    ['total_net_repl_input_bytes', replication.receivedBytes],
    ['total_net_repl_output_bytes', replication.replicas.sentBytes],
    ['instantaneous_input_kbps', kbps(statistics.input.perSecond)],
    ['instantaneous_output_kbps', kbps(statistics.output.perSecond)],
    ['instantaneous_input_repl_kbps', kbps(statistics.replicationInput.perSecond)],
    ['instantaneous_output_repl_kbps', kbps(statistics.replicationOutput.perSecond)],
    ['rejected_connections', clients.rejectedConnections],
    ['sync_full', counters.syncFull],
    ['sync_partial_ok', counters.syncPartialOk],
    ['sync_partial_err', counters.syncPartialErr],
    ['expired_keys', stats.expiredKeys],
    // Expired keys are found by their time, not by sampling: none is left behind.
    ['expired_stale_perc', '0.00'],
    ['expired_time_cap_reached_count', 0],
    ['expire_cycle_cpu_milliseconds', Math.floor(statistics.expireMicros / 1000)],
    ['evicted_keys', stats.evictedKeys],
    ['evicted_clients', clients.eviction.evicted],
    ['total_eviction_exceeded_time', exceeded.total],
    ['current_eviction_exceeded_time', exceeded.current],
    ['keyspace_hits', stats.hits],
    ['keyspace_misses', stats.misses],
    ['pubsub_channels', server.pubsub.count('channels')],
    ['pubsub_patterns', server.pubsub.count('patterns')],
    ['pubsubshard_channels', server.pubsub.count('shardChannels')],
    ['latest_fork_usec', 0],
    ['total_forks', server.snapshots.begun],
    ['migrate_cached_sockets', 0],
    ['slave_expires_tracked_keys', store.space.localExpiries.size],
    ['active_defrag_hits', 0],
    ['active_defrag_misses', 0],
    ['active_defrag_key_hits', 0],
    ['active_defrag_key_misses', 0],
    ['total_active_defrag_time', 0],
    ['current_active_defrag_time', 0],
    ['tracking_total_keys', server.tracking.keys],
    ['tracking_total_items', server.tracking.items],
    ['tracking_total_prefixes', server.tracking.prefixes],
    ['unexpected_error_replies', server.masterStream.failures],
    ['total_error_replies', errorReplies],
    ['dump_payload_sanitizations', 0],
    ['total_reads_processed', traffic.reads],
    ['total_writes_processed', traffic.writes],
    ['io_threaded_reads_processed', 0],
    ['io_threaded_writes_processed', 0],
    ['client_query_buffer_limit_disconnections', clients.queryBufferDisconnections],
    [
      'client_output_buffer_limit_disconnections',
      clients.outputBufferDisconnections + replication.replicas.limitDisconnections,
    ],
    ['reply_buffer_shrinks', 0],
    ['reply_buffer_expands', 0],
    ['acl_access_denied_auth', acl.log.denied.auth],
    ['acl_access_denied_cmd', acl.log.denied.command],
    ['acl_access_denied_key', acl.log.denied.key],
    ['acl_access_denied_channel', acl.log.denied.channel],
    ['eventloop_cycles', turns.turns],
    ['eventloop_duration_sum', Math.round(turns.micros)],
    ['eventloop_duration_cmd_sum', Math.round(commandMicros)],
    ['instantaneous_eventloop_cycles_per_sec', Math.round(turns.turnRate.perSecond)],
    ['instantaneous_eventloop_duration_usec', Math.round(turns.recentMicros)],
    // Redis 7.4's, where it follows expired_keys.
    ['expired_subkeys', stats.expiredFields],
    ['headwater_refused_full_syncs', replication.refusedSyncs],
    ['headwater_writes_held', replication.replicas.pacing.holding ? 1 : 0],
    ['headwater_writes_held_ms', Math.round(replication.replicas.pacing.heldMs)],
    ['headwater_last_full_sync_reason', counters.lastFullReason ?? 'none'],
    ['headwater_last_partial_refusal', counters.lastPartialRefusal ?? 'none'],
  ];
}

/** INFO debug: shown only to those who ask for it by name. */
export function debugRows({ statistics }: Server): readonly InfoRow[] {
  const { turns } = statistics;
  return [
    ['eventloop_duration_aof_sum', 0],
    ['eventloop_duration_cron_sum', Math.round(turns.cronMicros)],
    ['eventloop_duration_max', Math.round(turns.longestMicros)],
    ['eventloop_cmd_per_cycle_max', turns.mostCommands],
  ];
}

/** Calls are exact; times are measured on a sample of the calls and scaled up. */
export function commandStatsRows(server: Server): readonly InfoRow[] {
  const rows: InfoRow[] = [];
  for (const { name, calls, micros, rejected, failed } of server.commands.all()) {
    if (calls === 0 && rejected === 0 && failed === 0) continue;
    const each = calls === 0 ? 0 : micros / calls;
    rows.push([
      `cmdstat_${name}`,
      `calls=${calls},usec=${Math.round(micros)},usec_per_call=${each.toFixed(2)},rejected_calls=${rejected},failed_calls=${failed}`,
    ]);
  }
  return rows;
}

export function errorStatsRows(server: Server): readonly InfoRow[] {
  return [...server.executor.errorCounts].map(([code, count]) => [`errorstat_${code}`, `count=${count}`]);
}

export function latencyStatsRows(server: Server): readonly InfoRow[] {
  const { latencyTracking, latencyTrackingInfoPercentiles } = server.settings;
  if (!latencyTracking) return [];
  const rows: InfoRow[] = [];
  for (const { name, latency } of server.commands.all()) {
    if (latency.count === 0) continue;
    const values = latencyTrackingInfoPercentiles.map((p) => `p${p}=${latency.percentile(p).toFixed(3)}`);
    rows.push([`latency_percentiles_usec_${name}`, values.join(',')]);
  }
  return rows;
}
