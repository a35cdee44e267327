/**
 * The composition root: builds the parts of a server, connects them, starts and stops them. Logic lives in the parts.
 *
 *   io.World ─┬─> Listeners ──> Clients ──> Executor ──> commands ──> Store
 *             ├─> Cron ────────────────────────────────────────────────┘
 *             └─> Replication <── Propagation <── Executor
 */
import { posix } from 'node:path';
import type { Clock, Random } from '../base/ambient.ts';
import { keyspaceEvents, type Settings } from '../base/settings.ts';
import type { ServerLog, World } from '../io/world.ts';
import type { Args } from '../resp/args.ts';
import { ReplyWriter } from '../resp/reply-writer.ts';
import { errors, type ReplyError, replyError } from '../base/errors.ts';
import type { Database } from '../store/database.ts';
import { Store } from '../store/store.ts';
import { families } from '../commands/index.ts';
import { shownWords } from '../commands/secrets.ts';
import { type Command, CommandTable } from '../commands/table.ts';
import { Call } from '../commands/call.ts';
import { Propagation } from '../commands/propagation.ts';
import { Session, type WatchedKey } from '../commands/session.ts';
import type {
  MigrateRequest,
  ConfigurationService,
  MemoryUse,
  Services,
  SessionService,
  ShutdownOptions,
} from '../commands/services.ts';
import { randomHex } from '../replication/history.ts';
import { Replication } from '../replication/replication.ts';
import { AppendOnlyFile } from '../persistence/aof.ts';
import { BaseCommands } from '../persistence/base-commands.ts';
import { LoadCancelled, Loading } from '../persistence/loading.ts';
import { Persistence } from '../persistence/persistence.ts';
import { Snapshots } from '../snapshot/snapshot.ts';
import { RdbFile } from '../persistence/rdb-file.ts';
import { AccessControl } from './acl/access-control.ts';
import { ServerAofReplay } from './aof-replay.ts';
import type { Config } from './config/config.ts';
import { Blocking } from './blocking.ts';
import { Clients } from './clients.ts';
import { Configuration } from './configuration.ts';
import { Cron } from './cron.ts';
import { Eviction } from './eviction.ts';
import { Executor, type Gates } from './execute.ts';
import { publishKeyspaceEvent } from './keyspace-notifications.ts';
import { LatencyMonitor } from './latency-monitor.ts';
import { Listeners } from './listeners.ts';
import { Monitors } from './monitors.ts';
import { memoryUse } from './memory-use.ts';
import { migrate } from './migration.ts';
import { type PauseKind, Pauses } from './pause.ts';
import { replicationHost } from './replication-host.ts';
import { ShutdownSequence } from './shutdown.ts';
import { Slowlog } from './slowlog.ts';
import { Statistics } from './statistics.ts';
import type { MasterStreamExecutor } from './stream-executor.ts';
import { Tracking } from './tracking.ts';
import { Subscriptions } from './subscriptions.ts';
import { Timing } from './timing.ts';
import { runTransaction } from './transactions.ts';
import { Tls } from './tls.ts';
import { Watches } from './watches.ts';

export interface ServerOptions {
  readonly config: Config;
  readonly world: World;
  /** Called once the server has stopped for good, with the process's exit code. */
  readonly onExit?: (code: number) => void;
  /** Called once all sockets are open, before the data is loaded. */
  readonly onListening?: () => void;
}

export class Server implements Services, Gates {
  readonly world: World;
  readonly config: Config;
  readonly settings: Settings;
  readonly store: Store;
  readonly commands: CommandTable;
  readonly clients: Clients;
  readonly executor: Executor;
  readonly propagation: Propagation;
  readonly replication: Replication;
  readonly masterStream: MasterStreamExecutor;
  readonly snapshots: Snapshots;
  readonly rdb: RdbFile;
  readonly tls: Tls;
  readonly aof: AppendOnlyFile;
  readonly persistence: Persistence;
  /** The load under way, if there is one. */
  readonly load: Loading;
  readonly listeners: Listeners;
  readonly cron: Cron;
  readonly eviction: Eviction;
  readonly slowlog: Slowlog;
  readonly latency: LatencyMonitor;
  readonly timing: Timing;
  readonly monitors: Monitors;
  readonly statistics: Statistics;
  readonly pauses: Pauses;
  readonly pubsub: Subscriptions = new Subscriptions();
  readonly acl: AccessControl;
  readonly tracking: Tracking;
  readonly configuration: ConfigurationService;
  readonly blocking: Blocking;
  /** Called when the role or the state of the link to the master changes. */
  readonly linkWatchers: Set<() => void> = new Set();
  /** Unix ms. */
  readonly startedAt: number;
  /** 40 hex digits, new at every start. */
  readonly runId: string;
  /** Renders INFO; observability/ fills it in. */
  infoRenderer: (sections: readonly string[]) => string = () => '';
  readonly #watches: Watches = new Watches((database, bytes, at, length) => {
    const db = this.store.space.databases[database]!;
    const entry = db.peek(bytes, at, length);
    if (entry === 0) return 'none';
    return db.isExpired(entry) ? 'expired' : 'live';
  });
  readonly #writer = new ReplyWriter();
  readonly #shutdown: ShutdownSequence;
  readonly #onListening: () => void;
  #stopped = false;
  #turnScheduled = false;
  #loading = false;

  constructor(options: ServerOptions) {
    const { config, world } = options;
    this.world = world;
    this.config = config;
    this.settings = config.settings;
    this.startedAt = world.clock.now();
    this.runId = randomHex(world.random);
    this.statistics = new Statistics(world.clock);
    this.load = new Loading(world.clock, this.settings);
    this.store = new Store(this.settings, world.random);
    this.store.space.now = this.startedAt;
    this.commands = new CommandTable(families);
    for (const { from, to } of config.renamedCommands) this.commands.rename(from, to);
    this.acl = new AccessControl({
      table: this.commands,
      settings: this.settings,
      clock: world.clock,
      log: world.log,
      sessions: () => this.clients.all(),
      current: () => this.executor.call.session,
      readFile: (path) => world.disk.readFileSync(posix.resolve(this.settings.dir, path)),
      replaceFile: (path, bytes) => world.disk.replaceFileSync(posix.resolve(this.settings.dir, path), bytes),
    });
    this.tracking = new Tracking({
      settings: this.settings,
      find: (id) => this.clients.find(id),
      sessions: () => this.clients.all(),
      current: () => this.#runningSession(),
      broadcastDue: () => this.#scheduleEndOfTurn(),
    });
    this.propagation = new Propagation({
      wanted: () => this.aof.recording || this.replication.recording,
      feed: (database, bytes, at, length, replicasOnly) => {
        this.replication.feed(database, bytes, at, length);
        if (this.aof.recording && !replicasOnly) this.#append(database, bytes, at, length);
      },
    });
    this.blocking = new Blocking(this);
    const { blocking } = this;
    const call = new Call(this.store, this, this.propagation, this.#writer);
    this.executor = new Executor(call, this.commands, this, {
      postpone: (session) => this.clients.postpone(session),
      serveBlocked: () => blocking.serveReady(),
      tracked: (session, command, args) => this.tracking.read(session, session.tracking!, command, args),
      denied: (session, command, args) => this.acl.refusal(session, command, args),
      masterCommandFailed: (session, error) =>
        aofReplay.owns(session) ? aofReplay.failed(session, error) : this.masterStream.failed(session, error),
      masterWriteUnsaved: () => this.masterStream.unsaved(),
      slow: (command, args, session, micros) => {
        // What an append only file holds ran, and was slow, before.
        if (!this.#loading) this.timing.slow(command, () => shownWords(command, args, this), session, micros);
      },
      ran: (command, args, session) => this.#feedMonitors(command, args, session),
    });
    const { clock } = world;
    this.slowlog = new Slowlog(clock, this.settings);
    this.latency = new LatencyMonitor(clock, this.settings);
    this.timing = new Timing({
      clock,
      settings: this.settings,
      executor: this.executor,
      slowlog: this.slowlog,
      latency: this.latency,
      turns: this.statistics.turns,
    });
    this.monitors = new Monitors({
      clock,
      settings: this.settings,
      active: (on) => {
        this.executor.monitored = on;
      },
    });
    this.clients = new Clients(
      {
        settings: this.settings,
        acl: this.acl,
        tracking: this.tracking,
        clock: world.clock,
        log: world.log,
        space: this.store.space,
        executor: this.executor,
        timing: this.timing,
        afterCommand: (session) => {
          session.writeOffset = this.replication.history.masterReplOffset;
          this.replication.flushIfLarge();
        },
        afterBatch: () => this.#scheduleEndOfTurn(),
        sessionClosed: (session) => this.#sessionClosed(session),
        outputDrained: (session) => {
          if (session.peer?.replica) this.replication.peerDrained(session.peer);
        },
        masterSession: () => this.#masterSession(),
        replicaHeard: (session) => this.replication.peerHeard(session.peer!),
        replicaAnswered: (session) => this.replication.rejectReply(session.peer!, session.lastCommand),
      },
      this.#writer,
    );
    this.snapshots = new Snapshots({
      store: this.store,
      clock: world.clock,
      log: world.log,
      disk: world.disk,
      settings: this.settings,
      pid: world.process.pid,
      activity: () => this.executor.processed,
    });
    this.rdb = new RdbFile({
      world,
      settings: this.settings,
      store: this.store,
      dirty: () => call.dirty,
      position: () => this.replication.rdbInfo(),
      loading: this.load,
      snapshots: this.snapshots,
    });
    this.pauses = new Pauses({ clock: world.clock, changed: (kind) => this.#pauseChanged(kind) });
    this.aof = new AppendOnlyFile({
      world,
      settings: this.settings,
      latency: this.latency,
      snapshot: (consumer) =>
        this.snapshots.start(
          {
            purpose: 'rewrite',
            offset: -1,
            replid: '',
            streamDb: -1,
            target: 'sockets',
            excludeData: false,
            excludeFunctions: false,
          },
          consumer,
        ),
      commandEncoder: () =>
        new BaseCommands(this.settings.aofTimestampEnabled ? Math.floor(world.clock.now() / 1000) : -1),
      saving: () => this.rdb.saving || this.snapshots.running !== null,
      offset: () => this.replication.history.masterReplOffset,
      endTurn: () => this.#scheduleEndOfTurn(),
      synced: () => {
        if (this.replication.waiters.size === 0) return;
        this.replication.fsynced();
        this.#scheduleEndOfTurn();
      },
    });
    const aofReplay = new ServerAofReplay(this);
    this.persistence = new Persistence({
      settings: this.settings,
      rdb: this.rdb,
      aof: this.aof,
      loadParts: {
        world,
        settings: this.settings,
        store: this.store,
        loading: this.load,
        directory: this.aof.directory,
        replay: aofReplay,
      },
    });
    this.clients.output.beforeFlush = () => this.aof.flush();
    const host = replicationHost(this);
    this.masterStream = host.executor;
    this.replication = new Replication(host);
    this.tls = new Tls(world.network, this.settings, world.log);
    this.listeners = new Listeners(world.network, this.settings, world.log, this.tls, (connection) =>
      this.clients.accept(connection),
    );
    this.configuration = new Configuration(this);
    this.cron = new Cron({
      clock: world.clock,
      settings: this.settings,
      space: this.store.space,
      fieldExpiry: this.store.fieldExpiry,
      expireSlice: (run) => this.#expireSlice(run),
      everyTick: () => this.persistence.tick(),
      everySecond: () => this.#everySecond(),
      ticked: (ms) => this.statistics.turns.cron(ms * 1000),
    });
    this.store.space.events = {
      expired: (db, bytes, at, length) => {
        this.#expiredEffect(db.index, bytes, at, length);
        if (this.#watches.active) this.#watches.expired(db.index, bytes, at, length);
        if (this.tracking.active) this.tracking.modified(bytes, at, length, undefined);
        this.#notifyOf(keyspaceEvents.expired, 'expired', db, bytes, at, length);
      },
      created: (db, bytes, at, length) => this.#notifyOf(keyspaceEvents.newKey, 'new', db, bytes, at, length),
      missed: (db, bytes, at, length) => this.#notifyOf(keyspaceEvents.keyMiss, 'keymiss', db, bytes, at, length),
      ready: (db, bytes, at, length) => blocking.keyReady(db, bytes, at, length),
      replaced: (db) => blocking.databaseReplaced(db),
      evicted: (db, bytes, at, length) => {
        if (this.#watches.active) this.#watches.modified(db.index, bytes, at, length);
        if (this.tracking.active) this.tracking.evicted(bytes, at, length);
        this.#notifyOf(keyspaceEvents.evicted, 'evicted', db, bytes, at, length);
        const effect = this.propagation.begin(db.index, 2);
        effect.text(this.settings.lazyfreeLazyEviction ? 'UNLINK' : 'DEL').bytes(bytes, at, length);
        // Each key by itself: an eviction is no part of a transaction.
        this.propagation.flush();
      },
    };
    this.eviction = new Eviction({
      clock: world.clock,
      settings: this.settings,
      space: this.store.space,
      loading: () => this.#loading,
      clientBytes: () => this.clients.bufferBytes(),
      streamBytes: () => {
        const { stream, wantedBytes } = this.replication.backlog;
        return stream === null ? 0 : Math.min(stream.allocatedBytes, wantedBytes);
      },
      feedReplicas: () => this.replication.flushIfLarge(),
      took: (ms) => this.latency.add('eviction-cycle', ms),
      sliceDone: () => this.#scheduleEndOfTurn(),
    });
    this.store.space.fieldEvents = {
      expired: (db, key, field) => {
        const effect = this.propagation.begin(db.index, 3).text('HDEL');
        effect.bytes(key.bytes, key.at, key.length).bytes(field.bytes, field.at, field.length);
      },
      done: (db, key, keyGone) => {
        if (this.watching) this.keyModified(db.index, key.bytes, key.at, key.length);
        this.#notifyOf(keyspaceEvents.hash, 'hexpired', db, key.bytes, key.at, key.length);
        if (keyGone) this.#notifyOf(keyspaceEvents.generic, 'del', db, key.bytes, key.at, key.length);
      },
    };
    this.#shutdown = new ShutdownSequence(this, options.onExit ?? (() => {}));
    this.#onListening = options.onListening ?? (() => {});
  }

  /**
   * Listens, loads the data (clients get -LOADING meanwhile), and follows the master if there is one. Rejects if it
   * cannot load or listen. `port` 0 (embedding) listens on a port of the system's choice besides what the configuration
   * says.
   */
  async start(port?: number): Promise<void> {
    const { world, settings } = this;
    this.acl.start(this.config.users);
    this.#setLoading(true);
    try {
      await this.listeners.open();
      if (port !== undefined) await this.listeners.openTcp(port);
      this.#onListening();
      await this.persistence.loadAtStart(
        (position) => this.replication.restore(position, settings.replicaof === undefined ? 'master' : 'replica'),
        (database, bytes, at, length) => {
          if (this.replication.feeding) this.#propagateExpired(database, bytes, at, length);
        },
      );
    } catch (error) {
      if (!(error instanceof LoadCancelled)) throw error;
    } finally {
      this.#setLoading(false);
    }
    // Somebody may have stopped us while the data was loading.
    if (this.#stopped) return;
    this.cron.start();
    this.#followConfigured();
    world.log.notice('Ready to accept connections tcp');
  }

  #followConfigured(): void {
    const { replicaof } = this.settings;
    if (replicaof === undefined) return;
    if (!this.replication.allowsMaster(replicaof.host, replicaof.port)) {
      throw new Error(`The master ${replicaof.host}:${replicaof.port} is not in replica-allowed-masters`);
    }
    this.replication.replicaOf(replicaof.host, replicaof.port);
  }

  /** Stops everything at once, without saving; for embedding and tests. `shutdown` is the polite way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.load.cancel();
    this.pauses.stop();
    this.#shutdown.stop();
    this.cron.stop();
    this.replication.shutdown();
    this.rdb.cancelBackground();
    this.snapshots.stop();
    this.clients.closeAll();
    this.aof.close();
    await this.listeners.close();
  }

  // -- Services -------------------------------------------------------------------------------------------------

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

  get watching(): boolean {
    return this.#watches.active || this.tracking.active;
  }

  keyModified(database: number, bytes: Uint8Array, at: number, length: number): void {
    if (this.#watches.active) this.#watches.modified(database, bytes, at, length);
    if (this.tracking.active) this.tracking.modified(bytes, at, length, this.#runningSession());
  }

  get notifiedClasses(): number {
    const classes = this.settings.notifyKeyspaceEvents;
    return (classes & (keyspaceEvents.keyspace | keyspaceEvents.keyevent)) === 0 ? 0 : classes;
  }

  notify(_kind: number, event: string, database: number, bytes: Uint8Array, at: number, length: number): void {
    const key = bytes.subarray(at, at + length);
    publishKeyspaceEvent(this.pubsub, this.notifiedClasses, event, database, key, (session, message) =>
      session.push(message),
    );
  }

  databaseChanged(database: number, other: number = database): void {
    if (this.#watches.active) this.#watches.databaseChanged(database, other);
  }

  watch(session: Session, database: number, key: string, expired: boolean): void {
    this.#watches.add(session, database, key, expired);
  }

  /** A key that was alive when WATCH saw it has run out of time since: for EXEC that is a change. */
  watchedKeyExpired(watched: WatchedKey): boolean {
    if (watched.expired) return false;
    const bytes = Buffer.from(watched.key, 'latin1');
    const db = this.store.space.databases[watched.database]!;
    const entry = db.peek(bytes, 0, bytes.length);
    return entry !== 0 && db.isExpired(entry);
  }

  unwatchAll(session: Session): void {
    this.#watches.removeAll(session);
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

  async migrate(request: MigrateRequest, database: number, move: boolean): Promise<string | undefined> {
    this.pauses.pause('migrate', 'write', Infinity);
    const { isReplica } = this.store.space;
    try {
      const { moved, error } = await migrate(this.world.network, this.clock, request);
      // A master's data by now: a deletion of ours would make it another.
      if (move && isReplica !== this.store.space.isReplica) return errors.unblockedByRole.text;
      const gone = move ? moved.map((index) => request.keys[index]!.key) : [];
      const db = this.store.space.databases[database]!;
      const deleted = gone.filter((key) => db.remove(key, 0, key.length));
      if (deleted.length > 0) {
        const effect = this.propagation.begin(database, deleted.length + 1).text('DEL');
        for (const key of deleted) effect.bytes(key, 0, key.length);
        this.propagation.flush();
      }
      for (const key of deleted) {
        this.call.changedKey(db, key, 0, key.length);
        this.#notifyOf(keyspaceEvents.generic, 'del', db, key, 0, key.length);
      }
      this.#scheduleEndOfTurn();
      return error;
    } finally {
      this.pauses.end('migrate');
    }
  }

  #pauseChanged(kind: PauseKind | 'no'): void {
    this.store.space.expirePaused = kind !== 'no';
    if (kind === 'all') return;
    // A client whose command must still wait is postponed again.
    this.clock.soon(() => this.clients.releasePostponed());
    this.#scheduleEndOfTurn();
  }

  memoryUse(): MemoryUse {
    return memoryUse(this);
  }

  resetStatistics(): void {
    this.statistics.reset();
    this.executor.processed = 0;
    this.executor.errorCounts.clear();
    this.masterStream.failures = 0;
    this.clients.resetStatistics();
    this.acl.log.resetStatistics();
    this.replication.resetStatistics();
    this.store.space.stats.reset();
    this.eviction.resetStatistics();
    for (const command of this.commands.all()) command.resetStatistics();
  }

  shutdown(options: ShutdownOptions): string | undefined {
    return this.#shutdown.begin(options);
  }

  /** A shutdown is under way, perhaps waiting for replicas. */
  get shuttingDown(): boolean {
    return this.#shutdown.underWay;
  }

  abortShutdown(): boolean {
    return this.#shutdown.abort();
  }

  pauseCron(on: boolean): void {
    this.cron.paused = on;
  }

  sleep(milliseconds: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  }

  // -- Gates ----------------------------------------------------------------------------------------------------

  get authenticationRequired(): boolean {
    return this.acl.authenticationRequired;
  }

  get loading(): boolean {
    return this.#loading || this.load.kind === 'blocking';
  }

  get loadingAsync(): boolean {
    return this.load.kind === 'async';
  }

  get readonlyReplica(): boolean {
    return this.store.space.isReplica && this.settings.replicaReadOnly;
  }

  get masterDown(): boolean {
    return this.store.space.isReplica && !this.settings.replicaServeStaleData && !this.replication.canServe;
  }

  get notEnoughReplicas(): boolean {
    return !this.replication.enoughGoodReplicas;
  }

  get diskError(): ReplyError | undefined {
    if (this.rdb.blocksWrites) return MISCONF;
    const { writeError } = this.aof;
    return writeError === '' ? undefined : replyError(`MISCONF Errors writing to the AOF file: ${writeError}`);
  }

  get memoryLimited(): boolean {
    return this.eviction.limited;
  }

  makeRoom(): boolean {
    return this.eviction.makeRoom();
  }

  get paused(): PauseKind | 'no' {
    return this.pauses.current;
  }

  // -- what replication reports -------------------------------------------------------------------------------------

  /** We became master or replica, or our link's state changed. */
  roleChanged(): void {
    const isReplica = !this.replication.isMaster;
    this.store.space.isReplica = isReplica;
    if (!isReplica) this.store.space.localExpiries.clear();
    this.world.log.setRole(isReplica ? 'S' : 'M');
    for (const look of this.linkWatchers) look();
  }

  /** A new master: what blocked commands wait for may never come, so they end, and so do their connections. */
  unblockAll(): void {
    for (const session of [...this.clients.all()]) {
      if (session.blocking === undefined) continue;
      session.blocking.fail(errors.unblockedByRole);
      session.close(true);
    }
  }

  /** A full sync exchanges all data: a watched key changes if it was there before, or is there afterwards. */
  replaceData(replace: () => void): void {
    const { databases } = this.store.space;
    for (const db of databases) this.databaseChanged(db.index);
    replace();
    for (const db of databases) this.databaseChanged(db.index);
    this.tracking.flushed();
    this.blocking.serveReady();
    this.aof.dataReplaced();
    if (this.store.space.reclaimer.pending > 0) this.cron.workArrived();
  }

  // -- inside -----------------------------------------------------------------------------------------------------

  /** The session of the master's stream. Before there is a link it is no client of anybody, and its id is 0. */
  newMasterSession(id: number): Session {
    const session = new Session(id, this.clock.now());
    session.class = 'master';
    session.authenticated = true;
    return session;
  }

  /** Our link to the master as CLIENT LIST shows it and CLIENT KILL ends it; undefined while it is not up. */
  #masterSession(): Session | undefined {
    const { link } = this.replication;
    if (link === null || link.tag !== 'connected' || link.connection === null) return undefined;
    const { session } = this.masterStream;
    session.remoteAddress = link.connection.remoteAddress;
    session.localAddress = link.connection.localAddress;
    session.descriptor = link.connection.descriptor;
    session.queryBytes = () => link.unappliedBytes;
    session.close = () => link.kill();
    return session;
  }

  /** Every online replica has acknowledged all that was sent. */
  replicasCaughtUp(): boolean {
    const { masterReplOffset } = this.replication.history;
    return this.replication.status().replicas.every((r) => r.state !== 'online' || r.ackOffset >= masterReplOffset);
  }

  get call(): Call {
    return this.executor.call;
  }

  get writer(): ReplyWriter {
    return this.#writer;
  }

  #notifyOf(kind: number, event: string, db: Database, bytes: Uint8Array, at: number, length: number): void {
    if ((this.notifiedClasses & kind) !== 0) this.notify(kind, event, db.index, bytes, at, length);
  }

  #setLoading(on: boolean): void {
    this.#loading = on;
  }

  /** Whose command runs, if one does. */
  #runningSession(): Session | undefined {
    const { session } = this.executor.call;
    return session?.busy === true ? session : undefined;
  }

  #scheduleEndOfTurn(): void {
    if (this.#turnScheduled) return;
    this.#turnScheduled = true;
    this.clock.soon(() => {
      // Keys that went between commands, by eviction or expiry, matter to those who wait for them.
      if (this.executor.keysReady) this.blocking.serveReady();
      this.tracking.broadcast();
      this.#turnScheduled = false;
      this.timing.turnEnded();
      this.clients.output.flush();
      this.clients.evict();
      this.replication.beforeSleep();
      if (this.store.space.reclaimer.pending > 0) this.cron.workArrived();
    });
  }

  /** To the append only file. Where no stream counts bytes, each command counts one, so that WAITAOF has an offset to wait for. */
  #append(database: number, bytes: Uint8Array, at: number, length: number): void {
    const { replication } = this;
    if (replication.isMaster && !replication.feeding) replication.history.masterReplOffset++;
    this.aof.feed(database, bytes, at, length);
  }

  #sessionClosed(session: Session): void {
    session.blocking?.gone();
    this.unwatchAll(session);
    this.pubsub.leaveAll(session);
    this.tracking.disable(session);
    this.monitors.remove(session);
    if (session.peer?.replica) this.replication.peerClosed(session.peer);
  }

  #expiredEffect(database: number, bytes: Uint8Array, at: number, length: number): void {
    const effect = this.propagation.begin(database, 2);
    effect.text(this.settings.lazyfreeLazyExpire ? 'UNLINK' : 'DEL').bytes(bytes, at, length);
  }

  /** A key of our own RDB file whose time had come: replicas that continue from that file still have it. */
  #propagateExpired(database: number, bytes: Uint8Array, at: number, length: number): void {
    this.#expiredEffect(database, bytes, at, length);
    this.propagation.flush();
  }

  #feedMonitors(command: Command, args: Args, session: Session): void {
    if (this.#loading) return;
    if (session.class === 'master' && session.remoteAddress === '') this.#masterSession();
    this.monitors.feed(session, shownWords(command, args, this), (monitor, line) => {
      if (monitor === session) this.#writer.raw(line);
      else if (monitor.replyMode !== 'off') monitor.push(line);
    });
  }

  #expireSlice(run: () => number): number {
    this.propagation.noMulti = true;
    const started = this.clock.monotonic();
    try {
      return run();
    } finally {
      const elapsed = this.clock.monotonic() - started;
      this.statistics.expireMicros += elapsed * 1000;
      this.latency.add('expire-cycle', elapsed);
      this.propagation.flush();
      this.propagation.noMulti = false;
      this.#scheduleEndOfTurn();
    }
  }

  #everySecond(): void {
    this.timing.everySecond();
    const traffic = this.clients.traffic();
    this.statistics.sample({
      commands: this.executor.processed,
      inputBytes: traffic.input,
      outputBytes: traffic.output,
      replicationInputBytes: this.replication.receivedBytes,
      replicationOutputBytes: this.replication.replicas.sentBytes,
    });
    this.statistics.noteMemory(this.store.space.arena.usedBytes);
    if (this.eviction.limited) this.eviction.clientBytes = this.clients.bufferBytes();
    this.clients.cron();
    this.replication.cron();
    this.persistence.cron();
    this.#scheduleEndOfTurn();
  }
}

const MISCONF: ReplyError = replyError(
  'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk. Commands that may ' +
    'modify the data set are disabled, because this instance is configured to report errors during writes if RDB ' +
    'snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.',
);
