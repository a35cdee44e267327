/** The real redis-server, found on PATH: the reference that replies and datasets are compared with. */
import { spawnSync } from 'node:child_process';
import { startServer } from './server-process.ts';
import type { ServerOptions, ServerProcess } from './server-process.ts';

/** For example `startRedis(['--appendonly', 'yes'])`. Resolves once it accepts connections. */
export function startRedis(args: readonly string[] = [], options: ServerOptions = {}): Promise<ServerProcess> {
  return startServer(['redis-server'], args, { alwaysDebug: isOld(), ...options });
}

let version = 0;

/** Before 7.0. Replication is tried with other versions than that now and then (CONTRIBUTING.md). */
function isOld(): boolean {
  version ||= Number(/v=(\d+)/.exec(spawnSync('redis-server', ['--version']).stdout.toString())?.[1] ?? 0);
  return version < 7;
}
