/**
 * `maxclients` within what the system allows: a connection takes a file descriptor, and some must be left for files, for the
 * links to masters and for Node itself, or saving fails once many clients are there.
 */
import type { Server } from './server.ts';

/** Descriptors that are never clients'; redis-server keeps as many. */
const RESERVED_FILES = 32;

function mostClients({ world }: Server): number {
  return Math.max(world.process.mostOpenFiles - RESERVED_FILES, 1);
}

/** At the start: lowers `maxclients` to what can be had, and says so. */
export function limitClients(server: Server): void {
  const { config, log, settings, world } = server;
  const wanted = settings.maxclients;
  const most = mostClients(server);
  if (wanted <= most) return;
  config.assign('maxclients', [String(most)]);
  log.warning(
    `maxclients ${wanted} takes ${wanted + RESERVED_FILES} open files, but the limit is ${world.process.mostOpenFiles} ` +
      `(ulimit -n): it has been reduced to ${most}.`,
  );
}

/** CONFIG SET maxclients: the error if that many cannot be had. */
export function refuseClients(server: Server): string | undefined {
  const most = mostClients(server);
  if (server.settings.maxclients <= most) return undefined;
  return `The operating system is not able to handle the specified number of clients, try with ${most}`;
}
