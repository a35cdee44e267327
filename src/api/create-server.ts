/**
 * A server inside a Node process: for tests, for applications that want a replica close by, and for the topology that
 * `npm start` shows. Servers of one process share nothing but the process.
 */
import type { LogLevel } from '../base/ambient.ts';
import { families } from '../commands/index.ts';
import { CommandTable } from '../commands/table.ts';
import { nodeConfigFiles } from '../io/node-config-files.ts';
import { nodeWorld } from '../io/node-world.ts';
import type { World } from '../io/world.ts';
import { installInfo } from '../observability/info.ts';
import { Config } from '../server/config/config.ts';
import { loadConfig } from '../server/config/load.ts';
import { quoteWord, toByteString } from '../base/words.ts';
import { Server } from '../server/server.ts';

export interface CreateServerOptions {
  /** TCP port on 127.0.0.1; 0 or absent lets the system choose. */
  readonly port?: number;
  /** Directives of redis.conf, for example `{ 'replica-read-only': 'no', replicaof: ['127.0.0.1', '6379'] }`. */
  readonly directives?: { readonly [name: string]: string | number | readonly string[] };
  /** A redis.conf to read first. */
  readonly configFile?: string;
  /** Least level that goes to standard output; default: only warnings. */
  readonly logLevel?: LogLevel;
  /** Where log lines go instead of standard output. */
  readonly logFile?: string;
  /** Another world than this machine's (simulation). */
  readonly world?: World;
}

/** What a node of a replication topology says of itself. */
export interface NodeStatus {
  readonly role: 'master' | 'replica';
  /** "host:port" of the master that is followed; empty for a master. */
  readonly upstream: string;
  /** `up`, `down` or `sync` for a replica, empty for a master. */
  readonly link: '' | 'up' | 'down' | 'sync';
  readonly offset: number;
  /** Seconds since the master was last heard; -1 for a master or a link that is down. */
  readonly lastHeardSeconds: number;
  /** Replicas attached and online. */
  readonly replicas: number;
  readonly keys: number;
}

export interface HeadwaterServer {
  readonly host: string;
  readonly port: number;
  /** redis://host:port */
  readonly url: string;
  status(): NodeStatus;
  /**
   * Resolves once the data is a master's, or a replica's whose link is up; rejects after `timeoutMs` (default 30 s).
   */
  synced(timeoutMs?: number): Promise<void>;
  /** Stops the server and closes its connections. Data that is not saved is gone. */
  close(): Promise<void>;
}

/**
 * Starts a server; resolves once it accepts connections. Defaults differ from the command line's in that nothing is
 * saved to disk and the port is free to choose. Rejects with ConfigFileError on a bad directive, with a ListenError (its
 * `cause` is the system's error) if the port is taken.
 */
export async function createServer(options: CreateServerOptions = {}): Promise<HeadwaterServer> {
  const files = nodeConfigFiles();
  const world =
    options.world ??
    nodeWorld({ log: { level: options.logLevel ?? 'warning', ...(options.logFile ? { file: options.logFile } : {}) } });
  const config = new Config(
    { cwd: world.process.workingDirectory, checkDirectory: (path) => files.checkDirectory(path) },
    world.log,
  );
  const lines = Object.entries({ save: '', bind: '127.0.0.1', ...options.directives }).map(([name, value]) => {
    const words = typeof value === 'object' ? value : [value];
    return [name, ...words.map((word) => quoteWord(toByteString(String(word))))].join(' ');
  });
  loadConfig(
    config,
    { file: options.configFile, options: [...lines, 'port 0'].join('\n') },
    files,
    new CommandTable(families),
  );
  const server = new Server({ config, world });
  installInfo(server);
  try {
    await server.start(options.port ?? 0);
  } catch (error) {
    await server.stop();
    throw error;
  }
  const { port } = server.listeners;
  return {
    host: '127.0.0.1',
    port,
    url: `redis://127.0.0.1:${port}`,
    status: () => statusOf(server),
    synced: (timeoutMs) => synced(server, timeoutMs ?? SYNCED_TIMEOUT_MS),
    close: () => server.stop(),
  };
}

const SYNCED_TIMEOUT_MS = 30_000;

function synced(server: Server, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (done: () => void): void => {
      timer.cancel();
      server.linkWatchers.delete(look);
      done();
    };
    const look = (): void => {
      if (server.replication.canServe) settle(resolve);
    };
    const timer = server.clock.after(timeoutMs, () =>
      settle(() => reject(new Error(`the link to the master was not up within ${timeoutMs} ms`))),
    );
    server.linkWatchers.add(look);
    look();
  });
}

function statusOf(server: Server): NodeStatus {
  const status = server.replication.status();
  const { upstream } = status;
  const keys = server.store.space.size;
  const replicas = status.replicas.filter((replica) => replica.state === 'online').length;
  if (upstream === null)
    return {
      role: 'master',
      upstream: '',
      link: '',
      offset: status.masterReplOffset,
      lastHeardSeconds: -1,
      replicas,
      keys,
    };
  const up = upstream.link === 'connected';
  return {
    role: 'replica',
    upstream: `${upstream.host}:${upstream.port}`,
    link: up ? 'up' : upstream.progress === null ? 'down' : 'sync',
    offset: upstream.offset,
    lastHeardSeconds: up ? upstream.lastIoSeconds : -1,
    replicas,
    keys,
  };
}
