/**
 * FAILOVER as data: a master that hands its role to one of its replicas without losing a write.
 *
 *   no-failover --request: writes pause--> waiting-for-sync --a replica has all--> failover-in-progress --+
 *        ^                                      |    '--------time is up, FORCE-----------^                |
 *        |                      abort, time is up: writes go on                                            |
 *        +--------------------------------------+----- PSYNC ... FAILOVER accepted: we are its replica ----+
 *        '------ abort, refused: we are a master again ----------------------------------------------------'
 *
 * `step` is pure; failover-driver.ts performs the actions. Log lines are Redis's.
 */
import { assert } from '../base/assert.ts';

export interface FailoverTarget {
  readonly host: string;
  readonly port: number;
}

export type FailoverState =
  | { readonly tag: 'no-failover' }
  | {
      readonly tag: 'waiting-for-sync';
      /** Null: whoever is first to have everything. */
      readonly target: FailoverTarget | null;
      /** When time is up it goes on with what the target has. */
      readonly force: boolean;
      /** Wall clock ms; null waits for ever. */
      readonly endMs: number | null;
    }
  | { readonly tag: 'failover-in-progress'; readonly target: FailoverTarget };

export type FailoverEvent =
  | {
      readonly kind: 'request';
      readonly target: FailoverTarget | null;
      readonly force: boolean;
      readonly endMs: number | null;
      readonly caughtUp: readonly FailoverTarget[];
    }
  /** An acknowledgement came, or time has passed. `caughtUp`: the replicas that have acknowledged every byte. */
  | { readonly kind: 'look'; readonly nowMs: number; readonly caughtUp: readonly FailoverTarget[] }
  /** The target's answer to PSYNC ... FAILOVER. */
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused' }
  /** FAILOVER ABORT. */
  | { readonly kind: 'abort' };

export type FailoverAction =
  | { readonly kind: 'pause-writes' }
  | { readonly kind: 'resume-writes' }
  /** Ask the replicas where they are, once, before the stream stands still. */
  | { readonly kind: 'request-acks' }
  | { readonly kind: 'follow'; readonly target: FailoverTarget }
  /** We follow nobody: back to master. */
  | { readonly kind: 'unfollow' }
  | { readonly kind: 'log'; readonly message: string };

export interface FailoverStep {
  readonly state: FailoverState;
  readonly actions: readonly FailoverAction[];
}

type Tag = FailoverState['tag'];

export const legalFailover: { readonly [T in Tag]: readonly Tag[] } = {
  'no-failover': ['no-failover', 'waiting-for-sync'],
  'waiting-for-sync': ['waiting-for-sync', 'failover-in-progress', 'no-failover'],
  'failover-in-progress': ['failover-in-progress', 'no-failover'],
};

export const noFailover: FailoverState = { tag: 'no-failover' };

export function step(state: FailoverState, event: FailoverEvent): FailoverStep {
  const next = transition(state, event);
  assert(legalFailover[state.tag].includes(next.state.tag), `no failover goes from ${state.tag} to ${next.state.tag}`);
  return next;
}

function transition(state: FailoverState, event: FailoverEvent): FailoverStep {
  switch (state.tag) {
    case 'no-failover':
      return event.kind === 'request' ? requested(event) : { state, actions: [] };
    case 'waiting-for-sync':
      if (event.kind === 'look') return look(state, event);
      if (event.kind === 'abort') return aborted(state, 'Failover manually aborted');
      break;
    case 'failover-in-progress':
      if (event.kind === 'accepted') return { state: noFailover, actions: [{ kind: 'resume-writes' }] };
      if (event.kind === 'refused') return aborted(state, 'Failover target rejected psync request');
      if (event.kind === 'abort') return aborted(state, 'Failover manually aborted');
      break;
  }
  assert(event.kind !== 'request', 'one failover at a time');
  return { state, actions: [] };
}

function requested(event: FailoverEvent & { readonly kind: 'request' }): FailoverStep {
  const { target, force, endMs, caughtUp } = event;
  assert(!force || (target !== null && endMs !== null), 'FORCE needs a target and a time');
  return {
    state: { tag: 'waiting-for-sync', target, force, endMs },
    actions: [
      log(`FAILOVER requested to ${target === null ? 'any replica' : name(target)}.`),
      // What asks is part of the stream too: whoever has everything already would have to acknowledge once more.
      ...(ready(target, caughtUp) === undefined ? [{ kind: 'request-acks' } as const] : []),
      { kind: 'pause-writes' },
    ],
  };
}

function look(
  state: FailoverState & { readonly tag: 'waiting-for-sync' },
  { nowMs, caughtUp }: FailoverEvent & { readonly kind: 'look' },
): FailoverStep {
  const { target } = state;
  if (state.endMs !== null && state.endMs <= nowMs) {
    if (!state.force) return aborted(state, 'Replica never caught up before timeout');
    return start(target!, `FAILOVER to ${name(target!)} time out exceeded, failing over.`);
  }
  const replica = ready(target, caughtUp);
  if (replica === undefined) return { state, actions: [] };
  return start(replica, `Failover target ${name(replica)} is synced, failing over.`);
}

function ready(target: FailoverTarget | null, caughtUp: readonly FailoverTarget[]): FailoverTarget | undefined {
  return target === null ? caughtUp[0] : caughtUp.find((replica) => isSame(replica, target));
}

function start(target: FailoverTarget, message: string): FailoverStep {
  return { state: { tag: 'failover-in-progress', target }, actions: [log(message), { kind: 'follow', target }] };
}

function aborted(state: Exclude<FailoverState, { readonly tag: 'no-failover' }>, why: string): FailoverStep {
  const actions: FailoverAction[] = [
    log(`FAILOVER to ${state.target === null ? 'any replica' : name(state.target)} aborted: ${why}`),
  ];
  if (state.tag === 'failover-in-progress') actions.push({ kind: 'unfollow' });
  actions.push({ kind: 'resume-writes' });
  return { state: noFailover, actions };
}

/** Host names and addresses compare without regard to case. */
export function isSame(a: FailoverTarget, b: FailoverTarget): boolean {
  return a.port === b.port && a.host.toLowerCase() === b.host.toLowerCase();
}

function name({ host, port }: FailoverTarget): string {
  return `${host}:${port}`;
}

function log(message: string): FailoverAction {
  return { kind: 'log', message };
}
