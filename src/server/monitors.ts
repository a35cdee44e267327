/**
 * MONITOR: clients that see every command that runs, but for administrative ones, as lines:
 *
 *   +1700000000.123456 [0 127.0.0.1:50000] "SET" "key" "value"
 *
 * While nobody monitors, a command costs one test (`Executor.monitored`). What is secret in a command is replaced.
 */
import type { Clock } from '../base/ambient.ts';
import type { MonitorService } from '../commands/services.ts';
import type { Session } from '../commands/session.ts';

export interface MonitorParts {
  readonly clock: Clock;
  /** Path of the UNIX socket that clients without an address came through. */
  readonly settings: { readonly unixsocket: string };
  /** There is a first monitor, or none any more. */
  readonly active: (on: boolean) => void;
}

export class Monitors implements MonitorService {
  readonly #parts: MonitorParts;
  readonly #sessions: Set<Session> = new Set();

  constructor(parts: MonitorParts) {
    this.#parts = parts;
  }

  add(session: Session): void {
    session.class = 'monitor';
    this.#sessions.add(session);
    this.#parts.active(true);
  }

  remove(session: Session): void {
    if (!this.#sessions.delete(session)) return;
    session.class = 'normal';
    if (this.#sessions.size === 0) this.#parts.active(false);
  }

  /** A session ran a command; `words` are its arguments, with what is secret left out. `deliver` sends a line. */
  feed(session: Session, words: readonly Uint8Array[], deliver: (to: Session, line: Uint8Array) => void): void {
    const line = this.#line(session, words);
    for (const monitor of this.#sessions) if (!monitor.closed) deliver(monitor, line);
  }

  #line(session: Session, words: readonly Uint8Array[]): Uint8Array {
    const { clock, settings } = this.#parts;
    const micros = clock.nowMicros();
    const fraction = String(micros % 1_000_000).padStart(6, '0');
    const source = session.isUnix ? `unix:${settings.unixsocket}` : session.source || session.remoteAddress;
    const head = `+${Math.floor(micros / 1_000_000)}.${fraction} [${session.database} ${source}]`;
    let length = head.length + 2;
    for (const word of words) length += quotedLength(word) + 1;
    const line = Buffer.allocUnsafeSlow(length);
    let at = line.write(head, 'latin1');
    for (const word of words) {
      line[at++] = SPACE;
      at = quote(line, at, word);
    }
    line[at++] = 13;
    line[at] = 10;
    return line;
  }
}

const SPACE = 32;
const QUOTE = 34;
const BACKSLASH = 92;

/** For each byte what stands for it between quotes, if not itself. */
const escapes: readonly (Uint8Array | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  const letter = { 7: 'a', 8: 'b', 9: 't', 10: 'n', 13: 'r', [QUOTE]: '"', [BACKSLASH]: '\\' }[byte];
  if (letter !== undefined) return Buffer.from(`\\${letter}`);
  return byte >= SPACE && byte < 127 ? undefined : Buffer.from(`\\x${byte.toString(16).padStart(2, '0')}`);
});

function quotedLength(word: Uint8Array): number {
  let length = word.length + 2;
  for (let i = 0; i < word.length; i++) length += (escapes[word[i]!]?.length ?? 1) - 1;
  return length;
}

/** Writes the word between quotes; returns where it ends. */
function quote(line: Uint8Array, start: number, word: Uint8Array): number {
  let at = start;
  line[at++] = QUOTE;
  for (let i = 0; i < word.length; i++) {
    const escape = escapes[word[i]!];
    if (escape === undefined) line[at++] = word[i]!;
    else {
      line.set(escape, at);
      at += escape.length;
    }
  }
  line[at++] = QUOTE;
  return at;
}
