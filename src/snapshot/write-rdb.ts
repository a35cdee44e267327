/** Writes a whole data set as an RDB file, as it is at this moment. */
import type { RdbWriter } from '../rdb/write.ts';
import { redisVersion } from '../base/version.ts';
import type { Store } from '../store/store.ts';
import { EntryEncoder } from './encode.ts';

/** What the file's AUX fields say besides the fixed ones. */
export interface RdbFacts {
  /** Unix ms. */
  readonly now: number;
  /** Place in the replication stream; absent where there is none. */
  readonly position: { readonly replid: string; readonly offset: number; readonly streamDb: number } | null;
}

export function writeRdb(
  writer: RdbWriter,
  store: Store,
  facts: RdbFacts,
  withFunctions = true,
  withData = true,
): void {
  writer.header();
  writer.aux('redis-ver', redisVersion);
  writer.aux('redis-bits', 64);
  writer.aux('ctime', Math.floor(facts.now / 1000));
  writer.aux('used-mem', store.space.arena.usedBytes);
  if (facts.position !== null) {
    writer.aux('repl-stream-db', facts.position.streamDb);
    writer.aux('repl-id', facts.position.replid);
    writer.aux('repl-offset', facts.position.offset);
  }
  writer.aux('aof-base', 0);
  if (withFunctions) for (const library of store.functions) writer.functionLibrary(library, 0, library.length);
  if (withData) {
    const encoder = new EntryEncoder(store.space, writer);
    for (const db of store.space.databases) {
      if (db.size === 0) continue;
      writer.selectDb(db.index);
      writer.resizeDb(db.size, db.expiring);
      db.forEach((entry) => encoder.entry(entry));
    }
  }
  writer.end();
}
