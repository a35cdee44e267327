/**
 * The end of a turn of the event loop: what commands, timers and background work of the turn did leaves here, once for
 * all of them. Whoever does something that is to be sent asks for it with `schedule`.
 */
import type { Server } from './server.ts';

export class EndOfTurn {
  readonly #server: Server;
  #scheduled = false;

  constructor(server: Server) {
    this.#server = server;
  }

  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#server.clock.soon(() => this.#run());
  }

  #run(): void {
    const { executor, blocking, tracking, timing, clients, replication, store, cron, snapshots } = this.#server;
    // Keys that went between commands, by eviction or expiry, matter to those who wait for them.
    if (executor.keysReady) blocking.serveReady();
    tracking.broadcast();
    this.#scheduled = false;
    timing.turnEnded();
    clients.output.flush();
    clients.evict();
    replication.beforeSleep();
    snapshots.turnEnded();
    if (store.space.reclaimer.pending > 0) cron.workArrived();
  }
}
