/** The session of the master's stream: commands from there run as its own, and CLIENT shows it while the link is up. */
import { Session } from '../commands/session.ts';
import type { Server } from './server.ts';

/** Before there is a link it is no client of anybody, and its id is 0. */
export function newMasterSession(id: number, now: number): Session {
  const session = new Session(id, now);
  session.class = 'master';
  session.authenticated = true;
  return session;
}

/** Our link to the master as CLIENT LIST shows it and CLIENT KILL ends it; undefined while it is not up. */
export function linkedMasterSession(server: Server): Session | undefined {
  const { link } = server.replication;
  if (link === null || link.tag !== 'connected' || link.connection === null) return undefined;
  const { session } = server.masterStream;
  session.remoteAddress = link.connection.remoteAddress;
  session.localAddress = link.connection.localAddress;
  session.descriptor = link.connection.descriptor;
  session.queryBytes = () => link.unappliedBytes;
  session.close = () => link.kill();
  return session;
}
