/**
 * What handlers may ask of the server beyond the store. The server implements it; handlers know only this.
 */
import type { Clock, Log, Random } from '../base/ambient.ts';
import type { Session } from './session.ts';
import type { CommandTable } from './table.ts';

export interface Services {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly commands: CommandTable;
  /** Some session WATCHes a key: changes must be reported to `keyModified`. */
  readonly watching: boolean;
  keyModified(database: number, bytes: Uint8Array, at: number, length: number): void;
  /** All keys of a database changed at once (FLUSHDB, SWAPDB). */
  databaseChanged(database: number): void;
  watch(session: Session, database: number, key: string, expired: boolean): void;
  unwatchAll(session: Session): void;
}
