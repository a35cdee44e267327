/**
 * The rows of replication: who is our master (REPLICAOF), what are we (ROLE), and what a replica says to us (REPLCONF,
 * PSYNC, SYNC). What they do lives in replication/; here are arguments and replies.
 */
import { errors, replyError, type ReplyError } from '../base/errors.ts';
import type { FailoverTarget } from '../replication/failover.ts';
import type { PeerAnswer } from '../replication/master/psync-service.ts';
import type { ReplicaPeer } from '../replication/ports.ts';
import { CAPA_PIPELINED_PSYNC } from '../replication/wire.ts';
import type { Call } from './call.ts';
import { describeSession } from './client-list.ts';
import type { CommandRow } from './row.ts';

const MAX_PORT = 65535;

const invalidPort: ReplyError = replyError('ERR Invalid master port');
const notWhileFailingOver: ReplyError = replyError('ERR REPLICAOF not allowed while failing over.');
const timeoutNotPositive: ReplyError = replyError('ERR FAILOVER timeout must be greater than 0');
const masterNotAllowed: ReplyError = replyError('ERR Master is not in replica-allowed-masters');
const notForReplicas: ReplyError = replyError('ERR Command is not valid when client is a replica.');

function replicaof(call: Call): void {
  const { replication, clock } = call.services;
  if (replication.failover.underWay) throw notWhileFailingOver;
  const requestedBy = describeSession(call.session, clock.now());
  if (call.is(1, 'no') && call.is(2, 'one')) {
    replication.noOne(requestedBy);
    call.reply.ok();
    return;
  }
  if (call.session.class === 'replica') throw notForReplicas;
  const port = call.integer(2, invalidPort);
  if (port < 0 || port > MAX_PORT) throw invalidPort;
  if (!replication.allowsMaster(call.text(1), port)) throw masterNotAllowed;
  if (replication.replicaOf(call.text(1), port, requestedBy)) call.reply.ok();
  else call.reply.simple('OK Already connected to specified master');
}

/** FAILOVER [TO host port [FORCE]] [TIMEOUT milliseconds] | FAILOVER ABORT */
function failover(call: Call): void {
  const { failover: machine } = call.services.replication;
  if (call.count === 2 && call.is(1, 'abort')) {
    reply(call, machine.abort());
    return;
  }
  let timeoutMs: number | null = null;
  let target: FailoverTarget | null = null;
  let force = false;
  for (let i = 1; i < call.count; i++) {
    if (call.is(i, 'timeout') && i + 1 < call.count && timeoutMs === null) {
      timeoutMs = call.integer(++i);
      if (timeoutMs <= 0) throw timeoutNotPositive;
    } else if (call.is(i, 'to') && i + 2 < call.count && target === null) {
      target = { host: call.text(i + 1), port: call.integer(i + 2) };
      i += 2;
    } else if (call.is(i, 'force') && !force) force = true;
    else throw errors.syntax;
  }
  reply(call, machine.begin({ target, force, timeoutMs }));
}

function reply(call: Call, refusal: ReplyError | null): void {
  if (refusal !== null) throw refusal;
  call.reply.ok();
}

function role(call: Call): void {
  const { reply } = call;
  const answer = call.services.replication.role();
  if (answer.role === 'master') {
    reply.array(3);
    reply.bulkText('master');
    reply.integer(answer.offset);
    reply.array(answer.replicas.length);
    for (const { ip, port, offset } of answer.replicas) {
      reply.array(3);
      reply.bulkText(ip);
      reply.bulkText(String(port));
      reply.bulkText(String(offset));
    }
    return;
  }
  reply.array(5);
  reply.bulkText('slave');
  reply.bulkText(answer.host);
  reply.integer(answer.port);
  reply.bulkText(answer.state);
  reply.integer(answer.offset);
}

function replconf(call: Call): void {
  const { replication } = call.services;
  // GETACK comes down the master's stream, everything else up from a replica. It is never answered.
  if (call.count > 2 && call.is(1, 'getack')) {
    replication.getAck();
    return;
  }
  const { peer } = call.session;
  if (peer === undefined) return;
  const words: string[] = [];
  for (let i = 1; i < call.count; i++) words.push(call.text(i));
  answer(call, peer, replication.replconf(peer, words));
}

function psync(call: Call): void {
  const { replication } = call.services;
  const { peer } = call.session;
  if (peer === undefined) return;
  answer(call, peer, replication.psync(peer, call.text(1), call.text(2), call.is(3, 'failover')));
}

function sync(call: Call): void {
  const { peer } = call.session;
  if (peer !== undefined) answer(call, peer, call.services.replication.sync(peer));
}

/** The session becomes a replica with the command that attached it: from then on its output belongs to the stream. */
function answer(call: Call, peer: ReplicaPeer, result: PeerAnswer): void {
  if (peer.replica?.attached === true) call.session.class = 'replica';
  if (result === 'ok') call.reply.ok();
  else if (result === 'ok-pipelined-psync') call.reply.simple(`OK ${CAPA_PIPELINED_PSYNC}`);
  else if (result !== 'none') throw result;
}

export const replicationCommands: readonly CommandRow[] = [
  {
    name: 'replicaof',
    arity: 3,
    flags: ['admin', 'noscript', 'stale', 'no_async_loading'],
    categories: [],
    group: 'server',
    since: '5.0.0',
    complexity: 'O(1)',
    summary: 'Makes the server a replica of another one, or a master again.',
    handler: replicaof,
  },
  {
    name: 'slaveof',
    arity: 3,
    flags: ['admin', 'noscript', 'stale', 'no_async_loading'],
    categories: [],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(1)',
    summary: 'The older name of REPLICAOF.',
    deprecated: { since: '5.0.0', replacedBy: 'REPLICAOF' },
    handler: replicaof,
  },
  {
    name: 'failover',
    arity: -1,
    flags: ['admin', 'noscript', 'stale'],
    categories: [],
    group: 'server',
    since: '6.2.0',
    complexity: 'O(1)',
    summary: 'Hands the role of master to a replica once it has every write.',
    handler: failover,
  },
  {
    name: 'role',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast'],
    categories: ['admin', 'dangerous'],
    group: 'server',
    since: '2.8.12',
    complexity: 'O(1)',
    summary: 'Tells whether the server is a master or a replica, and of what.',
    handler: role,
  },
  {
    name: 'replconf',
    arity: -1,
    flags: ['admin', 'noscript', 'loading', 'stale', 'allow_busy'],
    categories: [],
    group: 'server',
    since: '3.0.0',
    complexity: 'O(1)',
    summary: 'Carries what a replica announces and acknowledges. Part of the replication protocol.',
    handler: replconf,
  },
  {
    name: 'psync',
    arity: -3,
    flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
    categories: [],
    group: 'server',
    since: '2.8.0',
    complexity: 'O(1) when the backlog reaches back far enough, else O(N) with N the number of keys',
    summary: 'Asks for the replication stream from an offset on. Part of the replication protocol.',
    handler: psync,
  },
  {
    name: 'sync',
    arity: 1,
    flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
    categories: [],
    group: 'server',
    since: '1.0.0',
    complexity: 'O(N) with N the number of keys',
    summary: 'Asks for a full copy and then the replication stream. The protocol before PSYNC.',
    handler: sync,
  },
];
