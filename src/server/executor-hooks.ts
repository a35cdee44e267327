/** Who is asked and told around commands: what the executor gets from this server. */
import { shownWords } from '../commands/secrets.ts';
import type { Session } from '../commands/session.ts';
import type { Command } from '../commands/table.ts';
import type { Args } from '../resp/args.ts';
import type { ExecutorHooks } from './execute.ts';
import { linkedMasterSession } from './master-session.ts';
import type { Server } from './server.ts';

export function executorHooks(server: Server): ExecutorHooks {
  const { acl, blocking, tracking } = server;
  return {
    postpone: (session) => server.clients.postpone(session),
    serveBlocked: () => blocking.serveReady(),
    tracked: (session, command, args) => tracking.read(session, session.tracking!, command, args),
    denied: (session, command, args) => acl.refusal(session, command, args),
    masterCommandFailed: (session, error) =>
      server.aofReplay.owns(session)
        ? server.aofReplay.failed(session, error)
        : server.masterStream.failed(session, error),
    masterWriteUnsaved: () => server.masterStream.unsaved(),
    slow: (command, args, session, micros) => {
      // What an append only file holds ran, and was slow, before.
      if (server.lifecycle.loading) return;
      server.timing.slow(command, () => shownWords(command, args, server), session, micros);
    },
    ran: (command, args, session) => feedMonitors(server, command, args, session),
  };
}

function feedMonitors(server: Server, command: Command, args: Args, session: Session): void {
  if (server.lifecycle.loading) return;
  if (session.class === 'master' && session.remoteAddress === '') linkedMasterSession(server);
  server.monitors.feed(session, shownWords(command, args, server), (monitor, line) => {
    if (monitor === session) server.writer.raw(line);
    else if (monitor.replyMode !== 'off') monitor.push(line);
  });
}
