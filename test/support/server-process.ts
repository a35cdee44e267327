/**
 * A server as a child process, real or ours: both take redis-server's command line and both say
 * "Ready to accept connections". It runs on a free loopback port in a directory of its own, is ended by its pid,
 * and does not outlive the test process.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { atExit } from './at-exit.ts';
import { freePort } from './free-port.ts';
import { tempDir } from './temp-dir.ts';
import { within } from './wait.ts';

export interface ServerProcess {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** Its working directory: RDB and AOF files are here. */
  readonly dir: string;
  /** Everything it has logged so far (the newest MiB). */
  logText(): string;
  /** SIGTERM, then SIGKILL if that takes too long; resolves when it is gone and its directory removed. */
  stop(): Promise<void>;
  /** SIGKILL: a crash. Resolves when it is gone; the directory stays until `stop`. */
  kill(): Promise<void>;
  /** Stops it from running without closing its sockets (SIGSTOP), and lets it go on (SIGCONT). */
  freeze(): void;
  thaw(): void;
  /** Resolves to the exit code, or null after a signal, once it has ended by itself. */
  readonly exited: Promise<number | null>;
}

export interface ServerOptions {
  /** Listen here: to restart a server in place. Default: a free port. */
  readonly port?: number;
  /** Run here, and leave the directory alone afterwards. Default: a temporary one. */
  readonly dir?: string;
  /** A configuration file to read first, relative to its directory. */
  readonly file?: string;
  /** Default: 60 s. */
  readonly startTimeoutMs?: number;
  /** It is older than the directive that allows DEBUG, and always does. */
  readonly alwaysDebug?: boolean;
}

const ready = 'Ready to accept connections';
const largestLogBytes = 1 << 20;
/** So much of the log tells why a server ended by itself. */
const shownLogLength = 3000;
const stopTimeoutMs = 5000;
/** For one whose files are needed afterwards. */
const saveTimeoutMs = 60_000;
const largestPortAttempts = 5;

/**
 * Ours overwrites what it read as soon as that was handled (see src/io/shared-reads.ts).
 * `command` gets `--port N --dir D`, the defaults, then `args` (redis-server's `--directive value` words).
 */
export async function startServer(
  command: readonly string[],
  args: readonly string[] = [],
  options: ServerOptions = {},
): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(command, args, options);
    } catch (error) {
      const taken = error instanceof Error && error.message.includes('Address already in use');
      if (!taken || options.port !== undefined || attempt === largestPortAttempts) throw error;
    }
  }
}

async function launch(
  command: readonly string[],
  args: readonly string[],
  options: ServerOptions,
): Promise<ServerProcess> {
  const port = options.port ?? (await freePort());
  const temporary = options.dir === undefined ? tempDir() : undefined;
  const dir = options.dir ?? temporary!.path;
  const name = `${command.at(-1)!} on port ${port}`;
  const [program, ...before] = command;
  const child = spawn(
    program!,
    [
      ...before,
      ...(options.file === undefined ? [] : [options.file]),
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      dir,
      ...defaults,
      ...(options.alwaysDebug === true ? [] : allowDebug),
      ...args,
    ],
    { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, HEADWATER_SCRUB_READS: '1' } },
  );
  const cancelKill = atExit(() => child.kill('SIGKILL'));
  let log = '';
  let onLog = (): void => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      log = (log + text).slice(-largestLogBytes);
      onLog();
    });
  }
  const exited = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', (code) => resolve(code));
  });
  void exited.then(cancelKill);
  const start = new Promise<void>((resolve, reject) => {
    onLog = () => {
      if (log.includes(ready)) resolve();
    };
    child.once('error', (error) => reject(new Error(`${name} cannot run: ${error.message}`)));
    void exited.then((code) => reject(new Error(`${name} ended with ${code} before it was ready. Its log:\n${log}`)));
  });
  try {
    await within(start, options.startTimeoutMs ?? 60_000, `${name} to be ready`);
  } catch (error) {
    await end(child, exited, 'SIGKILL');
    temporary?.remove();
    const detail = log === '' || (error as Error).message.includes(log) ? '' : ` Its log:\n${log}`;
    throw new Error(`${(error as Error).message}${detail}`, { cause: error });
  }
  onLog = () => {};
  void exited.then((code) => {
    const by = code ?? child.signalCode;
    if (by === 0 || child.killed) return;
    console.error(
      `${name} ended with ${by}, and the test had not told it to. The end of its log:\n${log.slice(-shownLogLength)}`,
    );
  });
  return {
    host: '127.0.0.1',
    port,
    pid: child.pid!,
    dir,
    exited,
    logText: () => log,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    kill: () => end(child, exited, 'SIGKILL'),
    stop: async () => {
      await end(child, exited, 'SIGTERM', temporary === undefined ? saveTimeoutMs : stopTimeoutMs);
      temporary?.remove();
    },
  };
}

/** No files unless asked for, no delay before a full sync. `args` come later and win. */
const defaults = ['--save', '', '--repl-diskless-sync-delay', '0'];
const allowDebug = ['--enable-debug-command', 'yes'];

async function end(
  child: ChildProcess,
  exited: Promise<unknown>,
  signal: NodeJS.Signals,
  timeoutMs: number = stopTimeoutMs,
): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  child.kill('SIGCONT');
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  await exited;
  clearTimeout(timer);
}
