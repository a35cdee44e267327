/** Headwater as users run it: the compiled program of the same build directory as the running test. */
import { fileURLToPath } from 'node:url';
import { startServer } from './server-process.ts';
import type { ServerOptions, ServerProcess } from './server-process.ts';

const program = fileURLToPath(new URL('../../src/cli/headwater.js', import.meta.url));

/** Takes what `startRedis` takes. Resolves once it accepts connections. */
export function startHeadwater(args: readonly string[] = [], options: ServerOptions = {}): Promise<ServerProcess> {
  return startServer([process.execPath, '--enable-source-maps', program], args, options);
}
