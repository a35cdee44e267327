/**
 * The store: the keyspace together with what each type can do. Commands, the loader and the library share it.
 */
import type { Random } from '../base/ambient.ts';
import { Database } from './database.ts';
import { Keyspace, type StoreSettings } from './keyspace.ts';
import type { Entries } from './entry.ts';
import { BitFields } from './bit-fields.ts';
import { Bits } from './bits.ts';
import { FieldExpiry } from './field-expiry.ts';
import { Hashes } from './hashes.ts';
import { HyperLogLogs } from './hyperloglog.ts';
import { Lists } from './lists.ts';
import type { RegisteredFunction } from './lua-registrations.ts';
import { Restorer } from './restore.ts';
import { SetAlgebra } from './set-algebra.ts';
import { Sets } from './sets.ts';
import { Streams } from './streams.ts';
import { Strings } from './strings.ts';
import { ZsetAlgebra } from './zset-algebra.ts';
import { Zsets } from './zsets.ts';

export class Store {
  readonly space: Keyspace;
  readonly entries: Entries;
  readonly strings: Strings;
  readonly bits: Bits;
  readonly bitFields: BitFields;
  readonly hyperLogLogs: HyperLogLogs;
  /** Function libraries received from a master or a file, as they came: kept, saved and passed on. */
  functions: readonly Uint8Array[] = [];
  /** What is known of their functions, as far as somebody asked. */
  readonly registered: WeakMap<Uint8Array, readonly RegisteredFunction[]> = new WeakMap();
  readonly hashes: Hashes;
  readonly fieldExpiry: FieldExpiry;
  readonly sets: Sets;
  readonly setAlgebra: SetAlgebra;
  readonly lists: Lists;
  readonly zsets: Zsets;
  readonly streams: Streams;
  readonly zsetAlgebra: ZsetAlgebra;
  readonly restorer: Restorer;
  #staging: Database | undefined;

  constructor(settings: StoreSettings, random: Random) {
    this.space = new Keyspace(settings, random);
    this.entries = this.space.entries;
    this.strings = new Strings(this.space);
    this.bits = new Bits(this.space);
    this.bitFields = new BitFields(this.space);
    this.hyperLogLogs = new HyperLogLogs(this.space);
    this.hashes = new Hashes(this.space);
    this.fieldExpiry = new FieldExpiry(this.space, this.hashes);
    this.sets = new Sets(this.space);
    this.setAlgebra = new SetAlgebra(this.sets);
    this.lists = new Lists(this.space);
    this.zsets = new Zsets(this.space);
    this.zsetAlgebra = new ZsetAlgebra(this.zsets, this.sets);
    this.streams = new Streams(this.space);
    this.restorer = new Restorer(this);
  }

  /** Where a value is built under its key before it takes the place of another. Empty between two commands. */
  get staging(): Database {
    return (this.#staging ??= new Database(this.space, 0));
  }
}
