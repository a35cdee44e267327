/** A `Config` loaded as the server loads it, for tests that need no server. */
import { parseArguments } from '../../src/cli/arguments.ts';
import { families } from '../../src/commands/index.ts';
import { CommandTable } from '../../src/commands/table.ts';
import { nodeConfigFiles } from '../../src/io/node-config-files.ts';
import { Config } from '../../src/server/config/config.ts';
import { loadConfig } from '../../src/server/config/load.ts';

export interface ConfigInput {
  /** Default: the directory of the process. */
  readonly cwd?: string;
  readonly stdin?: string;
}

/** The configuration of `headwater <argv>`. Throws what the loader throws. */
export function configOf(argv: readonly string[] = [], input: ConfigInput = {}): Config {
  const files = nodeConfigFiles();
  const config = new Config({
    cwd: input.cwd ?? process.cwd(),
    checkDirectory: (path) => files.checkDirectory(path),
  });
  const parsed = parseArguments(argv);
  if (parsed.action !== 'run') throw new Error(`headwater ${argv.join(' ')} does not run a server`);
  const stdin = parsed.stdin ? Buffer.from(input.stdin ?? '') : undefined;
  loadConfig(config, { file: parsed.file, stdin, options: parsed.options }, files, new CommandTable(families));
  return config;
}
