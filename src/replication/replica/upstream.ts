/**
 * Our side towards a master: whom we follow, what we can continue from, and what a link changes in us. A master has no link.
 *
 *   follow  ->  link (link.ts)  -- continued, fullySynced, applied, lost -->  history, backlog, our own replicas
 *   unfollow: our history goes on under a new id
 *
 * Rule: while there is something to continue from (`cachedDb`), history says up to where we have the master's stream.
 */
import type { Backlog } from '../backlog.ts';
import { type History, randomHex } from '../history.ts';
import type { Feed } from '../master/feed.ts';
import { lostWrites } from '../master/lost-writes.ts';
import type { Replicas } from '../master/replicas.ts';
import type { ReplicationHost } from '../ports.ts';
import { refuses } from '../safety.ts';
import { MasterLink } from './link.ts';
import type { LinkOwner } from './link-state.ts';
import type { RetryPolicy } from './retry.ts';
import type { SyncStart } from './transfer.ts';

export interface UpstreamParts {
  readonly host: ReplicationHost;
  readonly history: History;
  readonly backlog: Backlog;
  readonly feed: Feed;
  readonly replicas: Replicas;
  readonly retry: RetryPolicy;
  /** A failover of ours, which a link may be part of. */
  readonly failover: () => { readonly handsOver: boolean; answered(accepted: boolean): void };
}

export class Upstream implements LinkOwner {
  /** Null while we are a master. */
  link: MasterLink | null = null;
  /** What a lost master's stream had selected; null when there is nothing to continue from. */
  cachedDb: number | null = null;
  /** Bytes from masters since the statistics were reset. */
  receivedBytes = 0;
  /** Full resyncs that `replica-refuse-empty-master` refused since the statistics were reset. */
  refusedSyncs = 0;
  readonly #parts: UpstreamParts;
  /** We were a master before: what the new one never had is to be told when our data goes. */
  #demoted = false;

  constructor(parts: UpstreamParts) {
    this.#parts = parts;
  }

  /** `continuing`: what we were as a master may let us continue with the new one. */
  follow(host: string, port: number, continuing: boolean): void {
    const { host: env, retry } = this.#parts;
    const old = this.link;
    if (old !== null) env.logAs?.('master');
    old?.stop();
    env.logAs?.('replica');
    if (old === null && continuing) this.#cacheOwnHistory();
    this.link = new MasterLink(env, host, port, this, retry, old?.downSinceMs ?? -1);
    env.masterSet?.();
    this.link.start();
    env.roleChanged?.();
  }

  unfollow(): void {
    const { host, history, feed, replicas } = this.#parts;
    host.logAs?.('master');
    this.link?.stop();
    this.link = null;
    this.#demoted = false;
    this.#discardCached();
    history.promote();
    host.log.warning(
      `Setting secondary replication ID to ${history.replid2}, valid up to offset: ${history.secondReplidOffset}. ` +
        `New replication ID is ${history.replid}`,
    );
    // They must learn the new id; they will continue partially.
    replicas.disconnectAll();
    feed.forgetDb();
    replicas.noneSinceMs = host.clock.monotonic();
    host.roleChanged?.();
  }

  /** We were a master: should the new one be our former replica, we can continue where it left our history. */
  #cacheOwnHistory(): void {
    const { host, feed } = this.#parts;
    host.log.notice(
      'Before turning into a replica, using my own master parameters to synthesize a cached master: ' +
        'I may be able to synchronize with the new master with just a partial transfer.',
    );
    this.cachedDb = feed.streamDb;
    this.#demoted = true;
  }

  #discardCached(): void {
    if (this.cachedDb === null) return;
    this.cachedDb = null;
    this.#parts.host.log.notice('Discarding previously cached master state.');
  }

  // What the link asks and tells -----------------------------------------------------------------

  cached(): { readonly replid: string; readonly nextOffset: number } | null {
    const { replid, masterReplOffset } = this.#parts.history;
    return this.cachedDb === null ? null : { replid, nextOffset: masterReplOffset + 1 };
  }

  handsOver(): boolean {
    return this.#parts.failover().handsOver;
  }

  handedOver(accepted: boolean): void {
    this.#parts.failover().answered(accepted);
  }

  masterReplOffset(): number {
    return this.#parts.history.masterReplOffset;
  }

  replid(): string {
    return this.#parts.history.replid;
  }

  received(length: number): void {
    this.receivedBytes += length;
  }

  /** Hot: once for whole commands of one read. */
  applied(bytes: Uint8Array, at: number, length: number): void {
    const { feed, replicas } = this.#parts;
    feed.append(bytes, at, length);
    replicas.flushIfLarge();
  }

  appliedBurst(): void {
    this.#parts.replicas.flush();
  }

  lost(selectedDb: number | null): void {
    this.cachedDb = selectedDb;
    if (selectedDb !== null) this.#parts.host.log.notice('Caching the disconnected master state.');
  }

  continued(replid: string | null): number {
    const { host, history, backlog, replicas } = this.#parts;
    const selectedDb = this.cachedDb ?? 0;
    this.cachedDb = null;
    this.#demoted = false;
    if (replid !== null && replid !== history.replid) {
      history.adopt(replid);
      host.log.warning(`Master replication ID changed to ${replid}`);
      replicas.disconnectAll();
    }
    if (!backlog.active) backlog.create(history.masterReplOffset);
    return selectedDb;
  }

  refuses(offset: number | null, keys: number | null, followedBefore: boolean): string | null {
    const { host, history } = this.#parts;
    if (!host.settings.replicaRefuseEmptyMaster || host.keyCount === undefined) return null;
    const ownKeys = host.keyCount();
    const ownOffset = history.masterReplOffset;
    const refusal = refuses({ keys, offset, ownKeys, ownOffset, followedBefore });
    if (refusal === null) return null;
    this.refusedSyncs++;
    const why =
      refusal === 'empty' ? 'the master has no keys' : `the master is back at offset ${offset}, we are at ${ownOffset}`;
    return `${why}, our ${ownKeys} keys are kept (replica-refuse-empty-master)`;
  }

  fullySynced(start: SyncStart): void {
    const { host, history, backlog, feed, replicas } = this.#parts;
    this.#discardCached();
    this.#tellLostWrites();
    // Our replicas have data of another past: they must ask again, and nothing of the old stream may answer them.
    replicas.disconnectAll();
    if (backlog.active) backlog.free();
    // A master without PSYNC names no history; ours then stands for it towards our own replicas.
    history.replace(start?.replid ?? randomHex(host.random), start?.offset ?? 0);
    backlog.create(history.masterReplOffset);
    feed.forgetDb();
  }

  /** Our data is about to be replaced. What of it did only we have? */
  #tellLostWrites(): void {
    if (!this.#demoted) return;
    this.#demoted = false;
    const { history, backlog, replicas } = this.#parts;
    const { log, saveLostWrites, settings } = this.#parts.host;
    const { host, port } = this.link!;
    const acknowledged = replicas.lastAck(host, port);
    const lost = lostWrites(backlog, acknowledged, history.masterReplOffset);
    if (lost === null) return;
    const known = acknowledged === null ? 'has acknowledged nothing that we know of' : `acknowledged ${acknowledged}`;
    log.warning(
      `This server was a master until offset ${lost.to}, and ${host}:${port} ${known}: ${lost.commands} writes, offsets ` +
        `${lost.from} to ${lost.to}${lost.incomplete ? ' (older ones are no longer in the backlog)' : ''}, may be lost.`,
    );
    if (!settings.replicaSaveLostWrites || saveLostWrites === undefined) return;
    const name = `lost-writes-${history.replid}-${lost.from}.resp`;
    const failure = saveLostWrites(name, lost.pieces);
    if (failure === null) log.warning(`They were written to ${name}.`);
    else log.warning(`They could not be written to ${name}: ${failure}`);
  }
}
