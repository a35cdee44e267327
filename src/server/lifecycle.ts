/**
 * How a server starts and stops. It listens before it loads, so that clients and supervisors get -LOADING instead of a
 * refused connection; it follows its master only with what it had on disk. How it ends politely is `shutdown.ts`.
 */
import { LoadCancelled } from '../persistence/loading.ts';
import { ListenError } from './listeners.ts';
import { limitClients } from './open-files.ts';
import type { Server } from './server.ts';

export class Lifecycle {
  readonly #server: Server;
  readonly #onListening: () => void;
  #stopped = false;
  /** The data on disk is being loaded, as the first thing after listening. */
  loading = false;

  /** `onListening`: called once all sockets are open, before the data is loaded. */
  constructor(server: Server, onListening: () => void) {
    this.#server = server;
    this.#onListening = onListening;
  }

  /** As `Server.start`. */
  async start(port?: number): Promise<void> {
    const { acl, config, listeners, cron, log } = this.#server;
    limitClients(this.#server);
    acl.start(config.users);
    this.loading = true;
    try {
      await listeners.open();
      if (port !== undefined) await listeners.openTcp(port);
      else if (listeners.none) throw new ListenError('Configured to not listen anywhere, exiting.');
      this.#onListening();
      await this.#load();
    } catch (error) {
      if (!(error instanceof LoadCancelled)) throw error;
    } finally {
      this.loading = false;
    }
    // Somebody may have stopped us while the data was loading.
    if (this.#stopped) return;
    cron.start();
    this.#followConfigured();
    log.notice('Ready to accept connections tcp');
  }

  #load(): Promise<void> {
    const { persistence, replication, settings, keyEvents } = this.#server;
    return persistence.loadAtStart(
      (position) => replication.restore(position, settings.replicaof === undefined ? 'master' : 'replica'),
      (database, bytes, at, length) => {
        if (replication.feeding) keyEvents.expiredInFile(database, bytes, at, length);
      },
    );
  }

  #followConfigured(): void {
    const { replication, settings } = this.#server;
    const { replicaof } = settings;
    if (replicaof === undefined) return;
    if (!replication.allowsMaster(replicaof.host, replicaof.port)) {
      throw new Error(`The master ${replicaof.host}:${replicaof.port} is not in replica-allowed-masters`);
    }
    replication.replicaOf(replicaof.host, replicaof.port);
  }

  /** As `Server.stop`. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#stopped = true;
    server.load.cancel();
    server.pauses.stop();
    server.shutdownSequence.stop();
    server.cron.stop();
    server.replication.shutdown();
    server.rdb.cancelBackground();
    server.snapshots.stop();
    server.clients.closeAll();
    server.aof.close();
    await server.listeners.close();
  }
}
