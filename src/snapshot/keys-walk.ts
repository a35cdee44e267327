/** The walk over the keys of one database as of T. It belongs to the table, wherever SWAPDB takes that. */
import type { Database } from '../store/database.ts';
import type { Marks } from './marks.ts';
import { TableWalk } from './table-walk.ts';

export class KeysWalk extends TableWalk {
  /** As of T. */
  readonly index: number;
  readonly size: number;
  readonly expiring: number;
  /** RESIZEDB was written. */
  announced = false;
  /** Big strings that wait to be written: their entries lie in the table, so it stays guarded. */
  strings = 0;

  constructor(db: Database, marks: Marks) {
    super(db.space.keys, db.table, marks);
    this.index = db.index;
    this.size = db.size;
    this.expiring = db.expiring;
  }
}
