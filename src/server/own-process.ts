/**
 * What a server does to a process that is its own (not to a program that embeds it): the title that ps shows
 * (`set-proc-title`, `proc-title-template`), and how readily the kernel ends it when memory runs out (`oom-score-adj`).
 */
import { basename } from 'node:path';
import type { Settings } from '../base/settings.ts';
import type { World } from '../io/world.ts';
import type { Config } from './config/config.ts';
import { systemReason } from './config/system-reason.ts';
import { expandTitle } from './config/title.ts';
import type { Server } from './server.ts';

/** Keeps title and score as the configuration says, from now on. */
export function ownProcess(server: Server): void {
  const { config, settings, world } = server;
  const title = (): undefined => {
    if (settings.setProcTitle) world.process.setTitle(processTitle(config, world));
  };
  config.onChange(['proc-title-template', 'port', 'tls-port', 'bind'], title);
  title();
  const score = new OomScore(world, settings);
  const apply = (): string | undefined => score.apply(server.replication.isMaster);
  config.onChange(['oom-score-adj', 'oom-score-adj-values'], apply);
  server.linkWatchers.add(() => void apply());
  apply();
}

function processTitle(config: Config, world: World): string {
  const { settings } = config;
  const { bind, port, tlsPort, unixsocket } = settings;
  const listening = `${bind[0] ?? '*'}:${port === 0 ? tlsPort : port}`;
  const title = expandTitle(settings.procTitleTemplate, {
    title: basename(world.process.executable).replace(/\.js$/, ''),
    'listen-addr': port === 0 && tlsPort === 0 ? `unixsocket:${unixsocket}` : listening,
    'server-mode': '',
    port: String(port),
    'tls-port': String(tlsPort),
    unixsocket,
    'config-file': config.configFile ?? '-',
  });
  return title!; // the template was checked when it was set
}

/** Once the score is ours, `oom-score-adj no` takes it back to what it was before. */
class OomScore {
  readonly #world: World;
  readonly #settings: Settings;
  /** The score before we changed it; undefined while it is not ours. */
  #before: number | undefined;

  constructor(world: World, settings: Settings) {
    this.#world = world;
    this.#settings = settings;
  }

  apply(isMaster: boolean): string | undefined {
    const { oomScoreAdj: mode, oomScoreAdjValues: values } = this.#settings;
    const { log, process: ours } = this.#world;
    if (mode === 'no' && this.#before === undefined) return undefined;
    let doing = 'read';
    try {
      this.#before ??= ours.oomScoreAdj();
      let score = this.#before;
      if (mode === 'no') this.#before = undefined;
      else score = (mode === 'absolute' ? 0 : score) + values[isMaster ? 0 : 1]!;
      doing = 'write';
      ours.setOomScoreAdj(Math.min(1000, Math.max(-1000, score)));
      return undefined;
    } catch (error) {
      log.warning(`Unable to ${doing} oom_score_adj: ${systemReason(error)}`);
      return 'Failed to set current oom_score_adj. Check server logs.';
    }
  }
}
