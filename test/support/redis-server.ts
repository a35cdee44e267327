/** The real redis-server, found on PATH: the reference that replies and datasets are compared with. */
import { startServer } from './server-process.ts';
import type { ServerOptions, ServerProcess } from './server-process.ts';

/** For example `startRedis(['--appendonly', 'yes'])`. Resolves once it accepts connections. */
export function startRedis(args: readonly string[] = [], options: ServerOptions = {}): Promise<ServerProcess> {
  return startServer(['redis-server'], args, options);
}
