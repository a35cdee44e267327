/**
 * Our link to the master, for as long as we are its replica. One loop, for ever:
 *
 *   1 connect    -> TCP, with `repl-timeout`
 *   2 greet      -> handshake.ts, up to the answer to PSYNC
 *   3 full sync  -> load.ts into a staging keyspace, verify, swap       (left out after +CONTINUE)
 *   4 stable     -> apply.ts; an ACK every second
 *   5 lost       -> keep what allows a partial resync, wait, back to 1
 *
 *   waiting -> connecting -> handshake -> transfer -> loading -> connected
 *      ^-----------'------------'-----------'----------'------------'          (stopped: from anywhere, for good)
 *
 * Rule: the data we serve changes only in `connected` and in the one turn between `loading` and `connected`.
 */
import { assert } from '../../base/assert.ts';
import type { Timer } from '../../base/ambient.ts';
import type { ConnectOptions, Connection } from '../../io/world.ts';
import { type LoadSession, type LoadSummary, type ReplicationHost, StreamError } from '../ports.ts';
import { command, NEWLINE, SYNC } from '../wire.ts';
import { StreamApplier } from './apply.ts';
import {
  type HandshakeAction,
  type HandshakeEvent,
  type HandshakePlan,
  type HandshakeState,
  initialHandshake,
  step as handshakeStep,
} from './handshake.ts';
import { PayloadError, PayloadReceiver } from './load.ts';
import type { RetryPolicy } from './retry.ts';
import { systemErrorText } from './system-error.ts';

export type LinkTag = 'waiting' | 'connecting' | 'handshake' | 'transfer' | 'loading' | 'connected' | 'stopped';

export const legalLink: { readonly [T in LinkTag]: readonly LinkTag[] } = {
  waiting: ['connecting', 'stopped'],
  connecting: ['handshake', 'waiting', 'stopped'],
  handshake: ['transfer', 'connected', 'waiting', 'stopped'],
  transfer: ['loading', 'waiting', 'stopped'],
  loading: ['connected', 'waiting', 'stopped'],
  connected: ['waiting', 'stopped'],
  stopped: [],
};

/** Longest reply line in the handshake. */
const MAX_LINE_BYTES = 1024;
/** Stream bytes that may arrive behind the payload while it is still being verified. */
const MAX_EARLY_BYTES: number = 1024 * 1024;

/** A link that broke sooner after it came up counts as a failed attempt: else we would try again without any pause, ms. */
const SHORT_LINK_MS = 1000;

/** What the link changes outside itself; implemented by `Replication`. */
export interface LinkOwner {
  /** What we have and can continue from. */
  cached(): { readonly replid: string; readonly nextOffset: number } | null;
  /** A failover: our PSYNC makes the other side a master. */
  handsOver(): boolean;
  /** Its answer to that. */
  handedOver(accepted: boolean): void;
  /**
   * Why this payload is not wanted; null if it is. `keys` is null before it has come, `followedBefore`: this link was up
   * before.
   */
  refuses(offset: number | null, keys: number | null, followedBefore: boolean): string | null;
  /** The new data is being swapped in: take over the master's history. Null: it named none (SYNC). */
  fullySynced(start: { readonly replid: string; readonly offset: number } | null): void;
  /** +CONTINUE. Returns the database that the stream has selected. */
  continued(replid: string | null): number;
  /** So many bytes came from the master. */
  received(length: number): void;
  /** Whole commands were applied: count them and pass them on. */
  applied(bytes: Uint8Array, at: number, length: number): void;
  /** A burst was applied: sub-replicas may be flushed. */
  appliedBurst(): void;
  /** A working link is gone. Null: nothing to continue from. */
  lost(selectedDb: number | null): void;
  masterReplOffset(): number;
  replid(): string;
}

export class MasterLink {
  readonly host: string;
  readonly port: number;
  tag: LinkTag = 'waiting';
  /** Monotonic ms when the link went down; -1 when it was never up. */
  downSinceMs: number;
  /** Monotonic ms of the last byte from the master. */
  lastIoMs = 0;
  /** Attempts that failed since the link was last up for some time. */
  failures = 0;
  /** Attempts ever made. */
  attempts = 0;
  /** Monotonic ms at which the next attempt is due, while one is waited for. */
  #retryAtMs = 0;

  readonly #env: ReplicationHost;
  readonly #owner: LinkOwner;
  readonly #retry: RetryPolicy;
  readonly #applier: StreamApplier;
  #connection: Connection | null = null;
  /** Monotonic ms when the link came up. */
  #upSinceMs = 0;
  #timer: Timer | null = null;
  #everUp = false;
  #plan: HandshakePlan | null = null;
  #greeting: HandshakeState = initialHandshake;
  #line = '';
  #start: { readonly replid: string; readonly offset: number } | null = null;
  /** The master speaks no PSYNC: it gets no ACKs and we keep nothing to continue from. */
  #prePsync = false;
  #receiver: PayloadReceiver | null = null;
  #load: LoadSession | null = null;
  /** The loader asked us to stop reading. */
  #paused = false;
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  /** The connection went while its complete payload was being verified. */
  #closedEarly = false;
  /** GETACK came inside the burst that is being applied: answer when its bytes are counted. */
  #ackDue = false;

  constructor(
    env: ReplicationHost,
    host: string,
    port: number,
    owner: LinkOwner,
    retry: RetryPolicy,
    downSinceMs = -1,
  ) {
    this.#env = env;
    this.host = host;
    this.port = port;
    this.#owner = owner;
    this.#retry = retry;
    this.downSinceMs = downSinceMs;
    this.#applier = new StreamApplier(env.executor, (bytes, at, length) => owner.applied(bytes, at, length));
  }

  /** The link's connection while there is one: CLIENT LIST shows it. */
  get connection(): Connection | null {
    return this.#connection;
  }

  /** Bytes read from the master but not yet counted as applied. */
  get unappliedBytes(): number {
    return this.tag === 'connected' ? this.#applier.pendingBytes : 0;
  }

  /** Progress of the payload, null outside a transfer. `total` is -1 before its header, 0 when a mark ends it. */
  get progress(): { readonly total: number; readonly read: number } | null {
    if (this.tag !== 'transfer' && this.tag !== 'loading') return null;
    const receiver = this.#receiver;
    if (receiver === null) return { total: -1, read: 0 };
    // Redis shows 0 for a length that nobody knows.
    return { total: this.#load === null ? -1 : Math.max(0, receiver.totalBytes), read: receiver.receivedBytes };
  }

  start(): void {
    this.#connect(`Connecting to MASTER ${this.host}:${this.port}`);
  }

  /** For good: the target changed, or we are a master now. A working link is cached first, as when it breaks. */
  stop(): void {
    if (this.tag === 'stopped') return;
    const wasUp = this.tag === 'connected';
    this.#release();
    this.#moveTo('stopped');
    if (wasUp) this.#reportLost(true);
  }

  /** CLIENT KILL TYPE master: the link breaks as if the network had cut it. */
  kill(): void {
    if (this.#connection !== null) this.#closed('killed');
  }

  /** The master asks for an ACK; called by the REPLCONF row while it executes the stream. */
  ackRequested(): void {
    this.#ackDue = true;
  }

  /** Once a second. */
  cron(): void {
    const { clock, log, settings } = this.#env;
    const silentMs = clock.monotonic() - this.lastIoMs;
    const timedOut = silentMs > settings.replTimeout * 1000;
    switch (this.tag) {
      case 'connecting':
      case 'handshake':
        if (timedOut) this.#advance({ kind: 'timeout' });
        break;
      case 'transfer':
        if (timedOut && !this.#paused) {
          log.warning(
            'Timeout receiving bulk data from MASTER... If the problem persists try to set the ' +
              "'repl-timeout' parameter in redis.conf to a larger value.",
          );
          this.#fail();
        } else if (this.#load !== null) {
          this.#newline();
        }
        break;
      case 'loading':
        this.#newline();
        break;
      case 'connected':
        if (timedOut) {
          log.warning('MASTER timeout: no data nor PING received...');
          this.#closed('timeout');
        } else {
          this.#sendAck();
        }
        break;
      case 'waiting':
      case 'stopped':
        break;
    }
  }

  // 1 connect ------------------------------------------------------------------------------------

  #connect(message: string): void {
    const { clock, log, network, settings } = this.#env;
    this.#moveTo('connecting');
    this.attempts++;
    this.lastIoMs = clock.monotonic();
    this.#greeting = initialHandshake;
    this.#line = '';
    this.#plan = {
      masteruser: settings.masteruser,
      masterauth: settings.masterauth,
      listeningPort: settings.replicaAnnouncePort === 0 ? settings.port : settings.replicaAnnouncePort,
      announceIp: settings.replicaAnnounceIp,
      cached: this.#owner.cached(),
      handsOver: this.#owner.handsOver(),
    };
    const tls = this.#env.tls?.();
    const options: ConnectOptions = {
      ...(settings.bindSourceAddr === '' ? {} : { sourceAddress: settings.bindSourceAddr }),
      ...(tls === undefined ? {} : { tls }),
    };
    const connection = network.connect({ kind: 'tcp', host: this.host, port: this.port }, options);
    this.#connection = connection;
    log.notice(message);
    log.notice('MASTER <-> REPLICA sync started');
    // A late event of a connection that we gave up means nothing.
    const current = (): boolean => this.#connection === connection;
    connection.handle({
      onOpen: () => {
        if (!current()) return;
        connection.setNoDelay(true);
        connection.setKeepAlive(settings.tcpKeepalive);
        this.lastIoMs = clock.monotonic();
        this.#advance({ kind: 'connected' });
      },
      onData: (bytes) => {
        if (current()) this.#data(bytes);
      },
      // The master's side is shut: nothing is to come, so why wait for the rest of the close.
      onEnd: () => {
        if (current()) this.#closed(systemErrorText(undefined));
      },
      onClose: (error) => {
        if (current()) this.#closed(systemErrorText(error));
      },
    });
  }

  #data(bytes: Uint8Array): void {
    this.#owner.received(bytes.length);
    this.lastIoMs = this.#env.clock.monotonic();
    let at = 0;
    if (this.tag === 'handshake') at = this.#readLines(bytes);
    if (this.tag === 'transfer' && at < bytes.length) at += this.#receive(bytes.subarray(at));
    if (this.tag === 'loading' && at < bytes.length) this.#keepEarly(bytes.subarray(at));
    else if (this.tag === 'connected' && at < bytes.length) this.#apply(bytes, at);
  }

  // 2 greet --------------------------------------------------------------------------------------

  /** Feeds whole lines to the machine; returns where the next phase's bytes begin. */
  #readLines(bytes: Uint8Array): number {
    let at = 0;
    while (this.tag === 'handshake' && at < bytes.length) {
      const end = bytes.indexOf(0x0a, at);
      const stop = end < 0 ? bytes.length : end;
      if (this.#line.length + stop - at > MAX_LINE_BYTES) {
        this.#advance({ kind: 'line-too-long' });
        return bytes.length;
      }
      this.#line += Buffer.from(bytes.subarray(at, stop)).toString('latin1');
      if (end < 0) return bytes.length;
      at = end + 1;
      const text = this.#line.replace(/\r$/, '');
      this.#line = '';
      this.#advance({ kind: 'line', text });
    }
    return at;
  }

  #advance(event: HandshakeEvent): void {
    const { state, actions } = handshakeStep(this.#plan!, this.#greeting, event);
    this.#greeting = state;
    const out = actions.flatMap((action) => bytesOf(action));
    // First what the master waits for: it works while we write our log.
    if (out.length > 0) this.#connection!.write(Buffer.concat(out));
    for (const action of actions) if (action.kind === 'log') this.#env.log[action.level](action.message);
    switch (state.tag) {
      case 'failed':
        this.#fail();
        if (state.cause === 'failover-refused') this.#owner.handedOver(false);
        break;
      case 'full-resync':
        if (this.#plan!.handsOver) this.#owner.handedOver(true);
        this.#beginTransfer(state.start);
        break;
      case 'continue':
        this.#prePsync = false;
        if (this.#plan!.handsOver) this.#owner.handedOver(true);
        this.#stable(this.#owner.continued(state.replid));
        // What we missed is on its way: one ACK when it is applied says more than one now.
        this.#ackDue = true;
        this.#env.log.notice('MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.');
        break;
      default:
        if (this.tag === 'connecting') this.#moveTo('handshake');
    }
  }

  // 3 full sync ----------------------------------------------------------------------------------

  #beginTransfer(start: { readonly replid: string; readonly offset: number } | null): void {
    const { log } = this.#env;
    this.#moveTo('transfer');
    this.#start = start;
    this.#prePsync = start === null;
    if (this.#refused(null)) return;
    this.#receiver = new PayloadReceiver({
      begin: (totalBytes) => {
        log.notice(
          totalBytes === null
            ? 'MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to parser'
            : `MASTER <-> REPLICA sync: receiving ${totalBytes} bytes from master to parser`,
        );
        log.notice('MASTER <-> REPLICA sync: Loading DB in memory');
        const connection = this.#connection;
        this.#load = this.#env.beginLoad({
          sameHistory: start !== null && start.replid === this.#owner.replid(),
          totalBytes,
          resume: () => this.#resumeReading(connection),
          keepalive: () => {
            if (this.#connection === connection) this.#newline();
          },
        });
      },
      bytes: (bytes, at, length) => {
        if (this.#load!.push(bytes, at, length) || this.#paused) return;
        this.#paused = true;
        this.#connection!.pause();
      },
    });
  }

  /** Returns how many bytes belonged to the payload. */
  #receive(bytes: Uint8Array): number {
    const receiver = this.#receiver!;
    let taken: number;
    try {
      taken = receiver.push(bytes);
    } catch (error) {
      if (error instanceof PayloadError) this.#env.log.warning(error.message);
      else this.#loadFailed(error);
      this.#fail();
      return bytes.length;
    }
    if (receiver.complete) this.#finishLoad();
    return taken;
  }

  #finishLoad(): void {
    this.#moveTo('loading');
    this.#connection!.pause();
    const load = this.#load!;
    load.finish().then(
      (summary) => {
        if (this.#load !== load || this.#refused(summary.keys)) return;
        this.#swap(load, summary);
      },
      (error: unknown) => {
        if (this.#load !== load) return;
        this.#loadFailed(error);
        this.#fail();
      },
    );
  }

  /** The payload is not wanted: the attempt fails, our data stays. */
  #refused(keys: number | null): boolean {
    const reason = this.#owner.refuses(this.#start?.offset ?? null, keys, this.#everUp);
    if (reason === null) return false;
    this.#env.log.warning(`MASTER <-> REPLICA sync: full resync refused: ${reason}`);
    this.#fail();
    return true;
  }

  /** One turn: history, sub-replicas and data change together. */
  #swap(load: LoadSession, summary: LoadSummary): void {
    const { log } = this.#env;
    this.#owner.fullySynced(this.#start);
    log.notice('MASTER <-> REPLICA sync: Swapping active DB with loaded DB');
    load.commit();
    this.#load = null;
    this.#receiver = null;
    log.notice('MASTER <-> REPLICA sync: Discarding old DB in background');
    log.notice('MASTER <-> REPLICA sync: Finished with success');
    const early = this.#early;
    this.#early = [];
    this.#earlyBytes = 0;
    this.#stable(summary.streamDb);
    // The master may wait for it before it sends more.
    this.#sendAck();
    for (const bytes of early) {
      if (this.tag === 'connected') this.#apply(bytes, 0);
    }
    if (this.tag !== 'connected') return;
    if (this.#closedEarly) {
      this.#closedEarly = false;
      this.#closed('connection lost');
      return;
    }
    this.#paused = false;
    this.#connection!.resume();
  }

  #loadFailed(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#env.log.warning(`Failed trying to load the MASTER synchronization DB from socket: ${reason}`);
  }

  /** The payload is complete and still being verified: its stream waits here, within a bound. */
  #keepEarly(bytes: Uint8Array): void {
    this.#earlyBytes += bytes.length;
    if (this.#earlyBytes > MAX_EARLY_BYTES) {
      // The connection is paused: only a transport that ignores it gets here.
      this.#env.log.warning('I/O error trying to sync with MASTER: too much stream before the DB was loaded');
      this.#fail();
      return;
    }
    this.#early.push(Uint8Array.from(bytes));
  }

  #resumeReading(connection: Connection | null): void {
    if (!this.#paused || this.#connection !== connection || connection === null) return;
    this.#paused = false;
    // Our own slowness is not the master's silence.
    this.lastIoMs = this.#env.clock.monotonic();
    if (this.tag === 'transfer') connection.resume();
  }

  // 4 stable -------------------------------------------------------------------------------------

  #stable(selectedDb: number): void {
    this.#moveTo('connected');
    this.#everUp = true;
    this.failures = 0;
    this.downSinceMs = -1;
    this.#upSinceMs = this.lastIoMs = this.#env.clock.monotonic();
    this.#applier.reset(selectedDb);
    this.#env.roleChanged?.();
  }

  #apply(bytes: Uint8Array, at: number): void {
    try {
      this.#applier.push(bytes, at, bytes.length - at);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#env.log.warning(`Protocol error from master: ${error.message}`);
      this.#lost(false);
      return;
    }
    this.#owner.appliedBurst();
    if (this.#ackDue) {
      this.#ackDue = false;
      this.#sendAck();
    }
  }

  #sendAck(): void {
    if (this.#prePsync || this.#connection === null) return;
    const onDisk = this.#env.fsyncedOffset?.() ?? null;
    const fack = onDisk === null ? [] : ['FACK', String(onDisk)];
    this.#connection.write(command('REPLCONF', 'ACK', String(this.#owner.masterReplOffset()), ...fack));
  }

  #newline(): void {
    this.#connection?.write(NEWLINE);
  }

  // 5 lost ---------------------------------------------------------------------------------------

  #closed(reason: string): void {
    const { log } = this.#env;
    switch (this.tag) {
      case 'connecting':
      case 'handshake':
        this.#advance({ kind: 'closed', reason });
        break;
      case 'transfer':
        if (this.#load === null) {
          log.warning(`I/O error reading bulk count from MASTER: ${reason}`);
        } else {
          const offset = this.#receiver?.receivedBytes ?? 0;
          log.warning(`Internal error in RDB reading offset ${offset} -> Unexpected EOF reading RDB file`);
          log.warning(`I/O error trying to sync with MASTER: ${reason}`);
        }
        // The master is there and answers: no reason to stay away longer than Redis does.
        this.failures = Math.min(this.failures, 1);
        this.#fail();
        break;
      case 'loading':
        // All data is here already: load it, then reconnect and ask for the rest.
        this.#closedEarly = true;
        break;
      case 'connected':
        this.#lost(true);
        break;
      case 'waiting':
      case 'stopped':
        break;
    }
  }

  #lost(cacheable: boolean): void {
    this.#release();
    this.#moveTo('waiting');
    this.#reportLost(cacheable);
    if (this.downSinceMs - this.#upSinceMs < SHORT_LINK_MS) this.failures++;
    this.#retryAfter(this.#retry(this.failures), `Reconnecting to MASTER ${this.host}:${this.port}`);
  }

  #reportLost(cacheable: boolean): void {
    const { clock, executor, log } = this.#env;
    this.downSinceMs = clock.monotonic();
    log.warning('Connection with master lost.');
    this.#owner.lost(cacheable && !this.#prePsync ? executor.selectedDb : null);
    this.#env.roleChanged?.();
  }

  /** An attempt came to nothing. */
  #fail(): void {
    this.#release();
    this.#moveTo('waiting');
    this.failures++;
    this.#retryAfter(this.#retry(this.failures), `Connecting to MASTER ${this.host}:${this.port}`);
  }

  /** Ms until the next attempt; -1 when none is waited for. */
  get retryInMs(): number {
    return this.tag === 'waiting' ? Math.max(0, Math.round(this.#retryAtMs - this.#env.clock.monotonic())) : -1;
  }

  #retryAfter(delayMs: number, message: string): void {
    if (delayMs === 0) {
      this.#connect(message);
      return;
    }
    this.#retryAtMs = this.#env.clock.monotonic() + delayMs;
    this.#timer = this.#env.clock.after(delayMs, () => {
      this.#timer = null;
      this.#connect(message);
    });
  }

  #release(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const connection = this.#connection;
    this.#connection = null;
    connection?.destroy();
    const load = this.#load;
    this.#load = null;
    load?.abort();
    this.#receiver = null;
    this.#paused = false;
    this.#early = [];
    this.#earlyBytes = 0;
    this.#closedEarly = false;
    this.#ackDue = false;
  }

  #moveTo(tag: LinkTag): void {
    assert(legalLink[this.tag].includes(tag), `the link cannot go from ${this.tag} to ${tag}`);
    this.tag = tag;
  }
}

/** What an action says to the master; nothing for a line of the log. */
function bytesOf(action: HandshakeAction): readonly Uint8Array[] {
  switch (action.kind) {
    case 'send':
      return [command(...action.words)];
    case 'send-sync':
      return [SYNC];
    case 'log':
      return [];
  }
}
