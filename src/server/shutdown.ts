/**
 * The end of a server: waits for replicas that are behind (`shutdown-timeout`), saves, closes, exits.
 */
import type { Timer } from '../base/ambient.ts';
import type { ShutdownOptions } from '../commands/services.ts';
import type { Server } from './server.ts';

/** How often the wait looks whether the replicas have caught up, ms. */
const CHECK_MS = 20;
const FAILED = 'ERR Errors trying to SHUTDOWN. Check logs.';

export class ShutdownSequence {
  readonly #server: Server;
  readonly #exit: (code: number) => void;
  #waiting: Timer | undefined;
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

  /** Undefined: under way (or done). Otherwise the error reply. */
  begin(options: ShutdownOptions): string | undefined {
    if (this.#waiting !== undefined && options.failed !== undefined) this.#askers.push(options.failed);
    if (this.underWay) return undefined;
    const server = this.#server;
    const { settings, clock, log } = server;
    log.warning('User requested shutdown...');
    const deadline = clock.now() + settings.shutdownTimeout * 1000;
    if (options.now || settings.shutdownTimeout === 0 || this.#replicasCaughtUp()) {
      return this.#finish(options);
    }
    log.notice(`Waiting for replicas before shutting down.`);
    if (options.failed !== undefined) this.#askers.push(options.failed);
    server.pauses.pause('shutdown', 'write', Infinity);
    // A ping would move the offset that the replicas are to reach.
    server.replication.pingsPaused = true;
    server.replication.askForAcks();
    this.#waiting = clock.every(CHECK_MS, () => {
      if (!this.#replicasCaughtUp() && clock.now() < deadline) return;
      this.#waiting?.cancel();
      this.#waiting = undefined;
      if (this.#finish(options) !== undefined) this.#goOn();
    });
    return undefined;
  }

  abort(): boolean {
    if (this.#waiting === undefined) return false;
    this.#waiting.cancel();
    this.#waiting = undefined;
    this.#server.log.notice('Shutdown manually aborted.');
    this.#goOn();
    return true;
  }

  /** The server stops without waiting any longer. */
  stop(): void {
    this.#waiting?.cancel();
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

  /** Every online replica has acknowledged all that was sent. */
  #replicasCaughtUp(): boolean {
    const { replication } = this.#server;
    const { masterReplOffset } = replication.history;
    return replication.status().replicas.every((r) => r.state !== 'online' || r.ackOffset >= masterReplOffset);
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

  #finish(options: ShutdownOptions): string | undefined {
    const server = this.#server;
    const { settings, log, clock } = server;
    // Nothing may enter the stream behind the file's offset: replicas would be ahead of us after a restart.
    server.replication.beforeSleep();
    if (!this.#closeAof(options.force)) return FAILED;
    // While loading, the data in memory is not what the file holds: it must not replace it.
    const save =
      !server.loading && (options.save === 'save' || (options.save === 'default' && settings.save.length > 0));
    if (save) {
      log.notice('Saving the final RDB snapshot before exiting.');
      const error = server.persistence.save();
      if (error !== undefined && !options.force) {
        log.warning("Error trying to save the DB, can't exit.");
        return FAILED;
      }
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
