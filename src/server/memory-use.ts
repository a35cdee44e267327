/**
 * Where the memory of a server goes, for INFO and MEMORY STATS. `used` is what the data and what is kept for clients and
 * replicas take: the arena's blocks, the replication stream, client buffers. The engine's own heap is not part of it.
 */
import type { DatabaseMemory, MemoryUse } from '../commands/services.ts';
import { INDEX_SHARE_BYTES, TABLE_SHARE_BYTES } from '../store/memory-usage.ts';
import type { Server } from './server.ts';

/** The fixed words of an entry. */
const HEAD_BYTES = 12;
const EXPIRY_BYTES = 8;

export function memoryUse(server: Server): MemoryUse {
  const { arena } = server.store.space;
  const { rssBytes } = server.world.process.memory();
  const stream = server.replication.backlog.stream?.allocatedBytes ?? 0;
  let clientsNormal = 0;
  let clientsReplicas = 0;
  let replicas = 0;
  for (const session of server.sessions.all()) {
    const bytes = session.queryBytes() + session.queryFreeBytes() + session.outputBytes();
    if (session.class === 'replica') {
      clientsReplicas += bytes;
      replicas++;
    } else clientsNormal += bytes;
  }
  const buffers = stream + clientsNormal + clientsReplicas;
  const excess = Math.max(0, stream - server.replication.backlog.wantedBytes);
  const notCounted = excess + clientsReplicas;
  // What replicas keep of the stream beyond the backlog is theirs.
  if (replicas > 0) clientsReplicas = notCounted;
  const backlog = replicas > 0 ? stream - excess : stream;
  const databases: DatabaseMemory[] = [];
  let tables = 0;
  for (const { index, size, expiring } of server.store.space.databases) {
    if (size === 0) continue;
    const main = size * (HEAD_BYTES + TABLE_SHARE_BYTES);
    const expires = expiring * (EXPIRY_BYTES + INDEX_SHARE_BYTES);
    databases.push({ index, main, expires });
    tables += main + expires;
  }
  const used = arena.usedBytes + buffers;
  const { statistics } = server;
  statistics.noteMemory(used);
  const functions = server.store.functions.reduce((sum, library) => sum + library.length, 0);
  const overhead = Math.min(used, statistics.startupMemory + buffers + tables);
  return {
    used,
    peak: statistics.peakMemory,
    startup: statistics.startupMemory,
    overhead,
    dataset: used - overhead,
    backlog,
    stream,
    notCounted,
    clientsNormal,
    clientsReplicas,
    functions,
    databases,
    allocated: arena.usedBytes,
    reserved: Math.max(arena.reservedBytes, arena.usedBytes),
    blocks: arena.blocks,
    rss: rssBytes,
    engine: statistics.engineMemory,
  };
}
