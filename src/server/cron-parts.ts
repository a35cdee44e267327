/** What the server does by itself: keys expire, statistics are taken, connections and links are looked after, memory is kept. */
import type { CronParts } from './cron.ts';
import type { EvictionParts } from './eviction.ts';
import type { Server } from './server.ts';

export function cronParts(server: Server): CronParts {
  const { clock, settings, store, persistence, snapshots, statistics } = server;
  return {
    clock,
    settings,
    space: store.space,
    fieldExpiry: store.fieldExpiry,
    expireSlice: (run) => expireSlice(server, run),
    everyTick: () => {
      persistence.tick();
      if (!server.loading) snapshots.rehearse();
    },
    everySecond: () => everySecond(server),
    ticked: (ms) => statistics.turns.cron(ms * 1000),
  };
}

export function evictionParts(server: Server): EvictionParts {
  const { clock, settings, store, lifecycle, latency, endOfTurn } = server;
  return {
    clock,
    settings,
    space: store.space,
    loading: () => lifecycle.loading,
    clientBytes: () => server.clients.bufferBytes(),
    streamBytes: () => {
      const { stream, wantedBytes } = server.replication.backlog;
      return stream === null ? 0 : Math.min(stream.allocatedBytes, wantedBytes);
    },
    feedReplicas: () => server.replication.flushIfLarge(),
    took: (ms) => latency.add('eviction-cycle', ms),
    sliceDone: () => endOfTurn.schedule(),
  };
}

/** Each key that expires is sent by itself, not as part of one transaction. */
function expireSlice({ propagation, clock, statistics, latency, endOfTurn }: Server, run: () => number): number {
  propagation.noMulti = true;
  const started = clock.monotonic();
  try {
    return run();
  } finally {
    const elapsed = clock.monotonic() - started;
    statistics.expireMicros += elapsed * 1000;
    latency.add('expire-cycle', elapsed);
    propagation.flush();
    propagation.noMulti = false;
    endOfTurn.schedule();
  }
}

function everySecond(server: Server): void {
  const { timing, clients, statistics, executor, replication } = server;
  timing.everySecond();
  const traffic = clients.traffic();
  statistics.sample({
    commands: executor.processed,
    inputBytes: traffic.input,
    outputBytes: traffic.output,
    replicationInputBytes: replication.receivedBytes,
    replicationOutputBytes: replication.replicas.sentBytes,
  });
  statistics.noteMemory(server.store.space.arena.usedBytes);
  clients.cron();
  replication.cron();
  server.persistence.cron();
  server.endOfTurn.schedule();
}
