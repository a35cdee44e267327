/**
 * Back-pressure on writers: while a replica that takes its stream steadily is about to overcome its output limit, commands
 * that may write wait until it has taken some more, instead of being followed by a disconnection and a full resync.
 *
 *   queue of a replica   0 ......... goes on <- SLACK -> waits ... limit: dropped
 *
 * Rule: it helps through a burst, nothing more. A replica that has stood still for PATIENCE_MS is not waited for, no wait is
 * longer than LONGEST_MS (then what has gathered goes on first), and all waiting together is bounded by
 * `replica-max-write-delay`, which begins anew once there was none for FORGIVE_MS.
 */
import type { Timer } from '../../base/ambient.ts';
import type { ReplicationHost } from '../ports.ts';
import type { ReplicaSession } from './replica-session.ts';

/** Part of the hard limit at which writes wait: what one turn still adds fits above it. */
const HIGH = 15 / 16;
/** Part of the soft limit's seconds after which its bytes count as the limit. */
const SOFT_PATIENCE = 0.5;
/** How far the queue has to shrink before writes go on: bytes, and part of the limit. */
const SLACK_BYTES: number = 4 * 1024 * 1024;
const SLACK = 1 / 16;
const PATIENCE_MS = 1000;
/** Clients have time-outs: a replica that needs more for SLACK is too slow to be helped much. */
const LONGEST_MS = 1000;
const FORGIVE_MS = 60_000;
/** While writes wait, nothing else may look: ms. */
const LOOK_MS = 100;

export interface Limits {
  readonly hardBytes: number;
  readonly softBytes: number;
  readonly softSeconds: number;
}

export interface PacingDeps {
  readonly host: ReplicationHost;
  readonly sessions: ReadonlySet<ReplicaSession>;
  readonly limits: () => Limits;
}

export class Pacing {
  /** Ms that writes have waited since the statistics were reset; the wait that lasts is not in it. */
  heldMs = 0;
  readonly #deps: PacingDeps;
  #holding = false;
  #sinceMs = 0;
  /** What of `replica-max-write-delay` is used up. */
  #spentMs = 0;
  /** When writes waited last. */
  #lastMs: number = -Infinity;
  #timer: Timer | null = null;

  constructor(deps: PacingDeps) {
    this.#deps = deps;
  }

  /** Writes wait now. */
  get holding(): boolean {
    return this.#holding;
  }

  /** After replicas were given what they take, or took it. Hot: once a turn and per large pipeline part. */
  look(): void {
    const { host } = this.#deps;
    const mostMs = host.settings.replicaMaxWriteDelay * 1000;
    if (mostMs === 0 && !this.#holding) return;
    const slow = this.#slowReplica();
    if (slow === null) {
      if (this.#holding) this.#end();
      return;
    }
    const now = host.clock.monotonic();
    if (!this.#holding) {
      if (now - this.#lastMs > FORGIVE_MS) {
        this.#spentMs = 0;
        host.log.notice(`Writes wait for replica ${slow.name}, which is close to its output buffer limit.`);
      }
      if (this.#spentMs >= mostMs) return;
      this.#begin(now);
    } else if (this.#spentMs + now - this.#sinceMs >= mostMs) {
      this.#end();
      host.log.warning(`Writes have waited ${mostMs / 1000} seconds for replica ${slow.name} and go on without it.`);
    } else if (now - this.#sinceMs >= LONGEST_MS) {
      this.#end();
    }
  }

  stop(): void {
    if (this.#holding) this.#end();
  }

  #slowReplica(): ReplicaSession | null {
    const { sessions, limits } = this.#deps;
    const { hardBytes, softBytes, softSeconds } = limits();
    for (const session of sessions) {
      if (session.state !== 'online') continue;
      let limit = hardBytes === 0 ? Infinity : hardBytes * HIGH;
      if (softBytes > 0 && session.overSoftMs > softSeconds * 1000 * SOFT_PATIENCE) limit = Math.min(limit, softBytes);
      if (this.#holding) limit -= Math.min(SLACK_BYTES, limit * SLACK);
      if (session.queuedBytes >= limit && session.idleMs < PATIENCE_MS) return session;
    }
    return null;
  }

  #begin(now: number): void {
    this.#holding = true;
    this.#sinceMs = now;
    this.#deps.host.pauseWrites?.('replicas', true);
    this.#wakeLater();
  }

  #end(): void {
    const now = this.#deps.host.clock.monotonic();
    this.#timer?.cancel();
    this.#holding = false;
    this.#lastMs = now;
    this.#spentMs += now - this.#sinceMs;
    this.heldMs += now - this.#sinceMs;
    this.#deps.host.pauseWrites?.('replicas', false);
  }

  #wakeLater(): void {
    this.#timer = this.#deps.host.clock.after(LOOK_MS, () => {
      this.look();
      if (this.#holding) this.#wakeLater();
    });
  }
}
