/**
 * The composition root: what a server is made of, in the order in which the parts are built. Logic lives in the parts;
 * how they are connected is told by `*-parts.ts` and their like, one file for each side of the server:
 *
 *   who connects      client-parts.ts        Listeners ──> Clients ──┐
 *   what runs         executor-hooks.ts      gates.ts ──> Executor ──> commands ──> Store
 *   who hears of it   key-events.ts          watches, tracking, notifications, blocked clients
 *   who follows       propagation-feed.ts    Propagation ──> Replication (replication-host.ts), AppendOnlyFile
 *   what is kept      persistence-parts.ts   Snapshots, RdbFile, AppendOnlyFile
 *   what goes on      cron-parts.ts          Cron, Eviction;  end-of-turn.ts: what leaves after each turn
 *   start and stop    lifecycle.ts, shutdown.ts
 */
import type { Clock, Random } from '../base/ambient.ts';
import type { Settings } from '../base/settings.ts';
import type { ServerLog, World } from '../io/world.ts';
import { ReplyWriter } from '../resp/reply-writer.ts';
import { Store } from '../store/store.ts';
import { families } from '../commands/index.ts';
import { CommandTable } from '../commands/table.ts';
import { Call } from '../commands/call.ts';
import { Propagation } from '../commands/propagation.ts';
import type { Session } from '../commands/session.ts';
import type { MigrateRequest, MemoryUse, Services, SessionService, ShutdownOptions } from '../commands/services.ts';
import { randomHex } from '../replication/history.ts';
import { Replication } from '../replication/replication.ts';
import { AppendOnlyFile } from '../persistence/aof.ts';
import { Loading } from '../persistence/loading.ts';
import { Persistence } from '../persistence/persistence.ts';
import { Snapshots } from '../snapshot/snapshot.ts';
import { RdbFile } from '../persistence/rdb-file.ts';
import { AccessControl } from './acl/access-control.ts';
import { ServerAofReplay } from './aof-replay.ts';
import type { Config } from './config/config.ts';
import { Blocking } from './blocking.ts';
import { accessControlParts, clientsOwner, monitorParts, pauseParts, trackingParts } from './client-parts.ts';
import { Clients } from './clients.ts';
import { Configuration } from './configuration.ts';
import { Cron } from './cron.ts';
import { cronParts, evictionParts } from './cron-parts.ts';
import { EndOfTurn } from './end-of-turn.ts';
import { Eviction } from './eviction.ts';
import { Executor } from './execute.ts';
import { executorHooks } from './executor-hooks.ts';
import { ServerGates } from './gates.ts';
import { KeyEvents } from './key-events.ts';
import { LatencyMonitor } from './latency-monitor.ts';
import { Lifecycle } from './lifecycle.ts';
import { Listeners } from './listeners.ts';
import { Monitors } from './monitors.ts';
import { memoryUse } from './memory-use.ts';
import { migrateKeys } from './migration.ts';
import { type PauseKind, Pauses } from './pause.ts';
import { aofParts, persistenceParts, rdbFileParts, snapshotParts } from './persistence-parts.ts';
import { propagationFeed } from './propagation-feed.ts';
import { replicationHost } from './replication-host.ts';
import { ShutdownSequence } from './shutdown.ts';
import { Slowlog } from './slowlog.ts';
import { resetStatistics, Statistics } from './statistics.ts';
import type { MasterStreamExecutor } from './stream-executor.ts';
import { Tracking } from './tracking.ts';
import { Subscriptions } from './subscriptions.ts';
import { Timing } from './timing.ts';
import { runTransaction } from './transactions.ts';
import { Tls } from './tls.ts';

export interface ServerOptions {
  readonly config: Config;
  readonly world: World;
  /** Called once the server has stopped for good, with the process's exit code. */
  readonly onExit?: (code: number) => void;
  /** Called once all sockets are open, before the data is loaded. */
  readonly onListening?: () => void;
  /** Called when a load of data begins or ends: of what is on disk, or of a full sync. */
  readonly onLoading?: (loading: boolean) => void;
}

export class Server implements Services {
  readonly world: World;
  readonly config: Config;
  readonly settings: Settings;
  readonly statistics: Statistics;
  readonly lifecycle: Lifecycle;
  readonly endOfTurn: EndOfTurn;
  // What runs.
  readonly store: Store;
  readonly commands: CommandTable;
  readonly executor: Executor;
  readonly writer: ReplyWriter = new ReplyWriter();
  readonly propagation: Propagation;
  readonly slowlog: Slowlog;
  readonly latency: LatencyMonitor;
  readonly timing: Timing;
  // Who connects, and who hears of what happens to keys.
  readonly listeners: Listeners;
  readonly tls: Tls;
  readonly clients: Clients;
  readonly acl: AccessControl;
  readonly tracking: Tracking;
  readonly pubsub: Subscriptions = new Subscriptions();
  readonly monitors: Monitors;
  readonly blocking: Blocking;
  readonly pauses: Pauses;
  readonly keyEvents: KeyEvents;
  // What is kept.
  readonly snapshots: Snapshots;
  readonly rdb: RdbFile;
  readonly aof: AppendOnlyFile;
  readonly aofReplay: ServerAofReplay;
  readonly persistence: Persistence;
  /** The load under way, if there is one. */
  readonly load: Loading;
  // Who follows whom.
  readonly replication: Replication;
  readonly masterStream: MasterStreamExecutor;
  /** Called when the role or the state of the link to the master changes. */
  readonly linkWatchers: Set<() => void> = new Set();
  // What goes on by itself.
  readonly cron: Cron;
  readonly eviction: Eviction;
  readonly configuration: Configuration;
  readonly shutdownSequence: ShutdownSequence;
  /** Unix ms. */
  readonly startedAt: number;
  /** 40 hex digits, new at every start. */
  readonly runId: string;
  /** Renders INFO; observability/ fills it in. */
  infoRenderer: (sections: readonly string[]) => string = () => '';

  constructor(options: ServerOptions) {
    const { config, world } = options;
    const { clock, network, log } = world;
    const { settings } = config;
    this.world = world;
    this.config = config;
    this.settings = settings;
    this.startedAt = clock.now();
    this.runId = randomHex(world.random);
    this.statistics = new Statistics(clock);
    this.lifecycle = new Lifecycle(this, options.onListening ?? (() => {}));
    this.endOfTurn = new EndOfTurn(this);
    this.load = new Loading(clock, settings, options.onLoading);

    this.store = new Store(settings, world.random);
    this.store.space.now = this.startedAt;
    this.commands = new CommandTable(families);
    for (const { from, to } of config.renamedCommands) this.commands.rename(from, to);

    this.acl = new AccessControl(accessControlParts(this));
    this.tracking = new Tracking(trackingParts(this));
    this.blocking = new Blocking(this);
    this.keyEvents = new KeyEvents(this);
    this.store.space.events = this.keyEvents;
    this.store.space.fieldEvents = this.keyEvents.ofFields;

    this.propagation = new Propagation(propagationFeed(this));
    const call = new Call(this.store, this, this.propagation, this.writer);
    this.executor = new Executor(call, this.commands, new ServerGates(this), executorHooks(this));

    this.slowlog = new Slowlog(clock, settings);
    this.latency = new LatencyMonitor(clock, settings);
    const { executor, slowlog, latency } = this;
    this.timing = new Timing({ clock, settings, executor, slowlog, latency, turns: this.statistics.turns });

    this.monitors = new Monitors(monitorParts(this));
    this.pauses = new Pauses(pauseParts(this));
    this.clients = new Clients(clientsOwner(this), this.writer);
    this.tls = new Tls(network, settings, log);
    this.listeners = new Listeners(network, settings, log, this.tls, (connection) => this.clients.accept(connection));

    this.snapshots = new Snapshots(snapshotParts(this));
    this.rdb = new RdbFile(rdbFileParts(this));
    this.aof = new AppendOnlyFile(aofParts(this));
    this.aofReplay = new ServerAofReplay(this);
    this.persistence = new Persistence(persistenceParts(this));
    this.clients.output.beforeFlush = () => this.aof.flush();

    const host = replicationHost(this);
    this.masterStream = host.executor;
    this.replication = new Replication(host);

    this.cron = new Cron(cronParts(this));
    this.eviction = new Eviction(evictionParts(this));
    this.configuration = new Configuration(this);
    this.shutdownSequence = new ShutdownSequence(this, options.onExit ?? (() => {}));
  }

  /**
   * Listens, loads the data (clients get -LOADING meanwhile), and follows the master if there is one. Rejects if it
   * cannot load or listen. `port` 0 (embedding) listens on a port of the system's choice besides what the configuration
   * says.
   */
  start(port?: number): Promise<void> {
    return this.lifecycle.start(port);
  }

  /** Stops everything at once, without saving; for embedding and tests. `shutdown` is the polite way. */
  stop(): Promise<void> {
    return this.lifecycle.stop();
  }

  /** There is no data to serve yet. */
  get loading(): boolean {
    return this.lifecycle.loading || this.load.kind === 'blocking';
  }

  /** New data is loaded while the old is served. */
  get loadingAsync(): boolean {
    return this.load.kind === 'async';
  }

  /** A shutdown is under way, perhaps waiting for replicas. */
  get shuttingDown(): boolean {
    return this.shutdownSequence.underWay;
  }

  get call(): Call {
    return this.executor.call;
  }

  /** Whose command runs, if one does. */
  get runningSession(): Session | undefined {
    const { session } = this.executor.call;
    return session?.busy === true ? session : undefined;
  }

  // -- Services, beyond the parts above -----------------------------------------------------------------------------

  get clock(): Clock {
    return this.world.clock;
  }

  get random(): Random {
    return this.world.random;
  }

  get log(): ServerLog {
    return this.world.log;
  }

  get sessions(): SessionService {
    return this.clients;
  }

  runTransaction(session: Session): void {
    runTransaction(this, session);
  }

  info(sections: readonly string[]): string {
    return this.infoRenderer(sections);
  }

  pauseClients(kind: PauseKind, untilMs: number): void {
    this.pauses.pause('command', kind, untilMs);
  }

  unpauseClients(): void {
    this.pauses.end('command');
  }

  migrate(request: MigrateRequest, database: number, move: boolean): Promise<string | undefined> {
    return migrateKeys(this, request, database, move);
  }

  memoryUse(): MemoryUse {
    return memoryUse(this);
  }

  resetStatistics(): void {
    resetStatistics(this);
  }

  shutdown(options: ShutdownOptions): string | undefined {
    return this.shutdownSequence.begin(options);
  }

  abortShutdown(): boolean {
    return this.shutdownSequence.abort();
  }

  pauseCron(on: boolean): void {
    this.cron.paused = on;
  }

  sleep(milliseconds: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  }
}
