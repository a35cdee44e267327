/**
 * All databases of a server and what they share: the arena, the hash tables' code, the clock, limits and statistics.
 * It knows nothing of sockets, commands or replication; what others must hear of goes through `events`.
 */
import type { Random } from '../base/ambient.ts';
import type { Span } from '../base/span.ts';
import { type Address, Arena } from '../memory/arena.ts';
import { BTree } from '../memory/btree.ts';
import { Dict } from '../memory/dict.ts';
import { KeyHasher } from '../memory/hash.ts';
import { Quicklist } from '../memory/quicklist.ts';
import { Database } from './database.ts';
import { EntryBlocks } from './entry-blocks.ts';
import {
  Entries,
  KEY_BASE_ENTRY,
  KEY_BASE_FIELD,
  KEY_BASE_MEMBER,
  KEY_BASE_SCORED,
  KEY_OFFSET_EXPIRING,
} from './entry.ts';
import { Access, type AccessSettings } from './access.ts';
import { Evictor } from './evict.ts';
import { FieldDeadlines } from './field-deadlines.ts';
import { LocalExpiries } from './local-expiries.ts';
import { Reclaimer } from './reclaim.ts';
import { StreamParts } from './stream-parts.ts';

/** The directives that the store reads; the server's settings object satisfies it. */
export interface StoreSettings extends AccessSettings {
  readonly databases: number;
  readonly hashMaxListpackEntries: number;
  readonly hashMaxListpackValue: number;
  readonly setMaxIntsetEntries: number;
  readonly setMaxListpackEntries: number;
  readonly setMaxListpackValue: number;
  readonly zsetMaxListpackEntries: number;
  readonly zsetMaxListpackValue: number;
  readonly listMaxListpackSize: number;
  readonly hllSparseMaxBytes: number;
  readonly streamNodeMaxBytes: number;
  readonly streamNodeMaxEntries: number;
  readonly protoMaxBulkLen: number;
  /** Classes of keyspace events that are wanted. */
  readonly notifyKeyspaceEvents: number;
  readonly maxmemorySamples: number;
}

export interface StoreEvents {
  /** A key was deleted because its time had come; it is still readable at `bytes` during the call. */
  expired(db: Database, bytes: Uint8Array, at: number, length: number): void;
  /** A key came into being, if `notifyKeyspaceEvents` asks for such events. */
  created(db: Database, bytes: Uint8Array, at: number, length: number): void;
  /** A reader found no key, if `notifyKeyspaceEvents` asks for such events. */
  missed(db: Database, bytes: Uint8Array, at: number, length: number): void;
  /** A key of a database with `waiting` got a new value of a type that clients wait for, or its stream went away. */
  ready(db: Database, bytes: Uint8Array, at: number, length: number): void;
  /** A database with `waiting` was emptied, or got the content of another one. */
  replaced(db: Database): void;
  /** A key was deleted to make room; `bytes` are a copy, valid during the call. */
  evicted(db: Database, bytes: Uint8Array, at: number, length: number): void;
}

export interface FieldEvents {
  /** A field of the hash at `key` is being deleted because its time had come. The bytes are readable during the call. */
  expired(db: Database, key: Span, field: Span): void;
  /** After one or more `expired` of a hash; `keyGone`: it has no field left, and is deleted next. */
  done(db: Database, key: Span, keyGone: boolean): void;
}

/** What INFO stats and keyspace show; plain counters. */
export class StoreStats {
  hits = 0;
  misses = 0;
  expiredKeys = 0;
  expiredFields = 0;
  evictedKeys = 0;

  reset(): void {
    this.hits = this.misses = this.expiredKeys = this.expiredFields = this.evictedKeys = 0;
  }
}

export class Keyspace {
  readonly arena: Arena = new Arena();
  readonly hasher: KeyHasher;
  readonly entries: Entries;
  readonly blocks: EntryBlocks;
  readonly access: Access;
  /** Tables by what they hold: keyspace entries, hash fields, set members, sorted-set members. */
  readonly keys: Dict;
  readonly fields: Dict;
  readonly members: Dict;
  readonly scored: Dict;
  /** Order of sorted-set members, and of expiring keys. */
  readonly scores: BTree;
  readonly deadlines: BTree;
  readonly fieldDeadlines: FieldDeadlines;
  readonly lists: Quicklist;
  readonly streamParts: StreamParts;
  readonly reclaimer: Reclaimer;
  readonly evictor: Evictor;
  readonly localExpiries: LocalExpiries;
  readonly databases: Database[] = [];
  readonly settings: StoreSettings;
  readonly random: Random;
  readonly stats: StoreStats = new StoreStats();
  events: StoreEvents = {
    expired: () => {},
    evicted: () => {},
    created: () => {},
    missed: () => {},
    ready: () => {},
    replaced: () => {},
  };
  fieldEvents: FieldEvents = { expired: () => {}, done: () => {} };

  /** Wall clock in ms as of the running command; the main path sets it, so one command sees one time. */
  now = 0;
  /** We follow a master: keys that are past their time are hidden, never deleted. */
  isReplica = false;
  /** The running command came from the master: it sees expired keys as they are. */
  fromMaster = false;
  /** Writes are paused (CLIENT PAUSE, failover): expired keys are hidden and stay. */
  expirePaused = false;
  /** A key's value is being replaced by removing the key and adding it again: that is no new key. */
  replacing = false;
  /** DEBUG SET-ACTIVE-EXPIRE. */
  activeExpire = true;
  /** The session asked not to touch the access time (CLIENT NO-TOUCH). */
  noTouch = false;

  constructor(settings: StoreSettings, random: Random) {
    this.settings = settings;
    this.random = random;
    const seed = new Uint8Array(8);
    random.fill(seed);
    this.hasher = new KeyHasher(seed);
    this.entries = new Entries(this.arena);
    this.blocks = new EntryBlocks(this);
    this.access = new Access(this.entries, settings, random);
    this.keys = new Dict(this.arena, this.hasher, KEY_BASE_ENTRY);
    this.fields = new Dict(this.arena, this.hasher, KEY_BASE_FIELD);
    this.members = new Dict(this.arena, this.hasher, KEY_BASE_MEMBER);
    this.scored = new Dict(this.arena, this.hasher, KEY_BASE_SCORED);
    this.scores = new BTree(this.arena, KEY_BASE_SCORED);
    this.deadlines = new BTree(this.arena, KEY_OFFSET_EXPIRING);
    this.fieldDeadlines = new FieldDeadlines(this.entries);
    this.lists = new Quicklist(this.arena, settings.listMaxListpackSize);
    this.streamParts = new StreamParts(this.arena);
    this.reclaimer = new Reclaimer(this);
    this.evictor = new Evictor(this);
    this.localExpiries = new LocalExpiries(this);
    for (let i = 0; i < settings.databases; i++) this.databases.push(new Database(this, i));
  }

  /** Seconds, 24 bits: the access clock that entries carry. */
  get lruClock(): number {
    return Math.floor(this.now / 1000) & 0xffffff;
  }

  /** Access field of a new entry. */
  get newAccess(): number {
    return this.access.usesLfu ? this.access.initialLfu(this.now) : this.lruClock;
  }

  /** Marks an entry as used now. */
  touch(entry: Address): void {
    const { access, entries } = this;
    entries.setLru(entry, access.usesLfu ? access.usedLfu(entries.lru(entry), this.now) : this.lruClock);
  }

  /** The directive maxmemory-policy has another value. */
  policyChanged(): void {
    this.access.policyChanged();
    this.evictor.policyChanged();
  }

  /**
   * Empty databases that share this keyspace's memory: a place to load a data set before it replaces the present one. All or, if
   * memory runs out, none.
   */
  createStaging(): Database[] {
    const made: Database[] = [];
    try {
      for (const { index } of this.databases) made.push(new Database(this, index));
    } catch (error) {
      this.discard(made);
      throw error;
    }
    return made;
  }

  /** Puts the staged data in place in one step; the old data is reclaimed in slices, and `staged` is spent. */
  adopt(staged: readonly Database[]): void {
    this.localExpiries.clear();
    for (const db of this.databases) {
      const other = staged[db.index]!;
      db.exchange(other);
      other.dispose();
    }
  }

  /** Gives staged data back, in slices: the load failed. */
  discard(staged: readonly Database[]): void {
    for (const db of staged) db.dispose();
  }

  /** Exchanges the content of two databases. */
  swap(a: number, b: number): void {
    this.databases[a]!.exchange(this.databases[b]!);
  }

  /** Keys of all databases. */
  get size(): number {
    let total = 0;
    for (const db of this.databases) total += db.size;
    return total;
  }

  /** Whether any field of any hash expires: an RDB file then needs Redis 7.4's types. */
  get hasFieldExpiry(): boolean {
    return this.databases.some((db) => db.expiringHashes > 0);
  }

  /**
   * Deletes up to `limit` keys whose time has come, oldest first, over all databases. Returns how many were deleted. On a
   * replica only what its own clients wrote: otherwise the master's DEL decides.
   */
  expireDue(limit: number): number {
    if (this.expirePaused || !this.activeExpire) return 0;
    if (this.isReplica) return this.localExpiries.expireDue(limit);
    let done = 0;
    for (const db of this.databases) {
      while (done < limit && db.expireFirstDue()) done++;
      if (done >= limit) break;
    }
    return done;
  }
}
