/**
 * One running command, as its handler sees it: arguments, reply, the database, and what it changed. One Call object is
 * reused for every command of a server, so a handler must not keep it.
 *
 * A handler reads its arguments, calls the store, writes the reply and says what changed:
 *   - `changed(keyIndex)`: the key at that argument was modified; the command propagates as it came;
 *   - `effect(words)`: propagate this instead of the command itself (may be called several times);
 *   - nothing: nothing changed, nothing is propagated.
 * Errors are thrown: entries of the catalogue in base/errors.ts.
 */
import type { Args } from '../resp/args.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import type { Address } from '../memory/arena.ts';
import type { Database } from '../store/database.ts';
import { makeRoom } from '../store/room.ts';
import type { Store } from '../store/store.ts';
import { errors, type ReplyError } from '../base/errors.ts';
import { keyspaceEvents } from '../base/settings.ts';
import { parseInteger, parseSafe, parseDouble } from '../base/numbers.ts';
import { viewed } from '../base/viewed.ts';
import { Span } from '../base/span.ts';
import type { Propagation } from './propagation.ts';
import type { Services } from './services.ts';
import type { Session } from './session.ts';
import type { Command } from './table.ts';

export class Call {
  readonly store: Store;
  readonly services: Services;
  readonly propagation: Propagation;
  readonly reply: ReplyWriter;
  args!: Args;
  session!: Session;
  command!: Command;
  db!: Database;
  /** Number of changes so far, over the server's life: `rdb_changes_since_last_save` counts by it. */
  dirty = 0;
  /** The handler replaced the verbatim propagation by effects (or by nothing). */
  rewritten = false;
  /** Runs inside EXEC. */
  inExec = false;
  /** Scratch spans for handlers. */
  readonly a: Span = new Span();
  readonly b: Span = new Span();
  /** Scratch bytes for handlers, for example to format a number. */
  readonly scratch: Buffer = viewed(Buffer.alloc(8192));

  constructor(store: Store, services: Services, propagation: Propagation, reply: ReplyWriter) {
    this.store = store;
    this.services = services;
    this.propagation = propagation;
    this.reply = reply;
  }

  /** Whether this command may wait: not inside a transaction, which is one step, nor in a master's stream. */
  get mayBlock(): boolean {
    return !this.inExec && this.session.class !== 'master';
  }

  get count(): number {
    return this.args.count;
  }

  /** Milliseconds since the epoch as of this command. */
  get now(): number {
    return this.store.space.now;
  }

  // -- keys ---------------------------------------------------------------------------------------------------

  /** The entry of the key at argument `index` for reading, or 0. */
  read(index: number): Address {
    const args = this.args;
    return this.db.read(args.bytes, args.at[index]!, args.length[index]!);
  }

  /** The entry of the key at argument `index` for writing, or 0. */
  write(index: number): Address {
    const args = this.args;
    return this.db.write(args.bytes, args.at[index]!, args.length[index]!);
  }

  /** The entry of the key at argument `index` whose key or expiry is to change, but not its value, or 0. */
  relink(index: number): Address {
    const args = this.args;
    return this.db.relink(args.bytes, args.at[index]!, args.length[index]!);
  }

  /** Like `read`, and the entry must be of this type: throws WRONGTYPE. */
  readType(index: number, type: number): Address {
    const entry = this.read(index);
    if (entry !== 0 && this.store.entries.type(entry) !== type) throw errors.wrongType;
    return entry;
  }

  writeType(index: number, type: number): Address {
    const entry = this.write(index);
    if (entry !== 0 && this.store.entries.type(entry) !== type) throw errors.wrongType;
    return entry;
  }

  /** Deletes the key at argument `index` from the store. Does not mark a change. */
  removeKey(index: number): boolean {
    const args = this.args;
    return this.db.remove(args.bytes, args.at[index]!, args.length[index]!);
  }

  // -- changes ------------------------------------------------------------------------------------------------

  /** The key at argument `index` was modified by `changes` changes. */
  changed(index: number, changes = 1): void {
    this.dirty += changes;
    const { keyEvents } = this.services;
    if (keyEvents.watching)
      keyEvents.keyModified(this.db.index, this.args.bytes, this.args.at[index]!, this.args.length[index]!);
  }

  /** A key given as bytes (not an argument) was modified. */
  changedKey(db: Database, bytes: Uint8Array, at: number, length: number, changes = 1): void {
    this.dirty += changes;
    const { keyEvents } = this.services;
    if (keyEvents.watching) keyEvents.keyModified(db.index, bytes, at, length);
  }

  /** Clients that wait for the key at argument `index` may find something in it now. Only where `db.waiting`. */
  ready(index: number): void {
    const { args, db } = this;
    this.store.space.events.ready(db, args.bytes, args.at[index]!, args.length[index]!);
  }

  // -- keyspace notifications ---------------------------------------------------------------------------------

  /**
   * Tells subscribers that `event` happened to the key at argument `index`. `kind`: one class of `keyspaceEvents`. Call it
   * after the change, in the order Redis sends them; it costs one test while nobody asked for the class.
   */
  notify(kind: number, event: string, index: number): void {
    const { keyEvents } = this.services;
    if ((keyEvents.notifiedClasses & kind) === 0) return;
    const args = this.args;
    keyEvents.notify(kind, event, this.db.index, args.bytes, args.at[index]!, args.length[index]!);
  }

  /** Like `notify`, for a key given as bytes. */
  notifyKey(kind: number, event: string, db: Database, bytes: Uint8Array, at: number, length: number): void {
    const { keyEvents } = this.services;
    if ((keyEvents.notifiedClasses & kind) !== 0) keyEvents.notify(kind, event, db.index, bytes, at, length);
  }

  /** Tells subscribers that the key at argument `index` was deleted. */
  notifyDeleted(index: number): void {
    this.notify(keyspaceEvents.generic, 'del', index);
  }

  /** The command shall not propagate as it came (effects may follow, or nothing at all is sent). */
  dontPropagate(): void {
    this.rewritten = true;
  }

  /**
   * Starts an effect of `count` words that replaces the verbatim propagation:
   * `call.effect(3).text('PEXPIREAT').bytes(b, at, n).integer(ms)`.
   */
  effect(count: number): Propagation {
    this.rewritten = true;
    return this.propagation.begin(this.db.index, count);
  }

  /** Convenience: an effect whose words are arguments (by index) or text. */
  effectOf(...words: readonly (string | number)[]): void {
    const effect = this.effect(words.length);
    for (const word of words) {
      if (typeof word === 'string') effect.text(word);
      else effect.bytes(this.args.bytes, this.args.at[word]!, this.args.length[word]!);
    }
  }

  /**
   * Makes sure of memory for what is still to be done, as far as the arguments tell: before the first change, of a command that
   * took memory for other things before. Without memory it calls `giveBack` for these, and throws ArenaExhausted.
   */
  makeRoom(giveBack?: () => void): void {
    try {
      makeRoom(this.store.space, this.args);
    } catch (error) {
      giveBack?.();
      throw error;
    }
  }

  /** Adds a key, in place of one that was just removed if `replaces`: then it is no new key to subscribers. */
  replacing(replaces: boolean, add: () => void): void {
    const { space } = this.store;
    space.replacing = replaces;
    try {
      add();
    } finally {
      space.replacing = false;
    }
  }

  /** The command propagates with argument `index` replaced by the first `length` of these bytes. */
  propagateReplacing(index: number, bytes: Uint8Array, length: number): void {
    const { args, propagation } = this;
    if (args.rawLength > 0) {
      this.rewritten = true;
      // A word's length line begins after the line break of the word before it.
      const cutAt = args.at[index - 1]! + args.length[index - 1]! + 2;
      const cutEnd = args.at[index]! + args.length[index]! + 2;
      propagation.spliced(this.db.index, args.bytes, args.rawAt, args.rawLength, cutAt, cutEnd, bytes, length);
      return;
    }
    const effect = this.effect(args.count);
    for (let i = 0; i < args.count; i++) {
      if (i === index) effect.bytes(bytes, 0, length);
      else effect.bytes(args.bytes, args.at[i]!, args.length[i]!);
    }
  }

  // -- arguments ----------------------------------------------------------------------------------------------

  is(index: number, lower: string): boolean {
    return this.args.is(index, lower);
  }

  text(index: number): string {
    return this.args.text(index);
  }

  /** Argument as an integer of at most 2^53 in magnitude; throws `error` otherwise (default "value is not an integer or out of range"). */
  integer(index: number, error: ReplyError = errors.notInteger): number {
    const value = parseSafe(this.args.bytes, this.args.at[index]!, this.args.length[index]!);
    if (Number.isNaN(value)) {
      // Between 2^53 and 2^63 an integer is valid to Redis; as a count, offset or time the nearest double serves.
      const wide = parseInteger(this.args.bytes, this.args.at[index]!, this.args.length[index]!);
      if (wide === undefined) throw error;
      return Number(wide);
    }
    return value;
  }

  /** Argument as an exact int64. */
  int64(index: number, error: ReplyError = errors.notInteger): number | bigint {
    const value = parseInteger(this.args.bytes, this.args.at[index]!, this.args.length[index]!);
    if (value === undefined) throw error;
    return value;
  }

  /** Argument as a double; throws "value is not a valid float". */
  double(index: number, error: ReplyError = errors.notFloat): number {
    const value = parseDouble(this.args.bytes, this.args.at[index]!, this.args.length[index]!);
    if (Number.isNaN(value)) throw error;
    return value;
  }

  // -- reply shortcuts ----------------------------------------------------------------------------------------

  /** Replies with argument `index` as a bulk string. */
  echo(index: number): void {
    this.reply.bulk(this.args.bytes, this.args.at[index]!, this.args.length[index]!);
  }
}
