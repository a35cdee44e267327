/**
 * The greeting of a replica, as data: what it says to its master, and what each answer leads to.
 *
 *   connecting -> [receive-auth-reply] -> receive-ping-reply -> receive-replconf-replies -> receive-psync-reply
 *                                                             -> full-resync | continue | failed
 *
 * All but PSYNC goes out at once, so AUTH comes before PING, other than with Redis: from 7.2 on, Redis and Valkey do not answer a refused
 * AUTH at all while a reply to an earlier command is on its way, and every later answer would be taken for the one before.
 *
 * Towards a master that is known to allow it, PSYNC goes out with the rest (receive-early-psync-reply), which saves a
 * round trip of each reconnect.
 *
 * `step` is pure; the driver (link.ts) performs the actions. Any state may end in `failed`, which carries the cause.
 */
import { assert } from '../../base/assert.ts';
import { isReplid } from '../history.ts';
import { CAPA_PIPELINED_PSYNC, parseOffset } from '../wire.ts';

/** How a master begins its refusal of a PSYNC that came too early. */
const PENDING_OUTPUT = '-ERR SYNC and PSYNC are invalid with pending output';

export interface HandshakePlan {
  readonly masteruser: string;
  /** Empty: no AUTH. */
  readonly masterauth: string;
  readonly listeningPort: number;
  /** Empty: not announced. */
  readonly announceIp: string;
  /** What we have and can continue from; null asks for everything. */
  readonly cached: { readonly replid: string; readonly nextOffset: number } | null;
  /** We hand our role to that replica of ours: it is to become a master with this PSYNC. */
  readonly handsOver: boolean;
  /** This master said before that it takes PSYNC right behind the rest (see `CAPA_PIPELINED_PSYNC`). */
  readonly psyncAtOnce: boolean;
}

export type ReplconfStep = 'listening-port' | 'ip-address' | 'capa';

export type HandshakeState =
  | { readonly tag: 'connecting' }
  | { readonly tag: 'receive-auth-reply' }
  | { readonly tag: 'receive-ping-reply' }
  | { readonly tag: 'receive-replconf-replies'; readonly awaiting: readonly ReplconfStep[] }
  /** PSYNC went out with the rest. */
  | { readonly tag: 'receive-early-psync-reply' }
  | { readonly tag: 'receive-psync-reply' }
  /** A payload follows. `start` is null after the fall-back to SYNC, which names no offset. */
  | { readonly tag: 'full-resync'; readonly start: { readonly replid: string; readonly offset: number } | null }
  /** The stream follows. `replid`: the master's id if it told one. */
  | { readonly tag: 'continue'; readonly replid: string | null }
  | { readonly tag: 'failed'; readonly cause: HandshakeFailure };

export type HandshakeFailure =
  | 'connect'
  | 'closed'
  | 'timeout'
  | 'ping'
  | 'auth'
  | 'try-later'
  /** The target of a failover did not take over. */
  | 'failover-refused'
  | 'bad-full-resync'
  | 'line-too-long';

export type HandshakeEvent =
  | { readonly kind: 'connected' }
  /** One reply line without its line end; empty for a keepalive. */
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'closed'; readonly reason: string }
  /** There is nothing to connect to: the master's name has no address, or no way leads there. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'line-too-long' };

export type HandshakeAction =
  | { readonly kind: 'send'; readonly words: readonly string[] }
  /** The one word of the old protocol, inline. */
  | { readonly kind: 'send-sync' }
  /** The master takes a pipelined PSYNC: remember it for the next greeting. */
  | { readonly kind: 'master-pipelines' }
  | { readonly kind: 'log'; readonly level: 'notice' | 'warning'; readonly message: string };

export interface HandshakeStep {
  readonly state: HandshakeState;
  readonly actions: readonly HandshakeAction[];
}

type Tag = HandshakeState['tag'];

export const legal: { readonly [T in Tag]: readonly Tag[] } = {
  connecting: ['receive-auth-reply', 'receive-ping-reply', 'failed'],
  'receive-auth-reply': ['receive-ping-reply', 'failed'],
  'receive-ping-reply': ['receive-replconf-replies', 'failed'],
  'receive-replconf-replies': [
    'receive-replconf-replies',
    'receive-early-psync-reply',
    'receive-psync-reply',
    'failed',
  ],
  'receive-early-psync-reply': [
    'receive-early-psync-reply',
    'receive-psync-reply',
    'full-resync',
    'continue',
    'failed',
  ],
  'receive-psync-reply': ['receive-psync-reply', 'full-resync', 'continue', 'failed'],
  'full-resync': [],
  continue: [],
  failed: [],
};

export const initialHandshake: HandshakeState = { tag: 'connecting' };

export function step(plan: HandshakePlan, state: HandshakeState, event: HandshakeEvent): HandshakeStep {
  const next = transition(plan, state, event);
  assert(legal[state.tag].includes(next.state.tag), `the handshake cannot go from ${state.tag} to ${next.state.tag}`);
  return next;
}

function transition(plan: HandshakePlan, state: HandshakeState, event: HandshakeEvent): HandshakeStep {
  switch (event.kind) {
    case 'closed':
      return broken(plan, state, event.reason);
    case 'unreachable':
      assert(state.tag === 'connecting', 'what is connected was reachable');
      return failed('connect', warning(`Unable to connect to MASTER: ${event.reason}`));
    case 'timeout':
      return failed('timeout', warning('Timeout connecting to the MASTER...'));
    case 'line-too-long':
      return failed('line-too-long', warning('Master did not respond to command during SYNC handshake'));
    case 'connected':
      assert(state.tag === 'connecting', 'a connection opens once');
      return {
        state: { tag: plan.masterauth === '' ? 'receive-ping-reply' : 'receive-auth-reply' },
        actions: [notice('Non blocking connect for SYNC fired the event.'), ...greeting(plan)],
      };
    case 'line':
      return reply(plan, state, event.text);
  }
}

function reply(plan: HandshakePlan, state: HandshakeState, text: string): HandshakeStep {
  switch (state.tag) {
    case 'receive-auth-reply':
      if (text.startsWith('-')) return failed('auth', warning(`Unable to AUTH to MASTER: ${text}`));
      return { state: { tag: 'receive-ping-reply' }, actions: [] };
    case 'receive-ping-reply':
      return pingReply(plan, text);
    case 'receive-replconf-replies':
      return replconfReply(plan, state.awaiting, text);
    case 'receive-early-psync-reply':
      // Another kind of server has taken the place of the one that we knew.
      if (text.startsWith(PENDING_OUTPUT)) {
        return { state: { tag: 'receive-psync-reply' }, actions: [psyncCommand(plan)] };
      }
      return psyncReply(plan, state.tag, text);
    case 'receive-psync-reply':
      return psyncReply(plan, state.tag, text);
    case 'connecting':
    case 'full-resync':
    case 'continue':
    case 'failed':
      assert(false, `no reply is awaited in ${state.tag}`);
  }
}

/** An error that only says "authenticate first" proves that a Redis is there: go on. */
function pingReply(plan: HandshakePlan, text: string): HandshakeStep {
  const tolerated = ['+', '-NOAUTH', '-NOPERM', '-ERR operation not permitted'];
  if (!tolerated.some((start) => text.startsWith(start))) {
    return failed('ping', warning(`Error reply to PING from master: '${text}'`));
  }
  return {
    state: { tag: 'receive-replconf-replies', awaiting: replconfSteps(plan) },
    actions: [notice('Master replied to PING, replication can continue...')],
  };
}

/**
 * Everything up to PSYNC goes out at once; the answers come back in order. PSYNC itself has to wait for them, unless this
 * master is known for taking it: others refuse it to a client with replies on the way.
 */
function greeting(plan: HandshakePlan): HandshakeAction[] {
  const { masteruser, masterauth } = plan;
  const actions: HandshakeAction[] = [];
  if (masterauth !== '')
    actions.push(masteruser === '' ? send('AUTH', masterauth) : send('AUTH', masteruser, masterauth));
  actions.push(send('PING'));
  for (const item of replconfSteps(plan)) actions.push(replconfCommand(plan, item));
  if (plan.psyncAtOnce) actions.push(psyncCommand(plan));
  return actions;
}

/** Old masters know less: their errors are told and ignored. */
function replconfReply(plan: HandshakePlan, awaiting: readonly ReplconfStep[], text: string): HandshakeStep {
  const [current, ...rest] = awaiting;
  const actions: HandshakeAction[] = [];
  if (text.startsWith('-')) {
    actions.push(notice(`(Non critical) Master does not understand REPLCONF ${current!}: ${text}`));
  }
  if (current === 'capa' && text === `+OK ${CAPA_PIPELINED_PSYNC}`) actions.push({ kind: 'master-pipelines' });
  if (rest.length > 0) return { state: { tag: 'receive-replconf-replies', awaiting: rest }, actions };
  if (plan.cached === null) {
    actions.push(notice('Partial resynchronization not possible (no cached master)'));
  } else {
    const { replid, nextOffset } = plan.cached;
    actions.push(notice(`Trying a partial resynchronization (request ${replid}:${nextOffset}).`));
  }
  if (plan.psyncAtOnce) return { state: { tag: 'receive-early-psync-reply' }, actions };
  return { state: { tag: 'receive-psync-reply' }, actions: [...actions, psyncCommand(plan)] };
}

function psyncCommand({ cached, handsOver }: HandshakePlan): HandshakeAction {
  if (cached === null) return send('PSYNC', '?', '-1');
  return send('PSYNC', cached.replid, String(cached.nextOffset), ...(handsOver ? ['FAILOVER'] : []));
}

function psyncReply(
  plan: HandshakePlan,
  tag: 'receive-early-psync-reply' | 'receive-psync-reply',
  text: string,
): HandshakeStep {
  // The master is alive and still thinks (a snapshot starts).
  if (text === '') return { state: { tag }, actions: [] };
  if (text.startsWith('+FULLRESYNC')) {
    const [, replid, offsetText] = text.split(' ');
    const offset = offsetText === undefined ? undefined : parseOffset(offsetText);
    if (replid === undefined || !isReplid(replid) || offset === undefined || offset < 0) {
      return failed('bad-full-resync', warning('Master replied with wrong +FULLRESYNC syntax.'));
    }
    return {
      state: { tag: 'full-resync', start: { replid, offset } },
      actions: [notice(`Full resync from master: ${replid}:${offset}`)],
    };
  }
  if (text.startsWith('+CONTINUE')) {
    const word = text.slice('+CONTINUE'.length).trim();
    return {
      state: { tag: 'continue', replid: isReplid(word) ? word : null },
      actions: [notice('Successful partial resynchronization with master.')],
    };
  }
  if (text.startsWith('-NOMASTERLINK') || text.startsWith('-LOADING')) {
    return failed(later(plan), notice(`Master is currently unable to PSYNC but should be in the future: ${text}`));
  }
  const why = text.startsWith('-ERR')
    ? notice(`Master does not support PSYNC or is in error state (reply: ${text})`)
    : warning(`Unexpected reply to PSYNC from master: ${text}`);
  if (plan.handsOver) return failed('failover-refused', why);
  return {
    state: { tag: 'full-resync', start: null },
    actions: [why, notice('Retrying with SYNC...'), { kind: 'send-sync' }],
  };
}

/** A failover is not tried again: its target may be anything by now. */
function later(plan: HandshakePlan): HandshakeFailure {
  return plan.handsOver ? 'failover-refused' : 'try-later';
}

function broken(plan: HandshakePlan, state: HandshakeState, reason: string): HandshakeStep {
  if (state.tag === 'connecting') return failed('connect', warning(`Error condition on socket for SYNC: ${reason}`));
  const lines = [warning(`Failed to read response from the server: ${reason}`)];
  if (state.tag === 'receive-psync-reply' || state.tag === 'receive-early-psync-reply') {
    lines.push(warning('Master did not reply to PSYNC, will try later'));
    if (plan.handsOver) return failed('failover-refused', ...lines);
  } else lines.push(warning('Master did not respond to command during SYNC handshake'));
  return failed('closed', ...lines);
}

function replconfSteps(plan: HandshakePlan): ReplconfStep[] {
  return plan.announceIp === '' ? ['listening-port', 'capa'] : ['listening-port', 'ip-address', 'capa'];
}

function replconfCommand(plan: HandshakePlan, item: ReplconfStep): HandshakeAction {
  switch (item) {
    case 'listening-port':
      return send('REPLCONF', 'listening-port', String(plan.listeningPort));
    case 'ip-address':
      return send('REPLCONF', 'ip-address', plan.announceIp);
    case 'capa':
      return send('REPLCONF', 'capa', 'eof', 'capa', 'psync2', 'capa', CAPA_PIPELINED_PSYNC);
  }
}

function failed(cause: HandshakeFailure, ...actions: HandshakeAction[]): HandshakeStep {
  return { state: { tag: 'failed', cause }, actions };
}

function send(...words: readonly string[]): HandshakeAction {
  return { kind: 'send', words };
}

function notice(message: string): HandshakeAction {
  return { kind: 'log', level: 'notice', message };
}

function warning(message: string): HandshakeAction {
  return { kind: 'log', level: 'warning', message };
}
