/**
 * What handlers may ask of the server beyond the store. The server implements it; handlers know only this.
 */
import type { Clock, Log, Random } from '../base/ambient.ts';
import type { Settings } from '../base/settings.ts';
import type { Replication } from '../replication/replication.ts';
import type { Args } from '../resp/args.ts';
import type { Call } from './call.ts';
import type { Session, SessionUser } from './session.ts';
import type { Command, CommandTable } from './table.ts';

export interface Services {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: Settings;
  readonly commands: CommandTable;
  readonly replication: Replication;
  readonly configuration: ConfigurationService;
  readonly sessions: SessionService;
  readonly persistence: PersistenceService;
  readonly pubsub: PubSubService;
  readonly monitors: MonitorService;
  readonly slowlog: SlowlogService;
  readonly latency: LatencyService;
  readonly blocking: BlockingService;
  readonly acl: AclService;
  readonly tracking: TrackingService;
  readonly keyEvents: KeyEventService;

  /** Runs the queued commands of a session's transaction and writes their replies (EXEC). */
  runTransaction(session: Session): void;
  /** INFO's text. `sections` in lower case as the client named them; empty for the default set. */
  info(sections: readonly string[]): string;
  /** Makes writing clients ('write') or all of them ('all') wait until the given wall clock ms. */
  pauseClients(kind: 'write' | 'all', untilMs: number): void;
  unpauseClients(): void;
  /**
   * Takes keys of a database to another server, and deletes those that arrived there if `move`. Writes wait until it is
   * done. The text of an error reply, or undefined; never rejects.
   */
  migrate(request: MigrateRequest, database: number, move: boolean): Promise<string | undefined>;
  /** MEMORY STATS. Asks the system: not for hot paths. */
  memoryUse(): MemoryUse;
  /** CONFIG RESETSTAT. */
  resetStatistics(): void;
  /**
   * Begins to shut the server down. Returns an error reply if it cannot (for example a save that failed), undefined once
   * under way: the caller's connection is then closed without a reply.
   */
  shutdown(options: ShutdownOptions): string | undefined;
  /** SHUTDOWN ABORT: false if none was under way. */
  abortShutdown(): boolean;
  /** DEBUG PAUSE-CRON. */
  pauseCron(on: boolean): void;
  /** Blocks the whole server for this long (DEBUG SLEEP). */
  sleep(milliseconds: number): void;
}

export interface KeyEventService {
  /** Some session watches or tracks a key: changes must be reported to `keyModified`. */
  readonly watching: boolean;
  keyModified(database: number, bytes: Uint8Array, at: number, length: number): void;
  /**
   * Call before all keys of a database change at once: it is emptied (FLUSHDB), or gets what `other` holds now (SWAPDB).
   */
  databaseChanged(database: number, other?: number): void;

  /** Classes of keyspace events (bits of `keyspaceEvents`) that are to be published; 0 while notifications are off. */
  readonly notifiedClasses: number;
  /** Publishes a keyspace event, if `kind` (one class) is to be published. */
  notify(kind: number, event: string, database: number, bytes: Uint8Array, at: number, length: number): void;

  watch(session: Session, database: number, key: string, expired: boolean): void;
  unwatchAll(session: Session): void;
}

export interface MigrateRequest {
  readonly host: string;
  readonly port: number;
  /** Of the other server. */
  readonly database: number;
  /** For each step: connecting, and waiting for the next reply. */
  readonly timeoutMs: number;
  /** Arguments of AUTH. */
  readonly auth?: readonly string[];
  readonly replace: boolean;
  /** At least one. `payload`: as of DUMP; `ttlMs` 0: none. */
  readonly keys: readonly { readonly key: Uint8Array; readonly ttlMs: number; readonly payload: Uint8Array }[];
}

export interface MigrateResult {
  /** Indexes of the keys that have arrived. */
  readonly moved: readonly number[];
  /** Text of an error reply. */
  readonly error: string | undefined;
}

export interface ShutdownOptions {
  readonly save: 'default' | 'save' | 'nosave';
  readonly now: boolean;
  readonly force: boolean;
  /** Called, with the text of an error reply, if a shutdown that was under way comes to nothing: aborted, or not saved. */
  readonly failed?: (error: string) => void;
}

export interface DatabaseMemory {
  readonly index: number;
  /** Bytes of its table and the entries' fixed parts. */
  readonly main: number;
  /** Bytes that expiries take. */
  readonly expires: number;
}

/** All in bytes, but for `blocks`. */
export interface MemoryUse {
  readonly used: number;
  readonly peak: number;
  readonly startup: number;
  readonly overhead: number;
  readonly dataset: number;
  readonly backlog: number;
  /** The backlog and what of the stream waits for replicas beyond it. */
  readonly stream: number;
  /** What waits for replicas beyond the backlog: it does not count against maxmemory. */
  readonly notCounted: number;
  readonly clientsNormal: number;
  /** With what they keep of the stream. */
  readonly clientsReplicas: number;
  readonly functions: number;
  /** Those that hold keys. */
  readonly databases: readonly DatabaseMemory[];
  /** The arena: handed out, held from the system, and how many blocks are out. */
  readonly allocated: number;
  readonly reserved: number;
  readonly blocks: number;
  readonly rss: number;
  /** What the process took before there was data, beyond the arena. */
  readonly engine: number;
}

export interface ConfigurationService {
  get(patterns: readonly string[]): readonly (readonly [name: string, value: string])[];
  /**
   * Undefined on success, else the text of the error reply without '-'; a promise when applying takes time (the caller
   * then blocks its session). Words are byte strings.
   */
  set(
    pairs: readonly (readonly [name: string, value: string])[],
    session: Session,
  ): string | undefined | Promise<string | undefined>;
  rewrite(): string | undefined;
  /** The directive's value must not be shown. */
  isSecret(name: string): boolean;
}

export interface MonitorService {
  add(session: Session): void;
  remove(session: Session): void;
}

export interface SlowEntry {
  readonly id: number;
  /** Unix time. */
  readonly seconds: number;
  readonly micros: number;
  readonly words: readonly Uint8Array[];
  readonly address: string;
  readonly name: string;
}

export interface SlowlogService {
  readonly length: number;
  newest(count: number): readonly SlowEntry[];
  reset(): void;
}

export interface LatencySample {
  /** Unix time. */
  readonly seconds: number;
  readonly ms: number;
}

export interface LatencyEvent {
  readonly name: string;
  /** At least one, the oldest first. */
  readonly samples: readonly LatencySample[];
  readonly maxMs: number;
}

export interface LatencyService {
  readonly enabled: boolean;
  events(): Iterable<LatencyEvent>;
  find(name: string): LatencyEvent | undefined;
  /** Forgets these events, or all if there are no names; returns how many. */
  reset(names: readonly string[]): number;
}

export interface SessionService {
  /** All open sessions, in the order of their ids; replica and master links included. */
  all(): Iterable<Session>;
  find(id: number): Session | undefined;
  readonly count: number;
}

export type SubscriptionKind = 'channels' | 'patterns' | 'shardChannels';

/** Names of channels and patterns are latin1 text: one char a byte. */
export interface PubSubService {
  /** Nothing happens if the session has this subscription. */
  subscribe(session: Session, kind: SubscriptionKind, name: string): void;
  unsubscribe(session: Session, kind: SubscriptionKind, name: string): void;
  /** Ends all subscriptions, without telling the client. */
  leaveAll(session: Session): void;
  /**
   * Calls `deliver` for each receiver of message `args[2]` on channel `args[1]`, with the message's bytes, which nobody
   * writes to any more. Returns how many there were.
   */
  publish(args: Args, shard: boolean, deliver: (session: Session, message: Uint8Array) => void): number;
  /** Those that somebody listens to. */
  names(kind: SubscriptionKind): Iterable<string>;
  count(kind: SubscriptionKind): number;
  subscribers(kind: SubscriptionKind, name: string): number;
}

/**
 * What a command waits for that found nothing in its keys. When one of them gets a value, `serve` runs, with the call as it
 * was (arguments, database, session), after the command or the transaction that made the key ready. Clients are served in
 * the order in which they blocked, keys in the order in which they became ready.
 */
export interface KeyWait {
  /** The keys are the arguments from `firstKey`, `keys` of them. */
  readonly firstKey: number;
  readonly keys: number;
  /** Type of the values that it can use (store/entry.ts). */
  readonly type: number;
  readonly timeoutMs: number;
  /**
   * Argument `index` names a live key of this type: takes what it wants from it, replies and propagates what happened (not
   * the command itself), and returns true. Errors may be thrown, which ends the wait too. False, without a reply: waits on.
   */
  serve(call: Call, index: number): boolean;
  /**
   * Called instead when the key of argument `index` is gone or of another type, if the store said that it changed (it does so
   * for streams that go away). True, with a reply, or a thrown error: the wait is over.
   */
  missing?(call: Call, index: number): boolean;
}

export interface BlockingService {
  /**
   * Blocks the call's session on keys; only where `call.mayBlock`. Without anything in time it gets a null array. Waits for
   * anything else use `session.block()` and `session.blocking` themselves.
   */
  onKeys(call: Call, wait: KeyWait): void;
}

export interface PersistenceService {
  /** SAVE: writes the RDB file and returns when it is safe on disk. Returns an error text on failure. */
  save(): string | undefined;
  /** BGSAVE: starts; returns the reply's text, or throws a ReplyError. `inExec`: a transaction runs, so it starts later. */
  backgroundSave(schedule: boolean, inExec: boolean): string;
  /** BGREWRITEAOF: likewise. */
  backgroundRewrite(inExec: boolean): string;
  /** Unix seconds of the last good save. */
  readonly lastSave: number;
  readonly saving: boolean;
  /** FLUSHALL emptied everything: where snapshots are wanted, the file must not bring the old data back after a crash. */
  flushed(): void;
  /** DEBUG RELOAD: saves (unless `noSave`), empties (unless `noFlush`) and loads; returns an error text on failure. */
  reload(options: { readonly noSave: boolean; readonly noFlush: boolean; readonly merge: boolean }): string | undefined;
  /** DEBUG LOADAOF: empties everything and loads the append only files; resolves to an error text on failure. */
  loadAppendOnly(): Promise<string | undefined>;
  /** DEBUG DIGEST: 40 hex digits over all databases. */
  digest(): string;
  /** DEBUG DIGEST-VALUE of one key: 40 hex digits, zeros if it is missing. */
  digestValue(database: number, bytes: Uint8Array, at: number, length: number): string;
}

/** CLIENT TRACKING as it was asked for, and checked. */
export interface TrackingOptions {
  /** Id of a client; 0 for the one that asks. */
  readonly redirect: number;
  readonly broadcast: boolean;
  readonly optIn: boolean;
  readonly optOut: boolean;
  readonly noLoop: boolean;
  readonly prefixes: readonly string[];
}

export interface TrackingService {
  /** Also changes the options of a session that tracks; prefixes are added to those it has. */
  enable(session: Session, options: TrackingOptions): void;
  disable(session: Session): void;
  /** Databases were emptied: whatever clients have cached is void. */
  flushed(): void;
}

/** Names, rules and passwords are byte strings. */
export interface AclService {
  /** A session must authenticate before it may do anything. */
  readonly authenticationRequired: boolean;
  /** The default user takes any password. */
  readonly defaultNeedsNoPassword: boolean;
  /** Makes the session one of the default user, authenticated if that needs no password. */
  welcome(session: Session): void;
  /** False if name or password is wrong; that is logged, with the command's name as it was written as the object. */
  authenticate(session: Session, user: string, password: string, object: string): boolean;
  /** A command of the user with all its keys may read any other key too (SORT BY, GET). */
  mayReadAllKeys(user: SessionUser, command: Command, args: Args): boolean;
  /** Why a user, who must exist, may not run the command; undefined if it may. */
  dryRun(user: string, command: Command, args: Args): string | undefined;

  has(user: string): boolean;
  /** Applies all rules, making the user if there is none, or returns why it cannot and changes nothing. */
  setUser(user: string, rules: readonly string[]): string | undefined;
  /** Closes the user's clients. False if there is no such user. */
  deleteUser(user: string): boolean;
  describe(user: string): UserDescription | undefined;
  /** Sorted. */
  readonly names: readonly string[];
  /** A line of a configuration file for each user. */
  readonly lines: readonly string[];
  /** Names of the commands of a category; undefined if there is none. */
  commandsOf(category: string): readonly string[] | undefined;
  /** Newest first. */
  readonly logEntries: readonly AclLogEntry[];
  clearLog(): void;
  /** ACL LOAD and SAVE: undefined, or the text of the error reply without its code. */
  load(): string | undefined;
  save(): string | undefined;
}

export interface UserDescription {
  readonly flags: readonly string[];
  /** SHA-256 in hex. */
  readonly passwords: readonly string[];
  /** The root selector first. Texts as ACL GETUSER shows them. */
  readonly selectors: readonly { readonly commands: string; readonly keys: string; readonly channels: string }[];
}

export interface AclLogEntry {
  readonly id: number;
  readonly count: number;
  /** command, key, channel or auth. */
  readonly reason: string;
  /** toplevel or multi. */
  readonly context: string;
  readonly object: string;
  readonly user: string;
  /** Unix ms. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The line of CLIENT LIST. */
  readonly client: string;
}
