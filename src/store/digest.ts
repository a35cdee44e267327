/** DEBUG DIGEST. */
import type { Address } from '../memory/arena.ts';
import type { Database } from './database.ts';
import type { Store } from './store.ts';

export function digestAll(store: Store): string {
  return String(store.space.size).padStart(40, '0');
}

export function digestValue(_store: Store, _db: Database, entry: Address): string {
  return String(entry).padStart(40, '0');
}
