/** Who connects, what they may do, and what it means to the rest of the server: clients, their rights, caches and pauses. */
import { posix } from 'node:path';
import type { Session } from '../commands/session.ts';
import type { AccessControlParts } from './acl/access-control.ts';
import type { ClientsOwner } from './clients.ts';
import { linkedMasterSession } from './master-session.ts';
import type { MonitorParts } from './monitors.ts';
import type { PauseKind, PauseParts } from './pause.ts';
import type { Server } from './server.ts';
import type { TrackingParts } from './tracking.ts';

export function accessControlParts(server: Server): AccessControlParts {
  const { commands, settings, clock, log, world } = server;
  return {
    table: commands,
    settings,
    clock,
    log,
    sessions: () => server.clients.all(),
    current: () => server.call.session,
    readFile: (path) => world.disk.readFileSync(posix.resolve(settings.dir, path)),
    replaceFile: (path, bytes) => world.disk.replaceFileSync(posix.resolve(settings.dir, path), bytes),
  };
}

export function trackingParts(server: Server): TrackingParts {
  return {
    settings: server.settings,
    find: (id) => server.clients.find(id),
    sessions: () => server.clients.all(),
    current: () => server.runningSession,
    broadcastDue: () => server.endOfTurn.schedule(),
  };
}

export function monitorParts({ clock, settings, executor }: Server): MonitorParts {
  return {
    clock,
    settings,
    active: (on) => {
      executor.monitored = on;
    },
  };
}

export function pauseParts(server: Server): PauseParts {
  return { clock: server.clock, changed: (kind) => pauseChanged(server, kind) };
}

export function clientsOwner(server: Server): ClientsOwner {
  const { settings, acl, tracking, clock, log, executor, timing, endOfTurn } = server;
  return {
    settings,
    acl,
    tracking,
    clock,
    log,
    space: server.store.space,
    executor,
    timing,
    afterCommand: (session) => {
      const { replication } = server;
      session.writeOffset = replication.history.masterReplOffset;
      replication.flushIfLarge();
    },
    afterBatch: () => endOfTurn.schedule(),
    sessionClosed: (session) => sessionClosed(server, session),
    outputDrained: (session) => {
      if (session.peer?.replica) server.replication.peerDrained(session.peer);
    },
    masterSession: () => linkedMasterSession(server),
    replicaHeard: (session) => server.replication.peerHeard(session.peer!),
    replicaAnswered: (session) => server.replication.rejectReply(session.peer!, session.lastCommand),
  };
}

function sessionClosed(server: Server, session: Session): void {
  session.blocking?.gone();
  server.keyEvents.unwatchAll(session);
  server.pubsub.leaveAll(session);
  server.tracking.disable(session);
  server.monitors.remove(session);
  server.eviction.clientClosed();
  if (session.peer?.replica) server.replication.peerClosed(session.peer);
}

function pauseChanged(server: Server, kind: PauseKind | 'no'): void {
  server.store.space.expirePaused = kind !== 'no';
  if (kind === 'all') return;
  // A client whose command must still wait is postponed again, and so is our master.
  server.clock.soon(() => {
    server.clients.releasePostponed();
    server.replication.link?.pauseChanged();
  });
  server.endOfTurn.schedule();
}
