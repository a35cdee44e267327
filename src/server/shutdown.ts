/**
 * The end of a server: waits for replicas that are behind (`shutdown-timeout`), saves, closes, exits.
 */
import type { Timer } from '../base/ambient.ts';
import type { ShutdownOptions } from '../commands/services.ts';
import type { ReplicaSession } from '../replication/master/replica-session.ts';
import { replicaStates } from '../replication/status.ts';
import type { Server } from './server.ts';

/** How often the wait looks whether the replicas have caught up, ms. */
const CHECK_MS = 20;
const FAILED = 'ERR Errors trying to SHUTDOWN. Check logs.';

export class ShutdownSequence {
  readonly #server: Server;
  readonly #exit: (code: number) => void;
  #waiting: { readonly timer: Timer; readonly deadline: number } | undefined;
  /** Those who asked for a shutdown that is being waited for. */
  #askers: ((error: string) => void)[] = [];
  #finished = false;

  constructor(server: Server, exit: (code: number) => void) {
    this.#server = server;
    this.#exit = exit;
  }

  get underWay(): boolean {
    return this.#finished || this.#waiting !== undefined;
  }

  /** How long replicas are waited for at most from now on; -1 if nobody waits. */
  get waitsMs(): number {
    return this.#waiting === undefined ? -1 : Math.max(0, this.#waiting.deadline - this.#server.clock.now());
  }

  /** Undefined: under way (or done). Otherwise the error reply. */
  begin(options: ShutdownOptions): string | undefined {
    if (this.#waiting !== undefined && options.failed !== undefined) this.#askers.push(options.failed);
    if (this.underWay) return undefined;
    const server = this.#server;
    const { settings, clock, log } = server;
    log.warning('User requested shutdown...');
    if (options.now || settings.shutdownTimeout === 0 || this.#laggingReplicas().length === 0) {
      return this.#finish(options);
    }
    const deadline = clock.now() + settings.shutdownTimeout * 1000;
    if (options.failed !== undefined) this.#askers.push(options.failed);
    // Paused clients write nothing that a replica could still have to hear of.
    if (server.pauses.current === 'no') server.replication.askForAcks();
    server.pauses.pause('shutdown', 'write', Infinity);
    // A ping would move the offset that the replicas are to reach.
    server.replication.pingsPaused = true;
    log.notice('Waiting for replicas before shutting down.');
    const timer = clock.every(CHECK_MS, () => {
      if (this.#laggingReplicas().length > 0 && clock.now() < deadline) return;
      timer.cancel();
      this.#waiting = undefined;
      if (this.#finish(options) !== undefined) this.#goOn();
    });
    this.#waiting = { timer, deadline };
    return undefined;
  }

  abort(): boolean {
    if (this.#waiting === undefined) return false;
    this.stop();
    this.#goOn();
    this.#server.log.notice('Shutdown manually aborted.');
    return true;
  }

  /** The server stops without waiting any longer. */
  stop(): void {
    this.#waiting?.timer.cancel();
    this.#waiting = undefined;
  }

  /** There will be no end: undoes what waiting for it did. */
  #goOn(): void {
    this.#server.replication.pingsPaused = false;
    this.#server.pauses.end('shutdown');
    const askers = this.#askers;
    this.#askers = [];
    for (const failed of askers) failed(FAILED);
  }

  /** Replicas that have not acknowledged all that there is, those included that do not have the data yet. */
  #laggingReplicas(): readonly ReplicaSession[] {
    const { history, replicas } = this.#server.replication;
    return [...replicas.sessions].filter(({ ackOffset }) => ackOffset !== history.masterReplOffset);
  }

  #reportReplicas(): void {
    const { log, replication } = this.#server;
    const { size } = replication.replicas;
    if (size === 0) return;
    const lagging = this.#laggingReplicas();
    for (const replica of lagging) {
      const behind = replication.history.masterReplOffset - replica.ackOffset;
      const lag = replica.state === 'online' ? replica.lagSeconds() : 0;
      log.warning(
        `Lagging replica ${replica.name} reported offset ${behind} behind master, lag=${lag}, ` +
          `state=${replicaStates[replica.state]}.`,
      );
    }
    log.notice(`${size - lagging.length} of ${size} replicas are in sync when shutting down.`);
  }

  /** Brings the append only file to disk. False: it is about to get its first base, without which it is of no use. */
  #closeAof(force: boolean): boolean {
    const { aof, log } = this.#server;
    if (!aof.enabled) return true;
    if (aof.rewriting && aof.state === 'wait-rewrite') {
      log.warning(force ? 'Writing initial AOF. Exit anyway.' : "Writing initial AOF, can't exit.");
      if (!force) return false;
    }
    log.notice('Calling fsync() on the AOF file.');
    aof.syncAll();
    return true;
  }

  /** False, with the reason in the log: the data is not on disk, and nobody said that this does not matter. */
  #saveAll(options: ShutdownOptions): boolean {
    const server = this.#server;
    const { settings, log } = server;
    // Nothing may enter the stream behind the file's offset: replicas would be ahead of us after a restart.
    server.replication.beforeSleep();
    if (!this.#closeAof(options.force)) return false;
    // While loading, the data in memory is not what the file holds: it must not replace it.
    const save =
      !server.loading && (options.save === 'save' || (options.save === 'default' && settings.save.length > 0));
    if (!save) return true;
    log.notice('Saving the final RDB snapshot before exiting.');
    if (server.persistence.save() === undefined) return true;
    log.warning(`Error trying to save the DB${options.force ? '. Exit anyway.' : ", can't exit."}`);
    return options.force;
  }

  #finish(options: ShutdownOptions): string | undefined {
    const server = this.#server;
    const { log, clock } = server;
    this.#reportReplicas();
    if (!this.#saveAll(options)) {
      log.warning('Errors trying to shut down the server. Check the logs for more information.');
      return FAILED;
    }
    this.#finished = true;
    log.warning('Headwater is now ready to exit, bye bye...');
    // The reply-less close of the caller and the last bytes to replicas go out first.
    server.replication.beforeSleep();
    clock.soon(() => {
      void server.stop().then(
        () => this.#exit(0),
        () => this.#exit(1),
      );
    });
    return undefined;
  }
}
