/**
 * What is logged when the server finds a mistake of its own: an exception that is not an error reply. Data, stream and
 * replies may then be half changed, and nobody can know how far, so the process ends, as redis-server does after its
 * bug report; a replica or the last RDB file has data that is whole. See "Decisions and why" in docs/ARCHITECTURE.md.
 */
import { headwaterVersion } from '../base/version.ts';
import type { Server } from './server.ts';

/** A handler failed in a way that it must not. `cause` is what it threw. */
export class CommandBug extends Error {
  override name = 'CommandBug';

  /** `argumentLengths` in bytes, the command's name included; the arguments themselves may be secret. */
  constructor(command: string, argumentLengths: readonly number[], cause: unknown) {
    super(`the command '${command}' failed; lengths of its arguments: ${argumentLengths.join(' ')}`, { cause });
  }
}

/** Argument lengths that a report lists at most. */
export const REPORTED_ARGUMENTS_MAX = 32;

/** The lines of the report, for the log. */
export function bugReport(error: unknown, server: Server): readonly string[] {
  const lines = ['=== HEADWATER BUG REPORT START: Cut & paste starting from here ==='];
  lines.push(`Headwater ${headwaterVersion} crashed by an exception that is not an error reply`);
  for (let at: unknown = error; at !== undefined; at = at instanceof Error ? at.cause : undefined)
    lines.push(...stackOf(at).split('\n'));
  lines.push('------ INFO OUTPUT ------');
  lines.push(...infoOf(server).trimEnd().split('\r\n'));
  lines.push('=== HEADWATER BUG REPORT END. Make sure to include from START to END. ===');
  lines.push('Please report the crash with the lines above, and what the clients were doing, to the project.');
  return lines;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : `thrown: ${String(error)}`;
}

/** The server is not whole any more: INFO may fail as well. */
function infoOf(server: Server): string {
  try {
    return server.info(['server', 'clients', 'memory', 'persistence', 'replication', 'keyspace']);
  } catch (error) {
    return `INFO failed: ${stackOf(error)}`;
  }
}
