/** A store to RDB bytes and back, without files or servers. */
import assert from 'node:assert/strict';
import type { Log } from '../../src/base/ambient.ts';
import { StagedData } from '../../src/persistence/staged-data.ts';
import { RdbWriter } from '../../src/rdb/write.ts';
import { writeRdb } from '../../src/snapshot/write-rdb.ts';
import type { StoreLoader } from '../../src/store/load.ts';
import { LoadError } from '../../src/store/load-error.ts';
import type { Store } from '../../src/store/store.ts';
import { RdbError } from '../../src/rdb/error.ts';

export const noLog: Log = { debug: () => {}, verbose: () => {}, notice: () => {}, warning: () => {} };

export function saveStore(store: Store, options: { readonly compress?: boolean } = {}): Buffer {
  const chunks: Buffer[] = [];
  const writer = new RdbWriter((chunk) => {
    chunks.push(Buffer.from(chunk));
    return true;
  }, options);
  writeRdb(writer, store, { now: store.space.now, position: null });
  return Buffer.concat(chunks);
}

/** Takes the file into `store`, replacing what is there. Throws RdbError or LoadError; then `store` is as it was. */
export function loadStore(store: Store, file: Uint8Array, pieceBytes = 4096, dropExpired = false): StagedData {
  const data = new StagedData(store, noLog, store.space.now, { dropExpired, checksum: true });
  try {
    for (let at = 0; at < file.length; at += pieceBytes) {
      data.push(file.subarray(at, at + pieceBytes));
      while (data.run(100) === 'paused');
    }
    data.finish();
  } catch (error) {
    data.discard();
    store.space.reclaimer.finish();
    throw error;
  }
  data.commit();
  store.space.reclaimer.finish();
  return data;
}

/** Loads a file that may be damaged; the fault if there was one. Anything but a proper refusal is thrown. */
export function tryLoad(store: Store, file: Uint8Array): RdbError | LoadError | undefined {
  try {
    loadStore(store, file);
    return undefined;
  } catch (error) {
    if (error instanceof RdbError || error instanceof LoadError) return error;
    throw error;
  }
}

/**
 * To be called before a load into a store without data. What it returns is for a load that failed: it gives all back, checks that
 * nothing is left of it, and returns the fault. Anything but a proper refusal is thrown.
 */
export function abandoner({ space }: Store): (loader: StoreLoader, error: unknown) => RdbError | LoadError {
  const { blocks, usedBytes } = space.arena;
  return (loader, error) => {
    if (!(error instanceof RdbError || error instanceof LoadError)) throw error;
    loader.abandon();
    for (const db of space.databases) db.clear();
    space.reclaimer.finish();
    assert.deepEqual({ blocks: space.arena.blocks, usedBytes: space.arena.usedBytes }, { blocks, usedBytes });
    return error;
  };
}
