/**
 * Deletes fields whose time has come: the counterpart of `Database.expireFirstDue` for fields of hashes. Only a master does
 * that, and not while writes are paused; a replica hides such fields and waits for the master's HDEL. The last field takes
 * the key with it.
 *
 * Rule: a hash is changed only after `Database.write` has looked its key up.
 */
import { Span } from '../base/span.ts';
import type { Address } from '../memory/arena.ts';
import type { Args } from '../resp/args.ts';
import type { Database } from './database.ts';
import type { Hashes } from './hashes.ts';
import type { Keyspace } from './keyspace.ts';

export class FieldExpiry {
  readonly #space: Keyspace;
  readonly #hashes: Hashes;
  readonly #key: Span = new Span();
  readonly #field: Span = new Span();
  /** The last hash that was worked on has no field left, or has expired itself: its entry is freed. */
  #keyGone = false;

  constructor(space: Keyspace, hashes: Hashes) {
    this.#space = space;
    this.#hashes = hashes;
  }

  /** Whether this server may delete what is past its time. */
  get #allowed(): boolean {
    const { isReplica, expirePaused, fromMaster } = this.#space;
    return !isReplica && !expirePaused && !fromMaster;
  }

  /** Deletes up to `limit` fields whose time has come, over all databases. Returns how many (a key that expired counts as one). */
  expireDue(limit: number): number {
    if (!this.#allowed || !this.#space.activeExpire) return 0;
    let done = 0;
    for (const db of this.#space.databases) {
      while (done < limit) {
        const entry = db.firstDueHash();
        if (entry === 0) break;
        const gone = this.#expireHash(db, entry, limit - done);
        if (gone === 0) break;
        done += gone;
      }
    }
    return done;
  }

  /**
   * Before a command looks at the fields that arguments `from`, `from + step` ... name: deletes those past their time, if they
   * may go. Returns the hash's entry, or 0 if the key went with the last field. To be called only for a hash that `Hashes.expires`.
   */
  expireNamed(db: Database, entry: Address, args: Args, from: number, step: number): Address {
    const { expiring } = this.#hashes;
    if (expiring.deadline(entry) >= this.#space.now || !this.#allowed) return entry;
    let gone = 0;
    for (let i = from; i < args.count; i += step) {
      const field = args.span(i, this.#field);
      if (!expiring.hides(expiring.expiry(entry, field.bytes, field.at, field.length))) continue;
      if (gone === 0 && !this.#lookUp(db, entry)) return 0;
      this.#drop(db, entry);
      gone++;
    }
    return gone > 0 && this.#finish(db, entry) ? 0 : entry;
  }

  /** Before a command looks at all fields: deletes up to `limit` that are past their time. Returns as `expireField`. */
  expireSome(db: Database, entry: Address, limit: number): Address {
    if (this.#hashes.expiring.hidden(entry) === 0 || !this.#allowed) return entry;
    this.#expireHash(db, entry, limit);
    return this.#keyGone ? 0 : entry;
  }

  /** Returns how many fields went; 0 only if memory does not suffice to put the hash in its place of the index. */
  #expireHash(db: Database, entry: Address, limit: number): number {
    const { expiring } = this.#hashes;
    this.#keyGone = !this.#lookUp(db, entry);
    if (this.#keyGone) return 1;
    let gone = 0;
    for (; gone < limit && expiring.firstDue(entry, this.#field); gone++) this.#drop(db, entry);
    if (gone === 0) return expiring.refresh(entry) ? 1 : 0;
    this.#keyGone = this.#finish(db, entry);
    return gone;
  }

  /** Leaves the key's bytes in `#key`; false if the key itself was past its time, and is gone. */
  #lookUp(db: Database, entry: Address): boolean {
    const space = this.#space;
    const key = space.entries.key(entry, this.#key);
    const { noTouch } = space;
    space.noTouch = true;
    try {
      return db.write(key.bytes, key.at, key.length) === entry;
    } finally {
      space.noTouch = noTouch;
    }
  }

  #drop(db: Database, entry: Address): void {
    const { fieldEvents, stats } = this.#space;
    const field = this.#field;
    stats.expiredFields++;
    fieldEvents.expired(db, this.#key, field);
    this.#hashes.remove(entry, field.bytes, field.at, field.length);
  }

  /** True if the key is gone. */
  #finish(db: Database, entry: Address): boolean {
    const empty = this.#hashes.length(entry) === 0;
    this.#space.fieldEvents.done(db, this.#key, empty);
    if (empty) db.removeEntry(entry);
    return empty;
  }
}
