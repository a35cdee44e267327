/** Where the effects of commands go: to the stream that replicas follow, and to the append only file. */
import type { Feed } from '../commands/propagation.ts';
import type { Server } from './server.ts';

export function propagationFeed(server: Server): Feed {
  return {
    wanted: () => server.aof.recording || server.replication.recording,
    feed: (database, bytes, at, length, replicasOnly) => {
      server.replication.feed(database, bytes, at, length);
      if (server.aof.recording && !replicasOnly) append(server, database, bytes, at, length);
    },
  };
}

/** Where no stream counts bytes, each command counts one, so that WAITAOF has an offset to wait for. */
function append({ replication, aof }: Server, database: number, bytes: Uint8Array, at: number, length: number): void {
  if (replication.isMaster && !replication.feeding) replication.history.masterReplOffset++;
  aof.feed(database, bytes, at, length);
}
