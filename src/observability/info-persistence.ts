/** INFO persistence. There is no child process: what Redis says of one is zero here. */
import type { Server } from '../server/server.ts';
import type { InfoRow } from './section.ts';

export function persistenceRows(server: Server): readonly InfoRow[] {
  const { rdb, aof, load } = server;
  const { written, total } = server.snapshots.progress;
  return [
    ['loading', server.loading ? 1 : 0],
    ['async_loading', load.kind === 'async' ? 1 : 0],
    ['current_cow_peak', 0],
    ['current_cow_size', 0],
    ['current_cow_size_age', 0],
    ['current_fork_perc', (total === 0 ? 0 : (written / total) * 100).toFixed(2)],
    ['current_save_keys_processed', written],
    ['current_save_keys_total', total],
    ['rdb_changes_since_last_save', rdb.changesSinceSave],
    ['rdb_bgsave_in_progress', rdb.saving || server.snapshots.running === 'sync' ? 1 : 0],
    ['rdb_last_save_time', rdb.lastSave],
    ['rdb_last_bgsave_status', rdb.lastSaveOk ? 'ok' : 'err'],
    ['rdb_last_bgsave_time_sec', rdb.lastSaveMs < 0 ? -1 : Math.floor(rdb.lastSaveMs / 1000)],
    ['rdb_current_bgsave_time_sec', wholeSeconds(rdb.savingMs)],
    ['rdb_saves', rdb.saves],
    ['rdb_last_cow_size', 0],
    ['rdb_last_load_keys_expired', rdb.expiredAtLoad],
    ['rdb_last_load_keys_loaded', rdb.loadedKeys],
    ['aof_enabled', aof.enabled ? 1 : 0],
    ['aof_rewrite_in_progress', aof.rewriting ? 1 : 0],
    ['aof_rewrite_scheduled', aof.rewriteScheduled ? 1 : 0],
    ['aof_last_rewrite_time_sec', wholeSeconds(aof.base.lastMs)],
    ['aof_current_rewrite_time_sec', wholeSeconds(aof.base.elapsedMs)],
    ['aof_last_bgrewrite_status', aof.lastRewriteOk ? 'ok' : 'err'],
    ['aof_rewrites', aof.base.begun],
    ['aof_rewrites_consecutive_failures', aof.rewriteFailures],
    ['aof_last_write_status', aof.writeError === '' ? 'ok' : 'err'],
    ['aof_last_cow_size', 0],
    ['module_fork_in_progress', 0],
    ['module_fork_last_cow_size', 0],
    ...(aof.enabled ? openFileRows(server) : []),
    ...(load.kind === 'no' || load.kind === 'transfer' ? [] : loadRows(server)),
  ];
}

function openFileRows({ aof }: Server): readonly InfoRow[] {
  return [
    ['aof_current_size', aof.currentSize],
    ['aof_base_size', aof.baseSize],
    ['aof_pending_rewrite', aof.rewriteScheduled ? 1 : 0],
    ['aof_buffer_length', aof.bufferBytes],
    ['aof_pending_bio_fsync', aof.pendingSyncs],
    ['aof_delayed_fsync', aof.delayedSyncs],
  ];
}

function loadRows({ load }: Server): readonly InfoRow[] {
  return [
    ['loading_start_time', load.startTime],
    ['loading_total_bytes', load.totalBytes],
    ['loading_rdb_used_mem', load.rdbUsedMem],
    ['loading_loaded_bytes', load.loadedBytes],
    ['loading_loaded_perc', load.percent.toFixed(2)],
    ['loading_eta_seconds', load.etaSeconds],
  ];
}

function wholeSeconds(milliseconds: number): number {
  return milliseconds < 0 ? -1 : Math.floor(milliseconds / 1000);
}
