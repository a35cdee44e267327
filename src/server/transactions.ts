/** What MULTI queues, and EXEC: runs a session's queued commands as one unit, whose effects reach replicas as one transaction. */
import { errors } from '../base/errors.ts';
import type { Session, Transaction } from '../commands/session.ts';
import type { Command } from '../commands/table.ts';
import { Args } from '../resp/args.ts';
import type { Server } from './server.ts';

/** Memory of a queued command beyond its bytes. */
const QUEUED_BYTES = 256;

/** Called by the EXEC handler, inside its own call: restores the call's fields for it afterwards. */
export function runTransaction(server: Server, session: Session): void {
  const { call, writer, executor } = server;
  const transaction = session.transaction;
  if (transaction === undefined) throw errors.execWithoutMulti;
  const { args, command } = call;
  const stale = session.dirtyCas || session.watched.some((w) => server.keyEvents.watchedKeyExpired(w));
  server.keyEvents.unwatchAll(session);
  if (transaction.aborted || stale) {
    session.transaction = undefined;
    if (transaction.aborted) throw errors.execAbort;
    writer.nullArray();
    return;
  }
  writer.array(transaction.queued.length);
  call.inExec = true;
  try {
    for (const queued of transaction.queued) executor.runQueued(session, queued.args);
  } finally {
    call.inExec = false;
    session.transaction = undefined;
    call.args = args;
    call.command = command;
    call.session = session;
    // EXEC itself is not propagated: its effects were.
    call.rewritten = true;
  }
}

/** The command waits for EXEC. */
export function enqueue(transaction: Transaction, command: Command, args: Args): void {
  transaction.queued.push({ args: copyArgs(args) });
  transaction.bytes += QUEUED_BYTES + args.rawLength;
  transaction.writes ||= command.isWrite;
  transaction.mayReplicate ||= command.mayReplicate;
  transaction.deniesOom ||= command.denyOom;
  transaction.deniesStale ||= !command.allowStale;
  transaction.deniesLoading ||= !command.allowLoading;
}

/** A queued command outlives the read buffer. */
function copyArgs(args: Args): Args {
  const values: Uint8Array[] = [];
  for (let i = 0; i < args.count; i++) values.push(args.copy(i));
  return new Args().assign(values);
}
