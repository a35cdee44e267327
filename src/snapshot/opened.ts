/** What all open values have in common, and what they ask of the walk that they belong to. */
import type { RdbWriter } from '../rdb/write.ts';
import type { KeysWalk } from './keys-walk.ts';
import type { Sink } from './sink.ts';

export class Opened {
  /** Where the key was at T. */
  readonly keys: KeysWalk;
  /** Expiry, type, key and count; then what was written before the value's turn. */
  readonly early: Sink;
  /** It is being written now: what changes goes straight to the file. */
  current = false;

  constructor(keys: KeysWalk, early: Sink) {
    this.keys = keys;
    this.early = early;
  }

  /** Where elements go that are about to change. */
  target(main: RdbWriter): RdbWriter {
    return this.current ? main : this.early.writer;
  }
}

/** Where things are kept that change before their turn. */
export interface Aside {
  sink(chunkBytes: number): Sink;
  /** So many bytes more (or, negative, less) are kept. */
  keep(bytes: number): void;
  /** Keys, elements and pieces that were copied because they were about to change. */
  copied: number;
}
