/**
 * WAIT and WAITAOF: block until enough replicas (or disks) have acknowledged the client's last write. Who has, is counted
 * in replication/master/waiters.ts; here are arguments, blocking and replies.
 */
import { type ReplyError, replyError } from '../base/errors.ts';
import { type AckCounts, type Waiter, Waiters } from '../replication/master/waiters.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import type { Call } from './call.ts';
import type { CommandRow } from './row.ts';
import { millisecondTimeout } from './timeout.ts';

const onReplica: ReplyError = replyError(
  'ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured to be ' +
    'writable (which is not the default) writes to replicas are just local and are not propagated.',
);
const aofOnReplica: ReplyError = replyError(
  'ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local and are not propagated.',
);
const noAof: ReplyError = replyError('ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.');
const notLocal: ReplyError = replyError('ERR value is out of range, value must between 0 and 1');
const notPositive: ReplyError = replyError('ERR value is out of range, must be positive');

/** WAIT numreplicas timeout */
function wait(call: Call): void {
  if (!call.services.replication.isMaster) throw onReplica;
  const replicas = call.integer(1);
  const timeoutMs = millisecondTimeout(call, 2);
  waitFor(call, { onDisk: false, local: 0, replicas }, timeoutMs, (reply, counts) => reply.integer(counts.replicas));
}

/** WAITAOF numlocal numreplicas timeout */
function waitAof(call: Call): void {
  const { replication } = call.services;
  const local = call.integer(1, notLocal);
  if (local < 0 || local > 1) throw notLocal;
  const replicas = call.integer(2, notPositive);
  if (replicas < 0) throw notPositive;
  const timeoutMs = millisecondTimeout(call, 3);
  if (!replication.isMaster) throw aofOnReplica;
  if (local > 0 && !replication.hasAof) throw noAof;
  waitFor(call, { onDisk: true, local, replicas }, timeoutMs, (reply, counts) => {
    reply.array(2);
    reply.integer(counts.local);
    reply.integer(counts.replicas);
  });
}

function waitFor(
  call: Call,
  wanted: Pick<Waiter, 'onDisk' | 'local' | 'replicas'>,
  timeoutMs: number,
  answer: (reply: ReplyWriter, counts: AckCounts) => void,
): void {
  const { session } = call;
  const { clock, replication } = call.services;
  const { waiters } = replication;
  const offset = session.writeOffset;
  const counts = waiters.counts(offset, wanted.onDisk);
  // Nothing blocks inside a transaction.
  if (call.inExec || Waiters.satisfied(wanted, counts)) {
    answer(call.reply, counts);
    return;
  }
  const finish = session.block();
  const end = (): void => {
    waiters.remove(waiter);
    timer?.cancel();
    session.blocking = undefined;
  };
  const waiter: Waiter = {
    ...wanted,
    offset,
    done: (reached) => {
      end();
      finish((reply) => (reached === null ? reply.error(noAof) : answer(reply, reached)));
    },
  };
  const timeOut = (): void => waiter.done(waiters.counts(offset, wanted.onDisk));
  const timer = timeoutMs === 0 ? undefined : clock.after(timeoutMs, timeOut);
  session.blocking = {
    timeOut,
    fail(error) {
      end();
      finish((reply) => reply.error(error));
    },
    gone: end,
  };
  waiters.add(waiter);
  replication.requestAcks();
}

const facts = {
  flags: ['noscript'],
  categories: ['connection'],
  group: 'generic',
  complexity: 'O(1)',
  tips: ['request_policy:all_shards', 'response_policy:agg_min'],
} as const;

export const waitCommands: readonly CommandRow[] = [
  {
    ...facts,
    name: 'wait',
    arity: 3,
    since: '3.0.0',
    summary: 'Blocks until so many replicas have applied the writes of this connection.',
    handler: wait,
  },
  {
    ...facts,
    name: 'waitaof',
    arity: 4,
    since: '7.2.0',
    summary: 'Blocks until the writes of this connection are on the disks of this server and of so many replicas.',
    handler: waitAof,
  },
];
