/** INFO persistence. There is no child process: what Redis says of one is zero here. */
import type { Server } from '../server/server.ts';
import type { InfoRow } from './section.ts';

export function persistenceRows(server: Server): readonly InfoRow[] {
  const { rdb } = server;
  return [
    ['loading', server.loading ? 1 : 0],
    ['async_loading', 0],
    ['current_cow_peak', 0],
    ['current_cow_size', 0],
    ['current_cow_size_age', 0],
    ['current_fork_perc', '0.00'],
    ['current_save_keys_processed', 0],
    ['current_save_keys_total', 0],
    ['rdb_changes_since_last_save', rdb.changesSinceSave],
    ['rdb_bgsave_in_progress', rdb.saving ? 1 : 0],
    ['rdb_last_save_time', rdb.lastSave],
    ['rdb_last_bgsave_status', rdb.lastSaveOk ? 'ok' : 'err'],
    ['rdb_last_bgsave_time_sec', rdb.lastSaveMs < 0 ? -1 : Math.floor(rdb.lastSaveMs / 1000)],
    ['rdb_current_bgsave_time_sec', rdb.saving ? 0 : -1],
    ['rdb_saves', rdb.saves],
    ['rdb_last_cow_size', 0],
    ['rdb_last_load_keys_expired', rdb.expiredAtLoad],
    ['rdb_last_load_keys_loaded', rdb.loadedKeys],
    ['aof_enabled', 0],
    ['aof_rewrite_in_progress', 0],
    ['aof_rewrite_scheduled', 0],
    ['aof_last_rewrite_time_sec', -1],
    ['aof_current_rewrite_time_sec', -1],
    ['aof_last_bgrewrite_status', 'ok'],
    ['aof_rewrites', 0],
    ['aof_rewrites_consecutive_failures', 0],
    ['aof_last_write_status', 'ok'],
    ['aof_last_cow_size', 0],
    ['module_fork_in_progress', 0],
    ['module_fork_last_cow_size', 0],
  ];
}
