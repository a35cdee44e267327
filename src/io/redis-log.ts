/**
 * The log, in Redis's line format, so that people's greps and log shippers keep working:
 *
 *   1234:M 21 Nov 2026 14:38:10.123 * Ready to accept connections
 *   pid:role day month year time level-mark message
 *
 * It goes to standard output, or is appended to a file that is opened each time (so that log rotation by renaming works).
 * The lines of one turn of the event loop leave together at its end, behind the replies that they are about: a replica's
 * reconnect logs eight of them. A line that cannot be written is lost: logging never throws and never waits.
 */
import { appendFileSync, writeSync } from 'node:fs';
import type { LogLevel } from '../base/ambient.ts';
import type { LogRole, ServerLog } from './world.ts';

export interface RedisLogOptions {
  /** Default: notice. */
  readonly level?: LogLevel;
  /** Path to append to; empty or absent means standard output. */
  readonly file?: string;
  /** Default: M. */
  readonly role?: LogRole;
  /** Default: this process's. */
  readonly pid?: number;
  /** Wall clock in milliseconds; default: Date.now. */
  readonly now?: () => number;
}

export function redisLog(options: RedisLogOptions = {}): ServerLog {
  return new RedisLog(options);
}

const severity: { readonly [level in LogLevel]: number } = { debug: 0, verbose: 1, notice: 2, warning: 3 };
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const standardOutput = 1;

/** Attempts to write one line to a standard output that takes no more at the moment. */
const largestAttempts = 8;

/** Lines leave before the end of the turn when so many characters have gathered. */
const mostWaiting = 64 * 1024;

class RedisLog implements ServerLog {
  #lowest: number;
  #role: LogRole;
  #file: string;
  readonly #pid: number;
  readonly #now: () => number;
  /** Lines come in bursts: the text of a second is made once. */
  #second = -1;
  #secondText = '';
  /** Lines of this turn. */
  #waiting = '';

  constructor(options: RedisLogOptions) {
    this.#lowest = severity[options.level ?? 'notice'];
    this.#role = options.role ?? 'M';
    this.#file = options.file ?? '';
    this.#pid = options.pid ?? process.pid;
    this.#now = options.now ?? Date.now;
  }

  debug(message: string): void {
    if (this.#lowest <= severity.debug) this.#line('.', message);
  }

  verbose(message: string): void {
    if (this.#lowest <= severity.verbose) this.#line('-', message);
  }

  notice(message: string): void {
    if (this.#lowest <= severity.notice) this.#line('*', message);
  }

  warning(message: string): void {
    this.#line('#', message);
  }

  raw(text: string): void {
    this.#write(text);
  }

  flush(): void {
    const text = this.#waiting;
    this.#waiting = '';
    if (text === '') return;
    try {
      if (this.#file === '') writeStandardOutput(Buffer.from(text));
      else appendFileSync(this.#file, text);
    } catch {
      // There is nowhere left to report it.
    }
  }

  setLevel(level: LogLevel): void {
    this.#lowest = severity[level];
  }

  setRole(role: LogRole): void {
    this.#role = role;
  }

  setFile(path: string): void {
    this.flush();
    this.#file = path;
  }

  #line(mark: string, message: string): void {
    this.#write(`${this.#pid}:${this.#role} ${this.#time()} ${mark} ${message}\n`);
  }

  /** Local time as `dd Mon yyyy hh:mm:ss.mmm`. */
  #time(): string {
    const now = this.#now();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondText = secondText(new Date(now));
    }
    return `${this.#secondText}.${String(Math.floor(now - second * 1000)).padStart(3, '0')}`;
  }

  #write(text: string): void {
    if (this.#waiting === '') setImmediate(() => this.flush());
    this.#waiting += text;
    if (this.#waiting.length > mostWaiting) this.flush();
  }
}

function writeStandardOutput(bytes: Uint8Array): void {
  let written = 0;
  for (let attempt = 0; attempt < largestAttempts && written < bytes.length; attempt++) {
    try {
      written += writeSync(standardOutput, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
    }
  }
}

function secondText(time: Date): string {
  const day = `${two(time.getDate())} ${months[time.getMonth()]!} ${time.getFullYear()}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
