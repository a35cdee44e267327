/** What reaches the disk, and how: snapshots, the RDB file and the append only file get their view of the server here. */
import { requestAll } from '../snapshot/request.ts';
import type { AofParts } from '../persistence/aof.ts';
import { BaseCommands } from '../persistence/base-commands.ts';
import type { PersistenceParts } from '../persistence/persistence.ts';
import type { RdbFileParts } from '../persistence/rdb-file.ts';
import type { SnapshotParts } from '../snapshot/snapshot.ts';
import type { Server } from './server.ts';

export function snapshotParts(server: Server): SnapshotParts {
  const { store, clock, log, settings, world } = server;
  return {
    store,
    clock,
    log,
    disk: world.disk,
    settings,
    pid: world.process.pid,
    activity: () => server.executor.processed,
  };
}

export function rdbFileParts(server: Server): RdbFileParts {
  const { world, settings, store, snapshots } = server;
  return {
    world,
    settings,
    store,
    dirty: () => server.call.dirty,
    position: () => server.replication.rdbInfo(),
    loading: server.load,
    snapshots,
  };
}

export function aofParts(server: Server): AofParts {
  const { world, settings, latency, snapshots, rdb } = server;
  return {
    world,
    settings,
    latency,
    snapshot: (consumer) => snapshots.start(requestAll('rewrite', null), consumer),
    commandEncoder: () => new BaseCommands(settings.aofTimestampEnabled ? Math.floor(world.clock.now() / 1000) : -1),
    saving: () => rdb.saving || snapshots.running !== null,
    offset: () => server.replication.history.masterReplOffset,
    endTurn: () => server.endOfTurn.schedule(),
    synced: () => {
      if (server.replication.waiters.size === 0) return;
      server.replication.fsynced();
      server.endOfTurn.schedule();
    },
  };
}

export function persistenceParts(server: Server): PersistenceParts {
  const { world, settings, store, load, rdb, aof, aofReplay } = server;
  return {
    settings,
    rdb,
    aof,
    loadParts: { world, settings, store, loading: load, directory: aof.directory, replay: aofReplay },
  };
}
