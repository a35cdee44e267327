/**
 * What replication gets from this server: snapshots of the store, a place to load a master's RDB into, and somebody who
 * runs the master's commands.
 */
import { posix } from 'node:path';
import { errors } from '../base/errors.ts';
import { diskErrorText } from '../persistence/disk-error.ts';
import type { ReplicationHost, ReplicationSettings } from '../replication/ports.ts';
import { StagedLoad, type StagedLoadOwner } from '../persistence/staged-load.ts';
import { newMasterSession } from './master-session.ts';
import type { Server } from './server.ts';
import { MasterStreamExecutor } from './stream-executor.ts';

export function replicationHost(server: Server): ReplicationHost & { readonly executor: MasterStreamExecutor } {
  const { world, store, settings } = server;
  const stagedLoadOwner: StagedLoadOwner = {
    clock: world.clock,
    log: world.log,
    settings,
    load: server.load,
    replaceData: (replace) => replaceData(server, replace),
  };
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
      newSession: (linked) => newMasterSession(linked ? server.clients.nextId() : 0, world.clock.now()),
    }),
    snapshot: (request, consumer) => {
      if (store.space.hasFieldExpiry && !request.excludeData)
        world.log.notice(
          'Hash fields with an expiry make this an RDB version 12 file: replicas older than Redis 7.4 will not load it.',
        );
      return server.snapshots.start(request, consumer);
    },
    memory: store.space.arena.dropped,
    pid: world.process.pid,
    whenSnapshotIdle: (task) => server.snapshots.whenIdle(task),
    get snapshotRunning() {
      return server.snapshots.running;
    },
    beginLoad: (request) => new StagedLoad(store, stagedLoadOwner, request),
    fsyncedOffset: () => (server.aof.enabled ? server.aof.fsyncedOffset : null),
    logAs: (role) => world.log.setRole(role === 'master' ? 'M' : 'S'),
    roleChanged: () => roleChanged(server),
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
    masterSet: () => unblockAll(server),
  };
}

/** We became master or replica, or our link's state changed. */
function roleChanged({ replication, store, linkWatchers }: Server): void {
  const isReplica = !replication.isMaster;
  store.space.isReplica = isReplica;
  if (!isReplica) store.space.localExpiries.clear();
  for (const look of linkWatchers) look();
}

/** A new master: what blocked commands wait for may never come, so they end, and so do their connections. */
function unblockAll({ clients }: Server): void {
  for (const session of [...clients.all()]) {
    if (session.blocking === undefined) continue;
    session.blocking.fail(errors.unblockedByRole);
    session.close(true);
  }
}

/** A full sync exchanges all data. */
function replaceData({ keyEvents, blocking, aof, store, cron }: Server, replace: () => void): void {
  keyEvents.dataReplaced(replace);
  blocking.serveReady();
  aof.dataReplaced();
  if (store.space.reclaimer.pending > 0) cron.workArrived();
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
