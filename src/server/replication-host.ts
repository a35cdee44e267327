/**
 * What replication gets from this server: snapshots of the store, a place to load a master's RDB into, and somebody who
 * runs the master's commands.
 */
import { posix } from 'node:path';
import { diskErrorText } from '../persistence/disk-error.ts';
import type { ReplicationHost, ReplicationSettings } from '../replication/ports.ts';
import { StagedLoad } from '../persistence/staged-load.ts';
import type { Server } from './server.ts';
import { MasterStreamExecutor } from './stream-executor.ts';

export function replicationHost(server: Server): ReplicationHost & { readonly executor: MasterStreamExecutor } {
  const { world, store, settings } = server;
  return {
    clock: world.clock,
    network: world.network,
    tls: () => server.tls.forReplication,
    random: world.random,
    log: world.log,
    settings: replicationSettings(server),
    executor: new MasterStreamExecutor({
      executor: server.executor,
      space: store.space,
      propagation: server.propagation,
      writer: server.writer,
      clock: world.clock,
      log: world.log,
      settings,
      recording: () => server.aof.recording,
      newSession: (linked) => server.newMasterSession(linked ? server.clients.nextId() : 0),
    }),
    snapshot: (request, consumer) => {
      if (store.space.hasFieldExpiry && !request.excludeData)
        world.log.notice(
          'Hash fields with an expiry make this an RDB version 12 file: replicas older than Redis 7.4 will not load it.',
        );
      return server.snapshots.start(request, consumer);
    },
    whenSnapshotIdle: (task) => server.snapshots.whenIdle(task),
    beginLoad: (request) => new StagedLoad(store, server, request),
    fsyncedOffset: () => (server.aof.enabled ? server.aof.fsyncedOffset : null),
    roleChanged: () => server.roleChanged(),
    get paused() {
      return server.pauses.current !== 'no';
    },
    pauseWrites: (purpose, on) => {
      if (on) server.pauses.pause(purpose, 'write', Infinity);
      else server.pauses.end(purpose);
    },
    keyCount: () => store.space.size,
    saveLostWrites: (name, pieces) => {
      const path = posix.resolve(settings.dir, name);
      try {
        const file = world.disk.createSync(path);
        try {
          for (const piece of pieces) file.writeSync(piece);
          file.syncSync();
        } finally {
          file.closeSync();
        }
        return null;
      } catch (error) {
        const reason = diskErrorText(error);
        if (reason === undefined) throw error;
        return reason;
      }
    },
    masterSet: () => server.unblockAll(),
  };
}

/** A view of the server's settings under the names that replication uses. */
function replicationSettings(server: Server): ReplicationSettings {
  const { settings } = server;
  const view = {
    get port(): number {
      if (settings.tlsReplication && settings.tlsPort !== 0) return settings.tlsPort;
      return server.listeners.port === 0 ? settings.port : server.listeners.port;
    },
    get replicaOutputHardBytes(): number {
      return settings.clientOutputBufferLimit.replica.hardBytes;
    },
    get replicaOutputSoftBytes(): number {
      return settings.clientOutputBufferLimit.replica.softBytes;
    },
    get replicaOutputSoftSeconds(): number {
      return settings.clientOutputBufferLimit.replica.softSeconds;
    },
  };
  // Everything else has the same name on both sides; reading through keeps CONFIG SET effective at once.
  return Object.setPrototypeOf(view, settings) as ReplicationSettings;
}
