/**
 * Runs a failover: checks the request, feeds the machine of failover.ts with what replicas acknowledge and with time, and
 * performs what it says.
 */
import { type ReplyError, replyError } from '../base/errors.ts';
import type { Timer } from '../base/ambient.ts';
import { type FailoverEvent, type FailoverState, type FailoverTarget, isSame, noFailover, step } from './failover.ts';
import type { History } from './history.ts';
import type { Replicas } from './master/replicas.ts';
import type { ReplicationHost } from './ports.ts';

export interface FailoverRequest {
  readonly target: FailoverTarget | null;
  readonly force: boolean;
  /** Null waits for ever. */
  readonly timeoutMs: number | null;
}

export interface FailoverDeps {
  readonly host: ReplicationHost;
  readonly history: History;
  readonly replicas: Replicas;
  readonly isMaster: () => boolean;
  /** `replica-allowed-masters`: whom we may follow afterwards. */
  readonly allows: (target: FailoverTarget) => boolean;
  /** REPLCONF GETACK into the stream, now. */
  readonly requestAcks: () => void;
  readonly follow: (target: FailoverTarget) => void;
  readonly unfollow: () => void;
}

export class Failover {
  readonly #deps: FailoverDeps;
  #state: FailoverState = noFailover;
  #timer: Timer | null = null;

  constructor(deps: FailoverDeps) {
    this.#deps = deps;
  }

  /** As INFO's master_failover_state. */
  get state(): FailoverState['tag'] {
    return this.#state.tag;
  }

  get underWay(): boolean {
    return this.#state.tag !== 'no-failover';
  }

  /** The PSYNC to the new master must carry FAILOVER. */
  get handsOver(): boolean {
    return this.#state.tag === 'failover-in-progress';
  }

  /** FAILOVER. Null: under way. */
  begin(request: FailoverRequest): ReplyError | null {
    const { host, replicas, isMaster } = this.#deps;
    const { target, force, timeoutMs } = request;
    if (this.underWay) return replyError('ERR FAILOVER already in progress.');
    if (!isMaster()) return replyError('ERR FAILOVER is not valid when server is a replica.');
    if (replicas.size === 0) return replyError('ERR FAILOVER requires connected replicas.');
    if (force && (timeoutMs === null || target === null)) {
      return replyError('ERR FAILOVER with force option requires both a timeout and target HOST and IP.');
    }
    if (target !== null) {
      const found = [...replicas.sessions].find((session) => isSame(target, addressOf(session)));
      if (found === undefined) return replyError('ERR FAILOVER target HOST and PORT is not a replica.');
      if (!this.#deps.allows(target)) return replyError('ERR FAILOVER target is not in replica-allowed-masters');
      if (found.state !== 'online') return replyError('ERR FAILOVER target replica is not online.');
    }
    const endMs = timeoutMs === null ? null : host.clock.now() + timeoutMs;
    this.#feed({ kind: 'request', target, force, endMs, caughtUp: this.#caughtUp() });
    if (timeoutMs !== null) this.#lookLater(timeoutMs);
    return null;
  }

  /** FAILOVER ABORT. */
  abort(): ReplyError | null {
    if (!this.underWay) return replyError('ERR No failover in progress.');
    this.#feed({ kind: 'abort' });
    return null;
  }

  /** At the end of a turn, and once a second: has anybody caught up, is time up? */
  look(): void {
    if (this.#state.tag !== 'waiting-for-sync') return;
    this.#feed({ kind: 'look', nowMs: this.#deps.host.clock.now(), caughtUp: this.#caughtUp() });
  }

  /** The new master's answer to PSYNC ... FAILOVER. */
  answered(accepted: boolean): void {
    this.#feed({ kind: accepted ? 'accepted' : 'refused' });
  }

  /** The server goes down. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** The replicas that have acknowledged every byte. */
  #caughtUp(): FailoverTarget[] {
    const { allows, history, replicas } = this.#deps;
    const sessions = [...replicas.sessions].filter(
      (session) => session.state === 'online' && session.ackOffset === history.masterReplOffset,
    );
    return sessions.map(addressOf).filter(allows);
  }

  #lookLater(delayMs: number): void {
    this.#timer = this.#deps.host.clock.after(delayMs, () => {
      // The wall clock may lag behind the timer by a fraction.
      this.look();
      if (this.#state.tag === 'waiting-for-sync') this.#lookLater(1);
    });
  }

  #feed(event: FailoverEvent): void {
    const { host, requestAcks, follow, unfollow } = this.#deps;
    const { state, actions } = step(this.#state, event);
    this.#state = state;
    if (state.tag !== 'waiting-for-sync') this.stop();
    for (const action of actions) {
      switch (action.kind) {
        case 'log':
          host.log.notice(action.message);
          break;
        case 'pause-writes':
          host.pauseWrites?.('failover', true);
          break;
        case 'resume-writes':
          host.pauseWrites?.('failover', false);
          break;
        case 'request-acks':
          requestAcks();
          break;
        case 'follow':
          follow(action.target);
          break;
        case 'unfollow':
          unfollow();
          break;
      }
    }
  }
}

function addressOf(session: { readonly ip: string; readonly listeningPort: number }): FailoverTarget {
  return { host: session.ip, port: session.listeningPort };
}
