/** A store without a server, for tests of the data types: settings with Redis's defaults and repeatable randomness. */
import type { Random } from '../../src/base/ambient.ts';
import { type Arena, ArenaExhausted } from '../../src/memory/arena.ts';
import { Store } from '../../src/store/store.ts';
import type { StoreSettings } from '../../src/store/keyspace.ts';

/** xorshift32: the same numbers for the same seed. */
export function seededRandom(seed: number): Random {
  let state = seed | 0 || 1;
  const uint32 = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return {
    uint32,
    fill: (target) => {
      for (let i = 0; i < target.length; i++) target[i] = uint32() >>> 24;
    },
  };
}

export function makeStore(settings: Partial<StoreSettings> = {}, seed = 1): Store {
  const defaults: StoreSettings = {
    databases: 16,
    hashMaxListpackEntries: 128,
    hashMaxListpackValue: 64,
    setMaxIntsetEntries: 512,
    setMaxListpackEntries: 128,
    setMaxListpackValue: 64,
    zsetMaxListpackEntries: 128,
    zsetMaxListpackValue: 64,
    listMaxListpackSize: -2,
    hllSparseMaxBytes: 3000,
    notifyKeyspaceEvents: 0,
    streamNodeMaxBytes: 4096,
    streamNodeMaxEntries: 100,
    protoMaxBulkLen: 512 * 1024 * 1024,
    maxmemoryPolicy: 'noeviction',
    maxmemorySamples: 5,
    lfuLogFactor: 10,
    lfuDecayTime: 1,
  };
  return new Store({ ...defaults, ...settings }, seededRandom(seed));
}

/** A range of an arena's bytes as text, by way of a view: a copy of a whole segment for each element is what takes the time. */
export function latin1(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('latin1');
}

/** Lets the arena serve `allowed` more allocations and then be exhausted, until the returned function is called. */
export function failAfter(arena: Arena, allowed: number): () => void {
  let left = allowed;
  const { alloc } = arena;
  arena.alloc = (bytes) => {
    if (left-- <= 0) throw new ArenaExhausted('the test says so');
    return alloc.call(arena, bytes);
  };
  return () => {
    arena.alloc = alloc;
  };
}

/** Chi-square of draws over equally likely outcomes, divided by its standard deviation around its mean: below 5 is fair. */
export function unevenness(counts: readonly number[]): number {
  const draws = counts.reduce((sum, count) => sum + count, 0);
  const expected = draws / counts.length;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const freedom = counts.length - 1;
  return (chiSquare - freedom) / Math.sqrt(2 * freedom);
}
