/**
 * INFO memory. `used_memory` is what the data and what is kept for clients and replicas take: the arena's blocks, the
 * replication stream, client buffers. The JS engine's own heap is not part of it (`headwater_heap_used` has that, RSS has all).
 */
import type { Server } from '../server/server.ts';
import { humanBytes, type InfoRow, ratio } from './section.ts';

/** A key's share of the hash table, and the head of its entry: bytes. */
const KEY_OVERHEAD_BYTES = 26;
/** A key's share of the index of expiring keys, and its expiry: bytes. */
const EXPIRY_OVERHEAD_BYTES = 26;

export interface MemoryUse {
  readonly used: number;
  readonly startup: number;
  readonly overhead: number;
  readonly dataset: number;
  readonly backlog: number;
  readonly clientsNormal: number;
  readonly clientsReplicas: number;
  readonly notCountedForEviction: number;
}

export function memoryUse(server: Server): MemoryUse {
  const { arena } = server.store.space;
  const backlog = server.replication.backlog.stream?.allocatedBytes ?? 0;
  let clientsNormal = 0;
  let clientsReplicas = 0;
  for (const session of server.sessions.all()) {
    const bytes = session.queryBytes() + session.outputBytes();
    if (session.class === 'replica') clientsReplicas += bytes;
    else clientsNormal += bytes;
  }
  let tables = 0;
  for (const db of server.store.space.databases) tables += keysOverhead(db.size) + expiriesOverhead(db.expiring);
  const buffers = backlog + clientsNormal + clientsReplicas;
  const used = arena.usedBytes + buffers;
  const { startupMemory } = server.statistics;
  const overhead = Math.min(used, startupMemory + buffers + tables);
  return {
    used,
    startup: startupMemory,
    overhead,
    dataset: used - overhead,
    backlog,
    clientsNormal,
    clientsReplicas,
    notCountedForEviction: buffers,
  };
}

export function keysOverhead(keys: number): number {
  return keys * KEY_OVERHEAD_BYTES;
}

export function expiriesOverhead(keys: number): number {
  return keys * EXPIRY_OVERHEAD_BYTES;
}

export function memoryRows(server: Server): readonly InfoRow[] {
  const { process } = server.world;
  const { settings, statistics } = server;
  const { arena, reclaimer } = server.store.space;
  const { rssBytes, heapUsedBytes, heapTotalBytes, externalBytes } = process.memory();
  const use = memoryUse(server);
  statistics.noteMemory(use.used);
  const peak = statistics.peakMemory;
  const reserved = Math.max(arena.reservedBytes, arena.usedBytes);
  const functions = server.store.functions.reduce((sum, library) => sum + library.length, 0);
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
    ['allocator_allocated', arena.usedBytes],
    ['allocator_active', reserved],
    ['allocator_resident', rssBytes],
    ['total_system_memory', process.totalMemoryBytes],
    ['total_system_memory_human', humanBytes(process.totalMemoryBytes)],
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
    ['allocator_frag_ratio', ratio(reserved, arena.usedBytes).toFixed(2)],
    ['allocator_frag_bytes', reserved - arena.usedBytes],
    ['allocator_rss_ratio', ratio(rssBytes, reserved).toFixed(2)],
    ['allocator_rss_bytes', rssBytes - reserved],
    ['rss_overhead_ratio', '1.00'],
    ['rss_overhead_bytes', 0],
    ['mem_fragmentation_ratio', ratio(rssBytes, use.used).toFixed(2)],
    ['mem_fragmentation_bytes', rssBytes - use.used],
    ['mem_not_counted_for_evict', use.notCountedForEviction],
    ['mem_replication_backlog', use.backlog],
    ['mem_total_replication_buffers', use.backlog],
    ['mem_clients_slaves', use.clientsReplicas],
    ['mem_clients_normal', use.clientsNormal],
    ['mem_cluster_links', 0],
    ['mem_aof_buffer', 0],
    ['mem_allocator', 'headwater-arena'],
    ['active_defrag_running', 0],
    ['lazyfree_pending_objects', reclaimer.pending],
    ['lazyfreed_objects', reclaimer.freed],
    ['headwater_heap_used', heapUsedBytes],
    ['headwater_heap_total', heapTotalBytes],
    ['headwater_external', externalBytes],
  ];
}
