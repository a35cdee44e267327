/**
 * Who hears of what happens to keys: sessions that watch or track them, subscribers of keyspace notifications, clients
 * that wait for them; and replicas and the append only file of keys that go by themselves.
 *
 *   handlers: Call.changed, notify ──> keyModified, notify ─┬─> Watches, Tracking
 *   the store: expired, evicted ... ────────────────────────┼─> publishKeyspaceEvent
 *                                                           └─> Propagation, Blocking
 */
import { keyspaceEvents } from '../base/settings.ts';
import type { Span } from '../base/span.ts';
import type { KeyEventService } from '../commands/services.ts';
import type { Session, WatchedKey } from '../commands/session.ts';
import type { Database } from '../store/database.ts';
import type { FieldEvents, StoreEvents } from '../store/keyspace.ts';
import { publishKeyspaceEvent } from './keyspace-notifications.ts';
import type { Server } from './server.ts';
import { Watches } from './watches.ts';

export class KeyEvents implements KeyEventService, StoreEvents {
  readonly #server: Server;
  readonly #watches: Watches = new Watches((database, bytes, at, length) => {
    const db = this.#server.store.space.databases[database]!;
    const entry = db.peek(bytes, at, length);
    if (entry === 0) return 'none';
    return db.isExpired(entry) ? 'expired' : 'live';
  });
  readonly ofFields: FieldEvents;

  constructor(server: Server) {
    this.#server = server;
    this.ofFields = {
      expired: (db, key, field) => this.#fieldExpired(db, key, field),
      done: (db, key, keyGone) => this.#fieldsExpired(db, key, keyGone),
    };
  }

  // -- changes by commands ------------------------------------------------------------------------------------------

  get watching(): boolean {
    return this.#watches.active || this.#server.tracking.active;
  }

  keyModified(database: number, bytes: Uint8Array, at: number, length: number): void {
    const { tracking } = this.#server;
    if (this.#watches.active) this.#watches.modified(database, bytes, at, length);
    if (tracking.active) tracking.modified(bytes, at, length, this.#server.runningSession);
  }

  databaseChanged(database: number, other: number = database): void {
    if (this.#watches.active) this.#watches.databaseChanged(database, other);
  }

  /** All keys of all databases are exchanged: a watched key changes if it was there before, or is there afterwards. */
  dataReplaced(replace: () => void): void {
    const { databases } = this.#server.store.space;
    for (const db of databases) this.databaseChanged(db.index);
    replace();
    for (const db of databases) this.databaseChanged(db.index);
    this.#server.tracking.flushed();
  }

  watch(session: Session, database: number, key: string, expired: boolean): void {
    this.#watches.add(session, database, key, expired);
  }

  unwatchAll(session: Session): void {
    this.#watches.removeAll(session);
  }

  /** A key that was alive when WATCH saw it has run out of time since: for EXEC that is a change. */
  watchedKeyExpired(watched: WatchedKey): boolean {
    if (watched.expired) return false;
    const bytes = Buffer.from(watched.key, 'latin1');
    const db = this.#server.store.space.databases[watched.database]!;
    const entry = db.peek(bytes, 0, bytes.length);
    return entry !== 0 && db.isExpired(entry);
  }

  // -- keyspace notifications ---------------------------------------------------------------------------------------

  get notifiedClasses(): number {
    const classes = this.#server.settings.notifyKeyspaceEvents;
    return (classes & (keyspaceEvents.keyspace | keyspaceEvents.keyevent)) === 0 ? 0 : classes;
  }

  notify(kind: number, event: string, database: number, bytes: Uint8Array, at: number, length: number): void {
    const classes = this.notifiedClasses;
    if ((classes & kind) === 0) return;
    const key = bytes.subarray(at, at + length);
    publishKeyspaceEvent(this.#server.pubsub, classes, event, database, key, (session, message) =>
      session.push(message),
    );
  }

  // -- what the store tells -----------------------------------------------------------------------------------------

  expired(db: Database, bytes: Uint8Array, at: number, length: number): void {
    const { tracking } = this.#server;
    this.#propagateDeletion(db.index, this.#server.settings.lazyfreeLazyExpire, bytes, at, length);
    if (this.#watches.active) this.#watches.expired(db.index, bytes, at, length);
    if (tracking.active) tracking.modified(bytes, at, length, undefined);
    this.notify(keyspaceEvents.expired, 'expired', db.index, bytes, at, length);
  }

  /** A key of our own RDB file whose time had come: replicas that continue from that file still have it. */
  expiredInFile(database: number, bytes: Uint8Array, at: number, length: number): void {
    this.#propagateDeletion(database, this.#server.settings.lazyfreeLazyExpire, bytes, at, length);
    this.#server.propagation.flush();
  }

  created(db: Database, bytes: Uint8Array, at: number, length: number): void {
    this.notify(keyspaceEvents.newKey, 'new', db.index, bytes, at, length);
  }

  missed(db: Database, bytes: Uint8Array, at: number, length: number): void {
    this.notify(keyspaceEvents.keyMiss, 'keymiss', db.index, bytes, at, length);
  }

  ready(db: Database, bytes: Uint8Array, at: number, length: number): void {
    this.#server.blocking.keyReady(db, bytes, at, length);
  }

  replaced(db: Database): void {
    this.#server.blocking.databaseReplaced(db);
  }

  evicted(db: Database, bytes: Uint8Array, at: number, length: number): void {
    const { tracking, settings, propagation } = this.#server;
    if (this.#watches.active) this.#watches.modified(db.index, bytes, at, length);
    if (tracking.active) tracking.evicted(bytes, at, length);
    this.notify(keyspaceEvents.evicted, 'evicted', db.index, bytes, at, length);
    this.#propagateDeletion(db.index, settings.lazyfreeLazyEviction, bytes, at, length);
    // Each key by itself: an eviction is no part of a transaction.
    propagation.flush();
  }

  #fieldExpired(db: Database, key: Span, field: Span): void {
    const effect = this.#server.propagation.begin(db.index, 3).text('HDEL');
    effect.bytes(key.bytes, key.at, key.length).bytes(field.bytes, field.at, field.length);
  }

  #fieldsExpired(db: Database, { bytes, at, length }: Span, keyGone: boolean): void {
    if (this.watching) this.keyModified(db.index, bytes, at, length);
    this.notify(keyspaceEvents.hash, 'hexpired', db.index, bytes, at, length);
    if (keyGone) this.notify(keyspaceEvents.generic, 'del', db.index, bytes, at, length);
  }

  #propagateDeletion(database: number, lazily: boolean, bytes: Uint8Array, at: number, length: number): void {
    const effect = this.#server.propagation.begin(database, 2);
    effect.text(lazily ? 'UNLINK' : 'DEL').bytes(bytes, at, length);
  }
}
