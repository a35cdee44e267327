/** EXEC: runs a session's queued commands as one unit, whose effects reach replicas as one transaction. */
import { errors } from '../base/errors.ts';
import type { Session } from '../commands/session.ts';
import type { Server } from './server.ts';

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
