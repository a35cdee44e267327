/**
 * WATCH: which sessions wait to hear of a change of which keys. While nobody watches, a change costs one boolean test.
 */
import { latin1 } from '../resp/args.ts';
import type { Session } from '../commands/session.ts';

export class Watches {
  /** Watching sessions by "<database>:<key>". */
  readonly #byKey: Map<string, Set<Session>> = new Map();

  get active(): boolean {
    return this.#byKey.size > 0;
  }

  add(session: Session, database: number, key: string, expired: boolean): void {
    const name = `${database}:${key}`;
    let sessions = this.#byKey.get(name);
    if (sessions === undefined) this.#byKey.set(name, (sessions = new Set()));
    if (sessions.has(session)) return;
    sessions.add(session);
    session.watched.push({ database, key, expired });
  }

  /** Forgets what a session watches, and that something of it changed. */
  removeAll(session: Session): void {
    for (const { database, key } of session.watched) {
      const name = `${database}:${key}`;
      const sessions = this.#byKey.get(name);
      sessions?.delete(session);
      if (sessions?.size === 0) this.#byKey.delete(name);
    }
    session.watched = [];
    session.dirtyCas = false;
  }

  modified(database: number, bytes: Uint8Array, at: number, length: number): void {
    const sessions = this.#byKey.get(`${database}:${latin1(bytes, at, length)}`);
    if (sessions !== undefined) for (const session of sessions) session.dirtyCas = true;
  }

  /** A whole database changed; `existed` tells whether a key was there before or is there now. */
  databaseChanged(database: number, concerned: (key: string) => boolean): void {
    const prefix = `${database}:`;
    for (const [name, sessions] of this.#byKey) {
      if (!name.startsWith(prefix) || !concerned(name.slice(prefix.length))) continue;
      for (const session of sessions) session.dirtyCas = true;
    }
  }
}
