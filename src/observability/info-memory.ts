/**
 * INFO memory. `used_memory` is what the data and what is kept for clients and replicas take: the arena's blocks, the
 * replication stream, client buffers. The JS engine's own heap is not part of it (`headwater_heap_used` has that, RSS has all).
 */
import type { Server } from '../server/server.ts';
import { humanBytes, type InfoRow, ratio } from './section.ts';

export function memoryRows(server: Server): readonly InfoRow[] {
  const { process: facts } = server.world;
  const { settings } = server;
  const { reclaimer } = server.store.space;
  const { heapUsedBytes, heapTotalBytes, externalBytes } = facts.memory();
  const use = server.memoryUse();
  const { peak, reserved, functions, allocated, rss: rssBytes } = use;
  const net = Math.max(0, use.used - use.startup);
  return [
    ['used_memory', use.used],
    ['used_memory_human', humanBytes(use.used)],
    ['used_memory_rss', rssBytes],
    ['used_memory_rss_human', humanBytes(rssBytes)],
    ['used_memory_peak', peak],
    ['used_memory_peak_human', humanBytes(peak)],
    ['used_memory_peak_perc', `${(ratio(use.used, peak) * 100).toFixed(2)}%`],
    ['used_memory_overhead', use.overhead],
    ['used_memory_startup', use.startup],
    ['used_memory_dataset', use.dataset],
    ['used_memory_dataset_perc', `${Math.min(100, ratio(use.dataset, net) * 100).toFixed(2)}%`],
    ['allocator_allocated', allocated],
    ['allocator_active', reserved],
    ['allocator_resident', rssBytes],
    ['total_system_memory', facts.totalMemoryBytes],
    ['total_system_memory_human', humanBytes(facts.totalMemoryBytes)],
    ['used_memory_lua', 0],
    ['used_memory_vm_eval', 0],
    ['used_memory_lua_human', humanBytes(0)],
    ['used_memory_scripts_eval', 0],
    ['number_of_cached_scripts', 0],
    ['number_of_functions', 0],
    ['number_of_libraries', server.store.functions.length],
    ['used_memory_vm_functions', 0],
    ['used_memory_vm_total', 0],
    ['used_memory_vm_total_human', humanBytes(0)],
    ['used_memory_functions', functions],
    ['used_memory_scripts', functions],
    ['used_memory_scripts_human', humanBytes(functions)],
    ['maxmemory', settings.maxmemory],
    ['maxmemory_human', humanBytes(settings.maxmemory)],
    ['maxmemory_policy', settings.maxmemoryPolicy],
    ['allocator_frag_ratio', ratio(reserved, allocated).toFixed(2)],
    ['allocator_frag_bytes', reserved - allocated],
    ['allocator_rss_ratio', ratio(rssBytes, reserved).toFixed(2)],
    ['allocator_rss_bytes', rssBytes - reserved],
    ['rss_overhead_ratio', '1.00'],
    ['rss_overhead_bytes', 0],
    // Measured against what the process must hold: the engine's share is not waste.
    ['mem_fragmentation_ratio', ratio(rssBytes, use.used + use.engine).toFixed(2)],
    ['mem_fragmentation_bytes', rssBytes - use.used - use.engine],
    ['mem_not_counted_for_evict', use.notCounted],
    ['mem_replication_backlog', use.backlog],
    ['mem_total_replication_buffers', use.stream],
    ['mem_clients_slaves', use.clientsReplicas],
    ['mem_clients_normal', use.clientsNormal],
    ['mem_cluster_links', 0],
    ['mem_aof_buffer', server.aof.bufferBytes],
    ['mem_allocator', 'headwater-arena'],
    ['active_defrag_running', 0],
    ['lazyfree_pending_objects', reclaimer.pending],
    ['lazyfreed_objects', reclaimer.freed],
    ['headwater_engine_memory', use.engine],
    ['headwater_heap_used', heapUsedBytes],
    ['headwater_heap_total', heapTotalBytes],
    ['headwater_external', externalBytes],
  ];
}
