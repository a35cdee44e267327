/**
 * Random items of a dict: of a random chain, as a dict knows where its items are only by chain. A dict that is being resized has
 * chains in two tables, which are numbered as one row (Dict.chains, Dict.toChain).
 */
import type { Random } from '../base/ambient.ts';
import type { Address } from './arena.ts';
import type { Dict } from './dict.ts';

/** Longest chain whose items `fairRandomItem` weighs alike; at GROW_AT items a bucket, one bucket in 5,000 has more. */
const FAIR_CHAIN = 16;
/** Picks before `fairRandomItem` takes what comes: a sparse table has a seventh of a slot used at least. */
const FAIR_TRIES = 256;

const TWO_TO_32 = 2 ** 32;

/** A random item (uniform over chains, then over the chain), or 0 if the dict is empty. */
export function randomItem(dict: Dict, header: Address, random: Random): Address {
  const chains = dict.chains(header);
  if (chains === 0) return 0;
  for (;;) {
    dict.toChain(header, below(random, chains));
    const { tables, chainTable, chainIndex } = dict;
    const length = tables.chainLength(chainTable, chainIndex);
    if (length > 0) return tables.chainItem(chainTable, chainIndex, below(random, length));
  }
}

/** A random item, all equally likely as long as no chain has more than FAIR_CHAIN; or 0 if the dict is empty. */
export function fairRandomItem(dict: Dict, header: Address, random: Random): Address {
  const chains = dict.chains(header);
  if (chains === 0) return 0;
  // A chain is kept in proportion to its length: one with few items must not make these more likely.
  for (let tries = 0; tries < FAIR_TRIES; tries++) {
    dict.toChain(header, below(random, chains));
    const { tables, chainTable, chainIndex } = dict;
    const position = below(random, FAIR_CHAIN);
    if (position < tables.chainLength(chainTable, chainIndex))
      return tables.chainItem(chainTable, chainIndex, position);
  }
  return randomItem(dict, header, random);
}

/**
 * Puts the items of random neighbouring chains into `out` until there are at least `wanted`, or `out` is full; returns how many.
 * No item comes twice. Whole chains, so that each item is equally likely to be among them.
 */
export function sampleItems(dict: Dict, header: Address, random: Random, out: Uint32Array, wanted: number): number {
  const chains = dict.chains(header);
  if (chains === 0) return 0;
  let chain = below(random, chains);
  let taken = 0;
  for (let left = chains; left > 0 && taken < wanted; left--) {
    dict.toChain(header, chain);
    taken = dict.tables.collectChain(dict.chainTable, dict.chainIndex, out, taken);
    if (++chain === chains) chain = 0;
  }
  return Math.min(taken, out.length);
}

function below(random: Random, limit: number): number {
  return Math.floor((random.uint32() / TWO_TO_32) * limit);
}
