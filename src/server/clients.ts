/**
 * All clients of a server: accepting within `maxclients` and protected mode, finding, limits on their output, idle
 * time-outs, pauses, and the one reply writer they share.
 */
import type { Connection } from '../io/world.ts';
import type { Settings, OutputBufferLimit } from '../base/settings.ts';
import type { Clock, Log, Timer } from '../base/ambient.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import { Session } from '../commands/session.ts';
import { describeSession } from '../commands/client-list.ts';
import type { AclService, SessionService } from '../commands/services.ts';
import type { Keyspace } from '../store/keyspace.ts';
import { Client, type ClientHost } from './client.ts';
import type { Tracking } from './tracking.ts';
import { ClientEviction } from './client-eviction.ts';
import { TurnOutput } from './turn-output.ts';
import type { Executor } from './execute.ts';
import type { Timing } from './timing.ts';

const MAX_CLIENTS = Buffer.from('-ERR max number of clients reached\r\n');
const PROTECTED = Buffer.from(
  '-DENIED Headwater is running in protected mode because protected mode is enabled and no password is set for the ' +
    'default user. In this mode connections are only accepted from the loopback interface. To connect from another ' +
    "computer, set a password with 'requirepass', bind addresses you trust, or turn protected mode off with CONFIG " +
    'SET protected-mode no from this host (not for servers reachable from the internet).\r\n',
);

/** What the server does around batches of commands. */
export interface ClientsOwner {
  readonly settings: Settings;
  readonly acl: AclService;
  readonly tracking: Tracking;
  readonly clock: Clock;
  readonly log: Log;
  readonly space: Keyspace;
  readonly executor: Executor;
  readonly timing: Timing;
  /** After each command: notes how far the stream is, feeds replicas inside long pipelines. */
  afterCommand(session: Session): void;
  /** After each batch: schedules the end of the turn. */
  afterBatch(): void;
  sessionClosed(session: Session): void;
  outputDrained(session: Session): void;
  /** Our link to the master, while it is up. */
  masterSession(): Session | undefined;
  /** Bytes came from an attached replica: it lives. */
  replicaHeard(session: Session): void;
  /** An attached replica sent a command that has a reply. */
  replicaAnswered(session: Session): void;
}

export class Clients implements ClientHost, SessionService {
  readonly output: TurnOutput;
  readonly eviction: ClientEviction;
  readonly #owner: ClientsOwner;
  readonly #clients: Map<number, Client> = new Map();
  /** Waiting for the end of a pause. */
  readonly #postponed: Set<Client> = new Set();
  #lastId = 0;
  // INFO stats and clients.
  totalConnections = 0;
  rejectedConnections = 0;
  queryBufferDisconnections = 0;
  outputBufferDisconnections = 0;
  bytesIn = 0;
  bytesOut = 0;
  reads = 0;
  writes = 0;
  maxInputBuffer = 0;
  maxOutputBuffer = 0;

  constructor(owner: ClientsOwner, writer: ReplyWriter) {
    this.#owner = owner;
    this.output = new TurnOutput(writer);
    this.eviction = new ClientEviction(owner.settings);
  }

  get executor(): Executor {
    return this.#owner.executor;
  }

  get queryBufferLimit(): number {
    return this.#owner.settings.clientQueryBufferLimit;
  }

  get count(): number {
    return this.#clients.size;
  }

  *all(): Iterable<Session> {
    let master = this.#owner.masterSession();
    for (const { session } of this.#clients.values()) {
      if (master !== undefined && master.id < session.id) {
        yield master;
        master = undefined;
      }
      if (!session.closed) yield session;
    }
    if (master !== undefined) yield master;
  }

  /** The id of the next client, or of the next link to a master. */
  nextId(): number {
    return ++this.#lastId;
  }

  find(id: number): Session | undefined {
    const master = this.#owner.masterSession();
    if (master?.id === id) return master;
    const session = this.#clients.get(id)?.session;
    return session?.closed === true ? undefined : session;
  }

  /** Takes a new connection, or turns it away with the reason. */
  accept(connection: Connection): void {
    const { settings, clock, acl } = this.#owner;
    if (this.#clients.size >= settings.maxclients) {
      this.rejectedConnections++;
      this.#turnAway(connection, MAX_CLIENTS);
      return;
    }
    if (settings.protectedMode && acl.defaultNeedsNoPassword && !isLocal(connection)) {
      this.rejectedConnections++;
      this.#turnAway(connection, PROTECTED);
      return;
    }
    this.totalConnections++;
    connection.setNoDelay(true);
    if (settings.tcpKeepalive > 0) connection.setKeepAlive(settings.tcpKeepalive);
    const session = new Session(this.nextId(), clock.now());
    session.remoteAddress = connection.remoteAddress;
    session.localAddress = connection.localAddress;
    session.descriptor = connection.descriptor;
    session.isUnix = connection.isUnix;
    acl.welcome(session);
    const client = new Client(this, connection, session, settings);
    client.parser.unauthenticated = !session.authenticated;
    this.#clients.set(session.id, client);
  }

  beginBatch(session: Session): void {
    const { timing, clock, space, acl } = this.#owner;
    const now = clock.now();
    timing.mark(now);
    space.now = now;
    session.lastInteraction = now;
    this.executor.lookAtGates();
    if (session.class === 'replica') this.#owner.replicaHeard(session);
    space.noTouch = session.noTouch;
    const client = this.#clients.get(session.id);
    if (client !== undefined) client.parser.unauthenticated = !session.authenticated && acl.authenticationRequired;
  }

  commandDone(session: Session): void {
    if (session.late !== undefined) this.#owner.tracking.settle(session, this.output.writer);
    this.#owner.afterCommand(session);
  }

  memoryChanged(client: Client): void {
    if (this.eviction.limited) this.eviction.count(client);
  }

  /** Counts all clients anew; their limit may be new. */
  countMemory(): void {
    for (const client of this.#clients.values()) this.memoryChanged(client);
  }

  /** End of a turn: closes clients while all together take more than maxmemory-clients. */
  evict(): void {
    if (!this.eviction.limited) return;
    this.eviction.run((client) => {
      this.#owner.log.notice(`Evicting client: ${this.describe(client)}`);
      client.close(false);
    });
  }

  endBatch(): void {
    this.#owner.afterBatch();
  }

  overOutputLimit(client: Client, more: number): boolean {
    const pending = client.connection.pendingBytes;
    if (pending > this.maxOutputBuffer) this.maxOutputBuffer = pending;
    const limits = this.#owner.settings.clientOutputBufferLimit;
    // The stream to a replica has its own account in replication/.
    if (client.session.class === 'replica' || client.session.class === 'master') return false;
    const limit: OutputBufferLimit = client.session.class === 'pubsub' ? limits.pubsub : limits.normal;
    const now = this.#owner.clock.now();
    let over = limit.hardBytes > 0 && pending + more > limit.hardBytes;
    if (limit.softBytes > 0 && pending > limit.softBytes) {
      if (client.softLimitSince === 0) client.softLimitSince = now;
      else if (now - client.softLimitSince > limit.softSeconds * 1000) over = true;
    } else client.softLimitSince = 0;
    if (!over) return false;
    this.outputBufferDisconnections++;
    this.#owner.log.warning(
      `Client ${this.describe(client)} scheduled to be closed ASAP for overcoming of output buffer limits.`,
    );
    return true;
  }

  closed(client: Client): void {
    this.bytesIn += client.bytesIn;
    this.bytesOut += client.bytesOut;
    this.reads += client.reads;
    this.writes += client.writes;
    this.#clients.delete(client.session.id);
    this.eviction.count(client);
    this.#postponed.delete(client);
    this.#owner.sessionClosed(client.session);
  }

  replicaAnswered(session: Session): void {
    this.#owner.replicaAnswered(session);
  }

  drained(client: Client): void {
    this.#owner.outputDrained(client.session);
  }

  protocolError(client: Client, text: string): void {
    this.#owner.log.verbose(`Protocol error (${text}) from client: ${this.describe(client)}`);
  }

  queryTooLong(client: Client): void {
    this.queryBufferDisconnections++;
    this.#owner.log.warning(`Closing client that reached max query buffer length: ${this.describe(client)}`);
  }

  after(delayMs: number, task: () => void): Timer {
    return this.#owner.clock.after(delayMs, task);
  }

  soon(task: () => void): void {
    this.#owner.clock.soon(task);
  }

  describe(client: Client): string {
    return describeSession(client.session, this.#owner.clock.now());
  }

  /** The session's command waits until `releasePostponed`. */
  postpone(session: Session): void {
    const client = this.#clients.get(session.id);
    if (client !== undefined) this.#postponed.add(client);
  }

  /** Ends a pause: waiting clients go on in the order in which they came. */
  releasePostponed(): void {
    const waiting = [...this.#postponed];
    this.#postponed.clear();
    for (const client of waiting) client.resume();
  }

  get postponedCount(): number {
    return this.#postponed.size;
  }

  /** Bytes of queries and replies that wait for normal clients and subscribers. */
  bufferBytes(): number {
    let total = 0;
    for (const { session } of this.#clients.values())
      if (session.class !== 'replica') total += session.queryBytes() + session.queryFreeBytes() + session.outputBytes();
    return total;
  }

  /** Network bytes, reads and writes so far, open connections included. */
  traffic(): { readonly input: number; readonly output: number; readonly reads: number; readonly writes: number } {
    let { bytesIn: input, bytesOut: output, reads, writes } = this;
    for (const client of this.#clients.values()) {
      input += client.bytesIn;
      output += client.bytesOut;
      reads += client.reads;
      writes += client.writes;
    }
    return { input, output, reads, writes };
  }

  /** Once a second: idle time-outs and soft output limits. */
  cron(): void {
    const { settings, clock, log } = this.#owner;
    this.countMemory();
    const now = clock.now();
    for (const client of this.#clients.values()) {
      const session = client.session;
      if (client.parser.heldBytes > this.maxInputBuffer) this.maxInputBuffer = client.parser.heldBytes;
      if (client.connection.pendingBytes > 0 && this.overOutputLimit(client, 0)) {
        client.close(false);
        continue;
      }
      if (
        settings.timeout > 0 &&
        session.class === 'normal' &&
        !session.blocked &&
        now - session.lastInteraction > settings.timeout * 1000
      ) {
        log.verbose('Closing idle client');
        client.close(false);
      }
    }
  }

  resetStatistics(): void {
    this.totalConnections = this.rejectedConnections = this.eviction.evicted = 0;
    this.queryBufferDisconnections = this.outputBufferDisconnections = 0;
    this.bytesIn = this.bytesOut = this.reads = this.writes = 0;
    for (const client of this.#clients.values()) client.bytesIn = client.bytesOut = client.reads = client.writes = 0;
  }

  /** Closes everything (shutdown). */
  closeAll(): void {
    for (const client of this.#clients.values()) client.close(client.session.class !== 'replica');
  }

  #turnAway(connection: Connection, reason: Uint8Array): void {
    connection.handle({ onData: () => {}, onClose: () => {} });
    connection.write(reason);
    connection.end();
  }
}

function isLocal(connection: Connection): boolean {
  if (connection.isUnix) return true;
  const host = connection.remoteHost;
  return host === '::1' || host.startsWith('127.') || host.startsWith('::ffff:127.');
}
