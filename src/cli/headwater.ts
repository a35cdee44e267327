#!/usr/bin/env node
/**
 * The command: `headwater [redis.conf] [--directive value ...] [-]`, redis-server's command line.
 * Exit codes: 0 after a clean shutdown, 1 when it cannot start.
 */
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Settings } from '../base/settings.ts';
import { headwaterVersion, redisVersion } from '../base/version.ts';
import { nodeConfigFiles } from '../io/node-config-files.ts';
import { tuneEngine, tuneForLoading } from '../io/node-engine.ts';
import { nodeWorld } from '../io/node-world.ts';
import type { World } from '../io/world.ts';
import { families } from '../commands/index.ts';
import { CommandTable } from '../commands/table.ts';
import { UnusableData } from '../persistence/loading.ts';
import { Config } from '../server/config/config.ts';
import { ConfigFileError, ConfigOpenError } from '../server/config/error.ts';
import { loadConfig } from '../server/config/load.ts';
import { systemReason } from '../server/config/system-reason.ts';
import { bugReport } from '../server/bug-report.ts';
import { AclStartError } from '../server/acl/access-control.ts';
import { ListenError } from '../server/listeners.ts';
import { ownProcess } from '../server/own-process.ts';
import { Server } from '../server/server.ts';
import { installInfo } from '../observability/info.ts';
import { helpText, parseArguments } from './arguments.ts';
import { banner } from './banner.ts';

async function main(argv: readonly string[]): Promise<void> {
  const parsed = parseArguments(argv);
  switch (parsed.action) {
    case 'version':
      console.log(`Headwater server v=${headwaterVersion} redis=${redisVersion} node=${process.version} bits=64`);
      return;
    case 'help':
      console.log(helpText);
      return;
    case 'refuse':
      console.error(parsed.message);
      process.exitCode = 1;
      return;
    case 'run':
  }
  const files = nodeConfigFiles();
  const world = nodeWorld();
  const config = new Config({ cwd: process.cwd(), checkDirectory: (path) => files.checkDirectory(path) }, world.log);
  try {
    loadConfig(
      config,
      { file: parsed.file, stdin: parsed.stdin ? readFileSync(0) : undefined, options: parsed.options },
      files,
      new CommandTable(families),
    );
  } catch (error) {
    if (error instanceof ConfigFileError) console.error(error.report(`Headwater ${headwaterVersion}`));
    else if (error instanceof ConfigOpenError) world.log.warning(error.message);
    else throw error;
    process.exitCode = 1;
    return;
  }
  const { settings } = config;
  // As redis-server does for `dir`: relative paths of logfile, pidfile and unixsocket start there.
  process.chdir(settings.dir);
  if (settings.logfile !== '') {
    try {
      closeSync(openSync(settings.logfile, 'a'));
    } catch (error) {
      console.error(`\n*** FATAL CONFIG FILE ERROR (Headwater ${headwaterVersion}) ***`);
      console.error(`Can't open the log file: ${systemReason(error)}`);
      process.exitCode = 1;
      return;
    }
  }
  world.log.setLevel(settings.loglevel);
  world.log.setFile(settings.logfile);
  // Redis's mark of a process that is not yet a server.
  world.log.setRole('C');
  world.log.warning('oO0OoO0OoO0Oo Headwater is starting oO0OoO0OoO0Oo');
  world.log.warning(`Headwater version=${headwaterVersion}, bits=64, pid=${world.process.pid}, just started`);
  if (config.configFile === undefined && argv.length === 0)
    world.log.warning(
      'Warning: no config file specified, using the default config. In order to specify a config file use headwater /path/to/redis.conf',
    );
  else world.log.warning('Configuration loaded');
  for (const { name, note } of config.ineffective()) world.log.warning(`'${name}' has no effect: ${note}`);

  world.log.setRole(settings.replicaof === undefined ? 'M' : 'S');
  const pidFile = settings.pidfile;
  let pidFileWritten = false;
  const server = new Server({
    config,
    world,
    onListening: () => {
      // Whoever reads this may connect, as with redis-server.
      tellRunning(world, settings);
      world.log.warning('Server initialized');
      if (pidFile === '') return;
      try {
        writeFileSync(pidFile, `${world.process.pid}\n`);
        pidFileWritten = true;
      } catch (error) {
        world.log.warning(`Failed to write PID file: ${systemReason(error)}`);
      }
    },
    onLoading: tuneForLoading,
    onExit: (code) => {
      if (pidFileWritten) rmSync(pidFile, { force: true });
      process.exit(code);
    },
  });
  process.on('exit', () => world.log.flush());
  // Also gets rejections that nobody handled. The report tells why there is no going on.
  process.on('uncaughtException', (error) => {
    for (const line of bugReport(error, server)) world.log.warning(line);
    process.exit(1);
  });
  await run(server, settings);
}

function tellRunning({ log, process: { pid } }: World, { alwaysShowLogo, logfile, port }: Settings): void {
  const logo = alwaysShowLogo || (logfile === '' && process.stdout.isTTY);
  if (logo) log.raw(banner({ version: headwaterVersion, redisVersion, port, pid }));
  else log.notice(`Running mode=standalone, port=${port}.`);
}

/** Starts the server, and stops it when a signal says so. */
async function run(server: Server, settings: Settings): Promise<void> {
  const { world } = server;
  installInfo(server);
  ownProcess(server);
  for (const [signal, directive] of [
    ['SIGTERM', 'shutdownOnSigterm'],
    ['SIGINT', 'shutdownOnSigint'],
  ] as const) {
    world.process.onSignal(signal, () => {
      const flags = settings[directive];
      if (signal === 'SIGINT' && server.shuttingDown) {
        world.log.warning('You insist... exiting now.');
        process.exit(1);
      }
      world.log.warning(`Received ${signal} scheduling shutdown...`);
      server.shutdown({
        save: flags.includes('save') ? 'save' : flags.includes('nosave') ? 'nosave' : 'default',
        now: flags.includes('now'),
        force: flags.includes('force'),
      });
    });
  }
  try {
    await server.start();
    tuneEngine();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof ListenError || error instanceof AclStartError) world.log.warning(message);
    else if (!(error instanceof UnusableData)) world.log.warning(`Fatal error, can't start: ${message}`);
    await server.stop();
    process.exit(1);
  }
}

await main(process.argv.slice(2));
