/** How a load fails: its consumer refuses the file's content, or memory runs out. The reader's own fault is rdb/error.ts. */
import { ArenaExhausted } from '../memory/arena.ts';

/** The file's content cannot be taken; the message says which key and why. */
export class LoadError extends Error {
  override name = 'LoadError';
}

/** What to tell about a load that failed: running out of memory gets a message of its own. */
export function loadFailure(error: unknown): Error {
  if (error instanceof ArenaExhausted) return new LoadError(`out of memory while loading (${error.message})`);
  return error instanceof Error ? error : new Error(String(error));
}
