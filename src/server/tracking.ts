/**
 * Client-side caching (CLIENT TRACKING): who has read which keys, and the invalidation messages when they change.
 *
 *   default   a read enters its keys into a table, key -> ids of clients; a change tells those clients, and forgets the key
 *   BCAST     nothing is remembered; at the end of a turn each prefix's clients get the keys that changed
 *
 * As in Redis, databases do not matter, and what a client has in the table stays when it goes or turns tracking off: it is
 * dropped when the key changes. tracking-table-max-keys bounds the table; the keys that have been there longest are
 * dropped, which their clients are told as if they had changed. While nobody tracks, a change costs one test (`active`).
 */
import type { TrackingOptions, TrackingService } from '../commands/services.ts';
import type { Session, SessionTracking } from '../commands/session.ts';
import { keysOf } from '../commands/keys-of.ts';
import type { Command } from '../commands/table.ts';
import { latin1, type Args } from '../resp/args.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';

export interface TrackingParts {
  /** All open sessions. */
  sessions(): Iterable<Session>;
  find(id: number): Session | undefined;
  readonly settings: { readonly trackingTableMaxKeys: number };
  /** The session whose batch of commands may be under way. */
  current(): Session | undefined;
  /** Keys wait to be broadcast: makes sure that the turn has an end. */
  broadcastDue(): void;
}

/** A prefix that somebody tracks. */
interface Prefix {
  readonly text: string;
  readonly sessions: Set<Session>;
  /** Keys that changed in this turn, with the client that changed each last (undefined: none did). */
  readonly changed: Map<string, Session | undefined>;
}

const CHANNEL_HEADER = '*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n';
const PUSH_HEADER = '>2\r\n$10\r\ninvalidate\r\n';

export class Tracking implements TrackingService {
  readonly #parts: TrackingParts;
  /** By key as latin1 text, oldest first. */
  readonly #table: Map<string, Set<number>> = new Map();
  readonly #prefixes: Map<string, Prefix> = new Map();
  /** How many prefixes have each length: a change looks for one prefix of each, however many there are. */
  readonly #lengths: Map<number, number> = new Map();
  /** Prefixes of which keys have changed in this turn. */
  readonly #changed: Set<Prefix> = new Set();
  /** Where dropping of the oldest keys goes on: starting again each time would walk over those dropped before. */
  #oldest: Iterator<string> | undefined;
  #early = false;
  /** Clients that track (INFO tracking_clients). */
  clients = 0;
  /** Ids in the table, over all keys. */
  items = 0;

  constructor(parts: TrackingParts) {
    this.#parts = parts;
  }

  /** Changes of keys may matter to somebody. */
  get active(): boolean {
    return this.#table.size > 0 || this.#prefixes.size > 0;
  }

  get keys(): number {
    return this.#table.size;
  }

  get prefixes(): number {
    return this.#prefixes.size;
  }

  enable(session: Session, options: TrackingOptions): void {
    const old = session.tracking;
    if (old === undefined) this.clients++;
    const { redirect, broadcast, optIn, optOut, noLoop } = options;
    session.tracking = {
      ...{ redirect, broadcast, optIn, optOut, noLoop },
      caching: old?.caching ?? false,
      brokenRedirect: false,
      prefixes: old?.prefixes ?? new Set(),
    };
    session.late ??= [];
    if (!broadcast) return;
    for (const text of options.prefixes.length === 0 ? [''] : options.prefixes) {
      let prefix = this.#prefixes.get(text);
      if (prefix === undefined) {
        this.#prefixes.set(text, (prefix = { text, sessions: new Set(), changed: new Map() }));
        this.#lengths.set(text.length, (this.#lengths.get(text.length) ?? 0) + 1);
      }
      prefix.sessions.add(session);
      session.tracking.prefixes.add(text);
    }
  }

  disable(session: Session): void {
    if (session.tracking === undefined) return;
    for (const text of session.tracking.prefixes) {
      const prefix = this.#prefixes.get(text)!;
      prefix.sessions.delete(session);
      if (prefix.sessions.size > 0) continue;
      this.#prefixes.delete(text);
      this.#changed.delete(prefix);
      const left = this.#lengths.get(text.length)! - 1;
      if (left === 0) this.#lengths.delete(text.length);
      else this.#lengths.set(text.length, left);
    }
    session.tracking = undefined;
    this.clients--;
  }

  /** A tracking session ran a command that reads. */
  read(session: Session, tracking: SessionTracking, command: Command, args: Args): void {
    if (tracking.broadcast || (tracking.optIn && !tracking.caching) || (tracking.optOut && tracking.caching)) return;
    for (const { index, flags } of keysOf(command.row, args) ?? []) {
      if (flags.includes('not_key')) continue;
      const key = args.text(index);
      let ids = this.#table.get(key);
      if (ids === undefined) this.#table.set(key, (ids = new Set()));
      if (ids.has(session.id)) continue;
      ids.add(session.id);
      this.items++;
    }
    this.limit();
  }

  /** Drops keys beyond tracking-table-max-keys. */
  limit(): void {
    const most = this.#parts.settings.trackingTableMaxKeys;
    if (most === 0) return;
    while (this.#table.size > most) {
      this.#oldest ??= this.#table.keys();
      const next = this.#oldest.next();
      if (next.done === true) this.#oldest = undefined;
      else this.#invalidate(next.value, undefined);
    }
  }

  /** A key changed, or is gone. `changer`: the client that did it, if one did. */
  modified(bytes: Uint8Array, at: number, length: number, changer: Session | undefined): void {
    const key = latin1(bytes, at, length);
    if (this.#prefixes.size > 0) {
      for (const length of this.#lengths.keys()) {
        const prefix = length <= key.length ? this.#prefixes.get(key.slice(0, length)) : undefined;
        if (prefix === undefined) continue;
        prefix.changed.set(key, changer);
        this.#changed.add(prefix);
      }
      this.#parts.broadcastDue();
    }
    this.#invalidate(key, this.#parts.current());
  }

  /** A key was evicted to make room for the running command, before that: its messages stand before the reply. */
  evicted(bytes: Uint8Array, at: number, length: number): void {
    this.#early = true;
    this.modified(bytes, at, length, undefined);
    this.#early = false;
  }

  flushed(): void {
    if (this.clients > 0)
      for (const session of this.#parts.sessions())
        if (session.tracking !== undefined)
          this.#send(session, session.tracking, session.resp === 3 ? '_\r\n' : '$-1\r\n');
    this.#table.clear();
    this.#oldest = undefined;
    this.items = 0;
  }

  /** End of a turn. */
  broadcast(): void {
    const due = [...this.#changed].toSorted((a, b) => (a.text < b.text ? -1 : 1));
    this.#changed.clear();
    for (const { sessions, changed } of due) {
      const sorted = [...changed].toSorted(([a], [b]) => (a < b ? -1 : 1));
      const everything = keyArray(sorted.map(([key]) => key));
      changed.clear();
      for (const session of sessions) {
        const { tracking } = session;
        if (tracking === undefined) continue;
        if (!tracking.noLoop) {
          this.#send(session, tracking, everything);
          continue;
        }
        const others = sorted.filter(([, changer]) => changer !== session).map(([key]) => key);
        if (others.length > 0) this.#send(session, tracking, keyArray(others));
      }
    }
  }

  /** The command of a session with `late` is done and its reply complete: sends what had to wait for that. */
  settle(session: Session, writer: ReplyWriter): void {
    for (const message of session.late?.splice(0) ?? []) writer.raw(message);
    const { tracking } = session;
    if (tracking === undefined) session.late = undefined;
    // CACHING counts for the next command, or for the whole next transaction.
    else if (session.transaction === undefined && !session.lastCommand.startsWith('client|')) tracking.caching = false;
  }

  /** Tells those who read the key, and forgets it. It is `current` that changed it: NOLOOP is about that client. */
  #invalidate(key: string, current: Session | undefined): void {
    const ids = this.#table.get(key);
    if (ids === undefined) return;
    this.#table.delete(key);
    this.items -= ids.size;
    for (const id of ids) {
      const session = this.#parts.find(id);
      const tracking = session?.tracking;
      if (session === undefined || tracking === undefined || tracking.broadcast) continue;
      if (tracking.noLoop && session === current) continue;
      this.#send(session, tracking, keyArray([key]));
    }
  }

  /** Sends to the session or to whom it redirects; `keys` is RESP. In RESP2 only a listening client can be told. */
  #send(session: Session, tracking: SessionTracking, keys: string): void {
    let receiver = session;
    if (tracking.redirect !== 0) {
      const other = this.#parts.find(tracking.redirect);
      if (other === undefined) {
        tracking.brokenRedirect = true;
        if (session.resp === 3)
          this.#deliver(session, `>2\r\n$21\r\ntracking-redir-broken\r\n:${tracking.redirect}\r\n`);
        return;
      }
      receiver = other;
    }
    if (receiver.resp === 3) this.#deliver(receiver, PUSH_HEADER + keys);
    else if (tracking.redirect !== 0 && receiver.subscriptions !== undefined)
      this.#deliver(receiver, CHANNEL_HEADER + keys);
  }

  /** Inside its own command a client that tracks gets its messages after the reply. */
  #deliver(session: Session, text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    if (session.busy && session.late !== undefined && !this.#early) session.late.push(bytes);
    else session.push(bytes);
  }
}

function keyArray(keys: readonly string[]): string {
  return `*${keys.length}\r\n${keys.map((key) => `$${key.length}\r\n${key}\r\n`).join('')}`;
}
