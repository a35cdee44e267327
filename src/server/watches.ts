/**
 * WATCH: which sessions wait to hear of a change of which keys. While nobody watches, a change costs one boolean test.
 *
 * A key that was past its time but not yet deleted when WATCH saw it counts as missing: its deletion is no change, and
 * what a client sets there afterwards is.
 */
import { latin1 } from '../resp/args.ts';
import type { Session, WatchedKey } from '../commands/session.ts';

/** What a database holds under a key: nothing, a value past its time that is not deleted yet, or a value. */
export type Presence = 'none' | 'expired' | 'live';
export type PresenceOf = (database: number, bytes: Uint8Array, at: number, length: number) => Presence;

export class Watches {
  readonly #presence: PresenceOf;
  /** By "<database>:<key>": who watches it, with the entry of `session.watched`. */
  readonly #byKey: Map<string, Map<Session, WatchedKey>> = new Map();

  constructor(presence: PresenceOf) {
    this.#presence = presence;
  }

  get active(): boolean {
    return this.#byKey.size > 0;
  }

  add(session: Session, database: number, key: string, expired: boolean): void {
    const name = `${database}:${key}`;
    let watchers = this.#byKey.get(name);
    if (watchers === undefined) this.#byKey.set(name, (watchers = new Map()));
    if (watchers.has(session)) return;
    const watched = { database, key, expired };
    watchers.set(session, watched);
    session.watched.push(watched);
  }

  /** Forgets what a session watches, and that something of it changed. */
  removeAll(session: Session): void {
    for (const { database, key } of session.watched) {
      const name = `${database}:${key}`;
      const watchers = this.#byKey.get(name);
      watchers?.delete(session);
      if (watchers?.size === 0) this.#byKey.delete(name);
    }
    session.watched = [];
    session.dirtyCas = false;
  }

  /** A key was set, changed or deleted; call it afterwards. */
  modified(database: number, bytes: Uint8Array, at: number, length: number): void {
    const watchers = this.#byKey.get(`${database}:${latin1(bytes, at, length)}`);
    if (watchers === undefined) return;
    for (const [session, watched] of watchers) {
      const deleted = watched.expired && this.#presence(database, bytes, at, length) === 'none';
      watched.expired = false;
      if (!deleted) session.dirtyCas = true;
    }
  }

  /** A key is about to be deleted because its time has come. */
  expired(database: number, bytes: Uint8Array, at: number, length: number): void {
    const watchers = this.#byKey.get(`${database}:${latin1(bytes, at, length)}`);
    if (watchers === undefined) return;
    for (const [session, watched] of watchers) {
      if (!watched.expired) session.dirtyCas = true;
      watched.expired = false;
    }
  }

  /** A database is about to be emptied, or (if `other` is another one) to get what `other` holds. */
  databaseChanged(database: number, other: number): void {
    const prefix = `${database}:`;
    for (const [name, watchers] of this.#byKey) {
      if (!name.startsWith(prefix)) continue;
      const key = Buffer.from(name.slice(prefix.length), 'latin1');
      const before = this.#presence(database, key, 0, key.length);
      const after = other === database ? 'none' : this.#presence(other, key, 0, key.length);
      for (const [session, watched] of watchers) {
        const wasMissing = before === 'none' || watched.expired;
        // Where there was nothing, a value past its time is nothing either.
        if (wasMissing && after !== 'live') watched.expired = after === 'expired';
        else session.dirtyCas = true;
      }
    }
  }
}
