/**
 * Our link to the master, for as long as we are its replica. One loop, for ever:
 *
 *   1 connect    -> TCP, with `repl-timeout`
 *   2 greet      -> greeting.ts, up to the answer to PSYNC
 *   3 full sync  -> transfer.ts into a staging keyspace, verify, swap   (left out after +CONTINUE)
 *   4 stable     -> following.ts; an ACK every second
 *   5 lost       -> keep what allows a partial resync, wait, back to 1
 *
 * Its states and their legal transitions are in link-state.ts.
 *
 * Rule: the data we serve changes only in `connected` and in the one turn between `loading` and `connected`.
 */
import { assert } from '../../base/assert.ts';
import type { Timer } from '../../base/ambient.ts';
import type { ConnectOptions, Connection } from '../../io/world.ts';
import type { LoadSummary, ReplicationHost } from '../ports.ts';
import { Following } from './following.ts';
import { Greeting } from './greeting.ts';
import type { HandshakeEvent } from './handshake.ts';
import { type LinkOwner, type LinkTag, legalLink } from './link-state.ts';
import type { RetryPolicy } from './retry.ts';
import { isUnreachable, systemErrorText } from './system-error.ts';
import { type SyncStart, Transfer } from './transfer.ts';

/** A link that broke sooner after it came up counts as a failed attempt: else we would try again without any pause, ms. */
const SHORT_LINK_MS = 1000;

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
  readonly #following: Following;
  #connection: Connection | null = null;
  /** Monotonic ms when the link came up. */
  #upSinceMs = 0;
  #timer: Timer | null = null;
  #everUp = false;
  /** The master of the last greeting takes PSYNC with the rest of it. */
  #masterPipelines = false;
  /** Of the attempt under way, or of the last one. */
  #greeting: Greeting | null = null;
  /** While a payload comes in. */
  #transfer: Transfer | null = null;

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
    this.#following = new Following(env, owner);
  }

  /** The link's connection while there is one: CLIENT LIST shows it. */
  get connection(): Connection | null {
    return this.#connection;
  }

  /** Bytes read from the master but not yet counted as applied. */
  get unappliedBytes(): number {
    return this.tag === 'connected' ? this.#following.pendingBytes : 0;
  }

  /** Progress of the payload, null outside a transfer; see `Transfer.progress`. */
  get progress(): { readonly total: number; readonly read: number } | null {
    return this.#transfer === null ? null : this.#transfer.progress;
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
    this.#following.ackAfterBurst();
  }

  /** A pause of clients is over, or another one than before: the stream goes on if it was held. */
  pauseChanged(): void {
    if (this.tag !== 'connected' || !this.#following.held) return;
    this.lastIoMs = this.#env.clock.monotonic();
    if (!this.#following.goOn()) this.#lost(false);
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
        if (timedOut && !this.#transfer!.resting) {
          log.warning(
            'Timeout receiving bulk data from MASTER... If the problem persists try to set the ' +
              "'repl-timeout' parameter in redis.conf to a larger value.",
          );
          this.#fail();
        } else if (this.#transfer!.loading) {
          this.#transfer!.keepalive();
        }
        break;
      case 'loading':
        this.#transfer!.keepalive();
        break;
      case 'connected':
        if (timedOut && !this.#following.held) {
          log.warning('MASTER timeout: no data nor PING received...');
          this.#closed('timeout');
        } else {
          this.#following.sendAck();
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
    const tls = this.#env.tls?.();
    const options: ConnectOptions = {
      ...(settings.bindSourceAddr === '' ? {} : { sourceAddress: settings.bindSourceAddr }),
      ...(tls === undefined ? {} : { tls }),
    };
    const connection = network.connect({ kind: 'tcp', host: this.host, port: this.port }, options);
    this.#connection = connection;
    const plan = {
      masteruser: settings.masteruser,
      masterauth: settings.masterauth,
      listeningPort: settings.replicaAnnouncePort === 0 ? settings.port : settings.replicaAnnouncePort,
      announceIp: settings.replicaAnnounceIp,
      cached: this.#owner.cached(),
      handsOver: this.#owner.handsOver(),
      psyncAtOnce: this.#masterPipelines && !this.#owner.handsOver(),
    };
    this.#greeting = new Greeting(plan, connection, log);
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
        this.#moveTo('handshake');
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
        if (!current()) return;
        const reason = systemErrorText(error);
        if (this.tag === 'connecting' && isUnreachable(error)) this.#advance({ kind: 'unreachable', reason });
        else this.#closed(reason);
      },
    });
  }

  #data(bytes: Uint8Array): void {
    this.#owner.received(bytes.length);
    this.lastIoMs = this.#env.clock.monotonic();
    let at = 0;
    if (this.tag === 'handshake') {
      at = this.#greeting!.read(bytes);
      this.#greeted();
    }
    if (this.tag === 'transfer' && at < bytes.length) at += this.#transfer!.receive(bytes.subarray(at));
    if (this.tag === 'loading' && at < bytes.length) this.#transfer!.keepEarly(bytes.subarray(at));
    else if (this.tag === 'connected' && at < bytes.length) this.#apply(bytes, at);
  }

  // 2 greet --------------------------------------------------------------------------------------

  #advance(event: HandshakeEvent): void {
    this.#greeting!.advance(event);
    this.#greeted();
  }

  /** Goes on to where the greeting has led, if it is over. */
  #greeted(): void {
    const { masterPipelines, plan, state } = this.#greeting!;
    switch (state.tag) {
      case 'failed':
        this.#fail();
        if (state.cause === 'failover-refused') this.#owner.handedOver(false);
        break;
      case 'full-resync':
        this.#masterPipelines = masterPipelines;
        if (plan.handsOver) this.#owner.handedOver(true);
        this.#beginTransfer(state.start);
        break;
      case 'continue':
        this.#masterPipelines = masterPipelines;
        this.#following.prePsync = false;
        if (plan.handsOver) this.#owner.handedOver(true);
        this.#stable(this.#owner.continued(state.replid));
        // What we missed is on its way: one ACK when it is applied says more than one now.
        this.#following.ackAfterBurst();
        this.#env.log.notice('MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.');
        break;
      default:
    }
  }

  // 3 full sync ----------------------------------------------------------------------------------

  #beginTransfer(start: SyncStart): void {
    this.#moveTo('transfer');
    this.#following.prePsync = start === null;
    this.#transfer = new Transfer({
      env: this.#env,
      connection: this.#connection!,
      start,
      replid: this.#owner.replid(),
      rested: () => {
        this.lastIoMs = this.#env.clock.monotonic();
      },
      complete: () => this.#moveTo('loading'),
      verified: (summary) => {
        if (!this.#refused(start, summary.keys)) this.#swap(summary);
      },
      failed: () => this.#fail(),
    });
    this.#refused(start, null);
  }

  /** The payload is not wanted: the attempt fails, our data stays. */
  #refused(start: SyncStart, keys: number | null): boolean {
    const reason = this.#owner.refuses(start?.offset ?? null, keys, this.#everUp);
    if (reason === null) return false;
    this.#env.log.warning(`MASTER <-> REPLICA sync: full resync refused: ${reason}`);
    this.#fail();
    return true;
  }

  /** One turn: history, sub-replicas and data change together. */
  #swap(summary: LoadSummary): void {
    const transfer = this.#transfer!;
    this.#owner.fullySynced(transfer.start);
    const early = transfer.commit();
    this.#transfer = null;
    this.#stable(summary.streamDb);
    // The master may wait for it before it sends more.
    this.#following.sendAck();
    for (const bytes of early) {
      if (this.tag === 'connected') this.#apply(bytes, 0);
    }
    if (this.tag !== 'connected') return;
    if (transfer.closedEarly) this.#closed('connection lost');
    else if (!this.#following.held) this.#connection!.resume();
  }

  // 4 stable -------------------------------------------------------------------------------------

  #stable(selectedDb: number): void {
    this.#moveTo('connected');
    this.#everUp = true;
    this.failures = 0;
    this.downSinceMs = -1;
    this.#upSinceMs = this.lastIoMs = this.#env.clock.monotonic();
    this.#following.start(this.#connection!, selectedDb);
    this.#env.roleChanged?.();
  }

  #apply(bytes: Uint8Array, at: number): void {
    if (!this.#following.apply(bytes, at)) this.#lost(false);
  }

  // 5 lost ---------------------------------------------------------------------------------------

  #closed(reason: string): void {
    switch (this.tag) {
      case 'connecting':
      case 'handshake':
        this.#advance({ kind: 'closed', reason });
        break;
      case 'transfer':
        this.#transfer!.tellClosed(reason);
        // The master is there and answers: no reason to stay away longer than Redis does.
        this.failures = Math.min(this.failures, 1);
        this.#fail();
        break;
      case 'loading':
        // All data is here already: load it, then reconnect and ask for the rest.
        this.#transfer!.closedEarly = true;
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
    this.#owner.lost(cacheable && !this.#following.prePsync ? executor.selectedDb : null);
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
    this.#transfer?.abort();
    this.#transfer = null;
    this.#following.stop();
  }

  #moveTo(tag: LinkTag): void {
    assert(legalLink[this.tag].includes(tag), `the link cannot go from ${this.tag} to ${tag}`);
    this.tag = tag;
  }
}
